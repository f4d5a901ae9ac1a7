"""Hats as they are sewn: the sheet from crown to brim, its dents and folds, its colours, a visor and its button.

Notation: see `hat_forms`. `edge` = metres along the hat from its rim, up the crown positive, out on the brim negative.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Float32
from numpy import ndarray

from omote.parts.data.cloth import line, linear, step
from omote.parts.data.noise import noise
from omote.parts.data.people.fabrics import GLOSS
from omote.parts.data.people.hat_forms import COLUMNS, Headwear, Lid, Seat, boxy, crown, evened, spun, turns
from omote.parts.data.people.part import Part
from omote.parts.data.people.solids import Solid, blob, lattice, part_of, relief_of, thickened, unit
from omote.parts.space.mesh import vertex_normals

TEXTURE = 512
"""Texels along each side."""
CUFF_GAP = 0.0018
"""Between what is turned up and the crown, metres."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Sheet:
    """A hat's outside."""

    points: Float[ndarray, "c r 3"]
    """In the hat's frame, outside."""
    edge: Float[ndarray, "c r"]
    crown_rows: int


def sheet_of(seat: Seat, hat: Headwear) -> Sheet:
    """Return a hat's outside on a seat."""
    around = turns()
    if hat.square > 2.6:
        seat = seat.at_least(boxy(seat, seat.top + hat.loose + 0.8 * hat.dent, hat.taper, hat.square))
    rim = np.zeros(COLUMNS)
    if hat.visor:
        rim += 0.010 * np.exp(-((_front(around) / 0.55) ** 2))
    profile = evened(crown(seat, rim, 200), 64)
    if hat.width:
        high = rim + hat.width * (0.75 + 0.25 * np.cos(around))
        profile = _lower(profile, high, 16)
    rows = profile.shape[1]
    if hat.brim:
        profile = np.concatenate([profile, _brim(hat, profile[:, -1])], 1)
    if hat.cuff:
        profile = np.concatenate([profile, _cuff(hat, profile[:, -24:])], 1)
    if hat.ribbon:
        on = step(profile[:, :rows, 1], hat.ribbon, 0.002)
        profile[:, :rows, 0] += 0.0012 * (1 - on) * step(profile[:, :rows, 1], 0.002, 0.003)
    points = _shaped(hat, spun(profile), rows)
    lengths = np.linalg.norm(np.diff(profile, axis=1), axis=-1)
    along = np.concatenate([np.zeros((COLUMNS, 1)), np.cumsum(lengths, 1)], 1)
    return Sheet(points=points, edge=along[:, rows - 1, None] - along, crown_rows=rows)


def _lower(profile: Float[ndarray, "c r 2"], high: Float[ndarray, " c"], rows: int) -> Float[ndarray, "c n 2"]:
    """Return what lies below a height of each profile."""
    number = np.arange(profile.shape[1])
    result = np.empty((len(profile), rows, 2))
    for k, (p, h) in enumerate(zip(profile, high, strict=True)):
        at = np.linspace(np.interp(h, p[::-1, 1], number[::-1]), number[-1], rows)
        result[k, :, 0], result[k, :, 1] = np.interp(at, number, p[:, 0]), np.interp(at, number, p[:, 1])
    return result


def _front(around: ndarray) -> ndarray:
    """Return the angle from the front, -pi to pi."""
    return (around + np.pi) % (2 * np.pi) - np.pi


def _brim(hat: Headwear, rim: Float[ndarray, "c 2"]) -> Float[ndarray, "c n 2"]:
    out = hat.brim * np.concatenate([[0.012, 0.03, 0.06], np.linspace(0.1, 1, 19)])
    high = _brim_height(hat, turns()[:, None], out[None])
    return np.stack([rim[:, :1] + np.broadcast_to(out, high.shape), rim[:, 1:] + high], -1)


