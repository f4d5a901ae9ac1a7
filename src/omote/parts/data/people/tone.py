"""The colour of skin from what is in it: melanin above, blood below.

Source: the two-layer, two-chromophore view of skin of Donner and Jensen, "A Spectral BSSRDF for Shading Human Skin"
(2006), tabulated over melanin and haemoglobin as Jimenez et al., "A Practical Appearance Model for Dynamic Facial
Color" (2010), do. Absorption of melanin and scattering of skin: Jacques, "Optical properties of biological tissues"
(2013); of haemoglobin: Prahl's compilation (1998). Light crosses the epidermis twice (Beer-Lambert) and is given back
by the dermis (Kubelka-Munk, semi-infinite). The more melanin, the flatter its spectrum, as Zonios and Dimou measured in
living skin, "Melanin optical properties provide evidence for chemical and structural disorder in vivo" (2008); a little
light turns back at the surface's melanosomes whatever lies below. Both were set by eye so that, as spectrophotometers
find across peoples, chroma is highest at medium lightness and lower in the palest and in the darkest skin.
Observer: Wyman, Sloan and Shirley's fit of CIE 1931 (2013), light D65.

Notation: wavelengths in nanometres, absorption and scattering in 1/mm.
"""

from functools import cache, lru_cache
from typing import no_type_check

import numpy as np
from jaxtyping import Float, Float32, Float64, UInt8
from numba import njit
from numpy import ndarray

WAVELENGTHS = np.arange(400.0, 701.0, 10.0)
OXY = np.array([
    266232, 466840, 480360, 246072, 102580, 62816, 44480, 33209, 26629, 23684, 20933, 20035,
    24202, 39957, 53236, 43016, 32613, 44496, 50104, 14401, 3200, 1506, 942, 610,
    442, 368, 320, 294, 278, 276, 290,
], np.float64)  # fmt: skip
"""Molar extinction of oxygenated haemoglobin, 1/(cm M)."""
DEOXY = np.array([
    223296, 303956, 407560, 528600, 413280, 103292, 23389, 16156, 14550, 16684, 20862, 25774,
    31590, 39036, 46592, 53412, 53788, 45072, 37020, 28324, 14677, 9444, 6510, 5149,
    4345, 3750, 3227, 2795, 2408, 2052, 1794,
], np.float64)  # fmt: skip
D65 = np.array([
    82.75, 91.49, 93.43, 86.68, 104.86, 117.01, 117.81, 114.86, 115.92, 108.81, 109.35, 107.80,
    104.79, 107.69, 104.41, 104.05, 100.0, 96.33, 95.79, 88.69, 90.01, 89.60, 87.70, 83.29,
    83.70, 80.03, 80.21, 82.28, 78.28, 69.72, 71.61,
], np.float64)  # fmt: skip
BLOOD = 2.303 * 150 / 64500 / 10
"""1/mm of whole blood for each 1/(cm M): 150 g of haemoglobin in a litre, 64,500 g/mol."""
OXYGEN = 0.72
"""Share of the haemoglobin that carries oxygen."""
DEPTH = 0.13
"""Millimetres of epidermis that light crosses on its way in and out, slanted paths included."""
SLOPE = (3.33, 1.0)
"""Exponent of melanin's spectrum at the palest and at the darkest skin."""
BACKSCATTER = 0.018
"""Share of light that turns back above the pigment."""
MELANIN = (0.012, 0.52)
"""Share of the epidermis' volume that is melanosomes, of the palest and of the darkest skin."""
PACKING = 0.6
"""How much less blood absorbs when it is gathered in vessels than when it is spread evenly (van Veen et al. 2002)."""
BLOODY = (0.002, 0.15)
"""Share of the dermis' volume that is blood, of the palest and of the reddest skin."""
SIDE = 96
"""Entries of the table along each axis."""
TO_SRGB = np.array([[3.2406, -1.5372, -0.4986], [-0.9689, 1.8758, 0.0415], [0.0557, -0.2040, 1.0570]])


def observer(wavelength: Float64[ndarray, " n"]) -> Float64[ndarray, "n 3"]:
    """Return the CIE 1931 colour matching functions."""

    def lobe(middle: float, below: float, above: float) -> ndarray:
        t = (wavelength - middle) * np.where(wavelength < middle, below, above)
        return np.exp(-0.5 * t * t)

    x = 0.362 * lobe(442.0, 0.0624, 0.0374) + 1.056 * lobe(599.8, 0.0264, 0.0323) - 0.065 * lobe(501.1, 0.0490, 0.0382)
    y = 0.821 * lobe(568.8, 0.0213, 0.0247) + 0.286 * lobe(530.9, 0.0613, 0.0322)
    z = 1.217 * lobe(437.0, 0.0845, 0.0278) + 0.681 * lobe(459.0, 0.0385, 0.0725)
    return np.stack([x, y, z], -1)


