"""What stands before the camera: parts, each a mesh with its material, a label and a name, joined once.

Everything that does not depend on the view is made here, once for a person and any number of views: normals, levels
of textures, the tree for rays, and which part of the light from all sides reaches each vertex.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Float32, Int32, Int64, UInt8
from numpy import ndarray

from omote.core.errors import ShapeError, UsageError
from omote.parts.render.occlusion import RAYS, occlusion, smoothed, transfer
from omote.parts.render.rays import Obstacle, obstacle
from omote.parts.render.scene import Scene
from omote.parts.render.texture import pack, pyramid
from omote.parts.space.mesh import Mesh, vertex_normals

WHITE = np.full((1, 1, 4), 255, np.uint8)


@dataclass(frozen=True, kw_only=True, eq=False)
class Part:
    """A mesh of one material.

    Raises:
        UsageError: specular or roughness outside 0..1, or a negative label.
        ShapeError: colours, normals, gloss or relief of a wrong shape.
    """

    name: str
    label: int
    """What the label picture shows for it; >= 0."""
    mesh: Mesh
    """Where it is; its texture is the albedo (sRGB), alpha below one half is a hole."""
    colours: Float32[ndarray, "v 3"] | None = None
    """Linear RGB by which the texture is multiplied."""
    normals: Float32[ndarray, "v 3"] | None = None
    """Unit; computed from the mesh where absent."""
    specular: float = 0.0
    """Reflectance of the highlight, seen head on: 0.028 skin, 0.04 most things, 0 matt."""
    roughness: float = 0.5
    """GGX's alpha is its square."""
    gloss: UInt8[ndarray, "gh gw 2"] | None = None
    """Texture: factor on `specular` and roughness in place of `roughness`, 255 = 1."""
    relief: Float32[ndarray, "rh rw"] | None = None
    """Texture: metres by which the surface seems higher than the mesh; changes normals only."""
    casts: bool = True
    """Whether it takes light from others; not so the cornea, or cards of hair, whose holes rays do not see."""

    def __post_init__(self) -> None:
        if not (0 <= self.specular <= 1 and 0 <= self.roughness <= 1 and self.label >= 0):
            raise UsageError(f"part {self.name!r}: specular and roughness lie in 0..1, the label is not negative")
        for name, given in (("colours", self.colours), ("normals", self.normals)):
            if given is not None and given.shape != self.mesh.vertices.shape:
                raise ShapeError(f"part {self.name!r}: {name} are {list(given.shape)}, one row for each vertex wanted")
        if self.gloss is not None and (self.gloss.ndim != 3 or self.gloss.shape[2] != 2 or not self.gloss.size):
            raise ShapeError(f"part {self.name!r}: gloss is uint8 [h w 2], not {list(self.gloss.shape)}")
        if self.relief is not None and (self.relief.ndim != 2 or min(self.relief.shape) < 2):
            raise ShapeError(f"part {self.name!r}: relief is [h w] of at least 2 x 2, not {list(self.relief.shape)}")


def plain_mesh(vertices: Float32[ndarray, "v 3"], faces: Int32[ndarray, "f 3"]) -> Mesh:
    """Return a white mesh without texture coordinates, for parts that have colours at their vertices."""
    return Mesh(vertices=vertices, faces=faces, uvs=np.zeros((len(vertices), 2), np.float32), texture=WHITE)


def opaque(texture: UInt8[ndarray, "h w 3"]) -> UInt8[ndarray, "h w 4"]:
    """Return a texture with an alpha of 255, as `Mesh` wants it."""
    return np.dstack([texture, np.full(texture.shape[:2], 255, np.uint8)])


class Gloss(NamedTuple):
    """Highlights of the parts; a tuple, as compiled code takes it."""

    specular: Float32[ndarray, " p"]
    roughness: Float32[ndarray, " p"]
    which: Int32[ndarray, " p"]
    """The part's gloss texture; -1 = none."""
    finer: Float32[ndarray, " p"]
    """Levels by which that texture is finer than the albedo's."""
    texels: UInt8[ndarray, "n 4"]
    table: Int64[ndarray, "textures levels 3"]
    levels: Int64[ndarray, " textures"]


class Relief(NamedTuple):
    """Slopes of the parts' reliefs; a tuple, as compiled code takes it."""

    which: Int32[ndarray, " p"]
    finer: Float32[ndarray, " p"]
    """Both as in `Gloss`."""
    slopes: Float32[ndarray, "n 2"]
    """Metres of height along u and v, from 0 to 1."""
    table: Int64[ndarray, "textures levels 3"]
    levels: Int64[ndarray, " textures"]


