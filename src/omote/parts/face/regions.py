"""Square windows into pictures, turned and scaled: cut out what a network looks at, carry its points back.

A region is a row (picture, x, y, side, angle): which picture of the batch, the window's centre and side in
that picture's pixels, and how far the window is turned, in radians; a window at angle a has its own x axis
along (cos a, sin a) in the picture, so a positive angle is clockwise as seen (y points down). Networks with
whole pictures as input use the region that just holds the picture.

Source: the `ImageToTensor` step of MediaPipe, on continuous pixel coordinates (the first pixel's centre is
(0.5, 0.5)); unlike it, a window that shrinks its picture averages the pixels that it skips.
"""

import math
from collections.abc import Sequence
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from omote.core.errors import ShapeError


def check_images(images: Tensor) -> None:
    """Make sure that a tensor is a batch of RGB pictures.

    Raises:
        ShapeError: it is not [b 3 h w] of floats, or has no pixels.
    """
    if images.ndim != 4 or images.shape[1] != 3 or not images.is_floating_point() or 0 in images.shape[2:]:
        raise ShapeError(
            f"pictures are expected as floats [b 3 h w] in 0..1, not {images.dtype} {list(images.shape)}; "
            "a single picture wants a batch of one"
        )


def check_regions(regions: Tensor, images: Tensor) -> None:
    """Make sure that a tensor is a list of regions of these pictures.

    Raises:
        ShapeError: it is not [n 5], or names a picture that is not in the batch.
    """
    if regions.ndim != 2 or regions.shape[1] != 5:
        raise ShapeError(f"regions are expected as [n 5] (picture, x, y, side, angle), not {list(regions.shape)}")
    if len(regions) and not bool(((regions[:, 0] >= 0) & (regions[:, 0] < len(images))).all()):
        raise ShapeError(f"a region names a picture outside the batch of {len(images)}")


def whole(images: Tensor) -> Float[Tensor, "b 5"]:
    """Return for each picture the upright region that just holds it."""
    b, _, h, w = images.shape
    row = torch.tensor([0, w / 2, h / 2, max(h, w), 0], dtype=torch.float32, device=images.device)
    regions = row.repeat(b, 1)
    regions[:, 0] = torch.arange(b)
    return regions


def tiles(images: Tensor, across: int, overlap: float = 0.25) -> Float[Tensor, "n 5"]:
    """Return upright regions that cover each picture, for finding what is small in it.

    Args:
        images: the pictures.
        across: how many tiles go along the longer side.
        overlap: share of a tile's side that its neighbour sees too, at least.
    """
    b, _, h, w = images.shape
    side = max(h, w) / (across - (across - 1) * overlap)

    def centres(length: int) -> list[float]:
        if length <= side:
            return [length / 2]
        count = math.ceil((length - side) / (side * (1 - overlap)) - 1e-6) + 1
        return [side / 2 + i * (length - side) / (count - 1) for i in range(count)]

    rows = [[i, x, y, side, 0] for i in range(b) for y in centres(h) for x in centres(w)]
    return torch.tensor(rows, dtype=torch.float32, device=images.device).reshape(-1, 5)


def axes(regions: Float[Tensor, "n 5"]) -> Float[Tensor, "n 2 2"]:
    """Return the matrix that turns a vector of the window into one of the picture, in units of the side."""
    cos, sin = torch.cos(regions[:, 4]), torch.sin(regions[:, 4])
    turn = torch.stack([torch.stack([cos, -sin], -1), torch.stack([sin, cos], -1)], -2)
    return turn * regions[:, 3, None, None]


def to_picture(points: Float[Tensor, "n k 2"], regions: Float[Tensor, "n 5"]) -> Float[Tensor, "n k 2"]:
    """Return points of windows, given in 0..1 of the side, in pixels of the pictures."""
    return (points - 0.5) @ axes(regions).mT + regions[:, None, 1:3]


def from_picture(points: Float[Tensor, "n k 2"], regions: Float[Tensor, "n 5"]) -> Float[Tensor, "n k 2"]:
    """Return points of pictures, in pixels, in 0..1 of the windows' sides."""
    return (points - regions[:, None, 1:3]) @ torch.linalg.inv(axes(regions)).mT + 0.5


def crop(
    images: Float[Tensor, "b 3 h w"],
    regions: Float[Tensor, "n 5"],
    size: int | tuple[int, int],
    outside: Literal["zeros", "border"] = "border",
) -> Float[Tensor, "n 3 s t"]:
    """Cut windows out of pictures, bilinearly; differentiable in the pictures and in the regions.

    Args:
        images: the pictures, in [0, 1].
        regions: the windows.
        size: side, or (height, width), of what comes out; a window that is not square is stretched.
        outside: what lies beyond the picture: black, or its border drawn on.

    Raises:
        ShapeError: wrong shapes, or a region of a picture that is not there.
    """
    check_images(images)
    check_regions(regions, images)
    height, width = (size, size) if isinstance(size, int) else size
    if not len(regions):
        return images.new_zeros(0, 3, height, width)
    v, u = torch.meshgrid(
        (torch.arange(height, device=images.device) + 0.5) / height,
        (torch.arange(width, device=images.device) + 0.5) / width,
        indexing="ij",
    )
    unit = torch.stack([u, v], -1).reshape(1, -1, 2).to(regions.dtype).expand(len(regions), -1, -1)
    places = to_picture(unit, regions).reshape(-1, height, width, 2)
    numbers: Sequence[int] = regions[:, 0].long().tolist()
    sides: Sequence[float] = (regions[:, 3].detach() / min(height, width)).tolist()
    pieces = [_sample(images[i], p, s, outside) for i, p, s in zip(numbers, places, sides, strict=True)]
    return torch.stack(pieces)


def _sample(
    image: Float[Tensor, "3 h w"],
    places: Float[Tensor, "s t 2"],
    shrink: float,
    outside: Literal["zeros", "border"],
) -> Float[Tensor, "3 s t"]:
    """Read one picture at places given in its pixels, averaging over as many pixels as a step skips."""
    _, h, w = image.shape
    low, high = places.detach().amin((0, 1)).floor().tolist(), places.detach().amax((0, 1)).ceil().tolist()
    factor = max(1, math.floor(shrink + 1e-6))
    margin = 2 * factor
    x0, y0 = (min(max(int(v) - margin, 0), n - 1) for v, n in zip(low, (w, h), strict=True))
    x1, y1 = (max(min(int(v) + margin, n), o + 1) for v, n, o in zip(high, (w, h), (x0, y0), strict=True))
    patch = image[None, :, y0:y1, x0:x1]
    if factor > 1:
        patch = functional.avg_pool2d(patch, factor, ceil_mode=True, count_include_pad=False)
    extent = places.new_tensor([patch.shape[3], patch.shape[2]]) * factor
    grid = (places - places.new_tensor([x0, y0])) * (2 / extent) - 1
    return functional.grid_sample(patch, grid[None].to(patch.dtype), padding_mode=outside, align_corners=False)[0]
