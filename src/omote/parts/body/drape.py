"""Relax a garment on a posed body: it hangs, lies, folds, and touches nothing it should not.

Sources: XPBD with small steps (Macklin et al. 2016, 2019), see `cloth_solver`; what holds the cloth together is in
`cloth_constraints`, what it touches in `cloth_contact`. The body moves from the pose in which the garment was cut to
the target pose in some steps; at each the cloth is first carried along by a guide (for example linear blend
skinning), then a few small steps of physics correct it, and at the end it settles. A last pass lifts every vertex,
edge and face that is still too near. The same input gives the same bits.

World: y up, metres; gravity pulls along -y.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float, Float32, Float64, Int32
from numpy import ndarray

from omote.core.errors import InputError, ShapeError, UsageError
from omote.parts.body import cloth_constraints as make
from omote.parts.body.cloth_constraints import Constraints, Lengths
from omote.parts.body.cloth_contact import Contact, Obstacle, clear, near_pairs, samples
from omote.parts.body.cloth_solver import Held, Step, Walls, advance
from omote.parts.space.closest import Surface
from omote.parts.space.mesh import check_faces

FINER = 4
"""How much smaller the last small steps are: the stretch that weight leaves in a cloth falls with the square."""

STRIDE = 0.008
"""Metres that an obstacle is driven into the cloth at once."""
EVENED = 5
"""Rounds in which the pattern's ripples are evened out: else the lengths of edges would keep them for ever."""
MOST_STRIDES = 8
"""Strides that one step of the path is divided into, at most."""


@dataclass(frozen=True, kw_only=True)
class Fabric:
    """What a cloth is made of; defaults are a light cotton.

    Raises:
        UsageError: a number is not finite or below zero, or the weight is zero.
    """

    weight: float = 0.18
    """kg/m2: silk 0.06, shirt 0.12, jeans 0.4, coat 0.5."""
    bend: float = 2e-5
    """Bending stiffness B, N m: silk 3e-6, shirt 1e-5, jeans 8e-5, leather 3e-4."""
    kept: float = 0.0
    """Share of the pattern's own curvature that the fabric keeps: 0 cut flat, 1 moulded."""
    stretch: float = 3000.0
    """N/m: how much an edge resists to become longer."""
    squash: float = 10.0
    """N/m: how much an edge resists to become shorter; cloth rather folds or shears."""
    friction: float = 0.4
    """Coulomb's coefficient on whatever lies below."""

    def __post_init__(self) -> None:
        for name in ("weight", "bend", "kept", "stretch", "squash", "friction"):
            if not 0 <= getattr(self, name) < np.inf:
                raise UsageError(f"a fabric's {name} is a number from 0 on, not {getattr(self, name)}")
        if self.weight == 0 or self.stretch == 0 or self.squash == 0:
            raise UsageError("a fabric's weight, stretch and squash are above zero; give small ones instead")


@dataclass(frozen=True, kw_only=True, eq=False)
class Pins:
    """Vertices that are attached to the first obstacle: a waistband, a strap, a cuff."""

    vertices: Int32[ndarray, " p"]
    """Of the cloth."""
    faces: Int32[ndarray, " p"]
    """Of the obstacle, one for each."""
    weights: Float[ndarray, "p 3"]
    """Barycentric coordinates in that face."""
    offset: Float[ndarray, "p 3"]
    """Metres, along the face's first edge, within the face across that edge, and along its normal."""
    firmness: float = 1.0
    """Share of the way gone in each small step: 1 holds fast, 0.02 draws gently."""

    def places(self, vertices: Float[ndarray, "w 3"], faces: Int32[ndarray, "f 3"]) -> Float64[ndarray, "p 3"]:
        """Return where the pins are for these vertices of the obstacle."""
        corners = vertices[faces[self.faces]].astype(np.float64)
        return np.einsum("pc,pcx->px", self.weights, corners) + np.einsum("pa,pax->px", self.offset, _frames(corners))


