"""Triangles cut each other exactly when rational arithmetic says so."""

from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest

from omote.parts.space.closest import Surface
from omote.parts.space.crossing import crossing_faces, self_crossings, triangles_meet
from omote.parts.space.mesh import sphere, weld_vertices

Point = tuple[Fraction, Fraction, Fraction]


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(2)


def ball(rows: int = 10, columns: int = 20) -> tuple[np.ndarray, np.ndarray]:
    vertices, faces, _ = sphere(rows, columns)
    return vertices, weld_vertices(vertices.round(5))[faces]


def minus(a: Point, b: Point) -> Point:
    return (a[0] - b[0], a[1] - b[1], a[2] - b[2])


def dot(a: Point, b: Point) -> Fraction:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def cross(a: Point, b: Point) -> Point:
    return (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])


def parted(one: list[Point], other: list[Point]) -> bool:
    """Return whether a plane parts two triangles, tried over all directions that can: another road than ours."""
    edges = [[minus(t[(k + 1) % 3], t[k]) for k in range(3)] for t in (one, other)]
    normals = [cross(e[0], e[1]) for e in edges]
    tried = [*normals, *(cross(p, q) for p in edges[0] for q in edges[1])]
    tried += [cross(normal, e) for normal, three in zip(normals, edges, strict=True) for e in three]
    for way in tried:
        first, second = [dot(way, p) for p in one], [dot(way, p) for p in other]
        if max(first) < min(second) or max(second) < min(first):
            return True
    return False


def meet(one: np.ndarray, other: np.ndarray) -> bool:
    exact = [[(Fraction(float(x)), Fraction(float(y)), Fraction(float(z))) for x, y, z in t] for t in (one, other)]
    return not parted(*exact)


@pytest.mark.oracle
@pytest.mark.parametrize("lattice", [0, 1, 2])
def test_pairs_equal_rational_arithmetic(rng: np.random.Generator, lattice: int) -> None:
    # on a lattice triangles touch at corners, along edges and in planes all the time
    for _ in range(250):
        two = rng.normal(size=(2, 3, 3)) if lattice == 0 else rng.integers(-lattice, lattice + 1, (2, 3, 3))
        two = two.astype(np.float32)
        if (np.linalg.norm(np.cross(two[:, 1] - two[:, 0], two[:, 2] - two[:, 0]), axis=1) == 0).any():
            continue
        wanted = meet(*two)
        assert triangles_meet(two[0].ravel(), two[1].ravel()) == wanted, two
        assert triangles_meet(two[1, ::-1].ravel(), two[0].ravel()) == wanted, two


@pytest.mark.oracle
def test_crossings_of_two_meshes_equal_all_pairs() -> None:
    vertices, faces = ball(6, 9)
    moved = (vertices * [1.2, 0.8, 1.0] + [0.3, 0.1, 0.05]).astype(np.float32)
    found = crossing_faces(Surface(vertices, faces), Surface(moved, faces))
    wanted = [
        (i, j)
        for i in range(len(faces))
        for j in range(len(faces))
        if triangles_meet(vertices[faces[i]].ravel(), moved[faces[j]].ravel())
    ]
    assert wanted
    assert [tuple(pair) for pair in found.tolist()] == wanted


@pytest.mark.oracle
def test_self_crossings_equal_all_pairs_that_share_no_vertex(rng: np.random.Generator) -> None:
    vertices, faces = ball(6, 9)
    crumpled = (vertices + rng.normal(size=vertices.shape) * 0.3).astype(np.float32)
    corners = crumpled[faces]
    wanted = [
        (i, j)
        for i, j in combinations(range(len(faces)), 2)
        if not set(faces[i]) & set(faces[j]) and triangles_meet(corners[i].ravel(), corners[j].ravel())
    ]
    assert len(wanted) > 10
    assert [tuple(pair) for pair in self_crossings(Surface(crumpled, faces)).tolist()] == wanted


def test_sound_meshes_cross_neither_themselves_nor_what_lies_inside_or_beside() -> None:
    vertices, faces = ball()
    surface = Surface(vertices, faces)
    assert self_crossings(surface).shape == (0, 2)
    for other in (vertices * np.float32(0.9), vertices + np.float32([2.001, 0, 0])):
        assert crossing_faces(surface, Surface(other, faces)).shape == (0, 2)


def test_faces_cut_where_the_spheres_do() -> None:
    vertices, faces = ball(24, 48)
    shift = np.float32([1, 0, 0])
    pairs = crossing_faces(Surface(vertices, faces), Surface(vertices + shift, faces))
    middles = vertices[faces[pairs[:, 0]]].mean(1)
    assert len(pairs) > 48
    np.testing.assert_allclose(middles[:, 0], 0.5, atol=0.15)  # the circle that both spheres share


def test_swapping_the_meshes_swaps_the_pairs() -> None:
    vertices, faces = ball()
    one, other = Surface(vertices, faces), Surface((vertices * 1.1 + 0.2).astype(np.float32), faces)
    there, back = crossing_faces(one, other), crossing_faces(other, one)
    assert sorted(map(tuple, there.tolist())) == sorted((b, a) for a, b in back.tolist())


def test_faces_without_area_cut_nothing() -> None:
    vertices = np.array([[0, 0, -1], [0, 0, 1], [0, 0, 0.5], [-1, -1, 0], [2, -1, 0], [-1, 2, 0]], np.float32)
    needle = Surface(vertices, np.array([[0, 1, 2]], np.int32))
    flat = Surface(vertices, np.array([[3, 4, 5]], np.int32))
    assert len(crossing_faces(needle, flat)) == len(crossing_faces(flat, needle)) == 0
