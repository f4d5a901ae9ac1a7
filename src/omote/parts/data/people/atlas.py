"""The skin's texture layouts, and which point of the body each texel shows.

Idea: a layout is rasterised once into its own texture space; each texel then knows its triangle, hence its point on
the mean adult, and paints that live in space can be baked. Texels just outside an island get the point that its edge
triangle would have there, and everything beyond the nearest painted texel, so that neither filtering nor smaller
levels of a pyramid show where an island ends.

Layouts: `whole` is the body's own; `head` takes the head's island alone, with more room for the face; `trunk` is the
body's own without that island.
"""

from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
from jaxtyping import Float32, Int32, Int64
from numpy import ndarray
from scipy.ndimage import distance_transform_edt
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from omote.core.errors import UsageError
from omote.parts.body.anny import NOSE, PARTS, BodyModel
from omote.parts.data.people.head import mean_adult
from omote.parts.render.visibility import rasterise
from omote.parts.space.camera import Camera
from omote.parts.space.mesh import vertex_normals

Layout = Literal["whole", "head", "trunk"]
LAYOUTS: tuple[Layout, ...] = ("whole", "head", "trunk")
RING = 3.0
"""Texels around an island that get points of their own."""
CROWD = ((0.90, 0.11, 1.0), (0.525, 0.12, 1.7))
"""Middle, width and strength of the face's greater share of the head's texture, along u and along v of the body's."""
MARGIN = 0.006
"""Free border of the head's texture."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Sheet:
    """A layout: triangles of the body with their texture coordinates."""

    faces: Int32[ndarray, "f 3"]
    """Rows of `uvs` and `vertex`."""
    uvs: Float32[ndarray, "u 2"]
    vertex: Int32[ndarray, " u"]
    """The body's vertex of each row."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Texels:
    """What the texels of a layout show, at one size."""

    size: int
    index: Int64[ndarray, " n"]
    """Which texels (row * size + column) show the body, or lie just outside an island."""
    canonical: Float32[ndarray, "n 3"]
    """Their points on the mean adult."""
    normal: Float32[ndarray, "n 3"]
    """Of the mean adult there, unit."""
    corners: Int32[ndarray, "n 3"]
    """The body's vertices around each."""
    weights: Float32[ndarray, "n 3"]
    """Barycentric; outside an island some are negative."""
    pad_to: Int64[ndarray, " m"]
    """All other texels."""
    pad_from: Int64[ndarray, " m"]
    """The row of `index` that each of them copies."""

    def blend(self, values: ndarray) -> ndarray:
        """Return values of the body's vertices at the texels."""
        return np.einsum("nk...,nk->n...", values[self.corners].astype(np.float32), self.weights)

    def spread(self, values: ndarray) -> ndarray:
        """Return a picture [size size ...] of values at the texels, padded."""
        picture = np.empty((self.size * self.size, *values.shape[1:]), values.dtype)
        picture[self.index] = values
        picture[self.pad_to] = values[self.pad_from]
        return picture.reshape(self.size, self.size, *values.shape[1:])


@cache
def sheet(model: BodyModel, layout: str) -> Sheet:
    """Return a layout of the body's skin: all but the eyeballs, which are made anew.

    Raises:
        UsageError: there is no such layout.
    """
    if layout not in LAYOUTS:
        raise UsageError(f"a layout is one of {', '.join(LAYOUTS)}, not {layout!r}")
    keep = ~np.isin(model.part[model.faces[:, 0]], [PARTS.index("left_eye"), PARTS.index("right_eye")])
    if layout != "whole":
        keep &= _on_head_island(model) == (layout == "head")
    used, inverse = np.unique(model.uv_faces[keep], return_inverse=True)
    uvs = model.uvs[used]
    if layout == "head":
        columns = [_crowded(uvs[:, axis], *CROWD[axis]) for axis in (0, 1)]
        uvs = np.stack(columns, 1).astype(np.float32)
    return Sheet(
        faces=inverse.reshape(-1, 3).astype(np.int32),
        uvs=np.ascontiguousarray(uvs, np.float32),
        vertex=model.uv_vertex[used].astype(np.int32),
    )


