"""Tubes are closed; roots stay on the skin; directions turn with it."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import trimesh

from omote.parts.body.anny import PARTS
from omote.parts.data.people.head import Head
from omote.parts.data.people.strands import bent, scatter, tubes, unit


@pytest.mark.oracle
def test_tubes_are_closed_and_face_outward() -> None:
    rng = np.random.default_rng(0)
    lines = np.cumsum(rng.normal(0, 0.2, (7, 5, 3)) + np.array([0, 1.0, 0.3]), 1).astype(np.float32)
    vertices, faces, line = tubes(lines, np.full(7, 0.02))
    pieces = trimesh.Trimesh(vertices, faces, process=False).split(only_watertight=False)
    assert len(pieces) == 7
    assert all(piece.is_watertight and piece.volume > 0 for piece in pieces)
    assert (np.bincount(line) == len(vertices) // 7).all()


def test_no_lines_make_no_tubes() -> None:
    vertices, faces, line = tubes(np.zeros((0, 4, 3), np.float32), np.zeros(0))
    assert len(vertices) == len(faces) == len(line) == 0


@pytest.mark.oracle
def test_roots_keep_their_place_and_ways_turn_with_the_head(make_head: Callable[..., Head]) -> None:
    still = make_head()
    angle = 0.7
    turn = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]], np.float32)
    turned = replace(still, posed=still.canonical @ turn.T)
    still = replace(still, posed=still.canonical)
    faces = still.model.faces[(still.model.part[still.model.faces] == PARTS.index("head")).all(1)]
    roots = scatter(still, faces, lambda p: (p[:, 1] > 0.9).astype(float), 20, np.random.default_rng(1))
    assert (roots.canonical[:, 1] > 0.9).all()
    assert np.allclose(roots.position(still), roots.canonical, atol=1e-6)
    assert np.allclose(roots.position(turned), roots.canonical @ turn.T, atol=1e-6)
    way = np.random.default_rng(2).normal(size=(len(roots.canonical), 3))
    assert np.allclose(roots.carry(turned, way), roots.carry(still, way) @ turn.T, atol=1e-3)


def test_hairs_have_their_length_and_rise_from_the_skin() -> None:
    normal, way = np.array([[0.0, 0.0, 1.0]]), unit(np.array([[1.0, 0.0, 0.0]]))
    lines = bent(np.zeros((1, 3)), normal, way, np.array([0.009]), (1.0, 0.1), 4)
    assert np.isclose(np.linalg.norm(np.diff(lines[0], axis=0), axis=1).sum(), 0.009, rtol=1e-4)
    assert (np.diff(lines[0, :, 2]) > 0).all()
