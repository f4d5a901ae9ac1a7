"""The quick mask of a person near the camera."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from omote.parts.body.selfie import SIZE, selfie_mask


@pytest.fixture(scope="module")
def portrait(data: Path) -> torch.Tensor:
    with zipfile.ZipFile(data / "check/body/fullbody.zip") as archive:
        name = next(n for n in archive.namelist() if "09" in n and n.endswith(".jpg"))
        picture = np.array(Image.open(io.BytesIO(archive.read(name))).convert("RGB"))
    return torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255


@pytest.mark.oracle
@torch.no_grad()
def test_the_mask_of_a_photo_is_litert_s(portrait: torch.Tensor, litert: Callable) -> None:
    square = torch.nn.functional.interpolate(portrait, (SIZE, SIZE), mode="bilinear", antialias=True)
    (theirs,) = litert("selfie-mask", square.numpy()).values()
    assert np.abs(selfie_mask(square).numpy() - theirs).max() < 0.02


@torch.no_grad()
def test_the_mask_is_on_the_person(portrait: torch.Tensor) -> None:
    mask = selfie_mask(portrait)
    assert mask.shape == (1, 1, *portrait.shape[2:])
    assert float(mask.min()) >= 0
    assert float(mask.max()) <= 1
    assert mask[0, 0, 400:660, 420:620].mean() > 0.9  # the jacket
    assert mask[0, 0, :200].mean() < 0.1  # the sky


@torch.no_grad()
def test_a_batch_gives_what_its_pictures_give_alone(noise: Callable[..., torch.Tensor]) -> None:
    images = noise(3, 90, 160)
    together = selfie_mask(images)
    for i in range(3):
        assert torch.allclose(together[i : i + 1], selfie_mask(images[i : i + 1]), atol=1e-4)


def test_gradients_reach_the_picture(portrait: torch.Tensor) -> None:
    image = portrait.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(selfie_mask(image).sum(), image)
    assert gradient.abs().sum() > 0
    assert bool(gradient.isfinite().all())


@torch.no_grad()
def test_a_picture_of_one_pixel_has_a_mask_of_one_pixel() -> None:
    assert selfie_mask(torch.full((1, 3, 1, 1), 0.5)).shape == (1, 1, 1, 1)
