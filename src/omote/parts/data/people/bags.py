"""Bags: a shoulder bag with its strap across the chest, and a backpack with two straps.

A strap across the chest is taut: in the plane through shoulder and hip it is the convex outline of trunk and clothes,
worked out for each of the strap's own lines, so that it leans with what it lies on. A backpack's straps are elastic
bands that shorten and are pushed out of the clothes in turn. A bag that would touch an arm or a leg in somebody's pose
is not worn.

Notation: world metres; gaps are to the outermost garment.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, Int32
from numpy import ndarray
from scipy.ndimage import gaussian_filter1d
from scipy.spatial import ConvexHull

from omote.core.errors import UsageError
from omote.parts.data.cloth import Colour, linear
from omote.parts.data.figure import Figure
from omote.parts.data.noise import noise
from omote.parts.data.people.dressing import Dressed
from omote.parts.data.people.fabrics import GLOSS, Weave
from omote.parts.data.people.footwear import LEATHERS
from omote.parts.data.people.part import Part
from omote.parts.data.people.solids import Solid, blob, lattice, part_of, thickened, unit
from omote.parts.data.people.wardrobe import DYES
from omote.parts.space.closest import Surface
from omote.parts.space.crossing import crossing_faces, self_crossings
from omote.parts.space.mesh import vertex_normals
from omote.parts.space.sheet import cut

GAP = 0.003
"""Between straps and clothes, metres."""
LINES = 5
"""Lines along a strap."""
ROOT = 0.2
"""Along the arm: sleeves above it count as trunk."""
AROUND = 180
"""Points along a strap around the chest."""


@dataclass(frozen=True, kw_only=True)
class Bag:
    """One bag; lengths in metres."""

    family: str
    colour: Colour
    second: Colour = (0.12, 0.12, 0.13)
    weave: Weave = "leather"
    size: tuple[float, float, float] = (0.26, 0.20, 0.08)
    """Width, height, depth."""
    strap: float = 0.032
    """Width."""
    thick: float = 0.0026
    """Of the strap."""
    side: int = 1
    """1: on the left hip."""
    square: float = 5.0
    seed: int = 0

    def paint(self, known: Float[ndarray, "n 3"]) -> Float32[ndarray, "n 3"]:
        """Return the colour (linear) at places of the bag, -1..1 along each axis."""
        p = known * np.array(self.size) / 2
        colour = linear(self.colour) * (1 + 0.10 * noise(p, 0.006, self.seed, 3))[:, None]
        near = np.abs(np.abs(known[:, 0]) - 0.93)
        seams = np.exp(-((near / 0.008) ** 2)) + np.exp(-(((known[:, 1] - 0.45) / 0.008) ** 2)) * (
            self.family == "backpack"
        )
        pouch = np.maximum(np.abs(known[:, 0]) / 0.72, np.abs(known[:, 1] + 0.42) / 0.40)
        seams = seams + np.exp(-(((pouch - 1) / 0.02) ** 2)) * (known[:, 2] < 0) * (self.family == "backpack")
        return np.clip(colour * (1 - 0.45 * np.clip(seams, 0, 1))[:, None], 0.003, 0.92).astype(np.float32)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Under:
    """What a bag lies on."""

    trunk: list[Surface]
    points: Float32[ndarray, "n 3"]
    """On trunk and clothes, dense."""
    everything: list[Surface]


def carry(figure: Figure, dressed: Sequence[Dressed], bag: Bag, others: Sequence[Part] = ()) -> tuple[Part, ...]:
    """Return a bag and its straps on somebody; nothing where the pose leaves no room for it.

    Args:
        figure: the posed body.
        dressed: what is worn, from the inside out.
        bag: the bag.
        others: what it must not touch besides skin and clothes: hair, a scarf.

    Raises:
        UsageError: the family is not known.
    """
    if bag.family not in BAGS:
        raise UsageError(f"there is no family of bags {bag.family!r}; there are {', '.join(BAGS)}")
    under = _under(figure, dressed, others)
    parts = (_shoulder_bag if bag.family == "shoulder bag" else _backpack)(figure, bag, under)
    solids = [Surface(p.vertices, p.faces) for p in parts]
    for k, solid in enumerate(solids):
        if len(self_crossings(solid)) or any(len(crossing_faces(solid, s)) for s in (*under.everything, *solids[:k])):
            return ()
    return tuple(parts)


def _under(figure: Figure, dressed: Sequence[Dressed], others: Sequence[Part]) -> _Under:
    faces = figure.model.faces
    torso = figure.part("torso", "neck") | (figure.part("leg") & (figure.canonical[:, 1] > -0.05))
    torso |= figure.part("arm") & (figure.arm < ROOT)
    pieces: list[tuple[ndarray, Int32[ndarray, "f 3"]]] = [(figure.vertices, faces[torso[faces].all(1)])]
    for d in dressed:
        count = len(d.sewn.vertices)
        on = d.sewn.arm <= ROOT
        pieces.append((d.shell.vertices[:count], d.sewn.faces[on[d.sewn.faces].all(1)]))
    points, trunk = [], []
    for vertices, kept in pieces:
        used, index = np.unique(kept, return_inverse=True)
        own = index.reshape(-1, 3).astype(np.int32)
        trunk.append(Surface(vertices[used], own))
        corners = vertices[kept]
        points += [vertices[used], corners.mean(1), *(0.5 * (corners[:, i] + corners[:, i - 1]) for i in range(3))]
    everything = [Surface(figure.vertices, faces), *(Surface(d.shell.vertices, d.shell.faces) for d in dressed)]
    everything += [Surface(p.vertices, p.faces) for p in others]
    return _Under(trunk=trunk, points=np.concatenate(points).astype(np.float32), everything=everything)


def _frame(figure: Figure, bone: str) -> ndarray:
    """Return a bone's axes as columns: left, up, ahead."""
    return figure.bones[figure.model.bone_names.index(bone), :3, :3].astype(np.float64)


