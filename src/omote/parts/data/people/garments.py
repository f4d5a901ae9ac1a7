"""Garments as programs on the distances around a body: what hangs from where, how wide, cut open at which edges.

Three cuts make every garment: `Upper` (from a tank top to a long coat and a dress), `Trousers`, `Skirt`. Each gives a
solid (negative inside) whose surface is the cloth, and a field that is positive where cloth is kept. Families of named
garments with their ranges are in `wardrobe`.

Notation: lengths in metres unless said; `arm` and `leg` are positions along the limb (0 shoulder or hip, 1, 2).
"""

from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float32
from numpy import ndarray

from omote.parts.data.people.tailor import Dummy, Site, grid_of, hung, united
from omote.parts.space.grid import Grid

FOREARM = 0.28
"""Length of one unit along arm and leg by which cuts are measured, metres."""
Neck = Literal["crew", "scoop", "vee", "high", "boat"]
NECKLINES: dict[Neck, tuple[float, float, float, float]] = {
    "crew": (-0.012, 0.085, 0.055, 0.020),
    "scoop": (-0.022, 0.105, 0.110, 0.035),
    "vee": (-0.015, 0.090, 0.160, 0.025),
    "high": (0.035, 0.110, 0.045, 0.004),
    "boat": (-0.030, 0.140, 0.040, 0.025),
}
"""Each opening is an ellipse before the neck: height of its middle over the base of the neck, half of its width, and
how far it reaches down in front and behind; a V has straight sides."""


@runtime_checkable
class Garment(Protocol):
    """What can be cut and sewn."""

    def solid(self, dummy: Dummy) -> Grid:
        """Return the field whose zero level is the cloth."""
        ...

    def kept(self, dummy: Dummy, at: Site) -> Float32[ndarray, " n"]:
        """Return how far inside the garment's edges points lie."""
        ...


@dataclass(frozen=True, kw_only=True)
class Upper:
    """What hangs from the shoulders."""

    sleeve: float = 0.55
    """Where sleeves end; at most 0: none."""
    hem: float = -0.05
    """Height of the lower edge over the hips; 1 at the waist, -1 at the knees, -2 at the ankles."""
    neck: Neck = "crew"
    depth: float = 0.0
    """How far the neck is lowered (in front for a V)."""
    ease: float = 0.020
    """Distance from the trunk."""
    sleeve_ease: tuple[float, float] = (0.016, 0.020)
    """Distance from the arm, at the shoulder and at the sleeve's end."""
    fit: float = 0.25
    """How fast the cloth may come in below the chest, metres per metre; 0 hangs straight."""
    flare: float = 0.0
    """How much wider it becomes below the waist, metres per metre."""
    opening: float | None = None
    """Half of the gap that an open front leaves at the hem; None: closed."""

    def solid(self, dummy: Dummy) -> Grid:
        """Return the field whose zero level is the cloth."""
        heights = dummy.heights
        hem = height_at(dummy, self.hem)
        low = max(min(hem, heights["hip"]) - 0.06, heights["floor"] - 0.02)
        arms = float(dummy.vertices[dummy.patch("hands")][:, 1].min()) - 0.05 if self.sleeve > 1 else low
        p = dummy.points(min(low, arms), heights["neck"] + 0.16)
        legs = ("legs",) if hem < heights["crotch"] + 0.06 else ()
        trunk = dummy.distance(p, "trunk", *legs, reach=0.10 + (0.35 if legs else 0.0))
        y = p[0, :, 0, 1]
        spread = np.where(y > heights["waist"], -self.fit, self.flare if self.flare else -self.fit)
        spread = np.where(y > heights["armpit"], -40.0, spread)
        snug = np.clip((heights["neck"] - y) / 0.11, 0, 1)[None, :, None]
        cloth = hung(trunk, spread) - (0.006 + (self.ease - 0.006) * snug)
        arm = np.clip(dummy.along_arm(p) / max(self.sleeve, 0.3), 0, 1)
        ease = self.sleeve_ease[0] + (self.sleeve_ease[1] - self.sleeve_ease[0]) * arm
        return grid_of(p, united(cloth, dummy.distance(p, "arms") - ease, 0.035))

    def kept(self, dummy: Dummy, at: Site) -> Float32[ndarray, " n"]:
        """Return how far inside the garment's edges points lie."""
        hem = at.points[:, 1] - height_at(dummy, self.hem)
        if self.sleeve > 0:
            field = np.where(at.arm > 0.12, (self.sleeve - at.arm) * FOREARM, hem)
        else:
            shoulder, armpit = abs(float(dummy.joint("upperarm01.L")[0])), dummy.heights["armpit"]
            aside = np.maximum(
                (0.97 + self.sleeve) * shoulder - np.abs(at.points[:, 0]), armpit - 0.02 - at.points[:, 1]
            )
            field = np.where(at.arm > 0.12, -at.arm * FOREARM, np.minimum(hem, aside))
        field = np.minimum(field, self._neckline(dummy, at.points))
        if self.opening is not None:
            neck, span = dummy.heights["neck"], dummy.heights["neck"] - dummy.heights["hip"]
            gap = 0.004 + self.opening * np.clip((neck - at.points[:, 1]) / span, 0.1, 2)
            front = at.points[:, 2] - dummy.joint("neck01")[2]
            field = np.minimum(field, np.maximum(np.abs(at.points[:, 0]) - gap, -front))
        return field.astype(np.float32)

    def _neckline(self, dummy: Dummy, p: Float32[ndarray, "n 3"]) -> Float32[ndarray, " n"]:
        """Return the distance to the opening for the head: above a plane that leans forward."""
        rise, wide, front, back = NECKLINES[self.neck]
        d = p - dummy.joint("neck01") - np.array([0, rise, 0], np.float32)
        ahead = np.clip(0.5 + d[:, 2] / 0.06, 0, 1)
        drop = back + (front + self.depth - back) * ahead
        below, aside = np.maximum(-d[:, 1], 0), np.abs(d[:, 0])
        if self.neck == "vee":
            sides = np.where(ahead > 0.5, aside / wide + below / drop, np.hypot(aside / wide, below / drop))
            return (sides - 1) * wide
        return (np.hypot(aside / wide, below / drop) - 1) * min(wide, float(drop.min()))


