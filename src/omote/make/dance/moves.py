"""Dance moves: what the body does as a function of the beat.

Idea: a move is a pure function of the beat position `b` (0 at the start of the move; whole numbers are beats) and of its
`Taste`. Values are reached *on* beats and left between them, so the speed of the joints is least on the beat: that is
what makes a dance look in time (kinematic beats). The body goes down on the beat, hips lead, shoulders turn against the
hips, hands and head follow a little late. Channels and their units are those of `figure`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from omote.make.dance.figure import HALF_STANCE
from omote.make.dance.footwork import LEFT, RIGHT, Step

Beats = Float[ndarray, "t"]
Pose = dict[str, Float[ndarray, "t"] | float]


@dataclass(frozen=True, kw_only=True)
class Taste:
    """How one performance of a move differs from another."""

    size: float = 1.0
    """Amplitude: 0.6 for quiet music, 1 normal, 1.25 for the loudest."""
    variant: int = 0
    """Chooses between variations where a move has some."""


@dataclass(frozen=True, kw_only=True)
class Move:
    """A step that can be repeated."""

    name: str
    period: int
    """Beats until it repeats."""
    pose: Callable[[Beats, Taste], Pose]
    steps: Callable[[Taste], list[Step]] = lambda taste: []
    energy: float = 0.5
    """How loud the music should be for it, 0..1."""
    calm_legs: bool = True
    """Whether it makes sense where the legs are not seen: no kicks, jumps, crouches, turns or travel."""
    turns: int = 0
    """Whole turns to the left in one period."""


# --- time ------------------------------------------------------------------------------------------------------------


def smooth(u: Beats) -> Beats:
    """Ease in and out."""
    return u * u * (3 - 2 * u)


def hit(u: Beats) -> Beats:
    """Gather first (a little backwards), go late and fast, overshoot slightly, settle."""
    s = smooth(np.clip((u - 0.2) / 0.8, 0, 1))
    return s - 0.10 * np.sin(np.pi * u) ** 2 * np.sin(2 * np.pi * u)


def pop(u: Beats) -> Beats:
    """Creep, then jerk into place: a robot."""
    return smooth(u**2.5)


def keys(
    b: Beats,
    period: float,
    values: Sequence[tuple[float, float | tuple[float, ...]]],
    ease: Callable[[Beats], Beats] = smooth,
) -> Float[ndarray, "*k t"]:
    """Go from value to value, arriving at each one's beat with no speed, round and round.

    Args:
        b: beat positions.
        period: beats until the first value comes again.
        values: (beat, value) in the order of beats, 0 <= beat < period; a tuple as value gives one row per component.
        ease: how to go from one value to the next, for u in 0..1.
    """
    at = np.array([beat for beat, _ in values])
    what = np.array([value for _, value in values], float)
    phase = np.mod(b - at[0], period) + at[0]
    i = np.searchsorted(at, phase, side="right") - 1
    nxt = (i + 1) % len(at)
    length = np.mod(at[nxt] - at[i], period)
    length = np.where(length == 0, period, length)
    u = ease((phase - at[i]) / length)
    return (what[i].T * (1 - u)) + what[nxt].T * u


def swing(b: Beats, period: float, top: float = 0.0) -> Beats:
    """Go to and fro: 1 at beat `top`, -1 half a period later."""
    return np.cos(2 * np.pi * (b - top) / period)


def bounce(b: Beats, taste: Taste, depth: float = 0.026, base: float = 0.016) -> Pose:
    """Down on every beat, the head nodding a little later."""
    beat = b + 0.07 * np.sin(2 * np.pi * b)
    down = (0.5 + 0.5 * np.cos(2 * np.pi * beat)) ** 1.2
    nod = (0.5 + 0.5 * np.cos(2 * np.pi * (b - 0.07))) ** 1.5
    return {"drop": base + depth * taste.size * down, "head_nod": 5 * taste.size * nod, "chest_bend": 3 * taste.size * down}


# --- arms ------------------------------------------------------------------------------------------------------------


def arm(side: str, hand: Float[ndarray, "3 t"] | tuple[float, float, float], **more: Beats | float) -> Pose:
    """Channels of one arm: the hand at (out, up, front), and `swivel`, `palm`, `wrist`, `shrug`."""
    place = dict(zip(("out", "up", "front"), hand, strict=True))
    return {f"{side}_{name}": value for name, value in (place | more).items()}


def both(hand: Float[ndarray, "3 t"] | tuple[float, float, float], **more: Beats | float) -> Pose:
    """The same for both arms, mirrored."""
    return arm("left", hand, **more) | arm("right", hand, **more)


BENT = (0.16, -0.52, 0.42)
"""Elbows bent, forearms forward: arms that are ready."""
HIP = (0.10, -0.68, 0.03)
"""Hand on the hip, with the elbow out."""
CLAP = (-0.245, -0.28, 0.70)
"""Where the hands meet, with `wrist` at `CLAP_WRIST`."""
CLAP_WRIST = -42.0


def pumping(b: Beats, taste: Taste, period: float = 2.0) -> Pose:
    """Bent arms that swing against each other like a runner's, small."""
    s, late = taste.size, b - 0.06
    pose: Pose = {}
    for side, sign in (("left", 1.0), ("right", -1.0)):
        fore = sign * swing(late, period)
        pose |= arm(
            side,
            (0.17 + 0.03 * fore, -0.50 + 0.10 * s * fore, 0.36 + 0.17 * s * fore),
            wrist=10 + 8 * fore,
            shrug=2 * s * fore,
        )
    return pose


