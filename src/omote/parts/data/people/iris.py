"""The look of an eye as textures: an iris of fibres, a white with veins.

Idea: an iris is a ring of radial fibres (the stroma) of two depths around a collarette, with a dark limbal ring and
pigment near the pupil; its colour comes from melanin over a bluish scattering ground, so that brown, hazel, green and
blue are one scale. The white is yellowish with age, pinkish at the inner corner, and carries branching veins that thin
out toward the cornea.

Notation: out = distance from the iris' centre in iris radii; turn = angle about it.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, UInt8
from numpy import ndarray

from omote.core.errors import UsageError
from omote.parts.data.cloth import line, linear, step
from omote.parts.data.noise import noise
from omote.parts.data.people.tone import encode

IRIS_COLOURS: dict[str, tuple[tuple[float, float, float], tuple[float, float, float]]] = {
    "dark brown": ((0.215, 0.125, 0.080), (0.15, 0.080, 0.048)),
    "brown": ((0.35, 0.215, 0.13), (0.25, 0.14, 0.075)),
    "amber": ((0.48, 0.32, 0.16), (0.40, 0.23, 0.10)),
    "hazel": ((0.39, 0.345, 0.225), (0.42, 0.27, 0.13)),
    "green": ((0.37, 0.42, 0.315), (0.45, 0.37, 0.21)),
    "grey": ((0.415, 0.46, 0.485), (0.47, 0.46, 0.41)),
    "blue": ((0.345, 0.445, 0.55), (0.52, 0.54, 0.53)),
    "light blue": ((0.455, 0.55, 0.63), (0.58, 0.62, 0.62)),
}
"""sRGB of the outer ring and of the ring about the pupil."""


@dataclass(frozen=True, kw_only=True)
class Iris:
    """The irises of one person.

    Raises:
        UsageError: the colour has no such name.
    """

    colour: str = "brown"
    """One of `IRIS_COLOURS`."""
    ring: float = 0.7
    """Darkness of the limbal ring."""
    years: float = 35.0
    veins: float = 0.35
    seed: int = 0

    def __post_init__(self) -> None:
        if self.colour not in IRIS_COLOURS:
            raise UsageError(f"an iris is one of {', '.join(IRIS_COLOURS)}, not {self.colour!r}")


def iris_texture(iris: Iris, size: int = 512) -> UInt8[ndarray, "size size 3"]:
    """Return the iris seen from the front; it fills the texture's inscribed circle. The pupil is not painted."""
    y, x = (np.mgrid[0:size, 0:size] + 0.5) / (size / 2) - 1
    out, turn = np.hypot(x, y).ravel(), np.arctan2(-y, x).ravel()
    # Fibres follow the angle, and waver with the radius; noise on a circle has no seam.
    waver = turn + 0.10 * noise(np.stack([np.cos(turn) * 3, np.sin(turn) * 3, out * 4], 1), 1.0, iris.seed)

    def around(count: float, along: float, seed: int, octaves: int = 1) -> Float32[ndarray, " n"]:
        points = np.stack([np.cos(waver) * count, np.sin(waver) * count, out * along], 1)
        return noise(points, 1.0, iris.seed + seed, octaves)

    coarse, fine = around(7, 1.6, 1, 2), around(22, 2.2, 2, 2)
    crypts = step(around(5, 4.5, 3, 2), 0.38, 0.35) * step(out, 0.42, 0.1) * step(0.86 - out, 0, 0.15)
    edge = 0.46 + 0.05 * around(2.5, 0.0, 4)
    outer, inner = (linear(c) for c in IRIS_COLOURS[iris.colour])
    share = step(edge + 0.10 * coarse - out, 0.0, 0.22)[:, None]
    colour = outer * (1 - share) + inner * share
    bright = 1 + 0.30 * coarse + 0.34 * fine + 0.22 * line(out - edge, 0.0, 0.06)
    furrows = 0.10 * np.cos(out * 42 + 1.5 * coarse) * step(out, 0.6, 0.2) * step(0.92 - out, 0, 0.1)
    colour = colour * np.clip(bright - 0.42 * crypts + furrows, 0.25, 2.2)[:, None]
    flecks = step(around(4, 6.0, 5), 0.52, 0.12) * (iris.colour in ("hazel", "green", "blue", "grey"))
    colour = colour * (1 - 0.55 * flecks[:, None]) + linear((0.36, 0.22, 0.10)) * 0.55 * flecks[:, None]
    colour = colour * (1 - iris.ring * step(out + 0.03 * coarse, 0.90, 0.20))[:, None]
    old = float(np.clip((iris.years - 55) / 40, 0, 1))  # arcus senilis: a pale ring within the limbus
    pale = (0.45 * old * line(out, 0.93, 0.05))[:, None]
    colour = colour * (1 - pale) + np.array([0.42, 0.43, 0.42], np.float32) * pale
    return encode(np.clip(colour, 0.002, 0.9)).reshape(size, size, 3)


def white_texture(iris: Iris, inward: float, limbus: float, size: int = 256) -> UInt8[ndarray, "size size 3"]:
    """Return the white of an eye, equidistant about the axis: the texture's inscribed circle is the back pole.

    Args:
        iris: whose eye.
        inward: -1 where the nose is to the left of the picture, else 1.
        limbus: angle of the iris' edge from the axis, radians.
        size: texels along a side.
    """
    y, x = (np.mgrid[0:size, 0:size] + 0.5) / (size / 2) - 1
    x, y = x.ravel() * inward, -y.ravel()
    away = np.pi * np.hypot(x, y)
    nose = np.clip(x / np.maximum(np.hypot(x, y), 1e-6), -1, 1) * away
    points = np.stack([np.sin(away) * x / np.maximum(np.hypot(x, y), 1e-6), np.sin(away) * y / np.maximum(
        np.hypot(x, y), 1e-6), np.cos(away)], 1)  # fmt: skip
    old = float(np.clip((iris.years - 25) / 60, 0, 1))
    colour = np.array([0.50, 0.465, 0.44], np.float32) * np.array([1.0, 1 - 0.03 * old, 1 - 0.14 * old], np.float32)
    clouds = noise(points, 0.5, iris.seed + 11, 2)[:, None]
    colour = colour * (1 + 0.05 * clouds)
    bent = points + 0.08 * np.stack([noise(points, 0.22, iris.seed + 12 + i, 2) for i in range(3)], 1)
    veins = np.zeros(len(away), np.float32)
    for size_, width, share in ((0.42, 0.035, 1.0), (0.20, 0.045, 0.6)):
        ridge = 1 - np.abs(noise(bent, size_, iris.seed + 15 + int(size_ * 100))) / width
        veins = np.maximum(veins, share * np.clip(ridge, 0, 1))
    veins = veins * step(away, limbus + 0.22, 0.6) * (0.5 + 0.5 * noise(points, 0.3, iris.seed + 19))
    pink = iris.veins * (0.55 * np.clip(veins, 0, 1) + 0.10 * step(away, limbus + 0.5, 0.7))
    pink = pink + 0.55 * step(nose, limbus + 0.52, 0.30)  # toward the caruncle
    colour = colour * (1 - np.clip(pink, 0, 0.8)[:, None] * np.array([0.12, 0.62, 0.60], np.float32))
    rim = step(limbus + 0.05 - away, 0, 0.10)[:, None]
    colour = colour * (1 - rim * np.array([0.45, 0.42, 0.38], np.float32))
    return encode(np.clip(colour, 0.01, 0.9)).reshape(size, size, 3)
