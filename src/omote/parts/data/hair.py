"""Hair as a cap around the scalp, with hanging locks where it is long: strands are painted and frayed, not modelled.

The hairline is a curve around the head of the mean adult; the cap is the scalp moved outward. A curtain is a sheet that
hangs from the cap, pushed out of shoulders and clothes. Strands run from the crown down; along them noise is stretched, and
highlights spread across them as on fibres (Kajiya and Kay 1989).
"""

from dataclasses import dataclass
from itertools import product

import numpy as np
from jaxtyping import Float32
from numpy import ndarray
from scipy.spatial import cKDTree

from omote.parts.data.cloth import Colour, linear, step
from omote.parts.data.figure import Figure
from omote.parts.data.noise import noise
from omote.parts.data.studio import Fragments, Layer, Paint
from omote.parts.space.mesh import vertex_normals

CENTRE = np.array([0.0, 0.905, 0.055], np.float32)
"""Middle of the skull of the mean adult."""
CROWN = np.array([0.0, 1.0, 0.025], np.float32)
"""Where strands begin."""
LINE_AT = np.radians([0, 25, 45, 62, 78, 92, 104, 120, 150, 180])
LINE_UP = np.array([0.966, 0.964, 0.955, 0.936, 0.900, 0.890, 0.905, 0.868, 0.815, 0.808])
"""Height of the hairline over the angle from the front."""
ACROSS = 96
DOWN = 36


@dataclass(frozen=True, kw_only=True)
class Hair:
    """Hair of one person; lengths in metres."""

    colour: Colour
    top: float = 0.020
    """How far the cap stands off on top."""
    sides: float = 0.010
    curl: float = 0.0
    """0: straight; 1: curls, that also make the cap uneven."""
    length: float = 0.0
    """How far locks hang below the ears' height; 0: no locks."""
    fringe: float = 0.0
    """How far hair hangs over the forehead."""
    parting: float = 0.0
    """Where the fringe parts, -1 to 1 from the right to the left temple."""
    seed: int = 0

    def paint(self, what: Fragments) -> Paint:
        """Return the look of hair; `extra` holds the strand's number, its position along, and the flow in space."""
        strand, along = what.extra[:, 0], what.extra[:, 1]
        flow = what.extra[:, 2:5] / (np.linalg.norm(what.extra[:, 2:5], axis=1, keepdims=True) + 1e-9)
        wave = 0.0015 * np.sin(along * 50 + 3 * noise(what.canonical, 0.03, self.seed))
        wave += (0.0015 + 0.01 * self.curl) * noise(what.canonical, 0.014, self.seed + 1, 2)
        grid = np.stack([strand + wave, along, np.zeros_like(along)], 1)
        fine = noise(grid, (0.0016, 0.07, 1), self.seed + 2, 2)
        locks = noise(grid, (0.008, 0.10, 1), self.seed + 3, 2)
        albedo = linear(self.colour) * np.clip(1 + 0.55 * fine + 0.40 * locks, 0.25, 2.2)[:, None]
        across = np.cross(flow, what.normal)
        tilt = (0.55 * locks + 0.35 * fine)[:, None]
        normal = what.normal + across * tilt + flow * (0.25 * locks)[:, None]
        normal /= np.linalg.norm(normal, axis=1, keepdims=True) + 1e-9
        return Paint(
            albedo=np.clip(albedo, 0.002, 0.8).astype(np.float32),
            normal=normal.astype(np.float32),
            gloss=np.clip(0.035 + 0.03 * fine, 0, 1).astype(np.float32) * (1 - 0.6 * self.curl),
            sharpness=np.full(len(along), 14, np.float32),
            wrap=np.full((len(along), 3), 0.25, np.float32),
        )

    def fray(self, what: Fragments, field: Float32[ndarray, " n"]) -> Float32[ndarray, " n"]:
        """Return the field with strands sticking out of its edge."""
        grid = np.stack([what.extra[:, 0], what.extra[:, 1], np.zeros(len(field))], 1)
        hairs = 0.010 * noise(grid, (0.0009, 0.012, 1), self.seed + 5) + 0.006 * noise(grid, (0.006, 0.03, 1), self.seed + 6)
        return (field + hairs).astype(np.float32)


