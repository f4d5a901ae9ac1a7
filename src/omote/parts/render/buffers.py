"""Pictures with exact truth: colours, and of each pixel's centre all that made them.

One pass finds the nearest face (`visibility`) at each pixel's centre and at four more samples of it. Truth is what the
centre sees, so that label, depth, normal, albedo, shading and occlusion belong to one point of one surface. The colour
is the mean of the four in linear light, each with its own texture, light and shadow rays, and so is free of steps at
edges of shapes and of shadows alike. The same bits come out for any number of threads.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple, no_type_check

import numpy as np
from jaxtyping import Float, Float32, Int32, UInt8
from numba import njit
from numpy import ndarray

from omote.core.errors import ShapeError, UsageError
from omote.parts.render import visibility
from omote.parts.render.light import UNLIT
from omote.parts.render.lighting import Light, lamps, sky
from omote.parts.render.scene import Stage
from omote.parts.render.shading import SCRATCH, Geometry, from_lamps, from_sky, surface, turn_of, weights
from omote.parts.render.subject import Subject
from omote.parts.render.visibility import Skin, scan
from omote.parts.space.camera import Camera

OFFSETS = {1: visibility.SAMPLES[1], 4: np.concatenate([visibility.SAMPLES[1], visibility.SAMPLES[4]])}
"""(x, y) of the samples of a pixel: its centre, then those that make the colour."""
NOTHING = -1
"""Label, face and part where there is no surface."""


class Planes(NamedTuple):
    """What compiled code fills; as in `Buffers`."""

    rgb: Float32[ndarray, "h w 3"]
    alpha: Float32[ndarray, "h w"]
    depth: Float32[ndarray, "h w"]
    normal: Float32[ndarray, "h w 3"]
    albedo: Float32[ndarray, "h w 3"]
    position: Float32[ndarray, "h w 3"]
    shading: Float32[ndarray, "h w 3"]
    occlusion: Float32[ndarray, "h w"]
    face: Int32[ndarray, "h w"]
    part: Int32[ndarray, "h w"]
    layers: Float32[ndarray, "k h w 3"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Buffers:
    """A picture of a subject, nothing around it; zero where there is no surface unless said otherwise."""

    rgb: Float32[ndarray, "h w 3"]
    """Linear, multiplied by `alpha`; above 1 where it is over-exposed."""
    alpha: Float32[ndarray, "h w"]
    """Part of the pixel that is covered."""
    depth: Float32[ndarray, "h w"]
    """Metres along the optical axis; infinite where there is nothing."""
    normal: Float32[ndarray, "h w 3"]
    """World, unit, relief included; towards the eye where a face is seen from behind."""
    albedo: Float32[ndarray, "h w 3"]
    """Linear."""
    position: Float32[ndarray, "h w 3"]
    """World metres."""
    shading: Float32[ndarray, "h w 3"]
    """Irradiance / pi, shadows included: colour is albedo * shading + highlight."""
    occlusion: Float32[ndarray, "h w"]
    """The part of a white sky that arrives, 0..1."""
    label: Int32[ndarray, "h w"]
    """The part's own label; -1 where there is nothing."""
    part: Int32[ndarray, "h w"]
    """Index into the subject's parts, or -1."""
    face: Int32[ndarray, "h w"]
    """Index into the faces of all parts, one after another, or -1."""
    layers: Float32[ndarray, "k h w 3"]
    """What each light adds to `rgb`, in the order given; none unless asked for."""
    camera: Camera
    """The view."""

    def over(self, background: Float[ndarray, "h w 3"]) -> Float32[ndarray, "h w 3"]:
        """Return the picture before a background, both linear.

        Raises:
            ShapeError: the background is of another size.
        """
        if background.shape != self.rgb.shape:
            raise ShapeError(f"the picture is {list(self.rgb.shape)}, its background {list(background.shape)}")
        return self.rgb + (1 - self.alpha[..., None]) * background.astype(np.float32)

    def srgb(self, background: Float[ndarray, "h w 3"] | None = None) -> UInt8[ndarray, "h w 3"]:
        """Return the picture for the eye, before a linear background or black."""
        return to_srgb(self.rgb if background is None else self.over(background))

    def rgba(self) -> UInt8[ndarray, "h w 4"]:
        """Return the picture for the eye with straight alpha."""
        straight = self.rgb / np.maximum(self.alpha, 1e-6)[..., None]
        return np.dstack([to_srgb(straight), np.rint(self.alpha * 255).astype(np.uint8)])