# --- moves -----------------------------------------------------------------------------------------------------------


def _groove(b: Beats, taste: Taste) -> Pose:
    s, sway = taste.size, swing(b, 2)
    return bounce(b, taste, 0.032) | pumping(b, taste) | {
        "weight": 0.55 * sway,
        "hip_tilt": 4 * s * sway,
        "hip_yaw": -7 * s * sway,
        "spine_yaw": 13 * s * sway,
        "waist_side": 4 * s * sway,
        "head_tilt": 4 * s * swing(b - 0.08, 2),
        "right_heel": 14 * s * np.clip(sway, 0, 1),
        "left_heel": 14 * s * np.clip(-sway, 0, 1),
    }


def _sway(b: Beats, taste: Taste) -> Pose:
    s, sway = taste.size, keys(b, 4, [(0, 1.0), (1, 0.25), (2, -1.0), (3, -0.25)])
    calm = bounce(b, taste, 0.018)
    pose = calm | {
        "weight": 0.6 * sway,
        "hip_tilt": 3 * s * sway,
        "waist_side": 5 * s * sway,
        "spine_yaw": 8 * s * sway,
        "head_tilt": 5 * s * sway,
    }
    for side, sign in (("left", 1.0), ("right", -1.0)):
        open_ = 0.5 + 0.5 * sign * keys(b - 0.06, 4, [(0, 1.0), (1, 0.25), (2, -1.0), (3, -0.25)])
        pose |= arm(side, (0.2 + 0.16 * s * open_, -0.82 + 0.1 * s * open_, 0.2 + 0.12 * open_), palm=5.0, wrist=12 - 8 * open_)
    return pose


def _side_steps(taste: Taste) -> list[Step]:
    far = HALF_STANCE + 0.10 * taste.size
    near = far - 0.19
    return [
        Step(foot=RIGHT, lift=-0.85, land=0, out=far),
        Step(foot=LEFT, lift=0.1, land=1, out=-near, height=0.05, toes=12),
        Step(foot=LEFT, lift=1.15, land=2, out=far),
        Step(foot=RIGHT, lift=2.1, land=3, out=-near, height=0.05, toes=12),
    ]


def _side_body(b: Beats, taste: Taste) -> Pose:
    s = taste.size
    weight = keys(b, 4, [(0, -0.8), (1, -1.0), (2, 0.8), (3, 1.0)])
    touch = keys(b, 4, [(0, 0), (1, -1), (2, 0), (3, 1)])
    return bounce(b, taste, 0.03) | {
        "weight": weight,
        "hip_yaw": 8 * s * touch,
        "hip_tilt": 4 * s * touch,
        "spine_yaw": -14 * s * touch,
        "waist_side": 5 * s * touch,
        "head_tilt": 4 * s * touch,
    }


def _two_step(b: Beats, taste: Taste) -> Pose:
    s = taste.size
    pose = _side_body(b, taste)
    for side, first in (("left", 1), ("right", 3)):
        path = keys(b - 0.05, 4, [((first - 1) % 4, (0.34, -0.66, 0.28)), (first, (-0.02, -0.36, 0.5))], smooth)
        pose |= arm(side, path * [[1], [1], [0.6 + 0.4 * s]], wrist=10.0)
    return pose


def _step_clap(b: Beats, taste: Taste) -> Pose:
    high = 0.25 if taste.variant % 2 else 0.0
    together = keys(b, 2, [(0, (0.34, -0.42, 0.42)), (1, (CLAP[0], CLAP[1] + high, CLAP[2]))], hit)
    return _side_body(b, taste) | both(together, palm=keys(b, 2, [(0, 10), (1, 0)]), wrist=keys(b, 2, [(0, 5), (1, CLAP_WRIST)], hit), swivel=12.0)


