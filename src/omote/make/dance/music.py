"""What a dancer hears in a piece of music: beats, bars, sections and energy, each with how sure it is.

Sources: beats after Ellis (see `beat_tracking`); bars and sections after Foote (see `structure`). Music without a
pulse (silence, speech, noise, one second of sound) still gets a steady grid of 100 beats a minute, with confidence 0
and a note that says so, so that the person dances all the same.
"""

from dataclasses import dataclass

import librosa
import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from omote.core.errors import InputError, UsageError
from omote.make.dance import beat_tracking, structure
from omote.make.dance.structure import Section

FALLBACK_BPM = 100.0
UNSURE = 0.22
"""Below this confidence the beats found are worse than a steady grid."""


@dataclass(frozen=True, kw_only=True)
class Music:
    """A piece of music as a grid of beats."""

    duration: float
    """Seconds."""
    beats: Float[ndarray, "b"]
    """Seconds, increasing, from the first to the last beat inside the piece."""
    meter: int
    """Beats in a bar: 3 or 4."""
    first_downbeat: int
    """Index of the first beat that opens a bar; less than `meter`."""
    energy: Float[ndarray, "b"]
    """Loudness of each beat against the rest of the piece, 0..1."""
    sections: tuple[Section, ...]
    """Parts of the form, in beats; they cover all beats."""
    confidence: float
    """How sure the beats are, 0..1; 0 for the fallback grid, 1 for a grid that the user gave."""
    meter_confidence: float = 0.0
    """How sure bars are, 0..1."""
    notes: tuple[str, ...] = ()
    """What the user should know."""

    @property
    def tempo(self) -> float:
        """Beats per minute (median)."""
        return 60 / float(np.median(np.diff(self.beats))) if len(self.beats) > 1 else FALLBACK_BPM

    @property
    def downbeats(self) -> Float[ndarray, "d"]:
        """Seconds of the beats that open bars."""
        return self.beats[self.first_downbeat :: self.meter]

    def beat_at(self, seconds: Float[ndarray, "t"]) -> Float[ndarray, "t"]:
        """Beat position at each moment: whole numbers at beats, linear between and beyond them."""
        if len(self.beats) < 2:
            first = self.beats[0] if len(self.beats) else 0.0
            return (np.asarray(seconds) - first) * FALLBACK_BPM / 60
        first, last = np.diff(self.beats[:5]).mean(), np.diff(self.beats[-5:]).mean()
        position = np.interp(seconds, self.beats, np.arange(len(self.beats)))
        position = np.where(seconds < self.beats[0], (seconds - self.beats[0]) / first, position)
        after = len(self.beats) - 1 + (seconds - self.beats[-1]) / last
        return np.where(seconds > self.beats[-1], after, position)

    def time_at(self, beats: Float[ndarray, "t"]) -> Float[ndarray, "t"]:
        """Seconds at beat positions: the inverse of `beat_at`."""
        index = np.arange(len(self.beats))
        if len(self.beats) < 2:
            return (self.beats[0] if len(self.beats) else 0.0) + np.asarray(beats) * 60 / FALLBACK_BPM
        first, last = np.diff(self.beats[:5]).mean(), np.diff(self.beats[-5:]).mean()
        seconds = np.interp(beats, index, self.beats)
        seconds = np.where(beats < 0, self.beats[0] + beats * first, seconds)
        return np.where(beats > index[-1], self.beats[-1] + (beats - index[-1]) * last, seconds)


def analyse(
    samples: Float[ndarray, "n"] | Float[ndarray, "c n"],
    rate: int,
    *,
    bpm: float | None = None,
    offset: float | None = None,
    meter: int | None = None,
) -> Music:
    """Listen to a piece of music.

    Args:
        samples: -1..1, mono or one row per channel.
        rate: samples per second.
        bpm: overrules the tempo that would be found; alone, the beats still follow the music near that tempo.
        offset: seconds of a beat; beats then form a steady grid through it.
        meter: 3 or 4, overrules the bars that would be found.

    Raises:
        UsageError: the tempo is outside 30..300, or the meter is neither 3 nor 4.
        InputError: there is no sound at all, or it holds values that are not numbers.
    """
    if bpm is not None and not 30 <= bpm <= 300:
        raise UsageError(f"The tempo must lie between 30 and 300 beats a minute, not {bpm:g}: correct --bpm.")
    if meter not in (None, 3, 4):
        raise UsageError(f"A bar has 3 or 4 beats here, not {meter}.")
    if samples.shape[-1] == 0:
        raise InputError("The music has no samples: give a file with sound in it.")
    mono = samples.mean(0) if samples.ndim == 2 else samples
    if not np.isfinite(mono).all():
        raise InputError("The music holds samples that are not numbers: decode or export the file again.")
    duration = len(mono) / rate
    if rate != beat_tracking.RATE:
        mono = librosa.resample(mono, orig_sr=rate, target_sr=beat_tracking.RATE, res_type="soxr_mq")
    sound = beat_tracking.onsets(mono.astype(np.float32))
    beats, confidence, notes = _beats(sound, duration, bpm, offset)
    features = structure.beat_features(mono, sound, beats)
    bars = structure.bars(features, meter or (None if confidence > 0 else 4))
    energy = structure.energy(features)
    return Music(
        duration=duration,
        beats=beats,
        meter=bars.meter,
        first_downbeat=bars.first,
        energy=energy,
        sections=structure.sections(features, bars),
        confidence=confidence,
        meter_confidence=bars.confidence if confidence > 0 else 0.0,
        notes=notes,
    )


