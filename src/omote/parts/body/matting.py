"""From a rough mask of a person to a soft matte and clean foreground colours.

Sources: Levin, Lischinski and Weiss, "A Closed-Form Solution to Natural Image Matting" (PAMI 2008) and Germer et al.,
"Fast Multi-Level Foreground Estimation" (2020), both as `pymatting` has them. A network's mask is right to within a
few pixels; the matting equation decides in the band where it may be wrong. Where the background is plain (a studio
wall, a cut-out), its colour is modelled as a quadratic surface and the band is drawn from the colours alone, which
follows the person to the pixel.

Notation: I = alpha * F + (1 - alpha) * B, per pixel.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float32, UInt8
from numpy import ndarray
from scipy import ndimage
from skimage import measure

from omote.core.errors import NobodyError, ShapeError


@dataclass(frozen=True, kw_only=True)
class MattingConfig:
    """How wide the doubt around a rough mask is."""

    band: float = 0.008
    """Half width of the unknown band around an uncertain edge, as a share of the person's height."""
    plain_spread: float = 0.03
    """A background is plain when its colours leave a quadratic surface by less than this (robust deviation)."""
    key: float = 0.1
    """Colour distance (0..1, largest channel) from a plain background at which a pixel is surely the person's."""
    cut_out_key: float = 0.02
    """The same before a background without any grain: somebody was cut out already, and dark clothes may be near it."""


@dataclass(frozen=True, kw_only=True)
class Matte:
    """A person cut out of a photograph."""

    alpha: Float32[ndarray, "h w"]
    """Coverage, 0..1."""
    foreground: UInt8[ndarray, "h w 3"]
    """The person's own colours, free of background, defined everywhere near the person."""


def matte(
    rgb: UInt8[ndarray, "h w 3"],
    rough: Float[ndarray, "h w"],
    config: MattingConfig | None = None,
) -> Matte:
    """Refine a rough mask into coverage and foreground colours.

    Args:
        rgb: the photograph.
        rough: where the person is, 0..1, right to within a few pixels.
        config: widths and thresholds.

    Raises:
        ShapeError: mask and photograph differ in size.
        NobodyError: the mask is empty.
    """
    config = config or MattingConfig()
    if rgb.shape[:2] != rough.shape:
        raise ShapeError(f"a mask of {rough.shape} does not fit a photograph of {rgb.shape[:2]}")
    y0, y1, x0, x1 = _box(rough, margin=0.06)
    crop = rgb[y0:y1, x0:x1].astype(np.float64) / 255
    known = _trimap(crop, np.asarray(rough[y0:y1, x0:x1], np.float64), config)
    alpha = np.zeros(rough.shape, np.float32)
    alpha[y0:y1, x0:x1] = _solve(crop, known)
    return Matte(alpha=alpha, foreground=foreground(rgb, alpha))


def foreground(rgb: UInt8[ndarray, "h w 3"], alpha: Float[ndarray, "h w"]) -> UInt8[ndarray, "h w 3"]:
    """Return the person's colours with the background's share taken out, spread outwards beyond the edge."""
    from pymatting import estimate_foreground_ml

    y0, y1, x0, x1 = _box(alpha, margin=0.06)
    crop = rgb[y0:y1, x0:x1].astype(np.float64) / 255
    estimated = estimate_foreground_ml(crop, alpha[y0:y1, x0:x1].astype(np.float64))
    whole = rgb.copy()
    whole[y0:y1, x0:x1] = (np.clip(np.asarray(estimated), 0, 1) * 255 + 0.5).astype(np.uint8)
    return whole


