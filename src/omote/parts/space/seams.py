"""How a garment's panels are first laid flat: around an axis, or onto a plane; and where their seams run.

Idea: around a tube u is the angle, times one radius, and v the height, so that a cylinder is exact and a cone's faces
keep their order. A tube is cut into gores along its axis; a face belongs to the gore that its middle lies in, so that
seams follow faces, unless `seamed` has put edges there first.

Notation: u to the right seen from outside, v up, both metres; a vertex on a seam has one copy for each side of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Float32, Float64, Int, Int32, Int64
from numpy import ndarray

from omote.core.errors import ShapeError, UsageError
from omote.parts.space.mesh import check_faces
from omote.parts.space.sheet import score


@dataclass(frozen=True, kw_only=True, eq=False)
class Tube:
    """A panel that goes around an axis, cut into equal gores along it.

    Raises:
        UsageError: the directions are parallel, zero or not finite, or there is no gore.
    """

    origin: Float[ndarray, " 3"]
    """A point of the axis, v = 0; metres."""
    up: Float[ndarray, " 3"]
    """Along the axis, where v grows; of any length."""
    front: Float[ndarray, " 3"]
    """Where the first gore's middle, u = 0, lies; of any length, need not be perpendicular."""
    gores: int = 1
    """1: one seam opposite the front; 2: front and back with seams at the sides; and so on."""

    def __post_init__(self) -> None:
        _axes(self.origin, self.up, self.front)
        if self.gores < 1:
            raise UsageError(f"a tube is cut into at least one gore, not {self.gores}")

    def planes(self) -> Float64[ndarray, "p 3"]:
        """Return the unit normals of the planes through the axis that the seams lie in."""
        right, _, front = _axes(self.origin, self.up, self.front)
        lines = self.gores if self.gores % 2 else self.gores // 2  # seams that face each other share a plane
        angles = (np.arange(lines) + 0.5) * 2 * np.pi / self.gores
        return np.stack([right * np.cos(a) - front * np.sin(a) for a in angles])

    def lay(self, corners: Float64[ndarray, "f 3 3"]) -> tuple[Float64[ndarray, "f 3 2"], Int64[ndarray, "f 3"]]:
        """Return angle times mean radius and height of each corner, and its copy: the gore, modulo `gores`."""
        right, up, front = _axes(self.origin, self.up, self.front)
        d = corners - self.origin
        ahead, aside = d @ front, d @ right
        angle = np.arctan2(aside, ahead)
        middle = np.arctan2(aside.mean(1), ahead.mean(1))[:, None]
        width = 2 * np.pi / self.gores
        gore = np.floor(middle / width + 0.5)
        turned = middle + _wrapped(angle - middle)
        turn = np.rint((turned - angle) / (2 * np.pi))
        area = _areas(corners)
        radius = (np.hypot(aside, ahead).mean(1) * area).sum() / max(area.sum(), 1e-30)
        own = gore % self.gores  # the same gore may be met from both ends of the circle
        copy = own + self.gores * turn + (own - gore)
        u = (turned - gore * width) * radius
        return np.stack([u, d @ up], -1), copy.astype(np.int64)


@dataclass(frozen=True, kw_only=True, eq=False)
class Flat:
    """A panel that is pressed onto a plane.

    Raises:
        UsageError: the directions are parallel, zero or not finite.
    """

    origin: Float[ndarray, " 3"]
    """u = v = 0; metres."""
    up: Float[ndarray, " 3"]
    """Where v grows; of any length."""
    front: Float[ndarray, " 3"]
    """Where the panel's outside faces; of any length, need not be perpendicular."""

    def __post_init__(self) -> None:
        _axes(self.origin, self.up, self.front)

    @property
    def gores(self) -> int:
        """One."""
        return 1

    def planes(self) -> Float64[ndarray, "p 3"]:
        """Return no plane: it has no seam of its own."""
        return np.zeros((0, 3))

    def lay(self, corners: Float64[ndarray, "f 3 3"]) -> tuple[Float64[ndarray, "f 3 2"], Int64[ndarray, "f 3"]]:
        """Return the corners' place on the plane; no vertex is doubled."""
        right, up, _ = _axes(self.origin, self.up, self.front)
        d = corners - self.origin
        return np.stack([d @ right, d @ up], -1), np.zeros(corners.shape[:2], np.int64)


