"""Rectangles packed into a small square.

Idea: the skyline heuristic, bottom-left rule (Jylänki, "A Thousand Ways to Pack the Bin", 2010): the tops of what lies
there form a skyline; each rectangle, the tallest first, goes where its top comes lowest. Several widths are tried, and
the smallest square wins.
"""

import numpy as np
from jaxtyping import Float, Float64
from numpy import ndarray

from omote.core.errors import ShapeError, UsageError

WIDTHS = 32
"""How many widths are tried."""


def packed(sizes: Float[ndarray, "p 2"], gap: float) -> tuple[Float64[ndarray, "p 2"], float, float]:
    """Place rectangles in a square, without turning them.

    Args:
        sizes: width and height of each.
        gap: part of the square's side that stays free around each, 0 to below 0.1.

    Returns:
        The low corner of each, the square's side, and the free margin in the same unit.

    Raises:
        ShapeError: there is no rectangle, or a size is negative or not finite.
        UsageError: the gap is not a part of the side.
    """
    if sizes.ndim != 2 or sizes.shape[1] != 2 or not len(sizes) or not np.isfinite(sizes).all() or sizes.min() < 0:
        raise ShapeError("rectangles are [p 2] finite widths and heights, at least one")
    if not 0 <= gap < 0.1:
        raise UsageError(f"a gap is a part of the square's side from 0 to below 0.1, not {gap}")
    least = max(float(sizes.max()), float(np.sqrt(sizes.prod(1).sum())), 1e-9)
    side = least
    for _ in range(2):  # the margin hangs on the side, which hangs on the margin
        side = _square(sizes + side * gap, least)[1] + side * gap
    margin = side * gap
    place, reach = _square(sizes + margin, least)
    return place + margin, reach + margin, margin


def _square(sizes: Float[ndarray, "p 2"], least: float) -> tuple[Float64[ndarray, "p 2"], float]:
    """Return the low corners in the smallest square found, and its side."""
    widths = np.linspace(max(sizes[:, 0].max(), least), 2.2 * least, WIDTHS)
    trials = [_skyline(sizes, float(width)) for width in widths]
    reach = [float((place + sizes).max()) for place in trials]
    best = int(np.argmin(reach))
    return trials[best], reach[best]


def _skyline(sizes: Float[ndarray, "p 2"], width: float) -> Float64[ndarray, "p 2"]:
    """Return the low corner of each rectangle in a strip of a width."""
    place = np.zeros((len(sizes), 2))
    line = [(0.0, 0.0, width)]  # from, height, to
    for p in np.lexsort((np.arange(len(sizes)), -sizes[:, 0], -sizes[:, 1])):
        w, h = float(sizes[p, 0]), float(sizes[p, 1])
        spots = []
        for start, _, _ in line:
            if start + w <= width + 1e-9:
                spots.append((max(top for a, top, b in line if a < start + w - 1e-12 and b > start + 1e-12), start))
        y, x = min(spots) if w > 1e-12 else (line[0][1], 0.0)
        place[p] = x, y
        rest = [(a, top, min(b, x)) for a, top, b in line if a < x]
        rest += [(x, y + h, x + w)]
        rest += [(max(a, x + w), top, b) for a, top, b in line if b > x + w]
        line = [piece for piece in rest if piece[2] - piece[0] > 1e-12]
    return place
