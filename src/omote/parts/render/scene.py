"""What is drawn: meshes joined into one, and per frame the numbers that both rasterisers start from.

Both rasterisers take the same projected vertices, gains of light and levels of detail, all computed here, so
that they can only differ in which pixels a triangle covers and in how a texture is read.

Level of detail: log2 of the texels along a pixel, from the texture's density on the surface, the distance
and, for half of its effect, the slant; it is a property of the vertex and interpolated, needs no screen
derivatives, and does not break at edges of triangles.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int32
from numpy import ndarray
from scipy.ndimage import binary_dilation

from omote.core.errors import ShapeError, UsageError
from omote.parts.render.light import Light, gains
from omote.parts.render.texture import pack, pyramid, texel_density, with_margin
from omote.parts.render.visibility import project_vertices, rasterise
from omote.parts.space.camera import Camera
from omote.parts.space.mesh import Mesh, vertex_normals

SHARPEN = 0.3
"""Levels by which textures are read finer than one texel per pixel; blending of levels would look soft otherwise."""


FARTHEST = 1e6
"""Metres from the world's origin within which meshes are drawn."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Stage:
    """One frame's vertices, ready to be drawn."""

    homogeneous: Float64[ndarray, "v 3"]
    """(x w, y w, w), pixels of the whole frame."""
    keys: Float64[ndarray, " v"]
    """As in `visibility`."""
    depth: Float64[ndarray, " v"]
    """Metres along the optical axis."""
    gains: Float32[ndarray, "v 3"]
    """Factors of light on sRGB values."""
    lods: Float32[ndarray, " v"]
    """Level of detail, unclamped."""
    window: tuple[int, int, int, int]
    """x0 y0 x1 y1, the pixels of the frame that can be covered; empty where nothing is in view."""
    camera: Camera
    """The view."""


