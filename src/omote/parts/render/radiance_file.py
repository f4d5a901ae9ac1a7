"""Radiance's pictures (.hdr): four bytes a pixel, red, green, blue and a shared exponent.

Source: Ward, "Real Pixels" (Graphics Gems II, 1991), and the format of the Radiance system: a text header, a line of
resolution, then rows, each either flat, or its four channels one after another in runs (a count above 128 repeats one
byte count - 128 times, one below copies count bytes).
"""

import re
from pathlib import Path

import numpy as np
from jaxtyping import Float, Float32, UInt8
from numpy import ndarray

from omote.core.errors import InputError, ShapeError

MOST_PIXELS = 1 << 25
HEADER = 1 << 16
"""Bytes within which the header ends."""


def decode(rgbe: UInt8[ndarray, "*n 4"]) -> Float32[ndarray, "*n 3"]:
    """Return the radiance of pixels."""
    scale = np.ldexp(np.float32(1), rgbe[..., 3].astype(np.int32) - 136)
    return np.where(rgbe[..., 3:] > 0, rgbe[..., :3] * scale[..., None], 0).astype(np.float32)


def encode(radiance: Float[ndarray, "*n 3"]) -> UInt8[ndarray, "*n 4"]:
    """Return the pixels of radiance, at least zero."""
    most = np.maximum(radiance.max(-1), 0)
    share, exponent = np.frexp(most)
    scale = np.where(most > 1e-32, share * 256 / np.maximum(most, 1e-32), 0)
    pixels = np.concatenate([np.maximum(radiance, 0) * scale[..., None], (exponent + 128)[..., None]], -1)
    return np.where((most > 1e-32)[..., None], np.clip(pixels, 0, 255), 0).astype(np.uint8)


def read_radiance(path: Path) -> Float32[ndarray, "h w 3"]:
    """Return the picture in a file.

    Raises:
        InputError: the file cannot be read, is not Radiance's RGBE, is damaged, or too large.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path.name} cannot be read: {error.strerror}") from error
    found = re.search(rb"\n\n-Y (\d{1,6}) \+X (\d{1,6})\n", data[:HEADER])
    if not data.startswith(b"#?") or found is None or b"32-bit_rle_xyze" in data[: found.start()]:
        raise InputError(f"{path.name} is not a Radiance picture in RGBE, rows from the top; convert it first")
    height, width = int(found[1]), int(found[2])
    if not 0 < height * width <= MOST_PIXELS:
        raise InputError(f"{path.name} has {height} x {width} pixels; at most {MOST_PIXELS} can be read")
    exposure = 1.0
    for factor in re.findall(rb"\nEXPOSURE=\s*([0-9.eE+-]{1,20})", data[: found.start()]):
        exposure *= float(factor)
    try:
        rgbe = _rows(data, found.end(), height, width)
    except (IndexError, ValueError) as error:
        raise InputError(f"{path.name} ends early or is damaged; get it again") from error
    return decode(rgbe) / np.float32(exposure)


def write_radiance(path: Path, radiance: Float[ndarray, "h w 3"]) -> None:
    """Write a picture, flat.

    Raises:
        ShapeError: not [h w 3].
    """
    if radiance.ndim != 3 or radiance.shape[2] != 3:
        raise ShapeError(f"a picture is [h w 3], not {list(radiance.shape)}")
    h, w = radiance.shape[:2]
    path.write_bytes(f"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y {h} +X {w}\n".encode() + encode(radiance).tobytes())


def _rows(data: bytes, at: int, height: int, width: int) -> UInt8[ndarray, "h w 4"]:
    """Return the pixels that begin at a byte."""
    out = np.empty((height, width, 4), np.uint8)
    for row in range(height):
        if 8 <= width < 32768 and data[at : at + 2] == b"\x02\x02" and data[at + 2] < 128:
            if (data[at + 2] << 8) + data[at + 3] != width:
                raise ValueError("a row of another width")
            at += 4
            for channel in range(4):
                at = _run(data, at, out[row, :, channel])
        else:
            out[row] = np.frombuffer(data, np.uint8, 4 * width, at).reshape(width, 4)
            at += 4 * width
    return out


def _run(data: bytes, at: int, out: UInt8[ndarray, " w"]) -> int:
    """Fill one channel of a row; return the byte after it."""
    filled = 0
    while filled < len(out):
        count = data[at]
        repeat, count = count > 128, count - 128 if count > 128 else count
        taken = 1 if repeat else count
        if count == 0 or filled + count > len(out) or at + 1 + taken > len(data):
            raise ValueError("a run of no length, or too long")
        out[filled : filled + count] = np.frombuffer(data, np.uint8, taken, at + 1)
        filled, at = filled + count, at + 1 + taken
    return at