def _disco_point(b: Beats, taste: Taste) -> Pose:
    s = taste.size
    path = keys(b, 4, [(0, (0.52, 0.80, 0.16)), (1, (-0.46, -0.56, 0.58)), (2, (0.52, 0.80, 0.16)), (3, (-0.46, -0.56, 0.58))], hit)
    up = keys(b, 2, [(0, 1.0), (1, 0.0)], hit)
    path[2] += 1.2 * np.clip(up * (1 - up), 0, 1)  # round the trunk, not through it
    return bounce(b, taste, 0.028) | arm("right", path, palm=40.0, wrist=0.0) | arm(
        "left", HIP, swivel=45.0, wrist=22.0, palm=30.0
    ) | {
        "weight": keys(b, 2, [(0, -0.8), (1, 0.6)]),
        "hip_tilt": 7 * s * keys(b, 2, [(0, -1), (1, 0.8)]),
        "waist_side": -6 * s * up,
        "spine_yaw": keys(b, 2, [(0, -10 * s), (1, 16 * s)]),
        "hip_yaw": keys(b, 2, [(0, 6 * s), (1, -6 * s)]),
        "head_yaw": keys(b, 2, [(0, -16), (1, 6)]),
        "head_nod": keys(b, 2, [(0, -8), (1, 9)]),
        "left_heel": 20 * up,
        "waist_bend": 7 * s * (1 - up),
    }


def _arm_wave(b: Beats, taste: Taste) -> Pose:
    """A wave runs from the right hand through the shoulders to the left hand."""
    s = taste.size
    pose = bounce(b, taste, 0.02)
    stepped = b - 0.13 * np.sin(2 * np.pi * b)  # the crest lingers on each beat

    def crest(delay: float) -> Beats:
        return np.exp(-0.5 * ((np.mod(stepped - delay + 2, 4) - 2) / 0.42) ** 2)

    for side, first in (("right", 0.35), ("left", 1.65)):
        order = 1 if side == "left" else -1
        hand, elbow, shoulder = crest(first + 0.35 * order), crest(first), crest(first - 0.3 * order)
        pose |= arm(
            side,
            (0.95 - 0.12 * s * elbow, -0.06 + 0.24 * s * hand - 0.12 * s * elbow + 0.05 * shoulder, 0.10 + 0.03 * hand),
            wrist=10 + 45 * s * (elbow - 0.9 * hand),
            swivel=70 * elbow + 20,
            shrug=14 * s * shoulder,
            palm=15.0,
        )
    return pose | {
        "weight": 0.7 * swing(stepped, 4, 2),
        "chest_side": 7 * s * swing(stepped, 4, 1.7),
        "waist_side": 4 * s * swing(stepped, 4, 1.9),
        "head_yaw": 20 * swing(stepped, 4, 2.0),
        "head_nod": 2.0,
    }


def _body_roll(b: Beats, taste: Taste) -> Pose:
    """Chest, belly, hips, knees: a wave down the trunk in two beats, and a sharp return."""
    s = taste.size
    lag = [swing(b, 2, t) for t in (-0.3, -0.1, 0.1, 0.3)]
    deep = keys(b, 2, [(0, 0.04), (1, 0.11)])
    pose: Pose = {
        "drop": deep * (0.5 + 0.5 * s),
        "head_nod": -9 * s * lag[0],
        "chest_bend": -15 * s * lag[1] + 5,
        "waist_bend": 16 * s * lag[2] + 7,
        "hip_nod": -9 * s * lag[3] + 3,
        "forward": 0.028 * s * lag[2],
        "weight": 0.25 * swing(b, 4),
        "left_heel": 6.0,
        "right_heel": 6.0,
    }
    hands = keys(b, 2, [(0, (0.26, -0.62, 0.34)), (1, (0.32, -0.74, 0.24))])
    return pose | both(hands, wrist=14.0, swivel=12.0)


def _hip_sway(b: Beats, taste: Taste) -> Pose:
    s = taste.size
    sway = keys(b, 2, [(0, 1.0), (1, -1.0)])
    pose = bounce(b, taste, 0.02) | {
        "weight": 0.75 * sway,
        "side": 0.02 * s * sway,
        "hip_tilt": 10 * s * sway,
        "hip_yaw": 8 * s * sway,
        "waist_side": -9 * s * sway,
        "spine_yaw": -13 * s * sway,
        "head_tilt": 6 * s * keys(b - 0.08, 2, [(0, 1.0), (1, -1.0)]),
        "right_heel": 20 * np.clip(sway, 0, 1),
        "left_heel": 20 * np.clip(-sway, 0, 1),
    }
    if taste.variant % 2:
        return pose | both(HIP, swivel=45.0, wrist=22.0, palm=30.0)
    for side, sign in (("left", 1.0), ("right", -1.0)):
        up = 0.5 + 0.5 * sign * keys(b - 0.07, 4, [(0, 1.0), (2, -1.0)])
        pose |= arm(side, (0.42 + 0.1 * up, -0.45 + 0.75 * s * up, 0.42 - 0.12 * up), wrist=16 - 30 * up, palm=20.0)
    return pose


