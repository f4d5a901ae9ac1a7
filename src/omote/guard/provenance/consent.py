"""Consent records: who allowed what to be made of their likeness, and until when.

A record is a JSON file that a person can read, signed with Ed25519 (RFC 8032) by this user's consent key. The
signature shows that the record is the one that the owner of the key wrote, and nothing more: it does not
show that the person agreed. `document` ties a record to the scan of a signed release, by its SHA-256.

Photographs are named by the SHA-256 of their files: a record holds no picture. There are no records for
minors.
"""

import uuid
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from omote.core.errors import ConsentError, UsageError
from omote.guard.provenance.consent_record import (
    ALL,
    USES,
    ConsentRecord,
    Purpose,
    iso,
    read,
    senseless,
    to_json,
)
from omote.guard.provenance.home import claim_folder, home, read_private, write_whole

_NEVER = datetime.min.replace(tzinfo=UTC)
_HOW = "`omote consent new` makes a record, and `--test-only` one for trying things out"


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
        raise ConsentError("the record lacks the declaration that the person is an adult; there are none for minors")
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
    if wrong := senseless(record):
        raise UsageError(f"the consent record cannot be made: {wrong}")
    return _sign(record, signing_key(folder))


def test_only_record(photographs: Iterable[str], *, adult: bool) -> ConsentRecord:
    """Return a record for trying things out with these files for a day: any use, no money, no publication.

    Args:
        photographs: SHA-256 of the files.
        adult: the declaration that whoever is in them is of age; trials know no minors either.

    Raises:
        ConsentError: no declaration.
        UsageError: no photograph is named.
    """
    return _passing(
        Purpose.TEST_ONLY,
        person="not named (trial)",
        granted_by="nobody: trial on this machine, not for publication",
        adult=adult,
        photographs=photographs,
    )


