"""Between the RGB of `Frame` and the YUV of video: the right matrix and range, rounded accurately.

What a stream says of its matrix (BT.601, BT.709, BT.2020, ...) and range (limited 16-235 or full 0-255) is
followed. Where it says nothing the usual convention holds: BT.709 from 720 rows or 1280 columns on, BT.601
below, limited range. What we write is BT.709, limited, and says so. Transfer curves are not touched: PQ and
HLG are shown as they are coded.
"""

from fractions import Fraction

import numpy as np
from av import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, Interpolation
from jaxtyping import UInt8
from numpy import ndarray

from omote.parts.media.pictures import stacked

BT709 = 1
"""Code point of BT.709 in ITU-T H.273, for matrix, primaries and transfer alike."""

_MATRICES = {
    1: Colorspace.ITU709,
    4: Colorspace.FCC,
    5: Colorspace.ITU601,
    6: Colorspace.ITU601,
    7: Colorspace.SMPTE240M,
    9: Colorspace.BT2020,
    10: Colorspace.BT2020,
}
"""By the code points of ITU-T H.273."""
_TO_RGB = Interpolation.BILINEAR | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT
_TO_YUV = (
    Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT | Interpolation.FULL_CHR_H_INP
)


def rgb_of(
    frame: VideoFrame, pixel_aspect: Fraction | None = None
) -> tuple[UInt8[ndarray, "h w 3"], UInt8[ndarray, "h w"] | None]:
    """Return the colours of a decoded frame, and its coverage where its format has one.

    Args:
        frame: in any pixel format.
        pixel_aspect: width of a pixel through its height; the picture is stretched until pixels are square.
    """
    has_alpha = any(component.is_alpha for component in frame.format.components) or frame.format.has_palette
    width = frame.width if pixel_aspect is None else max(1, round(frame.width * pixel_aspect))
    large = frame.height >= 720 or frame.width >= 1280
    matrix = _MATRICES.get(frame.colorspace, Colorspace.ITU709 if large else Colorspace.ITU601)
    coded_rgb = frame.format.is_rgb or frame.format.has_palette
    full = frame.color_range == ColorRange.JPEG or coded_rgb or frame.format.name.startswith("yuvj")
    shown = frame.reformat(
        width=width,
        format="rgba" if has_alpha else "rgb24",
        src_colorspace=matrix,
        src_color_range=ColorRange.JPEG if full else ColorRange.MPEG,
        dst_color_range=ColorRange.JPEG,
        interpolation=_TO_RGB,
        threads=1,
    ).to_ndarray()
    if not has_alpha:
        return shown, None
    return np.ascontiguousarray(shown[..., :3]), np.ascontiguousarray(shown[..., 3])


def yuv_of(rgb: UInt8[ndarray, "h w 3"], alpha: UInt8[ndarray, "h w"] | None, even: bool) -> VideoFrame:
    """Return a frame for an encoder: YUV 4:2:0, BT.709, limited range; with a fourth plane for alpha.

    Args:
        rgb: sRGB.
        alpha: coverage, 255 = opaque.
        even: repeat the last row and column of odd sizes (H.264 and H.265 hold even ones alone).
    """
    height, width = rgb.shape[:2]
    if even and (height % 2 or width % 2):
        rgb = np.pad(rgb, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    frame = VideoFrame.from_numpy_buffer(stacked(rgb, alpha), format="rgb24" if alpha is None else "rgba")
    return frame.reformat(
        format="yuv420p" if alpha is None else "yuva420p",
        src_color_range=ColorRange.JPEG,
        dst_colorspace=Colorspace.ITU709,
        dst_color_range=ColorRange.MPEG,
        interpolation=_TO_YUV,
        threads=1,
    )
