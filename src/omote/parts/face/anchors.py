"""What a single-shot detector sees with: its anchors, the boxes it answers, and which of them are one thing.

Source: Liu et al., SSD: Single Shot MultiBox Detector, ECCV 2016; Bazarevsky et al., BlazeFace, 2019 (the
blending of overlapping answers, which steadies a video); the numbers are those of MediaPipe's graphs.

Every cell of a layer of stride s carries `count` anchors at its centre; all anchors have the side of the
picture, so that an answer is an offset in shares of the picture.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor


@dataclass(frozen=True, kw_only=True, slots=True)
class AnchorConfig:
    """The layers of a detector."""

    size: int
    """Side of the network's input, in pixels."""
    layers: tuple[tuple[int, int], ...]
    """(stride in pixels, anchors per cell), in the network's order."""
    keypoints: int
    """Points that an answer has beside its box."""


SHORT_RANGE = AnchorConfig(size=128, layers=((8, 2), (16, 6)), keypoints=6)
FULL_RANGE = AnchorConfig(size=192, layers=((4, 1),), keypoints=6)
POSE = AnchorConfig(size=224, layers=((8, 2), (16, 2), (32, 6)), keypoints=4)


def anchors(config: AnchorConfig) -> Float[Tensor, "n 2"]:
    """Return the centres (x, y) of all anchors, in 0..1 of the picture, cell by cell in rows."""
    layers = []
    for stride, count in config.layers:
        cells = (torch.arange(config.size // stride) + 0.5) * stride / config.size
        y, x = torch.meshgrid(cells, cells, indexing="ij")
        layers.append(torch.stack([x, y], -1).reshape(-1, 1, 2).expand(-1, count, 2).reshape(-1, 2))
    return torch.cat(layers)


def decode(raw: Float[Tensor, "b n k"], config: AnchorConfig) -> Float[Tensor, "b n k"]:
    """Turn a network's answers into corners and keypoints, in 0..1 of its input.

    Args:
        raw: per anchor: box centre x y, width, height, then x y of each keypoint; in pixels from the anchor.
        config: the detector's anchors.

    Returns:
        Per anchor: x0 y0 x1 y1, then x y of each keypoint.
    """
    centre = anchors(config).to(raw)
    values = raw / config.size
    middle, half = values[..., :2] + centre, values[..., 2:4] / 2
    keypoints = values[..., 4:] + centre.repeat(1, raw.shape[-1] // 2 - 2)
    return torch.cat([middle - half, middle + half, keypoints], -1)


def overlap(one: Float[Tensor, "*b 4"], other: Float[Tensor, "*c 4"]) -> Float[Tensor, "*d"]:
    """Return the intersection over union of boxes x0 y0 x1 y1 (0 where both are empty)."""
    low, high = torch.maximum(one[..., :2], other[..., :2]), torch.minimum(one[..., 2:4], other[..., 2:4])
    shared = (high - low).clamp_min(0).prod(-1)
    area = [(b[..., 2:4] - b[..., :2]).clamp_min(0).prod(-1) for b in (one, other)]
    return shared / (area[0] + area[1] - shared).clamp_min(1e-12)


def blend(
    answers: Float[Tensor, "n k"], scores: Float[Tensor, " n"], threshold: float = 0.3
) -> tuple[Float[Tensor, "m k"], Float[Tensor, " m"]]:
    """Merge answers that overlap into one each: the mean of a group weighted by score, under the best one's
    score.

    Args:
        answers: box corners and keypoints.
        scores: in (0, 1].
        threshold: a box joins the best remaining one where their overlap is greater than this.

    Returns:
        The merged answers and their scores, best first.
    """
    order = scores.argsort(descending=True, stable=True)
    answers, scores = answers[order], scores[order]
    left: Bool[Tensor, " n"] = torch.ones_like(scores, dtype=torch.bool)
    merged, best = [], []
    while bool(left.any()):
        first = int(left.nonzero()[0, 0])
        group = left & (overlap(answers[first, :4], answers[:, :4]) > threshold)
        group[first] = True
        weight = scores[group][:, None]
        merged.append((answers[group] * weight).sum(0) / weight.sum())
        best.append(scores[first])
        left &= ~group
    if not merged:
        return answers, scores
    return torch.stack(merged), torch.stack(best)
