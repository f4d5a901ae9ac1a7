"""What skin and eyes look like: tone and its variation, lips, brows, lashes, stubble; iris, pupil, white.

Everything is painted on the mean adult, whose eyes lie at (+-0.031, 0.892, 0.134) and whose mouth at (0, 0.826, 0.16).
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32
from numpy import ndarray
from scipy.spatial import KDTree

from omote.parts.body.anny import MASKS, PARTS
from omote.parts.data.cloth import Colour, bumped, line, linear, step
from omote.parts.data.figure import Figure
from omote.parts.data.noise import noise, slope
from omote.parts.data.studio import Fragments, Layer, Paint

EYE = (0.031, 0.892)
"""(x, y) of the left eye on the mean adult, metres."""
IRIS, PUPIL = 0.50, 0.21
"""Sines of the angles that iris and pupil span from the eye's axis."""


@dataclass(frozen=True, kw_only=True)
class Complexion:
    """Skin of one person."""

    tone: Colour
    lips: Colour
    brows: Colour
    roots: Colour
    """Of the hair, which shows through at the hairline."""
    brow_weight: float = 1.0
    """Thickness and density."""
    lashes: float = 0.7
    lip_gloss: float = 0.03
    stubble: float = 0.0
    blush: float = 1.0
    freckles: float = 0.0
    seed: int = 0

    def paint(self, what: Fragments) -> Paint:
        """Return the look of the skin."""
        lips, ears, lids, nails, lash, inside, scalp = what.extra.T
        p = what.canonical
        face = step(p[:, 1], 0.75, 0.04) * step(p[:, 2], 0.03, 0.05)
        tone = linear(self.tone)
        blotches = noise(p, 0.03, self.seed, 3)
        pores = noise(p, 0.0018, self.seed + 1, 2)
        albedo = tone * (1 + 0.05 * blotches[:, None] * np.array([0.6, 1.0, 1.1], np.float32) + 0.035 * pores[:, None])
        red = self.blush * self._redness(p, ears)
        albedo = albedo * (1 - red[:, None] * np.array([0.04, 0.26, 0.26], np.float32))
        if self.freckles:
            spots = step(noise(p, 0.0035, self.seed + 2, 2), 0.42, 0.25) * face * line(p[:, 1], 0.865, 0.035)
            albedo = albedo * (1 - self.freckles * spots[:, None] * np.array([0.25, 0.4, 0.5], np.float32))
        shadow = 0.16 * lids + 0.10 * face * self._under_eyes(p)
        albedo = albedo * (1 - shadow[:, None] * np.array([0.8, 1.0, 0.9], np.float32))
        if self.stubble:
            beard = self._beard(p, lips) * (0.7 + 0.5 * noise(p, 0.0016, self.seed + 3))
            albedo = albedo * (1 - self.stubble * beard[:, None] * np.array([0.60, 0.52, 0.45], np.float32))
        lip = step(lips, 0.45, 0.6)[:, None]
        seam = (0.55 * line(p[:, 1], 0.8253, 0.0012) * (np.abs(p[:, 0]) < 0.024) * (p[:, 2] > 0.14))[:, None]
        texture = (1 + 0.10 * noise(p, (0.0012, 0.01, 0.01), self.seed + 4))[:, None]
        albedo = albedo * (1 - lip) + lip * linear(self.lips) * texture * (1 - seam)
        brow = self._brows(p)[:, None]
        albedo = albedo * (1 - brow) + brow * linear(self.brows)
        edge = (self.lashes * line(lash, 0.0, 0.0016) * (p[:, 1] > EYE[1] - 0.001))[:, None]
        edge = edge + (0.35 * self.lashes * line(lash, 0.0, 0.001))[:, None] * (1 - edge)
        albedo = albedo * (1 - 0.93 * np.clip(edge, 0, 1))
        root = step(scalp + 0.004 * noise(p, 0.0014, self.seed + 8), 0.000, 0.022)[:, None] * 0.85
        albedo = albedo * (1 - root) + root * 0.8 * linear(self.roots)
        nail = nails[:, None]
        albedo = albedo * (1 - nail) + nail * (tone * 0.6 + np.array([0.35, 0.2, 0.18], np.float32))
        albedo = albedo * np.where(inside > 0.5, 0.25, 1.0)[:, None]
        relief = slope(p, 0.0028, self.seed + 5, 2) * 0.00010 + slope(p, 0.012, self.seed + 6) * 0.0004
        oily = face * (0.5 + 0.6 * line(np.abs(p[:, 0]), 0.0, 0.018))
        return Paint(
            albedo=np.clip(albedo, 0.003, 0.9).astype(np.float32),
            normal=bumped(what.normal, relief),
            gloss=(0.022 + 0.020 * oily + self.lip_gloss * lip[:, 0] + 0.05 * nails).astype(np.float32),
            sharpness=(14 + 22 * lip[:, 0] + 25 * nails).astype(np.float32),
            wrap=np.broadcast_to(np.array([0.34, 0.20, 0.15], np.float32), (len(p), 3)),
        )

    def _redness(self, p: ndarray, ears: ndarray) -> ndarray:
        x = np.abs(p[:, 0])
        cheeks = np.exp(-(((x - 0.043) / 0.020) ** 2) - ((p[:, 1] - 0.858) / 0.019) ** 2) * (p[:, 2] > 0.05)
        nose = np.exp(-((x / 0.013) ** 2) - ((p[:, 1] - 0.853) / 0.012) ** 2) * (p[:, 2] > 0.13)
        fingers = 0.5 * step(np.abs(p[:, 0]), 0.54, 0.06)
        return 0.75 * cheeks + 0.8 * nose + 0.6 * ears + fingers

    def _under_eyes(self, p: ndarray) -> ndarray:
        x = np.abs(p[:, 0]) - EYE[0]
        return np.exp(-((x / 0.016) ** 2) - ((p[:, 1] - EYE[1] + 0.013) / 0.006) ** 2)

    def _beard(self, p: ndarray, lips: ndarray) -> ndarray:
        x = np.abs(p[:, 0])
        upper = 0.838 + 0.035 * np.clip((x - 0.03) / 0.035, 0, 1.6) ** 1.5
        area = step(upper - p[:, 1], 0, 0.014) * step(p[:, 1], 0.768, 0.03) * step(p[:, 2], 0.045, 0.03)
        moustache = line(p[:, 1], 0.840, 0.006) * (x < 0.026) * (p[:, 2] > 0.12)
        return np.clip(np.maximum(area, moustache), 0, 1) * (1 - step(lips, 0.3, 0.3))

    def _brows(self, p: ndarray) -> ndarray:
        """Return an arch above each eye, thick at the nose, of hairs that lean outward."""
        x = np.abs(p[:, 0])
        along = np.clip((x - 0.0125) / 0.043, 0, 1)
        middle = 0.9105 + 0.0095 * np.sin(np.clip(along * 1.15, 0, 1.15) * 2.2) - 0.004 * along**3
        thick = 0.0039 * (1 - 0.75 * along**1.6) * (0.7 + 0.3 * self.brow_weight)
        body = step(thick - np.abs(p[:, 1] - middle), 0, 0.0032)
        body = body * step(x, 0.0125, 0.006) * step(0.0565 - x, 0, 0.005) * (p[:, 2] > 0.09)
        leaning = np.stack([x + 0.7 * p[:, 1], p[:, 1] * 0.25, p[:, 2] * 0.1], 1)
        hairs = 0.62 + 0.55 * noise(leaning, 0.0016, self.seed + 7)
        return np.clip(body * hairs * self.brow_weight, 0, 0.92)


