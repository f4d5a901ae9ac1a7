"""Backgrounds fill any frame."""

import numpy as np
import pytest

from omote.core.errors import ShapeError
from omote.parts.render.background import Gradient, Nothing, Picture, plain


def test_a_gradient_runs_from_top_to_bottom() -> None:
    filled = Gradient(top=(0, 100, 200), bottom=(100, 0, 200)).fill((100, 3))
    assert filled.shape == (100, 3, 4)
    np.testing.assert_allclose(filled[0, 0], [0, 100, 200, 255], atol=1)
    np.testing.assert_allclose(filled[49, 1], [50, 50, 200, 255], atol=1)
    np.testing.assert_allclose(filled[-1, -1], [100, 0, 200, 255], atol=1)
    assert (plain((7, 8, 9)).fill((5, 5)) == [7, 8, 9, 255]).all()


@pytest.mark.parametrize(
    ("size", "visible"), [((40, 40), (slice(None), slice(20, 60))), ((20, 80), (slice(10, 30), slice(None)))]
)
def test_a_picture_covers_the_frame_and_shows_its_middle(size: tuple[int, int], visible: tuple[slice, slice]) -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (40, 80, 3), dtype=np.uint8)
    np.testing.assert_array_equal(Picture(rgb=rgb).fill(size)[..., :3], rgb[visible])


@pytest.mark.parametrize("size", [(1, 1), (3, 500), (301, 7)])
def test_any_size_is_filled(size: tuple[int, int]) -> None:
    rgb = np.full((5, 9, 3), 77, np.uint8)
    for background in (Picture(rgb=rgb), Gradient(), Nothing()):
        assert background.fill(size).shape == (*size, 4)
    assert (Picture(rgb=rgb).fill(size) == [77, 77, 77, 255]).all()


def test_nothing_is_transparent() -> None:
    assert not Nothing().fill((4, 5)).any()


def test_an_empty_picture_is_refused() -> None:
    with pytest.raises(ShapeError):
        Picture(rgb=np.zeros((0, 5, 3), np.uint8)).fill((4, 4))
