"""Triangle meshes with one texture, and their normals.

A vertex has one position and one texture coordinate; where the texture has a seam the vertex is there twice.
`weld` tells which vertices are the same point of the surface, so that light does not break at the seam.
"""

from dataclasses import dataclass
from typing import no_type_check

import numpy as np
from jaxtyping import Float32, Int32, UInt8
from numba import njit
from numpy import ndarray

from omote.core.errors import ShapeError


@dataclass(frozen=True, kw_only=True, eq=False)
class Mesh:
    """A textured triangle mesh.

    Raises:
        ShapeError: a face names a vertex that is not there, a number is not finite, or the texture is empty.
    """

    vertices: Float32[ndarray, "v 3"]
    """World metres."""
    faces: Int32[ndarray, "f 3"]
    """Vertex indices, counter-clockwise seen from outside."""
    uvs: Float32[ndarray, "v 2"]
    """In 0..1; u to the right, v = 0 is the texture's top edge."""
    texture: UInt8[ndarray, "th tw 4"]
    """sRGB and coverage, straight alpha."""
    weld: Int32[ndarray, " v"] | None = None
    """For each vertex the first vertex at the same point of the surface; None where no vertex is doubled."""

    def __post_init__(self) -> None:
        check_faces(self.faces, len(self.vertices))
        if len(self.uvs) != len(self.vertices):
            raise ShapeError(f"a mesh of {len(self.vertices)} vertices needs as many uvs, not {len(self.uvs)}")
        if not (np.isfinite(self.vertices).all() and np.isfinite(self.uvs).all()):
            raise ShapeError("the mesh has vertices or uvs that are not finite numbers; repair it before use")
        if self.texture.ndim != 3 or self.texture.shape[2] != 4 or self.texture.size == 0:
            raise ShapeError(f"a texture is [h w 4] with at least one texel, not {list(self.texture.shape)}")
        if self.weld is not None and len(self.weld) != len(self.vertices):
            raise ShapeError(f"weld has {len(self.weld)} entries for {len(self.vertices)} vertices")


def check_faces(faces: Int32[ndarray, "f 3"], vertex_count: int) -> None:
    """Make sure that every face names vertices that are there.

    Raises:
        ShapeError: faces are not [f 3], or an index is negative or too large.
    """
    if faces.ndim != 2 or faces.shape[1] != 3:
        raise ShapeError(f"faces are [f 3], not {list(faces.shape)}; triangulate polygons first")
    if faces.size and (faces.min() < 0 or faces.max() >= vertex_count):
        raise ShapeError(f"a face names vertex {faces.max()} or {faces.min()}, the mesh has 0..{vertex_count - 1}")


def weld_vertices(vertices: Float32[ndarray, "v 3"]) -> Int32[ndarray, " v"]:
    """Return for each vertex the first one at exactly the same position."""
    _, first, group = np.unique(vertices, axis=0, return_index=True, return_inverse=True)
    return first[group.reshape(-1)].astype(np.int32)


def vertex_normals(
    vertices: Float32[ndarray, "v 3"], faces: Int32[ndarray, "f 3"], weld: Int32[ndarray, " v"] | None = None
) -> Float32[ndarray, "v 3"]:
    """Return unit normals, each the area-weighted mean over the faces around the vertex.

    Args:
        vertices: metres.
        faces: counter-clockwise seen from outside.
        weld: as `Mesh.weld`; vertices welded together share one normal.

    Returns:
        Unit vectors; zero where a vertex has no face with an area.
    """
    if weld is None:
        weld = np.arange(len(vertices), dtype=np.int32)
    return _normals(vertices, faces, weld)


@no_type_check
@njit(cache=True, nogil=True)
def _normals(vertices, faces, weld):
    normals = np.zeros((len(vertices), 3), np.float32)
    for f in range(len(faces)):
        i, j, k = faces[f, 0], faces[f, 1], faces[f, 2]
        ax, ay, az = (
            vertices[j, 0] - vertices[i, 0],
            vertices[j, 1] - vertices[i, 1],
            vertices[j, 2] - vertices[i, 2],
        )
        bx, by, bz = (
            vertices[k, 0] - vertices[i, 0],
            vertices[k, 1] - vertices[i, 1],
            vertices[k, 2] - vertices[i, 2],
        )
        nx, ny, nz = ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx
        for corner in (weld[i], weld[j], weld[k]):
            normals[corner, 0] += nx
            normals[corner, 1] += ny
            normals[corner, 2] += nz
    for v in range(len(normals)):
        if weld[v] != v:
            continue
        length = np.sqrt(normals[v, 0] ** 2 + normals[v, 1] ** 2 + normals[v, 2] ** 2)
        if length > 0:
            for axis in range(3):
                normals[v, axis] /= length
    for v in range(len(normals)):
        if weld[v] != v:
            for axis in range(3):
                normals[v, axis] = normals[weld[v], axis]
    return normals


def sphere(rows: int, columns: int) -> tuple[Float32[ndarray, "v 3"], Int32[ndarray, "f 3"], Float32[ndarray, "v 2"]]:
    """Return vertices, faces and uvs of a unit sphere of 2 * (rows - 1) * columns triangles, one seam down its back.

    Raises:
        ShapeError: fewer than two rows or three columns.
    """
    if rows < 2 or columns < 3:
        raise ShapeError(f"a sphere needs at least 2 rows and 3 columns, not {rows} and {columns}")
    v, u = (grid.reshape(-1) for grid in np.mgrid[0 : 1 : (rows + 1) * 1j, 0 : 1 : (columns + 1) * 1j])
    # The middle column of the texture faces +z and its left half lies on the viewer's left.
    around, down = 2 * np.pi * (u - 0.5), np.pi * v
    vertices = np.stack([np.sin(around) * np.sin(down), np.cos(down), np.cos(around) * np.sin(down)], -1)
    corner = (np.arange(rows)[:, None] * (columns + 1) + np.arange(columns)).reshape(-1)
    below = corner + columns + 1
    upper, lower = np.stack([corner, below, corner + 1], -1), np.stack([corner + 1, below, below + 1], -1)
    faces = np.concatenate([upper[columns:], lower[:-columns]])  # at a pole one of the two has no area
    return vertices.astype(np.float32), faces.astype(np.int32), np.stack([u, v], -1).astype(np.float32)
