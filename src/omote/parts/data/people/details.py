"""What is sewn onto clothes: collars, lapels, plackets, patch pockets, belts, buttons; each is a closed piece.

A patch is a piece of the garment itself, cut out where a field on the tailor's dummy says so, and lifted off the draped
cloth by half a millimetre along its normals, so that it follows every fold. What would touch a layer above it, or does
not fit on the cloth, is left out.

Notation: x y z on the dummy, metres: x to the wearer's left, y up; `edge` = metres to the garment's own edge.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Float32
from numpy import ndarray
from scipy.spatial import KDTree

from omote.parts.data.cloth import Colour, linear
from omote.parts.data.people.dressing import Dressed
from omote.parts.data.people.fabrics import GLOSS
from omote.parts.data.people.garments import Trousers, Upper
from omote.parts.data.people.part import Part
from omote.parts.data.people.solids import blob, oval, part_of, swept, thickened, unit
from omote.parts.data.people.tailor import Dummy
from omote.parts.data.people.wardrobe import Worn
from omote.parts.space.closest import Surface
from omote.parts.space.connectivity import borders, islands
from omote.parts.space.crossing import crossing_faces, self_crossings
from omote.parts.space.sheet import cut

LIFT = 0.001
"""Metres between a patch and the cloth it is sewn on."""
OPEN = 0.16
"""How far each half of a collar leaves the middle of the front, metres for each metre from the neck."""
KEPT = 0.8
"""A pocket that loses more than the rest of its area to the garment's edge is left out."""
TEXTURE = 256
"""Texels along each side of a patch."""


@dataclass(frozen=True, kw_only=True)
class Trim:
    """What is sewn onto one garment; lengths in metres."""

    buttons: int = 0
    button: float = 0.006
    """Radius."""
    button_colour: Colour = (0.85, 0.83, 0.78)
    placket: float = 0.0
    """Width of the strip below the buttons."""
    collar: float = 0.0
    """How far its leaf comes down."""
    lapel: float = 0.0
    """Greatest width."""
    pockets: tuple[str, ...] = ()
    """Of `POCKETS`."""
    pocket: float = 0.115
    """Width."""
    belt: float = 0.0
    """Height."""
    belt_colour: Colour = (0.20, 0.13, 0.09)
    buckle: Colour = (0.74, 0.70, 0.58)


class _Sheet(NamedTuple):
    """A piece of a garment's outside."""

    vertices: Float32[ndarray, "v 3"]
    faces: ndarray
    normals: Float[ndarray, "v 3"]
    flat: Float[ndarray, "v 3"]
    """On the dummy."""
    edge: Float[ndarray, " v"]
    field: Float[ndarray, " v"]
    """Metres inside the patch."""


POCKETS = ("chest", "hips", "back")


def trim(dummy: Dummy, dressed: Sequence[Dressed], number: int, wanted: Trim) -> list[Part]:
    """Return what is sewn onto a garment.

    Args:
        dummy: the body that clothes were made on.
        dressed: the outfit, from the inside out.
        number: which garment of it.
        wanted: what is sewn on.
    """
    cloth = dressed[number]
    parts: list[Part] = []
    if wanted.placket:
        parts += _patch(dummy, cloth, "placket", _placket(dummy, cloth, wanted))
    if wanted.lapel:
        for side, name in ((1, "left"), (-1, "right")):
            parts += _patch(dummy, cloth, f"{name} lapel", _lapel(dummy, cloth, wanted.lapel, side), roll=0.004)
        parts += _patch(dummy, cloth, "collar", _lapel_collar(dummy, cloth, wanted.lapel), roll=0.006)
    if wanted.collar:
        parts += _patch(dummy, cloth, "collar", _collar(dummy, cloth, wanted.collar), roll=0.010)
    for name in wanted.pockets:
        for side in (1,) if name == "chest" else (1, -1):
            field = _pocket(dummy, cloth, name, wanted.pocket, side)
            parts += _patch(dummy, cloth, f"{name} pocket {side:+d}", field, least=KEPT * 1.1 * wanted.pocket**2)
    if wanted.belt:
        parts += _belt(dummy, cloth, wanted)
    if wanted.buttons:
        parts += _buttons(dummy, cloth, wanted, parts)
    return _free(parts, dressed, number)


