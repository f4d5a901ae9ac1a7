"""Which face is seen where: a software z-buffer in homogeneous coordinates.

Idea (Olano and Greer, "Triangle Scan Conversion using 2D Homogeneous Coordinates", 1997): with a vertex as v
= (x w, y w, w), pixels times depth, the edge opposite vertex i is e_i = v_j x v_k, and a sample p = (x, y, 1)
is inside where all e_i . p have one sign. The e_i . p are, up to their sum, the perspective-correct
barycentrics, and sum(e_i . p) / D = 1/w with D = v_0 . (v_1 x v_2). No triangle is ever clipped, not even one
that reaches behind the camera.

Two triangles that share an edge compute exactly opposite numbers for it, so that a sample on it belongs to
exactly one of
them: the one to whose left or top the edge lies. Rows are independent of one another, and faces are drawn in
their order, so that the result does not depend on the number of threads.

Notation: key = what is compared, larger is nearer: 1/w for a pinhole camera, -z for an orthographic one.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple, no_type_check

import numpy as np
from jaxtyping import Bool, Float, Float32, Float64, Int32, Int64, UInt8
from numba import njit
from numpy import ndarray

from omote.core.errors import ShapeError
from omote.parts.render.texture import sample
from omote.parts.space.camera import Camera
from omote.parts.space.mesh import check_faces

SAMPLES = {
    1: np.array([[0.5, 0.5]]),
    4: np.array([[0.375, 0.125], [0.875, 0.375], [0.125, 0.625], [0.625, 0.875]]),
}
"""(x, y) of the samples in a pixel; the four are the rotated grid that graphics cards use."""

BAND = 32
"""Rows drawn by one task."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Fragments:
    """What each pixel's centre sees."""

    faces: Int32[ndarray, "h w"]
    """Index of the face; -1 where there is none."""
    barycentrics: Float32[ndarray, "h w 3"]
    """Weights of the face's three vertices, perspective-correct; zero where there is no face."""
    depth: Float32[ndarray, "h w"]
    """Metres along the optical axis; infinite where there is no face."""


