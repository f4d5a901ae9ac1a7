"""The layout of a consent record: its fields, the bytes that are signed, its file, what makes sense in it.

The canonical form is every member but the signature, keys sorted, no white space, UTF-8: what RFC 8785
gives for texts, truth values and lists. A reader takes exactly this layout, so that no two readers differ
on what it says.
"""

import hashlib
import json
import re
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from omote.core.errors import ConsentError

FORMAT = 1
"""Version of the file's layout, in its member `omote_consent`."""
ALL = "all"
"""Stands in `uses` for every use there is."""
USES = ("dance", "sing", "lipsync", "swap", "age", "digitize", "head", "lightstage", "relight", "ads")
"""What can be made of a likeness, named as the verbs of the command line."""
_DOMAIN = b"omote consent record\n"  # so that a signature of the key over anything else is never one of a record
LARGEST = 1 << 20


class Purpose(StrEnum):
    """What a record was made for."""

    LIKENESS = "likeness"
    """A real person agreed."""
    TEST_ONLY = "test-only"
    """Trying things out on this machine: outputs carry a visible TEST mark and are not for publication."""
    DEMO = "demo"
    """The product's own synthetic people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentRecord:
    """One person's consent, as it stands in its file. Times are UTC, to the second."""

    id: str
    """Random; how manifests refer to the record without naming the person."""
    purpose: Purpose
    person: str
    """A name or a pseudonym."""
    adult: bool
    """The declaration that the person is of age; a record without it is never valid."""
    uses: tuple[str, ...]
    """From `USES`, or `all` alone."""
    commercial: bool
    """Whether what is made may be used for money."""
    photographs: tuple[str, ...]
    """SHA-256 of the files covered, hexadecimal, sorted."""
    any_photograph: bool
    """Whether every picture of this person is covered, instead of the files named."""
    granted_by: str
    """Who gave the consent: the person, or who acts for them."""
    witness: str = ""
    """Who saw it given; empty where nobody did."""
    document: str = ""
    """SHA-256 of the signed release on file; empty where there is none."""
    created: datetime
    valid_from: datetime
    expires: datetime
    key: str = ""
    """The Ed25519 public key that signed, hexadecimal."""
    signature: str = field(default="", repr=False)

    @property
    def test_only(self) -> bool:
        """Whether outputs must carry the visible TEST mark and must not be published."""
        return self.purpose is Purpose.TEST_ONLY

    def canonical(self) -> bytes:
        """Return the bytes that are signed."""
        body = {"omote_consent": FORMAT, **plain(self)}
        del body["signature"]
        return _DOMAIN + json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

    @property
    def sha256(self) -> str:
        """Hash of the signed record; manifests refer to it, so a record swapped later does not fit."""
        return hashlib.sha256(self.canonical() + self.signature.encode()).hexdigest()


def senseless(record: ConsentRecord) -> str | None:
    """Return what is wrong with a record's fields, in words, or None."""
    for name in ("person", "granted_by", "witness"):
        text = getattr(record, name)
        if (not text and name != "witness") or len(text) > 200 or not text.isprintable():
            return f"{name} must be one line of 1 to 200 characters"
    if not record.uses or (record.uses != (ALL,) and not set(record.uses) <= set(USES)):
        return f"uses must be {ALL} or some of {', '.join(USES)}"
    hashes = [*record.photographs, *([record.document] if record.document else [])]
    if not all(re.fullmatch("[0-9a-f]{64}", text) for text in hashes):
        return "photographs and documents are named by SHA-256, 64 lower-case hexadecimal digits"
    if record.any_photograph == bool(record.photographs):
        return "it must either name photographs or say that it covers any photograph of the person"
    if record.any_photograph and record.purpose is not Purpose.LIKENESS:
        return f"a {record.purpose} record covers named files only"
    if record.commercial and record.purpose is not Purpose.LIKENESS:
        return f"a {record.purpose} record allows no commercial use"
    if record.expires <= record.valid_from:
        return "it must expire after it begins"
    return None


def iso(moment: datetime) -> str:
    """Return a moment as records and manifests write it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def plain(record: ConsentRecord) -> dict[str, Any]:
    """Return a record's members as JSON knows them."""

    def known(value: Any) -> Any:
        return iso(value) if isinstance(value, datetime) else list(value) if isinstance(value, tuple) else value

    return {name: known(value) for name, value in asdict(record).items()}


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a JSON object that says the same thing twice: readers would differ on which holds."""
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member occurs twice")
    return members


def _parse(members: Any) -> ConsentRecord:
    """Return the record of a JSON object; ValueError where it is not exactly one."""
    if not isinstance(members, dict) or members.pop("omote_consent", None) != FORMAT:
        raise ValueError(f"its member omote_consent is not {FORMAT}")
    names = {f.name for f in fields(ConsentRecord)}
    if set(members) != names:
        raise ValueError(f"members missing or unknown: {', '.join(sorted(names ^ set(members)))}")
    values: dict[str, Any] = {}
    value: Any
    for name, value in members.items():
        if name in ("adult", "commercial", "any_photograph"):
            good = isinstance(value, bool)
        elif name in ("uses", "photographs"):
            good = isinstance(value, list) and all(isinstance(item, str) for item in value)
            value = tuple(value) if good else value
        else:
            good = isinstance(value, str)
        if not good:
            raise ValueError(f"its member {name} has the wrong type")
        if name in ("created", "valid_from", "expires"):
            value = datetime.strptime(value, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        values[name] = Purpose(value) if name == "purpose" else value
    if not re.fullmatch("[0-9a-f]{32}", values["id"]):
        raise ValueError("its member id is not 32 hexadecimal digits")  # it becomes the name of a file
    return ConsentRecord(**values)


def to_json(record: ConsentRecord) -> str:
    """Return a record as its file has it."""
    return json.dumps({"omote_consent": FORMAT, **plain(record)}, indent=2, ensure_ascii=False) + "\n"


def read(path: Path) -> ConsentRecord:
    """Return the record in a file, as written: nothing is verified but the layout.

    Raises:
        ConsentError: there is no such file, or it holds no record of this layout.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(LARGEST + 1)
    except OSError as error:
        raise ConsentError(f"the consent record {path} cannot be read: {error.strerror}") from error
    try:
        if len(data) > LARGEST:
            raise ValueError("it is far larger than any record")
        return _parse(json.loads(data, object_pairs_hook=_once))
    except (ValueError, RecursionError) as error:
        raise ConsentError(f"{path} is no consent record: {error}") from error
