"""One body at rest, made ready for posing: joints, neutral attitudes, soles, capsules, and its skin in any pose.

Notation: as `joints`; L length of the leg, hip to ankle.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Float, Float32
from numpy import ndarray

from omote.parts.body.anny import PARTS, BodyModel, Rest
from omote.parts.body.skinning import SkinWeights, skin_fast
from omote.parts.data.people import joints
from omote.parts.data.people.clearance import Capsules, capsules_of


@dataclass(frozen=True, kw_only=True, eq=False)
class Body:
    """One body at rest, made ready for posing."""

    model: BodyModel
    vertices: Float32[ndarray, "v 3"]
    heads: Float32[ndarray, "j 3"]

    @classmethod
    def of(cls, model: BodyModel, rest: Rest) -> "Body":
        """Return the first body of a batch at rest."""
        return cls(model=model, vertices=rest.vertices[0].numpy(), heads=rest.heads[0].numpy())

    @cached_property
    def index(self) -> dict[str, int]:
        """Slot of each bone."""
        return {name: i for i, name in enumerate(self.model.bone_names)}

    @cached_property
    def neutral(self) -> Float[ndarray, "j 3 3"]:
        """N of each bone."""
        return joints.neutral_turns(self.heads.astype(np.float64), self.index)

    @cached_property
    def capsules(self) -> Capsules:
        """What must not sink into one another."""
        return capsules_of(self.model, self.vertices, self.heads)

    @cached_property
    def leg(self) -> float:
        """L, metres."""
        hip, knee, ankle = (self.head(f"{bone}.L") for bone in ("upperleg01", "lowerleg01", "foot"))
        return float(np.linalg.norm(knee - hip) + np.linalg.norm(ankle - knee))

    @cached_property
    def soles(self) -> dict[str, ndarray]:
        """Vertices of each foot."""
        return {
            s: np.flatnonzero(self.model.part == PARTS.index(f"{n}_foot"))
            for s, n in zip("LR", ("left", "right"), strict=True)
        }

    @cached_property
    def ground(self) -> dict[str, float]:
        """Height of each foot's lowest point at rest."""
        return {side: float(self.vertices[rows, 1].min()) for side, rows in self.soles.items()}

    @cached_property
    def _joints(self) -> dict[str, ndarray]:
        return dict(zip(self.model.bone_names, self.heads.astype(np.float64), strict=True))

    def head(self, bone: str) -> Float[ndarray, " 3"]:
        """Where a bone begins at rest."""
        return self._joints[bone]

    def bones(self, rotations: Float[ndarray, "j 3 3"], root: Float[ndarray, " 3"]) -> Float32[ndarray, "j 4 4"]:
        """Return world from bone in a pose."""
        heads = torch.from_numpy(self.heads)[None]
        turns, move = torch.from_numpy(rotations.astype(np.float32)), torch.from_numpy(root.astype(np.float32))
        with torch.no_grad():
            return self.model.pose(heads, turns[None], move[None])[0].numpy()

    def skinned(self, bones: Float32[ndarray, "j 4 4"], rows: ndarray | None = None) -> Float32[ndarray, "n 3"]:
        """Return the posed skin, or some of its vertices."""
        transforms = bones.copy()
        transforms[:, :3, 3] -= (bones[:, :3, :3] @ self.heads[..., None])[..., 0]
        weights = self.model.skin_weights
        if rows is None:
            return skin_fast(self.vertices, weights, transforms)
        some = SkinWeights(bones=weights.bones[rows], weights=weights.weights[rows])
        return skin_fast(self.vertices[rows], some, transforms)

    def centre_of_mass(self, vertices: Float32[ndarray, "v 3"]) -> Float[ndarray, " 3"]:
        """Return the centroid of the volume inside the skin (divergence theorem), metres."""
        a, b, c = (vertices[self.model.faces[:, k]].astype(np.float64) for k in range(3))
        volume = np.einsum("fi,fi->f", a, np.cross(b, c))
        return (volume[:, None] * (a + b + c)).sum(0) / (4 * volume.sum())

    def capsule_ends(self, bones: Float32[ndarray, "j 4 4"]) -> Float[ndarray, "c 2 3"]:
        """Return where the capsules' ends are in a pose."""
        of, ends = bones[self.capsules.bones].astype(np.float64), self.capsules.ends
        away = ends - self.heads[self.capsules.bones][:, None]
        return np.einsum("cij,cnj->cni", of[:, :3, :3], away) + of[:, None, :3, 3]