def _free(parts: list[Part], dressed: Sequence[Dressed], number: int) -> list[Part]:
    """Return the parts that touch neither a garment nor one another."""
    layers = [Surface(d.shell.vertices, d.shell.faces) for d in dressed[max(number - 1, 0) :]]
    kept: list[Part] = []
    for part in parts:
        if part.name.endswith("buckle") and not any(k.name.endswith("belt") for k in kept):
            continue
        own = Surface(part.vertices, part.faces)
        if len(self_crossings(own)) or any(len(crossing_faces(own, layer)) for layer in layers):
            continue
        if any(len(crossing_faces(own, Surface(k.vertices, k.faces))) for k in kept):
            continue
        if (
            number + 1 < len(dressed)
            and min(
                float(layer.closest(part.vertices, 0.01).distance.min())
                for layer in layers[-(len(dressed) - number - 1) :]
            )
            < 0.0005
        ):
            continue
        kept.append(part)
    return kept


def _cut_out(cloth: Dressed, field: Float[ndarray, " v"]) -> _Sheet | None:
    """Return the largest piece of the garment's outside where a field is positive."""
    sewn, count = cloth.sewn, len(cloth.sewn.vertices)
    if (field > 0).sum() < 12:
        return None
    piece = cut(sewn.vertices, sewn.faces, field.astype(np.float64))
    faces = piece.faces[islands(piece.faces) == 0]
    used, index = np.unique(faces, return_inverse=True)
    outer = cloth.shell.vertices[:count]
    known = np.concatenate([outer, cloth.normals, sewn.vertices, sewn.edge[:, None], field[:, None]], 1)
    known = piece.carry(known.astype(np.float32))[used]
    faces = index.reshape(-1, 3).astype(np.int32)
    return _Sheet(known[:, :3].copy(), faces, unit(known[:, 3:6]), known[:, 6:9], known[:, 9], known[:, 10])


def _patch(
    dummy: Dummy, cloth: Dressed, name: str, field: Float[ndarray, " v"], *, roll: float = 0.0, least: float = 0.0
) -> list[Part]:
    """Return a piece of cloth on the garment, rolled up by `roll` where the garment ends; none if it is too small."""
    sheet = _cut_out(cloth, field)
    if sheet is None:
        return []
    a, b, c = (sheet.flat[sheet.faces[:, i]] for i in range(3))
    if least and np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2 < least:
        return []
    thick = 0.0012 + 0.5 * cloth.worn.thickness
    raised = LIFT + roll * np.exp(-((sheet.edge / 0.016) ** 2))
    inner = sheet.vertices + (raised[:, None] * sheet.normals).astype(np.float32)
    outer = sheet.vertices + ((raised + thick)[:, None] * sheet.normals).astype(np.float32)
    flat = sheet.flat[:, :2]
    low, span = flat.min(0), float(np.ptp(flat, axis=0).max())
    uvs = 0.02 + 0.96 * (flat - low) / span
    solid = thickened(outer, sheet.faces, inner, uvs)
    known = np.stack([flat[:, 0], flat[:, 1], sheet.field], 1)
    fabric = cloth.worn.fabric
    y = cloth.sewn.vertices[:, 1]

    def paint(k: ndarray) -> ndarray:
        return fabric.paint(k[:, :2], np.maximum(k[:, 2], 0) * 2.2, (k[:, 1] - y.min()) / np.ptp(y))

    part = part_of(
        solid, f"{cloth.worn.family}: {name}", cloth.worn.family, paint, known=np.tile(known, (2, 1)),
        finish=GLOSS[fabric.weave], size=TEXTURE,
    )  # fmt: skip
    return [part]


def _reach(cloth: Dressed) -> ndarray:
    """Return the metres from the garment's border, sleeve ends apart; `Sewn.edge` grows more slowly at necklines."""
    sewn = cloth.sewn
    rim = np.unique(np.concatenate(borders(sewn.faces)))
    rim = rim[sewn.arm[rim] < 0.12]
    return np.asarray(KDTree(sewn.vertices[rim]).query(sewn.vertices)[0]) if len(rim) else sewn.edge


def _before(dummy: Dummy, cloth: Dressed) -> ndarray:
    """Return how far ahead of the body's middle each vertex lies on the dummy, negative on sleeves."""
    sewn = cloth.sewn
    middle = float(dummy.joint("spine01")[2])
    return np.where(sewn.arm > 0.12, -1.0, sewn.vertices[:, 2] - middle)


