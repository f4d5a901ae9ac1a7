"""How the synthetic people stand: poses of one body, within the limits of its joints, limbs clear of one another.

Idea: a posture is drawn from a named family (`families`), solved for the body (`stance`), and kept if every joint is
within its range of motion (`joints.LIMITS`) and no limb sinks into another (`clearance`). Where arms or legs touch,
they are moved apart a little and tried again; where that does not help, another posture of the family is drawn.

Notation: as `joints`; sinking in metres.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float, Float32
from numpy import ndarray

from omote.core.errors import UsageError
from omote.parts.body.motion import Motion, retarget
from omote.parts.data.people import joints
from omote.parts.data.people.body import Body
from omote.parts.data.people.clearance import sinking
from omote.parts.data.people.expressions import Gaze
from omote.parts.data.people.families import EVERYDAY, FAMILIES, tailor_posture
from omote.parts.data.people.joints import Arm
from omote.parts.data.people.stance import Foot, Leg, Posture, Reach, Solved, solve

SINKS = 0.01
"""Metres that limbs may sink into one another."""
UPPER_ARM = 12.0
"""Degrees that upper arms keep from the trunk at least."""
TOLERANCE = 2.0
"""Degrees by which a solved joint may be beyond its limit."""
DRAWS, WIDENINGS = 12, 7


@dataclass(frozen=True, kw_only=True, eq=False)
class Pose:
    """What `BodyModel` needs to pose a body, and what is known about it."""

    family: str
    rotations: Float32[ndarray, "j 3 3"]
    """One for each bone relative to its parent, as `BodyModel` takes them."""
    root: Float32[ndarray, " 3"]
    """As `BodyModel` takes it; the floor is at y = 0."""
    angles: Mapping[str, float]
    """Anatomical angles, degrees, by the names of `joints.LIMITS` with the side in front."""
    planted: tuple[bool, bool]
    """Whether the left and the right foot stand."""
    sinks: float
    """Metres by which the worst pair of limbs overlaps; negative: all are apart."""
    hands: tuple[str, str]
    """Kinds of the left and the right hand."""


def draw_pose(rng: np.random.Generator, body: Body, family: str | None = None, *, gaze: Gaze | None = None) -> Pose:
    """Return a pose of a body.

    Args:
        rng: the source of chance; one state and one body, one pose.
        body: whose.
        family: one of `FAMILIES`; None: one of `EVERYDAY`.
        gaze: where the eyes look in the head's frame; turns the eyes' bones.

    Raises:
        UsageError: the family is not known.
    """
    if family is not None and family not in FAMILIES:
        raise UsageError(f"no family of poses is called {family!r}; there are {', '.join(FAMILIES)}")
    name = family or EVERYDAY[int(rng.integers(len(EVERYDAY)))]
    mirror = bool(rng.uniform() < 0.5)
    best, least = None, np.inf
    for _ in range(DRAWS):
        pose = _cleared(body, FAMILIES[name](rng))
        cost = max(pose.sinks - SINKS, 0) + max(joints.beyond(pose.angles) - TOLERANCE, 0) / 100
        cost += max(UPPER_ARM - upper_arm_gap(body, pose), 0) / 100
        if cost < least:
            best, least = pose, cost
        if cost == 0:
            break
    assert best is not None
    pose = mirrored(body, best) if mirror and name != "tailor" else best
    return pose if gaze is None else looking(body, pose, gaze)


def pose_of(body: Body, posture: Posture, start: Float[ndarray, " 3"] | None = None) -> Pose:
    """Return the pose of a body that does what a posture says, as it is; `start` as `stance.solve` takes it."""
    left, right = posture.legs
    return _pose(body, solve(body, posture, start), posture, (isinstance(left, Foot), isinstance(right, Foot)))


def tailor(body: Body) -> Pose:
    """Return the pose that clothes are made in: straight, arms 50 degrees off, legs 10 degrees apart."""
    return pose_of(body, tailor_posture())


def from_motion(body: Body, motion: Motion, frame: int) -> Pose:
    """Return one frame of a motion, fingers relaxed as at rest, the lowest point on the floor unless it flies.

    Args:
        body: whose.
        motion: what to adopt.
        frame: which of its frames.

    Raises:
        UsageError: the motion has no such frame.
    """
    if not 0 <= frame < len(motion):
        raise UsageError(f"the motion has frames 0 to {len(motion) - 1}, not {frame}")
    rig = body.model.rig(torch.from_numpy(body.heads))
    world = retarget(motion[frame : frame + 1], rig)[0].astype(np.float64)
    rotations = joints.local_rotations(world[:, :3, :3], body.model.bone_parents)
    root = world[0, :3, 3] - body.head("root")
    root[1] -= min(body.ground.values())
    low = float(body.skinned(body.bones(rotations, root))[:, 1].min())
    planted = (False, False) if motion.contacts is None else tuple(bool(c) for c in motion.contacts[frame])
    if low < 0 or any(planted):
        root[1] -= low
    return _pose(body, Solved(rotations, root, body.bones(rotations, root)), None, (planted[0], planted[-1]))


def mirrored(body: Body, pose: Pose) -> Pose:
    """Return the pose with left and right exchanged.

    Bones at rest are only nearly symmetric where the body is not, so feet may be a hair off the floor.
    """
    names, index = body.model.bone_names, body.index
    other = [index[f"{n[:-1]}{'R' if n.endswith('L') else 'L'}" if n.endswith((".L", ".R")) else n] for n in names]
    flip = np.diag([-1.0, 1, 1]).astype(np.float32)
    angles = {}
    for name, value in pose.angles.items():
        side, _, rest = name.partition(" ")
        middle = name.endswith(("twist", "bend")) and side in ("spine", "neck")
        swap = {"left": f"right {rest}", "right": f"left {rest}"}
        angles[swap.get(side, name)] = -value if middle else value
    return replace(
        pose,
        rotations=flip @ pose.rotations[other] @ flip,
        root=pose.root * np.array([-1, 1, 1], np.float32),
        angles=angles,
        planted=pose.planted[::-1],
        hands=pose.hands[::-1],
    )


def looking(body: Body, pose: Pose, gaze: Gaze) -> Pose:
    """Return the pose with the eyes turned where they look."""
    rotations = pose.rotations.copy()
    for bone, (yaw, pitch) in (("eye.L", gaze.left), ("eye.R", gaze.right)):
        rotations[body.index[bone]] = joints.about(1, np.degrees(yaw)) @ joints.about(0, -np.degrees(pitch))
    return replace(pose, rotations=rotations)


def upper_arm_gap(body: Body, pose: Pose) -> float:
    """Return the angle between the nearer upper arm and the chest's axis, degrees."""
    return min(pose.angles["left arm elevation"], pose.angles["right arm elevation"])


