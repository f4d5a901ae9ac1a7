"""Video in and out as streams of `Frame`: exact times, upright pictures, true colours, memory flat in the
length.

`timing` says what a frame's time is and how broken stamps are mended, `turning` how pictures are made
upright, `colour` how YUV becomes RGB and back. Pixels that are not square are stretched in width. What cannot
be decoded is refused, not skipped.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from math import lcm
from pathlib import Path

import av
from av.container import OutputContainer
from av.video.stream import VideoStream

from omote.core.errors import InputError, UsageError
from omote.core.frame import Frame
from omote.parts.media.colour import rgb_of
from omote.parts.media.containers import opened
from omote.parts.media.encoding import Codec, Encoding, VideoEncoder, check_fps
from omote.parts.media.files import readable, replacing
from omote.parts.media.sequence import SOUND, check_folder, write_pictures
from omote.parts.media.sound import Sound, write_track
from omote.parts.media.soundtrack import Soundtrack
from omote.parts.media.timing import Clock
from omote.parts.media.turning import turn_of
from omote.parts.media.video_stream import decoded, pixel_aspect, rate, stated_length, video_stream


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoInfo:
    """What is known of a video before it is decoded."""

    size: tuple[int, int]
    """(height, width) as shown: upright, with square pixels."""
    fps: Fraction
    """Mean frames per second."""
    duration: Fraction | None
    """Seconds, as the file states them."""
    frames: int | None
    """Number of frames, where the file states it."""
    codec: str
    """As FFmpeg calls it: h264, hevc, vp9, ..."""
    has_audio: bool
    has_alpha: bool
    rotation: int
    """Degrees clockwise by which stored pictures are turned to be upright: 0, 90, 180 or 270."""


def probe(path: str | Path) -> VideoInfo:
    """Return what a video is; its first frame is decoded for that.

    Raises:
        InputError: missing, unreadable, empty, damaged, a picture, or without pictures.
    """
    path = Path(path)
    with opened(path, "video") as container:
        stream = video_stream(path, container)
        first = next(decoded(stream), None)
        if first is None:
            raise InputError(f"{path} has a video track without a single frame; copy or export it again")
        turn = turn_of(first)
        height, width = rgb_of(first, pixel_aspect(stream))[0].shape[:2]
        return VideoInfo(
            size=(width, height) if turn.quarter % 2 else (height, width),
            fps=rate(stream),
            duration=stated_length(stream)
            or (Fraction(container.duration, av.time_base) if container.duration else None),
            frames=stream.frames or None,
            codec=stream.codec_context.codec.canonical_name,
            has_audio=bool(container.streams.audio),
            has_alpha=any(part.is_alpha for part in first.format.components),
            rotation=90 * turn.quarter,
        )


class VideoSource:
    """A video that can be iterated over again and again; each time it is opened anew."""

    def __init__(self, path: str | Path) -> None:
        """Probe the file.

        Raises:
            InputError: as `probe`.
        """
        self.path = Path(path)
        self.info = probe(self.path)

    def __iter__(self) -> Iterator[Frame]:
        """Yield the frames.

        Raises:
            InputError: the file is damaged, or cut short against what its header says.
        """
        with opened(self.path, "video") as container:
            stream = video_stream(self.path, container)
            aspect = pixel_aspect(stream)
            clock = Clock(tick=stream.time_base or Fraction(1, 90_000), step=1 / rate(stream))
            turn, count, end = None, 0, Fraction(0)
            for coded in decoded(stream):
                rgb, alpha = rgb_of(coded, aspect)
                turn = turn or turn_of(coded)  # asked of one frame alone: it leaves a cycle for the collector
                time = clock.time(coded.pts)
                alpha = None if alpha is None else turn.apply(alpha)
                frame = Frame(rgb=turn.apply(rgb), alpha=alpha, time=time)
                if frame.size != self.info.size:
                    raise InputError(
                        f"{self.path} changes its picture size at {float(time):.2f} s; export it in one size"
                    )
                yield frame
                count, end = count + 1, time + (coded.duration or 0) * clock.tick
            self._refuse_short(stream, count, end)

    def _refuse_short(self, stream: VideoStream, count: int, end: Fraction) -> None:
        """Raise InputError where clearly less came than the header announces."""
        announced = stream.frames
        if announced - count > max(2, announced // 100):  # edit lists may hide a few frames
            raise InputError(
                f"{self.path} is cut short: it announces {announced} frames and holds {count}; copy it again"
            )
        length = stated_length(stream)
        if not announced and length is not None and length - end > max(1, length / 50):
            raise InputError(
                f"{self.path} is cut short: it announces {float(length):.1f} s, not {float(end):.1f}; copy it again"
            )


def write_video(
    path: str | Path,
    frames: Iterable[Frame],
    *,
    fps: Fraction | int,
    sound: Sound | str | Path | None = None,
    codec: Codec = "h264",
    crf: int = 20,
    preset: str = "veryfast",
    alpha: bool = False,
) -> None:
    """Write frames at their own times, and the sound to their length; the result appears whole or not at all.

    Args:
        path: ends on .mp4, .m4v or .mov (h264, h265), .webm (vp9), or is a folder to make (png).
        frames: of one size, at rising times from 0 on; where H.264 and H.265 need even sizes, the last row or
            column is repeated.
        fps: nominal rate. The last frame lasts 1 / fps; times that are multiples of 1 / fps or of 1 / 90,000 s
            are kept exactly, others are rounded, in WebM to milliseconds.
        sound: sound, or a file to take it from; cut or padded with silence; beside PNG as `sound.wav`.
        codec: h264, h265, vp9 or png.
        crf: constant rate factor, as in `Encoding`.
        preset: speed, as in `Encoding`.
        alpha: keep coverage (vp9, png); else it is left out and colours stay as they are.

    Raises:
        UsageError: settings that do not fit one another, or times that do not rise.
        InputError: no frame came, or the sound cannot be read.
        ShapeError: frames of different sizes.
        OutputError: no space, no permission, no such folder.
    """
    path, fps = Path(path), Fraction(fps)
    check_fps(fps)
    encoding = Encoding(codec=codec, crf=crf, preset=preset, alpha=alpha)
    source = Path(sound) if isinstance(sound, str) else sound
    if isinstance(source, Path):
        readable(source)
    if codec == "png":
        with replacing(path) as part:
            check_folder(path)
            count = write_pictures(part, frames, alpha=alpha)
            if source is not None:
                write_track(part / SOUND, source, count / fps)
        return
    kind = encoding.container_of(path)
    options = encoding.muxing()
    with (
        replacing(path) as part,
        av.open(str(part), "w", format=kind, container_options=options) as container,
    ):
        _write(container, path, frames, fps, source, encoding)


def _write(
    container: OutputContainer,
    path: Path,
    frames: Iterable[Frame],
    fps: Fraction,
    source: Sound | Path | None,
    encoding: Encoding,
) -> None:
    """Encode frames and sound side by side into an open container."""
    rest = iter(frames)
    first = next(rest, None)
    if first is None:
        raise InputError(f"no frame came that could be written to {path}")
    tick = Fraction(1, lcm(fps.numerator, 90_000))
    tick = tick if tick.denominator < 2**31 else Fraction(1, 90_000)
    encoder = VideoEncoder(container, encoding, size=first.size, fps=fps, tick=tick)
    track = None if source is None else Soundtrack(container, source)
    last = -1
    end = Fraction(0)
    for frame in chain((first,), rest):
        ticks = round(frame.time / tick)
        if ticks <= last:
            raise UsageError(f"frame times must rise from 0 on; {float(frame.time):g} s came after {last * tick} s")
        container.mux(encoder.encode(frame.rgb, frame.alpha, ticks))
        if track:
            container.mux(track.advance(frame.time))
        last, end = ticks, frame.time + 1 / fps
    container.mux(encoder.finish())
    if track:
        container.mux(track.finish(end))
