"""Families of garments keep to their ranges, outfits to what people wear, and what is held out is worn by nobody."""

import numpy as np
import pytest

from omote.core.errors import UsageError
from omote.parts.data.people.garments import Skirt, Trousers, Upper
from omote.parts.data.people.views import LABELS
from omote.parts.data.people.wardrobe import ABOVE, BELOW, FAMILIES, OVER, Worn, draw_outfit

SKIRTS = {"pencil skirt", "flared skirt", "dress"}


def outfits(count: int, **kw: object) -> list[tuple[Worn, ...]]:
    return [draw_outfit(np.random.default_rng(seed), **kw) for seed in range(count)]  # type: ignore[arg-type]


def families(worn: tuple[Worn, ...]) -> list[str]:
    return [garment.family for garment in worn]


@pytest.mark.parametrize("family", list(FAMILIES))
def test_what_a_family_draws_can_be_cut_and_labelled(family: str) -> None:
    drawn = [FAMILIES[family](np.random.default_rng(seed)) for seed in range(60)]
    assert len({worn.garment for worn in drawn}) == 60, "no two are cut alike"
    for worn in drawn:
        assert worn.family == family
        assert family in LABELS
        assert 0.001 <= worn.thickness <= 0.006
        assert 0 <= worn.stiffness <= 1
        for colour in (worn.fabric.colour, worn.fabric.second, worn.fabric.third):
            assert all(0 <= c <= 1 for c in colour)
        match worn.garment:
            case Upper(sleeve=sleeve, hem=hem, ease=ease):
                assert sleeve < 2
                assert -2 < hem < 0.5
                assert ease > 0.005
            case Trousers(end=end, waist=waist):
                assert 0.3 < end < 2
                assert 0.2 < waist < 1.1
            case Skirt(hem=hem, waist=waist):
                assert -2 < hem < waist - 0.5


def test_long_and_short_families_do_not_meet() -> None:
    for seed in range(60):
        cut = {name: FAMILIES[name](np.random.default_rng(seed)).garment for name in FAMILIES}
        short, long = cut["shorts"], cut["trousers"]
        assert isinstance(short, Trousers)
        assert isinstance(long, Trousers)
        assert short.end < 1.2 < 1.8 < long.end
        top, tee, sleeve, coat, jacket = (cut[n] for n in ("tank top", "t-shirt", "long sleeve", "coat", "jacket"))
        assert isinstance(top, Upper) and isinstance(tee, Upper) and isinstance(sleeve, Upper)  # noqa: PT018
        assert isinstance(coat, Upper) and isinstance(jacket, Upper)  # noqa: PT018
        assert top.sleeve <= 0 < tee.sleeve < 1 < sleeve.sleeve
        assert coat.hem < -0.4 < jacket.hem
        assert coat.opening is not None
        assert jacket.opening is not None


def test_everybody_wears_one_thing_below_and_one_above_or_a_dress_and_what_is_over_it_last() -> None:
    for worn in map(families, outfits(300)):
        inner = [f for f in worn if f not in OVER]
        assert inner == ["dress"] or (len(inner) == 2 and inner[0] in BELOW and inner[1] in ABOVE)
        assert worn[: len(inner)] == inner
        assert len(worn) <= len(inner) + 1


def test_every_family_is_worn_by_somebody() -> None:
    assert {f for worn in outfits(300) for f in families(worn)} == set(FAMILIES)


@pytest.mark.parametrize(
    "held", [("coat",), ("dress", "jacket", "coat"), ("t-shirt", "jeans", "trousers"), (*BELOW[:4],), (*ABOVE[:4],)]
)
def test_what_is_held_out_is_worn_by_nobody(held: tuple[str, ...]) -> None:
    seen = {f for worn in outfits(200, without=held) for f in families(worn)}
    assert not seen & set(held)
    assert seen == set(FAMILIES) - set(held), "everything else still is"


def test_the_same_chance_gives_the_same_outfit() -> None:
    assert outfits(20) == outfits(20)


def test_skirts_go_with_how_feminine_somebody_is() -> None:
    share = [
        np.mean([bool(SKIRTS & set(families(worn))) for worn in outfits(300, feminine=feminine)])
        for feminine in (0.0, 0.5, 1.0)
    ]
    assert share[0] == 0
    assert share[0] < share[1] < share[2]


def test_a_man_for_whom_nothing_but_skirts_and_blouses_is_left_wears_them() -> None:
    held = tuple(f for f in (*BELOW, *ABOVE) if f not in ("pencil skirt", "flared skirt", "blouse"))
    for worn in map(families, outfits(20, without=held, feminine=0.0)):
        assert worn[0] in SKIRTS
        assert worn[1] == "blouse"


@pytest.mark.parametrize("name", ["tie", "", "Coat", "t shirt"])
def test_a_family_that_does_not_exist_is_refused_with_a_list_of_those_that_do(name: str) -> None:
    with pytest.raises(UsageError, match=r"no family of garments .*tank top"):
        draw_outfit(np.random.default_rng(0), without=(name,))


@pytest.mark.parametrize("held", [BELOW, ABOVE, tuple(FAMILIES)])
def test_nobody_goes_naked(held: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match="left to wear"):
        draw_outfit(np.random.default_rng(0), without=held)
