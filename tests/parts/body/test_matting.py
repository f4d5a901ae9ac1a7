"""A disc whose coverage is known exactly, before backgrounds plain and not."""

import numpy as np
import pytest
from jaxtyping import TypeCheckError

from omote.core.errors import NobodyError, ShapeError
from omote.parts.body.matting import foreground, matte, plain_background

SIZE = 160


def disc(radius: float = 50.0, soft: float = 1.0) -> np.ndarray:
    y, x = np.mgrid[0:SIZE, 0:SIZE] + 0.5
    return np.clip((radius - np.hypot(x - SIZE / 2, y - SIZE / 2)) / soft + 0.5, 0, 1)


def photo(alpha: np.ndarray, inside: np.ndarray, outside: np.ndarray) -> np.ndarray:
    return np.rint(alpha[..., None] * inside + (1 - alpha[..., None]) * outside).astype(np.uint8)


@pytest.mark.oracle
def test_matte_of_a_disc_on_a_plain_wall_is_its_exact_coverage() -> None:
    alpha = disc(soft=3.0)
    rgb = photo(alpha, np.array([180.0, 60, 40]), np.array([225.0, 228, 230]))
    result = matte(rgb, disc(radius=47))
    assert np.abs(result.alpha - alpha).max() < 0.2
    assert np.abs(result.alpha - alpha).mean() < 0.003


@pytest.mark.oracle
def test_matte_mends_a_mask_that_is_some_pixels_off_before_a_busy_background() -> None:
    rng = np.random.default_rng(1)
    wild = rng.uniform(90, 160, (SIZE, SIZE, 3)) * [0.4, 1.0, 0.5]
    alpha = disc()
    rgb = photo(alpha, np.array([200.0, 60, 60]), wild)
    rough = np.clip(disc(radius=50, soft=12) + 0.05 * disc(radius=53), 0, 1)
    result = matte(rgb, rough)
    assert np.abs(result.alpha - alpha).mean() < 0.01


def test_foreground_keeps_no_background_in_its_colours() -> None:
    alpha, inside = disc(soft=6.0), np.array([180.0, 60, 40])
    rgb = photo(alpha, inside, np.array([230.0, 230, 230]))
    clean = foreground(rgb, alpha)
    edge = (alpha > 0.2) & (alpha < 0.9)
    assert np.abs(clean[edge] - inside).mean() < 12
    assert np.abs(rgb[edge] - inside).mean() > 40


def test_what_an_arm_encloses_stays_open() -> None:
    y, x = np.mgrid[0:SIZE, 0:SIZE] + 0.5
    ring = disc() * (1 - np.clip(18 - np.hypot(x - SIZE / 2, y - SIZE / 2) + 0.5, 0, 1))
    rgb = photo(ring, np.array([40.0, 60, 90]), np.array([240.0, 240, 240]))
    result = matte(rgb, np.maximum(ring, 0.75 * disc(radius=30)))
    assert result.alpha[SIZE // 2, SIZE // 2] == 0


@pytest.mark.oracle
def test_a_shaded_wall_is_plain_and_its_colour_is_found_behind_the_person() -> None:
    y, x = np.mgrid[0:SIZE, 0:SIZE] / SIZE
    wall = np.stack([0.8 - 0.1 * x, 0.8 - 0.05 * y * y, 0.75 + 0.05 * x * y], -1)
    person = disc() > 0.5
    rgb = np.where(person[..., None], 0.1, wall)
    found = plain_background(rgb, person, 0.03)
    assert found is not None
    assert np.abs(found - wall).max() < 1e-6


def test_foliage_is_no_plain_background() -> None:
    rgb = np.random.default_rng(0).uniform(0, 1, (SIZE, SIZE, 3))
    assert plain_background(rgb, disc() > 0.5, 0.03) is None


def test_an_empty_mask_is_refused() -> None:
    with pytest.raises(NobodyError, match="mask of the person is empty"):
        matte(np.zeros((40, 40, 3), np.uint8), np.zeros((40, 40)))


def test_a_mask_of_another_size_is_refused() -> None:
    with pytest.raises((ShapeError, TypeCheckError), match=r"does not fit|[Tt]ype-check"):
        matte(np.zeros((40, 40, 3), np.uint8), np.ones((40, 41)))


@pytest.mark.oracle
def test_dark_clothes_before_a_grainless_black_ground_are_not_blown_up() -> None:
    alpha = disc()
    rgb = photo((alpha > 0.5).astype(float), np.array([16.0, 15, 18]), np.zeros(3))
    swollen = disc(radius=62, soft=8)
    assert np.abs(matte(rgb, swollen).alpha - (alpha > 0.5)).mean() < 0.01


def test_stripes_of_the_walls_colour_stay_the_persons() -> None:
    wall = np.array([230.0, 230, 232])
    alpha = disc(radius=60)
    stripes = np.where((np.arange(SIZE) // 2 % 2 == 0)[:, None, None], wall, np.array([30.0, 40, 90]))
    rgb = photo(alpha, stripes, wall)
    result = matte(rgb, disc(radius=58, soft=6))
    assert (result.alpha[disc(radius=54) > 0.5] > 0.9).mean() > 0.97
