"""From a choreographer's terms to joint rotations: weight, hips, spine, head, hands and feet become a `Motion`.

Idea: people think of a dance in hands, hips and feet, not in Euler angles. A pose is a set of named *channels*
(angles in degrees, lengths in the units below); arms and legs are then solved as two-bone limbs, which keeps elbows
and knees hinges, and feet where the steps put them.

Channels. Angles: yaw turns to the dancer's left, bend and nod go forward, side and tilt lean to the left. `weight` is
+1 on the left foot, -1 on the right; `side`, `forward`, `drop` move the hips (hip heights; drop is downwards). For
each arm `out`, `up`, `front` place the hand against its shoulder in the chest's frame, in arm lengths; `swivel` lifts
the elbow, `palm` pronates, `wrist` flexes, `shrug` raises the shoulder. For each foot `heel` lifts the heel about the
ball and `pivot` turns the toes out about it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray
from scipy.spatial.transform import Rotation

from omote.parts.body.motion import CANONICAL_REST, INDEX, SIDES, Motion, bend_limb, unit, world_rotations
from omote.parts.body.skeleton import JOINTS

Number = float | int
Channels = Mapping[str, Float[ndarray, "t"] | Number]
Arms = Float[ndarray, "t 2 4 3 3"]

_BODY = {
    "weight": 0.0,
    "side": 0.0,
    "forward": 0.0,
    "drop": 0.02,
    "turn": 0.0,
    "hip_yaw": 0.0,
    "hip_tilt": 0.0,
    "hip_nod": 0.0,
    "waist_bend": 0.0,
    "waist_side": 0.0,
    "spine_yaw": 0.0,
    "chest_bend": 0.0,
    "chest_side": 0.0,
    "head_yaw": 0.0,
    "head_nod": 0.0,
    "head_tilt": 0.0,
}
_ARM = {"out": 0.22, "up": -0.89, "front": 0.15, "swivel": 0.0, "wrist": 8.0, "palm": 15.0, "shrug": 0.0}
_FOOT = {"heel": 0.0, "pivot": 0.0}
NEUTRAL: Mapping[str, float] = _BODY | {
    f"{side}_{name}": value for side in ("left", "right") for name, value in (_ARM | _FOOT).items()
}
"""Standing at ease, knees soft: the value of every channel that a move does not mention."""
SIGNED = (
    *("weight", "side", "turn", "hip_yaw", "hip_tilt", "waist_side"),
    *("spine_yaw", "chest_side", "head_yaw", "head_tilt"),
)
"""Channels that change sign in a mirror; those of arms and feet change sides instead."""

HALF_STANCE = 0.125
TOES_OUT = 9.0
BALL_AHEAD = 0.09
"""Balls of the feet in front of the body's axis, hip heights: the weight rests between them and the ankles."""
LEG = 0.46 + 0.425
ARM = 0.295 + 0.265
EASY_REACH = 0.988
"""Share of the leg that a dancer uses: knees stay a little bent."""
TORSO = (0.185, 0.15)
"""Half width and half depth of the ellipse about the chest's axis that hands stay out of, hip heights."""


@dataclass(frozen=True, kw_only=True)
class Feet:
    """Where both feet are; index 0 is the left one."""

    ball: Float[ndarray, "t 2 3"]
    """The ball of the foot, in hip heights on the stage; y is its height above the floor."""
    yaw: Float[ndarray, "t 2"]
    """Direction of the toes, degrees to the dancer's left from the stage's front."""
    pitch: Float[ndarray, "t 2"]
    """Toes down is positive, degrees."""
    support: Float[ndarray, "t 2 2"]
    """x and z of where the weight can rest: the foot's place without the excursion of a kick."""
    planted: Bool[ndarray, "t 2"]
    lifted: Float[ndarray, "t 2"]
    """0 while it stands, 1 in the middle of a step."""


def mirrored(channels: Channels) -> dict[str, Float[ndarray, "t"] | Number]:
    """Swap left and right."""
    swap = {"left": "right", "right": "left"}
    swapped = {}
    for name, value in channels.items():
        side, _, rest = name.partition("_")
        swapped[f"{swap[side]}_{rest}" if side in swap else name] = -value if name in SIGNED else value
    return swapped


