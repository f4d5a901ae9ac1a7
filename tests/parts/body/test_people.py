"""People are found at every size, their points are the authors' numbers, and things are not taken for people."""

import io
import math
import zipfile
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from omote.parts.body.people import (
    BONES,
    POINTS,
    SIZE,
    PoseLandmarks,
    circle,
    detect_people,
    paste,
    sharpen,
)
from omote.parts.body.people import _look as look
from omote.parts.face.regions import crop, from_picture
from omote.parts.nets.flat_graph import open_graph


def _open(stream: object) -> torch.Tensor:
    return torch.from_numpy(np.array(Image.open(stream).convert("RGB"))).permute(2, 0, 1)[None].float() / 255


@pytest.fixture(scope="module")
def photos(data: Path) -> dict[str, torch.Tensor]:
    """Whole persons (04, 07, ryota) and people cut at the waist (03, 09), each [1 3 h w]."""
    with zipfile.ZipFile(data / "check/body/fullbody.zip") as archive:
        found = {
            Path(n).stem: _open(io.BytesIO(archive.read(n)))
            for n in archive.namelist()
            if n.endswith((".jpg", ".jpeg", ".png"))
        }
    found["ryota"] = _open(data / "official/pifu/ryota.png")
    return {
        next(k for k in ("03", "04", "07", "09", "01", "ryota", "?") if k in n or k == "?"): x for n, x in found.items()
    }


@pytest.mark.parametrize("name", ["03", "07", "09"])
def test_the_one_person_of_a_photo_is_found_upright(photos: dict[str, torch.Tensor], name: str) -> None:
    (people,) = detect_people(photos[name])
    assert len(people) == 1
    hips, _, shoulders, _ = people[0].keypoints
    assert shoulders[1] < hips[1]
    assert abs(float(people[0].region[4])) < 0.3


@pytest.mark.oracle
@pytest.mark.parametrize("name", ["04", "09"])
@torch.no_grad()
def test_points_world_and_mask_on_photos_are_litert_s(
    photos: dict[str, torch.Tensor], litert: Callable, name: str
) -> None:
    rois = torch.stack([p.region for p in detect_people(photos[name])[0]])
    seen = crop(photos[name], rois, SIZE)
    poses, _ = look(photos[name], rois)
    theirs = litert("pose-landmarks", seen.numpy())
    flat = theirs["Identity"].reshape(1, 39, 5)
    expected = sharpen(torch.from_numpy(flat[..., :2].copy()) / SIZE, torch.from_numpy(theirs["Identity_3"]))[:, :33]
    ours = from_picture(poses.points[..., :2], rois)
    assert (ours - expected).norm(dim=-1).max() * 192 < 0.5
    mask = 1 / (1 + np.exp(-theirs["Identity_2"].clip(-60, 60)))
    assert np.abs(mask - poses.masks.numpy()).max() < 0.02
    space = theirs["Identity_4"].reshape(39, 3)[:33]
    lengths = np.linalg.norm(space[:, None] - space[None], axis=-1)
    assert torch.allclose(torch.cdist(poses.world[0], poses.world[0]), torch.from_numpy(lengths), atol=2e-3)


@torch.no_grad()
def test_a_whole_person_stands_in_the_world(photos: dict[str, torch.Tensor]) -> None:
    poses = PoseLandmarks().find(photos["07"])
    world = dict(zip(POINTS, poses.world[0], strict=True))
    assert world["nose"][1] > world["left shoulder"][1] > world["left hip"][1] > world["left ankle"][1]  # y is up
    assert world["left shoulder"][0] > world["right shoulder"][0]  # facing us, their left is at +x
    assert world["nose"][2] > world["left ear"][2]  # facing us, the nose is nearer: +z
    assert ((world["left hip"] + world["right hip"]) / 2).norm() < 0.02
    assert 1.2 < float(world["nose"][1] - world["left heel"][1]) < 1.9  # metres


