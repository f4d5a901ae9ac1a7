"""Garments' panels laid out flat, as a cutter lays them: every face at one place of one texture, in metres.

Idea: each panel is unrolled around its axis (a sleeve around the arm) or pressed flat (a hood's side). That is exact
for a cylinder; for all else the flat piece is then made as rigid as possible (Liu et al., "A Local/Global Approach to
Mesh Parameterization", 2008): each triangle asks to lie as it is, only turned, and one sparse linear system finds the
best compromise, again and again. The pieces' boxes are packed under a skyline, all to one scale, so that a print keeps
its size on every panel.

Notation: u runs across a piece, to the right seen from outside, v along its axis, both metres; x y run over the
texture, metres, y downwards; uv = x y / extent, in 0..1. A piece is a connected part of one panel.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import no_type_check

import numpy as np
from jaxtyping import Float32, Float64, Int, Int32
from numba import njit
from numpy import ndarray
from scipy.sparse import coo_matrix, csc_matrix, identity
from scipy.sparse.linalg import splu

from omote.core.errors import ShapeError
from omote.parts.space.connectivity import islands
from omote.parts.space.packing import packed
from omote.parts.space.seams import Lay, check_panels
from omote.parts.space.sheet import Shell

GENTLE = 1e-6
"""How strongly pieces hold on to where they were, relative to their stiffness; it only settles where a piece lies."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Panels:
    """A garment's faces in one texture."""

    uvs: Float32[ndarray, "n 2"]
    """In 0..1; v = 0 is the texture's top edge."""
    faces: Int32[ndarray, "f 3"]
    """The same faces, as indices of `uvs` and `source`."""
    source: Int32[ndarray, " n"]
    """The vertex of each texture coordinate: `vertices[source]`, `faces` and `uvs` are a mesh."""
    metres: Float32[ndarray, "n 2"]
    """u and v."""
    piece: Int32[ndarray, " n"]
    panel: Int32[ndarray, " p"]
    """The panel of each piece."""
    gore: Int32[ndarray, " p"]
    """The gore of each piece; 0 is the one around the front."""
    boxes: Float32[ndarray, "p 4"]
    """x0 y0 x1 y1 of each piece on the texture, metres."""
    corners: Float32[ndarray, "p 2"]
    """u and v at x0 y0; u = corner + x - x0 and v = corner - (y - y0)."""
    extent: float
    """Metres that the texture's side stands for."""
    margin: float
    """Metres of texture between two pieces."""

    def board(self, size: int) -> tuple[Int32[ndarray, "s s"], Float32[ndarray, "s s 2"]]:
        """Return the piece (-1 between them) and its u and v, metres, at the middle of each texel.

        A piece's box is widened halfway to its neighbours, so that filtering at its border stays in its print.
        """
        at = ((np.arange(size) + 0.5) / size * self.extent).astype(np.float32)
        piece, metres = np.full((size, size), -1, np.int32), np.zeros((size, size, 2), np.float32)
        for p, (x0, y0, x1, y1) in enumerate(self.boxes):
            wide = self.margin / 2
            rows = slice(*np.searchsorted(at, [y0 - wide, y1 + wide]))
            columns = slice(*np.searchsorted(at, [x0 - wide, x1 + wide]))
            piece[rows, columns] = p
            metres[rows, columns, 0] = self.corners[p, 0] + at[columns] - x0
            metres[rows, columns, 1] = (self.corners[p, 1] - at[rows] + y0)[:, None]
        return piece, metres

    def around(self, shell: Shell) -> tuple[Int32[ndarray, "g 3"], Int32[ndarray, " m"], Int32[ndarray, " m"]]:
        """Return a shell's faces with a vertex for each texture coordinate, its vertex of the shell, and its uv here.

        Both sides of the cloth and its rim show the same texture.
        """
        uv = self.faces.reshape(-1)[shell.corner].astype(np.int64)
        keys, faces = np.unique(shell.faces * np.int64(len(self.uvs)) + uv, return_inverse=True)
        return (
            faces.reshape(-1, 3).astype(np.int32),
            (keys // len(self.uvs)).astype(np.int32),
            (keys % len(self.uvs)).astype(np.int32),
        )


def panels(
    vertices: Float32[ndarray, "v 3"],
    faces: Int32[ndarray, "f 3"],
    panel: Int[ndarray, " f"],
    lays: Sequence[Lay],
    times: int = 6,
    gap: float = 1 / 128,
) -> Panels:
    """Lay a garment's panels flat and pack them into one square texture.

    Args:
        vertices: metres.
        faces: counter-clockwise seen from outside.
        panel: the panel of each face, an index of `lays`.
        lays: how each panel is laid.
        times: how often the pieces are made more rigid; 0 leaves them unrolled.
        gap: part of the texture's side between two pieces.

    Raises:
        ShapeError: panels and faces do not fit, or a number is not finite.
        UsageError: there is no face, or a panel has no lay.
    """
    check_panels(faces, len(vertices), panel, len(lays))
    if not np.isfinite(vertices).all():
        raise ShapeError("vertices are [v 3] finite metres")
    corners = vertices[faces].astype(np.float64)
    at, copy = np.zeros((len(faces), 3, 2)), np.zeros((len(faces), 3), np.int64)
    for p, lay in enumerate(lays):
        of = panel == p
        at[of], copy[of] = lay.lay(corners[of])
    copies = copy.max() - copy.min() + 1  # few: gores, and turns around the axis
    keys = (np.repeat(panel.astype(np.int64), 3) * copies + (copy.reshape(-1) - copy.min())) * len(vertices)
    _, first, inverse = np.unique(keys + faces.reshape(-1), return_index=True, return_inverse=True)
    source = faces.reshape(-1)[first].astype(np.int32)
    laid, new_faces = at.reshape(-1, 2)[first], inverse.reshape(-1, 3).astype(np.int32)
    piece = np.zeros(len(first), np.int32)
    piece[new_faces] = islands(new_faces)[:, None]
    if times:
        laid = _aligned(rigid(corners, new_faces, laid, times), laid, piece)
    of = np.zeros((int(piece.max()) + 1, 2), np.int32)
    gores = np.array([lay.gores for lay in lays])[panel]
    of[piece[new_faces[:, 0]]] = np.stack([panel, copy[:, 0] % gores], -1)
    return _packed(laid, new_faces, source, piece, of, gap)


def _packed(
    laid: Float64[ndarray, "n 2"],
    faces: Int32[ndarray, "f 3"],
    source: Int32[ndarray, " n"],
    piece: Int32[ndarray, " n"],
    of: Int32[ndarray, "p 2"],
    gap: float,
) -> Panels:
    """Put the pieces' boxes into one square."""
    count = int(piece.max()) + 1
    low, high = np.full((count, 2), np.inf), np.full((count, 2), -np.inf)
    np.minimum.at(low, piece, laid)
    np.maximum.at(high, piece, laid)
    place, extent, margin = packed(high - low, gap)
    corner = np.stack([low[:, 0], high[:, 1]], -1)
    texture = place[piece] + (laid - corner[piece]) * [1, -1]
    return Panels(
        uvs=(texture / extent).astype(np.float32),
        faces=faces,
        source=source,
        metres=laid.astype(np.float32),
        piece=piece,
        panel=of[:, 0],
        gore=of[:, 1],
        boxes=np.concatenate([place, place + high - low], -1).astype(np.float32),
        corners=corner.astype(np.float32),
        extent=extent,
        margin=margin,
    )


def rigid(
    corners: Float64[ndarray, "f 3 3"], faces: Int32[ndarray, "f 3"], laid: Float64[ndarray, "n 2"], times: int
) -> Float64[ndarray, "n 2"]:
    """Return the flat pieces with each triangle closer to its true shape; Liu et al. 2008, eq. (4) to (6)."""
    flat = isometric(corners)
    cots = _cotangents(flat)
    count = len(laid)
    a, b = faces.reshape(-1), np.roll(faces, -1, axis=1).reshape(-1)
    w = cots.reshape(-1)
    off = coo_matrix((np.r_[w, w], (np.r_[a, b], np.r_[b, a])), (count, count))
    degree = np.asarray(off.sum(1)).reshape(-1)
    hold = GENTLE * max(degree.mean(), 1e-12)
    matrix = csc_matrix(coo_matrix((degree, (np.arange(count), np.arange(count)))) - off + hold * identity(count))
    solve = splu(matrix, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True}).solve
    edges = np.roll(flat, -1, axis=1) - flat
    for _ in range(times):
        now = laid[np.roll(faces, -1, axis=1)] - laid[faces]
        dot = (cots[..., None] * now * edges).sum((1, 2))
        cross = (cots * (edges[..., 0] * now[..., 1] - edges[..., 1] * now[..., 0])).sum(1)
        size = np.maximum(np.hypot(dot, cross), 1e-30)
        cos, sin = (dot / size)[:, None], (cross / size)[:, None]  # the best turn of each triangle
        turned = np.stack([cos * edges[..., 0] - sin * edges[..., 1], sin * edges[..., 0] + cos * edges[..., 1]], -1)
        pull = (cots[..., None] * turned).reshape(-1, 2)
        right = hold * laid
        for k in range(2):
            right[:, k] += np.bincount(b, pull[:, k], count) - np.bincount(a, pull[:, k], count)
        laid = solve(right)
    return laid


