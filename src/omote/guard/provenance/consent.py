"""Consent records: who allowed what to be made of their likeness, until when, in a file that cannot be altered unseen.

A record is a JSON file that a person can read. It is signed with Ed25519 (RFC 8032) over its canonical form: every
member but the signature, keys sorted, no white space, UTF-8 (what RFC 8785 gives for texts, truth values and lists).
The signature shows that the record is the one that the owner of the key wrote, and nothing more: it does not show
that the person signed. `document` ties a record to the scan of a signed release, by its SHA-256.

Photographs are named by the SHA-256 of their files, so a record holds no picture. There are no records for minors.
"""

import hashlib
import json
import re
import uuid
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from omote.core.errors import ConsentError, UsageError
from omote.guard.provenance.home import claim_folder, home, read_private, write_whole

FORMAT = 1
"""Version of the file's layout, in its member `omote_consent`."""
ALL = "all"
"""Stands in `uses` for every use there is."""
USES = ("dance", "sing", "lipsync", "swap", "age", "digitize", "head", "lightstage", "relight", "ads")
"""What can be made of a likeness, named as the verbs of the command line."""
_DOMAIN = b"omote consent record\n"  # so that a signature of the key over anything else is never one of a record
_LARGEST = 1 << 20
_HOW = "`omote consent new` makes a record, and `--test-only` one for trying things out"


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
        body = {"omote_consent": FORMAT, **_plain(self)}
        del body["signature"]
        return _DOMAIN + json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

    @property
    def sha256(self) -> str:
        """Hash of the signed record; manifests refer to it, so a record swapped later does not fit."""
        return hashlib.sha256(self.canonical() + bytes.fromhex(self.signature)).hexdigest()


def new_record(
    *,
    person: str,
    adult: bool,
    uses: Iterable[str],
    granted_by: str,
    expires: datetime,
    photographs: Iterable[str] = (),
    any_photograph: bool = False,
    commercial: bool = False,
    witness: str = "",
    document: str = "",
    valid_from: datetime | None = None,
    now: datetime | None = None,
    folder: Path | None = None,
    purpose: Purpose = Purpose.LIKENESS,
) -> ConsentRecord:
    """Return a record signed by this user's consent key, which is made on first use.

    Args:
        person: a name or a pseudonym.
        adult: the declaration that the person is of age.
        uses: from `USES`, or `all`.
        granted_by: who gave the consent.
        expires: the moment from which it does not hold any more, with a time zone.
        photographs: SHA-256 of the files covered.
        any_photograph: whether it covers every picture of the person instead.
        commercial: whether what is made may be used for money.
        witness: who saw it given.
        document: SHA-256 of the signed release on file.
        valid_from: the moment from which it holds; now if left out.
        now: the present, for tests.
        folder: the home folder; `home()` if left out.
        purpose: what the record is for.

    Raises:
        ConsentError: the person was not declared an adult.
        UsageError: a field makes no sense; the message names it.
    """
    if adult is not True:
        raise ConsentError(
            "the record lacks the declaration that the person is an adult, and there are none for minors"
        )
    created = _utc(now or datetime.now(UTC), "now")
    record = ConsentRecord(
        id=uuid.uuid4().hex,
        purpose=purpose,
        person=person.strip(),
        adult=True,
        uses=tuple(dict.fromkeys(uses)),
        commercial=commercial,
        photographs=tuple(sorted(set(photographs))),
        any_photograph=any_photograph,
        granted_by=granted_by.strip(),
        witness=witness.strip(),
        document=document,
        created=created,
        valid_from=_utc(valid_from, "valid_from") if valid_from else created,
        expires=_utc(expires, "expires"),
    )
    if wrong := _senseless(record):
        raise UsageError(f"the consent record cannot be made: {wrong}")
    private = signing_key(folder)
    record = replace(record, key=_hex(private.public_key()))
    return replace(record, signature=private.sign(record.canonical()).hex())


def test_only_record(
    photographs: Iterable[str],
    *,
    adult: bool,
    days: int = 1,
    now: datetime | None = None,
    folder: Path | None = None,
) -> ConsentRecord:
    """Return a record for trying things out with these files: any use, no money, no publication.

    Args:
        photographs: SHA-256 of the files.
        adult: the declaration that whoever is in them is of age; trials know no minors either.
        days: how long it holds.
        now: the present, for tests.
        folder: the home folder.

    Raises:
        ConsentError: no declaration.
        UsageError: no photograph is named.
    """
    now = now or datetime.now(UTC)
    return new_record(
        person="not named (trial)",
        adult=adult,
        uses=(ALL,),
        granted_by="nobody: trial on this machine, not for publication",
        expires=now + timedelta(days=days),
        photographs=photographs,
        now=now,
        folder=folder,
        purpose=Purpose.TEST_ONLY,
    )


