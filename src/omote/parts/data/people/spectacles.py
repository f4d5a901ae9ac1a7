"""A pair of glasses piece by piece: the drawing of its front, lenses, temples over the ears, pads beside the nose.

The front is a drawing (distances to the outlines of the lenses, a bridge, two end pieces) given a depth and bent around
the face; it moves forward until all of it is clear of nose, brows, cheeks and lashes. Temples are bars swept along a
path that is pushed out of the skin. Every piece is closed; none touches another.

Notation: glasses' frame u to the wearer's left, v up, w ahead, from the middle between the eyes; metres.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from jaxtyping import Float, Float32
from numpy import ndarray

from omote.parts.data.cloth import Colour, linear, step
from omote.parts.data.figure import Figure
from omote.parts.data.noise import noise
from omote.parts.data.people.hair import Head
from omote.parts.data.people.part import Part
from omote.parts.data.people.solids import Solid, blob, lattice, outward, oval, swept, thickened, unit
from omote.parts.space.closest import Surface
from omote.parts.space.crossing import crossing_faces, self_crossings
from omote.parts.space.grid import Grid
from omote.parts.space.isosurface import relaxed, surface_nets

Shape = Literal["round", "rectangular", "aviator", "browline", "panto", "cat-eye"]
VOXEL = 0.0007
"""Of the front, metres."""
CLEAR = 0.0014
"""Least distance between the front and the face, metres."""
SLACK = 0.00025
"""Between pieces that are joined, metres."""
TILT, WRAP = 0.13, 1.1
"""How far the front leans in at its foot (slope), and how it bends around the face (1/m)."""


@dataclass(frozen=True, kw_only=True)
class Eyewear:
    """A pair of glasses; lengths in metres."""

    family: str
    shape: Shape
    colour: Colour
    half: tuple[float, float] = (0.024, 0.020)
    """Half of a lens's width and height."""
    rim: float = 0.004
    """Width of the rims seen from the front."""
    depth: float = 0.0034
    metal: bool = False
    tortoise: float = 0.0
    """How strongly it is mottled."""
    tint: Colour | None = None
    """Of dark lenses; None: clear ones."""
    temple: float = 0.0045
    """Height of the temples."""
    seed: int = 0

    def paint(self, known: Float[ndarray, "n 3"]) -> Float32[ndarray, "n 3"]:
        """Return the colour (linear) at places of the front."""
        base = linear(self.colour)
        spots = step(noise(known, (0.007, 0.005, 0.007), self.seed, 3), 0.05, 0.35)[:, None] * self.tortoise
        return np.clip(base * (1 - 0.85 * spots) + 0.004, 0.003, 0.92).astype(np.float32)


@dataclass(frozen=True, kw_only=True, eq=False)
class Fit:
    """Where the frame of a pair of glasses lies."""

    origin: Float[ndarray, " 3"]
    axes: Float[ndarray, "3 3"]
    apart: float
    """From the middle to the middle of a lens."""
    wide: float
    """From the middle to a hinge."""
    ahead: float = 0.0
    """Of the front's middle."""

    def world(self, points: Float[ndarray, "*n 3"]) -> Float32[ndarray, "*n 3"]:
        """Return points of the glasses' frame in the world."""
        return (points @ self.axes.T + self.origin).astype(np.float32)

    def local(self, points: Float[ndarray, "*n 3"]) -> Float[ndarray, "*n 3"]:
        """Return points of the world in the glasses' frame."""
        return (points - self.origin) @ self.axes


def bend(u: Float[ndarray, "*n"] | float, v: Float[ndarray, "*n"] | float) -> Float[ndarray, "*n"] | float:
    """Return how far ahead the front's middle surface lies."""
    return TILT * v - WRAP * u * u


def outline(glasses: Eyewear, count: int = 96) -> Float[ndarray, "n 2"]:
    """Return the outline of the left lens around its middle, from its outer end on counter-clockwise."""
    a, b = glasses.half
    t = 2 * np.pi * np.arange(count) / count
    c, s = np.cos(t), np.sin(t)
    n = {"round": 2.0, "rectangular": 4.0, "aviator": 2.5, "browline": 2.7, "panto": 2.3, "cat-eye": 2.6}[glasses.shape]
    r = (np.abs(c / a) ** n + np.abs(s / b) ** n) ** (-1 / n)
    x, y = r * c, r * s
    if glasses.shape == "aviator":
        low = np.clip(-y / b, 0, 1)
        x = x * (1 - 0.30 * low**1.5) + 0.14 * a * low
        y = np.where(y > 0, y * 0.82, y * 1.06)
    if glasses.shape in ("browline", "panto"):
        x = x * (1 + 0.11 * y / b)
        y = np.where(y > 0, y * 0.9, y)
    if glasses.shape == "cat-eye":
        y = y + 0.16 * b * np.clip(x / a, 0, 1) ** 2 * np.clip(1 + y / b, 0, 1.6)
    if glasses.shape == "rectangular":
        x = x * (1 + 0.05 * y / b)
    return np.stack([x, y], 1)


