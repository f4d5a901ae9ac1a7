"""Hair as a solid around the posed head: a cap that follows the scalp, locks that hang by their weight, tails and buns.

Like clothes, hair is a field whose zero level is meshed: the distance to the scalp less a thickness that grows from the
hairline. What is long hangs straight down from the cap, leaves the face free, and is kept out of shoulders and clothes,
so that nothing intersects. Grooves along the flow from the crown make it locks; strands are painted.

Notation: c = a point in the frame of the mean adult's head at rest, so that a style fits every head in every pose.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from jaxtyping import Float, Float32
from numpy import ndarray
from scipy.ndimage import gaussian_filter

from omote.parts.data.cloth import Colour, linear, step
from omote.parts.data.figure import Figure
from omote.parts.data.hair import CENTRE, CROWN, Hair, scalp_field
from omote.parts.data.noise import noise
from omote.parts.data.people.baking import bake, unrolled
from omote.parts.data.people.part import Part, plain
from omote.parts.data.people.tailor import hung, united
from omote.parts.space.closest import Surface
from omote.parts.space.grid import Grid
from omote.parts.space.isosurface import relaxed, surface_nets
from omote.parts.space.sheet import largest

if TYPE_CHECKING:
    from omote.parts.data.people.hat_forms import Lid

VOXEL = 0.0045
"""Metres."""
TEXTURE = 768
"""Texels along each side."""
RISE = 0.005
"""Metres inside the hairline over which short hair rises; long hair takes longer."""
EMBEDDED = 0.005
"""How far hair reaches into the scalp, so that no gap shows, metres."""
Tail = Literal["none", "ponytail", "bun"]


@dataclass(frozen=True, kw_only=True)
class HairStyle:
    """One head of hair; lengths in metres."""

    family: str
    colour: Colour
    top: float = 0.025
    """Thickness on top."""
    sides: float = 0.012
    """Thickness at the sides and the back."""
    fringe: float = 0.0
    """How far hair hangs over the forehead."""
    parting: float | None = None
    """Where it parts, -1 to 1 from the right to the left temple."""
    length: float = 0.0
    """How far locks hang below the ears; 0: none."""
    spread: float = 0.05
    """How much wider locks become on their way down, metres per metre."""
    face: float = 1.15
    """Half of the angle that locks leave free for the face, radians."""
    curl: float = 0.0
    """0 straight, 1 curls."""
    tail: Tail = "none"
    grey: float = 0.0
    """Share of white strands."""
    seed: int = 0

    def strands(self, known: Float[ndarray, "n 4"]) -> Float32[ndarray, "n 3"]:
        """Return the colour (linear) at points of the head and ways from the crown."""
        c, along = known[:, :3], known[:, 3]
        angle = _angle(c) + 0.05 * self.curl * noise(c, 0.03, self.seed + 6)
        ring = np.stack([np.cos(angle), np.sin(angle), along], 1)
        fine = noise(ring, (0.016, 0.016, 0.10), self.seed + 7, 2)
        locks = noise(ring, (0.10, 0.10, 0.16), self.seed + 8, 2)
        base = linear(self.colour) * np.clip(1 + 0.50 * fine + 0.35 * locks, 0.3, 2.0)[:, None]
        white = step(noise(ring, (0.009, 0.009, 0.25), self.seed + 9, 3), 0.7 - 1.4 * self.grey, 1.2)[:, None]
        share = min(self.grey * 1.5, 1.0)
        base = base * (1 - white * share) + white * share * 0.62
        return (base * (0.80 + 0.20 * np.clip(along / 0.05, 0, 1))[:, None]).astype(np.float32)


@dataclass(frozen=True, kw_only=True, eq=False)
class Head:
    """A posed head on its grid."""

    figure: Figure
    world_from_head: Float32[ndarray, "3 4"]
    """From the mean adult's head at rest."""

    @staticmethod
    def of(figure: Figure) -> "Head":
        """Fit the mean adult's head to this one: a rotation by the bone, and a scale along each axis."""
        turn = figure.bones[figure.model.bone_names.index("head"), :3, :3]
        skull = figure.part("head") & (figure.canonical[:, 1] > 0.86)
        source, target = figure.canonical[skull], figure.vertices[skull]
        level = (target - target.mean(0)) @ turn
        spread = np.sqrt((level**2).sum(0) / ((source - source.mean(0)) ** 2).sum(0))
        matrix = turn * spread
        return Head(
            figure=figure,
            world_from_head=np.concatenate([matrix, (target.mean(0) - matrix @ source.mean(0))[:, None]], 1),
        )

    def local(self, points: Float[ndarray, "*n 3"]) -> Float32[ndarray, "*n 3"]:
        """Return points of the world in the frame of the mean adult's head."""
        inverse = np.linalg.inv(self.world_from_head[:, :3].astype(np.float64))
        return ((points - self.world_from_head[:, 3]) @ inverse.T).astype(np.float32)

    def world(self, points: Float[ndarray, "*n 3"]) -> Float32[ndarray, "*n 3"]:
        """Return the inverse of `local`."""
        return (points @ self.world_from_head[:, :3].T + self.world_from_head[:, 3]).astype(np.float32)


