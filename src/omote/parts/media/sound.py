"""Sound in and out: any container that FFmpeg reads, also the sound of a video; WAV, FLAC, Opus or AAC out.

`sound_stream` says how sound is decoded and aligned with pictures, `soundtrack` how it is coded; here is the
whole of a file in memory.
"""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy import ndarray

from omote.core.errors import InputError, UsageError
from omote.parts.media.files import replacing
from omote.parts.media.sound_stream import Sound, blocks
from omote.parts.media.soundtrack import Soundtrack

__all__ = ["MAX_SECONDS", "Sound", "read_sound", "write_sound", "write_track"]

MAX_SECONDS = 3600.0
"""Default limit of what is read into memory: an hour of 48 kHz stereo is 1.4 GB."""

_CONTAINERS = {".wav": "wav", ".flac": "flac", ".ogg": "ogg", ".opus": "ogg", ".m4a": "ipod"}


def read_sound(
    path: str | Path, *, rate: int | None = None, mono: bool = False, max_seconds: float = MAX_SECONDS
) -> Sound:
    """Return the sound of a file, the whole of it in memory.

    Args:
        path: a sound file, or a video with sound.
        rate: samples per second to resample to; None keeps the file's.
        mono: return the mean of the channels.
        max_seconds: longer files are refused.

    Raises:
        InputError: missing, unreadable, empty, damaged, without sound, or too long.
    """
    path = Path(path)
    kept: list[ndarray] = []
    length = 0
    used_rate = rate
    for samples, used_rate in blocks(path, rate=rate):
        kept.append(samples.mean(axis=0, keepdims=True) if mono else samples)
        length += samples.shape[1]
        if length > max_seconds * used_rate:
            raise InputError(f"{path} sounds for more than {max_seconds:g} s, the limit; cut it to the part wanted")
    if not length or used_rate is None:
        raise InputError(f"{path} has an audio track without a single sample; copy or export it again")
    return Sound(samples=np.concatenate(kept, axis=1), rate=used_rate)


def write_sound(path: str | Path, sound: Sound) -> None:
    """Write sound in the format that the suffix names; it appears whole or not at all.

    Args:
        path: ends on .wav (32-bit float), .flac (16-bit), .ogg or .opus (Opus), or .m4a (AAC).
        sound: what is clipped to -1 to 1; more than two channels are mixed to stereo.

    Raises:
        UsageError: another suffix.
        OutputError: no space, no permission, no such folder.
    """
    write_track(path, sound, sound.duration)


def write_track(path: str | Path, source: Sound | Path, seconds: Fraction) -> None:
    """Write sound of exactly that length, cut or padded with silence, as `write_sound` does.

    Args:
        path: as in `write_sound`.
        source: sound, or a file to take it from piece by piece.
        seconds: length of the result.

    Raises:
        InputError: the file cannot be read or has no sound.
        UsageError, OutputError: as `write_sound`.
    """
    path = Path(path)
    kind = _CONTAINERS.get(path.suffix.lower())
    if kind is None:
        raise UsageError(f"{path} cannot be written as sound; its name should end on {', '.join(_CONTAINERS)}")
    with replacing(path) as part, av.open(str(part), "w", format=kind) as container:
        track = Soundtrack(container, source)
        for second in range(1, int(seconds) + 1):
            container.mux(track.advance(Fraction(second)))
        container.mux(track.finish(seconds))
