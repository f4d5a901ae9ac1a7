"""A scalar field on a regular grid: where its points lie, its values between them, and its slope.

Idea: values are trilinear between the eight points of a cell. The slope is the difference over one step around a place,
which is the trilinear field averaged over a cell: it is continuous, as the exact derivative is not.

Notation: i j k = a cell's low corner, u v w = the place within it, 0..1; places are in units of the step.
"""

from dataclasses import dataclass, replace
from typing import no_type_check

import numpy as np
from jaxtyping import Float, Float32, Float64
from numba import njit
from numpy import ndarray

from omote.core.errors import ShapeError, UsageError


@dataclass(frozen=True, kw_only=True, eq=False)
class Grid:
    """A field sampled at the points origin + step * (x, y, z).

    Raises:
        ShapeError: fewer than two points along an axis, or a number that is not finite.
        UsageError: the step is not positive.
    """

    origin: Float[ndarray, " 3"]
    """Metres; where values[0, 0, 0] lies."""
    step: float
    """Metres between neighbours, the same along each axis."""
    values: Float32[ndarray, "x y z"]
    """The field; negative inside."""

    def __post_init__(self) -> None:
        if self.values.ndim != 3 or min(self.values.shape) < 2:
            raise ShapeError(f"a grid is [x y z] with at least two points each way, not {list(self.values.shape)}")
        if not (np.isfinite(self.step) and self.step > 0):
            raise UsageError(f"a grid's step is a positive number of metres, not {self.step}")
        if self.origin.shape != (3,) or not np.isfinite(self.origin).all():
            raise ShapeError("a grid's origin is three finite numbers")
        if not np.isfinite(self.values).all():
            raise ShapeError("a grid's values are finite; clip distances to their reach, and repair NaN, before use")

    @classmethod
    def over(cls, low: Float[ndarray, " 3"], high: Float[ndarray, " 3"], step: float) -> "Grid":
        """Return a grid of zeros that covers a box, with its first point at the box's low corner.

        Raises:
            UsageError: the box is empty or not finite, or the step not positive.
        """
        size = np.asarray(high, np.float64) - np.asarray(low, np.float64)
        if not (np.isfinite(size).all() and (size > 0).all() and step > 0):
            raise UsageError(f"a grid needs a box with a finite size and a positive step, not {size} and {step}")
        shape = np.ceil(size / step - 1e-6).astype(int) + 1
        return cls(origin=np.asarray(low, np.float64), step=float(step), values=np.zeros(shape, np.float32))

    def filled(self, values: Float[ndarray, "..."]) -> "Grid":
        """Return the same grid with other values, of its shape or in the flat order of `points`."""
        return replace(self, values=np.ascontiguousarray(values, np.float32).reshape(self.values.shape))

    def points(self) -> Float32[ndarray, "x y z 3"]:
        """Return where the values lie, metres."""
        axes = [self.origin[a] + self.step * np.arange(n) for a, n in enumerate(self.values.shape)]
        return np.stack(np.meshgrid(*axes, indexing="ij"), -1).astype(np.float32)

    def sample(self, points: Float[ndarray, "*n 3"]) -> Float32[ndarray, "*n"]:
        """Return the field at any points, trilinear; outside the grid that of its nearest border."""
        flat = self._inside(points)
        return _sample(self.values, flat).reshape(points.shape[:-1])

    def gradient(self, points: Float[ndarray, "*n 3"]) -> Float32[ndarray, "*n 3"]:
        """Return the field's slope: differences over one step, so that it is continuous; one-sided at the border."""
        flat = self._inside(points)
        return (_gradient(self.values, flat) / np.float32(self.step)).reshape(points.shape)

    def _inside(self, points: Float[ndarray, "*n 3"]) -> Float64[ndarray, "n 3"]:
        """Return points in units of the step from the origin, moved to the grid's box."""
        if points.shape[-1] != 3:
            raise ShapeError(f"points are [... 3], not {list(points.shape)}")
        flat = (points.reshape(-1, 3).astype(np.float64) - self.origin) / self.step
        return np.clip(flat, 0, np.array(self.values.shape) - 1)

    def padded(self) -> "Grid":
        """Return the grid with one more layer of outside around it, so that its zero level closes; itself if closed."""
        v = self.values
        if min(v[0].min(), v[-1].min(), v[:, 0].min(), v[:, -1].min(), v[:, :, 0].min(), v[:, :, -1].min()) >= 0:
            return self
        values = np.pad(v, 1, constant_values=np.float32(self.step))
        return replace(self, origin=self.origin - self.step, values=values)


@no_type_check
@njit(cache=True, nogil=True)
def trilinear(values, x, y, z):
    """Return the value at a place; outside the grid that of its nearest border."""
    nx, ny, nz = values.shape
    x, y, z = min(max(x, 0.0), nx - 1.0), min(max(y, 0.0), ny - 1.0), min(max(z, 0.0), nz - 1.0)
    i, j, k = min(int(x), nx - 2), min(int(y), ny - 2), min(int(z), nz - 2)
    u, v, w = x - i, y - j, z - k
    a = values[i, j, k] * (1 - w) + values[i, j, k + 1] * w
    b = values[i, j + 1, k] * (1 - w) + values[i, j + 1, k + 1] * w
    c = values[i + 1, j, k] * (1 - w) + values[i + 1, j, k + 1] * w
    d = values[i + 1, j + 1, k] * (1 - w) + values[i + 1, j + 1, k + 1] * w
    return (a * (1 - v) + b * v) * (1 - u) + (c * (1 - v) + d * v) * u


@no_type_check
@njit(cache=True, nogil=True)
def slope_at(values, x, y, z, slope):
    """Write the difference over one step along each axis; shorter at the grid's border."""
    nx, ny, nz = values.shape
    x0, x1 = min(max(x - 0.5, 0.0), nx - 1.0), min(max(x + 0.5, 0.0), nx - 1.0)
    y0, y1 = min(max(y - 0.5, 0.0), ny - 1.0), min(max(y + 0.5, 0.0), ny - 1.0)
    z0, z1 = min(max(z - 0.5, 0.0), nz - 1.0), min(max(z + 0.5, 0.0), nz - 1.0)
    slope[0] = (trilinear(values, x1, y, z) - trilinear(values, x0, y, z)) / max(x1 - x0, 0.5)
    slope[1] = (trilinear(values, x, y1, z) - trilinear(values, x, y0, z)) / max(y1 - y0, 0.5)
    slope[2] = (trilinear(values, x, y, z1) - trilinear(values, x, y, z0)) / max(z1 - z0, 0.5)


@no_type_check
@njit(cache=True, nogil=True)
def _sample(values, points):
    result = np.empty(len(points), np.float32)
    for p in range(len(points)):
        result[p] = trilinear(values, points[p, 0], points[p, 1], points[p, 2])
    return result


@no_type_check
@njit(cache=True, nogil=True)
def _gradient(values, points):
    result = np.empty((len(points), 3), np.float32)
    for p in range(len(points)):
        slope_at(values, points[p, 0], points[p, 1], points[p, 2], result[p])
    return result