test_only_record.__test__ = False  # pyright: ignore[reportFunctionMemberAccess]


def demo_record(
    photographs: Iterable[str], *, now: datetime | None = None, folder: Path | None = None
) -> ConsentRecord:
    """Return a record for pictures of people who do not exist, and for nothing else.

    Args:
        photographs: SHA-256 of the synthetic pictures that the demo has just drawn.
        now: the present, for tests.
        folder: the home folder.
    """
    now = now or datetime.now(UTC)
    return new_record(
        person="a synthetic person (demo)",
        adult=True,
        uses=(ALL,),
        granted_by="nobody: the person does not exist",
        expires=now + timedelta(days=1),
        photographs=photographs,
        now=now,
        folder=folder,
        purpose=Purpose.DEMO,
    )


def write(record: ConsentRecord, path: Path | None = None, *, folder: Path | None = None) -> Path:
    """Write a record as JSON, readable by this user alone, and return where.

    Args:
        record: the record.
        path: the file; by default one in the home folder, where `require` finds it.
        folder: the home folder.

    Raises:
        OutputError: it cannot be written.
    """
    path = path or _records(folder) / f"{record.id}.json"
    text = json.dumps({"omote_consent": FORMAT, **_plain(record)}, indent=2, ensure_ascii=False)
    write_whole(path, text.encode() + b"\n", private=True)
    return path


def read(path: Path) -> ConsentRecord:
    """Return the record in a file, as written: nothing is verified but the layout.

    Raises:
        ConsentError: there is no such file, or it holds no record of this layout.
    """
    try:
        data = path.read_bytes()[: _LARGEST + 1]
    except OSError as error:
        raise ConsentError(f"the consent record {path} cannot be read: {error.strerror}; {_HOW}") from error
    try:
        if len(data) > _LARGEST:
            raise ValueError("it is far larger than any record")
        return _parse(json.loads(data, object_pairs_hook=_once))
    except (ValueError, RecursionError) as error:
        raise ConsentError(f"{path} is no consent record: {error}") from error


def verify(
    record: ConsentRecord,
    now: datetime | None = None,
    *,
    trusted: Iterable[str] | None = None,
    folder: Path | None = None,
) -> None:
    """Make sure that a record holds at a moment, whatever it covers.

    Args:
        record: the record.
        now: the moment; the present if left out.
        trusted: public keys to believe, hexadecimal; by default this user's and those in `consent/trusted/*.pub`.
        folder: the home folder.

    Raises:
        ConsentError: tampered with, signed by an unknown key, withdrawn, for a minor, not yet or no longer valid.
    """
    moment = _utc(now or datetime.now(UTC), "now")
    name = f"the consent record {record.id[:8]}"
    if not _signed(record):
        raise ConsentError(f"{name} was changed after it was signed, so it is not valid; ask for a new one")
    if record.key not in (trusted_keys(folder) if trusted is None else set(trusted)):
        raise ConsentError(
            f"{name} is signed by the key {record.key[:16]}…, which is not trusted here; if you know whose it is, "
            f"put it in {_consent(folder) / 'trusted'}"
        )
    if not record.adult:
        raise ConsentError(f"{name} does not declare that the person is an adult, so it is not valid")
    if wrong := _senseless(record):
        raise ConsentError(f"{name} is not valid: {wrong}")
    if (_withdrawn(folder) / record.id).exists():
        raise ConsentError(f"{name} was withdrawn, so nothing may be made under it")
    if moment < record.valid_from:
        raise ConsentError(f"{name} is not valid before {_text(record.valid_from)}")
    if moment >= record.expires:
        raise ConsentError(f"{name} expired on {_text(record.expires)}; ask for a new one")


