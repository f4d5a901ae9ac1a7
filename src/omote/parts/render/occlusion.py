"""How much of the light from all sides reaches each vertex.

Source: Sloan, Kautz and Snyder, "Precomputed Radiance Transfer", 2002, without interreflection. The transfer of a
vertex is T_i = 1/pi * integral of visibility * clamped cosine * Y_i, nine numbers; shading under any light of nine
harmonics is T . L, shadows of that light included, and turning the light costs nothing. What rays find *blocked* is
taken off the closed form of an open surface where most is open, off the sum over all rays where little is: so a convex
body is exact, and so is a closed pocket.

Occlusion is T_0 / Y_0: the part of a white sky that arrives; 1 in the open, 0 in a closed pocket.

Notation: v vertices, k rays of each, spread like the cosine about the normal; a vertex turns the pattern by its own
angle, so that errors of neighbours do not add up to bands.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import no_type_check

import numpy as np
from jaxtyping import Float32, Float64, Int32
from numba import njit
from numpy import ndarray

from omote.core.errors import ShapeError, UsageError
from omote.parts.render.rays import WAITING, Obstacle, is_blocked
from omote.parts.render.visibility import threads
from omote.parts.space.harmonics import CONSTANT, FACTOR, open_transfer

RAYS = 64
LIFT = 4e-4
"""Metres by which rays start above the surface."""
BLUR = 0.01
"""Metres over which `smoothed` averages: the scale of a bell."""
CHUNK = 1024
"""Vertices in one task."""
GOLDEN = 0.6180339887498949


def transfer(
    vertices: Float32[ndarray, "v 3"],
    normals: Float32[ndarray, "v 3"],
    obstacle: Obstacle,
    *,
    rays: int = RAYS,
    weld: Int32[ndarray, " v"] | None = None,
    lift: float = LIFT,
) -> Float32[ndarray, "v 9"]:
    """Return the nine transfer coefficients of each vertex.

    Args:
        vertices: world metres.
        normals: unit vectors.
        obstacle: everything that can stand in the way.
        rays: of each vertex.
        weld: as `Mesh.weld`; welded vertices share one answer.
        lift: metres by which rays start above the surface.

    Raises:
        ShapeError: not one normal for each vertex.
        UsageError: no rays.
    """
    if normals.shape != vertices.shape:
        raise ShapeError(f"{len(vertices)} vertices need as many normals, not {list(normals.shape)}")
    if rays < 1:
        raise UsageError(f"occlusion needs at least one ray for each vertex, not {rays}")
    own = np.arange(len(vertices), dtype=np.int32) if weld is None else weld
    chosen = np.flatnonzero(own == np.arange(len(own))).astype(np.int32)
    found = np.zeros((2, len(vertices), 9))
    pattern = _pattern(rays)

    def cast(start: int) -> None:
        _lost(obstacle, vertices, normals, chosen[start : start + CHUNK], pattern, np.float32(lift), found)

    with ThreadPoolExecutor(threads()) as pool:
        list(pool.map(cast, range(0, len(chosen), CHUNK)))
    lost, whole = found[:, own]
    share = 1 - lost[:, :1] / CONSTANT
    return (share * open_transfer(normals) + (1 - share) * whole - lost).astype(np.float32)


def smoothed(
    coefficients: Float32[ndarray, "v 9"],
    vertices: Float32[ndarray, "v 3"],
    normals: Float32[ndarray, "v 3"],
    faces: Int32[ndarray, "f 3"],
    weld: Int32[ndarray, " v"] | None = None,
) -> Float32[ndarray, "v 9"]:
    """Return transfer whose blocked part is a mean with neighbours that are close by and face the same way.

    It takes away most of the grain of few rays, and nothing where neighbours are farther than `BLUR`.

    Args:
        coefficients: as `transfer` gives them.
        vertices: world metres.
        normals: unit vectors.
        faces: which vertices are neighbours.
        weld: as `Mesh.weld`.
    """
    own = np.arange(len(vertices), dtype=np.int32) if weld is None else weld
    opened = open_transfer(normals)
    mean = _mean_around(opened - coefficients, vertices.astype(np.float64), normals, own[faces], BLUR)
    return (opened - mean[own]).astype(np.float32)


def occlusion(coefficients: Float32[ndarray, "v 9"]) -> Float32[ndarray, " v"]:
    """Return the part of a white sky that reaches each vertex, 0..1."""
    return np.clip(coefficients[:, 0] / np.float32(CONSTANT), 0, 1)


def _pattern(rays: int) -> Float64[ndarray, "k 2"]:
    """Return radius squared and angle of points spread evenly over a disc."""
    place = np.arange(rays) + 0.5
    return np.stack([place / rays, 2 * np.pi * np.mod(place * GOLDEN, 1.0)], -1)


@no_type_check
@njit(cache=True, nogil=True, error_model="numpy")
def _lost(obstacle, vertices, normals, chosen, pattern, lift, found):
    """Write the mean harmonics of the directions in which something is in the way, and of all of them."""
    stack = np.empty(WAITING, np.int32)
    far, one = np.float32(np.inf), np.float32(1)
    share = 1 / len(pattern)
    for v in chosen:
        nx, ny, nz = normals[v, 0], normals[v, 1], normals[v, 2]
        if nx == 0 and ny == 0 and nz == 0:
            continue
        ox, oy, oz = vertices[v, 0] + lift * nx, vertices[v, 1] + lift * ny, vertices[v, 2] + lift * nz
        # A frame about the normal (Duff et al., "Building an Orthonormal Basis, Revisited", 2017).
        sign = one if nz >= 0 else -one
        a = -one / (sign + nz)
        b = nx * ny * a
        tx, ty, tz = one + sign * nx * nx * a, sign * b, -sign * nx
        bx, by, bz = b, sign + ny * ny * a, -ny
        turn = 2 * np.pi * ((v * GOLDEN) % 1.0)
        for k in range(len(pattern)):
            radius, height = np.sqrt(pattern[k, 0]), np.float32(np.sqrt(1 - pattern[k, 0]))
            p = np.float32(radius * np.cos(pattern[k, 1] + turn))
            q = np.float32(radius * np.sin(pattern[k, 1] + turn))
            dx, dy, dz = p * tx + q * bx + height * nx, p * ty + q * by + height * ny, p * tz + q * bz + height * nz
            hit = is_blocked(obstacle, ox, oy, oz, dx, dy, dz, far, stack)
            x, y, z = np.float64(dx), np.float64(dy), np.float64(dz)
            for row in range(0 if hit else 1, 2):
                total = found[row, v]
                total[0] += share * FACTOR[0]
                total[1] += share * FACTOR[1] * y
                total[2] += share * FACTOR[2] * z
                total[3] += share * FACTOR[3] * x
                total[4] += share * FACTOR[4] * x * y
                total[5] += share * FACTOR[5] * y * z
                total[6] += share * FACTOR[6] * (3 * z * z - 1)
                total[7] += share * FACTOR[7] * x * z
                total[8] += share * FACTOR[8] * (x * x - y * y)


@no_type_check
@njit(cache=True, nogil=True, error_model="numpy")
def _mean_around(values, vertices, normals, faces, blur):
    """Return weighted means of each vertex and its neighbours; each edge counts once from each of its faces."""
    total, weight = values.copy(), np.ones(len(values))
    for f in range(len(faces)):
        for corner in range(3):
            i, j = faces[f, corner], faces[f, (corner + 1) % 3]
            away, alike = 0.0, 0.0
            for axis in range(3):
                away += (vertices[i, axis] - vertices[j, axis]) ** 2
                alike += normals[i, axis] * normals[j, axis]
            share = 0.5 * max(alike, 0.0) ** 4 * np.exp(-away / (blur * blur))
            weight[i] += share
            weight[j] += share
            for c in range(values.shape[1]):
                total[i, c] += share * values[j, c]
                total[j, c] += share * values[i, c]
    for v in range(len(values)):
        for c in range(values.shape[1]):
            total[v, c] /= weight[v]
    return total
