"""Lashes, brows and beards as geometry: tapered tubes, and below a full beard a closed pad.

Idea: hairs grow where the maps of `skin_fields` say and lie as hair of that place does: brows fan from upright at the
nose to flat at the temple and close from above and below; lashes leave the rims of the lids along the ball's radius and
curl away; whiskers hang from the cheeks and part under the nose. A beard that hides the skin is a pad grown out of the
skin by its field, with tufts over it that give it its outline.
"""

from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
from jaxtyping import Float32, Int32, UInt8
from numpy import ndarray

from omote.core.errors import UsageError
from omote.parts.body.anny import MASKS, PARTS, BodyModel
from omote.parts.data.cloth import Colour, linear, step
from omote.parts.data.noise import noise
from omote.parts.data.people.atlas import sheet, texels
from omote.parts.data.people.head import Head, mean_adult
from omote.parts.data.people.part import Part, plain, white
from omote.parts.data.people.skin_fields import beard, brow, brow_line, chin, fields, lid_rims, moustache, strips
from omote.parts.data.people.strands import Roots, bent, scatter, tubes, unit
from omote.parts.data.people.tone import encode

BeardFamily = Literal["none", "stubble", "moustache", "goatee", "circle", "short", "full", "long"]
BEARDS: dict[str, tuple[float, float, float, float]] = {
    "none": (0, 0, 0, 0),
    "stubble": (0.0022, 0.0, 260, 0.00007),
    "moustache": (0.0080, 0.0020, 1300, 0.00020),
    "goatee": (0.0100, 0.0030, 700, 0.00028),
    "circle": (0.0070, 0.0024, 700, 0.00026),
    "short": (0.0060, 0.0018, 300, 0.00026),
    "full": (0.0130, 0.0050, 230, 0.00040),
    "long": (0.0280, 0.0090, 210, 0.00046),
}
"""Families: length of the hairs, thickness of the pad (metres), tufts for each 10 cm^2, radius of a tuft."""
PLATE = 0.006
"""Metres from a lid's rim to where its skin tells which way the lid faces."""
GREY = (0.62, 0.61, 0.60)


@dataclass(frozen=True, kw_only=True)
class FaceHair:
    """Hair of one face.

    Raises:
        UsageError: no such family of beards, or a negative amount.
    """

    colour: Colour = (0.16, 0.11, 0.08)
    lash_colour: Colour = (0.05, 0.035, 0.03)
    grey: float = 0.0
    """Share of grey hairs."""
    brows: float = 1.0
    """Density."""
    brow_shape: tuple[float, float, float] = (1.0, 0.0, 1.0)
    """Thickness, lift in metres, arch; as `Skin.brow_shape`."""
    lashes: float = 1.0
    """Length; make-up has more."""
    family: str = "none"
    """One of `BEARDS`."""
    seed: int = 0

    def __post_init__(self) -> None:
        if self.family not in BEARDS:
            raise UsageError(f"a beard is one of {', '.join(BEARDS)}, not {self.family!r}")
        if min(self.brows, self.lashes, self.grey) < 0:
            raise UsageError("density of brows, length of lashes and share of grey are not negative")


def face_hair_parts(head: Head, hair: FaceHair) -> list[Part]:
    """Return brows, lashes and the beard, as far as there are any."""
    parts = [_brows(head, hair), *(_lashes(head, hair, side) for side in ("left", "right"))]
    if hair.family != "none":
        parts += _beard(head, hair)
    return [part for part in parts if len(part.faces)]


def _part(name: str, label: str, mesh: tuple, colours: ndarray) -> Part:
    vertices, faces, line = mesh
    return Part(
        name=name, label=label, vertices=vertices, faces=faces, uvs=np.full((len(vertices), 2), 0.5, np.float32),
        albedo=white(), gloss=plain(60), roughness=plain(130), colours=colours[line],
    )  # fmt: skip


