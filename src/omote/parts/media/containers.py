"""Opening what holds video and sound, with every failure told in one sentence.

Only containers of the list below are tried and only the local file is opened: play lists, which name other
files and hosts, are refused by FFmpeg's own white lists.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import av.error
from av.container import InputContainer

from omote.core.errors import InputError
from omote.parts.media.files import readable

_CONTAINERS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,flv,asf,mxf,ogg,gif,nut,ivf,h264,hevc,obu,"
    "wav,w64,aiff,caf,au,flac,mp3,aac,ac3,eac3,amr,ape,wv,tta,tak,dsf"
)
_OPTIONS = {"protocol_whitelist": "file", "format_whitelist": _CONTAINERS}


@contextmanager
def opened(path: Path, wanted: str) -> Iterator[InputContainer]:
    """Yield the container of a file; failures while it is open are told of the file too.

    Args:
        path: the file.
        wanted: `video` or `sound`; for messages.

    Raises:
        InputError: missing, unreadable, empty, a picture, of an unknown kind, or damaged.
    """
    content = readable(path)
    if content.kind in ("picture", "other"):
        raise InputError(f"{path} is {content.name}, where a {wanted} is expected")
    try:
        with av.open(f"file:{path}", "r", container_options=dict(_OPTIONS), metadata_errors="replace") as container:
            yield container
    except av.error.FFmpegError as error:
        what = content.name if content.kind in ("video", "sound") else f"no {wanted} that can be read"
        reason = error.strerror or "damaged"
        raise InputError(f"{path} is {what}, but damaged or cut short ({reason}); copy or export it again") from error
