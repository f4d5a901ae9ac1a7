"""Long videos piece by piece: segments are encoded alone and joined without being encoded again.

A job that may be killed writes one segment after another; each is a closed group of pictures with
deterministic bytes, so that a segment made again is the same segment. Joining copies the coded packets and
writes their times anew: the frame with index i of the whole is shown at i / fps exactly. In decoding order,
packet j gets the decoding time (j - d) / fps, where d is the largest number of places by which any packet
comes late; that is the smallest delay with which no frame is due before it is decoded, and it makes the
joints as even as the rest.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import av
from av import Packet
from av.container import InputContainer, OutputContainer
from av.video.stream import VideoStream

from omote.core.errors import InputError, UsageError
from omote.core.frame import Frame
from omote.parts.media.containers import opened
from omote.parts.media.encoding import Encoding, VideoEncoder, check_fps
from omote.parts.media.files import readable, replacing
from omote.parts.media.sequence import SOUND, check_folder, join_pictures, write_pictures
from omote.parts.media.sound import Sound, write_track
from omote.parts.media.soundtrack import Soundtrack


def encode_segment(
    path: str | Path,
    frames: Iterable[Frame],
    *,
    fps: Fraction | int,
    size: tuple[int, int],
    encoding: Encoding,
) -> int:
    """Write one segment, whole or not at all; return the number of its frames.

    Args:
        path: a file, whatever its suffix (`encoding.suffix` fits), or for `png` a folder to make.
        frames: what the segment shows, in order; frame i of it lasts from i / fps to (i + 1) / fps.
        fps: constant rate, the same for all segments of a video.
        size: (height, width) of every frame.
        encoding: the same for all segments of a video.

    Raises:
        InputError: no frame came.
        ShapeError: a frame of another size.
        UsageError: an impossible rate.
        OutputError: no space, no permission, no such folder.
    """
    path, fps = Path(path), Fraction(fps)
    check_fps(fps)
    if encoding.codec == "png":
        with replacing(path) as part:
            check_folder(path)
            return write_pictures(part, frames, alpha=encoding.alpha)
    count = 0
    options = {"fflags": "+bitexact"}
    with (
        replacing(path) as part,
        av.open(str(part), "w", format=encoding.container, container_options=options) as container,
    ):
        encoder = VideoEncoder(container, encoding, size=size, fps=fps, tick=1 / fps)
        for count, frame in enumerate(frames, 1):
            container.mux(encoder.encode(frame.rgb, frame.alpha, count - 1))
        if not count:
            raise InputError(f"no frame came that could be written to {path}")
        container.mux(encoder.finish())
    return count


def join_segments(
    paths: Sequence[str | Path],
    out: str | Path,
    *,
    encoding: Encoding,
    fps: Fraction | int,
    sound: Sound | str | Path | None = None,
) -> int:
    """Join segments to one video and lay sound under it; return the number of frames.

    Args:
        paths: the segments, in order.
        out: ends on .mp4, .m4v, .mov or .webm as the codec needs, or is a folder to make (`png`).
        encoding: that of the segments.
        fps: that of the segments.
        sound: sound, or a file to take it from; cut or padded with silence; beside PNG as `sound.wav`.

    Raises:
        InputError: a segment is missing, damaged, or of another encoding; or the sound cannot be read.
        UsageError: no segments, or a suffix that does not fit.
        OutputError: no space, no permission, no such folder.
    """
    out, fps = Path(out), Fraction(fps)
    check_fps(fps)
    segments = [Path(path) for path in paths]
    if not segments:
        raise UsageError(f"no segments were given to join to {out}")
    source = Path(sound) if isinstance(sound, str) else sound
    if isinstance(source, Path):
        readable(source)
    if encoding.codec == "png":
        with replacing(out) as part:
            check_folder(out)
            count = join_pictures(segments, part)
            if source is not None:
                write_track(part / SOUND, source, count / fps)
            return count
    kind = encoding.container_of(out)
    orders = [_order(segment, fps) for segment in segments]
    with (
        replacing(out) as part,
        av.open(str(part), "w", format=kind, container_options=encoding.muxing()) as container,
    ):
        _join(container, segments, orders, fps, source, encoding)
    return sum(len(order) for order in orders)


def _join(
    container: OutputContainer,
    segments: Sequence[Path],
    orders: Sequence[Sequence[int]],
    fps: Fraction,
    source: Sound | Path | None,
    encoding: Encoding,
) -> None:
    """Copy the packets of all segments into an open container, with the sound beside them."""
    delay = max(place - index for order in orders for place, index in enumerate(order))
    stream: VideoStream | None = None
    track: Soundtrack | None = None
    start = 0
    head: tuple[object, ...] = ()
    for segment, order in zip(segments, orders, strict=True):
        with _segment(segment) as (opened_segment, coded):
            if stream is None:
                head = _head(coded)
                stream = _copy_stream(container, coded, fps, encoding)
                track = None if source is None else Soundtrack(container, source)
            elif _head(coded) != head:
                raise InputError(f"{segment} is coded otherwise than {segments[0]}; make all segments alike")
            for place, (packet, index) in enumerate(zip(_packets(opened_segment, coded), order, strict=True)):
                packet.stream = stream
                packet.time_base = 1 / fps
                packet.pts, packet.dts, packet.duration = start + index, start + place - delay, 1
                container.mux(packet)
                if track is not None:
                    container.mux(track.advance((start + place) / fps))
        start += len(order)
    if track is not None:
        container.mux(track.finish(start / fps))


def _copy_stream(container: OutputContainer, coded: VideoStream, fps: Fraction, encoding: Encoding) -> VideoStream:
    """Add a stream that takes packets as those of `coded`."""
    stream = container.add_stream_from_template(coded)
    stream.time_base = 1 / fps
    if encoding.codec == "h265":
        stream.codec_context.codec_tag = "hvc1"
    if encoding.alpha:
        stream.metadata["alpha_mode"] = "1"
    return stream


@contextmanager
def _segment(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    """Yield an open segment and its only stream."""
    with opened(path, "video") as container:
        if len(container.streams.video) != 1:
            raise InputError(f"{path} is not a segment: it has {len(container.streams.video)} video tracks, not one")
        yield container, container.streams.video[0]


def _packets(container: InputContainer, stream: VideoStream) -> Iterator[Packet]:
    """Yield the coded frames in decoding order."""
    return (packet for packet in container.demux(stream) if packet.size)


def _head(stream: VideoStream) -> tuple[object, ...]:
    """Return what has to agree for packets to be decoded by one decoder."""
    context = stream.codec_context
    return context.name, context.width, context.height, context.pix_fmt, context.extradata


def _order(path: Path, fps: Fraction) -> list[int]:
    """Return for each packet of a segment, in decoding order, which frame of the segment it is.

    Raises:
        InputError: the packets are not one frame each, from the first to the last.
    """
    with _segment(path) as (container, stream):
        tick = stream.time_base or Fraction(0)
        order = [round((packet.pts or 0) * tick * fps) for packet in _packets(container, stream)]
    if not order or sorted(order) != list(range(len(order))):
        raise InputError(f"{path} is not a complete segment at {float(fps):g} frames per second; make it again")
    return order
