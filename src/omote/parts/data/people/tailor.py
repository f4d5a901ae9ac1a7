"""A tailor's dummy: the distances around a body in the tailor's pose, on a grid of voxels, that clothes are cut from.

A garment begins as a field: "two centimetres outside the trunk, hanging from the chest". The fields here are signed
distances to patches of the body (trunk, arms, legs, head), sampled once for each body, and the coordinates that cuts
are told in: how far along an arm or a leg, how far above the hips. Programs on these fields are in `garments`.

Notation: grids are [x y z]; y is up, so that "down" is towards smaller indices of the middle axis.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Float32, Int32
from numpy import ndarray
from scipy.ndimage import binary_fill_holes, gaussian_filter

from omote.core.errors import UsageError
from omote.parts.body.anny import PARTS, BodyModel
from omote.parts.space.closest import Surface
from omote.parts.space.grid import Grid

STEP = 0.011
"""Metres between voxels."""
MARGIN = (0.16, 0.10, 0.40)
"""How far the grid reaches beyond the body on each side, metres."""
FAR = 9.0
"""The distance of what lies beyond reach, metres."""
SLICE = np.zeros((3, 3, 3), bool)
SLICE[1, 1, :] = SLICE[:, 1, 1] = True
"""Neighbours at the same height."""
DEEP = 0.20
"""No point inside a body is deeper, metres."""
PATCHES = {
    "trunk": ("torso", "neck"),
    "arms": ("left_arm", "right_arm"),
    "hands": ("left_hand", "right_hand"),
    "legs": ("left_leg", "right_leg"),
    "feet": ("left_foot", "right_foot"),
    "head": ("head", "left_socket", "right_socket", "mouth"),
}


class Site(NamedTuple):
    """Where points are on the body beside them."""

    points: Float32[ndarray, "n 3"]
    faces: Int32[ndarray, " n"]
    """The nearest of `Dummy.faces`."""
    weights: Float32[ndarray, "n 3"]
    """Barycentrics of the nearest point."""
    arm: Float32[ndarray, " n"]
    """Along the arm: 0 shoulder, 1 elbow, 2 wrist; at most 0.1 beside the trunk."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Dummy:
    """A body in the tailor's pose."""

    model: BodyModel
    vertices: Float32[ndarray, "v 3"]
    """World metres, feet near y = 0."""
    bones: Float32[ndarray, "j 4 4"]
    """World from bone."""
    rotations: Float32[ndarray, "j 3 3"]
    """The tailor's pose, as `BodyModel` takes it."""
    root: Float32[ndarray, " 3"]
    """How far the root lies from its place at rest, metres."""

    @cached_property
    def faces(self) -> Int32[ndarray, "f 3"]:
        """The skin's, without eyes and tongue, which are closed meshes inside the head."""
        inner = np.isin(self.model.part, [PARTS.index(n) for n in ("left_eye", "right_eye", "tongue")])
        return self.model.faces[~inner[self.model.faces].any(1)]

    @cached_property
    def surface(self) -> Surface:
        """The skin, for queries."""
        return Surface(self.vertices, self.faces)

    def joint(self, bone: str) -> Float32[ndarray, " 3"]:
        """Where a bone begins."""
        return self.bones[self.model.bone_names.index(bone), :3, 3]

    def patch(self, *names: str) -> Bool[ndarray, " v"]:
        """Return which vertices belong to patches.

        Raises:
            UsageError: there is no such patch.
        """
        for name in names:
            if name not in PATCHES:
                raise UsageError(f"the body has no patch {name!r}; there are {', '.join(PATCHES)}")
        wanted = [PARTS.index(part) for name in names for part in PATCHES[name]]
        return np.isin(self.model.part, wanted)

    @cached_property
    def axes(self) -> tuple[ndarray, ndarray, ndarray]:
        """The voxels' coordinates, metres."""
        low, high = self.vertices.min(0) - MARGIN, self.vertices.max(0) + MARGIN
        return tuple(np.arange(a, b, STEP, dtype=np.float32) for a, b in zip(low, high, strict=True))  # type: ignore[return-value]

    def points(self, low: float, high: float) -> Float32[ndarray, "x y z 3"]:
        """Return the voxels' middles between two heights."""
        x, y, z = self.axes
        y = y[(y >= low) & (y <= high)]
        return np.stack(np.meshgrid(x, y, z, indexing="ij"), -1)

    def along(self, points: Float[ndarray, "*n 3"], chain: tuple[str, str, str]) -> Float32[ndarray, "*n"]:
        """Return how far along a limb points lie: 0, 1 and 2 at its three joints; of the limb on their own side."""
        mirrored = points * np.where(points[..., :1] < 0, np.array([-1, 1, 1], np.float32), np.float32(1))
        first, middle, last = (self.joint(f"{bone}.L") for bone in chain)
        upper = (mirrored - first) @ (middle - first) / ((middle - first) ** 2).sum()
        lower = (mirrored - middle) @ (last - middle) / ((last - middle) ** 2).sum()
        return np.where(upper < 1, upper, 1 + np.maximum(lower, 0)).astype(np.float32)

    def along_arm(self, points: Float[ndarray, "*n 3"]) -> Float32[ndarray, "*n"]:
        """Return shoulder 0, elbow 1, wrist 2."""
        return self.along(points, ("upperarm01", "lowerarm01", "wrist"))

    @cached_property
    def arm(self) -> Float32[ndarray, " v"]:
        """How far along the arm each vertex of the body lies; at most 0.1 on the trunk."""
        along = self.along_arm(self.vertices)
        return np.where(self.patch("arms", "hands"), along, np.minimum(along, 0.1)).astype(np.float32)

    def site(self, points: Float32[ndarray, "n 3"]) -> Site:
        """Find the body beside points."""
        found = self.surface.closest(points)
        arm = (self.arm[self.faces[found.face]] * found.weights).sum(1)
        return Site(points, found.face, found.weights, arm.astype(np.float32))

    def along_leg(self, points: Float[ndarray, "*n 3"]) -> Float32[ndarray, "*n"]:
        """Return hip 0, knee 1, ankle 2."""
        return self.along(points, ("upperleg01", "lowerleg01", "foot"))

    @cached_property
    def heights(self) -> dict[str, float]:
        """Return heights by name, metres: neck, armpit, chest, waist, hip, crotch, knee, ankle, floor."""
        hip, knee, ankle = (float(self.joint(f"{b}.L")[1]) for b in ("upperleg01", "lowerleg01", "foot"))
        neck = float(self.joint("neck01")[1])
        inner = self.vertices[self.patch("trunk", "legs") & (np.abs(self.vertices[:, 0]) < 0.012)]
        crotch = float(inner[:, 1].min())
        arms = self.patch("arms")[self.model.faces]
        seam = self.model.faces[arms.any(1) & self.patch("trunk")[self.model.faces].any(1)]
        return {
            "neck": neck,
            "armpit": float(self.vertices[seam, 1].min()) - 0.01,
            "chest": neck - 0.32 * (neck - hip),
            "waist": hip + 0.30 * (neck - hip),
            "hip": hip,
            "crotch": crotch,
            "knee": knee,
            "ankle": ankle,
            "floor": float(self.vertices[:, 1].min()),
        }

    def distance(
        self, points: Float32[ndarray, "x y z 3"], *names: str, reach: float = 0.10
    ) -> Float32[ndarray, "x y z"]:
        """Return the distance to patches, negative inside the body beside them; `FAR` beyond `reach` metres."""
        flat = np.ascontiguousarray(points.reshape(-1, 3))
        own = self.patch(*names)
        mine = np.asarray(own[self.faces].any(1))
        used, index = np.unique(self.faces[mine], return_inverse=True)
        part = Surface(self.vertices[used], index.reshape(-1, 3).astype(np.int32))
        away = np.full(len(flat), FAR, np.float32)
        low, high = self.vertices[used].min(0) - reach, self.vertices[used].max(0) + reach
        near = np.flatnonzero(((flat > low) & (flat < high)).all(1))
        found = part.closest(flat[near], reach)
        away[near] = np.where(found.face >= 0, np.abs(found.distance), FAR)
        close = near[(found.face >= 0) & (away[near] < DEEP)]
        beside = self.surface.closest(flat[close], DEEP)
        inside = (beside.distance < 0) & mine[beside.face]
        away[close[inside]] *= -1
        field = away.reshape(points.shape[:3])
        # What lies deeper than `reach` is enclosed, within its slice, by what does not.
        deep = np.asarray(binary_fill_holes(field < 0, SLICE), bool) & (field > 0)
        return np.where(deep, np.float32(-reach), field)


