"""Fabrics repeat as they are woven, keep within what cloth reflects, and know hems and heights."""

from typing import get_args

import numpy as np
import pytest

from omote.parts.data.cloth import linear
from omote.parts.data.people.fabrics import GLOSS, PATTERNS, Fabric, Pattern, Weave

WEAVES: tuple[Weave, ...] = get_args(Weave)
INSIDE, MIDDLE = 1.0, 0.5
"""Metres to the hem, and a height, at which neither matters."""


def painted(fabric: Fabric, cloth: np.ndarray, *, hem: float = INSIDE, height: float = MIDDLE) -> np.ndarray:
    return fabric.paint(cloth, np.full(len(cloth), hem), np.full(len(cloth), height))


def bolt(count: int = 4000, seed: int = 0) -> np.ndarray:
    """Points of half a metre of cloth."""
    return np.random.default_rng(seed).uniform(-0.25, 0.25, (count, 2))


def bold(pattern: Pattern, **kw: float) -> Fabric:
    """A pattern in black, white and red."""
    return Fabric(colour=(0, 0, 0), second=(1, 1, 1), third=(0.9, 0, 0), pattern=pattern, **kw)  # type: ignore[arg-type]


def test_every_weave_has_its_gloss_and_every_pattern_its_paint() -> None:
    assert set(GLOSS) == set(WEAVES)
    assert set(PATTERNS) == set(get_args(Pattern))
    assert all(0 < strength <= 0.1 and 0 < roughness <= 1 for strength, roughness in GLOSS.values())


@pytest.mark.parametrize("pattern", PATTERNS)
def test_no_cloth_is_blacker_than_black_or_whiter_than_snow(pattern: Pattern) -> None:
    cloth = bolt(600)
    for k, weave in enumerate(WEAVES):
        for colour in ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)):
            fabric = Fabric(colour=colour, pattern=pattern, weave=weave, worn=1.0, seed=k)
            albedo = fabric.paint(cloth, np.linspace(0, 1, len(cloth)), np.linspace(0, 1, len(cloth)))
            assert albedo.dtype == np.float32
            assert np.isfinite(albedo).all()
            assert albedo.min() >= 0.003
            assert albedo.max() <= 0.92


@pytest.mark.parametrize(
    ("pattern", "period"),
    [
        ("stripes", (0.017, 0.04)),
        ("stripes", (0.0, 0.04)),
        ("breton", (0.01, 0.030)),
        ("pinstripes", (0.018, 0.011)),
        ("checks", (0.05, 0.0)),
        ("checks", (0.0, 0.05)),
        ("tartan", (0.085, 0.0)),
        ("tartan", (0.0, 0.085)),
        ("gingham", (0.024, 0.024)),
        ("dots", (0.036, 0.0)),
        ("dots", (0.018, 0.036)),
        ("herringbone", (0.028, 0.0)),
        ("herringbone", (0.0, 0.009)),
        ("argyle", (0.09, 0.13)),
        ("argyle", (0.18, 0.0)),
    ],
)
@pytest.mark.parametrize("scale", [1.0, 1.4])
def test_a_pattern_repeats_after_its_period_and_not_before(
    pattern: Pattern, period: tuple[float, float], scale: float
) -> None:
    fabric, cloth = bold(pattern, scale=scale), bolt()
    here, there, between = (
        painted(fabric, cloth + scale * share * np.array(period)).astype(float) for share in (0, 1, 0.37)
    )
    # What remains is the yarn, which does not repeat, and points on an edge of the pattern that rounding moves.
    assert np.percentile(np.abs(here - there), 99) < 0.25
    if (period[1] and pattern not in ("pinstripes",)) or period[0] >= 0.018:
        assert np.abs(here - between).mean() > 3 * np.abs(here - there).mean()


@pytest.mark.parametrize("pattern", [p for p in PATTERNS if p != "plain"])
def test_a_pattern_shows_all_its_colours(pattern: Pattern) -> None:
    cloth = bolt(20_000)
    heights = np.linspace(0, 1, len(cloth))
    albedo = bold(pattern).paint(cloth, np.full(len(cloth), INSIDE), heights)
    light = (albedo[:, 1] > 0.25).mean()
    assert 0.01 < light < 0.9
    assert (albedo.max(1) < 0.1).mean() > 0.05


def test_plain_cloth_has_the_colour_that_was_asked_for() -> None:
    colour = (0.55, 0.30, 0.42)
    for weave in WEAVES:
        mean = painted(Fabric(colour=colour, weave=weave), bolt()).mean(0)
        assert np.allclose(mean, linear(colour), rtol=0.12), weave


def test_the_same_bolt_is_the_same_bits_and_another_seed_another_yarn() -> None:
    cloth = bolt()
    for pattern in ("floral", "camouflage", "marl", "stripes"):
        first = painted(bold(pattern, seed=5), cloth)
        assert np.array_equal(first, painted(bold(pattern, seed=5), cloth))
        assert not np.array_equal(first, painted(bold(pattern, seed=6), cloth))


def test_what_a_point_looks_like_does_not_depend_on_the_points_beside_it() -> None:
    fabric, cloth = bold("floral"), bolt(500)
    assert np.allclose(painted(fabric, cloth)[::7], painted(fabric, cloth[::7]), atol=1e-6)


def test_hems_are_stitched_a_finger_above_the_edge_and_darker_at_it() -> None:
    fabric = Fabric(colour=(0.7, 0.7, 0.7))
    cloth = bolt(500)
    plain, seam, edge = (painted(fabric, cloth, hem=h).mean() for h in (0.2, 0.016, 0.0))
    assert 0.7 < seam / plain < 0.82
    assert 0.6 < edge / plain < 0.75
    assert np.isclose(painted(fabric, cloth, hem=0.008).mean(), plain, rtol=0.03)


def test_worn_dark_cloth_is_lighter() -> None:
    dark = (0.1, 0.1, 0.2)
    new, old = (painted(Fabric(colour=dark, worn=w), bolt()).mean() for w in (0.0, 1.0))
    assert old > new + 0.02


def test_breton_stripes_leave_hem_and_shoulders_free() -> None:
    cloth = bolt()
    middle, low, high = (painted(bold("breton"), cloth, height=h).mean() for h in (0.5, 0.02, 0.98))
    assert middle > 0.1
    assert max(low, high) < 0.01


def test_a_print_is_round_and_on_the_middle_of_the_chest() -> None:
    heights = np.linspace(0, 1, 4000)
    beside = np.stack([np.full(4000, 0.15), np.zeros(4000)], 1)
    ahead = np.zeros((4000, 2))
    hem = np.full(4000, INSIDE)
    assert bold("print").paint(beside, hem, heights).max() < 0.01
    seen = bold("print").paint(ahead, hem, heights)[:, 1] > 0.1
    assert 0.45 < heights[seen].min() < 0.62 < heights[seen].max() < 0.8


def test_blocks_of_colour_change_with_height_alone() -> None:
    cloth = bolt(300)
    low, middle, high = (painted(bold("colour block"), cloth, height=h) for h in (0.1, 0.5, 0.9))
    assert low.min() > 0.7
    assert middle.max() < 0.01
    assert (high[:, 0] > 0.5).all()
    assert high[:, 1].max() < 0.01