def _brim_height(hat: Headwear, around: ndarray, out: ndarray) -> ndarray:
    share = np.clip(out / hat.brim, 0, 1.2)
    front, aside = np.cos(around), np.sin(around) ** 2
    bend = hat.curl * share**2 * (aside + 0.55 * np.clip(-front, 0, 1) ** 2 - 0.45 * np.clip(front, 0, 1) ** 3)
    wave = 0.003 * share**2 * np.sin(3 * around + hat.seed % 7)
    return -hat.slope * out + bend + wave


def underside(hat: Headwear) -> Callable[[ndarray, ndarray], ndarray]:
    """Return the height of a brim's underside over (around, metres beyond the rim)."""

    def height(around: ndarray, beyond: ndarray) -> ndarray:
        return _brim_height(hat, around, np.maximum(beyond, 0)) - hat.thickness * np.hypot(1, hat.slope)

    return height


def _cuff(hat: Headwear, crown_end: Float[ndarray, "c n 2"]) -> Float[ndarray, "c m 2"]:
    """Turn the end of a crown up: around a bend, then along its own outside."""
    gap = 2 * hat.thickness + CUFF_GAP
    bend = np.pi * np.linspace(0, 1, 7)[1:]
    end = crown_end[:, -1:]
    turn = end + np.stack([gap / 2 * (1 - np.cos(bend)), -gap / 2 * np.sin(bend)], -1)[None]
    up = np.linspace(0, 1, 14)[1:]
    high = end[..., 1] + hat.cuff * up[None]
    radius = np.stack([np.interp(h, p[::-1, 1], p[::-1, 0]) for h, p in zip(high, crown_end, strict=True)])
    roll = gap + 0.0015 * np.sin(np.pi * up)[None]
    return np.concatenate([turn, np.stack([radius + roll, high], -1)], 1)


def _shaped(hat: Headwear, points: Float[ndarray, "c r 3"], rows: int) -> Float[ndarray, "c r 3"]:
    """Dent, pinch, slouch and wrinkle the crown."""
    points = points.copy()
    p = points[:, :rows]
    high = p[..., 1] / p[..., 1].max()
    if hat.dent:
        crease = np.exp(-((p[..., 0] / 0.024) ** 2)) * (1 - step(np.abs(p[..., 2] - 0.005), 0.075, 0.05))
        ridge = step(high, 0.78, 0.5)
        p[..., 1] -= hat.dent * crease * ridge
        pinch = 0.24 * np.exp(-(((p[..., 2] - 0.062) / 0.030) ** 2)) * step(high, 0.70, 0.55)
        p[..., 0] *= 1 - pinch
        p[..., 1] -= 0.010 * step(-p[..., 2], 0.02, 0.12) * ridge
    if hat.cuff or hat.ribs:
        loft = step(high, 0.86, 0.28)
        p[..., 1] += hat.loose * loft
        p[..., 2] -= 1.1 * hat.loose * loft
        folds = noise(p.reshape(-1, 3), (0.06, 0.025, 0.06), hat.seed + 3, 2).reshape(high.shape)
        p[..., :3:2] *= (
            1 + (0.03 + hat.loose) * np.maximum(folds, 0)[..., None] * (loft * (1 - step(high, 1.0, 0.2)))[..., None]
        )
    if hat.visor:  # the two stiff panels in front
        stiff = np.exp(-((_front(turns())[:, None] / 0.75) ** 2)) * np.sin(np.pi * np.clip(high, 0, 1)) ** 1.2
        p[..., 2] += 0.008 * stiff
        p[..., 1] += 0.006 * stiff
    points[:, :rows] = p
    return points


def sides(sheet: Sheet, hat: Headwear) -> tuple[ndarray, ndarray, ndarray]:
    """Return the inside, the outside and the faces."""
    vertices, faces = lattice(sheet.points, around=True, tip=not hat.width)
    normals = vertex_normals(vertices, faces)
    return vertices - hat.thickness * normals, vertices, faces


