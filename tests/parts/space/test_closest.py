"""The closest point equals brute force and trimesh; its sign equals closed forms, everywhere around."""

import numpy as np
import pytest

from omote.core.errors import ShapeError, UsageError
from omote.parts.space import bvh
from omote.parts.space.closest import Surface
from omote.parts.space.connectivity import islands
from omote.parts.space.mesh import sphere, weld_vertices
from omote.parts.space.winding import Winding, self_crossings

CUBE = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], np.float32)
SIDES = np.array(
    [[0, 1, 3], [0, 3, 2], [4, 6, 7], [4, 7, 5], [0, 4, 5], [0, 5, 1],
     [2, 3, 7], [2, 7, 6], [0, 2, 6], [0, 6, 4], [1, 5, 7], [1, 7, 3]], np.int32,
)  # fmt: skip


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(5)


def ball(rows: int = 16, columns: int = 32) -> tuple[np.ndarray, np.ndarray]:
    vertices, faces, _ = sphere(rows, columns)
    return vertices, weld_vertices(vertices.round(5))[faces]


def soup(rng: np.random.Generator, count: int = 200) -> tuple[np.ndarray, np.ndarray]:
    """Loose triangles, needles and triangles without area among them."""
    corners = rng.normal(size=(count, 1, 3)) + rng.normal(size=(count, 3, 3)) * 10 ** rng.uniform(-2, 0, (count, 1, 1))
    corners[:20, 2] = corners[:20, 0] + rng.uniform(-1, 2, (20, 1)) * (corners[:20, 1] - corners[:20, 0])
    corners[20:30, 1] = corners[20:30, 0]
    corners[30:40, 2] = corners[30:40, 1]
    corners[40:45] = corners[40:45, :1]
    return corners.reshape(-1, 3).astype(np.float32), np.arange(3 * count, dtype=np.int32).reshape(-1, 3)


