"""Anchors, decoding and the merging of answers, against slow and plain versions of the same."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from omote.parts.face.anchors import FULL_RANGE, POSE, SHORT_RANGE, AnchorConfig, anchors, blend, decode, overlap


@pytest.mark.parametrize(("config", "count"), [(SHORT_RANGE, 896), (FULL_RANGE, 2304), (POSE, 2254)])
def test_there_are_as_many_anchors_as_the_network_answers(config: AnchorConfig, count: int) -> None:
    centres = anchors(config)
    assert centres.shape == (count, 2)
    assert bool(((centres > 0) & (centres < 1)).all())


def test_anchors_are_the_centres_of_cells_in_rows() -> None:
    expected = []
    for stride, count in SHORT_RANGE.layers:
        for row in range(128 // stride):
            for column in range(128 // stride):
                expected += [[(column + 0.5) * stride / 128, (row + 0.5) * stride / 128]] * count
    assert torch.allclose(anchors(SHORT_RANGE), torch.tensor(expected))


def test_decoding_one_answer_by_hand() -> None:
    raw = torch.zeros(1, 2304, 16)
    raw[0, 48 + 2, :6] = torch.tensor([19.2, -9.6, 38.4, 19.2, 96.0, 0.0])  # row 1, column 2
    box = decode(raw, FULL_RANGE)[0, 50]
    x, y = 2.5 / 48 + 0.1, 1.5 / 48 - 0.05
    expected = torch.tensor([x - 0.1, y - 0.05, x + 0.1, y + 0.05, 2.5 / 48 + 0.5, 1.5 / 48])
    assert torch.allclose(box[:6], expected, atol=1e-6)


def brute_overlap(a: np.ndarray, b: np.ndarray) -> float:
    """Count cells of a fine grid of whole numbers."""
    cells = {(x, y) for x in range(int(a[0]), int(a[2])) for y in range(int(a[1]), int(a[3]))}
    others = {(x, y) for x in range(int(b[0]), int(b[2])) for y in range(int(b[1]), int(b[3]))}
    return len(cells & others) / max(1, len(cells | others))


boxes = st.lists(
    st.tuples(st.integers(0, 20), st.integers(0, 20), st.integers(1, 15), st.integers(1, 15)), min_size=1, max_size=8
)


@given(boxes)
@settings(max_examples=60, deadline=None)
def test_overlap_is_the_share_of_common_cells(given_boxes: list[tuple[int, int, int, int]]) -> None:
    rows = np.array([[x, y, x + w, y + h] for x, y, w, h in given_boxes], np.float32)
    ours = overlap(torch.from_numpy(rows)[:, None], torch.from_numpy(rows)[None])
    for i, a in enumerate(rows):
        for j, b in enumerate(rows):
            assert abs(float(ours[i, j]) - brute_overlap(a, b)) < 1e-5


def brute_blend(rows: np.ndarray, scores: np.ndarray, threshold: float) -> list[tuple[np.ndarray, float]]:
    """Take the best, average what overlaps it, go on with the rest."""
    left = sorted(range(len(rows)), key=lambda i: -scores[i])
    merged = []
    while left:
        best = left[0]
        group = [i for i in left if i == best or brute_overlap(rows[best], rows[i]) > threshold]
        weight = scores[group] / scores[group].sum()
        merged.append(((rows[group] * weight[:, None]).sum(0), float(scores[best])))
        left = [i for i in left if i not in group]
    return merged


@pytest.mark.oracle
@given(boxes, st.floats(0.05, 0.9), st.integers(0, 1000))
@settings(max_examples=80, deadline=None)
def test_merging_equals_brute_force(given_boxes: list[tuple[int, int, int, int]], threshold: float, seed: int) -> None:
    rows = np.array([[x, y, x + w, y + h] for x, y, w, h in given_boxes], np.float32)
    scores = np.random.default_rng(seed).permutation(len(rows)).astype(np.float32) / len(rows) * 0.9 + 0.1
    keypoints = np.random.default_rng(seed).random((len(rows), 4), np.float32)
    all_rows = np.concatenate([rows, keypoints], 1)
    merged, best = blend(torch.from_numpy(all_rows), torch.from_numpy(scores), threshold)
    expected = brute_blend(all_rows, scores, threshold)
    assert len(merged) == len(expected)
    for ours, score, (row, wanted) in zip(merged, best, expected, strict=True):
        assert np.allclose(ours.numpy(), row, atol=1e-4)
        assert abs(float(score) - wanted) < 1e-6


def test_nothing_merges_into_nothing() -> None:
    rows, scores = blend(torch.zeros(0, 16), torch.zeros(0))
    assert rows.shape == (0, 16)
    assert scores.shape == (0,)
