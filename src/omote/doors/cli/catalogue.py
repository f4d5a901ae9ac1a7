"""`omote list` and `omote where NAME`."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Annotated

import tyro

from omote.core import catalogue


@dataclass(frozen=True, kw_only=True)
class List:
    """Show every system of the house, by room."""

    json: bool = False
    """Print one JSON array, for machines."""


@dataclass(frozen=True, kw_only=True)
class Where:
    """Print the file in which a system lives.

    Example: omote where dancing-portrait
    """

    name: Annotated[str, tyro.conf.Positional]
    """As `omote list` shows it."""


def main(argv: Sequence[str]) -> int:
    """Answer `list` and `where`."""
    if argv[0] == "where":
        print(catalogue.find(tyro.cli(Where, args=argv[1:], prog="omote where").name).path())
        return 0
    asked = tyro.cli(List, args=argv[1:], prog="omote list")
    table = catalogue.systems()
    if asked.json:
        rows = [
            {
                "name": s.name,
                "room": s.room,
                "role": s.role.value,
                "status": s.status.value,
                "paper": s.paper,
                "summary": s.summary,
                "weights": s.weights,
            }
            for s in table
        ]
        print(json.dumps(rows, indent=1, ensure_ascii=False))
        return 0
    for room, group in groupby(table, key=lambda s: s.room):
        print(room)
        for system in group:
            print(f"  {system.name:<20} {system.status.value:<12} {system.summary}")
            print(f"  {'':<20} {'':<12} {system.paper}")
    return 0