def _joint(figure: Figure, bone: str) -> ndarray:
    return figure.bones[figure.model.bone_names.index(bone), :3, 3].astype(np.float64)


def _strap_around(figure: Figure, bag: Bag, under: _Under) -> tuple[Float[ndarray, "a l 3"], ndarray]:
    """Return the lines of a taut strap from a shoulder to the other hip, and its middle."""
    own, other = ("L", "R") if bag.side > 0 else ("R", "L")
    neck, shoulder = _joint(figure, "neck01"), _joint(figure, f"upperarm01.{other}")
    hip, across = _joint(figure, f"upperleg01.{own}"), _joint(figure, f"upperleg01.{other}")
    top = 0.5 * neck + 0.5 * shoulder + np.array([0, 0.03, 0])
    low = hip + 0.55 * (hip - across) + np.array([0, 0.01, 0])
    ahead = _frame(figure, "spine02")[:, 2]
    down = unit(low - top)
    normal = unit(np.cross(down, ahead))
    ahead = np.cross(normal, down)
    middle = (top + low) / 2
    flat = (under.points - middle) @ np.stack([down, ahead, normal], 1)
    turn = 2 * np.pi * np.arange(AROUND) / AROUND
    ways = np.stack([np.cos(turn), np.sin(turn)], 1)
    lines = []
    for offset in np.linspace(-0.5, 0.5, LINES) * bag.strap:
        near = flat[np.abs(flat[:, 2] - offset) < 0.5 * bag.strap / (LINES - 1) + 0.004, :2]
        hull = ConvexHull(near)
        facing = ways @ hull.equations[:, :2].T
        away = (GAP + 0.0015 - hull.equations[:, 2]) / np.where(facing > 1e-3, facing, 1e-3)
        radius = np.where(facing > 1e-3, away, np.inf).min(1)
        even = np.maximum(gaussian_filter1d(radius, 2.0, mode="wrap"), radius - 0.001)
        lines.append(middle + even[:, None] * (ways[:, :1] * down + ways[:, 1:] * ahead) + offset * normal)
    return np.stack(lines, 1), middle


def _band(lines: Float[ndarray, "a l 3"], thick: float, around: bool) -> Solid:
    """Return a strap whose underside lies on its lines."""
    vertices, faces = lattice(lines, around=around)
    normals = vertex_normals(vertices, faces)
    columns, rows = lines.shape[:2]
    share = np.linspace(0, 1, columns)
    along = 1 - np.abs(1 - 2 * np.arange(columns) / columns) if around else share
    uvs = np.stack(np.broadcast_arrays(along[:, None], np.linspace(0, 1, rows)[None]), -1).reshape(-1, 2)
    return thickened((vertices + thick * normals).astype(np.float32), faces, vertices, uvs)


def _webbing(bag: Bag) -> Callable[[ndarray], ndarray]:
    colour = linear(bag.second if bag.weave != "leather" else bag.colour)

    def paint(k: ndarray) -> ndarray:
        edge = np.minimum(k[:, 1], 1 - k[:, 1]) * bag.strap
        return colour * (1 - 0.30 * np.exp(-(((edge - 0.003) / 0.0008) ** 2)))[:, None]

    return paint


def _pushed(
    middle: ndarray, way: ndarray, shape: Callable[[ndarray], Solid], under: Sequence[Surface]
) -> ndarray | None:
    """Return a middle moved along a way until the solid there is clear; None if that takes too far."""
    moved = 0.0
    for _ in range(14):
        vertices = shape(middle + moved * way).vertices
        near = min(float(s.closest(vertices, 0.2).distance.min()) for s in under)
        if near >= GAP:
            return middle + moved * way
        moved += max(GAP - near, 0.001) + 0.0005
    return None