@dataclass(frozen=True, kw_only=True)
class Eyes:
    """Both eyes of one person."""

    colour: Colour
    seed: int = 0

    def paint(self, what: Fragments) -> Paint:
        """Return the look of the eyes; `extra` holds the direction from the eye's middle, and its turn."""
        way = what.extra / (np.linalg.norm(what.extra, axis=1, keepdims=True) + 1e-9)
        out = np.hypot(way[:, 0], way[:, 1]) + (way[:, 2] < 0)
        angle = np.arctan2(way[:, 1], way[:, 0])
        veins = np.clip(noise(what.canonical, 0.004, self.seed, 2), 0, 1)[:, None] * 0.10
        white = np.array([0.58, 0.55, 0.53], np.float32) * (1 - veins * np.array([0.2, 1, 1], np.float32))
        white = white * (1 - 0.35 * step(out, 0.72, 0.3))[:, None]
        fibres = noise(np.stack([np.cos(angle) * 3, np.sin(angle) * 3, out * 2], 1), 0.35, self.seed + 1, 2)
        ring = 0.55 + 0.6 * np.exp(-(((out - 0.30) / 0.10) ** 2)) + 0.25 * fibres
        ring = ring * (1 - 0.75 * step(out, IRIS - 0.045, 0.09))
        iris = linear(self.colour) * ring[:, None]
        inside = step(IRIS - out, 0, 0.06)[:, None]
        albedo = white * (1 - inside) + iris * inside
        albedo = albedo * (1 - 0.97 * step(PUPIL - out, 0, 0.05))[:, None]
        lidded = step(what.canonical[:, 1], EYE[1] + 0.004, 0.006)  # the upper lid and its lashes shade the eye
        albedo = albedo * (1 - 0.55 * lidded)[:, None]
        count = len(out)
        return Paint(
            albedo=np.clip(albedo, 0.004, 0.9).astype(np.float32),
            normal=(way * 0.6 + what.normal * 0.4).astype(np.float32),
            gloss=np.full(count, 0.10, np.float32),
            sharpness=np.full(count, 60, np.float32),
            wrap=np.broadcast_to(np.array([0.30, 0.26, 0.24], np.float32), (count, 3)),
        )


