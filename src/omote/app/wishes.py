"""What users write on the command line, turned into what the parts take; each mistake is told in one sentence."""

import re
from pathlib import Path

from omote.core.errors import UsageError
from omote.parts.media.encoding import Encoding
from omote.parts.media.pictures import read_picture
from omote.parts.render.background import Background, Gradient, Nothing, Picture, plain

SIZES = {
    "720p": (720, 1280),
    "1080p": (1080, 1920),
    "vertical": (1280, 720),
    "vertical-1080p": (1920, 1080),
    "square": (720, 720),
    "preview": (640, 360),
}
"""(height, width) by name."""
_LARGEST = 4096


def size(text: str) -> tuple[int, int]:
    """Return (height, width) of a name of `SIZES`, or of `WIDTHxHEIGHT`.

    Raises:
        UsageError: neither, or a side outside 64 to 4096 pixels.
    """
    if text in SIZES:
        return SIZES[text]
    match = re.fullmatch(r"(\d{1,6})[x×](\d{1,6})", text)
    if not match:
        raise UsageError(f"size {text!r} is neither WIDTHxHEIGHT nor one of {', '.join(SIZES)}")
    width, height = (int(side) for side in match.groups())
    if not (64 <= width <= _LARGEST and 64 <= height <= _LARGEST):
        raise UsageError(f"size {text} has a side outside 64 to {_LARGEST} pixels")
    return height, width


def colour(text: str) -> tuple[int, int, int] | None:
    """Return the sRGB of `#RGB` or `#RRGGBB`, or None if the text is no colour.

    Raises:
        UsageError: it begins as a colour and is none.
    """
    if not text.startswith("#"):
        return None
    digits = text[1:]
    if not re.fullmatch(r"[0-9a-fA-F]{3}|[0-9a-fA-F]{6}", digits):
        raise UsageError(f"{text!r} is no colour; write #RGB or #RRGGBB in hexadecimal")
    if len(digits) == 3:
        digits = "".join(2 * d for d in digits)
    red, green, blue = bytes.fromhex(digits)
    return red, green, blue


def background_file(text: str) -> Path | None:
    """Return the picture that a background names, or None if it names none."""
    return None if text in ("studio", "transparent") or text.startswith("#") else Path(text)


def background(text: str) -> Background:
    """Return the background of `studio`, `transparent`, a colour, or a picture's path.

    Raises:
        UsageError: a colour that is none.
        InputError: the picture cannot be read.
    """
    if text == "studio":
        return Gradient()
    if text == "transparent":
        return Nothing()
    if rgb := colour(text):
        return plain(rgb)
    return Picture(rgb=read_picture(Path(text)).rgb)


def encoding(out: Path, *, transparent: bool, codec: str = "h264", crf: int | None = None) -> Encoding:
    """Return how to encode a video, from the name of its file.

    Args:
        out: `.mp4`, `.mov` or `.m4v` (H.264 or H.265), `.webm` (VP9), or a folder of PNG pictures (no suffix).
        transparent: whether coverage is kept.
        codec: h264 or h265, for MP4.
        crf: constant rate factor; a good one by default.

    Raises:
        UsageError: another suffix, or one that cannot hold transparency.
    """
    suffix = out.suffix.lower()
    if suffix in (".mp4", ".mov", ".m4v"):
        if transparent:
            raise UsageError(f"{suffix} cannot hold transparency; write to .webm, or to a folder of PNG pictures")
        if codec not in ("h264", "h265"):
            raise UsageError(f"codec {codec!r} is not one of h264, h265")
        return Encoding(codec=codec, crf=20 if crf is None else crf)  # pyright: ignore[reportArgumentType]
    if suffix == ".webm":
        return Encoding(codec="vp9", crf=30 if crf is None else crf, alpha=transparent)
    if not suffix:
        return Encoding(codec="png", alpha=transparent)
    raise UsageError(
        f"{out.name} ends on {suffix}; videos go to .mp4, .mov, .webm, or a folder (no suffix) of PNG pictures"
    )
