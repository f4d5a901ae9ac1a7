"""See one person in a photograph: which one, where their joints and face are, and what of the picture is theirs."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Float32, UInt8
from numpy import ndarray
from PIL import Image
from torch import Tensor

from omote.core.errors import InputError, NobodyError, ShapeError, UsageError
from omote.parts.body.fit import FitConfig, Sight, photographer
from omote.parts.body.matting import Matte, depth_in, foreground, matte
from omote.parts.body.people import PoseLandmarks, Poses
from omote.parts.face.mesh import FaceMesh, region_of_head
from omote.parts.space.camera import Camera

MOSTLY = 0.95
"""Share of opaque pixels above which an alpha channel is no cut-out."""
LOOK = 1600
"""Longer side, in pixels, at which people are looked for and at which one person is worked on."""
SMALLEST = 96
"""Pixels that a person must be high."""
ROOM = 0.12
"""Space left around the person, as a share of the longer side."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Portrait:
    """The part of a photograph that shows one person, at working size."""

    rgb: UInt8[ndarray, "h w 3"]
    foreground: UInt8[ndarray, "h w 3"]
    sight: Sight
    camera: Camera
    """Of this part of the photograph."""
    cut_below: bool
    """Whether the photograph's lower edge cuts the person off."""


@torch.no_grad()
def see(
    rgb: UInt8[ndarray, "h w 3"], alpha: UInt8[ndarray, "h w"] | None, person: int, device: torch.device
) -> Portrait:
    """Return what there is to see of a person.

    Args:
        rgb: the photograph, of any size.
        alpha: what of it is the person or the people, if that is known; an opaque one says nothing.
        person: counted from the left, from 1.
        device: where the networks run.

    Raises:
        UsageError: `person` is less than one.
        NobodyError: nobody, or fewer people, are in the picture.
        InputError: the person is too small.
    """
    if person < 1:
        raise UsageError(f"people are counted from the left, from 1; there is no person {person}")
    if alpha is not None and alpha.shape != rgb.shape[:2]:
        raise ShapeError(f"an alpha of {alpha.shape} does not fit a photograph of {rgb.shape[:2]}")
    if alpha is not None and (alpha > 250).mean() > MOSTLY:
        alpha = None  # nobody was cut out: opaque, but for some stray pixels perhaps
    shrunk = min(1.0, LOOK / max(rgb.shape[:2]))
    small = _resize(rgb, shrunk)
    images = _tensor(small, device)
    poses = PoseLandmarks().find(images)
    chosen = choose(poses, person)
    rough = poses.picture_masks(small.shape[:2])[chosen, 0].cpu().numpy()
    _large_enough(rough, shrunk)
    face = _face(images, poses, chosen)
    box = _box(rough, shrunk, rgb.shape[:2])
    x0, y0, x1, y1 = box
    scale = min(1.0, LOOK / max(x1 - x0, y1 - y0))
    part = _resize(np.ascontiguousarray(rgb[y0:y1, x0:x1]), scale)
    height, width = part.shape[:2]
    rough = _view(rough, box, shrunk, (height, width))
    known = None if alpha is None else _resize(np.ascontiguousarray(alpha[y0:y1, x0:x1]), scale)
    cut = _cut_out(part, rough, known)
    factor = np.array([width / (x1 - x0), height / (y1 - y0)])

    def moved(points: Tensor) -> Float[ndarray, "n 2"]:
        return (points[:, :2].cpu().numpy() / shrunk - [x0, y0]) * factor

    camera = photographer(rgb.shape[:2], FitConfig.field_of_view).cropped(box).resized((height, width))
    sight = Sight(
        points=moved(poses.points[chosen]),
        confidence=(poses.visibility[chosen] * poses.presence[chosen]).cpu().numpy(),
        world=poses.world[chosen].cpu().numpy(),
        face=None if face is None else moved(face),
        alpha=cut.alpha,
    )
    edge = bool((cut.alpha[-3:] > 0.5).any()) and y1 == rgb.shape[0]
    return Portrait(rgb=part, foreground=cut.foreground, sight=sight, camera=camera, cut_below=edge)


