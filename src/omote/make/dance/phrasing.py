"""What moves are written with: a place in time, easing from beat to beat, bounce, arms.

Idea: a move is a pure function of the beat position `b` (0 where the move starts; whole numbers are beats) and of its
`Taste`. Values are reached *on* beats and left between them, so the joints' speed is least on the beat: that is what
makes a dance look in time (kinematic beats). The body goes down on the beat, hips lead, shoulders turn against the
hips, hands and head follow a little late. Channels and their units are those of `figure`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from omote.make.dance.figure import Channels, Number
from omote.make.dance.footwork import Step

Beats = Float[ndarray, "t"]
Pose = dict[str, Float[ndarray, "t"] | Number]
Hand = Float[ndarray, "3 t"] | Sequence[Float[ndarray, "t"] | Number]
"""A hand at (out, up, front) of its shoulder."""


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
    pose: Callable[[Beats, Taste], Channels]
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
    return smooth(u**1.6)


def keys(
    b: Beats,
    period: Number,
    values: Sequence[tuple[Number, Number | tuple[Number, ...]]],
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


def swing(b: Beats, period: Number, top: Number = 0.0) -> Beats:
    """Go to and fro: 1 at beat `top`, -1 half a period later."""
    return np.cos(2 * np.pi * (b - top) / period)


def bounce(b: Beats, taste: Taste, depth: float = 0.026, base: float = 0.016) -> Pose:
    """Down on every beat, the head nodding a little later."""
    beat = b + 0.07 * np.sin(2 * np.pi * b)
    down = (0.5 + 0.5 * np.cos(2 * np.pi * beat)) ** 1.2
    nod = (0.5 + 0.5 * np.cos(2 * np.pi * (b - 0.07))) ** 1.5
    return {
        "drop": base + depth * taste.size * down,
        "head_nod": 5 * taste.size * nod,
        "chest_bend": 3 * taste.size * down,
    }


# --- arms ------------------------------------------------------------------------------------------------------------


def arm(side: str, hand: Hand, **more: Beats | Number) -> Pose:
    """Channels of one arm: the hand at (out, up, front), and `swivel`, `palm`, `wrist`, `shrug`."""
    place: Pose = dict(zip(("out", "up", "front"), hand, strict=True))
    return {f"{side}_{name}": value for name, value in (place | more).items()}


def both(hand: Hand, **more: Beats | Number) -> Pose:
    """The same for both arms, mirrored."""
    return arm("left", hand, **more) | arm("right", hand, **more)


BENT = (0.16, -0.52, 0.42)
"""Elbows bent, forearms forward: arms that are ready."""
HIP = (0.10, -0.68, 0.03)
"""Hand on the hip, with the elbow out."""
CLAP = (-0.28, -0.28, 0.70)
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
