"""Closed solids against closed forms: volumes of torus and ellipsoid, watertight and turned outward."""

import numpy as np
import pytest

from omote.core.errors import ShapeError, UsageError
from omote.parts.data.people.solids import Solid, blob, joined, lattice, oval, part_of, relief_of, swept, thickened
from omote.parts.space.winding import closedness


def volume(solid: Solid) -> float:
    a, b, c = (solid.vertices[solid.faces[:, i]].astype(np.float64) for i in range(3))
    return float(np.einsum("fi,fi->", a, np.cross(b, c)) / 6)


@pytest.mark.oracle
def test_a_swept_circle_has_the_volume_of_a_torus() -> None:
    turn = 2 * np.pi * np.arange(200) / 200
    path = np.stack([0.1 * np.cos(turn), 0 * turn, 0.1 * np.sin(turn)], 1)
    ring = swept(path, np.tile([0.0, 1.0, 0.0], (200, 1)), oval(0.02, 0.02, 64, 2.0), loop=True)
    assert closedness(ring.faces).watertight
    assert volume(ring) == pytest.approx(2 * np.pi**2 * 0.1 * 0.01**2, rel=3e-3)


@pytest.mark.oracle
@pytest.mark.parametrize("turned", [1, -1])
def test_a_blob_has_the_volume_of_an_ellipsoid(turned: int) -> None:
    axes = np.diag([0.03, 0.02, 0.01 * turned])
    solid = blob(np.array([0.3, 1.0, 0.2]), axes, 2.0, (60, 90))
    assert closedness(solid.faces).watertight
    assert volume(solid) == pytest.approx(4 / 3 * np.pi * 0.03 * 0.02 * 0.01, rel=5e-3)


def test_a_tube_with_ends_is_closed_and_has_its_volume() -> None:
    path = np.stack([np.zeros(20), np.linspace(0, 0.2, 20), np.zeros(20)], 1)
    tube = swept(path, np.tile([1.0, 0.0, 0.0], (20, 1)), oval(0.02, 0.01, 80, 2.0))
    assert closedness(tube.faces).watertight
    assert volume(tube) == pytest.approx(np.pi * 0.01 * 0.005 * 0.2, rel=5e-3)


@pytest.mark.parametrize("tip", [True, False])
def test_a_sheet_looks_outward_and_thickens_to_a_closed_shell(tip: bool) -> None:
    turn = 2 * np.pi * np.arange(24) / 24
    lift = np.linspace(np.pi / 2 if tip else 1.2, 0, 9)
    x, y, z = np.sin(turn)[:, None] * np.cos(lift), np.sin(lift)[None], np.cos(turn)[:, None] * np.cos(lift)
    ring = np.stack(np.broadcast_arrays(x, y, z), -1)
    vertices, faces = lattice(ring, around=True, tip=tip)
    middle = vertices[faces].mean(1)
    a, b, c = (vertices[faces[:, i]] for i in range(3))
    assert (np.einsum("fi,fi->f", np.cross(b - a, c - a), middle) > 0).all()
    solid = thickened(vertices, faces, 0.9 * vertices, np.zeros((len(vertices), 2)))
    assert closedness(solid.faces).watertight
    assert volume(solid) > 0


def test_pieces_are_joined_and_painted() -> None:
    one = blob(np.zeros(3), 0.01 * np.eye(3))
    both = joined([one, one._replace(vertices=one.vertices + np.float32(0.1))])
    assert len(both.faces) == 2 * len(one.faces)
    assert closedness(both.faces).watertight
    part = part_of(both, "beads", "button", lambda k: np.full((len(k), 3), 0.5), size=16, finish=(0.05, 0.5))
    assert part.albedo.shape == (16, 16, 3)
    assert part.albedo[8, 8, 0] == 188
    assert part.gloss[0, 0] == 127
    relief = relief_of(both, both.uvs, lambda k: k[:, 0] * 0.001, 16)
    assert relief.shape == (16, 16)
    assert relief[8, 12] > relief[8, 4]


def test_wrong_curves_are_refused() -> None:
    with pytest.raises(UsageError, match="at least three points"):
        swept(np.zeros((2, 3)), np.ones((2, 3)), oval(0.01, 0.01))
    with pytest.raises(ShapeError, match="two columns"):
        lattice(np.zeros((1, 4, 3)), around=True)
