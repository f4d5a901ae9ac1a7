"""Pinhole and orthographic cameras.

A camera looks along its +z, +x to the right, +y down. A pixel coordinate is `focal * (x, y) / z + centre`
(pinhole) or `focal * (x, y) + centre` (orthographic); the first pixel's centre is (0.5, 0.5).
"""

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from jaxtyping import Float, Float64
from numpy import ndarray

from omote.core.errors import ShapeError, UsageError


@dataclass(frozen=True, kw_only=True, eq=False)
class Camera:
    """Where a picture is taken from, and how.

    Raises:
        UsageError: the picture has no pixels, or the focal length is not positive.
        ShapeError: the pose is not a finite rigid [4 4] transform.
    """

    world_from_camera: Float64[ndarray, "4 4"]
    """Rigid: camera axes (right, down, forward) and position in the world, metres."""
    focal: tuple[float, float]
    """(fx, fy): pixels; for an orthographic camera pixels per metre."""
    centre: tuple[float, float]
    """(cx, cy): the pixel that the optical axis meets."""
    size: tuple[int, int]
    """(height, width) of the picture."""
    orthographic: bool = False
    """Parallel rays instead of rays through one point."""
    near: float = 0.02
    """Metres; nothing closer to the camera is seen."""

    def __post_init__(self) -> None:
        if self.size[0] < 1 or self.size[1] < 1:
            raise UsageError(
                f"a picture of {self.size[0]} x {self.size[1]} pixels has nothing in it; both must be >= 1"
            )
        if not (all(map(math.isfinite, (*self.focal, *self.centre))) and min(self.focal) > 0):
            raise UsageError(f"focal length {self.focal} and centre {self.centre} must be finite, the first positive")
        pose = self.world_from_camera
        if pose.shape != (4, 4) or not np.isfinite(pose).all():
            raise ShapeError("world_from_camera is a finite [4 4] transform")
        if not np.allclose(pose[:3, :3] @ pose[:3, :3].T, np.eye(3), atol=1e-4) or np.linalg.det(pose[:3, :3]) < 0:
            raise ShapeError("world_from_camera must be rigid: a rotation without scale, shear or mirroring")

    @cached_property
    def camera_from_world(self) -> Float64[ndarray, "4 4"]:
        """The inverse pose."""
        rotation, position = self.world_from_camera[:3, :3], self.world_from_camera[:3, 3]
        inverse = np.eye(4)
        inverse[:3, :3] = rotation.T
        inverse[:3, 3] = -rotation.T @ position
        return inverse

    @property
    def position(self) -> Float64[ndarray, " 3"]:
        """Where the camera stands, world metres."""
        return self.world_from_camera[:3, 3]

    @property
    def forward(self) -> Float64[ndarray, " 3"]:
        """Unit direction of the optical axis in the world."""
        return self.world_from_camera[:3, 2]

    @cached_property
    def pixel_from_world(self) -> Float64[ndarray, "3 4"]:
        """Homogeneous projection: world (x, y, z, 1) to (x w, y w, w) in pixels; w = depth, or 1 if orthographic."""
        (fx, fy), (cx, cy) = self.focal, self.centre
        last = [0, 0, 0, 1] if self.orthographic else [0, 0, 1, 0]
        intrinsic = np.array([[fx, 0, 0, 0], [0, fy, 0, 0], [0, 0, 0, 0]], np.float64)
        intrinsic += np.outer([cx, cy, 1], last)
        return intrinsic @ self.camera_from_world

    def project(self, points: Float[ndarray, "*n 3"]) -> tuple[Float64[ndarray, "*n 2"], Float64[ndarray, "*n"]]:
        """Return the pixels that world points fall on and their depth in metres along the optical axis.

        Points of a pinhole camera that are not in front of it (depth <= 0) get NaN pixels.
        """
        camera = points @ self.camera_from_world[:3, :3].T + self.camera_from_world[:3, 3]
        depth = camera[..., 2]
        if self.orthographic:
            scaled = camera[..., :2]
        else:
            scaled = camera[..., :2] / np.where(depth > 0, depth, np.nan)[..., None]
        return scaled * np.array(self.focal) + np.array(self.centre), depth

    def unproject(self, pixels: Float[ndarray, "*n 2"], depth: Float[ndarray, "*n"]) -> Float64[ndarray, "*n 3"]:
        """Return the world points at pixels and depths (metres along the optical axis)."""
        plane = (pixels - np.array(self.centre)) / np.array(self.focal)
        scaled = plane if self.orthographic else plane * depth[..., None]
        camera = np.concatenate([scaled, depth[..., None]], -1)
        return camera @ self.world_from_camera[:3, :3].T + self.world_from_camera[:3, 3]

    def rays(self, pixels: Float[ndarray, "*n 2"]) -> tuple[Float64[ndarray, "*n 3"], Float64[ndarray, "*n 3"]]:
        """Return origins and unit directions, in the world, of the rays through pixels."""
        at_zero, at_one = (self.unproject(pixels, np.full(pixels.shape[:-1], d)) for d in (0.0, 1.0))
        direction = at_one - at_zero
        return at_zero, direction / np.linalg.norm(direction, axis=-1, keepdims=True)

    def resized(self, size: tuple[int, int]) -> "Camera":
        """Return the camera whose picture is this one's, scaled to another size."""
        sy, sx = size[0] / self.size[0], size[1] / self.size[1]
        return replace(
            self,
            focal=(self.focal[0] * sx, self.focal[1] * sy),
            centre=(self.centre[0] * sx, self.centre[1] * sy),
            size=size,
        )

    def cropped(self, box: tuple[int, int, int, int]) -> "Camera":
        """Return the camera of a part of the picture.

        Args:
            box: x0 y0 x1 y1 in whole pixels; may reach beyond the picture.
        """
        x0, y0, x1, y1 = box
        return replace(self, centre=(self.centre[0] - x0, self.centre[1] - y0), size=(y1 - y0, x1 - x0))

    def clip_from_camera(self, far: float = 100.0) -> Float64[ndarray, "4 4"]:
        """Return OpenGL's projection matrix (clip y up, depth -1 at `near` and +1 at `far` metres) of this camera."""
        (h, w), (fx, fy), (cx, cy), near = self.size, self.focal, self.centre, self.near
        matrix = np.zeros((4, 4))
        matrix[0, 0], matrix[1, 1] = 2 * fx / w, -2 * fy / h
        across, down = 2 * cx / w - 1, 1 - 2 * cy / h
        if self.orthographic:
            matrix[:, 3] = across, down, -(far + near) / (far - near), 1
            matrix[2, 2] = 2 / (far - near)
        else:
            matrix[:, 2] = across, down, (far + near) / (far - near), 1
            matrix[2, 3] = -2 * far * near / (far - near)
        return matrix


