"""The outline of a body as a camera sees it, and the outline of a matte.

A vertex is on the body's outline where the surface turns away from the camera and a step along its normal leaves what
the body covers. Each such vertex is matched with the nearest point of the matte's contour that faces the same way.

Notation: n a unit normal in the picture, pointing out of the person.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float32, Int, Int32
from numpy import ndarray
from scipy import ndimage
from scipy.spatial import KDTree
from skimage.measure import find_contours

from omote.parts.render.visibility import rasterise
from omote.parts.space.camera import Camera
from omote.parts.space.mesh import vertex_normals

NEIGHBOURS = 48
"""Contour points looked at for each vertex."""
AGREE = 0.4
"""Least cosine between the normals of matched points."""
BORDER = 3.0
"""Pixels from the picture's edge within which a contour is the cut of the frame, not the person's."""


@dataclass(frozen=True, kw_only=True)
class Match:
    """Vertices of a body's outline and where the matte says they belong."""

    vertices: Int[ndarray, " m"]
    pixels: Float[ndarray, "m 2"]
    """Where each is seen now."""
    targets: Float[ndarray, "m 2"]
    normals: Float[ndarray, "m 2"]
    """Of the contour, outwards."""

    @staticmethod
    def none() -> "Match":
        """Return a match of nothing."""
        empty = np.empty((0, 2))
        return Match(vertices=np.empty(0, np.int64), pixels=empty, targets=empty, normals=empty)

    @property
    def offsets(self) -> Float[ndarray, " m"]:
        """How far outwards each vertex should move, pixels."""
        return ((self.targets - self.pixels) * self.normals).sum(1)


@dataclass(frozen=True, kw_only=True)
class Contour:
    """The outline of a matte."""

    points: Float[ndarray, "n 2"]
    normals: Float[ndarray, "n 2"]
    size: tuple[int, int]

    @staticmethod
    def of(alpha: Float[ndarray, "h w"]) -> "Contour":
        """Trace where coverage passes one half; no points where the person fills the picture."""
        padded = np.pad(alpha, 1)
        lines = [line for line in find_contours(padded, 0.5) if len(line) > 20]
        places = np.concatenate([np.empty((0, 2)), *lines])
        smooth = ndimage.gaussian_filter(padded.astype(np.float64), 2)
        down, across = np.gradient(smooth)
        normals = -np.stack([ndimage.map_coordinates(g, places.T, order=1) for g in (across, down)], 1)
        normals /= np.linalg.norm(normals, axis=1, keepdims=True) + 1e-12
        points = places[:, ::-1] - 0.5
        h, w = alpha.shape
        inside = (points > BORDER).all(1) & (points[:, 0] < w - BORDER) & (points[:, 1] < h - BORDER)
        return Contour(points=points[inside], normals=normals[inside], size=(h, w))

    def match(
        self,
        vertices: Float32[ndarray, "v 3"],
        faces: Int32[ndarray, "f 3"],
        camera: Camera,
        reach: float | Float[ndarray, " v"],
    ) -> Match:
        """Pair the body's outline with this one.

        Args:
            vertices: world metres.
            faces: of the body.
            camera: whose picture the contour lies in.
            reach: pixels beyond which nothing is matched; one number, or one for each vertex.
        """
        chosen, pixels, normals = outline_vertices(vertices, faces, camera)
        if not len(chosen) or not len(self.points):
            return Match.none()
        distance, near = KDTree(self.points).query(pixels, k=min(NEIGHBOURS, len(self.points)))
        distance, near = distance.reshape(len(chosen), -1), near.reshape(len(chosen), -1)
        agree = (self.normals[near] * normals[:, None]).sum(-1)
        limit = np.broadcast_to(np.asarray(reach, float), (len(vertices),))[chosen]
        cost = np.where((agree > AGREE) & (distance < limit[:, None]), distance, np.inf)
        best = cost.argmin(1)
        found = np.isfinite(cost[np.arange(len(best)), best])
        target = near[np.arange(len(best)), best][found]
        return Match(
            vertices=chosen[found],
            pixels=pixels[found],
            targets=self.points[target],
            normals=self.normals[target],
        )


def outline_vertices(
    vertices: Float32[ndarray, "v 3"], faces: Int32[ndarray, "f 3"], camera: Camera
) -> tuple[Int[ndarray, " m"], Float[ndarray, "m 2"], Float[ndarray, "m 2"]]:
    """Return the vertices on the outline, their pixels and their normals in the picture."""
    covered = rasterise(vertices, faces, camera).faces >= 0
    pixels, depth = camera.project(vertices)
    normals = vertex_normals(vertices, faces)
    ray = vertices - camera.position
    ray /= np.linalg.norm(ray, axis=1, keepdims=True)
    facing = -(normals * ray).sum(1)
    turning = np.zeros(len(vertices), bool)
    sign = facing[faces] > 0
    mixed = sign.any(1) & ~sign.all(1)
    turning[faces[mixed]] = True
    turning &= (depth > camera.near) & np.isfinite(pixels).all(1)
    chosen = np.flatnonzero(turning)
    flat = normals[chosen] @ camera.world_from_camera[:3, :2]
    flat /= np.linalg.norm(flat, axis=1, keepdims=True) + 1e-12
    if not len(chosen):
        return chosen, pixels[chosen], flat
    edge = leaves(covered, pixels[chosen], flat, step=0.004 * float(np.ptp(pixels[chosen, 1])) + 1.5)
    return chosen[edge], pixels[chosen][edge], flat[edge]


def leaves(
    covered: Bool[ndarray, "h w"], pixels: Float[ndarray, "m 2"], direction: Float[ndarray, "m 2"], step: float
) -> Bool[ndarray, " m"]:
    """Return which points leave the covered area by one step, without leaving the picture."""
    h, w = covered.shape
    x, y = np.floor(pixels + step * direction).astype(int).T
    inside = (x >= 0) & (x < w) & (y >= 0) & (y < h)
    return inside & ~covered[np.clip(y, 0, h - 1), np.clip(x, 0, w - 1)]