def pin(
    cloth: Float[ndarray, "v 3"],
    rows: Int32[ndarray, " p"],
    vertices: Float[ndarray, "w 3"],
    faces: Int32[ndarray, "f 3"],
    firmness: float = 1.0,
) -> Pins:
    """Attach vertices of a cloth where they are now to the closest points of an obstacle.

    Args:
        cloth: vertices of the cloth.
        rows: which of them.
        vertices: of the obstacle.
        faces: of the obstacle.
        firmness: as in `Pins`.
    """
    found = Surface(vertices, faces).closest(cloth[rows].astype(np.float32))
    frames = _frames(vertices[faces[found.face]].astype(np.float64))
    offset = np.einsum("px,pax->pa", cloth[rows] - found.point.astype(np.float64), frames)
    return Pins(vertices=rows, faces=found.face, weights=found.weights, offset=offset, firmness=firmness)


def _frames(corners: Float64[ndarray, "p 3 3"]) -> Float64[ndarray, "p 3 3"]:
    """Return three unit axes of each triangle: its first edge, across it, its normal."""
    first = corners[:, 1] - corners[:, 0]
    normal = np.cross(first, corners[:, 2] - corners[:, 0])
    first, normal = (v / np.maximum(np.linalg.norm(v, axis=1, keepdims=True), 1e-12) for v in (first, normal))
    return np.stack([first, np.cross(normal, first), normal], 1)


@dataclass(frozen=True, kw_only=True, eq=False)
class Cloth:
    """A garment as it was cut: an open triangle mesh around the body in the pose it was cut for.

    Raises:
        ShapeError: an array has another length than the vertices, is not finite, or a face names no vertex.
    """

    vertices: Float[ndarray, "v 3"]
    """The pattern, and where the cloth starts."""
    faces: Int32[ndarray, "f 3"]
    fabric: Fabric = field(default_factory=Fabric)
    along: float | Float[ndarray, " v"] = 1.0
    """Lengths in the pattern, of those here, along the grain: above 1 there is cloth to spare."""
    around: float | Float[ndarray, " v"] = 1.0
    """The same across the grain: below 1 a cuff or a waistband is elastic."""
    grain: Float[ndarray, "v 3"] | None = None
    """Direction of the grain at each vertex (sleeves: along the arm); None: the vertical."""
    stiffer: float | Float[ndarray, " v"] = 1.0
    """Factor on the fabric's bending stiffness: collars, hems, waistbands."""
    pins: Pins | None = None
    carried: Int32[ndarray, " c"] | None = None
    """Vertices that carry the rest (shoulders, waistband): no other gets farther from them than along the pattern.
    None: the pins."""

    def __post_init__(self) -> None:
        count = len(self.vertices)
        check_faces(self.faces, count)
        if len(self.faces) == 0:
            raise ShapeError("a cloth needs at least one face")
        for name in ("vertices", "along", "around", "grain", "stiffer"):
            value = getattr(self, name)
            if isinstance(value, ndarray) and (len(value) != count or not np.isfinite(value).all()):
                raise ShapeError(f"{name} of a cloth of {count} vertices are as many finite numbers, not {value.shape}")
        for name, rows in (("pins", self.pins.vertices if self.pins else None), ("carried", self.carried)):
            if rows is not None and len(rows) and not (rows.min() >= 0 and rows.max() < count):
                raise ShapeError(f"{name} name vertices {rows.min()} to {rows.max()} of a cloth of {count}")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How carefully a cloth is relaxed."""

    steps: int = 6
    """Small steps after each step of the path."""
    settle: int = 160
    """Small steps at the end."""
    tighten: int = 200
    """Smaller steps after them, that take the last stretch out."""
    dt: float = 1 / 500
    """Seconds of a small step."""
    gravity: float = 9.81
    """m/s2."""
    drag: float = 6.0
    """1/s."""
    look_every: int = 8
    """Small steps between two looks for contacts."""
    apart: float = 0.008
    """Metres that distant parts of the cloth keep from one another; 0 lets them pass."""
    far: float = 0.04
    """Metres in the pattern from which parts are distant."""
    smooth: int = 3
    """Rounds in which ripples as short as an edge are evened out, before that last pass."""
    clear_rounds: int = 8
    """Rounds of the last pass that lifts what is still too near."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Draped:
    """A relaxed cloth."""

    vertices: Float32[ndarray, "v 3"]
    """World metres."""
    path: list[Float32[ndarray, "v 3"]]
    """The vertices at every step of the path, then at rest: the path of an obstacle for the garment above."""
    strain: Float32[ndarray, " e"]
    """Of each edge: how much longer than in the pattern, as a share."""
    below: int
    """Vertices that lie inside an obstacle, by the sign of its closest point."""
    nearest: float
    """Metres: the least signed distance of a vertex from an obstacle; infinite without any."""


