"""Bring a photograph onto a surface's texture: projection, with how far each texel may be trusted.

Each texel is a point of the surface; where the camera sees that point, the photograph has its colour. A point is
seen when nothing in the depth map lies before it. It is trusted less the more the surface turns away, and not at all
within a few pixels of an edge of the matte or of another limb, where a misfit would bring in somebody else's colour.
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Float32, Int, Int32, UInt8
from numpy import ndarray
from scipy import ndimage

from omote.parts.body.matting import depth_in
from omote.parts.render.visibility import rasterise
from omote.parts.space.camera import Camera


@dataclass(frozen=True, kw_only=True)
class TextureConfig:
    """Size of the texture and what counts as well seen."""

    size: int = 2048
    """Texels along each side."""
    grazing: tuple[float, float] = (0.2, 0.5)
    """Cosines to the viewing ray between which trust grows from none to full."""
    margin: tuple[float, float] = (1.5, 3.5)
    """Pixels from an edge between which trust grows from none to full, of a person 800 pixels high or more."""
    step: float = 0.03
    """Metres of depth between neighbouring pixels that make an edge between limbs."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Atlas:
    """Which point of the surface each covered texel is."""

    size: int
    texel: Int[ndarray, " t"]
    """Index into the flattened square."""
    faces: Int32[ndarray, " t"]
    barycentrics: Float32[ndarray, "t 3"]

    @staticmethod
    def of(uvs: Float32[ndarray, "u 2"], uv_faces: Int32[ndarray, "f 3"], size: int) -> "Atlas":
        """Draw the faces in texture space."""
        flat = np.concatenate([uvs * size, np.ones((len(uvs), 1), np.float32)], 1)
        camera = Camera(
            world_from_camera=np.eye(4), focal=(1.0, 1.0), centre=(0.0, 0.0), size=(size, size), orthographic=True
        )
        drawn = rasterise(flat, uv_faces, camera)
        texel = np.flatnonzero(drawn.faces >= 0)
        return Atlas(
            size=size,
            texel=texel,
            faces=drawn.faces.ravel()[texel],
            barycentrics=drawn.barycentrics.reshape(-1, 3)[texel],
        )

    def of_vertices(self, values: Float[ndarray, "v c"], faces: Int32[ndarray, "f 3"]) -> Float[ndarray, "t c"]:
        """Interpolate what vertices have to the texels."""
        corners = faces[self.faces]
        first, second, third = (values[corners[:, i]] * self.barycentrics[:, i, None] for i in range(3))
        return first + second + third

    def picture(self, colours: Float[ndarray, "t 3"]) -> UInt8[ndarray, "s s 4"]:
        """Lay texel colours (0..255) into a square; what no face covers gets the nearest colour."""
        square = np.zeros((self.size * self.size, 4), np.uint8)
        square[self.texel, :3] = np.clip(colours + 0.5, 0, 255)
        square[self.texel, 3] = 255
        square = square.reshape(self.size, self.size, 4)
        row, column = np.asarray(
            ndimage.distance_transform_edt(square[..., 3] == 0, return_distances=False, return_indices=True)
        )
        return square[row, column]


@dataclass(frozen=True, kw_only=True, eq=False)
class View:
    """A photograph of a surface: what it shows of each point, and how well."""

    colours: Float32[ndarray, "h w 3"]
    """Of the person, 0..255."""
    camera: Camera
    depth: Float32[ndarray, "h w"]
    """Of the surface, metres; infinite beside it."""
    margin: Float32[ndarray, "h w"]
    """Pixels to the nearest edge, of the matte or between limbs, as if the person were 800 pixels high."""

    @staticmethod
    def of(
        vertices: Float32[ndarray, "v 3"],
        faces: Int32[ndarray, "f 3"],
        foreground: UInt8[ndarray, "h w 3"],
        alpha: Float32[ndarray, "h w"],
        camera: Camera,
        step: float,
    ) -> "View":
        """Look at the surface from where the photograph was taken."""
        depth = rasterise(vertices, faces, camera).depth
        flat = np.where(np.isfinite(depth), depth, 1e3)
        jump = ndimage.maximum_filter(flat, 3) - ndimage.minimum_filter(flat, 3) > step
        solid = (alpha > 0.9) & ~jump
        # The frame's cut is no edge: the person goes on beyond it.
        margin = depth_in(np.pad(solid, 1, constant_values=True))[1:-1, 1:-1]
        height = float(np.ptp(np.flatnonzero((alpha > 0.5).any(1)), axis=0)) if (alpha > 0.5).any() else 800.0
        margin = margin / np.clip(height / 800, 0.4, 1)
        return View(colours=foreground.astype(np.float32), camera=camera, depth=depth, margin=margin.astype(np.float32))

    def blurred(self, sigma: float) -> "View":
        """Return the view with colours averaged over a neighbourhood, pixels."""
        smooth = ndimage.gaussian_filter(self.colours, (0.5 * sigma, 0.5 * sigma, 0))
        return replace(self, colours=smooth)

    def look(
        self, points: Float[ndarray, "n 3"], normals: Float[ndarray, "n 3"], config: TextureConfig
    ) -> tuple[Float32[ndarray, "n 3"], Float32[ndarray, " n"]]:
        """Return the photograph's colour at each point, 0..255, and how far it may be trusted, 0..1."""
        pixels, depth = self.camera.project(points)
        pixels = np.nan_to_num(pixels, nan=-1e4)
        colour = sample(self.colours, pixels)
        ray = points - self.camera.position
        facing = -(normals * ray).sum(1) / np.maximum(np.linalg.norm(ray, axis=1), 1e-9)
        h, w = self.camera.size
        inside = ((pixels > 0.5) & (pixels < [w - 0.5, h - 0.5])).all(1)
        y, x = np.clip(pixels[:, 1], 0, h - 1).astype(int), np.clip(pixels[:, 0], 0, w - 1).astype(int)
        seen = inside & (depth - self.depth[y, x] < 0.008 + 0.004 / np.maximum(facing, 0.1)) & (facing > 0)
        edge = sample(self.margin[..., None], pixels)[:, 0]
        trust = seen * _ramp(facing, config.grazing) * _ramp(edge, config.margin)
        return colour, trust.astype(np.float32)


def sample(picture: Float32[ndarray, "h w c"], pixels: Float[ndarray, "n 2"]) -> Float32[ndarray, "n c"]:
    """Return the picture between its pixels (bilinear); beyond the edge the edge's pixel."""
    h, w = picture.shape[:2]
    x, y = np.clip(pixels.T - 0.5, 0, np.array([[w - 1], [h - 1]]))
    left, top = np.minimum(x.astype(int), max(w - 2, 0)), np.minimum(y.astype(int), max(h - 2, 0))
    right, below = np.minimum(left + 1, w - 1), np.minimum(top + 1, h - 1)
    fx, fy = (x - left)[:, None], (y - top)[:, None]
    upper = picture[top, left] * (1 - fx) + picture[top, right] * fx
    lower = picture[below, left] * (1 - fx) + picture[below, right] * fx
    return (upper * (1 - fy) + lower * fy).astype(np.float32)


def _ramp(value: Float[ndarray, " n"], ends: tuple[float, float]) -> Float[ndarray, " n"]:
    """Return 0 below the first end, 1 above the second, smooth between."""
    t = np.clip((value - ends[0]) / (ends[1] - ends[0]), 0, 1)
    return t * t * (3 - 2 * t)
