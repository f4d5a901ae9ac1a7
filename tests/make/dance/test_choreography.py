from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from dancers import clearances, flexion, known_music, points, with_beats

from omote.core.errors import UsageError
from omote.make.dance.choreography import choreograph, half_time, style_for
from omote.make.dance.moves import MOVES
from omote.make.dance.music import analyse
from omote.make.dance.routine import STYLES, ending_beat, plan
from omote.parts.body.motion import INDEX
from omote.parts.metrics.beats import agreement, beat_align, diversity, foot_skate, kinematic_beats

TOES = [INDEX["LeftToeBase"], INDEX["RightToeBase"]]


@pytest.mark.parametrize("seconds", [0.04, 1.0, 10.03, 61.7])
@pytest.mark.parametrize("fps", [12.0, 24000 / 1001, 30.0])
def test_the_dance_is_exactly_as_long_as_the_music(seconds: float, fps: float) -> None:
    motion = choreograph(known_music(seconds), "pop", 0, fps)
    assert len(motion) == max(round(seconds * fps), 1)
    assert np.isfinite(motion.rotations).all()
    assert np.isfinite(motion.root).all()


GLIDING = {"bon-odori": (0.6, 0.55), "waltz": (0.8, 0.65)}
"""Recall and BeatAlign of the styles that flow through some of their beats instead of resting on each."""


@pytest.mark.parametrize("style", STYLES)
def test_every_style_keeps_time_and_stays_on_its_feet(style: str) -> None:
    music = known_music(60.0, 120.0, 3 if style == "waltz" else 4, cuts=(48, 96))
    motion = choreograph(music, style, 3, 60.0)
    _, at = points(motion)
    end = music.beats[ending_beat(music)] + 0.1
    musical = music.beats[(music.beats > 0.5) & (music.beats < end)]
    kinematic = kinematic_beats(at, 60.0)
    kinematic = kinematic[kinematic < end]
    recall, aligned = GLIDING.get(style, (0.85, 0.75))
    assert agreement(kinematic, musical).recall > recall
    assert beat_align(kinematic, musical) > aligned
    assert motion.contacts is not None
    assert foot_skate(at[:, TOES], motion.contacts).max() < 0.001
    assert at[:, TOES, 1].min() > -0.001
    for what, gap in clearances(motion).items():
        assert gap > -0.05, what
    for joint in ("LeftForeArm", "RightForeArm", "LeftLeg", "RightLeg"):
        assert flexion(motion, joint).max() < 155


def test_nothing_pops_between_moves() -> None:
    _, at = points(choreograph(known_music(90.0, 125.0, cuts=(32, 80)), "pop", 1, 60.0))
    acceleration = np.linalg.norm(np.diff(at, 2, axis=0), axis=-1) * 60**2
    assert acceleration.max() < 130  # hip heights per second squared: a fast clap, not a jump cut
    assert np.linalg.norm(np.diff(at, axis=0), axis=-1).max() * 60 < 8


def test_a_body_on_one_foot_is_above_it() -> None:
    motion = choreograph(known_music(90.0, 120.0), "pop", 2, 30.0)
    _, at = points(motion)
    assert motion.contacts is not None
    for foot in (0, 1):
        alone = motion.contacts[:, foot] & (at[:, TOES[1 - foot], 1] > 0.05)
        away = at[alone, 0] - at[alone, TOES[foot]]
        assert alone.any()
        assert np.abs(away[:, 0]).max() < 0.25
        assert np.median(np.abs(away[:, 0])) < 0.12


def test_the_same_seed_dances_the_same_and_another_another() -> None:
    music = known_music(30.0)
    first, again, other = (choreograph(music, "disco", seed) for seed in (5, 5, 6))
    np.testing.assert_array_equal(first.rotations, again.rotations)
    np.testing.assert_array_equal(first.root, again.root)
    assert np.abs(first.rotations - other.rotations).max() > 0.1


def test_a_tempo_that_changes_is_followed() -> None:
    music = known_music(60.0)
    beats = 0.4 + np.cumsum(np.interp(np.arange(130), [0, 130], [0.58, 0.42]))
    beats = beats[beats < 59.5]
    music = with_beats(music, beats)
    _, at = points(choreograph(music, "disco", 0, 60.0))
    found = kinematic_beats(at, 60.0)
    assert agreement(found, beats[1:-4]).recall > 0.85


def test_a_dance_has_no_visible_loop() -> None:
    motion = choreograph(known_music(120.0, 120.0), "pop", 0, 30.0)
    _, at = points(motion)
    pieces = (at - at[:, :1])[: 29 * 120].reshape(29, 120, 22, 3)  # two bars each
    gaps = [np.abs(a - b).max() for i, a in enumerate(pieces) for b in pieces[i + 1 :]]
    assert min(gaps) > 0.02
    assert diversity(at, 30.0) > 0.05


