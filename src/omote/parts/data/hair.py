"""Hair as a cap around the scalp, with hanging locks where it is long: strands are painted and frayed, not modelled.

The hairline is a curve around the head of the mean adult; the cap is the scalp moved outward. A curtain is a sheet
that hangs from the cap, pushed out of shoulders and clothes. Strands run from the crown down; along them noise is
stretched, and highlights spread across them as on fibres (Kajiya and Kay 1989).
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32
from numpy import ndarray
from scipy.spatial import KDTree

from omote.parts.data.cloth import Colour, linear, step
from omote.parts.data.figure import Figure
from omote.parts.data.noise import noise
from omote.parts.data.studio import Fragments, Layer, Paint
from omote.parts.data.wardrobe import sheet
from omote.parts.space.mesh import vertex_normals

CENTRE = np.array([0.0, 0.905, 0.055], np.float32)
"""Middle of the skull of the mean adult."""
CROWN = np.array([0.0, 1.0, 0.025], np.float32)
"""Where strands begin."""
LINE_AT = np.radians([0, 25, 45, 62, 78, 92, 104, 120, 150, 180])
LINE_UP = np.array([0.972, 0.970, 0.959, 0.934, 0.900, 0.890, 0.905, 0.868, 0.815, 0.808])
"""Height of the hairline over the angle from the front."""
RAMP = ((0.016, 0.044), (0.006, 0.014))
"""(middle, width) of the rise from the hairline to full thickness: of short hair, and of hair that falls over it."""
REACH = np.radians(126)
"""How far locks reach around from the back of the head."""
ACROSS, DOWN = 96, 36
"""Vertices of the sheet of locks."""


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
        if self.curl:
            coils = noise(what.canonical, 0.007, self.seed + 4, 3)
            fine, locks = (1 - self.curl) * fine + self.curl * coils, (1 - self.curl) * locks + self.curl * coils
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
        locks = noise(grid, (0.0020, 0.040, 1), self.seed + 5) + noise(grid, (0.007, 0.06, 1), self.seed + 6)
        # At the sides the edge is seen against a light wall, where every hole would glare.
        front = step(what.canonical[:, 2], 0.10, 0.04) + (what.canonical[:, 1] < 0.85)
        return (field + 0.006 * np.clip(front, 0, 1) * locks).astype(np.float32)


def scalp_field(figure: Figure, hair: Hair) -> Float32[ndarray, " v"]:
    """Return how far inside the hairline each vertex of the body lies, metres, at most 0.06; negative outside."""
    p = figure.canonical
    turn = np.abs(np.arctan2(p[:, 0], p[:, 2] - CENTRE[2]))
    edge = np.interp(turn, LINE_AT, LINE_UP) - hair.fringe * step(1.15 - turn, 0, 0.5)
    field = p[:, 1] - edge + 0.006 * noise(p, 0.03, hair.seed + 4)
    ears = figure.model.masks[:, 1] > 0.02
    away = KDTree(p[ears]).query(p)[0]  # the cap thins out toward the ears, and leaves them free
    field = np.minimum.reduce([field, 1.5 * away - 0.003, np.full(len(p), 0.06)])
    return np.where(figure.part("head", "neck"), field, -0.05).astype(np.float32)


def cap_layer(figure: Figure, hair: Hair) -> Layer:
    """Return the hair on the scalp."""
    p = figure.canonical
    way = p - CENTRE
    field = scalp_field(figure, hair)
    up = np.clip((p[:, 1] - 0.90) / 0.09, 0, 1)
    front = step(p[:, 2], 0.10, 0.06)
    thick = (hair.sides + (hair.top - hair.sides) * up) * step(field, *RAMP[bool(hair.fringe or hair.length)])
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


def curtain_layer(figure: Figure, hair: Hair, obstacles: list[Layer]) -> Layer:
    """Return the locks that hang around the back and the sides, and frame the face."""
    turn = np.linspace(-REACH, REACH, ACROSS)
    angle = np.pi - turn
    down = np.linspace(0, 1, DOWN)[:, None]
    start = 0.953 - 0.004 * np.clip(np.abs(turn) - 1.6, 0, 1)
    y = start - down * (hair.length + 0.062)
    away = np.interp(down, [0, 0.2, 0.6, 1], [-0.004, 0.010, 0.016, 0.006]) + hair.sides * np.clip(5 * down, 0, 1)
    away = away * (1 - 0.55 * step(np.abs(turn), 1.9, 0.7))
    heights = [0.70, 0.80, 0.90, 0.96]
    x = (np.interp(y, heights, [0.076, 0.078, 0.080, 0.072]) + away) * np.sin(angle)
    z = 0.055 + (np.interp(y, heights, [0.060, 0.070, 0.100, 0.088]) + away) * np.cos(angle)
    z = z - 0.055 * np.clip((0.90 - y) / 0.1, 0, 1) * np.clip(np.cos(angle), 0, 1)
    canonical = np.stack([x, y + 0 * x, z], -1).reshape(-1, 3).astype(np.float32)
    vertices = _carried(figure, canonical, figure.model.bone_names.index("head"))
    gap = 0.010 * np.clip(4 * down, 0, 1) - 0.004
    vertices = _outside(vertices, obstacles, np.repeat(gap[:, 0], ACROSS))
    strand = np.broadcast_to(turn * 0.09, (DOWN, ACROSS))
    along = start - y + 0.05
    flow = np.asarray(np.gradient(vertices.reshape(DOWN, ACROSS, 3), axis=0)).reshape(-1, 3)
    rest = (1 - down) * (hair.length + 0.062) - 0.006
    field = np.minimum(np.minimum(rest, (REACH - np.abs(turn)) * 0.3), 0.05)
    return Layer(
        vertices=vertices,
        faces=sheet(DOWN, ACROSS)[:, ::-1].copy(),
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
    tree = KDTree(points)
    result = vertices.astype(np.float64)
    for turn in range(6):
        near = np.asarray(tree.query(result, k=4)[1])
        depth = ((result[:, None] - points[near]) * normals[near]).sum(-1)
        out = np.maximum(gap - depth.min(1), 0)
        result += out[:, None] * normals[near[np.arange(len(near)), depth.argmin(1)]]
        if turn < 5:
            grid = result.reshape(DOWN, ACROSS, 3)
            grid[1:-1, 1:-1] = (
                grid[1:-1, 1:-1] * 2 + grid[:-2, 1:-1] + grid[2:, 1:-1] + grid[1:-1, :-2] + grid[1:-1, 2:]
            ) / 6
    return result.astype(np.float32)
