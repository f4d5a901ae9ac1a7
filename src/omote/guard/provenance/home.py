"""Where this user's keys, certificates and manifests live, and how files get there whole.

`$OMOTE_HOME`, or the platform's folder for settings. Everything is written beside its place and then moved
onto it, so that a reader, a second writer or a power cut never meets half a file; what is private is
private from the first byte on.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from omote.core.errors import OutputError, ProvenanceError


def home() -> Path:
    """Return the folder of this user's keys and manifests, which need not exist yet."""
    if chosen := os.environ.get("OMOTE_HOME"):
        return Path(chosen).expanduser()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "omote"
    if sys.platform == "win32":
        return Path(os.environ.get("APPDATA") or Path.home() / "AppData" / "Roaming") / "omote"
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "omote"


def make_folder(folder: Path) -> Path:
    """Make a folder that only this user may enter, and return it; an existing one is left as it is.

    Raises:
        OutputError: it cannot be made.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"the folder {folder} cannot be made: {error.strerror}") from error
    return folder


def write_whole(path: Path, data: bytes, *, private: bool = False) -> None:
    """Write a file so that it is there whole or not at all.

    Args:
        path: where; its folder is made if need be.
        data: all of its bytes.
        private: whether nobody else on this machine may read it (mode 0600).

    Raises:
        OutputError: it cannot be written.
    """
    make_folder(path.parent)
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # 0600 by itself
        part = Path(name)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            if not private:
                part.chmod(0o666 & ~_umask())
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror}") from error


def claim_folder(folder: Path, files: Mapping[str, bytes]) -> bool:
    """Make a folder with these private files in it, unless somebody was first.

    Args:
        folder: the folder to make.
        files: contents by name; at least one, for only a folder that is not empty can be claimed.

    Returns:
        True where this call made it, False where it was there; two callers at once never both get True.

    Raises:
        OutputError: it cannot be made.
    """
    if folder.exists():
        return False
    make_folder(folder.parent)
    try:
        part = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))  # 0700 by itself
        try:
            for name, data in files.items():
                write_whole(part / name, data, private=True)
            part.rename(folder)  # refused by the system where a folder with something in it is there
            return True
        except OSError:
            if folder.exists():
                return False
            raise
        finally:
            shutil.rmtree(part, ignore_errors=True)
    except OSError as error:
        raise OutputError(f"the folder {folder} cannot be made: {error.strerror}") from error


def read_private(path: Path) -> bytes:
    """Return the bytes of a file that holds a private key.

    Raises:
        ProvenanceError: it is missing, unreadable, or others on this machine may read it.
    """
    try:
        if os.name == "posix" and path.stat().st_mode & 0o077:
            raise ProvenanceError(f"{path} holds a private key that others may read; run `chmod 600 '{path}'`")
        return path.read_bytes()
    except OSError as error:
        raise ProvenanceError(f"the private key {path} cannot be read: {error.strerror}") from error


def _umask() -> int:
    """Return the mask that new files get; asking for it means setting it for a moment."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
