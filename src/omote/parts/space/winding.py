"""How often a surface winds around a point: which points are inside, whatever the mesh.

Sources: the generalised winding number (Jacobson, Kavan and Sorkine-Hornung, "Robust Inside-Outside Segmentation using
Generalized Winding Numbers", 2013), summed fast (Barill et al., "Fast Winding Numbers for Soups and Clouds", 2018). It
is the sum of the solid angles of all triangles over 4 pi (van Oosterom and Strackee 1983): 1 inside a closed mesh and 0
outside, in between where a border is open, 2 where two closed parts overlap. Triangles far away are summed as one
expansion, to the second power of offsets, around their middle; near ones one by one.

Notation: q a point; of a cluster, with offsets d from its middle: N the sum of area vectors, S and T the symmetric
parts of the sums of area vector times d and times d d; beta as in Barill et al.
"""

import math
from typing import NamedTuple, no_type_check

import numpy as np
from jaxtyping import Bool, Float, Float32, Int32
from numba import njit, prange
from numpy import ndarray

from omote.core.errors import UsageError
from omote.parts.space.bvh import DEPTH
from omote.parts.space.closest import Surface, finite
from omote.parts.space.crossing import crossing_faces, self_crossings

__all__ = ["Closedness", "Winding", "closedness", "crossing_faces", "inside", "self_crossings", "winding_number"]

_RUN = 128
_NEAR = 1e-12
"""Square metres: within a micrometre nothing is expanded, as its powers would overflow."""
_AREA, _SECOND, _THIRD, _RADIUS, _SUM = 3, 6, 12, 22, 23
"""Where N, S, T, the squared radius and the total area lie among a cluster's 24 numbers; its middle comes first."""
_PAIR = np.array([[0, 3, 4], [3, 1, 5], [4, 5, 2]])
"""Where S's components lie: xx yy zz xy xz yz."""
_TRIPLES = np.array(
    [[0, 0, 0], [1, 1, 1], [2, 2, 2], [0, 0, 1], [0, 0, 2], [1, 1, 0], [1, 1, 2], [2, 2, 0], [2, 2, 1], [0, 1, 2]]
)
"""T's components, as they lie."""


class Winding:
    """A surface, as it is now, made ready for winding numbers.

    Args:
        surface: a mesh; closed or not, one piece or many.
        beta: clusters farther than this many of their radii are expanded; `math.inf` sums everything exactly.

    Raises:
        UsageError: beta is not above 1.
    """

    def __init__(self, surface: Surface, beta: float = 2.0) -> None:
        if not beta > 1:
            raise UsageError(f"beta is above 1, not {beta}: an expansion holds only outside of its cluster")
        self._tree, self._corners, self._beta = surface.tree, surface.corners, beta
        self._clusters = _expand(surface.tree.child, surface.tree.boxes, surface.corners)

    def number(self, points: Float[ndarray, "n 3"]) -> Float32[ndarray, " n"]:
        """Return the winding number of each point; on the surface itself it is anything between both sides'.

        Raises:
            ShapeError: a point is not finite.
        """
        points = finite(points, "points")
        numbers = np.empty(len(points), np.float32)
        _sum_up(points, self._tree.child, self._corners, self._clusters, float(self._beta) ** 2, numbers)
        return numbers

    def inside(self, points: Float[ndarray, "n 3"]) -> Bool[ndarray, " n"]:
        """Return which points are inside: those that the surface winds around more than half a time.

        Raises:
            ShapeError: a point is not finite.
        """
        return self.number(points) > 0.5


def winding_number(
    points: Float[ndarray, "n 3"], vertices: Float[ndarray, "v 3"], faces: Int32[ndarray, "f 3"]
) -> Float32[ndarray, " n"]:
    """Return how often a mesh winds around each point, within about 0.01.

    Raises:
        ShapeError: as `Surface`; or a point is not finite.
    """
    return Winding(Surface(vertices, faces)).number(points)


def inside(
    points: Float[ndarray, "n 3"], vertices: Float[ndarray, "v 3"], faces: Int32[ndarray, "f 3"]
) -> Bool[ndarray, " n"]:
    """Return which points are inside a mesh.

    Raises:
        ShapeError: as `winding_number`.
    """
    return Winding(Surface(vertices, faces)).inside(points)


