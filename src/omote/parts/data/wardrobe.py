"""Clothes and shoes as shells around a body: cut from its surface, lifted off it, and hung.

A garment is the body's own surface, moved outward, with a field that says how many metres inside its hem a point
lies. Cloth does not follow hollows: it is smoothed, and on the trunk and the legs it hangs from what is wider above it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Int32
from numpy import ndarray
from scipy.ndimage import gaussian_filter, map_coordinates

from omote.parts.data.cloth import Cloth, Denim, Leather
from omote.parts.data.figure import Figure
from omote.parts.data.studio import Fragments, Layer, Paint

RINGS, AROUND = 48, 41
NECK = np.array([0.0, 0.775, 0.03], np.float32)
"""Middle of the neck's opening on the mean adult."""


@dataclass(frozen=True, kw_only=True)
class Top:
    """What is worn above the waist."""

    cloth: Cloth
    sleeve: float = 0.55
    """Where sleeves end: 1 at the elbow, 2 at the wrist."""
    hem: float = 0.12
    """Height of the lower edge on the mean adult, metres (hips 0.16, navel 0.32)."""
    neck: float = 0.098
    """Radius of the neck's opening, metres."""
    vee: float = 0.0
    """Depth of a V, metres; 0: round."""
    lift: float = 0.012
    """Distance from the skin, metres."""
    hang: float = 0.05
    """How far cloth may stand off where it hangs, metres."""
    opening: float = -1.0
    """Half of the width that an open front leaves at the chest, metres; negative: closed."""


@dataclass(frozen=True, kw_only=True)
class Bottom:
    """What is worn below the waist."""

    cloth: Cloth | Denim
    end: float = 1.96
    """Where legs end: 1 at the knee, 2 at the ankle."""
    waist: float = 0.27
    lift: float = 0.010
    hang: float = 0.035
    """How far cloth may stand off where it hangs, metres."""


@dataclass(frozen=True, kw_only=True)
class Shoes:
    """What is worn on the feet."""

    leather: Leather


def top_layer(figure: Figure, top: Top, under: list[Layer]) -> Layer:
    """Return a shirt, a sweater or a jacket, over what is worn below it."""
    p = figure.canonical
    sleeve = (top.sleeve - figure.arm) * 0.285
    neck = np.linalg.norm((p - NECK) * np.array([1, 1, 0.9], np.float32), axis=1) - top.neck
    hips = figure.bones[0, 1, 3] - figure.heads[0, 1]
    field = np.minimum(sleeve, neck)
    if top.vee > 0:
        inside = np.maximum(NECK[1] - 0.075 - top.vee - p[:, 1] + 1.5 * np.abs(p[:, 0]), 0.04 - p[:, 2])
        field = np.minimum(field, inside)
    if top.opening >= 0:
        edge = np.abs(p[:, 0]) - top.opening * np.clip((p[:, 1] + 0.15) / 0.7, 0.6, 1.2)
        field = np.minimum(field, np.maximum(edge, 0.03 - p[:, 2]))
    field[~figure.part("torso", "neck", "arm", "hand", "leg")] = -1
    limb, cut = figure.part("arm", "hand"), field
    field = np.where(limb, cut, np.minimum(cut, figure.vertices[:, 1] - hips - top.hem))
    flare = np.clip(figure.arm / max(top.sleeve, 0.1), 0, 1) * np.where(top.sleeve < 1.2, 0.014, 0.004)
    lift = top.lift + flare * (figure.arm > 0.1)
    vertices = smoothed(figure, figure.vertices + figure.normals * lift[:, None], field > -0.05, 10)
    trunk = figure.part("torso", "leg") & (field > -0.03)
    vertices = hung(vertices, trunk, figure.vertices[trunk][:, [0, 2]].mean(0), top.hang)
    vertices = over(figure, smoothed(figure, vertices, field > -0.05, 3), under)
    # The hem is level on the hanging cloth, wherever the skin below it went.
    field = np.where(limb, cut, np.minimum(cut, vertices[:, 1] - hips - top.hem))
    return layer_of(figure, vertices, field, top.cloth.paint, np.stack([neck, figure.arm, figure.leg], 1))


