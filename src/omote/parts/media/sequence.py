"""Folders of PNG pictures: `000000.png`, `000001.png`, ... at a constant rate, with an optional `sound.wav`.

It is the exchange format of compositing programs: lossless, with straight alpha.
"""

import re
import shutil
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from omote.core.errors import InputError, OutputError
from omote.core.frame import Frame
from omote.parts.media.pictures import stacked

SOUND = "sound.wav"
_OURS = re.compile(r"\d{6,}\.png|sound\.wav")


def check_folder(folder: Path) -> None:
    """Make sure that a folder may be replaced: it is not there, or holds nothing but a sequence of ours.

    Raises:
        OutputError: it is a file, or holds other things, which would be lost.
    """
    if not folder.exists():
        return
    if not folder.is_dir():
        raise OutputError(f"{folder} is a file where a folder of PNG pictures is to be; choose another name")
    other = next((entry.name for entry in folder.iterdir() if not _OURS.fullmatch(entry.name)), None)
    if other is not None:
        raise OutputError(f"{folder} holds other things ({other}), which would be lost; choose another folder")


def write_pictures(folder: Path, frames: Iterable[Frame], *, alpha: bool) -> int:
    """Make a folder and write every frame into it; return how many came.

    Args:
        folder: does not exist yet.
        frames: their times are not kept.
        alpha: write RGBA, opaque where a frame has no alpha; else RGB.

    Raises:
        InputError: no frame came.
        ShapeError: a frame's arrays do not fit each other.
    """
    folder.mkdir()
    count = 0
    for count, frame in enumerate(frames, 1):
        coverage = None
        if alpha:
            coverage = np.full(frame.size, 255, np.uint8) if frame.alpha is None else frame.alpha
        # level 1 is four times as fast as the default and a tenth larger
        Image.fromarray(stacked(frame.rgb, coverage)).save(folder / _name(count - 1), compress_level=1)
    if not count:
        raise InputError(f"no frame came that could be written to {folder}")
    return count


def join_pictures(segments: Iterable[Path], folder: Path) -> int:
    """Make a folder with the pictures of several, numbered on; return how many there are.

    Raises:
        InputError: a segment is missing, or lacks a picture.
    """
    folder.mkdir()
    count = 0
    for segment in segments:
        names = sorted(entry.name for entry in segment.glob("*.png")) if segment.is_dir() else []
        if not names or names != [_name(i) for i in range(len(names))]:
            raise InputError(f"{segment} is not a complete folder of PNG pictures; make the segment again")
        for name in names:
            _share(segment / name, folder / _name(count))
            count += 1
    return count


def _share(source: Path, target: Path) -> None:
    """Give a file a second name, or copy it where the file system cannot do that."""
    try:
        target.hardlink_to(source)
    except OSError:
        shutil.copyfile(source, target)


def _name(index: int) -> str:
    return f"{index:06d}.png"
