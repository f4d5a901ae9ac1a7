"""Surface nets of closed forms have their area, volume and Euler number; of noise they are still manifold."""

import numpy as np
import pytest
import trimesh

from omote.core.errors import ShapeError, UsageError
from omote.parts.space.connectivity import unpinched
from omote.parts.space.isosurface import Grid, relaxed, surface_nets

CENTRE = np.array([0.003, 0.001, -0.002])


def grid(field, half: float = 0.3, step: float = 0.02) -> Grid:
    empty = Grid.over(np.full(3, -half), np.full(3, half), step)
    return empty.filled(field(empty.points() - CENTRE))


def ball(p: np.ndarray) -> np.ndarray:
    return np.linalg.norm(p, axis=-1) - 0.2


def torus(p: np.ndarray) -> np.ndarray:
    return np.hypot(np.hypot(p[..., 0], p[..., 2]) - 0.17, p[..., 1]) - 0.07


def least_angles(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    return np.degrees(trimesh.Trimesh(vertices, faces, process=False).face_angles.min(1))


def assert_manifold(faces: np.ndarray, count: int) -> None:
    edges = np.sort(faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    assert (np.unique(edges, axis=0, return_counts=True)[1] == 2).all()
    assert len(unpinched(faces, count)[1]) == count  # one fan at each vertex
    assert len(np.unique(faces)) == count


@pytest.mark.oracle
@pytest.mark.parametrize(
    ("field", "volume", "area", "euler"),
    [
        (ball, 4 / 3 * np.pi * 0.2**3, 4 * np.pi * 0.2**2, 2),
        (torus, 2 * np.pi**2 * 0.17 * 0.07**2, 4 * np.pi**2 * 0.17 * 0.07, 0),
    ],
)
def test_closed_forms_keep_volume_area_and_topology(field, volume: float, area: float, euler: int) -> None:
    vertices, faces = surface_nets(grid(field, step=0.01))
    for points in (vertices, relaxed(vertices, faces, grid(field, step=0.01))):
        mesh = trimesh.Trimesh(points, faces, process=False)
        assert mesh.is_watertight
        assert mesh.is_winding_consistent
        assert mesh.euler_number == euler
        assert mesh.volume == pytest.approx(volume, rel=0.012)
        assert mesh.area == pytest.approx(area, rel=0.012)
        assert_manifold(faces, len(points))


@pytest.mark.oracle
def test_relaxing_brings_the_vertices_to_the_surface_and_the_triangles_into_shape() -> None:
    vertices, faces = surface_nets(grid(torus, step=0.01))
    better = relaxed(vertices, faces, grid(torus, step=0.01))
    before, after = np.abs(torus(vertices - CENTRE)), np.abs(torus(better - CENTRE))
    assert after.mean() < 0.8 * before.mean()
    assert after.max() < 0.0006  # the trilinear field itself is off by step^2 / 8 r
    assert least_angles(better, faces).min() > 20
    assert np.percentile(least_angles(better, faces), 1) > 30


@pytest.mark.oracle
@pytest.mark.parametrize("seed", range(6))
def test_noise_becomes_a_closed_manifold_whose_volume_is_positive(seed: int) -> None:
    """Noise has all 256 states of a cell, with every ambiguity between neighbours."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(14, 15, 16)).astype(np.float32) + 0.4 * (seed - 2.5)
    field = Grid(origin=np.zeros(3), step=1.0, values=values)
    vertices, faces = surface_nets(field)
    assert_manifold(faces, len(vertices))
    mesh = trimesh.Trimesh(vertices, faces, process=False)
    assert mesh.is_winding_consistent
    assert mesh.volume > 0


@pytest.mark.oracle
def test_two_balls_that_touch_by_a_corner_stay_apart_or_join_but_never_pinch() -> None:
    for gap in np.linspace(-0.02, 0.02, 9):
        apart = (0.1 + gap) * np.array([1, 1, 1]) / np.sqrt(3)
        vertices, faces = surface_nets(
            grid(lambda p, a=apart: np.minimum(ball(p + a) + 0.1, ball(p - a) + 0.1), step=0.015)
        )
        assert_manifold(faces, len(vertices))


def test_the_inside_is_closed_beyond_the_border_of_the_grid() -> None:
    vertices, faces = surface_nets(grid(lambda p: p[..., 1], half=0.1))
    mesh = trimesh.Trimesh(vertices, faces, process=False)
    assert mesh.is_watertight
    assert vertices.min() < -0.1
    assert 0.2 * 0.2 * 0.1 < mesh.volume < 0.24 * 0.24 * 0.12  # the grid, and the grid with one step more
    assert trimesh.Trimesh(relaxed(vertices, faces, grid(lambda p: p[..., 1], half=0.1)), faces).is_watertight


def test_values_of_exactly_zero_make_no_face_without_area() -> None:
    values = np.ones((5, 5, 5), np.float32)
    values[2, 2, 2], values[1, 2, 2] = -1, 0
    vertices, faces = surface_nets(Grid(origin=np.zeros(3), step=1.0, values=values))
    assert (trimesh.Trimesh(vertices, faces, process=False).area_faces > 0).all()


def test_the_same_field_gives_the_same_bits() -> None:
    first, second = surface_nets(grid(torus)), surface_nets(grid(torus))
    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_array_equal(first[1], second[1])
    np.testing.assert_array_equal(relaxed(*first, grid(torus)), relaxed(*second, grid(torus)))


@pytest.mark.parametrize("sign", [1, -1, 0])
def test_a_field_of_one_sign_is_refused(sign: int) -> None:
    with pytest.raises(UsageError, match="never changes sign"):
        surface_nets(grid(lambda p: np.full(p.shape[:-1], float(sign))))


def test_faces_of_another_mesh_are_refused() -> None:
    vertices, faces = surface_nets(grid(ball))
    with pytest.raises(ShapeError):
        relaxed(vertices[:10], faces, grid(ball))
