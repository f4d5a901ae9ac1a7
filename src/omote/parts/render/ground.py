"""A floor with a soft shadow where somebody stands.

The shadow is a map on the floor, cells of two centimetres: the mesh is projected along the key light, in
layers by height, and each layer is blurred in proportion to its height, as the penumbra of a light of some
size is. Contacts are so sharp and dark, the head's shadow wide and pale. One more layer, straight down and
wide, stands for the sky that a body hides from the floor. Both rasterisers share it; a frame's map depends on
that frame alone.

Notation: grid = coordinates in cells, (column, row) along world (x, z).
"""

from dataclasses import dataclass
from typing import no_type_check

import numpy as np
from jaxtyping import Float32, Float64, Int32, Int64, UInt8
from numba import njit
from numpy import ndarray

from omote.core.errors import UsageError
from omote.parts.space.camera import Camera

CELL, MOST_CELLS = 0.02, 500
"""Metres; and how many cells the shadow may be wide before they grow."""
LAYERS = np.array([0.0, 0.06, 0.18, 0.45, 1.0, np.inf])
"""Metres above the floor that part the layers."""
STEEPEST = 0.8
"""The light's slope, horizontal over vertical, is cut here; longer shadows would leave the picture."""
SKY_BELOW, SKY_BLUR, SKY_WEIGHT = 0.9, 0.16, 0.45
"""The sky's layer: metres of height that count, radius of its blur in metres, strength."""


_PASSES = 2
FAINT = 0.002
"""Shadow below this, half a step of eight bits, is left out."""


@dataclass(frozen=True, kw_only=True)
class Ground:
    """A horizontal floor.

    Raises:
        UsageError: shadow outside 0..1, softness or radius not positive.
    """

    height: float = 0.0
    """World metres."""
    shadow: float = 0.5
    """Darkness of the shadow, 0 = none, 1 = black."""
    softness: float = 0.16
    """Metres of blur per metre of height above the floor."""
    colour: tuple[int, int, int] | None = None
    """sRGB of the floor; None = the background shows, and only the shadow falls on it."""
    radius: float = 5.0
    """Metres from the world's origin over which a coloured floor fades into the background."""

    def __post_init__(self) -> None:
        if not (0 <= self.shadow <= 1 and self.softness > 0 and self.radius > 0):
            raise UsageError("a floor's shadow lies in 0..1, its softness and radius are positive")


@dataclass(frozen=True, kw_only=True, eq=False)
class Shadow:
    """How much light the floor lacks."""

    map: Float32[ndarray, "rows columns"]
    """0..1."""
    corner: tuple[float, float]
    """World (x, z) of the centre of the first cell, metres."""
    cell: float
    """Metres."""


def cast(
    vertices: Float32[ndarray, "v 3"],
    faces: Int32[ndarray, "f 3"],
    ground: Ground,
    light: Float64[ndarray, " 3"],
) -> Shadow:
    """Return the shadow of a mesh.

    Args:
        vertices: world metres.
        faces: vertex indices.
        ground: the floor.
        light: unit direction towards the key light.
    """
    slope = _slope(light).astype(np.float32)
    straight = np.ascontiguousarray(vertices.T)  # numpy finds extremes along the last axis ten times faster
    height = np.maximum(straight[1] - np.float32(ground.height), 0)
    below = straight[[0, 2]]
    lit = below - height * slope[:, None]
    highest = float(height.max(initial=0))
    low = np.minimum(lit.min(1), below.min(1)).astype(np.float64)
    high = np.maximum(lit.max(1), below.max(1)).astype(np.float64)
    cell = max(CELL, float((high - low).max()) / MOST_CELLS)
    margin = _PASSES * max(_blur(ground, highest), SKY_BLUR) + 2 * cell
    corner = np.floor((low - margin) / cell).astype(int)
    columns, rows = np.ceil((high + margin) / cell).astype(int) - corner + 1
    origin = corner[:, None].astype(np.float64)  # float32 would lose a cell far from the world's origin
    layers = np.zeros((len(LAYERS), rows, columns), np.float32)
    _project(lit / cell - origin, height, faces, LAYERS, -1.0, layers)
    _project(below / cell - origin, height, faces, LAYERS, SKY_BELOW, layers[-1:])
    passing = np.ones((rows, columns), np.float32)
    for layer, bottom, top in zip(layers, LAYERS[:-1], np.minimum(LAYERS[1:], max(highest, LAYERS[1])), strict=False):
        passing *= 1 - _blurred(layer, _blur(ground, max(bottom, (bottom + top) / 2)) / cell)
    passing *= 1 - np.float32(SKY_WEIGHT) * _blurred(layers[-1], SKY_BLUR / cell)
    return _trimmed(1 - passing, corner, cell)


