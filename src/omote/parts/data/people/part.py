"""One piece of a synthetic person as a renderer or a file takes it: geometry, texture and what it is."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Int32, UInt8
from numpy import ndarray

from omote.core.errors import ShapeError
from omote.parts.space.mesh import check_faces


@dataclass(frozen=True, kw_only=True, eq=False)
class Part:
    """A textured triangle mesh with one label.

    Raises:
        ShapeError: a face names a vertex that is not there, or the numbers of vertices disagree.
    """

    name: str
    label: str
    """What a label map calls it: `skin`, `iris`, `tooth`, ..."""
    vertices: Float32[ndarray, "v 3"]
    """World metres."""
    faces: Int32[ndarray, "f 3"]
    """Counter-clockwise seen from outside."""
    uvs: Float32[ndarray, "v 2"]
    """In 0..1; v = 0 is the texture's top edge. Vertices are doubled where the texture has a seam."""
    albedo: UInt8[ndarray, "th tw 3"]
    """sRGB; one texel where the part has one colour."""
    gloss: UInt8[ndarray, "gh gw"]
    """Mirror reflection of a dielectric seen head-on: 255 is 0.1; skin about 70, wet eyes about 60."""
    roughness: UInt8[ndarray, "gh gw"]
    """Square root of the width of the highlight, GGX alpha = roughness squared; 255 is 1."""
    height: Float32[ndarray, "hh hw"] | None = None
    """Relief above the mesh, metres, laid out as `albedo`."""
    colours: UInt8[ndarray, "v 3"] | None = None
    """sRGB at each vertex; multiplies `albedo` where there is one."""
    clear: bool = False
    """Whether only its mirror reflection is seen: a cornea."""
    closed: bool = True
    """Whether it bounds a volume, alone or, as the pieces of a body do, with parts of the same `name` prefix."""

    def __post_init__(self) -> None:
        check_faces(self.faces, len(self.vertices))
        if len(self.uvs) != len(self.vertices):
            raise ShapeError(f"part {self.name!r} has {len(self.vertices)} vertices but {len(self.uvs)} uvs")
        if self.colours is not None and len(self.colours) != len(self.vertices):
            raise ShapeError(f"part {self.name!r} has {len(self.vertices)} vertices but {len(self.colours)} colours")


def plain(value: int) -> UInt8[ndarray, "1 1"]:
    """Return a map of one texel."""
    return np.full((1, 1), value, np.uint8)


def white() -> UInt8[ndarray, "1 1 3"]:
    """Return an albedo that leaves the vertices' colours as they are."""
    return np.full((1, 1, 3), 255, np.uint8)