def bottom_layer(figure: Figure, bottom: Bottom) -> Layer:
    """Return trousers or shorts."""
    p = figure.canonical
    field = np.minimum((bottom.end - figure.leg) * 0.45, bottom.waist - p[:, 1])
    field[~figure.part("torso", "leg", "foot")] = -1
    limb = figure.part("leg", "foot")
    reach = np.clip(figure.leg / 2, 0, 1) * 0.006
    vertices = smoothed(figure, figure.vertices + figure.normals * (bottom.lift + reach)[:, None], field > -0.06, 8)
    for side in (1, -1):
        leg = limb & (p[:, 0] * side > 0) & (field > -0.05)
        axis = (figure.vertices[leg & (figure.leg > 0.9)][:, [0, 2]]).mean(0)
        vertices = hung(vertices, leg, axis, bottom.hang, slope=0.035)
    vertices = smoothed(figure, vertices, field > -0.06, 4)
    return layer_of(figure, vertices, field, bottom.cloth.paint, np.stack([p[:, 1], figure.arm, figure.leg], 1))


def shoe_layer(figure: Figure, shoes: Shoes) -> Layer:
    """Return both shoes: tubes of their own around the feet, closed at heel and toe, with a sole that stands out."""
    floor = figure.vertices[figure.part("foot")][:, 1].min() - 0.014
    parts = [_shoe(figure, side, float(floor)) for side in ("left", "right")]
    vertices, canonical = (np.concatenate([part[i] for part in parts]) for i in (0, 1))
    faces = np.concatenate([sheet(RINGS, AROUND), sheet(RINGS, AROUND) + RINGS * AROUND])
    height = vertices[:, 1] - floor
    return Layer(
        vertices=vertices,
        faces=faces,
        canonical=canonical,
        field=np.ones(len(vertices), np.float32),
        extra=np.stack([height, canonical[:, 2], np.abs(canonical[:, 0])], 1).astype(np.float32),
        paint=shoes.leather.paint,
    )


def _shoe(figure: Figure, side: str, floor: float) -> tuple[Float32[ndarray, "v 3"], Float32[ndarray, "v 3"]]:
    """Return one shoe's vertices, and where they are in a shoe: across -1 to 1, height, heel 0 to toe 1."""
    points = figure.vertices[figure.part(f"{side}_foot") & (figure.canonical[:, 1] < figure.head("foot.L")[1] + 0.02)]
    ankle = figure.bones[figure.model.bone_names.index(f"foot.{side[0].upper()}"), :3, 3]
    toes = figure.bones[figure.model.bone_names.index(f"toe3-1.{side[0].upper()}"), :3, 3]
    ahead = (toes - ankle) * [1, 0, 1]
    ahead /= np.linalg.norm(ahead)
    aside = np.array([ahead[2], 0, -ahead[0]])
    along, across, up = (points - ankle) @ ahead, (points - ankle) @ aside, points[:, 1] - floor
    start, length = along.min() - 0.010, np.ptp(along) + 0.026
    ring = (1 - np.cos(np.linspace(0, np.pi, RINGS))) / 2
    half, middle, tall = np.empty(RINGS), np.empty(RINGS), np.empty(RINGS)
    for r, t in enumerate(ring):
        near = np.abs((along - start) / length - np.clip(t, 0.06, 0.92)) < 0.06
        low, high = across[near].min(), across[near].max()
        half[r], middle[r], tall[r] = (high - low) / 2 + 0.006, (high + low) / 2, up[near].max() + 0.007
    tall = np.minimum(tall, np.interp(ring, [0, 0.2, 0.4, 0.5, 1], [0.085, 0.105, 0.105, 0.09, 0.06]))
    half, middle, tall = (gaussian_filter(x, 2.5, mode="nearest") for x in (half, middle, tall))
    half *= np.clip(1 - np.abs(2 * ring - 1) ** 7, 0, 1) ** 0.45
    tall = np.maximum(tall * np.clip(1 - np.abs(2 * ring - 1) ** 9, 0.0, 1) ** 0.4, 0.026)
    angle = np.linspace(-np.pi / 2, 1.5 * np.pi, AROUND)
    wide = np.sign(np.cos(angle)) * np.abs(np.cos(angle)) ** 0.62
    high = 0.5 + 0.5 * np.sign(np.sin(angle)) * np.abs(np.sin(angle)) ** 0.55
    y = tall[:, None] * high
    rim = 1 + 0.10 * np.clip((0.024 - y) / 0.003, 0, 1)
    x = half[:, None] * wide * np.where(y > 0.03, 1 - 0.30 * np.clip(y / tall[:, None], 0, 1) ** 3, 1) * rim
    z = (start + length * ring)[:, None] + 0 * y
    centre = ankle * [1, 0, 1] + [0, floor, 0]
    vertices = centre + (x + middle[:, None])[..., None] * aside + y[..., None] * [0, 1, 0] + z[..., None] * ahead
    inner = np.stack([0 * y + wide, y, 0 * y + ring[:, None]], -1)
    return vertices.reshape(-1, 3).astype(np.float32), inner.reshape(-1, 3).astype(np.float32)


