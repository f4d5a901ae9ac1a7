"""The zero level of a field on a regular grid, as a closed and manifold triangle mesh.

Idea: naive surface nets (Gibson, "Constrained Elastic Surface Nets", 1998) put one vertex into each cell that the
level crosses, at the mean of the crossings on the cell's edges, and one quad around each crossed edge of the grid.
A cell that the level passes through twice would tie its sheets together; so, as in dual marching cubes (Nielson 2004),
the crossings are grouped into the cycles that marching cubes would draw, and each cycle gets its own vertex. Where two
cells would be joined twice through one ambiguous face, both read that face the other way (Wenger, "Isosurfaces", 2013),
and then each edge has exactly two faces.

Notation: corner c of a cell lies at the bits (c & 1, c >> 1 & 1, c >> 2 & 1) along x, y, z; a cell's state is the
byte of its corners that are inside. Edge e of a cell runs along axis e // 4 from the corner whose other two bits are
e & 1 and e >> 1 & 1 (in the order of the axes). Side s of a cell lies across axis s // 2, low or high by s & 1.
"""

from functools import cache
from typing import no_type_check

import numpy as np
from jaxtyping import Float32, Int8, Int32
from numba import njit
from numpy import ndarray

from omote.core.errors import UsageError
from omote.parts.space.connectivity import split_quads
from omote.parts.space.grid import Grid, slope_at, trilinear
from omote.parts.space.mesh import check_faces

NEAREST = 0.01
"""A crossing keeps this part of the edge between it and the grid's points, so that no face shrinks to nothing."""


def surface_nets(grid: Grid) -> tuple[Float32[ndarray, "v 3"], Int32[ndarray, "f 3"]]:
    """Return the vertices and faces of the zero level, counter-clockwise seen from where the field is positive.

    Each edge has exactly two faces and each vertex one fan of them. Where the inside reaches the border of the grid
    it is closed one step beyond.

    Raises:
        UsageError: the field has one sign everywhere, so that it has no zero level.
    """
    low, high = grid.values.min(), grid.values.max()
    if low >= 0 or high < 0:
        raise UsageError(f"the field runs from {low:.4g} to {high:.4g}: it never changes sign and has no zero level")
    grid = grid.padded()
    cycles, joined = _cycles()
    cells, quads = _nets(np.ascontiguousarray(grid.values), cycles, joined)
    vertices = (grid.origin + grid.step * cells).astype(np.float32)
    return vertices, split_quads(vertices, quads)


def relaxed(
    vertices: Float32[ndarray, "v 3"], faces: Int32[ndarray, "f 3"], grid: Grid, times: int = 5
) -> Float32[ndarray, "v 3"]:
    """Return the vertices spread evenly over the zero level: smoothed along the surface, then moved back onto it.

    Args:
        vertices: near the zero level, as `surface_nets` makes them.
        faces: of a surface without border.
        grid: the field; one Newton step a time leads back to its zero level, never further than half a step.
        times: how often.
    """
    check_faces(faces, len(vertices))
    grid = grid.padded()
    start, neighbours = _neighbours(faces, len(vertices))
    cells = (vertices.astype(np.float64) - grid.origin) / grid.step
    for _ in range(times):
        cells = _relax(cells, faces, start, neighbours, grid.values, np.float64(grid.step))
    return (grid.origin + grid.step * cells).astype(np.float32)


@cache
def _cycles() -> tuple[Int8[ndarray, "512 12"], Int8[ndarray, " 256"]]:
    """Return the cycle of each edge for each state, and the one side that joins a cycle to itself.

    Returns:
        Cycle 0, 1, ... of each edge, -1 where it is not crossed; the second 256 rows read ambiguous sides the other
        way. Side 0 to 5 through which a cycle runs twice, -1 for most states.
    """
    cycles, joined = np.full((512, 12), -1, np.int8), np.full(256, -1, np.int8)
    for state in range(256):
        for flip in (0, 1):
            links = [link for side in range(6) for link in _side_links(state, side, bool(flip))]
            group = {edge: edge for link in links for edge in link}
            for a, b in links:
                old, new = group[a], group[b]
                group = {edge: new if g == old else g for edge, g in group.items()}
            order = sorted(set(group.values()))
            for edge, g in group.items():
                cycles[state + 256 * flip, edge] = order.index(g)
        for side in range(6):
            links = _side_links(state, side, False)
            if len(links) == 2 and cycles[state, links[0][0]] == cycles[state, links[1][0]]:
                joined[state] = side
    return cycles, joined