class Closedness(NamedTuple):
    """What keeps a mesh from being closed; all empty where it is."""

    borders: Int32[ndarray, "b 2"]
    """Directed edges that no face has the other way round."""
    repeated: Int32[ndarray, "m 2"]
    """Directed edges that several faces have: three faces meet, or neighbours are turned against each other."""
    collapsed: Int32[ndarray, " c"]
    """Faces that name a vertex twice; their edges are not counted above."""

    @property
    def watertight(self) -> bool:
        """Whether each directed edge is there once, and its opposite once."""
        return not (len(self.borders) or len(self.repeated) or len(self.collapsed))

    def __str__(self) -> str:
        if self.watertight:
            return "watertight"
        kinds = ("edges on a border", self.borders), ("edges of too many faces", self.repeated)
        found = [f"{len(rows)} {what} (first: {rows[0, 0]} to {rows[0, 1]})" for what, rows in kinds if len(rows)]
        if len(self.collapsed):
            found.append(f"{len(self.collapsed)} faces that name a vertex twice (first: {self.collapsed[0]})")
        return "not watertight: " + ", ".join(found)


def closedness(faces: Int32[ndarray, "f 3"]) -> Closedness:
    """Return what keeps a mesh from being closed; vertices doubled at texture seams must be welded first."""
    collapsed = (faces == np.roll(faces, -1, axis=1)).any(1)
    sound = faces[~collapsed].astype(np.int64)
    size = int(faces.max(initial=0)) + 1
    start, end = sound.reshape(-1), np.roll(sound, -1, axis=1).reshape(-1)
    edges, count = np.unique(start * size + end, return_counts=True)
    opposite = (edges % size) * size + edges // size
    rows = np.stack([edges // size, edges % size], -1).astype(np.int32)
    return Closedness(
        borders=rows[~np.isin(opposite, edges, assume_unique=True)],
        repeated=rows[count > 1],
        collapsed=np.flatnonzero(collapsed).astype(np.int32),
    )


@no_type_check
@njit(cache=True, nogil=True)
def _expand(child, boxes, corners):
    """Return the expansion [n 2 24] of what lies below either side of each node."""
    clusters = np.zeros((len(child), 2, 24), np.float32)
    wide = np.zeros((len(child), 2, 24), np.float64)
    for node in range(len(child) - 1, -1, -1):
        for side in range(2):
            below, cluster = child[node, side], wide[node, side]
            if below >= 0:
                _join(cluster, wide[below], boxes[node, side])
            elif ~below & 7:
                first, count = ~below >> 3, ~below & 7
                parts = np.zeros((count, 24), np.float64)
                for k in range(count):
                    _triangle(parts[k], corners[first + k])
                _join(cluster, parts, boxes[node, side])
            clusters[node, side] = cluster
            _drop_traces(clusters[node, side])
    return clusters


@no_type_check
@njit(cache=True, nogil=True)
def _triangle(part, corners):
    """Write one triangle's expansion around its own middle."""
    offset = np.empty((3, 3), np.float64)
    for k in range(3):
        part[k] = (np.float64(corners[k]) + corners[3 + k] + corners[6 + k]) / 3
        for corner in range(3):
            offset[corner, k] = corners[3 * corner + k] - part[k]
    area = np.cross(offset[1] - offset[0], offset[2] - offset[0]) / 2
    part[_AREA : _AREA + 3] = area
    part[_SUM] = math.sqrt((area**2).sum())
    for corner in range(3):
        part[_RADIUS] = max(part[_RADIUS], (offset[corner] ** 2).sum())
    for t in range(10):
        i, j, k = _TRIPLES[t]
        for corner in range(3):
            d = offset[corner]
            part[_THIRD + t] += (area[i] * d[j] * d[k] + area[j] * d[i] * d[k] + area[k] * d[i] * d[j]) / 36


@no_type_check
@njit(cache=True, nogil=True)
def _join(cluster, parts, box):
    """Write the sum of a few expansions, carried to their common middle."""
    total = parts[:, _SUM].sum()
    for part in parts:
        share = part[_SUM] / total if total > 0 else 1 / len(parts)
        for k in range(3):
            cluster[k] += share * part[k]
    cluster[_SUM] = total
    for part in parts:
        d, area, second = part[:3] - cluster[:3], part[_AREA:_SECOND], part[_SECOND:_THIRD]
        for t in range(10):
            i, j, k = _TRIPLES[t]
            mixed = second[_PAIR[i, j]] * d[k] + second[_PAIR[i, k]] * d[j] + second[_PAIR[j, k]] * d[i]
            plain = area[i] * d[j] * d[k] + area[j] * d[i] * d[k] + area[k] * d[i] * d[j]
            cluster[_THIRD + t] += part[_THIRD + t] + (2 * mixed + plain) / 3
        for i in range(3):
            cluster[_AREA + i] += area[i]
            for j in range(i, 3):
                cluster[_SECOND + _PAIR[i, j]] += second[_PAIR[i, j]] + (area[i] * d[j] + area[j] * d[i]) / 2
        reach = (math.sqrt((d**2).sum()) + math.sqrt(part[_RADIUS])) ** 2
        cluster[_RADIUS] = max(cluster[_RADIUS], reach)
    farthest = 0.0  # corner of the box, which may be nearer than what the parts promise
    for k in range(3):
        farthest += max(box[3 + k] - cluster[k], cluster[k] - box[k]) ** 2
    cluster[_RADIUS] = min(farthest, cluster[_RADIUS]) * (1 + 1e-6)


@no_type_check
@njit(cache=True, nogil=True)
def _drop_traces(cluster):
    """Take out of S and T what no harmonic function sees, so that `_far` has less to do."""
    second, third = cluster[_SECOND:_THIRD], cluster[_THIRD:_RADIUS]
    second[:3] -= (second[0] + second[1] + second[2]) / 3
    x, y, z = third[0] + third[5] + third[7], third[3] + third[1] + third[8], third[4] + third[6] + third[2]
    whole = np.array([3 * x, 3 * y, 3 * z, y, z, x, z, x, y, 0], np.float32)
    third -= whole / 5


@no_type_check
@njit(cache=True, nogil=True)
def solid_angle(x, y, z, corners):
    """Return half the solid angle of a triangle seen from a point; positive from behind (van Oosterom 1983)."""
    ax, ay, az = corners[0] - x, corners[1] - y, corners[2] - z
    bx, by, bz = corners[3] - x, corners[4] - y, corners[5] - z
    cx, cy, cz = corners[6] - x, corners[7] - y, corners[8] - z
    a = math.sqrt(ax * ax + ay * ay + az * az)
    b = math.sqrt(bx * bx + by * by + bz * bz)
    c = math.sqrt(cx * cx + cy * cy + cz * cz)
    volume = ax * (by * cz - bz * cy) + ay * (bz * cx - bx * cz) + az * (bx * cy - by * cx)
    below = a * b * c + (ax * bx + ay * by + az * bz) * c
    below += (ax * cx + ay * cy + az * cz) * b + (bx * cx + by * cy + bz * cz) * a
    return math.atan2(volume, below)


@no_type_check
@njit(cache=True, nogil=True)
def _far(c, x, y, z, squared):
    """Return the solid angle of a cluster c from its expansion; x y z lead to its middle."""
    one = np.float32(1) / squared
    two, three = np.float32(2), np.float32(3)
    first = c[3] * x + c[4] * y + c[5] * z
    second = c[6] * x * x + c[7] * y * y + c[8] * z * z + two * (c[9] * x * y + c[10] * x * z + c[11] * y * z)
    third = x * x * (c[12] * x + three * (c[15] * y + c[16] * z)) + y * y * (
        c[13] * y + three * (c[17] * x + c[18] * z)
    )
    third += z * z * (c[14] * z + three * (c[19] * x + c[20] * y)) + two * three * c[21] * x * y * z
    return one * np.sqrt(one) * (first + one * (np.float32(7.5) * one * third - three * second))


@no_type_check
@njit(cache=True, nogil=True)
def _around(point, child, corners, clusters, beta, stack):
    x, y, z = np.float64(point[0]), np.float64(point[1]), np.float64(point[2])
    angle = half = 0.0
    stack[0], waiting = 0, 1
    while waiting:
        waiting -= 1
        node = stack[waiting]
        for side in range(2):
            cluster = clusters[node, side]
            dx, dy, dz = cluster[0] - point[0], cluster[1] - point[1], cluster[2] - point[2]
            squared = dx * dx + dy * dy + dz * dz
            if squared > beta * cluster[_RADIUS] and squared > _NEAR:
                angle += _far(cluster, dx, dy, dz, squared)
                continue
            below = child[node, side]
            if below >= 0:
                stack[waiting] = below
                waiting += 1
                continue
            first, count = ~below >> 3, ~below & 7
            for slot in range(first, first + count):
                half += solid_angle(x, y, z, corners[slot])
    return (angle + 2 * half) / (4 * math.pi)


@no_type_check
@njit(cache=True, nogil=True, parallel=True)
def _sum_up(points, child, corners, clusters, beta, numbers):
    for run in prange((len(points) + _RUN - 1) // _RUN):
        stack = np.empty(2 * DEPTH, np.int32)
        for i in range(run * _RUN, min(len(points), (run + 1) * _RUN)):
            numbers[i] = _around(points[i], child, corners, clusters, beta, stack)
