import json
import os
import stat
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from omote.core.errors import ConsentError, ProvenanceError, UsageError
from omote.guard.provenance import consent
from omote.guard.provenance.consent import ConsentRecord

PHOTO, OTHER = "ab" * 32, "cd" * 32
NOW = datetime(2030, 5, 1, 12, tzinfo=UTC)
END = NOW + timedelta(days=30)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OMOTE_HOME", str(tmp_path))
    return tmp_path


def a_record(**changes: Any) -> ConsentRecord:
    given: dict[str, Any] = {
        "person": "Kaguya 姫",
        "adult": True,
        "uses": ["dance", "sing"],
        "granted_by": "Kaguya",
        "photographs": [PHOTO],
        "expires": END,
        "now": NOW,
    }
    return consent.new_record(**(given | changes))


def refused(record: ConsentRecord, **changes: Any) -> str:
    asked: dict[str, Any] = {"photo_sha256": PHOTO, "use": "dance", "when": NOW} | changes
    with pytest.raises(ConsentError) as caught:
        consent.covers(record, **asked)
    return str(caught.value)


def test_a_record_covers_what_it_names_and_survives_its_file(tmp_path: Path) -> None:
    record = a_record(witness="the mirror", document=OTHER)
    path = consent.write(record, tmp_path / "consent.json")
    assert consent.read(path) == record
    consent.covers(consent.read(path), photo_sha256=PHOTO, use="sing", when=NOW)
    consent.covers(record, photo_sha256=PHOTO.upper(), use="dance", when=END - timedelta(seconds=1))


def test_a_person_can_read_the_file(tmp_path: Path) -> None:
    text = consent.write(a_record(), tmp_path / "c.json").read_text()
    assert '"person": "Kaguya 姫"' in text
    assert '"expires": "2030-05-31T12:00:00Z"' in text


@pytest.mark.oracle
def test_the_signature_is_over_sorted_json_without_space() -> None:
    record = a_record()
    members = json.loads(consent.write(record).read_text())
    signature = bytes.fromhex(members.pop("signature"))
    by_hand = json.dumps(members, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(members["key"]))
    key.verify(signature, b"omote consent record\n" + by_hand.encode())  # raises where it does not fit


@pytest.mark.parametrize("adult", [False, None, 1, "yes"])
def test_there_are_no_records_without_the_declaration_of_age(adult: Any) -> None:
    with pytest.raises(Exception, match=r"adult|bool"):  # a wrong type is stopped by the checked signature
        a_record(adult=adult)


def test_a_record_signed_for_a_minor_by_other_means_is_refused() -> None:
    key = consent.signing_key()
    record = replace(a_record(), adult=False, signature="")
    record = replace(record, signature=key.sign(record.canonical()).hex())
    assert "adult" in refused(record)


@pytest.mark.parametrize(
    ("changes", "asked", "words"),
    [
        ({}, {"photo_sha256": OTHER}, "other photographs"),
        ({}, {"use": "swap"}, "not swap"),
        ({}, {"commercial": True}, "commercial"),
        ({}, {"when": END}, "expired on 2030-05-31"),
        ({}, {"when": END + timedelta(days=365)}, "expired"),
        ({}, {"when": NOW - timedelta(seconds=1)}, "not valid before"),
        ({"valid_from": NOW + timedelta(days=2)}, {"when": NOW + timedelta(days=1)}, "not valid before 2030-05-03"),
        ({"uses": ["ads"]}, {}, "allows ads, not dance"),
    ],
)
def test_what_is_not_covered_is_refused_and_told(changes: Any, asked: Any, words: str) -> None:
    assert words in refused(a_record(**changes), **asked)


def test_any_photograph_and_all_uses_must_be_said_to_hold() -> None:
    record = a_record(photographs=[], any_photograph=True, uses=["all"], commercial=True)
    for use in consent.USES:
        consent.covers(record, photo_sha256=OTHER, use=use, commercial=True, when=NOW)


def test_times_with_another_zone_mean_the_same_moment() -> None:
    from datetime import timezone

    tokyo = timezone(timedelta(hours=9))
    record = a_record(expires=END.astimezone(tokyo))
    assert record.expires == END
    assert "expired" in refused(record, when=END.astimezone(tokyo))


@pytest.mark.parametrize(
    "changes",
    [
        {"photographs": []},
        {"any_photograph": True},
        {"photographs": ["photo.jpg"]},
        {"photographs": ["AB" * 32]},
        {"uses": []},
        {"uses": ["all", "dance"]},
        {"uses": ["fraud"]},
        {"person": "  "},
        {"person": "x" * 201},
        {"person": "two\nlines"},
        {"person": "\x1b[2J"},
        {"granted_by": ""},
        {"witness": "\u202eevil"},
        {"document": "paper"},
        {"expires": NOW},
        {"expires": NOW - timedelta(days=1)},
        {"valid_from": END},
        {"expires": datetime(2031, 1, 1)},
        {"now": datetime(2030, 1, 1)},
    ],
)
def test_senseless_records_are_not_made(changes: Any) -> None:
    with pytest.raises(UsageError):
        a_record(**changes)


