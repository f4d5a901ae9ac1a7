"""Teeth: closed crowns in two arches; the lower one goes with the jaw."""

from collections.abc import Callable

import numpy as np
import pytest
import trimesh

from omote.core.errors import UsageError
from omote.parts.body.anny import PARTS
from omote.parts.data.people.head import Head
from omote.parts.data.people.part import Part
from omote.parts.data.people.teeth import CROWNS, Teeth, jaw_motion, teeth_parts


def by_name(head: Head, teeth: Teeth | None = None) -> dict[str, Part]:
    return {part.name: part for part in teeth_parts(head, teeth or Teeth())}


@pytest.mark.oracle
def test_crowns_and_gums_are_closed_and_face_outward(make_head: Callable[..., Head]) -> None:
    for name, part in by_name(make_head()).items():
        mesh = trimesh.Trimesh(part.vertices, part.faces, process=False)
        assert mesh.is_watertight
        pieces = mesh.split(only_watertight=False)
        assert len(pieces) == (2 * len(CROWNS["upper"]) if "teeth" in name else 1)
        assert all(piece.volume > 0 for piece in pieces)


def test_front_teeth_stand_behind_the_lips_and_the_upper_before_the_lower(make_head: Callable[..., Head]) -> None:
    for tall in (0.3, 0.7):
        head = make_head(tall=tall)
        parts = by_name(head, Teeth(crooked=0.0))
        inner = (head.model.part == PARTS.index("mouth")) & (np.abs(head.canonical[:, 0]) < 0.008)
        inner &= (head.canonical[:, 2] > 0.15) & (head.canonical[:, 1] > 0.812) & (head.canonical[:, 1] < 0.836)
        upper, lower = (parts[f"{arch}_teeth"].vertices for arch in ("upper", "lower"))
        assert upper[:, 2].max() < head.neutral[inner, 2].min()
        assert lower[:, 2].max() < upper[:, 2].max()
        assert upper[:, 1].min() < lower[:, 1].max() + 0.003  # they meet


@pytest.mark.oracle
def test_the_lower_arch_goes_where_the_chin_goes(make_head: Callable[..., Head]) -> None:
    still, wide = make_head(), make_head({"jawOpen": 1.0})
    turn, _ = jaw_motion(wide)
    angle = np.degrees(np.arccos((np.trace(turn) - 1) / 2))
    assert 15 < angle < 30  # the widest opening of a jaw
    before, after = by_name(still), by_name(wide)
    assert np.allclose(before["upper_teeth"].vertices, after["upper_teeth"].vertices, atol=1e-5)
    fallen = before["lower_teeth"].vertices[:, 1].mean() - after["lower_teeth"].vertices[:, 1].mean()
    assert 0.006 < fallen < 0.03


def test_the_jaw_rests_without_an_expression(make_head: Callable[..., Head]) -> None:
    turn, shift = jaw_motion(make_head({"browInnerUp": 1.0}))
    assert np.allclose(turn, np.eye(3), atol=1e-4)
    assert np.abs(shift).max() < 1e-4


def test_age_yellows(make_head: Callable[..., Head]) -> None:
    young, old = (by_name(make_head(), Teeth(years=y))["upper_teeth"].colours for y in (20.0, 80.0))
    assert young is not None
    assert old is not None
    assert young[:, 2].mean() > old[:, 2].mean() + 10


def test_impossible_teeth_are_refused() -> None:
    with pytest.raises(UsageError, match="crooked"):
        Teeth(crooked=3.0)
