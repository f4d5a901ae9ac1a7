"""Skin baked into textures: tone, blood, freckles, lips, pores, lines, stubble, brows, nails, make-up.

Idea: what colours skin is painted, not its colours: a map of melanin and a map of blood, which `tone` turns into sRGB
(Jimenez et al. 2010), so that a freckle, a blush and a lip suit every skin they are on. Paints live in the space of the
mean adult (`skin_fields`), so that the same person has the same skin in every layout and at every size. What light does
(shadows in folds, on the white of the eye) is left to the renderer.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float32, UInt8
from numpy import ndarray

from omote.core.errors import UsageError
from omote.parts.body.anny import PARTS, BodyModel
from omote.parts.data.cloth import Colour, line, linear, step
from omote.parts.data.noise import noise
from omote.parts.data.people.atlas import Texels, sheet
from omote.parts.data.people.head import Head, mean_adult
from omote.parts.data.people.part import Part
from omote.parts.data.people.skin_age import creases, spots
from omote.parts.data.people.skin_fields import EYE, Fields, Map, blob, brow, fields, moustache
from omote.parts.data.people.tone import BLOODY, MELANIN, encode, level, skin_colour, table

FULL_GLOSS = 0.1
"""Head-on reflection that a gloss of 255 stands for."""


@dataclass(frozen=True, kw_only=True)
class MakeUp:
    """Paint on the skin; strengths from 0 to 1."""

    lipstick: Colour = (0.62, 0.12, 0.16)
    lips: float = 0.0
    shadow: Colour = (0.35, 0.24, 0.22)
    lids: float = 0.0
    liner: float = 0.0
    blush: float = 0.0
    foundation: float = 0.0
    """How much it evens the tone out."""


@dataclass(frozen=True, kw_only=True)
class Skin:
    """Skin of one person.

    Raises:
        UsageError: a share or a strength is out of its range.
    """

    melanin: float = 0.04
    """Volume share of melanosomes in the epidermis, 0.012 to 0.52."""
    haemoglobin: float = 0.025
    """Volume share of blood in the dermis, 0.002 to 0.15; cheeks of most people 0.02 to 0.05."""
    carotene: float = 0.3
    redness: float = 0.1
    """Share of pheomelanin."""
    years: float = 30.0
    flush: float = 1.0
    """Of cheeks, nose, ears, knuckles."""
    freckles: float = 0.0
    moles: int = 8
    pores: float = 1.0
    stubble: float = 0.0
    """Shadow of a shaven or short beard."""
    brows: float = 1.0
    """Density of the fine hairs painted below the real ones; 0: none."""
    brow_shape: tuple[float, float, float] = (1.0, 0.0, 1.0)
    """Thickness, lift in metres, arch."""
    hair: Colour = (0.16, 0.11, 0.08)
    """Of brows and stubble, and of roots on the scalp."""
    make_up: MakeUp = field(default_factory=MakeUp)
    seed: int = 0

    def __post_init__(self) -> None:
        for name, low, high in (("melanin", 0, 0.6), ("haemoglobin", 0, 0.2), ("years", 18, 110), ("freckles", 0, 1)):
            if not low <= getattr(self, name) <= high:
                raise UsageError(f"{name} of skin lies in {low}..{high}, not at {getattr(self, name)}")
        if self.moles < 0:
            raise UsageError(f"the number of moles is not negative, but {self.moles} came")


@dataclass(frozen=True, kw_only=True, eq=False)
class SkinMaps:
    """Textures of one layout."""

    albedo: UInt8[ndarray, "h w 3"]
    """sRGB."""
    gloss: UInt8[ndarray, "h w"]
    """As `Part.gloss`."""
    roughness: UInt8[ndarray, "h w"]
    """As `Part.roughness`."""
    height: Float32[ndarray, "h w"]
    """Relief, metres."""


def bake(
    model: BodyModel,
    skin: Skin,
    layout: str = "whole",
    size: int = 1024,
    scalp: Float32[ndarray, " v"] | None = None,
) -> SkinMaps:
    """Return the textures of somebody's skin.

    Args:
        model: the body.
        skin: whose.
        layout: `whole`, or `head` and `trunk` for a finer face.
        size: texels along a side.
        scalp: metres inside the hairline at the body's vertices, where roots show; None: no hair.

    Raises:
        UsageError: there is no such layout, or no such size.
    """
    where = fields(model, layout, size)
    p = where.at.canonical
    crease = creases(p, skin.years, skin.seed)
    wide, fine = noise(p, 0.035, skin.seed, 2), noise(p, 0.0045, skin.seed + 1, 2)
    grain = noise(p, (0.0013, 0.0013, 0.0013), skin.seed + 2)
    melanin, blood = _pigments(model, skin, where, crease, wide, fine)
    colour = skin_colour(melanin, blood, table(round(skin.carotene, 2), round(skin.redness, 2)))
    colour *= (1 + 0.045 * grain - 0.12 * crease)[:, None]
    lip = step(where.lips + 0.10 * fine, 0.47, 0.34)
    _paint_lips(colour, skin, where, lip, grain)
    _paint_inside(colour, where, fine)
    _paint_nails(colour, where)
    _paint_hairs(colour, skin, where, grain, where.at.blend(scalp) if scalp is not None else None)
    _paint_make_up(colour, skin, where, lip)
    gloss, roughness = _shine(skin, where, lip, grain)
    spread = where.at.spread
    return SkinMaps(
        albedo=spread(encode(colour)),
        gloss=spread(gloss),
        roughness=spread(roughness),
        height=spread(_relief(skin, where, lip, crease, grain, fine)),
    )


def skin_parts(
    head: Head, skin: Skin, layouts: Sequence[str] = ("head", "trunk"), size: int = 1024,
    scalp: Float32[ndarray, " v"] | None = None,
) -> list[Part]:  # fmt: skip
    """Return the skin of a posed body, one part for each layout; together they are closed."""
    parts = []
    for layout in layouts:
        maps, laid = bake(head.model, skin, layout, size, scalp), sheet(head.model, layout)
        parts.append(
            Part(
                name=f"skin.{layout}", label="skin", vertices=head.posed[laid.vertex], faces=laid.faces, uvs=laid.uvs,
                albedo=maps.albedo, gloss=maps.gloss, roughness=maps.roughness, height=maps.height,
            )
        )  # fmt: skip
    return parts


def _pigments(model: BodyModel, skin: Skin, where: Fields, crease: Map, wide: Map, fine: Map) -> tuple[Map, Map]:
    """Return the levels of melanin and blood."""
    p, even = where.at.canonical, 1 - 0.7 * skin.make_up.foundation * where.face
    base, red = level(skin.melanin, MELANIN), level(skin.haemoglobin, BLOODY)
    melanin = base * (1 + even * (0.05 * wide + 0.05 * fine))
    melanin += even * (0.10 * _freckles(skin, where) + 0.16 * spots(p, _sunny(where), skin.years, skin.seed))
    melanin += 0.05 * base * where.folds + 0.035 * where.shadow * even + 0.02 * where.lids
    melanin -= (0.10 + 0.45 * base) * where.pale * base
    melanin += _moles(model, skin, where.at)
    flush = skin.flush * where.flush * (0.8 + 0.5 * fine)
    blood = red * (1 + 0.10 * wide + 0.09 * fine) + even * (0.20 * flush + 0.06 * where.shadow + 0.05 * crease)
    blood += 0.10 * where.pale + 0.05 * where.lids
    if skin.years > 45:
        blood += 0.10 * (skin.years - 45) / 40 * even * where.flush * np.clip(noise(p, 0.0022, skin.seed + 5), 0, 1)
    return melanin, blood


def _sunny(where: Fields) -> Map:
    return np.clip(where.face * (1 - where.lips) * 0.8 + where.dorsal + 0.4 * where.head * (1 - where.face), 0, 1)


def _freckles(skin: Skin, where: Fields) -> Map:
    """Return spots of two sizes, thickest across the nose and the cheeks."""
    out = np.zeros(len(where.face), np.float32)
    if skin.freckles:
        p = where.at.canonical
        most = blob(p, (0.026, 0.862), (0.034, 0.022)) * where.face + 0.35 * where.face + 0.45 * where.dorsal
        rows = np.flatnonzero((most > 0.06) & (where.lips < 0.4))
        small, large = noise(p[rows], 0.0030, skin.seed + 6, 2), noise(p[rows], 0.0058, skin.seed + 7, 2)
        edge = 0.66 - 0.30 * most[rows] * skin.freckles
        out[rows] = (step(small - edge, 0, 0.22) + 0.8 * step(large - edge, 0.05, 0.18)) * (0.5 + 0.6 * skin.freckles)
    return out


def _moles(model: BodyModel, skin: Skin, at: Texels) -> Map:
    """Return spots at random places; the same in every layout."""
    out = np.zeros(len(at.canonical), np.float32)
    rng = np.random.default_rng((skin.seed, 77))
    canonical = mean_adult(model)
    bare = np.flatnonzero(np.isin(model.part, [PARTS.index(n) for n in ("head", "neck", "left_arm", "right_arm")])
                          & (model.masks.max(1) < 0.1))  # fmt: skip
    for vertex in rng.choice(bare, skin.moles):
        middle = canonical[vertex] + rng.normal(0, 0.002, 3).astype(np.float32)
        radius, dark = rng.uniform(0.0005, 0.0015), rng.uniform(0.12, 0.40)
        near = np.flatnonzero(np.abs(at.canonical[:, 1] - middle[1]) < 0.005)
        away = np.linalg.norm(at.canonical[near] - middle, axis=1)
        out[near] += (dark * step(radius - away, 0, 0.0006)).astype(np.float32)
    return out


def _paint_lips(colour: ndarray, skin: Skin, where: Fields, lip: Map, grain: Map) -> None:
    """Lips: thin skin over much blood, fissured from top to bottom; paler with age."""
    rows = np.flatnonzero(lip > 0.01)
    p, base = where.at.canonical[rows], level(skin.melanin, MELANIN)
    old = float(np.clip((skin.years - 40) / 45, 0, 1))
    fissure = noise(p, (0.0011, 0.010, 0.010), skin.seed + 8, 2)
    patch = noise(p, 0.007, skin.seed + 9)
    upper = step(p[:, 1], 0.8185, 0.004)
    melanin = base * (0.58 + 0.40 * base) + 0.03 * upper + 0.02 * patch
    blood = np.float32(level(skin.haemoglobin, BLOODY) * 0.45 + 0.52 - 0.16 * old - 0.10 * base) + 0.05 * patch
    painted = skin_colour(melanin.astype(np.float32), blood.astype(np.float32), table(0.0, 0.05))
    painted *= np.array([0.92 - 0.14 * base, 0.80, 0.86 + 0.10 * base], np.float32)
    painted *= (1 - 0.16 * np.clip(fissure, 0, 1) - 0.06 * upper + 0.05 * grain[rows])[:, None]
    share = (0.88 * lip[rows])[:, None]
    colour[rows] = colour[rows] * (1 - share) + painted * share


def _paint_inside(colour: ndarray, where: Fields, fine: Map) -> None:
    """Mucous skin: inside of lids and mouth, and the tongue with its papillae."""
    wet = np.flatnonzero(where.wet > 0.01)
    share = where.wet[wet, None]
    pink = np.array([0.44, 0.17, 0.15], np.float32) * (1 + 0.12 * fine[wet, None])
    deep = where.mouth[wet, None] * step(0.135 - where.at.canonical[wet, 2], 0, 0.03)[:, None]
    pink = pink * (1 - 0.45 * deep)
    colour[wet] = colour[wet] * (1 - share) + pink * share
    rows = np.flatnonzero(where.tongue > 0.5)
    p = where.at.canonical[rows]
    bumps = noise(p, 0.0011, 5) * 0.14 + 0.10 * noise(p, 0.006, 6)
    furrow = 0.22 * line(p[:, 0], 0.0, 0.0010)
    pale = np.clip(noise(p, 0.012, 7), 0, 1)[:, None] * np.array([0.06, 0.07, 0.07], np.float32)
    colour[rows] = np.array([0.42, 0.17, 0.155], np.float32) * (1 + bumps - furrow)[:, None] + pale
    margin = np.flatnonzero((where.rim < 0.0016) & (where.wet < 0.6) & (where.face > 0.5))
    share = 0.45 * np.exp(-((where.rim[margin] / 0.0008) ** 2))[:, None]
    colour[margin] = colour[margin] * (1 - share) + colour[margin] * np.array([1.05, 0.72, 0.68], np.float32) * share


def _paint_nails(colour: ndarray, where: Fields) -> None:
    rows = np.flatnonzero(where.nails > 0.01)
    share = where.nails[rows, None]
    plate = colour[rows] * 0.55 + np.array([0.30, 0.20, 0.17], np.float32)
    colour[rows] = colour[rows] * (1 - share) + plate * share


def _paint_hairs(colour: ndarray, skin: Skin, where: Fields, grain: Map, scalp: ndarray | None) -> None:
    """Hair that is too fine to be geometry: stubble, the ground of the brows, roots on the scalp."""
    p, hair = where.at.canonical, linear(skin.hair)
    if skin.stubble:
        rows = np.flatnonzero(where.beard > 0.02)
        dots = np.clip(0.55 + 0.75 * noise(p[rows], 0.0009, skin.seed + 10) + 0.35 * grain[rows], 0.1, 1)
        strong = 0.85 + 0.25 * moustache(p[rows])
        share = (np.clip(0.62 * skin.stubble * where.beard[rows] * dots * strong, 0, 0.8))[:, None]
        colour[rows] = colour[rows] * (1 - share) + (0.6 * hair + 0.25 * colour[rows] * [0.75, 0.85, 1.0]) * share
    if skin.brows:
        rows = np.flatnonzero((where.face > 0.5) & (np.abs(p[:, 1] - 0.9105) < 0.022))
        q = p[rows]
        body, along = brow(q, *skin.brow_shape)
        flow = np.stack([np.abs(q[:, 0]) + 0.9 * (1 - along) * q[:, 1], q[:, 1] - 0.35 * np.abs(q[:, 0]),
                         0 * along], 1)  # fmt: skip
        hairs = noise(flow, (0.0011, 0.0032, 1), skin.seed + 11, 2)
        share = np.clip(body * (0.46 + 0.75 * hairs) * min(skin.brows, 1.3), 0, 0.85)[:, None]
        colour[rows] = colour[rows] * (1 - share) + 1.15 * hair * share
    rows = np.flatnonzero((where.rim < 0.004) & (where.wet < 0.6) & (where.face > 0.5))
    edge = np.where(p[rows, 1] > EYE[1], 0.55, 0.22) * np.exp(-((where.rim[rows] / 0.0009) ** 2))  # roots of the lashes
    colour[rows] *= (1 - edge)[:, None].astype(np.float32)
    if scalp is not None:
        rows = np.flatnonzero(scalp > -0.012)
        ragged = scalp[rows] + 0.004 * noise(p[rows], 0.0014, skin.seed + 12)
        share = (0.85 * step(ragged, 0.0, 0.022))[:, None]
        colour[rows] = colour[rows] * (1 - share) + 0.85 * hair * share


def _paint_make_up(colour: ndarray, skin: Skin, where: Fields, lip: Map) -> None:
    worn, p = skin.make_up, where.at.canonical

    def lay(share: ndarray, paint: ndarray) -> None:
        rows = np.flatnonzero(share > 0.01)
        over = share[rows, None]
        colour[rows] = colour[rows] * (1 - over) + paint * over

    if worn.lips:
        shade = (0.75 + 0.25 * np.clip(noise(p, (0.0011, 0.01, 0.01), skin.seed + 8), -1, 1)).astype(np.float32)
        rows = np.flatnonzero(lip > 0.01)
        over = (0.9 * worn.lips * step(lip[rows], 0.3, 0.4))[:, None]
        colour[rows] = colour[rows] * (1 - over) + linear(worn.lipstick) * shade[rows, None] * over
    upper = p[:, 1] > EYE[1] - 0.0005
    if worn.lids:
        lay(0.6 * worn.lids * step(0.0095 - where.rim, 0, 0.008) * upper * (where.face > 0.5), linear(worn.shadow))
    if worn.liner:
        edge = np.maximum(line(where.rim, 0.0, 0.0011) * upper, 0.5 * line(where.rim, 0.0, 0.0006))
        lay(0.9 * worn.liner * edge * (where.face > 0.5), np.array([0.012, 0.010, 0.010], np.float32))
    if worn.blush:
        lay(0.28 * worn.blush * blob(p, (0.048, 0.862), (0.017, 0.012)) * where.face,
            linear((0.80, 0.36, 0.34)))  # fmt: skip


def _shine(skin: Skin, where: Fields, lip: Map, grain: Map) -> tuple[UInt8[ndarray, " n"], UInt8[ndarray, " n"]]:
    """Return head-on reflection and roughness."""
    dry = float(np.clip((skin.years - 40) / 50, 0, 1))
    rough = 0.56 + 0.05 * dry - (0.10 - 0.04 * dry) * where.oily + 0.05 * grain
    rough -= 0.12 * lip + 0.24 * where.nails + 0.10 * skin.make_up.lips * lip
    wet = np.maximum(where.wet, where.tongue)
    margin = np.exp(-((where.rim / 0.0010) ** 2)) * (where.face > 0.3)
    rough = rough * (1 - 0.55 * np.maximum(wet, 0.6 * margin))
    gloss = 0.028 + 0.008 * where.nails
    return (
        np.clip(gloss / FULL_GLOSS * 255, 0, 255).astype(np.uint8),
        np.clip(rough * 255, 20, 255).astype(np.uint8),
    )


def _relief(skin: Skin, where: Fields, lip: Map, crease: Map, grain: Map, fine: Map) -> Float32[ndarray, " n"]:
    """Return the height of pores, lines, fissures of the lips, nails and moles, metres."""
    bare = (1 - lip) * (1 - where.nails) * (1 - where.wet)
    pores = np.clip(grain - 0.12, 0, 1) * (0.35 + 0.9 * where.oily + 0.25 * where.face)
    height = bare * (-0.00007 * skin.pores * pores + 0.00003 * fine - 0.00045 * crease)
    rows = np.flatnonzero(lip > 0.01)
    p = where.at.canonical[rows]
    height[rows] -= 0.00013 * lip[rows] * np.clip(noise(p, (0.0011, 0.010, 0.010), skin.seed + 8, 2), 0, 1)
    height += 0.0002 * where.nails
    return height.astype(np.float32)
