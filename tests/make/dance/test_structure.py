from dataclasses import replace

import numpy as np
import pytest

from omote.make.dance.structure import Bars, BeatFeatures, bars, energy, sections


def features(
    beats: int = 96, meter: int = 4, first: int = 0, changes: tuple[int, ...] = (), seed: int = 0
) -> BeatFeatures:
    """Made-up beats: bass on each bar's first beat, a new chord there, another timbre after each change."""
    rng = np.random.default_rng(seed)
    down = (np.arange(beats) - first) % meter == 0
    chord = np.cumsum(down) % 3
    chroma = np.eye(12)[chord * 4] + 0.1 * rng.random((beats, 12))
    part = np.searchsorted(changes, np.arange(beats), side="right")
    timbre = 0.3 * rng.normal(size=(beats, 13))
    timbre[np.arange(beats), part % 13] += 4
    return BeatFeatures(
        loudness=-30 + 5.0 * part + rng.normal(0, 0.3, beats),
        low=2.0 * down + 0.2 * rng.random(beats),
        onset=1 + 0.3 * rng.random(beats),
        timbre=timbre,
        chroma=chroma / np.linalg.norm(chroma, axis=1, keepdims=True),
    )


@pytest.mark.parametrize("meter", [3, 4])
@pytest.mark.parametrize("first", [0, 1, 2])
def test_bars_open_where_bass_and_chord_change(meter: int, first: int) -> None:
    found = bars(features(meter=meter, first=first))
    assert (found.meter, found.first) == (meter, first)
    assert found.confidence > 0.3


def test_a_meter_that_is_given_is_kept() -> None:
    assert bars(features(meter=4), 3).meter == 3


def test_a_handful_of_beats_has_no_bars_to_find() -> None:
    assert bars(features(6)) == Bars(meter=4, first=0, confidence=0.0)


def test_sections_change_where_the_timbre_does_at_bar_lines() -> None:
    found = sections(features(128, changes=(32, 80)), Bars(meter=4, first=0, confidence=1.0))
    assert [s.start for s in found] == [0, 32, 80]
    assert found[-1].end == 128
    assert len({s.label for s in found}) == 3


def test_sections_that_sound_alike_have_one_label() -> None:
    piece = features(128, changes=(32, 64, 96))
    timbre = piece.timbre.copy()
    timbre[64:96] = timbre[:32]
    timbre[96:] = timbre[32:64]
    piece = BeatFeatures(loudness=piece.loudness, low=piece.low, onset=piece.onset, timbre=timbre, chroma=piece.chroma)
    labels = [s.label for s in sections(piece, Bars(meter=4, first=0, confidence=1.0))]
    assert labels == [0, 1, 0, 1]


def test_a_short_piece_is_one_section() -> None:
    found = sections(features(20), Bars(meter=4, first=1, confidence=1.0))
    assert [(s.start, s.end, s.label) for s in found] == [(0, 20, 0)]


def test_energy_follows_loudness_and_stays_calm_where_nothing_changes() -> None:
    loud = energy(features(96, changes=(48,), seed=1))
    assert loud[60:].mean() > loud[:36].mean() + 0.15
    steady = energy(replace(features(96), loudness=np.full(96, -20.0)))
    np.testing.assert_allclose(steady, 0.65, atol=1e-6)
    assert ((loud >= 0) & (loud <= 1)).all()
