"""Where a cloth touches what it lies on, and itself.

Sources: planes kept between queries as in Bridson, Fedkiw, Anderson, "Robust Treatment of Collisions, Contact and
Friction for Cloth Animation" (2002), who also hold distant parts of a cloth apart by repulsion. For each vertex the
closest point of an obstacle gives a plane: the vertex stays a gap above it, whichever way it slides meanwhile; a
vertex asks again when it slid farther than the plane can be trusted. Where two surfaces squeeze a vertex from both
sides its gap shrinks, so that it rests between them and does not swing from one to the other.

Notation: v cloth vertices, o obstacles, p pairs of vertices.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, no_type_check

import numpy as np
from jaxtyping import Bool, Float, Float64, Int, Int32
from numba import njit
from numpy import ndarray

from omote.core.errors import ShapeError, UsageError
from omote.parts.body.cloth_constraints import edges_of
from omote.parts.body.cloth_solver import Walls
from omote.parts.space.closest import Closest, Surface
from omote.parts.space.mesh import check_faces

REACH = 0.04
"""Metres: obstacles are looked for this far; a vertex sunk deeper than this is lost."""
SLIP = 0.0015
"""Metres: how far a vertex may slide before its plane is looked up again."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Obstacle:
    """What a cloth lies on: the body, or a garment below.

    Raises:
        ShapeError: the path's shapes differ, a vertex is not finite, or a face names a vertex that is not there.
        UsageError: the path is empty, or the gap is not within 0..3 cm.
    """

    faces: Int32[ndarray, "f 3"]
    """Counter-clockwise seen from outside. Open meshes do not hold back what lies beyond their border."""
    path: Sequence[Float[ndarray, "w 3"]]
    """Its vertices at each step, metres; the last holds on where other paths are longer."""
    gap: float = 0.004
    """Metres that the cloth keeps from it."""

    def __post_init__(self) -> None:
        if len(self.path) == 0:
            raise UsageError("an obstacle needs its vertices at one step at least, its path is empty")
        if not 0 <= self.gap <= 0.03:
            raise UsageError(f"the gap between cloth and obstacle is 0 to 0.03 metres, not {self.gap}")
        for number, vertices in enumerate(self.path):
            if vertices.shape != self.path[0].shape or not np.isfinite(vertices).all():
                raise ShapeError(f"step {number} of an obstacle's path has other or not finite vertices than step 0")
        check_faces(self.faces, len(self.path[0]))

    def at(self, step: float) -> Float[ndarray, "w 3"]:
        """Return its vertices at a step, or between two; at the last where the path has ended."""
        number = min(int(step), len(self.path) - 1)
        share, here = step - number, self.path[number]
        if share == 0 or number + 1 >= len(self.path):
            return here
        return here + np.float32(share) * (self.path[number + 1] - here)


class Planes(NamedTuple):
    """For each vertex, what one obstacle last gave."""

    face: Int32[ndarray, " v"]
    """The face of the obstacle that was closest; -1 where none was within reach."""
    weights: Float64[ndarray, "v 3"]
    """Where on that face."""
    asked: Float64[ndarray, "v 3"]
    """Where the vertex was when it asked."""
    height: Float64[ndarray, " v"]
    """Signed distance then."""
    squeeze: Float64[ndarray, " v"]
    """Share of the gap that is kept."""


