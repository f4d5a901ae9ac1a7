"""Shoes are closed solids around whole feet, on a flat sole that is the lowest of all, and move with the foot."""

import numpy as np
import pytest

import cast
from omote.parts.data.people.footwear import FOOTWEAR, LEATHERS, Shoes, cobble
from omote.parts.data.people.part import Part
from omote.parts.data.people.views import LABELS
from omote.parts.space.closest import Surface
from omote.parts.space.mesh import weld_vertices
from omote.parts.space.winding import closedness, winding_number


@pytest.fixture(scope="module", params=list(FOOTWEAR))
def pair(request: pytest.FixtureRequest) -> Shoes:
    return FOOTWEAR[request.param](np.random.default_rng(1))


@pytest.fixture(scope="module")
def cobbled(pair: Shoes) -> tuple[Part, np.ndarray]:
    return cobble(cast.dummy(), pair, "left")


def foot() -> np.ndarray:
    """The left foot's skin."""
    dummy = cast.dummy()
    return dummy.vertices[dummy.patch("feet") & (dummy.vertices[:, 0] > 0)]


def test_a_shoe_is_closed_and_labelled(cobbled: tuple[Part, np.ndarray]) -> None:
    part, _ = cobbled
    welded = weld_vertices(part.vertices)[part.faces]
    assert closedness(welded).watertight
    assert (part.name, part.label) == ("left shoe", "shoe")
    assert part.label in LABELS
    a, b, c = (part.vertices[part.faces[:, k]].astype(np.float64) for k in range(3))
    assert np.einsum("fi,fi->", a - a.mean(0), np.cross(b - a.mean(0), c - a.mean(0))) > 0, "its outside is outside"


def test_the_sole_is_flat_and_as_far_below_the_foot_as_the_foot_is_lifted(
    pair: Shoes, cobbled: tuple[Part, np.ndarray]
) -> None:
    v = cobbled[0].vertices
    floor = cast.dummy().heights["floor"]
    assert np.isclose(v[:, 1].min(), floor - pair.lift, atol=0.001)
    along = (v[:, 2] - v[:, 2].min()) / np.ptp(v[:, 2])
    heel, ball = v[along < 0.25, 1].min(), v[along > 0.6, 1].min()
    assert abs(heel - ball) < 0.0005, "it stands on heel and ball"
    ground = v[v[:, 1] < v[:, 1].min() + 0.003]
    assert np.ptp(ground[:, 2]) > 0.9 * np.ptp(v[:, 2])
    assert np.ptp(ground[:, 0]) > 0.7 * np.ptp(v[v[:, 1] < floor + 0.02, 0])


def test_the_arch_of_a_shoe_with_a_heel_is_free_of_the_ground(pair: Shoes, cobbled: tuple[Part, np.ndarray]) -> None:
    v = cobbled[0].vertices
    along = (v[:, 2] - v[:, 2].min()) / np.ptp(v[:, 2])
    arch = v[(along > 0.35) & (along < 0.40), 1].min() - v[:, 1].min()
    assert np.isclose(arch, pair.heel, atol=0.002)


def test_the_whole_foot_is_in_the_shoe_up_to_its_top(pair: Shoes, cobbled: tuple[Part, np.ndarray]) -> None:
    part, skin = cobbled[0], foot()
    covered = 0.01 if pair.open_top else pair.top - 0.06
    below = skin[skin[:, 1] < cast.dummy().heights["floor"] + covered]
    out = winding_number(below, part.vertices, part.faces) < 0.5
    poking = Surface(part.vertices, part.faces).closest(below[out]).distance if out.any() else np.zeros(1)
    assert len(below) > 100
    assert out.mean() < 0.01
    assert poking.max() < 0.001


def test_a_shoe_reaches_as_high_as_it_is_told(pair: Shoes, cobbled: tuple[Part, np.ndarray]) -> None:
    top = cobbled[0].vertices[:, 1].max() - cast.dummy().heights["floor"]
    assert np.isclose(top, pair.top, atol=0.004)


def test_the_foot_and_the_shin_move_the_shoe(cobbled: tuple[Part, np.ndarray]) -> None:
    part, weights = cobbled
    names = cast.model().bone_names
    assert weights.shape == (len(part.vertices), len(names))
    assert weights.min() >= 0
    assert np.allclose(weights.sum(1), 1, atol=1e-5)
    own = [k for k, name in enumerate(names) if name.endswith(".L") and name.startswith(("foot", "toe", "lowerleg"))]
    assert weights[:, own].sum(1).min() > 0.95


def test_a_pair_is_a_left_and_a_right_one() -> None:
    pair = FOOTWEAR["flats"](np.random.default_rng(0))
    left, right = (cobble(cast.dummy(), pair, side)[0] for side in ("left", "right"))
    assert right.name == "right shoe"
    assert left.vertices[:, 0].min() > 0 > right.vertices[:, 0].max()
    for a, b in ((left.vertices.min(0), right.vertices.min(0)), (left.vertices.max(0), right.vertices.max(0))):
        assert np.allclose(a[1:], b[1:], atol=0.006)
    assert np.isclose(left.vertices[:, 0].max(), -right.vertices[:, 0].min(), atol=0.006)


def test_the_sole_has_its_own_colour_all_around(pair: Shoes, cobbled: tuple[Part, np.ndarray]) -> None:
    part = cobbled[0]
    if np.abs(np.subtract(pair.colour, pair.sole_colour)).sum() < 0.3:
        pytest.skip("upper and sole are alike")
    size = len(part.albedo)
    texel = (part.uvs * size).astype(int).clip(0, size - 1)
    seen = part.albedo[texel[:, 1], texel[:, 0]] / 255.0
    low = part.vertices[:, 1] < part.vertices[:, 1].min() + 0.6 * pair.lift
    to_sole, to_upper = (np.abs(seen - np.array(c)).sum(1) for c in (pair.sole_colour, pair.colour))
    assert (to_sole < to_upper)[low].mean() > 0.97


def test_paint_is_what_leather_reflects() -> None:
    known = np.random.default_rng(0).uniform([0, 0, -1], [0.3, 1, 1], (5000, 3))
    for colour in LEATHERS:
        colours = Shoes(family="any", colour=colour).paint(known)
        assert colours.dtype == np.float32
        assert 0.003 <= colours.min() <= colours.max() <= 0.92


@pytest.mark.parametrize("family", list(FOOTWEAR))
def test_families_draw_shoes_that_can_be_worn_and_the_same_ones_again(family: str) -> None:
    for seed in range(20):
        shoes = FOOTWEAR[family](np.random.default_rng(seed))
        assert shoes == FOOTWEAR[family](np.random.default_rng(seed))
        assert shoes.family == family
        assert 0.05 < shoes.top < 0.35
        assert 0.005 < shoes.lift < 0.05
        assert shoes.heel < shoes.lift
        assert shoes.colour in LEATHERS
