"""Pictures in and out: whatever a camera or an editor saved becomes 8-bit sRGB, upright, with alpha apart.

The header is read before anything is decoded, so that a small file that unfolds to gigapixels is refused at
once. An embedded ICC profile is followed (lcms, perceptual), the EXIF orientation (CIPA DC-008, tag 0x0112)
applied; sixteen bits are rounded to eight; of an animation the first picture is taken.
"""

import io
import struct
import warnings
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from numpy import ndarray
from PIL import Image, ImageCms

from omote.core.errors import InputError, ShapeError, UsageError
from omote.parts.media.files import Content, readable, replacing

MAX_PIXELS = 100_000_000
"""Default limit of height x width."""
MAX_SIDE = 20_000
"""No side may be longer, in pixels."""

_FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF", "AVIF")
_BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    IndexError,
    KeyError,
    TypeError,
    struct.error,
    zlib.error,
)
"""What Pillow's decoders raise on damaged files."""
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What undoes each EXIF orientation."""
_WRITERS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}
_MAX_SIDES = {"PNG": 2**31 - 1, "JPEG": 65_500, "WEBP": 16_383}
"""What the formats (libjpeg's implementation of it) can hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A still picture."""

    rgb: UInt8[ndarray, "h w 3"]
    """sRGB."""
    alpha: UInt8[ndarray, "h w"] | None = None
    """Coverage, 255 = opaque, colours not premultiplied; None where the picture is opaque everywhere."""

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) in pixels."""
        return self.rgb.shape[0], self.rgb.shape[1]


def read_picture(path: str | Path, max_pixels: int = MAX_PIXELS) -> Picture:
    """Return the picture in a file, upright, in sRGB; its content decides what it is, not its suffix.

    Args:
        path: PNG, JPEG, WebP, TIFF, BMP, GIF or AVIF, of 8 or 16 bits: RGB, grey, palette or CMYK, with alpha
            or without.
        max_pixels: largest height x width that is decoded; Pillow's own ceiling of 179 million holds too.

    Raises:
        InputError: missing, unreadable, empty, cut short, not a picture, or too large.
    """
    path = Path(path)
    content = readable(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of large pictures and odd metadata: both are judged here
            with Image.open(path, formats=_FORMATS) as image:
                _refuse_large(path, image, max_pixels)
                image.load()
                return _picture(path, image)
    except Image.UnidentifiedImageError as error:
        raise InputError(_not_a_picture(path, content)) from error
    except (Image.DecompressionBombError, MemoryError) as error:
        raise InputError(f"{path} holds more pixels than the limit of {max_pixels:,}; scale it down") from error
    except _BROKEN as error:
        raise InputError(f"{path} is damaged or cut short ({error}); copy or export it again") from error


def _refuse_large(path: Path, image: Image.Image, max_pixels: int) -> None:
    """Raise InputError where the header announces a larger picture than allowed."""
    width, height = image.size
    if width < 1 or height < 1:
        raise InputError(f"{path} is {width} x {height} pixels large; at least 1 x 1 is expected")
    if max(width, height) > MAX_SIDE:
        raise InputError(f"{path} is {width} x {height} pixels large; no side may be over {MAX_SIDE:,}; scale it down")
    if width * height > max_pixels:
        raise InputError(f"{path} is {width} x {height} pixels large; the limit is {max_pixels:,}; scale it down")


def _not_a_picture(path: Path, content: Content) -> str:
    """Return the sentence that tells what was found in place of a picture."""
    if content.kind == "picture":
        return f"{path} is {content.name} that cannot be read: it is damaged or of an odd kind; save it as PNG"
    return f"{path} is {content.name}, where a picture (PNG, JPEG, WebP, TIFF, BMP, GIF, AVIF) is expected"


def _picture(path: Path, image: Image.Image) -> Picture:
    """Return a decoded Pillow image as ours."""
    image = _eight_bits(path, image)
    profile = image.info.get("icc_profile")
    alpha = None
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        alpha = image.convert("RGBA").getchannel("A")
    colours = _in_srgb(image.convert({"LA": "L", "RGBA": "RGB"}.get(image.mode, image.mode)), profile)
    orientation = _orientation(image)
    if orientation in _UPRIGHT:
        colours = colours.transpose(_UPRIGHT[orientation])
        alpha = alpha.transpose(_UPRIGHT[orientation]) if alpha else None
    coverage = None if alpha is None or alpha.getextrema() == (255, 255) else np.array(alpha)
    return Picture(rgb=np.array(colours), alpha=coverage)


def _eight_bits(path: Path, image: Image.Image) -> Image.Image:
    """Round 16-bit grey to 8 bits (Pillow itself does so for colour); refuse numbers of unknown white."""
    if image.mode.startswith("I;16"):
        grey = Image.fromarray(((np.asarray(image).astype(np.uint32) + 128) // 257).astype(np.uint8))
        grey.info = {k: v for k, v in image.info.items() if k != "transparency"}
        grey.getexif().update(image.getexif())
        return grey
    if image.mode in ("I", "F"):
        raise InputError(f"{path} holds 32-bit numbers; 8 or 16 bits per channel are expected; export it so")
    return image


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Return the colours in sRGB, taken through the embedded profile where there is a usable one."""
    if profile and image.mode in ("RGB", "L", "CMYK", "LAB", "P"):
        image = image.convert("RGB") if image.mode == "P" else image
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            if "sRGB" in ImageCms.getProfileDescription(source):
                return image.convert("RGB")  # a round trip through lcms would shift colours by a level
            converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
            return image if converted is None else converted
        except (ImageCms.PyCMSError, OSError):
            pass  # a profile that does not fit its picture says nothing: every viewer then assumes sRGB
    return image.convert("RGB")


