"""Meshes are checked when made; normals equal those of closed forms and of trimesh."""

import numpy as np
import pytest

from omote.core.errors import ShapeError
from omote.parts.space.mesh import Mesh, sphere, vertex_normals, weld_vertices

TEXTURE = np.full((2, 2, 4), 255, np.uint8)


def ball(rows: int = 24, columns: int = 48) -> Mesh:
    vertices, faces, uvs = sphere(rows, columns)
    return Mesh(vertices=vertices, faces=faces, uvs=uvs, texture=TEXTURE, weld=weld_vertices(vertices.round(5)))


@pytest.mark.oracle
def test_normals_of_a_sphere_point_outwards() -> None:
    mesh = ball(48, 96)
    normals = vertex_normals(mesh.vertices, mesh.faces, mesh.weld)
    np.testing.assert_allclose(normals, mesh.vertices, atol=0.02)


def test_the_sphere_has_the_stated_triangles_and_is_closed() -> None:
    import trimesh

    mesh = ball(6, 10)
    assert len(mesh.faces) == 2 * 5 * 10
    assert mesh.weld is not None
    assert trimesh.Trimesh(mesh.vertices, mesh.weld[mesh.faces], process=False).is_watertight


@pytest.mark.oracle
def test_normals_are_area_weighted_sums_of_face_normals() -> None:
    rng = np.random.default_rng(1)
    vertices = rng.normal(size=(40, 3)).astype(np.float32)
    faces = rng.integers(0, 39, (80, 3)).astype(np.int32)
    total = np.zeros((40, 3))
    for i, j, k in faces:
        crossed = np.cross(vertices[j] - vertices[i], vertices[k] - vertices[i])
        for corner in (i, j, k):
            total[corner] += crossed
    expected = total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-12)
    np.testing.assert_allclose(vertex_normals(vertices, faces), expected, atol=1e-4)


def test_both_sides_of_a_seam_share_a_normal_only_when_welded() -> None:
    mesh = ball()
    normals = vertex_normals(mesh.vertices, mesh.faces, mesh.weld)
    seam = np.arange(49, 49 * 24, 49)
    np.testing.assert_array_equal(normals[seam], normals[seam + 48])
    apart = vertex_normals(mesh.vertices, mesh.faces)
    assert np.abs(apart[seam] - apart[seam + 48]).max() > 0.01


def test_a_vertex_without_area_has_no_normal() -> None:
    vertices = np.array([[0, 0, 0], [1, 0, 0], [2, 0, 0], [5, 5, 5]], np.float32)
    np.testing.assert_array_equal(vertex_normals(vertices, np.array([[0, 1, 2]], np.int32)), 0)


@pytest.mark.parametrize(
    "change",
    [
        {"faces": np.array([[0, 1, 9999]], np.int32)},
        {"faces": np.array([[0, 1, -1]], np.int32)},
        {"vertices": np.full((1225, 3), np.nan, np.float32)},
        {"texture": np.zeros((0, 4, 4), np.uint8)},
    ],
)
def test_what_cannot_be_a_mesh_is_refused(change: dict) -> None:
    mesh = ball()
    fields = {
        "vertices": mesh.vertices,
        "faces": mesh.faces,
        "uvs": mesh.uvs,
        "texture": mesh.texture,
        "weld": mesh.weld,
    }
    with pytest.raises(ShapeError):
        Mesh(**(fields | change))


def test_too_coarse_spheres_are_refused() -> None:
    with pytest.raises(ShapeError):
        sphere(1, 8)
