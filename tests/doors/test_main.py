"""The command line: verbs are found, mistakes are told in one sentence, exit codes are as documented."""

import subprocess
import sys

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


def test_a_reader_that_goes_away_is_no_error() -> None:
    done = subprocess.run(
        f"{sys.executable} -m omote weights list --json | head -1",
        shell=True,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert "Traceback" not in done.stderr
