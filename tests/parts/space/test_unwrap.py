"""What can be laid flat is laid flat exactly; nothing overlaps; a print finds its metres."""

import numpy as np
import pytest
import trimesh

from omote.core.errors import ShapeError, UsageError
from omote.parts.space.connectivity import split_quads
from omote.parts.space.seams import Flat, Tube, seamed
from omote.parts.space.sheet import cut, shell
from omote.parts.space.unwrap import Panels, covered, panels, stretch

UP, FRONT, ZERO = np.array([0.0, 1, 0]), np.array([0.0, 0, 1]), np.zeros(3)
AROUND = Tube(origin=ZERO, up=UP, front=FRONT)
HALVES = Tube(origin=ZERO, up=UP, front=FRONT, gores=2)


def tube(
    low: float, high: float, height: float = 0.6, around: int = 48, rows: int = 30
) -> tuple[np.ndarray, np.ndarray]:
    """A cone's side, closed around the axis, seen from outside."""
    row, column = np.divmod(np.arange((rows + 1) * around), around)
    angle, y = 2 * np.pi * (column + 0.5) / around, row / rows
    radius = low + (high - low) * y
    vertices = np.stack([radius * np.sin(angle), height * y, radius * np.cos(angle)], -1).astype(np.float32)
    corner = np.arange(rows * around)
    beside = corner // around * around + (corner + 1) % around
    return vertices, split_quads(vertices, np.stack([corner, beside, beside + around, corner + around], -1)).astype(
        np.int32
    )


def laid(vertices: np.ndarray, faces: np.ndarray, lay: Tube | Flat, times: int = 6) -> Panels:
    return panels(vertices, faces, np.zeros(len(faces), np.int32), [lay], times)


def overlap(flat: Panels) -> float:
    count = covered(flat.uvs, flat.faces, 700)
    return float((count > 1).sum() / (count > 0).sum())


@pytest.mark.oracle
@pytest.mark.parametrize("times", [0, 6])
def test_a_cylinder_keeps_every_length(times: int) -> None:
    vertices, faces = tube(0.2, 0.2)
    flat = laid(vertices, faces, AROUND, times)
    np.testing.assert_allclose(stretch(vertices, flat), 1, atol=0.005)  # chords against arcs
    assert overlap(flat) == 0
    assert len(flat.boxes) == 1
    assert np.ptp(flat.metres[:, 0]) == pytest.approx(2 * np.pi * 0.2, rel=0.03)  # the seam follows faces
    assert np.ptp(flat.metres[:, 1]) == pytest.approx(0.6, rel=0.01)


@pytest.mark.oracle
def test_a_flared_skirt_is_developed_as_a_cone_is() -> None:
    """Unrolled around its axis the hem shrinks; made rigid, the two halves become the cone's true sectors."""
    vertices, faces = tube(0.35, 0.12)
    rough, flat = laid(vertices, faces, HALVES, 0), laid(vertices, faces, HALVES, 40)
    assert np.abs(stretch(vertices, rough) - 1).max() > 0.4
    assert np.abs(stretch(vertices, flat) - 1).max() < 0.02
    assert overlap(flat) == 0
    slant = np.hypot(0.23, 0.6)
    angle = np.pi * 0.23 / slant  # of a half's sector
    hem = flat.metres[np.abs(vertices[flat.source, 1]) < 1e-6]
    assert np.ptp(hem[:, 0]) / 2 == pytest.approx(2 * 0.35 * slant / 0.23 * np.sin(angle / 2) / 2, rel=0.05)


