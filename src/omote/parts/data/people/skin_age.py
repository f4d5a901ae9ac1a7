"""What years do to skin: lines, folds and spots, as maps over the mean adult.

Lines lie where the mimic muscles pull: across the forehead (frontalis), between the brows (corrugator), fanned out
from the outer corners of the eyes (orbicularis), from the wings of the nose past the mouth (nasolabial fold), below
the lids, and across the neck. A crease is a thin valley whose middle is 1; its walls fall off as a Gaussian.
"""

import numpy as np
from numpy import ndarray

from omote.parts.data.cloth import step
from omote.parts.data.noise import noise
from omote.parts.data.people.skin_fields import EYE, NECK, OUTER_CANTHUS, Map, Points

ONSET = {
    "forehead": (30, 76),
    "glabella": (36, 76),
    "crow": (30, 72),
    "nasolabial": (16, 68),
    "under": (22, 66),
    "marionette": (42, 78),
    "lips": (56, 84),
    "neck": (20, 80),
    "fine": (35, 85),
}
"""Years at which each line begins to show, and is deepest."""


def strength(name: str, years: float, seed: int) -> float:
    """Return how deep a kind of line is at an age, 0 to 1; people differ in each kind."""
    first, last = ONSET[name]
    own = np.random.default_rng((seed, list(ONSET).index(name), 9)).uniform(0.35, 1.0)
    return float(own * np.clip((years - first) / (last - first), 0, 1))


def _valley(away: ndarray, width: float) -> ndarray:
    """Return a thin bottom within soft walls."""
    away = np.abs(away)
    return 0.6 * np.exp(-((away / np.float32(width)) ** 2)) + 0.4 * np.exp(-((away / np.float32(3 * width)) ** 2))


def creases(p: Points, years: float, seed: int) -> Map:
    """Return the depth of lines at points of the head and the neck, 0 to 1."""
    out = np.zeros(len(p), np.float32)
    x, y = np.abs(p[:, 0]), p[:, 1]
    front = p[:, 2] > 0.075
    brow = np.flatnonzero(front & (y > 0.897) & (y < 0.972) & (x < 0.066))
    eyes = np.flatnonzero(front & (y > 0.862) & (y < 0.912) & (x > 0.008) & (x < 0.078))
    below = np.flatnonzero(front & (y > 0.780) & (y < 0.858) & (x < 0.060))
    neck = np.flatnonzero((y < NECK) & (y > 0.70) & (p[:, 2] > 0.0) & (x < 0.075))
    for rows, lines in ((brow, _forehead), (eyes, _eyes), (below, _mouth), (neck, _neck)):
        if len(rows):
            out[rows] = lines(p[rows], years, seed)
    return out


def _forehead(p: Points, years: float, seed: int) -> Map:
    x, y = p[:, 0], p[:, 1]
    wobble = noise(p, (0.030, 0.012, 0.03), seed + 20, 2)
    fade = noise(p, (0.024, 0.006, 0.05), seed + 21)
    shape = y + 0.0018 * np.cos(x * 75) - 2.2 * x**2 + 0.0022 * wobble
    phase = (shape - 0.927) / 0.0088
    number = np.round(phase)
    away = (phase - number) * 0.0088
    inside = step(phase, -0.6, 0.5) * step(4.4 - phase, 0, 0.8) * step(0.052 - np.abs(x), 0, 0.03)
    lines = _valley(away, 0.0008) * inside * np.clip(0.50 + 1.3 * fade, 0, 1) * strength("forehead", years, seed)
    side = np.abs(x) - 0.0062 - 0.0012 * wobble - 0.10 * np.clip(y - 0.905, 0, 1)
    between = _valley(side, 0.0009) * step(y, 0.9005, 0.006) * step(0.922 - y, 0, 0.010)
    return np.maximum(lines, between * 0.8 * strength("glabella", years, seed)).astype(np.float32)


