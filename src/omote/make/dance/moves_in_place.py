"""Moves whose feet stay where they are: weight, hips, trunk and arms."""

import numpy as np

from omote.make.dance.figure import Channels
from omote.make.dance.phrasing import HIP, Beats, Pose, Taste, arm, both, bounce, hit, keys, pop, pumping, swing


def groove(b: Beats, taste: Taste) -> Channels:
    """Bounce and sway with bent arms: what a dancer does between other things."""
    s, sway = taste.size, swing(b, 2)
    return (
        bounce(b, taste, 0.032)
        | pumping(b, taste)
        | {
            "weight": 0.55 * sway,
            "hip_tilt": 4 * s * sway,
            "hip_yaw": -7 * s * sway,
            "spine_yaw": 13 * s * sway,
            "waist_side": 4 * s * sway,
            "head_tilt": 4 * s * swing(b - 0.08, 2),
            "right_heel": 14 * s * np.clip(sway, 0, 1),
            "left_heel": 14 * s * np.clip(-sway, 0, 1),
        }
    )


def sway(b: Beats, taste: Taste) -> Channels:
    """Shift the weight slowly from side to side, for quiet music."""
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
        pose |= arm(
            side, (0.2 + 0.16 * s * open_, -0.82 + 0.1 * s * open_, 0.2 + 0.12 * open_), palm=5.0, wrist=12 - 8 * open_
        )
    return pose


def disco_point(b: Beats, taste: Taste) -> Channels:
    """One hand points high outwards, then low across; the other rests on the hip."""
    s = taste.size
    path = keys(b, 2, [(0, (0.52, 0.80, 0.16)), (1, (-0.46, -0.56, 0.58))])
    up = keys(b, 2, [(0, 1.0), (1, 0.0)])
    path[2] += 1.2 * up * (1 - up)  # round the trunk, not through it
    return (
        bounce(b, taste, 0.028)
        | arm("right", path, palm=40.0, wrist=0.0)
        | arm("left", HIP, swivel=45.0, wrist=22.0, palm=30.0)
        | {
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
    )


def arm_wave(b: Beats, taste: Taste) -> Channels:
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


def body_roll(b: Beats, taste: Taste) -> Channels:
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


def hip_sway(b: Beats, taste: Taste) -> Channels:
    """Hips to each side, the shoulders staying behind; arms float or rest on the hips."""
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


def shimmy(b: Beats, taste: Taste) -> Channels:
    """Shake the shoulders while leaning in and out."""
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
        pose |= arm(
            side,
            (0.42, -0.52 + 0.03 * shake * sign, 0.34 - 0.05 * sign * shake),
            palm=-35.0,
            wrist=-18.0,
            shrug=5.0 + 6 * sign * shake,
            swivel=20.0,
        )
    return pose


def twist(b: Beats, taste: Taste) -> Channels:
    """Twist on the balls of both feet, sinking and rising again; shoulders stay in front."""
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


def robot(b: Beats, taste: Taste) -> Channels:
    """Right angles that jerk into place on each beat."""
    s = taste.size
    left = keys(
        b,
        4,
        [(0, (0.42, -0.40, 0.34)), (1, (0.42, 0.42, 0.34)), (2, (0.10, -0.42, 0.55)), (3, (0.40, -0.40, 0.40))],
        pop,
    )
    right = keys(
        b,
        4,
        [(0, (0.42, 0.42, 0.34)), (1, (0.42, -0.40, 0.34)), (2, (0.40, -0.40, 0.40)), (3, (0.10, -0.42, 0.55))],
        pop,
    )
    side = keys(b, 4, [(0, -1), (1, 1), (2, 0.7), (3, -0.7)], pop)
    return (
        arm("left", left, swivel=28.0, wrist=0.0, palm=25.0)
        | arm("right", right, swivel=28.0, wrist=0.0, palm=25.0)
        | {
            "drop": 0.04 + 0.03 * s * keys(b, 2, [(0, 1.0), (1, 0.2)], pop),
            "head_yaw": 26 * s * keys(b, 4, [(0, 1), (1, -1), (2, -0.4), (3, 0.4)], pop),
            "spine_yaw": 16 * s * side,
            "hip_yaw": -6 * s * side,
            "chest_side": 6 * s * side,
            "waist_bend": keys(b, 4, [(0, 2), (1, 2), (2, 11), (3, 11)], pop),
            "weight": 0.5 * side,
        }
    )


def raise_roof(b: Beats, taste: Taste) -> Channels:
    """Palms push the roof up on every other beat."""
    s = taste.size
    push = keys(b, 2, [(0, (0.34, 0.86, 0.16)), (1, (0.42, 0.40, 0.26))], hit)
    sway = keys(b, 4, [(0, 1.0), (1, 0.4), (2, -1.0), (3, -0.4)])
    return (
        bounce(b, taste, 0.05)
        | both(push, palm=60.0, wrist=-50.0)
        | {
            "weight": 0.5 * sway,
            "waist_side": 6 * s * sway,
            "hip_tilt": 4 * s * sway,
            "spine_yaw": 8 * s * sway,
        }
    )


def sprinkler(b: Beats, taste: Taste) -> Channels:
    """One hand behind the head, the other arm sweeps in four clicks and comes back in one."""
    s = taste.size
    sweep = keys(b, 4, [(0, -0.55), (1, -0.1), (2, 0.45), (3, 0.95)], hit)
    angle = np.pi / 2 * sweep
    out, front = 0.92 * np.sin(angle), 0.92 * np.cos(angle)
    return (
        bounce(b, taste, 0.028)
        | arm("right", (out, np.full_like(b, -0.04), front), palm=35.0, wrist=0.0)
        | arm("left", (0.10, 0.44, -0.06), swivel=10.0, palm=-20.0, wrist=20.0)
        | {
            "spine_yaw": -22 * s * sweep,
            "hip_yaw": -6 * s * sweep,
            "head_yaw": -14 * sweep,
            "weight": -0.5 * sweep,
            "head_nod": 3.0,
        }
    )


def bon_sweep(b: Beats, taste: Taste) -> Channels:
    """Both hands gather on one side, float before the face to the other and open: a bon-odori turn of the hands."""
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
        pose |= arm(
            name,
            (0.15 + 0.42 * s * own, -0.15 + 0.62 * s * high, 0.58 - 0.10 * high),
            palm=35 - 45 * high,
            wrist=14 * late,
            swivel=12.0,
        )
    return pose


def waltz_sway(b: Beats, taste: Taste) -> Channels:
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
        pose |= arm(
            side,
            (0.44 + 0.34 * s * own, -0.26 + 0.36 * s * own, 0.50 - 0.14 * own),
            palm=10 - 15 * own,
            wrist=12 - 16 * own,
        )
    return pose


def lean(b: Beats, taste: Taste) -> Channels:
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
        pose |= arm(
            side, (0.30 - 0.10 * own, -0.66 - 0.08 * own, 0.36 - 0.1 * own), wrist=18.0, palm=30.0, shrug=-4 * own
        )
    return pose
