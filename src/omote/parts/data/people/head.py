"""A posed head with what its eyes, teeth and hairs hang on: the same body at rest, with and without its expression."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property

import numpy as np
import torch
from jaxtyping import Float32
from numpy import ndarray

from omote.parts.body.anny import BodyModel, Rest
from omote.parts.space.mesh import vertex_normals


@dataclass(frozen=True, kw_only=True, eq=False)
class Head:
    """One person's body in three states with the same vertices."""

    model: BodyModel
    canonical: Float32[ndarray, "v 3"]
    """The mean adult at rest: what masks and paints are laid out on."""
    neutral: Float32[ndarray, "v 3"]
    """This person at rest with a still face."""
    acted: Float32[ndarray, "v 3"]
    """This person at rest with the expression."""
    posed: Float32[ndarray, "v 3"]
    """This person with expression and pose, world metres."""
    carry: Float32[ndarray, "4 4"]
    """Moves what is rigid with the skull from rest to the world."""

    @cached_property
    def normals(self) -> Float32[ndarray, "v 3"]:
        """Of the posed surface."""
        return vertex_normals(self.posed, self.model.faces)

    @cached_property
    def canonical_normals(self) -> Float32[ndarray, "v 3"]:
        """Of the mean adult's surface."""
        return vertex_normals(self.canonical, self.model.faces)

    def to_world(self, points: Float32[ndarray, "n 3"]) -> Float32[ndarray, "n 3"]:
        """Return points that are rigid with the skull, given at rest, in the world."""
        return (points @ self.carry[:3, :3].T + self.carry[:3, 3]).astype(np.float32)

    def moved(self, shift: Float32[ndarray, "v 3"]) -> "Head":
        """Return the head with vertices moved by a shift in the rest frame, after the expression."""
        turned = (shift @ self.carry[:3, :3].T).astype(np.float32)
        return replace(self, acted=self.acted + shift, posed=self.posed + turned)


@cache
def mean_adult(model: BodyModel) -> Float32[ndarray, "v 3"]:
    """Return the vertices of the mean adult at rest."""
    with torch.no_grad():
        return model.rest(torch.full((1, 6), 0.5)).vertices[0].numpy()


@torch.no_grad()
def head_of(
    model: BodyModel,
    phenotype: Float32[ndarray, " 6"],
    local: Mapping[str, float],
    face: Float32[ndarray, " 52"],
    bones: Float32[ndarray, "j 4 4"] | None = None,
    posed: Float32[ndarray, "v 3"] | None = None,
) -> Head:
    """Return the head of a person.

    Args:
        model: the body.
        phenotype: as `BodyModel` takes it.
        local: as `BodyModel` takes it.
        face: strengths of the face's actions.
        bones: world from bone; None: the rest pose.
        posed: the skin as these bones move it; None: worked out here.
    """
    changes = {name: torch.tensor([value], dtype=torch.float32) for name, value in local.items()}
    shape = torch.from_numpy(np.asarray(phenotype, np.float32))[None]
    still = model.rest(shape, None, changes)
    offset = (torch.from_numpy(np.asarray(face, np.float32))[None] @ model.face_basis).unflatten(-1, (-1, 3))
    acted = Rest(still.vertices + offset, still.heads)
    placed = model.pose(still.heads) if bones is None else torch.from_numpy(np.asarray(bones, np.float32))[None]
    index = model.bone_names.index("head")
    carry = placed[0, index].numpy().copy()
    carry[:3, 3] -= carry[:3, :3] @ still.heads[0, index].numpy()
    return Head(
        model=model,
        canonical=mean_adult(model),
        neutral=still.vertices[0].numpy(),
        acted=acted.vertices[0].numpy(),
        posed=model.skin(acted, placed)[0].numpy() if posed is None else np.asarray(posed, np.float32),
        carry=carry,
    )