class Scene:
    """Several textured meshes as one."""

    def __init__(self, meshes: Sequence[Mesh]) -> None:
        if not meshes:
            raise UsageError("there is nothing to draw: give at least one mesh")
        starts = np.cumsum([0, *(len(mesh.vertices) for mesh in meshes)])
        self.counts = [len(mesh.vertices) for mesh in meshes]
        self.faces: Int32[ndarray, "f 3"] = np.concatenate(
            [mesh.faces + np.int32(start) for mesh, start in zip(meshes, starts, strict=False)]
        )
        self.face_ranges = np.cumsum([0, *(len(mesh.faces) for mesh in meshes)])
        self.uvs: Float32[ndarray, "v 2"] = np.concatenate([mesh.uvs for mesh in meshes])
        self.weld: Int32[ndarray, " v"] = np.concatenate(
            [
                (np.arange(len(mesh.vertices), dtype=np.int32) if mesh.weld is None else mesh.weld) + np.int32(start)
                for mesh, start in zip(meshes, starts, strict=False)
            ]
        )
        self.density: Float64[ndarray, " v"] = np.concatenate([texel_density(mesh) for mesh in meshes])
        textures, cut = [], []
        for mesh in meshes:
            used = used_texels(mesh.uvs, mesh.faces, mesh.texture.shape[:2])
            textures.append(with_margin(mesh.texture, used))
            cut.append(bool((mesh.texture[used, 3] < 255).any()))
        self.cut: list[bool] = cut
        """Which meshes have holes in their texture's alpha."""
        self.face_texture: Int32[ndarray, " f"] = np.repeat(
            np.arange(len(meshes), dtype=np.int32), np.diff(self.face_ranges)
        )
        self.face_cut: Bool[ndarray, " f"] = np.array(cut)[self.face_texture]
        self.pyramids = [pyramid(texture) for texture in textures]
        self.atlas = pack(self.pyramids)

    def join(self, vertices: ndarray | Sequence[ndarray]) -> Float32[ndarray, "v 3"]:
        """Return one array of the vertices of all meshes.

        Raises:
            ShapeError: not the number of vertices that the meshes have, or one is not finite or absurdly far away.
        """
        joined = vertices if isinstance(vertices, np.ndarray) else np.concatenate(list(vertices))
        if joined.shape != (len(self.uvs), 3):
            raise ShapeError(f"the meshes have {self.counts} vertices; the ones to draw are {list(joined.shape)}")
        if not (np.abs(joined) < FARTHEST).all():
            raise ShapeError(
                f"vertices to draw must be finite and within {FARTHEST:.0f} m; check the pose and the unit"
            )
        return np.ascontiguousarray(joined, np.float32)

    def stage(
        self,
        vertices: Float32[ndarray, "v 3"],
        camera: Camera,
        light: Light,
        normals: Float32[ndarray, "v 3"] | None = None,
    ) -> Stage:
        """Return what a frame's vertices look like from a camera.

        Args:
            vertices: world metres, at the scale of the meshes' own vertices.
            camera: the view.
            light: what shines on them.
            normals: unit vectors; computed where absent.

        Raises:
            ShapeError: vertices are not finite.
        """
        homogeneous, keys = project_vertices(vertices, camera)
        if normals is None:
            normals = vertex_normals(vertices, self.faces, self.weld)
        depth = -keys if camera.orthographic else homogeneous[:, 2]
        return Stage(
            homogeneous=homogeneous,
            keys=keys,
            depth=depth,
            gains=gains(normals, light),
            lods=self._lods(vertices, normals, np.maximum(homogeneous[:, 2], camera.near), camera),
            window=_window(homogeneous, depth, camera),
            camera=camera,
        )

    def _lods(self, vertices: ndarray, normals: ndarray, w: ndarray, camera: Camera) -> Float32[ndarray, " v"]:
        if camera.orthographic:
            facing = normals @ camera.forward.astype(np.float32)
        else:
            towards = vertices - camera.position.astype(np.float32)
            facing = np.einsum("va,va->v", normals, towards) / (np.linalg.norm(towards, axis=-1) + np.float32(1e-9))
        texels = self.density * w / np.sqrt(camera.focal[0] * camera.focal[1])
        texels = np.maximum(texels, 1e-6) / np.sqrt(np.maximum(np.abs(facing), 0.1))
        return (np.log2(texels) - SHARPEN).astype(np.float32)


def used_texels(
    uvs: Float32[ndarray, "v 2"], faces: Int32[ndarray, "f 3"], size: tuple[int, int]
) -> Bool[ndarray, "h w"]:
    """Return which texels of a (height, width) texture the faces use, with the ring that bilinear sampling reads."""
    flat = np.concatenate([uvs * np.array([size[1], size[0]], np.float32), np.ones_like(uvs[:, :1])], 1)
    above = Camera(world_from_camera=np.eye(4), focal=(1.0, 1.0), centre=(0.0, 0.0), size=size, orthographic=True)
    return binary_dilation(rasterise(flat, faces, above).faces >= 0, np.ones((3, 3), bool))


def _window(homogeneous: ndarray, depth: ndarray, camera: Camera) -> tuple[int, int, int, int]:
    """Return the box of the pixels that vertices can cover; the whole frame where some are behind the camera."""
    height, width = camera.size
    front = depth > camera.near
    if not front.any():
        return 0, 0, 0, 0
    if not front.all():
        return 0, 0, width, height
    pixels = (homogeneous[:, :2] / homogeneous[:, 2:]).T.copy()
    low, high = np.floor(pixels.min(1)), np.ceil(pixels.max(1))
    x0, y0 = (int(np.clip(v, 0, n)) for v, n in zip(low, (width, height), strict=True))
    x1, y1 = (int(np.clip(v, 0, n)) for v, n in zip(high, (width, height), strict=True))
    return (x0, y0, x1, y1) if x0 < x1 and y0 < y1 else (0, 0, 0, 0)
