"""What is drawn goes together: fair hair with fair skin, grey with age, beards and make-up with those who wear them."""

from dataclasses import replace

import numpy as np
import pytest

import cast
from omote.parts.data.people.adults import Adult, SkinTone, draw_adult
from omote.parts.data.people.complexions import (
    HAIRS,
    LIPSTICKS,
    draw_eyes,
    draw_face_hair,
    draw_skin,
    draw_teeth,
    hair_colour,
)
from omote.parts.data.people.iris import IRIS_COLOURS

COUNT = 300


@pytest.fixture(scope="module")
def somebody() -> Adult:
    return draw_adult(np.random.default_rng(0), cast.model())


def like(adult: Adult, *, womanhood: float = 0.0, years: float = 40.0, melanin: float = 0.03) -> Adult:
    tone = SkinTone(melanin=melanin, haemoglobin=0.03, carotene=0.3, redness=0.2)
    return replace(adult, womanhood=womanhood, years=years, skin=tone)


def chances() -> list[np.random.Generator]:
    return [np.random.default_rng(seed) for seed in range(COUNT)]


def brightness(adult: Adult) -> np.ndarray:
    return np.array([np.mean(hair_colour(rng, adult)[0]) for rng in chances()])


def grey(adult: Adult) -> np.ndarray:
    return np.array([hair_colour(rng, adult)[1] for rng in chances()])


def test_hair_is_dark_where_skin_is_and_of_every_colour_where_it_is_fair(somebody: Adult) -> None:
    dark, fair = (brightness(like(somebody, melanin=m)) for m in (0.3, 0.013))
    assert dark.max() < 0.1
    assert fair.mean() > dark.mean() + 0.1
    assert {hair_colour(rng, like(somebody, melanin=0.013))[0] for rng in chances()} == {c for c, _ in HAIRS}


def test_hair_turns_grey_with_the_years_and_never_beyond_white(somebody: Adult) -> None:
    shares = [grey(like(somebody, years=years)) for years in (20, 45, 60, 85)]
    assert all(s.min() >= 0 and s.max() <= 1 for s in shares)
    assert np.all(np.diff([s.mean() for s in shares]) > 0.05)
    assert (shares[0] == 0).mean() > 0.95
    assert (grey(like(somebody, womanhood=1.0, years=85)) == 0).any(), "some women dye theirs"


def test_make_up_is_worn_by_women_and_stubble_by_men(somebody: Adult) -> None:
    hair, face_hair = HAIRS[0][0], draw_face_hair(np.random.default_rng(0), somebody, HAIRS[0][0])
    for womanhood in (0.0, 1.0):
        adult = like(somebody, womanhood=womanhood)
        skins = [draw_skin(rng, adult, hair, face_hair) for rng in chances()]
        painted = np.mean([skin.make_up.lips > 0 for skin in skins])
        assert 0.4 < painted < 0.7 if womanhood else painted == 0
        assert all((skin.stubble == 0) == bool(womanhood) for skin in skins)
        assert {skin.make_up.lipstick for skin in skins if skin.make_up.lips > 0} <= set(LIPSTICKS)


def test_the_skin_has_the_tone_the_age_and_the_hair_of_its_owner(somebody: Adult) -> None:
    adult = like(somebody, melanin=0.11, years=67)
    face_hair = draw_face_hair(np.random.default_rng(1), adult, HAIRS[2][0])
    skin = draw_skin(np.random.default_rng(2), adult, HAIRS[2][0], face_hair)
    assert (skin.melanin, skin.haemoglobin, skin.carotene, skin.redness) == (0.11, 0.03, 0.3, 0.2)
    assert (skin.years, skin.hair, skin.brow_shape) == (67, HAIRS[2][0], face_hair.brow_shape)
    assert skin.freckles == 0, "freckles are for the fair"


def test_eyes_are_brown_in_dark_faces_and_pupils_nearly_alike(somebody: Adult) -> None:
    for melanin, least in ((0.3, 0.0), (0.02, 0.25)):
        eyes = [draw_eyes(rng, like(somebody, melanin=melanin)) for rng in chances()]
        brown = [e.iris.colour in ("black", "hazel") or "brown" in e.iris.colour for e in eyes]
        assert np.mean(brown) > 0.9 if melanin > 0.1 else 1 - np.mean(brown) > least
        assert all(e.iris.colour in IRIS_COLOURS for e in eyes)
        pupils = np.array([e.pupil for e in eyes])
        assert pupils.min() >= 0.15
        assert pupils.max() <= 0.75
        assert np.abs(np.diff(pupils)).max() < 0.05


def test_beards_are_for_men_and_go_grey_with_the_hair(somebody: Adult) -> None:
    hair = HAIRS[3][0]
    men, women = (
        [draw_face_hair(rng, like(somebody, womanhood=w), hair, grey=0.4) for rng in chances()] for w in (0.0, 1.0)
    )
    assert 0.4 < np.mean([m.family != "none" for m in men]) < 0.7
    assert {m.family for m in men} == {"none", "stubble", "moustache", "goatee", "circle", "short", "full", "long"}
    assert {w.family for w in women} == {"none"}
    assert all(m.grey == 0.4 for m in men)
    assert all(np.allclose(m.colour, 0.75 * np.array(hair)) for m in men)
    assert np.mean([w.lashes for w in women]) > np.mean([m.lashes for m in men])


def test_teeth_are_of_their_owners_age_and_mostly_without_a_gap(somebody: Adult) -> None:
    teeth = [draw_teeth(rng, like(somebody, years=70)) for rng in chances()]
    assert {t.years for t in teeth} == {70}
    assert 0.1 < np.mean([t.gap > 0 for t in teeth]) < 0.4
    assert all(0 <= t.stain <= 1 and 0 <= t.crooked <= 1 for t in teeth)


def test_the_same_chance_draws_the_same_face(somebody: Adult) -> None:
    for draw in (draw_eyes, draw_teeth, hair_colour):
        assert draw(np.random.default_rng(5), somebody) == draw(np.random.default_rng(5), somebody)
