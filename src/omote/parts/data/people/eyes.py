"""Eyes as geometry: a ball with a bulge, an iris with a pupil of any size, a cornea, and lids that lie on them.

Idea: one grid of rings about the eye's axis runs from the middle of the pupil over the pupil's edge, which may have any
outline, and the limbus to the back pole. Its profile is either the bulge of the cornea with everything painted on it,
or a hollow iris behind a clear cornea of its own. The ball is the sphere that the body's own eyeball fits, so that the
lids suit it; where the bulge turns below a lid, the lid is pushed out by as much, as in life.

Source: proportions of Gullstrand's eye (cornea 7.8 mm, ball 12 mm, iris 11.8 mm across), scaled to the ball; the
bulge is a little flatter, since MakeHuman's lids lie close. Outlines that are no ellipses: Guo et al., "Eyes Tell All:
Irregular Pupil Shapes Reveal GAN-generated Faces" (2022).

Notation: axis = the way the eye looks; c centre; R radius of the ball; angles are seen from c.
"""

from dataclasses import dataclass, field
from functools import cache

import numpy as np
from jaxtyping import Float, Float32, Float64
from numpy import ndarray
from scipy.spatial import KDTree

from omote.core.errors import UsageError
from omote.parts.body.anny import PARTS
from omote.parts.data.people.head import Head
from omote.parts.data.people.iris import Iris, iris_texture, white_texture
from omote.parts.data.people.part import Part, plain

SIDES = ("left", "right")
AROUND = 72
"""Vertices of each ring."""
LIMBUS = 0.325
"""Radius of the iris over the ball's."""
BULGE = 0.055
"""How far the cornea's top stands off the ball, over R."""
HOLLOW = 0.10
"""How far the iris' plane lies below the limbus when the cornea is clear, over R."""
DROP = 0.068
"""How far the eye is set below the middle of the body's own eyeball, over R: the lids' slit lies there."""
GAP = 0.00015
"""Metres between ball and lids."""


@dataclass(frozen=True, kw_only=True)
class Eyes:
    """Both eyes of one person.

    Raises:
        UsageError: a pupil is not within the iris, or the irregularity not in 0..1.
    """

    iris: Iris = field(default_factory=Iris)
    pupil: tuple[float, float] = (0.36, 0.36)
    """Radius of the left and the right pupil, in iris radii: 0.15 (bright light) to 0.75 (dark)."""
    irregular: float = 0.0
    """0: round pupils; 1: outlines dented by a quarter of the radius, as forged pictures have them."""
    clear: bool = False
    """A hollow iris behind a clear cornea, for renderers that know glass; else the iris is painted on the bulge."""
    seed: int = 0

    def __post_init__(self) -> None:
        if not all(0.05 <= r <= 0.9 for r in self.pupil):
            raise UsageError(f"a pupil's radius is 0.05 to 0.9 of the iris', not {self.pupil}")
        if not 0 <= self.irregular <= 1:
            raise UsageError(f"pupils are irregular by 0 to 1, not by {self.irregular}")


@dataclass(frozen=True, kw_only=True, eq=False)
class Ball:
    """Where an eye is, world metres, and the truth about it."""

    centre: Float64[ndarray, " 3"]
    radius: float
    turn: Float64[ndarray, "3 3"]
    """World from eye: columns are the person's left, up, and the axis."""
    iris: Float32[ndarray, "n 3"]
    """The limbus, counter-clockwise seen from the front."""
    pupil: Float32[ndarray, "n 3"]
    """The pupil's edge."""

    @property
    def axis(self) -> Float64[ndarray, " 3"]:
        """The way the eye looks."""
        return self.turn[:, 2]


@cache
def _own(model: object, side: str) -> ndarray:
    return np.flatnonzero(model.part == PARTS.index(f"{side}_eye"))  # type: ignore[attr-defined]


