import numpy as np
import pytest

from omote.make.dance.figure import BALL_AHEAD, HALF_STANCE
from omote.make.dance.footwork import LEFT, RIGHT, Step, mirror_step, track

BEATS = np.linspace(0, 8, 481)


def test_without_steps_the_feet_stand() -> None:
    feet = track([], BEATS)
    assert feet.planted.all()
    np.testing.assert_allclose(feet.ball[:, LEFT], np.tile([HALF_STANCE, 0, BALL_AHEAD], (481, 1)))
    np.testing.assert_allclose(feet.ball[:, RIGHT, 0], -HALF_STANCE)


def test_a_step_leaves_lands_and_moves_only_in_between() -> None:
    feet = track([Step(foot=LEFT, lift=2.0, land=3.0, out=0.3, front=0.1, height=0.08)], BEATS)
    moving = (BEATS > 2.0) & (BEATS < 3.0)
    assert not feet.planted[moving, LEFT].any()
    assert feet.planted[~moving & (BEATS != 2.0), LEFT].all()
    assert (np.diff(feet.ball[~moving, LEFT], axis=0).any(axis=1)).sum() == 1  # only across the swing
    np.testing.assert_allclose(feet.ball[-1, LEFT], [0.3, 0, BALL_AHEAD + 0.1])
    assert feet.ball[:, LEFT, 1].max() == pytest.approx(0.08, abs=1e-3)
    assert feet.planted[:, RIGHT].all()


def test_feet_lift_and_land_without_a_jerk() -> None:
    feet = track([Step(foot=RIGHT, lift=1.0, land=2.0, out=0.4)], BEATS)
    speed = np.linalg.norm(np.diff(feet.ball[:, RIGHT], axis=0), axis=1)
    assert np.abs(np.diff(speed)).max() < 0.2 * speed.max()


def test_a_kick_comes_back_and_does_not_carry_the_weight_along() -> None:
    feet = track([Step(foot=LEFT, lift=1.0, land=3.0, via=(0.0, 0.6))], BEATS)
    assert feet.ball[:, LEFT, 2].max() == pytest.approx(BALL_AHEAD + 0.6, abs=1e-3)
    np.testing.assert_allclose(feet.support[:, LEFT, 1], BALL_AHEAD)


def test_a_step_that_overlaps_waits_for_the_foot_or_is_left_out() -> None:
    late = track([Step(foot=LEFT, lift=0.5, land=2.0, out=0.3), Step(foot=LEFT, lift=1.0, land=3.0, out=0.2)], BEATS)
    assert late.ball[np.searchsorted(BEATS, 2.0), LEFT, 0] == pytest.approx(0.3, abs=1e-3)
    assert late.ball[-1, LEFT, 0] == pytest.approx(0.2)
    swallowed = track(
        [Step(foot=LEFT, lift=0.5, land=2.0, out=0.3), Step(foot=LEFT, lift=1, land=2.05, out=0.2)], BEATS
    )
    assert swallowed.ball[-1, LEFT, 0] == pytest.approx(0.3)


def test_a_mirrored_step_is_the_other_foots() -> None:
    step = Step(foot=LEFT, lift=1.0, land=2.0, out=0.3)
    feet, other = track([step], BEATS), track([mirror_step(step)], BEATS)
    np.testing.assert_allclose(feet.ball[:, LEFT] * [-1, 1, 1], other.ball[:, RIGHT])


def test_after_a_full_turn_the_feet_are_where_they_were_and_pivoted_on_their_balls() -> None:
    turn = np.clip((BEATS - 1) / 4, 0, 1) * 360
    steps = [Step(foot=f, lift=k + 0.1, land=k + 0.9) for k in range(1, 7) for f in (k % 2,)]
    feet = track(steps, BEATS, turn)
    np.testing.assert_allclose(feet.ball[-1], feet.ball[0], atol=1e-6)
    np.testing.assert_allclose(feet.yaw[-1] - feet.yaw[0], 360)
    still = feet.planted[1:] & feet.planted[:-1]
    assert np.abs(np.diff(feet.ball, axis=0)[still]).max() < 1e-9
