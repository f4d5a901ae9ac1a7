"""Packed rectangles stay apart and inside, and a square of squares is found."""

import numpy as np
import pytest

from omote.core.errors import ShapeError, UsageError
from omote.parts.space.packing import packed


@pytest.mark.oracle
@pytest.mark.parametrize("seed", range(8))
def test_rectangles_keep_the_margin_from_one_another_and_from_the_border(seed: int) -> None:
    rng = np.random.default_rng(seed)
    sizes = rng.uniform(0.02, 1.0, (int(rng.integers(1, 20)), 2))
    place, side, margin = packed(sizes, 0.01)
    assert margin == pytest.approx(0.01 * side, rel=0.05)
    assert place.min() > margin - 1e-9
    assert (place + sizes).max() < side - margin + 1e-9
    for p in range(len(sizes)):
        for q in range(p):
            apart = np.maximum(place[p] - place[q] - sizes[q], place[q] - place[p] - sizes[p]).max()
            assert apart > margin - 1e-9
    if len(sizes) > 8:
        assert sizes.prod(1).sum() > 0.6 * side**2


def test_four_squares_make_one_of_twice_their_side() -> None:
    _, side, _ = packed(np.ones((4, 2)), 0.0)
    assert side == pytest.approx(2)


def test_a_line_without_width_is_placed_too() -> None:
    place, side, _ = packed(np.array([[1.0, 1.0], [0.0, 0.5], [0.0, 0.0]]), 0.02)
    assert np.isfinite(place).all()
    assert side < 2


def test_what_cannot_be_packed_is_refused() -> None:
    for sizes in (np.zeros((0, 2)), np.array([[1.0, np.nan]]), np.array([[1.0, -1.0]])):
        with pytest.raises(ShapeError):
            packed(sizes, 0.01)
    with pytest.raises(UsageError, match="gap"):
        packed(np.ones((2, 2)), 0.5)