def hung(
    field: Float32[ndarray, "x y z"], spread: float | Float[ndarray, " y"] = 0.0, step: float = STEP
) -> Float32[ndarray, "x y z"]:
    """Return the field of what hangs straight down from what is wider above.

    Args:
        field: distance, metres.
        spread: how much wider it becomes for each metre of height (the slope of its side); negative: narrower.
        step: metres between voxels.
    """
    rise = np.broadcast_to(np.asarray(spread, np.float32), field.shape[1:2])
    bias = -np.concatenate([[0], np.cumsum(rise[1:] * step)]).astype(np.float32)[None, :, None]
    return np.minimum.accumulate((field + bias)[:, ::-1], 1)[:, ::-1] - bias


def united(a: ndarray, b: ndarray, soft: float) -> ndarray:
    """Return the union of two fields with the crease between them rounded over `soft` metres."""
    h = np.clip(0.5 + 0.5 * (b - a) / soft, 0, 1)
    return (b * (1 - h) + a * h - soft * h * (1 - h)).astype(np.float32)


def grid_of(points: Float32[ndarray, "x y z 3"], field: Float32[ndarray, "x y z"], blur: float = 0.6) -> Grid:
    """Return the field on its grid, evened out by `blur` voxels."""
    smooth = gaussian_filter(field, blur, mode="nearest").astype(np.float32)
    return Grid(origin=points[0, 0, 0], step=STEP, values=smooth)