@pytest.mark.oracle
def test_a_closed_garment_of_three_panels_has_no_overlap_and_little_stretch() -> None:
    mesh = trimesh.creation.icosphere(4, radius=0.3)
    vertices, faces = np.asarray(mesh.vertices, np.float32), np.asarray(mesh.faces, np.int32)
    piece = cut(vertices, faces, 0.22 - np.abs(vertices[:, 1]))
    panel = (piece.vertices[piece.faces].mean(1)[:, 0] > 0.1).astype(np.int32)
    sewn = seamed(piece.vertices, piece.faces, panel, [HALVES, Flat(origin=ZERO, up=UP, front=np.array([1.0, 0, 0]))])
    flat = panels(
        sewn.vertices, sewn.faces, sewn.panel, [HALVES, Flat(origin=ZERO, up=UP, front=np.array([1.0, 0, 0]))]
    )
    assert sorted(zip(flat.panel.tolist(), flat.gore.tolist(), strict=True)) == [(0, 0), (0, 1), (1, 0)]
    assert overlap(flat) == 0
    factors = stretch(sewn.vertices, flat)
    assert factors.min() > 0.7
    assert factors.max() < 1.35
    assert np.median(factors[:, 0]) == pytest.approx(1, abs=0.06)


def test_uvs_lie_in_the_unit_square_upright_and_not_mirrored() -> None:
    vertices, faces = tube(0.2, 0.2)
    flat = laid(vertices, faces, AROUND)
    assert flat.uvs.min() > 0.005
    assert flat.uvs.max() < 0.995
    np.testing.assert_array_equal(flat.source[flat.faces], faces)
    x, y, z = vertices[flat.source].T
    front = z > 0.15
    assert np.corrcoef(flat.uvs[front, 0], x[front])[0, 1] > 0.99
    assert np.corrcoef(flat.uvs[:, 1], y)[0, 1] < -0.99


@pytest.mark.oracle
def test_the_board_tells_each_texel_its_metres() -> None:
    vertices, faces = tube(0.3, 0.2)
    flat = laid(vertices, faces, HALVES)
    piece, metres = flat.board(400)
    x, y = np.floor(flat.uvs * 400).astype(int).T
    np.testing.assert_array_equal(piece[y, x], flat.piece)
    assert np.abs(metres[y, x] - flat.metres).max() <= 0.5 * flat.extent / 400 + 1e-6
    assert (piece == -1).any()
    assert piece.max() == 1


@pytest.mark.oracle
def test_one_density_serves_all_panels() -> None:
    vertices, faces = tube(0.2, 0.15)
    flat = laid(vertices, faces, HALVES)
    ends = flat.faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2)
    in_metres, in_uv = (np.linalg.norm(v[ends[:, 0]] - v[ends[:, 1]], axis=1) for v in (flat.metres, flat.uvs))
    np.testing.assert_allclose(in_uv * flat.extent, in_metres, rtol=1e-3)


def test_a_shell_shows_the_same_texture_inside_and_at_its_rim() -> None:
    vertices, faces = tube(0.2, 0.2)
    flat = laid(vertices, faces, AROUND)
    thick = shell(vertices, faces, vertices * np.array([0.98, 1, 0.98], np.float32))
    new_faces, of_shell, of_uv = flat.around(thick)
    np.testing.assert_array_equal(of_shell[new_faces], thick.faces)
    np.testing.assert_array_equal(thick.source[of_shell], flat.source[of_uv])
    np.testing.assert_array_equal(of_uv[new_faces[: len(faces)]], flat.faces)
    assert np.ptp(flat.uvs[of_uv[new_faces]], axis=1).max() < 0.1  # no face runs across the texture


def test_the_same_garment_gives_the_same_bits() -> None:
    vertices, faces = tube(0.3, 0.2)
    first, second = laid(vertices, faces, HALVES), laid(vertices, faces, HALVES)
    np.testing.assert_array_equal(first.uvs, second.uvs)


def test_what_cannot_be_laid_is_refused() -> None:
    vertices, faces = tube(0.2, 0.2)
    number = np.zeros(len(faces), np.int32)
    with pytest.raises(ShapeError, match="at least one"):
        panels(vertices, faces[:0], number[:0], [AROUND])
    with pytest.raises(UsageError, match="panel"):
        panels(vertices, faces, number + 1, [AROUND])
    with pytest.raises(ShapeError, match="finite"):
        panels(np.full_like(vertices, np.nan), faces, number, [AROUND])


def test_faces_without_area_do_no_harm() -> None:
    vertices, faces = tube(0.2, 0.2, rows=4)
    vertices[faces[0]] = vertices[faces[0, 0]]
    flat = laid(vertices, faces, AROUND)
    assert np.isfinite(flat.uvs).all()
