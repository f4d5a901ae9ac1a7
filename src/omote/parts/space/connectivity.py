"""How the faces of a mesh hang together: pieces, borders, fans around a vertex.

Idea: each edge of a face has a direction, and in a manifold mesh whose faces are turned the same way its twin in the
other face has the opposite one. All else follows from the list of twins.

Notation: corner = face * 3 + 0, 1 or 2; the edge of a corner starts there and runs on around its face; a fan is a set
of faces around one vertex that hang together by edges.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float32, Int, Int32, Int64
from numpy import ndarray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from omote.core.errors import ShapeError


@dataclass(frozen=True, kw_only=True, eq=False)
class Part:
    """Some faces of a mesh with only the vertices that they use."""

    vertices: Float32[ndarray, "n 3"]
    faces: Int32[ndarray, "g 3"]
    source: Int32[ndarray, " n"]
    """The vertex of the whole mesh."""
    face: Int32[ndarray, " g"]
    """The face of the whole mesh."""


def twins(faces: Int32[ndarray, "f 3"]) -> tuple[Int64[ndarray, " h"], Int64[ndarray, " h"]]:
    """Return the corners that edges start at, and the corner that the same edge starts at in its other face, or -1."""
    a, b = faces.reshape(-1).astype(np.int64), np.roll(faces, -1, axis=1).reshape(-1).astype(np.int64)
    size = int(faces.max(initial=0)) + 1
    key, back = a * size + b, b * size + a
    order = np.argsort(key, kind="stable")
    if (np.diff(key[order]) == 0).any() or (a == b).any():
        raise ShapeError("an edge has more than two faces, or two faces on the same side of it; repair the mesh first")
    place = np.minimum(np.searchsorted(key[order], back), max(len(key) - 1, 0))
    twin = np.where(key[order][place] == back, order[place], -1) if len(key) else np.zeros(0, np.int64)
    return np.arange(len(key)), twin


def border_edges(faces: Int32[ndarray, "f 3"]) -> Int64[ndarray, " e"]:
    """Return the corners (face * 3 + 0, 1 or 2) at which the edges without a second face start.

    Raises:
        ShapeError: an edge has more than two faces, or two neighbours are not turned the same way.
    """
    corner, twin = twins(faces)
    return np.sort(corner[twin < 0])


def borders(faces: Int32[ndarray, "f 3"]) -> list[Int32[ndarray, " n"]]:
    """Return the border's loops, each in the order of its faces' edges, the longest first.

    Raises:
        ShapeError: as `border_edges`; or two borders touch at a vertex.
    """
    edges = border_edges(faces)
    starts, ends = faces.reshape(-1)[edges], np.roll(faces, -1, axis=1).reshape(-1)[edges]
    if len(np.unique(starts)) < len(starts):
        raise ShapeError("two borders touch at one vertex; give each its own with `unpinched`")
    after = dict(zip(starts.tolist(), ends.tolist(), strict=True))
    loops = []
    while after:
        loop = [min(after)] if not loops else [next(iter(after))]
        while (following := after.pop(loop[-1])) != loop[0]:
            loop.append(following)
        loops.append(np.array(loop, np.int32))
    return sorted(loops, key=lambda loop: (-len(loop), loop.min()))


def unpinched(faces: Int32[ndarray, "f 3"], count: int) -> tuple[Int32[ndarray, "f 3"], Int32[ndarray, " n"]]:
    """Return the faces with an own vertex for each fan, and the old vertex of each.

    Args:
        faces: in which two borders may touch at a vertex.
        count: how many vertices there are; the new ones come after them.

    Raises:
        ShapeError: as `border_edges`.
    """
    corner, twin = twins(faces)
    joined = twin >= 0
    after = faces.reshape(-1, 3) * 0 + np.arange(len(faces) * 3).reshape(-1, 3)
    after = np.roll(after, -1, axis=1).reshape(-1)  # the corner at which each edge ends
    a, b = corner[joined], after[twin[joined]]  # both at the vertex where the edge starts
    graph = coo_matrix((np.ones(len(a), np.int8), (a, b)), (len(corner), len(corner)))
    fan = connected_components(graph, directed=False)[1]
    _, first = np.unique(fan, return_index=True)  # one corner of each fan
    vertex = faces.reshape(-1)[first]
    order = np.lexsort((first, vertex))
    extra = np.zeros(len(order), bool)
    extra[1:] = np.diff(vertex[order]) == 0
    name = np.empty(len(order), np.int64)
    name[order] = np.where(extra, count - 1 + np.cumsum(extra), vertex[order])
    source = np.concatenate([np.arange(count), vertex[order][extra]]).astype(np.int32)
    return name[fan].reshape(-1, 3).astype(np.int32), source


def islands(faces: Int32[ndarray, "f 3"]) -> Int32[ndarray, " f"]:
    """Return the number of each face's connected piece; 0 is the piece of the most faces."""
    if not len(faces):
        return np.zeros(0, np.int32)
    links = faces[:, [0, 1, 1, 2]].reshape(-1, 2)
    size = int(faces.max()) + 1
    graph = coo_matrix((np.ones(len(links), np.int8), (links[:, 0], links[:, 1])), (size, size))
    piece = connected_components(graph, directed=False)[1][faces[:, 0]]
    _, first, number, count = np.unique(piece, return_index=True, return_inverse=True, return_counts=True)
    rank = np.empty(len(count), np.int32)
    rank[np.lexsort((first, -count))] = np.arange(len(count))
    return rank[number.reshape(-1)]


def picked(vertices: Float32[ndarray, "v 3"], faces: Int32[ndarray, "f 3"], keep: Bool[ndarray, " f"]) -> Part:
    """Return some of the faces, with only the vertices that they use, in their old order."""
    used, compact = np.unique(faces[keep], return_inverse=True)
    return Part(
        vertices=vertices[used],
        faces=compact.reshape(-1, 3).astype(np.int32),
        source=used.astype(np.int32),
        face=np.flatnonzero(keep).astype(np.int32),
    )


def split_quads(vertices: Float[ndarray, "v 3"], quads: Int[ndarray, "q 4"]) -> Int[ndarray, "f 3"]:
    """Return two triangles for each quad, parted along its shorter diagonal."""
    a, b, c, d = vertices[quads].transpose(1, 0, 2)
    other = ((b - d) ** 2).sum(1) < ((a - c) ** 2).sum(1)
    turned = np.where(other[:, None], np.roll(quads, -1, axis=1), quads)
    return np.ascontiguousarray(turned[:, [0, 1, 2, 0, 2, 3]].reshape(-1, 3))
