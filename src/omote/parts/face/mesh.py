"""Lay a mesh of 468 points on a face.

Source: Kartynnik et al., Real-time Facial Surface Geometry from Monocular Video on Mobile GPUs, 2019; network
`face-mesh`. The network sees a face upright in a window of 1.5 times its size, so a window comes from a
detection (or from the pose's points of the head), and a second pass from the points of the first.

Notation: regions as in `omote.parts.face.regions`. Points x, y in pixels of the whole picture; z on the
same scale, growing away from the camera, 0 near the head's middle.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from omote.core.errors import ShapeError
from omote.parts.face.detect import Face
from omote.parts.face.regions import check_images, check_regions, crop, to_picture
from omote.parts.nets.flat_graph import open_graph

SIZE = 192
"""Side of what the network sees."""
PADDING = 1.5
"""A window's side over the longer side of a face's box."""
RIGHT_EYE, LEFT_EYE = 33, 263
"""The outer corners, whose line is a face's horizontal."""


class FaceMesh:
    """Find 468 points on faces.

    Args:
        passes: how often to look; every further look is at the window that the last one's points call for.
    """

    def __init__(self, passes: int = 2):
        self.passes = passes

    def landmarks(
        self, images: Float[Tensor, "b 3 h w"], rois: Float[Tensor, "n 5"]
    ) -> tuple[Float[Tensor, "n 468 3"], Float[Tensor, " n"]]:
        """Return the points of each face and the probability that a face is there at all; differentiable.

        Args:
            images: pictures, in [0, 1].
            rois: where the faces are (`regions_of_faces`, `region_of_head`).

        Raises:
            ShapeError: wrong shapes.
        """
        check_images(images)
        check_regions(rois, images)
        points, presence = look(images, rois)
        for _ in range(self.passes - 1):
            points, presence = look(images, region_of_mesh(points.detach(), rois[:, 0]))
        return points, presence


def look(
    images: Float[Tensor, "b 3 h w"], rois: Float[Tensor, "n 5"]
) -> tuple[Float[Tensor, "n 468 3"], Float[Tensor, " n"]]:
    """Return points and presence from one look at the given windows."""
    if not len(rois):
        return images.new_zeros(0, 468, 3), images.new_zeros(0)
    raw, presence = open_graph("face-mesh", images.device)(crop(images, rois, SIZE).float())
    points = raw.reshape(-1, 468, 3) / SIZE
    flat = to_picture(points[..., :2], rois)
    return torch.cat([flat, points[..., 2:] * rois[:, 3, None, None]], -1), presence.reshape(-1).sigmoid()


def regions_of_faces(found: list[list[Face]]) -> Float[Tensor, "n 5"]:
    """Return the windows of all faces of a batch, picture by picture, as `detect_faces` gave them."""
    rows = []
    for number, faces in enumerate(found):
        for face in faces:
            middle, side = (face.box[:2] + face.box[2:]) / 2, (face.box[2:] - face.box[:2]).max()
            rows.append(_row(number, middle, side * PADDING, face.keypoints[1] - face.keypoints[0]))
    return torch.stack(rows) if rows else torch.zeros(0, 5)


def region_of_mesh(points: Float[Tensor, "n k 3"], picture: Float[Tensor, " n"]) -> Float[Tensor, "n 5"]:
    """Return the windows that points of a first look call for.

    Args:
        points: at least the 468 of the mesh.
        picture: number of the picture each face is in.
    """
    flat = points[..., :2]
    low, high = flat.amin(1), flat.amax(1)
    across = flat[:, LEFT_EYE] - flat[:, RIGHT_EYE]
    angle = torch.atan2(across[:, 1], across[:, 0])
    side = (high - low).amax(1) * PADDING
    return torch.cat([picture[:, None].to(flat), (low + high) / 2, side[:, None], angle[:, None]], 1)


def region_of_head(points: Float[Tensor, "n 33 c"], picture: Float[Tensor, " n"]) -> Float[Tensor, "n 5"]:
    """Return windows around the heads of poses, for faces too small to be detected.

    The pose names eyes, ears and the corners of the mouth; a face is about 2.6 times as long as its eyes'
    line lies above its mouth, and is centred between the two.

    Args:
        points: of `PoseLandmarks`.
        picture: number of the picture each person is in.
    """
    if points.ndim != 3 or points.shape[1] != 33:
        raise ShapeError(f"the points of poses are expected as [n 33 c], not {list(points.shape)}")
    flat = points[..., :2]
    right, left, mouth = flat[:, 5], flat[:, 2], (flat[:, 9] + flat[:, 10]) / 2
    eyes = (right + left) / 2
    across = left - right
    length = torch.maximum((mouth - eyes).norm(dim=1), across.norm(dim=1) * 0.9)
    side = 2.6 * length * PADDING
    angle = torch.atan2(across[:, 1], across[:, 0])
    middle = eyes + 0.4 * (mouth - eyes)
    return torch.cat([picture[:, None].to(flat), middle, side[:, None], angle[:, None]], 1)


def _row(number: int, middle: Tensor, side: Tensor, across: Tensor) -> Float[Tensor, " 5"]:
    """Return one region whose horizontal is the given direction."""
    angle = torch.atan2(across[1], across[0])
    return torch.cat([middle.new_tensor([number]), middle, side[None], angle[None]])