def _on_head_island(model: BodyModel) -> ndarray:
    """Return which faces lie on the island of the texture that the nose is on."""
    faces, count = model.uv_faces, len(model.uvs)
    pairs = np.concatenate([faces[:, :2], faces[:, 1:]])
    graph = coo_matrix((np.ones(len(pairs)), pairs.T), (count, count))
    island = connected_components(graph, directed=False)[1]
    return island[faces[:, 0]] == island[np.flatnonzero(model.uv_vertex == NOSE)[0]]


def _crowded(at: ndarray, middle: float, width: float, strength: float) -> ndarray:
    """Return numbers stretched over 0..1, the more so near a middle: the integral of 1 + strength * a Gaussian."""
    low, high = at.min(), at.max()
    grid = np.linspace(low, high, 2048)
    density = 1 + strength * np.exp(-(((grid - middle) / width) ** 2))
    total = np.concatenate([[0], np.cumsum((density[1:] + density[:-1]) / 2)])
    return MARGIN + (1 - 2 * MARGIN) * np.interp(at, grid, total / total[-1])


@cache
def texels(model: BodyModel, layout: str, size: int) -> Texels:
    """Return what the texels of a layout show; worked out once.

    Raises:
        UsageError: there is no such layout, or the size is not from 64 to 8192.
    """
    if not 64 <= size <= 8192:
        raise UsageError(f"a skin texture has 64 to 8192 texels along a side, not {size}")
    laid = sheet(model, layout)
    flat = np.concatenate([laid.uvs, np.ones((len(laid.uvs), 1), np.float32)], 1)
    camera = Camera(
        world_from_camera=np.eye(4), focal=(size, size), centre=(0.0, 0.0), size=(size, size), orthographic=True
    )
    face = rasterise(flat, laid.faces, camera).faces
    away, nearest = distance_transform_edt(face < 0, return_indices=True)  # type: ignore[misc]
    face = face[nearest[0], nearest[1]]
    row, column = np.nonzero(away <= RING)
    chosen = laid.faces[face[row, column]]
    weights = _barycentrics(laid.uvs[chosen], np.stack([column + 0.5, row + 0.5], 1) / size)
    corners, canonical = laid.vertex[chosen], mean_adult(model)
    normals = vertex_normals(canonical, model.faces)
    index = (row * size + column).astype(np.int64)
    far_row, far_column = np.nonzero(away > RING)
    source = np.full(size * size, -1, np.int64)
    source[index] = np.arange(len(index))
    normal = np.einsum("nka,nk->na", normals[corners], weights)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True) + 1e-9
    return Texels(
        size=size,
        index=index,
        canonical=np.einsum("nka,nk->na", canonical[corners], weights).astype(np.float32),
        normal=normal.astype(np.float32),
        corners=corners,
        weights=weights,
        pad_to=(far_row * size + far_column).astype(np.int64),
        pad_from=source[nearest[0][far_row, far_column] * size + nearest[1][far_row, far_column]],
    )


def _barycentrics(corners: ndarray, points: ndarray) -> Float32[ndarray, "n 3"]:
    """Return weights of triangles' corners at points of the plane; at most a triangle's size beyond its edges."""
    a, b = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    p = points - corners[:, 0]
    area = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
    area = np.where(np.abs(area) < 1e-12, 1e-12, area)
    second = np.clip((p[:, 0] * b[:, 1] - p[:, 1] * b[:, 0]) / area, -1, 2)
    third = np.clip((a[:, 0] * p[:, 1] - a[:, 1] * p[:, 0]) / area, -1, 2)
    return np.stack([1 - second - third, second, third], 1).astype(np.float32)
