"""Lights and highlights against integrals."""

import numpy as np
import pytest

from omote.core.errors import ShapeError, UsageError
from omote.parts.render.lighting import Distant, Point, Surround, highlight, lamps, mean_reflectance, polynomial, sky
from omote.parts.space.harmonics import FACTOR, constant, open_transfer, radiance, spiral


@pytest.mark.oracle
@pytest.mark.parametrize("roughness", [0.4, 0.7, 1.0])
@pytest.mark.parametrize("nv", [0.3, 0.7, 1.0])
def test_the_fitted_reflectance_is_near_the_integral_of_the_highlight(roughness: float, nv: float) -> None:
    towards = spiral(40_000)
    towards = towards[towards[:, 2] > 0].astype(np.float32)
    eye = np.array([np.sqrt(1 - nv * nv), 0, nv], np.float32)
    half = towards + eye
    half /= np.linalg.norm(half, axis=1, keepdims=True)
    lobes = [
        highlight.py_func(np.float32(d[2]), np.float32(nv), np.float32(h[2]), np.float32(h @ eye), 0.04, roughness)
        for d, h in zip(towards[::10], half[::10], strict=True)
    ]
    integral = 2 * np.mean(lobes)  # over the hemisphere, divided by pi
    assert mean_reflectance.py_func(np.float32(nv), 0.04, roughness) == pytest.approx(integral, abs=0.015)


@pytest.mark.oracle
def test_a_mirror_of_everything_gives_nothing_away_that_did_not_come() -> None:
    towards = spiral(20_000)
    towards = towards[towards[:, 2] > 0]
    for nv in (0.2, 0.6, 1.0):
        eye = np.array([np.sqrt(1 - nv * nv), 0, nv])
        half = (towards + eye) / np.linalg.norm(towards + eye, axis=1, keepdims=True)
        lobes = [highlight.py_func(d[2], nv, h[2], h @ eye, 1.0, 0.5) for d, h in zip(towards, half, strict=True)]
        assert 0.6 < 2 * np.mean(lobes) < 1.02


@pytest.mark.oracle
def test_the_polynomial_is_the_sum_of_harmonics() -> None:
    harmonics = np.random.default_rng(0).normal(size=(9, 3))
    for d in spiral(20):
        got = polynomial.py_func((harmonics * FACTOR[:, None]).astype(np.float32), *d, 1.0, 1.0)
        np.testing.assert_allclose(got, radiance(harmonics, d), atol=1e-5)


def test_lights_are_sorted_by_what_they_are() -> None:
    lights = [
        Point(position=(1.0, 2.0, 3.0)),
        Surround(harmonics=constant((1.0, 1.0, 1.0))),
        Distant(towards=(0, 3, 0)),
    ]
    somewhere, everywhere = lamps(lights), sky(lights, open_transfer(spiral(5)).astype(np.float32))
    assert list(somewhere.layer) == [0, 2]
    assert list(everywhere.layer) == [1]
    np.testing.assert_allclose(somewhere.place[1], [0, 1, 0])
    np.testing.assert_allclose(everywhere.matt, 1, atol=1e-5)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Distant(towards=(0.0, 0.0, 0.0)),
        lambda: Distant(towards=(0.0, 1.0, 0.0), radius=-0.1),
        lambda: Point(position=(0.0, 1.0, 0.0), radius=-1.0),
        lambda: Surround(harmonics=np.full((9, 3), np.inf)),
    ],
)
def test_light_that_makes_no_sense_is_refused(wrong) -> None:
    with pytest.raises((UsageError, ShapeError)):
        wrong()
