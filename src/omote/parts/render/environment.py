"""Surroundings: a panorama of light, its nine harmonics, and the sun or lamps that are too small for nine numbers.

The harmonics are the projection of the panorama (Ramamoorthi and Hanrahan 2001), each row weighted by its exact solid
angle. A sun would ring in nine numbers and cast no shadow; so it is kept apart as a `Distant` light, and the harmonics
hold what is left. `background` shows the panorama as a lens sees it.

Panorama: equirectangular, linear, row 0 looks up (+y). Its middle column looks along -z, what a camera before the
person sees behind it; columns grow to the right, a quarter further on looks along +x.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Float, Float32, Float64
from numpy import ndarray

from omote.core.errors import InputError, ShapeError
from omote.parts.render.lighting import Distant, Light, Surround
from omote.parts.space.camera import Camera
from omote.parts.space.harmonics import basis, from_pifu, rotated

LARGEST = 1 << 27
"""Values in a panorama that is read, at most."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Environment:
    """Light around a scene.

    Raises:
        ShapeError: the panorama is not finite [h w 3] of at least 2 x 4.
    """

    name: str
    panorama: Float32[ndarray, "h w 3"]
    """All that is seen, sun and lamps too; radiance, 1 = white."""
    harmonics: Float32[ndarray, "9 3"]
    """Of the panorama without `suns`, as in `space.harmonics`."""
    suns: tuple[Distant, ...] = ()
    """What shines with shadows of its own."""

    def __post_init__(self) -> None:
        check_panorama(self.panorama)

    @property
    def lights(self) -> tuple[Light, ...]:
        """What to render with."""
        return (Surround(harmonics=self.harmonics), *self.suns)

    def turned(self, angle: float) -> "Environment":
        """Return the surroundings turned about the vertical, radians; what was ahead (-z) moves towards -x first."""
        c, s = np.cos(angle), np.sin(angle)
        rotation = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
        directions = panorama_directions(self.panorama.shape[:2]) @ rotation  # the inverse, from the right
        suns = (
            replace(sun, towards=tuple(float(x) for x in rotation @ np.array(sun.towards, np.float64)))
            for sun in self.suns
        )
        return Environment(
            name=self.name,
            panorama=look(self.panorama, directions),
            harmonics=rotated(self.harmonics, rotation).astype(np.float32),
            suns=tuple(suns),
        )

    def background(self, camera: Camera, *, fov: float = 0.9) -> Float32[ndarray, "h w 3"]:
        """Return what a camera sees of the panorama, linear.

        Args:
            camera: the view; an orthographic one has no angle, and takes `fov`.
            fov: radians that an orthographic picture's height spans.
        """
        h, w = camera.size
        y, x = np.mgrid[0:h, 0:w] + 0.5
        pixels = np.stack([x, y], -1)
        if camera.orthographic:
            focal = h / (2 * np.tan(fov / 2))
            camera = replace(camera, orthographic=False, focal=(focal, focal), centre=(w / 2, h / 2))
        return look(self.panorama, camera.rays(pixels)[1])


def check_panorama(panorama: ndarray) -> None:
    """Make sure that a panorama is one.

    Raises:
        ShapeError: not finite [h w 3] of at least 2 x 4.
    """
    if panorama.ndim != 3 or panorama.shape[2] != 3 or panorama.shape[0] < 2 or panorama.shape[1] < 4:
        raise ShapeError(f"a panorama is [h w 3] of at least 2 x 4 pixels, not {list(panorama.shape)}")
    if not np.isfinite(panorama).all():
        raise ShapeError("a panorama holds finite numbers; repair it before use")


def panorama_directions(size: tuple[int, int]) -> Float64[ndarray, "h w 3"]:
    """Return the unit direction of each pixel's centre."""
    h, w = size
    down, around = np.pi * (np.arange(h) + 0.5) / h, 2 * np.pi * ((np.arange(w) + 0.5) / w - 0.5)
    ring, height = np.sin(down)[:, None], np.cos(down)[:, None]
    return np.stack([ring * np.sin(around), np.broadcast_to(height, (h, w)), -ring * np.cos(around)], -1)


def solid_angles(size: tuple[int, int]) -> Float64[ndarray, "h 1"]:
    """Return the solid angle of one pixel of each row; all pixels together have 4 pi."""
    edges = np.cos(np.pi * np.arange(size[0] + 1) / size[0])
    return (2 * np.pi / size[1] * (edges[:-1] - edges[1:]))[:, None]


def project(panorama: Float[ndarray, "h w 3"]) -> Float32[ndarray, "9 3"]:
    """Return the nine harmonics of a panorama.

    Raises:
        ShapeError: as `check_panorama`.
    """
    check_panorama(panorama)
    size = (panorama.shape[0], panorama.shape[1])
    weighted = basis(panorama_directions(size)) * solid_angles(size)[..., None]
    return np.einsum("hwi,hwc->ic", weighted, panorama.astype(np.float64)).astype(np.float32)


