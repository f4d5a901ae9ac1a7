"""Motion of the 22-joint skeleton: forward kinematics, two-bone limbs, and retargeting to any body.

Idea: a motion stores rotations against the canonical T-pose, so it belongs to no body. To play it on a rig, every
bone gets the *change* of world rotation that its joint makes; limbs of a rig that does not rest in the T-pose are
first turned into it by the smallest rotation. Feet are not left to chance: where the dancer's ankles go, in hip
heights, the rig's ankles go too, by solving each leg as a two-bone chain, so planted feet stay planted on any
proportions.

Notation: `t` frames, `j` joints or bones; a joint's local rotation is `parent_from_joint`, its world rotation
`world_from_joint`. The unit of length of a motion is the hip height: hips above the toes' bones at rest. The floor is
the height of the toes' bones at rest.
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Float32
from numpy import ndarray

from omote.core.errors import ShapeError
from omote.parts.body.skeleton import JOINTS, PARENTS, Rig

INDEX = {name: i for i, name in enumerate(JOINTS)}
SIDES = ("Left", "Right")

_LEFT_AND_MIDDLE = {
    "Hips": (0.0, 1.0, 0.0),
    "Spine": (0.0, 1.10, -0.01),
    "Spine1": (0.0, 1.22, -0.02),
    "Spine2": (0.0, 1.36, -0.02),
    "Neck": (0.0, 1.57, -0.01),
    "Head": (0.0, 1.66, 0.01),
    "LeftShoulder": (0.03, 1.50, -0.01),
    "LeftArm": (0.19, 1.50, -0.02),
    "LeftForeArm": (0.485, 1.50, -0.02),
    "LeftHand": (0.75, 1.50, -0.02),
    "LeftUpLeg": (0.10, 0.96, 0.0),
    "LeftLeg": (0.10, 0.50, 0.0),
    "LeftFoot": (0.10, 0.075, 0.0),
    "LeftToeBase": (0.10, 0.0, 0.14),
}


def _canonical_rest() -> Float32[ndarray, "22 3"]:
    rest = np.empty((len(JOINTS), 3), np.float32)
    for i, name in enumerate(JOINTS):
        x, y, z = _LEFT_AND_MIDDLE[name.replace("Right", "Left")]
        rest[i] = (-x if name.startswith("Right") else x), y, z
    return rest


CANONICAL_REST = _canonical_rest()
"""World position of each joint in the T-pose of an average adult, in hip heights; the toes' bones lie at y = 0."""
HEEL_BEHIND_ANKLE = 0.05
"""How far the heel's lowest point lies behind the ankle, in hip heights."""


@dataclass(frozen=True, kw_only=True)
class Motion:
    """What a dancer does, for no particular body."""

    fps: float
    rotations: Float32[ndarray, "t 22 3 3"]
    """Local rotations in the order of `JOINTS`; identity everywhere is the T-pose facing +z."""
    root: Float32[ndarray, "t 3"]
    """Displacement of the hips from rest, in hip heights."""
    contacts: Bool[ndarray, "t 2"] | None = None
    """Whether the ball of the left and the right foot is planted; None where nobody labelled it."""

    def __post_init__(self) -> None:
        if not self.fps > 0:
            raise ShapeError(f"A motion's rate must be positive, not {self.fps} frames per second.")
        if len(self.rotations) != len(self.root):
            raise ShapeError(
                f"A motion needs one root displacement per frame: got {len(self.rotations)} frames of rotations and "
                f"{len(self.root)} of displacements."
            )

    def __len__(self) -> int:
        return len(self.rotations)

    def __getitem__(self, frames: slice) -> "Motion":
        contacts = None if self.contacts is None else self.contacts[frames]
        return replace(self, rotations=self.rotations[frames], root=self.root[frames], contacts=contacts)

    @property
    def duration(self) -> float:
        """Seconds."""
        return len(self) / self.fps


