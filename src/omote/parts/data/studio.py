"""A photographer's studio for synthetic people: soft boxes, a dome of fill light, a wall that curves into the floor.

Idea: every light is a handful of directions. From each the scene is rasterised once into a shadow map, so that a point
is lit by the directions that see it: soft shadows, contact shadows and ambient occlusion come out of one sum. The
picture is shaded once per pixel at twice its size (deferred shading) and averaged down in linear light.

Notation: d directions, m side of a shadow map, n points, s supersampling.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, no_type_check

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int32, UInt8
from numba import njit, prange
from numpy import ndarray
from scipy.ndimage import gaussian_filter, zoom

from omote.parts.render.visibility import rasterise
from omote.parts.space.camera import Camera, look_at_pose
from omote.parts.space.mesh import vertex_normals

SIDE = 512
"""Pixels along a shadow map."""
SUPERSAMPLING = 2
COVE = 0.5
"""Radius of the curve between floor and wall, metres."""
BOUNCE = 0.09
"""Irradiance that reaches even what no lamp sees."""
WALL = -2.0
"""Where the wall stands behind the person, metres along z."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Fragments:
    """What one layer shows at the pixels where it is seen."""

    position: Float32[ndarray, "n 3"]
    """World metres."""
    normal: Float32[ndarray, "n 3"]
    canonical: Float32[ndarray, "n 3"]
    """Where the point lies on the mean adult at rest: what patterns are painted on."""
    extra: Float32[ndarray, "n k"]
    """The layer's own numbers."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Paint:
    """How fragments look."""

    albedo: Float32[ndarray, "n 3"]
    """Linear RGB."""
    normal: Float32[ndarray, "n 3"]
    """With the fine relief of the material."""
    gloss: Float32[ndarray, " n"]
    """Strength of the highlight."""
    sharpness: Float32[ndarray, " n"]
    """Exponent of the highlight."""
    wrap: Float32[ndarray, "n 3"]
    """How far light reaches around, by colour: what scatters below the surface."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Layer:
    """A surface of one material."""

    vertices: Float32[ndarray, "v 3"]
    faces: Int32[ndarray, "f 3"]
    canonical: Float32[ndarray, "v 3"]
    field: Float32[ndarray, " v"]
    """Metres inside the layer's edge; negative where the surface is cut away."""
    extra: Float32[ndarray, "v k"]
    paint: Callable[[Fragments], Paint]
    fringe: Callable[[Fragments, Float32[ndarray, " n"]], Float32[ndarray, " n"]] | None = None
    """Changes the field at fragments, for edges finer than the mesh."""

    @cached_property
    def normals(self) -> Float32[ndarray, "v 3"]:
        """At the vertices, outward."""
        return vertex_normals(self.vertices, self.faces)

    @cached_property
    def kept(self) -> Int32[ndarray, "f 3"]:
        """The faces that are not wholly cut away."""
        return self.faces[(self.field[self.faces] > 0).any(1)]


