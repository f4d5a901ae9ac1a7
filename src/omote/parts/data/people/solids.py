"""Closed solids from curves: sheets with a thickness around the head, bands swept along a path, blobs, bent plates.

Hats are sheets in polar coordinates, so that one texture lies on them without a seam: its middle is the crown. Bands
and tubes carry theirs doubled over, the back showing what the front shows. Each function gives vertices, faces and
uvs of one closed mesh, which `part_of` paints.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Float32, Int32
from numpy import ndarray
from scipy.ndimage import distance_transform_edt

from omote.core.errors import ShapeError, UsageError
from omote.parts.body.texture import Atlas
from omote.parts.data.people.baking import bake, encoded
from omote.parts.data.people.part import Part, plain
from omote.parts.space.sheet import shell


class Solid(NamedTuple):
    """A closed mesh, and where its vertices lie in its texture."""

    vertices: Float32[ndarray, "v 3"]
    faces: Int32[ndarray, "f 3"]
    uvs: Float32[ndarray, "v 2"]


def lattice(
    points: Float[ndarray, "c r 3"], *, around: bool, tip: bool = False
) -> tuple[Float32[ndarray, "v 3"], Int32[ndarray, "f 3"]]:
    """Return a sheet of columns and rows; seen from outside, columns go on to the right and rows down.

    Args:
        points: of each column, from its first row to its last.
        around: whether the last column meets the first.
        tip: whether all first rows are one point.

    Raises:
        ShapeError: fewer than two rows or columns.
    """
    columns, rows = points.shape[:2]
    if columns < 2 or rows < 2:
        raise ShapeError(f"a sheet has at least two columns and two rows, not {columns} and {rows}")
    number = np.arange(columns * rows).reshape(columns, rows)
    vertices = points.reshape(-1, 3)
    if tip:
        number = np.concatenate(
            [np.zeros((columns, 1), int), 1 + np.arange(columns * (rows - 1)).reshape(columns, -1)], 1
        )
        vertices = np.concatenate([points[:, 0].mean(0, keepdims=True), points[:, 1:].reshape(-1, 3)])
    one = number if around else number[:-1]
    other = np.roll(number, -1, axis=0) if around else number[1:]
    a, b, c, d = one[:, :-1], one[:, 1:], other[:, 1:], other[:, :-1]
    faces = np.concatenate([np.stack([a, b, c], -1).reshape(-1, 3), np.stack([a, c, d], -1).reshape(-1, 3)])
    whole = (faces[:, 0] != faces[:, 1]) & (faces[:, 1] != faces[:, 2]) & (faces[:, 2] != faces[:, 0])
    return vertices.astype(np.float32), faces[whole].astype(np.int32)


def thickened(
    outer: Float32[ndarray, "v 3"], faces: Int32[ndarray, "f 3"], inner: Float32[ndarray, "v 3"], uvs: ndarray
) -> Solid:
    """Return the closed mesh between two sheets of the same faces; both show the same texture."""
    whole = shell(outer, faces, inner)
    return Solid(whole.vertices, whole.faces, np.tile(uvs, (2, 1)).astype(np.float32))


def oval(wide: float, thick: float, count: int = 12, square: float = 3.0) -> Float32[ndarray, "k 2"]:
    """Return a section between an ellipse (2) and a rectangle (large), from its right end on counter-clockwise."""
    turn = 2 * np.pi * np.arange(count) / count
    c, s = np.cos(turn), np.sin(turn)
    radius = (np.abs(c) ** square + np.abs(s) ** square) ** (-1 / square)
    return np.stack([wide / 2 * radius * c, thick / 2 * radius * s], 1).astype(np.float32)


def swept(
    path: Float[ndarray, "n 3"],
    side: Float[ndarray, "n 3"],
    section: Float[ndarray, "k 2"] | Float[ndarray, "n k 2"],
    *,
    loop: bool = False,
) -> Solid:
    """Return a band or tube along a path.

    Args:
        path: its middle, metres.
        side: where the section's first axis points; made square to the path.
        section: outline, or one for each point of the path.
        loop: whether the path's end meets its beginning.

    Raises:
        UsageError: the path is shorter than three points.
    """
    count = len(path)
    if count < 3:
        raise UsageError(f"a band needs a path of at least three points, not {count}")
    ahead = np.roll(path, -1, 0) - np.roll(path, 1, 0) if loop else np.gradient(path, axis=0)
    ahead = unit(ahead)
    side = unit(side - (side * ahead).sum(1, keepdims=True) * ahead)
    up = np.cross(ahead, side)
    shape = np.broadcast_to(section, (count, *section.shape[-2:]))
    rings = path[:, None] + shape[..., :1] * side[:, None] + shape[..., 1:] * up[:, None]
    k = shape.shape[1]
    number = np.arange(count * k).reshape(count, k)
    one, other = (number, np.roll(number, -1, 0)) if loop else (number[:-1], number[1:])
    a, b, c, d = one, np.roll(one, -1, 1), np.roll(other, -1, 1), other
    faces = [np.stack([a, b, c], -1).reshape(-1, 3), np.stack([a, c, d], -1).reshape(-1, 3)]
    vertices = [rings.reshape(-1, 3)]
    across, along = _there_and_back(k), _there_and_back(count) if loop else np.linspace(0, 1, count)
    uvs = [np.stack(np.broadcast_arrays(across[None], along[:, None]), -1).reshape(-1, 2)]
    if not loop:
        for ring, first in ((number[0][::-1], 0), (number[-1], 1)):
            middle = count * k + first
            faces.append(np.stack([ring, np.roll(ring, -1), np.full(k, middle)], -1))
            vertices.append(rings[-first].mean(0, keepdims=True))
            uvs.append(np.array([[0.5, float(first)]]))
    return outward(np.concatenate(vertices), np.concatenate(faces), np.concatenate(uvs))


def blob(
    middle: Float[ndarray, " 3"],
    axes: Float[ndarray, "3 3"],
    square: float = 2.0,
    count: tuple[int, int] = (10, 16),
    *,
    plan: float | None = None,
) -> Solid:
    """Return an ellipsoid, or a pillow the larger `square` is.

    Args:
        middle: metres.
        axes: rows are its half axes, the middle one its pole.
        square: 2 an ellipse seen from the side; large: a box.
        count: rows and columns.
        plan: the same seen along the pole; None: as `square`.
    """
    plan = square if plan is None else plan
    rows, columns = count
    lift = np.pi * np.linspace(0.5, -0.5, rows + 1)[1:-1]
    turn = 2 * np.pi * np.arange(columns) / columns
    ring = np.concatenate([np.zeros(1), lift * 0 + 1, np.zeros(1)])
    high = np.concatenate([[1.0], np.sin(lift), [-1.0]])
    wide = np.concatenate([[0.0], np.cos(lift), [0.0]]) * ring
    d = np.stack(np.broadcast_arrays(np.sin(turn)[:, None] * wide, high[None], np.cos(turn)[:, None] * wide), -1)
    level = (np.abs(d[..., 0]) ** plan + np.abs(d[..., 2]) ** plan) ** (1 / plan)
    d = d / ((level**square + np.abs(d[..., 1]) ** square) ** (1 / square))[..., None]
    vertices, faces = lattice(d[:, :-1] @ axes + middle, around=True, tip=True)
    last = len(vertices)
    rim = 1 + np.arange(columns) * (rows - 1) + rows - 2
    faces = np.concatenate([faces, np.stack([rim, np.full(columns, last), np.roll(rim, -1)], -1)])
    vertices = np.concatenate([vertices, d[:1, -1] @ axes + middle])
    local = (vertices - middle) @ np.linalg.inv(axes)
    return outward(vertices, faces, 0.5 + 0.49 * local[:, [0, 2]])


def outward(vertices: ndarray, faces: ndarray, uvs: ndarray) -> Solid:
    """Return a closed mesh with its faces turned so that they are counter-clockwise seen from outside."""
    a, b, c = (vertices[faces[:, i]] - vertices.mean(0) for i in range(3))
    volume = np.einsum("fi,fi->", a, np.cross(b, c))
    faces = faces if volume > 0 else faces[:, ::-1]
    return Solid(vertices.astype(np.float32), faces.astype(np.int32), np.clip(uvs, 0, 1).astype(np.float32))


def joined(solids: list[Solid]) -> Solid:
    """Return closed meshes as one of several pieces."""
    start = np.cumsum([0, *(len(s.vertices) for s in solids)])
    return Solid(
        np.concatenate([s.vertices for s in solids]),
        np.concatenate([s.faces + n for s, n in zip(solids, start, strict=False)]).astype(np.int32),
        np.concatenate([s.uvs for s in solids]),
    )


def part_of(
    solid: Solid,
    name: str,
    label: str,
    colour: Float[ndarray, " 3"] | Callable[[Float[ndarray, "n k"]], Float[ndarray, "n 3"]],
    *,
    known: Float[ndarray, "v k"] | None = None,
    finish: tuple[float, float] = (0.02, 0.85),
    size: int = 256,
    clear: bool = False,
    colours: Float[ndarray, "v 3"] | None = None,
) -> Part:
    """Return a solid with its texture.

    Args:
        solid: the mesh.
        name: of the part.
        label: of the part.
        colour: linear; or a paint of what is known.
        known: what the paint is a function of, at the vertices.
        finish: specular strength, of which 0.1 is the most, and roughness.
        size: texels along each side, of painted parts.
        clear: as `Part.clear`.
        colours: linear, at each vertex; multiplies the rest.
    """
    if callable(colour):
        albedo = bake(solid.uvs, solid.faces, solid.uvs if known is None else known, colour, size)
    else:
        albedo = _flat(colour)
    return Part(
        name=name,
        label=label,
        vertices=solid.vertices,
        faces=solid.faces,
        uvs=solid.uvs,
        albedo=albedo,
        gloss=plain(int(min(finish[0] / 0.1, 1) * 255)),
        roughness=plain(int(finish[1] * 255)),
        clear=clear,
        colours=None if colours is None else encoded(colours),
    )


def unit(vectors: Float[ndarray, "*n 3"]) -> Float[ndarray, "*n 3"]:
    """Return vectors of length one; zero stays zero."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)


def _there_and_back(count: int) -> Float[ndarray, " n"]:
    return 1 - np.abs(1 - 2 * np.arange(count) / count)


def _flat(colour: Float[ndarray, " 3"]) -> ndarray:
    return encoded(np.asarray(colour, np.float32)[None, None])


def relief_of(
    solid: Solid, known: Float[ndarray, "v k"], shape: Callable[[ndarray], ndarray], size: int
) -> Float32[ndarray, "s s"]:
    """Return a relief, metres, as a function of what is known at the vertices; laid out as the texture."""
    atlas = Atlas.of(solid.uvs, solid.faces, size)
    square = np.zeros(size * size, np.float32)
    covered = np.zeros(size * size, bool)
    square[atlas.texel] = shape(atlas.of_vertices(known, solid.faces))
    covered[atlas.texel] = True
    near = distance_transform_edt(~covered.reshape(size, size), return_distances=False, return_indices=True)
    row, column = np.asarray(near)
    return square.reshape(size, size)[row, column]