def plain_background(
    rgb: Float[ndarray, "h w 3"], person: Bool[ndarray, "h w"], spread: float
) -> Float[ndarray, "h w 3"] | None:
    """Return the background's colour at every pixel if it is plain, else None.

    Args:
        rgb: colours 0..1.
        person: pixels that may be the person's, generously.
        spread: robust deviation from a quadratic surface up to which a background counts as plain.
    """
    h, w = person.shape
    y, x = np.mgrid[0:h, 0:w]
    y, x = 2 * y / h - 1, 2 * x / w - 1
    basis = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], -1)
    samples = np.flatnonzero(~person)
    if samples.size < 0.02 * person.size:
        return None
    samples = samples[:: max(1, samples.size // 20_000)]
    design, colours = basis.reshape(-1, 6)[samples], rgb.reshape(-1, 3)[samples]
    surface = np.linalg.lstsq(design, colours, rcond=None)[0]
    for _ in range(3):
        distance = np.abs(colours - design @ surface).max(-1)
        keep = distance < max(2.5 * float(np.median(distance)), 0.01)
        surface = np.linalg.lstsq(design[keep], colours[keep], rcond=None)[0]
    distance = np.abs(colours - design @ surface).max(-1)
    if float(np.quantile(distance, 0.75)) > spread:
        return None
    return np.clip(basis @ surface, 0, 1)


def depth_in(mask: Bool[ndarray, "h w"]) -> Float[ndarray, "h w"]:
    """Return how far inside a mask each pixel is, in pixels; 0 outside of it."""
    return np.asarray(ndimage.distance_transform_edt(mask))


def _trimap(rgb: Float[ndarray, "h w 3"], rough: Float[ndarray, "h w"], config: MattingConfig) -> Float[ndarray, "h w"]:
    """Return 1 where surely person, 0 where surely not, 0.5 where matting has to decide."""
    height = float(np.ptp(np.flatnonzero((rough > 0.5).any(1)))) + 1
    reach = max(2.0, config.band * height)
    inside = depth_in(rough > 0.9) > reach
    outside = depth_in(rough < 0.1) > reach
    generous = depth_in(rough < 0.1) < 4 * reach
    background = plain_background(rgb, generous, config.plain_spread)
    if background is not None:
        apart = ndimage.median_filter(np.abs(rgb - background).max(-1), 3)
        grainless = float(np.quantile(apart[~generous], 0.99)) < 0.5 * config.cut_out_key
        key = config.cut_out_key if grainless else config.key
        unlike = (apart > key) & ~_shadow(rgb, background, rough)
        sure = (depth_in(rough > 0.9) > 2 * reach) & (not grainless)
        person = _fill_specks((unlike & generous) | sure, (0.01 * height) ** 2)
        person |= np.asarray(ndimage.binary_closing(person, iterations=round(reach)), bool) & (
            rough > 0.6
        )  # stripes like the wall
        person = _largest(ndimage.binary_opening(person, iterations=1))
        like = (apart < 0.4 * key) & ((rough < 0.98) | grainless)
        like = np.asarray(ndimage.binary_opening(like, iterations=round(0.6 * reach)), bool)
        inside = depth_in(person & ~like) > 3
        outside = depth_in(~person) > 2.5
    known = np.full(rough.shape, 0.5)
    known[outside] = 0
    known[inside] = 1
    return known


def _shadow(
    rgb: Float[ndarray, "h w 3"], background: Float[ndarray, "h w 3"], rough: Float[ndarray, "h w"]
) -> Bool[ndarray, "h w"]:
    """Return where a plain background is only darkened, outside of what the network takes for the person."""
    ratio = (rgb + 0.02) / (background + 0.02)
    return (ratio.max(-1) < 1.02) & (ratio.min(-1) > 0.55) & (np.ptp(ratio, axis=-1) < 0.06) & (rough < 0.5)


def _solve(rgb: Float[ndarray, "h w 3"], known: Float[ndarray, "h w"]) -> Float32[ndarray, "h w"]:
    """Fill the unknown band by closed-form matting."""
    from pymatting import estimate_alpha_cf

    if not ((known > 0) & (known < 1)).any() or not (known == 1).any() or not (known == 0).any():
        return known.astype(np.float32)
    alpha = estimate_alpha_cf(rgb, known, laplacian_kwargs={"epsilon": 1e-5}, cg_kwargs={"rtol": 1e-5})
    return np.clip((np.asarray(alpha) - 0.03) / 0.94, 0, 1).astype(np.float32)


def _fill_specks(mask: Bool[ndarray, "h w"], area: float) -> Bool[ndarray, "h w"]:
    """Close holes of at most an area, pixels: buttons and shirt fronts, but not what an arm encloses."""
    labels = np.asarray(measure.label(~mask, connectivity=1))
    return mask | (np.bincount(labels.ravel()) <= area)[labels]


def _largest(mask: Bool[ndarray, "h w"]) -> Bool[ndarray, "h w"]:
    """Keep the largest connected piece and what is at least a twentieth of it."""
    labels = np.asarray(measure.label(mask, connectivity=1))
    if labels.max() < 2:
        return mask
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    return (sizes >= 0.05 * sizes.max())[labels]


def _box(mask: Float[ndarray, "h w"], margin: float) -> tuple[int, int, int, int]:
    """Return y0, y1, x0, x1 of the mask with a margin (share of its longer side), inside the picture."""
    rows, columns = np.flatnonzero((mask > 0.1).any(1)), np.flatnonzero((mask > 0.1).any(0))
    if rows.size == 0:
        raise NobodyError("the mask of the person is empty; choose a photograph in which the person is plainly seen")
    grow = int(margin * max(np.ptp(rows), np.ptp(columns))) + 8
    h, w = mask.shape
    return (
        max(0, int(rows[0]) - grow),
        min(h, int(rows[-1]) + 1 + grow),
        max(0, int(columns[0]) - grow),
        min(w, int(columns[-1]) + 1 + grow),
    )
