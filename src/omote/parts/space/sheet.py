"""Open triangle meshes as cloth is handled: cut along a line, hemmed, and thickened to a closed shell.

Idea: a field on the vertices, linear along each edge, is cut at its zero line by marching triangles. A crossing close
to an end of its edge would leave a sliver; so the vertex there is first moved onto the line, along that edge, and what
is left of each edge is never shorter than a chosen part of it. A shell is the sheet, its inner copy turned over, and a
rim of two triangles for each edge of the border.

Notation: a border edge (a, b) runs as in its face, with the sheet on its left seen from outside.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Float32, Float64, Int32, Int64
from numpy import ndarray
from scipy.sparse import csr_matrix

from omote.core.errors import ShapeError, UsageError
from omote.parts.space.connectivity import Part, border_edges, borders, islands, picked, split_quads, unpinched
from omote.parts.space.mesh import check_faces, vertex_normals


@dataclass(frozen=True, kw_only=True, eq=False)
class Cut:
    """What is left of a sheet, and where each of its vertices lay in the old one."""

    vertices: Float32[ndarray, "n 3"]
    faces: Int32[ndarray, "g 3"]
    parents: Int32[ndarray, "n 2"]
    """The two ends of the old edge that each vertex lies on; twice the same where an old vertex was kept."""
    weights: Float32[ndarray, " n"]
    """How far each vertex is from the first parent to the second, in 0..1."""
    face: Int32[ndarray, " g"]
    """The old face that each face is a part of."""

    def carry(self, values: Float[ndarray, "v *k"]) -> Float32[ndarray, "n *k"]:
        """Return values of the old vertices at the new ones, linear along the edges.

        Raises:
            ShapeError: there are fewer values than old vertices.
        """
        if len(values) <= self.parents.max(initial=-1):
            raise ShapeError(f"the old mesh has a vertex {self.parents.max()}, but there are only {len(values)} values")
        w = self.weights.reshape(-1, *(1,) * (values.ndim - 1))
        ends = values[self.parents[:, 0]], values[self.parents[:, 1]]
        return np.where(w == 0, ends[0], (1 - w) * ends[0] + w * ends[1]).astype(np.float32)


@dataclass(frozen=True, kw_only=True, eq=False)
class Shell:
    """A closed mesh around a sheet: first the outer faces, then the inner ones, then the rim."""

    vertices: Float32[ndarray, "n 3"]
    """The sheet's vertices, then the inner ones in the same order."""
    faces: Int32[ndarray, "g 3"]
    source: Int32[ndarray, " n"]
    """The sheet's vertex that each vertex belongs to."""
    corner: Int32[ndarray, "g 3"]
    """The sheet's corner (face * 3 + 0, 1 or 2) of each corner: `uv_faces.reshape(-1)[corner]` gives the shell's."""
    side: Int32[ndarray, " g"]
    """0 outside, 1 inside, 2 rim."""


def cut(
    vertices: Float32[ndarray, "v 3"],
    faces: Int32[ndarray, "f 3"],
    field: Float[ndarray, " v"],
    snap: float = 0.25,
) -> Cut:
    """Return the part of a sheet where the field is positive, with its new border exactly on the zero line.

    Args:
        vertices: metres.
        faces: of a sheet or a closed mesh.
        field: at the vertices; linear between them.
        snap: vertices that lie within this part of an edge from the line are moved onto it, 0 to 0.49.

    Raises:
        ShapeError: field and vertices do not fit, a number is not finite, or the faces are no manifold mesh.
        UsageError: nothing is left.
    """
    _check(vertices, faces)
    _check_field(field, len(vertices), snap)
    if not (field > 0).any():
        raise UsageError("the field is positive nowhere, so that cutting leaves nothing; is its sign turned around?")
    parents, weights, level = _snapped(faces, field.astype(np.float64), snap)
    kept = _clipped(faces, level, field[faces].sum(1) > 0)
    return _assembled(vertices, parents, weights, [kept])


