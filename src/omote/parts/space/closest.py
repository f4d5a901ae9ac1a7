"""The closest point of a triangle mesh, with the side it is seen from.

Sources: the point of a triangle by its Voronoi regions (Ericson, "Real-Time Collision Detection", 2005, 5.1.5); the
sign by angle-weighted pseudo-normals (Baerentzen and Aanaes, "Signed Distance Computation Using the Angle Weighted
Pseudonormal", 2005). A tree of boxes (`bvh`) is walked nearest first, and what lies farther than the best so far is
left out. The best triangle does not depend on the walk: of equally near ones the first wins, so a refitted tree, a
fresh one and any number of threads give the same bits.

Notation: a triangle's point is a + v (b - a) + w (c - a); a feature is 0 the face, 1..3 a corner, 4..6 the edge after
corner 1..3.
"""

import math
from typing import NamedTuple, no_type_check

import numpy as np
from jaxtyping import Float, Float32, Int32
from numba import njit, prange
from numpy import ndarray

from omote.core.errors import ShapeError, UsageError
from omote.parts.space import bvh
from omote.parts.space.mesh import check_faces

_RUN = 128
"""Points that one thread takes at a time; each starts from its predecessor's triangle."""
_BELOW = np.float32(1 - 1e-6)
"""Makes a squared distance in float32 a lower bound of the true one."""


class Closest(NamedTuple):
    """What lies closest to each of n points."""

    face: Int32[ndarray, " n"]
    """-1 where nothing lies within reach."""
    weights: Float32[ndarray, "n 3"]
    """Barycentric coordinates of the closest point; 0 where there is none."""
    point: Float32[ndarray, "n 3"]
    """Metres; the asked point itself where there is none."""
    distance: Float32[ndarray, " n"]
    """Metres, negative inside; the reach where there is none."""
    normal: Float32[ndarray, "n 3"]
    """Unit pseudo-normal of the face, edge or vertex that is closest; 0 where there is none."""


class Surface:
    """A triangle mesh made ready for queries.

    Signs hold for every point around a closed mesh that does not cut through itself. On an open one a point
    beyond the border has the sign of the border's own faces. Vertices doubled at texture seams must be
    welded first (`weld[faces]`), else a seam counts as a border.

    Attributes:
        vertices: metres, as of the last refit.
        faces: counter-clockwise seen from outside.
        tree: the boxes.
        corners: the triangles in the tree's order [f 9].
        face_normals: unit; 0 where a face has no area.

    Raises:
        ShapeError: no face, a face that names a vertex which is not there, or a vertex that is not finite.
    """

    def __init__(self, vertices: Float[ndarray, "v 3"], faces: Int32[ndarray, "f 3"]) -> None:
        check_faces(faces, len(vertices))
        if len(faces) == 0:
            raise ShapeError("a surface needs at least one face, this mesh has none; leave empty meshes out")
        self.faces = np.ascontiguousarray(faces)
        self.vertices = finite(vertices, "vertices")
        self.tree = bvh.build(self.vertices, self.faces)
        self._edges, self._edge_count = _number_edges(self.faces, len(vertices))
        self._update()

    def refit(self, vertices: Float[ndarray, "v 3"]) -> None:
        """Move the vertices; faces and tree stay, so that queries slow down when the shape changes very much.

        Raises:
            ShapeError: another number of vertices, or one that is not finite.
        """
        if vertices.shape != self.vertices.shape:
            raise ShapeError(
                f"this surface has {len(self.vertices)} vertices, but {len(vertices)} came; make a new Surface"
            )
        self.vertices = finite(vertices, "vertices")
        self._update()

    def _update(self) -> None:
        self.corners = bvh.gather(self.vertices, self.faces, self.tree.order)
        bvh.fit(self.tree.child, self.corners, self.tree.boxes)
        self.face_normals, self._edge_normals, self._vertex_normals = _normals(
            self.vertices, self.faces, self._edges, self._edge_count
        )

    def closest(self, points: Float[ndarray, "n 3"], reach: float = math.inf) -> Closest:
        """Return the closest point of the surface for each point.

        Args:
            points: metres; neighbours in the array should be neighbours in space, it is faster.
            reach: metres; what lies farther is not looked for, which saves most of the time.

        Raises:
            ShapeError: a point is not finite.
            UsageError: the reach is not above zero.
        """
        if not reach > 0:
            raise UsageError(f"a reach is above zero metres, not {reach}; leave it out to search everywhere")
        points = finite(points, "points")
        n = len(points)
        found = Closest(
            np.empty(n, np.int32),
            np.empty((n, 3), np.float32),
            np.empty((n, 3), np.float32),
            np.empty(n, np.float32),
            np.empty((n, 3), np.float32),
        )
        normals = (self.face_normals, self._vertex_normals, self._edge_normals)
        _search(points, float(reach), *self.tree, self.corners, self.faces, self._edges, *normals, *found)
        return found


