"""Render a video segment by segment, so that a killed job loses a few seconds of work and no more.

Frames are made by random access, in the calling thread; a second thread encodes. A segment's file appears whole or not
at all, and segments are joined without encoding them again, so that a resumed video has the frames of an
uninterrupted one.
"""

import queue
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path

from omote.app.events import Event, Pace
from omote.app.studio import Studio
from omote.core.frame import Frame
from omote.parts.media.segments import Encoding, encode_segment, join_segments
from omote.parts.media.sound import Sound

FramesOf = Callable[[int, int], Iterator[Frame]]
"""Makes frames `first` to `last` - 1, the same ones whenever it is asked."""

_WINDOW = 8
"""Frames that wait for the encoder at most."""


class _AbandonedError(Exception):
    """The frames of a segment stopped coming; its half-written file is to be thrown away."""


def film(
    studio: Studio,
    frames_of: FramesOf,
    *,
    total: int,
    fps: Fraction,
    size: tuple[int, int],
    encoding: Encoding,
    out: Path,
    sound: Sound | None = None,
    segment: int = 60,
) -> Generator[Event, None, Path]:
    """Render, mark, encode and join; yield progress; return the joined file in the workspace.

    Args:
        studio: marks the frames and knows the workspace.
        frames_of: makes frames by number.
        total: how many frames the video has.
        fps: frames per second.
        size: (height, width) in pixels.
        encoding: how to encode.
        out: where the video will go in the end; its suffix names the container.
        sound: muxed into the joined file.
        segment: frames per segment.
    """
    folder = studio.work.path("segments")
    folder.mkdir(exist_ok=True)
    starts = range(0, total, segment)
    paths = [folder / f"{number:06d}{encoding.suffix}" for number in range(len(starts))]
    missing = [(start, path) for start, path in zip(starts, paths, strict=True) if not path.exists()]
    pace = Pace("frames", total, done=total - sum(min(segment, total - start) for start, _ in missing))
    encoded: Future[int] | None = None
    with ThreadPoolExecutor(1, thread_name_prefix="encoder") as encoder:
        for start, path in missing:
            waiting: queue.Queue[Frame | bool] = queue.Queue(_WINDOW)
            before, encoded = (
                encoded,
                encoder.submit(encode_segment, path, _drain(waiting), fps=fps, size=size, encoding=encoding),
            )
            complete = False
            try:
                for frame in studio.marked(frames_of(start, min(start + segment, total))):
                    _put(waiting, frame, encoded, before)
                    yield pace.step()
                complete = True
            finally:
                _put(waiting, complete, encoded, before)
        if encoded:
            encoded.result()
    return studio.work.keep(
        f"joined{out.suffix}",
        lambda part: join_segments(paths, part, encoding=encoding, fps=fps, sound=sound),
    )


def _drain(waiting: queue.Queue[Frame | bool]) -> Iterator[Frame]:
    """Yield frames as they come, until `True` says that all have come."""
    while not isinstance(item := waiting.get(), bool):
        yield item
    if not item:
        raise _AbandonedError


def _put(waiting: queue.Queue[Frame | bool], item: Frame | bool, *encoders: Future[int] | None) -> None:
    """Hand an item to the encoder; raise its error if it has failed instead of waiting for ever."""
    while True:
        for encoder in encoders:
            if encoder and encoder.done() and (error := encoder.exception()):
                if item is False:
                    return  # the stage is being given up already, and its own error counts
                raise error
        try:
            return waiting.put(item, timeout=0.2)
        except queue.Full:
            continue
