"""Where the beats are: onset envelope, tempo curve and dynamic programming.

Source: D. Ellis, "Beat Tracking by Dynamic Programming" (2007): beats are the path through time that collects onset
strength O(t) while the log ratio of each interval to the local period is punished, `score(t) = O(t) + max over s of
score(s) - alpha * log((t - s) / period)^2`. The local period comes from a Viterbi path through an autocorrelation
tempogram with a log-normal prior on tempo, so that a changing tempo is followed. The onset envelope is the half-wave
rectified difference of a log mel spectrogram against its neighbourhood two frames earlier (Böck and Widmer, "Maximum
filter vibrato suppression", 2013).
"""

from dataclasses import dataclass

import librosa
import numpy as np
import scipy.ndimage
import scipy.signal
from jaxtyping import Float, Int
from numpy import ndarray

RATE = 22050
"""Samples per second that the analysis works at."""
HOP = 256
WINDOW = 1024
FPS = RATE / HOP
BANDS = 64
SLOWEST, FASTEST = 50.0, 215.0
PRIOR_BPM, PRIOR_OCTAVES = 114.0, 0.6
"""Centre and width of the log-normal prior: what people tap to."""
LATENCY = 0.0
"""Seconds from a click to the frame whose onset strength is greatest, measured on click tracks."""


@dataclass(frozen=True, kw_only=True)
class Onsets:
    """What the trackers look at, one value per analysis frame."""

    strength: Float[ndarray, "n"]
    """Sum over all bands, in its own standard deviations."""
    low: Float[ndarray, "n"]
    """The bands below 160 Hz alone: kick drum and bass."""
    spectrum: Float[ndarray, "m n"]
    """Log mel spectrogram, decibels."""


