"""Irises: the authors' numbers on photographs; mirror symmetry; size."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from omote.parts.face.detect import detect_faces
from omote.parts.face.iris import (
    LEFT_EYE,
    LEFT_IRIS,
    RIGHT_EYE,
    RIGHT_IRIS,
    SIZE,
    FaceMeshWithIrises,
    iris_diameters,
    look,
    refine,
    regions_of_eyes,
)
from omote.parts.face.mesh import FaceMesh, regions_of_faces
from omote.parts.face.regions import crop, from_picture


@pytest.fixture(scope="module")
def london(data: Path) -> torch.Tensor:
    """Four frontal faces [4 3 512 512]."""
    with zipfile.ZipFile(data / "open/faces/stim_512.zip") as archive:
        names = [n for n in archive.namelist() if n.startswith("neutral_front/") and n.endswith(".jpg")][:40:10]
        pictures = [np.array(Image.open(io.BytesIO(archive.read(n))).convert("RGB")) for n in names]
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float() / 255


@pytest.fixture(scope="module")
def meshes(london: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        return FaceMesh().landmarks(london, regions_of_faces(detect_faces(london)))[0]


def test_the_two_eyes_name_different_points_of_the_mesh() -> None:
    assert len(set(RIGHT_EYE)) == len(set(LEFT_EYE)) == 71
    assert not set(RIGHT_EYE) & set(LEFT_EYE)
    assert max(RIGHT_EYE + LEFT_EYE) < 468


@pytest.mark.oracle
@pytest.mark.parametrize("left", [False, True])
@torch.no_grad()
def test_points_of_eyes_are_litert_s_within_a_sixth_of_a_pixel(
    london: torch.Tensor, meshes: torch.Tensor, litert: Callable, left: bool
) -> None:
    rois = regions_of_eyes(meshes, torch.arange(4.0), left)
    found = look(london, rois, left)
    for i, eye in enumerate(crop(london, rois, SIZE)):
        theirs = litert("iris", (eye.flip(2) if left else eye)[None].numpy())
        for points, count in zip(found, (213, 15), strict=True):
            flat = next(v for v in theirs.values() if v.size == count).reshape(-1, 3)[:, :2].copy()
            ours = from_picture(points[i : i + 1, :, :2], rois[i : i + 1])[0].numpy() * SIZE
            if left:
                flat[:, 0] = SIZE - flat[:, 0]
            assert np.abs(ours - flat).max() < SIZE / 192 / 2  # half a pixel at 192


@torch.no_grad()
def test_irises_lie_between_the_lids_and_are_as_wide_as_people_s(london: torch.Tensor, meshes: torch.Tensor) -> None:
    points = refine(london, meshes, torch.arange(4.0))
    for iris, eye in ((RIGHT_IRIS, RIGHT_EYE), (LEFT_IRIS, LEFT_EYE)):
        lids = points[:, list(eye[:16]), :2]
        centre = points[:, iris.start, :2]
        assert bool(((centre > lids.amin(1) - 2) & (centre < lids.amax(1) + 2)).all())
    between = (points[:, LEFT_IRIS.start, :2] - points[:, RIGHT_IRIS.start, :2]).norm(dim=1)
    millimetres = between[:, None] / iris_diameters(points) * 11.7
    assert bool(((millimetres > 50) & (millimetres < 78)).all())  # adults' distance of the pupils


@torch.no_grad()
def test_a_mirrored_picture_gives_the_mirrored_irises(london: torch.Tensor, meshes: torch.Tensor) -> None:
    right = regions_of_eyes(meshes, torch.arange(4.0), left=False)
    mirrored = right * torch.tensor([1.0, -1, 1, 1, -1]) + torch.tensor([0.0, 512, 0, 0, 0])
    _, iris = look(london, right, mirrored=False)
    _, other = look(london.flip(3), mirrored, mirrored=True)
    assert (iris[:, 0, 0] - (512 - other[:, 0, 0])).abs().max() < 0.5
    assert (iris[:, 0, 1] - other[:, 0, 1]).abs().max() < 0.5


@torch.no_grad()
def test_only_eyes_and_brows_of_the_mesh_change(london: torch.Tensor, meshes: torch.Tensor) -> None:
    points = refine(london, meshes, torch.arange(4.0))
    other = [i for i in range(468) if i not in RIGHT_EYE and i not in LEFT_EYE]
    assert torch.equal(points[:, other], meshes[:, other])
    assert torch.equal(points[:, :468, 2], meshes[..., 2])


def test_nobody_gives_nothing() -> None:
    points, presence = FaceMeshWithIrises().landmarks(torch.zeros(1, 3, 64, 64), torch.zeros(0, 5))
    assert points.shape == (0, 478, 3)
    assert presence.shape == (0,)


def test_gradients_reach_the_picture(noise: Callable[..., torch.Tensor]) -> None:
    image = noise(1, 96, 96).requires_grad_()
    points, _ = FaceMeshWithIrises().landmarks(image, torch.tensor([[0.0, 48, 48, 90, 0.1]]))
    (gradient,) = torch.autograd.grad(points[:, 468:].sum(), image)
    assert gradient.abs().sum() > 0
    assert bool(gradient.isfinite().all())
