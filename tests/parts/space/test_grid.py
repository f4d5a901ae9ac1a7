"""Fields between grid points equal scipy's interpolation and closed forms."""

import numpy as np
import pytest
from scipy.interpolate import RegularGridInterpolator

from omote.core.errors import ShapeError, UsageError
from omote.parts.space.grid import Grid


def noise(seed: int = 0) -> Grid:
    values = np.random.default_rng(seed).normal(size=(6, 7, 8)).astype(np.float32)
    return Grid(origin=np.array([0.1, -0.2, 0.3]), step=0.25, values=values)


@pytest.mark.oracle
def test_values_between_the_points_equal_those_of_scipy() -> None:
    grid = noise()
    axes = [grid.origin[a] + grid.step * np.arange(n) for a, n in enumerate(grid.values.shape)]
    rng = np.random.default_rng(1)
    places = rng.uniform([a[0] for a in axes], [a[-1] for a in axes], (500, 3))
    expected = RegularGridInterpolator(axes, grid.values.astype(float))(places)
    np.testing.assert_allclose(grid.sample(places.astype(np.float32)), expected, atol=1e-4)


def test_the_points_have_the_grids_values() -> None:
    grid = noise()
    np.testing.assert_allclose(grid.sample(grid.points()), grid.values, atol=1e-5)


def test_outside_the_grid_its_nearest_border_counts() -> None:
    grid = noise()
    far = np.array([[9.0, 9, 9], [-9, -9, -9]], np.float32)
    np.testing.assert_allclose(grid.sample(far), [grid.values[-1, -1, -1], grid.values[0, 0, 0]])


@pytest.mark.oracle
def test_the_slope_of_a_linear_field_is_exact_everywhere() -> None:
    slope = np.array([1.0, -2.0, 0.5])
    grid = noise()
    grid = grid.filled(grid.points() @ slope)
    places = np.random.default_rng(2).uniform(0.2, 1.0, (200, 3)).astype(np.float32)
    np.testing.assert_allclose(grid.gradient(places), np.broadcast_to(slope, (200, 3)), atol=1e-4)


@pytest.mark.oracle
def test_the_slope_of_a_distance_has_length_one() -> None:
    grid = Grid.over(np.full(3, -1.0), np.full(3, 1.0), 0.05)
    grid = grid.filled(np.linalg.norm(grid.points(), axis=-1))
    away = np.random.default_rng(3).normal(size=(300, 3))
    away *= 0.7 / np.linalg.norm(away, axis=1, keepdims=True)
    np.testing.assert_allclose(grid.gradient(away.astype(np.float32)), away / 0.7, atol=0.01)


def test_a_grid_over_a_box_reaches_its_high_corner() -> None:
    grid = Grid.over(np.array([0.0, 1, 2]), np.array([1.0, 1.95, 2.3]), 0.1)
    assert grid.values.shape == (11, 11, 4)
    assert (grid.points()[-1, -1, -1] >= [1, 1.95, 2.3 - 1e-6]).all()


def test_padding_adds_outside_only_where_the_inside_reaches_the_border() -> None:
    grid = Grid.over(np.zeros(3), np.ones(3), 0.5)
    assert grid.padded() is grid
    open_grid = grid.filled(np.full((3, 3, 3), -1.0))
    assert open_grid.padded().values.shape == (5, 5, 5)
    np.testing.assert_allclose(open_grid.padded().origin, -0.5)


@pytest.mark.parametrize("values", [np.zeros((1, 4, 4)), np.full((4, 4, 4), np.nan), np.full((4, 4, 4), np.inf)])
def test_what_is_no_field_is_refused(values: np.ndarray) -> None:
    with pytest.raises(ShapeError):
        Grid(origin=np.zeros(3), step=0.1, values=values.astype(np.float32))


def test_wrong_steps_boxes_and_origins_are_refused() -> None:
    values = np.zeros((3, 3, 3), np.float32)
    for step in (0.0, -1.0, float("nan")):
        with pytest.raises(UsageError, match="step"):
            Grid(origin=np.zeros(3), step=step, values=values)
    with pytest.raises(ShapeError, match="origin"):
        Grid(origin=np.full(3, np.nan), step=0.1, values=values)
    with pytest.raises(UsageError, match="box"):
        Grid.over(np.zeros(3), np.array([1.0, 0, 1]), 0.1)