def sheet(rows: int, columns: int) -> Int32[ndarray, "f 3"]:
    """Return the triangles of a grid of vertices."""
    a = (np.arange(rows - 1)[:, None] * columns + np.arange(columns - 1)).ravel()
    upper, lower = np.stack([a, a + columns, a + 1], 1), np.stack([a + 1, a + columns, a + columns + 1], 1)
    return np.concatenate([upper, lower]).astype(np.int32)


def layer_of(
    figure: Figure,
    vertices: ndarray,
    field: ndarray,
    paint: Callable[[Fragments], Paint],
    extra: Float32[ndarray, "v k"],
) -> Layer:
    """Return a shell with the body's triangles."""
    own = np.concatenate([field[:, None], extra], 1)
    return Layer(
        vertices=np.ascontiguousarray(vertices, np.float32),
        faces=figure.model.faces,
        canonical=figure.canonical,
        field=np.ascontiguousarray(field, np.float32),
        extra=np.ascontiguousarray(own, np.float32),
        paint=paint,
    )


def over(figure: Figure, vertices: ndarray, under: list[Layer]) -> Float32[ndarray, "v 3"]:
    """Return the shell moved outward to where it covers what is worn below it."""
    result = vertices.astype(np.float32)
    for layer in under:
        worn = layer.field > -0.03
        sunk = ((result - layer.vertices) * figure.normals).sum(1)
        result += (np.maximum(0.006 - sunk, 0) * worn)[:, None] * figure.normals
    return result


def smoothed(figure: Figure, vertices: ndarray, where: Bool[ndarray, " v"], times: int) -> ndarray:
    """Return the shell with hollows and ridges evened out, never closer to the skin than a few millimetres."""
    result = vertices.copy()
    for _ in range(times):
        mean = figure.neighbours @ result
        result[where] += 0.6 * (mean - result)[where]
        sunk = ((result - figure.vertices) * figure.normals).sum(1)
        result += (np.maximum(0.006 - sunk, 0) * where)[:, None] * figure.normals
    return result.astype(np.float32)


def hung(
    vertices: ndarray,
    where: Bool[ndarray, " v"],
    axis: Float32[ndarray, " 2"],
    most: float,
    slope: float = 0.10,
) -> ndarray:
    """Return the shell hanging: around a vertical axis, nothing is much narrower than what is above it.

    Args:
        vertices: the shell.
        where: the vertices that take part.
        axis: (x, z) of the vertical axis.
        most: how far a vertex may be moved outward, metres.
        slope: how fast cloth may come in, metres per metre of height.
    """
    turns, rows = 72, 48
    points = vertices[where]
    flat = points[:, [0, 2]] - axis
    radius, angle = np.linalg.norm(flat, axis=1), np.arctan2(flat[:, 1], flat[:, 0])
    top, bottom = points[:, 1].max(), points[:, 1].min()
    column = (angle / (2 * np.pi) + 0.5) * turns
    row = (top - points[:, 1]) / max(top - bottom, 1e-6) * (rows - 1)
    grid, weight = np.zeros((rows, turns)), np.zeros((rows, turns))
    cell = (np.round(row).astype(int), np.floor(column).astype(int) % turns)
    np.add.at(grid, cell, radius)
    np.add.at(weight, cell, 1)
    blur = {"sigma": (1.2, 1.8), "mode": ("nearest", "wrap")}
    profile = gaussian_filter(grid, **blur) / np.maximum(gaussian_filter(weight, **blur), 1e-6)
    step = slope * (top - bottom) / rows
    for r in range(1, rows):
        profile[r] = np.maximum(profile[r], profile[r - 1] - step)
    wanted = map_coordinates(profile, [row, column - 0.5], order=1, mode="grid-wrap")
    # Wrapping also joins top and bottom rows: keep off the last row.
    wanted = np.where(
        row > rows - 1.5,
        map_coordinates(profile, [row * 0 + rows - 1, column - 0.5], order=1, mode="grid-wrap"),
        wanted,
    )
    out = np.clip(wanted - radius, 0, most)
    moved = vertices.copy()
    moved[where] += (out / np.maximum(radius, 1e-6))[:, None] * np.stack([flat[:, 0], 0 * out, flat[:, 1]], 1)
    return moved.astype(np.float32)