def _shimmy(b: Beats, taste: Taste) -> Pose:
    s = taste.size
    shake = keys(b, 2, [(0, 1.0), (0.5, -0.55), (1, -1.0), (1.5, 0.55)])
    lean = keys(b, 4, [(0, 0.0), (1, 0.5), (2, 1.0), (3, 0.5)])
    pose = bounce(b, taste, 0.025) | {
        "spine_yaw": 13 * s * shake,
        "hip_yaw": -5 * s * shake,
        "weight": 0.7 * keys(b, 2, [(0, 1.0), (1, -1.0)]),
        "hip_tilt": 5 * s * keys(b, 2, [(0, 1.0), (1, -1.0)]),
        "waist_bend": 12 * s * lean - 3,
        "drop": 0.04 + 0.05 * s * lean,
        "head_nod": -4 * lean,
    }
    for side, sign in (("left", 1.0), ("right", -1.0)):
        pose |= arm(side, (0.42, -0.52 + 0.03 * shake * sign, 0.34 - 0.05 * sign * shake), palm=-35.0, wrist=-18.0, shrug=5.0 + 6 * sign * shake, swivel=20.0)
    return pose


def _running_steps(taste: Taste) -> list[Step]:
    knee = 0.24 * taste.size
    return [
        Step(foot=LEFT, lift=-0.5, land=0.02, height=0.07, front=0.05, via=(0, 0.02)),
        Step(foot=RIGHT, lift=0.08, land=1.02, height=knee, front=0.05, via=(0, 0.10), point=30),
        Step(foot=LEFT, lift=1.08, land=2.02, height=knee, front=0.05, via=(0, 0.10), point=30),
    ]


def _running_man(b: Beats, taste: Taste) -> Pose:
    s = taste.size
    pose = bounce(b, taste, 0.05, 0.04)
    for side, sign in (("left", 1.0), ("right", -1.0)):
        fore = sign * keys(b - 0.04, 2, [(0, -1.0), (1, 1.0)])
        pose |= arm(side, (0.10 - 0.05 * fore, -0.46 + 0.22 * s * fore, 0.28 + 0.32 * s * fore), wrist=5.0, palm=0.0)
    return pose | {
        "weight": keys(b, 2, [(0.0, 0.75), (0.5, 0.9), (1.0, -0.75), (1.5, -0.9)]),
        "waist_bend": 7.0,
        "spine_yaw": -12 * s * keys(b, 2, [(0, -1.0), (1, 1.0)]),
        "hip_yaw": 7 * s * keys(b, 2, [(0, -1.0), (1, 1.0)]),
        "hip_tilt": -4 * keys(b, 2, [(0.5, 1.0), (1.5, -1.0)]),
    }


def _kick_steps(taste: Taste) -> list[Step]:
    kick = 0.14 + 0.14 * taste.size
    return [
        Step(foot=RIGHT, lift=0.3, land=1.75, height=kick, via=(0.04, 0.60), point=30, out=HALF_STANCE),
        Step(foot=LEFT, lift=2.3, land=3.75, height=kick, via=(0.04, 0.60), point=30, out=HALF_STANCE),
    ]


def _kick_step(b: Beats, taste: Taste) -> Pose:
    s = taste.size
    kick = keys(b, 4, [(0, 0), (1, 1), (2, 0), (3, -1)])
    pose = bounce(b, taste, 0.03, 0.04)
    for side, sign in (("left", 1.0), ("right", -1.0)):
        fore = sign * kick
        pose |= arm(side, (0.34 - 0.12 * fore, -0.50 + 0.22 * s * fore, 0.30 + 0.42 * np.clip(fore, -0.6, 1)), wrist=8.0)
    return pose | {
        "weight": keys(b, 4, [(0, 0.5), (0.4, 1.0), (1.4, 1.0), (2, -0.5), (2.4, -1.0), (3.4, -1.0)]),
        "waist_bend": -7 * np.abs(kick) + 4,
        "hip_nod": -6 * np.abs(kick),
        "spine_yaw": -16 * s * kick,
        "hip_yaw": 9 * s * kick,
        "head_nod": 6 * np.abs(kick),
    }