@dataclass(frozen=True, kw_only=True)
class Lamp:
    """A soft box: directions spread about one, with one colour."""

    towards: tuple[float, float, float]
    spread: float
    """Radians, about."""
    count: int
    colour: tuple[float, float, float]
    """Irradiance of a surface that faces it."""
    shines: bool = True
    """Whether it makes highlights."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Lighting:
    """All directions, and what each sees."""

    directions: Float32[ndarray, "d 3"]
    colours: Float32[ndarray, "d 3"]
    shines: Bool[ndarray, " d"]
    map_from_world: Float32[ndarray, "d 3 4"]
    """(column, row, depth)."""
    depth: Float32[ndarray, "d m m"]


LAMPS = (
    Lamp(towards=(0.75, 0.75, 1.0), spread=0.30, count=12, colour=(1.28, 1.24, 1.17)),
    Lamp(towards=(-1.0, 0.35, 0.7), spread=0.40, count=6, colour=(0.34, 0.36, 0.40)),
    Lamp(towards=(-0.7, 0.9, -0.8), spread=0.25, count=4, colour=(0.45, 0.46, 0.48)),
    Lamp(towards=(0.0, 1.0, 0.25), spread=1.1, count=14, colour=(0.62, 0.64, 0.68), shines=False),
    Lamp(towards=(0.0, -1.0, 0.6), spread=0.8, count=5, colour=(0.22, 0.20, 0.18), shines=False),
)


def light_up(lamps: Sequence[Lamp], layers: Sequence[Layer], ground: float, rng: np.random.Generator) -> Lighting:
    """Return the lighting of a scene: one shadow map for each direction of each lamp."""
    vertices, faces = _joined(layers)
    middle = (vertices.max(0) + vertices.min(0)) / 2
    reach = float(np.linalg.norm(vertices - middle, axis=1).max()) * 1.02
    directions, colours, shines, matrices, depths = [], [], [], [], []
    for lamp in lamps:
        axis = np.array(lamp.towards) / np.linalg.norm(lamp.towards)
        for _ in range(lamp.count):
            towards = axis + np.tan(min(lamp.spread, 1.2)) * rng.normal(0, 0.6, 3)
            towards /= np.linalg.norm(towards)
            camera = Camera(
                world_from_camera=look_at_pose(middle + 2 * reach * towards, middle),
                focal=(SIDE / (2 * reach), SIDE / (2 * reach)),
                centre=(SIDE / 2, SIDE / 2),
                size=(SIDE, SIDE),
                orthographic=True,
            )
            depths.append(rasterise(vertices, faces, camera).depth)
            matrices.append(np.concatenate([camera.pixel_from_world[:2], camera.camera_from_world[2:3]]))
            directions.append(towards)
            colours.append(np.array(lamp.colour) / lamp.count)
            shines.append(lamp.shines)
    return Lighting(
        directions=np.array(directions, np.float32),
        colours=np.array(colours, np.float32),
        shines=np.array(shines),
        map_from_world=np.array(matrices, np.float32),
        depth=np.array(depths, np.float32),
    )


def _joined(layers: Sequence[Layer]) -> tuple[Float32[ndarray, "v 3"], Int32[ndarray, "f 3"]]:
    """Return what is left of all layers as one mesh."""
    vertices, faces, count = [], [], 0
    for layer in layers:
        used, index = np.unique(layer.kept, return_inverse=True)
        vertices.append(layer.vertices[used])
        faces.append(index.reshape(-1, 3).astype(np.int32) + np.int32(count))
        count += len(used)
    return np.concatenate(vertices), np.concatenate(faces)


def shade(
    lighting: Lighting, position: ndarray, normal: ndarray, paint: Paint, eye: Float64[ndarray, " 3"]
) -> Float32[ndarray, "n 3"]:
    """Return the linear light that points send to the eye."""
    out = np.empty((len(position), 3), np.float32)
    _shade(
        np.ascontiguousarray(position, np.float32), np.ascontiguousarray(normal, np.float32),
        np.ascontiguousarray(paint.normal, np.float32), np.ascontiguousarray(paint.albedo, np.float32),
        paint.gloss, paint.sharpness, np.ascontiguousarray(paint.wrap, np.float32), eye.astype(np.float32),
        lighting.directions, lighting.colours, lighting.shines, lighting.map_from_world, lighting.depth, out,
    )  # fmt: skip
    return out


@no_type_check
@njit(cache=True, parallel=True, fastmath=True)
def _shade(
    position, normal, bumped, albedo, gloss, sharpness, wrap, eye,
    directions, colours, shines, matrices, depth, out,
):  # fmt: skip
    side = depth.shape[1]
    for n in prange(len(position)):
        p, surface, fine = position[n], normal[n], bumped[n]
        vx, vy, vz = eye[0] - p[0], eye[1] - p[1], eye[2] - p[2]
        length = np.sqrt(vx * vx + vy * vy + vz * vz)
        vx, vy, vz = vx / length, vy / length, vz / length
        red, green, blue, shine_r, shine_g, shine_b = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
        for d in range(len(directions)):
            lx, ly, lz = directions[d, 0], directions[d, 1], directions[d, 2]
            facing = fine[0] * lx + fine[1] * ly + fine[2] * lz
            if facing < -0.5:
                continue
            # Looked up a little above the surface, and further on slopes, lest it shadows itself.
            lift = 0.009 if surface[0] * lx + surface[1] * ly + surface[2] * lz > 0 else 0.014
            qx = p[0] + lift * surface[0] + 0.006 * lx
            qy = p[1] + lift * surface[1] + 0.006 * ly
            qz = p[2] + lift * surface[2] + 0.006 * lz
            m = matrices[d]
            column = m[0, 0] * qx + m[0, 1] * qy + m[0, 2] * qz + m[0, 3] - 0.5
            row = m[1, 0] * qx + m[1, 1] * qy + m[1, 2] * qz + m[1, 3] - 0.5
            far = m[2, 0] * qx + m[2, 1] * qy + m[2, 2] * qz + m[2, 3]
            c, r = int(np.floor(column)), int(np.floor(row))
            seen = 1.0
            if 0 <= c < side - 1 and 0 <= r < side - 1:
                fx, fy = column - c, row - r
                seen = (1 - fy) * ((1 - fx) * (depth[d, r, c] >= far) + fx * (depth[d, r, c + 1] >= far)) + fy * (
                    (1 - fx) * (depth[d, r + 1, c] >= far) + fx * (depth[d, r + 1, c + 1] >= far)
                )
            if seen == 0:
                continue
            red += seen * colours[d, 0] * max(0.0, (facing + wrap[n, 0]) / (1 + wrap[n, 0]))
            green += seen * colours[d, 1] * max(0.0, (facing + wrap[n, 1]) / (1 + wrap[n, 1]))
            blue += seen * colours[d, 2] * max(0.0, (facing + wrap[n, 2]) / (1 + wrap[n, 2]))
            if shines[d] and facing > 0 and gloss[n] > 0:
                hx, hy, hz = lx + vx, ly + vy, lz + vz
                size = np.sqrt(hx * hx + hy * hy + hz * hz)
                half = max(0.0, (fine[0] * hx + fine[1] * hy + fine[2] * hz) / size)
                glint = seen * gloss[n] * facing * (sharpness[n] + 8) * 0.125 * half ** sharpness[n]
                shine_r += glint * colours[d, 0]
                shine_g += glint * colours[d, 1]
                shine_b += glint * colours[d, 2]
        out[n, 0] = albedo[n, 0] * (red + BOUNCE) + shine_r
        out[n, 1] = albedo[n, 1] * (green + BOUNCE) + shine_g
        out[n, 2] = albedo[n, 2] * (blue + BOUNCE) + shine_b


@dataclass(frozen=True, kw_only=True, eq=False)
class Shot:
    """A picture of the studio."""

    rgb: UInt8[ndarray, "h w 3"]
    mask: Float32[ndarray, "h w"]
    """How much of each pixel the person covers."""


def photograph(
    layers: Sequence[Layer],
    camera: Camera,
    ground: float,
    backdrop: tuple[float, float, float],
    rng: np.random.Generator,
) -> Shot:
    """Return the picture of the layers in the studio.

    Args:
        layers: the person.
        camera: the view.
        ground: height of the floor, metres.
        backdrop: linear colour of wall and floor.
        rng: spreads the lamps' directions, and grain.
    """
    lighting = light_up(LAMPS, layers, ground, rng)
    height, width = camera.size
    fine = camera.resized((height * SUPERSAMPLING, width * SUPERSAMPLING))
    colour, covered = _draw(layers, fine, lighting)
    mask = covered.reshape(height, SUPERSAMPLING, width, SUPERSAMPLING).mean((1, 3)).astype(np.float32)
    person = colour.reshape(height, SUPERSAMPLING, width, SUPERSAMPLING, 3).mean((1, 3))
    behind = _background(camera, lighting, ground, np.array(backdrop, np.float32), rng)
    linear = person + behind * (1 - mask[..., None])
    return Shot(rgb=_develop(linear, rng), mask=mask)


def _draw(
    layers: Sequence[Layer], camera: Camera, lighting: Lighting
) -> tuple[Float32[ndarray, "h w 3"], Bool[ndarray, "h w"]]:
    """Return premultiplied light and coverage of the person, every sample alone."""
    nearest = np.full(camera.size, np.inf, np.float32)
    owner = np.full(camera.size, -1, np.int8)
    seen = []
    for layer in layers:
        # What is cut open shows its inside too, which its own outer side would hide from one depth buffer.
        for back in (False, True) if (layer.field < 0).any() else (False,):
            spot = _visible(layer, camera, nearest, back=back)
            owner[spot.rows, spot.columns] = len(seen)
            seen.append((layer, spot, back))
    colour = np.zeros((*camera.size, 3), np.float32)
    for number, (layer, spot, back) in enumerate(seen):
        spot = spot.where(owner[spot.rows, spot.columns] == number)
        what = _fragments(layer, spot)
        if back:
            what.normal[:] *= -1
        light = shade(lighting, what.position, what.normal, layer.paint(what), camera.position)
        colour[spot.rows, spot.columns] = light
    return colour, owner >= 0


class _Spot(NamedTuple):
    """Samples of the picture that see a layer."""

    rows: ndarray
    columns: ndarray
    corners: ndarray
    weights: ndarray

    def where(self, mask: Bool[ndarray, " n"]) -> "_Spot":
        return _Spot(*(a[mask] for a in self))


def _visible(layer: Layer, camera: Camera, nearest: Float32[ndarray, "h w"], *, back: bool) -> _Spot:
    """Return the samples where one side of a layer is nearer than all before, and write its depth down."""
    faces = np.ascontiguousarray(layer.kept[:, ::-1] if back else layer.kept)
    fragments = rasterise(layer.vertices, faces, camera, cull=True)
    rows, columns = np.nonzero((fragments.faces >= 0) & (fragments.depth < nearest))
    spot = _Spot(rows, columns, faces[fragments.faces[rows, columns]], fragments.barycentrics[rows, columns])
    edge = np.einsum("nk,nk->n", layer.field[spot.corners], spot.weights)
    if layer.fringe is not None:
        close = edge > -0.03
        spot, edge = spot.where(close), edge[close]
        edge = layer.fringe(_fragments(layer, spot), edge)
    spot = spot.where(edge > 0)
    nearest[spot.rows, spot.columns] = fragments.depth[spot.rows, spot.columns]
    return spot


def _fragments(layer: Layer, spot: _Spot) -> Fragments:
    def blend(values: ndarray) -> ndarray:
        return np.einsum("nka,nk->na", values[spot.corners], spot.weights).astype(np.float32)

    normal = blend(layer.normals)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True) + 1e-9
    return Fragments(
        position=blend(layer.vertices), normal=normal, canonical=blend(layer.canonical), extra=blend(layer.extra)
    )


def _background(
    camera: Camera, lighting: Lighting, ground: float, backdrop: ndarray, rng: np.random.Generator
) -> Float32[ndarray, "h w 3"]:
    """Return the empty studio with the person's shadow, drawn at half size, since nothing in it is sharp."""
    height, width = camera.size
    small = camera.resized((height // 2, width // 2))
    pixels = np.stack(np.meshgrid(np.arange(width // 2) + 0.5, np.arange(height // 2) + 0.5), -1).reshape(-1, 2)
    origin, ray = small.rays(pixels)
    with np.errstate(divide="ignore"):
        to_floor = np.where(ray[:, 1] < 0, (ground - origin[:, 1]) / ray[:, 1], np.inf)
        to_wall = np.where(ray[:, 2] < 0, (WALL - origin[:, 2]) / ray[:, 2], np.inf)
    # A quarter circle about (z, y) = (WALL + COVE, ground + COVE) joins the floor and the wall.
    across = origin[:, 1:] - np.array([ground + COVE, WALL + COVE])
    a = (ray[:, 1:] ** 2).sum(1)
    b = (ray[:, 1:] * across).sum(1)
    root = np.sqrt(np.maximum(b**2 - a * ((across**2).sum(1) - COVE**2), 0))
    to_cove = (-b + root) / a
    point = origin + ray * np.minimum(to_floor, to_wall)[:, None]
    curved = (point[:, 1] < ground + COVE) & (point[:, 2] < WALL + COVE)
    point = np.where(curved[:, None], origin + ray * to_cove[:, None], point)
    normal = np.where((to_floor < to_wall)[:, None], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0])
    inward = np.array([0, ground + COVE, WALL + COVE]) - point * [0, 1, 1]
    normal = np.where(curved[:, None], inward / COVE, normal)
    count = len(point)
    flat = Paint(
        albedo=np.broadcast_to(backdrop, (count, 3)),
        normal=normal.astype(np.float32),
        gloss=np.zeros(count, np.float32),
        sharpness=np.ones(count, np.float32),
        wrap=np.zeros((count, 3), np.float32),
    )
    light = shade(lighting, point, normal, flat, camera.position).reshape(height // 2, width // 2, 3)
    wall = gaussian_filter(light, (height / 50, height / 50, 0))
    far = np.clip(1.3 * normal[:, 2], 0, 1).reshape(height // 2, width // 2, 1)
    light = gaussian_filter(light, (1.5, 1.5, 0)) * (1 - far) + wall * far
    pool = 1.12 - 0.10 * ((point[:, 0] / 1.2) ** 2 + ((point[:, 1] - ground - 1.0) / 1.4) ** 2)
    light = light * np.clip(pool, 0.45, 2).reshape(height // 2, width // 2, 1)
    return np.asarray(zoom(light, (2, 2, 1), order=1, grid_mode=True, mode="nearest"), np.float32)


def _develop(linear: Float32[ndarray, "h w 3"], rng: np.random.Generator) -> UInt8[ndarray, "h w 3"]:
    """Return sRGB: highlights rolled off, a lens's slight softness, a sensor's grain."""
    soft = gaussian_filter(linear, (0.55, 0.55, 0))
    grain = rng.normal(0, 1, soft.shape[:2])[..., None] * 0.008 + rng.normal(0, 1, soft.shape) * 0.004
    noisy = np.maximum(soft + grain * np.sqrt(np.maximum(soft, 0)), 0)
    rolled = np.where(noisy < 0.6, noisy, 0.6 + 0.4 * (1 - np.exp(-(noisy - 0.6) / 0.4)))
    srgb = np.where(rolled <= 0.0031308, 12.92 * rolled, 1.055 * rolled ** (1 / 2.4) - 0.055)
    return np.round(np.clip(srgb, 0, 1) * 255).astype(np.uint8)
