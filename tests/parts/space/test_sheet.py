"""Cuts lie on the zero line and add up to the whole; shells are closed with the volume they should have."""

import numpy as np
import pytest
import trimesh

from omote.core.errors import ShapeError, UsageError
from omote.parts.space.connectivity import borders, islands
from omote.parts.space.sheet import Cut, cut, largest, score, shell, smooth_borders


def ball(depth: int = 4) -> tuple[np.ndarray, np.ndarray]:
    mesh = trimesh.creation.icosphere(depth)
    return np.asarray(mesh.vertices, np.float32), np.asarray(mesh.faces, np.int32)


def bowl() -> Cut:
    vertices, faces = ball()
    return cut(vertices, faces, -vertices[:, 1] + 0.1 * np.sin(3 * vertices[:, 0]))


def areas(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    return trimesh.Trimesh(vertices, faces, process=False).area_faces


def least_angle(vertices: np.ndarray, faces: np.ndarray) -> float:
    return float(np.degrees(trimesh.Trimesh(vertices, faces, process=False).face_angles.min()))


@pytest.mark.oracle
@pytest.mark.parametrize("snap", [0.0, 0.15, 0.3])
def test_a_cap_has_its_area_and_its_border_lies_on_the_plane(snap: float) -> None:
    vertices, faces = ball(5)
    piece = cut(vertices, faces, vertices[:, 1] - 0.3, snap)
    assert areas(piece.vertices, piece.faces).sum() == pytest.approx(2 * np.pi * 0.7, rel=0.004)
    (loop,) = borders(piece.faces)
    np.testing.assert_allclose(piece.vertices[loop, 1], 0.3, atol=1e-6)
    assert piece.vertices[:, 1].min() > 0.3 - 1e-6


def test_snapping_leaves_no_slivers() -> None:
    vertices, faces = ball()
    field = vertices @ np.array([0.3, 1.0, 0.2]) - 0.21
    with_slivers, without = (cut(vertices, faces, field, snap) for snap in (0.0, 0.3))
    assert least_angle(with_slivers.vertices, with_slivers.faces) < 5
    assert least_angle(without.vertices, without.faces) > 15
    ends = without.vertices[without.faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2)]
    edges = np.linalg.norm(ends[:, 0] - ends[:, 1], axis=-1)
    assert edges.min() > 0.25 * np.median(edges)


@pytest.mark.oracle
def test_what_is_linear_is_carried_exactly() -> None:
    vertices, faces = ball()
    piece = cut(vertices, faces, vertices[:, 0] + vertices[:, 2] ** 2 - 0.2)
    np.testing.assert_allclose(piece.carry(vertices), piece.vertices, atol=1e-6)
    np.testing.assert_allclose(piece.carry(vertices[:, 0] * 3 + 1), piece.vertices[:, 0] * 3 + 1, atol=1e-5)
    field = vertices[:, 0] + vertices[:, 2] ** 2 - 0.2
    (loop,) = borders(piece.faces)
    np.testing.assert_allclose(piece.carry(field)[loop], 0, atol=1e-6)
    assert piece.carry(field).min() > -1e-6


@pytest.mark.oracle
@pytest.mark.parametrize("seed", range(5))
def test_a_cut_along_noise_is_still_a_sheet_whose_halves_add_up(seed: int) -> None:
    vertices, faces = ball(3)
    field = np.random.default_rng(seed).normal(size=len(vertices)).astype(np.float32)
    kept, gone = cut(vertices, faces, field, 0.0), cut(vertices, faces, -field, 0.0)
    whole = areas(vertices, faces).sum()
    both = areas(kept.vertices, kept.faces).sum() + areas(gone.vertices, gone.faces).sum()
    assert both == pytest.approx(whole, rel=1e-5)
    for snap in (0.0, 0.25):
        piece = cut(vertices, faces, field, snap)
        assert sum(len(loop) for loop in borders(piece.faces)) > 0  # refuses what is no manifold
        thick = shell(piece.vertices, piece.faces, piece.vertices * 0.9)
        assert trimesh.Trimesh(thick.vertices, thick.faces, process=False).is_watertight


def test_cutting_outside_the_field_keeps_the_mesh() -> None:
    vertices, faces = ball(2)
    piece = cut(vertices, faces, np.ones(len(vertices)))
    np.testing.assert_array_equal(piece.vertices, vertices)
    np.testing.assert_array_equal(piece.faces, faces)


