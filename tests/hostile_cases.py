"""Files that go wrong, each with what a job must make of it. Every job that reads such a file is run against them.

A case makes a file in a folder and says which error is expected; `None` means that the job must work with it.
"""

import os
import wave
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from struct import pack

import numpy as np
from PIL import Image

from omote.core.errors import InputError, NobodyError


@dataclass(frozen=True)
class Case:
    """A hostile file: how it is made, what must come of it."""

    name: str
    make: Callable[[Path], Path]
    """Writes the file into a folder and returns its path."""
    error: type[Exception] | None
    says: str = ""
    """A regular expression that the message must contain."""


def _file(name: str, content: bytes) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        path = folder / name
        path.write_bytes(content)
        return path

    return make


def _picture(name: str, array: np.ndarray, **options: object) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        path = folder / name
        Image.fromarray(array).save(path, **options)
        return path

    return make


def _noise(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


def _truncated_picture(folder: Path) -> Path:
    path = _picture("truncated.jpg", _noise(300, 200))(folder)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 3])
    return path


def _chunk(kind: bytes, body: bytes) -> bytes:
    return pack(">I", len(body)) + kind + body + pack(">I", zlib.crc32(kind + body))


def _bomb(folder: Path) -> Path:
    """A few kilobytes that claim, and hold, 40,000 x 40,000 black pixels."""
    side = 40_000
    packer = zlib.compressobj(9)
    row = bytes(1 + side // 8)
    body = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    header = pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    path = folder / "bomb.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", body) + _chunk(b"IEND", b""))
    return path


def _folder(folder: Path) -> Path:
    path = folder / "folder.jpg"
    path.mkdir()
    return path


def _locked(name: str, content: bytes) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        path = _file(name, content)(folder)
        path.chmod(0)
        return path

    return make


def write_wave(path: Path, samples: np.ndarray, rate: int) -> Path:
    """Write 16-bit sound without the product's own code."""
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1 if samples.ndim == 1 else samples.shape[1])
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return path


def clicks(seconds: float, rate: int = 22_050, bpm: float = 120) -> np.ndarray:
    """A click on every beat over a quiet chord."""
    t = np.arange(int(seconds * rate)) / rate
    since = t % (60 / bpm)
    return 0.8 * np.exp(-since * 60) * np.sin(2 * np.pi * 1000 * since) + 0.05 * np.sin(2 * np.pi * 220 * t)


def _sound(name: str, samples: np.ndarray, rate: int) -> Callable[[Path], Path]:
    return lambda folder: write_wave(folder / name, samples, rate)


def _truncated_sound(folder: Path) -> Path:
    path = write_wave(folder / "truncated.wav", clicks(4), 22_050)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    return path


def _video(name: str, stamps: list[int], sound: bool = False) -> Callable[[Path], Path]:
    """A video whose frames carry exactly these time stamps, in units of 1/90000 s."""

    def make(folder: Path) -> Path:
        import av

        path = folder / name
        with av.open(str(path), "w") as container:
            stream = container.add_stream("mpeg4", rate=25)
            stream.width = stream.height = 64
            packets = []
            for number in range(len(stamps)):
                frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), number * 9 % 255, np.uint8), "rgb24")
                packets += stream.encode(frame)
            packets += stream.encode()
            for packet, stamp in zip(packets, sorted(stamps), strict=False):
                packet.pts = packet.dts = stamp
                container.mux(packet)
        return path

    return make


AS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
"""Root may read everything, so that unreadable files cannot be made."""

PICTURES = [
    Case("missing", lambda folder: folder / "nothing.jpg", InputError, "does not exist"),
    Case("directory", _folder, InputError, "folder"),
    Case("empty", _file("empty.jpg", b""), InputError, "empty"),
    Case("truncated", _truncated_picture, InputError),
    Case("text", _file("text.jpg", b"this is no picture\n" * 50), InputError),
    Case("sound as a picture", _sound("sound.png", clicks(1), 22_050), InputError),
    Case("video as a picture", _video("video.jpg.mp4", [0, 3600, 7200]), InputError),
    Case("1x1", _picture("1x1.png", np.zeros((1, 1, 3), np.uint8)), InputError),
    Case("1 pixel high", _picture("line.png", np.zeros((1, 3000, 3), np.uint8)), InputError),
    Case("20,000 px", _picture("long.png", np.zeros((20_001, 64), np.uint8)), InputError),
    Case("decompression bomb", _bomb, InputError, "pixels|large|big"),
    Case("no person: noise", _picture("noise.png", _noise(480, 640)), NobodyError, "person|nobody"),
    Case(
        "no person: grey",
        _picture("grey.png", np.full((480, 640), 128, np.uint8)),
        NobodyError,
        "person|nobody",
    ),
    *([] if AS_ROOT else [Case("unreadable", _locked("locked.jpg", b"x"), InputError, "ermission")]),
]

SOUNDS = [
    Case("missing", lambda folder: folder / "nothing.wav", InputError, "does not exist"),
    Case("directory", _folder, InputError, "folder"),
    Case("empty", _file("empty.mp3", b""), InputError),
    Case("text", _file("text.mp3", b"this is no sound\n" * 50), InputError),
    Case("header alone", _sound("nothing.wav", np.zeros(0), 22_050), InputError),
    Case("no stream", _video("mute.mp4", [0, 3600, 7200]), InputError, "sound|audio"),
    Case("picture as sound", _picture("picture.png", _noise(64, 64)), InputError),
    *([] if AS_ROOT else [Case("unreadable", _locked("locked.wav", b"x"), InputError, "ermission")]),
    Case("truncated", _truncated_sound, None),
    Case("silent", _sound("silent.wav", np.zeros(3 * 22_050), 22_050), None),
    Case("1 second", _sound("second.wav", clicks(1), 22_050), None),
    Case("96 kHz", _sound("96k.wav", clicks(3, 96_000), 96_000), None),
    Case("10 minutes", _sound("long.wav", clicks(600, 8_000), 8_000), None),
    Case("six channels", _sound("surround.wav", np.tile(clicks(3)[:, None], (1, 6)), 22_050), None),
]

VIDEOS = [
    Case("missing", lambda folder: folder / "nothing.mp4", InputError, "does not exist"),
    Case("directory", _folder, InputError, "folder"),
    Case("empty", _file("empty.mp4", b""), InputError),
    Case("text", _file("text.mp4", b"this is no video\n" * 50), InputError),
    Case("one frame", _video("one.mp4", [0]), None),
    Case("broken time stamps", _video("broken.mp4", [0, 90, 91, 92, 90_000, 900_000]), None),
]