def world_rotations(rotations: Float[ndarray, "*t 22 3 3"]) -> Float[ndarray, "*t 22 3 3"]:
    """Chain local rotations from the hips outwards: world_from_joint."""
    world = rotations.copy()
    for j, parent in enumerate(PARENTS):
        if parent >= 0:
            world[..., j, :, :] = world[..., parent, :, :] @ rotations[..., j, :, :]
    return world


def forward_kinematics(motion: Motion, rest: Float32[ndarray, "22 3"] = CANONICAL_REST) -> Float32[ndarray, "t 22 3"]:
    """Joint positions of a body whose T-pose is `rest`, in the unit of `rest`.

    Args:
        motion: what to play.
        rest: world position of every joint in the T-pose; its hip height scales the travel.
    """
    return positions_of(world_rotations(motion.rotations), motion.root, rest)


def positions_of(
    world: Float32[ndarray, "t 22 3 3"],
    root: Float32[ndarray, "t 3"],
    rest: Float32[ndarray, "22 3"] = CANONICAL_REST,
) -> Float32[ndarray, "t 22 3"]:
    """Joint positions from world rotations (world_from_joint)."""
    toes = [INDEX["LeftToeBase"], INDEX["RightToeBase"]]
    hip_height = rest[0, 1] - rest[toes, 1].min()
    positions = np.empty((len(world), len(JOINTS), 3), np.float32)
    positions[:, 0] = rest[0] + hip_height * root
    for j, parent in enumerate(PARENTS):
        if parent >= 0:
            positions[:, j] = positions[:, parent] + world[:, parent] @ (rest[j] - rest[parent])
    return positions


