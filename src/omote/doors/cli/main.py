"""`omote VERB ...`: finds the verb's module, runs it, turns errors into one sentence and an exit code.

Nothing heavy is imported before the verb is known, so that `omote list` and `--help` answer at once.
"""

import difflib
import importlib
import sys
from collections.abc import Sequence
from typing import NamedTuple, NoReturn

from omote import __version__
from omote.core.errors import INTERRUPTED, OmoteError, UsageError
from omote.doors.cli.pipe import close_stdout


class Verb(NamedTuple):
    """A word of the command line: the module that answers it has a `main(argv)`."""

    module: str
    summary: str


_HERE = "omote.doors.cli"
_JOBS = f"{_HERE}.jobs"
VERBS = {
    "demo": Verb(_JOBS, "show the main job on a synthetic person and song"),
    "dance": Verb(_JOBS, "make the person of a photograph dance to a piece of music"),
    "people": Verb(f"{_HERE}.people", "make synthetic people with exact truth: make, sheet"),
    "inspect": Verb(f"{_HERE}.inspect", "read where a file comes from: manifest, XMP, watermark"),
    "consent": Verb(f"{_HERE}.consent", "write, check and withdraw consent records"),
    "provenance": Verb(f"{_HERE}.provenance", "make this machine's signing certificates: init, show"),
    "weights": Verb(f"{_HERE}.weights", "networks' weights: list, fetch, adopt"),
    "list": Verb(f"{_HERE}.catalogue", "every system of the house"),
    "where": Verb(f"{_HERE}.catalogue", "the file in which a system lives"),
}

_EPILOGUE = """
exit codes: 0 done; 2 usage; 3 input cannot be used; 4 no consent; 5 weights; 6 output cannot be written;
            7 not available on this machine; 8 provenance does not hold; 130 interrupted (same command again resumes)
"""


def overview() -> str:
    """Return what `omote --help` prints."""
    width = max(map(len, VERBS))
    lines = [f"  {name:<{width}}  {verb.summary}" for name, verb in VERBS.items()]
    return "\n".join(
        [
            f"omote {__version__}: make digital humans, and label them; guard people against forged ones",
            "",
            "usage: omote VERB ...      (omote VERB --help tells more and shows examples)",
            "",
            *lines,
            _EPILOGUE,
        ]
    )


def dispatch(argv: Sequence[str]) -> int:
    """Run one command; return its exit code.

    Raises:
        OmoteError: what `main` prints as one sentence.
    """
    if not argv or argv[0] in ("-h", "--help", "help"):
        print(overview())
        return 0
    if argv[0] in ("-V", "--version", "version"):
        print(f"omote {__version__}")
        return 0
    if argv[0] not in VERBS:
        near = difflib.get_close_matches(argv[0], VERBS, n=1)
        hint = f"did you mean `omote {near[0]}`?" if near else "`omote --help` lists the verbs"
        raise UsageError(f"{argv[0]!r} is not a verb; {hint}")
    return importlib.import_module(VERBS[argv[0]].module).main(argv)


def main() -> NoReturn:
    """Run the command line and exit."""
    try:
        code = dispatch(sys.argv[1:])
        sys.stdout.flush()
    except OmoteError as error:
        print(f"omote: {error}", file=sys.stderr)
        code = error.exit_code
    except BrokenPipeError:
        close_stdout()
        verb = VERBS.get(sys.argv[1]) if sys.argv[1:] else None
        code = INTERRUPTED if verb and verb.module == _JOBS else 0  # a query told as much as was wanted
    except KeyboardInterrupt:
        print("omote: interrupted", file=sys.stderr)
        code = INTERRUPTED
    sys.exit(code)
