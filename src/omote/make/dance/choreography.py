"""A whole dance for a whole piece of music.

Idea: `routine` says which move comes when; here they are performed. Each frame's beat position comes from the music's
own beats, so tempo changes are followed. Poses of neighbouring moves are cross-faded over less than 0.3 s, feet
never: they step (see `footwork`). The dance waits for the first beat and ends in a pose on the last strong one.

All randomness comes from the seed: the same music, style, seed and rate give the same dance.
"""

from dataclasses import replace

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from scipy.ndimage import gaussian_filter1d

from omote.core.errors import UsageError
from omote.make.dance.figure import NEUTRAL, Arms, Channels, blended, full, mirrored, solve, solve_arms
from omote.make.dance.footwork import LEFT, RIGHT, Step, mirror_step, track
from omote.make.dance.music import Music
from omote.make.dance.phrasing import HIP, Move, Pose, Taste, arm, smooth
from omote.make.dance.routine import STYLES, Part, plan
from omote.parts.body.motion import Motion

FADE = 0.3
"""Seconds from one move's pose to the next's."""
FADE_AHEAD = 0.75
"""Share of the fade that lies before the beat on which the next move starts."""
INERTIA = 0.035
"""Seconds over which a shift of the weight is smeared: a body is heavy."""
HALF_TIME_ABOVE = 165.0
"""Music faster than this, in beats a minute, is danced at half time."""


def style_for(music: Music) -> str:
    """Choose a style: a waltz for three beats a bar, else by tempo and loudness."""
    if music.meter == 3:
        return "waltz"
    if music.tempo < 104:
        return "hip-hop"
    return "disco" if 112 <= music.tempo <= 132 and float(music.energy.mean()) > 0.6 else "pop"


def choreograph(
    music: Music,
    style: str = "auto",
    seed: int = 0,
    fps: float = 30.0,
    *,
    upper_body: bool = False,
) -> Motion:
    """Invent a dance as long as the music.

    Args:
        music: from `music.analyse`.
        style: one of `STYLES`, or `auto`.
        seed: another seed, another dance.
        fps: frames per second.
        upper_body: for a person whose legs are not seen: no kicks, jumps, turns or travel.

    Raises:
        UsageError: there is no such style.
    """
    if style == "auto":
        style = style_for(music)
    if style not in STYLES:
        raise UsageError(f"There is no dance style {style!r}: choose one of auto, {', '.join(STYLES)}.")
    frames = max(round(music.duration * fps), 1)
    seconds = np.arange(frames) / fps
    chosen = STYLES[style]
    score = half_time(music) if music.tempo > HALF_TIME_ABOVE and music.meter == 4 else music
    if chosen.meter is not None:
        score = replace(score, meter=chosen.meter, first_downbeat=score.first_downbeat % chosen.meter)
    parts = plan(score, chosen, np.random.default_rng([seed, 7]), upper_body=upper_body)
    return perform(parts, score, seconds, fps, np.random.default_rng([seed, 11]), 0.55 if upper_body else 1.0)