def look(panorama: Float[ndarray, "h w 3"], directions: Float[ndarray, "*n 3"]) -> Float32[ndarray, "*n 3"]:
    """Return the panorama's light from directions of any length, read bilinearly."""
    h, w = panorama.shape[:2]
    x, y, z = np.moveaxis(directions.astype(np.float64), -1, 0)
    row = np.arctan2(np.hypot(x, z), y) / np.pi * h - 0.5
    column = (np.arctan2(x, -z) / (2 * np.pi) + 0.5) * w - 0.5
    top, left = np.floor(row).astype(int), np.floor(column).astype(int)
    fy, fx = (row - top)[..., None], (column - left)[..., None]
    above, below = np.clip(top, 0, h - 1), np.clip(top + 1, 0, h - 1)
    upper = panorama[above, left % w] * (1 - fx) + panorama[above, (left + 1) % w] * fx
    lower = panorama[below, left % w] * (1 - fx) + panorama[below, (left + 1) % w] * fx
    return (upper * (1 - fy) + lower * fy).astype(np.float32)


def from_panorama(panorama: Float[ndarray, "h w 3"], name: str = "panorama", *, sun: bool = True) -> Environment:
    """Return the surroundings that a panorama shows.

    Args:
        panorama: radiance.
        name: of the result.
        sun: take the brightest spot out of the harmonics where it outshines the rest, and make it a light with shadows.

    Raises:
        ShapeError: as `check_panorama`.
    """
    check_panorama(panorama)
    light = np.maximum(panorama, 0).astype(np.float32)
    rest, suns = _without_sun(light) if sun else (light, ())
    return Environment(name=name, panorama=light, harmonics=project(rest), suns=suns)


def _without_sun(panorama: Float32[ndarray, "h w 3"]) -> tuple[Float32[ndarray, "h w 3"], tuple[Distant, ...]]:
    """Return the panorama with its brightest spot cut down to its surroundings, and that spot as a light."""
    size = (panorama.shape[0], panorama.shape[1])
    directions, grey = panorama_directions(size), panorama.mean(-1)
    middle = directions.reshape(-1, 3)[int(grey.argmax())]
    level = 4 * float(np.percentile(grey, 99)) if grey.size >= 400 else 4 * float(np.median(grey))
    spot = (grey > level) & (directions @ middle > np.cos(0.3))
    excess = panorama * (spot * (1 - level / np.maximum(grey, 1e-9)))[..., None]
    sent = excess * solid_angles(size)[..., None]
    colour = sent.sum((0, 1)) / np.pi
    if not colour.mean() > 0.15 * float((panorama * solid_angles(size)[..., None]).sum((0, 1)).mean()) / np.pi:
        return panorama, ()
    weight = sent.sum(-1)
    towards = (directions * weight[..., None]).sum((0, 1))
    towards /= np.linalg.norm(towards)
    off = np.arccos(np.clip(directions @ towards, -1, 1))
    # A disc of radius r has a mean square distance of r^2 / 2 from its middle.
    radius = float(np.clip(np.tan(np.sqrt(2 * (weight * off * off).sum() / weight.sum())), 0.005, 0.3))
    light = Distant(
        towards=(float(towards[0]), float(towards[1]), float(towards[2])),
        colour=(float(colour[0]), float(colour[1]), float(colour[2])),
        radius=radius,
    )
    return panorama - excess, (light,)


def read_panorama(path: Path) -> Float32[ndarray, "h w 3"]:
    """Return a panorama from a file: Radiance (.hdr, .pic), or numpy (.npy, [h w 3]).

    Raises:
        InputError: the file is not one of these, or damaged.
    """
    if path.suffix.lower() in (".hdr", ".pic", ".rgbe"):
        from omote.parts.render.radiance_file import read_radiance

        return read_radiance(path)
    panorama = _read_array(path)
    if panorama.ndim != 3 or panorama.shape[2] != 3 or min(panorama.shape) < 2 or not np.isfinite(panorama).all():
        raise InputError(f"{path.name} holds {list(panorama.shape)}; a panorama is finite numbers [h w 3]")
    return panorama.astype(np.float32)


def read_harmonics(path: Path) -> Float32[ndarray, "n 9 3"]:
    """Return the environments of a file as PIFu has it (.npy, [n 9 3], radiance / pi), as radiance.

    Raises:
        InputError: the file is not one of these.
    """
    coefficients = _read_array(path)
    if coefficients.ndim != 3 or coefficients.shape[1:] != (9, 3) or not np.isfinite(coefficients).all():
        raise InputError(f"{path.name} holds {list(coefficients.shape)}; environments are finite numbers [n 9 3]")
    return from_pifu(coefficients.astype(np.float64))


def _read_array(path: Path) -> ndarray:
    """Return the floats of a .npy file; code in it is never run."""
    try:
        array = np.load(path, allow_pickle=False, mmap_mode="r")
    except (OSError, ValueError, EOFError) as error:
        raise InputError(f"{path.name} cannot be read as numbers of numpy (.npy): {error}") from error
    if not isinstance(array, np.ndarray) or array.dtype.kind != "f" or array.size > LARGEST:
        raise InputError(f"{path.name} must hold one array of floats, of at most {LARGEST} values")
    return np.array(array)
