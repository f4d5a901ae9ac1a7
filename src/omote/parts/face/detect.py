"""Find faces in pictures: box, score and six points of each.

Source: Bazarevsky et al., BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs, 2019, and
MediaPipe's full range model; networks `face-detector-short` (faces within about two metres of the camera)
and `face-detector-full` (about five). A picture is looked at as a whole, and in tiles too where asked, so
that the face of a person seen from head to foot is found; answers of all looks are merged.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from omote.core.errors import UsageError
from omote.parts.face.anchors import FULL_RANGE, SHORT_RANGE, AnchorConfig, blend, decode
from omote.parts.face.regions import check_images, crop, tiles, to_picture, whole
from omote.parts.nets.flat_graph import open_graph

KEYPOINTS = ("right eye", "left eye", "nose tip", "mouth", "right ear", "left ear")
"""Of the person, so the right eye is at the left of a frontal picture."""

LEAST_TILE = 64
"""Pixels along a tile below which there is nothing to see that the whole picture does not show."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Face:
    """One face, in pixels of the whole picture."""

    box: Float[Tensor, " 4"]
    """x0 y0 x1 y1, from the brows to the chin; it can reach over the picture's border."""
    score: float
    """Probability, by the network."""
    keypoints: Float[Tensor, "6 2"]
    """As `KEYPOINTS` names them."""


@torch.no_grad()
def detect_faces(
    images: Float[Tensor, "b 3 h w"],
    range: Literal["short", "full"] = "short",
    *,
    across: tuple[int, ...] = (1,),
    threshold: float | None = None,
) -> list[list[Face]]:
    """Return the faces of each picture, the largest first; an empty list where there is none.

    Args:
        images: pictures, in [0, 1].
        range: which network; `short` sees faces (brows to chin) of an eighth of the picture's longer side and more,
            `full` of a twentieth.
        across: sizes of the tiles to look at, as the number along the longer side; 1 is the whole picture.
            (1, 3) finds faces three times smaller.
        threshold: least score of an answer; the authors' own is 0.5 for `short` and 0.6 for `full`.

    Raises:
        ShapeError: the pictures are not [b 3 h w].
        UsageError: no such range.
    """
    check_images(images)
    if range not in ("short", "full"):
        raise UsageError(f"the range {range!r} is not one of short, full")
    name, config, least = {
        "short": ("face-detector-short", SHORT_RANGE, 0.5),
        "full": ("face-detector-full", FULL_RANGE, 0.6),
    }[range]
    found = detect(images, name, config, across=across, threshold=least if threshold is None else threshold)
    return [
        [
            Face(box=row[:4], score=float(score), keypoints=row[4:].reshape(6, 2))
            for row, score in zip(*one, strict=True)
        ]
        for one in found
    ]


def detect(
    images: Float[Tensor, "b 3 h w"],
    name: str,
    config: AnchorConfig,
    *,
    across: tuple[int, ...],
    threshold: float,
) -> list[tuple[Float[Tensor, "n k"], Float[Tensor, " n"]]]:
    """Run a single-shot detector over whole pictures and tiles.

    Returns:
        For each picture the merged answers (corners and keypoints in its pixels), largest first, and their
        scores.
    """
    if any(n < 1 for n in across) or not across:
        raise UsageError(f"tiles across are counted from 1, not {across}")
    found = [(images.new_zeros(0, 4 + config.keypoints * 2), images.new_zeros(0)) for _ in images]
    for n in across:
        if n > 1 and max(images.shape[2:]) < n * LEAST_TILE:
            continue
        looks = whole(images) if n == 1 else tiles(images, n)
        for look, (rows, scores) in zip(looks, _look(images, looks, name, config, threshold), strict=True):
            number = int(look[0])
            found[number] = _add_new(found[number], rows, scores)
    order = [(rows[:, 2] - rows[:, 0]).argsort(descending=True, stable=True) for rows, _ in found]
    return [(rows[o], scores[o]) for (rows, scores), o in zip(found, order, strict=True)]


def _look(
    images: Tensor, looks: Tensor, name: str, config: AnchorConfig, threshold: float
) -> list[tuple[Float[Tensor, "n k"], Float[Tensor, " n"]]]:
    """Return what the detector sees in each window, in pixels of the whole picture."""
    raw, logits = open_graph(name, images.device)(crop(images, looks, config.size, "zeros").float() * 2 - 1)
    scores = logits.squeeze(-1).clamp(-100, 100).sigmoid()
    answers = decode(raw, config)
    seen = []
    for look, row, score in zip(looks, answers, scores, strict=True):
        merged, best = blend(row[score > threshold], score[score > threshold])
        points = to_picture(merged.unflatten(1, (-1, 2)).flatten(0, 1)[None], look[None])[0]
        seen.append((points.reshape(merged.shape), best))
    return seen


def _add_new(found: tuple[Tensor, Tensor], rows: Tensor, scores: Tensor) -> tuple[Tensor, Tensor]:
    """Add the answers of a closer look that are not near one already found.

    A tile that holds a part of a face gives a poorer answer than the look that holds all, so the earlier one
    stands. Near: the boxes' centres are less than half the larger one's side apart.
    """
    known, best = found
    if len(rows) and len(known):
        apart = torch.cdist((known[:, :2] + known[:, 2:4]) / 2, (rows[:, :2] + rows[:, 2:4]) / 2)
        side = torch.maximum((known[:, 2] - known[:, 0])[:, None], (rows[:, 2] - rows[:, 0])[None])
        new = (apart > side / 2).all(0)
        rows, scores = rows[new], scores[new]
    return torch.cat([known, rows]), torch.cat([best, scores])
