import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omote.parts.metrics.beats import (
    Agreement,
    agreement,
    beat_align,
    diversity,
    foot_skate,
    joint_speed,
    kinematic_beats,
)


def most_hits(found: list[float], true: list[float], tolerance: float) -> int:
    """Largest matching by trying every subset: what precision and recall mean, without an algorithm."""
    best = 0
    for size in range(min(len(found), len(true)), 0, -1):
        for some in itertools.combinations(found, size):
            if any(
                all(abs(a - b) <= tolerance for a, b in zip(some, others, strict=True))
                for others in itertools.combinations(true, size)
            ):
                return size
    return best


moments = st.lists(st.integers(0, 60), max_size=6).map(lambda values: sorted(v / 40 for v in values))


@pytest.mark.oracle
@settings(max_examples=150, deadline=None)
@given(found=moments, true=moments)
def test_agreement_equals_the_best_of_all_matchings(found: list[float], true: list[float]) -> None:
    result = agreement(np.array(found, float), np.array(true, float))
    hits = most_hits(found, true, 0.070)
    assert result.precision == pytest.approx(hits / len(found) if found else 0)
    assert result.recall == pytest.approx(hits / len(true) if true else 0)


def test_f_measure_is_the_harmonic_mean_and_zero_for_nothing() -> None:
    assert Agreement(precision=0.5, recall=1.0).f_measure == pytest.approx(2 / 3)
    assert Agreement(precision=0.0, recall=0.0).f_measure == 0
    assert agreement(np.zeros(0), np.arange(3.0)).f_measure == 0


@pytest.mark.oracle
def test_a_swinging_point_rests_where_the_cosine_turns() -> None:
    fps, period = 60.0, 0.5
    t = np.arange(600) / fps
    positions = np.zeros((600, 2, 3))
    positions[:, :, 0] = np.cos(np.pi * t / period)[:, None]
    found = kinematic_beats(positions, fps)
    expected = np.arange(1, 19) * period
    near = np.abs(found[:, None] - expected).min(0)
    assert near.max() < 0.01
    speed = joint_speed(positions, fps)
    exact = np.abs(np.pi / period * np.sin(np.pi * t / period))
    assert np.abs(speed - exact)[5:-5].max() < 0.35 * exact.max()


def test_a_body_at_rest_and_two_frames_have_no_kinematic_beats() -> None:
    assert len(kinematic_beats(np.zeros((100, 22, 3)), 30.0)) == 0
    assert len(kinematic_beats(np.ones((2, 22, 3)), 30.0)) == 0


@pytest.mark.oracle
def test_beat_align_is_the_papers_formula() -> None:
    kinematic, musical = np.array([0.5, 1.02, 1.9]), np.array([0.5, 1.0, 1.5])
    distances = [0.0, 0.02, 0.4]
    expected = np.mean([np.exp(-(d**2) / (2 * 0.05**2)) for d in distances])
    assert beat_align(kinematic, musical) == pytest.approx(expected)
    assert beat_align(np.zeros(0), musical) == 0


def test_foot_skate_counts_each_contact_and_only_the_way_along_the_floor() -> None:
    feet = np.zeros((10, 1, 3))
    feet[2:4, 0, 0] = 0.03  # slides 3 cm in the first contact
    feet[5:, 0, 1] = 0.5  # height is no slide
    planted = np.array([1, 1, 1, 1, 0, 1, 1, 1, 1, 1], bool)[:, None]
    np.testing.assert_allclose(foot_skate(feet, planted), [0.03, 0.0])
    assert len(foot_skate(feet, np.zeros((10, 1), bool))) == 0


@pytest.mark.oracle
def test_diversity_is_the_mean_over_all_pairs_and_zero_for_a_loop() -> None:
    rng = np.random.default_rng(0)
    piece = rng.normal(size=(30, 4, 3))
    assert diversity(np.tile(piece, (3, 1, 1)), 15.0, 2.0) == pytest.approx(0)
    positions = rng.normal(size=(90, 4, 3))
    centred = positions - positions[:, :1]
    pieces = centred.reshape(3, 30, 4, 3)[:, ::2]
    pairs = [np.linalg.norm(a - b, axis=-1).mean() for a, b in itertools.combinations(pieces, 2)]
    assert diversity(positions, 15.0, 2.0) == pytest.approx(np.mean(pairs))
    assert diversity(positions[:20], 15.0, 2.0) == 0
