"""A posed body with the coordinates that clothes, hair and paint are laid out in.

Patterns and cuts are defined on the mean adult at rest (`canonical`), so that a hem is at the same place of every
body, and carried to the posed body by the vertices.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Float32
from numpy import ndarray
from scipy.sparse import csr_matrix, diags
from torch import Tensor

from omote.parts.body.anny import PARTS, BodyModel
from omote.parts.body.skinning import rotations
from omote.parts.space.mesh import vertex_normals

RELAXED = {
    "LeftArm": ((0.68, -0.73, 0.0), (0.44, -0.90, 0.02)),
    "LeftForeArm": ((0.50, -0.50, 0.70), (0.30, -0.92, 0.26)),
}
"""Bone, its direction at rest, and where it points when the arms hang a little apart; the right arm mirrors it."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Figure:
    """A body in its pose."""

    model: BodyModel
    vertices: Float32[ndarray, "v 3"]
    """World metres."""
    canonical: Float32[ndarray, "v 3"]
    """The mean adult at rest."""
    heads: Float32[ndarray, "j 3"]
    """The mean adult's bones."""
    bones: Float32[ndarray, "j 4 4"]
    """World from bone."""

    @cached_property
    def normals(self) -> Float32[ndarray, "v 3"]:
        """Of the posed skin."""
        return vertex_normals(self.vertices, self.model.faces)

    @cached_property
    def neighbours(self) -> csr_matrix:
        """Row-stochastic: multiplying by it replaces each vertex by the mean of its neighbours."""
        faces, count = self.model.faces, len(self.vertices)
        pairs = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
        pairs = np.unique(np.sort(pairs, 1), axis=0)
        both = np.concatenate([pairs, pairs[:, ::-1]])
        graph = csr_matrix((np.ones(len(both)), both.T), (count, count))
        return diags(1 / np.maximum(np.bincount(both[:, 0], minlength=count), 1)) @ graph

    def head(self, bone: str) -> Float32[ndarray, " 3"]:
        """Where a bone begins on the mean adult."""
        return self.heads[self.model.bone_names.index(bone)]

    def part(self, *names: str) -> ndarray:
        """Which vertices belong to parts of the body; a name without a side means both sides."""
        wanted = [i for i, p in enumerate(PARTS) if p in names or p.split("_")[-1] in names]
        return np.isin(self.model.part, wanted)

    def along(self, chain: tuple[str, str, str]) -> Float32[ndarray, " v"]:
        """Return how far along a limb each vertex lies: 0, 1 and 2 at the three joints of its own side."""
        mirrored = self.canonical * np.where(self.canonical[:, :1] < 0, np.array([-1, 1, 1], np.float32), np.float32(1))
        first, middle, last = (self.head(f"{bone}.L") for bone in chain)
        upper = (mirrored - first) @ (middle - first) / ((middle - first) ** 2).sum()
        lower = (mirrored - middle) @ (last - middle) / ((last - middle) ** 2).sum()
        return np.where(upper < 1, upper, 1 + np.maximum(lower, 0)).astype(np.float32)

    @cached_property
    def arm(self) -> Float32[ndarray, " v"]:
        """Along the arm: shoulder 0, elbow 1, wrist 2; at most 0.1 on the trunk."""
        along = self.along(("upperarm01", "lowerarm01", "wrist"))
        limb = self.part("arm", "hand")
        return np.where(limb, along, np.minimum(along, 0.1)).astype(np.float32)

    @cached_property
    def leg(self) -> Float32[ndarray, " v"]:
        """Along the leg: hip 0, knee 1, ankle 2; at most 0 on the trunk."""
        along = self.along(("upperleg01", "lowerleg01", "foot"))
        return np.where(self.part("leg", "foot"), along, np.minimum(along, 0)).astype(np.float32)


def turn_onto(source: tuple[float, float, float], target: tuple[float, float, float]) -> Float32[ndarray, "3 3"]:
    """Return the shortest rotation from one direction to another."""
    a, b = (np.array(v) / np.linalg.norm(v) for v in (source, target))
    cross = np.cross(a, b)
    x, y, z = cross
    skew = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return (np.eye(3) + skew + skew @ skew / (1 + a @ b)).astype(np.float32)


def relaxed_pose(model: BodyModel, rng: np.random.Generator) -> Float32[Tensor, "1 j 3 3"]:
    """Return rotations of somebody who stands at ease, arms a little apart; each time slightly different."""
    turns = np.tile(np.eye(3, dtype=np.float32), (len(model.bone_names), 1, 1))
    index = {name: i for i, name in enumerate(model.bone_names)}
    flip = np.diag([-1.0, 1, 1]).astype(np.float32)
    for letter, mirror in (("L", np.eye(3, dtype=np.float32)), ("R", flip)):
        sway = rng.normal(0, 0.035, 3)
        upper = turn_onto(RELAXED["LeftArm"][0], tuple(np.array(RELAXED["LeftArm"][1]) + sway))
        whole = turn_onto(RELAXED["LeftForeArm"][0], tuple(np.array(RELAXED["LeftForeArm"][1]) + sway))
        inward = rotations(torch.tensor([[0.0, 0.0, -0.075]]))[0].numpy()
        turns[index[f"upperleg01.{letter}"]] = mirror @ inward @ mirror
        turns[index[f"foot.{letter}"]] = mirror @ inward.T @ mirror
        turns[index[f"upperarm01.{letter}"]] = mirror @ upper @ mirror
        turns[index[f"lowerarm01.{letter}"]] = mirror @ upper.T @ whole @ mirror
    for bone, size in (("neck01", 0.03), ("head", 0.025), ("spine02", 0.015)):
        tilt = torch.from_numpy(rng.normal(0, size, (1, 3)).astype(np.float32))
        turns[index[bone]] = rotations(tilt)[0].numpy()
    return torch.from_numpy(turns)[None]
