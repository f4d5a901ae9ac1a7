"""Tell a person near the camera from what is behind: a quick, soft mask.

Source: MediaPipe's selfie segmentation (a MobileNetV3 with a light decoder, 2020); network `selfie-mask`.
The whole picture is stretched to the network's square, and the answer back; `omote.parts.body.matting`
sharpens it.
"""

from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from omote.parts.face.regions import check_images
from omote.parts.nets.flat_graph import open_graph

SIZE = 256
"""Side of what the network sees."""


def selfie_mask(images: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b 1 h w"]:
    """Return the probability that each pixel belongs to a person; differentiable.

    Args:
        images: pictures, in [0, 1].

    Raises:
        ShapeError: the pictures are not [b 3 h w].
    """
    check_images(images)
    square = functional.interpolate(images.float(), (SIZE, SIZE), mode="bilinear", antialias=True)
    (mask,) = open_graph("selfie-mask", images.device)(square)
    return functional.interpolate(mask, images.shape[2:], mode="bilinear")