def _turn(axis: str, degrees: Float[ndarray, "t"]) -> Float[ndarray, "t 3 3"]:
    angle = np.radians(degrees)
    i = "xyz".index(axis)
    matrix = np.zeros((len(angle), 3, 3))
    j, k = (i + 1) % 3, (i + 2) % 3
    matrix[:, i, i] = 1
    matrix[:, j, j] = matrix[:, k, k] = np.cos(angle)
    matrix[:, k, j] = np.sin(angle)
    matrix[:, j, k] = -matrix[:, k, j]
    return matrix


def _part(rotation: Float[ndarray, "t 3 3"], share: float) -> Float[ndarray, "t 3 3"]:
    return Rotation.from_rotvec(share * Rotation.from_matrix(rotation).as_rotvec()).as_matrix()


def full(channels: Channels, frames: int) -> dict[str, Float[ndarray, "t"]]:
    """Every channel at every frame."""
    return {
        name: np.broadcast_to(np.asarray(channels.get(name, rest), float), frames) for name, rest in NEUTRAL.items()
    }


def solve_arms(channels: Channels, frames: int) -> Arms:
    """Local rotations of collar, upper arm, forearm and hand of the left and the right arm."""
    c = full(channels, frames)
    return np.stack([_arm(c, side) for side in SIDES], 1)


def blended(a: Arms, b: Arms, share: Float[ndarray, "t"]) -> Arms:
    """Go the shortest way from one pose of the arms to another; share 0 is `a`, 1 is `b`.

    Poses of arms are blended by their joints, not by where the hands are: on a straight way from overhead to the hip
    a hand would pass the shoulder, where the elbow has nowhere to go.
    """
    way = Rotation.from_matrix((np.swapaxes(a, -1, -2) @ b).reshape(-1, 3, 3)).as_rotvec().reshape(*a.shape[:-1])
    part = Rotation.from_rotvec((share[:, None, None, None] * way).reshape(-1, 3)).as_matrix()
    return a @ part.reshape(a.shape)


def solve(channels: Channels, feet: Feet, fps: float, arms: Arms | None = None) -> Motion:
    """Joint rotations, travel and contacts of a dancer.

    Args:
        channels: one value per frame for each channel; `NEUTRAL` where absent.
        feet: one per frame, from `footwork.track`.
        fps: frames per second.
        arms: from `solve_arms` or `blended`, in place of the arms' channels.
    """
    n = len(feet.yaw)
    c = full(channels, n)
    arms = solve_arms(c, n) if arms is None else arms
    local = np.tile(np.eye(3), (n, len(JOINTS), 1, 1))
    local[:, 0] = _turn("y", c["turn"] + c["hip_yaw"]) @ _turn("x", c["hip_nod"]) @ _turn("z", c["hip_tilt"])
    hips = _hips(c, feet, local[:, 0])
    _spine(local, c)
    for i, side in enumerate(SIDES):
        collar = INDEX[f"{side}Shoulder"]
        local[:, collar : collar + 4] = arms[:, i]
        hips[:, 1] -= _out_of_reach(hips, local[:, 0], feet, c, side)
    for side in SIDES:
        _leg(local, hips, feet, c, side)
    root = hips - CANONICAL_REST[0]
    return Motion(
        fps=fps,
        rotations=local.astype(np.float32),
        root=root.astype(np.float32),
        contacts=feet.planted & (feet.ball[:, :, 1] < 1e-3),
    )


def _hips(c: Channels, feet: Feet, turn: Float[ndarray, "t 3 3"]) -> Float[ndarray, "t 3"]:
    left, right = feet.support[:, 0], feet.support[:, 1]
    hips = np.empty((len(left), 3))
    hips[:, [0, 2]] = (left + right) / 2 + 0.42 * np.asarray(c["weight"])[:, None] * (left - right)
    shift = np.stack([c["side"], np.zeros(len(left)), np.asarray(c["forward"]) - BALL_AHEAD], -1)
    hips[:, [0, 2]] += (_turn("y", np.asarray(c["turn"])) @ shift[..., None])[:, [0, 2], 0]
    hips[:, 1] = 1 - np.asarray(c["drop"])
    return hips