def _placket(dummy: Dummy, cloth: Dressed, wanted: Trim) -> ndarray:
    """Return the strip down the front; between the points of a collar it is as narrow as they leave it."""
    sewn = cloth.sewn
    edge = _reach(cloth)
    narrow = np.where(edge < 1.7 * wanted.collar, OPEN * edge - 0.003, 1.0)
    half = np.minimum(wanted.placket / 2, narrow)
    return np.minimum.reduce([half - np.abs(sewn.vertices[:, 0]), _before(dummy, cloth), sewn.edge - 0.004])


def _levels(dummy: Dummy, cloth: Dressed) -> tuple[float, float]:
    """Return the heights of a lapel's lower end and its notch."""
    h = dummy.heights
    low = h["chest"] - 0.55 * (h["chest"] - h["waist"])
    return max(low, float(cloth.sewn.vertices[:, 1].min()) + 0.05), h["neck"] - 0.045


def _lapel(dummy: Dummy, cloth: Dressed, width: float, side: int) -> ndarray:
    sewn, edge = cloth.sewn, _reach(cloth)
    low, notch = _levels(dummy, cloth)
    t = (sewn.vertices[:, 1] - low) / (notch - low)
    wide = width * np.clip(t, 0, 1) ** 0.9
    slant = notch + 0.35 * (edge - 0.02) - sewn.vertices[:, 1]
    ahead = _before(dummy, cloth)
    return np.minimum.reduce([wide - edge, slant, ahead, side * sewn.vertices[:, 0] - 0.001])


def _lapel_collar(dummy: Dummy, cloth: Dressed, width: float) -> ndarray:
    sewn, edge = cloth.sewn, _reach(cloth)
    notch = _levels(dummy, cloth)[1]
    above = sewn.vertices[:, 1] - notch - 0.005 - 0.35 * (edge - 0.02)
    high = np.where(_before(dummy, cloth) > 0.03, above, sewn.vertices[:, 1] - dummy.heights["armpit"])
    return np.where(sewn.arm > 0.12, -1.0, np.minimum(high, 0.78 * width - edge))


def _collar(dummy: Dummy, cloth: Dressed, width: float) -> ndarray:
    """Return a shirt's collar, open in front with a point on each side."""
    sewn, edge = cloth.sewn, _reach(cloth)
    ahead = np.clip(_before(dummy, cloth) / 0.08, 0, 1)
    near = np.exp(-((sewn.vertices[:, 0] / 0.045) ** 2)) * ahead
    apart = np.where(ahead > 0, np.abs(sewn.vertices[:, 0]) - 0.0012 - OPEN * edge * ahead, 1.0)
    high = sewn.vertices[:, 1] - (dummy.heights["neck"] - 0.20)
    field = np.minimum.reduce([width * (1 + 0.5 * near) - edge, high, apart])
    return np.where(sewn.arm > 0.12, -1.0, field)


def _pocket(dummy: Dummy, cloth: Dressed, name: str, width: float, side: int) -> ndarray:
    sewn, h = cloth.sewn, dummy.heights
    ahead = _before(dummy, cloth)
    bottom = float(sewn.vertices[:, 1].min())
    if name == "chest":
        x, y = 0.52 * abs(float(dummy.joint("upperarm01.L")[0])), h["chest"] - 0.02
    elif name == "hips":
        x, y = 0.12, max(h["hip"] + 0.04 if bottom < h["hip"] - 0.05 else bottom + 0.11, bottom + 0.09)
    else:
        x, y, ahead = 0.082, h["hip"] - 0.02, float(dummy.joint("upperleg01.L")[2]) - sewn.vertices[:, 2]
    dx = np.abs(side * sewn.vertices[:, 0] - x) - width / 2
    dy = np.abs(sewn.vertices[:, 1] - y) - 0.55 * width
    corner = 0.014
    box = np.hypot(np.maximum(dx + corner, 0), np.maximum(dy + corner, 0)) - corner
    box = np.maximum(box, np.maximum(dx, dy) - 1e-4)
    return np.minimum.reduce([-box, ahead, sewn.edge - 0.006])


