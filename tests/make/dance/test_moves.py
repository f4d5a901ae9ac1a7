import numpy as np
import pytest
from dancers import angle_between, clearances, danced, flexion, points

from omote.make.dance.moves import MOVES
from omote.make.dance.phrasing import CLAP_WRIST, Taste, hit, keys, pop, smooth, swing
from omote.parts.body.motion import INDEX
from omote.parts.metrics.beats import agreement, foot_skate, kinematic_beats

TASTES = {"quiet": Taste(size=0.65), "loud, other variant": Taste(size=1.25, variant=1)}
DOUBLE_TIME = {
    "running man": 0.45,
    "jump": 0.3,
    "sprinkler": 0.5,
    "bon sweep": 0.5,
    "lean": 0.6,
    "sway": 0.65,
    "raise the roof": 0.5,
}
"""Moves that also come to rest between beats, and the precision left: knees at their highest, the top of a jump."""
GLIDING = {"bon sweep": 0.7, "sprinkler": 0.75}
"""Moves that pass through some beats without resting, and the recall left."""


@pytest.mark.parametrize("ease", [smooth, hit, pop])
def test_easing_goes_from_rest_to_rest(ease) -> None:
    u = np.linspace(0, 1, 1001)
    value = ease(u)
    assert value[0] == pytest.approx(0, abs=1e-9)
    assert value[-1] == pytest.approx(1, abs=1e-9)
    speed = np.diff(value)
    assert abs(speed[0]) < 0.05 * speed.max()
    assert abs(speed[-1]) < 0.05 * speed.max()


def test_keys_pass_through_their_values_periodically() -> None:
    values = [(0.5, 1.0), (1.0, -2.0), (3.0, 0.25)]
    for turn in (-4.0, 0.0, 8.0):
        at = np.array([beat for beat, _ in values]) + turn
        np.testing.assert_allclose(keys(at, 4.0, values), [1.0, -2.0, 0.25], atol=1e-9)
    vectors = keys(np.array([0.0, 1.0, 2.0]), 2, [(0, (1.0, 2.0)), (1, (3.0, 4.0))])
    np.testing.assert_allclose(vectors, [[1, 3, 1], [2, 4, 2]])


def test_swing_is_one_at_its_top_and_minus_one_half_a_period_later() -> None:
    np.testing.assert_allclose(swing(np.array([1.0, 3.0, 5.0]), 4.0, 1.0), [1, -1, 1], atol=1e-12)


def test_there_are_at_least_a_dozen_moves_and_each_has_a_name_and_a_period() -> None:
    assert len(MOVES) >= 18
    assert all(name == move.name and move.period in (2, 4, 6, 8) for name, move in MOVES.items())


@pytest.mark.parametrize("taste", TASTES)
@pytest.mark.parametrize("name", MOVES)
def test_every_move_is_possible_for_a_body(name: str, taste: str) -> None:
    motion = danced(MOVES[name], TASTES[taste])
    world, at = points(motion)
    for side in ("Left", "Right"):
        assert flexion(motion, f"{side}ForeArm").max() < 150, "elbow"
        assert flexion(motion, f"{side}Leg").max() < 140, "knee"
        hip, knee, ankle = (at[:, INDEX[side + part]] for part in ("UpLeg", "Leg", "Foot"))
        forward = world[:, INDEX[f"{side}UpLeg"]] @ np.array([0, 0, 1.0])
        assert (((knee - (hip + ankle) / 2) * forward).sum(-1) > -1e-3).all(), "knees bend forwards"
        wrist = motion.rotations[:, INDEX[f"{side}Hand"]]
        bend = np.degrees(np.arccos(np.clip(wrist[:, 0, 0], -1, 1)))
        assert bend.max() < 75, "wrist"
    assert angle_between(motion, "Head", "Spine2").max() < 70
    assert angle_between(motion, "Spine2", "Hips").max() < 60
    floor = np.minimum(at[:, INDEX["LeftToeBase"], 1], at[:, INDEX["RightToeBase"], 1])
    assert floor.min() > -1e-3, "feet do not sink"
    for what, gap in clearances(motion).items():
        assert gap > -0.03, what


@pytest.mark.parametrize("name", MOVES)
def test_planted_feet_do_not_slide(name: str) -> None:
    motion = danced(MOVES[name], Taste())
    _, at = points(motion)
    assert motion.contacts is not None
    slides = foot_skate(at[:, [INDEX["LeftToeBase"], INDEX["RightToeBase"]]], motion.contacts)
    assert slides.max() < 1e-3


@pytest.mark.parametrize("bpm", [90.0, 128.0])
@pytest.mark.parametrize("name", MOVES)
def test_every_move_comes_to_rest_on_the_beats(name: str, bpm: float) -> None:
    motion = danced(MOVES[name], Taste(), bpm, rounds=4)
    beats = np.arange(1, 4 * MOVES[name].period - 1) * 60 / bpm
    found = kinematic_beats(points(motion)[1], 60.0)
    found = found[(found > beats[0] - 0.2) & (found < beats[-1] + 0.2)]
    result = agreement(found, beats)
    assert result.recall > GLIDING.get(name, 0.95)
    assert result.precision > DOUBLE_TIME.get(name, 0.75)


@pytest.mark.parametrize("name", MOVES)
def test_moves_repeat_after_their_period_and_hold_no_state(name: str) -> None:
    move, taste = MOVES[name], Taste()
    b = np.linspace(0, move.period, 50)
    once, again = move.pose(b, taste), move.pose(b + 8 * move.period, taste)
    for channel in once:
        if channel != "turn":
            np.testing.assert_allclose(once[channel], again[channel], atol=1e-6, err_msg=channel)
    part = move.pose(b[10:20], taste)
    for channel in once:
        np.testing.assert_allclose(np.broadcast_to(once[channel], 50)[10:20], np.broadcast_to(part[channel], 10))


def test_hands_meet_in_a_clap() -> None:
    motion = danced(MOVES["step clap"], Taste(), 120.0, 60.0)
    world, at = points(motion)
    palms = [
        at[:, INDEX[f"{s}Hand"]] + world[:, INDEX[f"{s}Hand"]] @ np.array([0.09 * out, 0, 0])
        for s, out in (("Left", 1), ("Right", -1))
    ]
    apart = np.linalg.norm(palms[0] - palms[1], axis=-1)
    claps = [round(beat * 30) for beat in (5, 7)]
    assert apart[claps].max() < 0.09
    assert apart.max() > 0.4
    assert CLAP_WRIST < 0  # wrists bend back, so that the palms face each other