def _spine(local: Float[ndarray, "t 22 3 3"], c: Channels) -> None:
    """Spread bends over the spine, and let the head keep most of its attitude while the trunk leans."""
    third = _turn("y", np.asarray(c["spine_yaw"]) / 3)
    waist = _turn("x", np.asarray(c["waist_bend"]) / 2) @ _turn("z", -np.asarray(c["waist_side"]) / 2)
    chest = _turn("x", np.asarray(c["chest_bend"])) @ _turn("z", -np.asarray(c["chest_side"]))
    local[:, INDEX["Spine"]] = third @ waist
    local[:, INDEX["Spine1"]] = third @ waist @ _part(chest, 0.35)
    local[:, INDEX["Spine2"]] = third @ _part(chest, 0.65)
    trunk = world_rotations(local)[:, INDEX["Spine2"]]
    heading = _turn("y", np.asarray(c["turn"]))
    steady = _part(np.swapaxes(trunk, 1, 2) @ heading, 0.65)
    look = _turn("y", np.asarray(c["head_yaw"])) @ _turn("x", np.asarray(c["head_nod"]))
    look = steady @ look @ _turn("z", -np.asarray(c["head_tilt"]))
    local[:, INDEX["Neck"]] = _part(look, 0.4)
    local[:, INDEX["Head"]] = np.swapaxes(local[:, INDEX["Neck"]], 1, 2) @ look


def elbow_pole(hand: Float[ndarray, "t 3"]) -> Float[ndarray, "t 3"]:
    """Where a relaxed elbow points for a hand at (out, up, front): back and out below, down in front, out above."""
    height = np.clip(hand[:, 1:2], -1, 1)
    low = np.clip(-height, 0, 1) ** 2
    high = np.clip(height, 0, 1)
    level = 1 - low - high
    return low * [0.55, -0.2, -0.8] + level * [0.45, -1.0, -0.35] + high * [1.0, -0.35, 0.25]


def _arm(c: Channels, side: str) -> Float[ndarray, "t 4 3 3"]:
    """Solve one arm in the chest's frame; the right one is solved as its mirror image."""
    s, mirror = side.lower(), np.array([1.0, 1.0, 1.0] if side == "Left" else [-1.0, 1.0, 1.0])
    flip = mirror[:, None] * mirror[None, :]  # conjugation by the mirror
    hand = np.stack([np.asarray(c[f"{s}_{axis}"]) for axis in ("out", "up", "front")], -1)
    raised = np.clip((hand[:, 1] + 0.1) / 1.0, 0, 1)
    collar = _turn("z", np.asarray(c[f"{s}_shrug"]) + 24 * raised * raised * (3 - 2 * raised))
    pole = elbow_pole(hand)
    axis = unit(hand)
    swivel = Rotation.from_rotvec(np.radians(np.asarray(c[f"{s}_swivel"]))[:, None] * axis).as_matrix()
    pole = (swivel @ pole[..., None])[..., 0]
    target = _outside_torso(hand * ARM)
    upper, lower, off = bend_limb(np.zeros_like(target), target, pole, 0.295, 0.265)
    hinge = unit(np.cross(off, upper))  # the elbow bends away from where it points
    arm = np.stack([upper, -hinge, np.cross(upper, -hinge)], -1)
    fore = np.stack([lower, -hinge, np.cross(lower, -hinge)], -1)
    half = _turn("x", np.asarray(c[f"{s}_palm"]) / 2)
    wrist = _turn("z", -np.asarray(c[f"{s}_wrist"]))
    joints = collar, np.swapaxes(collar, 1, 2) @ arm, np.swapaxes(arm, 1, 2) @ fore @ half, half @ wrist
    return np.stack(joints, 1) * flip


