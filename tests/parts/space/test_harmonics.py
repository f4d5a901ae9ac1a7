"""Spherical harmonics against integrals and SciPy."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from scipy.special import sph_harm_y

from omote.core.errors import ShapeError
from omote.parts.space.harmonics import (
    basis,
    constant,
    from_pifu,
    open_transfer,
    radiance,
    rotated,
    rotation_matrix,
    shading,
    spiral,
)

DIRECTIONS = spiral(4000)


@pytest.mark.oracle
def test_the_basis_is_orthonormal() -> None:
    values = basis(DIRECTIONS)
    np.testing.assert_allclose(4 * np.pi * values.T @ values / len(DIRECTIONS), np.eye(9), atol=2e-3)


@pytest.mark.oracle
def test_the_basis_is_scipys_without_its_alternating_sign() -> None:
    x, y, z = DIRECTIONS.T
    polar, around = np.arccos(z), np.arctan2(y, x)
    values = []
    for band in range(3):
        for m in range(-band, band + 1):
            complex_one = sph_harm_y(band, abs(m), polar, around) * (-1) ** m
            part = complex_one.imag if m < 0 else complex_one.real
            values.append(part * (np.sqrt(2) if m else 1))
    np.testing.assert_allclose(basis(DIRECTIONS), np.stack(values, -1), atol=1e-12)


@pytest.mark.oracle
def test_shading_is_the_integral_over_the_hemisphere() -> None:
    harmonics = np.random.default_rng(0).normal(size=(9, 3))
    normals = spiral(20)
    cosine = np.maximum(normals @ DIRECTIONS.T, 0)
    integral = 4 * cosine @ radiance(harmonics, DIRECTIONS) / len(DIRECTIONS)
    np.testing.assert_allclose(shading(harmonics, normals), integral, atol=5e-3)


def test_a_white_sky_shades_everything_white() -> None:
    np.testing.assert_allclose(shading(constant((1.0, 0.5, 0.2)), DIRECTIONS), [[1, 0.5, 0.2]] * len(DIRECTIONS))


@pytest.mark.oracle
def test_turning_the_numbers_turns_the_light() -> None:
    harmonics = np.random.default_rng(1).normal(size=(9, 3))
    turn = Rotation.from_rotvec([0.3, -1.1, 2.0]).as_matrix()
    np.testing.assert_allclose(
        radiance(rotated(harmonics, turn), DIRECTIONS @ turn.T), radiance(harmonics, DIRECTIONS), atol=1e-10
    )
    np.testing.assert_allclose(rotation_matrix(turn) @ rotation_matrix(turn.T), np.eye(9), atol=1e-12)


@pytest.mark.oracle
def test_pifus_environments_shade_as_pifus_shader_does() -> None:
    coefficients = np.random.default_rng(2).normal(size=(1, 9, 3))
    n = spiral(50)
    c1, c2, c3, c4, c5 = 0.429043, 0.511664, 0.743125, 0.886227, 0.247708  # Ramamoorthi and Hanrahan 2001, eq. 12
    x, y, z = n.T
    terms = [c4 + 0 * x, 2 * c2 * y, 2 * c2 * z, 2 * c2 * x, 2 * c1 * x * y, 2 * c1 * y * z, c3 * z * z - c5]
    terms += [2 * c1 * x * z, c1 * (x * x - y * y)]
    theirs = np.stack(terms, -1) @ coefficients[0]
    np.testing.assert_allclose(shading(from_pifu(coefficients)[0], n), theirs, atol=1e-5)


def test_the_pifu_convention_of_transfer_differs_by_pi_alone() -> None:
    assert open_transfer(np.array([[0.0, 0.0, 1.0]]))[0, 0] * np.pi == pytest.approx(0.886227, abs=1e-6)


def test_what_is_no_rotation_or_no_environment_is_refused() -> None:
    with pytest.raises(ShapeError):
        rotation_matrix(np.diag([1.0, 1.0, -1.0]))
    with pytest.raises(ShapeError):
        from_pifu(np.full((1, 9, 3), np.nan))