@pytest.mark.parametrize(
    "change",
    [
        {"person": "Somebody Else"},
        {"uses": ("all",)},
        {"commercial": True},
        {"photographs": (OTHER, PHOTO)},
        {"expires": END + timedelta(seconds=1)},
        {"granted_by": "x"},
        {"witness": "y"},
        {"document": OTHER},
        {"id": "0" * 32},
        {"signature": ""},
        {"signature": "00" * 64},
        {"signature": "zz"},
        {"key": "00"},
        {"purpose": consent.Purpose.TEST_ONLY},
    ],
)
def test_any_change_after_signing_shows(change: Any) -> None:
    assert "changed after it was signed" in refused(replace(a_record(), **change))


def test_signing_a_changed_record_with_ones_own_key_does_not_help() -> None:
    forger = Ed25519PrivateKey.generate()
    forged = replace(a_record(), uses=("all",), key=forger.public_key().public_bytes_raw().hex())
    forged = replace(forged, signature=forger.sign(forged.canonical()).hex())
    assert "not trusted" in refused(forged)


def test_another_machines_record_counts_once_its_key_is_trusted(tmp_path: Path) -> None:
    record = a_record(folder=tmp_path / "studio")
    consent.signing_key()
    assert "not trusted" in refused(record)
    consent.covers(record, photo_sha256=PHOTO, use="dance", when=NOW, trusted=[record.key])
    trusted = tmp_path / "consent" / "trusted"
    trusted.mkdir()
    (trusted / "studio.pub").write_text(record.key.upper() + "\n")
    consent.covers(record, photo_sha256=PHOTO, use="dance", when=NOW)


def test_a_withdrawn_consent_ends_at_once() -> None:
    record = a_record()
    consent.covers(record, photo_sha256=PHOTO, use="dance", when=NOW)
    consent.withdraw(record)
    assert "withdrawn" in refused(record)


def test_a_trial_covers_its_files_for_a_day_and_never_money() -> None:
    record = consent.test_only_record([PHOTO], adult=True)
    now = datetime.now(UTC)
    assert record.test_only
    consent.covers(record, photo_sha256=PHOTO, use="swap")
    assert "commercial" in refused(record, when=now, commercial=True)
    assert "other photographs" in refused(record, when=now, photo_sha256=OTHER)
    assert "expired" in refused(record, when=now + timedelta(days=1, seconds=1))
    with pytest.raises(ConsentError, match="adult"):
        consent.test_only_record([PHOTO], adult=False)
    with pytest.raises(UsageError, match="photographs"):
        consent.test_only_record([], adult=True)


def test_the_demos_record_covers_the_demos_pictures_alone() -> None:
    record = consent.demo_record([PHOTO])
    assert not record.test_only
    consent.covers(record, photo_sha256=PHOTO, use="dance")
    assert "other photographs" in refused(record, photo_sha256=OTHER, when=datetime.now(UTC))


@pytest.mark.parametrize("change", [{"commercial": True}, {"any_photograph": True, "photographs": ()}])
def test_a_trial_that_claims_more_is_refused_even_when_signed(change: Any) -> None:
    record = replace(consent.test_only_record([PHOTO], adult=True), **change)
    record = replace(record, signature=consent.signing_key().sign(record.canonical()).hex())
    assert "not valid" in refused(record, when=datetime.now(UTC))


def test_an_unknown_use_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(UsageError, match="fraud"):
        consent.covers(a_record(), photo_sha256=PHOTO, use="fraud", when=NOW)


def test_the_record_that_holds_longest_is_found() -> None:
    with pytest.raises(ConsentError, match="omote consent new"):
        consent.require(PHOTO, use="dance", when=NOW)
    for days in (1, 9, 5):
        consent.write(a_record(expires=NOW + timedelta(days=days)))
    assert consent.require(PHOTO, use="dance", when=NOW).expires == NOW + timedelta(days=9)
    with pytest.raises(ConsentError, match="not swap"):
        consent.require(PHOTO, use="swap", when=NOW)


def test_a_record_for_any_photograph_is_never_found_by_itself() -> None:
    consent.write(a_record(person="Aiko", photographs=[], any_photograph=True, expires=NOW + timedelta(days=90)))
    with pytest.raises(ConsentError, match="--consent"):
        consent.require(PHOTO, use="dance", when=NOW)
    consent.write(a_record(person="Bob"))
    assert consent.require(PHOTO, use="dance", when=NOW).person == "Bob"


