"""Cuts are what they are told to be: so far from the skin, so wide, open where the head and the front are."""

import dataclasses

import numpy as np
import pytest

import cast
from omote.parts.data.people.garments import NECKLINES, Garment, Neck, Skirt, Trousers, Upper, height_at
from omote.parts.data.people.tailor import Dummy, Site
from omote.parts.space.closest import Surface
from omote.parts.space.grid import Grid

VOXEL = 0.011


@pytest.fixture(scope="module")
def dummy() -> Dummy:
    return cast.dummy()


def crossing(solid: Grid, start: np.ndarray, towards: np.ndarray, reach: float = 0.9) -> float:
    """How far from a point inside it the cloth is, metres."""
    way = np.arange(0, reach, 0.001, dtype=np.float32)
    field = solid.sample((start + way[:, None] * np.asarray(towards)).astype(np.float32))
    assert field[0] < 0, "the ray begins inside"
    return float(way[np.argmax(field > 0)])


def offset(point: np.ndarray, x: float, y: float, z: float) -> np.ndarray:
    return point + np.array([x, y, z])


def at(dummy: Dummy, *points: np.ndarray) -> Site:
    return dummy.site(np.array(points, np.float32))


def kept(garment: Garment, dummy: Dummy, *points: np.ndarray) -> list[bool]:
    return (garment.kept(dummy, at(dummy, *points)) > 0).tolist()


def chest(dummy: Dummy, side: float = 0.0) -> np.ndarray:
    """A point before the chest."""
    return np.array([side, dummy.heights["chest"], 0.2])


def test_places_on_the_body_have_the_heights_of_its_joints_and_the_middles_between(dummy: Dummy) -> None:
    names = ["ankle", "knee", "hip", "waist", "neck"]
    heights = [dummy.heights[name] for name in names]
    assert np.allclose([height_at(dummy, k) for k in range(-2, 3)], heights)
    assert np.isclose(height_at(dummy, 0.5), 0.5 * (heights[2] + heights[3]))
    assert height_at(dummy, -9) == dummy.heights["floor"], "no hem lies below the ground"


@pytest.mark.parametrize("garment", [cast.TEE, cast.SHORTS, Skirt()])
def test_what_can_be_sewn_says_so(garment: Garment) -> None:
    assert isinstance(garment, Garment)
    assert not isinstance("a hat", Garment)


@pytest.mark.parametrize("flare", [0.1, 0.4])
def test_a_skirt_becomes_wider_by_its_flare_for_each_metre(dummy: Dummy, flare: float) -> None:
    skirt = Skirt(hem=-0.8, flare=flare)
    solid = cast.sewn(skirt).solid
    heights = np.linspace(height_at(dummy, skirt.hem) + 0.03, dummy.heights["hip"] - 0.06, 5)
    middle = float(dummy.joint("spine04")[2])
    for towards in ([1, 0, 0], [-1, 0, 0], [0, 0, 1]):
        wide = [crossing(solid, np.array([0, y, middle]), np.array(towards)) for y in heights]
        assert np.isclose(-np.polyfit(heights, wide, 1)[0], flare, atol=0.035)


def test_a_narrow_skirt_still_goes_around_both_legs(dummy: Dummy) -> None:
    solid = Skirt(hem=-0.8, flare=-0.3).solid(dummy)
    legs = dummy.vertices[dummy.patch("legs") & (dummy.vertices[:, 1] > height_at(dummy, -0.8) + 0.02)]
    assert solid.sample(legs).max() < 0


@pytest.mark.parametrize(("place", "side"), [(0.3, "L"), (0.6, "R"), (1.5, "L")])
def test_sleeves_keep_their_ease_from_the_arm(dummy: Dummy, place: float, side: str) -> None:
    garment = Upper(sleeve=1.9, hem=0.0, sleeve_ease=(0.014, 0.03))
    bones = [f"{b}.{side}" for b in ("upperarm01", "lowerarm01", "wrist")]
    first, last = (dummy.joint(bones[int(place) + k]) for k in (0, 1))
    middle, along = first + (place % 1) * (last - first), last - first
    across = np.cross(along, [0, 0, 1]) / np.linalg.norm(np.cross(along, [0, 0, 1]))
    across *= np.sign(across[1])
    solid = garment.solid(dummy)
    cloth = (middle + crossing(solid, middle, across, 0.3) * across).astype(np.float32)
    wanted = 0.014 + (0.03 - 0.014) * place / 1.9
    arms = dummy.patch("arms", "hands")[dummy.faces].any(1)
    away = Surface(dummy.vertices, dummy.faces[arms]).closest(cloth[None]).distance[0]
    assert np.isclose(away, wanted, atol=0.004)


def test_trousers_keep_their_ease_from_hip_thigh_and_shin(dummy: Dummy) -> None:
    garment = Trousers(ease=0.012, leg_ease=(0.012, 0.05), end=1.9)
    solid = garment.solid(dummy)
    for place, wanted in ((0.5, 0.012 + 0.038 * (0.5 / 1.9) ** 1.5), (1.5, 0.012 + 0.038 * (1.5 / 1.9) ** 1.5)):
        bones = [f"{b}.L" for b in ("upperleg01", "lowerleg01", "foot")]
        first, last = (dummy.joint(bones[int(place) + k]) for k in (0, 1))
        middle = first + (place % 1) * (last - first)
        cloth = (middle + crossing(solid, middle, np.array([0, 0, 1]), 0.3) * np.array([0, 0, 1])).astype(np.float32)
        assert np.isclose(dummy.surface.closest(cloth[None]).distance[0], wanted, atol=0.005), place


