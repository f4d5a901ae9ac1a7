import itertools

import numpy as np
import pytest

from omote.core.errors import UsageError
from omote.parts.data.song import RATE, demo_song


def test_a_song_has_the_length_asked_for_in_stereo_and_does_not_clip() -> None:
    song = demo_song(8.25, 120, 1)
    assert song.samples.shape == (2, round(8.25 * RATE))
    assert song.rate == RATE
    assert 0.5 < np.abs(song.samples).max() < 0.95
    assert np.abs(song.samples[:, -5:]).max() < 1e-3  # nothing is cut off


def test_the_same_seed_is_the_same_song_and_another_is_another() -> None:
    first, again, other = (demo_song(6, 110, seed).samples for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.oracle
@pytest.mark.parametrize("bpm", [90, 120, 150])
def test_sound_starts_where_the_truth_says_a_beat_is(bpm: int) -> None:
    song = demo_song(12, bpm, 2)
    mono = song.samples.mean(0).astype(float)
    kick = np.array([1.0] * 32) / 32
    level = np.convolve(np.abs(mono), kick, "same")
    rises = []
    for beat in song.truth.beats[2:-1]:
        at = round(beat * RATE)
        rises.append(level[at + 50 : at + 1500].max() / (level[at - 600 : at - 50].max() + 1e-6))
    assert np.median(rises) > 1.3
    np.testing.assert_allclose(np.diff(song.truth.beats), 60 / bpm)
    np.testing.assert_allclose(song.truth.downbeats, song.truth.beats[::4])


def test_sections_cover_the_song_and_start_at_bars() -> None:
    song = demo_song(60, 128, 0)
    sections = song.truth.sections
    assert sections[0][1] == 0
    assert sections[-1][2] == 60
    for (_, _, end), (_, start, _) in itertools.pairwise(sections):
        assert end == start
        assert np.abs(song.truth.downbeats - start).min() < 1e-9


def test_a_break_or_a_section_is_heard_as_a_change_of_loudness_of_the_drums() -> None:
    song = demo_song(60, 128, 0)
    named = {name: (a, z) for name, a, z in song.truth.sections}
    levels = {n: np.abs(song.samples[:, int(a * RATE) : int(z * RATE)]).mean() for n, (a, z) in named.items()}
    assert levels["chorus"] > 1.2 * levels["intro"]


@pytest.mark.parametrize(("seconds", "bpm"), [(1, 120), (1000, 120), (30, 20), (30, 400)])
def test_what_cannot_be_played_is_refused(seconds: int, bpm: int) -> None:
    with pytest.raises(UsageError, match="between"):
        demo_song(seconds, bpm)