def _side_links(state: int, side: int, flip: bool) -> list[tuple[int, int]]:
    """Return the pairs of a cell's edges that the level joins across one side; inside corners apart, or together."""
    axis, high = side // 2, side & 1
    u, v = (a for a in range(3) if a != axis)
    ring = [(0, 0), (1, 0), (1, 1), (0, 1)]
    inside = [bool(state >> (high << axis | i << u | j << v) & 1) for i, j in ring]

    def edge(i: int) -> int:  # the edge between the ring's corners i and i + 1
        along, across = (u, v) if i % 2 == 0 else (v, u)
        fixed = {axis: high, across: (0, 1, 1, 0)[i]}
        first, second = (fixed[a] for a in range(3) if a != along)
        return 4 * along + first + 2 * second

    crossed = [i for i in range(4) if inside[i] != inside[(i + 1) % 4]]
    if len(crossed) == 2:
        return [(edge(crossed[0]), edge(crossed[1]))]
    if len(crossed) == 4:
        return [(edge((i - 1) % 4), edge(i)) for i in range(4) if inside[i] != flip]
    return []


@no_type_check
@njit(cache=True, nogil=True)
def _nets(values, cycles, joined):
    nx, ny, nz = values.shape[0] - 1, values.shape[1] - 1, values.shape[2] - 1
    states = np.zeros((nx, ny, nz), np.int16)
    for x in range(nx):
        for y in range(ny):
            for z in range(nz):
                state = 0
                for c in range(8):
                    if values[x + (c & 1), y + (c >> 1 & 1), z + (c >> 2 & 1)] < 0:
                        state |= 1 << c
                states[x, y, z] = state
    _flip(states, joined)
    first = np.empty((nx, ny, nz), np.int32)
    total, crossed = 0, 0
    for x in range(nx):
        for y in range(ny):
            for z in range(nz):
                state = states[x, y, z]
                if state == 0 or state == 255:
                    continue
                first[x, y, z] = total
                count = 0
                for e in range(12):
                    count = max(count, cycles[state, e] + 1)
                total += count
                for axis in range(3):  # the edges that start at the cell's low corner
                    crossed += (state & 1) != (state >> (1 << axis) & 1)
    vertices = np.empty((total, 3), np.float64)
    quads = np.empty((crossed, 4), np.int32)
    q = 0
    for x in range(nx):
        for y in range(ny):
            for z in range(nz):
                state = states[x, y, z]
                if state != 0 and state != 255:
                    _place(values, x, y, z, cycles[state], vertices, first[x, y, z])
                    q = _surround(states, first, cycles, x, y, z, quads, q)
    return vertices, quads[:q]


@no_type_check
@njit(cache=True, nogil=True)
def _flip(states, joined):
    """Add 256 to the states of two neighbours that would be joined twice through one side."""
    nx, ny, nz = states.shape
    for x in range(nx):
        for y in range(ny):
            for z in range(nz):
                side = joined[states[x, y, z] & 255]
                if side < 0 or side & 1 == 0:
                    continue
                i, j, k = x + (side == 1), y + (side == 3), z + (side == 5)
                if i < nx and j < ny and k < nz and joined[states[i, j, k] & 255] == side - 1:
                    states[x, y, z] |= 256
                    states[i, j, k] |= 256


@no_type_check
@njit(cache=True, nogil=True)
def _place(values, x, y, z, cycle, vertices, first):
    """Put one vertex for each cycle of a cell at the mean of its crossings."""
    total, count = np.zeros((4, 3)), np.zeros(4)
    for e in range(12):
        if cycle[e] < 0:
            continue
        axis = e // 4
        i, j = e & 1, e >> 1 & 1
        a = np.array([0 if axis == 0 else i, 0 if axis == 1 else (i if axis == 0 else j), 0 if axis == 2 else j])
        low = values[x + a[0], y + a[1], z + a[2]]
        high = values[x + a[0] + (axis == 0), y + a[1] + (axis == 1), z + a[2] + (axis == 2)]
        for k in range(3):
            total[cycle[e], k] += a[k]
        total[cycle[e], axis] += min(max(low / (low - high), NEAREST), 1 - NEAREST)
        count[cycle[e]] += 1
    for c in range(4):
        if count[c] > 0:
            vertices[first + c, 0] = x + total[c, 0] / count[c]
            vertices[first + c, 1] = y + total[c, 1] / count[c]
            vertices[first + c, 2] = z + total[c, 2] / count[c]