def drape(
    cloth: Cloth,
    obstacles: Sequence[Obstacle] = (),
    guide: Sequence[Float[ndarray, "v 3"]] = (),
    settings: Settings | None = None,
) -> Draped:
    """Return a cloth relaxed on obstacles.

    Args:
        cloth: the garment in the pose it was cut for.
        obstacles: the body first (pins refer to it), then the garments below; their paths begin in that pose.
        guide: where the cloth would be at each step if it followed the body alone; empty: it is not carried along.
        settings: how carefully.

    Raises:
        ShapeError: the guide has other or not finite vertices, or pins name faces that are not there.
        UsageError: there are pins but no obstacle.
        InputError: the cloth flew apart.
    """
    relaxing = _Relaxing(cloth, obstacles, guide, settings or Settings())
    relaxing.follow()
    relaxing.settle()
    return relaxing.finish()


class _Relaxing:
    """One cloth on its way; the state that the stages of `drape` share."""

    def __init__(
        self, cloth: Cloth, obstacles: Sequence[Obstacle], guide: Sequence[Float[ndarray, "v 3"]], settings: Settings
    ) -> None:
        _check(cloth, obstacles, guide)
        self.cloth, self.settings, self.guide = cloth, settings, guide
        self.rest = cloth.vertices.astype(np.float64)
        self.x = (guide[0] if len(guide) else cloth.vertices).astype(np.float64)
        self.u = np.zeros_like(self.x)
        self.constraints = constraints(cloth)
        size = (len(obstacles), len(self.x))
        self.walls = Walls(np.zeros((*size, 3)), np.zeros((*size, 3)), np.full(size, -np.inf))
        self.contacts = [Contact(obstacle, self.walls, slot) for slot, obstacle in enumerate(obstacles)]
        self.pairs = np.zeros((0, 2), np.int32)
        self.looks = 0
        self.path: list[Float32[ndarray, "v 3"]] = []
        self.last = max([len(guide), *(len(obstacle.path) for obstacle in obstacles), 1]) - 1

    def step(self, **changes: float) -> Step:
        """Return the small step's numbers."""
        s, fabric = self.settings, self.cloth.fabric
        usual = Step(
            dt=s.dt,
            gravity=s.gravity,
            drag=s.drag,
            tight=1 / fabric.stretch,
            loose=1 / fabric.squash,
            friction=fabric.friction,
            fastest=1.0,
            push=0.003,
            apart=s.apart,
        )
        return usual._replace(**changes)

    def held(self, place: float) -> Held:
        """Return where the pins are at a step of the path."""
        pins = self.cloth.pins
        if pins is None:
            return Held(np.zeros(0, np.int32), np.zeros((0, 3)), np.zeros(0))
        body = self.contacts[0].obstacle
        places = pins.places(body.at(place), body.faces)
        return Held(pins.vertices, places, np.full(len(places), float(pins.firmness)))

    def look(self, everything: bool) -> None:
        """Look for contacts; every other time for those of the cloth with itself, which change more slowly."""
        for contact in self.contacts:
            contact.look(self.x, everything)
        if self.settings.apart > 0 and self.looks % 2 == 0:
            self.pairs = near_pairs(self.x, self.rest, 1.5 * self.settings.apart, self.settings.far)
        self.looks += 1

    def move(self, held: Held, steps: int, step: Step) -> None:
        """Let the physics run."""
        advance(self.x, self.u, self.constraints, self.walls, held, self.pairs, step, steps)
        if not np.isfinite(self.x).all():
            raise InputError("the cloth flew apart; its pattern or its guide lies metres away from the obstacle's path")

    def follow(self) -> None:
        """Go along the path, in smaller strides where a limb would be driven through the cloth."""
        for number in range(self.last + 1):
            carried = np.zeros_like(self.x)
            if 0 < number < len(self.guide):
                carried = self.guide[number].astype(np.float64) - self.guide[number - 1]
            sinking = max([0.0, *(contact.sinking(number, carried) for contact in self.contacts)])
            strides = min(max(int(np.ceil(sinking / STRIDE)), 1), MOST_STRIDES)
            for stride in range(1, strides + 1):
                place = max(number - 1 + stride / strides, 0.0)
                self.x += carried / strides
                for contact in self.contacts:
                    contact.move(place)
                self.look(everything=True)
                self.move(self.held(place), self.settings.steps, self.step())
            self.path.append(self.x.astype(np.float32))

    def settle(self) -> None:
        """Let the cloth come to rest where the path ended, then take the last stretch out."""
        settings = self.settings
        still = self.step(dt=settings.dt / FINER, drag=20.0)
        for step, steps, every in (
            (self.step(), settings.settle, settings.look_every),
            (still, settings.tighten, 2 * settings.look_every),
        ):
            for start in range(0, steps, every):
                self.look(everything=False)
                self.move(self.held(self.last), min(every, steps - start), step)

    def finish(self) -> Draped:
        """Lift what is too near, and measure."""
        lengths = self.constraints.lengths
        self.x = make.smoothed(self.x, self.cloth.faces, make.edges_of(self.cloth.faces), self.settings.smooth)
        clear(self.x, samples(self.cloth.faces, lengths.ends, len(self.x)), self.contacts, self.settings.clear_rounds)
        vertices = self.x.astype(np.float32)
        self.path.append(vertices)
        edge = np.linalg.norm(self.x[lengths.ends[:, 1]] - self.x[lengths.ends[:, 0]], axis=1)
        below, nearest = np.zeros(len(vertices), bool), np.inf
        for contact in self.contacts:
            found = contact.surface.closest(vertices, 0.04)
            counts = (found.face >= 0) & ~contact.on_border(found)
            below |= counts & (found.distance < 0)
            nearest = min(nearest, float(found.distance[counts].min(initial=np.inf)))
        strain = edge / np.maximum(lengths.rest, 1e-9) - 1
        return Draped(
            vertices=vertices, path=self.path, strain=strain.astype(np.float32), below=int(below.sum()), nearest=nearest
        )


