"""Cloth against closed forms (catenary, cylinder, plane) and against what must not happen: cutting what is below."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from numpy import ndarray
from scipy.optimize import brentq
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from omote.core.errors import ShapeError, UsageError
from omote.parts.body import cloth_constraints as make
from omote.parts.body.cloth_contact import Obstacle, near_pairs
from omote.parts.body.drape import Cloth, Draped, Fabric, Pins, Settings, constraints, drape, pin
from omote.parts.space.closest import Surface
from omote.parts.space.crossing import crossing_faces
from omote.parts.space.mesh import sphere, weld_vertices
from omote.parts.space.winding import winding_number


def sheet(rows: int, columns: int, step: float) -> tuple[ndarray, ndarray]:
    """A flat rectangle in the plane y = 0 around the origin, rows along x, its upper side outside."""
    x, z = np.meshgrid(np.arange(rows) * step, np.arange(columns) * step, indexing="ij")
    vertices = np.stack([x - x.mean(), np.zeros_like(x), z - z.mean()], -1).reshape(-1, 3)
    index = np.arange(rows * columns).reshape(rows, columns)
    a, b, c, d = (i.ravel() for i in (index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]))
    even = (np.add.outer(np.arange(rows - 1), np.arange(columns - 1)) % 2 == 0).ravel()[:, None]
    one = np.where(even, np.stack([a, d, b], 1), np.stack([a, d, c], 1))
    two = np.where(even, np.stack([d, c, b], 1), np.stack([a, c, b], 1))
    return vertices.astype(np.float32), np.concatenate([one, two]).astype(np.int32)


def ball(radius: float) -> tuple[ndarray, ndarray]:
    """A closed sphere."""
    vertices, faces, _ = sphere(24, 48)
    faces = weld_vertices(np.round(vertices, 5) + np.float32(0))[faces]
    used, index = np.unique(faces, return_inverse=True)
    return (radius * vertices[used]).astype(np.float32), index.reshape(-1, 3).astype(np.int32)


def floor(size: float = 1.0) -> tuple[ndarray, ndarray]:
    """A square looking up."""
    corners = np.array([[-1, 0, -1], [-1, 0, 1], [1, 0, 1], [1, 0, -1]], np.float32) * np.float32(size)
    return corners, np.array([[0, 1, 2], [0, 2, 3]], np.int32)


def hold(vertices: ndarray, rows: ndarray) -> tuple[Pins, Obstacle]:
    """Pins of some vertices where they are, and the far square that they are attached to."""
    corners, faces = floor()
    corners = corners + np.float32([0, 5, 0])
    return pin(vertices, rows.astype(np.int32), corners, faces), Obstacle(faces=faces, path=[corners])


def on_a_ball(**settings: float) -> tuple[Draped, Cloth, Obstacle]:
    vertices, faces = sheet(41, 41, 0.011)
    round_thing = ball(0.14)
    cloth = Cloth(vertices=vertices + np.float32([0, 0.15, 0]), faces=faces)
    obstacle = Obstacle(faces=round_thing[1], path=[round_thing[0]])
    return drape(cloth, [obstacle], settings=Settings(**settings)), cloth, obstacle  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def fallen() -> tuple[Draped, Cloth, Obstacle]:
    return on_a_ball(settle=240)


@pytest.mark.oracle
def test_a_strip_held_at_both_ends_hangs_as_a_catenary() -> None:
    vertices, faces = sheet(61, 3, 0.01)
    ends = np.flatnonzero(np.abs(vertices[:, 0]) > 0.2999)
    span, length = 0.36, 0.60
    pins, far = hold(vertices * np.float32([span / length, 1, 1]), ends)
    cloth = Cloth(vertices=vertices, faces=faces, fabric=Fabric(bend=2e-6), pins=pins, carried=np.zeros(0, np.int32))
    start = vertices * np.float32([span / length, 1, 1])
    settings = Settings(settle=900, tighten=300, smooth=0, drag=8.0)
    result = drape(cloth, [far], [start], settings)
    a = brentq(lambda a: 2 * a * np.sinh(span / 2 / a) - length, 0.02, 1.0)
    x, y = result.vertices[:, 0], result.vertices[:, 1]
    expected = a * (np.cosh(x / a) - np.cosh(span / 2 / a))
    assert expected.min() < -0.2
    assert np.abs(y - expected).mean() < 0.005 * length
    assert np.abs(y - expected).max() < 0.015 * length  # the strip twists a little
    assert result.strain.max() < 0.03


@pytest.mark.oracle
def test_bending_energy_of_a_cylinder_is_half_its_stiffness_times_squared_curvature() -> None:
    flat, faces = sheet(61, 31, 0.01)
    radius, stiffness = 0.12, 3e-5
    angle = flat[:, 0].astype(float) / radius
    rolled = np.stack([radius * np.sin(angle), radius * np.cos(angle) - radius, flat[:, 2]], -1)
    hinges = make.hinges(flat.astype(float), make.edges_of(faces), np.full(len(flat), stiffness), 0.0)
    bent = np.einsum("hc,hcx->hx", hinges.weights, rolled[hinges.corners])
    energy = 0.5 * ((bent**2).sum(1) / hinges.compliance).sum()
    expected = 0.5 * stiffness / radius**2 * 0.6 * 0.3
    assert abs(energy / expected - 1) < 0.05
    still = np.einsum("hc,hcx->hx", hinges.weights, flat[hinges.corners].astype(float))
    assert np.abs(still).max() < 1e-7


@pytest.mark.oracle
def test_every_edge_is_found_once_with_the_triangles_beside_it() -> None:
    _, faces = ball(1.0)
    edges = make.edges_of(faces)
    sides: dict[tuple[int, ...], set[int]] = {}
    for face in faces.tolist():
        for i in range(3):
            pair = tuple(sorted((face[i], face[(i + 1) % 3])))
            sides.setdefault(pair, set()).add(face[(i + 2) % 3])
    assert {tuple(e) for e in edges.ends.tolist()} == set(sides)
    assert all(set(c) == sides[tuple(e)] for e, c in zip(edges.ends.tolist(), edges.across.tolist(), strict=True))


@pytest.mark.oracle
def test_tethers_are_as_long_as_the_way_on_a_plane() -> None:
    vertices, faces = sheet(31, 31, 0.01)
    middle = np.flatnonzero((np.abs(vertices) < 1e-6).all(1)).astype(np.int32)
    tethers = constraints(Cloth(vertices=vertices, faces=faces, carried=middle)).tethers
    straight = np.linalg.norm(vertices[tethers.ends[:, 0]], axis=1)
    assert len(straight) == len(vertices) - 1
    assert (tethers.length >= straight * 0.999).all()
    assert (tethers.length <= straight * 1.09).all()


@pytest.mark.oracle
def test_pairs_of_distant_parts_are_those_of_brute_force() -> None:
    rng = np.random.default_rng(1)
    x, rest = rng.uniform(0, 0.1, (400, 3)), rng.uniform(0, 1, (400, 3))
    found = {tuple(sorted(p)) for p in near_pairs(x, rest, 0.012, 0.3).tolist()}
    close = cKDTree(x).query_pairs(0.012)
    assert found == {(i, j) for i, j in close if np.linalg.norm(rest[i] - rest[j]) > 0.3}
    assert found


def test_a_sheet_on_a_ball_never_cuts_it_and_hardly_stretches(fallen: tuple[Draped, Cloth, Obstacle]) -> None:
    result, cloth, obstacle = fallen
    assert result.below == 0
    assert result.nearest > 0.7 * obstacle.gap
    ball_there = Surface(obstacle.path[0], obstacle.faces)
    assert len(crossing_faces(Surface(result.vertices, cloth.faces), ball_there)) == 0
    assert not (winding_number(result.vertices, obstacle.path[0], obstacle.faces) > 0.5).any()
    assert np.percentile(result.strain, 95) < 0.03
    assert result.vertices[:, 1].min() < 0.05  # it hangs
    assert result.vertices[:, 1].max() < 0.15


def test_the_same_input_gives_the_same_bits(fallen: tuple[Draped, Cloth, Obstacle]) -> None:
    assert np.array_equal(fallen[0].vertices, on_a_ball(settle=240)[0].vertices)


def test_potential_energy_falls_while_the_cloth_settles() -> None:
    heights = [on_a_ball(settle=settle, tighten=0)[0].vertices[:, 1].mean() for settle in (20, 60, 120, 240)]
    assert all(later < earlier for earlier, later in pairwise(heights))


def test_a_hanging_curtain_keeps_its_length() -> None:
    vertices, faces = sheet(61, 31, 0.011)
    curtain = np.stack([vertices[:, 2], -vertices[:, 0], np.zeros(len(vertices))], -1).astype(np.float32)
    pins, far = hold(curtain, np.flatnonzero(curtain[:, 1] > curtain[:, 1].max() - 1e-4))
    result = drape(Cloth(vertices=curtain, faces=faces, pins=pins), [far])
    drop = np.ptp(result.vertices[:, 1]) / np.ptp(curtain[:, 1])
    assert 0.99 < drop < 1.03
    assert np.percentile(result.strain, 99) < 0.03


def test_friction_holds_on_a_slope_what_slides_without_it() -> None:
    slope = Rotation.from_euler("z", -15, degrees=True)  # tan 15 degrees = 0.27
    vertices, faces = sheet(21, 21, 0.011)
    corners, square = floor()
    ground = Obstacle(faces=square, path=[slope.apply(corners).astype(np.float32)])
    start = slope.apply(vertices + np.array([0, 0.004, 0])).astype(np.float32)
    slid = []
    for friction in (0.5, 0.0):
        cloth = Cloth(vertices=start, faces=faces, fabric=Fabric(friction=friction))
        slid.append(np.abs((drape(cloth, [ground]).vertices - start).mean(0)).max())
    assert slid[0] < 0.003
    assert slid[1] > 0.05


def test_a_ball_shot_through_a_curtain_in_one_step_carries_it_along() -> None:
    vertices, faces = sheet(41, 41, 0.011)
    curtain = vertices[:, [2, 0, 1]] * np.float32([1, -1, 1])
    top = np.flatnonzero(curtain[:, 1] > 0.2199)
    pins, _ = hold(curtain, top)
    thing, triangles = ball(0.06)
    corners, square = floor()
    both = np.concatenate([corners + np.float32([0, 5, 0]), thing + np.float32([0, -0.1, -0.08])])
    there = both + np.float32([0, 0, 0.12]) * (np.arange(len(both)) >= 4)[:, None]
    obstacle = Obstacle(faces=np.concatenate([square, triangles + 4]), path=[both, there.astype(np.float32)])
    cloth = Cloth(vertices=curtain, faces=faces, pins=pins)
    result = drape(cloth, [obstacle], settings=Settings(settle=40, tighten=40))
    assert result.below == 0
    before = np.linalg.norm(result.vertices[:, :2] - [0, -0.1], axis=1) < 0.04
    assert result.vertices[before, 2].min() > 0.04  # in front of the ball's middle, on its far side


def test_pins_follow_what_they_are_attached_to() -> None:
    vertices, faces = sheet(11, 11, 0.01)
    corners, square = floor(0.2)
    turn = Rotation.from_euler("xyz", [20, 40, -30], degrees=True)
    moved = (turn.apply(corners) + np.array([0.1, 0.2, 0.3])).astype(np.float32)
    raised = vertices + np.float32([0, 0.01, 0])
    pins = pin(raised, np.arange(11, dtype=np.int32), corners, square)
    places = pins.places(moved, square)
    assert np.allclose(places, turn.apply(raised[:11]) + np.array([0.1, 0.2, 0.3]), atol=1e-5)
    result = drape(
        Cloth(vertices=raised, faces=faces, pins=pins),
        [Obstacle(faces=square, path=[corners, moved])],
        settings=Settings(settle=16, tighten=16, smooth=0, clear_rounds=0),
    )
    assert np.allclose(result.vertices[:11], places, atol=1e-5)


def test_the_guide_carries_the_cloth_and_its_obstacle_together(fallen: tuple[Draped, Cloth, Obstacle]) -> None:
    _, cloth, obstacle = fallen
    shift = np.float32([0.3, 0, -0.2])
    share = np.linspace(0, 1, 5, dtype=np.float32)[:, None, None]
    path = list(obstacle.path[0] + share * shift)
    guide = list(cloth.vertices + share * shift)
    settings = Settings(settle=120)
    result = drape(cloth, [replace(obstacle, path=path)], guide, settings)
    assert len(result.path) == 6
    assert np.abs(result.vertices.mean(0) - shift)[[0, 2]].max() < 0.01
    assert result.below == 0


def test_one_cloth_lies_on_another() -> None:
    below, cloth, obstacle = on_a_ball(settle=120, tighten=80)
    upper = Cloth(vertices=cloth.vertices + np.float32([0, 0.012, 0]), faces=cloth.faces)
    layer = Obstacle(faces=cloth.faces, path=below.path, gap=0.004)
    result = drape(upper, [obstacle, layer], settings=Settings(settle=160, tighten=80))
    assert result.below == 0
    cut = crossing_faces(Surface(result.vertices, upper.faces), Surface(below.vertices, cloth.faces))
    assert len(np.unique(cut[:, 0])) < 0.005 * len(upper.faces)


def test_parts_of_one_cloth_keep_apart() -> None:
    vertices, faces = sheet(21, 21, 0.011)
    two = np.concatenate([vertices + np.float32([0, 0.004, 0]), vertices[:, [2, 1, 0]] + np.float32([0, 0.03, 0])])
    corners, square = floor()
    cloth = Cloth(vertices=two, faces=np.concatenate([faces, faces[:, [0, 2, 1]] + len(vertices)]))
    ground = Obstacle(faces=square, path=[corners])
    result = drape(cloth, [ground], settings=Settings(settle=200, far=0.02))
    lower, upper = result.vertices[: len(vertices)], result.vertices[len(vertices) :]
    apart, _ = cKDTree(lower).query(upper)
    assert apart.min() > 0.005
    assert (upper[:, 1] - 0.004).mean() < 0.012


def test_smoothing_takes_ripples_and_leaves_folds() -> None:
    vertices, faces = sheet(81, 21, 0.01)
    fold = 0.01 * np.sin(vertices[:, 0].astype(float) * 2 * np.pi / 0.16)
    ripple = 0.002 * np.sign(np.sin((vertices[:, 0].astype(float) + 0.005) * np.pi / 0.01))
    rough = vertices.astype(float)
    rough[:, 1] += fold + ripple
    even = make.smoothed(rough, faces, make.edges_of(faces), 4)
    inner = (np.abs(vertices[:, 0]) < 0.35) & (np.abs(vertices[:, 2]) < 0.07)
    assert np.abs(even[inner, 1] - fold[inner]).max() < 0.001
    flat = vertices.astype(float)
    assert np.allclose(make.smoothed(flat, faces, make.edges_of(faces), 4), flat)


def test_excess_along_and_around_lengthens_the_pattern_by_the_grain() -> None:
    vertices, faces = sheet(5, 5, 0.01)
    grain = np.tile(np.float32([1, 0, 0]), (25, 1))
    cloth = Cloth(vertices=vertices, faces=faces, along=1.2, around=np.full(25, 0.9), grain=grain)
    lengths = constraints(cloth).lengths
    edge = vertices[lengths.ends[:, 1]] - vertices[lengths.ends[:, 0]]
    assert np.allclose(lengths.rest, np.hypot(1.2 * edge[:, 0], 0.9 * edge[:, 2]), atol=1e-6)


def test_wrong_inputs_are_refused() -> None:
    vertices, faces = sheet(5, 5, 0.01)
    corners, square = floor()
    cloth = Cloth(vertices=vertices, faces=faces)
    with pytest.raises(ShapeError, match="guide"):
        drape(cloth, [], [vertices[:4]])
    with pytest.raises(ShapeError, match="finite"):
        Cloth(vertices=vertices * np.float32(np.nan), faces=faces)
    with pytest.raises(ShapeError, match="path"):
        Obstacle(faces=square, path=[corners, corners[:3]])
    with pytest.raises(ShapeError, match="carried"):
        Cloth(vertices=vertices, faces=faces, carried=np.array([99], np.int32))
    with pytest.raises(UsageError, match="path is empty"):
        Obstacle(faces=square, path=[])
    with pytest.raises(UsageError, match="gap"):
        Obstacle(faces=square, path=[corners], gap=0.5)
    with pytest.raises(UsageError, match="weight"):
        Fabric(weight=0)
    with pytest.raises(UsageError, match="no"):
        drape(replace(cloth, pins=pin(vertices, np.zeros(1, np.int32), corners, square)))
