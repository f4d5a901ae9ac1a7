"""Sound as a stream of blocks, from a file or from memory, resampled and mixed on the way.

Sound is decoded to 32-bit floats and resampled by libswresample (band-limited). The sound of a video is
aligned with its pictures: sample 0 sounds when the first frame appears, so that what starts later is preceded
by silence and what starts earlier is cut.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from av import AudioFrame, AudioResampler
from av.container import InputContainer
from jaxtyping import Float32
from numpy import ndarray

from omote.core.errors import InputError, ShapeError
from omote.parts.media.containers import opened

_LAYOUTS = {1: "mono", 2: "stereo", 3: "3.0", 4: "quad", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}
_MAX_OFFSET = 60
"""Seconds; sound and pictures that start further apart have broken time stamps."""
_MIX = {"rematrix_maxval": "1.0"}
"""Mixing down never gets louder than the loudest channel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """A piece of sound, held in memory."""

    samples: Float32[ndarray, "channels n"]
    """Nominally within -1 to 1; channels as FFmpeg orders them: left, right, centre, low, back left, ..."""
    rate: int
    """Samples per second."""

    def __post_init__(self) -> None:
        if self.samples.ndim != 2 or self.samples.dtype != np.float32 or self.samples.shape[0] not in _LAYOUTS:
            raise ShapeError(
                f"sound is float32 [1..8 channels, n], not {self.samples.dtype} {list(self.samples.shape)}"
            )
        if not 1000 <= self.rate <= 768_000:
            raise ShapeError(f"a sampling rate of {self.rate} Hz is not within 1,000 to 768,000")

    @property
    def duration(self) -> Fraction:
        """Seconds, exact."""
        return Fraction(self.samples.shape[1], self.rate)


def blocks(
    path: Path, *, rate: int | None = None, channels: int | None = None
) -> Iterator[tuple[Float32[ndarray, "channels n"], int]]:
    """Yield the sound of a file piece by piece, each with its rate.

    Args:
        path: a sound file, or a video with sound.
        rate: samples per second to resample to; None keeps that of the first piece.
        channels: 1 or 2, to mix to; None keeps those of the first piece.

    Raises:
        InputError: missing, unreadable, empty, damaged, or without sound.
    """
    with opened(path, "sound") as container:
        if not container.streams.audio:
            raise InputError(f"{path} has no audio track; give a file that has sound")
        head: int | None = None
        for samples, used_rate, start in _resampled(_decoded(container), rate, channels):
            if head is None:
                head = _offset(path, container, start, used_rate)
                if head > 0:
                    yield np.zeros((samples.shape[0], head), np.float32), used_rate
            cut = min(max(-head, 0), samples.shape[1])
            head += cut
            if samples.shape[1] > cut:
                yield samples[:, cut:], used_rate


def of_array(sound: Sound, *, rate: int, channels: int) -> Iterator[tuple[Float32[ndarray, "channels n"], int]]:
    """Yield a piece of sound second by second, resampled and mixed as `blocks` does."""

    def frames() -> Iterator[AudioFrame]:
        for start in range(0, sound.samples.shape[1], sound.rate):
            piece = np.ascontiguousarray(sound.samples[:, start : start + sound.rate])
            frame = AudioFrame.from_ndarray(piece, format="fltp", layout=_LAYOUTS[piece.shape[0]])
            frame.sample_rate = sound.rate
            yield frame

    for samples, used_rate, _ in _resampled(frames(), rate, channels):
        yield samples, used_rate


def _decoded(container: InputContainer) -> Iterator[AudioFrame]:
    """Yield the audio frames of the first audio stream."""
    for packet in container.demux(container.streams.audio[0]):
        yield from packet.decode()


def _resampled(
    frames: Iterator[AudioFrame], rate: int | None, channels: int | None
) -> Iterator[tuple[Float32[ndarray, "channels n"], int, Fraction | None]]:
    """Yield float samples of one rate and layout, with that rate and the first frame's start in seconds."""
    resampler: AudioResampler | None = None
    layout = None if channels is None else _LAYOUTS[channels]
    setup: tuple[str, str, int] | None = None
    start: Fraction | None = None
    for frame in frames:
        if not frame.samples:
            continue
        came = (frame.format.name, frame.layout.name, frame.sample_rate)
        if came != setup:  # streams may change their format midway: the output keeps its own
            if resampler is None:
                rate = rate or frame.sample_rate
                layout = layout or _LAYOUTS.get(frame.layout.nb_channels, "stereo")
                start = None if frame.pts is None or frame.time_base is None else frame.pts * frame.time_base
            else:
                yield from ((piece.to_ndarray(), piece.sample_rate, start) for piece in resampler.resample(None))
            resampler = AudioResampler(format="fltp", layout=layout, rate=rate, options=_MIX)
            setup = came
        assert resampler is not None
        frame.pts = None  # gaps and jumps would be passed on; pieces simply follow one another
        yield from ((piece.to_ndarray(), piece.sample_rate, start) for piece in resampler.resample(frame))
    if resampler is not None:
        yield from ((piece.to_ndarray(), piece.sample_rate, start) for piece in resampler.resample(None))


def _offset(path: Path, container: InputContainer, start: Fraction | None, rate: int) -> int:
    """Return by how many samples the sound starts after the first frame; 0 in files without pictures."""
    videos = [s for s in container.streams.video if not s.disposition & s.disposition.attached_pic]
    if start is None or not videos or videos[0].start_time is None or videos[0].time_base is None:
        return 0
    seconds = start - videos[0].start_time * videos[0].time_base
    if abs(seconds) > _MAX_OFFSET:
        raise InputError(
            f"{path} has sound that starts {float(seconds):.0f} s after its pictures: its stamps are broken; "
            "export it again"
        )
    return round(seconds * rate)