def demo_record(photographs: Iterable[str]) -> ConsentRecord:
    """Return a record for pictures of people who do not exist, and for nothing else; it holds for a day.

    Args:
        photographs: SHA-256 of the synthetic pictures that the demo has just drawn.

    Raises:
        UsageError: no photograph is named.
    """
    return _passing(
        Purpose.DEMO,
        person="a synthetic person (demo)",
        granted_by="nobody: the person does not exist",
        adult=True,
        photographs=photographs,
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
    write_whole(path, to_json(record).encode(), private=True)
    return path


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
        trusted: public keys to believe, hexadecimal; by default those of `trusted_keys`.
        folder: the home folder.

    Raises:
        ConsentError: tampered with, signed by an unknown key, withdrawn, for a minor, or not valid at the
            moment.
    """
    moment = _utc(now or datetime.now(UTC), "now")
    name = f"the consent record {record.id[:8]}"
    if not _signed(record):
        raise ConsentError(f"{name} was changed after it was signed, so it is not valid; ask for a new one")
    if record.key not in (trusted_keys(folder) if trusted is None else set(trusted)):
        raise ConsentError(
            f"{name} is signed by the key {record.key[:16]}…, which is not trusted here; if you know "
            f"whose it is, put it in {_consent(folder) / 'trusted'}"
        )
    if not record.adult:
        raise ConsentError(f"{name} does not declare that the person is an adult, so it is not valid")
    if wrong := senseless(record):
        raise ConsentError(f"{name} is not valid: {wrong}")
    if (_withdrawn(folder) / record.id).exists():
        raise ConsentError(f"{name} was withdrawn, so nothing may be made under it")
    if moment < record.valid_from:
        raise ConsentError(f"{name} is not valid before {iso(record.valid_from)}")
    if moment >= record.expires:
        raise ConsentError(f"{name} expired on {iso(record.expires)}; ask for a new one")


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
    """Return a record of the home folder that names a photograph and covers a use, the one that holds longest.

    A record that covers any photograph of a person is not looked at: whether this is one, only who gives it can tell.
    A record that was withdrawn ends those made before: consent after that is a record made after that.

    Raises:
        ConsentError: there is none; where a record names the photograph, the message says why it does not do.
    """
    named = [record for record in _readable(folder) if photo_sha256.lower() in record.photographs]
    ended = max((_ended(record, folder) for record in named), default=_NEVER)
    reasons: list[ConsentError] = []
    for record in sorted(named, key=lambda record: record.expires, reverse=True):
        try:
            covers(record, photo_sha256=photo_sha256, use=use, commercial=commercial, when=when, folder=folder)
            if record.created < ended:
                raise ConsentError(
                    f"a consent to this photograph was withdrawn on {iso(ended)}, after the record {record.id[:8]} was "
                    "made; ask for a new one"
                )
            return record
        except ConsentError as error:
            reasons.append(error)
    if reasons:
        raise reasons[0]
    raise ConsentError(
        f"there is no consent record for this photograph (SHA-256 {photo_sha256[:16]}…); a record for any photograph "
        f"of a person counts where --consent gives it; {_HOW}"
    )


def withdraw(record: ConsentRecord, *, folder: Path | None = None) -> None:
    """Note that a consent was taken back: on this machine nothing more is made under it, nor under older ones.

    The record is kept with those of the home folder, so that it is known which photographs it was about.
    """
    if not (_records(folder) / f"{record.id}.json").exists():
        write(record, folder=folder)
    write_whole(_withdrawn(folder) / record.id, f"{iso(datetime.now(UTC))}\n".encode(), private=True)


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
    """Return the public keys believed here, hexadecimal: this user's, and each `consent/trusted/*.pub`."""
    files = [_consent(folder) / "key" / "public.pub", *(_consent(folder) / "trusted").glob("*.pub")]
    texts = (path.read_bytes().decode(errors="replace") for path in files if path.is_file())
    return frozenset(text.strip().lower() for text in texts)


def _passing(
    purpose: Purpose, *, person: str, granted_by: str, adult: bool, photographs: Iterable[str]
) -> ConsentRecord:
    """Return a record that nobody gave, for a day."""
    now = datetime.now(UTC)
    return new_record(
        person=person,
        adult=adult,
        uses=(ALL,),
        granted_by=granted_by,
        expires=now + timedelta(days=1),
        photographs=photographs,
        now=now,
        purpose=purpose,
    )


def _consent(folder: Path | None) -> Path:
    return (folder or home()) / "consent"


def _records(folder: Path | None) -> Path:
    return _consent(folder) / "records"


def _readable(folder: Path | None) -> Iterator[ConsentRecord]:
    """Yield the records of the home folder; a broken file does not hide the others."""
    for path in sorted(_records(folder).glob("*.json")):
        with suppress(ConsentError):
            yield read(path)


def _ended(record: ConsentRecord, folder: Path | None) -> datetime:
    """Return when a record was withdrawn."""
    path = _withdrawn(folder) / record.id
    if not path.exists():
        return _NEVER
    try:
        return datetime.strptime(path.read_text().strip(), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except (OSError, ValueError):
        return datetime.max.replace(tzinfo=UTC)  # the note is damaged, but it is there


def _withdrawn(folder: Path | None) -> Path:
    return _consent(folder) / "withdrawn"


def _hex(key: Ed25519PublicKey) -> str:
    return key.public_bytes_raw().hex()


def _sign(record: ConsentRecord, key: Ed25519PrivateKey) -> ConsentRecord:
    record = replace(record, key=_hex(key.public_key()))
    return replace(record, signature=key.sign(record.canonical()).hex())


def _signed(record: ConsentRecord) -> bool:
    """Return whether the signature is the key's, over the record as it stands."""
    try:
        public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(record.key))
        public.verify(bytes.fromhex(record.signature), record.canonical())
    except (ValueError, InvalidSignature):
        return False
    return True


def _utc(moment: datetime, name: str) -> datetime:
    if moment.tzinfo is None:
        raise UsageError(f"{name} must have a time zone, got {moment.isoformat()}")
    return moment.astimezone(UTC).replace(microsecond=0)
