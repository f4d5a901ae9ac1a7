"""Moves that step, kick, jump or turn; each has its pose and its steps."""

import numpy as np

from omote.make.dance.figure import HALF_STANCE, Channels
from omote.make.dance.footwork import LEFT, RIGHT, Step
from omote.make.dance.phrasing import CLAP, CLAP_WRIST, Beats, Pose, Taste, arm, both, bounce, hit, keys, smooth, swing


def side_steps(taste: Taste) -> list[Step]:
    """Step to the right, touch; step to the left, touch."""
    far = HALF_STANCE + 0.10 * taste.size
    near = far - 0.19
    return [
        Step(foot=RIGHT, lift=-0.85, land=0, out=far),
        Step(foot=LEFT, lift=0.1, land=1, out=-near, height=0.05, toes=12),
        Step(foot=LEFT, lift=1.15, land=2, out=far),
        Step(foot=RIGHT, lift=2.1, land=3, out=-near, height=0.05, toes=12),
    ]


def side_body(b: Beats, taste: Taste) -> Pose:
    """What hips, trunk and head do in a side step."""
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


def two_step(b: Beats, taste: Taste) -> Channels:
    """Side steps; the hand of the touching foot comes to the front."""
    s = taste.size
    pose = side_body(b, taste)
    for side, first in (("left", 1), ("right", 3)):
        path = keys(b - 0.05, 4, [((first - 1) % 4, (0.34, -0.66, 0.28)), (first, (-0.02, -0.36, 0.5))], smooth)
        pose |= arm(side, path * [[1], [1], [0.6 + 0.4 * s]], wrist=10.0)
    return pose


def step_clap(b: Beats, taste: Taste) -> Channels:
    """Side steps with a clap on two and four."""
    high = 0.25 if taste.variant % 2 else 0.0
    together = keys(b, 2, [(0, (0.34, -0.42, 0.42)), (1, (CLAP[0], CLAP[1] + high, CLAP[2]))], hit)
    return side_body(b, taste) | both(
        together, palm=keys(b, 2, [(0, 10), (1, 0)]), wrist=keys(b, 2, [(0, 5), (1, CLAP_WRIST)], hit), swivel=12.0
    )


def running_steps(taste: Taste) -> list[Step]:
    """Knees up in turn, landing on the beat."""
    knee = 0.24 * taste.size
    return [
        Step(foot=LEFT, lift=-0.5, land=0.02, height=0.07, front=0.05, via=(0, 0.02)),
        Step(foot=RIGHT, lift=0.08, land=1.02, height=knee, front=0.05, via=(0, 0.10), point=30),
        Step(foot=LEFT, lift=1.08, land=2.02, height=knee, front=0.05, via=(0, 0.10), point=30),
    ]


def running_man(b: Beats, taste: Taste) -> Channels:
    """Run on the spot, arms against legs."""
    s = taste.size
    pose = bounce(b, taste, 0.05, 0.04)
    for side, sign in (("left", 1.0), ("right", -1.0)):
        fore = sign * keys(b - 0.04, 2, [(0, -1.0), (1, 1.0)])
        pose |= arm(side, (0.10 - 0.05 * fore, -0.46 + 0.22 * s * fore, 0.36 + 0.26 * s * fore), wrist=5.0, palm=0.0)
    return pose | {
        "weight": keys(b, 2, [(0.0, 0.75), (0.5, 0.9), (1.0, -0.75), (1.5, -0.9)]),
        "waist_bend": 7.0,
        "spine_yaw": -12 * s * keys(b, 2, [(0, -1.0), (1, 1.0)]),
        "hip_yaw": 7 * s * keys(b, 2, [(0, -1.0), (1, 1.0)]),
        "hip_tilt": -4 * keys(b, 2, [(0.5, 1.0), (1.5, -1.0)]),
    }


