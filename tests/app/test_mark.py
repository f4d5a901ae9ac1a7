"""The visible TEST mark: there at every size, opaque also over transparency, elsewhere nothing changes."""

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from omote.app.mark import stamp, stamped
from omote.core.frame import Frame


@given(st.integers(1, 300), st.integers(1, 300))
def test_every_size_can_be_stamped_and_most_of_the_picture_stays(height: int, width: int) -> None:
    picture = np.full((height, width, 3), 200, np.uint8)
    marked = stamp(picture)
    assert marked.shape == picture.shape
    assert (marked != picture).any()
    if min(height, width) >= 240:
        assert (marked != picture).any(-1).mean() < 0.15


def test_the_banner_spans_the_width_and_holds_readable_letters() -> None:
    marked = stamp(np.zeros((720, 1280, 3), np.uint8))
    rows = (marked[..., 0] > 100).all(axis=1)
    assert 30 <= rows.sum() <= 60
    white = (marked.min(-1) > 240).any(axis=0)
    assert white.sum() > 150


def test_the_input_is_not_written_to() -> None:
    picture = np.zeros((64, 64, 3), np.uint8)
    stamp(picture)
    assert not picture.any()


def test_the_banner_is_seen_on_a_transparent_frame() -> None:
    frame = Frame(rgb=np.zeros((64, 64, 3), np.uint8), time=Fraction(0), alpha=np.zeros((64, 64), np.uint8))
    (marked,) = stamped([frame])
    assert marked.alpha is not None
    assert (marked.alpha[(marked.rgb != 0).any(-1)] == 255).all()
    assert (marked.alpha == 0).mean() > 0.7