def grid(duration: float, bpm: float = FALLBACK_BPM, offset: float = 0.0) -> Float[ndarray, "b"]:
    """Steady beats inside [0, duration) through `offset`."""
    period = 60 / bpm
    first = offset - np.floor(offset / period) * period
    beats = np.arange(first, duration, period)
    return beats if len(beats) else np.array([0.0])


def _beats(
    sound: beat_tracking.Onsets, duration: float, bpm: float | None, offset: float | None
) -> tuple[Float[ndarray, "b"], float, tuple[str, ...]]:
    if bpm is not None and offset is not None:
        return grid(duration, bpm, offset), 1.0, ("The beats are the grid that was given.",)
    if duration < 3 or float(sound.spectrum.max() - sound.spectrum.min()) < 1 or not sound.strength.any():
        why = "too short to find its pulse" if duration < 3 else "silent or has no onsets"
        note = f"The music is {why}; the dance goes on {bpm or FALLBACK_BPM:g} steady beats a minute."
        return grid(duration, bpm or FALLBACK_BPM, offset or 0.0), 0.0, (note,)
    if bpm is None:
        curve, periodic = beat_tracking.tempo_curve(sound.strength)
        frames = beat_tracking.track(sound.strength, curve)
    else:
        periodic = 0.5
        frames = beat_tracking.track(sound.strength, np.full(len(sound.strength), bpm), tightness=800.0)
    sure = _confidence(frames, sound.strength, periodic)
    if bpm is None and (sure < UNSURE or len(frames) < 4):
        note = f"No pulse was found in the music; the dance goes on {FALLBACK_BPM:g} steady beats a minute."
        return grid(duration, FALLBACK_BPM, offset or 0.0), 0.0, (note,)
    beats = _filled(beat_tracking.refined(frames, sound.strength), duration)
    if offset is not None:
        tempo = 60 * (len(beats) - 1) / (beats[-1] - beats[0])
        return grid(duration, tempo, offset), sure, ("The beats are a steady grid through the offset that was given.",)
    return beats, sure, ()


def _confidence(frames: Int[ndarray, "b"], strength: Float[ndarray, "n"], periodic: float) -> float:
    """How periodic the onsets are (0.03 in noise and speech, from 0.2 in music), times how many fall on the beats."""
    peaks = np.maximum.reduce([strength[np.clip(frames + k, 0, len(strength) - 1)] for k in (-2, -1, 0, 1, 2)])
    typical = np.sqrt((strength**2).mean()) + 1e-9
    on_beat = np.clip(peaks.mean() / typical / 2, 0, 1)
    return float(np.clip((periodic - 0.05) / 0.35, 0, 1) ** 0.5 * on_beat)


def _filled(beats: Float[ndarray, "found"], duration: float) -> Float[ndarray, "b"]:
    """Carry the beats on to both ends of the piece at the pace they have there."""
    beats = np.maximum.accumulate(beats)
    beats = beats[np.concatenate([[True], np.diff(beats) > 0.15])]
    if len(beats) < 2:
        return grid(duration, FALLBACK_BPM, float(beats[0]))
    first, last = float(np.median(np.diff(beats[:9]))), float(np.median(np.diff(beats[-9:])))
    before = beats[0] - first * np.arange(int(beats[0] // first), 0, -1)
    after = beats[-1] + last * np.arange(1, int(max(duration - beats[-1] - 0.02, 0) // last) + 1)
    everything = np.concatenate([before, beats, after])
    return everything[(everything >= 0) & (everything < duration)]
