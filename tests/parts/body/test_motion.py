import jaxtyping
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from omote.core.errors import ShapeError
from omote.parts.body.motion import (
    CANONICAL_REST,
    INDEX,
    Motion,
    bend_limb,
    forward_kinematics,
    retarget,
    rotation_between,
    skinning_transforms,
    sole_height,
    world_rotations,
)
from omote.parts.body.skeleton import JOINTS, PARENTS, Rig


def random_motion(frames: int = 5, size: float = 0.4, seed: int = 0) -> Motion:
    rng = np.random.default_rng(seed)
    turns = Rotation.from_rotvec(rng.normal(0, size, (frames * 22, 3))).as_matrix().reshape(frames, 22, 3, 3)
    return Motion(fps=30.0, rotations=turns.astype(np.float32), root=rng.normal(0, 0.1, (frames, 3)).astype(np.float32))


def standing(frames: int = 3) -> Motion:
    rotations = np.tile(np.eye(3, dtype=np.float32), (frames, 22, 1, 1))
    return Motion(fps=30.0, rotations=rotations, root=np.zeros((frames, 3), np.float32))


def crouching(frames: int = 24) -> Motion:
    """Hips go down and up, to and fro, over feet that stand where they are; arms swing."""
    from omote.make.dance.figure import solve
    from omote.make.dance.footwork import track

    u = np.linspace(0, 2 * np.pi, frames)
    pose = {
        "drop": 0.12 - 0.09 * np.cos(u),
        "weight": np.sin(u),
        "hip_yaw": 15 * np.sin(u),
        "left_up": -0.4 * np.cos(u),
    }
    return solve(pose, track([], u), 30.0)


def canonical_rig(scale: float = 0.93) -> Rig:
    rest = np.tile(np.eye(4, dtype=np.float32), (22, 1, 1))
    rest[:, :3, 3] = CANONICAL_REST * scale
    return Rig(names=JOINTS, parents=PARENTS, rest=rest, bone_of={name: i for i, name in enumerate(JOINTS)})


def odd_rig(arms_down: float = 50.0, seed: int = 3, legs_longer: float = 1.08) -> Rig:
    """Arms hang, legs stand apart, elbows are bent, bones have any axes, names say nothing, there are extra bones."""
    rng = np.random.default_rng(seed)
    pose = standing(1)
    rotations = pose.rotations.copy()
    for side, sign in (("Left", -1), ("Right", 1)):
        rotations[0, INDEX[f"{side}Arm"]] = Rotation.from_euler("z", sign * arms_down, degrees=True).as_matrix()
        rotations[0, INDEX[f"{side}ForeArm"]] = Rotation.from_euler("y", sign * 20, degrees=True).as_matrix()
        rotations[0, INDEX[f"{side}UpLeg"]] = Rotation.from_euler("z", -sign * 6, degrees=True).as_matrix()
    proportions = CANONICAL_REST.copy()
    legs = [INDEX[s + p] for s in ("Left", "Right") for p in ("Leg", "Foot", "ToeBase")]
    proportions[legs, 1] = 0.96 - (0.96 - proportions[legs, 1]) * legs_longer
    places = forward_kinematics(Motion(fps=30.0, rotations=rotations, root=np.zeros((1, 3), np.float32)), proportions)[
        0
    ]
    names, parents, points, bone_of = ["world", "pelvis lift"], [-1, 0], [np.zeros(3), places[0] * 0.5], {}
    for j, name in enumerate(JOINTS):
        bone_of[name] = len(names)
        parents.append(1 if j == 0 else bone_of[JOINTS[PARENTS[j]]])
        names.append(f"bone{rng.integers(10**6)}")
        points.append(places[j])
        if name in ("LeftArm", "Head"):  # a twist bone and a jaw, which nothing drives
            parents.append(bone_of[name])
            names.append(f"extra{j}")
            points.append(places[j] + 0.05)
    rest = np.tile(np.eye(4, dtype=np.float32), (len(names), 1, 1))
    rest[:, :3, :3] = Rotation.random(len(names), random_state=seed).as_matrix()
    rest[:, :3, 3] = 0.9 * np.array(points) + [0.2, -0.4, 0.1]
    return Rig(names=tuple(names), parents=tuple(parents), rest=rest, bone_of=bone_of)


RIGS = {
    "canonical": canonical_rig(),
    "A-pose": odd_rig(),
    "arms down": odd_rig(80.0, 5, 0.95),
    "T-pose": odd_rig(0.0, 7),
}