def inside_outline(points: Float[ndarray, "*n 2"], line: Float[ndarray, "m 2"]) -> Float[ndarray, "*n"]:
    """Return the distance to a closed line, negative inside."""
    p = points.reshape(-1, 1, 2)
    a, b = line[None], np.roll(line, -1, 0)[None]
    e = b - a
    t = np.clip(((p - a) * e).sum(-1) / (e * e).sum(-1), 0, 1)
    away = np.linalg.norm(p - a - t[..., None] * e, axis=-1).min(1)
    one, other = p[..., 1] < a[..., 1], p[..., 1] < b[..., 1]
    cross = e[..., 0] * (p[..., 1] - a[..., 1]) - e[..., 1] * (p[..., 0] - a[..., 0])
    odd = ((one != other) & ((cross > 0) == (e[..., 1] < 0))).sum(1) % 2 == 1
    return np.where(odd, -away, away).reshape(points.shape[:-1])


def drawing(glasses: Eyewear, fit: Fit, u: ndarray, v: ndarray) -> tuple[ndarray, ndarray]:
    """Return the distances to what is frame and to the lenses, seen from the front."""
    u = np.abs(u)
    a, b = glasses.half
    lens = inside_outline(np.stack([u - fit.apart, v], -1), outline(glasses))
    width = np.broadcast_to(np.float64(glasses.rim), u.shape)
    if glasses.shape == "browline":
        width = 0.0015 + (1.5 * glasses.rim - 0.0015) * step(v, 0.35 * b, 0.5 * b)
    rims = lens - width
    bar = max(glasses.rim, 0.0018)
    inner = fit.apart - a
    high = (0.25 if glasses.metal else 0.30) * b + 0.003 * (1 - np.clip(u / inner, 0, 1) ** 2)
    bridge = np.maximum(np.abs(v - high) - 0.55 * bar, u - inner - 0.25 * a)
    if glasses.shape == "aviator":
        bridge = np.minimum(bridge, np.maximum(np.abs(v - 0.80 * b) - 0.5 * bar, u - inner - 0.45 * a))
    end = 0.42 * b if glasses.shape != "aviator" else 0.55 * b
    block = 0.5 * max(0.002 if glasses.metal else glasses.temple, bar)
    piece = np.maximum(np.abs(v - end) - block, np.maximum(u - fit.wide, fit.apart + 0.6 * a - u))
    soft = 0.0018 if not glasses.metal else 0.0006
    frame = _soft(_soft(rims, bridge, soft), piece, soft)
    return np.maximum(frame, -lens), lens


def _soft(a: ndarray, b: ndarray, soft: float) -> ndarray:
    h = np.clip(0.5 + 0.5 * (b - a) / soft, 0, 1)
    return b * (1 - h) + a * h - soft * h * (1 - h)


def fitted(figure: Figure, glasses: Eyewear, near: Sequence[Part]) -> Fit:
    """Return where a pair sits: between the eyes, clear of the face and what is near."""
    axes = figure.bones[figure.model.bone_names.index("head"), :3, :3].astype(np.float64)
    eyes = [figure.vertices[figure.part(f"{side}_eye")].mean(0).astype(np.float64) for side in ("left", "right")]
    right = unit(eyes[0] - eyes[1])
    up = unit(axes[:, 1] - (axes[:, 1] @ right) * right)
    axes = np.stack([right, up, np.cross(right, up)], 1)
    gap = float(np.linalg.norm(eyes[0] - eyes[1]))
    origin = (eyes[0] + eyes[1]) / 2 - 0.0035 * up
    place = Fit(origin=origin, axes=axes, apart=0.0, wide=0.0)
    skin = place.local(figure.vertices[figure.part("head")])
    level = np.abs(skin[:, 1] - 0.005) < 0.012
    temples = np.abs(skin[level & (skin[:, 2] > -0.06) & (skin[:, 2] < 0.0)][:, 0]).max()
    apart = max(0.5 * gap + 0.001, glasses.half[0] + glasses.rim + 0.0065)
    wide = max(temples + 0.0035, apart + glasses.half[0] + glasses.rim + 0.002)
    fit = Fit(origin=origin, axes=axes, apart=apart, wide=float(wide))
    return replace(fit, ahead=_clearance(figure, glasses, fit, near))


