"""Pieces, borders and fans equal what one sees in small meshes, and trimesh's in large ones."""

import numpy as np
import pytest
import trimesh

from omote.core.errors import ShapeError
from omote.parts.space.connectivity import border_edges, borders, islands, picked, split_quads, twins, unpinched


def strip(columns: int = 6, rows: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """A flat rectangle of squares, seen from +z."""
    x, y = np.meshgrid(np.arange(columns + 1.0), np.arange(rows + 1.0))
    corner = (np.arange(rows)[:, None] * (columns + 1) + np.arange(columns)).reshape(-1)
    quads = np.stack([corner, corner + 1, corner + columns + 2, corner + columns + 1], -1)
    vertices = np.stack([x, y, 0 * x], -1).reshape(-1, 3).astype(np.float32)
    return vertices, split_quads(vertices, quads).astype(np.int32)


def test_the_border_of_a_rectangle_runs_once_around_it_with_the_sheet_on_its_left() -> None:
    vertices, faces = strip()
    (loop,) = borders(faces)
    assert len(loop) == 2 * (6 + 3)
    x, y, _ = vertices[loop].T
    assert 0.5 * (x * np.roll(y, -1) - y * np.roll(x, -1)).sum() == pytest.approx(18)
    assert len(border_edges(faces)) == len(loop)


def test_a_ring_has_two_borders_and_a_closed_mesh_none() -> None:
    _, faces = strip(6, 3)
    ring = np.where(faces % 7 == 6, faces - 6, faces).astype(np.int32)
    assert [len(loop) for loop in borders(ring)] == [6, 6]
    assert borders(np.asarray(trimesh.creation.box().faces, np.int32)) == []
    assert borders(np.zeros((0, 3), np.int32)) == []


def test_twins_run_the_other_way() -> None:
    faces = np.asarray(trimesh.creation.icosphere(2).faces, np.int32)
    corner, twin = twins(faces)
    ends = np.roll(faces, -1, axis=1).reshape(-1)
    starts = faces.reshape(-1)
    np.testing.assert_array_equal(starts[twin], ends)
    np.testing.assert_array_equal(twin[twin], corner)


@pytest.mark.oracle
def test_islands_are_those_of_trimesh_the_largest_first() -> None:
    balls = [trimesh.creation.icosphere(k).apply_translation([3.0 * k, 0, 0]) for k in (1, 3, 2)]
    faces = np.asarray(trimesh.util.concatenate(balls).faces, np.int32)
    label = islands(faces)
    assert [int((label == k).sum()) for k in range(3)] == [len(balls[k].faces) for k in (1, 2, 0)]
    assert len(np.unique(label[: len(balls[0].faces)])) == 1
    assert len(islands(np.zeros((0, 3), np.int32))) == 0


def test_picked_faces_name_the_same_points() -> None:
    vertices, faces = strip()
    keep = np.arange(len(faces)) % 5 == 1
    part = picked(vertices, faces, keep)
    np.testing.assert_array_equal(part.vertices[part.faces], vertices[faces[keep]])
    np.testing.assert_array_equal(vertices[part.source], part.vertices)
    np.testing.assert_array_equal(part.face, np.flatnonzero(keep))


def test_a_vertex_where_two_borders_touch_becomes_two() -> None:
    bow = np.array([[0, 1, 2], [2, 3, 4]], np.int32)
    with pytest.raises(ShapeError, match="unpinched"):
        borders(bow)
    faces, source = unpinched(bow, 5)
    np.testing.assert_array_equal(source[faces], bow)
    assert len(source) == 6
    assert [len(loop) for loop in borders(faces)] == [3, 3]


def test_a_clean_mesh_has_nothing_to_unpinch() -> None:
    _, faces = strip()
    same, source = unpinched(faces, 28)
    np.testing.assert_array_equal(same, faces)
    np.testing.assert_array_equal(source, np.arange(28))


@pytest.mark.parametrize(
    "faces",
    [
        [[0, 1, 2], [1, 0, 3], [0, 1, 4]],  # three faces at an edge
        [[0, 1, 2], [0, 1, 3]],  # neighbours turned differently
        [[0, 0, 1]],
    ],
)
def test_what_is_no_manifold_is_refused(faces: list) -> None:
    with pytest.raises(ShapeError, match="more than two faces"):
        border_edges(np.array(faces, np.int32))