def _twist(b: Beats, taste: Taste) -> Pose:
    s = taste.size
    turn = keys(b, 2, [(0, 1.0), (1, -1.0)])
    deep = keys(b, 8, [(0, 0.0), (4, 1.0)])
    pose: Pose = {
        "drop": 0.06 + 0.08 * s * deep + 0.012 * swing(b, 1),
        "hip_yaw": 24 * s * turn,
        "spine_yaw": -36 * s * turn,
        "weight": 0.3 * turn,
        "waist_bend": 4 + 7 * deep,
        "head_yaw": 4 * turn,
        "left_heel": 10.0,
        "right_heel": 10.0,
        "left_pivot": 22 * s * turn,
        "right_pivot": -22 * s * turn,
    }
    for side, sign in (("left", 1.0), ("right", -1.0)):
        fore = sign * keys(b - 0.05, 2, [(0, 1.0), (1, -1.0)])
        pose |= arm(side, (0.30 - 0.16 * fore, -0.44 + 0.06 * fore, 0.44 + 0.1 * fore), wrist=6.0, swivel=15.0)
    return pose


def _robot(b: Beats, taste: Taste) -> Pose:
    s = taste.size
    left = keys(b, 4, [(0, (0.42, -0.40, 0.34)), (1, (0.42, 0.42, 0.34)), (2, (0.10, -0.42, 0.55)), (3, (0.40, -0.40, 0.40))], pop)
    right = keys(b, 4, [(0, (0.42, 0.42, 0.34)), (1, (0.42, -0.40, 0.34)), (2, (0.40, -0.40, 0.40)), (3, (0.10, -0.42, 0.55))], pop)
    side = keys(b, 4, [(0, -1), (1, 1), (2, 0.7), (3, -0.7)], pop)
    return arm("left", left, swivel=28.0, wrist=0.0, palm=25.0) | arm("right", right, swivel=28.0, wrist=0.0, palm=25.0) | {
        "drop": 0.04 + 0.03 * s * swing(b, 1),
        "head_yaw": 26 * s * keys(b, 4, [(0, 1), (1, -1), (2, -0.4), (3, 0.4)], pop),
        "spine_yaw": 16 * s * side,
        "hip_yaw": -6 * s * side,
        "chest_side": 6 * s * side,
        "waist_bend": keys(b, 4, [(0, 2), (1, 2), (2, 11), (3, 11)], pop),
        "weight": 0.5 * side,
    }


def _jump_steps(taste: Taste) -> list[Step]:
    hop = 0.035 + 0.035 * taste.size
    return [Step(foot=f, lift=k + 0.32, land=k + 0.88, height=hop, point=28, out=0.15) for k in (0, 1) for f in (LEFT, RIGHT)]


def _jump(b: Beats, taste: Taste) -> Pose:
    s = taste.size
    u = np.mod(b, 1)
    flight = np.sin(np.pi * np.clip((u - 0.32) / 0.56, 0, 1)) ** 2
    crouch = keys(b, 1, [(0.04, 1.0), (0.34, 0.0), (0.84, 0.05)])
    wave = keys(b, 2, [(0, 1.0), (1, -1.0)])
    pose: Pose = {}
    for side, sign in (("left", 1.0), ("right", -1.0)):
        own = sign * wave
        pose |= arm(side, (0.30 + 0.20 * s * own, 0.82 - 0.05 * own, 0.16 + 0.05 * own), palm=30.0, wrist=-8 - 10 * own)
    return pose | {
        "waist_side": 6 * s * wave,
        "drop": 0.012 + 0.075 * s * crouch - (0.035 + 0.035 * s) * flight,
        "waist_bend": 6 * crouch,
        "head_nod": 6 * crouch - 6,
        "spine_yaw": 6 * swing(b, 4),
        "weight": 0.0,
    }


def _raise_roof(b: Beats, taste: Taste) -> Pose:
    s = taste.size
    push = keys(b, 2, [(0, (0.34, 0.86, 0.16)), (1, (0.42, 0.40, 0.26))], hit)
    sway = keys(b, 4, [(0, 1.0), (1, 0.4), (2, -1.0), (3, -0.4)])
    return bounce(b, taste, 0.05) | both(push, palm=60.0, wrist=-50.0) | {
        "weight": 0.5 * sway,
        "waist_side": 6 * s * sway,
        "hip_tilt": 4 * s * sway,
        "spine_yaw": 8 * s * sway,
    }


def _sprinkler(b: Beats, taste: Taste) -> Pose:
    """One hand behind the head, the other arm sweeps in four clicks and comes back in one."""
    s = taste.size
    sweep = keys(b, 4, [(0, -0.55), (1, -0.1), (2, 0.45), (3, 0.95)], hit)
    angle = np.pi / 2 * sweep
    out, front = 0.92 * np.sin(angle), 0.92 * np.cos(angle)
    return bounce(b, taste, 0.028) | arm("right", (out, np.full_like(b, -0.04), front), palm=35.0, wrist=0.0) | arm(
        "left", (0.10, 0.44, -0.06), swivel=10.0, palm=-20.0, wrist=20.0
    ) | {
        "spine_yaw": -22 * s * sweep,
        "hip_yaw": -6 * s * sweep,
        "head_yaw": -14 * sweep,
        "weight": -0.5 * sweep,
        "head_nod": 3.0,
    }