def onsets(samples: Float[ndarray, "n"]) -> Onsets:
    """Measure how suddenly sound appears.

    Args:
        samples: mono, at `RATE`. Works in pieces: memory grows with the mel spectrogram alone.
    """
    piece = 20 * RATE // HOP
    frames = 1 + len(samples) // HOP
    mel = librosa.filters.mel(sr=RATE, n_fft=WINDOW, n_mels=BANDS, fmin=30, fmax=10000)
    padded = np.pad(samples, (WINDOW // 2, WINDOW))
    spectrum = np.empty((BANDS, frames), np.float32)
    for start in range(0, frames, piece):
        stop = min(start + piece, frames)
        part = padded[start * HOP : (stop - 1) * HOP + WINDOW]
        power = np.abs(librosa.stft(part, n_fft=WINDOW, hop_length=HOP, center=False)) ** 2
        spectrum[:, start:stop] = mel @ power[:, : stop - start]
    spectrum = librosa.power_to_db(spectrum, ref=1.0, amin=1e-8, top_db=70)
    before = scipy.ndimage.maximum_filter1d(spectrum, 3, axis=0)
    rise = np.zeros_like(spectrum)
    rise[:, 2:] = np.maximum(spectrum[:, 2:] - before[:, :-2], 0)
    lows = librosa.mel_frequencies(BANDS, fmin=30, fmax=10000) < 160
    return Onsets(strength=_standardised(rise.mean(0)), low=_standardised(rise[lows].mean(0)), spectrum=spectrum)


def _standardised(envelope: Float[ndarray, "n"]) -> Float[ndarray, "n"]:
    """Take off the slow trend and scale by the deviation over the surrounding eight seconds, softly."""
    width = round(8 * FPS)
    envelope = np.maximum(envelope - scipy.ndimage.uniform_filter1d(envelope, round(0.8 * FPS), mode="nearest"), 0)
    local = np.sqrt(scipy.ndimage.uniform_filter1d(envelope**2, width, mode="nearest"))
    floor = 0.25 * float(np.sqrt((envelope**2).mean())) + 1e-6
    return envelope / (local + floor)


def tempogram(strength: Float[ndarray, "n"], hop_seconds: float = 1.0) -> tuple[ndarray, ndarray]:
    """Local autocorrelation against tempo: (tempi in bpm [k], strength of each at each moment [m k], -1..1)."""
    window = round(10 * FPS)
    longest = round(4 * 60 / SLOWEST * FPS)
    bpm = np.exp2(np.arange(np.log2(SLOWEST), np.log2(FASTEST), 1 / 48))
    padded = np.pad(strength, window // 2)
    centres = np.arange(0, len(strength), round(hop_seconds * FPS))
    shape = np.hanning(window)
    taper = np.fft.irfft(np.abs(np.fft.rfft(shape, 2 * window)) ** 2)[: longest + 2]
    taper /= taper[0]  # the window's own decay, which would favour short periods
    rows = []
    for centre in centres:
        piece = padded[centre : centre + window]
        piece = (piece - piece.mean()) * shape
        spectrum = np.abs(np.fft.rfft(piece, 2 * window)) ** 2
        correlation = np.fft.irfft(spectrum)[: longest + 2]
        rows.append(correlation / (correlation[0] + 1e-9) / taper)
    correlation = np.array(rows)
    lags = 60 / bpm * FPS
    tent = np.zeros((len(rows), len(bpm)))
    for multiple, weight in ((1, 1.0), (2, 0.7), (3, 0.3), (4, 0.5)):  # a beat's multiples are periods too
        at = np.minimum(multiple * lags, longest)
        low = at.astype(int)
        tent += weight * (correlation[:, low] * (1 - at + low) + correlation[:, low + 1] * (at - low))
    return bpm, tent / 2.5


def tempo_curve(strength: Float[ndarray, "n"]) -> tuple[Float[ndarray, "n"], float]:
    """Beats per minute at each frame, and how periodic the music is (0..1)."""
    bpm, rows = tempogram(strength)
    prior = np.exp(-0.5 * (np.log2(bpm / PRIOR_BPM) / PRIOR_OCTAVES) ** 2)
    rows = scipy.ndimage.gaussian_filter1d(rows, 2.0, axis=0, mode="nearest")
    overall = np.maximum(rows.mean(0), 0) * prior
    merit = np.maximum(rows, 0) * prior + 0.6 * overall  # the whole song steadies each moment
    step = np.abs(np.subtract.outer(np.arange(len(bpm)), np.arange(len(bpm)))) / 48
    cost = np.minimum(8 * step, 1.2)  # octaves of change per second
    score = merit[0]
    back = np.zeros(merit.shape, int)
    for i in range(1, len(merit)):
        total = score[:, None] - cost
        back[i] = total.argmax(0)
        score = total.max(0) + merit[i]
    path = np.empty(len(merit), int)
    path[-1] = int(score.argmax())
    for i in range(len(merit) - 1, 0, -1):
        path[i - 1] = back[i, path[i]]
    at = np.arange(len(path)) * round(FPS)
    curve = np.interp(np.arange(len(strength)), at, scipy.ndimage.gaussian_filter1d(bpm[path], 1.0, mode="nearest"))
    return curve, float(np.clip(rows[np.arange(len(path)), path].mean(), 0, 1))


def track(strength: Float[ndarray, "n"], bpm: Float[ndarray, "n"], tightness: float = 100.0) -> Int[ndarray, "b"]:
    """Frames of the beats: Ellis' dynamic programming with a local period."""
    period = 60 / bpm * FPS
    width = np.maximum(period / 20, 1)
    blurred = scipy.ndimage.gaussian_filter1d(strength, float(np.median(width)) / 1.5)
    score, back = blurred.copy(), np.full(len(strength), -1)
    for t in range(len(strength)):
        near, far = max(1, round(period[t] / 2)), round(2 * period[t])
        first = max(t - far, 0)
        if t - near < first:
            continue
        s = np.arange(first, t - near + 1)
        gain = score[first : t - near + 1] - tightness * np.log((t - s) / period[t]) ** 2
        best = int(gain.argmax())
        if gain[best] > 0:
            score[t] += gain[best]
            back[t] = first + best
    tail = max(len(score) - round(1.5 * period[-1]), 0)
    beats = [tail + int(score[tail:].argmax())]
    while back[beats[-1]] >= 0:
        beats.append(int(back[beats[-1]]))
    return np.array(beats[::-1])


def refined(beats: Int[ndarray, "b"], strength: Float[ndarray, "n"]) -> Float[ndarray, "b"]:
    """Beat times in seconds: each moved to the onset near it, as far as there is one, between frames."""
    reach = 3
    times = np.empty(len(beats))
    for k, beat in enumerate(beats):
        first, last = max(beat - reach, 0), min(beat + reach + 1, len(strength))
        weight = strength[first:last] ** 2
        offset = (np.arange(first, last) - beat) @ weight / (weight.sum() + 0.3)
        times[k] = (beat + offset) / FPS
    return times - LATENCY
