"""From a garment's field to sewn cloth on the dummy: a mesh, its edges, its panels, and what moves it.

The surface of the solid is cut along the edges; each vertex takes the skin weights of the body beside it, evened out
along the cloth, so that cloth that hangs between the legs follows the hips rather than a leg.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float32, Int32
from numpy import ndarray
from scipy.sparse import csr_matrix

from omote.core.errors import ShapeError
from omote.parts.body.skinning import SkinWeights
from omote.parts.data.people.garments import Garment, Trousers
from omote.parts.data.people.tailor import Dummy
from omote.parts.space.grid import Grid
from omote.parts.space.isosurface import relaxed, surface_nets
from omote.parts.space.sheet import cut, islands

EVENED = 12
"""How many times the skin weights are averaged with their neighbours'."""
LAYER = 0.006
"""Metres between a garment and the one below it, as they are cut."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Sewn:
    """A garment on the dummy."""

    garment: Garment
    vertices: Float32[ndarray, "v 3"]
    faces: Int32[ndarray, "f 3"]
    edge: Float32[ndarray, " v"]
    """Metres to the garment's edge."""
    arm: Float32[ndarray, " v"]
    """Along the arm, as `tailor.Site.arm`."""
    bones: Float32[ndarray, "v j"]
    """How much each bone of the body moves each vertex."""
    solid: Grid
    """The field that it was cut from."""


def sew(dummy: Dummy, garment: Garment, below: Sequence[Grid] = ()) -> Sewn:
    """Cut a garment out of its field and sew it.

    Args:
        dummy: the body that it is made for.
        garment: the cut.
        below: the fields of the garments below, around which it is cut.

    Raises:
        ShapeError: nothing is left of the garment inside its edges.
    """
    solid = _around(garment.solid(dummy), below)
    vertices, faces = surface_nets(solid)
    vertices = relaxed(vertices, faces, solid, 4)
    site = dummy.site(vertices)
    kept = garment.kept(dummy, site)
    piece = cut(vertices, faces, kept)
    carried = piece.carry(np.stack([kept, site.arm], 1))
    if not len(piece.faces):
        raise ShapeError(f"nothing is left of {garment} inside its edges: its hem lies above its neck, or its ends")
    vertices, faces, carried = _without_scraps(piece.vertices, piece.faces, carried)
    return Sewn(
        garment=garment,
        vertices=vertices,
        faces=faces,
        edge=np.maximum(carried[:, 0], 0),
        arm=carried[:, 1],
        bones=_weights(dummy, garment, vertices, faces),
        solid=solid,
    )


def _around(solid: Grid, below: Sequence[Grid]) -> Grid:
    """Return the field widened to where it lies outside the garments below."""
    values = solid.values
    if below:
        points = solid.points().reshape(-1, 3)
        for grid in below:
            high = grid.origin + grid.step * (np.array(grid.values.shape) - 1)
            there = np.flatnonzero(((points >= grid.origin) & (points <= high)).all(1))
            own = values.copy().ravel()
            own[there] = np.minimum(own[there], grid.sample(points[there]) - LAYER)
            values = own.reshape(values.shape)
    return replace(solid, values=values)


def _without_scraps(vertices: ndarray, faces: ndarray, carried: ndarray) -> tuple[ndarray, ndarray, ndarray]:
    """Return the largest island: what else the field holds lies deep inside the body, or is a scrap."""
    faces = faces[islands(faces) == 0]
    used, index = np.unique(faces, return_inverse=True)
    return vertices[used], index.reshape(-1, 3).astype(np.int32), carried[used]


def neighbours(faces: Int32[ndarray, "f 3"], count: int) -> csr_matrix:
    """Return the matrix that replaces each vertex by the mean of its neighbours."""
    pairs = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    pairs = np.concatenate([pairs, pairs[:, ::-1]])
    graph = csr_matrix((np.ones(len(pairs), np.float32), pairs.T), (count, count))
    graph.data[:] = 1
    degree = np.maximum(np.asarray(graph.sum(1)).ravel(), 1)
    return csr_matrix(graph.multiply(1 / degree[:, None]))


def _weights(dummy: Dummy, garment: Garment, vertices: ndarray, faces: ndarray) -> Float32[ndarray, "v j"]:
    skin: SkinWeights = dummy.model.skin_weights
    dense = skin.dense(len(dummy.model.bone_names))
    site = dummy.site(vertices)
    own = np.einsum("nkj,nk->nj", dense[dummy.faces[site.faces]], site.weights).astype(np.float32)
    if not isinstance(garment, Trousers):
        # Hanging cloth is carried by the hips; the legs move it by touching it.
        low = np.clip((dummy.heights["hip"] - vertices[:, 1]) / 0.12, 0, 1) * (site.arm < 0.12)
        hips = np.zeros(own.shape[1], np.float32)
        hips[0] = 1
        own = own * (1 - low[:, None]) + low[:, None] * hips
    mean = neighbours(faces, len(vertices))
    for _ in range(EVENED):
        own = 0.5 * (own + mean @ own)
    return (own / own.sum(1, keepdims=True)).astype(np.float32)
