"""A short original tune whose every beat is known, for demonstrations and as truth in tests.

Idea: drums, bass, plucked chords and a lead are synthesised note by note (Karplus and Strong, "Digital Synthesis of
Plucked-String and Drum Timbres", 1983; Chowning's frequency modulation, 1973) over a four-chord progression, in
sections (intro, verse, chorus, break, outro), and end on a ringing chord. Nothing is sampled; the seed writes the
melody.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import scipy.signal
from jaxtyping import Float, Float32
from numpy import ndarray

from omote.core.errors import UsageError

RATE = 44100
PROGRESSIONS = ((0, 4, 5, 3), (5, 3, 0, 4), (0, 5, 3, 4), (3, 4, 0, 5))
"""Scale degrees of the chords' roots, one bar each."""
MAJOR = (0, 2, 4, 5, 7, 9, 11)
RING = 1.2
"""Seconds that the last chord needs to die away."""


@dataclass(frozen=True, kw_only=True)
class Truth:
    """What a perfect listener would write down."""

    beats: Float[ndarray, "b"]
    """Seconds."""
    downbeats: Float[ndarray, "d"]
    """Seconds of the beats that open bars (four beats each)."""
    sections: tuple[tuple[str, float, float], ...]
    """Name, start and end in seconds."""


class Song(NamedTuple):
    """Sound and truth."""

    samples: Float32[ndarray, "2 n"]
    """-1..1."""
    rate: int
    truth: Truth


@dataclass(frozen=True, kw_only=True)
class _Score:
    """Where everything goes."""

    beat: float
    bars: tuple[str, ...]
    """Section of each bar."""
    root: int
    """MIDI number of the key."""
    chords: tuple[int, ...]


def demo_song(seconds: float | int = 30.0, bpm: float | int = 112.0, seed: int = 0) -> Song:
    """Compose and synthesise a tune in stereo at 44.1 kHz.

    Args:
        seconds: exact length; at least 4.
        bpm: tempo, 60..200.
        seed: another seed, another key, progression and melody.

    Raises:
        UsageError: the length or the tempo is out of range.
    """
    if not 4 <= seconds <= 900:
        raise UsageError(f"The demo song lasts between 4 and 900 seconds, not {seconds:g}.")
    if not 60 <= bpm <= 200:
        raise UsageError(f"The demo song's tempo lies between 60 and 200 beats a minute, not {bpm:g}.")
    seconds, bpm = float(seconds), float(bpm)
    rng = np.random.default_rng([seed, 1983])
    beat = 60 / bpm
    count = max(int((seconds - RING) / (4 * beat)), 1)
    score = _Score(
        beat=beat,
        bars=_form(count),
        root=int(rng.integers(55, 62)),
        chords=PROGRESSIONS[int(rng.integers(len(PROGRESSIONS)))],
    )
    mix = np.zeros((2, round(seconds * RATE) + RATE))
    _drums(mix, score, rng)
    _bass(mix, score)
    _chords(mix, score, rng)
    _lead(mix, score, rng)
    _ending(mix, score)
    samples = _mastered(mix, round(seconds * RATE))
    beats = np.arange(4 * count + 1) * beat
    return Song(samples, RATE, Truth(beats=beats, downbeats=beats[::4], sections=_named(score, seconds)))


def _form(count: int) -> tuple[str, ...]:
    """Name the section of each bar."""
    if count < 8:
        return ("chorus",) * count
    plan = ["intro"] * (4 if count >= 12 else 2)
    for name in ("verse", "chorus", "verse", "chorus", "break", "chorus") * 40:
        if len(plan) >= count:
            break
        plan += [name] * min(4 if count < 24 else 8, count - len(plan)) if name != "break" else ["break"] * 4
    return tuple(plan[:count])


def _named(score: _Score, seconds: float) -> tuple[tuple[str, float, float], ...]:
    starts = [i for i, name in enumerate(score.bars) if i == 0 or name != score.bars[i - 1]]
    ends = [*starts[1:], len(score.bars)]
    bar = 4 * score.beat
    named = [(score.bars[a], a * bar, z * bar) for a, z in zip(starts, ends, strict=True)]
    return (*named, ("ending", ends[-1] * bar, seconds))


def _hertz(midi: float | int) -> float:
    return 440 * 2 ** ((midi - 69) / 12)


