"""The files that a job reads: hashed, and copied into the workspace, so that what is used is what was agreed to.

A job may run for an hour, in which its inputs can be edited, replaced or unplugged. Consent, pictures and manifest all
speak of the copies.
"""

import hashlib
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path

from omote.app.job import Ingredient
from omote.app.workspace import INPUT, Workspace
from omote.core.errors import InputError
from omote.core.weights import sha256


def fingerprint(item: Ingredient) -> str:
    """Return the SHA-256 of an ingredient.

    Raises:
        InputError: it cannot be read.
    """
    with _opened(item) as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def copied(work: Workspace, item: Ingredient, digest: str) -> Path:
    """Return the copy of an ingredient in the workspace.

    Args:
        work: the workspace.
        item: the ingredient.
        digest: its `fingerprint`.

    Raises:
        InputError: it cannot be read, or is not any more what its fingerprint was taken of.
    """

    def copy(part: Path) -> None:
        with _opened(item) as source, part.open("wb") as target:
            shutil.copyfileobj(source, target, 1 << 20)

    def same(path: Path) -> Path:
        if sha256(path) != digest:
            raise InputError(f"the {item.role} {item.path} was changed while it was read; run the same command again")
        return path

    return work.load(f"{INPUT}{item.role}{item.path.suffix[:8]}", copy, same).absolute()


@contextmanager
def called_by_their_names(copies: Mapping[Path, Path]) -> Iterator[None]:
    """Let errors name the files that the user knows.

    Args:
        copies: each copy, and what it was copied from.
    """
    try:
        yield
    except InputError as error:
        text = str(error)
        for copy, original in copies.items():
            text = text.replace(str(copy), str(original)).replace(copy.name, original.name)
        raise type(error)(text) from error


def _opened(item: Ingredient) -> BufferedReader:
    """Return the open file of an ingredient, or say why it cannot be read."""
    try:
        return item.path.open("rb")
    except IsADirectoryError as error:
        raise InputError(f"{item.path} is a folder; a {item.role} file is expected") from error
    except FileNotFoundError as error:
        raise InputError(f"the {item.role} {item.path} does not exist") from error
    except OSError as error:
        raise InputError(f"the {item.role} {item.path} cannot be read: {error.strerror}") from error
