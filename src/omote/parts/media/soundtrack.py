"""Sound into a container: encoded beside the pictures as they come, cut or padded to their length, or alone.

Each container has its codec: AAC in MP4 and M4A, Opus (which is always 48 kHz) in WebM and Ogg, FLAC (16
bits), and 32-bit float PCM in WAV. More than two channels are mixed to stereo.
"""

from fractions import Fraction
from pathlib import Path

import numpy as np
from av import AudioFrame, Packet
from av.audio.stream import AudioStream
from av.container import OutputContainer
from jaxtyping import Float32
from numpy import ndarray

from omote.core.errors import InputError
from omote.parts.media.containers import opened
from omote.parts.media.sound_stream import Sound, blocks, of_array

_CODECS = {
    "mp4": "aac",
    "mov": "aac",
    "ipod": "aac",
    "webm": "libopus",
    "ogg": "libopus",
    "flac": "flac",
    "wav": "pcm_f32le",
}
_FORMATS = {"aac": "fltp", "libopus": "flt", "flac": "s16", "pcm_f32le": "flt"}
_BIT_RATES = {"aac": 96_000, "libopus": 80_000}
"""Per channel, bits per second: transparent to most ears."""
_LOSSY_RATES = (44_100, 48_000)


class Soundtrack:
    """One audio stream of a container that is being written."""

    def __init__(self, container: OutputContainer, source: Sound | Path) -> None:
        """Add the stream.

        Args:
            container: open for writing.
            source: sound in memory, or a file to take it from as it is needed.

        Raises:
            InputError: the file has no sound or cannot be read.
        """
        channels, rate = _shape(source)
        self.channels = min(channels, 2)
        codec = _CODECS[container.format.name]
        self.rate = rate if codec in ("flac", "pcm_f32le") or (codec == "aac" and rate in _LOSSY_RATES) else 48_000
        stream = container.add_stream(codec, rate=self.rate)
        assert isinstance(stream, AudioStream)
        stream.codec_context.layout = "mono" if self.channels == 1 else "stereo"
        stream.codec_context.format = _FORMATS[codec]
        if codec in _BIT_RATES:
            stream.codec_context.bit_rate = _BIT_RATES[codec] * self.channels
        self.stream = stream
        self._format = _FORMATS[codec]
        self._sent = 0
        self._rest = np.zeros((self.channels, 0), np.float32)
        take = blocks if isinstance(source, Path) else of_array
        self._source = take(source, rate=self.rate, channels=self.channels)  # pyright: ignore[reportArgumentType]

    def advance(self, seconds: Fraction) -> list[Packet]:
        """Return what comes out of the encoder when the sound up to that moment has gone in."""
        wanted = round(seconds * self.rate) - self._sent
        if wanted <= 0:
            return []
        samples = np.clip(self._take(wanted), -1, 1)
        if self._format == "s16":
            samples = np.round(samples * 32767).astype(np.int16)
        layout = self.stream.codec_context.layout
        packed = samples if self._format.endswith("p") else samples.T.reshape(1, -1)
        frame = AudioFrame.from_ndarray(np.ascontiguousarray(packed), format=self._format, layout=layout)
        frame.sample_rate, frame.pts, frame.time_base = self.rate, self._sent, Fraction(1, self.rate)
        self._sent += wanted
        return self.stream.encode(frame)

    def finish(self, seconds: Fraction) -> list[Packet]:
        """Return the rest, after cutting or padding (with silence) to that length."""
        return self.advance(seconds) + self.stream.encode(None)

    def _take(self, wanted: int) -> Float32[ndarray, "channels n"]:
        """Return the next samples, zeros when the source has ended."""
        pieces, have = [self._rest], self._rest.shape[1]
        while have < wanted:
            piece = next(self._source, None)
            pieces.append(np.zeros((self.channels, wanted - have), np.float32) if piece is None else piece[0])
            have += pieces[-1].shape[1]
        joined = np.concatenate(pieces, axis=1)
        self._rest = joined[:, wanted:]
        return joined[:, :wanted]


def _shape(source: Sound | Path) -> tuple[int, int]:
    """Return channels and rate, of a file by its header."""
    if isinstance(source, Sound):
        return source.samples.shape[0], source.rate
    with opened(source, "sound") as container:
        if not container.streams.audio:
            raise InputError(f"{source} has no audio track; give a file that has sound")
        context = container.streams.audio[0].codec_context
        if context.channels < 1 or context.sample_rate < 1:
            raise InputError(f"{source} has an audio track without channels or rate; copy or export it again")
        return context.channels, context.sample_rate
