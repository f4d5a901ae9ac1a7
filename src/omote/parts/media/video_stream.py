"""The stream of pictures in a container: which one, how fast, how long, and its decoded frames.

Alpha hides in VP9 as a second stream beside every packet, which FFmpeg's own decoder drops: libvpx decodes
it.
"""

import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

from av import VideoFrame
from av.codec.context import CodecContext
from av.container import InputContainer
from av.video.stream import VideoStream

from omote.core.errors import InputError
from omote.parts.media.pictures import MAX_PIXELS, MAX_SIDE


def video_stream(path: Path, container: InputContainer) -> VideoStream:
    """Return the first stream of moving pictures (the cover picture of a song is none), ready to decode."""
    streams = [s for s in container.streams.video if not s.disposition & s.disposition.attached_pic]
    if not container.streams:
        raise InputError(f"{path} holds no track at all: it is damaged or cut short; copy or export it again")
    if not streams:
        raise InputError(f"{path} has no video track; give a file that has moving pictures")
    stream = streams[0]
    context = stream.codec_context
    if context is None or not context.width or not context.height:
        raise InputError(f"{path} has a video track that cannot be decoded; convert it to H.264")
    if max(context.width, context.height) > MAX_SIDE or context.width * context.height > MAX_PIXELS:
        raise InputError(
            f"{path} is {context.width} x {context.height} pixels large; the limit is {MAX_SIDE:,} a side "
            f"and {MAX_PIXELS:,} in all; scale it down"
        )
    context.thread_type = "AUTO"
    return stream


def vp9_alpha(stream: VideoStream) -> bool:
    """Return whether this is VP9 with a second, hidden layer of alpha."""
    return stream.codec_context.codec.name.startswith("vp9") and tag(stream, "ALPHA_MODE") == "1"


def tag(stream: VideoStream, name: str) -> str:
    """Return a text that the container holds on a stream; containers differ in the case of names."""
    return next((text for key, text in stream.metadata.items() if key.upper() == name), "")


def decoded(stream: VideoStream) -> Iterator[VideoFrame]:
    """Yield the decoded frames."""
    container = stream.container
    assert isinstance(container, InputContainer)
    decoder = CodecContext.create("libvpx-vp9", "r") if vp9_alpha(stream) else None
    for packet in container.demux(stream):
        if decoder is None:
            yield from packet.decode()
        elif packet.size:
            yield from decoder.decode(packet)  # libvpx holds nothing back


def pixel_aspect(stream: VideoStream) -> Fraction | None:
    """Return width through height of a pixel, None where it is square, unknown or absurd."""
    aspect = stream.sample_aspect_ratio
    return aspect if aspect and aspect != 1 and Fraction(1, 4) <= aspect <= 4 else None


def rate(stream: VideoStream) -> Fraction:
    """Return the mean frame rate; 25, FFmpeg's own fallback, where nothing is known."""
    for rate in (stream.average_rate, stream.guessed_rate):
        if rate and 0 < rate <= 1000:
            return Fraction(rate)
    return Fraction(25)


def stated_length(stream: VideoStream) -> Fraction | None:
    """Return how long the stream says that it is, in seconds."""
    if stream.duration and stream.time_base:
        return stream.duration * stream.time_base
    if clock := re.fullmatch(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)", tag(stream, "DURATION")):  # as Matroska has it
        hours, minutes, seconds = clock.groups()
        return 3600 * int(hours) + 60 * int(minutes) + Fraction(seconds)
    return None
