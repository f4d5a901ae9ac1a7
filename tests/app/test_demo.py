"""The demo makes what it shows, and touches nothing that it did not make."""

from pathlib import Path

import pytest

from hold_job import left
from omote.app.demo import DemoJob, run
from omote.app.events import Note
from omote.core.errors import OutputError, UsageError
from omote.core.weights import sha256
from omote.guard.provenance import consent
from omote.guard.provenance.consent_record import read


def prepare(folder: Path) -> None:
    """Draw the person and compose the song, and stop before the dance."""
    for event in run(DemoJob(folder=folder, seconds=4, size="preview")):
        if isinstance(event, Note):
            return


@pytest.mark.slow
def test_a_demo_follows_another_and_its_record_names_the_person_that_was_drawn(tmp_path: Path) -> None:
    (tmp_path / "person.png").write_text("of an earlier demo")
    consent.write(consent.demo_record(["0" * 64]), tmp_path / "consent.json")
    prepare(tmp_path)
    assert left(tmp_path) == {"person.png", "song.wav", "consent.json"}
    assert read(tmp_path / "consent.json").photographs == (sha256(tmp_path / "person.png"),)


@pytest.mark.parametrize("name", ["person.png", "song.wav", "consent.json", "dance.mp4"])
def test_files_that_no_demo_made_are_left_alone(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("precious")
    with pytest.raises(OutputError, match=name):
        prepare(tmp_path)
    assert left(tmp_path) == {name}
    assert (tmp_path / name).read_text() == "precious"


def test_a_persons_own_record_is_not_the_demos(tmp_path: Path) -> None:
    record = consent.test_only_record(["0" * 64], adult=True)
    consent.write(record, tmp_path / "consent.json")
    with pytest.raises(OutputError, match=r"consent\.json"):
        prepare(tmp_path)
    assert read(tmp_path / "consent.json") == record


@pytest.mark.parametrize("wish", [{"seconds": 1.0}, {"seconds": float("nan")}, {"seed": -1}])
def test_wishes_that_make_no_sense(wish: dict, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        next(run(DemoJob(folder=tmp_path / "demo", **wish)))
    assert left(tmp_path) == set()