def choose(poses: Poses, person: int) -> int:
    """Return the index of the person counted from the left, from 1.

    Raises:
        NobodyError: there are fewer.
    """
    count = len(poses)
    if count == 0:
        raise NobodyError(
            "no person was found in the photograph; use one that shows a person from at least the waist up, upright, "
            "sharp and not hidden"
        )
    if person > count:
        there = "only one person was" if count == 1 else f"only {count} people were"
        raise NobodyError(f"person {person} was asked for, but {there} found; they are counted from the left, from 1")
    middle = poses.points[:, [11, 12, 23, 24], 0].mean(1)
    return int(middle.argsort()[person - 1])


def _face(images: Float[Tensor, "1 3 h w"], poses: Poses, chosen: int) -> Float[Tensor, "468 3"] | None:
    """Return the points of the person's face, if it shows."""
    pose = poses.points[chosen : chosen + 1]
    points, presence = FaceMesh().landmarks(images, region_of_head(pose, pose.new_zeros(1)))
    return points[0] if float(presence[0]) > 0.5 else None


def _cut_out(
    rgb: UInt8[ndarray, "h w 3"], rough: Float32[ndarray, "h w"], known: UInt8[ndarray, "h w"] | None
) -> Matte:
    """Return the matte: refined, or the given one as far as it is near this person."""
    if known is None:
        return matte(rgb, rough)
    reach = max(3, round(0.05 * max(rough.shape)))
    close = depth_in(rough < 0.3) < reach
    alpha = (known.astype(np.float32) / 255) * close
    if not (alpha > 0.5).any():
        raise NobodyError("the given alpha channel is empty where the person is; leave it out or mend it")
    return Matte(alpha=alpha, foreground=foreground(rgb, alpha))


def _large_enough(rough: Float32[ndarray, "h w"], shrunk: float) -> None:
    rows = np.flatnonzero((rough > 0.5).any(1))
    height = (rows[-1] - rows[0] + 1) / shrunk if rows.size else 0
    if height < SMALLEST:
        raise InputError(
            f"the person is {height:.0f} pixels high, at least {SMALLEST} are needed; use a larger photograph"
        )


def _box(rough: Float32[ndarray, "h w"], shrunk: float, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return x0 y0 x1 y1 around the person in the original photograph."""
    rows, columns = np.flatnonzero((rough > 0.1).any(1)), np.flatnonzero((rough > 0.1).any(0))
    room = ROOM * max(np.ptp(rows), np.ptp(columns)) + 8
    low = np.maximum(np.array([columns[0], rows[0]]) - room, 0) / shrunk
    high = (np.array([columns[-1], rows[-1]]) + 1 + room) / shrunk
    (x0, y0), (x1, y1) = low.astype(int), np.minimum(np.ceil(high).astype(int), size[::-1])
    return int(x0), int(y0), int(x1), int(y1)


def _view(
    mask: Float32[ndarray, "h w"], box: tuple[int, int, int, int], shrunk: float, size: tuple[int, int]
) -> Float32[ndarray, "_ _"]:
    """Return the part of a mask of the shrunk photograph that a box of the original covers, at another size."""
    part = tuple(value * shrunk for value in box)
    picture = Image.fromarray(np.ascontiguousarray(mask, np.float32))
    inside = (max(part[0], 0), max(part[1], 0), min(part[2], picture.width), min(part[3], picture.height))
    return np.asarray(picture.resize((size[1], size[0]), Image.Resampling.BICUBIC, box=inside)).clip(0, 1)


def _resize(picture: ndarray, scale: float) -> ndarray:
    if scale == 1.0:
        return picture
    height, width = (max(1, round(side * scale)) for side in picture.shape[:2])
    return np.asarray(Image.fromarray(picture).resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0))


def _tensor(rgb: UInt8[ndarray, "h w 3"], device: torch.device) -> Float[Tensor, "1 3 h w"]:
    return torch.from_numpy(rgb.copy()).permute(2, 0, 1)[None].to(device).float() / 255