def look_at(
    eye: Float[ndarray, " 3"] | tuple[float, float, float],
    target: Float[ndarray, " 3"] | tuple[float, float, float],
    *,
    size: tuple[int, int],
    fov: float = math.radians(40),
    up: tuple[float, float, float] = (0.0, 1.0, 0.0),
) -> Camera:
    """Return the pinhole camera at `eye` that has `target` in the middle of its picture.

    Args:
        eye: world metres.
        target: world metres.
        size: (height, width) of the picture.
        fov: angle that the picture's height spans, radians.
        up: world direction that points up in the picture.

    Raises:
        UsageError: eye and target are one point, the view is along `up`, or the angle is not in (0, pi).
    """
    if not 0 < fov < math.pi:
        raise UsageError(f"a field of view lies between 0 and pi radians, not {fov}")
    focal = size[0] / (2 * math.tan(fov / 2))
    return Camera(
        world_from_camera=look_at_pose(eye, target, up),
        focal=(focal, focal),
        centre=(size[1] / 2, size[0] / 2),
        size=size,
    )


def look_at_pose(
    eye: Float[ndarray, " 3"] | tuple[float, float, float],
    target: Float[ndarray, " 3"] | tuple[float, float, float],
    up: tuple[float, float, float] = (0.0, 1.0, 0.0),
) -> Float64[ndarray, "4 4"]:
    """Return `world_from_camera` of a camera at `eye` that looks at `target`.

    Raises:
        UsageError: eye and target are one point, or the view is along `up`.
    """
    position = np.asarray(eye, np.float64)
    forward = np.asarray(target, np.float64) - position
    right = np.cross(forward, np.asarray(up, np.float64))
    if np.linalg.norm(right) < 1e-9 * max(1.0, float(np.linalg.norm(forward))):
        raise UsageError("the camera's target must lie apart from the camera, and not straight above or below it")
    forward /= np.linalg.norm(forward)
    right /= np.linalg.norm(right)
    pose = np.eye(4)
    pose[:3, :] = np.stack([right, np.cross(forward, right), forward, position], axis=1)
    return pose
