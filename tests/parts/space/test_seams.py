"""Tubes unroll to what a ruler says, and seams become edges."""

import numpy as np
import pytest
import trimesh

from omote.core.errors import ShapeError, UsageError
from omote.parts.space.connectivity import border_edges
from omote.parts.space.seams import Flat, Tube, seamed

UP, FRONT, ZERO = np.array([0.0, 1, 0]), np.array([0.0, 0, 1]), np.zeros(3)


def ball(depth: int = 3) -> tuple[np.ndarray, np.ndarray]:
    mesh = trimesh.creation.icosphere(depth)
    return np.asarray(mesh.vertices, np.float32), np.asarray(mesh.faces, np.int32)


@pytest.mark.oracle
def test_a_face_in_front_of_a_tube_lies_where_one_sees_it() -> None:
    """A viewer in front sees +x on the right; the cylinder's radius is 2."""
    angle, height = np.array([0.0, 0.2, 0.1]), np.array([0.0, 0.0, 0.5])
    corners = np.stack([2 * np.sin(angle), height, 2 * np.cos(angle)], -1)[None]
    at, copy = Tube(origin=ZERO, up=3 * UP, front=FRONT + 0.4 * UP).lay(corners)
    np.testing.assert_allclose(at[0], np.stack([2 * angle, height], -1), atol=1e-9)
    assert (copy == 0).all()


@pytest.mark.oracle
@pytest.mark.parametrize("gores", [1, 2, 3, 4])
def test_every_gore_has_its_part_of_the_circle_and_one_copy_of_its_vertices(gores: int) -> None:
    tube = Tube(origin=ZERO, up=UP, front=FRONT, gores=gores)
    angle = np.linspace(0, 2 * np.pi, 240, endpoint=False) + 1e-3
    edge = np.stack([angle, angle + 0.01, angle + 0.005], -1)
    corners = np.stack([np.sin(edge), edge * 0, np.cos(edge)], -1)
    at, copy = tube.lay(corners)
    gore = copy % gores
    np.testing.assert_array_equal(gore, np.repeat(gore[:, :1], 3, axis=1))
    np.testing.assert_array_equal(np.bincount(gore[:, 0]), 240 // gores)
    assert np.abs(at[..., 0]).max() < np.pi / gores + 0.02
    np.testing.assert_allclose(np.ptp(at[..., 0], axis=1), 0.01, atol=1e-9)
    # the same direction on the same gore is the same copy, from whichever end of the circle it is met
    wrapped = np.round(np.angle(np.exp(1j * edge)), 6)
    names = {(w, g): set() for w, g in zip(wrapped.ravel().tolist(), gore.ravel().tolist(), strict=True)}
    for w, g, u in zip(wrapped.ravel().tolist(), gore.ravel().tolist(), at[..., 0].ravel().round(6), strict=True):
        names[w, g].add(u)
    assert all(len(us) == 1 for us in names.values()) or gores == 1


def test_the_seams_of_two_gores_lie_at_the_sides() -> None:
    (normal,) = Tube(origin=ZERO, up=UP, front=FRONT, gores=2).planes()
    np.testing.assert_allclose(np.abs(normal), FRONT, atol=1e-12)
    (normal,) = Tube(origin=ZERO, up=UP, front=FRONT).planes()
    np.testing.assert_allclose(np.abs(normal), [1, 0, 0], atol=1e-12)
    assert len(Tube(origin=ZERO, up=UP, front=FRONT, gores=4).planes()) == 2
    assert len(Flat(origin=ZERO, up=UP, front=FRONT).planes()) == 0


@pytest.mark.oracle
def test_seams_become_edges_of_their_panel_alone_and_the_garment_stays_whole() -> None:
    vertices, faces = ball()
    panel = (vertices[faces].mean(1)[:, 1] > 0).astype(np.int32)
    lays = [Tube(origin=np.array([0.03, 0, 0.02]), up=UP, front=FRONT, gores=2), Flat(origin=ZERO, up=FRONT, front=UP)]
    sewn = seamed(vertices, faces, panel, lays, vertices, vertices[:, 0])
    mesh = trimesh.Trimesh(sewn.vertices, sewn.faces, process=False)
    assert mesh.is_watertight
    assert mesh.is_winding_consistent
    assert len(border_edges(sewn.faces)) == 0
    beside = sewn.vertices[sewn.faces[sewn.panel == 0], 2] - 0.02
    assert np.minimum(beside.max(1), -beside.min(1)).max() < 1e-6  # no face of the panel crosses its plane
    np.testing.assert_allclose(sewn.carried[0], sewn.vertices, atol=1e-6)
    np.testing.assert_allclose(sewn.carried[1], sewn.vertices[:, 0], atol=1e-6)
    assert (sewn.panel == 1).sum() < (panel == 1).sum() + 20  # only along the border


def test_wrong_axes_and_panels_are_refused() -> None:
    vertices, faces = ball(1)
    tube = Tube(origin=ZERO, up=UP, front=FRONT)
    for up, front in ((UP, UP), (ZERO, FRONT), (UP, np.full(3, np.nan))):
        for lay in (Tube, Flat):
            with pytest.raises(UsageError):
                lay(origin=ZERO, up=up, front=front)
    with pytest.raises(UsageError, match="gore"):
        Tube(origin=ZERO, up=UP, front=FRONT, gores=0)
    with pytest.raises(UsageError, match="panel"):
        seamed(vertices, faces, np.ones(len(faces), np.int32), [tube])
    with pytest.raises(ShapeError, match="more than two faces"):
        seamed(vertices, np.concatenate([faces, faces[:1]]), np.zeros(len(faces) + 1, np.int32), [tube])
