"""The visible mark on everything that is made without a person's consent record, for trying things out."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache

import numpy as np
from jaxtyping import Float32, UInt8
from numpy import ndarray
from PIL import Image, ImageDraw, ImageFont

from omote.core.frame import Frame

_TEXT = "TEST · NOT FOR PUBLICATION"


@cache
def _banner(height: int, width: int) -> tuple[int, Float32[ndarray, "bh w 1"]]:
    """Return the row where the banner starts and its coverage in [0, 1] over the picture's full width."""
    tall = max(12, round(min(height, width) * 0.055))
    font = ImageFont.load_default(size=tall * 0.62)
    wide = font.getlength(_TEXT)
    if wide > 0.96 * width:
        font = ImageFont.load_default(size=max(4.0, tall * 0.62 * 0.96 * width / wide))
    picture = Image.new("L", (width, min(tall, height)))
    ImageDraw.Draw(picture).text((width / 2, picture.height / 2), _TEXT, fill=255, font=font, anchor="mm")
    return min(height // 40, height - picture.height), np.asarray(picture, np.float32)[..., None] / 255


def stamp(rgb: UInt8[ndarray, "h w 3"]) -> UInt8[ndarray, "h w 3"]:
    """Return the picture with a red banner across its top that says TEST."""
    top, letters = _banner(*rgb.shape[:2])
    marked = rgb.copy()
    strip = marked[top : top + len(letters)]
    ground = strip * 0.35 + np.array((178, 18, 18), np.float32) * 0.65
    strip[:] = (ground * (1 - letters) + 255 * letters).astype(np.uint8)
    return marked


def stamped(frames: Iterable[Frame]) -> Iterator[Frame]:
    """Yield each frame with the banner; the banner is opaque also where the picture is not."""
    for frame in frames:
        alpha = frame.alpha
        if alpha is not None:
            top, letters = _banner(*frame.size)
            alpha = alpha.copy()
            alpha[top : top + len(letters)] = 255
        yield replace(frame, rgb=stamp(frame.rgb), alpha=alpha)
