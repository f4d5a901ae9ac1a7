"""From a posture (angles, places of the feet, what hands reach for) to a pose of one body on the floor.

Idea: feet that stand are put onto the floor, soles flat, and the legs are solved as two-bone chains from the hips;
hands that reach are solved the same way from the shoulders. The pelvis is then moved until the centre of mass (of the
skin's volume, at one density) stands over the feet as it should, which takes a few rounds, as the trunk goes along.

Notation: as `joints`; L length of the leg (hip to ankle), by which the places of feet are told.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Float32
from numpy import ndarray

from omote.parts.body.motion import bend_limb
from omote.parts.data.people import joints
from omote.parts.data.people.body import Body
from omote.parts.data.people.hands import Hand, finger_turns
from omote.parts.data.people.joints import AHEAD, DOWN, SIDES, Arm, Matrix, Trunk, about, frame

STRAIGHT = 0.9985
"""How much of its length a standing leg uses at most: the knee keeps about 6 degrees."""
ROUNDS = 5
FLAT, NEAR = 0.0003, 0.003
"""Metres by which soles may miss the floor, and the centre of mass its place."""


@dataclass(frozen=True, kw_only=True)
class Reach:
    """A hand put somewhere, by an arm that is solved for it; mirrored on the right side."""

    bone: str
    """Of the trunk; the rest is told in its neutral axes, x away from the middle."""
    place: tuple[float, float, float]
    """Of the wrist, in parts of the trunk's half width, of the trunk's height, and of its half depth (see `Body`)."""
    off: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Added to the place, metres."""
    elbow: tuple[float, float, float] = (1.0, -0.2, -0.6)
    """Where the elbow points."""
    fingers: tuple[float, float, float] | None = (-0.5, -0.5, 0.7)
    """Where the fingers point; None: on along the forearm."""
    palm: tuple[float, float, float] = (-0.8, 0.0, -0.6)
    """Where the palm looks."""


@dataclass(frozen=True, kw_only=True)
class Foot:
    """A foot that stands; places in leg lengths."""

    across: float = 0.11
    """Away from the middle, to its own side."""
    ahead: float = 0.0
    out: float = 8.0
    """Degrees that the toes point outwards."""
    lift: float = 0.0
    """Degrees by which the heel is lifted, toes flat on the floor."""
    knee: float = 0.0
    """Degrees by which the knee points further outwards than the toes."""


@dataclass(frozen=True, kw_only=True)
class Leg:
    """Angles of a leg that does not stand, degrees; see `joints.LIMITS`."""

    flexion: float = 0.0
    abduction: float = 4.0
    rotation: float = 0.0
    knee: float = 8.0
    ankle: float = 0.0
    toes: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Posture:
    """What somebody does, for no particular body; left before right."""

    family: str
    trunk: Trunk = field(default_factory=Trunk)
    arms: tuple[Arm | Reach, Arm | Reach] = field(default_factory=lambda: (Arm(), Arm()))
    legs: tuple[Foot | Leg, Foot | Leg] = field(default_factory=lambda: (Foot(), Foot()))
    hands: tuple[Hand, Hand]
    drop: float = 0.0
    """How far the pelvis sinks below the height of straight legs, leg lengths."""
    weight: float | None = 0.5
    """Share of the weight on the left foot; None: not balanced."""
    ahead: float = 0.0
    """Where the pelvis is when it is not balanced, leg lengths ahead of the middle of the feet."""
    hop: float = 0.0
    """Height of the lowest point over the floor, metres."""


class Solved(NamedTuple):
    """A pose and what it makes of the body."""

    rotations: Float[ndarray, "j 3 3"]
    root: Float[ndarray, " 3"]
    bones: Float32[ndarray, "j 4 4"]
    """World from bone."""


