"""Meshes to pictures, frame by frame.

A frame is laid together from what stands still (background, floor; made once per camera), the shadow on the
floor, and the meshes, which a painter draws within the box they fall in. Painters are exchangeable:
`software` needs nothing but numba, `gl` an OpenGL driver; everything else is shared. A frame depends on its
own vertices alone, never on an earlier one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, no_type_check, runtime_checkable

import numpy as np
from jaxtyping import Float32, UInt8
from numba import njit
from numpy import ndarray

from omote.core.errors import UnavailableError, UsageError
from omote.parts.render.background import Background, Gradient
from omote.parts.render.ground import Ground, cast, is_seen, lay_floor, shade
from omote.parts.render.light import Light
from omote.parts.render.scene import Scene, Stage
from omote.parts.render.software import SoftwarePainter
from omote.parts.render.visibility import SAMPLES
from omote.parts.space.camera import Camera
from omote.parts.space.mesh import Mesh


@runtime_checkable
class Painter(Protocol):
    """Draws meshes without anything around them."""

    backend: str

    def paint(self, stage: Stage) -> UInt8[ndarray, "h w 4"]:
        """Return the stage's window, which has pixels; colours premultiplied by coverage."""
        ...

    def close(self) -> None:
        """Give back what is held."""
        ...


@dataclass(frozen=True, kw_only=True)
class Look:
    """Everything about a picture but the meshes and the camera.

    Raises:
        UsageError: samples are not 1 or 4.
    """

    light: Light = field(default_factory=Light)
    """What shines on the meshes and casts the shadow."""
    ground: Ground | None = field(default_factory=Ground)
    """The floor; None = no floor and no shadow."""
    background: Background = field(default_factory=Gradient)
    """What is behind."""
    samples: int = 4
    """Samples per pixel: 4, or 1 for no anti-aliasing."""
    cull: bool = False
    """Leave out faces seen from behind: faster, right for closed meshes only."""

    def __post_init__(self) -> None:
        if self.samples not in SAMPLES:
            raise UsageError(f"a pixel has 1 or 4 samples, not {self.samples}")


class Rasteriser:
    """Draws a scene for one look; made by `open_rasteriser`, closed by `close` or as a context manager."""

    def __init__(self, scene: Scene, painter: Painter, camera: Camera, look: Look, notes: tuple[str, ...] = ()) -> None:
        self.scene, self.painter, self.camera, self.look = scene, painter, camera, look
        self.notes = notes
        """What a user should know: that OpenGL was not to be had, for instance."""
        self._still: tuple[Camera, UInt8[ndarray, "h w 4"]] | None = None

    @property
    def backend(self) -> str:
        """`gl` or `numba`."""
        return self.painter.backend

    def draw(
        self,
        vertices: Float32[ndarray, "v 3"] | Sequence[Float32[ndarray, "_ 3"]],
        *,
        camera: Camera | None = None,
        normals: Float32[ndarray, "v 3"] | None = None,
    ) -> UInt8[ndarray, "h w 4"]:
        """Return one frame, straight alpha (255 everywhere where there is a background).

        Args:
            vertices: posed, world metres; of all meshes in one array, or one array for each.
            camera: another view than the one given at opening.
            normals: unit vectors at the vertices; computed where absent.

        Raises:
            ShapeError: another number of vertices than the meshes have, or vertices that are not finite.
        """
        camera = camera or self.camera
        joined = self.scene.join(vertices)
        stage = self.scene.stage(joined, camera, self.look.light, normals)
        frame = self._background(camera).copy()
        ground = self.look.ground
        if ground is not None and ground.shadow > 0 and is_seen(ground, camera):
            shade(frame, cast(joined, self.scene.faces, ground, self.look.light.direction), ground, camera)
        if stage.window[2] > stage.window[0]:
            _lay(frame, self.painter.paint(stage), stage.window[0], stage.window[1])
        return frame

    def _background(self, camera: Camera) -> UInt8[ndarray, "h w 4"]:
        floor = self.look.ground is not None and self.look.ground.colour is not None
        kept = self._still
        if kept is None or (kept[0] is not camera and (floor or kept[0].size != camera.size)):
            still = self.look.background.fill(camera.size)
            if self.look.ground is not None:
                still = lay_floor(still, self.look.ground, camera)
            kept = self._still = camera, still
        return kept[1]

    def close(self) -> None:
        """Give back threads or the OpenGL context."""
        self.painter.close()

    def __enter__(self) -> "Rasteriser":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_rasteriser(
    meshes: Mesh | Sequence[Mesh],
    camera: Camera,
    backend: Literal["auto", "gl", "numba"] = "auto",
    *,
    look: Look | None = None,
) -> Rasteriser:
    """Return what draws these meshes.

    Args:
        meshes: topology and textures; their own vertices give the scale of the textures, not the pose.
        camera: the view that frames are drawn from unless told otherwise.
        backend: `auto` takes OpenGL where a graphics card draws it, else numba, and says why in `notes`.
        look: light, floor, background, anti-aliasing.

    Raises:
        UnavailableError: `gl` was asked for and is not to be had.
        UsageError: no mesh, or no such backend.
    """
    look = look or Look()
    scene = Scene([meshes] if isinstance(meshes, Mesh) else list(meshes))
    if backend not in ("auto", "gl", "numba"):
        raise UsageError(f"rasteriser {backend!r} is not one of auto, gl, numba")
    notes: tuple[str, ...] = ()
    if backend != "numba":
        try:
            from omote.parts.render import gl

            if backend == "gl" or gl.graphics_card():
                return Rasteriser(scene, gl.GlPainter(scene, samples=look.samples, cull=look.cull), camera, look)
            notes = ("drawing with the numba rasteriser: OpenGL has no graphics card here, only a CPU driver",)
        except UnavailableError as error:
            if backend == "gl":
                raise
            notes = (f"drawing with the numba rasteriser: {error}",)
    return Rasteriser(scene, SoftwarePainter(scene, samples=look.samples, cull=look.cull), camera, look, notes)


@no_type_check
@njit(cache=True, nogil=True, error_model="numpy")
def _lay(frame, layer, left, top):
    """Lay premultiplied colours over a frame of straight alpha, in place."""
    full, half = np.float32(255), np.float32(0.5)
    for y in range(layer.shape[0]):
        for x in range(layer.shape[1]):
            over = layer[y, x, 3]
            if over == 0:
                continue
            below = np.float32(frame[y + top, x + left, 3])
            under = below * (full - np.float32(over)) / full
            alpha = np.float32(over) + under
            for c in range(3):
                mixed = np.float32(layer[y, x, c]) * full + np.float32(frame[y + top, x + left, c]) * under
                frame[y + top, x + left, c] = np.uint8(mixed / alpha + half)
            frame[y + top, x + left, 3] = np.uint8(alpha + half)