def unit(vectors: Float[ndarray, "*b 3"]) -> Float[ndarray, "*b 3"]:
    """Scale to length 1; a zero vector stays zero."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)


def rotation_between(a: Float[ndarray, "*b 3"], b: Float[ndarray, "*b 3"]) -> Float[ndarray, "*b 3 3"]:
    """The smallest rotation that takes direction `a` to direction `b` (Rodrigues).

    For opposite directions, where the axis is free, half a turn about an axis square to `a`.
    """
    a, b = np.broadcast_arrays(unit(a), unit(b))
    axis = np.cross(a, b)
    cosine = (a * b).sum(-1)
    opposite = cosine < -1 + 1e-6
    cross = np.zeros((*a.shape[:-1], 3, 3), a.dtype)
    cross[..., 0, 1], cross[..., 0, 2], cross[..., 1, 2] = -axis[..., 2], axis[..., 1], -axis[..., 0]
    cross -= np.swapaxes(cross, -1, -2)
    denominator = np.where(opposite, 1.0, 1 + cosine)[..., None, None]
    turn = np.eye(3, dtype=a.dtype) + cross + cross @ cross / denominator
    if opposite.any():
        square = unit(np.cross(a, np.where(np.abs(a[..., :1]) < 0.7, [1.0, 0.0, 0.0], [0.0, 1.0, 0.0])))
        half = 2 * square[..., :, None] * square[..., None, :] - np.eye(3)
        turn = np.where(opposite[..., None, None], half, turn)
    return turn.astype(a.dtype)


def bend_limb(
    start: Float[ndarray, "t 3"],
    end: Float[ndarray, "t 3"],
    pole: Float[ndarray, "t 3"],
    upper: float,
    lower: float,
) -> tuple[Float[ndarray, "t 3"], Float[ndarray, "t 3"], Float[ndarray, "t 3"]]:
    """Directions of both bones of a limb, and the middle joint's direction off the straight line (law of cosines).

    Args:
        start: shoulder or hip.
        end: where the wrist or ankle should be; pulled in, along the same line, where the limb cannot reach.
        pole: roughly where the elbow or knee should point; need not be square to the limb.
        upper: length of the upper bone.
        lower: length of the lower bone.
    """
    along = unit(end - start)
    distance = np.linalg.norm(end - start, axis=-1, keepdims=True)
    distance = np.clip(distance, abs(upper - lower) + 1e-3 * (upper + lower), upper + lower)
    off = unit(pole - (pole * along).sum(-1, keepdims=True) * along)
    cosine = (upper**2 + distance**2 - lower**2) / (2 * upper * distance)
    middle = upper * (cosine * along + np.sqrt(np.maximum(1 - cosine**2, 0)) * off)
    return middle / upper, (distance * along - middle) / lower, off


def sole_height(
    ankles: Float[ndarray, "t 3"], rotation: Float[ndarray, "t 3 3"], toe: Float[ndarray, "3"]
) -> Float[ndarray, "t"]:
    """Height of the lowest point of a foot: its ball (the toes' bone) or its heel.

    Args:
        ankles: ankle positions.
        rotation: change of the foot's world rotation since rest.
        toe: from the ankle to the toes' bone at rest; its height is the sole's.
    """
    heel = np.array([0, toe[1], -HEEL_BEHIND_ANKLE / 0.075 * abs(toe[1])])
    return ankles[:, 1] + np.minimum((rotation @ toe)[:, 1], (rotation @ heel)[:, 1])


def retarget(motion: Motion, rig: Rig) -> Float32[ndarray, "t j 4 4"]:
    """Play a motion on a rig in any rest pose: world_from_bone, metres.

    Arms and legs are turned from the rig's rest into the T-pose by the smallest rotations; spine, head, clavicles and
    feet keep their rest, so identity means "upright as at rest". Hands keep their rest bend against the forearm. Travel
    scales with the hip height. Ankles follow the dancer's in hip heights from their own rest places; where a leg is too
    short for that the hips sink. Each frame depends on nothing but itself: any slice of the motion gives the same.

    Args:
        motion: what to play.
        rig: the body at rest; its feet stand on the floor, which is where its toes' bones are.

    Raises:
        ShapeError: the rig lacks one of the 22 joints.
    """
    missing = [name for name in JOINTS if name not in rig.bone_of]
    if missing:
        raise ShapeError(f"A rig needs a bone for each of the 22 joints; this one has none for {', '.join(missing)}.")
    bones = [rig.bone_of[name] for name in JOINTS]
    rest = rig.rest[bones, :3, 3]
    scale = rig.hip_height
    dancer = world_rotations(motion.rotations)
    change = dancer @ _into_t_pose(rest)
    root = rest[0] + scale * motion.root
    ankle_of = {}
    canonical = positions_of(dancer, motion.root)
    for side in SIDES:
        hip, foot = INDEX[f"{side}UpLeg"], INDEX[f"{side}Foot"]
        ankle = rest[foot] + scale * (canonical[:, foot] - CANONICAL_REST[foot])
        toe = rest[foot + 1] - rest[foot]
        floor = rest[foot, 1] + toe[1]
        sunk = floor - sole_height(ankle, dancer[:, foot], toe)
        ankle[:, 1] += np.maximum(sunk, 0)  # feet of other proportions must not go through the floor
        ankle_of[side] = ankle
        root[:, 1] -= _too_high(root + change[:, 0] @ (rest[hip] - rest[0]), ankle, _leg_length(rest, hip))
    for side, ankle in ankle_of.items():
        _place_leg(change, rest, root, ankle, INDEX[f"{side}UpLeg"])
    return _spread_to_bones(change.astype(np.float32), root, rig, bones)


def skinning_transforms(world_from_bone: Float32[ndarray, "t j 4 4"], rig: Rig) -> Float32[ndarray, "t j 4 4"]:
    """What linear blend skinning applies to the vertices of the rest pose: posed_from_rest, per bone."""
    return world_from_bone @ np.linalg.inv(rig.rest)


def _into_t_pose(rest: Float32[ndarray, "22 3"]) -> Float32[ndarray, "22 3 3"]:
    """World rotation of each bone from the rig's rest to the T-pose; identity for what keeps its rest."""
    align = np.tile(np.eye(3, dtype=np.float32), (len(JOINTS), 1, 1))
    for side, out in zip(SIDES, (1.0, -1.0), strict=True):
        for first, middle, last, straight in (
            ("Arm", "ForeArm", "Hand", [out, 0.0, 0.0]),
            ("UpLeg", "Leg", "Foot", [0.0, -1.0, 0.0]),
        ):
            a, b, c = (INDEX[side + part] for part in (first, middle, last))
            goal = np.array(straight, np.float32)
            align[a] = rotation_between(rest[b] - rest[a], goal)
            align[b] = rotation_between(align[a] @ (rest[c] - rest[b]), goal) @ align[a]
            if last == "Hand":
                align[c] = align[b]
    return align


def _leg_length(rest: Float32[ndarray, "22 3"], hip: int) -> float:
    return float(np.linalg.norm(rest[hip + 1] - rest[hip]) + np.linalg.norm(rest[hip + 2] - rest[hip + 1]))


def _too_high(hips: Float[ndarray, "t 3"], ankles: Float[ndarray, "t 3"], length: float) -> Float[ndarray, "t"]:
    """How far the hips must sink for the leg to reach its ankle."""
    away = hips - ankles
    flat = np.minimum(away[:, 0] ** 2 + away[:, 2] ** 2, (0.9 * length) ** 2)
    return np.maximum(away[:, 1] - np.sqrt(length**2 - flat), 0)


def _place_leg(
    change: Float[ndarray, "t 22 3 3"],
    rest: Float32[ndarray, "22 3"],
    root: Float[ndarray, "t 3"],
    ankle: Float[ndarray, "t 3"],
    hip: int,
) -> None:
    """Turn thigh and shin, in place, so that the ankle gets where it should; the knee keeps the dancer's direction."""
    knee, foot = hip + 1, hip + 2
    thigh, shin = rest[knee] - rest[hip], rest[foot] - rest[knee]
    start = root + change[:, 0] @ (rest[hip] - rest[0])
    forward = change[:, hip] @ np.array([0, 0, 1], np.float32)
    upper, lower = float(np.linalg.norm(thigh)), float(np.linalg.norm(shin))
    thigh_to, shin_to, _ = bend_limb(start, ankle, forward, upper, lower)
    change[:, hip] = rotation_between(change[:, hip] @ thigh, thigh_to) @ change[:, hip]
    change[:, knee] = rotation_between(change[:, knee] @ shin, shin_to) @ change[:, knee]


def _spread_to_bones(
    change: Float32[ndarray, "t 22 3 3"], root: Float[ndarray, "t 3"], rig: Rig, bones: list[int]
) -> Float32[ndarray, "t j 4 4"]:
    """World transforms of all bones: driven ones turn by their joint's change, the others go with their parents."""
    joint_of = {bone: joint for joint, bone in enumerate(bones)}
    hips = bones[0]
    above = set()
    bone = rig.parents[hips]
    while bone >= 0:
        above.add(bone)
        bone = rig.parents[bone]
    world = np.zeros((len(change), len(rig.names), 4, 4), np.float32)
    turn = np.empty((len(change), len(rig.names), 3, 3), np.float32)
    for b, parent in enumerate(rig.parents):
        at_rest = rig.rest[b, :3, 3]
        if b in above or b == hips or parent < 0:
            turn[:, b] = change[:, 0]
            world[:, b, :3, 3] = root + change[:, 0] @ (at_rest - rig.rest[hips, :3, 3])
        else:
            turn[:, b] = change[:, joint_of[b]] if b in joint_of else turn[:, parent]
            world[:, b, :3, 3] = world[:, parent, :3, 3] + turn[:, parent] @ (at_rest - rig.rest[parent, :3, 3])
        world[:, b, :3, :3] = turn[:, b] @ rig.rest[b, :3, :3]
    world[:, :, 3, 3] = 1
    return world