def _clearance(figure: Figure, glasses: Eyewear, fit: Fit, near: Sequence[Part]) -> float:
    """Return how far ahead the front must be to clear the face."""
    faces = figure.model.faces[figure.part("head", "socket")[figure.model.faces].all(1)]
    corners = figure.vertices[faces]
    dense = np.concatenate([np.einsum("fcx,c->fx", corners, np.array(w, np.float32)) for w in _INSIDE])
    points = fit.local(
        np.concatenate([figure.vertices[figure.part("head", "eye")], dense, *(p.vertices for p in near)])
    )
    points = points[(points[:, 2] > -0.02) & (np.abs(points[:, 1]) < 0.05)]
    frame, lens = drawing(glasses, fit, points[:, 0], points[:, 1])
    covered = np.minimum(frame, lens) < CLEAR
    u, v, w = points[covered].T
    return float((w - bend(u, v)).max()) + glasses.depth / 2 + CLEAR


_INSIDE = (
    (1 / 3, 1 / 3, 1 / 3), (0.5, 0.5, 0.0), (0.0, 0.5, 0.5), (0.5, 0.0, 0.5), (0.6, 0.2, 0.2), (0.2, 0.6, 0.2),
    (0.2, 0.2, 0.6),
)  # fmt: skip
"""Barycentrics of the places of a face that glasses are kept clear of."""


def front_of(glasses: Eyewear, fit: Fit) -> Solid:
    """Return rims, bridge and end pieces."""
    b, depth = glasses.half[1], glasses.depth
    low = np.array([-fit.wide - 0.003, -b - glasses.rim - 0.005, -depth / 2 - 0.002])
    grid = Grid.over(low, -low + np.array([0, 0.008, 0]), VOXEL)
    p = grid.points()
    flat = drawing(glasses, fit, p[:, :, 0, 0], p[:, :, 0, 1])[0][:, :, None]
    thick = np.abs(p[..., 2]) - depth / 2
    round_ = 0.42 * min(depth, glasses.rim)
    x, y = flat + round_, thick + round_
    field = np.hypot(np.maximum(x, 0), np.maximum(y, 0)) + np.minimum(np.maximum(x, y), 0) - round_
    grid = grid.filled(field.astype(np.float32))
    vertices, faces = surface_nets(grid)
    vertices = relaxed(vertices, faces, grid, 3)
    uvs = 0.5 + vertices[:, :2] / (2.2 * fit.wide)
    bent = vertices.astype(np.float64)
    bent[:, 2] += fit.ahead + bend(bent[:, 0], bent[:, 1])
    return outward(fit.world(bent), faces, uvs)


def lens_of(glasses: Eyewear, fit: Fit, side: float) -> Solid:
    """Return a lens a little smaller than its rim."""
    line = outline(glasses)
    shrunk = line * (1 - SLACK / np.linalg.norm(line, axis=1, keepdims=True))
    ring = np.linspace(0, 1, 9)
    flat = shrunk[::-1, None] * ring[None, :, None]
    u, v = side * (fit.apart + flat[..., 0]), flat[..., 1]
    w = fit.ahead + bend(u, v) + 0.0012 * (1 - ring**2)
    vertices, faces = lattice(np.stack([u, v, w + 0.0007], -1), around=True, tip=True)
    solid = thickened(
        vertices, faces, vertices - np.array([0, 0, 0.0014], np.float32), np.full((len(vertices), 2), 0.5)
    )
    return outward(fit.world(solid.vertices), solid.faces, solid.uvs)


def temple_of(figure: Figure, glasses: Eyewear, fit: Fit, skin: Surface, side: float) -> Solid:
    """Return a bar from the hinge over the ear and down behind it."""
    head = Head.of(figure)
    b = glasses.half[1]
    high = 0.42 * b if glasses.shape != "aviator" else 0.55 * b
    thick = 0.0014 if glasses.metal else 0.0024
    height = 0.0016 if glasses.metal else glasses.temple
    hinge = np.array(
        [
            side * (fit.wide - 0.6 * thick),
            high,
            fit.ahead + bend(fit.wide, high) - glasses.depth / 2 - SLACK,
        ]
    )
    top = _on_ear(head, skin, fit, side, 0.5 * height + 0.0012)
    behind = fit.local(head.world(np.array([[side * 0.080, 0.893, 0.018], [side * 0.077, 0.872, 0.010]], np.float32)))
    over = top + np.array([0, -0.002, -0.014])
    ways = np.stack([hinge, hinge - np.array([0, 0, 0.006]), hinge * 0.4 + top * 0.6, top, over, *behind])
    along = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(ways, axis=0), axis=1))])
    at = np.linspace(0, along[-1], 56)
    path = np.stack([np.interp(at, along, ways[:, k]) for k in range(3)], 1)
    need = 0.5 * np.hypot(height, thick) + 0.0008
    path = cleared(fit.world(path).astype(np.float64), skin, need, fixed=4)
    section = oval(height, thick, 12, 2.2 if glasses.metal else 3.5)
    share = np.linspace(0, 1, len(path))
    slim = 1 - 0.35 * np.exp(-(((share - 0.72) / 0.12) ** 2)) * (not glasses.metal)
    up = np.broadcast_to(fit.axes[:, 1], path.shape) + 0.0
    return swept(path, up, section[None] * slim[:, None, None])