def finite(points: Float[ndarray, "n 3"], what: str) -> Float32[ndarray, "n 3"]:
    """Return a float32 copy.

    Raises:
        ShapeError: not [n 3], or a number is not finite.
    """
    if points.ndim != 2 or points.shape[1] != 3:
        raise ShapeError(f"{what} are [n 3], not {list(points.shape)}")
    points = np.array(points, np.float32, order="C")
    if not np.isfinite(points).all():
        row = int(np.flatnonzero(~np.isfinite(points).all(1))[0])
        raise ShapeError(f"{what} must be finite numbers, but row {row} is {points[row].tolist()}; repair them first")
    return points


def _number_edges(faces: Int32[ndarray, "f 3"], vertex_count: int) -> tuple[Int32[ndarray, "f 3"], int]:
    """Return the number of each face's three edges, the same on both sides, and how many edges there are."""
    ends = np.sort(np.stack([faces, np.roll(faces, -1, 1)], -1), -1).astype(np.int64)
    _, number = np.unique(ends[..., 0] * vertex_count + ends[..., 1], return_inverse=True)
    return number.reshape(faces.shape).astype(np.int32), int(number.max()) + 1


@no_type_check
@njit(cache=True, nogil=True)
def _normals(vertices, faces, edges, edge_count):
    """Return unit normals of faces, edges and vertices (Baerentzen and Aanaes: weights 1, 1 and the angle)."""
    of_face = np.zeros((len(faces), 3), np.float32)
    of_edge = np.zeros((edge_count, 3), np.float32)
    of_vertex = np.zeros((len(vertices), 3), np.float32)
    for f in range(len(faces)):
        a, b, c = vertices[faces[f, 0]], vertices[faces[f, 1]], vertices[faces[f, 2]]
        ux, uy, uz = np.float64(b[0]) - a[0], np.float64(b[1]) - a[1], np.float64(b[2]) - a[2]
        wx, wy, wz = np.float64(c[0]) - a[0], np.float64(c[1]) - a[1], np.float64(c[2]) - a[2]
        nx, ny, nz = uy * wz - uz * wy, uz * wx - ux * wz, ux * wy - uy * wx
        area = math.sqrt(nx * nx + ny * ny + nz * nz)
        if area == 0:
            continue
        n = (np.float32(nx / area), np.float32(ny / area), np.float32(nz / area))
        at_a = math.atan2(area, ux * wx + uy * wy + uz * wz)
        at_b = math.atan2(area, ux * (ux - wx) + uy * (uy - wy) + uz * (uz - wz))
        angles = (np.float32(at_a), np.float32(at_b), np.float32(max(math.pi - at_a - at_b, 0.0)))
        for k in range(3):
            of_face[f, k] = n[k]
            for corner in range(3):
                of_vertex[faces[f, corner], k] += angles[corner] * n[k]
                of_edge[edges[f, corner], k] += n[k]
    _make_unit(of_edge)
    _make_unit(of_vertex)
    return of_face, of_edge, of_vertex


@no_type_check
@njit(cache=True, nogil=True)
def _make_unit(vectors):
    for row in range(len(vectors)):
        x, y, z = np.float64(vectors[row, 0]), np.float64(vectors[row, 1]), np.float64(vectors[row, 2])
        length = math.sqrt(x * x + y * y + z * z)
        # what is left of normals that cancel is rounding, not a direction
        scale = 1 / length if length > 1e-6 else 0.0
        vectors[row, 0], vectors[row, 1], vectors[row, 2] = x * scale, y * scale, z * scale


