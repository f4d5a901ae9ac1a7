"""The command line: verbs are found, mistakes are told in one sentence, exit codes are as documented."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from omote.core.errors import UsageError
from omote.doors.cli import main


def omote(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "omote", *words], capture_output=True, text=True, check=False)


def test_help_names_every_verb_and_the_exit_codes() -> None:
    text = main.overview()
    assert all(verb in text for verb in main.VERBS)
    assert "130" in text


@pytest.mark.parametrize("verb", list(main.VERBS))
def test_every_verb_has_help_with_an_example_or_subcommands(verb: str) -> None:
    done = omote(verb, "--help")
    assert done.returncode == 0, done.stderr
    assert f"omote {verb}" in done.stdout
    assert "xample" in done.stdout or "subcommands" in done.stdout or verb in ("list",)


def test_a_mistyped_verb_is_suggested_with_exit_code_2() -> None:
    done = omote("dnace")
    assert done.returncode == 2
    assert "omote dance" in done.stderr
    assert "Traceback" not in done.stderr


def test_dispatch_raises_what_main_prints() -> None:
    with pytest.raises(UsageError, match="not a verb"):
        main.dispatch(["frobnicate"])


def test_a_missing_argument_ends_on_2_without_a_traceback() -> None:
    done = omote("where")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def unread(*words: str) -> subprocess.CompletedProcess[str]:
    """Run Python where nobody reads what it prints."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        return subprocess.run([sys.executable, *words], stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    finally:
        os.close(writing)


@pytest.mark.parametrize("words", [("list",), ("weights", "list", "--json"), ("--help",)])
def test_a_reader_that_goes_away_is_no_error(words: tuple[str, ...]) -> None:
    done = unread("-m", "omote", *words)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_job_goes_on_when_nobody_reads_its_events(tmp_path: Path) -> None:
    job = f"""
from pathlib import Path
from omote.app.events import Note
from omote.doors.cli.jobs import Show, _report

def stream():
    for number in range(3):
        yield Note(text=str(number))
    Path({str(tmp_path / "made")!r}).touch()

_report(stream(), Show(json=True))
"""
    done = unread("-c", job)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "made").exists()


def test_consent_is_recorded_listed_and_withdrawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMOTE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OMOTE_CACHE", str(tmp_path / "cache"))
    (tmp_path / "me.jpg").write_bytes(b"a photograph")
    who = ("--person", "Aiko", "--adult")
    forgotten = omote("consent", "new", *who)
    assert forgotten.returncode == 2
    assert "--any-photo" in forgotten.stderr
    record = omote("consent", "new", str(tmp_path / "me.jpg"), *who).stdout.strip()
    assert Path(record).is_file()
    assert "1 photograph" in omote("consent", "show", record).stdout
    assert omote("consent", "withdraw", record).returncode == 0
    assert "withdrawn" in omote("consent", "list").stdout
    forever = omote("consent", "new", str(tmp_path / "me.jpg"), *who, "--days", "3000000")
    assert (forever.returncode, "Traceback" in forever.stderr) == (2, False)
    everything = omote("consent", "new", *who, "--any-photo")
    assert everything.returncode == 0, everything.stderr
    assert "any photograph" in omote("consent", "show", everything.stdout.strip()).stdout