def brute_force(points: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """Return distances as the least over faces, edges and vertices, each clamped by itself: another road."""
    points, corners = points.astype(np.float64)[:, None], corners.astype(np.float64)
    least = np.full((len(points), len(corners)), np.inf)
    for k in range(3):
        a, edge = corners[:, k], corners[:, (k + 1) % 3] - corners[:, k]
        along = ((points - a) * edge).sum(-1) / np.maximum((edge**2).sum(-1), 1e-30)
        least = np.minimum(least, np.linalg.norm(points - a - along.clip(0, 1)[..., None] * edge, axis=-1))
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    area = np.linalg.norm(normal, axis=-1)
    flat = area < 1e-9
    normal /= np.where(flat, 1, area)[:, None]
    height = ((points - corners[:, 0]) * normal).sum(-1)
    foot = points - height[..., None] * normal
    within = ~flat & np.ones_like(least, bool)
    for k in range(3):
        a, edge = corners[:, k], corners[:, (k + 1) % 3] - corners[:, k]
        within &= (np.cross(edge, foot - a) * normal).sum(-1) >= 0
    return np.where(within, np.minimum(least, np.abs(height)), least).min(1)


@pytest.mark.oracle
def test_distances_to_any_triangles_equal_brute_force(rng: np.random.Generator) -> None:
    vertices, faces = soup(rng)
    points = np.concatenate([rng.normal(size=(400, 3)) * 1.5, rng.normal(size=(50, 3)) * 30, vertices[:100]])
    found = Surface(vertices, faces).closest(points)
    wanted = brute_force(points.astype(np.float32), vertices[faces])
    np.testing.assert_allclose(np.abs(found.distance), wanted, rtol=1e-5, atol=1e-6)
    for part in found:
        assert np.isfinite(part).all()


def test_point_weights_and_distance_tell_the_same(rng: np.random.Generator) -> None:
    vertices, faces = soup(rng)
    points = rng.normal(size=(500, 3)).astype(np.float32)
    found = Surface(vertices, faces).closest(points)
    blended = np.einsum("nk,nkd->nd", found.weights, vertices[faces[found.face]])
    np.testing.assert_allclose(blended, found.point, atol=2e-6)
    np.testing.assert_allclose(np.linalg.norm(points - found.point, axis=1), np.abs(found.distance), atol=2e-6)
    np.testing.assert_allclose(found.weights.sum(1), 1, atol=1e-6)
    assert found.weights.min() >= 0


@pytest.mark.oracle
def test_the_signed_distance_of_a_box_equals_its_closed_form(rng: np.random.Generator) -> None:
    vertices = CUBE * np.float32([0.5, 1, 2])
    points = rng.uniform(-3, 3, (4000, 3)).astype(np.float32)
    beyond = np.abs(points) - [0.5, 1, 2]
    wanted = np.linalg.norm(beyond.clip(0), axis=1) + beyond.max(1).clip(max=0)
    np.testing.assert_allclose(Surface(vertices, SIDES).closest(points).distance, wanted, atol=1e-6)


@pytest.mark.oracle
def test_signs_and_points_equal_trimesh_on_a_bumpy_solid(rng: np.random.Generator) -> None:
    trimesh = pytest.importorskip("trimesh")
    vertices, faces = ball()
    vertices *= 1 + 0.3 * np.sin(5 * vertices).prod(1, keepdims=True)
    mesh = trimesh.Trimesh(vertices, faces, process=False)
    points = (vertices[rng.integers(0, len(vertices), 300)] * rng.uniform(0.6, 1.4, (300, 1))).astype(np.float32)
    found = Surface(vertices, faces).closest(points)
    _, distance, _ = trimesh.proximity.closest_point_naive(mesh, points)
    np.testing.assert_allclose(np.abs(found.distance), distance, atol=1e-6)
    np.testing.assert_array_equal(found.distance < 0, mesh.contains(points))


@pytest.mark.oracle
def test_the_skin_of_the_body_has_an_inside_that_winding_numbers_confirm(rng: np.random.Generator) -> None:
    import torch

    from omote.parts.body.anny import BodyModel

    body = BodyModel.load()
    vertices = body.rest(torch.full((1, 6), 0.5)).vertices[0].numpy()
    faces = np.asarray(body.faces, np.int32)
    faces = faces[islands(faces) == 0]  # eyes and tongue are solids of their own, buried in the head
    corners = vertices[faces[rng.integers(0, len(faces), 3000)]]
    points = (corners.mean(1) + rng.normal(size=(3000, 3)) * 0.01).astype(np.float32)
    surface = Surface(vertices, faces)
    found = surface.closest(points)
    toes = vertices[faces[self_crossings(surface)]].mean((1, 2))  # dip into each other: there the sign is not defined
    plain = np.linalg.norm(points[:, None] - toes, axis=-1).min(1, initial=np.inf) > 0.02
    assert plain.mean() > 0.95
    np.testing.assert_array_equal((found.distance < 0)[plain], Winding(surface).inside(points)[plain])
    some = rng.permutation(3000)[:40]
    np.testing.assert_allclose(np.abs(found.distance[some]), brute_force(points[some], vertices[faces]), atol=1e-6)


def test_the_sign_holds_where_the_nearest_feature_is_a_sharp_corner() -> None:
    # A needle-like spike: the nearest face's own normal gives the wrong side for half of the points around its tip.
    vertices = np.array([[0, 0, 0], [1, 0, 0], [0.3, 0, 1], [0.9, 4, 0.9]], np.float32)
    faces = np.array([[0, 1, 2], [0, 3, 1], [1, 3, 2], [2, 3, 0]], np.int32)
    around = np.random.default_rng(0).normal(size=(2000, 3)).astype(np.float32)
    points = vertices[3] + around
    inside = np.ones(len(points), bool)
    for a, b, c in vertices[faces].astype(np.float64):
        inside &= (points - a) @ np.cross(b - a, c - a) < 0
    np.testing.assert_array_equal(Surface(vertices, faces).closest(points).distance < 0, inside)


def test_beyond_a_border_the_sign_is_the_border_face_s() -> None:
    vertices = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]], np.float32)
    surface = Surface(vertices, np.array([[0, 1, 2]], np.int32))
    found = surface.closest(np.array([[0.5, -1, 0.2], [0.5, -1, -0.2], [-1, -1, 0.1], [0.2, 0.2, -1]], np.float32))
    np.testing.assert_array_equal(np.sign(found.distance), [1, -1, 1, -1])
    np.testing.assert_array_equal(found.normal, np.tile(np.float32([0, 0, 1]), (4, 1)))


def test_what_lies_out_of_reach_is_not_found_and_the_rest_is_the_same(rng: np.random.Generator) -> None:
    vertices, faces = ball()
    surface = Surface(vertices, faces)
    points = rng.normal(size=(1000, 3)).astype(np.float32)
    everywhere, near = surface.closest(points), surface.closest(points, reach=0.25)
    out = np.abs(everywhere.distance) > 0.25
    assert 0.2 < out.mean() < 0.8
    for whole, part in zip(everywhere, near, strict=True):
        np.testing.assert_array_equal(whole[~out], part[~out])
    np.testing.assert_array_equal(near.face[out], -1)
    np.testing.assert_array_equal(near.distance[out], np.float32(0.25))
    np.testing.assert_array_equal(near.point[out], points[out])
    np.testing.assert_array_equal(near.normal[out], 0)