def _spin_steps(taste: Taste) -> list[Step]:
    turn = [(LEFT, -0.6, 0.0), (RIGHT, 0.15, 1.0), (LEFT, 1.15, 2.0), (RIGHT, 2.15, 3.0), (LEFT, 3.1, 3.7)]
    return [Step(foot=f, lift=a, land=z, out=0.11, height=0.04, toes=6, ahead=0.5) for f, a, z in turn]


def spin_angle(b: Beats) -> Beats:
    """Heading of the spin within its four beats, degrees to the left: a turn in three steps, over on beat three."""
    u = np.clip(np.mod(b, 4), 0, 3)
    return 120 * (u - 0.12 * np.sin(2 * np.pi * u))


def _spin(b: Beats, taste: Taste) -> Pose:
    near, wide = (-0.02, -0.36, 0.46), (0.62, 0.1, 0.45)
    close = keys(b, 4, [(0, (0.5, -0.3, 0.45)), (1, near), (2, (0.02, -0.34, 0.44)), (3, wide)])
    turning = np.sin(np.pi * np.clip(np.mod(b, 4) / 3, 0, 1)) ** 2
    return both(close, wrist=8.0) | {
        "turn": spin_angle(b),
        "drop": 0.03 + 0.02 * swing(b, 1),
        "spine_yaw": 10 * turning,
        "head_yaw": 10 * turning,
        "left_heel": 14 * turning,
        "right_heel": 14 * turning,
        "weight": keys(b, 4, [(0, 0.8), (1, -0.6), (2, 0.6), (3, -0.7)]),
    }


def _bon_sweep(b: Beats, taste: Taste) -> Pose:
    """Both hands gather on one side, float over the head's front to the other and open: a bon-odori turn of the hands."""
    s = taste.size
    side = keys(b, 8, [(0, -1), (1, -0.8), (2, 0.1), (3, 1), (4, 1), (5, 0.8), (6, -0.1), (7, -1)])
    high = keys(b, 8, [(0, 0.1), (1, 0.0), (2, 1.0), (3, 0.25), (4, 0.1), (5, 0.0), (6, 1.0), (7, 0.25)])
    pose = bounce(b, taste, 0.022) | {
        "weight": 0.8 * side,
        "hip_yaw": 9 * s * side,
        "spine_yaw": 15 * s * side,
        "waist_side": 3 * side,
        "head_yaw": 14 * side,
        "head_tilt": 4 * side,
        "head_nod": 4 - 7 * high,
        "right_heel": 16 * np.clip(side, 0, 1),
        "left_heel": 16 * np.clip(-side, 0, 1),
    }
    for name, sign in (("left", 1.0), ("right", -1.0)):
        own = sign * side  # +1 when the hands are on this arm's side
        late = keys(b - 0.05, 2, [(0, -1.0), (1, 1.0)])
        pose |= arm(name, (0.15 + 0.42 * s * own, -0.15 + 0.62 * s * high, 0.58 - 0.10 * high), palm=35 - 45 * high, wrist=14 * late, swivel=12.0)
    return pose


def _bon_clap(b: Beats, taste: Taste) -> Pose:
    """Clap, clap, open to one side; clap, clap, open to the other: with small steps on the spot."""
    s = taste.size
    pose = bounce(b, taste, 0.025)
    meet = (CLAP[0], -0.22, CLAP[2])
    left = keys(b, 4, [(0, meet), (0.5, (-0.05, -0.22, 0.6)), (1, meet), (2, (0.72, 0.34, 0.40)), (3, (0.34, -0.46, 0.40))])
    right = keys(b, 4, [(0, meet), (0.5, (-0.05, -0.22, 0.6)), (1, meet), (2, (-0.10, -0.02, 0.66)), (3, (0.30, -0.50, 0.40))])
    open_ = keys(b, 4, [(0, 0), (1, 0), (2, 1), (3, 0.2)])
    close = keys(b, 4, [(0, CLAP_WRIST), (0.5, CLAP_WRIST), (1, CLAP_WRIST), (2, 4), (3, 4)])
    return pose | arm("left", left, palm=10 - 30 * open_, wrist=close) | arm("right", right, palm=10 - 20 * open_, wrist=close) | {
        "weight": keys(b, 4, [(0, -0.6), (1, 0.6), (2, 0.9), (3, -0.4)]),
        "spine_yaw": 16 * s * open_,
        "hip_yaw": 5 * s * open_,
        "head_yaw": 14 * open_,
        "head_nod": 4 - 8 * open_,
        "waist_side": 4 * s * open_,
    }