def score(
    vertices: Float32[ndarray, "v 3"],
    faces: Int32[ndarray, "f 3"],
    field: Float[ndarray, " v"],
    snap: float = 0.25,
) -> tuple[Cut, Bool[ndarray, " g"]]:
    """Return the whole sheet with edges along the zero line of a field, and which faces lie where it is positive.

    For seams: the panels on both sides of one end on a line, not on a saw of faces. Arguments and errors are those of
    `cut`, but a field of one sign is no error.
    """
    _check(vertices, faces)
    _check_field(field, len(vertices), snap)
    parents, weights, level = _snapped(faces, field.astype(np.float64), snap)
    flat = field[faces].sum(1) > 0
    whole = _assembled(vertices, parents, weights, [_clipped(faces, level, flat), _clipped(faces, -level, ~flat)])
    side = np.where(np.abs(level) > 0, level, 0)
    at = np.where(whole.weights > 0, 0, side[whole.parents[:, 0]])[whole.faces].sum(1)
    return whole, np.where(at == 0, flat[whole.face], at > 0)


def _assembled(
    vertices: Float32[ndarray, "v 3"],
    parents: Int64[ndarray, "v 2"],
    weights: Float64[ndarray, " v"],
    pieces: list["_Pieces"],
) -> Cut:
    """Return one mesh of pieces that share their crossings."""
    parents = np.concatenate([parents, pieces[0].parents])
    weights = np.concatenate([weights, pieces[0].weights])[:, None]
    moved = vertices[parents[:, 0]] * (1 - weights) + vertices[parents[:, 1]] * weights
    faces = np.concatenate([part for p in pieces for part in (p.triangles, split_quads(moved, p.quads))])
    face = np.concatenate([part for p in pieces for part in (p.triangle_face, np.repeat(p.quad_face, 2))])
    order = np.argsort(face, kind="stable")
    faces, again = unpinched(faces[order].astype(np.int32), len(moved))
    part = picked(moved.astype(np.float32)[again], faces, np.ones(len(faces), bool))
    source = again[part.source]
    return Cut(
        vertices=part.vertices,
        faces=part.faces,
        parents=parents[source].astype(np.int32),
        weights=weights[source, 0].astype(np.float32),
        face=face[order].astype(np.int32),
    )


class _Pieces(NamedTuple):
    """What marching triangles leave of each face; vertices from `v` on are the crossings."""

    parents: Int64[ndarray, "c 2"]
    weights: Float64[ndarray, " c"]
    triangles: Int64[ndarray, "t 3"]
    triangle_face: Int64[ndarray, " t"]
    quads: Int64[ndarray, "q 4"]
    quad_face: Int64[ndarray, " q"]


def _snapped(
    faces: Int32[ndarray, "f 3"], field: Float64[ndarray, " v"], snap: float
) -> tuple[Int64[ndarray, "v 2"], Float64[ndarray, " v"], Float64[ndarray, " v"]]:
    """Return the edge and the place on it that each vertex moves to, and the field with zeros where one moved."""
    parents = np.repeat(np.arange(len(field))[:, None], 2, axis=1)
    weights, level = np.zeros(len(field)), field.copy()
    a, b = faces[:, [0, 1, 2, 1, 2, 0]].reshape(-1), faces[:, [1, 2, 0, 0, 1, 2]].reshape(-1)
    crossed = field[a] * field[b] < 0
    a, b = a[crossed], b[crossed]
    way = field[a] / (field[a] - field[b])
    near = np.flatnonzero(way < snap)
    near = near[np.lexsort((b[near], way[near], a[near]))]  # of each vertex the nearest crossing
    vertex, first = np.unique(a[near], return_index=True)
    parents[vertex, 1], weights[vertex], level[vertex] = b[near[first]], way[near[first]], 0
    return parents, weights, level