class Skin(NamedTuple):
    """The textures on the faces; a tuple, as compiled code takes it."""

    cut: Bool[ndarray, " f"]
    """Which faces have holes in their texture."""
    faces: Int32[ndarray, "f 3"]
    uvs: Float32[ndarray, "v 2"]
    lods: Float32[ndarray, " v"]
    texture: Int32[ndarray, " f"]
    """Index of each face's texture."""
    texels: UInt8[ndarray, "n 4"]
    table: Int64[ndarray, "textures levels 3"]
    levels: Int64[ndarray, " textures"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Triangles:
    """Faces made ready for drawing; see the module's notation."""

    edges: Float64[ndarray, "f 3 3"]
    """e_i, positive inside."""
    key: Float64[ndarray, "f 5"]
    """key at (x, y) = key[0] x + key[1] y + key[2], and its least and greatest value over the face."""
    box: Int32[ndarray, "f 4"]
    """x0 y0 x1 y1 in pixels; empty where there is nothing to draw."""


def rasterise(
    vertices: Float[ndarray, "v 3"], faces: Int32[ndarray, "f 3"], camera: Camera, *, cull: bool = False
) -> Fragments:
    """Return the face, barycentrics and depth at each pixel's centre.

    Args:
        vertices: world metres.
        faces: vertex indices, counter-clockwise seen from outside.
        camera: the view; its `size` is the size of the result.
        cull: leave out faces seen from behind.

    Raises:
        ShapeError: vertices are not finite [v 3], or a face names a vertex that is not there.
    """
    check_faces(faces, len(vertices))
    homogeneous, keys = project_vertices(vertices, camera)
    h, w = camera.size
    triangles = prepare(homogeneous, keys, faces, (0, 0, w, h), camera, cull=cull)
    result = Fragments(
        faces=np.empty((h, w), np.int32),
        barycentrics=np.zeros((h, w, 3), np.float32),
        depth=np.empty((h, w), np.float32),
    )
    limit, perspective, skin = nearest_key(camera), not camera.orthographic, _bare(faces)

    def draw(y0: int, y1: int) -> None:
        _fragments(
            triangles.edges, triangles.key, triangles.box, limit, perspective, y0, y1, SAMPLES[1], skin,
            result.faces, result.barycentrics, result.depth,
        )  # fmt: skip

    with ThreadPoolExecutor(threads()) as pool:
        over_bands(pool, draw, 0, h)
    return result


def _bare(faces: Int32[ndarray, "f 3"]) -> Skin:
    """Return a skin without textures and holes."""
    return Skin(
        cut=np.zeros(len(faces), bool),
        faces=faces,
        uvs=np.zeros((0, 2), np.float32),
        lods=np.zeros(0, np.float32),
        texture=np.zeros(len(faces), np.int32),
        texels=np.zeros((0, 4), np.uint8),
        table=np.zeros((0, 0, 3), np.int64),
        levels=np.zeros(0, np.int64),
    )


def threads() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def over_bands(pool: ThreadPoolExecutor, work: Callable[[int, int], None], y0: int, y1: int) -> None:
    """Call `work(first row, end row)` for each band of rows, side by side, and wait."""
    starts = range(y0, y1, BAND)
    list(pool.map(work, starts, [min(start + BAND, y1) for start in starts]))


def nearest_key(camera: Camera) -> float:
    """Return the key of the near plane: nothing with a larger one is seen."""
    return -camera.near if camera.orthographic else 1 / camera.near


def project_vertices(
    vertices: Float[ndarray, "v 3"], camera: Camera
) -> tuple[Float64[ndarray, "v 3"], Float64[ndarray, " v"]]:
    """Return homogeneous pixel coordinates (x w, y w, w) and, for orthographic depth, the numerators of the key.

    Raises:
        ShapeError: vertices are not [v 3], or not finite.
    """
    if vertices.ndim != 2 or vertices.shape[1] != 3:
        raise ShapeError(f"vertices are [v 3], not {list(vertices.shape)}")
    if not np.isfinite(vertices).all():
        bad = int((~np.isfinite(vertices).all(-1)).sum())
        raise ShapeError(f"{bad} of {len(vertices)} vertices are not finite numbers; check the pose they come from")
    matrix = camera.pixel_from_world
    homogeneous = vertices.astype(np.float64) @ matrix[:, :3].T + matrix[:, 3]
    if not camera.orthographic:
        return homogeneous, np.ones(len(vertices))
    return homogeneous, -(vertices @ camera.camera_from_world[2, :3] + camera.camera_from_world[2, 3])


def prepare(
    homogeneous: Float64[ndarray, "v 3"],
    keys: Float64[ndarray, " v"],
    faces: Int32[ndarray, "f 3"],
    window: tuple[int, int, int, int],
    camera: Camera,
    *,
    cull: bool,
) -> Triangles:
    """Return the edges, depth planes and boxes of faces, as far as they lie in a window x0 y0 x1 y1."""
    count = len(faces)
    triangles = Triangles(edges=np.empty((count, 3, 3)), key=np.empty((count, 5)), box=np.zeros((count, 4), np.int32))
    near = -np.inf if camera.orthographic else camera.near
    _prepare(homogeneous, keys, faces, window, near, cull, triangles.edges, triangles.key, triangles.box)
    return triangles


@no_type_check
@njit(cache=True, nogil=True, error_model="numpy")
def _prepare(homogeneous, keys, faces, window, near, cull, edges, key, box):
    v = np.empty((3, 3))
    for f in range(len(faces)):
        for i in range(3):
            for axis in range(3):
                v[i, axis] = homogeneous[faces[f, i], axis]
        for i in range(3):
            j, k = (i + 1) % 3, (i + 2) % 3
            edges[f, i, 0] = v[j, 1] * v[k, 2] - v[j, 2] * v[k, 1]
            edges[f, i, 1] = v[j, 2] * v[k, 0] - v[j, 0] * v[k, 2]
            edges[f, i, 2] = v[j, 0] * v[k, 1] - v[j, 1] * v[k, 0]
        volume = v[0, 0] * edges[f, 0, 0] + v[0, 1] * edges[f, 0, 1] + v[0, 2] * edges[f, 0, 2]
        # With y down, a face that is counter-clockwise from outside has a negative volume when seen from there.
        if volume == 0 or (cull and volume > 0):
            continue
        x0, y0, x1, y1 = _bound(v, near, window)
        if x0 >= x1 or y0 >= y1:
            continue
        box[f, 0], box[f, 1], box[f, 2], box[f, 3] = x0, y0, x1, y1
        inwards = 1.0 if volume > 0 else -1.0
        low, high = np.inf, -np.inf
        for axis in range(3):
            total = 0.0
            for i in range(3):
                edges[f, i, axis] *= inwards
                total += edges[f, i, axis] * keys[faces[f, i]]
            key[f, axis] = total / abs(volume)
        for i in range(3):
            behind = v[i, 2] < near
            at_vertex = keys[faces[f, i]] / v[i, 2]
            low, high = min(low, 0.0 if behind else at_vertex), max(high, 1 / near if behind else at_vertex)
        key[f, 3], key[f, 4] = low, high


@no_type_check
@njit(cache=True, nogil=True, error_model="numpy")
def _bound(v, near, window):
    """Return the pixels x0 y0 x1 y1 of the window that a triangle's part in front of `near` can cover."""
    x0, y0, x1, y1 = np.inf, np.inf, -np.inf, -np.inf
    for i in range(3):
        j = (i + 1) % 3
        if v[i, 2] >= near:
            x, y = v[i, 0] / v[i, 2], v[i, 1] / v[i, 2]
            x0, y0, x1, y1 = min(x0, x), min(y0, y), max(x1, x), max(y1, y)
        if (v[i, 2] >= near) != (v[j, 2] >= near):
            t = (near - v[i, 2]) / (v[j, 2] - v[i, 2])
            x, y = (v[i, 0] + t * (v[j, 0] - v[i, 0])) / near, (v[i, 1] + t * (v[j, 1] - v[i, 1])) / near
            x0, y0, x1, y1 = min(x0, x), min(y0, y), max(x1, x), max(y1, y)
    # A little more on each side: division rounds, the edges decide.
    x0, y0 = max(x0 - 0.01, window[0]), max(y0 - 0.01, window[1])
    x1, y1 = min(x1 + 0.01, window[2]), min(y1 + 0.01, window[3])
    if not (x0 < x1 and y0 < y1):
        return 0, 0, 0, 0
    return int(np.floor(x0)), int(np.floor(y0)), int(np.ceil(x1)), int(np.ceil(y1))


@no_type_check
@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def owns(ex, ey):
    """Return whether samples exactly on this edge belong to its triangle: it is a left or a top one."""
    return ex > 0 or (ex == 0 and ey > 0)


@no_type_check
@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def clip_span(ex, ey, ez, y, first, last):
    """Return the part of pixels first..last of row y that lies inside an edge, or a little more."""
    rest = ez + max(ey * y, ey * (y + 1))
    if ex > 0:
        return max(first, int(min(max(-rest / ex, -1e9), 1e9)) - 2), last
    if ex < 0:
        return first, min(last, int(min(max(-rest / ex, -1e9), 1e9)) + 2)
    return first, last if rest >= 0 else first


@no_type_check
@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def barycentrics(f, edges, x, y):
    """Return the perspective-correct weights of face f's vertices at a point, float32."""
    a = edges[f, 0, 0] * x + (edges[f, 0, 1] * y + edges[f, 0, 2])
    b = edges[f, 1, 0] * x + (edges[f, 1, 1] * y + edges[f, 1, 2])
    c = edges[f, 2, 0] * x + (edges[f, 2, 1] * y + edges[f, 2, 2])
    share = 1 / (a + b + c)
    return np.float32(a * share), np.float32(b * share), np.float32(c * share)


@no_type_check
@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def texel(f, a, b, c, faces, uvs, lods, texture, texels, table, levels):
    """Return the texture's colour and alpha, 0..255, at barycentrics a, b, c of face f."""
    i, j, k = faces[f, 0], faces[f, 1], faces[f, 2]
    u = a * uvs[i, 0] + b * uvs[j, 0] + c * uvs[k, 0]
    v = a * uvs[i, 1] + b * uvs[j, 1] + c * uvs[k, 1]
    lod = a * lods[i] + b * lods[j] + c * lods[k]
    return sample(texels, table, levels, texture[f], u, v, lod)


@no_type_check
@njit(cache=True, nogil=True, error_model="numpy")
def scan(edges, key, box, limit, x_first, y0, y1, offsets, skin, ids, keys):
    """Fill `ids` and `keys` ([rows width samples]) of rows y0..y1, columns from x_first, with the nearest faces."""
    cut, faces, uvs, lods, texture, texels, table, levels = skin
    ids[:] = -1
    keys[:] = -np.inf
    for f in range(len(edges)):
        top, bottom = max(box[f, 1], y0), min(box[f, 3], y1)
        if top >= bottom:
            continue
        ax, ay, az = edges[f, 0, 0], edges[f, 0, 1], edges[f, 0, 2]
        bx, by, bz = edges[f, 1, 0], edges[f, 1, 1], edges[f, 1, 2]
        cx, cy, cz = edges[f, 2, 0], edges[f, 2, 1], edges[f, 2, 2]
        a_owns, b_owns, c_owns = owns(ax, ay), owns(bx, by), owns(cx, cy)
        kx, ky, kz, low, high = key[f, 0], key[f, 1], key[f, 2], key[f, 3], key[f, 4]
        for y in range(top, bottom):
            first, last = box[f, 0], box[f, 2]
            if last - first > 6:
                first, last = clip_span(ax, ay, az, y, first, last)
                first, last = clip_span(bx, by, bz, y, first, last)
                first, last = clip_span(cx, cy, cz, y, first, last)
            for s in range(len(offsets)):
                py = y + offsets[s, 1]
                a_row, b_row, c_row, k_row = ay * py + az, by * py + bz, cy * py + cz, ky * py + kz
                for x in range(first, last):
                    px = x + offsets[s, 0]
                    a, b, c = ax * px + a_row, bx * px + b_row, cx * px + c_row
                    least = min(a, min(b, c))
                    if least < 0:
                        continue
                    if least == 0 and ((a == 0 and not a_owns) or (b == 0 and not b_owns) or (c == 0 and not c_owns)):
                        continue
                    here = kx * px + k_row
                    near = np.float32(min(max(here, low), high))
                    if here > limit or near <= keys[y - y0, x - x_first, s]:
                        continue
                    if cut[f]:
                        u, v, w = barycentrics(f, edges, px, py)
                        if texel(f, u, v, w, faces, uvs, lods, texture, texels, table, levels)[3] < 127.5:
                            continue
                    keys[y - y0, x - x_first, s] = near
                    ids[y - y0, x - x_first, s] = f


@no_type_check
@njit(cache=True, nogil=True, error_model="numpy")
def _fragments(edges, key, box, limit, perspective, y0, y1, offsets, skin, out_faces, out_weights, out_depth):
    width = out_faces.shape[1]
    ids = np.empty((y1 - y0, width, 1), np.int32)
    keys = np.empty((y1 - y0, width, 1), np.float32)
    scan(edges, key, box, limit, 0, y0, y1, offsets, skin, ids, keys)
    for y in range(y0, y1):
        for x in range(width):
            f = ids[y - y0, x, 0]
            out_faces[y, x] = f
            if f < 0:
                out_depth[y, x] = np.inf
                continue
            a, b, c = barycentrics(f, edges, x + 0.5, y + 0.5)
            out_weights[y, x, 0], out_weights[y, x, 1], out_weights[y, x, 2] = a, b, c
            nearness = keys[y - y0, x, 0]
            out_depth[y, x] = 1 / nearness if perspective else -nearness
