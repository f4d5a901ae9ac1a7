"""Winding numbers equal closed forms and sums over all triangles; what keeps a mesh open is named."""

import math

import numpy as np
import pytest

from omote.core.errors import ShapeError, UsageError
from omote.parts.space.closest import Surface
from omote.parts.space.mesh import sphere, weld_vertices
from omote.parts.space.winding import Winding, closedness, inside, winding_number


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(3)


def ball(rows: int = 24, columns: int = 48) -> tuple[np.ndarray, np.ndarray]:
    vertices, faces, _ = sphere(rows, columns)
    return vertices, weld_vertices(vertices.round(5))[faces]


def summed(points: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """Return winding numbers triangle by triangle, by spherical excess (Girard): another road than ours."""
    away = corners.astype(np.float64)[None] - points.astype(np.float64)[:, None, None]
    away /= np.linalg.norm(away, axis=-1, keepdims=True)
    a, b, c = away[:, :, 0], away[:, :, 1], away[:, :, 2]
    excess = -math.pi
    for p, q, r in ((a, b, c), (b, c, a), (c, a, b)):
        one, two = np.cross(p, q), np.cross(p, r)
        excess = excess + np.arctan2(np.linalg.norm(np.cross(one, two), axis=-1), (one * two).sum(-1))
    return (excess * np.sign((a * np.cross(b, c)).sum(-1))).sum(1) / (4 * math.pi)


@pytest.mark.oracle
def test_numbers_equal_the_sum_over_all_triangles(rng: np.random.Generator) -> None:
    vertices, faces = ball()
    faces = faces[rng.permutation(len(faces))[: len(faces) // 2]]  # full of holes
    points = (rng.normal(size=(300, 3)) * 0.8).astype(np.float32)
    wanted = summed(points, vertices[faces])
    assert 0.2 < wanted.max() < 0.8
    surface = Surface(vertices, faces)
    np.testing.assert_allclose(Winding(surface, beta=math.inf).number(points), wanted, atol=1e-5)
    np.testing.assert_allclose(Winding(surface).number(points), wanted, atol=0.01)
    np.testing.assert_allclose(Winding(surface, beta=6.0).number(points), wanted, atol=2e-4)


@pytest.mark.oracle
def test_the_error_falls_with_the_cube_of_beta(rng: np.random.Generator) -> None:
    vertices, faces = ball()
    surface = Surface(vertices, faces)
    points = (rng.normal(size=(400, 3)) * 0.7).astype(np.float32)
    exact = Winding(surface, beta=math.inf).number(points)
    coarse, fine = (float(np.sqrt(((Winding(surface, b).number(points) - exact) ** 2).mean())) for b in (2.0, 6.0))
    assert fine < coarse / 20  # (6 / 2)^3 = 27, as the first part left out has three powers of offsets


@pytest.mark.oracle
def test_a_disc_subtends_what_its_closed_form_says() -> None:
    angle = np.linspace(0, 2 * np.pi, 2001)[:-1]
    rim = np.stack([np.cos(angle), np.sin(angle), 0 * angle], -1)
    vertices = np.concatenate([np.zeros((1, 3)), rim]).astype(np.float32)
    ring = np.arange(1, 2001)
    faces = np.stack([0 * ring, ring, np.roll(ring, -1)], -1).astype(np.int32)
    height = np.array([-2, -1, -0.3, 0.3, 1, 2], np.float32)
    points = height[:, None] * np.float32([0, 0, 1])
    wanted = -np.sign(height) * (1 - np.abs(height) / np.hypot(height, 1)) / 2
    np.testing.assert_allclose(winding_number(points, vertices, faces), wanted, atol=0.01)
    exact = Winding(Surface(vertices, faces), beta=math.inf).number(points)
    np.testing.assert_allclose(exact, wanted, atol=1e-5)


def test_inside_outside_twice_and_inside_out() -> None:
    vertices, faces = ball()
    shifted = vertices + np.float32([1, 0, 0])
    both = np.concatenate([vertices, shifted]), np.concatenate([faces, faces + len(vertices)]).astype(np.int32)
    points = np.array([[-0.5, 0, 0], [0.5, 0, 0], [1.5, 0, 0], [3, 0, 0]], np.float32)
    np.testing.assert_allclose(winding_number(points, *both), [1, 2, 1, 0], atol=0.01)
    np.testing.assert_array_equal(inside(points, *both), [True, True, True, False])
    np.testing.assert_allclose(winding_number(points[:1], vertices, faces[:, ::-1].copy()), [-1], atol=0.01)


@pytest.mark.oracle
def test_inside_agrees_with_the_sign_of_the_distance(rng: np.random.Generator) -> None:
    vertices, faces = ball()
    vertices = (vertices * (1 + 0.4 * np.sin(6 * vertices).prod(1, keepdims=True))).astype(np.float32)
    points = (vertices[rng.integers(0, len(vertices), 3000)] * rng.uniform(0.5, 1.5, (3000, 1))).astype(np.float32)
    surface = Surface(vertices, faces)
    np.testing.assert_array_equal(Winding(surface).inside(points), surface.closest(points).distance < 0)


def test_neither_points_on_the_surface_nor_faces_without_area_give_nan() -> None:
    vertices, faces = ball(6, 9)
    faces = np.concatenate([faces, faces[:3, [0, 0, 1]], faces[:3, [0, 0, 0]]])
    on = np.concatenate([vertices, vertices[faces].mean(1)]).astype(np.float32)
    number = winding_number(on, vertices, faces)
    assert np.isfinite(number).all()
    assert np.isfinite(winding_number(on, 0 * vertices, faces)).all()
    assert inside(np.zeros((1, 3), np.float32), vertices, faces).all()


def test_no_points_give_no_numbers_and_wrong_questions_are_refused() -> None:
    vertices, faces = ball(6, 9)
    assert winding_number(np.zeros((0, 3), np.float32), vertices, faces).shape == (0,)
    with pytest.raises(ShapeError, match="finite"):
        winding_number(np.full((1, 3), np.inf, np.float32), vertices, faces)
    with pytest.raises(ShapeError, match="at least one face"):
        winding_number(vertices, vertices, faces[:0])
    with pytest.raises(UsageError, match="beta"):
        Winding(Surface(vertices, faces), beta=1.0)


def test_a_sphere_is_watertight_and_trimesh_agrees() -> None:
    trimesh = pytest.importorskip("trimesh")
    vertices, faces = ball(6, 9)
    assert closedness(faces).watertight
    assert str(closedness(faces)) == "watertight"
    assert trimesh.Trimesh(vertices, faces, process=False).is_watertight


def test_a_hole_is_named_by_its_border() -> None:
    _, faces = ball(6, 9)
    found = closedness(faces[1:])
    missing = faces[0]
    assert not found.watertight
    assert {tuple(edge) for edge in found.borders.tolist()} == {
        (int(missing[(k + 1) % 3]), int(missing[k])) for k in range(3)
    }
    assert len(found.repeated) == len(found.collapsed) == 0
    assert str(found).startswith("not watertight: 3 edges on a border (first: ")


def test_a_turned_face_a_doubled_face_and_a_collapsed_face_are_named() -> None:
    _, faces = ball(6, 9)
    turned = closedness(np.concatenate([faces[:1, ::-1], faces[1:]]).astype(np.int32))
    assert len(turned.repeated) == len(turned.borders) == 3
    doubled = closedness(np.concatenate([faces, faces[:1]]))
    assert len(doubled.repeated) == 3
    assert len(doubled.borders) == 0
    collapsed = closedness(np.concatenate([faces, np.array([[4, 4, 5]], np.int32)]))
    assert collapsed.collapsed.tolist() == [len(faces)]
    assert "twice" in str(collapsed)
    assert not collapsed.watertight


def test_a_mesh_without_faces_has_no_border() -> None:
    assert closedness(np.zeros((0, 3), np.int32)).watertight