def cap_layer(figure: Figure, hair: Hair) -> Layer:
    """Return the hair on the scalp."""
    p = figure.canonical
    way = p - CENTRE
    turn = np.abs(np.arctan2(p[:, 0], p[:, 2] - CENTRE[2]))
    field = p[:, 1] - np.interp(turn, LINE_AT, LINE_UP) + 0.012 * hair.fringe * (turn < 1.0)
    ears = figure.model.masks[:, 1] > 0.02
    field = np.where(figure.part("head", "neck") & ~ears, np.minimum(field, 0.06), -0.05).astype(np.float32)
    up = np.clip((p[:, 1] - 0.90) / 0.09, 0, 1)
    front = step(p[:, 2], 0.10, 0.06)
    thick = (hair.sides + (hair.top - hair.sides) * up) * step(field, 0.008, 0.034)
    thick = thick * (1 + 0.25 * front * up)
    outward = way / np.linalg.norm(way, axis=1, keepdims=True)
    bumps = noise(p, 0.022, hair.seed + 8, 3) * (0.15 + 0.45 * hair.curl) * thick
    shift = (outward * (thick + bumps)[:, None]).astype(np.float32)
    turned = figure.bones[figure.model.bone_names.index("head"), :3, :3]
    scalp = figure.vertices + shift @ turned.T + figure.normals * 0.0015
    scalp = np.where(field[:, None] > -0.03, scalp, figure.vertices - 0.004 * figure.normals)
    for _ in range(4):
        mean = figure.neighbours @ scalp
        scalp = np.where((field > 0.004)[:, None], 0.5 * (scalp + mean), scalp)
    flat = p - CROWN
    strand = np.arctan2(flat[:, 0], flat[:, 2]) * 0.08
    along = np.linalg.norm(flat, axis=1)
    # Where the strand's number jumps by a whole turn, at the back of the head, nobody looks.
    flow = (flat - outward * (flat * outward).sum(1, keepdims=True)) @ turned.T
    return Layer(
        vertices=np.ascontiguousarray(scalp, np.float32),
        faces=figure.model.faces,
        canonical=p,
        field=field,
        extra=np.concatenate([strand[:, None], along[:, None], flow], 1).astype(np.float32),
        paint=hair.paint,
        fringe=hair.fray,
    )


