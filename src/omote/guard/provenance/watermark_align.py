"""Where a cropped or mirrored picture lay in the marked one, found by the pilot.

For each guess of how much of the height and the width is left, the picture is put to that scale and correlated with
the pilot at every offset at once, by Fourier transform with all magnitudes set to one (phase-only correlation: Kuglin
and Hines, 1975). Crops that keep the proportions, or that cut one direction only, are guessed; others are not.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from jaxtyping import Complex64, Float32
from numpy import ndarray
from numpy.fft import irfft2, rfft2

from omote.guard.provenance.watermark_grid import (
    HIGH,
    LOW,
    SIDE,
    Layout,
    Window,
    canonical,
    levelled,
    read,
    synthesise,
)

LEAST_BOTH, LEAST_ONE = 0.7, 0.55
"""Smallest part of both directions, or of one alone, that is guessed."""
_STEP = 1.012
"""Ratio of neighbouring guesses: half a step moves the picture's edge by less than a quarter of the finest wave."""
CANDIDATES = 2
"""Places that are looked at closely."""
_GATE = 5.0
"""A peak of fewer standard deviations is not worth a closer look."""


@dataclass(frozen=True, kw_only=True)
class Guess:
    """A place where the picture may have lain."""

    peak: float
    """Standard deviations above the correlations elsewhere."""
    window: Window
    flipped: bool


def _extents() -> Iterator[tuple[float, float]]:
    """Yield the guessed parts of height and width."""
    both = _STEP ** -np.arange(0, 1 - np.log(LEAST_BOTH) / np.log(_STEP))
    one = _STEP ** -np.arange(1, 1 - np.log(LEAST_ONE) / np.log(_STEP))
    yield from ((s, s) for s in both.tolist())
    yield from ((s, 1.0) for s in one.tolist())
    yield from ((1.0, s) for s in one.tolist())


@lru_cache(maxsize=2)
def _pilot(key_layout: bytes) -> tuple[Complex64[ndarray, "s f"], Complex64[ndarray, "s f"]]:
    """Return the conjugate spectra of the pilot and of its mirror image."""
    pattern = np.frombuffer(key_layout, np.float32).reshape(SIDE, SIDE)
    plain, mirrored = (np.conj(rfft2(p)) for p in (pattern, pattern[:, ::-1]))
    return plain, mirrored


def pilot_pattern(drawn: Layout) -> Float32[ndarray, "s s"]:
    """Return the pilot on the canonical grid."""
    return synthesise(np.where(drawn.coded_bit < 0, drawn.signs, 0).astype(np.float32), (SIDE, SIDE))


def _whitened(grid: Float32[ndarray, "s s"]) -> Complex64[ndarray, "s f"]:
    """Return the spectrum of a grid within the mark's band, every magnitude one."""
    spectrum = rfft2(grid)
    rows = np.abs(np.fft.fftfreq(SIDE, 1 / SIDE))[:, None]
    radius = np.hypot(rows, np.arange(SIDE // 2 + 1)) * 2
    band = (radius >= LOW) & (radius < HIGH)
    return np.where(band, spectrum / np.maximum(np.abs(spectrum), 1e-12), 0).astype(np.complex64)


def guesses(luma: Float32[ndarray, "h w"], drawn: Layout) -> list[Guess]:
    """Return the few likeliest places of a picture, best first, refined by the pilot.

    Args:
        luma: the picture.
        drawn: what the key decides.
    """
    spectra = _pilot(pilot_pattern(drawn).tobytes())
    calm = levelled(canonical(luma))
    found: list[Guess] = []
    for height, width in _extents():
        seen = _whitened(canonical(calm, Window(height=height, width=width)))
        free = int((1 - height) * SIDE) + 2, int((1 - width) * SIDE) + 2
        for flipped, pilot in enumerate(spectra):
            # corr[d] = sum_p grid[p] pilot[p + d]: the grid moved down by d meets the pilot.
            corr = irfft2(np.conj(seen * pilot), s=(SIDE, SIDE))
            spread = float(corr.std()) + 1e-12
            part = corr[: free[0], : free[1]]
            place = np.unravel_index(int(part.argmax()), part.shape)
            window = Window(top=place[0] / SIDE, left=place[1] / SIDE, height=height, width=width)
            found.append(Guess(peak=float(part[place]) / spread, window=window, flipped=bool(flipped)))
    found.sort(key=lambda g: -g.peak)
    return [_refined(g, luma, drawn) for g in found[:CANDIDATES] if g.peak >= _GATE]


def pilot_strength(grid: Float32[ndarray, "s s"], drawn: Layout) -> float:
    """Return how well a canonical picture agrees with the pilot, in standard deviations of an unmarked one."""
    pilot = drawn.coded_bit < 0
    x = read(grid)[pilot]
    return float(x @ drawn.signs[pilot] / np.sqrt((x * x).sum() + 1e-20))


def placed(luma: Float32[ndarray, "h w"], guess: Guess) -> Float32[ndarray, "s s"]:
    """Return a picture on the canonical grid where a guess says that it lay."""
    grid = canonical(luma, guess.window)
    return grid[:, ::-1] if guess.flipped else grid


def _refined(guess: Guess, luma: Float32[ndarray, "h w"], drawn: Layout) -> Guess:
    """Return the guess moved to where the pilot is strongest, one parameter at a time."""
    best, strength = guess, pilot_strength(placed(luma, guess), drawn)
    for step in (0.5 / SIDE, 0.25 / SIDE):
        for name in ("top", "left", "height", "width"):
            for sign in (1, -1):
                window = replace(best.window, **{name: getattr(best.window, name) + sign * step})
                moved = replace(best, window=window)
                value = pilot_strength(placed(luma, moved), drawn)
                if value > strength:
                    best, strength = moved, value
                    break
    return replace(best, peak=strength)
