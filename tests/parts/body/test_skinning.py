"""Skinning against its definition, written out as loops."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from omote.core.errors import ShapeError
from omote.parts.body.skinning import SkinWeights, rotations, skin, skin_fast, unskin


def some_body(seed: int = 0, count: int = 40, bones: int = 7, slots: int = 3):
    """Vertices, weights that add up to one with strongest first, and rigid transforms."""
    rng = np.random.default_rng(seed)
    weights = -np.sort(-rng.uniform(0, 1, (count, slots)), 1)
    weights[::3, -1] = 0
    weights /= weights.sum(1, keepdims=True)
    index = np.stack([rng.permutation(bones)[:slots] for _ in range(count)]).astype(np.int32)
    transforms = np.tile(np.eye(4), (bones, 1, 1))
    transforms[:, :3, :3] = Rotation.random(bones, random_state=seed).as_matrix()
    transforms[:, :3, 3] = rng.normal(size=(bones, 3))
    vertices = rng.normal(size=(count, 3)).astype(np.float32)
    return (
        vertices,
        SkinWeights(bones=index, weights=weights.astype(np.float32)),
        transforms.astype(np.float32),
    )


def by_definition(vertices, weights, transforms):
    """The weighted mean over bones of the vertex as each bone alone would move it."""
    moved = np.zeros((len(vertices), 3))
    for v, (bones, shares) in enumerate(zip(weights.bones, weights.weights, strict=True)):
        for bone, share in zip(bones, shares, strict=True):
            moved[v] += share * (transforms[bone].astype(float) @ [*vertices[v], 1.0])[:3]
    return moved


def as_tensors(weights: SkinWeights):
    return torch.from_numpy(weights.bones).long(), torch.from_numpy(weights.weights)


@pytest.mark.oracle
@pytest.mark.parametrize("seed", range(3))
def test_both_versions_equal_the_definition(seed: int) -> None:
    vertices, weights, transforms = some_body(seed)
    wanted = by_definition(vertices, weights, transforms)
    rest, moves = torch.from_numpy(vertices)[None], torch.from_numpy(transforms)[None]
    torch_answer = skin(rest, *as_tensors(weights), moves)
    np.testing.assert_allclose(torch_answer[0].numpy(), wanted, atol=2e-6)
    np.testing.assert_allclose(skin_fast(vertices, weights, transforms), wanted, atol=2e-6)


def test_a_batch_is_its_members_one_by_one() -> None:
    vertices, weights, first = some_body(0)
    second = some_body(1)[2]
    rest = torch.from_numpy(np.stack([vertices, vertices + 1]))
    moves = torch.from_numpy(np.stack([first, second]))
    together = skin(rest, *as_tensors(weights), moves)
    for b in range(2):
        torch.testing.assert_close(together[b : b + 1], skin(rest[b : b + 1], *as_tensors(weights), moves[b : b + 1]))


def test_one_rigid_transform_for_all_bones_moves_the_body_rigidly() -> None:
    vertices, weights, transforms = some_body()
    transforms[:] = transforms[0]
    wanted = vertices @ transforms[0, :3, :3].T + transforms[0, :3, 3]
    np.testing.assert_allclose(skin_fast(vertices, weights, transforms), wanted, atol=2e-6)


def test_unskin_undoes_skin() -> None:
    vertices, weights, transforms = some_body()
    transforms[:, :3, :3] = Rotation.from_rotvec(np.full((7, 3), 0.1) * np.arange(7)[:, None]).as_matrix()
    rest, moves = torch.from_numpy(vertices)[None], torch.from_numpy(transforms)[None]
    posed = skin(rest, *as_tensors(weights), moves)
    torch.testing.assert_close(unskin(posed, *as_tensors(weights), moves), rest, atol=1e-4, rtol=0)


@pytest.mark.oracle
def test_gradients_equal_finite_differences() -> None:
    vertices, weights, transforms = some_body(count=4)
    bones, shares = as_tensors(weights)
    rest = torch.from_numpy(vertices)[None].double().requires_grad_()
    moves = torch.from_numpy(transforms)[None].double().requires_grad_()
    assert torch.autograd.gradcheck(lambda v, t: skin(v, bones, shares.double(), t), (rest, moves))


@given(st.integers(1, 5))
@settings(max_examples=5, deadline=None)
def test_the_strongest_bones_still_add_up_to_one(k: int) -> None:
    _, weights, _ = some_body(slots=5)
    fewer = weights.strongest(k)
    assert fewer.bones.shape[1] == k
    np.testing.assert_allclose(fewer.weights.sum(1), 1, atol=1e-6)
    np.testing.assert_array_equal(fewer.bones, weights.bones[:, :k])


def test_the_dense_matrix_holds_every_weight() -> None:
    _, weights, _ = some_body()
    dense = weights.dense(7)
    np.testing.assert_allclose(dense.sum(1), 1, atol=1e-6)
    assert dense[5, weights.bones[5, 0]] == weights.weights[5, 0]


@pytest.mark.oracle
@pytest.mark.parametrize("length", [0.0, 1e-6, 1e-3, 0.7, math.pi, 5.0])
def test_rotations_equal_scipys(length: float) -> None:
    vector = np.array([0.6, -0.48, 0.64]) * length
    mine = rotations(torch.from_numpy(vector)[None])[0].numpy()
    np.testing.assert_allclose(mine, Rotation.from_rotvec(vector).as_matrix(), atol=1e-9)


def test_the_gradient_of_a_rotation_is_finite_at_zero() -> None:
    vector = torch.zeros(1, 3, requires_grad=True)
    rotations(vector)[0, 0, 1].backward()
    torch.testing.assert_close(vector.grad, torch.tensor([[0.0, 0.0, -1.0]]))


def test_wrong_input_is_refused() -> None:
    vertices, weights, transforms = some_body()
    with pytest.raises(ShapeError, match="only 3 transforms"):
        skin_fast(vertices, weights, transforms[:3])
    with pytest.raises(ShapeError, match="but 40"):
        skin_fast(vertices[:-1].copy(), weights, transforms)
    with pytest.raises(ShapeError, match="only 3 transforms"):
        skin(torch.from_numpy(vertices)[None], *as_tensors(weights), torch.from_numpy(transforms[:3])[None])
    with pytest.raises(ShapeError, match="at least one"):
        weights.strongest(0)
