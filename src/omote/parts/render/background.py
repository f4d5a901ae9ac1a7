"""What is behind everything: a colour, a gradient, a picture, or nothing."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import UInt8
from numpy import ndarray
from PIL import Image

from omote.core.errors import ShapeError

Rgb = tuple[int, int, int]
"""sRGB, 0..255."""


@dataclass(frozen=True, kw_only=True)
class Gradient:
    """A vertical gradient; one colour where both ends are the same."""

    top: Rgb = (236, 238, 242)
    """At the upper edge."""
    bottom: Rgb = (198, 202, 210)
    """At the lower edge."""

    def fill(self, size: tuple[int, int]) -> UInt8[ndarray, "h w 4"]:
        """Return the background for a frame of (height, width)."""
        down = (np.arange(size[0])[:, None] + 0.5) / size[0]
        rows = np.array(self.top) * (1 - down) + np.array(self.bottom) * down
        rows = np.concatenate([np.rint(rows), np.full((size[0], 1), 255)], 1).astype(np.uint8)
        return np.repeat(rows[:, None], size[1], axis=1)


@dataclass(frozen=True, kw_only=True, eq=False)
class Picture:
    """A picture that covers the frame: scaled to fill it, its middle shown."""

    rgb: UInt8[ndarray, "_ _ 3"]
    """sRGB."""

    def fill(self, size: tuple[int, int]) -> UInt8[ndarray, "h w 4"]:
        """Return the background for a frame of (height, width).

        Raises:
            ShapeError: the picture is not uint8 [h w 3] with at least one pixel.
        """
        if self.rgb.dtype != np.uint8 or self.rgb.ndim != 3 or self.rgb.shape[2] != 3 or self.rgb.size == 0:
            raise ShapeError(f"a background picture is uint8 [h w 3], not {self.rgb.dtype} {list(self.rgb.shape)}")
        (h, w), (ph, pw) = size, self.rgb.shape[:2]
        scale = max(h / ph, w / pw)
        left, top = (pw - w / scale) / 2, (ph - h / scale) / 2
        box = (max(left, 0.0), max(top, 0.0), min(left + w / scale, pw), min(top + h / scale, ph))
        scaled = Image.fromarray(self.rgb).resize((w, h), Image.Resampling.LANCZOS, box=box)
        return np.dstack([np.asarray(scaled), np.full((h, w), 255, np.uint8)])


@dataclass(frozen=True)
class Nothing:
    """No background: the result's alpha says where something is."""

    def fill(self, size: tuple[int, int]) -> UInt8[ndarray, "h w 4"]:
        """Return a fully transparent frame of (height, width)."""
        return np.zeros((*size, 4), np.uint8)


Background = Gradient | Picture | Nothing


def plain(colour: Rgb) -> Gradient:
    """Return a background of one colour."""
    return Gradient(top=colour, bottom=colour)
