"""The dummy's distances agree with brute force, its heights are those of anatomy, and fields hang straight down."""

import numpy as np
import pytest
import trimesh

import cast
from omote.core.errors import UsageError
from omote.parts.data.people.tailor import FAR, PATCHES, STEP, grid_of, hung, united
from omote.parts.space.winding import winding_number


def brute_hung(field: np.ndarray, spread: np.ndarray, step: float) -> np.ndarray:
    """The least of all that is above, each less what the way down adds."""
    result = np.full_like(field, np.inf)
    for y in range(field.shape[1]):
        for above in range(y, field.shape[1]):
            rise = step * spread[y + 1 : above + 1].sum()
            result[:, y] = np.minimum(result[:, y], field[:, above] - rise)
    return result


@pytest.mark.oracle
@pytest.mark.parametrize("seed", [0, 1])
def test_hung_is_the_running_minimum_of_what_is_above(seed: int) -> None:
    rng = np.random.default_rng(seed)
    field = rng.normal(0, 1, (3, 11, 4)).astype(np.float32)
    spread = rng.normal(0, 5, 11)
    assert np.allclose(hung(field, spread, 0.1), brute_hung(field, spread, 0.1), atol=1e-5)
    assert np.allclose(hung(field, -0.7, 0.1), brute_hung(field, np.full(11, -0.7), 0.1), atol=1e-5)


@pytest.mark.oracle
def test_what_hangs_from_a_ball_is_a_column_and_from_a_wall_a_slope_as_asked_for() -> None:
    axis = np.arange(-1, 1.001, 0.05, dtype=np.float32)
    middle = len(axis) // 2
    x, y, z = np.meshgrid(axis, axis, axis, indexing="ij")
    ball = (np.sqrt(x * x + y * y + z * z) - 0.4).astype(np.float32)
    below, across = y < 0, np.hypot(x, z) - 0.4
    assert np.allclose(hung(ball, 0.0, 0.05)[below], across[below], atol=1e-5)

    def reach(field: np.ndarray) -> float:
        """How far the zero level reaches to the side, half a metre below the middle."""
        return float(np.interp(0, field[middle:, middle - 10, middle], axis[middle:]))

    wall = np.hypot(across, np.maximum(-y, 0)).astype(np.float32) * np.where(across < 0, -1, 1).astype(np.float32)
    from_middle = np.where(axis > 0.01, 0.0, 0.3)
    assert np.isclose(reach(hung(wall, from_middle, 0.05)), 0.4 + 0.3 * 0.5, atol=0.01)
    # The ball's side falls away, so that the cone touches it higher up: its sides stand at the angle of that sine.
    assert np.isclose(reach(hung(ball, 0.3, 0.05)), (0.4 + 0.3 * 0.5) / np.sqrt(1 - 0.3**2), atol=0.01)


def test_a_united_field_is_the_lesser_one_rounded_by_no_more_than_a_quarter_of_its_softness() -> None:
    rng = np.random.default_rng(2)
    a, b = rng.normal(0, 0.05, (2, 1000))
    joined = united(a, b, 0.04)
    least = np.minimum(a, b)
    assert (joined <= least + 1e-7).all()
    assert (joined >= least - 0.01 - 1e-7).all()
    apart = np.abs(a - b) >= 0.04
    assert np.allclose(joined[apart], least[apart], atol=1e-7)
    assert np.allclose(joined, united(b, a, 0.04), atol=1e-7)


def test_patches_share_no_vertex_and_leave_out_only_what_lies_inside_the_head() -> None:
    dummy = cast.dummy()
    count = np.sum([dummy.patch(name) for name in PATCHES], axis=0)
    assert count.max() == 1
    assert not np.isin(dummy.faces, np.flatnonzero(count == 0)).any()


@pytest.mark.parametrize("name", ["leg", "", "Trunk"])
def test_a_patch_that_does_not_exist_is_refused_with_a_list_of_those_that_do(name: str) -> None:
    with pytest.raises(UsageError, match=r"no patch .*trunk, arms"):
        cast.dummy().patch("trunk", name)


