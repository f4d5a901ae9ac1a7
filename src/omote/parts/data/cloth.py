"""What clothes look like: colour, weave, seams, prints, folds.

Each material turns fragments into paint. `extra` of a garment's fragments holds the field (metres inside the hem), one
number of the garment's own, and how far along arm and leg the point lies.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float32
from numpy import ndarray

from omote.parts.data.noise import noise, slope
from omote.parts.data.studio import Fragments, Paint

Colour = tuple[float, float, float]
"""sRGB, 0..1."""


def linear(colour: Colour) -> Float32[ndarray, " 3"]:
    """Return linear RGB."""
    c = np.array(colour)
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4).astype(np.float32)


def step(x: ndarray, at: float, soft: float) -> ndarray:
    """Return 0 below and 1 above a value, smoothly over `soft`."""
    t = np.clip((x - at) / soft + 0.5, 0, 1)
    return t * t * (3 - 2 * t)


def line(x: ndarray, at: float, width: float) -> ndarray:
    """Return 1 on a line, 0 away from it."""
    return np.exp(-(((x - at) / width) ** 2))


def bumped(normal: Float32[ndarray, "n 3"], gradient: Float32[ndarray, "n 3"]) -> Float32[ndarray, "n 3"]:
    """Return normals tilted by the gradient of a height field in space."""
    along = gradient - (gradient * normal).sum(1, keepdims=True) * normal
    tilted = normal - along
    return (tilted / np.linalg.norm(tilted, axis=1, keepdims=True)).astype(np.float32)


def matt(what: Fragments, albedo: ndarray, relief: ndarray, gloss: float = 0.02, sharpness: float = 8) -> Paint:
    """Return paint of a dull material."""
    count = len(what.position)
    return Paint(
        albedo=np.clip(albedo, 0.002, 0.95).astype(np.float32),
        normal=bumped(what.normal, relief),
        gloss=np.full(count, gloss, np.float32),
        sharpness=np.full(count, sharpness, np.float32),
        wrap=np.full((count, 3), 0.12, np.float32),
    )


@dataclass(frozen=True, kw_only=True)
class Cloth:
    """Woven or knitted cotton."""

    colour: Colour
    second: Colour = (0.9, 0.9, 0.88)
    """Of stripes, checks, print and trim."""
    pattern: Literal["plain", "stripes", "checks", "print", "buttons", "zip"] = "plain"
    ribbed: float = 0.0
    """Width of a knitted band along the hems, metres."""
    folds: float = 1.0
    seed: int = 0

    def paint(self, what: Fragments) -> Paint:
        """Return the look of this cloth."""
        field, _neck, arm, _ = what.extra.T
        p = what.canonical
        base, second = linear(self.colour), linear(self.second)
        share = self._pattern(p, arm, field)[:, None]
        albedo = base * (1 - share) + second * share
        albedo = albedo * (1 + 0.05 * noise(p, 0.05, self.seed, 3) + 0.10 * noise(p, 0.0016, self.seed + 1))[:, None]
        band = (field < self.ribbed) if self.ribbed else np.zeros(len(field), bool)
        knit = np.sin(2 * np.pi * np.arctan2(p[:, 0], p[:, 2] - 0.03) * 40)
        albedo = albedo * np.where(band, 0.93 + 0.06 * knit, 1.0)[:, None]
        width = self.ribbed or 0.016
        albedo = albedo * (1 - 0.30 * line(field, width, 0.0018) - 0.35 * line(field, 0.0, 0.003))[:, None]
        albedo = albedo * (1 - 0.22 * line(np.where(arm > 0.1001, arm, 1), 0.12, 0.006))[:, None]
        return matt(what, albedo, self.relief(p, arm))

    def relief(self, p: ndarray, arm: ndarray) -> Float32[ndarray, "n 3"]:
        """Return the gradient of the folds: long on the trunk, short across bent sleeves, and of the weave."""
        trunk = slope(p, (0.055, 0.16, 0.07), self.seed + 2, 2) * 0.010
        slanted = p @ np.array([[1, -0.9, 0], [0.9, 1, 0], [0, 0, 1]]).T
        trunk += (
            slope(slanted, (0.035, 0.17, 0.08), self.seed + 3, 2)
            @ np.array([[1, -0.9, 0], [0.9, 1, 0], [0, 0, 1]])
            * 0.005
        )
        sleeve = slope(p, (0.05, 0.05, 0.05), self.seed + 4, 2) * 0.010
        folds = np.where((arm > 0.12)[:, None], sleeve, trunk) * self.folds
        return folds + slope(p, 0.0022, self.seed + 5) * 0.00012

    def _pattern(self, p: ndarray, arm: ndarray, field: ndarray) -> ndarray:
        along = np.where(arm > 0.1, arm * 0.285, 0.65 - p[:, 1])
        if self.pattern == "stripes":
            return step(np.abs((along / 0.036) % 1 - 0.5), 0.28, 0.05)
        if self.pattern == "checks":
            across = np.abs((p[:, 0] / 0.045) % 1 - 0.5) > 0.26
            down = np.abs((along / 0.045) % 1 - 0.5) > 0.26
            return 0.35 * across + 0.35 * down + 0.15 * (across & down)
        if self.pattern == "print":
            ring = np.hypot(p[:, 0], p[:, 1] - 0.535)
            wave = 0.5 + 0.5 * np.sin((p[:, 1] - 0.535) * 260 + 4 * np.sin(p[:, 0] * 40))
            return (step(0.062 - ring, 0, 0.003) * step(wave, 0.5, 0.3)) * (p[:, 2] > 0.03) * (arm <= 0.1)
        if self.pattern in ("buttons", "zip"):
            front = (p[:, 2] > 0.03) & (arm <= 0.1)
            edge = 0.55 * line(np.abs(p[:, 0]), 0.018 if self.pattern == "buttons" else 0.006, 0.0012)
            dots = np.hypot(p[:, 0], (p[:, 1] % 0.085) - 0.04) < 0.0055
            return np.where(front, np.maximum(edge, dots if self.pattern == "buttons" else line(p[:, 0], 0, 0.002)), 0)
        return np.zeros(len(p))


@dataclass(frozen=True, kw_only=True)
class Denim:
    """Trousers' cloth: a twill that fades where it is worn, with seams and pockets."""

    colour: Colour
    fade: float = 0.5
    """How much lighter the thighs are."""
    seams: Colour = (0.62, 0.45, 0.25)
    seed: int = 0

    def paint(self, what: Fragments) -> Paint:
        """Return the look of these trousers."""
        field, height, _, leg = what.extra.T
        p = what.canonical
        front = np.clip(what.normal[:, 2], 0, 1)
        worn = line(leg, 0.45, 0.35) * front + 0.5 * line(leg, 1.0, 0.12) * front
        worn = worn * (0.8 + 0.5 * noise(p, (0.02, 0.12, 0.05), self.seed, 3))
        albedo = linear(self.colour) * (1 + self.fade * worn)[:, None]
        twill = noise(p, (0.0012, 0.006, 0.0012), self.seed + 1)
        albedo = albedo * (1 + 0.14 * twill + 0.08 * noise(p, 0.03, self.seed + 2, 3))[:, None]
        side = np.abs(p[:, 0]) - 0.13
        stitch = 0.5 * line(field, 0.02, 0.001) + 0.5 * line(height, 0.235, 0.001)
        pocket = (
            line(np.hypot(np.abs(p[:, 0]) - 0.15, height - 0.225), 0.075, 0.0015) * (p[:, 2] > 0.02) * (side < 0.01)
        )
        fly = line(p[:, 0], 0.016, 0.0015) * (height > 0.08) * (p[:, 2] > 0.03)
        thread = np.clip(stitch + 0.6 * (pocket + fly) * (height > 0.08), 0, 0.8)[:, None]
        albedo = albedo * (1 - thread) + linear(self.seams) * thread
        middle = 0.35 * line(p[:, 0], 0.0, 0.004) * (height < 0.235) * (leg <= 0.05)
        albedo = albedo * (1 - middle - 0.3 * line(field, 0, 0.003))[:, None]
        return matt(what, albedo, self.relief(p, leg))

    def relief(self, p: ndarray, leg: ndarray) -> Float32[ndarray, "n 3"]:
        """Return the gradient of the folds: rings at knee and ankle, rays from the crotch."""
        rings = slope(p, (0.12, 0.028, 0.09), self.seed + 3, 2) * 0.007
        tall = slope(p, (0.05, 0.22, 0.06), self.seed + 4, 2) * 0.008
        bunched = line(leg, 1.0, 0.22) + step(leg, 1.72, 0.25) * 1.3 + 0.8 * line(leg, 0.05, 0.16)
        return rings * bunched[:, None] + tall * 0.8


