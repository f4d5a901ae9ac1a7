"""Faces are found, mapped back to the picture, and nowhere else."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from omote.core.errors import UsageError
from omote.parts.face.anchors import FULL_RANGE, SHORT_RANGE, decode
from omote.parts.face.detect import detect_faces
from omote.parts.face.regions import crop, whole


@pytest.fixture(scope="module")
def london(data: Path) -> torch.Tensor:
    """Eight frontal faces [8 3 512 512]."""
    with zipfile.ZipFile(data / "open/faces/stim_512.zip") as archive:
        names = [n for n in archive.namelist() if n.startswith("neutral_front/") and n.endswith(".jpg")][:40:5]
        pictures = [np.array(Image.open(io.BytesIO(archive.read(n))).convert("RGB")) for n in names]
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float() / 255


@pytest.mark.parametrize("range_", ["short", "full"])
def test_one_face_is_found_in_each_portrait(london: torch.Tensor, range_: str) -> None:
    for faces in detect_faces(london, range_):
        assert len(faces) == 1
        x0, _, x1, _ = faces[0].box.tolist()
        assert 0.3 * 512 < x1 - x0 < 0.9 * 512
        assert abs((x0 + x1) / 2 - 256) < 60
        right_eye, left_eye, nose, mouth = faces[0].keypoints[:4]
        assert right_eye[0] < nose[0] < left_eye[0]  # the person's right is at the picture's left
        assert right_eye[1] < nose[1] < mouth[1]
        assert faces[0].score > 0.7


@pytest.mark.oracle
@pytest.mark.parametrize(("name", "config"), [("face-detector-short", SHORT_RANGE), ("face-detector-full", FULL_RANGE)])
def test_answers_on_portraits_are_litert_s(london: torch.Tensor, litert: Callable, name: str, config: object) -> None:
    from omote.parts.nets.flat_graph import open_graph

    size = config.size
    x = crop(london[:2], whole(london[:2]), size, "zeros") * 2 - 1
    with torch.no_grad():
        raw, logits = open_graph(name, x.device)(x)
    for i in range(2):
        theirs = list(litert(name, x[i : i + 1].numpy()).values())
        boxes = next(v for v in theirs if v.shape[-1] == 16)
        best = int(logits[i].argmax())
        apart = decode(raw[i : i + 1], config) - decode(torch.from_numpy(boxes), config)
        assert float(apart[0, best].abs().max()) * size < 0.5


def test_a_moved_picture_moves_its_face(london: torch.Tensor) -> None:
    image = london[:1]
    (before,) = detect_faces(image, "full")[0]
    padded = torch.zeros(1, 3, 700, 900)
    padded[..., 100:612, 250:762] = image
    (after,) = detect_faces(padded, "full")[0]
    shift = after.keypoints - before.keypoints - torch.tensor([250.0, 100.0])
    assert shift[:4].abs().max() < 0.03 * 512  # the ears are guessed


def test_tiles_find_a_face_too_small_for_the_whole_picture(london: torch.Tensor) -> None:
    small = torch.nn.functional.interpolate(london[:1], (72, 72), mode="bilinear", antialias=True)
    scene = torch.full((1, 3, 1000, 1600), 0.6)
    scene[..., 600:672, 1200:1272] = small
    assert detect_faces(scene, "full") == [[]]
    (face,) = detect_faces(scene, "full", across=(1, 4))[0]
    middle = (face.box[:2] + face.box[2:]) / 2
    assert (middle - torch.tensor([1236.0, 640.0])).norm() < 12


def test_a_face_seen_whole_and_in_tiles_is_counted_once(london: torch.Tensor) -> None:
    assert [len(faces) for faces in detect_faces(london, "full", across=(1, 2))] == [1] * len(london)


def test_the_largest_face_comes_first(london: torch.Tensor) -> None:
    small = torch.nn.functional.interpolate(london[:1], (256, 256), mode="bilinear", antialias=True)
    scene = torch.full((1, 3, 512, 800), 0.6)
    scene[..., 100:356, 0:256] = small
    scene[..., :, 288:] = london[1]
    widths = [float(face.box[2] - face.box[0]) for face in detect_faces(scene, "full")[0]]
    assert len(widths) == 2
    assert widths == sorted(widths, reverse=True)


def test_a_batch_gives_what_its_pictures_give_alone(london: torch.Tensor) -> None:
    together = detect_faces(london[:3])
    for i in range(3):
        (alone,) = detect_faces(london[i : i + 1])
        assert torch.allclose(together[i][0].keypoints, alone[0].keypoints, atol=0.05)


@pytest.mark.parametrize("size", [(1, 1), (2, 300), (300, 2), (64, 64)])
def test_pictures_of_nothing_have_no_faces(size: tuple[int, int]) -> None:
    assert detect_faces(torch.full((2, 3, *size), 0.5)) == [[], []]
    assert detect_faces(torch.zeros(1, 3, *size), "full", across=(1, 3)) == [[]]


def test_no_pictures_have_no_lists() -> None:
    assert detect_faces(torch.zeros(0, 3, 32, 32)) == []


def test_a_range_or_tiling_that_is_not_known_is_refused() -> None:
    with pytest.raises(UsageError, match="tiles across"):
        detect_faces(torch.zeros(1, 3, 32, 32), across=(0,))
    with pytest.raises(UsageError, match="tiles across"):
        detect_faces(torch.zeros(1, 3, 32, 32), across=())
