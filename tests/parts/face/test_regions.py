"""Windows into pictures: geometry by round trip, sampling by closed form."""

import math
from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from omote.core.errors import ShapeError
from omote.parts.face.regions import check_images, check_regions, crop, from_picture, tiles, to_picture, whole

regions = st.tuples(st.floats(-50, 900), st.floats(-50, 900), st.floats(4, 800), st.floats(-7, 7))
points = st.tuples(st.floats(-1, 2), st.floats(-1, 2))


@given(regions, points)
@settings(max_examples=100, deadline=None)
def test_points_come_back_from_the_picture(row: tuple[float, ...], point: tuple[float, float]) -> None:
    region = torch.tensor([[0.0, *row]], dtype=torch.float64)
    unit = torch.tensor([[point]], dtype=torch.float64)
    assert torch.allclose(from_picture(to_picture(unit, region), region), unit, atol=1e-9)


@given(regions)
@settings(max_examples=50, deadline=None)
def test_a_window_s_centre_size_and_direction_are_what_it_says(row: tuple[float, ...]) -> None:
    x, y, side, angle = row
    region = torch.tensor([[0.0, *row]], dtype=torch.float64)
    unit = torch.tensor([[[0.5, 0.5], [0.0, 0.5], [1.0, 0.5], [0.5, 1.0]]], dtype=torch.float64)
    middle, left, right, below = to_picture(unit, region)[0]
    assert torch.allclose(middle, torch.tensor([x, y], dtype=torch.float64))
    along = torch.tensor([math.cos(angle), math.sin(angle)], dtype=torch.float64)
    assert torch.allclose(right - left, side * along, atol=1e-6)
    assert torch.allclose(below - middle, side / 2 * torch.stack([-along[1], along[0]]), atol=1e-6)


def ramp(height: int, width: int) -> torch.Tensor:
    """A picture whose red is x and green is y, at the pixels' centres, over 1000."""
    y, x = torch.meshgrid(torch.arange(height) + 0.5, torch.arange(width) + 0.5, indexing="ij")
    return torch.stack([x, y, torch.zeros_like(x)])[None] / 1000


@given(
    st.floats(100, 200),
    st.floats(80, 120),
    st.floats(20, 90),
    st.floats(-math.pi, math.pi),
    st.sampled_from([9, 16, 64]),
)
@settings(max_examples=50, deadline=None)
def test_a_crop_of_a_ramp_holds_the_places_it_was_read_at(
    x: float, y: float, side: float, angle: float, size: int
) -> None:
    region = torch.tensor([[0.0, x, y, side, angle]])
    found = crop(ramp(200, 300), region, size)[0, :2].flatten(1).T * 1000
    steps = (torch.arange(size) + 0.5) / size
    v, u = torch.meshgrid(steps, steps, indexing="ij")
    expected = to_picture(torch.stack([u, v], -1).reshape(1, -1, 2), region)[0]
    assert (found - expected).abs().max() < 0.05


def test_the_whole_picture_at_its_own_size_is_itself(noise: Callable[..., torch.Tensor]) -> None:
    image = noise(2, 32, 32)
    assert torch.allclose(crop(image, whole(image), 32), image, atol=1e-5)


def test_shrinking_by_a_whole_number_averages(noise: Callable[..., torch.Tensor]) -> None:
    image = noise(1, 64, 64)
    assert torch.allclose(crop(image, whole(image), 16), torch.nn.functional.avg_pool2d(image, 4), atol=1e-5)


def test_a_checkerboard_finer_than_the_crop_comes_out_grey() -> None:
    y, x = torch.meshgrid(torch.arange(400), torch.arange(400), indexing="ij")
    board = ((x + y) % 2).float().expand(1, 3, -1, -1)
    assert (crop(board, whole(board), 100, "zeros") - 0.5).abs().max() < 1e-5


def test_outside_is_black_or_the_border() -> None:
    image = torch.full((1, 3, 40, 20), 0.7)
    black = crop(image, whole(image), 40, "zeros")[0, 0]
    assert bool((black[:, :9] == 0).all())
    assert torch.allclose(black[:, 11:29], torch.tensor(0.7))
    assert torch.allclose(crop(image, whole(image), 40, "border"), torch.tensor(0.7))


def test_a_window_far_outside_is_black() -> None:
    region = torch.tensor([[0.0, 5000.0, -3000.0, 64.0, 1.0]])
    assert bool((crop(torch.ones(1, 3, 20, 20), region, 8, "zeros") == 0).all())
    assert bool((crop(torch.ones(1, 3, 20, 20), region, 8, "border") == 1).all())


def test_each_window_reads_its_own_picture() -> None:
    images = torch.stack([torch.full((3, 8, 8), v) for v in (0.1, 0.5, 0.9)])
    found = crop(images, whole(images)[[2, 0, 2]], 4)
    assert torch.allclose(found.mean((1, 2, 3)), torch.tensor([0.9, 0.1, 0.9]))


def test_gradients_reach_the_pictures_and_the_regions(noise: Callable[..., torch.Tensor]) -> None:
    image = noise(1, 24, 24).double().requires_grad_()
    region = torch.tensor([[0.0, 12.3, 11.2, 9.1, 0.4]], dtype=torch.float64, requires_grad=True)
    total = (crop(image, region, 6) ** 2).sum()
    by_image, by_region = torch.autograd.grad(total, [image, region])
    assert by_image.abs().sum() > 0
    for k in range(1, 5):
        step = torch.zeros_like(region)
        step[0, k] = 1e-6
        with torch.no_grad():
            rise = (crop(image, region + step, 6) ** 2).sum() - (crop(image, region - step, 6) ** 2).sum()
        assert abs(float(rise) / 2e-6 - float(by_region[0, k])) < 1e-3


@pytest.mark.parametrize(("height", "width"), [(100, 100), (90, 160), (300, 40), (7, 5)])
@pytest.mark.parametrize("across", [1, 2, 3, 5])
def test_tiles_cover_every_pixel_and_are_of_the_size_told(height: int, width: int, across: int) -> None:
    rows = tiles(torch.zeros(2, 3, height, width), across)
    seen = torch.zeros(2, height, width)
    y, x = torch.meshgrid(torch.arange(height) + 0.5, torch.arange(width) + 0.5, indexing="ij")
    for number, cx, cy, side, angle in rows.tolist():
        assert angle == 0
        seen[int(number)] += ((x - cx).abs() <= side / 2 + 1e-3) & ((y - cy).abs() <= side / 2 + 1e-3)
    assert bool((seen >= 1).all())
    assert len(rows) <= 2 * across**2
    side = rows[0, 3]
    assert abs(float(side * (across - (across - 1) * 0.25)) - max(height, width)) < 1e-3


@pytest.mark.parametrize("shape", [(3, 8, 8), (1, 4, 8, 8), (1, 1, 8, 8), (1, 3, 0, 8)])
def test_what_is_no_batch_of_pictures_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError, match="3 h w"):
        check_images(torch.zeros(shape))
    with pytest.raises(ShapeError, match="floats"):
        check_images(torch.zeros(1, 3, 8, 8, dtype=torch.uint8))


def test_what_is_no_list_of_regions_of_these_pictures_is_refused() -> None:
    images = torch.zeros(1, 3, 8, 8)
    with pytest.raises(ShapeError, match="n 5"):
        check_regions(torch.zeros(2, 4), images)
    for number in (1.0, -1.0, float("nan")):
        with pytest.raises(ShapeError, match="outside the batch of 1"):
            crop(images, torch.tensor([[number, 4, 4, 8, 0]]), 4)