def _degree(score: _Score, degree: int) -> int:
    """MIDI number of a degree of the key's major scale; degrees go on beyond the octave."""
    return score.root + 12 * (degree // 7) + MAJOR[degree % 7]


def _add(
    mix: Float[ndarray, "2 m"], at: float | int, sound: Float[ndarray, "n"], gain: float, pan: float | int = 0.0
) -> None:
    """Lay a sound into the mix; pan -1 is left, 1 right (equal power)."""
    start = round(at * RATE)
    sound = sound[: mix.shape[1] - start]
    angle = (pan + 1) * np.pi / 4
    mix[0, start : start + len(sound)] += gain * np.cos(angle) * sound
    mix[1, start : start + len(sound)] += gain * np.sin(angle) * sound


def _time(seconds: float) -> Float[ndarray, "n"]:
    return np.arange(round(seconds * RATE)) / RATE


def _kick() -> Float[ndarray, "n"]:
    t = _time(0.32)
    return np.sin(2 * np.pi * (48 * t + 9.0 * (1 - np.exp(-t / 0.028)) / 2)) * np.exp(-t / 0.09)


def _noise(rng: np.random.Generator, seconds: float, low: int, high: int, decay: float) -> Float[ndarray, "n"]:
    """Filtered noise that dies away: snares, hats, claps."""
    t = _time(seconds)
    filter_ = scipy.signal.butter(2, [low, high], "bandpass", fs=RATE, output="sos")
    return np.asarray(scipy.signal.sosfilt(filter_, rng.standard_normal(len(t)))) * np.exp(-t / decay)


def _drums(mix: Float[ndarray, "2 n"], score: _Score, rng: np.random.Generator) -> None:
    kick = _kick()
    t = _time(0.2)
    snare = _noise(rng, 0.2, 900, 7000, 0.05) + 0.6 * np.sin(2 * np.pi * 190 * t) * np.exp(-t / 0.04)
    hat, open_hat = _noise(rng, 0.06, 7000, 15000, 0.014), _noise(rng, 0.25, 6500, 15000, 0.07)
    crash = _noise(rng, 1.6, 4000, 15000, 0.45)
    for bar, name in enumerate(score.bars):
        start = 4 * bar * score.beat
        full = name in ("verse", "chorus")
        new = bar == 0 or score.bars[bar - 1] != name
        if new and bar:
            _add(mix, start, crash, 0.16, 0.2)
        for k in range(8):
            at = start + k * score.beat / 2
            strong = k % 2 == 0
            if full or name == "intro":
                sound = open_hat if name == "chorus" and not strong else hat
                _add(mix, at, sound, (0.16 if strong else 0.11) * rng.uniform(0.85, 1.1), -0.3)
            if strong and (k in (0, 4) or name == "chorus" or name == "intro"):
                _add(mix, at, kick, 0.85 if full else 0.6)
            if full and k in (2, 6):
                _add(mix, at, snare, 0.34 * rng.uniform(0.95, 1.05), 0.05)
        last_of_section = bar + 1 < len(score.bars) and score.bars[bar + 1] != name
        if last_of_section:  # a fill into the next section
            for k, gain in ((12, 0.18), (13, 0.2), (14, 0.25), (15, 0.3)):
                _add(mix, start + k * score.beat / 4, snare, gain, 0.1)


def _bass(mix: Float[ndarray, "2 n"], score: _Score) -> None:
    for bar, name in enumerate(score.bars):
        if name == "intro":
            continue
        root = _degree(score, score.chords[bar % 4]) - 24
        pattern = ((0, 0, 1.4), (1.5, 0, 0.45), (2, 0, 0.9), (3, 7, 0.45), (3.5, 12, 0.45))
        for at, up, length in pattern if name != "break" else ((0, 0, 3.6),):
            t = _time(length * score.beat)
            wave = sum(np.sin(2 * np.pi * _hertz(root + up) * n * t) / n**1.4 for n in range(1, 6))
            shape = np.minimum(t / 0.006, 1) * np.exp(-t / 0.5) * np.clip((t[-1] - t) / 0.02, 0, 1)
            _add(mix, (4 * bar + at) * score.beat, wave * shape, 0.30)


def _pluck(rng: np.random.Generator, midi: int, seconds: float) -> Float[ndarray, "n"]:
    """A plucked string: noise that circulates in a delay line with a gentle low pass."""
    hertz = _hertz(midi)
    period = RATE / hertz
    delay = int(period - 0.5)
    burst = np.zeros(round(seconds * RATE))
    burst[:delay] = scipy.signal.lfilter([0.5, 0.5], [1], rng.uniform(-1, 1, delay))
    loop = np.zeros(delay + 3)
    loop[0] = 1
    share = period - 0.5 - delay
    loop[delay : delay + 3] -= 0.996 * np.convolve([0.5, 0.5], [1 - share, share])
    sound = np.asarray(scipy.signal.lfilter([1], loop, burst))
    return sound * np.clip((seconds - _time(seconds)) / 0.03, 0, 1)


def _chords(mix: Float[ndarray, "2 n"], score: _Score, rng: np.random.Generator) -> None:
    """Plucked arpeggios, and a soft pad under the chorus and the break."""
    plucked: dict[int, Float[ndarray, "n"]] = {}
    for bar, name in enumerate(score.bars):
        degree = score.chords[bar % 4]
        notes = [_degree(score, degree + d) for d in (0, 2, 4, 7)]
        order = (0, 2, 1, 3, 2, 1, 3, 2) if name != "verse" else (0, 1, 2, 1, 3, 1, 2, 1)
        for k, which in enumerate(order):
            note = notes[which]
            if note not in plucked:
                plucked[note] = _pluck(rng, note, 1.2)
            gain = 0.20 if name in ("intro", "break") else 0.15
            _add(
                mix,
                (4 * bar + k / 2) * score.beat,
                plucked[note],
                gain * (1.15 if k % 4 == 0 else 0.9),
                0.45 * (-1) ** k,
            )
        if name in ("chorus", "break"):
            t = _time(4.1 * score.beat)
            shape = np.minimum(t / 0.12, 1) * np.clip((t[-1] - t) / 0.15, 0, 1)
            for i, note in enumerate(notes[:3]):
                for detune, pan in ((-0.04, -0.7), (0.04, 0.7)):
                    f = _hertz(note + detune)
                    wave = sum(np.sin(2 * np.pi * f * n * t + i) / n**2 for n in (1, 2, 3, 4))
                    _add(mix, 4 * bar * score.beat, wave * shape, 0.035, pan)


def _voice(hertz: float, seconds: float) -> Float[ndarray, "n"]:
    """A singing lead by frequency modulation, with vibrato that sets in late."""
    t = _time(seconds)
    vibrato = 0.006 * np.sin(2 * np.pi * 5.4 * t) * np.clip((t - 0.15) / 0.25, 0, 1)
    phase = 2 * np.pi * np.cumsum(hertz * (1 + vibrato)) / RATE
    index = 1.3 * np.exp(-t / 0.25) + 0.35
    shape = np.minimum(t / 0.02, 1) * np.exp(-t / 1.4) * np.clip((seconds - t) / 0.05, 0, 1)
    return (np.sin(phase + index * np.sin(phase)) + 0.25 * np.sin(2 * phase)) * shape


def _lead(mix: Float[ndarray, "2 n"], score: _Score, rng: np.random.Generator) -> None:
    """A two-bar phrase, answered; the chorus sings it an octave higher."""
    rhythms = ((0, 1.0), (1, 0.5), (1.5, 1.0), (2.5, 0.5), (3, 1.0)), ((0, 1.5), (1.5, 0.5), (2, 1.5))
    for section in ("verse", "chorus"):
        steps = rng.integers(-2, 3, 8)
        first = True
        for bar, name in enumerate(score.bars):
            if name != section:
                first = True
                continue
            degree = score.chords[bar % 4] + (7 if section == "chorus" else 4)
            if first:
                degree, first = score.chords[bar % 4] + 4, False
            for k, (at, length) in enumerate(rhythms[bar % 2]):
                chord_tone = score.chords[bar % 4] + (4 if section == "verse" else 7) + (0, 2, 4)[k % 3]
                degree = chord_tone if at in (0, 2) else degree + int(steps[(k + 4 * (bar % 2)) % 8])
                voice = _voice(_hertz(_degree(score, degree)), length * score.beat * 0.95)
                _add(mix, (4 * bar + at) * score.beat, voice, 0.11 if section == "verse" else 0.13, 0.1)


def _ending(mix: Float[ndarray, "2 n"], score: _Score) -> None:
    """The tonic, once, on the beat after the last bar."""
    at = 4 * len(score.bars) * score.beat
    rng = np.random.default_rng(7)
    for i, degree in enumerate((-7, 0, 2, 4, 7)):
        _add(mix, at, _pluck(rng, _degree(score, degree), 2.2), 0.24, 0.3 * (i - 2) / 2)
    _add(mix, at, _kick(), 0.8)


def _mastered(mix: Float[ndarray, "2 m"], length: int) -> Float32[ndarray, "2 n"]:
    """A small room, soft limiting, a peak of -1 dB, and a fade so that nothing is cut off."""
    t = _time(0.7)
    rng = np.random.default_rng(11)
    wet = np.stack(
        [scipy.signal.fftconvolve(row, rng.standard_normal(len(t)) * np.exp(-t / 0.14))[: mix.shape[1]] for row in mix]
    )
    room = mix + 0.010 * np.roll(wet, round(0.012 * RATE), axis=1)
    loud = np.tanh(1.1 * room[:, :length])
    fade = round(min(0.4, length / RATE / 8) * RATE)
    loud[:, -fade:] *= np.linspace(1, 0, fade) ** 1.5
    return (loud * 0.891 / np.abs(loud).max()).astype(np.float32)