def outline(eyes: Eyes, side: str, turn: Float[ndarray, " n"]) -> Float64[ndarray, " n"]:
    """Return the pupil's radius over the angle, in iris radii."""
    number = SIDES.index(side)
    radius = np.full(len(turn), eyes.pupil[number], np.float64)
    if eyes.irregular:
        rng = np.random.default_rng((eyes.seed, number, 5))
        waves = np.zeros(len(turn))
        for order in range(2, 7):
            waves += rng.normal() / order**0.8 * np.cos(order * turn + rng.uniform(0, 2 * np.pi))
        grid = np.linspace(0, 2 * np.pi, 256)
        rng = np.random.default_rng((eyes.seed, number, 5))
        peak = np.zeros(256)
        for order in range(2, 7):
            peak += rng.normal() / order**0.8 * np.cos(order * grid + rng.uniform(0, 2 * np.pi))
        radius = radius * (1 + 0.25 * eyes.irregular * waves / np.abs(peak).max())
    return radius


def place(head: Head, side: str, gaze: tuple[float, float] | None = None) -> tuple[ndarray, float, ndarray]:
    """Return centre, radius and turn (world from eye) of the ball at rest, fitted to the body's own eyeball.

    Args:
        head: whose.
        side: `left` or `right`.
        gaze: (yaw to the person's left, pitch up) in the head's frame, radians; None: as the expression turns it.
    """
    rows = _own(head.model, side)
    still, there = head.neutral[rows].astype(np.float64), head.acted[rows].astype(np.float64)
    system = np.concatenate([2 * there, np.ones((len(there), 1))], 1)
    solved = np.linalg.lstsq(system, (there**2).sum(1), rcond=None)[0]
    centre = solved[:3]
    radius = float(np.sqrt(solved[3] + centre @ centre))
    if gaze is None:
        u, _, v = np.linalg.svd((still - still.mean(0)).T @ (there - there.mean(0)))
        turn = (u @ np.diag([1, 1, np.linalg.det(u @ v)]) @ v).T
    else:
        still_centre = np.linalg.lstsq(
            np.concatenate([2 * still, np.ones((len(still), 1))], 1), (still**2).sum(1), rcond=None
        )[0]
        centre = still_centre[:3]
        turn = gaze_turn(*gaze)
    return centre - [0, DROP * radius, 0], radius, turn


def gaze_turn(yaw: float, pitch: float) -> Float64[ndarray, "3 3"]:
    """Return the rotation that turns +z to a gaze: to the person's left by yaw, up by pitch."""
    cy, sy, cp, sp = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch)
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_x = np.array([[1, 0, 0], [0, cp, sp], [0, -sp, cp]])
    return about_y @ about_x


def profile(out: Float[ndarray, " n"], *, clear: bool) -> Float64[ndarray, " n"]:
    """Return the height along the axis over the distance from it, both in R, within the limbus.

    Painted: a cap that meets the ball at the limbus and stands `BULGE` off at its top. Clear: the iris' hollow.
    """
    rim = np.sqrt(1 - LIMBUS**2)
    t = np.clip(out / LIMBUS, 0, 1)
    if clear:
        return rim - HOLLOW * (1 - t**6) + 0.02 * (1 - t)
    return rim + (1 + BULGE - rim) * _cap(t)


def _cap(t: ndarray) -> ndarray:
    """Return a cap's height over its radius: 1 on top, 0 at the edge, a sphere but for a soft foot."""
    return (1 - t**2) * (1 - 0.22 * t**2 * (1 - t**2))


def surface(direction: Float[ndarray, "n 3"]) -> Float64[ndarray, " n"]:
    """Return the distance of the outer surface (ball and cornea) from c, in R, along unit directions of the eye."""
    angle = np.arccos(np.clip(direction[:, 2], -1, 1))
    out = np.linspace(0, LIMBUS, 64)
    height = profile(out, clear=False)
    seen, far = np.arctan2(out, height), np.hypot(out, height)
    return np.where(angle < seen[-1], np.interp(angle, seen, far), 1.0)