def _clipped(faces: Int32[ndarray, "f 3"], level: Float64[ndarray, " v"], flat: Bool[ndarray, " f"]) -> _Pieces:
    """Return the pieces of the faces where the level is positive; of those that lie on the line the given ones."""
    sign = np.sign(level)[faces].astype(int)
    plus, minus = (sign > 0).sum(1), (sign < 0).sum(1)
    whole = (minus == 0) & ((plus > 0) | flat)
    a, b = faces[:, [0, 1, 2]].reshape(-1), faces[:, [1, 2, 0]].reshape(-1)
    crossed = level[a] * level[b] < 0
    low, high = np.minimum(a, b).astype(np.int64), np.maximum(a, b).astype(np.int64)
    keys, number = np.unique((low * len(level) + high)[crossed], return_inverse=True)
    ends = np.stack([keys // len(level), keys % len(level)], -1)
    across = np.full(len(a), -1)  # the crossing on the edge that starts at each corner
    across[crossed] = len(level) + number
    across = across.reshape(-1, 3)

    def turned(mask: Bool[ndarray, " f"], lead: int) -> tuple[Int64[ndarray, "n 3"], Int64[ndarray, "n 3"]]:
        """Corners and crossings of some faces, turned so that the corner of the given sign comes first."""
        roll = (np.argmax(sign[mask] == lead, axis=1)[:, None] + np.arange(3)) % 3
        return np.take_along_axis(faces[mask].astype(np.int64), roll, 1), np.take_along_axis(across[mask], roll, 1)

    tip, half, trunk = (plus == 1) & (minus == 2), (plus == 1) & (minus == 1), (plus == 2) & (minus == 1)
    v, x = turned(tip, 1)
    tips = np.stack([v[:, 0], x[:, 0], x[:, 2]], -1)
    v, x = turned(half, 1)
    halves = np.stack([v[:, 0], np.where(x[:, 0] >= 0, x[:, 0], v[:, 1]), np.where(x[:, 2] >= 0, x[:, 2], v[:, 2])], -1)
    # of a half the crossing lies opposite the corner that is on the line
    v, x = turned(trunk, -1)
    quads = np.stack([x[:, 0], v[:, 1], v[:, 2], x[:, 2]], -1)
    return _Pieces(
        parents=ends,
        weights=level[ends[:, 0]] / (level[ends[:, 0]] - level[ends[:, 1]]),
        triangles=np.concatenate([faces[whole].astype(np.int64), tips, halves]),
        triangle_face=np.concatenate([np.flatnonzero(m) for m in (whole, tip, half)]),
        quads=quads,
        quad_face=np.flatnonzero(trunk),
    )


def largest(vertices: Float32[ndarray, "v 3"], faces: Int32[ndarray, "f 3"]) -> Part:
    """Return the connected piece of the most faces."""
    return picked(vertices, faces, islands(faces) == 0)


def shell(vertices: Float32[ndarray, "v 3"], faces: Int32[ndarray, "f 3"], inner: Float32[ndarray, "v 3"]) -> Shell:
    """Return a closed mesh whose outside is the sheet and whose inside is the same sheet at other places.

    Args:
        vertices: of the outside.
        faces: counter-clockwise seen from outside.
        inner: where each vertex lies inside.

    Raises:
        ShapeError: as `border_edges`; or inner and outer vertices do not fit.
    """
    _check(vertices, faces)
    if inner.shape != vertices.shape or not np.isfinite(inner).all():
        raise ShapeError(f"a shell of {len(vertices)} vertices needs as many finite inner ones, not {inner.shape}")
    if not len(faces):
        raise UsageError("a sheet without faces cannot be thickened")
    count = len(vertices)
    edges = border_edges(faces)
    corners = np.arange(len(faces) * 3).reshape(-1, 3)
    start, end = edges, np.roll(corners, -1, axis=1).reshape(-1)[edges]
    a, b = faces.reshape(-1)[start], faces.reshape(-1)[end]
    rim = np.stack([b, a, a + count, b, a + count, b + count], -1).reshape(-1, 3)
    rim_corner = np.stack([end, start, start, end, start, end], -1).reshape(-1, 3)
    return Shell(
        vertices=np.concatenate([vertices, inner]).astype(np.float32),
        faces=np.concatenate([faces, faces[:, ::-1] + count, rim]).astype(np.int32),
        source=np.tile(np.arange(count, dtype=np.int32), 2),
        corner=np.concatenate([corners, corners[:, ::-1], rim_corner]).astype(np.int32),
        side=np.repeat(np.arange(3, dtype=np.int32), [len(faces), len(faces), len(rim)]),
    )


def smooth_borders(
    vertices: Float32[ndarray, "v 3"], faces: Int32[ndarray, "f 3"], times: int = 10
) -> Float32[ndarray, "v 3"]:
    """Return the vertices with fairer hems: the borders smoothed along the surface, the next two rings following.

    Taubin's two steps (0.5, -0.53), so that hems keep their length; nothing leaves its tangent plane.

    Args:
        vertices: metres.
        faces: of a sheet whose borders do not touch.
        times: how often.

    Raises:
        ShapeError: as `borders`.
    """
    _check(vertices, faces)
    loops = borders(faces)
    if not loops:
        return vertices.copy()
    edge = np.concatenate(loops)
    before, after = (np.concatenate([np.roll(loop, way) for loop in loops]) for way in (1, -1))
    moved = vertices.astype(np.float64)
    mean, ring = _rings(faces, edge, len(vertices))
    for _ in range(times):
        normals = vertex_normals(moved.astype(np.float32), faces).astype(np.float64)
        for strength in (0.5, -0.53):
            shift = (moved[before] + moved[after]) / 2 - moved[edge]
            shift -= (shift * normals[edge]).sum(1, keepdims=True) * normals[edge]
            moved[edge] += strength * shift
        shift = (mean @ moved - moved)[ring]
        shift -= (shift * normals[ring]).sum(1, keepdims=True) * normals[ring]
        moved[ring] += 0.5 * shift
    return moved.astype(np.float32)


def _rings(
    faces: Int32[ndarray, "f 3"], edge: Int32[ndarray, " b"], count: int
) -> tuple[csr_matrix, Int64[ndarray, " r"]]:
    """Return the matrix that takes the mean of each vertex's neighbours, and the vertices one or two edges inside."""
    ends = faces[:, [0, 1, 2, 1, 2, 0]].reshape(-1), faces[:, [1, 2, 0, 0, 1, 2]].reshape(-1)
    links = csr_matrix((np.ones(len(ends[0])), ends), (count, count))
    links.data[:] = 1
    on = np.zeros(count)
    on[edge] = 1
    near = (links @ on > 0) | (links @ (links @ on) > 0)
    scale = 1 / np.maximum(np.asarray(links.sum(1)).reshape(-1), 1)
    return csr_matrix(links.multiply(scale[:, None])), np.flatnonzero(near & (on == 0))


def _check_field(field: Float[ndarray, " v"], count: int, snap: float) -> None:
    """Make sure that a sheet can be cut along a field."""
    if field.shape != (count,) or not np.isfinite(field).all():
        raise ShapeError(f"a field for cutting is one finite number for each of {count} vertices")
    if not 0 <= snap < 0.5:
        raise UsageError(f"snap is a part of an edge from 0 to below 0.5, not {snap}")


def _check(vertices: Float32[ndarray, "v 3"], faces: Int32[ndarray, "f 3"]) -> None:
    """Make sure that a mesh is one."""
    check_faces(faces, len(vertices))
    if vertices.ndim != 2 or vertices.shape[1] != 3 or not np.isfinite(vertices).all():
        raise ShapeError("vertices are [v 3] finite metres")
