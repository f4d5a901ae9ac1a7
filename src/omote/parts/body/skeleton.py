"""The humanoid skeleton that motion is written for, and the rig that a particular body has.

Joint names are Mixamo's, without its prefix. The canonical rest is a T-pose: the person stands upright, faces +z, the
left arm points to +x, and every joint's frame is aligned with the world's axes.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from jaxtyping import Float32
from numpy import ndarray

PARENT_OF: Mapping[str, str | None] = {
    "Hips": None,
    "Spine": "Hips",
    "Spine1": "Spine",
    "Spine2": "Spine1",
    "Neck": "Spine2",
    "Head": "Neck",
    "LeftShoulder": "Spine2",
    "LeftArm": "LeftShoulder",
    "LeftForeArm": "LeftArm",
    "LeftHand": "LeftForeArm",
    "RightShoulder": "Spine2",
    "RightArm": "RightShoulder",
    "RightForeArm": "RightArm",
    "RightHand": "RightForeArm",
    "LeftUpLeg": "Hips",
    "LeftLeg": "LeftUpLeg",
    "LeftFoot": "LeftLeg",
    "LeftToeBase": "LeftFoot",
    "RightUpLeg": "Hips",
    "RightLeg": "RightUpLeg",
    "RightFoot": "RightLeg",
    "RightToeBase": "RightFoot",
}
JOINTS: tuple[str, ...] = tuple(PARENT_OF)
"""The 22 joints, parents first."""
PARENTS: tuple[int, ...] = tuple(-1 if p is None else JOINTS.index(p) for p in PARENT_OF.values())
"""Index of each joint's parent; -1 for the hips."""


@dataclass(frozen=True, kw_only=True)
class Rig:
    """The bones of one body at rest, in whatever rest pose it has."""

    names: tuple[str, ...]
    """Parents come before their children."""
    parents: tuple[int, ...]
    """-1 for the root."""
    rest: Float32[ndarray, "j 4 4"]
    """World from bone, metres."""
    bone_of: Mapping[str, int]
    """Which bone each of the 22 `JOINTS` drives; the other bones follow their parents."""

    @property
    def hip_height(self) -> float:
        """Height of the hips above the lower of the feet's bones, metres: the unit of a motion's travel."""
        feet = [self.rest[self.bone_of[f], 1, 3] for f in ("LeftToeBase", "RightToeBase")]
        return float(self.rest[self.bone_of["Hips"], 1, 3] - min(feet))