def _shades(count: int, colour: Colour, grey: float, rng: np.random.Generator) -> UInt8[ndarray, "n 3"]:
    """Return each hair's sRGB."""
    share = np.clip(rng.normal(grey, 0.18, (count, 1)), 0, 1) if grey else np.zeros((count, 1))
    base = linear(GREY) * share + linear(colour) * (1 - share)
    return encode(np.clip(base * np.exp(rng.normal(0, 0.22, (count, 1))), 0.002, 0.9))


@cache
def _near(model: BodyModel, what: str) -> Int32[ndarray, "f 3"]:
    """Return the head's faces on which brows, or a beard, may grow."""
    p = mean_adult(model)
    lips = model.masks[:, 0]
    grown = beard(p, lips) > 0 if what == "beard" else brow(p, 2.2, 0.0, 1.0)[0] > 0
    if what != "beard":
        grown = (np.abs(p[:, 1] - 0.911) < 0.020) & (np.abs(p[:, 0]) < 0.064) & (p[:, 2] > 0.085)
    keep = grown[model.faces].any(1) & (model.part[model.faces] == PARTS.index("head")).all(1)
    return model.faces[keep]


def _brows(head: Head, hair: FaceHair) -> Part:
    rng = np.random.default_rng((hair.seed, 1))

    def density(p: ndarray) -> ndarray:
        return 0.95 * brow(p, *hair.brow_shape)[0]

    roots = scatter(head, _near(head.model, "brows"), density, round(1350 * hair.brows), rng)
    p, count = roots.canonical, len(roots.canonical)
    along = brow(p, *hair.brow_shape)[1]
    above = np.clip((p[:, 1] - brow_line(along, *hair.brow_shape[1:])) / 0.004, -1, 1)
    angle = np.interp(along, [0, 0.15, 0.4, 1], [0.15, 0.55, 1.15, 1.55]) + 0.45 * above * np.clip(along * 3, 0, 1)
    angle = angle + rng.normal(0, 0.13, count)
    way = np.stack([np.sign(p[:, 0]) * np.sin(angle), np.cos(angle), np.zeros(count)], 1)
    scale = _scale(head)
    length = scale * rng.uniform(0.0050, 0.0085, count) * np.interp(along, [0, 0.2, 0.8, 1], [0.75, 1, 0.9, 0.6])
    lines = bent(roots.position(head), roots.normal(head), roots.carry(head, way), length, (0.55, 0.03))
    mesh = tubes(lines, scale * rng.uniform(0.00006, 0.00010, count))
    return _part("brows", "brow", mesh, _shades(count, hair.colour, 0.6 * hair.grey, rng))


def _scale(head: Head) -> float:
    """Return the head's size over the mean adult's."""
    rim = lid_rims(head.model)
    spread = [np.linalg.norm(v[rim] - v[rim].mean(0), axis=1).mean() for v in (head.neutral, head.canonical)]
    return float(spread[0] / spread[1])


@cache
def _rim(model: BodyModel, side: str) -> tuple[ndarray, ndarray, ndarray]:
    """Return a rim's vertices in order, their angle about the eye, and for each one of the skin beyond the lid."""
    p, masks = mean_adult(model), model.masks[:, MASKS.index("eyelids")]
    rim = lid_rims(model)
    rim = rim[(p[rim, 0] > 0) == (side == "left")]
    middle = p[rim].mean(0)
    angle = np.arctan2((p[rim, 1] - middle[1]) * 2.6, np.abs(p[rim, 0]) - abs(middle[0]))
    order = np.argsort(angle)
    rim, angle = rim[order], angle[order]
    skin = np.flatnonzero((model.part == PARTS.index("head")) & (p[:, 2] > 0.10) & (masks < 0.9))
    outward = np.empty(len(rim), np.int64)
    for i, vertex in enumerate(rim):
        way = (p[vertex] - middle) * [0.35, 1.0, 0.0]
        wanted = p[vertex] + PLATE * way / np.linalg.norm(way)
        outward[i] = skin[np.argmin(np.linalg.norm((p[skin] - wanted)[:, :2], axis=1))]
    return rim, angle, outward


