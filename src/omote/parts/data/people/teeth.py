"""Two arches of teeth with their gums, as closed geometry behind the lips.

Idea: crowns are lofts of rounded rectangles, wide or narrow, with an edge, a tip or cusps on top; they stand side by
side along an ellipse, as dental arches do. The gum is a band swept along the same ellipse, whose margin is scalloped
from tooth to tooth. The upper arch is rigid with the skull; the lower one moves as the skin of the chin does when the
expression opens, shifts or pushes the jaw (rigid fit of Kabsch 1976).

Sizes: mean crowns of Wheeler's Dental Anatomy. Notation of an arch's own frame: x to the person's left, y toward the
chewing edges, z to the front, millimetres; the origin is in the middle of the front teeth's edges.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from jaxtyping import Float32, Float64, Int32
from numpy import ndarray

from omote.core.errors import UsageError
from omote.parts.body.anny import PARTS, BodyModel
from omote.parts.data.people.head import Head
from omote.parts.data.people.part import Part, plain, white
from omote.parts.data.people.tone import encode

Arch = Literal["upper", "lower"]
Kind = Literal["incisor", "canine", "premolar", "molar"]

CROWNS: dict[Arch, tuple[tuple[Kind, float, float, float], ...]] = {
    "upper": (
        ("incisor", 8.5, 10.0, 7.0), ("incisor", 6.6, 9.0, 6.0), ("canine", 7.5, 9.8, 8.0), ("premolar", 7.0, 8.2, 9.0),
        ("premolar", 6.8, 7.8, 9.0), ("molar", 10.0, 7.2, 11.0), ("molar", 9.4, 6.8, 11.0),
    ),
    "lower": (
        ("incisor", 5.2, 8.6, 6.0), ("incisor", 5.7, 8.9, 6.2), ("canine", 6.9, 9.8, 7.6), ("premolar", 7.0, 8.2, 7.6),
        ("premolar", 7.1, 7.8, 8.1), ("molar", 11.0, 7.2, 10.4), ("molar", 10.4, 6.8, 10.2),
    ),
}  # fmt: skip
"""From the middle to the back: kind, width along the arch, height and depth across it, millimetres."""
ELLIPSE: dict[Arch, tuple[float, float]] = {"upper": (28.0, 46.0), "lower": (25.0, 44.0)}
"""Half axes of the outer face of an arch, across and front to back."""
EDGE: dict[Arch, tuple[float, float, float]] = {"upper": (0.0, 0.8168, 0.1560), "lower": (0.0, 0.8188, 0.1532)}
"""Where the edges of the front teeth are on the mean adult, metres."""
BEHIND_LIPS = 0.0012
"""Metres that the upper front teeth stay behind the inner side of the lip."""
NARROWEST = 0.84
"""How far an arch may be drawn in at most."""
ROUND, LEVELS = 16, 7


@dataclass(frozen=True, kw_only=True)
class Teeth:
    """The teeth of one person.

    Raises:
        UsageError: crookedness is not within 0..1.
    """

    years: float = 35.0
    """Yellower and shorter with age."""
    stain: float = 0.2
    """0: bleached; 1: of a smoker."""
    crooked: float = 0.25
    """How far each tooth is turned and shifted."""
    gap: float = 0.0
    """Between the upper middle teeth, millimetres."""
    gums: tuple[float, float, float] = (0.47, 0.215, 0.195)
    """Linear colour; darker in dark people."""
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.crooked <= 1:
            raise UsageError(f"teeth are crooked by 0 to 1, not by {self.crooked}")


def teeth_parts(head: Head, teeth: Teeth) -> list[Part]:
    """Return teeth and gums of both arches."""
    parts = []
    for arch in ("upper", "lower"):
        turn, shift, scale = arch_from(head, arch)
        narrow = _narrowed(head, arch)
        for name, (points, faces, colours) in _arch(teeth, arch).items():
            inward = points * [narrow, 1, narrow] - [0, 0, (1 - narrow) * ELLIPSE[arch][1]]
            vertices = head.to_world((scale * inward @ turn.T + shift).astype(np.float32))
            faces = faces if arch == "lower" else np.ascontiguousarray(faces[:, ::-1])  # the upper arch is mirrored
            parts.append(
                Part(
                    name=f"{arch}_{name}", label="tooth" if name == "teeth" else "gum", vertices=vertices,
                    faces=faces, uvs=np.full((len(vertices), 2), 0.5, np.float32), albedo=white(),
                    gloss=plain(96 if name == "teeth" else 71), roughness=plain(60 if name == "teeth" else 90),
                    colours=colours,
                )
            )  # fmt: skip
    return parts


def arch_from(
    head: Head, arch: Arch, *, still: bool = False
) -> tuple[Float64[ndarray, "3 3"], Float64[ndarray, " 3"], float]:
    """Return turn, shift and scale that bring an arch, in millimetres, to this person's mouth before the pose.

    Args:
        head: whose.
        arch: `upper` or `lower`.
        still: without the expression.
    """
    cavity = head.model.part == PARTS.index("mouth")
    turn, scale, shift = _similarity(head.canonical[cavity], head.neutral[cavity])
    place = scale * turn @ np.array(EDGE[arch]) + shift
    middle = scale * turn @ np.array(EDGE["upper"]) + shift
    place[2] += _room(head, middle, scale) - middle[2]
    flip = np.diag([1.0, -1.0, 1.0]) if arch == "upper" else np.eye(3)
    if arch == "lower" and not still:
        jaw, moved = jaw_motion(head)
        place, turn = jaw @ place + moved, jaw @ turn
    return turn @ flip, place, scale * 1e-3


def _narrowed(head: Head, arch: Arch) -> float:
    """Return by how much an arch is drawn in, so that it stays behind the cheeks of a still face; 1: not at all."""
    turn, shift, scale = arch_from(head, arch, still=True)
    inner = (head.model.part == PARTS.index("mouth")) & (head.canonical[:, 2] > 0.130)
    x, y, z = ((head.neutral[inner] - shift) @ turn / scale).T
    a, b = ELLIPSE[arch]
    beside = (y > -8.5) & (y < 1.5)
    if not beside.any():
        return 1.0
    room = np.hypot(x[beside] / a, (z[beside] + b) / b).min() - BEHIND_LIPS / (scale * a)
    return float(np.clip(room, NARROWEST, 1.0))


def jaw_motion(head: Head) -> tuple[Float64[ndarray, "3 3"], Float64[ndarray, " 3"]]:
    """Return the rigid motion of the lower jaw that the expression makes, as the chin shows it."""
    rows = _chin(head.model, head.canonical)
    turn, _, shift = _similarity(head.neutral[rows], head.acted[rows], rigid=True)
    return turn, shift


def _chin(model: BodyModel, p: Float32[ndarray, "v 3"]) -> ndarray:
    near = (p[:, 1] < 0.804) & (p[:, 1] > 0.772) & (p[:, 2] > 0.118) & (np.abs(p[:, 0]) < 0.030)
    return np.flatnonzero(near & (model.part == PARTS.index("head")))


def _room(head: Head, middle: Float64[ndarray, " 3"], scale: float) -> float:
    """Return how far to the front the upper front teeth may stand: behind the inner side of the lips."""
    p, c = head.neutral, head.canonical
    inner = (head.model.part == PARTS.index("mouth")) & (np.abs(c[:, 0]) < 0.009) & (c[:, 2] > 0.150)
    inner &= (c[:, 1] > 0.812) & (c[:, 1] < 0.836)
    front = float(p[inner, 2].min()) if inner.any() else float(middle[2])
    return front - BEHIND_LIPS * scale


def _similarity(
    source: ndarray, target: ndarray, *, rigid: bool = False
) -> tuple[Float64[ndarray, "3 3"], float, Float64[ndarray, " 3"]]:
    """Return turn, scale and shift that bring source nearest to target (Kabsch; Umeyama for the scale)."""
    a, b = source.astype(np.float64), target.astype(np.float64)
    ca, cb = a.mean(0), b.mean(0)
    u, s, v = np.linalg.svd((a - ca).T @ (b - cb))
    sign = np.array([1, 1, np.linalg.det(u @ v)])
    turn = (u * sign @ v).T
    scale = 1.0 if rigid else float((s * sign).sum() / ((a - ca) ** 2).sum())
    return turn, scale, cb - scale * turn @ ca


Piece = tuple[Float32[ndarray, "v 3"], Int32[ndarray, "f 3"], ndarray]


@lru_cache(maxsize=16)
def _arch(teeth: Teeth, arch: Arch) -> dict[str, Piece]:
    """Return teeth and gum of an arch in its own frame."""
    rng = np.random.default_rng((teeth.seed, arch == "upper"))
    crowns, necks = [], []
    for side in (1, -1):
        along = (0.5 * teeth.gap if arch == "upper" else 0.0) + 0.05
        for number, (kind, width, height, depth) in enumerate(CROWNS[arch]):
            worn = 1 - 0.004 * max(teeth.years - 40, 0) * (number < 3) + 0.03 * rng.normal()
            at = _on_ellipse(arch, along + width / 2)
            points, faces = _crown(kind, width * 0.985, height * worn, depth)
            twist = rng.normal(0, 0.10) * teeth.crooked
            out = rng.normal(0, 0.45) * teeth.crooked
            rise = (-0.7 if number == 1 and arch == "upper" else 0.0) + rng.normal(0, 0.20) * teeth.crooked
            rise += 0.25 if kind == "canine" else 0.0
            points = _lean(points, arch, number)
            placed = _stand(points, at, twist, out, side) + np.array([0.0, rise, 0.0])
            crowns.append((placed, faces if side > 0 else faces[:, ::-1], _enamel(points, height, teeth, rng)))
            necks.append((side * along, side * (along + width), -height * 0.94 + rise))
            along += width
    return {"teeth": _merged(crowns), "gum": _gum(arch, necks, teeth)}


def _on_ellipse(arch: Arch, along: float) -> tuple[float, float, float]:
    """Return x, z and the angle of the outward normal from the front, at a length along half an arch."""
    a, b = ELLIPSE[arch]
    t = np.linspace(0, np.pi * 0.62, 1200)
    x, z = a * np.sin(t), b * (np.cos(t) - 1)
    length = np.concatenate([[0], np.cumsum(np.hypot(np.diff(x), np.diff(z)))])
    t = float(np.interp(along, length, t))
    return a * np.sin(t), b * (np.cos(t) - 1), float(np.arctan2(np.sin(t) / a, np.cos(t) / b))


def _crown(kind: Kind, width: float, height: float, depth: float) -> tuple[ndarray, ndarray]:
    """Return a closed crown: y = 0 at the edge and -height at the neck, its outer face at z = 0."""
    angle = np.linspace(0, 2 * np.pi, ROUND, endpoint=False)
    square = 0.62 if kind in ("premolar", "molar") else 0.72
    x, z = (np.sign(f) * np.abs(f) ** square for f in (np.cos(angle), np.sin(angle)))
    t = np.linspace(0, 1, LEVELS)
    wide, deep = {
        "incisor": (
            np.interp(t, [0, 0.3, 0.8, 1], [0.70, 0.84, 1.0, 0.97]),
            np.interp(t, [0, 0.4, 1], [1, 0.72, 0.26]),
        ),
        "canine": (np.interp(t, [0, 0.3, 0.7, 1], [0.72, 0.90, 1.0, 0.46]), np.interp(t, [0, 0.4, 1], [1, 0.80, 0.28])),
        "premolar": (np.interp(t, [0, 0.6, 1], [0.74, 1.0, 0.80]), np.interp(t, [0, 0.5, 1], [0.90, 1.0, 0.78])),
        "molar": (np.interp(t, [0, 0.6, 1], [0.84, 1.0, 0.88]), np.interp(t, [0, 0.5, 1], [0.94, 1.0, 0.82])),
    }[kind]
    face = 0.55 * np.sin(np.pi * np.clip(t * 0.9 + 0.1, 0, 1)) - 0.9 * (t - 0.2).clip(0) ** 2  # bulges, then falls back
    rings = []
    for level in range(LEVELS):
        middle = face[level] - depth * deep[level] / 2
        y = np.full(ROUND, height * (t[level] - 1))
        rings.append(np.stack([width / 2 * wide[level] * x, y, middle + depth / 2 * deep[level] * z], 1))
    rings += _top(kind, rings[-1], width, depth)
    bottom = rings[0].mean(0) - [0, 2.0, 0]
    return _closed_loft([0.55 * (rings[0] - bottom) + bottom, *rings])


def _top(kind: Kind, rim: ndarray, width: float, depth: float) -> list[ndarray]:
    """Return rings that close a crown: a rounded edge, a tip, or cusps about a furrow."""
    middle = rim.mean(0)
    inner = middle + (rim - middle) * [0.86, 0, 0.62] + [0, 0.32, 0]
    if kind == "incisor":
        return [inner, middle + (rim - middle) * [0.6, 0, 0.05] + [0, 0.36, 0]]
    if kind == "canine":
        tip = middle + (rim - middle) * [0.45, 0, 0.5] + [0, 0.75, 0]
        return [middle + (rim - middle) * [0.8, 0, 0.8] + [0, 0.4, 0], tip]
    across = (rim - middle) / [width / 2, 1, depth / 2]
    cusps = np.abs(across[:, 2]) if kind == "premolar" else 2 * np.abs(across[:, 0] * across[:, 2])
    high = middle + (rim - middle) * [0.72, 0, 0.72]
    high[:, 1] += 0.25 + 0.6 * cusps
    low = middle + (rim - middle) * [0.30, 0, 0.30]
    low[:, 1] -= 0.55
    return [high, low]


def _closed_loft(rings: list[ndarray]) -> tuple[ndarray, ndarray]:
    """Return a loft of rings, counter-clockwise about +y from below to above, closed by fans."""
    count = len(rings[0])
    i = np.arange(count)
    j = (i + 1) % count
    faces = []
    for level in range(len(rings) - 1):
        a, b = level * count, (level + 1) * count
        faces += [np.stack([a + i, b + j, a + j], 1), np.stack([a + i, b + i, b + j], 1)]
    last = (len(rings) - 1) * count
    low, high = len(rings) * count, len(rings) * count + 1
    faces += [np.stack([i, j, np.full(count, low)], 1), np.stack([last + j, last + i, np.full(count, high)], 1)]
    points = np.concatenate([*rings, rings[0].mean(0, keepdims=True), rings[-1].mean(0, keepdims=True)])
    return points, np.concatenate(faces)


def _lean(points: ndarray, arch: Arch, number: int) -> ndarray:
    """Return a crown leaning as it does in the jaw: front teeth outward, lower molars inward."""
    slope = (0.16 if arch == "upper" else 0.10) if number < 3 else (0.05 if arch == "upper" else -0.14)
    leaned = points.copy()
    leaned[:, 2] += slope * points[:, 1]
    return leaned


def _stand(points: ndarray, at: tuple[float, float, float], twist: float, out: float, side: int) -> ndarray:
    """Return a crown put onto the arch."""
    angle = at[2] + twist
    c, s = np.cos(angle), np.sin(angle)
    x, z = points[:, 0], points[:, 2] + out
    placed = np.stack([at[0] + c * x + s * z, points[:, 1], at[1] - s * x + c * z], 1)
    return placed * [side, 1, 1]


def _enamel(points: ndarray, height: float, teeth: Teeth, rng: np.random.Generator) -> ndarray:
    """Return linear colours: yellower at the neck, greyish and clear at the edge."""
    old = np.clip((teeth.years - 20) / 65, 0, 1)
    yellow = float(np.clip(0.20 + 0.45 * old + 0.55 * teeth.stain + 0.05 * rng.normal(), 0, 1.3))
    base = np.array([0.70, 0.655, 0.565]) * (1 - yellow * np.array([0.10, 0.19, 0.40]))
    t = np.clip(1 + points[:, 1] / height, 0, 1)[:, None]
    neck = np.clip(1 - t / 0.5, 0, 1) * np.array([0.06, 0.14, 0.26])
    edge = np.clip((t - 0.72) / 0.28, 0, 1) * np.array([0.20, 0.15, 0.08])
    return base * (1 - neck) * (1 - edge)


def _gum(arch: Arch, necks: list[tuple[float, float, float]], teeth: Teeth) -> Piece:
    """Return the band that the teeth stand in: scalloped along the necks, rounded, closed at both ends."""
    end = max(abs(n[1]) for n in necks) + 1.0
    along = np.linspace(-end, end, 169)
    level = np.full(len(along), -7.0)
    for first, last, neck in necks:
        low, high = min(first, last), max(first, last)
        t = np.clip((along - low) / (high - low), 0, 1)
        inside = (along >= low) & (along <= high)
        level[inside] = (neck + 2.9 * (2 * np.abs(t - 0.5)) ** 3.0)[inside]
    kernel = np.array([0.25, 0.5, 0.25])
    level = np.convolve(np.pad(level, 1, mode="edge"), kernel, mode="valid")
    thick = np.interp(np.abs(along), [0, 16, 28, 60], [7.2, 8.5, 10.0, 12.0])
    rings = []
    for s, top, depth in zip(along, level, thick, strict=True):
        x, z, angle = _on_ellipse(arch, abs(float(s)))
        lean = 0.14 if abs(s) < 18 else 0.0
        deep = -15.5
        profile = [
            (0.15 + lean * top, top), (0.62 + lean * top, top - 1.0), (0.95 + lean * top, top - 3.0),
            (0.9 + lean * deep, deep),
            (-depth - 0.6, deep), (-depth - 0.5, top - 3.0), (-depth + 0.3, top - 0.4), (-depth * 0.5, top + 0.1),
        ]  # fmt: skip
        c, n = np.cos(angle), np.sin(angle)
        rings.append([((x + n * o) * (1 if s >= 0 else -1), y, z + c * o) for o, y in profile])
    points, faces = _closed_loft([np.array(r) for r in rings])
    rim = np.concatenate([np.tile([1.0, 0.55, 0.1, 0, 0, 0.1, 0.6, 0.8], len(rings)), [0, 0]])[:, None]
    colour = np.array(teeth.gums) * (1 + rim * np.array([0.10, 0.22, 0.22]))
    return points.astype(np.float32), faces[:, ::-1].astype(np.int32), encode(np.clip(colour, 0, 1))


def _merged(crowns: list[tuple[ndarray, ndarray, ndarray]]) -> Piece:
    points, faces, colours, count = [], [], [], 0
    for vertices, triangles, colour in crowns:
        points.append(vertices)
        faces.append(triangles + count)
        colours.append(colour)
        count += len(vertices)
    return (
        np.concatenate(points).astype(np.float32),
        np.concatenate(faces).astype(np.int32),
        encode(np.clip(np.concatenate(colours), 0, 1)),
    )