def kick_steps(taste: Taste) -> list[Step]:
    """One low kick forwards per two beats, alternating."""
    kick = 0.14 + 0.14 * taste.size
    return [
        Step(foot=RIGHT, lift=0.3, land=1.75, height=kick, via=(0.04, 0.60), point=30, out=HALF_STANCE),
        Step(foot=LEFT, lift=2.3, land=3.75, height=kick, via=(0.04, 0.60), point=30, out=HALF_STANCE),
    ]


def kick_step(b: Beats, taste: Taste) -> Channels:
    """Kick to the front, leaning back; the other arm swings forwards."""
    s = taste.size
    kick = keys(b, 4, [(0, 0), (1, 1), (2, 0), (3, -1)])
    pose = bounce(b, taste, 0.03, 0.04)
    for side, sign in (("left", 1.0), ("right", -1.0)):
        fore = sign * kick
        pose |= arm(
            side, (0.34 - 0.12 * fore, -0.50 + 0.22 * s * fore, 0.30 + 0.42 * np.clip(fore, -0.6, 1)), wrist=8.0
        )
    return pose | {
        "weight": keys(b, 4, [(0, 0.5), (0.4, 1.0), (1.4, 1.0), (2, -0.5), (2.4, -1.0), (3.4, -1.0)]),
        "waist_bend": -7 * np.abs(kick) + 4,
        "hip_nod": -6 * np.abs(kick),
        "spine_yaw": -16 * s * kick,
        "hip_yaw": 9 * s * kick,
        "head_nod": 6 * np.abs(kick),
    }


def jump_steps(taste: Taste) -> list[Step]:
    """Hop with both feet between beats, landing on them."""
    hop = 0.035 + 0.035 * taste.size
    return [
        Step(foot=f, lift=k + 0.32, land=k + 0.88, height=hop, point=28, out=0.15)
        for k in (0, 1)
        for f in (LEFT, RIGHT)
    ]


def jump(b: Beats, taste: Taste) -> Channels:
    """Hop on every beat, arms waving overhead."""
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


def spin_steps(taste: Taste) -> list[Step]:
    """Three steps round and one to settle."""
    turn = [(LEFT, -0.6, 0.0), (RIGHT, 0.15, 1.0), (LEFT, 1.15, 2.0), (RIGHT, 2.15, 3.0), (LEFT, 3.1, 3.7)]
    return [Step(foot=f, lift=a, land=z, out=0.11, height=0.04, toes=6, ahead=0.5) for f, a, z in turn]


def spin_angle(b: Beats) -> Beats:
    """Heading of the spin within its four beats, degrees to the left: a turn in three steps, over on beat three."""
    u = np.clip(np.mod(b, 4), 0, 3)
    return 120 * (u - 0.12 * np.sin(2 * np.pi * u))


def spin(b: Beats, taste: Taste) -> Channels:
    """Turn once to the left in three beats, arms close, and open them."""
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


def bon_clap(b: Beats, taste: Taste) -> Channels:
    """Clap, clap, open to one side; clap, clap, open to the other: with small steps on the spot."""
    s = taste.size
    pose = bounce(b, taste, 0.025)
    meet = (CLAP[0], -0.22, CLAP[2])
    left = keys(
        b, 4, [(0, meet), (0.5, (-0.05, -0.22, 0.6)), (1, meet), (2, (0.72, 0.34, 0.40)), (3, (0.34, -0.46, 0.40))]
    )
    right = keys(
        b, 4, [(0, meet), (0.5, (-0.05, -0.22, 0.6)), (1, meet), (2, (-0.10, -0.02, 0.66)), (3, (0.30, -0.50, 0.40))]
    )
    open_ = keys(b, 4, [(0, 0), (1, 0), (2, 1), (3, 0.2)])
    close = keys(b, 4, [(0, CLAP_WRIST), (0.5, CLAP_WRIST), (1, CLAP_WRIST), (2, 4), (3, 4)])
    return (
        pose
        | arm("left", left, palm=10 - 30 * open_, wrist=close)
        | arm("right", right, palm=10 - 20 * open_, wrist=close)
        | {
            "weight": keys(b, 4, [(0, -0.6), (1, 0.6), (2, 0.9), (3, -0.4)]),
            "spine_yaw": 16 * s * open_,
            "hip_yaw": 5 * s * open_,
            "head_yaw": 14 * open_,
            "head_nod": 4 - 8 * open_,
            "waist_side": 4 * s * open_,
        }
    )