def covers(
    record: ConsentRecord,
    *,
    photo_sha256: str,
    use: str,
    commercial: bool = False,
    when: datetime | None = None,
    trusted: Iterable[str] | None = None,
    folder: Path | None = None,
) -> None:
    """Make sure that a record allows one use of one photograph at a moment.

    Args:
        record: the record.
        photo_sha256: SHA-256 of the photograph's file, hexadecimal.
        use: from `USES`.
        commercial: whether money is to be made with the result.
        when: the moment; the present if left out.
        trusted: as for `verify`.
        folder: the home folder.

    Raises:
        ConsentError: it does not; the message is one sentence that says why.
        UsageError: no such use.
    """
    if use not in USES:
        raise UsageError(f"{use!r} is no use that a consent record knows; known are {', '.join(USES)}")
    verify(record, when, trusted=trusted, folder=folder)
    name = f"the consent record {record.id[:8]}"
    if not record.any_photograph and photo_sha256.lower() not in record.photographs:
        raise ConsentError(f"{name} covers other photographs, not this one (SHA-256 {photo_sha256[:16]}…); {_HOW}")
    if record.uses != (ALL,) and use not in record.uses:
        raise ConsentError(f"{name} allows {', '.join(record.uses)}, not {use}; {_HOW}")
    if commercial and not record.commercial:
        raise ConsentError(f"{name} does not allow commercial use")


def require(
    photo_sha256: str,
    *,
    use: str,
    commercial: bool = False,
    when: datetime | None = None,
    folder: Path | None = None,
) -> ConsentRecord:
    """Return a record of the home folder that covers a use, the one that holds longest.

    Raises:
        ConsentError: there is none; where a record names the photograph, the message says why it does not do.
    """
    found: list[ConsentRecord] = []
    nearest: ConsentError | None = None
    for path in sorted(_records(folder).glob("*.json")):
        record = read(path)
        try:
            covers(
                record, photo_sha256=photo_sha256, use=use, commercial=commercial, when=when, folder=folder
            )
            found.append(record)
        except ConsentError as error:
            if photo_sha256.lower() in record.photographs:
                nearest = error
    if found:
        return max(found, key=lambda record: record.expires)
    if nearest:
        raise nearest
    raise ConsentError(f"there is no consent record for this photograph (SHA-256 {photo_sha256[:16]}…); {_HOW}")


def withdraw(record: ConsentRecord, *, folder: Path | None = None) -> None:
    """Note that a consent was taken back: on this machine nothing more is made under it."""
    write_whole(_withdrawn(folder) / record.id, f"{_text(datetime.now(UTC))}\n".encode(), private=True)


def signing_key(folder: Path | None = None) -> Ed25519PrivateKey:
    """Return this user's consent key, made on first use in `consent/key/`.

    Raises:
        ProvenanceError: it is there and cannot be read.
        OutputError: it cannot be made.
    """
    place = _consent(folder) / "key"
    if not place.exists():
        fresh = Ed25519PrivateKey.generate()
        pem = fresh.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        public = f"{_hex(fresh.public_key())}\n".encode()
        claim_folder(place, {"private.pem": pem, "public.pub": public})  # whoever was first, read theirs
    try:
        key = serialization.load_pem_private_key(read_private(place / "private.pem"), None)
    except ValueError as error:
        raise ConsentError(f"{place / 'private.pem'} is no private key: {error}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise ConsentError(f"{place / 'private.pem'} holds a key that is not Ed25519; move it away to get a new one")
    return key


def trusted_keys(folder: Path | None = None) -> frozenset[str]:
    """Return the public keys whose records are believed here: this user's, and each `consent/trusted/*.pub`."""
    files = [_consent(folder) / "key" / "public.pub", *(_consent(folder) / "trusted").glob("*.pub")]
    return frozenset(path.read_text().strip().lower() for path in files if path.is_file())


def _consent(folder: Path | None) -> Path:
    return (folder or home()) / "consent"


def _records(folder: Path | None) -> Path:
    return _consent(folder) / "records"


def _withdrawn(folder: Path | None) -> Path:
    return _consent(folder) / "withdrawn"


def _hex(key: Ed25519PublicKey) -> str:
    return key.public_bytes_raw().hex()


def _signed(record: ConsentRecord) -> bool:
    """Return whether the signature is the key's, over the record as it stands."""
    try:
        public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(record.key))
        public.verify(bytes.fromhex(record.signature), record.canonical())
    except (ValueError, InvalidSignature):
        return False
    return True


def _senseless(record: ConsentRecord) -> str | None:
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


def _utc(moment: datetime, name: str) -> datetime:
    if moment.tzinfo is None:
        raise UsageError(f"{name} must have a time zone, got {moment.isoformat()}")
    return moment.astimezone(UTC).replace(microsecond=0)


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _plain(record: ConsentRecord) -> dict[str, Any]:
    """Return a record's members as JSON knows them."""

    def plain(value: Any) -> Any:
        return _text(value) if isinstance(value, datetime) else list(value) if isinstance(value, tuple) else value

    return {name: plain(value) for name, value in asdict(record).items()}


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
