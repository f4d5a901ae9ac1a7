"""Anatomical angles of a body's joints, and the rotations of the model's 104 bones that they stand for.

Source: ranges of motion of the American Academy of Orthopaedic Surgeons (Joint Motion, 1965; Norkin and White 2016);
scapulohumeral rhythm of Inman et al. 1944: above 30 degrees of elevation the shoulder girdle turns one degree for two
of the arm. Every bone has a neutral attitude, that of somebody who stands upright with straight legs and hanging arms,
palms to the thighs; neutral attitudes are found from the joints of each body at rest, and a joint turns from there.

Notation: G world from bone (identity at rest), N a bone's neutral G, Q = G_parent^T G N^T of a joint; degrees in the
names that people know, x to the person's left, y up, z ahead; s = 1 left, -1 right.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from omote.parts.body.motion import rotation_between, unit
from omote.parts.space.rotations import axis_angle_from_matrix

Matrix = Float[ndarray, "3 3"]
Turns = Float[ndarray, "j 3 3"]
SIDES = (("L", 1.0), ("R", -1.0))
DOWN, AHEAD = np.array([0.0, -1, 0]), np.array([0.0, 0, 1])

LIMITS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        **{"spine flexion": (-25, 80), "spine bend": (-35, 35), "spine twist": (-45, 45)},
        **{"neck flexion": (-45, 45), "neck bend": (-45, 45), "neck twist": (-60, 60)},
        **{"arm elevation": (0, 180), "arm plane": (-90, 140), "arm rotation": (-90, 90)},
        **{"elbow": (0, 150), "pronation": (-80, 80), "wrist flexion": (-70, 80), "wrist deviation": (-20, 30)},
        **{"hip flexion": (-30, 120), "hip abduction": (-30, 45), "hip rotation": (-45, 45)},
        **{"knee": (0, 135), "ankle": (-50, 20), "ankle twist": (-35, 35), "toes": (-40, 70)},
    }
)
"""Degrees. Positive: flexion, bending and turning to the left, internal rotation, pronation, ulnar deviation, dorsal
flexion of the ankle, dorsal extension of the toes. An arm's plane is 0 sideways, 90 ahead, -90 behind. The hip's
rotation is that of its clinical test, the ankle's twist what the foot turns against the shin."""
SPINE = ("spine05", "spine04", "spine03", "spine02", "spine01")
NECK = ("neck01", "neck02", "neck03", "head")
SPINE_FLEXES, SPINE_TWISTS = (0.15, 0.25, 0.25, 0.20, 0.15), (0.05, 0.10, 0.25, 0.30, 0.30)
"""Shares of the chain: the loins bend, the chest twists (White and Panjabi 1990)."""
NECK_SHARES = (0.30, 0.20, 0.20, 0.30)
RHYTHM_STARTS, RHYTHM = 30.0, 1 / 3
"""Degrees of the arm's elevation at which the girdle joins in, and its share from there."""


@dataclass(frozen=True, kw_only=True)
class Arm:
    """Angles of an arm against the chest, degrees; see `LIMITS`."""

    elevation: float = 16.0
    plane: float = 10.0
    rotation: float = 0.0
    elbow: float = 18.0
    pronation: float = 15.0
    flexion: float = 0.0
    deviation: float = 0.0
    shrug: float = 0.0
    """How much the shoulder is lifted on purpose."""


@dataclass(frozen=True, kw_only=True)
class Trunk:
    """Angles of pelvis (against the world), spine and neck, degrees."""

    tilt: float = 0.0
    """Pelvis ahead."""
    list: float = 0.0
    """Pelvis to the left."""
    turn: float = 0.0
    """Pelvis to the left, seen from above counter-clockwise."""
    flexion: float = 0.0
    bend: float = 0.0
    twist: float = 0.0
    nod: float = 0.0
    neck_bend: float = 0.0
    neck_twist: float = 0.0


def about(axis: int, degrees: float) -> Matrix:
    """Return the rotation about x, y or z (0, 1, 2)."""
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    b, d = (axis + 1) % 3, (axis + 2) % 3
    turn = np.eye(3)
    turn[b, b] = turn[d, d] = c
    turn[b, d], turn[d, b] = -s, s
    return turn


def turning(vector: Float[ndarray, " 3"]) -> Matrix:
    """Return the rotation about a vector by its length, radians (Rodrigues); quick for a single one."""
    x, y, z = (float(v) for v in vector)
    angle = math.sqrt(x * x + y * y + z * z)
    if angle < 1e-9:
        return np.eye(3)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]]) / angle
    return np.eye(3) + math.sin(angle) * cross + (1 - math.cos(angle)) * (cross @ cross)


def frame(first: Float[ndarray, " 3"], second: Float[ndarray, " 3"]) -> Matrix:
    """Return the axes (columns): the first direction, the second made square to it, and their product."""
    x = unit(first)
    y = unit(second - (second @ x) * x)
    return np.stack([x, y, np.cross(x, y)], 1)