def render(
    subject: Subject,
    camera: Camera,
    lights: Sequence[Light],
    *,
    size: tuple[int, int] | None = None,
    samples: int = 4,
    rays: int = 2,
    each: bool = False,
) -> Buffers:
    """Return the picture of a subject and its truth.

    Args:
        subject: what is seen.
        camera: the view.
        lights: what shines; none gives truth alone, and black.
        size: (height, width), if not the camera's own.
        samples: of each pixel's colour: 4, or 1 for the centre alone.
        rays: shadow rays of each sample to each light that has a size.
        each: give also what each light does alone.

    Raises:
        UsageError: samples are not 1 or 4, or no ray.
        ShapeError: vertices are not finite.
    """
    if samples not in OFFSETS:
        raise UsageError(f"a pixel has 1 or 4 samples, not {samples}")
    if rays < 1:
        raise UsageError(f"a light with a size needs at least one ray, not {rays}")
    camera = camera if size is None else camera.resized(size)
    stage = subject.scene.stage(subject.vertices, camera, UNLIT, subject.normals)
    planes = _planes(camera.size, len(lights) if each else 0)
    if stage.window[2] > stage.window[0]:
        _draw(subject, stage, lights, OFFSETS[samples], rays, planes)
    labels = np.where(planes.part < 0, NOTHING, subject.labels[planes.part]).astype(np.int32)
    return Buffers(label=labels, camera=camera, **planes._asdict())


def _planes(size: tuple[int, int], layers: int) -> Planes:
    """Return a picture of nothing."""
    colour, number = (*size, 3), np.float32
    return Planes(
        rgb=np.zeros(colour, number),
        alpha=np.zeros(size, number),
        depth=np.full(size, np.inf, number),
        normal=np.zeros(colour, number),
        albedo=np.zeros(colour, number),
        position=np.zeros(colour, number),
        shading=np.zeros(colour, number),
        occlusion=np.zeros(size, number),
        face=np.full(size, NOTHING, np.int32),
        part=np.full(size, NOTHING, np.int32),
        layers=np.zeros((layers, *colour), number),
    )


def _draw(subject: Subject, stage: Stage, lights: Sequence[Light], offsets: ndarray, rays: int, planes: Planes) -> None:
    """Fill the planes."""
    scene, atlas, camera = subject.scene, subject.scene.atlas, stage.camera
    triangles = visibility.prepare(stage.homogeneous, stage.keys, scene.faces, stage.window, camera, cull=False)
    skin = Skin(
        cut=scene.face_cut, faces=scene.faces, uvs=scene.uvs, lods=stage.lods, texture=scene.face_texture,
        texels=atlas.texels, table=atlas.table, levels=atlas.levels,
    )  # fmt: skip
    geometry = Geometry(
        faces=scene.faces, vertices=subject.vertices, normals=subject.normals, colours=subject.colours,
        open=subject.open,
    )  # fmt: skip
    somewhere, everywhere = lamps(lights), sky(lights, subject.transfer)
    eye = np.array([*(-camera.forward if camera.orthographic else camera.position), not camera.orthographic])
    limit, orthographic = visibility.nearest_key(camera), camera.orthographic

    def draw(first: int, end: int) -> None:
        _shade(
            triangles.edges, triangles.key, triangles.box, limit, orthographic, stage.window[0], stage.window[2],
            first, end, offsets, skin, geometry, subject.gloss, subject.relief, eye.astype(np.float32), everywhere,
            somewhere, subject.obstacle, rays, planes,
        )  # fmt: skip

    with ThreadPoolExecutor(visibility.threads()) as pool:
        visibility.over_bands(pool, draw, stage.window[1], stage.window[3])