def _trimmed(dark: Float32[ndarray, "_ _"], corner: Int64[ndarray, "2"], cell: float) -> Shadow:
    """Return the part of a map in which there is any shadow; `corner` in cells."""
    seen = dark >= FAINT
    rows, columns = np.flatnonzero(seen.any(1)), np.flatnonzero(seen.any(0))
    if not len(rows):
        return Shadow(map=np.zeros((2, 2), np.float32), corner=(0.0, 0.0), cell=cell)
    top, left = max(rows[0] - 1, 0), max(columns[0] - 1, 0)
    part = dark[top : rows[-1] + 2, left : columns[-1] + 2]
    return Shadow(map=part, corner=(float(corner[0] + left) * cell, float(corner[1] + top) * cell), cell=cell)


def _slope(light: Float64[ndarray, " 3"]) -> Float64[ndarray, " 2"]:
    """Return how far (x, z) the light has moved on per metre of height."""
    slope = light[[0, 2]] / max(float(light[1]), 1e-6)
    return slope * min(1.0, STEEPEST / max(float(np.linalg.norm(slope)), 1e-9))


def _blur(ground: Ground, height: float) -> float:
    """Return the radius of the blur, metres, of what is `height` metres above the floor."""
    return 0.75 * CELL + ground.softness * height


def _blurred(layer: Float32[ndarray, "rows columns"], radius: float) -> Float32[ndarray, "rows columns"]:
    """Return a layer after two box filters of a radius in cells: a smooth hump twice as wide."""
    return _boxes(layer, max(1, round(radius)), _PASSES) if layer.any() else layer


@no_type_check
@njit(cache=True, nogil=True, error_model="numpy")
def _boxes(layer, radius, passes):
    """Return running means over 2 radius + 1 cells along rows and columns, zero outside, some times over."""
    rows, columns = layer.shape
    share = np.float32(1 / (2 * radius + 1))
    along, out = np.empty_like(layer), layer.copy()
    for _ in range(passes):
        for y in range(rows):
            # float64: what is added and taken away again leaves no rest that could be seen.
            total = 0.0
            for x in range(-radius, columns):
                if x + radius < columns:
                    total += out[y, x + radius]
                if x - radius > 0:
                    total -= out[y, x - radius - 1]
                if x >= 0:
                    along[y, x] = max(total, 0.0) * share
        totals = np.zeros(columns)
        for y in range(-radius, rows):
            for x in range(columns):
                if y + radius < rows:
                    totals[x] += along[y + radius, x]
                if y - radius > 0:
                    totals[x] -= along[y - radius - 1, x]
                if y >= 0:
                    out[y, x] = max(totals[x], 0.0) * share
    return out


@no_type_check
@njit(cache=True, nogil=True, error_model="numpy")
def _project(points, height, faces, bounds, sky_below, layers):
    """Draw a mesh whose vertices lie at `points` on the grid: each vertex as a cell, and triangles larger than one."""
    for v in range(len(height)):
        _mark(int(points[0, v] + 0.5), int(points[1, v] + 0.5), height[v], bounds, sky_below, layers)
    for f in range(len(faces)):
        i, j, k = faces[f, 0], faces[f, 1], faces[f, 2]
        ax, ay, bx, by, cx, cy = points[0, i], points[1, i], points[0, j], points[1, j], points[0, k], points[1, k]
        left, top = min(ax, min(bx, cx)), min(ay, min(by, cy))
        right, bottom = max(ax, max(bx, cx)), max(ay, max(by, cy))
        area = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay)
        if max(right - left, bottom - top) < 1 or abs(area) < 1e-6:
            continue
        for y in range(int(np.ceil(top)), int(np.floor(bottom)) + 1):
            for x in range(int(np.ceil(left)), int(np.floor(right)) + 1):
                a = ((bx - x) * (cy - y) - (cx - x) * (by - y)) / area
                b = ((cx - x) * (ay - y) - (ax - x) * (cy - y)) / area
                if a >= 0 and b >= 0 and a + b <= 1:
                    above = a * height[i] + b * height[j] + (1 - a - b) * height[k]
                    _mark(x, y, above, bounds, sky_below, layers)


@no_type_check
@njit(cache=True, nogil=True, error_model="numpy")
def _mark(x, y, above, bounds, sky_below, layers):
    """Note that something is `above` the cell: in the layer of its height; if `sky_below` > 0, the lower the more."""
    if sky_below > 0:
        layers[0, y, x] = max(layers[0, y, x], np.float32(1 - above / sky_below))
        return
    for layer in range(len(bounds) - 1):
        if above < bounds[layer + 1]:
            layers[layer, y, x] = 1.0
            return


def is_seen(ground: Ground, camera: Camera) -> bool:
    """Return whether the camera is above the floor; from below nothing of it is drawn."""
    return float(camera.position[1]) > ground.height