@no_type_check
@njit(cache=True, nogil=True)
def on_segment(px, py, pz, ex, ey, ez):
    """Return squared distance and place 0..1 of the closest point on the segment from the origin to e."""
    length = ex * ex + ey * ey + ez * ez
    t = min(max((px * ex + py * ey + pz * ez) / length, 0.0), 1.0) if length > 0 else 0.0
    x, y, z = px - t * ex, py - t * ey, pz - t * ez
    return x * x + y * y + z * z, t


@no_type_check
@njit(cache=True, nogil=True)
def on_triangle(px, py, pz, corners):
    """Return squared distance, feature, v and w of a triangle's closest point; corners are its nine numbers."""
    ax, ay, az = np.float64(corners[0]), np.float64(corners[1]), np.float64(corners[2])
    ux, uy, uz = corners[3] - ax, corners[4] - ay, corners[5] - az
    wx, wy, wz = corners[6] - ax, corners[7] - ay, corners[8] - az
    qx, qy, qz = px - ax, py - ay, pz - az
    feature, v, w = _region(ux, uy, uz, wx, wy, wz, qx, qy, qz)
    x, y, z = qx - v * ux - w * wx, qy - v * uy - w * wy, qz - v * uz - w * wz
    return x * x + y * y + z * z, feature, v, w


@no_type_check
@njit(cache=True, nogil=True)
def _region(ux, uy, uz, wx, wy, wz, qx, qy, qz):
    d1, d2 = ux * qx + uy * qy + uz * qz, wx * qx + wy * qy + wz * qz
    if d1 <= 0 and d2 <= 0:
        return 1, 0.0, 0.0
    uu, uw, ww = ux * ux + uy * uy + uz * uz, ux * wx + uy * wy + uz * wz, wx * wx + wy * wy + wz * wz
    d3, d4 = d1 - uu, d2 - uw
    if d3 >= 0 and d4 <= d3:
        return 2, 1.0, 0.0
    vc = d1 * d4 - d3 * d2
    if vc <= 0 and d1 >= 0 and d3 <= 0 and uu > 0:
        return 4, d1 / uu, 0.0
    d5, d6 = d1 - uw, d2 - ww
    if d6 >= 0 and d5 <= d6:
        return 3, 0.0, 1.0
    vb = d5 * d2 - d1 * d6
    if vb <= 0 and d2 >= 0 and d6 <= 0 and ww > 0:
        return 6, 0.0, d2 / ww
    va = d3 * d6 - d5 * d4
    along, across = d4 - d3, d5 - d6
    if va <= 0 and along >= 0 and across >= 0 and along + across > 0:
        w = along / (along + across)
        return 5, 1 - w, w
    area = va + vb + vc
    if area > 1e-6 * uu * ww:
        return 0, vb / area, vc / area
    return _needle(ux, uy, uz, wx, wy, wz, qx, qy, qz, vb / area if area > 0 else 0.0, vc / area if area > 0 else 0.0)


@no_type_check
@njit(cache=True, nogil=True)
def _needle(ux, uy, uz, wx, wy, wz, qx, qy, qz, v, w):
    """Return the region of a triangle so thin that its inner coordinates may be rounding: the best of its parts."""
    v = min(max(v, 0.0), 1.0)
    w = min(max(w, 0.0), 1 - v)
    x, y, z = qx - v * ux - w * wx, qy - v * uy - w * wy, qz - v * uz - w * wz
    inner = x * x + y * y + z * z
    first, s = on_segment(qx, qy, qz, ux, uy, uz)
    second, t = on_segment(qx - ux, qy - uy, qz - uz, wx - ux, wy - uy, wz - uz)
    third, r = on_segment(qx, qy, qz, wx, wy, wz)
    if inner < min(first, second, third):
        return 0, v, w
    if first <= second and first <= third:
        return 1 if s == 0 else 2 if s == 1 else 4, s, 0.0
    if second <= third:
        return 2 if t == 0 else 3 if t == 1 else 5, 1 - t, t
    return 1 if r == 0 else 3 if r == 1 else 6, 0.0, r