def skin_layer(figure: Figure, skin: Complexion, scalp: Float32[ndarray, " v"]) -> Layer:
    """Return the body without eyes and toes; `scalp`: metres inside the hairline."""
    model, part = figure.model, figure.model.part
    socket = figure.part("socket")
    rim = np.flatnonzero(np.bincount(model.faces[socket[model.faces].any(1)].ravel(), minlength=len(part)) > 0)
    rim = rim[part[rim] == PARTS.index("head")]
    to_rim = KDTree(figure.canonical[rim]).query(figure.canonical)[0]
    to_rim[socket] = 0
    inside = figure.part("mouth", "tongue")
    masks = [model.masks[:, MASKS.index(n)] for n in ("lips", "ears", "eyelids", "fingernails")]
    extra = np.stack([*masks, to_rim, inside, scalp], 1).astype(np.float32)
    return Layer(
        vertices=figure.vertices,
        faces=model.faces[~figure.part("eye")[model.faces].any(1)],
        canonical=figure.canonical,
        field=np.where(figure.part("foot") & (figure.canonical[:, 2] > 0.05), -1, 1).astype(np.float32),
        extra=extra,
        paint=skin.paint,
    )


def eye_layer(figure: Figure, eyes: Eyes) -> Layer:
    """Return both eyeballs."""
    model = figure.model
    way = np.zeros_like(figure.canonical)
    for side in ("left", "right"):
        own = figure.part(f"{side}_eye")
        points = figure.canonical[own]
        way[own] = points - points.mean(0) * [1, 1, 0] - [0, 0, 0.5 * (points[:, 2].max() + points[:, 2].min())]
    return Layer(
        vertices=figure.vertices,
        faces=model.faces[figure.part("eye")[model.faces].all(1)],
        canonical=figure.canonical,
        field=np.ones(len(way), np.float32),
        extra=way.astype(np.float32),
        paint=eyes.paint,
    )