def floor_from_pixel(ground: Ground, camera: Camera) -> Float64[ndarray, "3 3"]:
    """Return the map from (pixel x, pixel y, 1) to w (world x, world z, 1) on the floor; w > 0 where it is in front."""
    matrix = camera.pixel_from_world
    pixel_from_floor = np.stack([matrix[:, 0], matrix[:, 2], matrix[:, 1] * ground.height + matrix[:, 3]], axis=1)
    return np.linalg.inv(pixel_from_floor)


def shade(picture: UInt8[ndarray, "h w 4"], shadow: Shadow, ground: Ground, camera: Camera) -> None:
    """Darken a picture (straight alpha), in place, where the shadow falls."""
    rows, columns = shadow.map.shape
    to_grid = np.diag([1 / shadow.cell, 1 / shadow.cell, 1.0])
    to_grid[:2, 2] = -shadow.corner[0] / shadow.cell, -shadow.corner[1] / shadow.cell
    grid_from_pixel = to_grid @ floor_from_pixel(ground, camera)
    ends = np.array([[x, z] for x in (0, columns) for z in (0, rows)]) * shadow.cell + np.array(shadow.corner)
    corners = np.stack([ends[:, 0], np.full(4, ground.height), ends[:, 1]], axis=1)
    pixels, _ = camera.project(corners)
    h, w = camera.size
    box = (0, 0, w, h)
    if np.isfinite(pixels).all():
        (x0, y0), (x1, y1) = np.floor(pixels.min(0)), np.ceil(pixels.max(0))
        box = tuple(int(np.clip(v, 0, n)) for v, n in ((x0, w), (y0, h), (x1, w), (y1, h)))
    _shade(picture, shadow.map, grid_from_pixel, box, np.float32(ground.shadow))


@no_type_check
@njit(cache=True, nogil=True, error_model="numpy")
def _shade(picture, shadow, grid_from_pixel, box, strength):
    m, half, one = grid_from_pixel, np.float32(0.5), np.float32(1)
    rows, columns = shadow.shape
    for py in range(box[1], box[3]):
        for px in range(box[0], box[2]):
            x, y = px + 0.5, py + 0.5
            w = m[2, 0] * x + m[2, 1] * y + m[2, 2]
            if w <= 0:
                continue
            share = 1 / w
            gx, gy = (
                (m[0, 0] * x + m[0, 1] * y + m[0, 2]) * share,
                (m[1, 0] * x + m[1, 1] * y + m[1, 2]) * share,
            )
            if not (gx >= 0 and gy >= 0 and gx < columns - 1 and gy < rows - 1):
                continue
            i, j = int(gx), int(gy)
            fx, fy = np.float32(gx - i), np.float32(gy - j)
            top = shadow[j, i] + fx * (shadow[j, i + 1] - shadow[j, i])
            bottom = shadow[j + 1, i] + fx * (shadow[j + 1, i + 1] - shadow[j + 1, i])
            dark = strength * (top + fy * (bottom - top))
            if dark < FAINT:
                continue
            kept, alpha = one - dark, np.float32(255)
            if picture[py, px, 3] < 255:
                alpha = picture[py, px, 3] * kept + np.float32(255) * dark
                kept *= picture[py, px, 3] / alpha
            picture[py, px, 0] = np.uint8(picture[py, px, 0] * kept + half)
            picture[py, px, 1] = np.uint8(picture[py, px, 1] * kept + half)
            picture[py, px, 2] = np.uint8(picture[py, px, 2] * kept + half)
            picture[py, px, 3] = np.uint8(alpha + half)


def lay_floor(picture: UInt8[ndarray, "h w 4"], ground: Ground, camera: Camera) -> UInt8[ndarray, "h w 4"]:
    """Return the background (straight alpha) with a coloured floor over it, fading with the distance."""
    if ground.colour is None or not is_seen(ground, camera):
        return picture
    h, w = camera.size
    y, x = np.mgrid[0:h, 0:w] + 0.5
    floor = np.stack([x, y, np.ones_like(x)], -1) @ floor_from_pixel(ground, camera).T
    ahead = floor[..., 2] > 0
    away = np.hypot(*(floor[..., :2] / np.where(ahead, floor[..., 2], 1)[..., None]).transpose(2, 0, 1)) / ground.radius
    fade = np.clip(1.3 - away, 0, 1)
    cover = np.where(ahead, fade * fade * (3 - 2 * fade), 0)[..., None]
    under = picture[..., 3:] / 255 * (1 - cover)
    alpha = under + cover
    colour = (picture[..., :3] * under + np.array(ground.colour) * cover) / np.maximum(alpha, 1e-9)
    return np.rint(np.concatenate([colour, 255 * alpha], -1)).astype(np.uint8)
