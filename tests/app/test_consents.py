"""What users do with consent records: nothing is covered or overwritten that they did not name."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hold_job import HoldJob
from omote.app import consents, shelf
from omote.app.events import Finished
from omote.app.jobs import run
from omote.core.errors import ConsentError, OutputError, UsageError
from omote.core.weights import sha256
from omote.guard.provenance import consent


def new(*photos: Path, **wishes: Any) -> Path:
    plain: dict[str, Any] = {
        "any_photo": False,
        "person": "Aiko",
        "adult": True,
        "uses": ["dance"],
        "days": 30,
        "commercial": False,
        "granted_by": "",
        "witness": "",
        "document": None,
        "out": None,
    }
    return consents.new(photos=photos, **plain | wishes)


def hold(photo: Path, *records: Path) -> object:
    return list(run(HoldJob(photo=photo, out=photo.with_name("out.mp4"), frames=2, consent=records)))[-1]


def test_a_new_record_is_found_by_the_job_that_needs_it(photo: Path) -> None:
    path = new(photo)
    assert consents.show(path).endswith("valid")
    assert isinstance(hold(photo), Finished)


def test_a_forgotten_photograph_covers_nothing(photo: Path) -> None:
    with pytest.raises(UsageError, match="--any-photo"):
        new()
    with pytest.raises(UsageError, match="--any-photo"):
        new(photo, any_photo=True)
    assert consents.listing() == []


def test_a_record_for_any_photograph_counts_only_where_it_is_given(photo: Path) -> None:
    record = new(any_photo=True)
    with pytest.raises(ConsentError, match="--consent"):
        hold(photo)
    assert isinstance(hold(photo, record), Finished)


def test_what_was_withdrawn_is_not_used_again_until_it_is_given_anew(photo: Path) -> None:
    record = new(photo)
    assert "withdrawn" in consents.withdraw(record)
    with pytest.raises(ConsentError, match="withdrawn"):
        hold(photo)
    new(any_photo=True)
    with pytest.raises(ConsentError, match="withdrawn"):
        hold(photo)
    new(photo)
    assert isinstance(hold(photo), Finished)


def test_a_withdrawal_takes_the_cached_likeness_with_it(photo: Path, tmp_path: Path) -> None:
    (tmp_path / "made").write_text("avatar")
    other = "f" * 64
    for digest in (sha256(photo), other):
        for person in (1, 2):
            shelf.remember(tmp_path / "made", shelf.place_of(digest, person=person))
    consents.withdraw(new(photo))
    assert sorted(shelf.folder().iterdir()) == sorted(shelf.place_of(other, person=person) for person in (1, 2))
    consents.withdraw(new(any_photo=True))
    assert list(shelf.folder().iterdir()) == []


@pytest.mark.parametrize("days", [0, -1, 36_501, 3_000_000, 10**12])
def test_a_consent_for_no_time_or_for_ever_is_none(days: int, photo: Path) -> None:
    with pytest.raises(UsageError, match="--days"):
        new(photo, days=days)


def test_a_record_replaces_a_record_and_nothing_else(photo: Path, tmp_path: Path) -> None:
    before = photo.read_bytes()
    with pytest.raises(OutputError, match="no consent record"):
        new(photo, out=photo)
    with pytest.raises(OutputError, match="no consent record"):
        new(photo, out=tmp_path)
    assert photo.read_bytes() == before
    for days in (1, 2):
        assert new(photo, out=tmp_path / "record.json", days=days) == tmp_path / "record.json"
    with pytest.raises(OutputError, match="does not exist"):
        new(photo, out=tmp_path / "no" / "record.json")


def test_one_broken_record_does_not_hide_the_others(photo: Path, home: Path) -> None:
    new(photo)
    (home / "consent" / "records" / "0.json").write_text("{")
    broken, good = consents.listing()
    assert "no consent record" in broken["state"]
    assert (good["person"], good["state"]) == ("Aiko", "valid")
    assert set(broken) == set(good)


def test_a_record_shows_what_it_is_worth_today(photo: Path, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    record = consent.new_record(
        person="Aiko",
        adult=True,
        uses=["dance"],
        granted_by="Aiko",
        photographs=[sha256(photo)],
        expires=now - timedelta(days=1),
        now=now - timedelta(days=9),
    )
    assert "expired" in consents.show(consent.write(record, tmp_path / "r.json"))
