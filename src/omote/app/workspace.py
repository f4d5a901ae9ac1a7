"""The folder beside an output in which a job keeps what it has finished, so that nothing is done twice.

`OUT.omote/` holds `job.json` (what is asked for, and the hashes of its inputs), copies of the inputs, finished stages
and finished segments of video. Each file appears whole, by renaming. The same command finds the folder and goes on;
another command for the same output starts anew. The folder is removed once the output is in its place.
"""

import fcntl
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO, TypeVar

from omote.core.errors import ConsentError, InputError, OutputError, UsageError

T = TypeVar("T")
INPUT = "input-"
"""How the names of copied inputs begin: they are no work that could be lost."""
_LOCK, _JOB = "lock", "job.json"
_PART = ".part-"
_TRIES = 100


def digest(plain: Mapping[str, Any]) -> str:
    """Return the hexadecimal SHA-256 of plain data, independent of the order of its keys."""
    return hashlib.sha256(json.dumps(plain, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


class Workspace:
    """Where one job keeps its finished parts."""

    def __init__(self, folder: Path, key: str, *, resumed: bool) -> None:
        self.folder = folder
        self.key = key
        """Digest of the job."""
        self.resumed = resumed
        """Whether an earlier run of the same job left something."""

    @property
    def is_bare(self) -> bool:
        """Whether nothing has been finished yet."""
        return all(p.name in (_LOCK, _JOB) or p.name.startswith((INPUT, ".")) for p in self.folder.iterdir())

    def path(self, name: str) -> Path:
        """Return where a part of that name is kept."""
        return self.folder / name

    def keep(self, name: str, make: Callable[[Path], object]) -> Path:
        """Return the part of that name, making it first if an earlier run did not.

        Args:
            name: file name in the workspace.
            make: writes the part to the path that it is given.
        """
        target = self.path(name)
        if not target.exists():
            part = self.folder / f"{_PART}{name}"
            make(part)
            settle(part)
            part.replace(target)
        return target

    def load(self, name: str, make: Callable[[Path], object], read: Callable[[Path], T]) -> T:
        """Return what is read from the part of that name; a part that an earlier run left damaged is made again.

        Args:
            name: file name in the workspace.
            make: writes the part to the path that it is given.
            read: raises InputError where the part is damaged.
        """
        kept = self.keep(name, make)
        try:
            return read(kept)
        except InputError:
            kept.unlink()
            return read(self.keep(name, make))


def settle(path: Path) -> None:
    """Wait until a file, or each file of a folder, is on the disk, so that its name never outlives its content."""
    for file in path.iterdir() if path.is_dir() else (path,):
        with file.open("rb") as stream:
            os.fsync(stream.fileno())


def workspace_of(out: Path) -> Path:
    """Return the folder in which the job of an output works."""
    return out.with_name(f"{out.name}.omote")


@contextmanager
def open_workspace(out: Path, plain: Mapping[str, Any]) -> Iterator[Workspace]:
    """Open the workspace of an output, locked against a second process, and remove it when the job has succeeded.

    Args:
        out: the output that the job will write.
        plain: everything that decides the result; a change of it discards what was kept.

    Raises:
        OutputError: the folder cannot be made, is somebody else's, or another process works on the same output.
    """
    folder = workspace_of(out)
    key = digest(plain)
    _check_ours(folder)
    with _locked(folder, out):
        description = folder / _JOB
        resumed = _is_same(description, key)
        if not resumed:
            _empty(folder)
            part = folder / f"{_PART}{_JOB}"
            part.write_text(json.dumps({"key": key, **plain}, indent=1))
            settle(part)
            part.replace(description)
        work = Workspace(folder, key, resumed=resumed)
        try:
            yield work
        except (InputError, UsageError, ConsentError):
            if work.is_bare:  # the same command would fail again, and nothing is lost
                _remove(folder)
            raise
        _remove(folder)


def _check_ours(folder: Path) -> None:
    """Refuse a folder that no job made: what is in it would be lost."""
    try:
        opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return  # it is not there, or `_lock` says why it cannot be used
    try:
        names = set(os.listdir(opened))  # noqa: PTH208 - by descriptor, which stays that of one folder
        if not _is_at(opened, folder):
            return  # another process takes it away just now
    finally:
        os.close(opened)
    ours = not names or names == {_LOCK} or (_LOCK in names and names & {_JOB, f"{_PART}{_JOB}"})
    if folder.is_symlink() or not ours:
        raise OutputError(f"{folder} is needed to work in and holds other things; move it, or choose another output")


@contextmanager
def _locked(folder: Path, out: Path) -> Iterator[None]:
    """Make the folder if need be, and hold it against other processes."""
    for _ in range(_TRIES):
        if lock := _lock(folder, out):
            with lock:
                yield
            return
    raise OutputError(f"{folder} is made and removed all the time; choose another output")


def _lock(folder: Path, out: Path) -> TextIO | None:
    """Return the folder's locked file, or None where another process took the folder away meanwhile."""
    path = folder / _LOCK
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        lock = path.open("w")
    except OSError as error:
        moving = isinstance(error, (FileNotFoundError, FileExistsError)) and folder.parent.is_dir()
        if moving and not (folder.is_file() or folder.is_symlink()):
            return None
        raise OutputError(
            f"{folder} cannot be made: {error.strerror}; choose an output folder you may write to"
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise OutputError(f"another omote is already working on {out}; wait for it or choose another output") from error
    if not _is_at(lock.fileno(), path):
        lock.close()
        return None
    return lock


def _is_at(opened: int, path: Path) -> bool:
    """Return whether what is open is what is found at a path."""
    try:
        return os.path.samestat(os.fstat(opened), path.stat())
    except FileNotFoundError:
        return False


def _is_same(description: Path, key: str) -> bool:
    try:
        return json.loads(description.read_text())["key"] == key
    except (OSError, ValueError, KeyError, TypeError):
        return False  # no description, or one cut off by a crash: nothing here can be trusted


def _empty(folder: Path) -> None:
    """Remove all parts; lock and description stay, by which the folder is known as ours after a crash."""
    for item in folder.iterdir():
        if item.is_dir():
            shutil.rmtree(item)
        elif item.name not in (_LOCK, _JOB):
            item.unlink()


def _remove(folder: Path) -> None:
    """Take the folder away at once, lock and all, and then delete it: nobody may lock what is half deleted."""
    gone = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}")
    try:
        folder.rename(gone)
    except OSError:
        return
    shutil.rmtree(gone, ignore_errors=True)