def eye_parts(
    head: Head, eyes: Eyes, gaze: dict[str, tuple[float, float]] | None = None, size: int = 512
) -> tuple[list[Part], dict[str, Ball]]:
    """Return white, iris, pupil and, when clear, cornea of both eyes; and the truth about each.

    Args:
        head: whose.
        eyes: what they look like.
        gaze: by side, as `place` takes it; None: as the expression turns them.
        size: of the iris' texture.
    """
    parts, balls, texture = [], {}, iris_texture(eyes.iris, size)
    for side in SIDES:
        centre, radius, turn = place(head, side, gaze[side] if gaze else None)
        whole = head.carry[:3, :3].astype(np.float64) @ turn

        def to_world(points: ndarray, c: ndarray = centre, r: float = radius, t: ndarray = turn) -> ndarray:
            return head.to_world((c + r * points @ t.T).astype(np.float32))

        shapes = _shapes(eyes, side)
        picture = {
            "white": white_texture(eyes.iris, -1.0 if side == "left" else 1.0, float(np.arcsin(LIMBUS))),
            "iris": texture,
            "pupil": np.full((1, 1, 3), 6, np.uint8),
            "cornea": np.full((1, 1, 3), 255, np.uint8),
        }
        for name, (points, faces, uvs) in shapes.items():
            wet = name == "cornea" or not eyes.clear or name == "white"
            parts.append(
                Part(
                    name=f"{side}_eye.{name}", label=name, vertices=to_world(points), faces=faces, uvs=uvs,
                    albedo=picture[name], gloss=plain(64 if wet else 10), roughness=plain(28 if wet else 150),
                    clear=name == "cornea", closed=name != "cornea",
                )
            )  # fmt: skip
        angle = np.linspace(0, 2 * np.pi, AROUND, endpoint=False)
        balls[side] = Ball(
            centre=head.to_world(centre[None].astype(np.float32))[0].astype(np.float64),
            radius=radius,
            turn=whole,
            iris=to_world(_ring(np.full(AROUND, LIMBUS), angle, clear=eyes.clear)),
            pupil=to_world(_ring(LIMBUS * outline(eyes, side, angle), angle, clear=eyes.clear)),
        )
    return parts, balls


def _ring(out: ndarray, angle: ndarray, *, clear: bool) -> ndarray:
    """Return points at distances from the axis, at angles counter-clockwise from the person's left, seen from front."""
    return np.stack([out * np.cos(angle), out * np.sin(angle), profile(out, clear=clear)], 1)


Shape = tuple[ndarray, ndarray, ndarray]


def _shapes(eyes: Eyes, side: str) -> dict[str, Shape]:
    """Return vertices in R, faces and uvs of the pieces of an eye; rims of neighbours are the same points."""
    angle = np.linspace(0, 2 * np.pi, AROUND + 1)
    edge = outline(eyes, side, angle)
    edge[-1] = edge[0]
    inner = [_ring(LIMBUS * edge * t, angle, clear=eyes.clear) for t in (0.0, 0.35, 0.7, 1.0)]
    if eyes.clear:  # a shallow well behind the iris' edge
        for points, t in zip(inner, (0.0, 0.35, 0.7, 1.0), strict=True):
            points[:, 2] -= 0.05 * (1 - t**4)
    iris = [_ring(LIMBUS * (edge + (1 - edge) * t), angle, clear=eyes.clear) for t in np.linspace(0, 1, 9)]
    inner[-1] = iris[0]
    polar = np.concatenate([np.linspace(np.arcsin(LIMBUS), 1.5, 15), np.linspace(1.5, np.pi, 7)[1:]])
    ball = [np.stack([np.sin(a) * np.cos(angle), np.sin(a) * np.sin(angle), np.full(AROUND + 1, np.cos(a))], 1)
            for a in polar]  # fmt: skip
    ball[0] = iris[-1]
    shapes = {
        "pupil": _joined(inner, [0.5 + 0 * p[:, :2] for p in inner]),
        "iris": _joined(iris, [_flat_uv(p[:, :2] / LIMBUS) for p in iris]),
        "white": _joined(
            ball,
            [_flat_uv(np.stack([np.cos(angle), np.sin(angle)], 1) * a / np.pi) for a in polar],
        ),
    }
    if eyes.clear:
        cap = [_ring(np.full(AROUND + 1, LIMBUS * t), angle, clear=False) for t in np.linspace(0, 1, 9)]
        shapes["cornea"] = _joined(cap, [_flat_uv(p[:, :2] / LIMBUS) for p in cap])
    return shapes