@pytest.mark.oracle
def test_a_scored_sheet_is_whole_and_its_sides_are_those_of_the_field() -> None:
    vertices, faces = ball()
    whole, side = score(vertices, faces, vertices[:, 0] - 0.11)
    mesh = trimesh.Trimesh(whole.vertices, whole.faces, process=False)
    assert mesh.is_watertight
    assert mesh.is_winding_consistent
    assert mesh.euler_number == 2
    assert whole.vertices[whole.faces[side], 0].min() > 0.11 - 1e-6
    assert whole.vertices[whole.faces[~side], 0].max() < 0.11 + 1e-6
    untouched, side = score(vertices, faces, np.ones(len(vertices)))
    assert len(untouched.faces) == len(faces)
    assert side.all()


@pytest.mark.oracle
def test_a_shell_of_a_bowl_is_closed_and_has_the_volume_between_its_sides() -> None:
    piece = bowl()
    thick = shell(piece.vertices, piece.faces, piece.vertices * 0.98)
    mesh = trimesh.Trimesh(thick.vertices, thick.faces, process=False)
    assert mesh.is_watertight
    assert mesh.is_winding_consistent
    assert mesh.euler_number == 2
    outer = areas(piece.vertices, piece.faces).sum()
    assert mesh.volume == pytest.approx(outer * (1 - 0.98**3) / 3, rel=0.01)
    assert np.bincount(thick.side).tolist()[:2] == [len(piece.faces)] * 2


def test_corners_and_sources_of_a_shell_lead_back_to_the_sheet() -> None:
    piece = bowl()
    thick = shell(piece.vertices, piece.faces, piece.vertices * 0.98)
    np.testing.assert_array_equal(piece.faces.reshape(-1)[thick.corner], thick.source[thick.faces])
    np.testing.assert_allclose(thick.vertices[: len(piece.vertices)], piece.vertices)


@pytest.mark.oracle
def test_a_tube_becomes_a_ring() -> None:
    tube = cut(*ball(), 0.3 - np.abs(ball()[0][:, 1]))
    assert len(borders(tube.faces)) == 2
    thick = shell(tube.vertices, tube.faces, tube.vertices * 0.95)
    assert trimesh.Trimesh(thick.vertices, thick.faces, process=False).euler_number == 0


def test_a_jagged_hem_becomes_fair_and_stays_on_the_surface() -> None:
    vertices, faces = ball()
    rng = np.random.default_rng(0)
    piece = cut(vertices, faces, vertices[:, 1] - 0.2 + 0.02 * rng.normal(size=len(vertices)))
    piece_mesh = largest(piece.vertices, piece.faces)
    better = smooth_borders(piece_mesh.vertices, piece_mesh.faces, 20)
    (loop,) = (long for long in borders(piece_mesh.faces) if len(long) > 50)

    def rough(points: np.ndarray) -> float:
        line = points[loop]
        return float(np.linalg.norm((np.roll(line, 1, 0) + np.roll(line, -1, 0)) / 2 - line, axis=1).mean())

    assert rough(better) < 0.4 * rough(piece_mesh.vertices)
    np.testing.assert_allclose(np.linalg.norm(better, axis=1), 1, atol=0.01)
    assert areas(better, piece_mesh.faces).min() > 0


def test_a_closed_mesh_has_no_hem_to_smooth() -> None:
    vertices, faces = ball(2)
    np.testing.assert_array_equal(smooth_borders(vertices, faces), vertices)


def test_the_largest_island_is_kept() -> None:
    vertices, faces = ball()
    bands = cut(vertices, faces, np.sin(5 * vertices[:, 1]))
    assert islands(bands.faces).max() >= 1
    part = largest(bands.vertices, bands.faces)
    assert islands(part.faces).max() == 0


def test_wrong_fields_and_meshes_are_refused() -> None:
    vertices, faces = ball(2)
    field = vertices[:, 1]
    with pytest.raises(UsageError, match="positive nowhere"):
        cut(vertices, faces, -np.ones(len(vertices)))
    with pytest.raises(UsageError, match="snap"):
        cut(vertices, faces, field, 0.5)
    with pytest.raises(ShapeError, match="finite"):
        cut(vertices, faces, np.where(field > 0.5, np.nan, field))
    with pytest.raises(ShapeError, match="finite"):
        cut(np.where(vertices > 0.9, np.nan, vertices), faces, field)
    with pytest.raises(ShapeError, match="vertex"):
        cut(vertices[:20], faces, field[:20])
    with pytest.raises(ShapeError, match="more than two faces"):
        cut(vertices, np.concatenate([faces, faces[:1]]), field)
    with pytest.raises(ShapeError, match="more than two faces"):
        shell(vertices, np.concatenate([faces, faces[:1]]), vertices)
    with pytest.raises(ShapeError, match="inner"):
        shell(vertices, faces, np.full_like(vertices, np.nan))
    with pytest.raises(UsageError, match="without faces"):
        shell(vertices, faces[:0], vertices)
    with pytest.raises(ShapeError, match="values"):
        cut(vertices, faces, field).carry(field[:5])
