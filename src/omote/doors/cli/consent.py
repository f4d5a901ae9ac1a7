"""`omote consent new | show | list | withdraw`."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from omote.app import consents


@dataclass(frozen=True, kw_only=True)
class New:
    """Record the consent that a person has given you, signed with this machine's consent key.

    A record covers the files that it names, and jobs find it by their content. With --any-photo it covers every
    picture of the person; which pictures those are no program can know, so that such a record counts only for a job
    that is given it: --consent RECORD.
    Example: omote consent new me.jpg --person "Aiko Tanaka" --adult --uses dance sing --days 365
    """

    photos: Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="PHOTO")] = ()
    """The photographs covered."""
    any_photo: bool = False
    """Cover every picture of the person instead."""
    person: str
    """Name or pseudonym of the person shown."""
    adult: bool = False
    """You declare that the person is of age; without it there is no record."""
    uses: tuple[str, ...] = ("dance",)
    """What may be made: verbs of omote, or `all`."""
    days: int = 365
    """How long the consent holds."""
    commercial: bool = False
    """Whether what is made may be used for money."""
    granted_by: str = ""
    """Who gave the consent, if not the person."""
    witness: str = ""
    """Who saw it given."""
    document: Path | None = None
    """A scan of the signed release; the record keeps its SHA-256."""
    out: Annotated[Path | None, tyro.conf.arg(aliases=["-o"], metavar="FILE")] = None
    """Where to write the record; by default where jobs find it by themselves."""


@dataclass(frozen=True, kw_only=True)
class Show:
    """Print a record and whether it holds today.

    Example: omote consent show 1b65aba3
    """

    record: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="RECORD")]
    """A file that `omote consent new` wrote, or the beginning of the id that `omote consent list` shows."""


@dataclass(frozen=True, kw_only=True)
class List:
    """Show the records of this machine."""

    json: bool = False
    """Print one JSON array, for machines."""


@dataclass(frozen=True, kw_only=True)
class Withdraw:
    """Note that a person took their consent back: nothing more is made under it here.

    Example: omote consent withdraw 1b65aba3
    """

    record: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="RECORD")]
    """A file that `omote consent new` wrote, or the beginning of the id that `omote consent list` shows."""


def main(argv: Sequence[str]) -> int:
    """Answer `consent`."""
    asked = tyro.extras.subcommand_cli_from_dict(
        {"new": New, "show": Show, "list": List, "withdraw": Withdraw},
        args=argv[1:] or ["--help"],
        prog="omote consent",
    )
    match asked:
        case New():
            print(consents.new(**vars(asked)))
        case Show():
            print(consents.show(asked.record))
        case Withdraw():
            print(consents.withdraw(asked.record))
        case List():
            rows = consents.listing()
            if asked.json:
                print(json.dumps(rows, indent=1, ensure_ascii=False))
            for row in [] if asked.json else rows:
                uses = ", ".join(row["uses"])
                print(f"{row['id'][:8]}  {row['person']:<24} {uses:<24} until {row['expires']}  {row['state']}")
    return 0