def _bon_steps(taste: Taste) -> list[Step]:
    return [
        Step(foot=LEFT, lift=0.4, land=1.0, front=0.03, height=0.05),
        Step(foot=RIGHT, lift=1.4, land=2.0, front=0.02, height=0.05),
        Step(foot=RIGHT, lift=3.4, land=4.0, front=-0.02, height=0.05),
        Step(foot=LEFT, lift=2.45, land=3.0, front=-0.02, height=0.05),
    ]


def _waltz_steps(taste: Taste) -> list[Step]:
    far = 0.17 * taste.size
    return [
        Step(foot=LEFT, lift=-0.8, land=0, front=far, out=0.11),
        Step(foot=RIGHT, lift=0.1, land=1, front=far, out=0.11 + 0.16, via=(-0.06, 0)),
        Step(foot=LEFT, lift=1.1, land=2, front=far, out=-0.09, toes=6),
        Step(foot=RIGHT, lift=2.15, land=3, front=-0.02, out=0.25),
        Step(foot=LEFT, lift=3.1, land=4, front=-0.02, out=0.09),
        Step(foot=RIGHT, lift=4.1, land=5, front=-0.02, out=0.11),
    ]


def _waltz_box(b: Beats, taste: Taste) -> Pose:
    """The box step alone, arms held as round a partner: down on one, rise on two and three."""
    s = taste.size
    sway = keys(b, 6, [(0, 1), (1, -0.6), (2, -1), (3, -1), (4, 0.6), (5, 1)])
    rise = keys(b, 3, [(0, 0), (1, 0.7), (2, 1.0)])
    return arm("left", (0.74, 0.06 + 0.05 * s * rise, 0.42), palm=20.0, wrist=6.0) | arm(
        "right", (0.42, -0.14 + 0.04 * s * rise, 0.56), palm=25.0, wrist=14.0, swivel=35.0
    ) | {
        "drop": 0.075 - 0.05 * s * rise,
        "weight": keys(b, 6, [(0, 0.8), (1, -0.8), (2, -0.7), (3, -0.8), (4, 0.8), (5, 0.7)]),
        "waist_side": 6 * s * sway,
        "spine_yaw": 9 * s * sway,
        "head_yaw": 8 + 6 * sway,
        "head_tilt": 3 * sway,
        "left_heel": 16 * s * rise,
        "right_heel": 16 * s * rise,
    }


def _waltz_sway(b: Beats, taste: Taste) -> Pose:
    """A balance: three beats to each side, arms floating after the body."""
    s = taste.size
    sway = keys(b, 6, [(0, 0.6), (1, 1.0), (2, 0.8), (3, -0.6), (4, -1.0), (5, -0.8)])
    rise = keys(b, 3, [(0, 0), (1, 0.8), (2, 0.5)])
    pose: Pose = {
        "drop": 0.06 - 0.03 * s * rise,
        "weight": 0.85 * sway,
        "waist_side": 8 * s * sway,
        "hip_tilt": 3 * s * sway,
        "spine_yaw": 10 * s * sway,
        "head_tilt": 6 * sway,
        "head_yaw": 8 * sway,
        "right_heel": 18 * np.clip(sway, 0, 1),
        "left_heel": 18 * np.clip(-sway, 0, 1),
    }
    for side, sign in (("left", 1.0), ("right", -1.0)):
        own = sign * keys(b - 0.05, 6, [(0, 0.55), (1, 1.0), (2, 0.6), (3, -0.55), (4, -1.0), (5, -0.6)])
        pose |= arm(side, (0.44 + 0.34 * s * own, -0.26 + 0.36 * s * own, 0.50 - 0.14 * own), palm=10 - 15 * own, wrist=12 - 16 * own)
    return pose


def _grapevine_steps(taste: Taste) -> list[Step]:
    far = 0.12 * taste.size
    return [
        Step(foot=RIGHT, lift=-0.85, land=0, out=HALF_STANCE + far),
        Step(foot=LEFT, lift=0.12, land=1, out=-0.16 - far, front=-0.10, toes=20, via=(0, -0.06)),
        Step(foot=RIGHT, lift=1.12, land=2, out=HALF_STANCE + far + 0.16),
        Step(foot=LEFT, lift=2.1, land=3, out=-0.02 - far, height=0.05),
        Step(foot=LEFT, lift=3.15, land=4, out=HALF_STANCE + far),
        Step(foot=RIGHT, lift=4.12, land=5, out=-0.16 - far, front=-0.10, toes=20, via=(0, -0.06)),
        Step(foot=LEFT, lift=5.12, land=6, out=HALF_STANCE + far + 0.16),
        Step(foot=RIGHT, lift=6.1, land=7, out=-0.02 - far, height=0.05),
    ]