def grow(
    figure: Figure, style: HairStyle, obstacles: Sequence[Surface] = (), lids: Sequence["Lid"] = ()
) -> Part | None:
    """Return somebody's hair as a closed mesh, or None for a bald head.

    Args:
        figure: the posed body.
        style: the hair.
        obstacles: what it lies upon besides the body: clothes, as closed meshes.
        lids: what it stays under or off: hats, glasses; metres by which a point is where hair may not be.
    """
    if style.top <= 0 and style.sides <= 0:
        return None
    head = Head.of(figure)
    points = _voxels(head, style)
    field = _field(head, style, points, obstacles)
    flat, places = field.reshape(-1), points.reshape(-1, 3)
    near = np.flatnonzero(flat < 0.02)
    for lid in lids:
        flat[near] = np.maximum(flat[near], lid(places[near]))
    grid = Grid(origin=points[0, 0, 0], step=VOXEL, values=gaussian_filter(field, 0.55).astype(np.float32))
    vertices, faces = surface_nets(grid)
    if not len(faces):
        return None
    vertices = relaxed(vertices, faces, grid, 3)
    kept = largest(vertices, faces)
    vertices, faces = kept.vertices, kept.faces
    return _painted(head, style, vertices, faces)


def _voxels(head: Head, style: HairStyle) -> Float32[ndarray, "x y z 3"]:
    reach = 0.035 + max(style.top, style.sides) * 1.3 + (0.05 if style.length else 0.0)
    behind = 0.16 if style.tail == "ponytail" else 0.07 if style.tail == "bun" else 0.0
    low = np.array([-0.085 - reach, 0.80 - style.length - (0.28 if style.tail == "ponytail" else 0.0), -0.065 - reach])
    high = np.array([0.085 + reach, 1.01 + reach, 0.155 + reach])
    low[2] -= behind
    corners = head.world(
        np.array([[x, y, z] for x in (low[0], high[0]) for y in (0.80, high[1]) for z in (low[2], high[2])])
    )
    first, last = corners.min(0), corners.max(0)
    first[1] = min(first[1], head.world(np.array([0, 0.86, 0.0]))[1] + min(low[1] - 0.86, 0))
    axes = [np.arange(a, b, VOXEL, dtype=np.float32) for a, b in zip(first, last, strict=True)]
    return np.stack(np.meshgrid(*axes, indexing="ij"), -1)


def _field(
    head: Head, style: HairStyle, points: Float32[ndarray, "x y z 3"], obstacles: Sequence[Surface]
) -> Float32[ndarray, "x y z"]:
    shape, flat = points.shape[:3], points.reshape(-1, 3)
    c = head.local(flat)
    figure = head.figure
    scalp = scalp_field(figure, Hair(colour=style.colour, fringe=style.fringe, seed=style.seed))
    mine = np.asarray((scalp[figure.model.faces] > -0.01).all(1))
    used, index = np.unique(figure.model.faces[mine], return_inverse=True)
    patch = Surface(figure.vertices[used], index.reshape(-1, 3).astype(np.int32))
    reach = 0.03 + 1.5 * max(style.top, style.sides)
    found = patch.closest(flat, reach)
    there = found.face >= 0
    inside = np.zeros(len(flat), np.float32)
    corners = used[index.reshape(-1, 3)[found.face[there]]]
    inside[there] = (scalp[corners] * found.weights[there]).sum(1)
    distance = np.where(there, np.abs(found.distance), 9.0)
    body = Surface(figure.vertices, figure.model.faces)
    near = np.flatnonzero(distance < 0.03)
    beside = body.closest(flat[near], 0.03)
    inside_patch = (beside.distance < 0) & mine[beside.face]
    distance[near[inside_patch]] *= -1
    cap = distance - _thickness(style, c, inside) - _locks(style, c)
    if style.length > 0:
        cap = united(cap, _hanging(style, c, cap.reshape(shape)).ravel(), 0.008)
    if style.tail != "none":
        cap = united(cap, _tail(head, style, flat) - 0.6 * _locks(style, c), 0.012)
    for surface, gap in ((body, -EMBEDDED), *((o, 0.003) for o in obstacles)):
        close = np.flatnonzero(cap < 0.02)
        away = surface.closest(flat[close], 0.06)
        # On the scalp hair reaches in; elsewhere (shoulders, ears, clothes) it lies upon.
        own = np.where(inside[close] > 0.001, gap, np.maximum(gap, 0.0015))
        out = own - np.where(away.face >= 0, away.distance, 9.0)
        cap[close] = np.maximum(cap[close], out)
    return cap.reshape(shape).astype(np.float32)


