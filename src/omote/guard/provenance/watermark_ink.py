"""Laying a pattern into a picture where the eye will not see it: more where it is busy, hardly any where it is flat.

The pattern is kept as small integers repeated for the three channels, so that one pass of integer arithmetic over
the picture's bytes does it: byte + round(pattern * gain). The gain is constant over blocks of 8 x 8 pixels and comes
from how much neighbouring pixels differ there; the calmest of the 3 x 3 blocks around decides, so that nothing
spills from an edge into the plain background beside it.
"""

import math
from typing import no_type_check

import numpy as np
from jaxtyping import Float32, Int8, UInt8
from numba import njit
from numpy import ndarray
from scipy.ndimage import minimum_filter, uniform_filter

BLOCK = 8
"""Side of a block of constant gain, pixels."""
_INK_UNIT = 32
"""Steps of the stored pattern for one root mean square."""
_SKIP = 4
"""Activity is measured on every fourth line."""


def _bayer() -> Float32[ndarray, "8 8"]:
    """Return the thresholds of Bayer's ordered dither, in (0, 1)."""
    matrix = np.zeros((1, 1))
    while len(matrix) < BLOCK:
        matrix = np.block([[4 * matrix, 4 * matrix + 2], [4 * matrix + 3, 4 * matrix + 1]])
    return ((matrix + 0.5) / BLOCK**2).astype(np.float32)


_BAYER = _bayer()


def ink(pattern: Float32[ndarray, "h w"]) -> Int8[ndarray, "h w3"]:
    """Return a pattern of root mean square 1 as it is stored: three times each value, 1/32 a step."""
    return _ink(pattern)


def gains(rgb: UInt8[ndarray, "h w 3"], calm: float, busy: float, rise: float) -> Float32[ndarray, "rows columns"]:
    """Return the levels of ink (root mean square) for each block.

    Args:
        rgb: the picture.
        calm: levels where it is flat.
        busy: the most that a busy place gets.
        rise: levels gained for each level that neighbouring pixels differ by, on average.
    """
    height, width = rgb.shape[:2]
    activity = _activity(rgb.reshape(height, 3 * width), -(-height // BLOCK), -(-width // BLOCK))
    calmest = uniform_filter(minimum_filter(activity, 3, mode="nearest"), 3, mode="nearest")
    return np.minimum(calm + rise * calmest, busy)


def lay(
    rgb: UInt8[ndarray, "h w 3"],
    stored: Int8[ndarray, "h w3"],
    gain: Float32[ndarray, "rows columns"],
    limit: int,
) -> UInt8[ndarray, "h w 3"]:
    """Return the picture with the pattern added.

    Args:
        rgb: the picture.
        stored: the pattern, from `ink`.
        gain: levels for each block, from `gains`.
        limit: no channel of any pixel moves by more levels than this.
    """
    flat = np.ascontiguousarray(rgb).reshape(stored.shape)
    thresholds = np.repeat(np.tile(_BAYER, (1, gain.shape[1])), 3, axis=1)
    return _lay(flat, stored, gain, thresholds, np.float32(limit)).reshape(rgb.shape)


def psnr(picture: UInt8[ndarray, "h w 3"], reference: UInt8[ndarray, "h w 3"]) -> float:
    """Return the peak signal-to-noise ratio of two pictures over all three channels, decibels."""
    error = _squared(np.ascontiguousarray(picture).ravel(), np.ascontiguousarray(reference).ravel())
    return 10 * math.log10(255**2 * picture.size / error) if error else math.inf


@no_type_check
@njit(cache=True, nogil=True)
def _squared(one, other):
    total = 0
    for i in range(one.size):
        difference = np.int32(one[i]) - np.int32(other[i])
        total += difference * difference
    return total


@no_type_check
@njit(cache=True, nogil=True)
def _ink(pattern):
    height, width = pattern.shape
    out = np.empty((height, 3 * width), np.int8)
    unit, most = np.float32(_INK_UNIT), np.float32(127)
    for y in range(height):
        for x in range(width):
            step = np.int8(min(max(np.rint(pattern[y, x] * unit), -most), most))
            out[y, 3 * x] = step
            out[y, 3 * x + 1] = step
            out[y, 3 * x + 2] = step
    return out


@no_type_check
@njit(cache=True, nogil=True)
def _activity(flat, rows, columns):
    out = np.zeros((rows, columns), np.float32)
    height, width3 = flat.shape
    step = 3 * BLOCK
    change = np.empty(width3, np.float32)
    for row in range(rows):
        change[:] = 0
        top = row * BLOCK
        bottom = max(top + 1, min(top + BLOCK, height - 1))
        lines = 0
        for y in range(top, bottom, _SKIP):
            lines += 1
            below = min(y + 1, height - 1)
            for i in range(width3 - 3):
                here = np.float32(flat[y, i])
                change[i] += abs(np.float32(flat[y, i + 3]) - here) + abs(np.float32(flat[below, i]) - here)
        for column in range(columns):
            start, stop = column * step, min((column + 1) * step, width3)
            out[row, column] = change[start:stop].sum() / np.float32(2 * lines * (stop - start))
    return out


@no_type_check
@njit(cache=True, nogil=True)
def _lay(flat, stored, gain, thresholds, limit):
    # float32 throughout: numba widens small integers to 64 bits, which vectorises four times worse
    out = np.empty_like(flat)
    height, width3 = flat.shape
    step = 3 * BLOCK
    levels = np.empty(width3, np.float32)
    zero, top = np.float32(0), np.float32(255)
    for y in range(height):
        if y % BLOCK == 0:
            for column in range(gain.shape[1]):
                levels[column * step : (column + 1) * step] = gain[y // BLOCK, column] / np.float32(_INK_UNIT)
        threshold = thresholds[y % BLOCK]
        for i in range(width3):
            change = min(max(np.float32(stored[y, i]) * levels[i], -limit), limit)
            change = np.floor(change + threshold[i])
            out[y, i] = np.uint8(min(max(np.float32(flat[y, i]) + change, zero), top))
    return out
