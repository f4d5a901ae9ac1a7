"""What a user asks about provenance: make certificates, show them, read where a file comes from."""

from pathlib import Path

from omote.guard.provenance import certificates
from omote.guard.provenance.inspect import ProvenanceReport
from omote.guard.provenance.inspect import inspect as read_provenance


def init(*, force: bool = False) -> str:
    """Make this machine's development certificates; return what to know about them."""
    return _describe(certificates.init(force=force))


def show() -> str:
    """Describe this machine's certificates.

    Raises:
        ProvenanceError: there are none.
    """
    return _describe(certificates.load())


def inspect(path: Path) -> ProvenanceReport:
    """Return where a file comes from.

    Raises:
        InputError: it cannot be read.
    """
    return read_provenance(path)


def _describe(held: certificates.Credentials) -> str:
    kind = (
        "development certificate: elsewhere the manifest reads as signed but untrusted"
        if held.development
        else "certificate of an authority"
    )
    return f"{held.signer} ({held.algorithm}), holds until {held.expires:%Y-%m-%d}; {kind}"