def test_the_answer_depends_on_nothing_but_mesh_and_point(rng: np.random.Generator) -> None:
    import numba

    vertices, faces = ball()
    points = np.concatenate([rng.normal(size=(1500, 3)), vertices, 0.5 * vertices]).astype(np.float32)
    order = rng.permutation(len(points))
    moved = (vertices * [1.3, 0.7, 1.1] + 0.05 * np.sin(7 * vertices)).astype(np.float32)
    refitted = Surface(vertices, faces)
    refitted.refit(moved)
    threads = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        alone = Surface(moved, faces).closest(points[order])
    finally:
        numba.set_num_threads(threads)
    for one, other in zip(refitted.closest(points), alone, strict=True):
        np.testing.assert_array_equal(one[order], other)


def test_vertices_themselves_are_at_distance_zero() -> None:
    vertices, faces = ball()
    found = Surface(vertices, faces).closest(vertices)
    assert np.abs(found.distance[np.unique(faces)]).max() < 1e-12
    assert not np.signbit(Surface(CUBE, SIDES).closest(CUBE).distance).any()


def test_the_tree_holds_every_triangle_once_within_its_boxes(rng: np.random.Generator) -> None:
    vertices, faces = soup(rng, 500)
    tree = bvh.build(vertices, faces)
    assert sorted(tree.order) == list(range(500))
    seen = []

    def visit(node: int, low: np.ndarray, high: np.ndarray, depth: int) -> None:
        assert depth < bvh.DEPTH
        for box, below in zip(tree.boxes[node], tree.child[node], strict=True):
            assert (box[:3] >= low).all()
            assert (box[3:] <= high).all()
            if below >= 0:
                visit(int(below), box[:3], box[3:], depth + 1)
                continue
            first, count = ~below >> 3, ~below & 7
            corners = vertices[faces[tree.order[first : first + count]]].reshape(-1, 3)
            assert (corners >= box[:3]).all()
            assert (corners <= box[3:]).all()
            seen.extend(range(first, first + count))

    visit(0, np.full(3, -np.inf), np.full(3, np.inf), 0)
    assert seen == list(range(500))


@pytest.mark.parametrize("count", [1, 2, 5, 300])
def test_triangles_at_one_place_still_make_a_shallow_tree(count: int) -> None:
    faces = np.tile(np.array([[0, 1, 2]], np.int32), (count, 1))
    vertices = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]], np.float32)
    found = Surface(vertices, faces).closest(np.array([[0.2, 0.2, 2.0]]))
    assert found.face.tolist() == [0]
    assert found.distance.tolist() == [2]


def test_sizes_that_double_from_face_to_face_stay_within_the_depth() -> None:
    scale = (1.7 ** np.arange(-60, 60, dtype=np.float64)).astype(np.float32)
    vertices = (CUBE[:3] * scale[:, None, None]).reshape(-1, 3)
    surface = Surface(vertices, np.arange(360, dtype=np.int32).reshape(-1, 3))
    np.testing.assert_array_equal(surface.closest(vertices).distance, 0)


def test_no_points_give_no_answers() -> None:
    found = Surface(CUBE, SIDES).closest(np.zeros((0, 3), np.float32))
    assert [part.shape for part in found] == [(0,), (0, 3), (0, 3), (0,), (0, 3)]


@pytest.mark.parametrize(
    ("vertices", "faces"),
    [
        (CUBE, np.zeros((0, 3), np.int32)),
        (np.zeros((0, 3), np.float32), np.zeros((0, 3), np.int32)),
        (CUBE, np.array([[0, 1, 8]], np.int32)),
        (np.where(CUBE > 0, np.float32(np.nan), CUBE), SIDES),
        (np.where(CUBE > 0, np.float32(np.inf), CUBE), SIDES),
    ],
)
def test_what_is_no_surface_is_refused(vertices: np.ndarray, faces: np.ndarray) -> None:
    with pytest.raises(ShapeError):
        Surface(vertices, faces)


def test_wrong_questions_are_refused() -> None:
    surface = Surface(CUBE, SIDES)
    with pytest.raises(ShapeError, match="row 0"):
        surface.closest(np.full((3, 3), np.nan, np.float32))
    with pytest.raises(ShapeError, match="8 vertices, but 7"):
        surface.refit(CUBE[:7])
    with pytest.raises(ShapeError, match="finite"):
        surface.refit(np.full_like(CUBE, np.nan))
    for reach in (0.0, -1.0, float("nan")):
        with pytest.raises(UsageError, match="reach"):
            surface.closest(CUBE, reach)