@pytest.mark.oracle
def test_forward_kinematics_equals_a_chain_of_homogeneous_matrices() -> None:
    motion = random_motion()
    rest = CANONICAL_REST * 0.9
    hip_height = rest[0, 1] - rest[INDEX["LeftToeBase"], 1]
    for frame, found in enumerate(forward_kinematics(motion, rest)):
        chain: list[np.ndarray] = []
        for j, parent in enumerate(PARENTS):
            local = np.eye(4)
            local[:3, :3] = motion.rotations[frame, j]
            local[:3, 3] = rest[j] + hip_height * motion.root[frame] if parent < 0 else rest[j] - rest[parent]
            chain.append(local if parent < 0 else chain[parent] @ local)
        np.testing.assert_allclose(found, np.array(chain)[:, :3, 3], atol=1e-5)


def test_bones_keep_their_lengths() -> None:
    positions = forward_kinematics(random_motion(size=1.5))
    for j, parent in enumerate(PARENTS[1:], 1):
        length = np.linalg.norm(positions[:, j] - positions[:, parent], axis=1)
        np.testing.assert_allclose(length, np.linalg.norm(CANONICAL_REST[j] - CANONICAL_REST[parent]), atol=1e-5)


@pytest.mark.oracle
def test_smallest_rotation_equals_scipys_and_handles_opposites() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(2, 50, 3))
    found = rotation_between(a, b)
    for i in range(50):
        axis = np.cross(a[i], b[i])
        angle = np.arctan2(np.linalg.norm(axis), a[i] @ b[i])
        expected = Rotation.from_rotvec(axis / np.linalg.norm(axis) * angle).as_matrix()
        np.testing.assert_allclose(found[i], expected, atol=1e-6)
    flipped = rotation_between(a, -a)
    np.testing.assert_allclose((flipped @ a[..., None])[..., 0], -a, atol=1e-6)
    np.testing.assert_allclose(np.linalg.det(flipped), 1, atol=1e-6)


