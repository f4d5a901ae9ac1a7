"""Every way between representations is checked against scipy's."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.transform import Rotation, Slerp

from omote.core.errors import ShapeError
from omote.parts.space import rotations as ro

VECTORS = arrays(np.float64, (5, 3), elements=st.floats(-4, 4, allow_subnormal=False))


def scipy_quaternion(rotation: Rotation) -> np.ndarray:
    return np.roll(rotation.as_quat(canonical=True), 1, axis=-1)


def same_rotation(p: np.ndarray, q: np.ndarray) -> bool:
    return bool((np.abs(np.abs((p * q).sum(-1)) - 1) < 1e-9).all())


@pytest.mark.oracle
@given(VECTORS)
def test_axis_angle_to_matrix_and_quaternion_equal_scipy(r: np.ndarray) -> None:
    truth = Rotation.from_rotvec(r)
    np.testing.assert_allclose(ro.matrix_from_axis_angle(r), truth.as_matrix(), atol=1e-12)
    assert same_rotation(ro.quaternion_from_axis_angle(r), scipy_quaternion(truth))


@pytest.mark.oracle
@given(VECTORS)
def test_matrix_and_quaternion_go_back_to_the_same_rotation(r: np.ndarray) -> None:
    truth = Rotation.from_rotvec(r)
    q = ro.quaternion_from_matrix(truth.as_matrix())
    assert same_rotation(q, scipy_quaternion(truth))
    assert (q[..., 0] >= 0).all()
    for back in (ro.axis_angle_from_quaternion(-3 * q), ro.axis_angle_from_matrix(truth.as_matrix())):
        assert (np.linalg.norm(back, axis=-1) <= np.pi + 1e-9).all()
        np.testing.assert_allclose(Rotation.from_rotvec(back).as_matrix(), truth.as_matrix(), atol=1e-7)


@given(VECTORS, st.floats(0.1, 10))
def test_six_numbers_of_any_scale_go_back_to_the_matrix(r: np.ndarray, scale: float) -> None:
    R = Rotation.from_rotvec(r).as_matrix()
    np.testing.assert_allclose(ro.matrix_from_six(scale * ro.six_from_matrix(R)), R, atol=1e-12)


@pytest.mark.oracle
@given(VECTORS, st.floats(0, 1))
def test_slerp_equals_scipy_on_the_shorter_way(r: np.ndarray, t: float) -> None:
    start, end = Rotation.from_rotvec(r[0]), Rotation.from_rotvec(r[1])
    truth = Slerp([0, 1], Rotation.concatenate([start, end]))(t).as_matrix()
    angle = (start.inv() * end).magnitude()
    if angle > np.pi - 1e-3:
        return  # both ways are equally short
    got = ro.slerp(scipy_quaternion(start), -scipy_quaternion(end), t)
    np.testing.assert_allclose(ro.matrix_from_quaternion(got), truth, atol=1e-9)


def test_slerp_moves_a_batch_each_at_its_own_time() -> None:
    q = scipy_quaternion(Rotation.from_rotvec([[0, 0, 0], [0, 1, 0]]))
    between = ro.slerp(q[[0, 0]], q[[1, 1]], np.array([0.25, 0.5]))
    np.testing.assert_allclose(ro.axis_angle_from_quaternion(between), [[0, 0.25, 0], [0, 0.5, 0]], atol=1e-12)


@pytest.mark.oracle
@given(VECTORS)
def test_multiply_turns_by_the_right_factor_first(r: np.ndarray) -> None:
    p, q = Rotation.from_rotvec(r[0]), Rotation.from_rotvec(r[1])
    assert same_rotation(ro.multiply(scipy_quaternion(p), scipy_quaternion(q)), scipy_quaternion(p * q))


@pytest.mark.parametrize("angle", [np.pi, np.pi - 1e-9, 1e-12, 0.0])
@pytest.mark.parametrize("axis", [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0.6, 0, -0.8]])
def test_half_turns_and_tiny_turns_survive_the_round_trip(axis: list[float], angle: float) -> None:
    r = np.array(axis) * angle
    R = Rotation.from_rotvec(r).as_matrix()
    np.testing.assert_allclose(ro.matrix_from_axis_angle(ro.axis_angle_from_matrix(R)), R, atol=1e-8)


@pytest.mark.oracle
@given(VECTORS)
def test_torch_equals_numpy(r: np.ndarray) -> None:
    got = ro.torch_matrix_from_axis_angle(torch.from_numpy(r)).numpy()
    np.testing.assert_allclose(got, Rotation.from_rotvec(r).as_matrix(), atol=1e-10)


@pytest.mark.oracle
@pytest.mark.parametrize("length", [0.0, 1e-7, 9.9e-3, 1.01e-2, 1.0, 3.1])
def test_torch_gradients_equal_finite_differences_also_at_zero(length: float) -> None:
    r = (torch.tensor([[0.6, 0.0, -0.8]], dtype=torch.float64) * length).requires_grad_()
    assert torch.autograd.gradcheck(ro.torch_matrix_from_axis_angle, (r,), eps=1e-5, atol=1e-6)


def test_float32_stays_float32() -> None:
    r = np.array([0.1, 0.2, 0.3], np.float32)
    assert ro.matrix_from_axis_angle(r).dtype == np.float32
    assert ro.slerp(np.eye(4, dtype=np.float32)[0], np.eye(4, dtype=np.float32)[1], 0.5).dtype == np.float32


@pytest.mark.parametrize("bad", [np.zeros(4), np.full(4, np.nan)])
def test_what_is_no_rotation_is_refused(bad: np.ndarray) -> None:
    with pytest.raises(ShapeError):
        ro.matrix_from_quaternion(bad)
    with pytest.raises(ShapeError):
        ro.matrix_from_six(np.array([1.0, 0, 0, 2, 0, 0]))
