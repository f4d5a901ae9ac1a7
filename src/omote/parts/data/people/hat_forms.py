"""What hats are shaped on: the taut outline of a head above the line where a hat sits, and sheets drawn from it.

A hat sits on a plane through forehead and nape. What is stretched over a head above that plane is the head's convex
hull, offset by the room that hair takes; every crown is a distance from the plane's middle in each direction, never
smaller than that hull. A sheet goes from the crown down to the rim and on into a brim or a cuff.

Notation: hat frame x to the wearer's left, y up from the plane, z ahead; around = angle from the front to the left,
lift = angle above the plane; profiles are (radius, height) along each column of a sheet, from the crown down; metres.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Float32
from numpy import ndarray
from scipy.interpolate import LinearNDInterpolator
from scipy.ndimage import gaussian_filter1d, map_coordinates
from scipy.spatial import ConvexHull, KDTree

from omote.parts.data.cloth import Colour
from omote.parts.data.figure import Figure
from omote.parts.data.people.fabrics import Weave
from omote.parts.data.people.hair import Head

COLUMNS, LIFTS = 160, 91
"""Directions of a crown: around, and from the plane to the top."""
BELOW = 0.014
"""How far below its plane a hat still goes around what is there, metres."""
LID_GAP = 0.0042
"""Between hair and the inside of a hat, metres."""


@dataclass(frozen=True, kw_only=True)
class Headwear:
    """One hat; lengths in metres."""

    family: str
    colour: Colour
    second: Colour = (0.12, 0.12, 0.13)
    weave: Weave = "cotton"
    front: float = 0.945
    """Height of its rim at the forehead, on the mean adult."""
    back: float = 0.905
    """And behind."""
    thickness: float = 0.0024
    loose: float = 0.01
    """How far the crown stands above the head; of a beanie how far it slouches."""
    square: float = 2.5
    """2: a dome; 8: a drum."""
    taper: float = 0.1
    """How much narrower the crown becomes."""
    brim: float = 0.0
    """Width."""
    slope: float = 0.0
    """How much lower the brim is at its end for each metre of its width."""
    curl: float = 0.0
    """How far the brim's sides turn up."""
    dent: float = 0.0
    """Depth of the crease on top."""
    visor: float = 0.0
    """Length."""
    cuff: float = 0.0
    """Height of what is turned up."""
    width: float = 0.0
    """Of a headband; 0: it covers the crown."""
    ribs: int = 0
    ribbon: float = 0.0
    """Width."""
    stripes: float = 0.0
    """Width; 0: none."""
    seed: int = 0


@dataclass(frozen=True, kw_only=True, eq=False)
class Seat:
    """Where a hat sits."""

    origin: Float[ndarray, " 3"]
    axes: Float[ndarray, "3 3"]
    """World from the hat's frame; columns x, y, z."""
    radius: Float[ndarray, "c l"]
    """From the origin to the taut outline, around by lift."""

    @staticmethod
    def of(figure: Figure, front: float, back: float, room: float, below: Float[ndarray, "n 3"]) -> "Seat":
        """Fit a seat to a posed head.

        Args:
            figure: the posed body.
            front: height of the plane at the forehead, on the mean adult.
            back: and at the back of the head.
            room: metres between the head and the outline.
            below: points of what is worn below, such as glasses.
        """
        head = Head.of(figure)
        places = np.array([[0, front, 0.160], [0, back, -0.045], [0, (front + back) / 2, 0.058]], np.float32)
        ahead, behind, origin = head.world(places).astype(np.float64)
        right = figure.bones[figure.model.bone_names.index("head"), :3, 0].astype(np.float64)
        z = (ahead - behind) / np.linalg.norm(ahead - behind)
        y = np.cross(z, right)
        y /= np.linalg.norm(y)
        axes = np.stack([np.cross(y, z), y, z], 1)
        local = (np.concatenate([figure.vertices[figure.part("head")], below]) - origin) @ axes
        taut = _outline(local[local[:, 1] > -BELOW], room)
        return Seat(origin=origin, axes=axes, radius=taut)

    def world(self, points: Float[ndarray, "*n 3"]) -> Float32[ndarray, "*n 3"]:
        """Return points of the hat's frame in the world."""
        return (points @ self.axes.T + self.origin).astype(np.float32)

    def local(self, points: Float[ndarray, "*n 3"]) -> Float[ndarray, "*n 3"]:
        """Return points of the world in the hat's frame."""
        return (points - self.origin) @ self.axes

    def raised(self, by: float) -> "Seat":
        """Return the seat moved up."""
        return replace(self, origin=self.origin + by * self.axes[:, 1])

    def at_least(self, other: Float[ndarray, "c l"]) -> "Seat":
        """Return the seat with a crown of another shape where that is wider."""
        return replace(self, radius=np.maximum(self.radius, other))

    @property
    def top(self) -> float:
        """Height of the crown."""
        return float(self.radius[:, -1].mean())

    @property
    def band(self) -> Float[ndarray, " c"]:
        """Radius on the plane."""
        return self.radius[:, 0]


def turns() -> Float[ndarray, " c"]:
    """Return the angles around."""
    return 2 * np.pi * np.arange(COLUMNS) / COLUMNS


def lifts() -> Float[ndarray, " l"]:
    """Return the angles above the plane."""
    return np.linspace(0, np.pi / 2, LIFTS)


