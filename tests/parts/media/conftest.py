"""Synthetic clips whose frames say their own number."""

from collections.abc import Iterable, Iterator
from fractions import Fraction

import numpy as np
import pytest

from omote.core.frame import Frame

BITS = 10
"""Numbers up to 1023 are painted as ten black or white blocks over a coloured ground."""


class Clip:
    """Paints numbered frames and reads the numbers back."""

    size = (64, 160)

    def frames(
        self,
        numbers: Iterable[int],
        fps: Fraction | int = 30,
        alpha: bool = False,
        size: tuple[int, int] = size,
    ) -> Iterator[Frame]:
        """Yield frames that show their numbers at number / fps."""
        for number in numbers:
            rgb = np.empty((*size, 3), np.uint8)
            rgb[:] = (40 + number % 160, 120, 200)
            for bit in range(BITS):
                rgb[: size[0] // 2, 16 * bit : 16 * bit + 16] = 255 * (number >> bit & 1)
            coverage = None
            if alpha:
                coverage = np.full(size, 255, np.uint8)
                coverage[size[0] // 2 :, : size[1] // 2] = 0
            yield Frame(rgb=rgb, time=Fraction(number) / fps, alpha=coverage)

    def number(self, frame: Frame) -> int:
        """Return the number that a frame shows."""
        blocks = frame.rgb[8, 8 : 16 * BITS : 16].mean(axis=1)
        return sum(1 << bit for bit in range(BITS) if blocks[bit] > 127)


@pytest.fixture(scope="session")
def clip() -> Clip:
    return Clip()