def _lashes(head: Head, hair: FaceHair, side: str) -> Part:
    rng = np.random.default_rng((hair.seed, 2, side == "left"))
    rim, angle, outward = _rim(head.model, side)
    ball = head.posed[head.model.part == PARTS.index(f"{side}_eye")].mean(0)
    scale = _scale(head)

    def at(values: ndarray, where: ndarray) -> ndarray:
        return np.stack([np.interp(where, angle, values[:, i], period=2 * np.pi) for i in range(3)], 1)

    lines = []
    for upper, count, length in ((True, 110, 0.0094), (False, 64, 0.0050)):
        spread = np.sort(rng.uniform(0.10, 0.93, count)) * np.pi
        where = spread if upper else -spread
        root = at(head.posed[rim], where)
        skin = unit(at(head.posed[outward] - head.posed[rim], where))
        radial = unit(root - ball)
        normal = unit(at(head.normals[rim], where))
        tangent = unit(at(head.posed[rim], where - 0.05) - at(head.posed[rim], where + 0.05))
        tangent = tangent * (1 if upper else -1)
        out = np.cos(spread)[:, None] * tangent  # toward the temple at the outer corner, toward the nose at the inner
        up = head.carry[:3, 1] * (1.0 if upper else -1.0)
        first = unit(0.9 * radial - (0.10 if upper else 0.05) * skin + 0.35 * out + 0.1 * normal)
        last = unit(0.20 * radial + 0.7 * skin + 0.45 * out + (0.7 if upper else 0.4) * up)
        first, last = (unit(d + rng.normal(0, 0.09, d.shape)) for d in (first, last))
        size = length * scale * hair.lashes * rng.uniform(0.7, 1.1, count) * (0.62 + 0.38 * np.sin(spread) ** 0.7)
        size *= np.interp(np.cos(spread), [-1, 0, 1], [0.62, 1.0, 1.12])
        points = [root - 0.0004 * radial + 0.0003 * skin]
        for t in (0.0, 0.4, 0.8):
            points.append(points[-1] + (size / 3)[:, None] * unit(first * (1 - t) + last * t))
        lines.append(np.stack(points, 1))
    joined = np.concatenate(lines).astype(np.float32)
    mesh = tubes(joined, np.full(len(joined), 0.000115 * scale * (0.8 + 0.2 * hair.lashes)))
    return _part(f"{side}_lashes", "lash", mesh, _shades(len(joined), hair.lash_colour, 0.0, rng))


def _field(hair: FaceHair, p: ndarray, lips: ndarray) -> ndarray:
    """Return where a family's hair grows, of points of the mean adult."""
    whole = beard(p, lips)
    lip = moustache(p) * (1 - step(lips, 0.25, 0.3))
    if hair.family == "moustache":
        return lip
    if hair.family == "goatee":
        return chin(p) * whole
    if hair.family == "circle":
        return np.maximum(np.maximum(chin(p), strips(p)) * whole, lip)
    return whole


def _flow(p: ndarray, normal: ndarray, wave: ndarray) -> ndarray:
    """Return the way whiskers lie on the mean adult."""
    side, x = np.sign(p[:, 0]), np.abs(p[:, 0])
    lip = step(p[:, 1], 0.8225, 0.008) * step(0.036 - x, 0, 0.012)
    below = step(-normal[:, 1], 0.45, 0.4)
    down = np.stack([0.10 * side - 0.25 * side * step(x, 0.05, 0.02), -1 + 0 * x, 0.25 + 0.9 * below], 1)
    parted = np.stack([side * (0.35 + 0.75 * np.clip(x / 0.02, 0, 1)), -0.85 + 0 * x, 0 * x], 1)
    way = down * (1 - lip[:, None]) + parted * lip[:, None]
    way[:, 0] += 0.35 * wave
    return way - (way * normal).sum(1, keepdims=True) * normal


def _forward(p: ndarray) -> ndarray:
    """Return how long hair is kept: less on the cheeks and toward the ears."""
    return 0.35 + 0.65 * step(0.052 - np.abs(p[:, 0]), 0, 0.030) * step(0.835 - p[:, 1], 0, 0.03)