def _belt(dummy: Dummy, cloth: Dressed, wanted: Trim) -> list[Part]:
    """Return a belt and its buckle."""
    sewn, h = cloth.sewn, dummy.heights
    y = sewn.vertices[:, 1]
    upper = isinstance(sewn.garment, Upper)
    level = h["waist"] if upper else float(y.max()) - wanted.belt / 2 - 0.004
    field = np.minimum(wanted.belt / 2 - np.abs(y - level), sewn.edge - 0.0015)
    sheet = _cut_out(cloth, np.where(sewn.arm > 0.12, -1.0, field))
    if sheet is None:
        return []
    angle = np.arctan2(sheet.flat[:, 0], sheet.flat[:, 2] - float(dummy.joint("spine04")[2]))
    if np.ptp(angle) < 5.5:
        return []
    uvs = np.stack([0.02 + 0.96 * np.abs(angle) / np.pi, 0.5 + (sheet.flat[:, 1] - level) / 0.2], 1)
    inner = sheet.vertices + (0.0008 * sheet.normals).astype(np.float32)
    outer = sheet.vertices + (0.0034 * sheet.normals).astype(np.float32)
    solid = thickened(outer, sheet.faces, inner, uvs)

    def leather(k: ndarray) -> ndarray:
        return linear(wanted.belt_colour) * (1 + 0.5 * np.exp(-(((k[:, 2] - 0.004) / 0.0009) ** 2)))[:, None]

    known = np.tile(np.stack([sheet.flat[:, 0], sheet.flat[:, 1], sheet.field], 1), (2, 1))
    belt = part_of(solid, f"{cloth.worn.family}: belt", "belt", leather, known=known, finish=(0.04, 0.45), size=TEXTURE)
    at = _place(cloth, 0.0, level, dummy)
    if at is None:
        return [belt]
    middle, normal = at
    middle = middle + 0.0062 * normal
    right = unit(np.cross(_up(cloth, level, dummy), normal))
    up = np.cross(normal, right)
    ring = oval(wanted.belt * 1.25, wanted.belt * 1.16, 40, 5.0)
    path = middle + ring[:, :1] * right + ring[:, 1:] * up
    frame = swept(path, np.broadcast_to(normal, path.shape), oval(0.0026, 0.0036, 8, 2.5), loop=True)
    return [belt, part_of(frame, f"{cloth.worn.family}: buckle", "belt", linear(wanted.buckle), finish=(0.1, 0.3))]


def _up(cloth: Dressed, level: float, dummy: Dummy) -> ndarray:
    one, other = _place(cloth, 0.0, level + 0.02, dummy), _place(cloth, 0.0, level - 0.02, dummy)
    if one is None or other is None:
        return np.array([0.0, 1.0, 0.0])
    return unit(one[0] - other[0])


def _place(cloth: Dressed, x: float, y: float, dummy: Dummy) -> tuple[ndarray, ndarray] | None:
    """Return the place and the normal of the draped outside at a place of the dummy's front; None beside the cloth."""
    sewn = cloth.sewn
    a, b, c = (sewn.vertices[sewn.faces[:, i]].astype(np.float64) for i in range(3))
    e1, e2, p = (b - a)[:, :2], (c - a)[:, :2], np.array([x, y]) - a[:, :2]
    det = e1[:, 0] * e2[:, 1] - e1[:, 1] * e2[:, 0]
    safe = np.where(np.abs(det) < 1e-12, 1.0, det)
    v = (p[:, 0] * e2[:, 1] - p[:, 1] * e2[:, 0]) / safe
    w = (e1[:, 0] * p[:, 1] - e1[:, 1] * p[:, 0]) / safe
    arm = sewn.arm[sewn.faces].max(1)
    hit = (det > 1e-12) & (v >= 0) & (w >= 0) & (v + w <= 1) & (arm < 0.12)
    hit &= a[:, 2] > float(dummy.joint("spine01")[2]) - 0.02
    if not hit.any():
        return None
    k = int(np.flatnonzero(hit)[a[hit, 2].argmax()])
    weights = np.array([1 - v[k] - w[k], v[k], w[k]])
    outer = cloth.shell.vertices[: len(sewn.vertices)]
    corners = sewn.faces[k]
    return weights @ outer[corners].astype(np.float64), unit(weights @ cloth.normals[corners].astype(np.float64))