@no_type_check
@njit(cache=True, nogil=True, error_model="numpy")
def _shade(
    edges, key, box, limit, orthographic, left, right, y0, y1, offsets, skin, geometry, gloss, relief, eye, sky, lamps,
    obstacle, rays, planes,
):  # fmt: skip
    count = len(offsets)
    seen = max(1, count - 1)
    ids = np.empty((y1 - y0, right - left, count), np.int32)
    keys = np.empty((y1 - y0, right - left, count), np.float32)
    scan(edges, key, box, limit, left, y0, y1, offsets, skin, ids, keys)
    p, stack = np.zeros(SCRATCH, np.float32), np.empty(96, np.int32)
    matt, shine = np.empty(3, np.float32), np.empty(3, np.float32)
    layers = np.zeros((len(planes.layers), 3), np.float32)
    portion = np.float32(1 / seen)
    for row in range(y1 - y0):
        y = row + y0
        for column in range(right - left):
            x = column + left
            turn = -1.0
            for s in range(count):
                f = ids[row, column, s]
                if f < 0:
                    continue
                if turn < 0:
                    turn = turn_of(x, y)
                a, b, c = weights(f, edges, x + offsets[s, 0], y + offsets[s, 1])
                surface(f, a, b, c, eye, skin, geometry, gloss, relief, p)
                matt[:], shine[:], layers[:] = 0, 0, 0
                from_sky(f, a, b, c, geometry.faces, sky, p, matt, shine, layers)
                # The centre's rays are as many as a sample's, yet spread over the whole disc.
                at, total = (0, rays) if s == 0 else ((s - 1) * rays, seen * rays)
                from_lamps(lamps, obstacle, rays, at, total, turn, p, matt, shine, layers, stack)
                if s == 0:
                    nearness = keys[row, column, 0]
                    planes.depth[y, x] = -nearness if orthographic else 1 / nearness
                    _note(f, skin.texture[f], p, matt, y, x, planes)
                if s > 0 or count == 1:
                    planes.alpha[y, x] += portion
                    for channel in range(3):
                        planes.rgb[y, x, channel] += portion * (p[channel] * matt[channel] + shine[channel])
                        for light in range(len(layers)):
                            planes.layers[light, y, x, channel] += portion * layers[light, channel]


@no_type_check
@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _note(f, part, p, matt, y, x, planes):
    """Write what a pixel's centre sees."""
    planes.face[y, x] = f
    planes.part[y, x] = part
    planes.occlusion[y, x] = p[11]
    for axis in range(3):
        planes.albedo[y, x, axis] = p[axis]
        planes.normal[y, x, axis] = p[3 + axis]
        planes.position[y, x, axis] = p[6 + axis]
        planes.shading[y, x, axis] = matt[axis]


def to_srgb(linear: Float[ndarray, "*n"]) -> UInt8[ndarray, "*n"]:
    """Return linear light, 0..1 and clipped there, as sRGB of eight bits."""
    flat = np.ascontiguousarray(linear, np.float32).reshape(-1)
    out = np.empty(flat.shape, np.uint8)
    _encode(flat, out)
    return out.reshape(linear.shape)


@no_type_check
@njit(cache=True, nogil=True, error_model="numpy")
def _encode(linear, out):
    for n in range(len(linear)):
        value = linear[n]
        if not value > 0:
            out[n] = 0
        elif value >= 1:
            out[n] = 255
        elif value <= np.float32(0.0031308):
            out[n] = np.uint8(np.float32(3294.6) * value + np.float32(0.5))
        else:
            coded = np.float32(1.055) * value ** np.float32(1 / 2.4) - np.float32(0.055)
            out[n] = np.uint8(np.float32(255) * coded + np.float32(0.5))