def strip_of(lid: Lid, seat: Seat, hat: Headwear) -> Lid:
    """Let hair be free above a headband: it rises from its upper edge."""

    def strip(points: Float[ndarray, "n 3"]) -> Float32[ndarray, " n"]:
        p = seat.local(points)
        high = hat.width * (0.75 + 0.25 * p[:, 2] / np.maximum(np.hypot(p[:, 0], p[:, 2]), 1e-6))
        return (lid(points) - 1.1 * np.maximum(p[:, 1] - high - 0.006, 0)).astype(np.float32)

    return strip


def painted(seat: Seat, hat: Headwear, sheet: Sheet) -> Part:
    """Return the hat as a part, without its visor."""
    inner, outer, faces = sides(sheet, hat)
    shape = sheet.points.shape[:2]
    share = np.linspace(0, 1, shape[1])
    if hat.width:
        share = 0.3 + 0.7 * share
    around = turns()
    known = np.concatenate(
        [sheet.points, np.broadcast_to(np.stack([np.sin(around), np.cos(around)], 1)[:, None], (*shape, 2)),
         sheet.edge[..., None]], -1,
    )  # fmt: skip
    uvs = 0.5 + 0.495 * share[None, :, None] * known[..., 3:5]
    flat_known, flat_uvs = (_as_vertices(a, tip=not hat.width) for a in (known, uvs))
    local = thickened(outer.astype(np.float32), faces, inner.astype(np.float32), flat_uvs)
    solid = Solid(seat.world(local.vertices), local.faces, local.uvs)
    twice = np.tile(flat_known, (2, 1))
    part = part_of(
        solid, f"headwear: {hat.family}", hat.family, lambda k: paint(hat, k), known=twice,
        finish=GLOSS[hat.weave], size=TEXTURE,
    )  # fmt: skip
    if hat.ribs:
        return replace(part, height=relief_of(solid, twice, lambda k: _relief(hat, k), TEXTURE))
    return part


def _as_vertices(values: Float[ndarray, "c r k"], tip: bool) -> Float[ndarray, "v k"]:
    if not tip:
        return values.reshape(-1, values.shape[-1])
    return np.concatenate([values[:, 0].mean(0, keepdims=True), values[:, 1:].reshape(-1, values.shape[-1])])


def _relief(hat: Headwear, known: ndarray) -> ndarray:
    around = np.arctan2(known[:, 3], known[:, 4])
    fade = step(np.hypot(known[:, 0], known[:, 2]), 0.02, 0.03)
    return 0.0011 * np.cos(hat.ribs * around) * fade


def paint(hat: Headwear, known: Float[ndarray, "n 6"]) -> Float32[ndarray, "n 3"]:
    """Return the colour (linear) where (place in the hat's frame, sine and cosine around, edge) are known."""
    p, edge = known[:, :3], known[:, 5]
    around = np.arctan2(known[:, 3], known[:, 4])
    base, second = linear(hat.colour), linear(hat.second)
    two = np.zeros(len(p))
    if hat.stripes:
        two = step(np.abs((edge / (2 * hat.stripes)) % 1 - 0.5), 0.25, 0.04)
    if hat.ribbon:
        two = np.maximum(two, step(edge, 0.001, 0.001) * (1 - step(edge, hat.ribbon, 0.001)))
    colour = base * (1 - two)[:, None] + second * two[:, None]
    yarn = 0.07 * noise(p, 0.0025, hat.seed, 2) + 0.05 * noise(p, 0.04, hat.seed + 1, 2)
    dark = np.zeros(len(p))
    if hat.ribs:
        dark += 0.22 * (0.5 - 0.5 * np.cos(hat.ribs * around)) * step(np.hypot(p[:, 0], p[:, 2]), 0.02, 0.03)
        yarn += 0.05 * np.sin(2 * np.pi * edge / 0.005 + np.pi * np.cos(hat.ribs * around))
    if hat.visor:
        sector = (around / (np.pi / 3) + 0.5) % 1 - 0.5
        reach = np.abs(sector) * (np.pi / 3) * np.hypot(p[:, 0], p[:, 2])
        dark += 0.30 * line(reach, 0, 0.0012) + 0.16 * line(reach, 0.005, 0.0008)
        hole = np.hypot((np.abs(np.abs(sector) - 0.5)) * (np.pi / 3) * np.hypot(p[:, 0], p[:, 2]), edge - 0.085)
        dark += 0.7 * (1 - step(hole, 0.0028, 0.001)) + 0.25 * line(edge, 0.018, 0.0008)
    if hat.brim and hat.weave in ("cotton", "denim", "nylon"):
        rows = line((-edge / 0.009) % 1, 0.5, 0.09)
        dark += 0.16 * rows * (edge < -0.003) + 0.28 * line(edge, 0.0, 0.0015)
        dark += 0.25 * line(np.abs(around), np.pi / 2, 0.012) * (edge > 0)
    if hat.brim and hat.weave == "wool":
        dark += 0.15 * step(-edge, hat.brim - 0.004, 0.001)
    return np.clip(colour * (1 + yarn - dark)[:, None], 0.003, 0.92).astype(np.float32)