@dataclass(frozen=True, kw_only=True)
class Trousers:
    """What has two legs."""

    end: float = 1.93
    """Where legs end."""
    waist: float = 0.55
    """Height of the upper edge; 0 at the hips, 1 at the waist."""
    ease: float = 0.012
    """Distance from the hips."""
    leg_ease: tuple[float, float] = (0.012, 0.022)
    """Distance from the thigh and at the leg's end."""

    def solid(self, dummy: Dummy) -> Grid:
        """Return the field whose zero level is the cloth."""
        heights = dummy.heights
        p = dummy.points(heights["floor"] - 0.03, height_at(dummy, self.waist) + 0.08)
        leg = np.clip(dummy.along_leg(p) / max(self.end, 0.3), 0, 1)
        ease = self.leg_ease[0] + (self.leg_ease[1] - self.leg_ease[0]) * leg**1.5
        legs = dummy.distance(p, "legs") - ease
        return grid_of(p, united(dummy.distance(p, "trunk") - self.ease, legs, 0.02))

    def kept(self, dummy: Dummy, at: Site) -> Float32[ndarray, " n"]:
        """Return how far inside the garment's edges points lie."""
        top = height_at(dummy, self.waist) - at.points[:, 1]
        end = (self.end - dummy.along_leg(at.points)) * 0.42
        return np.minimum(top, np.where(at.points[:, 1] < dummy.heights["crotch"], end, 1)).astype(np.float32)


@dataclass(frozen=True, kw_only=True)
class Skirt:
    """What hangs from the waist around both legs."""

    hem: float = -0.8
    """Height of the lower edge: 0 at the hips, -1 at the knees, -2 at the ankles."""
    waist: float = 0.8
    """Height of the upper edge; 1 at the waist."""
    ease: float = 0.008
    flare: float = 0.2
    """How much wider it becomes, metres per metre; negative: narrower."""

    def solid(self, dummy: Dummy) -> Grid:
        """Return the field whose zero level is the cloth."""
        top = height_at(dummy, self.waist)
        p = dummy.points(height_at(dummy, self.hem) - 0.06, top + 0.08)
        y = p[0, :, 0, 1]
        spread = np.where(y > dummy.heights["hip"], min(self.flare, 0.0) - 0.2, self.flare)
        return grid_of(p, hung(dummy.distance(p, "trunk", "legs", reach=0.45), spread) - self.ease)

    def kept(self, dummy: Dummy, at: Site) -> Float32[ndarray, " n"]:
        """Return how far inside the garment's edges points lie."""
        y = at.points[:, 1]
        return np.minimum(height_at(dummy, self.waist) - y, y - height_at(dummy, self.hem)).astype(np.float32)


def height_at(dummy: Dummy, place: float) -> float:
    """Return the height of a place on the body: 2 neck, 1 waist, 0 hips, -1 knees, -2 ankles; between them linearly."""
    h = dummy.heights
    places = [h["floor"], h["ankle"], h["knee"], h["hip"], h["waist"], h["neck"]]
    return float(np.interp(place, [-2.2, -2, -1, 0, 1, 2], places))