def isometric(corners: Float64[ndarray, "f 3 3"]) -> Float64[ndarray, "f 3 2"]:
    """Return each triangle in its own plane: the first corner at zero, the second to its right."""
    first, second = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    length = np.maximum(np.linalg.norm(first, axis=1), 1e-12)
    along = (first * second).sum(1) / length
    high = np.sqrt(np.maximum((second**2).sum(1) - along**2, 1e-24))
    zero = np.zeros_like(length)
    return np.stack([np.stack([zero, length, along], 1), np.stack([zero, zero, high], 1)], -1)


def stretch(vertices: Float32[ndarray, "v 3"], laid: Panels) -> Float32[ndarray, "f 2"]:
    """Return the largest and the smallest factor by which each face grew when laid flat; negative if turned over."""
    flat = isometric(vertices[laid.source[laid.faces]].astype(np.float64))
    new = laid.metres[laid.faces].astype(np.float64)
    old, new = (np.stack([x[:, 1] - x[:, 0], x[:, 2] - x[:, 0]], -1) for x in (flat, new))
    (a, b), (c, d) = np.moveaxis(new @ np.linalg.inv(old), 0, -1)
    keep, turn = np.hypot(a + d, c - b) / 2, np.hypot(a - d, b + c) / 2
    return np.stack([keep + turn, keep - turn], -1).astype(np.float32)