def cleared(path: Float[ndarray, "n 3"], skin: Surface, need: float, fixed: int = 0) -> Float[ndarray, "n 3"]:
    """Return a path pushed to a distance from a surface, and evened; its first points stay."""
    path = path.copy()
    for turn in range(24):
        if turn < 20:
            path[1:-1] = 0.5 * path[1:-1] + 0.25 * (path[2:] + path[:-2]) if turn % 2 else path[1:-1]
        found = skin.closest(path.astype(np.float32), 0.05)
        lacking = np.where(found.face >= 0, need - found.distance, 0).clip(0)
        lacking[:fixed] = 0
        path += found.normal * lacking[:, None]
    return path


def _on_ear(head: Head, skin: Surface, fit: Fit, side: float, need: float) -> Float[ndarray, " 3"]:
    """Return the place above the root of the ear where a temple rests."""
    high = np.linspace(0.945, 0.895, 51)
    wide = np.linspace(0.070, 0.100, 61)
    y, x = (a.ravel() for a in np.meshgrid(high, wide, indexing="ij"))
    places = head.world(np.stack([side * x, y, np.full_like(x, 0.046)], 1).astype(np.float32))
    away = skin.closest(places, 0.05).distance.reshape(51, 61)
    first = np.where((away > need).any(1), (away > need).argmax(1), 60)
    jump = first > first[:12].min() + 9  # the ear stands off from here on
    row = max(int(jump.argmax()) - 1, 0) if jump.any() else 30
    return fit.local(places.reshape(51, 61, 3)[row, first[row]].astype(np.float64))


def pad_of(glasses: Eyewear, fit: Fit, skin: Surface, side: float) -> list[Solid]:
    """Return a pad beside the nose and the arm that holds it."""
    high = -0.30 * glasses.half[1]
    reach = np.linspace(fit.apart - glasses.half[0] + 0.002, 0.004, 120)
    line = np.stack([side * reach, np.full(120, high), np.full(120, fit.ahead - 0.004)], 1)
    found = skin.closest(fit.world(line), 0.05)
    touching = found.distance < 0.0024
    for _ in range(9):  # as far back as it takes to meet the nose
        line[:, 2] -= 0.002
        found = skin.closest(fit.world(line), 0.05)
        touching = found.distance < 0.0024
        if touching.any() and abs(found.normal[touching.argmax()] @ fit.axes[:, 2]) < 0.8:
            break
    k = int(touching.argmax()) if touching.any() else 119
    normal = unit((found.normal[k] @ fit.axes).astype(np.float64))
    up = unit(np.array([0, 1.0, 0]) - normal[1] * normal)
    middle = line[k]
    axes = np.stack([0.0030 * np.cross(up, normal), 0.0050 * up, 0.0011 * normal])
    pad = blob(fit.world(middle).astype(np.float64), axes @ fit.axes.T, 2.3)
    for _ in range(4):
        middle = middle + normal * max(0.0004 - float(skin.closest(pad.vertices, 0.05).distance.min()), 0)
        pad = blob(fit.world(middle).astype(np.float64), axes @ fit.axes.T, 2.3)
    line = outline(glasses)
    inner = line[line[:, 0] < 0]
    nearest = inner[np.abs(inner[:, 1] - high).argmin(), 0]
    rim = np.array([side * (fit.apart + nearest - 0.5 * glasses.rim), high, 0.0])
    rim[2] = fit.ahead + bend(rim[0], rim[1]) - glasses.depth / 2 - 0.0009
    end = middle + normal * 0.0022
    t = np.linspace(0, 1, 14)[:, None]
    first, last = rim - np.array([0, 0, 0.003]), end + 0.004 * normal
    path = (1 - t) ** 3 * rim + 3 * t * (1 - t) ** 2 * first + 3 * t * t * (1 - t) * last + t**3 * end
    path = fit.world(path).astype(np.float64)
    arm = swept(path, np.broadcast_to(fit.axes[:, 1], path.shape), oval(0.0009, 0.0009, 8, 2))
    one, other = Surface(arm.vertices, arm.faces), Surface(pad.vertices, pad.faces)
    if len(self_crossings(one)) or len(crossing_faces(one, other)) or len(crossing_faces(one, skin)):
        return [pad]  # too near to the rim for an arm
    return [pad, arm]
