"""The z-buffer against brute force, and what must hold for any triangles."""

import os
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omote.core.errors import ShapeError
from omote.parts.render import visibility
from omote.parts.render.visibility import rasterise
from omote.parts.space.camera import Camera, look_at
from omote.parts.space.mesh import sphere

VIEW = look_at((0.3, 0.4, 3.0), (0.0, 0.0, 0.0), size=(45, 61), fov=0.9)


def soup(seed: int, count: int = 30, spread: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    vertices = (rng.normal(size=(count, 1, 3)) * spread + rng.normal(size=(count, 3, 3)) * 0.4).reshape(-1, 3)
    return vertices.astype(np.float32), np.arange(3 * count, dtype=np.int32).reshape(-1, 3)


def cast_rays(vertices: np.ndarray, faces: np.ndarray, camera: Camera) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Nearest face, its barycentrics and depth by intersecting every ray with every triangle (Moeller-Trumbore)."""
    h, w = camera.size
    y, x = np.mgrid[0:h, 0:w] + 0.5
    origin, direction = camera.rays(np.stack([x, y], -1))
    a, b, c = (vertices[faces[:, i]].astype(np.float64) for i in range(3))
    p = np.cross(direction[:, :, None], (c - a))
    determinant = (p * (b - a)).sum(-1)
    s = origin[:, :, None] - a
    with np.errstate(divide="ignore", invalid="ignore"):
        u = (s * p).sum(-1) / determinant
        q = np.cross(s, (b - a))
        v = (direction[:, :, None] * q).sum(-1) / determinant
        along = ((c - a) * q).sum(-1) / determinant
    depth = along * (direction @ camera.forward)[..., None]
    if camera.orthographic:
        depth = depth + ((origin - camera.position) @ camera.forward)[..., None]
    hit = (u >= 0) & (v >= 0) & (u + v <= 1) & (depth >= camera.near)
    depth = np.where(hit, depth, np.inf)
    nearest = depth.argmin(-1)
    pick = (*np.indices(nearest.shape), nearest)
    found = np.where(np.isfinite(depth[pick]), nearest, -1)
    return found, np.stack([1 - u - v, u, v], -1)[pick], depth[pick]


@pytest.mark.oracle
@pytest.mark.parametrize("orthographic", [False, True])
@pytest.mark.parametrize(("seed", "spread"), [(0, 0.5), (1, 1.0), (2, 2.5), (3, 2.5)])
def test_faces_barycentrics_and_depth_equal_brute_force_also_behind_the_camera(
    orthographic: bool, seed: int, spread: float
) -> None:
    camera = replace(VIEW, orthographic=True, focal=(12.0, 12.0)) if orthographic else VIEW
    vertices, faces = soup(seed, spread=spread)
    if seed >= 2:
        assert (camera.project(vertices)[1] < 0).any()
    found, weights, depth = cast_rays(vertices, faces, camera)
    got = rasterise(vertices, faces, camera)
    np.testing.assert_array_equal(got.faces, found)
    seen = found >= 0
    assert seen.any()
    np.testing.assert_allclose(got.barycentrics[seen], weights[seen], atol=2e-5)
    np.testing.assert_allclose(got.depth[seen], depth[seen], rtol=1e-5)
    assert np.isinf(got.depth[~seen]).all()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([1, 2, 4]), st.floats(0, 1))
def test_a_plane_in_triangles_covers_each_pixel_exactly_once(seed: int, grid: int, tilt: float) -> None:
    """Vertices fall on pixel centres and edges pass through many: without a fill rule some are hit twice or missed."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0 : grid + 1, 0 : grid + 1]
    flat = np.stack([x, y, np.zeros_like(x)], -1).reshape(-1, 3) * (16 / grid) + [0.5, 0.5, 2]
    inner = ((x > 0) & (x < grid) & (y > 0) & (y < grid)).reshape(-1)
    flat[inner, :2] += rng.integers(-1, 2, (int(inner.sum()), 2)) * 0.25
    corner = (y[:-1, :-1] * (grid + 1) + x[:-1, :-1]).reshape(-1)
    faces = np.concatenate(
        [
            np.stack([corner, corner + 1, corner + grid + 2], -1),
            np.stack([corner, corner + grid + 2, corner + grid + 1], -1),
        ]
    ).astype(np.int32)
    camera = Camera(world_from_camera=np.eye(4), focal=(1.0, 1.0), centre=(0.0, 0.0), size=(20, 20), orthographic=True)
    flat[:, 2] += tilt * flat[:, 0]
    vertices = flat.astype(np.float32)
    total = sum((rasterise(vertices, face[None], camera).faces >= 0).astype(int) for face in faces)
    expected = np.zeros((20, 20), int)
    expected[:16, :16] = 1
    np.testing.assert_array_equal(total, expected)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6))
