"""`omote provenance init | show`."""

from collections.abc import Sequence
from dataclasses import dataclass

import tyro


@dataclass(frozen=True, kw_only=True)
class Init:
    """Make the development certificates that this machine signs manifests with, in one step.

    Others see such a manifest as "signed but untrusted": who signed cannot be looked up. For publication get a
    certificate from an authority of the C2PA trust list.
    Example: omote provenance init
    """

    force: bool = False
    """Make new ones although there are some; what the old ones signed stays valid but untrusted."""


@dataclass(frozen=True, kw_only=True)
class Show:
    """Show this machine's certificates and until when they hold."""


def main(argv: Sequence[str]) -> int:
    """Answer `provenance`."""
    asked = tyro.extras.subcommand_cli_from_dict(
        {"init": Init, "show": Show}, args=argv[1:] or ["--help"], prog="omote provenance"
    )
    from omote.app import provenance

    print(provenance.init(force=asked.force) if isinstance(asked, Init) else provenance.show())
    return 0
