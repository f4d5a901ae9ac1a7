"""Painting a texture: what vertices know is carried to every texel, and a function of it gives the colour."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float, Float32, Int32, UInt8
from numpy import ndarray

from omote.parts.body.texture import Atlas


def encoded(colours: Float[ndarray, "*n 3"]) -> UInt8[ndarray, "*n 3"]:
    """Return linear colours as sRGB bytes."""
    c = np.clip(colours, 0, 1)
    srgb = np.where(c <= 0.0031308, 12.92 * c, 1.055 * np.maximum(c, 0.0031308) ** (1 / 2.4) - 0.055)
    return (255 * srgb + 0.5).astype(np.uint8)


def bake(
    uvs: Float32[ndarray, "v 2"],
    faces: Int32[ndarray, "f 3"],
    known: Float[ndarray, "v k"],
    paint: Callable[[Float[ndarray, "n k"]], Float[ndarray, "n 3"]],
    size: int,
) -> UInt8[ndarray, "s s 3"]:
    """Return the texture of a mesh.

    Args:
        uvs: in 0..1.
        faces: of the mesh.
        known: what the paint is a function of, at the vertices.
        paint: takes what is known at texels, gives linear colours.
        size: texels along each side.
    """
    atlas = Atlas.of(uvs, faces, size)
    colours = paint(atlas.of_vertices(known, faces))
    return np.ascontiguousarray(atlas.picture(encoded(colours).astype(np.float32))[..., :3])


def unrolled(
    around: Float[ndarray, " v"], along: Float[ndarray, " v"], faces: Int32[ndarray, "f 3"]
) -> tuple[Float32[ndarray, "n 2"], Int32[ndarray, "f 3"], Int32[ndarray, " n"]]:
    """Return texture coordinates of a surface unrolled around an axis, doubled where it wraps.

    Args:
        around: angle of each vertex, -pi to pi.
        along: any coordinate that grows along the axis.
        faces: of the mesh.

    Returns:
        uvs in 0..1, the faces by texture coordinate, and the vertex of each texture coordinate.
    """
    corner = around[faces]
    wraps = np.ptp(corner, axis=1) > np.pi
    late = wraps[:, None] & (corner < 0)
    doubled = np.unique(faces[late])
    again = np.full(len(around), -1, np.int32)
    again[doubled] = len(around) + np.arange(len(doubled), dtype=np.int32)
    turned = np.where(late, again[faces], faces).astype(np.int32)
    source = np.concatenate([np.arange(len(around)), doubled]).astype(np.int32)
    angle = np.concatenate([around, around[doubled] + 2 * np.pi])
    low, high = float(along.min()), float(along.max())
    u = (angle - angle.min()) / max(float(np.ptp(angle)), 1e-6)
    v = (along[source] - low) / max(high - low, 1e-6)
    return np.stack([u, v], 1).astype(np.float32), turned, source