def _check(cloth: Cloth, obstacles: Sequence[Obstacle], guide: Sequence[Float[ndarray, "v 3"]]) -> None:
    for number, vertices in enumerate(guide):
        if vertices.shape != cloth.vertices.shape or not np.isfinite(vertices).all():
            raise ShapeError(f"step {number} of the guide is not {list(cloth.vertices.shape)} finite numbers")
    if cloth.pins is not None:
        if not obstacles:
            raise UsageError("pins attach a cloth to the first obstacle, but there is none")
        if len(cloth.pins.faces) and cloth.pins.faces.max() >= len(obstacles[0].faces):
            raise ShapeError("pins name faces that the first obstacle does not have")


def constraints(cloth: Cloth) -> Constraints:
    """Return what holds a cloth together."""
    rest = cloth.vertices.astype(np.float64)
    count = len(rest)
    along, around, stiffer = (np.broadcast_to(np.float64(v), count) for v in (cloth.along, cloth.around, cloth.stiffer))
    grain = np.broadcast_to([0.0, 1.0, 0.0], rest.shape) if cloth.grain is None else cloth.grain
    edges = make.edges_of(cloth.faces)
    # From top to bottom, so that one pass carries a pull all the way down.
    order = np.argsort(-rest[edges.ends, 1].sum(1), kind="stable")
    ends = edges.ends[order]
    rest = make.smoothed(rest, cloth.faces, edges, EVENED)
    lengths = Lengths(ends, make.pattern_lengths(rest, ends, along, around, grain))
    over = make.across_edges(rest, edges)
    ways = Lengths(over, make.pattern_lengths(rest, over, along, around, grain))
    carried = np.zeros(count, bool)
    inverse = 1 / make.masses(rest, cloth.faces, cloth.fabric.weight)
    if cloth.pins is not None:
        carried[cloth.pins.vertices] = True
        inverse[cloth.pins.vertices] *= 1 - cloth.pins.firmness
    if cloth.carried is not None:
        carried[:] = False
        carried[cloth.carried] = True
    return Constraints(
        lengths=lengths,
        hinges=make.hinges(rest, edges, stiffer * cloth.fabric.bend, cloth.fabric.kept),
        tethers=make.tethers(lengths, ways, carried),
        inverse_mass=inverse,
    )
