"""What a user does with consent records: write one, look at it, list them, take one back."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from omote.app import shelf
from omote.core.errors import ConsentError, InputError, OutputError, UsageError
from omote.core.weights import sha256
from omote.guard.provenance import consent
from omote.guard.provenance.home import home

LONGEST = 36_500
"""Days that a consent may hold: longer than any life."""


def new(
    *,
    photos: Sequence[Path],
    any_photo: bool,
    person: str,
    adult: bool,
    uses: Sequence[str],
    days: int,
    commercial: bool,
    granted_by: str,
    witness: str,
    document: Path | None,
    out: Path | None,
) -> Path:
    """Write a consent record and return where.

    Args:
        photos: the photographs covered.
        any_photo: whether every picture of the person is covered instead.
        person: name or pseudonym.
        adult: the declaration that the person is of age.
        uses: verbs, or `all`.
        days: how long it holds.
        commercial: whether money may be made with the results.
        granted_by: who gave it; the person if empty.
        witness: who saw it given.
        document: the signed release.
        out: the file to write; by default a place where jobs find it.

    Raises:
        ConsentError: the person was not declared an adult.
        InputError: a photograph cannot be read.
        UsageError: a field makes no sense.
    """
    if not 1 <= days <= LONGEST:
        raise UsageError(f"a consent holds for 1 to {LONGEST} days; --days {days} came")
    if any_photo == bool(photos):
        raise UsageError("name the photographs covered, or say --any-photo for every picture of the person, not both")
    if out is not None:
        _check_output(out)
    record = consent.new_record(
        person=person,
        adult=adult,
        uses=uses,
        granted_by=granted_by or person,
        expires=datetime.now(UTC) + timedelta(days=days),
        photographs=[_hash(p) for p in photos],
        any_photograph=any_photo,
        commercial=commercial,
        witness=witness,
        document=_hash(document) if document else "",
    )
    return consent.write(record, out)


def show(which: str | Path) -> str:
    """Return a record in words, with whether it holds today."""
    record = consent.read(_named(which))
    covered = "any photograph" if record.any_photograph else f"{len(record.photographs)} photograph(s)"
    return "\n".join(
        (
            f"record {record.id} ({record.purpose})",
            f"person: {record.person}; granted by {record.granted_by}; witness: {record.witness or 'none'}",
            f"covers: {covered}; uses: {', '.join(record.uses)}; commercial: {'yes' if record.commercial else 'no'}",
            f"holds from {record.valid_from:%Y-%m-%d} to {record.expires:%Y-%m-%d}: {_state(record)}",
        )
    )


def withdraw(which: str | Path) -> str:
    """Take a consent back on this machine, with what is cached under it; return a sentence that says so."""
    record = consent.read(_named(which))
    consent.withdraw(record)
    for photo in record.photographs or ("",):  # a consent to any photograph: whose avatar is whose is not known
        shelf.forget(photo)
    return f"record {record.id[:8]} of {record.person} is withdrawn: nothing more is made under it on this machine"


def _named(which: str | Path) -> Path:
    """Return the record that a path, or the beginning of an id that `listing` shows, means.

    Raises:
        UsageError: several records begin so.
    """
    found = [] if Path(which).exists() else sorted((home() / "consent" / "records").glob(f"{which}*.json"))
    if len(found) > 1:
        raise UsageError(f"{len(found)} records begin with {which}; `omote consent list --json` shows them whole")
    return found[0] if found and str(which).isalnum() else Path(which)


def listing() -> list[dict[str, Any]]:
    """Return the records of this machine as plain data."""
    return [_row(path) for path in sorted((home() / "consent" / "records").glob("*.json"))]


def _row(path: Path) -> dict[str, Any]:
    try:
        record = consent.read(path)
    except ConsentError as error:
        return {"id": path.stem, "person": "?", "uses": [], "expires": "?", "state": str(error), "file": str(path)}
    return {
        "id": record.id,
        "person": record.person,
        "uses": list(record.uses),
        "expires": f"{record.expires:%Y-%m-%d}",
        "state": _state(record),
        "file": str(path),
    }


def _check_output(out: Path) -> None:
    """Refuse to write a record where its folder is missing, or over anything but a record."""
    if not out.parent.is_dir():
        raise OutputError(f"the folder {out.parent} does not exist; make it first")
    if not out.exists():
        return
    try:
        consent.read(out)
    except ConsentError as error:
        raise OutputError(f"{out} is there and no consent record, so it would be lost; choose another name") from error


def _state(record: consent.ConsentRecord) -> str:
    try:
        consent.verify(record)
    except ConsentError as error:
        return str(error)
    return "valid"


def _hash(path: Path) -> str:
    try:
        return sha256(path)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
