"""A music whose beats are known exactly, and what bodies are measured with; shared by the dance's tests."""

from dataclasses import replace
from itertools import pairwise

import numpy as np

from omote.make.dance import figure, footwork
from omote.make.dance.music import Music, grid
from omote.make.dance.phrasing import Move, Taste
from omote.make.dance.structure import Section
from omote.parts.body.motion import INDEX, Motion, positions_of, world_rotations


def known_music(
    seconds: float = 40.0, bpm: float = 120.0, meter: int = 4, cuts: tuple[int, ...] = (), energy: float = 0.7
) -> Music:
    beats = grid(seconds, bpm, 0.3)
    edges = [0, *cuts, len(beats)]
    return Music(
        duration=seconds,
        beats=beats,
        meter=meter,
        first_downbeat=0,
        energy=np.full(len(beats), energy),
        sections=tuple(Section(start=a, end=z, label=i) for i, (a, z) in enumerate(pairwise(edges))),
        confidence=1.0,
    )


def danced(move: Move, taste: Taste, bpm: float = 120.0, fps: float = 60.0, rounds: int = 3) -> Motion:
    """One move over and over on a steady beat."""
    beats = np.arange(round(rounds * move.period * 60 / bpm * fps)) / fps * bpm / 60
    steps = [
        replace(step, lift=step.lift + k * move.period, land=step.land + k * move.period)
        for k in range(rounds + 1)
        for step in move.steps(taste)
    ]
    pose = dict(move.pose(beats, taste))
    if move.turns:
        pose["turn"] = pose["turn"] + 360.0 * np.floor(beats / move.period)
    return figure.solve(pose, footwork.track(steps, beats, pose.get("turn", 0.0)), fps)


def points(motion: Motion) -> tuple[np.ndarray, np.ndarray]:
    """World rotations and joint positions."""
    world = world_rotations(motion.rotations)
    return world, positions_of(world, motion.root)


def _between(a1: np.ndarray, a2: np.ndarray, b1: np.ndarray, b2: np.ndarray) -> np.ndarray:
    """Distance between two segments per frame, from samples on both."""
    u = np.linspace(0, 1, 9)[None, :, None]
    a, b = a1[:, None] + u * (a2 - a1)[:, None], b1[:, None] + u * (b2 - b1)[:, None]
    return np.linalg.norm(a[:, :, None] - b[:, None], axis=-1).min((1, 2))


def clearances(motion: Motion) -> dict[str, float]:
    """Smallest distance between the capsules of arms and of trunk, head and each other; negative is inside."""
    world, at = points(motion)

    def point(name: str, offset: tuple[float, float, float]) -> np.ndarray:
        return at[:, INDEX[name]] + world[:, INDEX[name]] @ np.array(offset)

    found: dict[str, float] = {}
    trunk = [("Hips", "Spine1", 0.10), ("Spine1", "Spine2", 0.105)]
    for side, out in (("Left", 1), ("Right", -1)):
        elbow, wrist = at[:, INDEX[f"{side}ForeArm"]], at[:, INDEX[f"{side}Hand"]]
        palm = point(f"{side}Hand", (0.09 * out, 0, 0))
        head = point("Head", (0, 0.03, 0.02)), point("Head", (0, 0.12, 0.02))
        found[f"{side} hand and head"] = float((_between(wrist, palm, *head) - 0.10 - 0.03).min())
        found[f"{side} forearm and head"] = float((_between(elbow, wrist, *head) - 0.10 - 0.04).min())
        for low, high, radius in trunk:
            for x in (-0.06, 0.06):
                a, b = point(low, (x, 0, 0)), point(high, (x, 0, 0))
                near = min((_between(wrist, palm, a, b) - 0.03).min(), (_between(elbow, wrist, a, b) - 0.035).min())
                key = f"{side} arm and trunk"
                found[key] = min(found.get(key, np.inf), float(near - radius))
    fore = [at[:, INDEX[f"{s}{part}"]] for s in ("Left", "Right") for part in ("ForeArm", "Hand")]
    found["forearms"] = float((_between(*fore) - 0.06).min())
    return found


def flexion(motion: Motion, joint: str) -> np.ndarray:
    """Angle between a limb's bones in degrees: 0 is straight."""
    _, at = points(motion)
    j = INDEX[joint]
    a, b = at[:, j] - at[:, j - 1], at[:, j + 1] - at[:, j]
    cosine = (a * b).sum(-1) / np.linalg.norm(a, axis=-1) / np.linalg.norm(b, axis=-1)
    return np.degrees(np.arccos(np.clip(cosine, -1, 1)))


def angle_between(motion: Motion, a: str, b: str) -> np.ndarray:
    """Angle between two joints' world rotations, degrees."""
    world, _ = points(motion)
    trace = np.trace(world[:, INDEX[a]].swapaxes(1, 2) @ world[:, INDEX[b]], axis1=1, axis2=2)
    return np.degrees(np.arccos(np.clip((trace - 1) / 2, -1, 1)))


def with_beats(music: Music, beats: np.ndarray) -> Music:
    """The same music on other beats, in one section."""
    whole = replace(music.sections[0], end=len(beats))
    energy = np.full(len(beats), float(music.energy[0]))
    return replace(music, beats=beats, energy=energy, sections=(whole,))
