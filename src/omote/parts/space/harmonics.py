"""Spherical harmonics of order 2: nine numbers for light that comes from all sides.

Source: Ramamoorthi and Hanrahan, "An Efficient Representation for Irradiance Environment Maps", 2001. Light L(w) is a
sum of nine real harmonics Y_i; over a normal n the clamped cosine multiplies band l by a constant, so that what a
white matt surface sends out is again a sum of nine. The same numbers turn with a rotation, band by band.

Order and sign: constant, y, z, x, xy, yz, 3z^2 - 1, xz, x^2 - y^2, each with a positive factor, orthonormal over the
sphere. World: y up. Shading is irradiance / pi: 1 under a white sky of radiance 1.

PIFu (Saito et al. 2019) has the same order and signs, but its shading is irradiance itself: its coefficients are
radiance / pi. `from_pifu` multiplies by pi.
"""

import numpy as np
from jaxtyping import Float, Float32, Float64
from numpy import ndarray

from omote.core.errors import ShapeError

BAND = np.array([0, 1, 1, 1, 2, 2, 2, 2, 2])
"""l of each coefficient."""
COSINE = np.array([1.0, 2 / 3, 1 / 4])[BAND]
"""Factor of the clamped cosine / pi on each coefficient."""
CONSTANT = 0.5 / np.sqrt(np.pi)
"""Y_0, everywhere."""
FACTOR = np.sqrt(np.array([1 / 4, 3 / 4, 3 / 4, 3 / 4, 15 / 4, 15 / 4, 5 / 16, 15 / 4, 15 / 16]) / np.pi)
"""What makes the polynomials orthonormal."""


def basis(directions: Float[ndarray, "*n 3"]) -> Float64[ndarray, "*n 9"]:
    """Return the nine harmonics in unit directions."""
    x, y, z = np.moveaxis(directions.astype(np.float64), -1, 0)
    polynomials = [np.ones_like(x), y, z, x, x * y, y * z, 3 * z * z - 1, x * z, x * x - y * y]
    return np.stack(polynomials, -1) * FACTOR


def radiance(harmonics: Float[ndarray, "9 c"], directions: Float[ndarray, "*n 3"]) -> Float64[ndarray, "*n c"]:
    """Return the light that comes from unit directions; may be negative where the nine numbers ring."""
    return basis(directions) @ harmonics


def open_transfer(normals: Float[ndarray, "*n 3"]) -> Float64[ndarray, "*n 9"]:
    """Return the transfer of surfaces that see everything in front of them: shading = transfer . light."""
    return basis(normals) * COSINE


def shading(harmonics: Float[ndarray, "9 c"], normals: Float[ndarray, "*n 3"]) -> Float64[ndarray, "*n c"]:
    """Return irradiance / pi on unoccluded surfaces with unit normals."""
    return open_transfer(normals) @ harmonics


def rotation_matrix(rotation: Float[ndarray, "3 3"]) -> Float64[ndarray, "9 9"]:
    """Return what turns coefficients as `rotation` turns directions: light from d comes from rotation @ d then.

    Raises:
        ShapeError: the matrix is not a rotation.
    """
    if not np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-4) or np.linalg.det(rotation) < 0:
        raise ShapeError("light is turned by a rotation matrix [3 3]: orthonormal, determinant 1")
    directions = spiral(64)
    matrix = np.linalg.lstsq(basis(directions), basis(directions @ rotation.astype(np.float64)), rcond=None)[0]
    return np.where(BAND[:, None] == BAND, matrix, 0.0)


def rotated(harmonics: Float[ndarray, "9 c"], rotation: Float[ndarray, "3 3"]) -> Float64[ndarray, "9 c"]:
    """Return the light turned by a rotation."""
    return rotation_matrix(rotation) @ harmonics


def constant(colour: tuple[float, float, float]) -> Float64[ndarray, "9 3"]:
    """Return light that is alike from all sides."""
    harmonics = np.zeros((9, 3))
    harmonics[0] = np.array(colour) / CONSTANT
    return harmonics


def from_pifu(coefficients: Float[ndarray, "n 9 3"]) -> Float32[ndarray, "n 9 3"]:
    """Return PIFu's environments (order and signs as here, radiance / pi) as radiance.

    Raises:
        ShapeError: not finite [n 9 3].
    """
    if coefficients.ndim != 3 or coefficients.shape[1:] != (9, 3) or not np.isfinite(coefficients).all():
        raise ShapeError(f"PIFu's environments are finite numbers [n 9 3], not {list(coefficients.shape)}")
    return (np.pi * coefficients).astype(np.float32)


def spiral(count: int) -> Float64[ndarray, "n 3"]:
    """Return unit directions spread evenly over the sphere (Fibonacci's spiral)."""
    place = np.arange(count) + 0.5
    height, turn = 1 - 2 * place / count, np.pi * (1 + np.sqrt(5)) * place
    across = np.sqrt(1 - height * height)
    return np.stack([across * np.cos(turn), across * np.sin(turn), height], -1)
