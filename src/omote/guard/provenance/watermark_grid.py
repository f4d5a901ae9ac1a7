"""Where the watermark lives: keyed cosines on the picture's own unit square, and the canonical grid they are read on.

A picture of any size is [0, 1] x [0, 1]; the mark is a sum of two-dimensional cosines (DCT-II basis functions) with
`LOW <= hypot(row, column) < HIGH` half waves across the picture, so rescaling does not move it. Low enough that
8 x 8 transforms at coarse quantisers and halving keep it, high enough that few pictures have much there themselves.

Each cosine (a *chip*, Cox et al., "Secure spread spectrum watermarking for multimedia", 1997) has a sign drawn from
the key and carries one coded bit, or belongs to the pilot, which is the same for every payload and tells where a
cropped picture lay. Reading normalises the picture twice: each place by its local energy, since busy places say
little, and each chip by the energy of its neighbours in frequency, since pictures are pinker than the mark.

Notation: S canonical side; (v, u) DCT row and column; x_i what is read at chip i; e_i its sign.
"""

import hashlib
import math
from dataclasses import dataclass
from functools import lru_cache
from typing import no_type_check

import numpy as np
from jaxtyping import Float32, Int, UInt8
from numba import njit
from numpy import ndarray
from scipy import fft
from scipy.ndimage import uniform_filter
from scipy.sparse import csr_array

SIDE = 256
"""S: canonical pictures are S x S."""
LOW, HIGH = 32, 144
"""Half waves across the picture of the slowest and the fastest chip."""
PILOT_SHARE = 0.2
"""Part of the chips that carry no payload."""
_PLACE = 13
"""Side of the neighbourhood whose energy a place is measured against, canonical pixels."""
_TONE = 9
"""Side of the neighbourhood in frequency whose energy a chip is measured against."""
_FLOOR = 0.05
"""Levels that count as silence: keeps perfectly flat places from dividing by zero."""

_V, _U = np.mgrid[:SIDE, :SIDE]
_RADIUS = np.hypot(_V, _U)
_BAND = (_RADIUS >= LOW) & (_RADIUS < HIGH)
_PASS = ((_RADIUS >= 0.8 * LOW) & (_RADIUS < 1.15 * HIGH)).astype(np.float32)
ROWS, COLUMNS = (index.astype(np.int64) for index in np.nonzero(_BAND))
"""DCT row and column of each chip."""


@dataclass(frozen=True, kw_only=True)
class Layout:
    """What the key decides."""

    signs: Float32[ndarray, "chips"]
    """e_i: -1 or +1."""
    coded_bit: Int[ndarray, "chips"]
    """Which coded bit a chip carries; -1 for the pilot."""


@dataclass(frozen=True, kw_only=True)
class Window:
    """Which part of the marked picture's unit square a picture shows."""

    top: float = 0.0
    left: float = 0.0
    height: float = 1.0
    width: float = 1.0


WHOLE = Window()


@lru_cache(maxsize=8)
def layout(key: bytes, coded_bits: int) -> Layout:
    """Draw signs and roles of all chips; a hash in counter mode, so the same on every machine and for good."""
    chips = len(ROWS)
    stream = hashlib.shake_256(key).digest(9 * chips)
    order = np.argsort(np.frombuffer(stream, "<u8", chips), kind="stable")
    signs = 1 - 2 * (np.frombuffer(stream, np.uint8, chips, 8 * chips) & 1).astype(np.float32)
    coded_bit = np.full(chips, -1)
    messengers = order[round(PILOT_SHARE * chips) :]
    coded_bit[messengers] = np.arange(len(messengers)) % coded_bits
    return Layout(signs=signs, coded_bit=coded_bit)


@lru_cache(maxsize=8)
def _cosines(length: int) -> Float32[ndarray, "l high"]:
    """Return the first basis functions of the unit interval at the centres of `length` pixels; 0 where too fine."""
    place, tone = (np.arange(length) + 0.5) / length, np.arange(HIGH)
    return (np.cos(np.pi * place[:, None] * tone) * (tone < length)).astype(np.float32)


def synthesise(chips: Float32[ndarray, "chips"], size: tuple[int, int]) -> Float32[ndarray, "h w"]:
    """Return the sum of all chips at a picture's size, with root mean square 1 (less below 144 pixels).

    Args:
        chips: amplitude of each.
        size: (height, width).
    """
    spectrum = np.zeros((HIGH, HIGH), np.float32)
    norm = np.sqrt(np.where(ROWS == 0, 1, 2) * np.where(COLUMNS == 0, 1, 2))
    spectrum[ROWS, COLUMNS] = chips * norm / np.linalg.norm(chips)
    return _cosines(size[0]) @ spectrum @ _cosines(size[1]).T