@no_type_check
@njit(cache=True, nogil=True)
def _surround(states, first, cycles, x, y, z, quads, q):
    """Put a quad around each crossed edge that starts at a cell's low corner."""
    state = states[x, y, z]
    for axis in range(3):
        low = state & 1
        if low == (state >> (1 << axis) & 1):
            continue
        if (axis != 0 and x == 0) or (axis != 1 and y == 0) or (axis != 2 and z == 0):
            continue  # an edge on the grid's border; a padded grid has no crossing there
        for n in range(4):
            i, j = (n == 1) | (n == 2), n >= 2  # (0, 0), (1, 0), (1, 1), (0, 1): once around the edge
            cx = x - (0 if axis == 0 else i)
            cy = y - (0 if axis == 1 else (i if axis == 0 else j))
            cz = z - (0 if axis == 2 else j)
            corner = first[cx, cy, cz] + cycles[states[cx, cy, cz], 4 * axis + i + 2 * j]
            forward = (low == 1) != (axis == 1)
            quads[q, n if forward else 3 - n] = corner
        q += 1
    return q


def _neighbours(faces: Int32[ndarray, "f 3"], count: int) -> tuple[Int32[ndarray, " w"], Int32[ndarray, " h"]]:
    """Return where each vertex's neighbours start in a list, and the list; as each face names them, so with repeats."""
    ends = faces[:, [0, 1, 2, 1, 2, 0]].reshape(-1), faces[:, [1, 2, 0, 0, 1, 2]].reshape(-1)
    pairs = np.unique(ends[0].astype(np.int64) * count + ends[1])
    start = np.searchsorted(pairs, np.arange(count + 1, dtype=np.int64) * count)
    return start.astype(np.int32), (pairs % count).astype(np.int32)


@no_type_check
@njit(cache=True, nogil=True)
def _relax(cells, faces, start, neighbours, values, step):
    normals = np.zeros_like(cells)
    for f in range(len(faces)):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        u0, u1, u2 = cells[b, 0] - cells[a, 0], cells[b, 1] - cells[a, 1], cells[b, 2] - cells[a, 2]
        v0, v1, v2 = cells[c, 0] - cells[a, 0], cells[c, 1] - cells[a, 1], cells[c, 2] - cells[a, 2]
        n0, n1, n2 = u1 * v2 - u2 * v1, u2 * v0 - u0 * v2, u0 * v1 - u1 * v0
        for v in (a, b, c):
            normals[v, 0] += n0
            normals[v, 1] += n1
            normals[v, 2] += n2
    moved = np.empty_like(cells)
    shift, slope = np.empty(3), np.empty(3)
    for v in range(len(cells)):
        count = max(start[v + 1] - start[v], 1)
        shift[:] = 0
        for k in range(start[v], start[v + 1]):
            for a in range(3):
                shift[a] += (cells[neighbours[k], a] - cells[v, a]) / count
        along = shift[0] * normals[v, 0] + shift[1] * normals[v, 1] + shift[2] * normals[v, 2]
        square = normals[v, 0] ** 2 + normals[v, 1] ** 2 + normals[v, 2] ** 2 + 1e-30
        for a in range(3):
            moved[v, a] = cells[v, a] + 0.7 * (shift[a] - along / square * normals[v, a])
        x, y, z = moved[v, 0], moved[v, 1], moved[v, 2]
        slope_at(values, x, y, z, slope)
        square = slope[0] ** 2 + slope[1] ** 2 + slope[2] ** 2
        if square > (1e-3 * step) ** 2:
            back = trilinear(values, x, y, z) / square
            back = min(max(back, -0.5 / np.sqrt(square)), 0.5 / np.sqrt(square))
            for a in range(3):
                moved[v, a] -= back * slope[a]
    return moved
