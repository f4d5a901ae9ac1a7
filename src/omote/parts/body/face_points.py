"""Where on the body model the face mesh's 468 points lie: asked of the network itself.

The network looks at a plain rendering of the model's own head; each point that it finds there is followed back to the
surface behind its pixel. No table has to be kept that could disagree with the model.
"""

from dataclasses import dataclass
from functools import cache
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float, Float32, Int32, UInt8
from numpy import ndarray
from scipy.spatial import KDTree
from torch import Tensor

from omote.core.errors import NobodyError
from omote.parts.body.anny import PARTS, BodyModel
from omote.parts.face.mesh import FaceMesh
from omote.parts.render.visibility import Fragments, rasterise
from omote.parts.space.camera import look_at
from omote.parts.space.mesh import vertex_normals

SIZE = 512
SKIN, LIP, BROW, IRIS, SCLERA = (
    (0.8, 0.62, 0.52),
    (0.62, 0.3, 0.28),
    (0.25, 0.18, 0.14),
    (0.15, 0.1, 0.08),
    (0.92, 0.9, 0.88),
)


@dataclass(frozen=True, kw_only=True, eq=False)
class FacePoints:
    """Points of the face mesh as points of the body's surface."""

    vertices: Int32[ndarray, "n 3"]
    """The corners of the triangle that each lies in."""
    barycentrics: Float32[ndarray, "n 3"]

    def at(self, vertices: Float[ndarray, "v 3"]) -> Float[ndarray, "n 3"]:
        """Return where the points are on a body with these vertices."""
        return (vertices[self.vertices] * self.barycentrics[..., None]).sum(1)


@runtime_checkable
class PointNetwork(Protocol):
    """What finds the points on a picture: `FaceMesh`."""

    def landmarks(
        self, images: Float[Tensor, "b 3 h w"], rois: Float[Tensor, "n 5"]
    ) -> tuple[Float[Tensor, "n 468 3"], Float[Tensor, " n"]]:
        """Return the points and the probability that a face is there."""
        ...


@cache
def face_points(model: BodyModel) -> FacePoints:
    """Return where the points lie on this model, found once for each model."""
    return ask(model, FaceMesh())


@torch.no_grad()
def ask(model: BodyModel, network: PointNetwork) -> FacePoints:
    """Show the model's head to the network and follow its points back to the surface.

    Raises:
        NobodyError: the network does not take the rendering for a face.
    """
    posed = model(torch.full((1, 6), 0.5))
    vertices = posed.vertices[0].numpy()
    marks = model.keypoints(posed.vertices, posed.bones)[0].numpy()
    middle = (marks[[2, 5]].mean(0) + marks[[9, 10]].mean(0)) / 2
    camera = look_at(middle + np.array([0, 0, 1.2], np.float32), middle, size=(SIZE, SIZE), fov=0.33)
    seen = rasterise(vertices, model.faces, camera)
    picture = _portrait(model, vertices, marks, seen)
    images = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255
    window = torch.tensor([[0.0, SIZE / 2, SIZE / 2, 0.75 * SIZE, 0.0]])
    points, presence = network.landmarks(images, window)
    if float(presence[0]) < 0.5:
        raise NobodyError("the face network does not see a face in the body model's own head; its weights are damaged")
    return _follow(points[0, :, :2].numpy(), model.faces, seen)


def _follow(points: Float[ndarray, "n 2"], faces: Int32[ndarray, "f 3"], seen: Fragments) -> FacePoints:
    """Return the surface behind each point; a point beside the head gets the nearest pixel of it."""
    y, x = np.nonzero(seen.faces >= 0)
    _, nearest = KDTree(np.stack([x, y], 1) + 0.5).query(points)
    row, column = y[nearest], x[nearest]
    return FacePoints(
        vertices=faces[seen.faces[row, column]], barycentrics=seen.barycentrics[row, column].astype(np.float32)
    )


def _portrait(
    model: BodyModel, vertices: Float32[ndarray, "v 3"], marks: Float32[ndarray, "33 3"], seen: Fragments
) -> UInt8[ndarray, "h w 3"]:
    """Return the head in plain colours under a light from above; brows, lips and irises are painted on."""
    there = seen.faces >= 0
    corners, weights = model.faces[seen.faces[there]], seen.barycentrics[there][..., None]
    place = (vertices[corners] * weights).sum(1)
    normal = (vertex_normals(vertices, model.faces)[corners] * weights).sum(1)
    part = model.part[corners[:, 0]]
    colour = np.tile(np.array(SKIN), (len(place), 1))
    for eye in (2, 5):
        brow = np.abs(place - marks[eye] - [0, 0.02, 0])[:, :2] < [0.016, 0.003]
        colour[brow.all(1)] = BROW
    lips = (place - marks[[9, 10]].mean(0)) / [0.026, 0.009, 1]
    colour[(np.linalg.norm(lips[:, :2] + [0, 0.15], axis=1) < 1) & (part == PARTS.index("head"))] = LIP
    for eye, name in ((2, "left_eye"), (5, "right_eye")):
        ball = part == PARTS.index(name)
        near = np.linalg.norm((place - marks[eye])[:, :2], axis=1) < 0.006
        colour[ball], colour[ball & near] = SCLERA, IRIS
    light = np.array([0.0, 0.6, 0.8])
    shade = 0.4 + 0.6 * np.clip(normal @ light, 0, 1) / np.maximum(np.linalg.norm(normal, axis=1), 1e-6)
    picture = np.full((SIZE, SIZE, 3), 0.75)
    picture[there] = np.clip(colour * shade[:, None], 0, 1)
    return (picture * 255).astype(np.uint8)