def twist_of(turn: Matrix, axis: Float[ndarray, " 3"]) -> float:
    """Return by how many radians a rotation turns about an axis of its own (swing-twist decomposition)."""
    w = np.sqrt(max(1 + np.trace(turn), 1e-12)) / 2
    along = np.array([turn[2, 1] - turn[1, 2], turn[0, 2] - turn[2, 0], turn[1, 0] - turn[0, 1]]) @ axis / (4 * w)
    return float(2 * np.arctan2(along, w))


def palm(heads: Float[ndarray, "j 3"], index: Mapping[str, int], side: str) -> Matrix:
    """Return the axes of a hand at rest: along the fingers, out of the palm, and their product."""
    along = heads[index[f"finger3-1.{side}"]] - heads[index[f"wrist.{side}"]]
    across = heads[index[f"finger5-1.{side}"]] - heads[index[f"finger2-1.{side}"]]
    out = np.cross(across, along) if side == "L" else np.cross(along, across)
    return frame(along, out)


def neutral_turns(heads: Float[ndarray, "j 3"], index: Mapping[str, int]) -> Turns:
    """Return N of every bone of a body whose joints at rest are these."""
    neutral = np.tile(np.eye(3), (len(heads), 1, 1))

    def line(a: str, b: str) -> Float[ndarray, " 3"]:
        return heads[index[b]] - heads[index[a]]

    for side, s in SIDES:
        upper = line(f"upperarm01.{side}", f"lowerarm01.{side}")
        lower = line(f"lowerarm01.{side}", f"wrist.{side}")
        hinge, level = np.cross(upper, lower), np.array([-1.0, 0, 0])
        hand = frame(DOWN, np.array([-s, 0, 0])) @ palm(heads, index, side).T
        thigh = line(f"upperleg01.{side}", f"lowerleg01.{side}")
        leg = rotation_between(thigh, DOWN)
        shin = rotation_between(leg @ line(f"lowerleg01.{side}", f"foot.{side}"), DOWN) @ leg
        toe = line(f"foot.{side}", f"toe3-1.{side}")
        foot = about(1, -np.degrees(np.arctan2(toe[0], toe[2])))
        for names, turn in (
            (("upperarm01", "upperarm02"), frame(DOWN, level) @ frame(upper, hinge).T),
            (("lowerarm01", "lowerarm02"), frame(DOWN, level) @ frame(lower, hinge).T),
            (("wrist", "metacarpal", "finger"), hand),
            (("upperleg",), leg),
            (("lowerleg",), shin),
            (("foot", "toe"), foot),
        ):
            for bone, slot in index.items():
                if bone.endswith(side) and bone.startswith(names):
                    neutral[slot] = turn
    return neutral


def arm_swing(arm: Arm, s: float) -> Matrix:
    """Return Q of the upper arm against the chest."""
    e, p = np.radians(arm.elevation), np.radians(arm.plane)
    to = np.array([s * np.sin(e) * np.cos(p), -np.cos(e), np.sin(e) * np.sin(p)])
    return turning(to * np.radians(s * arm.rotation)) @ rotation_between(DOWN, to)


def girdle(elevation: float, plane: float, shrug: float, s: float) -> tuple[Matrix, Matrix]:
    """Return the turns of clavicle and scapula that go with an arm; half each, and ahead with an arm ahead."""
    lift = RHYTHM * max(elevation - RHYTHM_STARTS, 0) - REST_LIFT
    ahead = 10 * np.sin(np.radians(plane)) * np.sin(np.radians(min(elevation, 90)))
    return about(1, -s * ahead) @ about(2, s * (0.5 * lift + shrug)), about(2, s * 0.5 * lift)


REST_LIFT = RHYTHM * (43 - RHYTHM_STARTS)
"""The model rests with its arms 43 degrees from the body, and its girdle goes with that."""


def trunk_turns(trunk: Trunk, index: Mapping[str, int], turns: Turns) -> None:
    """Set G of pelvis, spine and head; `turns` is changed in place."""
    turns[:] = about(1, trunk.turn) @ about(2, -trunk.list) @ about(0, trunk.tilt)
    world = turns[0]
    for bone, share, turning in zip(SPINE, SPINE_FLEXES, SPINE_TWISTS, strict=True):
        world = world @ _bow(share * trunk.flexion, share * trunk.bend, turning * trunk.twist)
        turns[index[bone]] = world
    for side, _ in SIDES:
        for bone in index:
            if bone.endswith(f".{side}") and bone.startswith(("clavicle", "shoulder", "upperarm", "lowerarm")):
                turns[index[bone]] = world
    for bone, share in zip(NECK, NECK_SHARES, strict=True):
        world = world @ _bow(share * trunk.nod, share * trunk.neck_bend, share * trunk.neck_twist)
        turns[index[bone]] = world
    turns[index["eye.L"]] = turns[index["eye.R"]] = world


def _bow(flexion: float, bend: float, twist: float) -> Matrix:
    return turning(np.radians([flexion, twist, -bend]))


