"""Eyes: exact pupils, closed balls, and lids that touch without being cut."""

from collections.abc import Callable

import numpy as np
import pytest

from omote.core.errors import UsageError
from omote.parts.data.people.eyes import LIMBUS, Eyes, eye_parts, gaze_turn, place, seat_lids, surface
from omote.parts.data.people.head import Head
from omote.parts.data.people.iris import Iris, iris_texture
from omote.parts.data.people.skin_fields import lid_rims

AHEAD = {"left": (0.0, 0.0), "right": (0.0, 0.0)}


def off_ellipse(points: np.ndarray, axis: np.ndarray) -> float:
    """Return the greatest residual of the conic nearest to points, seen along an axis, relative to its size."""
    flat = points - points.mean(0)
    u = np.cross(axis, [0.0, 1.0, 0.0])
    u /= np.linalg.norm(u)
    x, y = flat @ u, flat @ np.cross(u, axis)
    size = np.hypot(x, y).mean()
    x, y = x / size, y / size
    system = np.stack([x * x, x * y, y * y, x, y], 1)
    fit = np.linalg.lstsq(system, np.ones(len(x)), rcond=None)[0]
    return float(np.abs(system @ fit - 1).max())


@pytest.mark.oracle
@pytest.mark.parametrize("clear", [False, True])
def test_a_round_pupil_is_a_circle_of_its_size(make_head: Callable[..., Head], clear: bool) -> None:
    gaze = {"left": (0.3, 0.1), "right": (0.2, 0.1)}
    eyes = Eyes(pupil=(0.3, 0.5), clear=clear)
    _, balls = eye_parts(make_head(turned=True), eyes, gaze, size=64)
    for side, radius in (("left", 0.3), ("right", 0.5)):
        ball = balls[side]
        across = np.linalg.norm(ball.pupil - ball.pupil.mean(0), axis=1)
        assert np.allclose(across, radius * LIMBUS * ball.radius, rtol=1e-3)
        assert off_ellipse(ball.pupil, ball.axis) < 1e-3


def test_an_irregular_pupil_is_no_ellipse(make_head: Callable[..., Head]) -> None:
    _, balls = eye_parts(make_head(), Eyes(irregular=1.0), AHEAD, size=64)
    assert all(off_ellipse(ball.pupil, ball.axis) > 0.1 for ball in balls.values())


def test_the_gaze_is_the_axis(make_head: Callable[..., Head]) -> None:
    head = make_head(turned=True)
    gaze = {"left": (0.4, -0.2), "right": (-0.1, 0.3)}
    _, balls = eye_parts(head, Eyes(), gaze, size=64)
    for side, ball in balls.items():
        yaw, pitch = gaze[side]
        wanted = [np.sin(yaw) * np.cos(pitch), np.sin(pitch), np.cos(yaw) * np.cos(pitch)]
        assert np.allclose(ball.axis, head.carry[:3, :3] @ wanted, atol=1e-5)
        assert np.allclose(np.cross(ball.pupil.mean(0) - ball.centre, ball.axis), 0, atol=1e-5)
    assert np.allclose(gaze_turn(0.3, 0.2).T @ gaze_turn(0.3, 0.2), np.eye(3))


@pytest.mark.parametrize("clear", [False, True])
def test_white_iris_and_pupil_are_one_closed_ball(make_head: Callable[..., Head], clear: bool) -> None:
    parts, _ = eye_parts(make_head(), Eyes(clear=clear, irregular=0.5), AHEAD, size=64)
    assert sum(part.clear for part in parts) == (2 if clear else 0)
    own = [part for part in parts if part.name.startswith("left") and not part.clear]
    points = np.concatenate([part.vertices for part in own])
    start = np.cumsum([0, *(len(part.vertices) for part in own)])
    faces = np.concatenate([part.faces + start[i] for i, part in enumerate(own)])
    _, weld = np.unique(np.round(points, 7), axis=0, return_inverse=True)
    faces = weld.reshape(-1)[faces]
    faces = faces[(faces[:, 0] != faces[:, 1]) & (faces[:, 1] != faces[:, 2]) & (faces[:, 2] != faces[:, 0])]
    sides = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    there = {tuple(side) for side in sides.tolist()}
    assert all((b, a) in there for a, b in there)
    a, b, c = points[np.concatenate([part.faces + start[i] for i, part in enumerate(own)])].transpose(1, 0, 2)
    assert np.einsum("na,na->n", a, np.cross(b, c)).sum() > 0  # outward


@pytest.mark.parametrize("actions", [{}, {"eyeBlinkLeft": 1.0}, {"eyeWideLeft": 1.0}, {"eyeSquintLeft": 1.0}])
def test_lids_touch_the_ball(make_head: Callable[..., Head], actions: dict[str, float]) -> None:
    head = seat_lids(make_head(actions), AHEAD)
    centre, radius, turn = place(head, "left", AHEAD["left"])
    rim = lid_rims(head.model)
    rim = rim[head.canonical[rim, 0] > 0]
    away = head.acted[rim] - centre
    far = np.linalg.norm(away, axis=1)
    gap = far - radius * surface(away / far[:, None] @ turn)
    assert gap.min() > -1e-5
    assert gap.max() < 0.0012


def test_an_iris_has_its_colour_and_no_seam() -> None:
    blue = iris_texture(Iris(colour="blue"), 128).astype(int)
    brown = iris_texture(Iris(colour="brown"), 128).astype(int)
    ring = np.hypot(*(np.mgrid[0:128, 0:128] - 63.5)) / 64
    ring = (ring > 0.55) & (ring < 0.8)
    assert blue[ring][:, 2].mean() > blue[ring][:, 0].mean()
    assert brown[ring][:, 0].mean() > 1.5 * brown[ring][:, 2].mean()
    left = blue[62:66, 4:60].mean(1)
    assert np.abs(np.diff(left, axis=0)).max() < 25


def test_wrong_eyes_are_refused() -> None:
    with pytest.raises(UsageError, match="pupil"):
        Eyes(pupil=(0.3, 1.5))
    with pytest.raises(UsageError, match="irregular"):
        Eyes(irregular=-1)
    with pytest.raises(UsageError, match="iris"):
        Iris(colour="pink")