def test_a_shirt_hangs_straight_from_the_chest_or_follows_the_waist(dummy: Dummy) -> None:
    loose, tight = (Upper(hem=0.0, fit=fit).solid(dummy) for fit in (0.0, 1.5))
    start = np.array([0, dummy.heights["waist"], float(dummy.joint("spine04")[2])])
    aside = np.array([1, 0, 0])
    wide = [crossing(solid, start, aside) for solid in (loose, tight)]
    chest = crossing(loose, offset(start, 0, dummy.heights["armpit"] - 0.04 - start[1], 0), aside)
    assert wide[0] > wide[1] + 0.02
    assert wide[0] > chest - 0.005, "what hangs straight is nowhere narrower than above"
    cloth = (start + wide[1] * aside).astype(np.float32)
    assert np.isclose(dummy.surface.closest(cloth[None]).distance[0], Upper().ease, atol=0.005)


def test_sleeves_end_where_told_and_the_hem_too(dummy: Dummy) -> None:
    elbow, wrist = dummy.joint("lowerarm01.L"), dummy.joint("wrist.L")
    shoulder, hem = dummy.joint("upperarm01.L"), height_at(dummy, -0.05)
    before, beyond = shoulder + 0.45 * (elbow - shoulder), shoulder + 0.75 * (elbow - shoulder)
    assert kept(Upper(sleeve=0.6), dummy, before, beyond, wrist) == [True, False, False]
    assert kept(Upper(sleeve=1.9), dummy, before, beyond, wrist) == [True, True, False]
    assert kept(Upper(sleeve=0.0), dummy, before, beyond, chest(dummy)) == [False, False, True]
    inside, outside = (np.array([0, hem + d, 0.2]) for d in (0.01, -0.01))
    assert kept(Upper(), dummy, inside, outside) == [True, False]


def test_trousers_end_where_told_and_begin_at_their_waist(dummy: Dummy) -> None:
    hip, knee = dummy.joint("upperleg01.R"), dummy.joint("lowerleg01.R")
    top = height_at(dummy, 0.55)
    front = np.array([0, 0, 0.15])
    points = [
        hip + 0.7 * (knee - hip),
        hip + 0.9 * (knee - hip),
        offset(front, 0, top - 0.01, 0),
        offset(front, 0, top + 0.01, 0),
    ]
    assert kept(Trousers(end=0.8), dummy, *points) == [True, False, True, False]


def test_hands_heads_and_legs_are_outside_of_every_shirt(dummy: Dummy) -> None:
    nose = np.array([0, dummy.heights["neck"] + 0.15, 0.12])
    for neck in NECKLINES:
        garment = Upper(neck=neck, sleeve=1.9)
        assert kept(garment, dummy, nose, dummy.joint("finger3-1.L"), dummy.joint("lowerleg01.L")) == [False] * 3
        assert kept(garment, dummy, chest(dummy, 0.12), chest(dummy, -0.12)) == [True, True], neck


@pytest.mark.parametrize("neck", list(NECKLINES))
def test_necklines_are_as_deep_and_as_wide_as_they_are_told(dummy: Dummy, neck: Neck) -> None:
    rise, wide, front, back = NECKLINES[neck]
    middle = dummy.joint("neck01") + np.array([0, rise, 0])
    for depth in (0.0, 0.03):
        garment = Upper(neck=neck, depth=depth)
        low, high = (offset(middle, 0, -(front + depth) + d, 0.08) for d in (-0.006, 0.006))
        assert kept(garment, dummy, low, high) == [True, False]
        low, high = (offset(middle, 0, -back + d, -0.08) for d in (-0.003, 0.003))
        assert kept(garment, dummy, low, high) == [True, False]
        inner, outer = (offset(middle, wide + d, -0.001, 0.08) for d in (-0.006, 0.006))
        field = garment._neckline(dummy, np.array([inner, outer], np.float32))
        assert (field > 0).tolist() == [False, True]


def test_a_vee_has_straight_sides_and_a_crew_neck_round_ones(dummy: Dummy) -> None:
    def halfway(neck: Neck) -> bool:
        rise, wide, front, _ = NECKLINES[neck]
        point = dummy.joint("neck01") + np.array([0.55 * wide, rise - 0.55 * front, 0.08])
        return bool(Upper(neck=neck)._neckline(dummy, point[None].astype(np.float32))[0] > 0)

    assert halfway("vee"), "beyond the straight line, within the ellipse"
    assert not halfway("crew")


def test_an_open_front_is_open_in_front_alone_and_wider_below(dummy: Dummy) -> None:
    open_, closed = Upper(opening=0.04), Upper()
    low = np.array([0, dummy.heights["waist"], 0.2])
    behind = low * [1, 1, -1]
    assert kept(closed, dummy, low, behind) == [True, True]
    assert kept(open_, dummy, low, behind) == [False, True]
    fields = [open_.kept(dummy, at(dummy, np.array([x, y, 0.2]))) for x, y in ((0.1, 1.3), (0.1, 1.05))]
    assert fields[0] > fields[1] > 0


def test_cuts_are_values() -> None:
    assert Upper(hem=0.1) == dataclasses.replace(Upper(), hem=0.1)
    assert hash(Skirt()) == hash(Skirt())
