"""Gentle light on surfaces whose textures are photographs, and so already hold light.

Irradiance over the normal n is ambient light as spherical harmonics of order 2 (Ramamoorthi and Hanrahan, "An
Efficient Representation for Irradiance Environment Maps", 2001; the cosine is already folded in) plus one
wrapped directional key. Its effect is mixed with "unlit" by `strength`. A gain on linear light is a
gain^(1/2.2) on sRGB values, so that no texture is ever linearised; gains are computed at vertices, once for
both rasterisers, and interpolated.
"""

from dataclasses import dataclass
from typing import no_type_check

import numpy as np
from jaxtyping import Float64
from numba import njit
from numpy import ndarray

from omote.core.errors import UsageError

Colour = tuple[float, float, float]
"""Linear RGB."""

GAMMA = 2.2
"""sRGB's curve, as one power."""


@dataclass(frozen=True, kw_only=True)
class Light:
    """Ambient light and one key light; 1 means a white surface facing it stays white.

    Raises:
        UsageError: strength or wrap outside 0..1, or a key direction of no length.
    """

    ambient: tuple[Colour, ...] = ((0.78, 0.78, 0.78), (0.10, 0.11, 0.12))
    """Irradiance's factors of functions of the normal. One: constant. Two: constant, y (ground to sky). Four: constant,
    x, y, z. Nine: constant, x, y, z, xy, yz, 3z^2 - 1, xz, x^2 - y^2."""
    key: Colour = (0.30, 0.29, 0.27)
    """Irradiance of a surface that faces the key light."""
    key_from: tuple[float, float, float] = (0.45, 0.75, 0.6)
    """Direction from the scene to the key light, world; any length."""
    wrap: float = 0.4
    """How far the key reaches around: 0 ends at the terminator, 1 at the far pole."""
    strength: float = 0.6
    """0 = unlit: the texture as it is; 1 = all of the light."""

    def __post_init__(self) -> None:
        if not (0 <= self.strength <= 1 and 0 <= self.wrap <= 1):
            raise UsageError(f"light strength ({self.strength}) and wrap ({self.wrap}) lie in 0..1")
        if len(self.ambient) not in (1, 2, 4, 9):
            raise UsageError(f"ambient light has 1, 2, 4 or 9 coefficients, not {len(self.ambient)}")
        if not np.linalg.norm(self.key_from) > 0:
            raise UsageError("the key light's direction has no length; use key=(0, 0, 0) for none")

    @property
    def direction(self) -> Float64[ndarray, " 3"]:
        """Unit direction from the scene to the key light."""
        return np.array(self.key_from, np.float64) / np.linalg.norm(self.key_from)

    def harmonics(self) -> Float64[ndarray, "9 3"]:
        """Return the ambient coefficients, filled up to nine."""
        order = {1: [0], 2: [0, 2], 4: [0, 1, 2, 3], 9: list(range(9))}[len(self.ambient)]
        coefficients = np.zeros((9, 3))
        coefficients[order] = self.ambient
        return coefficients


UNLIT = Light(strength=0.0)
"""Textures as they are."""


def gains(normals: Float64[ndarray, "v 3"] | ndarray, light: Light) -> ndarray:
    """Return for each unit normal the factors float32 [v 3] on sRGB values; at most 4."""
    result = np.empty((len(normals), 3), np.float32)
    _gains(normals, light.harmonics(), np.array(light.key), light.direction, light.wrap, light.strength, result)
    return result


@no_type_check
@njit(cache=True, nogil=True, error_model="numpy")
def _gains(normals, ambient, key, direction, wrap, strength, out):
    basis = np.empty(9)
    for v in range(len(normals)):
        x, y, z = np.float64(normals[v, 0]), np.float64(normals[v, 1]), np.float64(normals[v, 2])
        basis[0], basis[1], basis[2], basis[3] = 1.0, x, y, z
        basis[4], basis[5], basis[6], basis[7], basis[8] = x * y, y * z, 3 * z * z - 1, x * z, x * x - y * y
        facing = x * direction[0] + y * direction[1] + z * direction[2]
        lit = max(0.0, (facing + wrap) / (1 + wrap))
        for c in range(3):
            total = key[c] * lit
            for i in range(9):
                total += ambient[i, c] * basis[i]
            out[v, c] = min(max(1 - strength + strength * total, 0.0), 20.0) ** (1 / 2.2)