Lay = Tube | Flat
"""How a panel is laid flat at first."""


class Seamed(NamedTuple):
    """A garment whose panels end at edges."""

    vertices: Float32[ndarray, "n 3"]
    faces: Int32[ndarray, "g 3"]
    panel: Int32[ndarray, " g"]
    carried: tuple[Float32[ndarray, "n ..."], ...]


def seamed(
    vertices: Float32[ndarray, "v 3"],
    faces: Int32[ndarray, "f 3"],
    panel: Int[ndarray, " f"],
    lays: Sequence[Lay],
    *carried: Float[ndarray, "v ..."],
) -> Seamed:
    """Return a garment with edges along the seams that its tubes are cut open at, and arrays of its vertices with it.

    Args:
        vertices: metres.
        faces: of a manifold mesh.
        panel: the panel of each face, an index of `lays`.
        lays: how each panel will be laid.
        carried: values at the vertices, carried linearly.

    Raises:
        ShapeError: panels and faces do not fit, or the mesh is no manifold.
        UsageError: a panel has no lay.
    """
    check_panels(faces, len(vertices), panel, len(lays))
    panel = panel.astype(np.int32)
    for p, lay in enumerate(lays):
        for normal in lay.planes():
            inside = np.zeros(len(vertices), bool)
            inside[faces[panel == p]] = True
            # zero elsewhere: outside the panel no edge crosses, and faces along its border are still parted to fit
            field = np.where(inside, (vertices - lay.origin) @ normal, 0)
            whole, _ = score(vertices, faces, field)
            vertices, faces, panel = whole.vertices, whole.faces, panel[whole.face]
            carried = tuple(whole.carry(values) for values in carried)
    return Seamed(vertices, faces, panel, tuple(np.asarray(values, np.float32) for values in carried))


def check_panels(faces: Int32[ndarray, "f 3"], count: int, panel: Int[ndarray, " f"], lays: int) -> None:
    """Make sure that each face belongs to a panel that has a lay.

    Raises:
        ShapeError: panels and faces do not fit, or there is no face.
        UsageError: a panel has no lay.
    """
    check_faces(faces, count)
    if panel.shape != (len(faces),) or not len(faces):
        raise ShapeError(f"each of {len(faces)} faces, at least one, is of one panel; got {panel.shape}")
    if panel.min() < 0 or panel.max() >= lays:
        raise UsageError(f"a face is of panel {panel.max()} or {panel.min()}, but there are {lays} lays")


def _areas(corners: Float64[ndarray, "f 3 3"]) -> Float64[ndarray, " f"]:
    return np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1) / 2


def _wrapped(angle: Float64[ndarray, "*n"]) -> Float64[ndarray, "*n"]:
    """Return the same angle between -pi and pi."""
    return angle - 2 * np.pi * np.rint(angle / (2 * np.pi))


def _axes(origin: ndarray, up: ndarray, front: ndarray) -> tuple[ndarray, ndarray, ndarray]:
    """Return unit vectors to the right, up and to the front, seen from outside."""
    given = [np.asarray(x, np.float64) for x in (origin, up, front)]
    if any(x.shape != (3,) or not np.isfinite(x).all() for x in given):
        raise UsageError("a panel's origin, up and front are three finite numbers each")
    _, up, front = given
    up = up / max(np.linalg.norm(up), 1e-30)
    front = front - front @ up * up
    if np.linalg.norm(up) < 0.5 or np.linalg.norm(front) < 1e-6:
        raise UsageError("a panel's up and front must be directions that are not parallel")
    front = front / np.linalg.norm(front)
    return np.cross(up, front), up, front
