"""The rasteriser that needs nothing but numba.

Per band of rows: find the nearest face at every sample (`visibility`), then colour each pixel once per face
that its samples see, at the pixel's centre if the face covers it, else at the first sample that the face
covers; a face whose texture has holes is coloured, and tested against its alpha, at each sample. That is
multisampling as graphics cards do it.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import no_type_check

import numpy as np
from jaxtyping import UInt8
from numba import njit
from numpy import ndarray

from omote.parts.render import visibility
from omote.parts.render.scene import Scene, Stage
from omote.parts.render.visibility import Skin, barycentrics, scan, texel


class SoftwarePainter:
    """Paints a scene on the CPU; the same bits for any number of threads."""

    backend = "numba"

    def __init__(self, scene: Scene, *, samples: int, cull: bool) -> None:
        self._scene, self._samples, self._cull = scene, samples, cull
        self._pool = ThreadPoolExecutor(visibility.threads())

    def paint(self, stage: Stage) -> UInt8[ndarray, "h w 4"]:
        """Return the stage's window, colours premultiplied by coverage."""
        scene, atlas = self._scene, self._scene.atlas
        x0, y0, x1, y1 = stage.window
        triangles = visibility.prepare(
            stage.homogeneous, stage.keys, scene.faces, stage.window, stage.camera, cull=self._cull
        )
        picture = np.empty((y1 - y0, x1 - x0, 4), np.uint8)
        limit = visibility.nearest_key(stage.camera)
        skin = Skin(
            cut=scene.face_cut,
            faces=scene.faces,
            uvs=scene.uvs,
            lods=stage.lods,
            texture=scene.face_texture,
            texels=atlas.texels,
            table=atlas.table,
            levels=atlas.levels,
        )

        def draw(first: int, end: int) -> None:
            _paint(
                triangles.edges, triangles.key, triangles.box, limit, x0, y0, first, end,
                visibility.SAMPLES[self._samples], skin, stage.gains, picture,
            )  # fmt: skip

        visibility.over_bands(self._pool, draw, y0, y1)
        return picture

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown()


@no_type_check
@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _share(ids, row, column, s, cut):
    """Return how many of a pixel's samples sample s colours: at a face's first sample all of it, later none."""
    f = ids[row, column, s]
    if cut:
        return 1
    for other in range(s):
        if ids[row, column, other] == f:
            return 0
    count = 1
    for other in range(s + 1, ids.shape[2]):
        count += ids[row, column, other] == f
    return count


@no_type_check
@njit(cache=True, nogil=True, error_model="numpy")
def _paint(edges, key, box, limit, left, above, y0, y1, offsets, skin, gains, out):
    cut, faces, uvs, lods, texture, texels, table, levels = skin
    width, count = out.shape[1], len(offsets)
    ids = np.empty((y1 - y0, width, count), np.int32)
    keys = np.empty((y1 - y0, width, count), np.float32)
    scan(edges, key, box, limit, left, y0, y1, offsets, skin, ids, keys)
    full, half, portion = np.float32(255), np.float32(0.5), np.float32(1 / count)
    for row in range(y1 - y0):
        for column in range(width):
            red, green, blue, alpha = np.float32(0), np.float32(0), np.float32(0), np.float32(0)
            for s in range(count):
                f = ids[row, column, s]
                share = np.float32(_share(ids, row, column, s, f >= 0 and cut[f]))
                if f < 0 or share == 0:
                    continue
                x, y = column + left + 0.5, row + y0 + 0.5
                a, b, c = barycentrics(f, edges, x, y)
                if cut[f] or min(a, min(b, c)) < 0:
                    x, y = column + left + offsets[s, 0], row + y0 + offsets[s, 1]
                    a, b, c = barycentrics(f, edges, x, y)
                r, g, h, _ = texel(f, a, b, c, faces, uvs, lods, texture, texels, table, levels)
                i, j, k = faces[f, 0], faces[f, 1], faces[f, 2]
                red += share * min(r * (a * gains[i, 0] + b * gains[j, 0] + c * gains[k, 0]), full)
                green += share * min(g * (a * gains[i, 1] + b * gains[j, 1] + c * gains[k, 1]), full)
                blue += share * min(h * (a * gains[i, 2] + b * gains[j, 2] + c * gains[k, 2]), full)
                alpha += share * full
            line = row + y0 - above
            out[line, column, 0] = np.uint8(red * portion + half)
            out[line, column, 1] = np.uint8(green * portion + half)
            out[line, column, 2] = np.uint8(blue * portion + half)
            out[line, column, 3] = np.uint8(alpha * portion + half)
