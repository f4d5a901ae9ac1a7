"""Gains of light against closed forms."""

import numpy as np
import pytest

from omote.core.errors import UsageError
from omote.parts.render.light import GAMMA, UNLIT, Light, gains


def directions(count: int = 200) -> np.ndarray:
    vectors = np.random.default_rng(0).normal(size=(count, 3))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def test_unlit_leaves_every_colour_as_it_is() -> None:
    np.testing.assert_array_equal(gains(directions(), UNLIT), 1)


@pytest.mark.oracle
def test_a_hemisphere_runs_linearly_from_ground_to_sky() -> None:
    light = Light(ambient=((0.6, 0.5, 0.4), (0.3, 0.2, 0.1)), key=(0.0, 0.0, 0.0), strength=1.0)
    normals = directions()
    linear = np.array([0.6, 0.5, 0.4]) + normals[:, 1:2] * np.array([0.3, 0.2, 0.1])
    np.testing.assert_allclose(gains(normals, light) ** GAMMA, linear, rtol=1e-5)


@pytest.mark.oracle
def test_an_unwrapped_key_is_lambert() -> None:
    light = Light(ambient=((0.0, 0.0, 0.0),), key=(0.8, 0.7, 0.6), key_from=(1.0, 2.0, 2.0), wrap=0.0, strength=1.0)
    normals = directions()
    linear = np.maximum(normals @ np.array([1, 2, 2]) / 3, 0)[:, None] * np.array([0.8, 0.7, 0.6])
    np.testing.assert_allclose(gains(normals, light) ** GAMMA, linear, atol=1e-5)


def test_nine_coefficients_extend_four() -> None:
    four = ((0.5, 0.5, 0.5), (0.1, 0.0, 0.0), (0.0, 0.1, 0.0), (0.0, 0.0, 0.1))
    nine = four + ((0.0, 0.0, 0.0),) * 5
    np.testing.assert_array_equal(gains(directions(), Light(ambient=four)), gains(directions(), Light(ambient=nine)))
    bent = (*four, *((0.0, 0.0, 0.0),) * 4, (0.2, 0.2, 0.2))
    x, z = np.eye(3, dtype=np.float32)[[0]], np.eye(3, dtype=np.float32)[[2]]
    light = Light(ambient=bent, key=(0.0, 0.0, 0.0), strength=1.0)
    np.testing.assert_allclose(gains(x, light)[0] ** GAMMA, [0.8, 0.7, 0.7], rtol=1e-5)
    np.testing.assert_allclose(gains(z, light)[0] ** GAMMA, [0.5, 0.5, 0.6], rtol=1e-5)


def test_the_default_is_gentle() -> None:
    factors = gains(directions(5000), Light())
    assert factors.min() > 0.8
    assert factors.max() < 1.12


@pytest.mark.parametrize(
    "wrong", [{"strength": 1.5}, {"wrap": -0.1}, {"ambient": ((1.0, 1.0, 1.0),) * 3}, {"key_from": (0.0, 0.0, 0.0)}]
)
def test_light_that_makes_no_sense_is_refused(wrong: dict) -> None:
    with pytest.raises(UsageError):
        Light(**wrong)
