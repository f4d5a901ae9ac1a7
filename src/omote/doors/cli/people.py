"""`omote people make | sheet`: synthetic people with exact truth."""

from collections.abc import Sequence

from omote.core.errors import UsageError
from omote.doors.cli import jobs

_JOBS = {
    "make": ("omote.app.people:PeopleJob", "omote.app.people:make"),
    "sheet": ("omote.app.people:SheetJob", "omote.app.people:sheet"),
}
_HELP = """usage: omote people make | sheet ...

  make    folders of synthetic adults: GLB, pictures from all sides, the truth about every pixel
  sheet   their first pictures on one sheet

examples:
  omote people make -n 20 -o people
  omote people sheet people -o people.jpg

`omote people make --help` tells more; the format is told in docs/people.md."""


def main(argv: Sequence[str]) -> int:
    """Answer `people`.

    Raises:
        UsageError: neither make nor sheet.
    """
    if len(argv) < 2 or argv[1] in ("-h", "--help"):
        print(_HELP)
        return 0
    if argv[1] not in _JOBS:
        raise UsageError(f"`omote people` knows make and sheet, not {argv[1]!r}")
    return jobs.answer(f"people {argv[1]}", *_JOBS[argv[1]], argv[2:])
