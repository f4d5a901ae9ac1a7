"""Fabrics: what is woven, printed and dyed, as a picture laid on a garment's panels.

A fabric is a function of metres along the cloth, as a bolt of cloth is, so that stripes run along sleeves and break at
seams. Weave, wear and hems are painted over it; folds are not, they are geometry.

Notation: u across and v along a panel, metres; colours sRGB 0..1, albedo linear.
"""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from jaxtyping import Float, Float32
from numpy import ndarray

from omote.parts.data.cloth import Colour, line, linear, step
from omote.parts.data.noise import noise

Pattern = Literal[
    "plain",
    "stripes",
    "pinstripes",
    "breton",
    "checks",
    "tartan",
    "gingham",
    "dots",
    "floral",
    "camouflage",
    "herringbone",
    "argyle",
    "colour block",
    "print",
    "marl",
]
PATTERNS: tuple[Pattern, ...] = get_args(Pattern)
Weave = Literal["cotton", "denim", "wool", "knit", "silk", "leather", "nylon"]
GLOSS: dict[Weave, tuple[float, float]] = {
    "cotton": (0.02, 0.85),
    "denim": (0.02, 0.85),
    "wool": (0.01, 0.95),
    "knit": (0.01, 0.95),
    "silk": (0.035, 0.58),
    "leather": (0.04, 0.50),
    "nylon": (0.045, 0.55),
}
"""(specular strength, roughness) of each weave."""


@dataclass(frozen=True, kw_only=True)
class Fabric:
    """Cloth by the metre."""

    colour: Colour
    second: Colour = (0.92, 0.91, 0.88)
    third: Colour = (0.15, 0.15, 0.17)
    pattern: Pattern = "plain"
    weave: Weave = "cotton"
    scale: float = 1.0
    """Of the pattern; 1 is usual."""
    worn: float = 0.0
    """How far it is faded, 0..1."""
    seed: int = 0

    def paint(
        self, cloth: Float[ndarray, "n 2"], hem: Float[ndarray, " n"], height: Float[ndarray, " n"]
    ) -> Float32[ndarray, "n 3"]:
        """Return the albedo (linear) of points of a garment.

        Args:
            cloth: metres across and along the panel.
            hem: metres to the garment's edge.
            height: 0 at the garment's lowest, 1 at its highest.
        """
        points = np.concatenate([cloth, np.zeros((len(cloth), 1))], 1)
        shares = _PATTERNS[self.pattern](self, cloth / self.scale, points / self.scale, height)
        base, second, third = (linear(c) for c in (self.colour, self.second, self.third))
        albedo = base * (1 - shares[0] - shares[1])[:, None] + second * shares[0][:, None] + third * shares[1][:, None]
        albedo = albedo * self._weave(cloth, points)[:, None]
        if self.worn:
            patches = step(noise(points, 0.12, self.seed + 9, 3), 0.1, 0.8)
            albedo = albedo + self.worn * 0.35 * patches[:, None] * (0.6 - albedo)
        stitch = 0.22 * line(hem, 0.016, 0.0013) + 0.30 * line(hem, 0.0, 0.003)
        return np.clip(albedo * (1 - stitch)[:, None], 0.003, 0.92).astype(np.float32)

    def _weave(self, cloth: ndarray, points: ndarray) -> ndarray:
        """Return how much lighter or darker the yarn makes each point."""
        u, v = cloth.T
        uneven = 1 + 0.03 * noise(points, 0.05, self.seed, 3)
        if self.weave == "denim":
            twill = noise(np.stack([u + v, (u - v) * 0.2, 0 * u], 1), 0.0014, self.seed + 1)
            return uneven * (1 + 0.16 * twill + 0.05 * noise(points, 0.02, self.seed + 2, 2))
        if self.weave == "knit":
            stitches = np.sin(2 * np.pi * u / 0.006) * np.sin(2 * np.pi * (v / 0.008 + 0.5 * np.sin(np.pi * u / 0.006)))
            cables = 1 - 0.22 * np.clip(np.cos(2 * np.pi * u / (0.03 * self.scale)), 0, 1) ** 4
            return uneven * (1 + 0.10 * stitches) * cables
        if self.weave == "wool":
            return uneven * (1 + 0.10 * noise(points, 0.003, self.seed + 1, 2))
        if self.weave == "leather":
            return uneven * (1 + 0.10 * noise(points, 0.006, self.seed + 1, 3))
        return uneven * (1 + 0.05 * noise(points, 0.0016, self.seed + 1))


