"""Files given and files made: what a file is by its first bytes, and results that appear whole or not at all.

A suffix is a wish, the first bytes are a fact: `readable` looks at them and says in one sentence why a file
cannot be what is asked for. `replacing` hands out a neighbour of the wanted path and renames it there at the
end, which the file system does in one step; whatever goes wrong before that leaves the old state.
"""

import errno
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import av.error

from omote.core.errors import InputError, OutputError


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a file is, judged by its first bytes."""

    kind: str
    """`picture`, `video`, `sound`, `other`, or `unknown`: no signature is recognised."""
    name: str
    """As in "a PNG picture"; for messages."""


UNKNOWN = Content(kind="unknown", name="a file of unknown kind")

_SIGNATURES: tuple[tuple[int, bytes, str, str], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", "picture", "a PNG picture"),
    (0, b"\xff\xd8\xff", "picture", "a JPEG picture"),
    (0, b"BM", "picture", "a BMP picture"),
    (0, b"II*\0", "picture", "a TIFF picture"),
    (0, b"MM\0*", "picture", "a TIFF picture"),
    (8, b"WEBP", "picture", "a WebP picture"),
    (4, b"ftypavif", "picture", "an AVIF picture"),
    (4, b"ftyphei", "picture", "a HEIC picture"),
    (4, b"ftypmif1", "picture", "a HEIF picture"),
    (4, b"ftypM4A", "sound", "an M4A sound file"),
    (4, b"ftyp", "video", "an MP4 or QuickTime video"),
    (4, b"moov", "video", "a QuickTime video"),
    (0, b"\x1a\x45\xdf\xa3", "video", "a Matroska or WebM video"),
    (8, b"AVI ", "video", "an AVI video"),
    (0, b"FLV", "video", "a Flash video"),
    (0, b"\x00\x00\x01\xba", "video", "an MPEG video"),
    (8, b"WAVE", "sound", "a WAV sound file"),
    (0, b"fLaC", "sound", "a FLAC sound file"),
    (0, b"ID3", "sound", "an MP3 sound file"),
    (0, b"\xff\xfb", "sound", "an MP3 sound file"),
    (0, b"%PDF", "other", "a PDF document"),
    (0, b"PK\x03\x04", "other", "a ZIP archive"),
)
"""Offset, bytes, kind, name; the first hit wins. GIF and Ogg, which may be several things, are left out."""


def readable(path: Path) -> Content:
    """Return what a file is, after making sure that it can be read and is not empty.

    Raises:
        InputError: missing, a folder, no permission, or empty.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(16)
    except FileNotFoundError as error:
        raise InputError(f"{path} does not exist; check the name and the folder") from error
    except IsADirectoryError as error:
        raise InputError(f"{path} is a folder where a file is expected; name one file in it") from error
    except PermissionError as error:
        raise InputError(f"{path} may not be read by this user; change its permissions") from error
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read: {error}") from error
    if not head:
        raise InputError(f"{path} is empty (0 bytes); copy or download it again")
    for offset, signature, kind, name in _SIGNATURES:
        if head[offset : offset + len(signature)] == signature:
            return Content(kind=kind, name=name)
    return UNKNOWN


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a free name beside `path`; what is there when the block ends becomes `path` in one step.

    When the block fails, what it wrote is removed and `path` is as before. A folder made by the block
    replaces an older folder of that name; whether that is wanted is for the caller to check.

    Raises:
        OutputError: the folder is missing, permission or space is lacking, or the encoder failed.
    """
    part = path.with_name(f".{path.stem}.{secrets.token_hex(4)}.part{path.suffix}")
    try:
        if not path.parent.is_dir():
            raise OutputError(f"{path} cannot be written: there is no folder {path.parent}; make it first")
        yield part
        _move(part, path)
    except (OSError, av.error.FFmpegError) as error:
        raise OutputError(_why_not(path, error)) from error
    finally:
        _remove(part)


def _move(part: Path, path: Path) -> None:
    """Put `part` in the place of `path`."""
    if not (part.is_dir() and path.is_dir()):
        part.replace(path)
        return
    old = part.with_name(f"{part.name}.old")
    path.rename(old)  # no system renames a folder onto a full one, so that there is a moment without `path`
    part.rename(path)
    shutil.rmtree(old)


def _remove(part: Path) -> None:
    """Remove what is left of an unfinished result, if it can be done: why it is unfinished matters more."""
    with suppress(OSError):
        if part.is_dir():
            shutil.rmtree(part)
        else:
            part.unlink(missing_ok=True)


def _why_not(path: Path, error: OSError | av.error.FFmpegError) -> str:
    """Return the sentence that tells why `path` was not written."""
    reasons = {
        errno.ENOSPC: "no space is left on the device; free some, or choose another folder",
        errno.EDQUOT: "the disk quota is used up; free some space, or choose another folder",
        errno.EFBIG: "the file system or a limit allows no larger file; choose another folder",
        errno.EACCES: "there is no permission; choose another folder",
        errno.EPERM: "there is no permission; choose another folder",
        errno.EROFS: "the file system is read-only; choose another folder",
        errno.EISDIR: "a folder of that name exists; choose another name",
        errno.ENOTDIR: "a part of the path is a file, not a folder; choose another folder",
        errno.ENAMETOOLONG: "the name is too long; choose a shorter one",
    }
    number = error.errno if error.errno is not None else 0
    return f"{path} cannot be written: {reasons.get(number, error.strerror or str(error))}"
