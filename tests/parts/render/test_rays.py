"""Rays against brute force, and against Embree where it is installed."""

import importlib

import numpy as np
import pytest

from omote.core.errors import ShapeError
from omote.parts.render.rays import blocked, obstacle
from omote.parts.space.mesh import sphere


def soup(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    corners = rng.uniform(-1, 1, (count, 1, 3)) + rng.normal(0, 0.15, (count, 3, 3))
    return corners.reshape(-1, 3).astype(np.float32), np.arange(3 * count, dtype=np.int32).reshape(-1, 3)


def rays(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    origins, directions = rng.uniform(-1.2, 1.2, (count, 3)), rng.normal(size=(count, 3))
    directions[: count // 10, 0] = 0  # along planes of boxes
    directions[: count // 20, 1] = 0
    return origins.astype(np.float32), directions.astype(np.float32)


def meets(vertices: np.ndarray, faces: np.ndarray, origins: np.ndarray, directions: np.ndarray, reach: float):
    a, b, c = vertices.astype(np.float64)[faces].transpose(1, 0, 2)
    hit, sure = np.zeros(len(origins), bool), np.ones(len(origins), bool)
    for n, (o, d) in enumerate(zip(origins.astype(np.float64), directions.astype(np.float64), strict=True)):
        matrix = np.stack([b - a, c - a, np.broadcast_to(-d, a.shape)], -1)
        u, v, t = np.linalg.solve(matrix, (o - a)[..., None])[..., 0].T
        margin = np.min([u, v, 1 - u - v, t, reach - t], axis=0)
        hit[n] = (margin > 0).any()
        sure[n] = (np.abs(margin) > 1e-4).all()
    return hit, sure


@pytest.mark.oracle
@pytest.mark.parametrize("count", [1, 2, 5, 300])
@pytest.mark.parametrize("reach", [0.4, 1e6])
def test_what_is_in_the_way_is_what_brute_force_finds(count: int, reach: float) -> None:
    vertices, faces = soup(count, count)
    origins, directions = rays(800, 3)
    truth, sure = meets(vertices, faces, origins, directions, reach)
    found = blocked(obstacle(vertices, faces), origins, directions, reach)
    assert sure.mean() > 0.9
    np.testing.assert_array_equal(found[sure], truth[sure])


def test_nothing_slips_out_of_a_closed_sphere() -> None:
    vertices, faces, _ = sphere(24, 32)
    origins, directions = rays(20000, 4)
    origins *= 0.4 / np.linalg.norm(origins, axis=1, keepdims=True)
    targets = vertices[np.random.default_rng(0).integers(0, len(vertices), len(origins))]
    directions[::2] = (targets - origins)[::2]  # at corners and along edges, where leaks would be
    assert blocked(obstacle(vertices, faces), origins, directions).all()


@pytest.mark.oracle
def test_embree_agrees() -> None:
    if importlib.util.find_spec("embreex") is None:
        pytest.skip("embreex is not installed: rays are not compared with it")
    construction = importlib.import_module("embreex.mesh_construction")
    scene = importlib.import_module("embreex.rtcore_scene").EmbreeScene()
    vertices, faces = soup(2000, 7)
    construction.TriangleMesh(scene, vertices, faces)
    origins, directions = rays(20000, 5)
    theirs = scene.run(origins, directions, query="OCCLUDED") != -1
    ours = blocked(obstacle(vertices, faces), origins, directions)
    assert (theirs == ours).mean() > 0.999


def test_broken_meshes_are_refused() -> None:
    vertices, faces = soup(2, 0)
    with pytest.raises(ShapeError):
        obstacle(np.where(np.arange(6)[:, None] == 1, np.float32(np.nan), vertices), faces)
    with pytest.raises(ShapeError):
        obstacle(vertices, faces[:0])
    with pytest.raises(ShapeError):
        obstacle(vertices, faces + 5)