def _thickness(style: HairStyle, c: ndarray, inside: ndarray) -> ndarray:
    up = np.clip((c[:, 1] - 0.90) / 0.08, 0, 1)
    up = up * up * (3 - 2 * up)
    thick = style.sides + (style.top - style.sides) * up
    if style.parting is not None:
        groove = np.exp(-(((c[:, 0] - 0.045 * style.parting) / 0.006) ** 2)) * step(c[:, 2], 0.01, 0.04)
        thick = thick * (1 - 0.55 * groove * up)
    bumps = 1 + (0.15 + 0.25 * style.curl) * noise(c, 0.03, style.seed + 1, 2)
    return thick * bumps * (1 - np.exp(-np.maximum(inside - 0.001, 0) / (RISE + 0.5 * thick)))


def _angle(c: ndarray) -> ndarray:
    """Return the angle around the head's vertical axis: 0 in front, positive to the left."""
    return np.arctan2(c[:, 0], c[:, 2] - CENTRE[2])


def _locks(style: HairStyle, c: ndarray) -> ndarray:
    """Return the relief of the locks: grooves that run from the crown down, or curls."""
    angle, along = _angle(c), np.linalg.norm(c - CROWN, axis=1)
    bend = 0.10 * np.sin(16 * along + 3 * noise(c, 0.06, style.seed + 2)) * (0.3 + style.curl)
    around = np.stack([np.cos(angle + bend), np.sin(angle + bend), along * 1.2], 1)
    straight = noise(around, (0.16, 0.16, 0.35), style.seed + 3, 2)
    curls = noise(c, 0.020, style.seed + 4, 2)
    deep = min(0.0045, 0.25 * max(style.top, style.sides))
    return deep * (1 - style.curl) * straight + (deep + 0.006 * style.curl) * style.curl * curls


def _hanging(style: HairStyle, c: ndarray, cap: ndarray) -> ndarray:
    shape = cap.shape
    angle = np.abs(_angle(c))
    radius = np.hypot(c[:, 0], c[:, 2] - CENTRE[2])
    face = (style.face - angle) * np.maximum(radius, 0.05)
    source = np.maximum(cap.ravel(), face).reshape(shape)
    falls = hung(source, style.spread, VOXEL).ravel()
    ragged = 0.02 * noise(np.stack([np.cos(angle), np.sin(angle), 0 * angle], 1), 0.12, style.seed + 5, 2)
    ends = 0.87 - style.length * (0.86 + 0.14 * np.clip((angle - style.face) / 0.8, 0, 1)) + ragged
    taper = np.clip((ends + 0.06 - c[:, 1]) / 0.06, 0, 1) * 0.008
    return np.maximum.reduce([falls - _locks(style, c) + taper, face, ends - c[:, 1]])


def _tail(head: Head, style: HairStyle, points: ndarray) -> ndarray:
    if style.tail == "bun":
        middle = head.world(np.array([0.0, 0.965, -0.075], np.float32))
        return np.linalg.norm((points - middle) * np.array([1, 1.1, 1]), axis=1) - 0.042
    root = head.world(np.array([0.0, 0.955, -0.060], np.float32))
    back = head.world(np.array([0.0, 0.960, -0.115], np.float32)) - root
    best = np.full(len(points), 9.0)
    way = root.astype(np.float64)
    velocity = back / np.linalg.norm(back)
    for k in range(26):
        along = k / 25
        radius = 0.012 + 0.020 * np.sin(np.pi * min(along * 1.25 + 0.12, 1.0)) ** 0.7
        best = np.minimum(best, np.linalg.norm(points - way, axis=1) - radius * (1 - 0.55 * along**3))
        velocity = velocity * 0.80 + np.array([0, -0.26, 0])
        way = way + 0.012 * velocity / np.linalg.norm(velocity)
    return best