def share_twist(parent: Matrix, turn: Matrix, axis: Float[ndarray, " 3"], share: float, *, first: bool) -> Matrix:
    """Return G of the first of two bones in a row, the second of which has `turn`: how skin shares a twist.

    Args:
        parent: G above both.
        turn: G below both.
        axis: the bone's direction at rest.
        share: of the twist, for the first bone.
        first: the swing belongs to the first bone (upper arm), rather than to the second (forearm and hand).
    """
    local = parent.T @ turn
    axis = unit(axis)
    angle = twist_of(local, axis)
    part = turning(axis * (share * angle))
    if not first:
        return parent @ part
    return parent @ local @ turning(-axis * angle) @ part


def local_rotations(turns: Turns, parents: tuple[int, ...]) -> Turns:
    """Return each bone's rotation against its parent: what `BodyModel` takes."""
    above = turns[np.maximum(parents, 0)].copy()
    above[0] = np.eye(3)
    return np.swapaxes(above, 1, 2) @ turns


def world_turns(rotations: Turns, parents: tuple[int, ...]) -> Turns:
    """Return G of every bone."""
    turns = rotations.astype(np.float64)
    for bone, parent in enumerate(parents):
        if parent >= 0:
            turns[bone] = turns[parent] @ turns[bone]
    return turns


def measured(rotations: Turns, neutral: Turns, parents: tuple[int, ...], index: Mapping[str, int]) -> dict[str, float]:
    """Return the anatomical angles of a pose, degrees, by the names of `LIMITS` with the side in front."""
    turns = world_turns(rotations, parents)

    def relative(above: str, bone: str) -> Matrix:
        return (turns[index[above]] @ neutral[index[above]].T).T @ turns[index[bone]] @ neutral[index[bone]].T

    found = {}
    for name, above, below in (("spine", "root", "spine01"), ("neck", "spine01", "head")):
        flexion, twist, bend = np.degrees(axis_angle_from_matrix(relative(above, below)))
        found |= {f"{name} flexion": flexion, f"{name} twist": twist, f"{name} bend": -bend}
    for side, s in SIDES:
        name = "left" if s > 0 else "right"
        swing = relative("spine01", f"upperarm02.{side}")
        found |= {f"{name} {key}": value for key, value in _arm_angles(swing, s).items()}
        bend = relative(f"upperarm02.{side}", f"lowerarm01.{side}")
        found[f"{name} elbow"] = -_angle(bend, 0)
        hand = relative(f"lowerarm01.{side}", f"wrist.{side}")
        y, z, x = _yzx(hand)
        found |= {f"{name} pronation": -s * y, f"{name} wrist flexion": -s * z, f"{name} wrist deviation": x}
        x, z, y = _xzy(relative("root", f"upperleg02.{side}"))
        found |= {f"{name} hip flexion": -x, f"{name} hip abduction": s * z, f"{name} hip rotation": -s * y}
        found[f"{name} knee"] = _angle(relative(f"upperleg02.{side}", f"lowerleg01.{side}"), 0)
        x, _, y = _xzy(relative(f"lowerleg01.{side}", f"foot.{side}"))
        found |= {f"{name} ankle": -x, f"{name} ankle twist": -s * y}
        found[f"{name} toes"] = -_angle(relative(f"foot.{side}", f"toe3-1.{side}"), 0)
    return {key: float(value) for key, value in found.items()}


def beyond(angles: Mapping[str, float]) -> float:
    """Return by how many degrees the worst angle lies outside `LIMITS`; 0 where all are within."""
    worst = 0.0
    for name, angle in angles.items():
        low, high = LIMITS[name.removeprefix("left ").removeprefix("right ")]
        worst = max(worst, low - angle, angle - high)
    return worst


def _arm_angles(swing: Matrix, s: float) -> dict[str, float]:
    """Invert `arm_swing`."""
    to = swing @ DOWN
    rest = swing @ rotation_between(DOWN, to).T
    around = axis_angle_from_matrix(rest) @ to
    elevation = float(np.degrees(np.arctan2(np.hypot(to[0], to[2]), -to[1])))
    plane = float(np.degrees(np.arctan2(to[2], s * to[0]))) if elevation > 1 else 0.0
    return {"arm elevation": elevation, "arm plane": plane, "arm rotation": s * float(np.degrees(around))}


def _angle(turn: Matrix, axis: int) -> float:
    """Return the turn of a hinge about x, y or z."""
    b, c = (axis + 1) % 3, (axis + 2) % 3
    return float(np.degrees(np.arctan2(turn[c, b] - turn[b, c], turn[b, b] + turn[c, c])))


def _xzy(turn: Matrix) -> tuple[float, float, float]:
    """Return angles (x, z, y) of R = X Z Y."""
    z = np.arcsin(np.clip(-turn[0, 1], -1, 1))
    angles = np.arctan2(turn[2, 1], turn[1, 1]), z, np.arctan2(turn[0, 2], turn[0, 0])
    x, z, y = np.degrees(angles)
    return float(x), float(z), float(y)


def _yzx(turn: Matrix) -> tuple[float, float, float]:
    """Return angles (y, z, x) of R = Y Z X."""
    z = np.arcsin(np.clip(turn[1, 0], -1, 1))
    y, z, x = np.degrees((np.arctan2(-turn[2, 0], turn[0, 0]), z, np.arctan2(-turn[1, 2], turn[1, 1])))
    return float(y), float(z), float(x)