def curtain_layer(figure: Figure, hair: Hair, obstacles: list[Layer], *, front: bool) -> Layer:
    """Return hanging locks: around the back and sides, or the fringe over the forehead."""
    reach = np.radians(62) if front else np.radians(112)
    turn = np.linspace(-reach, reach, ACROSS)
    angle = turn if front else np.pi - turn
    down = np.linspace(0, 1, DOWN)[:, None]
    side = np.abs(np.sin(angle))
    if front:
        length = hair.fringe * (0.55 + 0.9 * np.abs(turn / reach - hair.parting) ** 1.2) + 0.012
        start = 0.972 - 0.015 * (turn / reach) ** 2
    else:
        length = np.full(ACROSS, hair.length + 0.062)
        start = np.full(ACROSS, 0.950)
    y = start - down * length
    away = np.interp(down, [0, 0.25, 0.6, 1], [-0.004, 0.010 + hair.sides, 0.016 + hair.sides, 0.006 + hair.sides])
    low = np.clip((0.93 - y) / 0.2, 0, 1)
    rx = np.interp(y, [0.70, 0.80, 0.90, 0.96, 1.0], [0.074, 0.076, 0.080, 0.072, 0.045]) + away
    rz = np.interp(y, [0.70, 0.80, 0.90, 0.96, 1.0], [0.075, 0.085, 0.100, 0.088, 0.055]) + away
    x = rx * np.sin(angle)
    z = (0.055 if not front else 0.06) + rz * np.cos(angle) - 0.02 * low * (not front) * (1 - side)
    canonical = np.stack([x + 0 * y, y + 0 * x, z + 0 * y], -1).reshape(-1, 3).astype(np.float32)
    head = figure.model.bone_names.index("head")
    vertices = _carried(figure, canonical, head)
    gap = (0.006 if front else 0.010) * np.clip(4 * down, 0, 1) - 0.004
    vertices = _outside(vertices, obstacles, np.repeat(gap[:, 0], ACROSS))
    faces = _sheet(DOWN, ACROSS, flip=not front)
    strand = np.broadcast_to(turn * 0.09, y.shape if y.ndim == 2 else (DOWN, ACROSS))
    along = np.broadcast_to(start, strand.shape) - y + 0.05
    grid = vertices.reshape(DOWN, ACROSS, 3)
    flow = np.gradient(grid, axis=0).reshape(-1, 3)
    rest = (1 - down) * length
    sides = (reach - np.abs(turn)) * 0.085
    field = np.minimum(np.minimum(rest, sides), 0.05)
    field = np.maximum(field, -0.01)
    return Layer(
        vertices=vertices,
        faces=faces,
        canonical=canonical,
        field=np.ascontiguousarray(field.reshape(-1), np.float32),
        extra=np.concatenate([strand.reshape(-1, 1), along.reshape(-1, 1), flow], 1).astype(np.float32),
        paint=hair.paint,
        fringe=hair.fray,
    )


def _carried(figure: Figure, canonical: ndarray, head: int) -> Float32[ndarray, "v 3"]:
    """Return points near the mean adult's head where this person's head is, and as large."""
    skull = figure.part("head") & (figure.canonical[:, 1] > 0.86)
    source, target = figure.canonical[skull], figure.vertices[skull]
    turned = figure.bones[head, :3, :3]
    level = (target - target.mean(0)) @ turned
    spread = np.sqrt((level**2).sum(0) / ((source - source.mean(0)) ** 2).sum(0))
    return (((canonical - source.mean(0)) * spread) @ turned.T + target.mean(0)).astype(np.float32)


def _outside(vertices: ndarray, obstacles: list[Layer], gap: ndarray) -> Float32[ndarray, "v 3"]:
    """Return the sheet pushed out of what it would cut into, and evened out again."""
    points = np.concatenate([o.vertices[np.unique(o.kept)] for o in obstacles])
    normals = np.concatenate([vertex_normals(o.vertices, o.faces)[np.unique(o.kept)] for o in obstacles])
    tree = cKDTree(points)
    result = vertices.astype(np.float64)
    for turn in range(6):
        near = tree.query(result, k=4)[1]
        depth = ((result[:, None] - points[near]) * normals[near]).sum(-1)
        out = np.maximum(gap - depth.min(1), 0)
        result += out[:, None] * normals[near[np.arange(len(near)), depth.argmin(1)]]
        if turn < 5:
            grid = result.reshape(DOWN, ACROSS, 3)
            grid[1:-1, 1:-1] = (grid[1:-1, 1:-1] * 2 + grid[:-2, 1:-1] + grid[2:, 1:-1] + grid[1:-1, :-2] + grid[1:-1, 2:]) / 6
    return result.astype(np.float32)


def _sheet(rows: int, columns: int, *, flip: bool) -> ndarray:
    """Return the triangles of a grid of vertices."""
    faces = []
    for r, c in product(range(rows - 1), range(columns - 1)):
        a, b, d, e = r * columns + c, r * columns + c + 1, (r + 1) * columns + c, (r + 1) * columns + c + 1
        faces += [(a, d, b), (b, d, e)]
    result = np.array(faces, np.int32)
    return result[:, ::-1].copy() if flip else result