class Subject:
    """Parts ready to be drawn from any side, under any light.

    Args:
        parts: in order; a pixel's `part` is an index into them.
        rays: of each vertex, for occlusion.
    """

    def __init__(self, parts: Sequence[Part], *, rays: int = RAYS) -> None:
        self.parts, self.rays = tuple(parts), rays
        self.scene = Scene([part.mesh for part in parts])
        self.vertices: Float32[ndarray, "v 3"] = self.scene.join([part.mesh.vertices for part in parts])
        self.colours: Float32[ndarray, "v 3"] = np.concatenate(
            [np.ones_like(part.mesh.vertices) if part.colours is None else part.colours for part in parts]
        )
        self.labels: Int32[ndarray, " p"] = np.array([part.label for part in parts], np.int32)
        self.gloss, self.relief = _gloss(self.parts), _relief(self.parts)

    def moved(self, vertices: Float[ndarray, "v 3"] | Sequence[Float[ndarray, "_ 3"]]) -> "Subject":
        """Return the same parts elsewhere, or in another pose; textures are shared, given normals forgotten.

        Raises:
            ShapeError: not as many vertices as the parts have, or not finite.
        """
        other = copy.copy(self)
        other.vertices = self.scene.join(vertices)
        for name in ("normals", "obstacle", "transfer", "open"):
            other.__dict__.pop(name, None)
        other.__dict__["normals"] = vertex_normals(other.vertices, self.scene.faces, self.scene.weld)
        return other

    @cached_property
    def normals(self) -> Float32[ndarray, "v 3"]:
        """Unit, at the vertices."""
        normals = vertex_normals(self.vertices, self.scene.faces, self.scene.weld)
        starts = np.cumsum([0, *self.scene.counts])
        for part, start, end in zip(self.parts, starts, starts[1:], strict=False):
            if part.normals is not None:
                normals[start:end] = part.normals
        return normals

    @cached_property
    def obstacle(self) -> Obstacle:
        """What may take light away."""
        casts = np.array([part.casts for part in self.parts])
        if not casts.any():
            raise UsageError("no part casts shadows: let at least one of them do so")
        return obstacle(self.vertices, self.scene.faces[casts[self.scene.face_texture]])

    @cached_property
    def transfer(self) -> Float32[ndarray, "v 9"]:
        """As in `occlusion`, smoothed."""
        scene, normals = self.scene, self.normals
        grainy = transfer(self.vertices, normals, self.obstacle, rays=self.rays, weld=scene.weld)
        return smoothed(grainy, self.vertices, normals, scene.faces, scene.weld)

    @cached_property
    def open(self) -> Float32[ndarray, " v"]:
        """The part of a white sky that reaches each vertex, 0..1."""
        return occlusion(self.transfer)


def _finer(part: Part, size: tuple[int, ...]) -> float:
    """Return by how many levels a texture of the part is finer than its albedo."""
    h, w = part.mesh.texture.shape[:2]
    return 0.5 * float(np.log2(size[0] * size[1] / (h * w)))


def _gloss(parts: Sequence[Part]) -> Gloss:
    """Return the highlights of parts."""
    pyramids, which, finer = [pyramid(WHITE)], [], []
    for part in parts:
        which.append(-1 if part.gloss is None else len(pyramids))
        finer.append(0.0 if part.gloss is None else _finer(part, part.gloss.shape))
        if part.gloss is not None:
            pyramids.append(pyramid(np.dstack([part.gloss, np.full_like(part.gloss, 255)])))
    atlas = pack(pyramids)
    return Gloss(
        specular=np.array([part.specular for part in parts], np.float32),
        roughness=np.array([part.roughness for part in parts], np.float32),
        which=np.array(which, np.int32),
        finer=np.array(finer, np.float32),
        texels=atlas.texels,
        table=atlas.table,
        levels=atlas.levels,
    )


def _relief(parts: Sequence[Part]) -> Relief:
    """Return the slopes of parts, each with its halvings; fine slopes average out to none, as they should."""
    chains: list[list[ndarray]] = [[np.zeros((1, 1, 2), np.float32)]]
    which, finer = [], []
    for part in parts:
        which.append(-1 if part.relief is None else len(chains))
        finer.append(0.0 if part.relief is None else _finer(part, part.relief.shape))
        if part.relief is None:
            continue
        down, across = np.gradient(part.relief.astype(np.float32))
        h, w = part.relief.shape
        chain = [np.stack([across * w, down * h], -1)]
        while min(chain[-1].shape[:2]) > 1:
            h, w = (n // 2 for n in chain[-1].shape[:2])
            chain.append(chain[-1][: 2 * h, : 2 * w].reshape(h, 2, w, 2, 2).mean((1, 3)))
        chains.append(chain)
    table = np.zeros((len(chains), max(map(len, chains)), 3), np.int64)
    start = 0
    for number, chain in enumerate(chains):
        for level, slopes in enumerate(chain):
            table[number, level] = start, *slopes.shape[:2]
            start += slopes.shape[0] * slopes.shape[1]
    return Relief(
        which=np.array(which, np.int32),
        finer=np.array(finer, np.float32),
        slopes=np.concatenate([slopes.reshape(-1, 2) for chain in chains for slopes in chain]).astype(np.float32),
        table=table,
        levels=np.array([len(chain) for chain in chains]),
    )