def test_heights_follow_one_another_as_on_a_body() -> None:
    heights = cast.dummy().heights
    order = ["floor", "ankle", "knee", "crotch", "hip", "waist", "armpit", "neck"]
    assert np.all(np.diff([heights[name] for name in order]) > 0)
    assert heights["waist"] < heights["chest"] < heights["neck"]
    assert abs(heights["floor"]) < 0.005


def test_joints_lie_at_whole_numbers_along_limbs_on_both_sides() -> None:
    dummy = cast.dummy()
    for along, chain in (
        (dummy.along_arm, ("upperarm01", "lowerarm01", "wrist")),
        (dummy.along_leg, ("upperleg01", "lowerleg01", "foot")),
    ):
        for side in "LR":
            places = along(np.stack([dummy.joint(f"{bone}.{side}") for bone in chain]))
            assert np.allclose(places, [0, 1, 2], atol=0.01), side


@pytest.mark.oracle
def test_distances_to_a_patch_agree_with_every_triangle_of_it() -> None:
    dummy = cast.dummy()
    middle = 0.5 * (dummy.joint("upperleg01.L") + dummy.joint("upperleg01.R"))
    offsets = np.linspace(-0.15, 0.15, 7, dtype=np.float32)
    points = np.stack(np.meshgrid(*(middle[k] + offsets for k in range(3)), indexing="ij"), -1).astype(np.float32)
    flat = points.reshape(-1, 3)
    own = dummy.patch("trunk")[dummy.faces].any(1)
    triangles = dummy.vertices[dummy.faces[own]].astype(np.float64)
    least = np.array([
        np.linalg.norm(trimesh.triangles.closest_point(triangles, np.tile(p, (len(triangles), 1))) - p, axis=1).min()
        for p in flat[::5].astype(np.float64)
    ])  # fmt: skip
    got = dummy.distance(points, "trunk", reach=0.2).reshape(-1)[::5]
    assert np.allclose(np.abs(got), least, atol=1e-5)
    outside = winding_number(flat[::5], dummy.vertices, dummy.faces) < 0.5
    assert (got[outside] > 0).all()
    assert (got < 0).any(), "points inside the trunk were tried"


def test_beyond_reach_all_is_far() -> None:
    dummy = cast.dummy()
    chest = np.array([0, dummy.heights["chest"], 0], np.float32)
    points = (chest + np.array([[0, 0, 0.5], [0, 0, 3.0]], np.float32)).reshape(1, 1, 2, 3)
    assert (dummy.distance(points, "trunk", reach=0.1) == FAR).all()
    assert (dummy.distance(points, "trunk", reach=1.0) == FAR).ravel().tolist() == [False, True]


def test_the_body_beside_its_own_vertices_is_there_and_sleeves_begin_on_arms_alone() -> None:
    dummy = cast.dummy()
    rows = np.unique(dummy.faces)[::97]
    site = dummy.site(dummy.vertices[rows])
    found = np.einsum("nk,nkx->nx", site.weights, dummy.vertices[dummy.faces[site.faces]])
    assert np.allclose(found, dummy.vertices[rows], atol=1e-5)
    trunk = dummy.patch("trunk")[rows]
    assert site.arm[trunk].max() <= 0.1 + 1e-6
    assert site.arm[dummy.patch("hands")[rows]].min() > 1.8


def test_voxels_between_two_heights_are_even_and_reach_around_the_body() -> None:
    dummy = cast.dummy()
    points = dummy.points(0.5, 0.6)
    assert 0.5 <= points[..., 1].min() <= 0.5 + STEP
    assert 0.6 - STEP <= points[..., 1].max() <= 0.6
    assert np.allclose(np.diff(points[:, 0, 0, 0]), STEP, atol=1e-5)
    assert (points[0, 0, 0, [0, 2]] < dummy.vertices.min(0)[[0, 2]]).all()
    assert (points[-1, -1, -1, [0, 2]] > dummy.vertices.max(0)[[0, 2]]).all()


def test_evening_out_leaves_a_plane_as_it_is() -> None:
    points = cast.dummy().points(0.5, 0.7)[:20, :, :20]
    plane = (points @ np.array([0.6, 0.0, 0.8], np.float32) - 0.1).astype(np.float32)
    grid = grid_of(points, plane)
    inner = points[5:-5, 5:-5, 5:-5]
    assert np.allclose(grid.sample(inner), plane[5:-5, 5:-5, 5:-5], atol=1e-4)
