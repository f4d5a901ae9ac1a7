"""Steps: when each foot leaves the floor and where it lands; between steps a foot does not move.

Idea: feet slide when poses are blended. So feet are never blended: moves ask for steps, and one track per foot turns
all steps of a dance into a path that stands still between landing and lifting.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from omote.make.dance.figure import BALL_AHEAD, HALF_STANCE, TOES_OUT, Feet, Number

LEFT, RIGHT = 0, 1


@dataclass(frozen=True, kw_only=True)
class Step:
    """One foot leaves the floor and lands again."""

    foot: int
    """0 left, 1 right."""
    lift: Number
    """Beat at which it leaves the floor."""
    land: Number
    """Beat at which it stands again."""
    out: float = HALF_STANCE
    """Where it lands, hip heights to its own side of the dancer's spot; negative crosses over."""
    front: float = 0.0
    """Where it lands, hip heights in front of the spot."""
    toes: Number = TOES_OUT
    """Toes outwards, degrees."""
    height: float = 0.06
    """Highest point of the ball, hip heights."""
    via: tuple[Number, Number] = (0.0, 0.0)
    """Excursion (out, front) at the middle of the swing: a kick."""
    point: Number = 22.0
    """Toes down at the middle of the swing, degrees; negative flexes the foot."""
    settle: bool = False
    """Whether it is only there to bring the foot to its place: left out where the foot stands there already."""
    ahead: float = 0.0
    """In a turn: place the foot for the heading that the dancer will have this many beats after landing."""


def mirror_step(step: Step) -> Step:
    """Give the step to the other foot."""
    return Step(**{**vars(step), "foot": 1 - step.foot})


def _ease(u: Float[ndarray, "t"]) -> Float[ndarray, "t"]:
    u = np.clip(u, 0, 1)
    return u * u * (3 - 2 * u)


def track(
    steps: Sequence[Step],
    beats: Float[ndarray, "t"],
    turn: Float[ndarray, "t"] | Number = 0.0,
) -> Feet:
    """Where both feet are at each frame.

    Args:
        steps: in any order; a step that would lift its foot before it has landed starts when it has.
        beats: beat position of each frame, increasing.
        turn: heading of the dancer at each frame, degrees to the left: planted feet pivot on their balls with it.
    """
    n = len(beats)
    turn = np.broadcast_to(np.asarray(turn, float), n)
    ball, support = np.zeros((n, 2, 3)), np.zeros((n, 2, 2))
    yaw, pitch, lifted, planted = np.zeros((n, 2)), np.zeros((n, 2)), np.zeros((n, 2)), np.ones((n, 2), bool)
    for foot, sign in ((LEFT, 1.0), (RIGHT, -1.0)):
        place, angle, free = np.array([sign * HALF_STANCE, BALL_AHEAD]), sign * TOES_OUT, -np.inf
        ball[:, foot, [0, 2]], yaw[:, foot], support[:, foot] = place, angle, place
        for step in sorted((s for s in steps if s.foot == foot), key=lambda s: s.land):
            lift = max(step.lift, free)
            if step.land - lift < 0.1:
                continue
            ahead = np.radians(np.interp(step.land + step.ahead, beats, turn))
            spin = np.array([[np.cos(ahead), np.sin(ahead)], [-np.sin(ahead), np.cos(ahead)]])
            goal = spin @ [sign * step.out, BALL_AHEAD + step.front]
            goal_angle = sign * step.toes
            if step.settle and np.hypot(*(goal - place)) < 0.01 and abs(goal_angle - angle) < 3:
                continue
            first, last = np.searchsorted(beats, [lift, step.land])
            u = (beats[first:last] - lift) / (step.land - lift)
            path = place + _ease(u)[:, None] * (goal - place)
            hump = np.sin(np.pi * u) ** 2
            excursion = spin @ [sign * step.via[0], step.via[1]]
            ball[first:last, foot, 0] = path[:, 0] + hump * excursion[0]
            ball[first:last, foot, 2] = path[:, 1] + hump * excursion[1]
            ball[first:last, foot, 1] = step.height * hump
            pitch[first:last, foot] = step.point * hump
            yaw[first:last, foot] = angle + _ease(u) * (goal_angle - angle)
            support[first:last, foot] = path
            planted[first:last, foot] = False
            lifted[first:last, foot] = hump
            ball[last:, foot, 0], ball[last:, foot, 2] = goal
            yaw[last:, foot], support[last:, foot] = goal_angle, goal
            place, angle, free = goal, goal_angle, step.land
    return Feet(ball=ball, yaw=yaw + turn[:, None], pitch=pitch, support=support, planted=planted, lifted=lifted)