def half_time(music: Music) -> Music:
    """Count every second beat, so that the first downbeat still counts."""
    first = music.first_downbeat % 2
    kept = np.arange(first, len(music.beats), 2)
    cuts = [max(s.start - first, 0) // 2 for s in music.sections] + [len(kept)]
    sections = tuple(
        replace(s, start=a, end=z) for s, a, z in zip(music.sections, cuts, cuts[1:], strict=False) if z > a
    )
    return replace(
        music,
        beats=music.beats[kept],
        energy=music.energy[kept],
        first_downbeat=music.first_downbeat // 2,
        sections=sections,
    )


def _ready(b: Float[ndarray, "t"]) -> Pose:
    """Waiting for the music: weight on one leg, breathing."""
    breath = np.sin(2 * np.pi * b / 6)
    return {
        "weight": 0.45 + 0.05 * breath,
        "hip_tilt": 3.0,
        "waist_side": -3.0,
        "chest_bend": 1.2 * breath,
        "drop": 0.022,
        "head_tilt": 3.0,
    }


def _final(b: Float[ndarray, "t"]) -> Pose:
    """One arm up, the other on the hip, weight on one leg: held, breathing."""
    breath = np.sin(2 * np.pi * b / 6)
    pose = arm("right", (0.46, 0.82, 0.14), palm=30.0, wrist=-6.0) | arm(
        "left", HIP, swivel=45.0, wrist=22.0, palm=30.0
    )
    return pose | {
        "weight": -0.7,
        "hip_tilt": -6.0,
        "waist_side": 5.0,
        "spine_yaw": 6.0,
        "head_yaw": -10.0,
        "head_nod": -5.0,
        "drop": 0.03 + 0.004 * breath,
        "chest_bend": -2 + 1.2 * breath,
        "left_heel": 18.0,
    }


READY = Move(name="ready", period=6, pose=lambda b, taste: _ready(b))
FINAL = Move(name="final", period=6, pose=lambda b, taste: _final(b))


def perform(
    parts: list[Part], music: Music, seconds: Float[ndarray, "t"], fps: float, rng: np.random.Generator, travel: float
) -> Motion:
    """Dance the parts on the music's beats.

    Args:
        parts: in order, without gaps.
        music: its grid of beats.
        seconds: time of each frame.
        fps: frames per second.
        rng: for the small unevenness of a living dancer.
        travel: scales steps and sways of the hips, 0..1.
    """
    beats = music.beat_at(seconds)
    end = parts[-1].end if parts else 0.0
    turned = parts[-1].turn_after() if parts else 0.0
    whole = [
        Part(move=READY, start=-np.inf, end=0.0, taste=Taste()),
        *parts,
        Part(move=FINAL, start=end, end=np.inf, taste=Taste(), turned=turned),
    ]
    channels, arms = _blend(whole, beats, seconds, music, _unevenness(seconds, rng))
    feet = track(_steps(whole, travel), beats, channels["turn"])
    imbalance = feet.lifted[:, RIGHT] - feet.lifted[:, LEFT]  # nobody stands on a foot that is in the air
    weight = channels["weight"] * (1 - 0.8 * np.abs(imbalance)) + 0.8 * imbalance
    channels["weight"] = gaussian_filter1d(weight, INERTIA * fps, mode="nearest")
    for name in ("weight", "side", "forward"):
        channels[name] = channels[name] * (0.5 + 0.5 * travel)
    channels["drop"] = NEUTRAL["drop"] + (channels["drop"] - NEUTRAL["drop"]) * (0.4 + 0.6 * travel)
    return solve(channels, feet, fps, arms)


def _danced(part: Part, beats: Float[ndarray, "t"]) -> dict[str, Float[ndarray, "t"]]:
    """All channels of one part at the given beats."""
    b = beats - (part.start if np.isfinite(part.start) else 0.0)
    pose: Channels = part.move.pose(b, part.taste)
    if part.move.turns:  # before and after its beats a turn stands still
        inside = np.clip(b, 0, part.end - part.start - 1e-9)
        turn = part.move.pose(inside, part.taste)["turn"] + 360.0 * part.move.turns * (inside // part.move.period)
        pose = dict(pose) | {"turn": turn}
    channels = full(mirrored(pose) if part.mirror else pose, len(b))
    return channels | {"turn": channels["turn"] + part.turned}


def _blend(
    parts: list[Part],
    beats: Float[ndarray, "t"],
    seconds: Float[ndarray, "t"],
    music: Music,
    unevenness: dict[str, Float[ndarray, "t"]],
) -> tuple[dict[str, Float[ndarray, "t"]], Arms]:
    """Each part in turn fades in over what was there before."""
    channels = {name: np.zeros(len(beats)) for name in NEUTRAL}
    arms = np.tile(np.eye(3), (len(beats), 2, 4, 1, 1))
    edges = [float(music.time_at(np.array([p.start]))[0]) if np.isfinite(p.start) else -np.inf for p in parts]
    for part, edge, next_edge in zip(parts, edges, [*edges[1:], np.inf], strict=True):
        begins = edge - FADE_AHEAD * FADE
        first, last = np.searchsorted(seconds, [begins, next_edge + (1 - FADE_AHEAD) * FADE])
        if first == last:
            continue
        span = slice(int(first), int(last))
        rise = smooth(np.clip((seconds[span] - begins) / FADE, 0, 1)) if np.isfinite(begins) else np.ones(last - first)
        pose = _danced(part, beats[span])
        for name, wave in unevenness.items():
            pose[name] = pose[name] + wave[span]
        for name, value in pose.items():
            channels[name][span] += rise * (value - channels[name][span])
        arms[span] = blended(arms[span], solve_arms(pose, len(rise)), rise)
    return channels, arms


def _unevenness(seconds: Float[ndarray, "t"], rng: np.random.Generator) -> dict[str, Float[ndarray, "t"]]:
    """The slow drift of a living dancer, so that no repetition is quite the last one: to be added to channels."""
    drift = {}
    for name, amount in (
        ("head_yaw", 5.0),
        ("head_nod", 2.0),
        ("head_tilt", 2.0),
        ("spine_yaw", 2.0),
        ("left_up", 0.02),
        ("left_front", 0.015),
        ("right_up", 0.02),
        ("right_front", 0.015),
    ):
        rates, phases = rng.uniform(0.07, 0.31, 3), rng.uniform(0, 2 * np.pi, 3)
        drift[name] = amount * np.sin(2 * np.pi * rates[:, None] * seconds + phases[:, None]).sum(0) / 1.7
    return drift


def _steps(parts: list[Part], travel: float) -> list[Step]:
    """All steps of the dance in beats, with the small ones that bring the feet to where a part wants them."""
    steps: list[Step] = []
    for part in parts:
        if not np.isfinite(part.start):
            continue
        own: list[Step] = []
        if np.isfinite(part.end):
            for k in range(int(np.ceil((part.end - part.start) / part.move.period))):
                base = part.start + k * part.move.period
                for step in part.move.steps(part.taste):
                    moved = replace(
                        step,
                        lift=step.lift + base,
                        land=step.land + base,
                        out=NEUTRAL_OUT + (step.out - NEUTRAL_OUT) * travel,
                        front=step.front * travel,
                    )
                    if part.start - 0.6 <= moved.lift and moved.land <= part.end + 1e-6:
                        own.append(mirror_step(moved) if part.mirror else moved)
        for foot, begin in ((LEFT, part.start - 0.45), (RIGHT, part.start + 0.35)):
            if not any(s.foot == foot and s.lift < part.start + 0.9 for s in own):
                own.append(Step(foot=foot, lift=begin, land=begin + 0.45, height=0.035, settle=True))
        steps += own
    return steps


NEUTRAL_OUT = Step(foot=LEFT, lift=0, land=1).out
