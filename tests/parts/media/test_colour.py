"""Colours against ITU-R BT.601/709 in closed form, and against what other encoders tag."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av import VideoFrame

from omote.core.frame import Frame
from omote.parts.media.colour import rgb_of, yuv_of
from omote.parts.media.encoding import Codec
from omote.parts.media.video import VideoSource, write_video

COLOURS = np.array(
    [
        [255, 0, 0],
        [0, 255, 0],
        [0, 0, 255],
        [255, 255, 255],
        [0, 0, 0],
        [128, 128, 128],
        [200, 120, 90],
        [20, 60, 90],
    ]
)
"""Primaries, greys, skin, shade."""
LUMA = {"bt709": (0.2126, 0.0722), "bt601": (0.299, 0.114), "bt2020": (0.2627, 0.0593)}
"""Weights of red and blue."""


def bars(height: int = 32) -> np.ndarray:
    return np.repeat(np.repeat(COLOURS, 16, axis=0)[None], height, axis=0).astype(np.uint8)


def coded(rgb: np.ndarray, matrix: str, full: bool) -> np.ndarray:
    """Return Y, Cb, Cr by the formulas of the recommendations (BT.709-6, item 3 and 4)."""
    red, blue = LUMA[matrix]
    r, g, b = np.moveaxis(rgb / 255, -1, 0)
    y = red * r + (1 - red - blue) * g + blue * b
    cb, cr = (b - y) / (2 - 2 * blue), (r - y) / (2 - 2 * red)
    if full:
        return np.stack([255 * y, 255 * cb + 128, 255 * cr + 128])
    return np.stack([16 + 219 * y, 128 + 224 * cb, 128 + 224 * cr])


def frame_of(planes: np.ndarray) -> VideoFrame:
    """Return a yuv444p frame."""
    return VideoFrame.from_ndarray(np.ascontiguousarray(np.clip(np.rint(planes), 0, 255).astype(np.uint8)), "yuv444p")


@pytest.mark.oracle
@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize(("matrix", "code"), [("bt709", 1), ("bt601", 5), ("bt601", 6), ("bt2020", 9)])
def test_decoding_follows_the_stated_matrix_and_range(matrix: str, code: int, full: bool) -> None:
    frame = frame_of(coded(bars(), matrix, full))
    frame.colorspace, frame.color_range = code, 2 if full else 1
    rgb, alpha = rgb_of(frame)
    assert alpha is None
    assert np.abs(rgb.astype(int) - bars()).max() <= 2


@pytest.mark.oracle
@pytest.mark.parametrize(("height", "matrix"), [(64, "bt601"), (720, "bt709")])
def test_streams_that_say_nothing_follow_the_convention(height: int, matrix: str) -> None:
    rgb, _ = rgb_of(frame_of(coded(bars(height), matrix, full=False)))
    assert np.abs(rgb.astype(int) - bars(height)).max() <= 2


@pytest.mark.oracle
def test_encoding_is_bt709_limited_and_says_so() -> None:
    frame = yuv_of(bars(), None, even=True)
    assert (frame.format.name, frame.colorspace, frame.color_range) == ("yuv420p", 1, 1)
    planes = frame.to_ndarray()
    expected = coded(bars(), "bt709", full=False)
    assert np.abs(planes[:32] - expected[0]).max() <= 1
    cb, cr = planes[32:].reshape(2, 16, 64)
    inside = np.arange(4, 64, 8)  # away from the bars' edges
    assert np.abs(cb[8, inside] - expected[1][0, 2 * inside]).max() <= 1
    assert np.abs(cr[8, inside] - expected[2][0, 2 * inside]).max() <= 1


def test_rgb_and_palette_formats_keep_their_levels() -> None:
    for name in ("rgb24", "bgr24", "gbrp"):
        frame = VideoFrame.from_ndarray(bars(), "rgb24").reformat(format=name)
        assert (rgb_of(frame)[0] == bars()).all()
    rgba = np.dstack([bars(), np.full((32, 128), 99, np.uint8)])
    rgb, alpha = rgb_of(VideoFrame.from_ndarray(rgba, "rgba"))
    assert (rgb == bars()).all()
    assert alpha is not None
    assert (alpha == 99).all()


@pytest.mark.parametrize("codec", ["h264", "h265", "vp9"])
def test_colours_survive_a_file_within_three_levels(tmp_path: Path, codec: Codec) -> None:
    path = tmp_path / f"bars{'.webm' if codec == 'vp9' else '.mp4'}"
    frames = [Frame(rgb=bars(64), time=Fraction(i, 30)) for i in range(4)]
    write_video(path, frames, fps=30, codec=codec, crf=6)
    for frame in VideoSource(path):
        difference = np.abs(frame.rgb.astype(int) - bars(64))[8:56, np.arange(8, 128, 16)]
        assert difference.max() <= 3
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        tags = (stream.color_range, stream.colorspace, stream.color_primaries, stream.color_trc)
        assert tags == (1, 1, 1, 1)