def _orientation(image: Image.Image) -> int:
    """Return the EXIF orientation, 1 where there is none or its block is damaged."""
    try:
        return image.getexif().get(0x0112, 1)
    except _BROKEN:
        return 1


def write_picture(
    path: str | Path,
    rgb: UInt8[ndarray, "h w 3"],
    alpha: UInt8[ndarray, "h w"] | None = None,
    quality: int = 95,
) -> None:
    """Write a picture in the format that the suffix names; it appears whole or not at all.

    Args:
        path: ends on .png, .jpg, .jpeg or .webp.
        rgb: sRGB.
        alpha: coverage, 255 = opaque, colours not premultiplied; not for JPEG.
        quality: of JPEG and WebP, 1 to 100; JPEG keeps its colours at full resolution.

    Raises:
        UsageError: another suffix, alpha into JPEG, a quality out of range, or too large for the format.
        ShapeError: the arrays are not of the shapes and types above.
        OutputError: no space, no permission, no such folder.
    """
    path = Path(path)
    kind = _WRITERS.get(path.suffix.lower())
    if kind is None:
        raise UsageError(f"{path} cannot be written as a picture; its name should end on .png, .jpg or .webp")
    if kind == "JPEG" and alpha is not None:
        raise UsageError(f"{path} would lose its transparency, which JPEG cannot hold; name it .png or .webp")
    if not 1 <= quality <= 100:
        raise UsageError(f"quality {quality} is not within 1 to 100")
    if max(rgb.shape) > _MAX_SIDES[kind]:
        raise UsageError(f"{path} would be too large: {kind} ends at {_MAX_SIDES[kind]:,} pixels a side")
    settings = {
        "PNG": {"compress_level": 4},
        "JPEG": {"quality": quality, "subsampling": 0},
        "WEBP": {"quality": quality, "exact": True},
    }[kind]
    image = Image.fromarray(stacked(rgb, alpha))
    with replacing(path) as part:
        image.save(part, format=kind, **settings)


def stacked(rgb: UInt8[ndarray, "h w 3"], alpha: UInt8[ndarray, "h w"] | None) -> UInt8[ndarray, "h w c"]:
    """Return colours and coverage (where there is one) as one contiguous array of 3 or 4 channels.

    Raises:
        ShapeError: not uint8, or not of one size.
    """
    if rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3 or 0 in rgb.shape:
        raise ShapeError(f"a picture is uint8 [h w 3], not {rgb.dtype} {list(rgb.shape)}")
    if alpha is None:
        return np.ascontiguousarray(rgb)
    if alpha.dtype != np.uint8 or alpha.shape != rgb.shape[:2]:
        raise ShapeError(f"its alpha is uint8 {list(rgb.shape[:2])}, not {alpha.dtype} {list(alpha.shape)}")
    return np.dstack((rgb, alpha))