def _buttons(dummy: Dummy, cloth: Dressed, wanted: Trim, below: Sequence[Part]) -> list[Part]:
    """Return round buttons with four holes, down the front or along its opening."""
    sewn, h = cloth.sewn, dummy.heights
    opening = getattr(sewn.garment, "opening", None)
    front = (np.abs(sewn.vertices[:, 0]) < 0.03 + (opening or 0)) & (_before(dummy, cloth) > 0)
    y = sewn.vertices[front, 1] if front.any() else sewn.vertices[:, 1]
    top, low = float(y.max()) - 0.02, max(float(y.min()) + 0.03, h["crotch"])
    if opening is not None:
        top = min(top, _levels(dummy, cloth)[0] + 0.02 if wanted.lapel else top)
    lying = [Surface(cloth.shell.vertices, cloth.shell.faces), *(Surface(p.vertices, p.faces) for p in below)]
    colour = linear(wanted.button_colour)

    def holes(k: ndarray) -> ndarray:
        q = np.abs(k - 0.5) * 2
        dark = np.hypot(q[:, 0] - 0.2, q[:, 1] - 0.2) < 0.11
        ring = np.exp(-(((np.hypot(q[:, 0], q[:, 1]) - 0.72) / 0.06) ** 2))
        return colour * np.where(dark, 0.12, 1 - 0.35 * ring)[:, None]

    parts: list[Part] = []
    span = float(h["neck"] - h["hip"])
    for k, level in enumerate(np.linspace(top, low, wanted.buttons)):
        gap = 0.0 if opening is None else 0.004 + opening * np.clip((h["neck"] - level) / span, 0.1, 2) + 0.016
        at = _place(cloth, float(gap), float(level), dummy)
        if at is None:
            continue
        middle, normal = at
        right = unit(np.cross([0.0, 1, 0], normal))
        axes = np.stack([wanted.button * right, 0.0013 * normal, wanted.button * np.cross(normal, right)])
        middle = middle + 0.0018 * normal
        disc = blob(middle, axes, 3.0, (8, 20), plan=2.0)
        for _ in range(4):
            near = min(float(s.closest(disc.vertices, 0.02).distance.min()) for s in lying)
            disc = disc._replace(vertices=(disc.vertices + normal * max(0.0003 - near, 0)).astype(np.float32))
        name = f"{cloth.worn.family}: button {k + 1}"
        parts.append(part_of(disc, name, "button", holes, finish=(0.045, 0.3), size=64))
    return parts


def draw_trim(rng: np.random.Generator, worn: Worn) -> Trim:
    """Return what such a garment has sewn on."""
    cut_ = worn.garment
    r = float(rng.random())
    colour: Colour = ((0.85, 0.83, 0.78), (0.10, 0.09, 0.09), (0.34, 0.24, 0.16))[int(rng.integers(3))]
    leather: Colour = ((0.20, 0.13, 0.09), (0.05, 0.05, 0.05), (0.44, 0.29, 0.17))[int(rng.integers(3))]
    metal: Colour = ((0.74, 0.70, 0.58), (0.62, 0.63, 0.65))[int(rng.integers(2))]
    plain = Trim(button_colour=colour, belt_colour=leather, buckle=metal)
    if isinstance(cut_, Trousers):
        pockets = ("back",) if worn.family in ("jeans", "shorts", "trousers") and r < 0.8 else ()
        return replace(
            plain, pockets=pockets, pocket=float(rng.uniform(0.105, 0.125)), belt=float(rng.uniform(0.03, 0.036))
        )
    if not isinstance(cut_, Upper):
        return replace(plain, belt=0.03 if r < 0.3 else 0.0)
    if worn.family in ("jacket", "coat"):
        big = worn.family == "coat" or worn.fabric.weave == "wool"
        lapel = float(rng.uniform(0.06, 0.085)) if big and cut_.neck == "vee" else 0.0
        return replace(
            plain, lapel=lapel, collar=0.05 if not lapel and r < 0.6 else 0.0, buttons=int(rng.integers(3, 6)),
            button=float(rng.uniform(0.009, 0.012)), pockets=("hips",) if r < 0.75 else ("chest",),
            pocket=float(rng.uniform(0.12, 0.15)),
        )  # fmt: skip
    if worn.family in ("blouse", "shirt"):
        buttoned = worn.family == "shirt" or r < 0.6
        return replace(
            plain, placket=0.028 if buttoned else 0.0, buttons=int(rng.integers(6, 9)) if buttoned else 0,
            button=0.0055, collar=float(rng.uniform(0.045, 0.06)) if cut_.neck in ("crew", "vee", "high") else 0.0,
            pockets=("chest",) if worn.family == "shirt" and r < 0.5 else (), pocket=0.105,
        )  # fmt: skip
    if worn.family == "dress":
        return replace(plain, belt=float(rng.uniform(0.025, 0.045)) if r < 0.4 else 0.0)
    if worn.family == "t-shirt":
        return replace(plain, pockets=("chest",) if r < 0.3 else (), pocket=0.095)
    return plain