@dataclass(frozen=True, kw_only=True)
class Leather:
    """Shoes: an upper, a sole, laces."""

    colour: Colour
    sole: Colour = (0.92, 0.91, 0.88)
    gloss: float = 0.05
    laces: bool = True
    seed: int = 0

    def paint(self, what: Fragments) -> Paint:
        """Return the look of these shoes."""
        height, along, across = what.extra.T
        p = what.position
        is_sole = step(0.024 - height, 0, 0.002)[:, None]
        albedo = linear(self.colour) * (1 - is_sole) + linear(self.sole) * is_sole
        albedo = albedo * (1 + 0.06 * noise(p, 0.01, self.seed, 3) - 0.45 * line(height, 0.0245, 0.0018))[:, None]
        on_top = (height > 0.04) & (along > 0.40) & (along < 0.74) & (across < 0.62)
        bars = step(np.abs((along / 0.062) % 1 - 0.5), 0.27, 0.08) * on_top * self.laces
        albedo = albedo * (1 - bars[:, None]) + linear(self.sole) * bars[:, None]
        tongue = line(across, 0.66, 0.04) * (along > 0.36) * (along < 0.76) * (height > 0.04)
        cap = line(along + 0.06 * across**2, 0.80, 0.006) * (height > 0.024)
        quarter = line(along + 0.5 * height, 0.42, 0.006) * (height > 0.024)
        albedo = albedo * (1 - 0.35 * (cap + quarter + tongue))[:, None]
        return matt(what, albedo, slope(p, 0.02, self.seed + 1, 2) * 0.002, self.gloss, 30)