def reflectance(
    melanin: Float[ndarray, " n"], blood: Float[ndarray, " n"], carotene: float = 0.3, redness: float = 0.1
) -> Float64[ndarray, "n w"]:
    """Return the diffuse reflectance over `WAVELENGTHS`.

    Args:
        melanin: share of the epidermis' volume.
        blood: share of the dermis' volume.
        carotene: 0 to 1: yellow from food.
        redness: share of pheomelanin, which lets red through, in the melanin.
    """
    dark = np.sqrt(melanin / MELANIN[1])[:, None]
    slope = SLOPE[0] + (SLOPE[1] - SLOPE[0]) * dark + 1.4 * redness
    pigment = 6.6e10 * 550**-3.33 * (WAVELENGTHS / 550) ** -slope
    flesh = 0.0244 + 0.853 * np.exp(-(WAVELENGTHS - 154) / 66.2)
    yellow = 0.2 * carotene * (np.exp(-(((WAVELENGTHS - 452) / 26) ** 2)) + np.exp(-(((WAVELENGTHS - 482) / 17) ** 2)))
    above = melanin[:, None] * pigment + (1 - melanin[:, None]) * flesh
    haemoglobin = BLOOD * (OXYGEN * OXY + (1 - OXYGEN) * DEOXY)
    below = PACKING * blood[:, None] * haemoglobin + (1 - blood[:, None]) * (0.5 * flesh + yellow)
    scattering = 4.6 * (WAVELENGTHS / 500) ** -1.421
    ratio = 2 * below / (0.75 * scattering)
    through = np.exp(-above * DEPTH) * (1 + ratio - np.sqrt(ratio**2 + 2 * ratio))
    return BACKSCATTER + (1 - BACKSCATTER) * through


def to_linear(spectrum: Float[ndarray, "n w"]) -> Float64[ndarray, "n 3"]:
    """Return linear sRGB of reflectances over `WAVELENGTHS` under D65."""
    weights = observer(WAVELENGTHS) * D65[:, None]
    white = weights.sum(0)
    xyz = spectrum @ (weights / white) * np.array([0.9505, 1.0, 1.089])
    return xyz @ TO_SRGB.T


@lru_cache(maxsize=64)
def table(carotene: float = 0.3, redness: float = 0.1) -> Float32[ndarray, "side side 3"]:
    """Return linear sRGB over `level` of melanin (rows) and of blood (columns), both from 0 to 1."""
    at = np.linspace(0, 1, SIDE) ** 2
    melanin = MELANIN[0] + at * (MELANIN[1] - MELANIN[0])
    blood = BLOODY[0] + at * (BLOODY[1] - BLOODY[0])
    both = np.stack(np.meshgrid(melanin, blood, indexing="ij"), -1).reshape(-1, 2)
    colour = to_linear(reflectance(both[:, 0], both[:, 1], carotene, redness))
    return np.clip(colour, 0.001, 1).reshape(SIDE, SIDE, 3).astype(np.float32)


def level(share: float, bounds: tuple[float, float]) -> float:
    """Return where a volume share lies between the least and the most of all people, so that steps look alike."""
    return float(np.sqrt(np.clip((share - bounds[0]) / (bounds[1] - bounds[0]), 0, 1)))


def skin_colour(
    melanin: Float[ndarray, " n"], blood: Float[ndarray, " n"], colours: Float32[ndarray, "side side 3"] | None = None
) -> Float32[ndarray, "n 3"]:
    """Return linear sRGB of skin.

    Args:
        melanin: `level`, 0 to 1.
        blood: `level`, 0 to 1.
        colours: a `table`; None: the common one.
    """
    flat = np.ascontiguousarray(table() if colours is None else colours).reshape(-1, 3)
    out = np.empty((len(melanin), 3), np.float32)
    _look_up(np.ascontiguousarray(melanin, np.float32), np.ascontiguousarray(blood, np.float32), flat, SIDE, out)
    return out


@no_type_check
@njit(cache=True)
def _look_up(melanin, blood, flat, side, out):
    top = np.float32(side - 1)
    for n in range(len(melanin)):
        x = min(max(melanin[n], np.float32(0)), np.float32(1)) * top
        y = min(max(blood[n], np.float32(0)), np.float32(1)) * top
        row, column = min(int(x), side - 2), min(int(y), side - 2)
        fx, fy = x - np.float32(row), y - np.float32(column)
        first = row * side + column
        for c in range(3):
            upper = flat[first, c] * (1 - fy) + flat[first + 1, c] * fy
            lower = flat[first + side, c] * (1 - fy) + flat[first + side + 1, c] * fy
            out[n, c] = upper * (1 - fx) + lower * fx


def encode(linear: Float[ndarray, "*n 3"]) -> UInt8[ndarray, "*n 3"]:
    """Return sRGB of linear colours, through a table of 4096 steps of their root."""
    index = np.sqrt(np.clip(linear, 0, 1)) * np.float32(4095) + np.float32(0.5)
    return _curve()[index.astype(np.uint16)]


@cache
def _curve() -> UInt8[ndarray, " 4096"]:
    c = (np.arange(4096) / 4095) ** 2
    return np.round(np.where(c <= 0.0031308, 12.92 * c, 1.055 * c ** (1 / 2.4) - 0.055) * 255).astype(np.uint8)