@lru_cache(maxsize=512)
def _sampler(length: int, start: float, extent: float, side: int) -> csr_array:
    """Return the matrix from pixels to grid cells along one axis: triangles as wide as a cell or a pixel.

    Args:
        length: pixels along the axis.
        start: where the first pixel begins on the unit interval.
        extent: how much of the interval the pixels fill.
        side: cells of the interval.
    """
    place = ((np.arange(side) + 0.5) / side - start) / extent * length - 0.5
    reach = max(1.0, length / (side * extent))
    pixel = np.floor(place - reach)[:, None] + np.arange(1, 2 * math.ceil(reach) + 2)
    weight = np.maximum(0, 1 - np.abs(place[:, None] - pixel) / reach)
    weight *= (pixel >= 0) & (pixel < length)
    inside = (place > -0.5) & (place < length - 0.5)
    weight = np.where(inside[:, None], weight / np.maximum(weight.sum(1, keepdims=True), 1e-9), 0)
    cell = np.broadcast_to(np.arange(side)[:, None], pixel.shape)
    keep = weight > 0
    entries = weight[keep].astype(np.float32), (cell[keep], pixel[keep].astype(np.int64))
    return csr_array(entries, shape=(side, length))


@no_type_check
@njit(cache=True, nogil=True)
def _luma(rgb):
    out = np.empty(rgb.shape[:2], np.float32)
    for y in range(rgb.shape[0]):
        for x in range(rgb.shape[1]):
            out[y, x] = (
                np.float32(0.299) * rgb[y, x, 0] + np.float32(0.587) * rgb[y, x, 1] + np.float32(0.114) * rgb[y, x, 2]
            )
    return out


def luma(rgb: UInt8[ndarray, "h w 3"]) -> Float32[ndarray, "h w"]:
    """Return the BT.601 luma of a picture, in levels, not rounded."""
    return _luma(np.ascontiguousarray(rgb))


def canonical(picture: Float32[ndarray, "h w"], window: Window = WHOLE, side: int = SIDE) -> Float32[ndarray, "s s"]:
    """Return a picture on the unit square of the marked one, less its mean, and zero where it shows nothing.

    Args:
        picture: luma, or any map over the picture.
        window: which part of the marked picture it is.
        side: grid cells along each axis.
    """
    rows = _sampler(picture.shape[0], window.top, window.height, side)
    columns = _sampler(picture.shape[1], window.left, window.width, side)
    return (columns @ (rows @ (picture - picture.mean())).T).T


def _dct(grid: Float32[ndarray, "s s"]) -> Float32[ndarray, "s s"]:
    return np.asarray(fft.dctn(grid, norm="ortho"))


def _inverse_dct(spectrum: Float32[ndarray, "s s"]) -> Float32[ndarray, "s s"]:
    return np.asarray(fft.idctn(spectrum, norm="ortho"))


def spread(values: Float32[ndarray, "rows columns"]) -> Float32[ndarray, "s s"]:
    """Return a coarse map over a picture on the canonical grid, its mean kept."""
    return canonical(values) + values.mean()


def levelled(grid: Float32[ndarray, "s s"]) -> Float32[ndarray, "s s"]:
    """Return a canonical picture within the mark's band, each place divided by its local energy."""
    return _against_neighbours(_inverse_dct(_dct(grid) * _PASS), _PLACE, _FLOOR)


def read(grid: Float32[ndarray, "s s"]) -> Float32[ndarray, "chips"]:
    """Return x_i for every chip of a canonical picture."""
    return _against_neighbours(_dct(levelled(grid)), _TONE, 1e-10)[ROWS, COLUMNS]


def mirrored(chips: Float32[ndarray, "chips"]) -> Float32[ndarray, "chips"]:
    """Return what would have been read in the picture's mirror image: odd columns change their sign."""
    return np.where(COLUMNS % 2, -chips, chips)


def _against_neighbours(values: Float32[ndarray, "s s"], side: int, floor: float) -> Float32[ndarray, "s s"]:
    """Return values over the power 3/2 of the root mean square around them.

    Power 1 makes all neighbourhoods alike, 2 is the matched filter for a mark that is equally strong everywhere; the
    mark is stronger where pictures are busy, and between the two lies the best.
    """
    energy = np.maximum(uniform_filter(values * values, side, mode="reflect"), 0)  # its running sums may fall below
    scale = np.sqrt(energy + np.float32(floor**2))
    return values / (scale * np.sqrt(scale))