def _box(bag: Bag, axes: ndarray) -> Callable[[ndarray], Solid]:
    """Return what makes the bag around a middle; columns of axes: its width, height and outside."""
    half = np.array(bag.size)[:, None] / 2 * axes.T
    return lambda middle: blob(middle, half, bag.square, (22, 40), plan=bag.square)


def _finished(bag: Bag, solid: Solid, middle: ndarray, axes: ndarray, name: str) -> Part:
    known = (solid.vertices - middle) @ axes / (np.array(bag.size) / 2)
    return part_of(
        solid, f"{bag.family}: {name}", bag.family, bag.paint, known=known, finish=GLOSS[bag.weave], size=384
    )


def _flap(bag: Bag, solid: Solid, middle: ndarray, axes: ndarray) -> Part:
    """Return the flap over a bag's front."""
    known = (solid.vertices - middle) @ axes / (np.array(bag.size) / 2)
    rounding = 0.10 * known[:, 0] ** 2
    field = np.where(known[:, 2] > -0.6, known[:, 1] + 0.20 - rounding, -1.0) + 0.25 * np.minimum(known[:, 2], 0)
    normals = vertex_normals(solid.vertices, solid.faces)
    piece = cut(solid.vertices, solid.faces, np.minimum(field, 1.02 - np.abs(known[:, 0])).astype(np.float64))
    n = unit(piece.carry(normals))
    low = (piece.vertices + 0.0016 * n).astype(np.float32)
    sheet = thickened((low + 0.0024 * n).astype(np.float32), piece.faces, low, piece.carry(solid.uvs))
    dark = linear(bag.colour) * 0.92
    stitched = np.tile(piece.carry(np.minimum(field, 1.02 - np.abs(known[:, 0]))[:, None].astype(np.float32)), (2, 1))

    def paint(k: ndarray) -> ndarray:
        return dark * (1 + 0.4 * np.exp(-(((k[:, 0] - 0.05) / 0.012) ** 2)))[:, None]

    return part_of(sheet, f"{bag.family}: flap", bag.family, paint, known=stitched, finish=GLOSS[bag.weave])


def _shoulder_bag(figure: Figure, bag: Bag, under: _Under) -> list[Part]:
    lines, middle = _strap_around(figure, bag, under)
    strap = _band(lines, bag.thick, True)
    belt = Surface(strap.vertices, strap.faces)
    height = np.array([0.0, 1.0, 0.0])
    for place in (0.0, -0.35, 0.35, -0.7, 0.7):  # radians from the side, behind first
        k = int(np.round(place / (2 * np.pi) * AROUND)) % AROUND
        at = lines[k].mean(0)
        out = unit((at - middle) * [1, 0, 1])
        axes = np.stack([np.cross(height, out), height, out], 1)
        start = at + out * (0.5 * bag.size[2] - 0.01) - height * (0.5 * bag.size[1] - 0.035)
        shape = _box(bag, axes)
        found = _pushed(start, out, shape, [*under.everything, belt])
        if found is not None and np.linalg.norm(found - start) < 0.07:
            break
    else:
        return [part_of(strap, f"{bag.family}: strap", bag.family, _webbing(bag))]
    solid = shape(found)
    parts = [_finished(bag, solid, found, axes, "bag"), _flap(bag, solid, found, axes)]
    return [*parts, part_of(strap, f"{bag.family}: strap", bag.family, _webbing(bag), finish=GLOSS[bag.weave])]


def _elastic(ways: Float[ndarray, "k 3"], under: Sequence[Surface], need: float, ends: int) -> Float[ndarray, "n 3"]:
    """Return a band through places, shortened and pushed out of surfaces in turn; its ends stay."""
    along = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(ways, axis=0), axis=1))])
    at = np.linspace(0, along[-1], 72)
    path = np.stack([np.interp(at, along, ways[:, i]) for i in range(3)], 1)
    for turn in range(80):
        if turn < 72:
            path[ends:-ends] = (
                0.5 * path[ends:-ends]
                + 0.25 * (path[ends + 1 : 1 - ends or None] + path[ends - 1 : -ends - 1])[: len(path) - 2 * ends]
            )
        path = _out(path, under, need)
    return path


def _out(points: Float[ndarray, "n 3"], under: Sequence[Surface], need: float) -> Float[ndarray, "n 3"]:
    for surface in under:
        found = surface.closest(points.astype(np.float32), 0.15)
        lacking = np.where(found.face >= 0, need - found.distance, 0).clip(0)
        points = points + found.normal * lacking[:, None]
    return points