def _eyes(p: Points, years: float, seed: int) -> Map:
    x, y = np.abs(p[:, 0]), p[:, 1]
    wobble = noise(p, 0.010, seed + 22, 2)
    dx, dy = x - OUTER_CANTHUS[0] + 0.004, y - OUTER_CANTHUS[1]
    dx = dx + 0.8 * np.clip(0.140 - p[:, 2], 0, 1)  # around the side of the head
    reach = np.hypot(dx, dy)
    angle = np.arctan2(dy, dx) + 0.12 * wobble - 6 * np.clip(reach - 0.01, 0, 0.02) * np.sign(dy) * 0.6
    fan = 0.30
    number = np.round(angle / fan)
    away = (angle - number * fan) * reach
    inside = (
        step(reach, 0.0075, 0.004)
        * step(0.024 + 0.006 * np.cos(number * 2.1) - reach, 0, 0.012)
        * (np.abs(number) < 3.5)
    )
    crow = _valley(away, 0.0007) * inside * (dx > 0) * strength("crow", years, seed)
    ring = np.hypot((x - EYE[0]) / 0.0165, (y - 0.8895) / 0.0100) + 0.05 * wobble
    low = step(0.8870 - y, 0, 0.004)
    under = np.zeros_like(x)
    for at, share in ((0.74, 0.5), (1.02, 1.0), (1.34, 0.7)):
        under = np.maximum(under, share * _valley((ring - at) * 0.0105, 0.0007))
    under = under * low * step(0.050 - x, 0, 0.012) * strength("under", years, seed)
    return np.maximum(crow, under * 0.75).astype(np.float32)


def _mouth(p: Points, years: float, seed: int) -> Map:
    x, y = np.abs(p[:, 0]), p[:, 1]
    wobble = noise(p, 0.014, seed + 23, 2)
    t = np.clip((0.853 - y) / 0.042, 0, 1.2)
    fold = 0.0205 + 0.0150 * t**1.15 + 0.0008 * wobble
    nasolabial = _valley((x - fold) * 0.9, 0.0011) * step(y, 0.8095, 0.012) * step(0.855 - y, 0, 0.006)
    out = nasolabial * (0.15 + 0.85 * strength("nasolabial", years, seed))
    fold = 0.0275 + 0.12 * np.clip(0.815 - y, 0, 0.05) + 0.0008 * wobble
    corner = _valley(x - fold, 0.0009) * step(y, 0.793, 0.012) * step(0.8155 - y, 0, 0.006)
    out = np.maximum(out, corner * strength("marionette", years, seed))
    fan = (p[:, 0] + 0.0016 * wobble) / 0.0034
    away = (fan - np.round(fan)) * 0.0034
    upper = step(y, 0.8275, 0.003) * step(0.8375 - y, 0, 0.006) * step(0.021 - x, 0, 0.006)
    lower = step(0.8085 - y, 0, 0.003) * step(y, 0.8025, 0.005) * step(0.018 - x, 0, 0.006)
    out = np.maximum(out, _valley(away, 0.0005) * np.maximum(upper, 0.6 * lower) * 0.7 * strength("lips", years, seed))
    return out.astype(np.float32)


def _neck(p: Points, years: float, seed: int) -> Map:
    wobble = noise(p, (0.05, 0.03, 0.05), seed + 24, 2)
    around = p[:, 1] + 0.25 * np.abs(p[:, 0]) + 0.004 * wobble
    out = np.zeros(len(p), np.float32)
    for at, share in ((0.768, 1.0), (0.752, 0.7), (0.738, 0.5)):
        out = np.maximum(out, share * _valley(around - at, 0.0010))
    return (out * step(0.06 - np.abs(p[:, 0]), 0, 0.03) * (0.12 + 0.7 * strength("neck", years, seed))).astype(
        np.float32
    )


def spots(p: Points, where: Map, years: float, seed: int) -> Map:
    """Return age spots: more melanin in irregular patches, on what the sun has seen."""
    old = float(np.clip((years - 48) / 35, 0, 1) * np.random.default_rng((seed, 31)).uniform(0.1, 1.0))
    out = np.zeros(len(p), np.float32)
    rows = np.flatnonzero(where > 0.05)
    if old and len(rows):
        shape = noise(p[rows], 0.0075, seed + 30, 2)
        out[rows] = (0.3 + 0.5 * old) * where[rows] * step(shape, 0.80 - 0.20 * old, 0.26)
    return out