class Contact:
    """One obstacle and the planes it gives to a cloth.

    Attributes:
        surface: the obstacle where it is now.
        gap: metres.
        planes: what was last asked.
    """

    def __init__(self, obstacle: Obstacle, walls: Walls, slot: int) -> None:
        self.obstacle = obstacle
        self.gap = obstacle.gap
        self.surface = Surface(obstacle.at(0), obstacle.faces)
        edges = edges_of(obstacle.faces)
        self.border = np.zeros(len(obstacle.path[0]), bool)
        self.border[edges.ends[edges.across[:, 1] < 0]] = True
        count = walls.gap.shape[1]
        self.planes = Planes(
            np.full(count, -1, np.int32),
            np.zeros((count, 3)),
            np.full((count, 3), np.inf),
            np.zeros(count),
            np.ones(count),
        )
        self._walls = (walls.point[slot], walls.normal[slot], walls.gap[slot])
        self._place = obstacle.at(0)

    def move(self, step: float) -> None:
        """Bring the obstacle to a step."""
        place = self.obstacle.at(step)
        if place is not self._place:
            self.surface.refit(place)
        self._place = place

    def sinking(self, step: int, carried: Float64[ndarray, "v 3"]) -> float:
        """Return how deep the next step of the path would bury a vertex, metres.

        Args:
            step: where the obstacle goes.
            carried: how far each vertex is carried meanwhile.
        """
        there = self.obstacle.at(step)
        if there is self._place:
            return 0.0
        rows = np.flatnonzero((self.planes.face >= 0) & np.isfinite(self._walls[2]))
        if not len(rows):
            return 0.0
        corners = self.obstacle.faces[self.planes.face[rows]]
        moved = np.einsum("vc,vcx->vx", self.planes.weights[rows], there[corners] - self._place[corners])
        towards = ((moved - carried[rows]) * self._walls[1][rows]).sum(1)
        return float((towards - np.maximum(self.planes.height[rows] - self.gap, 0)).max())

    def look(self, x: Float64[ndarray, "v 3"], everything: bool) -> None:
        """Look up planes: of all vertices, or of those whose plane cannot be trusted any more."""
        rows = np.arange(len(x)) if everything else _stale(x, self.planes, self.gap, SLIP)
        if len(rows):
            found = self.surface.closest(x[rows], REACH)
            _note(x, rows, found, self.on_border(found), self.gap, self.planes, *self._walls)

    def on_border(self, found: Closest) -> Bool[ndarray, " n"]:
        """Return whether the closest point lies on the border of an open obstacle, where it has no side."""
        if not self.border.any():
            return np.zeros(len(found.face), bool)
        used = found.weights > 1e-6
        inside = used.all(1) | (used & ~self.border[self.obstacle.faces[found.face]]).any(1)
        return np.logical_not(inside)


@no_type_check
@njit(cache=True, error_model="numpy")
def _stale(x, planes, gap, slip):
    """Return the vertices that moved farther than their last plane can be trusted."""
    rows = np.empty(len(x), np.int64)
    count = 0
    for i in range(len(x)):
        moved = 0.0
        for axis in range(3):
            moved += (x[i, axis] - planes.asked[i, axis]) ** 2
        trusted = max(slip, 0.5 * (planes.height[i] - gap))
        if not moved <= trusted * trusted:
            rows[count] = i
            count += 1
    return rows[:count]


@no_type_check
@njit(cache=True, error_model="numpy")
def _note(x, rows, found, on_border, keep, planes, point, normal, gap):
    """Write the plane of each asked vertex; its normal points away from the obstacle along the distance's gradient."""
    for r in range(len(rows)):
        i, distance = rows[r], np.float64(found.distance[r])
        planes.height[i], planes.face[i] = distance, found.face[r]
        for axis in range(3):
            planes.asked[i, axis], planes.weights[i, axis] = x[i, axis], found.weights[r, axis]
        if found.face[r] < 0 or on_border[r]:
            gap[i] = -np.inf
            planes.height[i] = abs(distance)
            continue
        turned = 0.0
        for axis in range(3):
            point[i, axis] = found.point[r, axis]
            n = np.float64(found.normal[r, axis])
            if abs(distance) > 2e-4:
                n = (x[i, axis] - point[i, axis]) / distance
            turned += n * normal[i, axis]
            normal[i, axis] = n
        squeezed = turned < -0.2 and distance < keep and gap[i] >= 0
        planes.squeeze[i] = max(planes.squeeze[i] * 0.5, 0.1) if squeezed else min(planes.squeeze[i] * 1.2, 1.0)
        gap[i] = keep * planes.squeeze[i]


@no_type_check
@njit(cache=True, error_model="numpy")
def near_pairs(x, rest, radius, far):
    """Return pairs [p 2] of vertices closer than `radius` that were farther apart than `far` in the pattern.

    Vertices are sorted into cubes of side `radius`, found again by a hash; the order of pairs is that of vertices.
    """
    count, slots = len(x), 1
    while slots < 2 * count:
        slots *= 2
    cell = np.empty((count, 3), np.int64)
    start = np.zeros(slots + 1, np.int64)
    for i in range(count):
        for axis in range(3):
            cell[i, axis] = int(np.floor(x[i, axis] / radius))
        start[_slot(cell[i, 0], cell[i, 1], cell[i, 2], slots) + 1] += 1
    for s in range(slots):
        start[s + 1] += start[s]
    inside = np.empty(count, np.int64)
    fill = start[:-1].copy()
    for i in range(count):
        s = _slot(cell[i, 0], cell[i, 1], cell[i, 2], slots)
        inside[fill[s]] = i
        fill[s] += 1
    pairs = np.empty((8 * count, 2), np.int32)
    found = 0
    for i in range(count):
        for c in range(13, 27):  # half of the cubes around, and its own: each pair is met once
            cx, cy, cz = cell[i, 0] + c % 3 - 1, cell[i, 1] + c // 3 % 3 - 1, cell[i, 2] + c // 9 - 1
            s = _slot(cx, cy, cz, slots)
            for k in range(start[s], start[s + 1]):
                j = inside[k]
                if (c == 13 and j <= i) or cell[j, 0] != cx or cell[j, 1] != cy or cell[j, 2] != cz:
                    continue
                if _square(x, i, j) < radius * radius and _square(rest, i, j) > far * far and found < len(pairs):
                    pairs[found, 0], pairs[found, 1] = i, j
                    found += 1
    return pairs[:found].copy()