def bon_steps(taste: Taste) -> list[Step]:
    """Small steps on the spot."""
    return [
        Step(foot=LEFT, lift=0.4, land=1.0, front=0.03, height=0.05),
        Step(foot=RIGHT, lift=1.4, land=2.0, front=0.02, height=0.05),
        Step(foot=RIGHT, lift=3.4, land=4.0, front=-0.02, height=0.05),
        Step(foot=LEFT, lift=2.45, land=3.0, front=-0.02, height=0.05),
    ]


def waltz_steps(taste: Taste) -> list[Step]:
    """The box: forwards, side, close; backwards, side, close."""
    far = 0.17 * taste.size
    return [
        Step(foot=LEFT, lift=-0.8, land=0, front=far, out=0.11),
        Step(foot=RIGHT, lift=0.1, land=1, front=far, out=0.11 + 0.16, via=(-0.06, 0)),
        Step(foot=LEFT, lift=1.1, land=2, front=far, out=-0.09, toes=6),
        Step(foot=RIGHT, lift=2.15, land=3, front=-0.02, out=0.25),
        Step(foot=LEFT, lift=3.1, land=4, front=-0.02, out=0.09),
        Step(foot=RIGHT, lift=4.1, land=5, front=-0.02, out=0.11),
    ]


def waltz_box(b: Beats, taste: Taste) -> Channels:
    """The box step alone, arms held as round a partner: down on one, rise on two and three."""
    s = taste.size
    sway = keys(b, 6, [(0, 1), (1, -0.6), (2, -1), (3, -1), (4, 0.6), (5, 1)])
    rise = keys(b, 3, [(0, 0), (1, 0.7), (2, 1.0)])
    return (
        arm("left", (0.74, 0.06 + 0.05 * s * rise, 0.42), palm=20.0, wrist=6.0)
        | arm("right", (0.42, -0.14 + 0.04 * s * rise, 0.56), palm=25.0, wrist=14.0, swivel=35.0)
        | {
            "drop": 0.075 - 0.05 * s * rise,
            "weight": keys(b, 6, [(0, 0.8), (1, -0.8), (2, -0.7), (3, -0.8), (4, 0.8), (5, 0.7)]),
            "waist_side": 6 * s * sway,
            "spine_yaw": 9 * s * sway,
            "head_yaw": 8 + 6 * sway,
            "head_tilt": 3 * sway,
            "left_heel": 16 * s * rise,
            "right_heel": 16 * s * rise,
        }
    )


def grapevine_steps(taste: Taste) -> list[Step]:
    """Side, behind, side, touch; and back."""
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


def grapevine(b: Beats, taste: Taste) -> Channels:
    """Travel sideways with crossing feet, clapping on the touch."""
    s = taste.size
    cross = keys(b, 8, [(0, 0), (1, -1), (2, 0), (3, 0.6), (4, 0), (5, 1), (6, 0), (7, -0.6)])
    shut = keys(
        b,
        4,
        [(0, (0.46, -0.42, 0.40)), (1, (0.30, -0.30, 0.46)), (2, (0.62, -0.16, 0.42)), (3, (CLAP[0], -0.1, CLAP[2]))],
    )
    return (
        bounce(b, taste, 0.028)
        | both(shut, palm=8.0, wrist=keys(b, 4, [(0, 4), (1, 4), (2, 4), (3, CLAP_WRIST)]), swivel=10.0)
        | {
            "weight": keys(b, 8, [(0, -0.8), (1, 0.8), (2, -0.8), (3, -0.9), (4, 0.8), (5, -0.8), (6, 0.8), (7, 0.9)]),
            "hip_yaw": 10 * s * cross,
            "spine_yaw": -14 * s * cross,
            "waist_side": 4 * s * cross,
        }
    )
