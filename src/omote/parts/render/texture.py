"""Textures: margins, pyramids and sampling, alike for both rasterisers.

Texels that no triangle uses are filled with the nearest used colour (a margin), so that neither bilinear
sampling nor the smaller levels of the pyramid pull the unused background over a seam. Level l has max(1, size
>> l) texels, as OpenGL wants it. A sample blends two levels, each read bilinearly with edges clamped.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import no_type_check

import numpy as np
from jaxtyping import Bool, Float64, Int64, UInt8
from numba import njit
from numpy import ndarray
from PIL import Image
from scipy.ndimage import distance_transform_edt

from omote.parts.space.mesh import Mesh


@dataclass(frozen=True, kw_only=True, eq=False)
class Atlas:
    """The pyramids of several textures, one after another."""

    texels: UInt8[ndarray, "n 4"]
    """Straight alpha."""
    table: Int64[ndarray, "textures levels 3"]
    """First texel, height and width of each level; zero beyond a texture's last level."""
    levels: Int64[ndarray, " textures"]
    """How many levels each texture has."""


def with_margin(texture: UInt8[ndarray, "h w 4"], used: Bool[ndarray, "h w"]) -> UInt8[ndarray, "h w 4"]:
    """Return the texture with unused texels, and colours under transparent ones, set to the nearest used one."""
    solid = used & (texture[..., 3] > 0)
    if solid.all() or not solid.any():
        return texture
    nearest = np.asarray(distance_transform_edt(~solid, return_distances=False, return_indices=True))
    filled = texture[nearest[0], nearest[1]]
    filled[used, 3] = texture[used, 3]
    return filled


def pyramid(texture: UInt8[ndarray, "h w 4"]) -> list[UInt8[ndarray, "_ _ 4"]]:
    """Return the texture and its halvings down to one texel; a texel is its area's mean, weighted by alpha."""
    alpha = texture[..., 3:].astype(np.float32)
    solid = np.concatenate([texture[..., :3] * (alpha / 255), alpha], -1)
    levels = [texture]
    while max(solid.shape[:2]) > 1:
        h, w = (max(1, n >> 1) for n in solid.shape[:2])
        channels = (Image.fromarray(np.ascontiguousarray(solid[..., c])) for c in range(4))
        solid = np.dstack([np.asarray(channel.resize((w, h), Image.Resampling.BOX)) for channel in channels])
        colour = solid[..., :3] * (255 / np.maximum(solid[..., 3:], 1e-3))
        levels.append(np.rint(np.concatenate([colour, solid[..., 3:]], -1)).clip(0, 255).astype(np.uint8))
    return levels


def pack(pyramids: Sequence[list[UInt8[ndarray, "_ _ 4"]]]) -> Atlas:
    """Return pyramids laid one after another."""
    depth = max(len(levels) for levels in pyramids)
    table = np.zeros((len(pyramids), depth, 3), np.int64)
    start = 0
    for t, levels in enumerate(pyramids):
        for number, level in enumerate(levels):
            table[t, number] = start, *level.shape[:2]
            start += level.shape[0] * level.shape[1]
    return Atlas(
        texels=np.concatenate([level.reshape(-1, 4) for levels in pyramids for level in levels]),
        table=table,
        levels=np.array([len(levels) for levels in pyramids]),
    )


def texel_density(mesh: Mesh) -> Float64[ndarray, " v"]:
    """Return texels per metre around each vertex: the root of texture area over surface area of the faces around it."""
    corners, flat = mesh.vertices[mesh.faces], mesh.uvs[mesh.faces]
    surface = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=-1)
    (ux, uy), (vx, vy) = ((flat[:, i] - flat[:, 0]).T for i in (1, 2))
    drawn = np.abs(ux * vy - uy * vx) * mesh.texture.shape[0] * mesh.texture.shape[1]
    around = np.zeros((2, len(mesh.vertices)))
    for i in range(3):
        np.add.at(around[0], mesh.faces[:, i], drawn)
        np.add.at(around[1], mesh.faces[:, i], surface)
    return np.sqrt(around[0] / np.maximum(around[1], 1e-12))


@no_type_check
@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def sample(texels, table, levels, t, u, v, lod):
    """Return the colour of texture t at (u, v), 0..255, blended between the two levels around `lod`."""
    half, one = np.float32(0.5), np.float32(1)
    lod = min(max(lod, np.float32(0)), np.float32(levels[t] - 1))
    fine = int(lod)
    part = lod - np.float32(fine)
    red, green, blue, alpha = np.float32(0), np.float32(0), np.float32(0), np.float32(0)
    for step in range(2 if part > 0 else 1):
        start, h, w = table[t, fine + step, 0], table[t, fine + step, 1], table[t, fine + step, 2]
        x, y = u * np.float32(w) - half, v * np.float32(h) - half
        left, top = np.floor(x), np.floor(y)
        fx, fy = x - left, y - top
        x0, y0 = int(left), int(top)
        x1, y1 = min(max(x0 + 1, 0), w - 1), start + min(max(y0 + 1, 0), h - 1) * w
        x0, y0 = min(max(x0, 0), w - 1), start + min(max(y0, 0), h - 1) * w
        share = part if step == 1 else one - part
        a, b = share * (one - fx) * (one - fy), share * fx * (one - fy)
        c, d = share * (one - fx) * fy, share * fx * fy
        p, q, r, s = y0 + x0, y0 + x1, y1 + x0, y1 + x1
        red += a * np.float32(texels[p, 0]) + b * np.float32(texels[q, 0])
        red += c * np.float32(texels[r, 0]) + d * np.float32(texels[s, 0])
        green += a * np.float32(texels[p, 1]) + b * np.float32(texels[q, 1])
        green += c * np.float32(texels[r, 1]) + d * np.float32(texels[s, 1])
        blue += a * np.float32(texels[p, 2]) + b * np.float32(texels[q, 2])
        blue += c * np.float32(texels[r, 2]) + d * np.float32(texels[s, 2])
        alpha += a * np.float32(texels[p, 3]) + b * np.float32(texels[q, 3])
        alpha += c * np.float32(texels[r, 3]) + d * np.float32(texels[s, 3])
    return red, green, blue, alpha