@no_type_check
@njit(cache=True, error_model="numpy", inline="always")
def _slot(x, y, z, slots):
    return ((x * 73856093) ^ (y * 19349663) ^ (z * 83492791)) & (slots - 1)


@no_type_check
@njit(cache=True, error_model="numpy", inline="always")
def _square(x, i, j):
    return (x[i, 0] - x[j, 0]) ** 2 + (x[i, 1] - x[j, 1]) ** 2 + (x[i, 2] - x[j, 2]) ** 2


class Samples(NamedTuple):
    """Points of a cloth: vertices, midpoints of edges, middles of faces."""

    corners: Int32[ndarray, "s 3"]
    weights: Float64[ndarray, "s 3"]
    need: Float64[ndarray, " s"]
    """Share of the gap that the point must keep."""

    def at(self, x: Float64[ndarray, "v 3"]) -> Float64[ndarray, "s 3"]:
        """Return the points."""
        return np.einsum("sc,scx->sx", self.weights, x[self.corners])

    def some(self, rows: Int[ndarray, " n"]) -> "Samples":
        """Return some of the points."""
        return Samples(self.corners[rows], self.weights[rows], self.need[rows])


def samples(faces: Int32[ndarray, "f 3"], ends: Int32[ndarray, "e 2"], count: int) -> Samples:
    """Return every vertex, then the middle of every edge, then of every face."""
    vertices = np.repeat(np.arange(count, dtype=np.int32)[:, None], 3, 1)
    corners = np.concatenate([vertices, ends[:, [0, 1, 1]], faces])
    sizes = (count, len(ends), len(faces))
    weights = np.repeat(np.array([[1, 0, 0], [0.5, 0.5, 0], [1 / 3, 1 / 3, 1 / 3]]), sizes, axis=0)
    return Samples(corners.astype(np.int32), weights, np.repeat([0.75, 0.5, 0.5], sizes))


def clear(x: Float64[ndarray, "v 3"], points: Samples, contacts: Sequence[Contact], rounds: int) -> None:
    """Push a cloth out of obstacles, in place, until no point is nearer than its need, or for some rounds.

    A point too low lifts the corners that it hangs on; each corner takes the longest of its lifts.
    """
    rows: list[ndarray] = [np.arange(len(points.need)) for _ in contacts]
    for _ in range(rounds):
        clean = True
        for number, contact in enumerate(contacts):
            some = points.some(rows[number])
            place = some.at(x)
            found = contact.surface.closest(place, REACH)
            short = some.need * contact.gap - found.distance
            short[(found.face < 0) | contact.on_border(found)] = -np.inf
            rows[number] = rows[number][short > -contact.gap]
            low = np.flatnonzero(short > 0)
            if len(low):
                clean = False
                distance = found.distance[low, None]
                away = (place[low] - found.point[low]) / np.where(np.abs(distance) > 2e-4, distance, 1)
                normal = np.where(np.abs(distance) > 2e-4, away, found.normal[low])
                _lift(x, some.corners[low], some.weights[low], short[low] + 1e-5, normal)
        if clean:
            return


@no_type_check
@njit(cache=True, error_model="numpy")
def _lift(x, corners, weights, short, normal):
    """Move each corner by the longest of the lifts of the points that hang on it."""
    longest = np.zeros(len(x))
    lift = np.zeros((len(x), 3))
    for s in range(len(corners)):
        for c in range(3):
            i = corners[s, c]
            if weights[s, c] > 0 and short[s] > longest[i]:
                longest[i] = short[s]
                for axis in range(3):
                    lift[i, axis] = short[s] * normal[s, axis]
    for i in range(len(x)):
        for axis in range(3):
            x[i, axis] += lift[i, axis]
