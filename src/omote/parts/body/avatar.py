"""A photographed person as a rigged, textured body: the type, and its file."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Float32
from numpy import ndarray

from omote.core.errors import InputError
from omote.parts.body.skeleton import JOINTS, Rig
from omote.parts.body.skinning import SkinWeights
from omote.parts.space.mesh import Mesh

Extent = Literal["whole", "knees", "waist"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Avatar:
    """A person who can be posed."""

    mesh: Mesh
    """At rest, standing on y = 0, facing +z."""
    rig: Rig
    skin: SkinWeights
    """Of the mesh's vertices on the rig's bones."""
    extent: Extent
    """How much of the person the photograph shows."""
    cut: float
    """Metres above the floor, at rest, below which nothing was seen; 0 for a whole person."""
    notes: tuple[str, ...] = field(default=())
    """What the user should know, in plain sentences."""

    @property
    def hip_height(self) -> float:
        """Metres: the unit of a motion's travel."""
        return self.rig.hip_height
