"""The floor and its shadow."""

import numpy as np
import pytest

from omote.core.errors import UsageError
from omote.parts.render.ground import Ground, Shadow, cast, floor_from_pixel, lay_floor, shade
from omote.parts.space.camera import look_at
from omote.parts.space.mesh import sphere

VIEW = look_at((0.5, 1.5, 3.0), (0.0, 0.5, 0.0), size=(90, 120), fov=0.9)
DOWN = np.array([0.0, 1.0, 0.0])


def ball(height: float, radius: float = 0.2, x: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    vertices, faces, _ = sphere(16, 32)
    return (vertices * radius + [x, height, 0]).astype(np.float32), faces


def at(shadow: Shadow, x: float, z: float) -> float:
    column, row = round((x - shadow.corner[0]) / shadow.cell), round((z - shadow.corner[1]) / shadow.cell)
    rows, columns = shadow.map.shape
    return float(shadow.map[row, column]) if 0 <= row < rows and 0 <= column < columns else 0.0


@pytest.mark.oracle
def test_pixels_reach_the_floor_where_their_rays_do() -> None:
    ground = Ground(height=0.3)
    pixels = np.array([[10.5, 60.5], [60, 80], [119.5, 89.5], [40, 45]])
    origin, direction = VIEW.rays(pixels)
    reached = origin + direction * ((0.3 - origin[:, 1]) / direction[:, 1])[:, None]
    mapped = np.concatenate([pixels, np.ones((4, 1))], 1) @ floor_from_pixel(ground, VIEW).T
    assert (mapped[:, 2] > 0).all()
    np.testing.assert_allclose(mapped[:, :2] / mapped[:, 2:], reached[:, [0, 2]], atol=1e-9)


def test_sky_pixels_are_not_floor() -> None:
    mapped = floor_from_pixel(Ground(), look_at((0.0, 1.0, 3.0), (0.0, 1.0, 0.0), size=(90, 120))) @ [60, 10, 1]
    assert mapped[2] < 0


def test_a_shadow_lies_below_is_darkest_at_contact_and_fades_with_height() -> None:
    middles = [at(cast(*ball(0.2 + lift), Ground(), DOWN), 0, 0) for lift in (0.0, 0.4, 1.5)]
    assert middles[0] > 0.95
    assert middles[0] > middles[1] > middles[2] > 0.1
    wide = [cast(*ball(0.2 + lift), Ground(), DOWN).map.shape[0] for lift in (0.0, 1.5)]
    assert wide[1] > wide[0]


def test_the_shadow_falls_away_from_the_light() -> None:
    light = np.array([0.5, 0.8, 0.0])
    shadow = cast(*ball(1.0), Ground(), light / np.linalg.norm(light))
    assert at(shadow, -0.625, 0) > 0.3
    assert at(shadow, 0.625, 0) < 0.01


def test_a_moved_body_casts_the_moved_shadow_and_the_same_twice() -> None:
    here, there = cast(*ball(0.5), Ground(), DOWN), cast(*ball(0.5, x=0.4), Ground(), DOWN)
    assert abs(here.map.sum() - there.map.sum()) < 0.03 * here.map.sum()
    assert abs(there.corner[0] - here.corner[0] - 0.4) <= 1.5 * here.cell
    assert here.map.tobytes() == cast(*ball(0.5), Ground(), DOWN).map.tobytes()


def test_large_triangles_cast_full_shadows() -> None:
    table = np.array([[-1, 0.3, -1], [1, 0.3, -1], [1, 0.3, 1], [-1, 0.3, 1]], np.float32)
    shadow = cast(table, np.array([[0, 1, 2], [0, 2, 3]], np.int32), Ground(), DOWN)
    for x in (-0.7, 0.0, 0.7):
        assert at(shadow, x, 0.3) > 0.9
    assert at(shadow, 1.4, 0) < 0.05


def test_bodies_far_apart_do_not_make_the_map_grow_without_end() -> None:
    vertices, faces = ball(0.2)
    far = np.concatenate([vertices, vertices + np.array([5000, 0, 0], np.float32)])
    shadow = cast(far, np.concatenate([faces, faces + len(vertices)]).astype(np.int32), Ground(), DOWN)
    assert max(shadow.map.shape) < 700


@pytest.mark.oracle
def test_shading_lays_black_over_straight_alpha() -> None:
    shadow = Shadow(map=np.full((50, 50), 0.5, np.float32), corner=(-5.0, -5.0), cell=0.2)
    ground = Ground(shadow=0.8)
    down = look_at((0.0, 5.0, 0.1), (0.0, 0.0, 0.0), size=(20, 20), fov=0.5)
    for under in (0, 100, 255):
        picture = np.full((20, 20, 4), 200, np.uint8)
        picture[..., 3] = under
        shade(picture, shadow, ground, down)
        alpha = 0.4 + under / 255 * 0.6
        assert abs(int(picture[10, 10, 3]) - 255 * alpha) <= 1
        assert abs(int(picture[10, 10, 0]) - 200 * (under / 255 * 0.6) / alpha) <= 1


def test_outside_of_the_shadow_nothing_changes() -> None:
    picture = np.full((90, 120, 4), 200, np.uint8)
    shade(picture, cast(*ball(0.2), Ground(), DOWN), Ground(), VIEW)
    changed = (picture != 200).any(-1)
    assert changed.any()
    y, x = np.nonzero(changed)
    floor = np.stack([x + 0.5, y + 0.5, np.ones_like(x)], 1) @ floor_from_pixel(Ground(), VIEW).T
    assert (np.hypot(*(floor[:, :2] / floor[:, 2:]).T) < 0.2 + 0.5).all()


def test_a_coloured_floor_is_below_the_horizon_and_full_at_the_feet() -> None:
    level = look_at((0.0, 1.0, 3.0), (0.0, 1.0, 0.0), size=(90, 120), fov=0.9)
    background = np.full((90, 120, 4), 255, np.uint8)
    laid = lay_floor(background, Ground(colour=(10, 20, 30)), level)
    assert (laid[:46] == 255).all()
    x, y = level.project(np.zeros((1, 3)))[0][0].astype(int)
    np.testing.assert_array_equal(laid[y, x], [10, 20, 30, 255])
    clear = lay_floor(np.zeros_like(background), Ground(colour=(10, 20, 30)), level)
    np.testing.assert_array_equal(clear[y, x], [10, 20, 30, 255])
    assert (clear[:46] == 0).all()


def test_from_below_there_is_no_floor() -> None:
    under = look_at((0.0, -1.0, 3.0), (0.0, 1.0, 0.0), size=(9, 12))
    background = np.full((9, 12, 4), 255, np.uint8)
    assert lay_floor(background, Ground(colour=(0, 0, 0)), under) is background


@pytest.mark.parametrize("wrong", [{"shadow": 1.2}, {"softness": 0.0}, {"radius": -1.0}])
def test_floors_that_make_no_sense_are_refused(wrong: dict) -> None:
    with pytest.raises(UsageError):
        Ground(**wrong)
