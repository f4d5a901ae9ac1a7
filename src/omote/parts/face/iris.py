"""Find the irises and the outlines of the eyes, closely, on top of a face mesh.

Source: Ablavatski et al., Real-time Pupil Tracking from Monocular Video for Digital Puppetry, 2020; network
`iris`. Each eye is seen in a window of 2.3 times its width, the person's left one mirrored, since the
network knows right eyes. Its 71 points replace the mesh's own of the eye and brow; ten more are the irises:
centre, then four on the rim.

Notation: regions as in `omote.parts.face.regions`; right and left are the person's own.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from omote.core.errors import ShapeError
from omote.parts.face.mesh import FaceMesh
from omote.parts.face.regions import check_images, crop, to_picture
from omote.parts.nets.flat_graph import open_graph

SIZE = 64
"""Side of what the network sees."""
PADDING = 2.3
"""A window's side over the width of the eye."""

RIGHT_EYE = (
    *(33, 7, 163, 144, 145, 153, 154, 155, 133, 246, 161, 160, 159, 158, 157, 173, 130, 25, 110, 24, 23, 22, 26, 112),
    *(243, 247, 30, 29, 27, 28, 56, 190, 226, 31, 228, 229, 230, 231, 232, 233, 244, 113, 225, 224, 223, 222, 221, 189),
    *(35, 124, 46, 53, 52, 65, 143, 111, 117, 118, 119, 120, 121, 128, 245, 156, 70, 63, 105, 66, 107, 55, 193),
)
"""The mesh's points that the network's 71 stand for: lids (16), rings around them, brow (from the 49th)."""
LEFT_EYE = (
    *(263, 249, 390, 373, 374, 380, 381, 382, 362, 466, 388, 387, 386, 385, 384, 398, 359, 255, 339, 254, 253, 252),
    *(256, 341, 463, 467, 260, 259, 257, 258, 286, 414, 446, 261, 448, 449, 450, 451, 452, 453, 464, 342, 445, 444),
    *(443, 442, 441, 413, 265, 353, 276, 283, 282, 295, 372, 340, 346, 347, 348, 349, 350, 357, 465, 383, 300, 293),
    *(334, 296, 336, 285, 417),
)
RIGHT_IRIS, LEFT_IRIS = slice(468, 473), slice(473, 478)
"""Where the irises stand in the 478 points."""


class FaceMeshWithIrises:
    """Find the mesh's 468 points, those of the eyes refined, and ten of the irises.

    Args:
        mesh: what finds the 468.
    """

    def __init__(self, mesh: FaceMesh | None = None):
        self.mesh = mesh or FaceMesh()

    def landmarks(
        self, images: Float[Tensor, "b 3 h w"], rois: Float[Tensor, "n 5"]
    ) -> tuple[Float[Tensor, "n 478 3"], Float[Tensor, " n"]]:
        """Return the points of each face and the probability that a face is there at all; differentiable.

        Args:
            images: pictures, in [0, 1].
            rois: where the faces are, as for `FaceMesh`.

        Raises:
            ShapeError: wrong shapes.
        """
        points, presence = self.mesh.landmarks(images, rois)
        return refine(images, points, rois[:, 0]), presence


def refine(
    images: Float[Tensor, "b 3 h w"], points: Float[Tensor, "n 468 3"], picture: Float[Tensor, " n"]
) -> Float[Tensor, "n 478 3"]:
    """Return the mesh with its eyes looked at closely.

    Args:
        images: pictures, in [0, 1].
        points: of `FaceMesh`, in pixels.
        picture: number of the picture each face is in.

    Returns:
        The 468 points, x and y of the eyes and brows replaced, and the irises, right and left, at the depth
        of the lids.

    Raises:
        ShapeError: wrong shapes.
    """
    check_images(images)
    if points.ndim != 3 or points.shape[1] != 468:
        raise ShapeError(f"the points of meshes are expected as [n 468 3], not {list(points.shape)}")
    if not len(points):
        return images.new_zeros(0, 478, 3)
    mesh, irises = points.clone(), []
    for eye, mirrored in ((RIGHT_EYE, False), (LEFT_EYE, True)):
        index = torch.tensor(eye, device=points.device)
        outline, iris = look(images, regions_of_eyes(points.detach(), picture, mirrored), mirrored)
        mesh[:, index, :2] = outline[..., :2]
        depth = points[:, index[:16], 2].mean(1)
        irises.append(torch.cat([iris[..., :2], depth[:, None, None].expand(-1, 5, 1)], -1))
    return torch.cat([mesh, *irises], 1)


def look(
    images: Float[Tensor, "b 3 h w"], rois: Float[Tensor, "n 5"], mirrored: bool
) -> tuple[Float[Tensor, "n 71 3"], Float[Tensor, "n 5 3"]]:
    """Return the outline and the iris of eyes in the given windows, in pixels.

    Args:
        images: pictures, in [0, 1].
        rois: windows around eyes.
        mirrored: the eyes are left ones.
    """
    eyes = crop(images, rois, SIZE).float()
    raw = open_graph("iris", images.device)(eyes.flip(3) if mirrored else eyes)
    found = []
    for values in raw:
        points = values.reshape(len(rois), -1, 3) / SIZE
        x = 1 - points[..., 0] if mirrored else points[..., 0]
        flat = to_picture(torch.stack([x, points[..., 1]], -1), rois)
        found.append(torch.cat([flat, points[..., 2:] * rois[:, 3, None, None]], -1))
    return found[0], found[1]


def regions_of_eyes(points: Float[Tensor, "n k 3"], picture: Float[Tensor, " n"], left: bool) -> Float[Tensor, "n 5"]:
    """Return the windows around one eye of each face, level with its corners."""
    start, end = (362, 263) if left else (33, 133)
    across = points[:, end, :2] - points[:, start, :2]
    middle = (points[:, end, :2] + points[:, start, :2]) / 2
    side = PADDING * across.abs().amax(1, keepdim=True)
    angle = torch.atan2(across[:, 1], across[:, 0])
    return torch.cat([picture[:, None].to(middle), middle, side, angle[:, None]], 1)


def iris_diameters(points: Float[Tensor, "n 478 3"]) -> Float[Tensor, "n 2"]:
    """Return the width of the right and the left iris in pixels; that of a person is 11.7 mm, give or take 0.5."""
    irises = torch.stack([points[:, RIGHT_IRIS, :2], points[:, LEFT_IRIS, :2]], 1)
    across = (irises[:, :, 1] - irises[:, :, 3]).norm(dim=-1)
    return torch.maximum(across, (irises[:, :, 2] - irises[:, :, 4]).norm(dim=-1))
