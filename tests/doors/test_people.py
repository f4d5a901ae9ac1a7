"""`omote people`: help that answers at once, verbs that are known, mistakes in one sentence."""

import subprocess
import sys
from pathlib import Path

import pytest

from omote.core.errors import UsageError
from omote.doors.cli import people


def omote(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "omote", *words], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("argv", [["people"], ["people", "-h"], ["people", "--help"]])
def test_help_names_both_verbs_and_shows_examples(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert people.main(argv) == 0
    shown = capsys.readouterr().out
    assert "omote people make -n 20 -o people" in shown
    assert "omote people sheet people -o people.jpg" in shown


@pytest.mark.parametrize("word", ["mkae", "", "Make", "list"])
def test_an_unknown_verb_is_refused(word: str) -> None:
    with pytest.raises(UsageError, match=f"knows make and sheet, not '{word}'"):
        people.main(["people", word])


@pytest.mark.parametrize("verb", ["make", "sheet"])
def test_each_verb_has_help_with_an_example(verb: str) -> None:
    done = omote("people", verb, "--help")
    assert done.returncode == 0, done.stderr
    assert f"omote people {verb}" in done.stdout
    assert "xample" in done.stdout
    assert "--out" in done.stdout


def test_mistakes_end_on_2_in_one_sentence_and_make_nothing(tmp_path: Path) -> None:
    out = tmp_path / "people"
    for words, says in (
        (("make", "-o", str(out), "--pose", "flying"), "no --pose 'flying'"),
        (("make", "-o", str(out), "-n", "many"), "many"),
        (("make", "-n", "1"), "--out"),
    ):
        done = omote("people", *words)
        assert done.returncode == 2, words
        assert says in done.stderr, done.stderr
        assert "Traceback" not in done.stderr
    assert not out.exists()


def test_a_folder_without_people_ends_on_3(tmp_path: Path) -> None:
    done = omote("people", "sheet", str(tmp_path), "-o", str(tmp_path / "sheet.jpg"))
    assert done.returncode == 3
    assert "omote people make" in done.stderr
    assert "Traceback" not in done.stderr
