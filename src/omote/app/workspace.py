"""The folder beside an output in which a job keeps what it has finished, so that nothing is done twice.

`OUT.omote/` holds `job.json` (what is asked for, and the hashes of its inputs), finished stages and finished segments
of video. Each file appears whole, by renaming. The same command finds the folder and goes on; another command for the
same output starts anew. The folder is removed once the output is in its place.
"""

import fcntl
import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from omote.core.errors import ConsentError, InputError, OutputError, UsageError


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
            part = self.folder / f".part-{name}"
            make(part)
            part.replace(target)
        return target


@contextmanager
def open_workspace(out: Path, plain: Mapping[str, Any]) -> Iterator[Workspace]:
    """Open the workspace of an output, locked against a second process, and remove it when the job has succeeded.

    Args:
        out: the output that the job will write.
        plain: everything that decides the result; a change of it discards what was kept.

    Raises:
        OutputError: the folder cannot be made, or another process works on the same output.
    """
    folder = out.with_name(out.name + ".omote")
    key = digest(plain)
    try:
        folder.mkdir(exist_ok=True)
        lock = (folder / "lock").open("w")
    except OSError as error:
        raise OutputError(
            f"{folder} cannot be made: {error.strerror}; choose an output folder you may write to"
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise OutputError(
                f"another omote is already working on {out}; wait for it or choose another output"
            ) from error
        description = folder / "job.json"
        resumed = _is_same(description, key)
        if not resumed:
            _empty(folder)
            part = folder / ".part-job.json"
            part.write_text(json.dumps({"key": key, **plain}, indent=1))
            part.replace(description)
        try:
            yield Workspace(folder, key, resumed=resumed)
        except (InputError, UsageError, ConsentError):
            shutil.rmtree(folder, ignore_errors=True)  # the same command would fail again: nothing is worth keeping
            raise
        shutil.rmtree(folder, ignore_errors=True)


def _is_same(description: Path, key: str) -> bool:
    try:
        return json.loads(description.read_text())["key"] == key
    except (OSError, ValueError, KeyError, TypeError):
        return False  # no description, or one cut off by a crash: nothing here can be trusted


def _empty(folder: Path) -> None:
    for item in folder.iterdir():
        if item.is_dir():
            shutil.rmtree(item)
        elif item.name != "lock":
            item.unlink()