def _beard(head: Head, hair: FaceHair) -> list[Part]:
    rng = np.random.default_rng((hair.seed, 3))
    length, pad, count, radius = BEARDS[hair.family]
    faces, scale = _near(head.model, "beard"), _scale(head)
    masks, lips = head.model.masks[:, 0], {}

    def density(p: ndarray) -> ndarray:
        lips["at"] = np.zeros(len(p), np.float32)
        thin = 0.25 + 0.75 * step(noise(p, 0.010, hair.seed + 3, 2), -0.55, 0.5)
        return _field(hair, p, lips["at"]) * thin

    roots = scatter(head, faces, density, round(count), rng)
    on_lip = np.einsum("nk,nk->n", masks[roots.corners], roots.weights)
    kept = on_lip < 0.30
    roots = Roots(corners=roots.corners[kept], weights=roots.weights[kept], canonical=roots.canonical[kept])
    p, number = roots.canonical, len(roots.canonical)
    normal = unit(np.einsum("nka,nk->na", head.canonical_normals[roots.corners], roots.weights))
    way = roots.carry(head, _flow(p, normal, noise(p, 0.012, hair.seed + 4, 2)) + rng.normal(0, 0.10, (number, 3)))
    edge = 0.45 + 0.55 * np.clip(_field(hair, p, np.zeros(number, np.float32)), 0, 1)
    tip = _forward(p) + (0.9 if hair.family == "long" else 0.35) * step(0.800 - p[:, 1], 0, 0.02) * (p[:, 2] > 0.10)
    lip = step(p[:, 1], 0.8215, 0.004) * (np.abs(p[:, 0]) < 0.028)
    size = scale * length * edge * tip * rng.uniform(0.7, 1.15, number)
    size = np.where(lip > 0.5, np.minimum(size, scale * 0.0065 * rng.uniform(0.7, 1.2, number)), size)
    lift = (0.85, 0.35) if hair.family == "stubble" else (0.80, 0.10)
    lines = bent(roots.position(head), roots.normal(head), way, size, lift, 3 if hair.family == "stubble" else 4)
    if hair.family != "stubble":
        lines[:, 2:, 1] -= (0.10 * size)[:, None] * np.linspace(0.3, 1, lines.shape[1] - 2)
    mesh = tubes(lines, scale * radius * rng.uniform(0.7, 1.3, number), 0.5)
    parts = [_part("beard.hairs", "beard", mesh, _shades(number, hair.colour, hair.grey, rng))]
    return parts if not pad else [*parts, _pad(head, hair, faces, pad * scale)]


def _pad(head: Head, hair: FaceHair, faces: Int32[ndarray, "f 3"], thick: float) -> Part:
    """Return the closed pad below a beard's tufts: the skin, split finer, grown out by the field."""
    laid, wanted = sheet(head.model, "head"), np.zeros(len(head.canonical), bool)
    wanted[faces] = True
    local = laid.faces[wanted[laid.vertex[laid.faces]].all(1)]
    used, local = np.unique(local, return_inverse=True)
    vertex, local = laid.vertex[used], local.reshape(-1, 3)
    values = [head.canonical[vertex], head.posed[vertex], head.normals[vertex], laid.uvs[used]]
    values.append(head.model.masks[vertex, :1])
    local, values = _split(local, values)
    p, lips = values[0].astype(np.float32), values[4][:, 0]
    field = _field(hair, p, lips) * (1 - step(lips, 0.1, 0.25))
    used, local = np.unique(local[(field[local] > 0.02).any(1)], return_inverse=True)
    local = local.reshape(-1, 3)
    p, posed, normal, uvs, _ = (v[used] for v in values)
    normal, field = unit(normal), field[used]
    lip = step(p[:, 1], 0.8225, 0.006) * (np.abs(p[:, 0]) < 0.03)
    bumps = noise(p.astype(np.float32), 0.009, hair.seed + 5, 2)
    grown = thick * _forward(p) * np.clip(field, 0, 1) ** 1.3 * (0.8 + 0.25 * bumps) * (1 - 0.45 * lip)
    grown = grown - 0.0004 * (1 - field)
    outer = posed + normal * grown[:, None]
    outer[:, 1] -= 0.35 * np.maximum(grown, 0) * (1 - lip)
    vertices, closed = _shell(outer, posed - 0.0016 * normal, local)
    albedo, height, box = _streaks(head.model, hair)
    within = ((uvs - box[:2]) / (box[2:] - box[:2])).astype(np.float32)
    return Part(
        name="beard.pad", label="beard", vertices=vertices, faces=closed, uvs=np.concatenate([within, within]),
        albedo=albedo, gloss=plain(40), roughness=plain(150), height=height,
    )  # fmt: skip