def solve(body: Body, posture: Posture, start: Float[ndarray, " 3"] | None = None) -> Solved:
    """Return the pose of a body that does what a posture says.

    Args:
        body: whose.
        posture: what to do.
        start: where the root is about, as an earlier solution of nearly the same posture found it; it is kept, and no
            balance is sought.
    """
    turns = np.empty((len(body.heads), 3, 3))
    joints.trunk_turns(posture.trunk, body.index, turns)
    for (side, s), arm, hand in zip(SIDES, posture.arms, posture.hands, strict=True):
        if isinstance(arm, Arm):
            _set_arm(body, turns, arm, side, s)
        else:
            _set_reach(body, turns, arm, side, s)
        _set_fingers(body, turns, hand, side)
    for (side, s), leg in zip(SIDES, posture.legs, strict=True):
        if isinstance(leg, Leg):
            _set_leg(body, turns, leg, side, s)
    root = np.array([0.0, 0.0, posture.ahead * body.leg]) - body.head("root") if start is None else start.copy()
    goals = {
        side: _foot_goal(body, leg, side, s)
        for (side, s), leg in zip(SIDES, posture.legs, strict=True)
        if isinstance(leg, Foot)
    }
    rotations = turns
    for _ in range(ROUNDS):
        root[1] = _height(body, turns, root, posture, goals)
        _set_feet(body, turns, root, goals)
        rotations = joints.local_rotations(turns, body.model.bone_parents)
        if start is not None or not goals:
            break
        skin = body.skinned(body.bones(rotations, root))
        if _settled(body, posture, skin, goals, root):
            break
    return _on_the_floor(body, rotations, root, posture)


def _settled(body: Body, posture: Posture, skin: ndarray, goals: dict[str, "Goal"], root: ndarray) -> bool:
    """Tell whether soles and centre of mass are where they should be; move goals and root, in place, if not."""
    worst = 0.0
    for side, goal in goals.items():
        low = float(skin[body.soles[side], 1].min())
        goal.ankle[1] -= low  # skin bends with the ankle, and the sole with it
        worst = max(worst, abs(low) / FLAT)
    if posture.weight is not None:
        miss = (_support_centre(skin, body, posture) - body.centre_of_mass(skin))[[0, 2]]
        root[[0, 2]] += miss
        worst = max(worst, float(np.abs(miss).max()) / NEAR)
    return worst < 1


def _on_the_floor(body: Body, rotations: ndarray, root: Float[ndarray, " 3"], posture: Posture) -> Solved:
    """Move the body so that the lowest point, of the feet that stand if some do, is on the floor."""
    bones = body.bones(rotations, root)
    stand = [side for (side, _), leg in zip(SIDES, posture.legs, strict=True) if isinstance(leg, Foot)]
    rows = np.concatenate([body.soles[s] for s in stand]) if stand else None
    lift = posture.hop - float(body.skinned(bones, rows)[:, 1].min())
    bones[:, 1, 3] += lift
    return Solved(rotations, root + np.array([0, lift, 0]), bones)


def _set_arm(body: Body, turns: ndarray, arm: Arm, side: str, s: float) -> None:
    """Set G of girdle, arm and hand from angles."""
    index, neutral = body.index, body.neutral
    chest = turns[index["spine01"]]
    _set_girdle(body, turns, (arm.elevation, arm.plane, arm.shrug), side, s)
    upper = chest @ joints.arm_swing(arm, s)
    lower = upper @ about(0, -arm.elbow)
    hand = lower @ about(1, -s * arm.pronation) @ about(2, -s * arm.flexion) @ about(0, arm.deviation)
    bones = (f"{bone}.{side}" for bone in ("upperarm01", "lowerarm01", "wrist"))
    _set_limb(
        body, turns, [turn @ neutral[index[b]] for turn, b in zip((upper, lower, hand), bones, strict=True)], side
    )


def _set_girdle(body: Body, turns: ndarray, lift: tuple[float, float, float], side: str, s: float) -> None:
    clavicle, scapula = joints.girdle(*lift, s)
    chest = turns[body.index["spine01"]]
    turns[body.index[f"clavicle.{side}"]] = chest @ clavicle
    turns[body.index[f"shoulder01.{side}"]] = chest @ clavicle @ scapula


def _set_limb(body: Body, turns: ndarray, three: list[Matrix], side: str) -> None:
    """Set G of an arm's bones, twists shared along it: three are those of upper arm, forearm and hand."""
    upper, lower, hand = three
    index, head = body.index, body.head
    along = head(f"lowerarm01.{side}") - head(f"upperarm01.{side}")
    turns[index[f"upperarm01.{side}"]] = joints.share_twist(
        turns[index[f"shoulder01.{side}"]], upper, along, 0.5, first=True
    )
    turns[index[f"upperarm02.{side}"]] = upper
    along = head(f"wrist.{side}") - head(f"lowerarm01.{side}")
    turns[index[f"lowerarm01.{side}"]] = lower
    turns[index[f"lowerarm02.{side}"]] = joints.share_twist(lower, hand, along, 0.6, first=False)
    turns[index[f"wrist.{side}"]] = hand