def _flat_uv(at: ndarray) -> ndarray:
    return 0.5 + 0.499 * at * [1, -1]


def _joined(rings: list[ndarray], uvs: list[ndarray]) -> Shape:
    """Return rings of points, joined from the inside out; a ring of no size leaves no flat triangles."""
    count, width = len(rings), AROUND + 1
    corner = (np.arange(count - 1)[:, None] * width + np.arange(AROUND)).ravel()
    low = np.stack([corner, corner + width, corner + width + 1], 1)
    high = np.stack([corner, corner + width + 1, corner + 1], 1)
    points = np.concatenate(rings)
    faces = np.concatenate([low, high])
    a, b, c = (points[faces[:, i]] for i in range(3))
    faces = faces[np.linalg.norm(np.cross(b - a, c - a), axis=1) > 1e-9]
    return points, faces.astype(np.int32), np.concatenate(uvs).astype(np.float32)


def seat_lids(head: Head, gaze: dict[str, tuple[float, float]] | None = None) -> Head:
    """Return the head with lids that lie on the balls: nothing cuts into the cornea, and no gap is left.

    Vertices of lids and sockets below the surface are lifted onto it where skin would be seen; the rims are drawn to
    it. The change fades out over the lid.
    """
    shift = np.zeros_like(head.acted)
    for side in SIDES:
        centre, radius, turn = place(head, side, gaze[side] if gaze else None)
        near, rim = _lid(head.model, side)
        points = head.acted[near].astype(np.float64) - centre
        far = np.linalg.norm(points, axis=1)
        way = points / far[:, None]
        wanted = radius * surface(way @ turn) + GAP
        lift = np.where(far < wanted, wanted - far, 0)
        on_rim = np.isin(near, rim)
        lift[on_rim] = np.clip(wanted - far, -0.0012, 0.0035)[on_rim]
        front = (way[:, 2] > 0.30) & np.isin(head.model.part[near], [PARTS.index("head")])
        lift[~front & ~on_rim] = 0
        tree = KDTree(points[on_rim])
        away = tree.query(points)[0]
        lift[front & ~on_rim] *= np.exp(-((away[front & ~on_rim] / 0.008) ** 2))
        shift[near] += (way * lift[:, None]).astype(np.float32)
    return head.moved(shift)


@cache
def _lid(model: object, side: str) -> tuple[ndarray, ndarray]:
    """Return the vertices about an eye, and those of them on the lids' rims."""
    from omote.parts.data.people.head import mean_adult
    from omote.parts.data.people.skin_fields import lid_rims

    canonical = mean_adult(model)  # type: ignore[arg-type]
    sign = 1 if side == "left" else -1
    rim = lid_rims(model)  # type: ignore[arg-type]
    rim = rim[canonical[rim, 0] * sign > 0]
    part = model.part  # type: ignore[attr-defined]
    own = np.isin(part, [PARTS.index("head"), PARTS.index(f"{side}_socket")])
    away = KDTree(canonical[rim]).query(canonical)[0]
    return np.flatnonzero(own & (away < 0.022)), rim