@no_type_check
@njit(cache=True, nogil=True)
def to_box(x, y, z, box):
    """Return the squared distance (float32, never too large) of a point from a box."""
    zero = np.float32(0)
    dx = max(max(box[0] - x, x - box[3]), zero)
    dy = max(max(box[1] - y, y - box[4]), zero)
    dz = max(max(box[2] - z, z - box[5]), zero)
    return (dx * dx + dy * dy + dz * dz) * _BELOW


@no_type_check
@njit(cache=True, nogil=True)
def _walk(point, best, slot, boxes, child, order, corners, stack, bounds):
    """Return slot (-1: none), feature, v and w of the closest triangle; `slot` is a first guess (-1: none)."""
    x, y, z = point[0], point[1], point[2]
    px, py, pz = np.float64(x), np.float64(y), np.float64(z)
    found, feature, v, w = -1, 0, 0.0, 0.0
    if slot >= 0:
        squared, kind, s, t = on_triangle(px, py, pz, corners[slot])
        if squared <= best:
            best, found, feature, v, w = squared, slot, kind, s, t
    stack[0], bounds[0], waiting = 0, np.float32(0), 1
    while waiting:
        waiting -= 1
        if bounds[waiting] > best:
            continue
        below = stack[waiting]
        while below >= 0:
            left, right = to_box(x, y, z, boxes[below, 0]), to_box(x, y, z, boxes[below, 1])
            near, far = child[below, 0], child[below, 1]
            if right < left:
                left, right, near, far = right, left, far, near
            if left > best:
                break
            if right <= best:
                stack[waiting], bounds[waiting] = far, right
                waiting += 1
            below = near
        if below >= 0:
            continue
        first, count = ~below >> 3, ~below & 7
        for k in range(first, first + count):
            squared, kind, s, t = on_triangle(px, py, pz, corners[k])
            if squared < best or (squared == best and (found < 0 or order[k] < order[found])):
                best, found, feature, v, w = squared, k, kind, s, t
    return found, feature, v, w


@no_type_check
@njit(cache=True, nogil=True, parallel=True)
def _search(
    points, reach, boxes, child, order, corners, faces, edges, of_face, of_vertex, of_edge,
    face, weights, place, distance, normal,
):  # fmt: skip
    for run in prange((len(points) + _RUN - 1) // _RUN):
        stack, bounds = np.empty(bvh.DEPTH + 2, np.int32), np.empty(bvh.DEPTH + 2, np.float32)
        slot = -1
        for i in range(run * _RUN, min(len(points), (run + 1) * _RUN)):
            slot, feature, v, w = _walk(points[i], reach * reach, slot, boxes, child, order, corners, stack, bounds)
            if slot < 0:
                face[i], distance[i] = -1, reach
                weights[i], place[i], normal[i] = 0, points[i], 0
                continue
            face[i] = order[slot]
            n = _pick(faces[face[i]], edges[face[i]], feature, of_face[face[i]], of_vertex, of_edge)
            _write(points[i], corners[slot], v, w, n, weights[i], place[i], distance[i : i + 1], normal[i])


@no_type_check
@njit(cache=True, nogil=True)
def _pick(face, edges, feature, of_face, of_vertex, of_edge):
    n = of_face
    if feature > 3:
        n = of_edge[edges[feature - 4]]
    elif feature > 0:
        n = of_vertex[face[feature - 1]]
    if n[0] == 0 and n[1] == 0 and n[2] == 0:
        n = of_face
    return n


@no_type_check
@njit(cache=True, nogil=True)
def _write(point, corners, v, w, n, weights, place, distance, normal):
    weights[0], weights[1], weights[2] = max(1 - v - w, 0.0), v, w
    squared = side = 0.0
    for k in range(3):
        a = np.float64(corners[k])
        nearest = a + v * (corners[3 + k] - a) + w * (corners[6 + k] - a)
        away = point[k] - nearest
        squared += away * away
        side += away * n[k]
        place[k], normal[k] = nearest, n[k]
    distance[0] = math.copysign(math.sqrt(squared), side)