def _grapevine(b: Beats, taste: Taste) -> Pose:
    s = taste.size
    cross = keys(b, 8, [(0, 0), (1, -1), (2, 0), (3, 0.6), (4, 0), (5, 1), (6, 0), (7, -0.6)])
    shut = keys(b, 4, [(0, (0.46, -0.42, 0.40)), (1, (0.30, -0.30, 0.46)), (2, (0.62, -0.16, 0.42)), (3, (CLAP[0], -0.1, CLAP[2]))])
    return bounce(b, taste, 0.028) | both(shut, palm=8.0, wrist=keys(b, 4, [(0, 4), (1, 4), (2, 4), (3, CLAP_WRIST)]), swivel=10.0) | {
        "weight": keys(b, 8, [(0, -0.8), (1, 0.8), (2, -0.8), (3, -0.9), (4, 0.8), (5, -0.8), (6, 0.8), (7, 0.9)]),
        "hip_yaw": 10 * s * cross,
        "spine_yaw": -14 * s * cross,
        "waist_side": 4 * s * cross,
    }


def _lean(b: Beats, taste: Taste) -> Pose:
    """Hip-hop: the shoulders lean and dip to each side, twice, arms hanging low and loose."""
    s = taste.size
    lean = keys(b, 4, [(0, -0.75), (1, -1.0), (2, 0.75), (3, 1.0)])
    pose = bounce(b, taste, 0.05, 0.045) | {
        "weight": 0.7 * lean,
        "chest_side": 12 * s * lean,
        "waist_side": 7 * s * lean,
        "hip_tilt": -4 * s * lean,
        "spine_yaw": 12 * s * lean,
        "hip_yaw": -5 * s * lean,
        "head_tilt": 8 * s * keys(b - 0.1, 4, [(0, -0.75), (1, -1.0), (2, 0.75), (3, 1.0)]),
        "waist_bend": 9.0,
    }
    for side, sign in (("left", 1.0), ("right", -1.0)):
        own = sign * keys(b - 0.08, 4, [(0, -0.75), (1, -1.0), (2, 0.75), (3, 1.0)])
        pose |= arm(side, (0.30 - 0.10 * own, -0.66 - 0.08 * own, 0.36 - 0.1 * own), wrist=18.0, palm=30.0, shrug=-4 * own)
    return pose


MOVES: dict[str, Move] = {
    move.name: move
    for move in (
        Move(name="groove", period=2, pose=_groove, energy=0.4),
        Move(name="sway", period=4, pose=_sway, energy=0.05),
        Move(name="two step", period=4, pose=_two_step, steps=_side_steps, energy=0.45),
        Move(name="step clap", period=4, pose=_step_clap, steps=_side_steps, energy=0.6),
        Move(name="disco point", period=4, pose=_disco_point, energy=0.75),
        Move(name="arm wave", period=4, pose=_arm_wave, energy=0.35),
        Move(name="body roll", period=2, pose=_body_roll, energy=0.45),
        Move(name="hip sway", period=4, pose=_hip_sway, energy=0.35),
        Move(name="shimmy", period=4, pose=_shimmy, energy=0.6),
        Move(name="running man", period=2, pose=_running_man, steps=_running_steps, energy=0.85, calm_legs=False),
        Move(name="kick step", period=4, pose=_kick_step, steps=_kick_steps, energy=0.75, calm_legs=False),
        Move(name="twist", period=8, pose=_twist, energy=0.65, calm_legs=False),
        Move(name="robot", period=4, pose=_robot, energy=0.5),
        Move(name="jump", period=4, pose=_jump, steps=_jump_steps, energy=0.95, calm_legs=False),
        Move(name="raise the roof", period=4, pose=_raise_roof, energy=0.85),
        Move(name="sprinkler", period=4, pose=_sprinkler, energy=0.6),
        Move(name="spin", period=4, pose=_spin, steps=_spin_steps, energy=0.7, calm_legs=False, turns=1),
        Move(name="bon sweep", period=8, pose=_bon_sweep, energy=0.4),
        Move(name="bon clap", period=4, pose=_bon_clap, steps=_bon_steps, energy=0.5),
        Move(name="waltz box", period=6, pose=_waltz_box, steps=_waltz_steps, energy=0.5, calm_legs=False),
        Move(name="waltz sway", period=6, pose=_waltz_sway, energy=0.3),
        Move(name="grapevine", period=8, pose=_grapevine, steps=_grapevine_steps, energy=0.55, calm_legs=False),
        Move(name="lean", period=4, pose=_lean, energy=0.5),
    )
}
"""Every move, by name."""
