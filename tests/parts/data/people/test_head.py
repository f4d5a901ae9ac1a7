"""A head's rigid frame agrees with the skin that the body model itself moves."""

from collections.abc import Callable

import numpy as np
import pytest

from omote.parts.body.anny import PARTS
from omote.parts.data.people.head import Head


@pytest.mark.oracle
def test_what_is_rigid_with_the_skull_goes_where_the_skinned_skull_goes(make_head: Callable[..., Head]) -> None:
    head = make_head(turned=True)
    skull = (head.canonical[:, 1] > 0.93) & (head.model.part == PARTS.index("head"))
    assert np.abs(head.to_world(head.neutral[skull]) - head.posed[skull]).max() < 2e-4


def test_a_shift_at_rest_is_turned_with_the_head(make_head: Callable[..., Head]) -> None:
    head = make_head(turned=True)
    shift = np.zeros_like(head.acted)
    shift[7] = [0.001, 0.002, -0.003]
    moved = head.moved(shift)
    assert np.allclose(moved.acted - head.acted, shift, atol=1e-6)
    assert np.isclose(np.linalg.norm((moved.posed - head.posed)[7]), np.linalg.norm(shift[7]), atol=1e-6)