def _set_fingers(body: Body, turns: ndarray, hand: Hand, side: str) -> None:
    local = finger_turns(hand, body.heads.astype(np.float64), body.index, side)
    for bone, parent in enumerate(body.model.bone_parents):
        name = body.model.bone_names[bone]
        if name.endswith(side) and name.startswith(("finger", "metacarpal")):
            turns[bone] = turns[parent] @ local.get(name, np.eye(3))


def _set_reach(body: Body, turns: ndarray, reach: Reach, side: str, s: float) -> None:
    """Solve an arm whose wrist goes to a place on the trunk."""
    index, head = body.index, body.head
    _set_girdle(body, turns, (45.0, 45.0, 0.0), side, s)
    mirror, bone = np.array([s, 1.0, 1.0]), turns[index[reach.bone]]
    at = body.capsules.names.index(ANCHOR[reach.bone])
    ends, radius = body.capsules.ends[at], body.capsules.radii[at]
    size = np.array([abs(ends[0, 0]) + radius, 0.1, radius])
    place = ends.mean(0) + mirror * (np.array(reach.place) * size + np.array(reach.off))
    goal = _carried(body, turns, reach.bone, place)
    shoulder = _carried(body, turns, f"shoulder01.{side}", head(f"upperarm01.{side}"))
    lengths = [
        float(np.linalg.norm(head(f"{b}.{side}") - head(f"{a}.{side}")))
        for a, b in (("upperarm01", "lowerarm01"), ("lowerarm01", "wrist"))
    ]
    pole = bone @ (mirror * np.array(reach.elbow))
    upper, lower, _ = (d[0] for d in bend_limb(shoulder[None], goal[None], pole[None], *lengths))
    level = frame(DOWN, np.array([-1.0, 0, 0]))
    hinge = np.cross(upper, lower)
    fingers = lower if reach.fingers is None else bone @ (mirror * np.array(reach.fingers))
    hand = frame(fingers, bone @ (mirror * np.array(reach.palm)))
    three = [
        frame(upper, hinge) @ level.T @ body.neutral[index[f"upperarm01.{side}"]],
        frame(lower, hinge) @ level.T @ body.neutral[index[f"lowerarm01.{side}"]],
        hand @ frame(DOWN, np.array([-s, 0, 0])).T @ body.neutral[index[f"wrist.{side}"]],
    ]
    _set_limb(body, turns, three, side)


ANCHOR: Mapping[str, str] = {
    "root": "loins",
    "spine04": "belly",
    "spine03": "waist",
    "spine02": "ribs",
    "spine01": "chest",
}
"""The capsule that tells the trunk's width and depth at a bone."""


def _carried(body: Body, turns: ndarray, bone: str, point: Float[ndarray, " 3"]) -> Float[ndarray, " 3"]:
    """Return where a point that goes with a bone is while the root is where it rests."""
    slot, chain = body.index[bone], []
    while slot >= 0:
        chain.append(slot)
        slot = body.model.bone_parents[slot]
    place = body.heads[0].astype(np.float64)
    for above, below in zip(chain[:0:-1], chain[-2::-1], strict=True):
        place = place + turns[above] @ (body.heads[below] - body.heads[above]).astype(np.float64)
    return place + turns[chain[0]] @ (point - body.heads[chain[0]])


def _set_leg(body: Body, turns: ndarray, leg: Leg, side: str, s: float) -> None:
    """Set G of a leg from angles."""
    thigh = turns[0] @ about(0, -leg.flexion) @ about(2, s * leg.abduction) @ about(1, -s * leg.rotation)
    shin = thigh @ about(0, leg.knee)
    foot = shin @ about(0, -leg.ankle)
    _spread_leg(body, turns, (thigh, shin, foot, foot @ about(0, -leg.toes)), side)


