"""Made-up surroundings: many, different, plausible, the same each time."""

import numpy as np
import pytest

from omote.core.errors import UsageError
from omote.parts.render.environment import project
from omote.parts.render.places import EXPOSURE, KINDS, kelvin, place
from omote.parts.space.harmonics import shading, spiral


def test_two_hundred_and_forty_seeds_give_as_many_lights() -> None:
    places = [place(seed, size=(16, 32)) for seed in range(240)]
    numbers = np.array([np.append(p.harmonics, [s.colour for s in p.suns] or [0, 0, 0]) for p in places])
    apart = np.linalg.norm(numbers[:, None] - numbers[None], axis=-1) + 10 * np.eye(240)
    assert apart.min() > 1e-3
    assert len({p.name for p in places}) == 240
    for p in places:
        assert np.isfinite(p.panorama).all()
        assert p.panorama.min() >= 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_seed_is_the_same_each_time_and_well_exposed(kind: str) -> None:
    first, second = place(5, kind), place(5, kind)
    np.testing.assert_array_equal(first.panorama, second.panorama)
    np.testing.assert_array_equal(first.harmonics, second.harmonics)
    assert first.panorama.shape == (64, 128, 3)
    normals = spiral(100)
    light = np.maximum(shading(first.harmonics, normals), 0)
    for sun in first.suns:
        towards = np.array(sun.towards) / np.linalg.norm(sun.towards)
        light = light + np.maximum(normals @ towards, 0)[:, None] * np.array(sun.colour)
    assert EXPOSURE[0] / 4 < light.mean() < EXPOSURE[1] * 2


def test_what_is_seen_is_what_shines_where_there_is_no_sun() -> None:
    sky = place(3, "overcast")
    np.testing.assert_allclose(project(sky.panorama), sky.harmonics, atol=1e-5)
    up, down = shading(sky.harmonics, np.array([[0.0, 1, 0], [0, -1, 0]])).mean(-1)
    assert up > 1.2 * down


@pytest.mark.oracle
def test_black_bodies_are_white_at_6500_kelvin_red_below_blue_above() -> None:
    np.testing.assert_allclose(kelvin(6500.0), 1, atol=1e-6)
    assert (np.diff(kelvin(2700.0)) < 0).all()
    assert (np.diff(kelvin(10000.0)) > 0).all()


def test_other_kinds_are_refused() -> None:
    with pytest.raises(UsageError):
        place(0, "moon")
    with pytest.raises(UsageError):
        place(-1)
