import numpy as np
import pytest
from dancers import flexion, points

from omote.make.dance.figure import NEUTRAL, SIGNED, mirrored, solve
from omote.make.dance.footwork import track
from omote.parts.body.motion import INDEX
from omote.parts.body.skeleton import JOINTS

MIRROR = np.array([-1.0, 1.0, 1.0])


def frames(n: int = 12) -> np.ndarray:
    return np.linspace(0, 4, n)


def random_pose(seed: int, n: int = 12) -> dict[str, np.ndarray | float]:
    rng = np.random.default_rng(seed)
    pose: dict[str, np.ndarray | float] = {}
    for name, rest in NEUTRAL.items():
        size = (
            0.25
            if name.endswith(("out", "up", "front", "weight"))
            else 0.02
            if name in ("side", "forward", "drop")
            else 8
        )
        pose[name] = rest + size * rng.uniform(-1, 1, n)
    return pose


def test_a_mirrored_pose_is_the_mirror_image_of_the_pose() -> None:
    pose = random_pose(1)
    pose["turn"] = 0.0
    feet = track([], frames())
    _, at = points(solve(pose, feet, 30.0))
    _, mirror = points(solve(mirrored(pose), feet, 30.0))
    swapped = [INDEX[n.replace("Left", "_").replace("Right", "Left").replace("_", "Right")] for n in JOINTS]
    np.testing.assert_allclose(mirror, at[:, swapped] * MIRROR, atol=1e-5)
    twice = mirrored(mirrored(pose))
    assert all(np.array_equal(twice[k], pose[k]) for k in pose)
    assert set(SIGNED) <= set(NEUTRAL)


def test_the_hand_is_where_the_channels_put_it() -> None:
    place = (0.5, 0.2, 0.6)
    pose = {f"left_{axis}": value for axis, value in zip(("out", "up", "front"), place, strict=True)}
    world, at = points(solve(pose, track([], frames()), 30.0))
    chest = world[:, INDEX["Spine2"]]
    hand = at[:, INDEX["LeftHand"]] - at[:, INDEX["LeftArm"]]
    local = (np.swapaxes(chest, 1, 2) @ hand[..., None])[..., 0]
    np.testing.assert_allclose(local, np.tile(0.56 * np.array(place), (12, 1)), atol=1e-3)  # the trunk pushes softly


def test_feet_stand_still_while_the_body_moves() -> None:
    pose = random_pose(2)
    for name in ("left_heel", "right_heel", "left_pivot", "right_pivot"):
        pose[name] = np.abs(np.asarray(pose[name]))  # also with heels lifted and feet pivoting on their balls
    motion = solve(pose, track([], frames()), 30.0)
    _, at = points(motion)
    for side in ("Left", "Right"):
        assert np.ptp(at[:, INDEX[f"{side}ToeBase"]], axis=0).max() < 1e-5
    assert motion.contacts is not None
    assert motion.contacts.all()


def test_elbows_and_knees_are_hinges_that_bend_one_way() -> None:
    motion = solve(random_pose(3, 60), track([], frames(60)), 30.0)
    _, at = points(motion)
    for side in ("Left", "Right"):
        knee = at[:, INDEX[f"{side}Leg"]] - (at[:, INDEX[f"{side}UpLeg"]] + at[:, INDEX[f"{side}Foot"]]) / 2
        assert (knee[:, 2] > 0).all()
        elbow = motion.rotations[:, INDEX[f"{side}ForeArm"]]
        # hinge about y, then pronation about x: what remains about z is nothing
        np.testing.assert_allclose(elbow[:, 1, 0], 0, atol=1e-5)
        forwards = -1.0 if side == "Left" else 1.0
        assert (forwards * np.arctan2(-elbow[:, 2, 0], elbow[:, 0, 0]) > -1e-4).all()
    assert flexion(motion, "LeftForeArm").max() < 165


def test_rotations_are_rotations() -> None:
    r = solve(random_pose(4), track([], frames()), 30.0).rotations
    np.testing.assert_allclose(r @ np.swapaxes(r, -1, -2), np.broadcast_to(np.eye(3), r.shape), atol=1e-5)
    np.testing.assert_allclose(np.linalg.det(r), 1, atol=1e-5)


def test_hips_that_are_told_to_rise_beyond_the_legs_stay_in_reach() -> None:
    motion = solve({"drop": -0.3}, track([], frames()), 30.0)
    _, at = points(motion)
    assert at[:, INDEX["Hips"], 1].max() < 1.01
    assert np.abs(at[:, INDEX["LeftToeBase"], 1]).max() < 1e-5


@pytest.mark.parametrize("inside", [(-0.3, -0.3, 0.0), (-0.2, -0.6, 0.05)])
def test_hands_told_to_go_into_the_trunk_stay_in_front_of_it(inside: tuple[float, float, float]) -> None:
    pose = {f"left_{axis}": value for axis, value in zip(("out", "up", "front"), inside, strict=True)}
    _, at = points(solve(pose, track([], frames()), 30.0))
    assert (at[:, INDEX["LeftHand"], 2] - at[:, INDEX["LeftArm"], 2] > 0.1).all()
