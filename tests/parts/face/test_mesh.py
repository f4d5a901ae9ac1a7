"""The face mesh: the authors' numbers on photographs, and the geometry around them."""

import io
import math
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from omote.parts.body.people import PoseLandmarks
from omote.parts.face.detect import detect_faces
from omote.parts.face.mesh import SIZE, FaceMesh, look, region_of_head, region_of_mesh, regions_of_faces
from omote.parts.face.regions import crop, to_picture


@pytest.fixture(scope="module")
def london(data: Path) -> torch.Tensor:
    """Four frontal faces [4 3 512 512]."""
    with zipfile.ZipFile(data / "open/faces/stim_512.zip") as archive:
        names = [n for n in archive.namelist() if n.startswith("neutral_front/") and n.endswith(".jpg")][:40:10]
        pictures = [np.array(Image.open(io.BytesIO(archive.read(n))).convert("RGB")) for n in names]
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float() / 255


@pytest.mark.oracle
@torch.no_grad()
def test_points_on_portraits_are_litert_s_within_half_a_pixel(london: torch.Tensor, litert: Callable) -> None:
    rois = regions_of_faces(detect_faces(london))
    points, presence = look(london, rois)
    for i, seen in enumerate(crop(london, rois, SIZE)):
        theirs = litert("face-mesh", seen[None].numpy())
        flat = next(v for v in theirs.values() if v.size == 1404).reshape(468, 3)
        expected = to_picture(torch.from_numpy(flat[None, :, :2] / SIZE), rois[i : i + 1])[0]
        apart = (points[i, :, :2] - expected).norm(dim=1).max() * SIZE / rois[i, 3]
        assert apart < 0.5
        assert presence[i] > 0.9


@torch.no_grad()
def test_a_turned_picture_gives_the_turned_points(london: torch.Tensor) -> None:
    image = london[:1]
    rois = regions_of_faces(detect_faces(image))
    points, _ = FaceMesh().landmarks(image, rois)
    turned = torch.rot90(image, 1, (2, 3))  # counter-clockwise: (x, y) goes to (y, 512 - x)
    moved = torch.stack([rois[:, 0], rois[:, 2], 512 - rois[:, 1], rois[:, 3], rois[:, 4] - math.pi / 2], 1)
    found, _ = FaceMesh().landmarks(turned, moved)
    expected = torch.stack([points[..., 1], 512 - points[..., 0]], -1)
    assert (found[..., :2] - expected).norm(dim=-1).max() < 1


@torch.no_grad()
def test_a_second_look_mends_a_careless_window(london: torch.Tensor) -> None:
    good = regions_of_faces(detect_faces(london))
    points, _ = FaceMesh(passes=3).landmarks(london, good)
    careless = good + torch.tensor([0, 25.0, -20.0, 40.0, 0.2])

    def error(passes: int) -> float:
        return float((FaceMesh(passes).landmarks(london, careless)[0] - points)[..., :2].norm(dim=-1).mean())

    assert error(2) < error(1)
    assert error(3) < 5


@torch.no_grad()
def test_the_head_of_a_pose_leads_to_the_face(london: torch.Tensor) -> None:
    scene = torch.nn.functional.pad(london[:1], (100, 100, 50, 0), mode="replicate")
    poses = PoseLandmarks().find(scene, across=(1,))
    assert len(poses) == 1
    rois = region_of_head(poses.points, poses.regions[:, 0])
    by_pose, presence = FaceMesh().landmarks(scene, rois)
    by_face, _ = FaceMesh().landmarks(scene, regions_of_faces(detect_faces(scene)))
    assert presence[0] > 0.9
    assert (by_pose - by_face)[..., :2].norm(dim=-1).mean() < 5


@torch.no_grad()
def test_where_no_face_is_the_presence_says_so(noise: Callable[..., torch.Tensor]) -> None:
    regions = torch.tensor([[0.0, 100, 100, 150, 0], [0.0, 60, 60, 40, 1]])
    assert bool((FaceMesh().landmarks(noise(1, 200, 200), regions)[1] < 0.5).all())


def test_gradients_reach_the_picture(noise: Callable[..., torch.Tensor]) -> None:
    image = noise(1, 96, 96).requires_grad_()
    points, presence = FaceMesh().landmarks(image, torch.tensor([[0.0, 48, 48, 90, 0.1]]))
    (gradient,) = torch.autograd.grad(points.sum() + presence.sum(), image)
    assert gradient.abs().sum() > 0
    assert bool(gradient.isfinite().all())


def test_nobody_gives_nothing() -> None:
    points, presence = FaceMesh().landmarks(torch.zeros(1, 3, 64, 64), torch.zeros(0, 5))
    assert points.shape == (0, 468, 3)
    assert presence.shape == (0,)
    assert regions_of_faces([[], []]).shape == (0, 5)


def test_the_window_of_a_mesh_is_half_again_its_box_and_level_with_its_eyes() -> None:
    points = torch.zeros(1, 468, 3)
    points[0, :, 0], points[0, :, 1] = torch.linspace(100, 180, 468), torch.linspace(50, 170, 468)
    points[0, 33, :2], points[0, 263, :2] = torch.tensor([120.0, 80.0]), torch.tensor([160.0, 100.0])
    region = region_of_mesh(points, torch.tensor([2.0]))[0]
    assert torch.allclose(region, torch.tensor([2.0, 140.0, 110.0, 180.0, math.atan2(20, 40)]))