def _outline(points: Float[ndarray, "n 3"], room: float) -> Float[ndarray, "c l"]:
    hull = ConvexHull(points)
    around, lift = turns()[:, None], lifts()[None]
    ways = np.broadcast_arrays(np.sin(around) * np.cos(lift), np.sin(lift), np.cos(around) * np.cos(lift))
    facing = np.stack(ways, -1).reshape(-1, 3) @ hull.equations[:, :3].T
    away = (room - hull.equations[:, 3]) / np.where(facing > 1e-3, facing, 1e-3)
    taut = np.where(facing > 1e-3, away, np.inf).min(1).reshape(COLUMNS, LIFTS)
    smooth = taut
    for _ in range(3):  # a blur, kept from cutting the corners
        smooth = np.maximum(_blurred(smooth), 0.5 * (taut + smooth))
    return _blurred(smooth)


def _blurred(radius: Float[ndarray, "c l"]) -> Float[ndarray, "c l"]:
    return gaussian_filter1d(gaussian_filter1d(radius, 4, axis=0, mode="wrap"), 3, axis=1, mode="nearest")


def boxy(seat: Seat, height: float, taper: float, square: float) -> Float[ndarray, "c l"]:
    """Return the radii of a crown with sides and a top: between a dome (2) and a drum (large `square`)."""
    lift = lifts()[None]
    wide = seat.band[:, None] * (1 - taper * np.sin(lift) ** 2)
    c, s = np.cos(lift) / wide, np.sin(lift) / height
    return (c**square + s**square) ** (-1 / square)


def crown(seat: Seat, rim: Float[ndarray, " c"], rows: int) -> Float[ndarray, "c r 2"]:
    """Return the profiles of a crown from its top down to a rim at some height above the plane."""
    low = np.arctan2(rim, seat.band)
    share = np.linspace(1, 0, rows)
    lift = low[:, None] + (np.pi / 2 - low[:, None]) * share[None]
    inside = np.clip(lift, 0, None) / (np.pi / 2) * (LIFTS - 1)
    column = np.broadcast_to(np.arange(COLUMNS)[:, None], lift.shape)
    radius = map_coordinates(seat.radius, [column, inside], order=1, mode="nearest")
    return np.stack([radius * np.cos(lift), radius * np.sin(lift)], -1)


def evened(profile: Float[ndarray, "c r 2"], rows: int) -> Float[ndarray, "c n 2"]:
    """Return profiles with their points spread evenly along each."""
    result = np.empty((len(profile), rows, 2))
    for k, line in enumerate(profile):
        along = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
        at = np.linspace(0, along[-1], rows)
        result[k, :, 0], result[k, :, 1] = np.interp(at, along, line[:, 0]), np.interp(at, along, line[:, 1])
    return result


def spun(profile: Float[ndarray, "c r 2"]) -> Float[ndarray, "c r 3"]:
    """Return the points of profiles around the axis, in the hat's frame."""
    around = turns()[:, None]
    return np.stack([profile[..., 0] * np.sin(around), profile[..., 1], profile[..., 0] * np.cos(around)], -1)


Lid = Callable[[Float[ndarray, "n 3"]], Float32[ndarray, " n"]]
"""How far points of the world are beyond where hair may be, metres; negative: free."""


def lid_of(
    seat: Seat, inner: Float[ndarray, "c r 3"], brim: Callable[[ndarray, ndarray], ndarray] | None, drop: float
) -> Lid:
    """Return how far points of the world are beyond where hair may be below a hat; negative: free.

    Args:
        seat: of the hat.
        inner: its inside from the crown to the rim, in the hat's frame.
        brim: height of its underside over (around, metres beyond the rim); None: it has no brim.
        drop: how far the hat still goes down below its rim.
    """
    table = _inside(inner)
    table = np.concatenate([table, table[:1]])
    rim = np.concatenate([inner[:, -1, 1], inner[:1, -1, 1]]) - drop

    def lid(points: Float[ndarray, "n 3"]) -> Float32[ndarray, " n"]:
        p = seat.local(points)
        flat = np.hypot(p[:, 0], p[:, 2])
        column = (np.arctan2(p[:, 0], p[:, 2]) % (2 * np.pi)) / (2 * np.pi) * COLUMNS
        high = np.arctan2(np.maximum(p[:, 1], 0), flat)
        own = map_coordinates(table, [column, high / (np.pi / 2) * (LIFTS - 1)], order=1, mode="nearest")
        under = np.maximum(map_coordinates(rim, [column], order=1, mode="nearest") - p[:, 1], 0)
        away = np.linalg.norm(np.stack([flat, np.maximum(p[:, 1], 0)], 1), axis=1)
        out = away - own + LID_GAP - 1.3 * under
        if brim is not None:
            beyond = flat - own
            over = p[:, 1] - brim(column / COLUMNS * 2 * np.pi, beyond) + LID_GAP + 0.001
            out = np.where(beyond > -0.004, np.maximum(out, over), out)
        return out.astype(np.float32)

    return lid


def _inside(inner: Float[ndarray, "c r 3"]) -> Float[ndarray, "c l"]:
    """Return the distance of a hat's inside in each direction, whichever way its columns lean."""
    flat = inner.reshape(-1, 3)
    radius = np.linalg.norm(flat, axis=1)
    ways = flat / radius[:, None]
    around, lift = turns()[:, None], lifts()[None]
    x, y, z = np.broadcast_arrays(np.sin(around) * np.cos(lift), np.sin(lift), np.cos(around) * np.cos(lift))
    places = ways[:, [0, 2]] / (1 + ways[:, 1:2])  # stereographic
    wanted = np.stack([x / (1 + y), z / (1 + y)], -1)
    table = LinearNDInterpolator(places, radius)(wanted)
    beyond = np.isnan(table)
    table[beyond] = radius[KDTree(places).query(wanted[beyond])[1]]
    return table