def _streaks(model: BodyModel, hair: FaceHair) -> tuple[ndarray, ndarray, ndarray]:
    """Return colour and relief of combed hair on the beard's part of the head's texture, and that part's box."""
    at = texels(model, "head", 1024)
    grown = _texels_of_beard(model)
    p = at.canonical[grown]
    turn = np.arctan2(p[:, 0], p[:, 2] - 0.05) * 0.09
    down = p[:, 1] - 0.7 * p[:, 2]
    lip = step(p[:, 1], 0.8225, 0.008) * step(0.036 - np.abs(p[:, 0]), 0, 0.012)
    wave = 0.0025 * noise(p, 0.012, hair.seed + 4, 2)
    across = turn + wave + lip * np.sign(p[:, 0]) * 0.9 * down
    flow = np.stack([across, down, np.zeros_like(down)], 1)
    fine = noise(flow, (0.0011, 0.012, 1), hair.seed + 6, 2)
    locks = noise(flow, (0.0040, 0.022, 1), hair.seed + 7, 2)
    tone = linear(hair.colour) * (1 - 0.9 * hair.grey) + linear(GREY) * 0.9 * hair.grey
    colour = tone * np.clip(0.78 + 0.75 * fine + 0.45 * locks, 0.12, 2.2)[:, None]
    row, column = np.divmod(at.index[grown], at.size)
    top, left, bottom, right = row.min(), column.min(), row.max() + 1, column.max() + 1
    albedo = np.empty((bottom - top, right - left, 3), np.uint8)
    albedo[:] = encode(tone * 0.7)
    albedo[row - top, column - left] = encode(np.clip(colour, 0.001, 0.9))
    height = np.zeros(albedo.shape[:2], np.float32)
    height[row - top, column - left] = 0.00030 * fine + 0.0006 * locks
    return albedo, height, np.array([left, top, right, bottom]) / at.size


@cache
def _texels_of_beard(model: BodyModel) -> ndarray:
    where = fields(model, "head", 1024)
    return np.flatnonzero(beard(where.at.canonical, np.zeros(len(where.beard), np.float32)) > 0)


def _split(faces: ndarray, values: list[ndarray]) -> tuple[ndarray, list[ndarray]]:
    """Return every triangle as four."""
    pairs = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), 1)
    edges, index = np.unique(pairs, axis=0, return_inverse=True)
    a, b, c = faces.T
    ab, bc, ca = index.reshape(3, -1) + len(values[0])
    four = [np.stack(t, 1) for t in ((a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca))]
    return np.concatenate(four), [np.concatenate([v, (v[edges[:, 0]] + v[edges[:, 1]]) / 2]) for v in values]


def _shell(outer: ndarray, inner: ndarray, faces: ndarray) -> tuple[Float32[ndarray, "v 3"], Int32[ndarray, "f 3"]]:
    """Return two copies of a sheet closed along their borders."""
    count = len(outer)
    sides = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    key = sides[:, 0].astype(np.int64) * count + sides[:, 1]
    border = sides[~np.isin(key, sides[:, 1].astype(np.int64) * count + sides[:, 0])]
    a, b = border.T
    rim = np.concatenate([np.stack([b, a, a + count], 1), np.stack([b, a + count, b + count], 1)])
    return (
        np.concatenate([outer, inner]).astype(np.float32),
        np.concatenate([faces, faces[:, ::-1] + count, rim]).astype(np.int32),
    )
