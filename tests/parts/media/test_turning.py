"""Display matrices against the mapping of ISO/IEC 14496-12, pixel by pixel."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from omote.core.frame import Frame
from omote.parts.media.video import VideoSource, write_video

ONE = 1 << 16
MATRICES = [
    (1, 0, 0, 1),
    (0, 1, -1, 0),
    (-1, 0, 0, -1),
    (0, -1, 1, 0),
    (-1, 0, 0, 1),
    (1, 0, 0, -1),
    (0, 1, 1, 0),
    (0, -1, -1, 0),
]
"""a b c d of the four rotations and the four mirrorings."""


def picture() -> np.ndarray:
    """Four quarters of different grey, so that every turn and mirroring looks different."""
    rgb = np.empty((32, 64, 3), np.uint8)
    rgb[:16, :32], rgb[:16, 32:], rgb[16:, :32], rgb[16:, 32:] = 0, 80, 160, 240
    return rgb


def mapped(rgb: np.ndarray, matrix: tuple[int, int, int, int]) -> np.ndarray:
    """Send each pixel (x, y) to (a x + c y, b x + d y), then shift all to the origin."""
    a, b, c, d = matrix
    height, width = rgb.shape[:2]
    y, x = np.mgrid[:height, :width]
    to_x, to_y = a * x + c * y, b * x + d * y
    to_x, to_y = to_x - to_x.min(), to_y - to_y.min()
    shown = np.empty((to_y.max() + 1, to_x.max() + 1, 3), np.uint8)
    shown[to_y, to_x] = rgb
    return shown


def remux(source: Path, target: Path, matrix: tuple[int, int, int, int]) -> None:
    """Copy an MP4 with another display matrix."""
    a, b, c, d = (n * ONE for n in matrix)
    with av.open(str(source)) as read, av.open(str(target), "w") as write:
        stream = write.add_stream_from_template(read.streams.video[0])
        stream.set_display_matrix([a, b, 0, c, d, 0, 0, 0, 1 << 30])
        for packet in read.demux(read.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                write.mux(packet)


@pytest.mark.oracle
@pytest.mark.parametrize("matrix", MATRICES)
def test_pictures_are_turned_and_mirrored_as_the_matrix_says(tmp_path: Path, matrix: tuple[int, int, int, int]) -> None:
    write_video(tmp_path / "plain.mp4", [Frame(rgb=picture(), time=Fraction(0))], fps=30, crf=5)
    remux(tmp_path / "plain.mp4", tmp_path / "turned.mp4", matrix)
    source = VideoSource(tmp_path / "turned.mp4")
    (frame,) = source
    expected = mapped(picture(), matrix)
    assert source.info.size == frame.size == expected.shape[:2]
    assert np.abs(frame.rgb.astype(int) - expected).mean() < 3
    if MATRICES.index(matrix) < 4:
        assert source.info.rotation == 90 * MATRICES.index(matrix)