def _painted(head: Head, style: HairStyle, vertices: ndarray, faces: ndarray) -> Part:
    """Unroll the hair around the head's axis, doubled at the back, and paint its strands."""
    c = head.local(vertices)
    angle = _angle(c)
    along = np.linalg.norm(c - CROWN, axis=1)
    uvs, turned, source = unrolled(angle, along, faces)

    def paint(known: ndarray) -> ndarray:
        return style.strands(known)

    known = np.concatenate([c, along[:, None]], 1)[source]
    return Part(
        name="hair",
        label="hair",
        vertices=vertices[source].astype(np.float32),
        faces=turned,
        uvs=uvs,
        albedo=bake(uvs, turned, known, paint, TEXTURE),
        gloss=plain(70),
        roughness=plain(165),
        closed=True,
    )


Draw = np.random.Generator


def _of(rng: Draw, family: str, colour: Colour, grey: float, **ranges: tuple[float, float]) -> HairStyle:
    drawn = {name: float(rng.uniform(*r)) for name, r in ranges.items()}
    return HairStyle(family=family, colour=colour, grey=grey, seed=int(rng.integers(1 << 20)), **drawn)  # type: ignore[arg-type]


def _parted(rng: Draw, style: HairStyle, tail: Tail = "none") -> HairStyle:
    return replace(style, parting=float(rng.uniform(-1, 1)) if rng.random() < 0.6 else None, tail=tail)


STYLES: Mapping[str, Callable[[Draw, Colour, float], HairStyle]] = {
    "bald": lambda rng, c, g: _of(rng, "bald", c, g, top=(0, 0), sides=(0, 0)),
    "buzz": lambda rng, c, g: _of(rng, "buzz", c, g, top=(0.005, 0.008), sides=(0.003, 0.005)),
    "crop": lambda rng, c, g: _parted(rng, _of(rng, "crop", c, g, top=(0.018, 0.03), sides=(0.006, 0.012))),
    "quiff": lambda rng, c, g: _of(rng, "quiff", c, g, top=(0.035, 0.05), sides=(0.004, 0.009), curl=(0, 0.3)),
    "fringe": lambda rng, c, g: _of(
        rng, "fringe", c, g, top=(0.018, 0.026), sides=(0.014, 0.020), fringe=(0.015, 0.035)
    ),
    "bob": lambda rng, c, g: _parted(
        rng, _of(rng, "bob", c, g, top=(0.014, 0.024), sides=(0.014, 0.022), length=(0.05, 0.11), face=(1.0, 1.3))
    ),
    "long": lambda rng, c, g: _parted(
        rng, _of(rng, "long", c, g, top=(0.012, 0.020), sides=(0.012, 0.018), length=(0.18, 0.36), face=(1.05, 1.5))
    ),
    "wavy": lambda rng, c, g: _parted(
        rng,
        _of(
            rng,
            "wavy",
            c,
            g,
            top=(0.016, 0.028),
            sides=(0.016, 0.026),
            length=(0.12, 0.3),
            spread=(0.1, 0.25),
            face=(1.0, 1.3),
            curl=(0.35, 0.7),
        ),
    ),
    "curls": lambda rng, c, g: _of(rng, "curls", c, g, top=(0.03, 0.05), sides=(0.02, 0.04), curl=(0.8, 1)),
    "afro": lambda rng, c, g: _of(rng, "afro", c, g, top=(0.06, 0.09), sides=(0.05, 0.075), curl=(0.9, 1)),
    "ponytail": lambda rng, c, g: _parted(
        rng, _of(rng, "ponytail", c, g, top=(0.008, 0.014), sides=(0.006, 0.01)), "ponytail"
    ),
    "bun": lambda rng, c, g: _parted(rng, _of(rng, "bun", c, g, top=(0.008, 0.014), sides=(0.006, 0.01)), "bun"),
}
"""Draws a head of hair, by family."""
