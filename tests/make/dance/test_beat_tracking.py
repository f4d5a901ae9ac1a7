import numpy as np
import pytest

from omote.make.dance import beat_tracking as bt
from omote.parts.metrics.beats import agreement


def clicks(times: np.ndarray, seconds: float, noise: float = 0.0, chords: bool = False, seed: int = 0) -> np.ndarray:
    """Short bursts at known times, in noise or over sustained chords."""
    rng = np.random.default_rng(seed)
    n = round(seconds * bt.RATE)
    sound = noise * rng.standard_normal(n)
    burst = np.sin(2 * np.pi * 1800 * np.arange(700) / bt.RATE) * np.exp(-np.arange(700) / 130)
    for time in times:
        at = round(time * bt.RATE)
        sound[at : at + 700] += 0.6 * burst[: max(n - at, 0)]
    if chords:
        t = np.arange(n) / bt.RATE
        for k, hertz in enumerate((220, 277.2, 329.6)):
            sound += 0.12 * np.sin(2 * np.pi * hertz * 2 ** (np.floor(t / 2.1) % 3 / 6) * t + k)
    return sound.astype(np.float32)


@pytest.mark.oracle
@pytest.mark.parametrize(
    ("bpm", "noise", "chords"), [(76.0, 0.0, True), (97.3, 0.1, False), (120.0, 0.1, True), (143.0, 0.05, True)]
)
def test_clicks_in_noise_and_chords_are_found(bpm: float, noise: float, chords: bool) -> None:
    times = np.arange(0.37, 25, 60 / bpm)
    sound = bt.onsets(clicks(times, 25.0, noise, chords))
    curve, periodic = bt.tempo_curve(sound.strength)
    beats = bt.refined(bt.track(sound.strength, curve), sound.strength)
    assert agreement(beats, times).f_measure > 0.95
    near = times[np.abs(beats[:, None] - times).argmin(1)]
    assert abs(np.median(beats - near)) < 0.006  # no systematic lag
    assert periodic > 0.3


@pytest.mark.oracle
def test_a_tempo_that_glides_from_100_to_128_is_followed() -> None:
    bpm = np.interp(np.arange(0, 60, 0.01), [0, 60], [100, 128])
    phase = np.cumsum(bpm / 60 * 0.01)
    times = np.interp(np.arange(1, phase[-1]), phase, np.arange(0, 60, 0.01))
    sound = bt.onsets(clicks(times, 60.0, 0.05))
    curve, _ = bt.tempo_curve(sound.strength)
    found = bt.refined(bt.track(sound.strength, curve), sound.strength)
    assert agreement(found, times).f_measure > 0.95


def test_pieces_of_the_spectrogram_join_without_a_seam() -> None:
    sound = clicks(np.arange(0.5, 45, 0.5), 45.0, 0.05)
    whole = bt.onsets(sound).strength
    seam = round(20 * bt.FPS)
    later = bt.onsets(sound[10 * bt.RATE :]).strength
    shift = round(10 * bt.RATE / bt.HOP)
    assert np.isfinite(whole).all()
    peaks = whole[seam - 40 : seam + 40].max(), later[seam - shift - 40 : seam - shift + 40].max()
    assert peaks[0] == pytest.approx(peaks[1], rel=0.2)


def test_silence_has_no_onsets() -> None:
    assert not bt.onsets(np.zeros(3 * bt.RATE, np.float32)).strength.any()


@pytest.mark.oracle
def test_dynamic_programming_finds_the_best_path_of_all() -> None:
    rng = np.random.default_rng(0)
    strength = rng.random(60)
    bpm = np.full(60, 60 / 10 * bt.FPS)  # a period of ten frames
    found = bt.track(strength, bpm)

    import scipy.ndimage

    blurred = scipy.ndimage.gaussian_filter1d(strength, 1 / 1.5)

    def merit(path: list[int]) -> float:
        jumps = np.diff(path)
        return blurred[path].sum() - 100 * (np.log(jumps / 10) ** 2).sum()

    best, todo = -np.inf, [[int(found[-1])]]
    while todo:  # every path that ends on the same beat
        path = todo.pop()
        best = max(best, merit(path))
        todo += [[s, *path] for s in range(path[0] - 13, path[0] - 7) if s >= 0]
    assert merit(found.tolist()) == pytest.approx(best)
