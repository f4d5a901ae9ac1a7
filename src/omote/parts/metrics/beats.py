"""How well a dance keeps time, and whether its feet slide.

Sources: kinematic beats and BeatAlign after Li et al., "AI Choreographer" (2021): a kinematic beat is a local minimum
of the joints' speed, and `BeatAlign = 1/m sum_i exp(-min_j |t_i - s_j|^2 / (2 sigma^2))` over the m musical beats
(sigma is three frames at 60 frames/s). Precision and recall count each beat once, within 70 ms, as beat trackers are
judged (MIREX). Diversity is the mean distance between pieces of the dance, as in the same paper but on joint
positions.
"""

from dataclasses import dataclass

import numpy as np
import scipy.ndimage
import scipy.signal
from jaxtyping import Bool, Float
from numpy import ndarray

SIGMA = 3 / 60
"""Seconds."""
TOLERANCE = 0.070
"""Seconds."""


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """Of two lists of moments."""

    precision: float
    """Share of those found that are true."""
    recall: float
    """Share of the true ones that were found."""

    @property
    def f_measure(self) -> float:
        """Harmonic mean of both; 0 where both are."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


def joint_speed(positions: Float[ndarray, "t j 3"], fps: float) -> Float[ndarray, "t"]:
    """Mean speed of the joints at each frame (central differences), smoothed over about 100 ms."""
    if len(positions) < 3:
        return np.zeros(len(positions))
    speed = np.linalg.norm(np.gradient(positions.astype(float), 1 / fps, axis=0), axis=-1).mean(-1)
    return scipy.ndimage.gaussian_filter1d(speed, 0.035 * fps, mode="nearest")


def kinematic_beats(positions: Float[ndarray, "t j 3"], fps: float, prominence: float = 0.12) -> Float[ndarray, "b"]:
    """Moments, in seconds, at which the body comes to rest: minima of the joints' speed, between frames.

    Args:
        positions: joints, in any unit.
        fps: frames per second.
        prominence: how far a minimum must lie below the peaks beside it, as a share of the mean speed.
    """
    speed = joint_speed(positions, fps)
    if not speed.any():
        return np.zeros(0)
    found, _ = scipy.signal.find_peaks(-speed, prominence=prominence * speed.mean(), distance=max(0.15 * fps, 1))
    before, here, after = speed[found - 1], speed[found], speed[found + 1]
    curvature = before - 2 * here + after
    shift = np.where(np.abs(curvature) > 1e-12, 0.5 * (before - after) / np.where(curvature == 0, 1, curvature), 0)
    return (found + np.clip(shift, -0.5, 0.5)) / fps


def beat_align(kinematic: Float[ndarray, "k"], musical: Float[ndarray, "m"], sigma: float = SIGMA) -> float:
    """How close each musical beat is to a kinematic one: 1 where all coincide, 0 where none is near."""
    if not len(kinematic) or not len(musical):
        return 0.0
    distance = np.abs(musical[:, None] - kinematic[None, :]).min(1)
    return float(np.exp(-(distance**2) / (2 * sigma**2)).mean())


def agreement(found: Float[ndarray, "f"], true: Float[ndarray, "t"], tolerance: float = TOLERANCE) -> Agreement:
    """Precision and recall with each moment matched at most once; both lists increasing.

    Moments on a line with one tolerance match greedily: taking the earliest partner that still fits is never worse.
    """
    hits = i = j = 0
    while i < len(found) and j < len(true):
        gap = found[i] - true[j]
        if abs(gap) <= tolerance:
            hits, i, j = hits + 1, i + 1, j + 1
        elif gap < 0:
            i += 1
        else:
            j += 1
    return Agreement(precision=hits / len(found) if len(found) else 0.0, recall=hits / len(true) if len(true) else 0.0)


def foot_skate(feet: Float[ndarray, "t f 3"], planted: Bool[ndarray, "t f"]) -> Float[ndarray, "c"]:
    """Way along the floor that each foot slides in each contact, in the unit of `feet`.

    Args:
        feet: the balls of the feet; y is up.
        planted: whether each is meant to stand.
    """
    slides = []
    for f in range(feet.shape[1]):
        edges = np.flatnonzero(np.diff(planted[:, f].astype(int), prepend=0, append=0))
        for first, last in edges.reshape(-1, 2):
            path = feet[first:last, f][:, [0, 2]].astype(float)
            slides.append(np.linalg.norm(np.diff(path, axis=0), axis=1).sum())
    return np.array(slides)


def diversity(positions: Float[ndarray, "t j 3"], fps: float, seconds: float = 2.0) -> float:
    """Mean distance between all pairs of pieces of the dance, per joint and frame; 0 for a loop of that length.

    Args:
        positions: joints.
        fps: frames per second.
        seconds: length of a piece.
    """
    length = max(round(seconds * fps), 1)
    count = len(positions) // length
    if count < 2:
        return 0.0
    centred = positions - positions[:, :1]
    pieces = centred[: count * length].reshape(count, length, *positions.shape[1:])
    step = max(length // 15, 1)
    pieces = pieces[:, ::step]
    total = [np.linalg.norm(pieces[i + 1 :] - pieces[i], axis=-1).mean((1, 2)).sum() for i in range(count - 1)]
    return float(np.sum(total) / (count * (count - 1) / 2))