def test_after_a_withdrawal_only_a_record_made_later_counts() -> None:
    now = datetime.now(UTC)
    older = a_record(now=now - timedelta(days=9), expires=now + timedelta(days=99))
    withdrawn = a_record(now=now - timedelta(days=8), expires=now + timedelta(days=99))
    consent.write(older)
    consent.withdraw(withdrawn)  # it was never put where jobs find records
    with pytest.raises(ConsentError, match="withdrawn"):
        consent.require(PHOTO, use="dance")
    consent.write(a_record(now=now - timedelta(days=7), expires=now + timedelta(days=99)))
    with pytest.raises(ConsentError, match="withdrawn"):
        consent.require(PHOTO, use="dance")
    anew = a_record(now=now + timedelta(seconds=2), expires=now + timedelta(days=9))
    consent.write(anew)
    assert consent.require(PHOTO, use="dance", when=now + timedelta(seconds=3)) == anew


def test_a_damaged_note_of_a_withdrawal_still_withdraws(folder: Path) -> None:
    record = a_record()
    consent.write(record)
    consent.withdraw(record)
    (folder / "consent" / "withdrawn" / record.id).write_bytes(b"\xff")
    consent.write(a_record())
    with pytest.raises(ConsentError, match="withdrawn"):
        consent.require(PHOTO, use="dance", when=NOW)


def test_a_file_that_is_no_key_does_not_hide_the_keys(folder: Path) -> None:
    record = a_record()
    (folder / "consent" / "trusted").mkdir()
    (folder / "consent" / "trusted" / "x.pub").write_bytes(b"\xff\xfe\x00")
    consent.verify(record, NOW)


def test_one_broken_record_does_not_hide_the_others(folder: Path) -> None:
    consent.write(a_record())
    (folder / "consent" / "records" / "0.json").write_text("{")
    assert consent.require(PHOTO, use="dance", when=NOW)


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_the_key_and_the_records_are_this_users_alone(folder: Path) -> None:
    path = consent.write(a_record())
    for file in (path, folder / "consent" / "key" / "private.pem"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    (folder / "consent" / "key" / "private.pem").chmod(0o640)
    with pytest.raises(ProvenanceError, match="chmod"):
        a_record()


def test_the_key_is_made_once() -> None:
    assert a_record().key == a_record().key


def breakages() -> list[Callable[[dict[str, Any]], Any]]:
    return [
        lambda m: m | {"omote_consent": 2},
        lambda m: {k: v for k, v in m.items() if k != "omote_consent"},
        lambda m: m | {"extra": 1},
        lambda m: {k: v for k, v in m.items() if k != "adult"},
        lambda m: m | {"adult": "true"},
        lambda m: m | {"adult": 1},
        lambda m: m | {"uses": "dance"},
        lambda m: m | {"photographs": [1]},
        lambda m: m | {"expires": "tomorrow"},
        lambda m: m | {"expires": 20300101},
        lambda m: m | {"purpose": "other"},
        lambda m: m | {"id": "../../../etc/passwd"},
        lambda m: [m],
        lambda _: None,
    ]


@pytest.mark.parametrize("breakage", breakages())
def test_a_file_of_another_layout_is_no_record(breakage: Callable[[Any], Any], tmp_path: Path) -> None:
    members = json.loads(consent.write(a_record()).read_text())
    (tmp_path / "bad.json").write_text(json.dumps(breakage(members)))
    with pytest.raises(ConsentError, match="no consent record"):
        consent.read(tmp_path / "bad.json")


@pytest.mark.parametrize("data", [b"", b"{", b"\xff\xfe\x00", b"[" * 100_000, b" " * (1 << 21), b"null"])
def test_what_is_no_json_is_no_record(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_bytes(data)
    with pytest.raises(ConsentError, match="no consent record"):
        consent.read(tmp_path / "bad.json")


def test_saying_a_thing_twice_is_refused(tmp_path: Path) -> None:
    text = consent.write(a_record()).read_text().replace('"adult": true', '"adult": false,\n  "adult": true')
    (tmp_path / "twice.json").write_text(text)
    with pytest.raises(ConsentError, match="twice"):
        consent.read(tmp_path / "twice.json")


def test_a_missing_file_or_a_folder_is_told(tmp_path: Path) -> None:
    for path in (tmp_path / "none.json", tmp_path):
        with pytest.raises(ConsentError, match="cannot be read"):
            consent.read(path)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(person=st.text(min_size=1, max_size=200), days=st.integers(1, 40_000))
def test_any_name_that_can_be_printed_survives_the_file(person: str, days: int, tmp_path: Path) -> None:
    try:
        record = a_record(person=person, expires=NOW + timedelta(days=days))
    except UsageError:
        assert not person.strip().isprintable() or not person.strip()
        return
    assert consent.read(consent.write(record, tmp_path / "r.json")) == record
    consent.verify(record, NOW)