def covered(uvs: Float32[ndarray, "n 2"], faces: Int32[ndarray, "f 3"], size: int) -> Int32[ndarray, "s s"]:
    """Return how many faces lie over the middle of each texel of a square texture; more than one is an overlap."""
    count = np.zeros((size, size), np.int32)
    _cover(uvs.astype(np.float64) * size - 0.5, faces, count)
    return count


@no_type_check
@njit(cache=True, nogil=True)
def _cover(at, faces, count):
    size = len(count)
    for f in range(len(faces)):
        a, b, c = at[faces[f, 0]], at[faces[f, 1]], at[faces[f, 2]]
        area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
        if area == 0:
            continue
        x0, x1 = max(int(np.ceil(min(a[0], b[0], c[0]))), 0), min(int(np.floor(max(a[0], b[0], c[0]))), size - 1)
        y0, y1 = max(int(np.ceil(min(a[1], b[1], c[1]))), 0), min(int(np.floor(max(a[1], b[1], c[1]))), size - 1)
        for y in range(y0, y1 + 1):
            for x in range(x0, x1 + 1):
                u = ((b[0] - x) * (c[1] - y) - (b[1] - y) * (c[0] - x)) / area
                v = ((c[0] - x) * (a[1] - y) - (c[1] - y) * (a[0] - x)) / area
                if u > 0 and v > 0 and u + v < 1:
                    count[y, x] += 1


def _aligned(
    laid: Float64[ndarray, "n 2"], before: Float64[ndarray, "n 2"], piece: Int32[ndarray, " n"]
) -> Float64[ndarray, "n 2"]:
    """Return the pieces turned and moved as a whole to lie as they did before."""
    count = int(piece.max()) + 1
    number = np.bincount(piece, minlength=count)

    def centred(x: Float64[ndarray, "n 2"]) -> tuple[Float64[ndarray, "n 2"], Float64[ndarray, "p 2"]]:
        mean = np.stack([np.bincount(piece, x[:, k], count) / number for k in (0, 1)], -1)
        return x - mean[piece], mean

    (new, _), (old, mean) = centred(laid), centred(before)
    cos = np.bincount(piece, (new * old).sum(1), count)
    sin = np.bincount(piece, new[:, 0] * old[:, 1] - new[:, 1] * old[:, 0], count)
    size = np.maximum(np.hypot(cos, sin), 1e-30)
    cos, sin = (cos / size)[piece], (sin / size)[piece]
    return np.stack([cos * new[:, 0] - sin * new[:, 1], sin * new[:, 0] + cos * new[:, 1]], -1) + mean[piece]


def _cotangents(flat: Float64[ndarray, "f 3 2"]) -> Float64[ndarray, "f 3"]:
    """Return half the cotangent opposite each corner's edge, kept positive so that the system has one solution."""
    across = np.roll(flat, -2, axis=1)
    a, b = flat - across, np.roll(flat, -1, axis=1) - across
    cross = a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    return np.clip(0.5 * (a * b).sum(-1) / np.maximum(np.abs(cross), 1e-18), 0.01, 10)
