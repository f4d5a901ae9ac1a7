"""Lights with truth: from all sides, from far away, from a point; matt surfaces with a small highlight.

A light's colour is what a white matt surface that faces it sends out (irradiance / pi), so that 1 is white. A matt
surface is Lambert's. The highlight is GGX's microfacets (Walter et al., "Microfacet Models for Refraction through
Rough Surfaces", 2007), separable shadowing, Schlick's Fresnel, added on top of the matt part. Of light from
all sides it takes the nine harmonics in the mirrored direction, damped by band (Ramamoorthi and Hanrahan, "A
Signal-Processing Framework for Inverse Rendering", 2001), times the fitted mean reflectance of Karis ("Physically
Based Shading on Mobile", 2014) and an occlusion made from the ambient one (Lagarde and de Rousiers, "Moving Frostbite
to PBR", 2014): an approximation, fit for rough surfaces.

Notation: n normal, l towards the light, v towards the eye, h half way between; alpha = roughness^2.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, no_type_check

import numpy as np
from jaxtyping import Bool, Float, Float32, Int32
from numba import njit
from numpy import ndarray

from omote.core.errors import ShapeError, UsageError
from omote.parts.space.harmonics import COSINE, FACTOR

Colour = tuple[float, float, float]
"""Linear RGB."""
Place = tuple[float, float, float]


@dataclass(frozen=True, kw_only=True, eq=False)
class Surround:
    """Light from all sides, with the shadows that the subject casts on itself.

    Raises:
        ShapeError: not finite [9 3].
    """

    harmonics: Float[ndarray, "9 3"]
    """Radiance, as in `space.harmonics`."""

    def __post_init__(self) -> None:
        if self.harmonics.shape != (9, 3) or not np.isfinite(self.harmonics).all():
            raise ShapeError(f"light from all sides is finite numbers [9 3], not {list(self.harmonics.shape)}")


@dataclass(frozen=True, kw_only=True)
class Distant:
    """A light so far away that its rays are parallel, or come from a disc in the sky.

    Raises:
        UsageError: a direction of no length, or a radius outside 0..1.
    """

    towards: Place
    """Direction from the scene to the light, world; any length."""
    colour: Colour = (1.0, 1.0, 1.0)
    """What a white matt surface that faces it sends out."""
    radius: float = 0.0
    """Tangent of the disc's angular radius: 0.0047 is the sun; 0 makes hard shadows."""
    shadows: bool = True

    def __post_init__(self) -> None:
        if not (np.linalg.norm(self.towards) > 0 and 0 <= self.radius <= 1):
            raise UsageError("a distant light needs a direction with a length, and a radius in 0..1")


@dataclass(frozen=True, kw_only=True)
class Point:
    """A light at a place, or a disc of some size there that always faces what it lights.

    Raises:
        UsageError: a negative radius.
    """

    position: Place
    """World metres."""
    colour: Colour = (1.0, 1.0, 1.0)
    """What a white matt surface that faces it from one metre away sends out."""
    radius: float = 0.0
    """Metres; 0 makes hard shadows."""
    shadows: bool = True

    def __post_init__(self) -> None:
        if not self.radius >= 0:
            raise UsageError(f"a light's radius is not negative, as {self.radius} is")


Light = Surround | Distant | Point


class Lamps(NamedTuple):
    """Lights that are somewhere; a tuple, as compiled code takes it."""

    layer: Int32[ndarray, " k"]
    """Which of the lights given each one is."""
    distant: Bool[ndarray, " k"]
    place: Float32[ndarray, "k 3"]
    """Unit direction, or position."""
    colour: Float32[ndarray, "k 3"]
    radius: Float32[ndarray, " k"]
    shadows: Bool[ndarray, " k"]


def lamps(lights: Sequence[Light]) -> Lamps:
    """Return the lights that are somewhere, made ready."""
    chosen = [(i, light) for i, light in enumerate(lights) if not isinstance(light, Surround)]
    places = [
        np.array(light.towards) / np.linalg.norm(light.towards) if isinstance(light, Distant) else light.position
        for _, light in chosen
    ]
    return Lamps(
        layer=np.array([i for i, _ in chosen], np.int32),
        distant=np.array([isinstance(light, Distant) for _, light in chosen], bool),
        place=np.array(places, np.float32).reshape(-1, 3),
        colour=np.array([light.colour for _, light in chosen], np.float32).reshape(-1, 3),
        radius=np.array([light.radius for _, light in chosen], np.float32),
        shadows=np.array([light.shadows for _, light in chosen], bool),
    )


