"""Cameras: projection and its way back, parts of pictures, and OpenGL's matrix."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from omote.core.errors import ShapeError, UsageError
from omote.parts.space.camera import Camera, look_at


def camera(*, orthographic: bool = False) -> Camera:
    pinhole = look_at((1.0, 2.0, 3.0), (0.2, 1.0, -0.5), size=(480, 640), fov=0.7)
    return replace(pinhole, orthographic=orthographic, focal=(300.0, 310.0), centre=(300.5, 250.25))


POINTS = np.random.default_rng(0).normal(size=(50, 3)) * 0.5


def test_a_point_on_the_axis_falls_on_the_centre_and_up_is_up() -> None:
    view = look_at((0.0, 1.0, 2.0), (0.0, 1.0, 0.0), size=(100, 200), fov=math.pi / 2)
    pixels, depth = view.project(np.array([[0, 1, 0], [0, 1.5, 0], [0.5, 1, 0]], np.float64))
    np.testing.assert_allclose(pixels, [[100, 50], [100, 37.5], [112.5, 50]], atol=1e-9)
    np.testing.assert_allclose(depth, 2)


@pytest.mark.parametrize("orthographic", [False, True])
def test_unproject_undoes_project(orthographic: bool) -> None:
    view = camera(orthographic=orthographic)
    np.testing.assert_allclose(view.unproject(*view.project(POINTS)), POINTS, atol=1e-12)


@pytest.mark.parametrize("orthographic", [False, True])
def test_rays_pass_through_what_is_seen_at_their_pixel(orthographic: bool) -> None:
    view = camera(orthographic=orthographic)
    origin, direction = view.rays(view.project(POINTS)[0])
    along = ((POINTS - origin) * direction).sum(-1, keepdims=True)
    np.testing.assert_allclose(origin + along * direction, POINTS, atol=1e-9)
    np.testing.assert_allclose(np.linalg.norm(direction, axis=-1), 1)


@pytest.mark.parametrize("orthographic", [False, True])
def test_the_homogeneous_matrix_projects_alike(orthographic: bool) -> None:
    view = camera(orthographic=orthographic)
    product = POINTS @ view.pixel_from_world[:, :3].T + view.pixel_from_world[:, 3]
    np.testing.assert_allclose(product[:, :2] / product[:, 2:], view.project(POINTS)[0], atol=1e-9)


@given(st.integers(1, 900), st.integers(1, 900), st.integers(-50, 50), st.integers(-50, 50))
def test_resizing_and_cropping_move_pixels_as_they_move_pictures(h: int, w: int, x0: int, y0: int) -> None:
    view = camera()
    pixels, _ = view.project(POINTS)
    np.testing.assert_allclose(view.resized((h, w)).project(POINTS)[0], pixels * [w / 640, h / 480], atol=1e-9)
    np.testing.assert_allclose(view.cropped((x0, y0, x0 + w, y0 + h)).project(POINTS)[0], pixels - [x0, y0], atol=1e-9)
    assert view.cropped((x0, y0, x0 + w, y0 + h)).size == (h, w)


@pytest.mark.parametrize("orthographic", [False, True])
def test_opengl_matrix_agrees_with_project(orthographic: bool) -> None:
    view, far = camera(orthographic=orthographic), 50.0
    inside = np.concatenate(
        [POINTS @ view.camera_from_world[:3, :3].T + view.camera_from_world[:3, 3], np.ones((50, 1))], 1
    )
    clip = inside @ view.clip_from_camera(far).T
    ndc = clip[:, :3] / clip[:, 3:]
    pixels, depth = view.project(POINTS)
    np.testing.assert_allclose((ndc[:, 0] + 1) / 2 * 640, pixels[:, 0], atol=1e-9)
    np.testing.assert_allclose((1 - ndc[:, 1]) / 2 * 480, pixels[:, 1], atol=1e-9)
    order = np.argsort(depth)
    assert (np.diff(ndc[order, 2]) >= 0).all()
    ends = np.array([[0, 0, view.near, 1], [0, 0, far, 1]]) @ view.clip_from_camera(far).T
    np.testing.assert_allclose(ends[:, 2] / ends[:, 3], [-1, 1], atol=1e-9)


def test_points_behind_a_pinhole_have_no_pixel() -> None:
    pixels, depth = look_at((0.0, 0.0, 0.0), (0.0, 0.0, 1.0), size=(8, 8)).project(np.array([[0.0, 0, -1], [0, 0, 0]]))
    assert np.isnan(pixels).all()
    assert depth.tolist() == [-1, 0]


@pytest.mark.parametrize(
    "change", [{"size": (0, 5)}, {"size": (5, -1)}, {"focal": (0.0, 1.0)}, {"centre": (math.nan, 0.0)}]
)
def test_cameras_that_see_nothing_are_refused(change: dict) -> None:
    with pytest.raises(UsageError):
        replace(camera(), **change)


@pytest.mark.parametrize("pose", [np.diag([2.0, 1, 1, 1]), np.diag([-1.0, 1, 1, 1]), np.full((4, 4), np.nan)])
def test_poses_that_are_not_rigid_are_refused(pose: np.ndarray) -> None:
    with pytest.raises(ShapeError):
        replace(camera(), world_from_camera=pose)


@pytest.mark.parametrize(("eye", "target"), [((0.0, 0.0, 0.0), (0.0, 0.0, 0.0)), ((0.0, 0.0, 0.0), (0.0, 5.0, 0.0))])
def test_a_view_without_direction_is_refused(eye: tuple, target: tuple) -> None:
    with pytest.raises(UsageError):
        look_at(eye, target, size=(4, 4))
    with pytest.raises(UsageError):
        look_at((0.0, 0.0, 1.0), (0.0, 0.0, 0.0), size=(4, 4), fov=4.0)