def _plain(fabric: Fabric, c: ndarray, p: ndarray, height: ndarray) -> tuple[ndarray, ndarray]:
    return np.zeros(len(c)), np.zeros(len(c))


def _stripes(fabric: Fabric, c: ndarray, p: ndarray, height: ndarray) -> tuple[ndarray, ndarray]:
    return step(np.abs((c[:, 1] / 0.04) % 1 - 0.5), 0.25, 0.04), np.zeros(len(c))


def _pinstripes(fabric: Fabric, c: ndarray, p: ndarray, height: ndarray) -> tuple[ndarray, ndarray]:
    return 0.7 * step(np.abs((c[:, 0] / 0.018) % 1 - 0.5), 0.455, 0.03), np.zeros(len(c))


def _breton(fabric: Fabric, c: ndarray, p: ndarray, height: ndarray) -> tuple[ndarray, ndarray]:
    band = step(np.abs((c[:, 1] / 0.030) % 1 - 0.5), 0.32, 0.05)
    return band * step(height, 0.12, 0.02) * (1 - step(height, 0.84, 0.02)), np.zeros(len(c))


def _checks(fabric: Fabric, c: ndarray, p: ndarray, height: ndarray) -> tuple[ndarray, ndarray]:
    a, b = (step(np.abs((c[:, i] / 0.05) % 1 - 0.5), 0.25, 0.03) for i in (0, 1))
    return 0.5 * (a + b), np.zeros(len(c))


def _tartan(fabric: Fabric, c: ndarray, p: ndarray, height: ndarray) -> tuple[ndarray, ndarray]:
    def threads(x: ndarray) -> tuple[ndarray, ndarray]:
        at = (x / 0.085) % 1
        broad = step(np.abs(at - 0.5), 0.30, 0.02)
        fine = line(at, 0.35, 0.025) + line(at, 0.65, 0.025) + 0.8 * line(at, 0.97, 0.02)
        return broad, np.clip(fine, 0, 1)

    (a, e), (b, f) = threads(c[:, 0]), threads(c[:, 1])
    third, second = 0.42 * (a + b), 0.42 * np.maximum(e, f)
    return second * (1 - third), third


def _gingham(fabric: Fabric, c: ndarray, p: ndarray, height: ndarray) -> tuple[ndarray, ndarray]:
    a, b = (step(np.abs((c[:, i] / 0.024) % 1 - 0.5), 0.25, 0.04) for i in (0, 1))
    return 0.5 * (a + b), np.zeros(len(c))


def _dots(fabric: Fabric, c: ndarray, p: ndarray, height: ndarray) -> tuple[ndarray, ndarray]:
    pitch = 0.036
    row = np.floor(c[:, 1] / pitch)
    u, v = ((c[:, 0] / pitch + 0.5 * (row % 2)) % 1 - 0.5), (c[:, 1] / pitch) % 1 - 0.5
    return step(0.24 - np.hypot(u, v), 0, 0.04), np.zeros(len(c))


