import time
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
import soundfile

from omote.core.errors import InputError, UsageError
from omote.make.dance.music import FALLBACK_BPM, Music, analyse, grid
from omote.parts.data.song import Song, demo_song
from omote.parts.metrics.beats import agreement


@pytest.fixture(scope="module")
def song() -> Song:
    return demo_song(40.0, 112.0, 0)


@pytest.mark.oracle
def test_the_demo_songs_beats_bars_and_meter_are_found(song: Song) -> None:
    music = analyse(song.samples, song.rate)
    heard = music.beats[music.beats < song.truth.beats[-1] + 0.1]  # in the last chord there are no beats to find
    assert agreement(heard, song.truth.beats).f_measure > 0.97
    assert agreement(music.downbeats, song.truth.downbeats).f_measure > 0.9
    assert music.meter == 4
    assert music.confidence > 0.8
    assert music.notes == ()
    assert abs(music.tempo - 112) < 1


@pytest.mark.oracle
def test_sections_of_the_demo_song_are_found_within_a_bar() -> None:
    song = demo_song(60.0, 128.0, 0)
    music = analyse(song.samples, song.rate)
    starts = np.array([music.beats[s.start] for s in music.sections[1:]])
    true = np.array([a for _, a, _ in song.truth.sections[1:-1]])
    assert agreement(starts, true, 2.0).precision >= 0.5
    assert music.sections[0].start == 0
    assert music.sections[-1].end == len(music.beats)


def test_beat_positions_are_whole_at_beats_and_invert(song: Song) -> None:
    music = analyse(song.samples, song.rate)
    np.testing.assert_allclose(music.beat_at(music.beats), np.arange(len(music.beats)), atol=1e-9)
    seconds = np.linspace(-2, song.samples.shape[1] / song.rate + 2, 300)
    position = music.beat_at(seconds)
    assert (np.diff(position) > 0).all()
    np.testing.assert_allclose(music.time_at(position), seconds, atol=1e-6)


def test_stereo_mono_and_other_rates_are_heard_alike(song: Song) -> None:
    stereo = analyse(song.samples, song.rate)
    mono = analyse(song.samples.mean(0), song.rate)
    np.testing.assert_allclose(stereo.beats, mono.beats)
    double = np.repeat(song.samples.mean(0), 2)
    assert agreement(analyse(double, 2 * song.rate).beats, stereo.beats).f_measure > 0.97


@pytest.mark.parametrize("kind", ["silence", "noise", "speechless hum", "one second", "ten milliseconds", "one sample"])
def test_music_without_a_pulse_gets_a_steady_grid_a_zero_and_a_note(kind: str) -> None:
    rng = np.random.default_rng(0)
    rate, t = 22050, np.arange(12 * 22050) / 22050
    sound = {
        "silence": np.zeros(12 * rate),
        "noise": 0.1 * rng.standard_normal(12 * rate),
        "speechless hum": 0.3 * np.sin(2 * np.pi * 200 * t),
        "one second": 0.1 * rng.standard_normal(rate),
        "ten milliseconds": 0.1 * rng.standard_normal(rate // 100),
        "one sample": np.ones(1),
    }[kind].astype(np.float32)
    music = analyse(sound, rate)
    assert music.confidence == 0
    assert len(music.notes) == 1
    assert f"{FALLBACK_BPM:g}" in music.notes[0]
    if len(music.beats) > 1:
        np.testing.assert_allclose(np.diff(music.beats), 60 / FALLBACK_BPM)
    assert music.duration == pytest.approx(len(sound) / rate)
    assert len(music.energy) == len(music.beats) == music.sections[-1].end


def test_tempo_and_offset_overrule(song: Song) -> None:
    music = analyse(song.samples, song.rate, bpm=90.0, offset=0.25)
    np.testing.assert_allclose(music.beats, grid(music.duration, 90.0, 0.25))
    assert music.confidence == 1
    near = analyse(song.samples, song.rate, bpm=112.0)
    assert agreement(near.beats, song.truth.beats).recall > 0.97
    double = analyse(song.samples, song.rate, bpm=56.0)
    assert abs(double.tempo - 56) < 1
    shifted = analyse(song.samples, song.rate, offset=0.1)
    assert np.abs(shifted.beats - 0.1).min() < 1e-9
    assert abs(shifted.tempo - 112) < 1
    assert analyse(song.samples, song.rate, meter=3).meter == 3


@pytest.mark.parametrize("bpm", [10.0, 1000.0])
def test_impossible_tempi_and_meters_are_refused(song: Song, bpm: float) -> None:
    with pytest.raises(UsageError, match="between 30 and 300"):
        analyse(song.samples, song.rate, bpm=bpm)
    with pytest.raises(UsageError, match="3 or 4"):
        analyse(song.samples, song.rate, meter=5)


def test_no_samples_and_broken_samples_are_refused() -> None:
    with pytest.raises(InputError, match="no samples"):
        analyse(np.zeros(0, np.float32), 22050)
    with pytest.raises(InputError, match="not numbers"):
        analyse(np.full(22050, np.nan, np.float32), 22050)


def test_a_music_of_one_beat_still_has_a_time_for_every_beat() -> None:
    music = analyse(np.zeros(2205, np.float32), 22050)
    assert isinstance(music, Music)
    seconds = np.array([0.0, 0.05])
    np.testing.assert_allclose(music.time_at(music.beat_at(seconds)), seconds)


@pytest.mark.slow
def test_ten_minutes_take_seconds() -> None:
    rng = np.random.default_rng(0)
    sound = (0.02 * rng.standard_normal(600 * 22050)).astype(np.float32)
    for k in range(1190):
        at = round((0.5 * k + 0.2) * 22050)
        sound[at : at + 500] += rng.standard_normal(500).astype(np.float32) * np.linspace(0.5, 0, 500)
    start = time.process_time()
    music = analyse(sound, 22050)
    assert time.process_time() - start < 15
    assert abs(music.tempo - 120) < 0.5
    assert len(music.beats) == 1200


@pytest.mark.parametrize(
    ("archive", "piece", "meter", "bpm"),
    [
        ("research", "sweet-waltz", 3, 150.0),
        ("research", "Drum-bass", 4, 136.0),
        ("open", "Vibe_Ace", 4, 130.0),
        ("open", "Fishin", None, 89.0),
    ],
)
def test_recorded_pieces_have_the_tempo_that_people_hear(
    data: Path, tmp_path: Path, archive: str, piece: str, meter: int | None, bpm: float
) -> None:
    with ZipFile(data / archive / "audio" / "librosa.zip") as files:
        name = next(n for n in files.namelist() if piece in n and n.endswith(".ogg"))
        path = files.extract(name, tmp_path)
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    music = analyse(samples.T, rate)
    assert abs(music.tempo - bpm) < 4
    assert music.confidence > 0.5
    assert meter is None or music.meter == meter


def test_speech_is_not_taken_for_music(data: Path, tmp_path: Path) -> None:
    with ZipFile(data / "open" / "audio" / "librosa.zip") as files:
        for name in ("198-209-0000", "5703-47212-0000"):
            path = files.extract(f"audio/{name}.ogg", tmp_path)
            samples, rate = soundfile.read(path, dtype="float32")
            assert analyse(samples, rate).confidence == 0
