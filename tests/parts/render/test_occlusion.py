"""Transfer against closed forms: open surfaces, two planes, a wall of any angle."""

import numpy as np
import pytest

from omote.core.errors import UsageError
from omote.parts.render.occlusion import occlusion, smoothed, transfer
from omote.parts.render.rays import obstacle
from omote.parts.space.harmonics import constant, open_transfer, radiance, spiral
from omote.parts.space.mesh import sphere, vertex_normals, weld_vertices


@pytest.mark.oracle
def test_a_convex_body_sees_all_in_front_of_it_exactly() -> None:
    vertices, faces, _ = sphere(24, 32)
    weld = weld_vertices(vertices)
    normals = vertex_normals(vertices, faces, weld)
    found = transfer(vertices, normals, obstacle(vertices, faces), rays=32, weld=weld)
    np.testing.assert_allclose(found, open_transfer(normals), atol=1e-6)
    np.testing.assert_allclose(occlusion(found), 1, atol=1e-6)


def wall(angle: float) -> tuple[np.ndarray, np.ndarray]:
    """Return a huge half plane that rises from the line x = 0 at an angle over the floor's half x > 0."""
    far = 2000.0
    tip = np.array([np.cos(angle), np.sin(angle), 0]) * far
    side = np.array([0, 0, far])
    corners = np.array([-side, side, side + tip, -side + tip])
    return corners.astype(np.float32), np.array([[0, 1, 2], [0, 2, 3]], np.int32)


@pytest.mark.oracle
@pytest.mark.parametrize("angle", [0.5, np.pi / 2, 2.2])
def test_beside_a_wall_the_sky_that_arrives_is_the_closed_form(angle: float) -> None:
    points = np.array([[0.5, 0, 0], [0.01, 0, 0.2]], np.float32)
    up = np.array([[0, 1, 0]] * 2, np.float32)
    found = occlusion(transfer(points, up, obstacle(*wall(angle)), rays=4096, lift=0.0))
    # Two half planes that meet at an angle: form factor (1 - cos angle) / 2 of what is above the floor is left.
    np.testing.assert_allclose(found, (1 - np.cos(angle)) / 2, atol=4e-3)


@pytest.mark.oracle
def test_all_nine_numbers_are_the_integral_over_what_is_seen() -> None:
    point, up = np.array([[0.5, 0, 0]], np.float32), np.array([[0, 1, 0]], np.float32)
    found = transfer(point, up, obstacle(*wall(np.pi / 2)), rays=4096, lift=0.0)
    # The wall stands at x = 0, the point at x > 0: it hides what comes from x < 0.
    directions = spiral(200_000)
    seen = np.maximum(directions[:, 1], 0) * (directions[:, 0] > 0)
    from omote.parts.space.harmonics import basis

    integral = 4 * (seen[:, None] * basis(directions)).mean(0)
    np.testing.assert_allclose(found[0], integral, atol=3e-3)


def test_a_closed_pocket_is_dark_and_few_rays_stay_close_to_many() -> None:
    vertices, faces, _ = sphere(12, 16)
    inside = transfer(vertices * 0.5, -vertices, obstacle(vertices, faces), rays=16)
    assert np.abs(inside).max() < 1e-6
    points = np.random.default_rng(0).uniform(0.05, 1, (400, 3)).astype(np.float32) * np.array([1, 0, 1], np.float32)
    up = np.tile(np.array([[0, 1, 0]], np.float32), (400, 1))
    few, many = (occlusion(transfer(points, up, obstacle(*wall(1.2)), rays=n)) for n in (64, 2048))
    assert np.abs(few - many).mean() < 0.016


def test_it_is_the_same_each_time_and_welded_vertices_agree() -> None:
    vertices, faces, _ = sphere(10, 12)
    weld = weld_vertices(vertices)
    blocker = obstacle(np.concatenate([vertices, vertices + 1.6]), np.concatenate([faces, faces + len(vertices)]))
    normals = vertex_normals(vertices, faces, weld)
    first, second = (transfer(vertices, normals, blocker, weld=weld) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(first, first[weld])
    assert occlusion(first).min() < 0.9
    assert (radiance(constant((1.0, 1.0, 1.0)), vertices[:3]) > 0.99).all()


def test_wrong_input_is_refused() -> None:
    vertices, faces, _ = sphere(4, 6)
    with pytest.raises(UsageError):
        transfer(vertices, vertices, obstacle(vertices, faces), rays=0)


@pytest.mark.oracle
def test_smoothing_takes_grain_away_and_keeps_shape() -> None:
    rows, columns = np.mgrid[0:60, 0:60]
    points = np.stack([0.02 + rows * 0.004, 0 * rows, columns * 0.004], -1).reshape(-1, 3).astype(np.float32)
    corner = (np.arange(59)[:, None] * 60 + np.arange(59)).reshape(-1)
    quads = np.stack([corner, corner + 1, corner + 61, corner + 60], -1).astype(np.int32)
    faces = np.concatenate([quads[:, :3], quads[:, [0, 2, 3]]])
    up = np.tile(np.array([[0, 1, 0]], np.float32), (len(points), 1))
    low = np.array([[0, 0, -9], [0, 0, 9], [0, 0.1, 9], [0, 0.1, -9]], np.float32)
    fence = obstacle(low, np.array([[0, 1, 2], [0, 2, 3]], np.int32))
    grainy = transfer(points, up, fence, rays=64)
    smooth = smoothed(grainy, points, up, faces)
    height, x = 0.1, points[:, 0].astype(np.float64)
    truth = 1 - (1 - x / np.sqrt(x * x + height * height)) / 2  # a strip, seen under an angle: (1 - sin) / 2 is hidden
    before, after = (np.abs(occlusion(t) - truth).mean() for t in (grainy, smooth))
    assert before < 0.012
    assert after < 0.6 * before
    opened = open_transfer(up).astype(np.float32)
    np.testing.assert_allclose(smoothed(opened, points, up, faces), opened, atol=1e-6)
