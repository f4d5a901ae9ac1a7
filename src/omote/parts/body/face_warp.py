"""Bring the body's face to where the photographed face is, point by point.

The surface of the head moves in the picture's plane so that the face mesh's points project onto those seen; between
and beyond them the movement is the smoothest possible (a thin plate on the surface), and fades out down the neck.

Notation: d the movement of each vertex, B takes vertices to points, L the surface's Laplacian:
min |B d - t|^2 + lambda |L d|^2 + d'kd.
"""

import numpy as np
from jaxtyping import Float, Float32
from numpy import ndarray
from scipy.sparse import csr_matrix, diags
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import splu
from scipy.spatial import KDTree

from omote.parts.body.anny import PARTS, BodyModel
from omote.parts.body.face_points import FacePoints
from omote.parts.body.outline import laplacian
from omote.parts.space.camera import Camera
from omote.parts.space.mesh import vertex_normals

FIRMNESS = 0.5
"""Lambda: how little the movement bends."""
TAUTNESS = 20.0
"""How little neighbours differ inside the mouth and behind the eyelids."""
POCKETS = ("mouth", "left_socket", "right_socket")


def warp_face(
    vertices: Float32[ndarray, "v 3"],
    model: BodyModel,
    face_points: FacePoints,
    seen: Float[ndarray, "468 2"],
    camera: Camera,
    still: Float[ndarray, " v"],
) -> Float32[ndarray, "v 3"]:
    """Return the vertices with the face's points where they are seen.

    Args:
        vertices: in the photograph's pose, world metres.
        model: whose vertices they are.
        face_points: where the points lie on it.
        seen: pixels of the face mesh on the photograph.
        camera: as the photograph was taken.
        still: share of each vertex that does not follow the head, 0..1; held in place.
    """
    count = len(vertices)
    pixels, depth = camera.project(face_points.at(vertices))
    across = (seen - pixels) / np.array(camera.focal) * depth[:, None]
    target = across @ camera.world_from_camera[:3, :2].T
    normals = vertex_normals(vertices, model.faces)
    facing = -(face_points.at(normals) @ camera.forward)
    weight = np.clip(facing, 0, 1) ** 2 + 0.02
    rows = np.repeat(np.arange(len(seen)), 3)
    pick = csr_matrix((face_points.barycentrics.ravel(), (rows, face_points.vertices.ravel())), (len(seen), count))
    links = laplacian(model.faces, count)
    hold = diags(1e-5 + 10.0 * np.clip(still, 0, 1) ** 2)
    # A thin plate runs on straight into the pocket of the mouth and out at the cheek; a membrane does not.
    pocket = np.isin(model.part, [PARTS.index(name) for name in POCKETS]).astype(float)
    lining = links - diags(1 - pocket) @ links @ diags(1 - pocket)
    lining = (
        diags(np.asarray(abs(lining - diags(lining.diagonal())).sum(1)).ravel()) + lining - diags(lining.diagonal())
    )
    system = pick.T @ diags(weight) @ pick + FIRMNESS * (links.T @ links) + TAUTNESS * lining + hold
    solver = splu(system.tocsc())
    moved = solver.solve(pick.T @ (weight[:, None] * target))
    _carry_islands(moved, vertices, model)
    return (vertices + moved).astype(np.float32)


def _carry_islands(moved: Float[ndarray, "v 3"], vertices: Float32[ndarray, "v 3"], model: BodyModel) -> None:
    """Move eyes and tongue, which hang on nothing, along with the skin around them; in place."""
    _, island = connected_components(laplacian(model.faces, len(vertices)), directed=False)
    main = np.bincount(island).argmax()
    around = KDTree(vertices[island == main])
    for number in np.unique(island[island != main]):
        own = island == number
        _, near = around.query(vertices[own], k=8)
        moved[own] = moved[island == main][near].mean((0, 1))