def _spread_leg(body: Body, turns: ndarray, four: tuple[Matrix, Matrix, Matrix, Matrix], side: str) -> None:
    """Set G of all bones of a leg from Q of thigh, shin, foot and toes in the world."""
    index, neutral = body.index, body.neutral
    names = [f"{bone}.{side}" for bone in ("upperleg01", "lowerleg01", "foot", "toe3-1")]
    thigh, shin, foot, toes = (turn @ neutral[index[n]] for turn, n in zip(four, names, strict=True))
    along = body.head(names[1]) - body.head(names[0])
    turns[index[f"pelvis.{side}"]] = turns[0]
    turns[index[names[0]]] = joints.share_twist(turns[0], thigh, along, 0.4, first=True)
    turns[index[f"upperleg02.{side}"]] = thigh
    turns[index[names[1]]] = shin
    turns[index[f"lowerleg02.{side}"]] = joints.share_twist(
        shin, foot, body.head(names[2]) - body.head(names[1]), 0.4, first=False
    )
    turns[index[names[2]]] = foot
    for name, slot in index.items():
        if name.startswith("toe") and name.endswith(side):
            turns[slot] = toes


class Goal(NamedTuple):
    """Where a standing foot goes; the floor is at 0."""

    ankle: Float[ndarray, " 3"]
    foot: Matrix
    toes: Matrix
    """Q of foot and toes."""
    pole: Float[ndarray, " 3"]
    """Where the knee points."""


def _foot_goal(body: Body, foot: Foot, side: str, s: float) -> Goal:
    yaw = about(1, s * foot.out)
    turn = yaw @ about(0, foot.lift)
    neutral = body.neutral[body.index[f"foot.{side}"]]
    ankle, ball = body.head(f"foot.{side}"), body.head(f"toe3-1.{side}")
    flat = np.array([s * foot.across * body.leg, ankle[1] - body.ground[side], foot.ahead * body.leg])
    stays = flat + yaw @ neutral @ (ball - ankle)
    return Goal(stays + turn @ neutral @ (ankle - ball), turn, yaw, about(1, s * (foot.out + foot.knee)) @ AHEAD)


def _hip(body: Body, turns: ndarray, root: Float[ndarray, " 3"], side: str) -> Float[ndarray, " 3"]:
    return body.head("root") + root + turns[0] @ (body.head(f"upperleg01.{side}") - body.head("root"))


def _leg_lengths(body: Body, side: str) -> tuple[float, float]:
    hip, knee, ankle = (body.head(f"{bone}.{side}") for bone in ("upperleg01", "lowerleg01", "foot"))
    return float(np.linalg.norm(knee - hip)), float(np.linalg.norm(ankle - knee))


def _height(
    body: Body, turns: ndarray, root: Float[ndarray, " 3"], posture: Posture, goals: Mapping[str, Goal]
) -> float:
    """Return the root's y at which every standing leg reaches its foot, less the posture's drop."""
    tallest = []
    for side, goal in goals.items():
        away = _hip(body, turns, root * np.array([1.0, 0, 1]), side) - goal.ankle
        reach = STRAIGHT * sum(_leg_lengths(body, side))
        aside = min(float(np.hypot(away[0], away[2])), 0.95 * reach)
        tallest.append(np.sqrt(reach**2 - aside**2) - away[1])
    return min(tallest) - posture.drop * body.leg if tallest else 0.0


def _set_feet(body: Body, turns: ndarray, root: Float[ndarray, " 3"], goals: Mapping[str, Goal]) -> None:
    """Solve the standing legs."""
    straight = frame(DOWN, AHEAD).T
    for side, goal in goals.items():
        hip = _hip(body, turns, root, side)
        solved = bend_limb(hip[None], goal.ankle[None], goal.pole[None], *_leg_lengths(body, side))
        thigh, shin, off = (d[0] for d in solved)
        _spread_leg(
            body, turns, (frame(thigh, off) @ straight, frame(shin, off) @ straight, goal.foot, goal.toes), side
        )


def _support_centre(vertices: Float32[ndarray, "v 3"], body: Body, posture: Posture) -> Float[ndarray, " 3"]:
    """Return the point over which the weight should be: between the feet, by how much each carries."""
    share = 0.5 if posture.weight is None else posture.weight
    total, centre = 0.0, np.zeros(3)
    for (side, _), leg, part in zip(SIDES, posture.legs, (share, 1 - share), strict=True):
        if isinstance(leg, Foot):
            sole = vertices[body.soles[side]]
            low = sole[sole[:, 1] < sole[:, 1].min() + 0.015]
            part = max(part, 1e-3)
            centre += part * 0.5 * (low.min(0) + low.max(0))
            total += part
    return centre / max(total, 1e-9)
