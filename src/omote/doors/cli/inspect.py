"""`omote inspect FILE`: where does it come from?"""

import inspect
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro


@dataclass(frozen=True, kw_only=True)
class Inspect:
    """Read where a file comes from: its signed manifest, its XMP, and its watermark, also when metadata were stripped.

    Examples:
      omote inspect dance.mp4
      omote inspect picture.jpg --json
    """

    file: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="FILE")]
    """A picture or a video."""
    json: bool = False
    """Print one JSON object, for machines."""


def main(argv: Sequence[str]) -> int:
    """Answer `inspect`."""
    asked = tyro.cli(Inspect, args=argv[1:], prog="omote inspect", description=inspect.cleandoc(Inspect.__doc__ or ""))
    from omote.app import provenance

    report = provenance.inspect(asked.file)
    print(json.dumps(report.to_json(), indent=1, ensure_ascii=False) if asked.json else report.text())
    return 0