def _floral(fabric: Fabric, c: ndarray, p: ndarray, height: ndarray) -> tuple[ndarray, ndarray]:
    """Blossoms and leaves scattered over a jittered grid."""
    pitch = 0.055
    cell = np.floor(c / pitch)
    flower, leaf = np.zeros(len(c)), np.zeros(len(c))
    for du in (-1, 0, 1):
        for dv in (-1, 0, 1):
            own = cell + np.array([du, dv])
            key = np.concatenate([own * 7.31 + 0.5, np.full((len(c), 1), 0.37)], 1)
            shift = np.stack([noise(key, 1.0, fabric.seed + k) for k in (3, 4, 5, 6)], 1)
            d = c - (own + 0.5 + 0.45 * shift[:, :2]) * pitch
            angle, radius = np.arctan2(d[:, 1], d[:, 0]) + 6 * shift[:, 2], np.hypot(*d.T)
            size = pitch * (0.28 + 0.14 * shift[:, 3])
            petals = size * (0.72 + 0.28 * np.cos(5 * angle))
            flower = np.maximum(flower, step(petals - radius, 0, 0.002) * (1 - step(0.22 * size - radius, 0, 0.002)))
            blade = np.hypot((d[:, 0] - 0.9 * size) * 1.0, (d[:, 1] + 0.5 * size) * 2.4)
            leaf = np.maximum(leaf, step(0.62 * size - blade, 0, 0.002))
    return flower, leaf * (1 - flower)


def _camouflage(fabric: Fabric, c: ndarray, p: ndarray, height: ndarray) -> tuple[ndarray, ndarray]:
    a = step(noise(p, (0.09, 0.05, 1), fabric.seed + 3, 3), 0.06, 0.03)
    b = step(noise(p, (0.08, 0.05, 1), fabric.seed + 4, 3), 0.16, 0.03)
    return a * (1 - b), b


def _herringbone(fabric: Fabric, c: ndarray, p: ndarray, height: ndarray) -> tuple[ndarray, ndarray]:
    column = np.abs((c[:, 0] / 0.028) % 1 - 0.5) * 0.028
    return 0.45 * step(np.abs(((c[:, 1] + 2 * column) / 0.009) % 1 - 0.5), 0.25, 0.2), np.zeros(len(c))


def _argyle(fabric: Fabric, c: ndarray, p: ndarray, height: ndarray) -> tuple[ndarray, ndarray]:
    u, v = c[:, 0] / 0.09, c[:, 1] / 0.13
    a, b = (u + v) % 1, (u - v) % 1
    lozenge = ((np.floor(u + v) + np.floor(u - v)) % 2 == 0).astype(float)
    thread = np.maximum(line(np.abs(a - 0.5), 0.0, 0.02), line(np.abs(b - 0.5), 0.0, 0.02))
    return 0.8 * lozenge * (1 - thread), 0.6 * thread


def _block(fabric: Fabric, c: ndarray, p: ndarray, height: ndarray) -> tuple[ndarray, ndarray]:
    low, high = step(0.34 - height, 0, 0.004), step(height, 0.70, 0.004)
    return low, high


def _print(fabric: Fabric, c: ndarray, p: ndarray, height: ndarray) -> tuple[ndarray, ndarray]:
    """A round emblem in the middle of the front, which is where a trunk panel's u is 0."""
    d = np.hypot(c[:, 0], (height - 0.62) * 0.62)
    angle = np.arctan2((height - 0.62) * 0.62, c[:, 0])
    spikes = 0.5 + 0.5 * np.cos((5 + fabric.seed % 7) * angle + 9 * d)
    disc = step(0.085 - d, 0, 0.003)
    ring = disc * step(d, 0.072, 0.003)
    return np.clip(ring + disc * (1 - ring) * step(spikes, 0.5, 0.08), 0, 1), np.zeros(len(c))


def _marl(fabric: Fabric, c: ndarray, p: ndarray, height: ndarray) -> tuple[ndarray, ndarray]:
    return 0.35 * step(noise(p, (0.002, 0.007, 1), fabric.seed + 3, 2), 0.0, 0.6), np.zeros(len(c))


_PATTERNS = {
    "plain": _plain,
    "stripes": _stripes,
    "pinstripes": _pinstripes,
    "breton": _breton,
    "checks": _checks,
    "tartan": _tartan,
    "gingham": _gingham,
    "dots": _dots,
    "floral": _floral,
    "camouflage": _camouflage,
    "herringbone": _herringbone,
    "argyle": _argyle,
    "colour block": _block,
    "print": _print,
    "marl": _marl,
}
