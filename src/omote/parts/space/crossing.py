"""Which triangles of meshes cut each other.

Two triangles share a point exactly if an edge of one meets the other; that is decided by the signs of the volumes of
tetrahedra (as in Guigue and Devillers, "Fast and Robust Triangle-Triangle Overlap Test Using Orientation Predicates",
2003; after Moeller 1997). Coordinates are float32 and volumes float64, so that only what is flat to one part in 10^15
counts as flat; flat pairs are parted by lines in their plane. Pairs come from walking one mesh's triangles down the
other's tree of boxes.

Notation: triangles a b c, segments p q; a side is the sign of a volume or an area.
"""

from typing import no_type_check

import numpy as np
from jaxtyping import Int32
from numba import njit, prange
from numpy import ndarray

from omote.parts.space.bvh import DEPTH
from omote.parts.space.closest import Surface

_RUN = 64
_ROUNDING = 1e-15
"""Of the sum of a volume's absolute terms: what rounding may make."""


def crossing_faces(a: Surface, b: Surface) -> Int32[ndarray, "k 2"]:
    """Return the pairs of a face of `a` and a face of `b` that share a point, in ascending order.

    Touching counts; faces without area cut nothing.
    """
    return _pairs(a, b, False)


def self_crossings(surface: Surface) -> Int32[ndarray, "k 2"]:
    """Return the pairs of faces of one mesh that share a point but no vertex; the lower number first.

    Vertices doubled at texture seams must be welded first, else all of a seam counts as touching.
    """
    return _pairs(surface, surface, True)


def _pairs(a: Surface, b: Surface, same: bool) -> Int32[ndarray, "k 2"]:
    mesh_a = (a.corners, a.faces, a.tree.order, np.ascontiguousarray((a.face_normals == 0).all(1)))
    mesh_b = (b.corners, b.faces, b.tree.order, np.ascontiguousarray((b.face_normals == 0).all(1)))
    tree = (b.tree.boxes, b.tree.child)
    start = np.zeros(len(a.faces) + 1, np.int64)
    nothing = np.empty((0, 2), np.int32)
    _cross(*mesh_a, *mesh_b, *tree, same, start, nothing)
    if not start.any():
        return nothing
    np.cumsum(start, out=start)
    pairs = np.empty((int(start[-1]), 2), np.int32)
    _cross(*mesh_a, *mesh_b, *tree, same, start, pairs)
    return pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]


