"""Solid noise for procedural surfaces: the same value at the same point of space, for any number of points.

Source: Perlin, "Improving Noise" (2002): gradients at the corners of a unit grid, blended by a quintic; here the
gradients come from an integer hash with a seed instead of a table. Octaves are added at half the size and half the
strength (fractional Brownian motion).
"""

from typing import no_type_check

import numpy as np
from jaxtyping import Float, Float32
from numba import njit, prange
from numpy import ndarray

from omote.core.errors import UsageError

RIDGE = 1e-3
"""Step of the differences that give a gradient, in cells of the finest octave."""


def noise(
    points: Float[ndarray, "n 3"], size: float | tuple[float, float, float], seed: int, octaves: int = 1
) -> Float32[ndarray, " n"]:
    """Return noise about 0, mostly within -1..1.

    Args:
        points: anywhere in space, metres.
        size: of the largest bumps, metres; one for all axes, or one for each.
        seed: another seed, another noise.
        octaves: how many times finer bumps are added.

    Raises:
        UsageError: a size is not positive, or there is no octave.
    """
    sizes = np.broadcast_to(np.asarray(size, np.float64), 3)
    if not (sizes > 0).all() or octaves < 1:
        raise UsageError(f"noise needs positive sizes and at least one octave, but got {size} and {octaves}")
    out = np.empty(len(points), np.float32)
    _fill(np.ascontiguousarray(points / sizes, np.float64), seed & 0x7FFFFFFF, octaves, out)
    return out


def slope(
    points: Float[ndarray, "n 3"], size: float | tuple[float, float, float], seed: int, octaves: int = 1
) -> Float32[ndarray, "n 3"]:
    """Return the gradient of `noise` per metre, by differences."""
    sizes = np.broadcast_to(np.asarray(size, np.float64), 3)
    middle = noise(points, size, seed, octaves)
    change = []
    for axis in range(3):
        step = np.zeros(3)
        step[axis] = 0.02 * sizes[axis]
        change.append((noise(points + step, size, seed, octaves) - middle) / step[axis])
    return np.stack(change, 1).astype(np.float32)


@no_type_check
@njit(cache=True, inline="always")
def _corner(x, y, z, seed, fx, fy, fz):
    """Return the dot product of the corner's gradient and the way from it."""
    h = np.uint32(x) * np.uint32(0x8DA6B343) ^ np.uint32(y) * np.uint32(0xD8163841)
    h = h ^ np.uint32(z) * np.uint32(0xCB1AB31F) ^ np.uint32(seed) * np.uint32(0x9E3779B9)
    h = (h ^ (h >> np.uint32(15))) * np.uint32(0x2C1B3C6D)
    h = (h ^ (h >> np.uint32(12))) * np.uint32(0x297A2D39)
    h = (h ^ (h >> np.uint32(15))) & np.uint32(15)
    u = fx if h < 8 else fy
    v = fy if h < 4 else (fx if h == 12 or h == 14 else fz)
    return (u if h & 1 == 0 else -u) + (v if h & 2 == 0 else -v)


@no_type_check
@njit(cache=True)
def _perlin(x, y, z, seed):
    ix, iy, iz = int(np.floor(x)), int(np.floor(y)), int(np.floor(z))
    fx, fy, fz = x - ix, y - iy, z - iz
    u = fx * fx * fx * (fx * (fx * 6 - 15) + 10)
    v = fy * fy * fy * (fy * (fy * 6 - 15) + 10)
    w = fz * fz * fz * (fz * (fz * 6 - 15) + 10)
    total = 0.0
    for i in range(2):
        for j in range(2):
            for k in range(2):
                share = (u if i else 1 - u) * (v if j else 1 - v) * (w if k else 1 - w)
                total += share * _corner(ix + i, iy + j, iz + k, seed, fx - i, fy - j, fz - k)
    return total


@no_type_check
@njit(cache=True, parallel=True)
def _fill(points, seed, octaves, out):
    for n in prange(len(points)):
        total, scale, strength = 0.0, 1.0, 1.0
        for octave in range(octaves):
            total += strength * _perlin(points[n, 0] * scale, points[n, 1] * scale, points[n, 2] * scale, seed + octave)
            scale, strength = scale * 2.03, strength * 0.5
        out[n] = total
