"""How moving pictures are coded, and the one encoder that whole videos and segments share.

H.264 and H.265 (tagged `hvc1`, as Apple's players want it) in MP4; VP9 in WebM, which alone carries alpha to
browsers; or a folder of PNG pictures, which loses nothing. Groups of pictures are closed, the number of
threads is fixed and nothing random or dated is written, so that the same frames give the same bytes.
"""

from collections import deque
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import Literal

import numpy as np
from av import Packet
from av.container import OutputContainer
from av.video.stream import VideoStream
from jaxtyping import UInt8
from numpy import ndarray

from omote.core.errors import ShapeError, UsageError
from omote.parts.media.colour import BT709, yuv_of

Codec = Literal["h264", "h265", "vp9", "png"]

_PRESETS = ("ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow")
_ENCODERS = {"h264": "libx264", "h265": "libx265", "vp9": "libvpx-vp9"}
_SUFFIXES = {"h264": ".mp4", "h265": ".mp4", "vp9": ".webm", "png": ""}
_MAX_CRF = {"h264": 51, "h265": 51, "vp9": 63, "png": 63}
_DELAY = {"h264": 2, "h265": 2, "vp9": 0}
"""Frames by which decoding runs ahead of showing: both encoders build pyramids of B-frames two high, VP9 none."""
_MIN_H265 = 64
"""x265 4.2 overruns its buffers in pictures smaller than one of its coding blocks."""
_VP9_SPEED: dict[str, int] = dict(zip(_PRESETS, (8, 7, 5, 4, 3, 2, 1, 1, 0), strict=True))
"""libvpx's `cpu-used`: from 6 on it works in its real-time mode."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoding:
    """How moving pictures are coded."""

    codec: Codec = "h264"
    crf: int = 20
    """Constant rate factor: lower is better and larger; 0 to 51, VP9 to 63."""
    preset: str = "veryfast"
    """x264's names from `ultrafast` to `veryslow`; for VP9 they choose the like speed."""
    alpha: bool = False
    """Keep coverage; `vp9` and `png` alone can."""
    threads: int = 4
    """Of the encoder. The coded bytes depend on it, so that it is a setting and not what the machine has."""

    def __post_init__(self) -> None:
        if self.codec not in _SUFFIXES:
            raise UsageError(f"codec {self.codec!r} is not one of {', '.join(_SUFFIXES)}")
        if self.alpha and self.codec in ("h264", "h265"):
            raise UsageError(f"{self.codec} cannot hold transparency; choose vp9 or png")
        if not 0 <= self.crf <= _MAX_CRF[self.codec]:
            raise UsageError(f"crf {self.crf} is not within 0 to {_MAX_CRF[self.codec]}, as {self.codec} has it")
        if self.preset not in _PRESETS:
            raise UsageError(f"preset {self.preset!r} is not one of {', '.join(_PRESETS)}")
        if not 1 <= self.threads <= 16:
            raise UsageError(f"{self.threads} threads are not within 1 to 16")

    @property
    def suffix(self) -> str:
        """Of files so coded: `.mp4`, `.webm`, or empty for the folders of `png`."""
        return _SUFFIXES[self.codec]

    def container_of(self, path: Path) -> str:
        """Return FFmpeg's name of the container that a path's suffix asks for.

        Raises:
            UsageError: it cannot hold this codec, or is not known.
        """
        suffixes = {".webm": "webm"} if self.codec == "vp9" else {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov"}
        if path.suffix.lower() not in suffixes:
            raise UsageError(f"{path} cannot hold {self.codec}; its name should end on {' or '.join(suffixes)}")
        return suffixes[path.suffix.lower()]

    def muxing(self) -> dict[str, str]:
        """Return the container's options: nothing dated or random, and MP4's index in front (for the web)."""
        return {"fflags": "+bitexact"} | ({} if self.codec == "vp9" else {"movflags": "+faststart"})

    @property
    def container(self) -> Literal["mp4", "webm"]:
        """FFmpeg's name of the container; `png` has none."""
        return "webm" if self.codec == "vp9" else "mp4"

    def options(self) -> dict[str, str]:
        """Return the encoder's private options."""
        if self.codec == "vp9":
            speed = _VP9_SPEED[self.preset]
            # alternate reference frames are hidden pictures, which the alpha layer would not have in step
            alpha = {"auto-alt-ref": "0"} if self.alpha else {}
            deadline = "realtime" if speed > 5 else "good"
            return {
                "crf": str(self.crf),
                "b": "0",
                "deadline": deadline,
                "cpu-used": str(speed),
                "row-mt": "1",
                **alpha,
            }
        options = {"crf": str(self.crf), "preset": self.preset}
        if self.codec == "h265":
            options["x265-params"] = "log-level=none:open-gop=0"
        return options


def check_fps(fps: Fraction) -> None:
    """Refuse frame rates that the containers cannot time exactly.

    Raises:
        UsageError: not above 0 and at most 480 frames per second.
    """
    if not 0 < fps <= 480:
        raise UsageError(f"{float(fps):g} frames per second is not above 0 and at most 480")
    if fps.numerator >= 2**31:
        raise UsageError(f"{fps} frames per second is no rate that files can state; give a fraction like 30000/1001")


class VideoEncoder:
    """One video stream of a container that is being written."""

    def __init__(
        self,
        container: OutputContainer,
        encoding: Encoding,
        *,
        size: tuple[int, int],
        fps: Fraction,
        tick: Fraction,
    ) -> None:
        """Add the stream.

        Args:
            container: open for writing.
            encoding: not `png`.
            size: (height, width) of every frame.
            fps: nominal rate.
            tick: unit of the time stamps, seconds.

        Raises:
            UsageError: smaller than the encoder can take.
        """
        if encoding.codec == "h265" and min(size) < _MIN_H265:
            raise UsageError(
                f"h265 cannot code {size[1]} x {size[0]} pixels: no side may be under {_MIN_H265}; choose h264"
            )
        self.size = size
        self.stretch = encoding.codec != "vp9"
        self.alpha = encoding.alpha
        self.tick = tick
        self.step = max(1, round(1 / (fps * tick)))
        stream = container.add_stream(_ENCODERS[encoding.codec], rate=fps, options=encoding.options())
        assert isinstance(stream, VideoStream)
        stream.height, stream.width = (n + n % 2 if self.stretch else n for n in size)
        stream.pix_fmt = "yuva420p" if encoding.alpha else "yuv420p"
        context = stream.codec_context
        context.time_base = tick
        context.gop_size = ceil(2 * fps)  # players seek to within two seconds
        context.thread_count = encoding.threads
        context.color_range = 1  # limited
        context.colorspace = context.color_primaries = context.color_trc = BT709
        if encoding.codec == "h265":
            context.codec_tag = "hvc1"
        self.stream = stream
        self._shown: deque[int] = deque()
        self._late = _DELAY[encoding.codec]

    def encode(self, rgb: UInt8[ndarray, "h w 3"], alpha: UInt8[ndarray, "h w"] | None, ticks: int) -> list[Packet]:
        """Return what comes out of the encoder when a frame goes in.

        Args:
            rgb: sRGB.
            alpha: coverage; None is opaque; left out where the encoding has no alpha.
            ticks: when it is shown.

        Raises:
            ShapeError: the frame is of another size than the stream.
        """
        if rgb.shape[:2] != self.size:
            raise ShapeError(f"frames of {self.size} (height, width) were announced, one of {rgb.shape[:2]} came")
        frame = yuv_of(rgb, self._coverage(rgb, alpha), even=self.stretch)
        frame.pts, frame.time_base, frame.duration = ticks, self.tick, self.step
        self._shown.append(ticks)
        return self._timed(self.stream.encode(frame))

    def finish(self) -> list[Packet]:
        """Return what the encoder still holds."""
        return self._timed(self.stream.encode(None))

    def _timed(self, packets: list[Packet]) -> list[Packet]:
        """Set when each packet is decoded: `_DELAY` frames before one is shown that has the same place in order.

        The encoders do that too, but x265 leaves random numbers in streams shorter than its look-ahead.
        """
        for packet in packets:
            packet.time_base = self.tick
            packet.dts = self._shown[0] - self.step * self._late if self._late else self._shown.popleft()
            self._late = max(0, self._late - 1)
        return packets

    def _coverage(
        self, rgb: UInt8[ndarray, "h w 3"], alpha: UInt8[ndarray, "h w"] | None
    ) -> UInt8[ndarray, "h w"] | None:
        """Return the alpha to encode: none, or opaque where a frame of a stream with alpha has none."""
        if not self.alpha:
            return None
        return np.full(rgb.shape[:2], 255, np.uint8) if alpha is None else alpha
