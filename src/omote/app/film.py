"""Render a video segment by segment, so that a killed job loses a few seconds of work and no more.

Frames are made by random access, in the calling thread; a second thread encodes. A segment's file appears whole or not
at all, and segments are joined without encoding them again, so that a resumed video has the frames of an
uninterrupted one.
"""

import queue
import shutil
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from fractions import Fraction
from pathlib import Path

from omote.app.events import Event, Pace
from omote.app.studio import Studio
from omote.core.errors import InputError
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
    missing = []
    for path, start in zip(paths, starts, strict=True):
        length = min(segment, total - start)
        if not _is_whole(path, length, encoding, fps):
            _remove(path)
            missing.append((path, start, length))
    pace = Pace("frames", total, done=total - sum(length for _, _, length in missing))
    encoded: list[Future[int]] = []
    with ThreadPoolExecutor(1, thread_name_prefix="encoder") as encoder:
        for path, start, length in missing:
            waiting: queue.Queue[Frame | bool] = queue.Queue(_WINDOW)
            encoded.append(encoder.submit(encode_segment, path, _drain(waiting), fps=fps, size=size, encoding=encoding))
            with ExitStack() as unless_done:
                unless_done.callback(_abandon, waiting, encoded[-1])
                for frame in studio.marked(frames_of(start, start + length)):
                    _put(waiting, frame, encoded[-2:])
                    yield pace.step()
                _put(waiting, True, encoded[-2:])
                unless_done.pop_all()
        for future in encoded:
            future.result()
    return studio.work.keep(
        f"joined{out.suffix}",
        lambda part: join_segments(paths, part, encoding=encoding, fps=fps, sound=sound),
    )


def _is_whole(path: Path, length: int, encoding: Encoding, fps: Fraction) -> bool:
    """Return whether an earlier run left a segment that can be read and has all its frames."""
    if not path.exists():
        return False
    alone = path.with_name(f".alone{path.suffix}")
    try:
        return join_segments([path], alone, encoding=encoding, fps=fps) == length
    except InputError:
        return False
    finally:
        _remove(alone)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _drain(waiting: queue.Queue[Frame | bool]) -> Iterator[Frame]:
    """Yield frames as they come, until `True` says that all have come."""
    while not isinstance(item := waiting.get(), bool):
        yield item
    if not item:
        raise _AbandonedError


def _put(waiting: queue.Queue[Frame | bool], item: Frame | bool, encoders: Sequence[Future[int]]) -> None:
    """Hand an item to the encoder; raise what made one fail instead of waiting for ever."""
    while True:
        for encoder in encoders:
            if encoder.done() and (error := encoder.exception()):
                raise error
        with suppress(queue.Full):
            return waiting.put(item, timeout=0.2)


def _abandon(waiting: queue.Queue[Frame | bool], encoder: Future[int]) -> None:
    """Tell an encoder that no more frames come, unless it has ended by itself."""
    while not encoder.done():
        with suppress(queue.Full):
            return waiting.put(False, timeout=0.2)
