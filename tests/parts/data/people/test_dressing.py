"""Clothes arrive on the posed body without cutting it or one another, hardly stretched, as closed shells."""

import numpy as np
import pytest
import torch

import cast
from omote.parts.data.people.dressing import STEPS, Dressed, carried
from omote.parts.space.closest import Surface
from omote.parts.space.crossing import crossing_faces
from omote.parts.space.winding import Winding, closedness


@pytest.fixture(scope="module")
def outfit() -> tuple[Dressed, ...]:
    return cast.dressed()


def turned(angle: float, shift: tuple[float, float, float]) -> np.ndarray:
    """A turn about the vertical and a shift."""
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, 0, s, shift[0]], [0, 1, 0, shift[1]], [-s, 0, c, shift[2]]], np.float32)


@pytest.mark.oracle
def test_where_all_bones_move_alike_cloth_moves_with_them() -> None:
    rng = np.random.default_rng(0)
    vertices = rng.normal(size=(50, 3)).astype(np.float32)
    weights = rng.dirichlet(np.ones(7), 50).astype(np.float32)
    still = np.tile(np.eye(4, dtype=np.float32)[:3], (7, 1, 1))
    assert np.allclose(carried(vertices, weights, still), vertices, atol=1e-6)
    move = turned(0.8, (0.1, 0.2, -0.3))
    got = carried(vertices, weights, np.tile(move, (7, 1, 1)))
    assert np.allclose(got, vertices @ move[:, :3].T + move[:, 3], atol=1e-5)


def test_cloth_that_one_bone_moves_goes_with_it_and_between_two_halfway() -> None:
    vertices = np.array([[1, 0, 0], [1, 0, 0], [1, 0, 0]], np.float32)
    moves = np.stack([turned(0, (0, 0, 0)), turned(0, (0, 2, 0))])
    weights = np.array([[1, 0], [0, 1], [0.5, 0.5]], np.float32)
    assert np.allclose(carried(vertices, weights, moves), [[1, 0, 0], [1, 2, 0], [1, 1, 0]])


@pytest.mark.oracle
def test_the_way_begins_at_the_dummy_and_ends_in_the_pose_of_the_body_model() -> None:
    way, dummy = cast.way(), cast.dummy()
    assert len(way.bodies) == len(way.moves) == STEPS + 1
    assert np.allclose(way.bodies[0], dummy.vertices, atol=2e-4)
    assert np.allclose(way.moves[0], np.eye(4)[:3], atol=1e-4)
    pose = cast.pose()
    with torch.no_grad():
        rotations, root = torch.from_numpy(pose.rotations)[None], torch.from_numpy(pose.root)[None]
        bones = cast.model().pose(cast.rest().heads, rotations, root)
        target = cast.model().skin(cast.rest(), bones)[0].numpy()
    assert np.allclose(way.bodies[-1], target, atol=2e-4)
    ends = way.moves[-1][:, :, :3] @ dummy.bones[:, :3, :3]
    assert np.allclose(ends, bones[0, :, :3, :3].numpy(), atol=1e-3)


def test_no_step_of_the_way_is_a_leap() -> None:
    steps = np.linalg.norm(np.diff(np.stack(cast.way().bodies), axis=0), axis=2).max(1)
    assert steps.max() < 3 * np.median(steps)
    assert steps.max() < 0.15


def test_no_cloth_is_in_the_body_or_in_the_garment_below(outfit: tuple[Dressed, ...]) -> None:
    body = Surface(cast.way().bodies[-1], cast.dummy().faces)
    for dressed in outfit:
        # Where arm and trunk touch there is no room for cloth: a few vertices may be caught, none of them deep.
        assert dressed.draped.below < 0.001 * len(dressed.draped.vertices)
        assert dressed.draped.nearest > -0.006
        shell = Surface(dressed.shell.vertices, dressed.shell.faces)
        assert len(np.unique(crossing_faces(shell, body)[:, 0])) < 0.005 * len(dressed.shell.faces)
        assert (Winding(body).number(dressed.shell.vertices) > 0.5).mean() < 0.003
    shorts, shirt = (Surface(d.shell.vertices, d.shell.faces) for d in outfit)
    assert not Winding(shorts).inside(outfit[1].shell.vertices).any()
    assert len(crossing_faces(shirt, shorts)) == 0


def test_garments_are_closed_shells_as_thick_as_their_fabric(outfit: tuple[Dressed, ...]) -> None:
    for dressed in outfit:
        assert closedness(dressed.shell.faces).watertight
        count = len(dressed.sewn.vertices)
        outer, inner = dressed.shell.vertices[:count], dressed.shell.vertices[count:]
        assert np.array_equal(inner, dressed.draped.vertices)
        assert np.allclose(np.linalg.norm(outer - inner, axis=1), dressed.worn.thickness, atol=1e-5)
        a, b, c = (dressed.shell.vertices[dressed.shell.faces[:, k]].astype(np.float64) for k in range(3))
        volume = np.einsum("fi,fi->", a, np.cross(b, c)) / 6
        area = np.linalg.norm(np.cross(b - a, c - a), axis=1)[dressed.shell.side == 0].sum() / 2
        assert np.isclose(volume, area * dressed.worn.thickness, rtol=0.1), "its outside is outside"


def test_cloth_keeps_its_lengths(outfit: tuple[Dressed, ...]) -> None:
    for dressed in outfit:
        assert np.percentile(dressed.draped.strain, 95) < 0.1
        assert np.percentile(dressed.draped.strain, 99.9) < 0.45


def test_waistbands_hold_where_they_were_cut(outfit: tuple[Dressed, ...]) -> None:
    shorts, body = outfit[0], cast.way().bodies[-1]
    band = shorts.sewn.vertices[:, 1] > shorts.sewn.vertices[:, 1].max() - 0.01
    guide = carried(shorts.sewn.vertices, shorts.sewn.bones, cast.way().moves[-1])
    assert np.linalg.norm(shorts.draped.vertices - guide, axis=1)[band].mean() < 0.03
    away = Surface(body, cast.dummy().faces).closest(shorts.draped.vertices[band]).distance
    assert away.max() < 0.035


def test_sleeves_are_on_their_arms(outfit: tuple[Dressed, ...]) -> None:
    shirt, moved = outfit[1], cast.way().moves[-1]
    names = cast.model().bone_names
    for side in "LR":
        bone = names.index(f"upperarm01.{side}")
        elbow = cast.dummy().joint(f"lowerarm01.{side}")
        shoulder = cast.dummy().joint(f"upperarm01.{side}")
        a, b = (moved[bone, :, :3] @ p + moved[bone, :, 3] for p in (shoulder, elbow))
        sleeve = (shirt.sewn.arm > 0.35) & (shirt.sewn.vertices[:, 0] * (1 if side == "L" else -1) > 0)
        p = shirt.draped.vertices[sleeve]
        along = np.clip((p - a) @ (b - a) / ((b - a) @ (b - a)), 0, 1)
        assert np.linalg.norm(p - a - along[:, None] * (b - a), axis=1).max() < 0.13
