"""How people stand: within the limits of joints, on the floor, in balance, limbs apart."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial import ConvexHull

from omote.core.errors import UsageError
from omote.parts.body.anny import BodyModel
from omote.parts.body.motion import Motion
from omote.parts.data.people import joints
from omote.parts.data.people.adults import draw_adult, rest_of
from omote.parts.data.people.body import Body
from omote.parts.data.people.clearance import segment_distance
from omote.parts.data.people.expressions import Gaze
from omote.parts.data.people.families import EVERYDAY, STANDING, tailor_posture
from omote.parts.data.people.hands import HAND_LIMITS, HANDS, draw_hand
from omote.parts.data.people.joints import Arm, Trunk
from omote.parts.data.people.poses import (
    SINKS,
    TOLERANCE,
    UPPER_ARM,
    draw_pose,
    from_motion,
    looking,
    mirrored,
    pose_of,
    tailor,
    upper_arm_gap,
)  # fmt: skip
from omote.parts.data.people.stance import Leg, Posture


@pytest.fixture(scope="module")
def model() -> BodyModel:
    return BodyModel.load()


@pytest.fixture(scope="module")
def bodies(model: BodyModel) -> list[Body]:
    return [Body.of(model, rest_of(model, draw_adult(np.random.default_rng(seed), model))) for seed in (1, 2, 3)]


@pytest.fixture(scope="module")
def body(bodies: list[Body]) -> Body:
    return bodies[0]


def skin(body: Body, pose) -> np.ndarray:
    return body.skinned(body.bones(pose.rotations, pose.root))


@pytest.mark.oracle
def test_measured_angles_are_those_that_built_the_pose(body: Body) -> None:
    arm = Arm(elevation=55, plane=35, rotation=-20, elbow=40, pronation=30, flexion=15, deviation=-8)
    leg = Leg(flexion=40, abduction=12, rotation=-9, knee=50, ankle=-10, toes=5)
    hand = draw_hand(np.random.default_rng(0))
    trunk = Trunk(nod=12, neck_twist=20, neck_bend=-6, twist=15)
    angles = pose_of(
        body, Posture(family="x", trunk=trunk, arms=(arm, arm), legs=(leg, leg), hands=(hand, hand), weight=None)
    ).angles
    assert angles["neck flexion"] == pytest.approx(12, abs=0.01)
    assert angles["neck twist"] == pytest.approx(20, abs=0.01)
    assert angles["neck bend"] == pytest.approx(-6, abs=0.01)
    assert angles["spine twist"] == pytest.approx(15, abs=0.01)
    for side in ("left", "right"):
        wanted = {
            **{"arm elevation": 55, "arm plane": 35, "arm rotation": -20, "elbow": 40, "pronation": 30},
            **{"wrist flexion": 15, "wrist deviation": -8, "hip flexion": 40, "hip abduction": 12},
            **{"hip rotation": -9, "knee": 50, "ankle": -10, "toes": 5},
        }
        for name, value in wanted.items():
            assert angles[f"{side} {name}"] == pytest.approx(value, abs=0.01), name


@pytest.mark.parametrize("family", EVERYDAY)
def test_poses_keep_the_limits_of_joints_stand_on_the_floor_and_keep_limbs_apart(
    bodies: list[Body], family: str
) -> None:
    for seed, body in enumerate(bodies):
        pose = draw_pose(np.random.default_rng(seed), body, family)
        assert pose.family == family
        assert joints.beyond(pose.angles) <= TOLERANCE
        assert upper_arm_gap(body, pose) >= UPPER_ARM
        assert pose.sinks <= SINKS
        posed = skin(body, pose)
        for planted, rows in zip(pose.planted, body.soles.values(), strict=True):
            if planted:
                assert abs(posed[rows, 1].min()) < 1.5e-3
        assert posed[:, 1].min() > -2e-3


@pytest.mark.parametrize("family", STANDING)
def test_the_centre_of_mass_is_over_the_feet(bodies: list[Body], family: str) -> None:
    for seed, body in enumerate(bodies):
        posed = skin(body, draw_pose(np.random.default_rng(seed + 50), body, family))
        hull = ConvexHull(posed[posed[:, 1] < 0.012][:, [0, 2]])
        centre = body.centre_of_mass(posed)[[0, 2]]
        assert (hull.equations[:, :2] @ centre + hull.equations[:, 2]).max() < -0.01  # at least 1 cm inside


@pytest.mark.oracle
def test_the_centre_of_mass_of_a_body_is_that_of_an_independent_library(body: Body) -> None:
    trimesh = pytest.importorskip("trimesh")
    mesh = trimesh.Trimesh(body.vertices, body.model.faces, process=False)
    np.testing.assert_allclose(body.centre_of_mass(body.vertices), mesh.center_mass, atol=1e-4)


def test_one_seed_gives_one_pose_bit_for_bit(body: Body) -> None:
    one, again, other = (draw_pose(np.random.default_rng(seed), body) for seed in (9, 9, 10))
    assert np.array_equal(one.rotations, again.rotations)
    assert np.array_equal(one.root, again.root)
    assert not np.array_equal(one.rotations, other.rotations)


def test_a_mirrored_pose_is_the_mirror_image_of_the_skin(model: BodyModel) -> None:
    adult = draw_adult(np.random.default_rng(4), model)
    even = replace(
        adult, face=np.zeros(52, np.float32), local={k: v for k, v in adult.local.items() if k[:2] not in ("l-", "r-")}
    )
    body = Body.of(model, rest_of(model, even))
    pose = draw_pose(np.random.default_rng(2), body, "waving")
    there, back = mirrored(body, pose), mirrored(body, mirrored(body, pose))
    flipped = skin(body, there)[model.partner] * np.array([-1, 1, 1])
    assert np.abs(flipped - skin(body, pose)).max() < 4e-3
    np.testing.assert_allclose(back.rotations, pose.rotations, atol=1e-6)
    assert back.angles == pose.angles
    again = joints.measured(there.rotations.astype(float), body.neutral, model.bone_parents, body.index)
    for name, value in there.angles.items():
        assert again[name] == pytest.approx(value, abs=1.0), name


def test_the_tailors_pose_is_straight_with_arms_50_and_legs_10_degrees_apart(body: Body) -> None:
    pose = tailor(body)
    bones = body.bones(pose.rotations, pose.root)[:, :3, 3]

    def along(a: str, b: str) -> np.ndarray:
        d = bones[body.index[b]] - bones[body.index[a]]
        return d / np.linalg.norm(d)

    arm, leg, other = (
        along("upperarm01.L", "lowerarm01.L"),
        along("upperleg01.L", "foot.L"),
        along("upperleg01.R", "foot.R"),
    )
    assert np.degrees(np.arccos(-arm[1])) == pytest.approx(50, abs=0.1)
    assert np.degrees(np.arccos(leg @ other)) == pytest.approx(10, abs=0.2)
    assert along("lowerarm01.L", "wrist.L") @ arm > np.cos(np.radians(5))
    assert np.array_equal(pose.rotations, tailor(body).rotations)
    assert tailor_posture().family == "tailor"


@pytest.mark.oracle
def test_a_motion_at_rest_gives_the_t_pose_on_the_floor(body: Body) -> None:
    still = np.tile(np.eye(3, dtype=np.float32), (2, 22, 1, 1))
    motion = Motion(fps=30, rotations=still, root=np.zeros((2, 3), np.float32), contacts=np.ones((2, 2), bool))
    pose = from_motion(body, motion, 1)
    assert pose.angles["left arm elevation"] == pytest.approx(90, abs=1)
    assert pose.angles["right arm plane"] == pytest.approx(0, abs=2)
    assert pose.angles["left elbow"] == pytest.approx(0, abs=1)
    assert abs(skin(body, pose)[:, 1].min()) < 1e-3
    with pytest.raises(UsageError, match="frames 0 to 1"):
        from_motion(body, motion, 2)


def test_the_shoulder_girdle_turns_one_degree_for_two_of_the_arm(body: Body) -> None:
    def lift(elevation: float) -> float:
        arms = (Arm(elevation=elevation, plane=0),) * 2
        pose = pose_of(body, replace(tailor_posture(), arms=arms))
        turns = joints.world_turns(pose.rotations, body.model.bone_parents)
        girdle = turns[body.index["spine01"]].T @ turns[body.index["shoulder01.L"]]
        return joints._angle(girdle, 2)

    assert lift(150) - lift(60) == pytest.approx(30, abs=0.1)
    assert lift(10) == pytest.approx(lift(30), abs=0.1)


@pytest.mark.parametrize("kind", HANDS)
def test_fingers_stay_within_their_range(kind: str) -> None:
    for seed in range(20):
        hand = draw_hand(np.random.default_rng(seed), kind)
        for name, angles in (("mcp", hand.mcp), ("pip", hand.pip), ("dip", hand.dip), ("thumb", hand.thumb)):
            low, high = HAND_LIMITS[name]
            assert all(low <= angle <= high for angle in angles)


def test_eyes_turn_where_they_look(body: Body) -> None:
    pose = looking(body, tailor(body), Gaze((0.2, 0.1), (0.1, 0.1)))
    ahead = pose.rotations[body.index["eye.L"]] @ np.array([0, 0, 1])
    assert np.arctan2(ahead[0], ahead[2]) == pytest.approx(0.2, abs=1e-5)
    assert np.arcsin(ahead[1]) == pytest.approx(0.1, abs=1e-5)


@pytest.mark.oracle
def test_distances_of_segments_are_those_of_brute_force() -> None:
    rng = np.random.default_rng(0)
    p, q = rng.normal(size=(2, 40, 2, 3))
    q[0] = p[0] + np.array([0.3, 0, 0])  # parallel
    at = np.linspace(0, 1, 201)
    for a, b, found in zip(p, q, segment_distance(p, q), strict=True):
        one, other = (s[0] + at[:, None] * (s[1] - s[0]) for s in (a, b))
        brute = np.linalg.norm(one[:, None] - other[None], axis=-1).min()
        assert brute - 2e-2 <= found <= brute + 1e-6


def test_wrong_wishes_are_refused(body: Body) -> None:
    with pytest.raises(UsageError, match="flying"):
        draw_pose(np.random.default_rng(0), body, "flying")
    with pytest.raises(UsageError, match="claw"):
        draw_hand(np.random.default_rng(0), "claw")