def test_neighbours_in_perspective_leave_no_gap_and_no_overlap(seed: int) -> None:
    vertices, _ = soup(seed, 4)
    points = np.concatenate([vertices[:4], vertices[:3].mean(0, keepdims=True)])
    fan = np.array([[0, 1, 4], [1, 2, 4], [2, 0, 4]], np.int32)
    parts = [rasterise(points.astype(np.float32), face[None], VIEW).faces >= 0 for face in fan]
    whole = rasterise(points.astype(np.float32), np.array([[0, 1, 2]], np.int32), VIEW).faces >= 0
    assert (np.sum(parts, axis=0) <= 1).all()
    # Rounding the middle point to float32 lifts it off the plane, but leaves the outline where it is.
    np.testing.assert_array_equal(np.any(parts, axis=0), whole)


@given(st.integers(0, 10**6))
@settings(max_examples=30, deadline=None)
def test_reading_back_depth_and_barycentrics_gives_the_same_point(seed: int) -> None:
    vertices, faces = soup(seed)
    got = rasterise(vertices, faces, VIEW)
    y, x = np.nonzero(got.faces >= 0)
    from_depth = VIEW.unproject(np.stack([x, y], -1) + 0.5, got.depth[y, x].astype(np.float64))
    from_weights = (vertices[faces[got.faces[y, x]]] * got.barycentrics[y, x][..., None]).sum(-2)
    np.testing.assert_allclose(from_depth, from_weights, atol=1e-4)


def test_the_order_of_faces_does_not_matter_but_where_they_touch() -> None:
    vertices, faces = soup(5)
    turned = rasterise(vertices, faces[::-1].copy(), VIEW).faces
    np.testing.assert_array_equal(
        np.where(turned >= 0, len(faces) - 1 - turned, -1), rasterise(vertices, faces, VIEW).faces
    )


def test_culling_drops_exactly_what_faces_away() -> None:
    vertices, faces, _ = sphere(20, 30)
    outside = rasterise(vertices, faces, VIEW, cull=True)
    np.testing.assert_array_equal(outside.faces, rasterise(vertices, faces, VIEW).faces)
    inside = rasterise(vertices, faces, replace(VIEW, world_from_camera=np.eye(4)), cull=True)
    assert (inside.faces == -1).all()
    assert (rasterise(vertices, faces, replace(VIEW, world_from_camera=np.eye(4))).faces >= 0).all()


def test_degenerate_triangles_cover_nothing() -> None:
    vertices = np.array([[0, 0, 0], [1, 0, 0], [2, 0, 0], [0, 0, 0]], np.float32)
    faces = np.array([[0, 1, 2], [0, 0, 1], [0, 3, 0]], np.int32)
    assert (rasterise(vertices, faces, VIEW).faces == -1).all()


def test_a_triangle_reaching_to_the_horizon_is_drawn_up_to_it() -> None:
    vertices = np.array([[-1e7, -1, -1e7], [1e7, -1, -1e7], [0, -1, 1e7]], np.float32)
    level = look_at((0.0, 0.0, 0.0), (0.0, 0.0, -1.0), size=(40, 40), fov=1.0)
    seen = rasterise(vertices, np.array([[0, 1, 2]], np.int32), level).faces >= 0
    assert seen[20:].all()
    assert not seen[:20].any()


@pytest.mark.parametrize("size", [(1, 1), (1, 333), (333, 1), (67, 35)])
def test_odd_sizes_show_a_part_of_the_same_picture(size: tuple[int, int]) -> None:
    vertices, faces = soup(7)
    whole = rasterise(vertices, faces, VIEW.cropped((0, 0, 400, 400)))
    part = rasterise(vertices, faces, VIEW.cropped((0, 0, size[1], size[0])))
    np.testing.assert_array_equal(part.faces, whole.faces[: size[0], : size[1]])
    np.testing.assert_array_equal(part.depth, whole.depth[: size[0], : size[1]])


def test_the_number_of_threads_changes_no_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    vertices, faces, _ = sphere(60, 120)
    camera = VIEW.resized((300, 400))
    several = rasterise(vertices, faces, camera)
    monkeypatch.setattr(visibility, "threads", lambda: 1)
    one = rasterise(vertices, faces, camera)
    assert several.faces.tobytes() == one.faces.tobytes()
    assert several.barycentrics.tobytes() == one.barycentrics.tobytes()
    assert visibility.threads() <= (os.cpu_count() or 1)


def test_nothing_to_draw_is_an_empty_picture() -> None:
    got = rasterise(np.zeros((0, 3), np.float32), np.zeros((0, 3), np.int32), VIEW)
    assert (got.faces == -1).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_vertices_that_are_no_numbers_are_refused(bad: float) -> None:
    vertices, faces = soup(0)
    vertices[3, 1] = bad
    with pytest.raises(ShapeError, match="1 of 90 vertices"):
        rasterise(vertices, faces, VIEW)


def test_faces_beyond_the_vertices_are_refused() -> None:
    with pytest.raises(ShapeError, match="names vertex"):
        rasterise(np.zeros((3, 3), np.float32), np.array([[0, 1, 3]], np.int32), VIEW)