@torch.no_grad()
def test_the_mask_covers_the_person_and_little_else(photos: dict[str, torch.Tensor], data: Path) -> None:
    truth = np.array(Image.open(data / "official/pifu/ryota_mask.png").convert("L")) > 127
    poses = PoseLandmarks().find(photos["ryota"])
    mask = poses.picture_masks(truth.shape)[0, 0].numpy() > 0.5
    assert (mask & truth).sum() / (mask | truth).sum() > 0.9


def test_a_turned_picture_gives_the_turned_person(photos: dict[str, torch.Tensor]) -> None:
    image = photos["ryota"]
    upright = PoseLandmarks().find(image)
    turned = PoseLandmarks().find(torch.rot90(image, 1, (2, 3)))
    assert len(turned) == 1
    expected = torch.stack([upright.points[..., 1], 512 - upright.points[..., 0]], -1)
    assert (turned.points[..., :2] - expected).norm(dim=-1).median() < 5
    # the world is the picture's: x right, y up
    spun = torch.stack([-upright.world[..., 1], upright.world[..., 0], upright.world[..., 2]], -1)
    assert (turned.world - spun).norm(dim=-1).median() < 0.08


@pytest.mark.parametrize("height", [600, 300, 150, 100])
def test_a_person_is_found_at_every_size(photos: dict[str, torch.Tensor], height: int) -> None:
    image = photos["ryota"][..., 40:480, 120:380]
    small = torch.nn.functional.interpolate(image, (height, round(height * 260 / 440)), mode="bilinear", antialias=True)
    scene = torch.zeros(1, 3, 720, 1280)
    scene[..., 60 : 60 + height, 800 : 800 + small.shape[3]] = small
    (people,) = detect_people(scene)
    assert len(people) == 1
    hips = people[0].region[1:3]
    expected = torch.tensor([800 + 131 / 260 * small.shape[3], 60 + 222 / 440 * height])
    assert (hips - expected).norm() < 0.06 * height