@no_type_check
@njit(cache=True, nogil=True, parallel=True)
def _cross(
    corners_a, faces_a, order_a, flat_a, corners_b, faces_b, order_b, flat_b, boxes, child, same, start, pairs
):  # fmt: skip
    """Count crossings of each face of a in `start[1:]` while `pairs` is empty; else write them there."""
    write = start[-1] > 0
    for run in prange((len(order_a) + _RUN - 1) // _RUN):
        stack, box = np.empty(DEPTH + 2, np.int32), np.empty(6, np.float32)
        for slot in range(run * _RUN, min(len(order_a), (run + 1) * _RUN)):
            if flat_a[order_a[slot]] or (write and start[slot] == start[slot + 1]):
                continue
            out = pairs[start[slot] : start[slot + 1]] if write else pairs
            count = _walk(
                corners_a[slot], order_a[slot], faces_a[order_a[slot]],
                corners_b, faces_b, order_b, flat_b, boxes, child, same, box, stack, out,
            )  # fmt: skip
            if not write:
                start[slot + 1] = count


@no_type_check
@njit(cache=True, nogil=True)
def _walk(corners, face, own, corners_b, faces_b, order_b, flat_b, boxes, child, same, box, stack, out):
    for axis in range(3):
        box[axis] = min(corners[axis], corners[3 + axis], corners[6 + axis])
        box[3 + axis] = max(corners[axis], corners[3 + axis], corners[6 + axis])
    count = 0
    stack[0], waiting = 0, 1
    while waiting:
        waiting -= 1
        node = stack[waiting]
        for side in range(2):
            if _apart(box, boxes[node, side]):
                continue
            below = child[node, side]
            if below >= 0:
                stack[waiting] = below
                waiting += 1
                continue
            first, total = ~below >> 3, ~below & 7
            for slot in range(first, first + total):
                other = order_b[slot]
                if flat_b[other] or (same and (other <= face or _neighbours(own, faces_b[other]))):
                    continue
                if triangles_meet(corners, corners_b[slot]):
                    if len(out):
                        out[count, 0], out[count, 1] = face, other
                    count += 1
    return count


@no_type_check
@njit(cache=True, nogil=True)
def _apart(one, other):
    return (
        one[0] > other[3] or other[0] > one[3]
        or one[1] > other[4] or other[1] > one[4]
        or one[2] > other[5] or other[2] > one[5]
    )  # fmt: skip


@no_type_check
@njit(cache=True, nogil=True)
def _neighbours(one, other):
    return (
        one[0] == other[0] or one[0] == other[1] or one[0] == other[2]
        or one[1] == other[0] or one[1] == other[1] or one[1] == other[2]
        or one[2] == other[0] or one[2] == other[1] or one[2] == other[2]
    )  # fmt: skip


@no_type_check
@njit(cache=True, nogil=True)
def _side(a, b, c, d):
    """Return the sign of the volume of the tetrahedron a b c d; 0 where rounding could have made it."""
    ux, uy, uz = np.float64(b[0]) - a[0], np.float64(b[1]) - a[1], np.float64(b[2]) - a[2]
    vx, vy, vz = np.float64(c[0]) - a[0], np.float64(c[1]) - a[1], np.float64(c[2]) - a[2]
    wx, wy, wz = np.float64(d[0]) - a[0], np.float64(d[1]) - a[1], np.float64(d[2]) - a[2]
    yz, zy, zx, xz, xy, yx = uy * vz, uz * vy, uz * vx, ux * vz, ux * vy, uy * vx
    volume = wx * (yz - zy) + wy * (zx - xz) + wz * (xy - yx)
    size = abs(wx) * (abs(yz) + abs(zy)) + abs(wy) * (abs(zx) + abs(xz)) + abs(wz) * (abs(xy) + abs(yx))
    if abs(volume) <= _ROUNDING * size:
        return 0
    return 1 if volume > 0 else -1


@no_type_check
@njit(cache=True, nogil=True)
def triangles_meet(one, other):
    """Return whether two triangles, nine numbers each, share a point; both must have an area."""
    a, b, c = one[0:3], one[3:6], one[6:9]
    d, e, f = other[0:3], other[3:6], other[6:9]
    sa, sb, sc = _side(d, e, f, a), _side(d, e, f, b), _side(d, e, f, c)
    if sa == sb == sc and sa != 0:
        return False
    if sa == 0 and sb == 0 and sc == 0:
        return _meet_flat(a, b, c, d, e, f)
    sd, se, sf = _side(a, b, c, d), _side(a, b, c, e), _side(a, b, c, f)
    if sd == se == sf and sd != 0:
        return False
    return (
        _pierces(a, b, sa, sb, d, e, f) or _pierces(b, c, sb, sc, d, e, f)
        or _pierces(c, a, sc, sa, d, e, f) or _pierces(d, e, sd, se, a, b, c)
        or _pierces(e, f, se, sf, a, b, c) or _pierces(f, d, sf, sd, a, b, c)
    )  # fmt: skip


@no_type_check
@njit(cache=True, nogil=True)
def _pierces(p, q, sp, sq, a, b, c):
    """Return whether the segment p q meets the triangle; sp and sq are its ends' sides of the triangle's plane."""
    if sp * sq > 0:
        return False
    if sp == 0 and sq == 0:
        return _meet_flat(a, b, c, p, q, q)
    one, two, three = _side(p, q, a, b), _side(p, q, b, c), _side(p, q, c, a)
    return (one >= 0 and two >= 0 and three >= 0) or (one <= 0 and two <= 0 and three <= 0)


@no_type_check
@njit(cache=True, nogil=True)
def _meet_flat(a, b, c, d, e, f):
    """Return whether the triangle a b c meets another, or a segment d e e, in its own plane."""
    ux, uy, uz = np.float64(b[0]) - a[0], np.float64(b[1]) - a[1], np.float64(b[2]) - a[2]
    wx, wy, wz = np.float64(c[0]) - a[0], np.float64(c[1]) - a[1], np.float64(c[2]) - a[2]
    nx, ny, nz = abs(uy * wz - uz * wy), abs(uz * wx - ux * wz), abs(ux * wy - uy * wx)
    i, j = (1, 2) if nx >= ny and nx >= nz else (2, 0) if ny >= nz else (0, 1)
    if _parted(a, b, c, d, e, f, i, j) or _parted(b, c, a, d, e, f, i, j) or _parted(c, a, b, d, e, f, i, j):
        return False
    return not (
        _parted(d, e, f, a, b, c, i, j) or _parted(e, f, d, a, b, c, i, j) or _parted(f, d, e, a, b, c, i, j)
    )  # fmt: skip


@no_type_check
@njit(cache=True, nogil=True)
def _parted(p, q, r, d, e, f, i, j):
    """Return whether the line p q has r on it or on one side, and all of d e f strictly on the other."""
    own = _turn(p, q, r, i, j)
    one, two, three = _turn(p, q, d, i, j), _turn(p, q, e, i, j), _turn(p, q, f, i, j)
    above, below = one > 0 and two > 0 and three > 0, one < 0 and two < 0 and three < 0
    return (above and own <= 0) or (below and own >= 0)


@no_type_check
@njit(cache=True, nogil=True)
def _turn(p, q, r, i, j):
    return (np.float64(q[i]) - p[i]) * (np.float64(r[j]) - p[j]) - (np.float64(q[j]) - p[j]) * (np.float64(r[i]) - p[i])
