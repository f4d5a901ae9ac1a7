"""Move a surface with its bones: linear blend skinning, and back.

Each vertex follows the weighted mean of its bones' transforms (Magnenat-Thalmann et al. 1988). Weights are
sparse: k bones for each vertex. One version is torch, for fitting; one is numba, for rendering loops.

Notation: v vertices, j bones, k bones for each vertex; a bone's transform is posed_from_rest.
"""

from dataclasses import dataclass
from typing import no_type_check

import numpy as np
import torch
from jaxtyping import Float, Float32, Int, Int32
from numba import njit, prange
from numpy import ndarray
from torch import Tensor, nn

from omote.core.errors import ShapeError


@dataclass(frozen=True, kw_only=True)
class SkinWeights:
    """The bones each vertex follows, strongest first, and how much; rows add up to 1, filled up with 0."""

    bones: Int32[ndarray, "v k"]
    weights: Float32[ndarray, "v k"]

    def strongest(self, k: int) -> "SkinWeights":
        """Keep the k strongest bones of each vertex, for renderers with fixed slots; rows add up to 1 again.

        Raises:
            ShapeError: k is less than one.
        """
        if k < 1:
            raise ShapeError(f"a vertex needs at least one bone, but {k} were asked for")
        weights = self.weights[:, :k]
        return SkinWeights(
            bones=np.ascontiguousarray(self.bones[:, :k]),
            weights=np.ascontiguousarray(weights / weights.sum(1, keepdims=True)),
        )

    def dense(self, bones: int) -> Float32[ndarray, "v j"]:
        """Return the full matrix of weights."""
        matrix = np.zeros((len(self.bones), bones), np.float32)
        np.add.at(matrix, (np.arange(len(self.bones))[:, None], self.bones), self.weights)
        return matrix


def rotations(vectors: Float[Tensor, "*b 3"]) -> Float[Tensor, "*b 3 3"]:
    """Return the rotation matrices of rotation vectors (axis times angle, radians); smooth at zero.

    Rodrigues' formula, with its two coefficients continued through zero by their series.
    """
    squared = (vectors**2).sum(-1)[..., None, None]
    small = squared < 1e-6
    safe = torch.where(small, torch.ones_like(squared), squared)
    angle = safe.sqrt()
    first = torch.where(small, 1 - squared / 6, angle.sin() / angle)
    second = torch.where(small, 0.5 - squared / 24, (1 - angle.cos()) / safe)
    x, y, z = vectors.unbind(-1)
    zero = torch.zeros_like(x)
    cross = torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], -1).unflatten(-1, (3, 3))
    eye = torch.eye(3, dtype=vectors.dtype, device=vectors.device)
    return eye + first * cross + second * (cross @ cross)


def blended(
    bones: Int[Tensor, "v k"],
    weights: Float[Tensor, "v k"],
    transforms: Float[Tensor, "b j 4 4"],
) -> Float[Tensor, "b v 3 4"]:
    """Return the mean transform that each vertex follows."""
    batch, joints = transforms.shape[:2]
    table = transforms[:, :, :3].permute(1, 0, 2, 3).reshape(joints, batch * 12)
    rows = nn.functional.embedding_bag(bones, table, per_sample_weights=weights, mode="sum")
    return rows.reshape(-1, batch, 3, 4).transpose(0, 1)


def skin(
    vertices: Float[Tensor, "b v 3"],
    bones: Int[Tensor, "v k"],
    weights: Float[Tensor, "v k"],
    transforms: Float[Tensor, "b j 4 4"],
) -> Float[Tensor, "b v 3"]:
    """Return the vertices as their bones move them; differentiable in all that is not an index.

    Args:
        vertices: at rest, metres.
        bones: the bones that each vertex follows.
        weights: how much; each row adds up to 1.
        transforms: posed_from_rest of each bone.

    Raises:
        ShapeError: a bone's index is outside `transforms`' range, or the number of vertices differs.
    """
    _check(vertices.shape[-2], bones.shape, int(bones.max()) if bones.numel() else 0, transforms.shape[1])
    mean = blended(bones, weights, transforms)
    return (mean[..., :3] @ vertices[..., None])[..., 0] + mean[..., 3]


def unskin(
    vertices: Float[Tensor, "b v 3"],
    bones: Int[Tensor, "v k"],
    weights: Float[Tensor, "v k"],
    transforms: Float[Tensor, "b j 4 4"],
) -> Float[Tensor, "b v 3"]:
    """Return the vertices at rest that `skin` would move to these; exact where the blend can be inverted.

    Raises:
        ShapeError: as `skin`.
    """
    _check(vertices.shape[-2], bones.shape, int(bones.max()) if bones.numel() else 0, transforms.shape[1])
    mean = blended(bones, weights, transforms)
    return torch.linalg.solve(mean[..., :3], (vertices - mean[..., 3])[..., None])[..., 0]


def skin_fast(
    vertices: Float32[ndarray, "v 3"],
    weights: SkinWeights,
    transforms: Float32[ndarray, "j 4 4"],
    out: Float32[ndarray, "v 3"] | None = None,
) -> Float32[ndarray, "v 3"]:
    """Return what `skin` returns for one body, fast enough for every frame of a video.

    Args:
        vertices: at rest, metres.
        weights: as `skin`'s.
        transforms: posed_from_rest of each bone.
        out: where to write, to spare the allocation.

    Raises:
        ShapeError: as `skin`.
    """
    _check(len(vertices), weights.bones.shape, int(weights.bones.max(initial=0)), len(transforms))
    out = np.empty_like(vertices) if out is None else out
    _skin_loop(vertices, weights.bones, weights.weights, np.ascontiguousarray(transforms[:, :3]), out)
    return out


def _check(vertices: int, slots: tuple[int, ...], last_bone: int, bones: int) -> None:
    if slots[0] != vertices:
        raise ShapeError(f"expected one row of skin weights for each of {vertices} vertices, but {slots[0]} came")
    if last_bone >= bones:
        raise ShapeError(f"the skin weights speak of bone {last_bone}, but only {bones} transforms came")


@no_type_check
@njit(parallel=True, cache=True, fastmath=True)
def _skin_loop(vertices, bones, weights, transforms, out):
    for v in prange(vertices.shape[0]):
        x, y, z = vertices[v, 0], vertices[v, 1], vertices[v, 2]
        px = py = pz = np.float32(0)
        for slot in range(bones.shape[1]):
            w = weights[v, slot]
            if w == 0:  # strongest first: only zeros follow
                break
            t = transforms[bones[v, slot]]
            px += w * (t[0, 0] * x + t[0, 1] * y + t[0, 2] * z + t[0, 3])
            py += w * (t[1, 0] * x + t[1, 1] * y + t[1, 2] * z + t[1, 3])
            pz += w * (t[2, 0] * x + t[2, 1] * y + t[2, 2] * z + t[2, 3])
        out[v, 0], out[v, 1], out[v, 2] = px, py, pz