def test_several_people_come_largest_first(photos: dict[str, torch.Tensor]) -> None:
    scene = torch.zeros(1, 3, 720, 1280)
    for x, height in ((40, 300), (400, 640), (950, 450)):
        image = photos["ryota"][..., 40:480, 120:380]
        piece = torch.nn.functional.interpolate(image, (height, height // 2), mode="bilinear", antialias=True)
        scene[..., 40 : 40 + height, x : x + height // 2] = piece
    poses = PoseLandmarks().find(scene)
    assert len(poses) == 3
    assert [round(float(x) / 400) for x in poses.points[:, 23, 0]] == [1, 3, 0]


@pytest.mark.slow
def test_things_and_places_are_rarely_taken_for_people(data: Path) -> None:
    with_people = ("objects.jpg", "Amy", "Dubai", "Jerusalem", "Thailand", "Rome")
    wrong = seen = 0
    with zipfile.ZipFile(data / "open/misc/azure.zip") as archive:
        for name in archive.namelist()[::4]:
            if name.endswith(".jpg") and not any(n in name for n in with_people):
                wrong += len(detect_people(_open(io.BytesIO(archive.read(name))))[0])
                seen += 1
    assert seen > 10
    assert wrong <= 2


@pytest.mark.parametrize("size", [(1, 1), (3, 500)])
def test_nobody_gives_empty_lists_and_no_poses(size: tuple[int, int]) -> None:
    assert detect_people(torch.full((2, 3, *size), 0.4)) == [[], []]
    poses = PoseLandmarks().find(torch.full((1, 3, *size), 0.4))
    assert len(poses) == 0
    assert poses.points.shape == (0, 33, 3)
    assert poses.masks.shape == (0, 1, 256, 256)
    assert poses.picture_masks(size).shape == (0, 1, *size)


@torch.no_grad()
def test_two_pictures_give_what_each_gives_alone(photos: dict[str, torch.Tensor]) -> None:
    pair = torch.cat([photos["04"], photos["07"]])
    together = PoseLandmarks().find(pair, across=(1,))
    assert together.regions[:, 0].tolist() == [0, 1]
    for i in range(2):
        alone = PoseLandmarks().find(pair[i : i + 1], across=(1,))
        assert (together.points[i] - alone.points[0])[:, :2].abs().max() < 0.5


def test_picking_keeps_every_field_in_step(photos: dict[str, torch.Tensor]) -> None:
    poses = PoseLandmarks().find(torch.cat([photos["04"], photos["07"]]), across=(1,))
    second = poses.pick([1])
    for field in fields(poses):
        assert torch.equal(getattr(second, field.name)[0], getattr(poses, field.name)[1])


@pytest.mark.parametrize("angle", [-2.0, 0.0, 0.7, 3.0])
def test_the_window_of_a_circle_stands_it_upright(angle: float) -> None:
    middle, radius = torch.tensor([[30.0, 40.0]]), 20.0
    rim = middle + radius * torch.tensor([[math.sin(angle), -math.cos(angle)]])
    region = circle(middle, rim, torch.zeros(1))
    assert torch.allclose(region, torch.tensor([[0, 30, 40, 2.5 * radius, angle]]), atol=1e-5)
    assert torch.allclose(from_picture(rim[None], region)[0, 0], torch.tensor([0.5, 0.1]), atol=1e-5)


@pytest.mark.oracle
def test_sharpening_equals_the_centre_of_mass_by_loops() -> None:
    generator = torch.Generator().manual_seed(2)
    points = torch.rand(2, 5, 2, generator=generator) * 1.2 - 0.1
    heat = torch.randn(2, 5, 16, 16, generator=generator) * 3 - 2
    ours = sharpen(points, heat)
    for n in range(2):
        for k in range(5):
            column, row = math.floor(points[n, k, 0] * 16), math.floor(points[n, k, 1] * 16)
            expected = points[n, k]
            if 0 <= column < 16 and 0 <= row < 16:
                cells = [
                    (r, c, 1 / (1 + math.exp(-float(heat[n, k, r, c]))))
                    for r in range(max(0, row - 3), min(16, row + 4))
                    for c in range(max(0, column - 3), min(16, column + 4))
                ]
                if max(p for _, _, p in cells) >= 0.5:
                    mass = sum(p for _, _, p in cells)
                    x, y = sum(c * p for _, c, p in cells), sum(r * p for r, _, p in cells)
                    expected = torch.tensor([x, y]) / mass / 16
            assert torch.allclose(ours[n, k], expected, atol=1e-5)


def test_a_pasted_mask_lies_where_its_window_is() -> None:
    region = torch.tensor([[0.0, 60.0, 40.0, 30.0, 0.5]])
    laid = paste(torch.ones(1, 1, 64, 64), region, (100, 120))[0, 0]
    y, x = torch.meshgrid(torch.arange(100) + 0.5, torch.arange(120) + 0.5, indexing="ij")
    unit = from_picture(torch.stack([x, y], -1).reshape(1, -1, 2), region).reshape(100, 120, 2)
    inside = ((unit > 0.02) & (unit < 0.98)).all(-1)
    outside = ((unit < -0.02) | (unit > 1.02)).any(-1)
    assert bool((laid[inside] > 0.99).all())
    assert bool((laid[outside] == 0).all())


def test_gradients_reach_the_picture(noise: Callable[..., torch.Tensor]) -> None:
    image = noise(1, 128, 128).requires_grad_()
    poses = PoseLandmarks().landmarks(image, torch.tensor([[0.0, 64, 64, 120, 0.2]]))
    for value in (poses.points, poses.world, poses.masks):
        (gradient,) = torch.autograd.grad(value.sum(), image, retain_graph=True)
        assert gradient.abs().sum() > 0
        assert bool(gradient.isfinite().all())


def test_names_and_bones_fit_the_network() -> None:
    assert len(POINTS) == len(set(POINTS)) == 33
    assert {i for bone in BONES for i in bone} <= set(range(33))
    assert open_graph("pose-landmarks", torch.device("cpu")).outputs[0]["shape"] == [39 * 5]