def test_it_begins_waiting_and_ends_in_a_held_pose_on_the_last_strong_beat() -> None:
    music = known_music(30.0, 120.0)
    music = with_beats(music, music.beats[music.beats > 2])
    _, at = points(choreograph(music, "pop", 0, 30.0))
    speed = np.linalg.norm(np.diff(at, axis=0), axis=-1).mean(-1) * 30
    assert speed[:30].mean() < 0.2 * speed.mean()
    end = round(music.beats[ending_beat(music)] * 30)
    assert speed[end + 5 :].mean() < 0.4 * speed.mean()
    assert music.beats[ending_beat(music)] > 27


def test_loud_music_is_danced_larger_than_quiet() -> None:
    sizes = []
    for energy in (0.05, 0.9):
        _, at = points(choreograph(known_music(40.0, energy=energy), "pop", 4))
        sizes.append(np.linalg.norm(np.diff(at, axis=0), axis=-1).mean())
    assert sizes[1] > 2 * sizes[0]


def test_a_person_cut_off_above_the_feet_neither_kicks_nor_turns_nor_travels() -> None:
    music = known_music(90.0, cuts=(64, 128))
    for style in STYLES:
        parts = plan(music, STYLES[style], np.random.default_rng(0), upper_body=True)
        assert all(part.move.calm_legs for part in parts), style
    whole, cut = (choreograph(music, "pop", 1, upper_body=upper) for upper in (False, True))
    assert np.abs(cut.root[:, 0]).max() < 0.75 * np.abs(whole.root[:, 0]).max()
    assert np.ptp(cut.root[:, 1]) < np.ptp(whole.root[:, 1])
    assert cut.contacts is not None


def test_plans_cover_the_music_without_gaps_and_fill_before_new_sections() -> None:
    music = known_music(90.0, cuts=(64, 128))
    parts = plan(music, STYLES["pop"], np.random.default_rng(1))
    assert parts[0].start == 0
    assert parts[-1].end == ending_beat(music)
    assert all(a.end == b.start for a, b in pairwise(parts))
    for cut in (64, 128):
        fill = next(part for part in parts if part.end == cut)
        assert fill.move.name in STYLES["pop"].fills
        assert fill.end - fill.start == 4


def test_sections_alike_dance_the_same_moves() -> None:
    music = known_music(70.0, cuts=(32, 64, 96))
    labels = (0, 1, 0, 1)
    music = replace(music, sections=tuple(replace(s, label=k) for s, k in zip(music.sections, labels, strict=True)))
    parts = plan(music, STYLES["disco"], np.random.default_rng(2))
    names = [[p.move.name for p in parts if a <= p.start < z - 4] for a, z in ((0, 32), (64, 96))]
    assert names[0] == names[1]


def test_fast_music_is_danced_at_half_time() -> None:
    fast = known_music(30.0, 180.0)
    halved = half_time(fast)
    np.testing.assert_allclose(np.diff(halved.beats), 60 / 90)
    assert len(halved.energy) == len(halved.beats) == halved.sections[-1].end
    assert all(a.end == b.start for a, b in pairwise(halved.sections))
    odd = half_time(replace(fast, first_downbeat=3))
    assert fast.beats[3] in odd.downbeats
    assert len(choreograph(fast, "pop")) == 900


def test_style_follows_meter_and_tempo() -> None:
    assert style_for(known_music(meter=3)) == "waltz"
    assert style_for(known_music(bpm=90.0)) == "hip-hop"
    assert style_for(known_music(bpm=122.0)) == "disco"
    assert style_for(known_music(bpm=150.0)) == "pop"
    assert len(choreograph(known_music(12.0, meter=3))) == 360


def test_styles_name_moves_that_exist_and_there_are_at_least_three() -> None:
    assert len(STYLES) >= 3
    for style in STYLES.values():
        assert all(name in MOVES for name in (*style.moves, *style.fills, *style.quiet))


def test_an_unknown_style_is_refused_with_those_that_exist() -> None:
    with pytest.raises(UsageError, match="choose one of auto, pop"):
        choreograph(known_music(5.0), "polka")


@pytest.mark.parametrize("seconds", [0.3, 1.0, 12.0])
def test_silence_is_danced_to(seconds: float) -> None:
    music = analyse(np.zeros(round(seconds * 22050), np.float32), 22050)
    motion = choreograph(music, "auto", 0, 30.0)
    assert len(motion) == round(seconds * 30)
    assert np.isfinite(motion.rotations).all()