def test_a_bent_limb_ends_where_it_should_and_no_further_than_it_reaches() -> None:
    rng = np.random.default_rng(2)
    start, pole = np.zeros((100, 3)), rng.normal(size=(100, 3))
    end = rng.normal(size=(100, 3))
    upper, lower, _ = bend_limb(start, end, pole, 0.5, 0.4)
    reached = 0.5 * upper + 0.4 * lower
    distance = np.linalg.norm(end, axis=1)
    near = (distance < 0.9) & (distance > 0.11)
    np.testing.assert_allclose(reached[near], end[near], atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(upper, axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(lower, axis=1), 1, atol=1e-6)
    far = distance > 0.9
    np.testing.assert_allclose(reached[far], 0.9 * end[far] / distance[far, None], atol=1e-5)


def test_standing_leaves_the_canonical_rig_at_rest() -> None:
    rig = canonical_rig()
    posed = retarget(standing(), rig)
    np.testing.assert_allclose(posed[0], rig.rest, atol=1e-3)
    np.testing.assert_allclose(skinning_transforms(posed, rig)[0], np.tile(np.eye(4), (22, 1, 1)), atol=2e-3)


@pytest.mark.parametrize("name", RIGS)
def test_any_rest_pose_stands_in_a_t_pose_with_its_spine_and_feet_as_at_rest(name: str) -> None:
    rig = RIGS[name]
    posed = retarget(standing(1), rig)[0]
    at = {joint: posed[bone, :3, 3] for joint, bone in rig.bone_of.items()}
    for side, out in (("Left", 1.0), ("Right", -1.0)):
        for a, b in (("Arm", "ForeArm"), ("ForeArm", "Hand")):
            along = at[side + b] - at[side + a]
            np.testing.assert_allclose(along / np.linalg.norm(along), [out, 0, 0], atol=2e-3)
    for joint in ("Hips", "Spine", "Spine2", "Neck", "Head", "LeftFoot", "RightFoot", "LeftShoulder"):
        bone = rig.bone_of[joint]
        np.testing.assert_allclose(posed[bone, :3, :3], rig.rest[bone, :3, :3], atol=1e-5)
    for side in ("Left", "Right"):  # the feet stand where they stood
        np.testing.assert_allclose(at[f"{side}Foot"], rig.rest[rig.bone_of[f"{side}Foot"], :3, 3], atol=1e-3)


@pytest.mark.parametrize("name", RIGS)
def test_retargeting_keeps_bone_lengths_and_carries_undriven_bones_along(name: str) -> None:
    rig = RIGS[name]
    posed = retarget(crouching(), rig)
    hips = rig.bone_of["Hips"]
    for bone, parent in enumerate(rig.parents):
        if parent < 0:
            continue
        rest = np.linalg.norm(rig.rest[bone, :3, 3] - rig.rest[parent, :3, 3])
        length = np.linalg.norm(posed[:, bone, :3, 3] - posed[:, parent, :3, 3], axis=1)
        np.testing.assert_allclose(length, rest, atol=2e-4, err_msg=f"bone {bone} of {name}, hips {hips}")
    turns = posed[..., :3, :3]
    np.testing.assert_allclose(turns @ np.swapaxes(turns, -1, -2), np.broadcast_to(np.eye(3), turns.shape), atol=1e-4)
    for bone, label in enumerate(rig.names):
        if label.startswith("extra"):
            parent = rig.parents[bone]
            rigid = np.linalg.inv(rig.rest[parent]) @ rig.rest[bone]
            np.testing.assert_allclose(posed[:, bone], posed[:, parent] @ rigid, atol=1e-4)


@pytest.mark.parametrize("name", RIGS)
def test_planted_feet_neither_slide_nor_sink_on_any_rig(name: str) -> None:
    rig = RIGS[name]
    posed = retarget(crouching(), rig)
    for side in ("Left", "Right"):
        ball = posed[:, rig.bone_of[f"{side}ToeBase"], :3, 3]
        assert np.linalg.norm(np.ptp(ball[:, [0, 2]], axis=0)) < 2e-3
        assert ball[:, 1].min() > rig.rest[rig.bone_of[f"{side}ToeBase"], 1, 3] - 2e-3
        assert ball[:, 1].max() < rig.rest[rig.bone_of[f"{side}ToeBase"], 1, 3] + 2e-3


def test_knees_bend_forwards_on_any_rig() -> None:
    for rig in RIGS.values():
        posed = retarget(crouching(), rig)
        for side in ("Left", "Right"):
            hip, knee, ankle = (posed[:, rig.bone_of[side + part], :3, 3] for part in ("UpLeg", "Leg", "Foot"))
            assert ((knee - (hip + ankle) / 2)[:, 2] > -1e-3).all()


def test_a_slice_of_the_motion_gives_a_slice_of_the_transforms() -> None:
    motion, rig = crouching(), RIGS["A-pose"]
    whole = retarget(motion, rig)
    np.testing.assert_array_equal(retarget(motion[7:12], rig), whole[7:12])
    assert len(motion[7:12]) == 5
    assert motion[7:12].contacts is not None


def test_travel_scales_with_the_hip_height() -> None:
    motion = standing(1)
    motion.root[0] = 0.0, 0.05, 0.0
    small, large = canonical_rig(0.6), canonical_rig(1.2)
    rise = [retarget(motion, rig)[0, 0, 1, 3] - rig.rest[0, 1, 3] for rig in (small, large)]
    assert rise[1] == pytest.approx(2 * rise[0], rel=1e-3)


@pytest.mark.oracle
def test_sole_height_is_the_lower_of_ball_and_heel() -> None:
    toe = (CANONICAL_REST[INDEX["LeftToeBase"]] - CANONICAL_REST[INDEX["LeftFoot"]]).astype(float)
    ankle = np.array([[0.0, 0.075, 0.0]])
    flat = sole_height(ankle, np.eye(3)[None], toe)
    assert flat[0] == pytest.approx(0.0, abs=1e-7)
    for degrees in (-30, 30):
        turn = Rotation.from_euler("x", degrees, degrees=True).as_matrix()
        points = np.array([toe, [0, -0.075, -0.05]]) @ turn.T
        assert sole_height(ankle, turn[None], toe)[0] == pytest.approx(0.075 + points[:, 1].min(), abs=1e-6)


def test_world_rotations_of_the_t_pose_are_identities() -> None:
    np.testing.assert_array_equal(world_rotations(standing().rotations), standing().rotations)


def test_a_rig_without_hands_is_refused_by_name() -> None:
    rig = canonical_rig()
    partial = {name: i for name, i in rig.bone_of.items() if name != "LeftHand"}
    with pytest.raises(ShapeError, match="LeftHand"):
        retarget(standing(), Rig(names=rig.names, parents=rig.parents, rest=rig.rest, bone_of=partial))


def test_a_motion_of_unequal_parts_or_without_a_rate_is_refused() -> None:
    good = standing()
    with pytest.raises((ShapeError, jaxtyping.TypeCheckError)):  # the second where shapes are checked, as here
        Motion(fps=30.0, rotations=good.rotations, root=good.root[:-1])
    with pytest.raises(ShapeError, match="rate"):
        Motion(fps=0.0, rotations=good.rotations, root=good.root)


def test_the_shipped_body_dances_with_its_feet_on_the_floor() -> None:
    torch = pytest.importorskip("torch")
    from omote.parts.body.anny import PHENOTYPES, BodyModel

    model = BodyModel.load()
    rest = model.rest(torch.full((1, len(PHENOTYPES)), 0.5))
    rig = model.rig(rest.heads[0])
    posed = retarget(crouching(), rig)
    for side in ("Left", "Right"):
        ball = posed[:, rig.bone_of[f"{side}ToeBase"], :3, 3]
        assert np.linalg.norm(np.ptp(ball, axis=0)) < 0.01