def _backpack(figure: Figure, bag: Bag, under: _Under) -> list[Part]:
    axes = _frame(figure, "spine02")
    axes = np.stack([axes[:, 0], axes[:, 1], -axes[:, 2]], 1)  # its outside is behind
    neck = _joint(figure, "neck01")
    start = neck - axes[:, 1] * (0.5 * bag.size[1] + 0.06) + axes[:, 2] * (0.10 + 0.5 * bag.size[2])
    shape = _box(bag, axes)
    found = _pushed(start, axes[:, 2], shape, under.everything)
    if found is None:
        return []
    solid = shape(found)
    parts = [_finished(bag, solid, found, axes, "bag")]
    pack = Surface(solid.vertices, solid.faces)
    clear = [*under.trunk, pack]
    for side, one in ((1, "L"), (-1, "R")):
        shoulder = _joint(figure, f"upperarm01.{one}")
        left, up, ahead = axes[:, 0] * side, axes[:, 1], -axes[:, 2]
        half = np.array(bag.size) / 2
        top = found + up * (0.80 * half[1]) + ahead * (half[2] - 0.01) + left * 0.055
        over = 0.32 * neck + 0.68 * shoulder + up * 0.05
        front = over - up * 0.20 + ahead * 0.13 + left * 0.012
        below = shoulder - up * 0.19 + left * 0.03 + ahead * 0.02
        low = found - up * (0.74 * half[1]) + ahead * (half[2] - 0.02) + left * (half[0] + 0.004)
        path = _elastic(np.stack([top, over, front, below, low]), clear, GAP + 0.002, 1)
        tangent = unit(np.gradient(path, axis=0))
        outside = gaussian_filter1d(under.trunk[-1].closest(path.astype(np.float32), 0.3).normal, 4.0, axis=0)
        across = unit(gaussian_filter1d(unit(np.cross(tangent, outside)), 5.0, axis=0))
        wide = bag.strap * 1.3
        lines = [path + o * wide * across for o in np.linspace(-0.5, 0.5, LINES)]
        lines = np.stack([_out(_out(line, clear, GAP), clear, GAP) for line in lines], 1)
        lines = gaussian_filter1d(lines, 2.0, axis=0)
        lines = np.stack([_out(_out(lines[:, k], clear, GAP), clear, GAP) for k in range(LINES)], 1)
        strap = _band(lines, bag.thick * 1.8, False)
        name = "left" if side > 0 else "right"
        parts.append(part_of(strap, f"{bag.family}: {name} strap", bag.family, _webbing(bag), finish=GLOSS[bag.weave]))
    return parts


Draw = np.random.Generator


def _draw_shoulder(rng: Draw) -> Bag:
    leather = bool(rng.random() < 0.7)
    colours = LEATHERS if leather else DYES
    return Bag(
        family="shoulder bag", colour=colours[int(rng.integers(len(colours)))],
        weave="leather" if leather else "cotton",
        size=(float(rng.uniform(0.20, 0.32)), float(rng.uniform(0.15, 0.25)), float(rng.uniform(0.055, 0.09))),
        strap=float(rng.uniform(0.018, 0.04)), side=1 if rng.random() < 0.5 else -1,
        square=float(rng.uniform(4.5, 7)), seed=int(rng.integers(1 << 20)),
    )  # fmt: skip


def _draw_backpack(rng: Draw) -> Bag:
    weave: Weave = "nylon" if rng.random() < 0.7 else "leather"
    colours = DYES if weave == "nylon" else LEATHERS
    return Bag(
        family="backpack", colour=colours[int(rng.integers(len(colours)))], weave=weave,
        size=(float(rng.uniform(0.26, 0.31)), float(rng.uniform(0.36, 0.44)), float(rng.uniform(0.12, 0.18))),
        strap=float(rng.uniform(0.038, 0.05)), square=float(rng.uniform(3.2, 4.5)), seed=int(rng.integers(1 << 20)),
    )  # fmt: skip


BAGS: Mapping[str, Callable[[Draw], Bag]] = {"shoulder bag": _draw_shoulder, "backpack": _draw_backpack}
"""Draws a bag, by family."""


def draw_bag(rng: Draw, *, share: float = 0.2, without: tuple[str, ...] = ()) -> Bag | None:
    """Return a bag, or None.

    Args:
        rng: draws.
        share: of people who carry one.
        without: families that are held out.

    Raises:
        UsageError: a family is not known.
    """
    for name in without:
        if name not in BAGS:
            raise UsageError(f"there is no family of bags {name!r}; there are {', '.join(BAGS)}")
    names = [n for n in BAGS if n not in without]
    if not names or rng.random() >= share:
        return None
    return BAGS[names[int(rng.integers(len(names)))]](rng)