def _pose(body: Body, solved: Solved, posture: Posture | None, planted: tuple[bool, bool]) -> Pose:
    angles = joints.measured(solved.rotations, body.neutral, body.model.bone_parents, body.index)
    return Pose(
        family="motion" if posture is None else posture.family,
        rotations=solved.rotations.astype(np.float32),
        root=solved.root.astype(np.float32),
        angles=angles,
        planted=planted,
        sinks=float(sinking(body.capsules, body.capsule_ends(solved.bones)).max()),
        hands=("rest", "rest") if posture is None else (posture.hands[0].kind, posture.hands[1].kind),
    )


def _cleared(body: Body, posture: Posture) -> Pose:
    """Return a posture's pose, limbs moved apart as far as a few steps can."""
    pose, widened = pose_of(body, posture), False
    for _ in range(WIDENINGS):
        if pose.sinks <= SINKS and upper_arm_gap(body, pose) >= UPPER_ARM:
            break
        posture, widened = _wider(posture), True
        pose = pose_of(body, posture, pose.root.astype(np.float64))
    return pose_of(body, posture) if widened else pose


def _wider(posture: Posture) -> Posture:
    """Return the posture with arms and feet a little further apart."""
    left, right = posture.arms
    near, far = posture.legs
    return replace(posture, arms=(_arm_out(left), _arm_out(right)), legs=(_leg_out(near), _leg_out(far)))


def _arm_out(arm: Arm | Reach) -> Arm | Reach:
    """Lift a hanging arm; draw a hand that reaches out of the trunk and, before the trunk, back to its own side."""
    if isinstance(arm, Reach):
        (x, y, z), (across, level, ahead) = arm.off, arm.place
        side, up, back = arm.elbow
        off = (x + 0.012 * (across > 0.5), y, z + 0.012 * (ahead > 0.5))
        across += 0.0 if across > 0.5 else 0.08
        return replace(arm, place=(across, level, ahead), off=off, elbow=(side, up + 0.05, back))
    return arm if arm.elevation > 60 else replace(arm, elevation=arm.elevation + 2.5)


def _leg_out(leg: Foot | Leg) -> Foot | Leg:
    if isinstance(leg, Foot):
        return replace(leg, across=leg.across + 0.01)
    return replace(leg, abduction=leg.abduction + 1.5)
