"""Whether something stands in the way of a ray.

Source: a tree of boxes (`space.bvh`) walked nearest child first; triangles by Möller and Trumbore, "Fast, Minimum
Storage Ray-Triangle Intersection" (1997). A ray ends at the first triangle that it meets, whichever that is. Triangles
are taken a hair larger than they are, so that nothing slips through between two of them. No thread and no random number
decides anything: every machine gives the same answer, which is why no library of rays is used.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, no_type_check

import numpy as np
from jaxtyping import Bool, Float, Float32, Int32
from numba import njit
from numpy import ndarray

from omote.core.errors import ShapeError
from omote.parts.render.visibility import threads
from omote.parts.space import bvh
from omote.parts.space.mesh import check_faces

CHUNK = 8192
"""Rays in one task."""
WAITING = bvh.DEPTH + 2
"""Nodes that wait during a walk, at most."""


class Obstacle(NamedTuple):
    """Triangles made ready for rays; a tuple, as compiled code takes it."""

    boxes: Float32[ndarray, "n 2 6"]
    child: Int32[ndarray, "n 2"]
    """Both as in `bvh.Tree`."""
    triangles: Float32[ndarray, "f 9"]
    """First corner and the two edges from it, in the tree's order."""


def obstacle(vertices: Float[ndarray, "v 3"], faces: Int32[ndarray, "f 3"]) -> Obstacle:
    """Return a mesh made ready for rays.

    Raises:
        ShapeError: vertices are not finite, there is no face, or one names a vertex that is not there.
    """
    check_faces(faces, len(vertices))
    if not len(faces) or not np.isfinite(vertices).all():
        raise ShapeError("rays need at least one face and vertices that are finite numbers; check the mesh")
    corners = vertices.astype(np.float32)
    tree = bvh.build(corners, faces)
    triangles = bvh.gather(corners, faces, tree.order)
    triangles[:, 3:6] -= triangles[:, :3]
    triangles[:, 6:] -= triangles[:, :3]
    return Obstacle(boxes=tree.boxes, child=tree.child, triangles=triangles)


def blocked(
    obstacle: Obstacle,
    origins: Float32[ndarray, "n 3"],
    directions: Float32[ndarray, "n 3"],
    reach: float = np.inf,
) -> Bool[ndarray, " n"]:
    """Return which rays meet a triangle.

    Args:
        obstacle: what may be in the way.
        origins: world metres.
        directions: of any length.
        reach: how far the rays go, in lengths of their directions.
    """
    hit = np.zeros(len(origins), bool)

    def cast(start: int) -> None:
        end = start + CHUNK
        _blocked(obstacle, origins[start:end], directions[start:end], np.float32(reach), hit[start:end])

    with ThreadPoolExecutor(threads()) as pool:
        list(pool.map(cast, range(0, len(origins), CHUNK)))
    return hit


@no_type_check
@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _reciprocal(d):
    tiny = np.float32(1e-20)
    if abs(d) < tiny:
        return np.float32(-1e20) if d < 0 else np.float32(1e20)
    return np.float32(1) / d


@no_type_check
@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _enters(boxes, node, side, ox, oy, oz, ix, iy, iz, reach):
    """Return where a ray enters a child's box; infinite where it does not."""
    ax, bx = (boxes[node, side, 0] - ox) * ix, (boxes[node, side, 3] - ox) * ix
    ay, by = (boxes[node, side, 1] - oy) * iy, (boxes[node, side, 4] - oy) * iy
    az, bz = (boxes[node, side, 2] - oz) * iz, (boxes[node, side, 5] - oz) * iz
    enter = max(max(min(ax, bx), min(ay, by)), max(min(az, bz), np.float32(0)))
    leave = min(min(max(ax, bx), max(ay, by)), max(az, bz)) * np.float32(1.000001)
    return enter if enter <= leave and enter < reach else np.float32(np.inf)


@no_type_check
@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _meets(triangles, t, ox, oy, oz, dx, dy, dz, reach):
    """Return whether a ray meets a triangle, from either side."""
    ex, ey, ez = triangles[t, 3], triangles[t, 4], triangles[t, 5]
    fx, fy, fz = triangles[t, 6], triangles[t, 7], triangles[t, 8]
    px, py, pz = dy * fz - dz * fy, dz * fx - dx * fz, dx * fy - dy * fx
    volume = ex * px + ey * py + ez * pz
    if volume == 0:
        return False
    share = np.float32(1) / volume
    sx, sy, sz = ox - triangles[t, 0], oy - triangles[t, 1], oz - triangles[t, 2]
    u = (sx * px + sy * py + sz * pz) * share
    # A little more than the triangle: nothing slips through between two of them.
    slack = np.float32(-1e-6)
    if u < slack or u > np.float32(1.000001):
        return False
    qx, qy, qz = sy * ez - sz * ey, sz * ex - sx * ez, sx * ey - sy * ex
    v = (dx * qx + dy * qy + dz * qz) * share
    if v < slack or u + v > np.float32(1.000001):
        return False
    away = (fx * qx + fy * qy + fz * qz) * share
    return away > 0 and away < reach


@no_type_check
@njit(cache=True, nogil=True, error_model="numpy")
def is_blocked(obstacle, ox, oy, oz, dx, dy, dz, reach, stack):
    """Return whether a ray of float32 meets anything before `reach`; `stack` is int32 [WAITING], for the visit."""
    boxes, child, triangles = obstacle
    none = np.float32(np.inf)
    ix, iy, iz = _reciprocal(dx), _reciprocal(dy), _reciprocal(dz)
    node, waiting = 0, 0
    while True:
        near = _enters(boxes, node, 0, ox, oy, oz, ix, iy, iz, reach)
        far = _enters(boxes, node, 1, ox, oy, oz, ix, iy, iz, reach)
        first, second = child[node, 0], child[node, 1]
        if far < near:
            near, far, first, second = far, near, second, first
        if near < none and first < 0:
            code = ~first
            for t in range(code >> 3, (code >> 3) + (code & 7)):
                if _meets(triangles, t, ox, oy, oz, dx, dy, dz, reach):
                    return True
            near = none
        if far < none and second < 0:
            code = ~second
            for t in range(code >> 3, (code >> 3) + (code & 7)):
                if _meets(triangles, t, ox, oy, oz, dx, dy, dz, reach):
                    return True
            far = none
        if near < none:
            node = first
            if far < none:
                stack[waiting] = second
                waiting += 1
        elif far < none:
            node = second
        elif waiting:
            waiting -= 1
            node = stack[waiting]
        else:
            return False


@no_type_check
@njit(cache=True, nogil=True, error_model="numpy")
def _blocked(obstacle, origins, directions, reach, hit):
    stack = np.empty(WAITING, np.int32)
    for n in range(len(origins)):
        o, d = origins[n], directions[n]
        hit[n] = is_blocked(obstacle, o[0], o[1], o[2], d[0], d[1], d[2], reach, stack)