def visor_of(seat: Seat, hat: Headwear, sheet: Sheet) -> list[Part]:
    """Return a curved visor and the button on top."""
    half, across, ahead = 1.06, 49, 20
    turn = np.linspace(-half, half, across)
    column = (turn % (2 * np.pi)) / (2 * np.pi) * COLUMNS
    rim = sheet.points[:, sheet.crown_rows - 1]
    low, part = np.floor(column).astype(int) % COLUMNS, (column % 1)[:, None]
    root = rim[low] * (1 - part) + rim[(low + 1) % COLUMNS] * part
    root = root + unit(root * [1, 0, 1]) * 0.0012 + np.array([0, 0.0012, 0])
    u = turn / half
    length = hat.visor * np.maximum((1 - np.abs(u) ** 3.2) ** 0.8, 0.03)
    v = np.linspace(0, 1, ahead)
    way = unit(np.stack([0.55 * np.sin(turn), 0 * turn, np.cos(turn) * 0.6 + 0.55], 1))
    points = root[None] + (v[:, None] * length)[..., None] * way[None]
    forward = points[..., 2] - root[None, :, 2]
    points[..., 1] -= 0.20 * forward + hat.curl * (np.abs(points[..., 0]) / 0.075) ** 2 * v[:, None] ** 0.7 * (
        length / hat.visor
    )
    points[..., 1] -= 0.9 * forward**2
    grid = points.transpose(1, 0, 2)
    vertices, faces = lattice(grid, around=False)
    uvs = np.stack(np.meshgrid(np.linspace(0, 1, across), v, indexing="ij"), -1).reshape(-1, 2)
    solid = thickened(vertices, faces, vertices - np.array([0, 0.0028, 0], np.float32), uvs)
    solid = Solid(seat.world(solid.vertices), solid.faces, solid.uvs)
    colour = linear(hat.second)

    def stitched(known: ndarray) -> ndarray:
        inside = (1 - known[:, 1]) * hat.visor
        rows = line((inside / 0.008) % 1, 0.5, 0.1) * (known[:, 1] > 0.05)
        grain = 0.06 * noise(np.concatenate([known * 0.1, known[:, :1] * 0], 1), 0.002, hat.seed, 2)
        return np.clip(colour * (1 + grain - 0.18 * rows)[:, None], 0.003, 0.92)

    plate = part_of(solid, "headwear: visor", hat.family, stitched, finish=GLOSS[hat.weave], size=256)
    near = sheet.points[np.hypot(sheet.points[..., 0], sheet.points[..., 2] - sheet.points[0, 0, 2]) < 0.011]
    top = sheet.points[:, 0].mean(0)
    top[1] = near[:, 1].max() + 0.0033
    knob = blob(top, np.diag([0.0075, 0.003, 0.0075]).astype(np.float64), 2.3)
    knob = Solid(seat.world(knob.vertices), knob.faces, knob.uvs)
    return [plate, part_of(knob, "headwear: button", hat.family, linear(hat.colour), finish=GLOSS[hat.weave])]