def _outside_torso(hand: Float[ndarray, "t 3"]) -> Float[ndarray, "t 3"]:
    """Move hand targets, given against the left shoulder, forward out of the trunk; smooth in the target."""
    x = hand[:, 0] + CANONICAL_REST[INDEX["LeftArm"], 0]
    surface = TORSO[1] * np.sqrt(np.clip(1 - (x / TORSO[0]) ** 2, 0, None))
    below = np.clip((0.14 - hand[:, 1]) / 0.12, 0, 1)
    before = np.clip((hand[:, 2] + 0.15) / 0.15, 0, 1)  # what is behind the back stays there
    lacking = surface * below**2 * (3 - 2 * below) - hand[:, 2]
    moved = hand.copy()
    moved[:, 2] += before**2 * (3 - 2 * before) * (lacking + np.sqrt(lacking**2 + 0.03**2)) / 2
    return moved


def _foot(feet: Feet, c: Channels, side: str) -> tuple[Float[ndarray, "t 3"], Float[ndarray, "t 3 3"], ndarray]:
    """Ankle position, change of the foot's world rotation, and how much the toes bend up, degrees."""
    i, sign = SIDES.index(side), (1.0 if side == "Left" else -1.0)
    s = side.lower()
    pitch = feet.pitch[:, i] + np.asarray(c[f"{s}_heel"])
    turn = _turn("y", feet.yaw[:, i] + sign * np.asarray(c[f"{s}_pivot"])) @ _turn("x", pitch)
    toe = CANONICAL_REST[INDEX[f"{side}ToeBase"]] - CANONICAL_REST[INDEX[f"{side}Foot"]]
    ankle = feet.ball[:, i] - turn @ toe
    heel_up = np.clip(-pitch, 0, None)  # toes up: the foot stands on its heel, not below the floor
    ankle[:, 1] += 0.19 * np.sin(np.radians(heel_up)) * (feet.ball[:, i, 1] < 0.02)
    toes = np.clip(pitch, 0, 45) * np.clip(1 - feet.ball[:, i, 1] / 0.03, 0, 1)
    return ankle, turn, toes


def _hip_joint(hips: Float[ndarray, "t 3"], turn: Float[ndarray, "t 3 3"], side: str) -> Float[ndarray, "t 3"]:
    return hips + turn @ (CANONICAL_REST[INDEX[f"{side}UpLeg"]] - CANONICAL_REST[0])


def _out_of_reach(
    hips: Float[ndarray, "t 3"], turn: Float[ndarray, "t 3 3"], feet: Feet, c: Channels, side: str
) -> Float[ndarray, "t"]:
    """How far the hips must sink for the leg to reach; smooth, so that knees bend and straighten without a snap."""
    ankle, _, _ = _foot(feet, c, side)
    away = _hip_joint(hips, turn, side) - ankle
    flat = np.minimum(away[:, 0] ** 2 + away[:, 2] ** 2, (0.8 * LEG) ** 2)
    excess = away[:, 1] - np.sqrt((EASY_REACH * LEG) ** 2 - flat)
    softness = 0.006
    return softness * np.logaddexp(0, excess / softness)


def _leg(local: Float[ndarray, "t 22 3 3"], hips: Float[ndarray, "t 3"], feet: Feet, c: Channels, side: str) -> None:
    ankle, foot, toes = _foot(feet, c, side)
    pelvis = local[:, 0]
    sign = 1.0 if side == "Left" else -1.0
    level = _turn("y", feet.yaw[:, SIDES.index(side)] + sign * np.asarray(c[f"{side.lower()}_pivot"]))
    pole = unit(level @ np.array([0, 0, 1.0]) + 0.8 * (pelvis @ np.array([0.2 * sign, 0, 1.0])))
    upper, lower, off = bend_limb(_hip_joint(hips, pelvis, side), ankle, pole, 0.46, 0.425)
    across = unit(np.cross(off, -upper) * -1)
    thigh = np.stack([across, -upper, np.cross(across, -upper)], -1)
    shin = np.stack([across, -lower, np.cross(across, -lower)], -1)
    name = INDEX[f"{side}UpLeg"]
    local[:, name] = np.swapaxes(pelvis, 1, 2) @ thigh
    local[:, name + 1] = np.swapaxes(thigh, 1, 2) @ shin
    local[:, name + 2] = np.swapaxes(shin, 1, 2) @ foot
    local[:, name + 3] = _turn("x", -toes)