class Sky(NamedTuple):
    """Lights from all sides, and what of each reaches each vertex; a tuple, as compiled code takes it."""

    layer: Int32[ndarray, " k"]
    matt: Float32[ndarray, "k v 3"]
    """Shading at the vertices, occluded."""
    shading: Float32[ndarray, "k 9 3"]
    """Coefficients of unoccluded shading as a polynomial in the normal."""
    radiance: Float32[ndarray, "k 9 3"]
    """Coefficients of the light itself as a polynomial in the direction."""


def sky(lights: Sequence[Light], transfer: Float32[ndarray, "v 9"] | None) -> Sky:
    """Return the lights from all sides, made ready; `transfer` may be absent where there are none."""
    chosen = [(i, light) for i, light in enumerate(lights) if isinstance(light, Surround)]
    given = np.array([light.harmonics for _, light in chosen], np.float64).reshape(-1, 9, 3)
    if transfer is None:
        matt = np.zeros((0, 0, 3), np.float32)
    else:
        matt = np.array([np.maximum(transfer @ h.astype(np.float32), 0) for h in given]).reshape(-1, len(transfer), 3)
    return Sky(
        layer=np.array([i for i, _ in chosen], np.int32),
        matt=matt.astype(np.float32),
        shading=(given * (COSINE * FACTOR)[:, None]).astype(np.float32),
        radiance=(given * FACTOR[:, None]).astype(np.float32),
    )


@no_type_check
@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def polynomial(coefficients, x, y, z, first, second):
    """Return three sums of harmonics with bands 1 and 2 damped by factors."""
    x, y, z, first, second = np.float32(x), np.float32(y), np.float32(z), np.float32(first), np.float32(second)
    third = np.float32(3) * z * z - np.float32(1)
    terms = (
        *(np.float32(1), first * y, first * z, first * x, second * x * y),
        *(second * y * z, second * third, second * x * z, second * (x * x - y * y)),
    )
    red, green, blue = np.float32(0), np.float32(0), np.float32(0)
    for i in range(9):
        red += coefficients[i, 0] * terms[i]
        green += coefficients[i, 1] * terms[i]
        blue += coefficients[i, 2] * terms[i]
    return red, green, blue


@no_type_check
@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def highlight(nl, nv, nh, vh, specular, roughness):
    """Return pi * BRDF * cosine of the GGX highlight: how much of a light's colour it sends to the eye."""
    a2 = max(roughness * roughness, np.float32(1e-3)) ** 2
    bent = nh * nh * (a2 - 1) + 1
    spread = a2 / (bent * bent)
    masking_l = 2 * nl / (nl + np.sqrt(a2 + (1 - a2) * nl * nl))
    masking_v = 2 / (nv + np.sqrt(a2 + (1 - a2) * nv * nv))
    fresnel = specular + (1 - specular) * (1 - vh) ** 5
    return spread * masking_l * masking_v * fresnel * np.float32(0.25)


@no_type_check
@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def mean_reflectance(nv, specular, roughness):
    """Return the part of an even surrounding that the highlight sends to the eye (Karis 2014)."""
    x, y = 1 - roughness, np.float32(0.0425) - np.float32(0.0275) * roughness
    z, w = np.float32(1.04) - np.float32(0.572) * roughness, np.float32(0.022) * roughness - np.float32(0.04)
    edge = min(x * x, np.float32(2) ** (np.float32(-9.28) * nv)) * x + y
    return specular * (np.float32(-1.04) * edge + z) + np.float32(1.04) * edge + w


@no_type_check
@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def mirrored_occlusion(nv, open_part, roughness):
    """Return the part of the mirrored surrounding that is not hidden (Lagarde and de Rousiers 2014)."""
    power = np.float32(2) ** (np.float32(-16) * roughness * roughness - 1)
    return min(max((nv + open_part) ** power - 1 + open_part, np.float32(0)), np.float32(1))
