"""Bars, sections and energy, from features that are averaged over each beat.

Sources: J. Foote, "Automatic audio segmentation using a measure of audio novelty" (2000): sections change where a
checkerboard slid along the diagonal of the self-similarity matrix matches. Bars: the beat on which bass, loudness and
harmony change most opens the bar; bars have as many beats (3 or 4) as make that difference greatest.
"""

from dataclasses import dataclass
from itertools import pairwise

import librosa
import numpy as np
import scipy.fft
import scipy.ndimage
import scipy.signal
from jaxtyping import Float
from numpy import ndarray

from omote.make.dance.beat_tracking import FPS, RATE, Onsets

CHROMA_HOP = 2048


@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of the form: verse, chorus, bridge, without its name."""

    start: int
    """First beat."""
    end: int
    """Beat after the last."""
    label: int
    """Sections that sound alike have the same label; labels count up from 0 in order of appearance."""


@dataclass(frozen=True, kw_only=True)
class Bars:
    """How beats group."""

    meter: int
    first: int
    confidence: float


@dataclass(frozen=True, kw_only=True)
class BeatFeatures:
    """One row per beat."""

    loudness: Float[ndarray, "b"]
    """Decibels."""
    low: Float[ndarray, "b"]
    """Onset of bass and kick on the beat."""
    onset: Float[ndarray, "b"]
    timbre: Float[ndarray, "b 13"]
    """Cepstrum of the mel spectrum."""
    chroma: Float[ndarray, "b 12"]
    """Pitch classes, unit length."""


def beat_features(mono: Float[ndarray, "n"], sound: Onsets, beats: Float[ndarray, "b"]) -> BeatFeatures:
    """Average over each beat what the structure is read from.

    Args:
        mono: samples at `RATE`.
        sound: onsets of the same.
        beats: seconds.
    """
    n = sound.spectrum.shape[1]
    edges = np.append(beats, beats[-1] + (np.diff(beats[-3:]).mean() if len(beats) > 1 else 0.6))
    at = np.clip(np.round(edges * FPS).astype(int), 0, n - 1)
    spectrum = np.stack([sound.spectrum[:, a : max(b, a + 1)].mean(1) for a, b in pairwise(at)])
    near = [np.clip(at[:-1] + k, 0, n - 1) for k in range(-3, 5)]
    chroma = _chroma(mono)
    to = np.clip(np.round(edges * RATE / CHROMA_HOP).astype(int), 0, chroma.shape[1] - 1)
    pitch = np.stack([chroma[:, a : max(b, a + 1)].mean(1) for a, b in pairwise(to)])
    return BeatFeatures(
        loudness=spectrum.max(1) * 0.5 + spectrum.mean(1) * 0.5,
        low=np.maximum.reduce([sound.low[k] for k in near]),
        onset=np.maximum.reduce([sound.strength[k] for k in near]),
        timbre=np.asarray(scipy.fft.dct(spectrum, norm="ortho"))[:, :13],
        chroma=pitch / (np.linalg.norm(pitch, axis=1, keepdims=True) + 1e-9),
    )


def _chroma(mono: Float[ndarray, "n"]) -> Float[ndarray, "12 m"]:
    """Pitch classes in pieces, so that memory stays flat."""
    piece = CHROMA_HOP * 256
    size = 4096
    fold = librosa.filters.chroma(sr=RATE, n_fft=size, octwidth=2)
    padded = np.pad(mono, (size // 2, size))
    frames = 1 + len(mono) // CHROMA_HOP
    out = np.empty((12, frames), np.float32)
    for start in range(0, frames, piece // CHROMA_HOP):
        stop = min(start + piece // CHROMA_HOP, frames)
        part = padded[start * CHROMA_HOP : (stop - 1) * CHROMA_HOP + size]
        magnitude = np.abs(librosa.stft(part, n_fft=size, hop_length=CHROMA_HOP, center=False))
        out[:, start:stop] = fold @ magnitude[:, : stop - start]
    return out


def _standard(values: Float[ndarray, "b"]) -> Float[ndarray, "b"]:
    return (values - values.mean()) / (values.std() + 1e-6)


def bars(features: BeatFeatures, meter: int | None = None) -> Bars:
    """Group beats into bars.

    Args:
        features: one row per beat.
        meter: 3 or 4 where it is known.
    """
    b = len(features.loudness)
    if b < 8:
        return Bars(meter=meter or 4, first=0, confidence=0.0)
    level = features.loudness - scipy.ndimage.uniform_filter1d(features.loudness, 9, mode="nearest")
    stress = 0.7 * _standard(features.low) + 0.3 * _standard(features.onset) + 0.3 * _standard(level)
    step = np.concatenate([[0], 1 - (features.chroma[1:] * features.chroma[:-1]).sum(1)])
    best: dict[int, tuple[float, int]] = {}
    for m in (3, 4):
        harmony = 0.8 * _standard(step) + 0.8 * _standard(_chord_change(features.chroma, m))
        accent = np.clip(stress + harmony, -4, 4)
        # not the loudest beat: in popular music that is the snare's
        opening = np.clip(harmony + 0.3 * _standard(features.low), -4, 4)
        scores = [opening[p::m].mean() * np.sqrt(m - 1) for p in range(m)]
        # a whole number of bars later the music is like itself: count that, too, for the meter (not the phase)
        again = _correlation(accent, m) + 0.5 * _correlation(accent, 2 * m)
        best[m] = (float(max(scores)) + 0.9 * again, int(np.argmax(scores)))
    chosen = meter or (3 if best[3][0] > best[4][0] + 0.15 + 10 / b else 4)  # 4 is far more common
    sure = float(np.clip((best[chosen][0] - best[7 - chosen][0] + 0.15) / 1.2, 0, 1))
    return Bars(meter=chosen, first=best[chosen][1], confidence=sure)


def _chord_change(chroma: Float[ndarray, "b 12"], meter: int) -> Float[ndarray, "b"]:
    """How much the harmony of the bar that would start on each beat differs from the bar before."""
    total = np.cumsum(np.concatenate([np.zeros((1, 12)), chroma]), axis=0)
    start = np.arange(len(chroma))
    after = total[np.minimum(start + meter, len(chroma))] - total[start]
    before = total[start] - total[np.maximum(start - meter, 0)]
    size = np.linalg.norm(after, axis=1) * np.linalg.norm(before, axis=1)
    return np.where(size > 1e-9, 1 - (after * before).sum(1) / np.maximum(size, 1e-9), 0.0)


def _correlation(values: Float[ndarray, "b"], lag: int) -> float:
    if len(values) <= lag + 4:
        return 0.0
    return float((values[lag:] * values[:-lag]).mean() / (values.var() + 1e-6))


def energy(features: BeatFeatures) -> Float[ndarray, "b"]:
    """Loudness of each beat in 0..1; music that is equally loud throughout stays near 0.65."""
    if len(features.loudness) < 2:
        return np.full(len(features.loudness), 0.5)
    level = scipy.ndimage.gaussian_filter1d(features.loudness.astype(float), 1.5, mode="nearest")
    low, high = np.percentile(level, [5, 95])
    spread = max(high - low, 1e-6)
    scaled = np.clip((level - low) / spread, 0, 1)
    share = np.clip(spread / 15, 0, 1)  # 15 dB between soft and loud use the whole range
    return np.clip(0.65 * (1 - share) + share * scaled, 0, 1)


def sections(features: BeatFeatures, bars: Bars, shortest: int = 4) -> tuple[Section, ...]:
    """Cut the piece where it changes, at bar lines.

    Args:
        features: one row per beat.
        bars: how beats group.
        shortest: bars in the shortest section.
    """
    b = len(features.loudness)
    starts = np.arange(bars.first, b, bars.meter)
    if len(starts) < 3 * shortest:
        return (Section(start=0, end=b, label=0),)
    scale = np.concatenate([features.timbre / (features.timbre.std(0) + 1e-6), 2 * features.chroma], 1)
    rows = np.stack([scale[a : a + bars.meter].mean(0) for a in starts])
    rows -= rows.mean(0)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True) + 1e-9
    novelty = _novelty(rows @ rows.T, shortest)
    peaks, _ = scipy.signal.find_peaks(novelty, distance=shortest, prominence=0.5 * novelty.std() + 0.03)
    peaks = [p for p in peaks if shortest <= p <= len(rows) - shortest]
    edges = [0, *peaks, len(rows)]
    means = [rows[a:z].mean(0) for a, z in pairwise(edges)]
    labels = _labels(means)
    cuts = [0, *(int(starts[p]) for p in peaks), b]
    return tuple(Section(start=a, end=z, label=label) for a, z, label in zip(cuts, cuts[1:], labels, strict=False))


def _novelty(similarity: Float[ndarray, "n n"], half: int) -> Float[ndarray, "n"]:
    """Foote's checkerboard along the diagonal."""
    side = np.concatenate([-np.ones(half), np.ones(half)])
    taper = np.exp(-0.5 * ((np.arange(2 * half) - half + 0.5) / (0.7 * half)) ** 2)
    kernel = np.outer(side * taper, side * taper)
    kernel /= np.abs(kernel).sum()
    padded = np.pad(similarity, half, mode="edge")
    n = len(similarity)
    return np.array([(padded[i : i + 2 * half, i : i + 2 * half] * kernel).sum() for i in range(n)])


def _labels(means: list[Float[ndarray, "d"]]) -> list[int]:
    """Give the same label to sections whose mean features point the same way."""
    found: list[Float[ndarray, "d"]] = []
    labels = []
    for mean in means:
        mean = mean / (np.linalg.norm(mean) + 1e-9)
        likeness = [float(mean @ other) for other in found]
        if likeness and max(likeness) > 0.6:
            labels.append(int(np.argmax(likeness)))
        else:
            labels.append(len(found))
            found.append(mean)
    return labels
