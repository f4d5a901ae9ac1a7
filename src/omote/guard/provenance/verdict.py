"""Say in one plain sentence or two where a file comes from, and how sure that is."""

from omote.guard.provenance.foreign import NAME
from omote.guard.provenance.manifest import SourceType
from omote.guard.provenance.reader import ManifestReport, State
from omote.guard.provenance.store import StoredManifest
from omote.guard.provenance.xmp import Label

_KINDS = {
    SourceType.SYNTHETIC.value: "made by a computer, with a trained model",
    SourceType.COMPOSITE.value: "a recording that a computer altered, with a trained model",
    SourceType.ALGORITHMIC.value: "drawn by a computer",
}
NOTHING = (
    "No provenance was found. That says nothing about whether it is real: most files carry none, "
    "and it is easily removed."
)
_TEST = " It was a test only and is not meant for publication."


def verdict(
    manifest: ManifestReport,
    label: Label | None,
    mark_id: str,
    stored: StoredManifest | None,
    unchanged: bool | None,
) -> str:
    """Return what the evidence amounts to.

    Args:
        manifest: what the signed manifest in or beside the file says.
        label: what its XMP says.
        mark_id: the watermark read from the pixels, hexadecimal; empty where none was.
        stored: what this machine's store knows of the output named.
        unchanged: whether the file is byte for byte the stored output.
    """
    if manifest.state in (State.TRUSTED, State.UNKNOWN_SIGNER, State.EXPIRED):
        return _signed(manifest, unchanged) + (_TEST if manifest.test_only else "")
    invalid = manifest.state is State.INVALID
    broken = "Its signed manifest does not hold, so do not rely on what it says. " * invalid
    if mark_id and stored:
        now = (
            "It is byte for byte the file that was sealed here."
            if unchanged
            else "The file was encoded anew or changed since it was sealed."
        )
        return (
            f"{broken}The invisible watermark in the picture leads to a record on this machine: made with Omote "
            f"({stored.verb}) on {stored.created[:10]}, “{stored.summary}” {now}{_TEST * stored.test_only}"
        )
    if mark_id:
        return (
            f"{broken}The picture carries an invisible watermark of Omote's, so it, or what it was made "
            "from, very probably comes from Omote; but this machine has no record of it."
        )
    if broken:
        return broken + "Nothing else tells where the file comes from."
    if label:
        said = f"{_kind(label.source_type)}, by {_quoted(label.tool) or 'a program that is not named'}"
        return (
            f"A note in the file that is not signed says that it is {said}. Anybody can write or remove "
            f"such a note.{_TEST * label.test_only}"
        )
    return NOTHING


def _signed(manifest: ManifestReport, unchanged: bool | None) -> str:
    """Return the verdict on a file whose seal holds."""
    made = next((action for action in manifest.actions if action.source_type), None)
    when = f" on {made.when[:10]}" if made and made.when else ""
    said = f"{_kind(manifest.source_type)}, by {_quoted(manifest.generator) or 'a program that is not named'}{when}"
    signer = _quoted(manifest.signer) or "somebody who is not named"
    kind = "a development certificate" if manifest.development else "a certificate"
    if manifest.state is State.TRUSTED:
        return (
            f"This file is {said}. Its manifest is signed with {kind} that this machine trusts "
            f"({signer}), and the file is unchanged since."
        )
    if manifest.state is State.EXPIRED:
        return (
            f"The file says that it is {said}, and is unchanged since {signer} signed "
            "it; but the certificate has expired, so that the signature proves little by now."
        )
    own = " But this machine's own records know it: it is the very file that was made here." * bool(unchanged)
    return (
        f"The file says that it is {said}, and is unchanged since it was signed; but it is signed with "
        f"{kind} that nobody on this machine knows ({signer}). Signed but untrusted: anyone can "
        f"make such a certificate, so who says this is not proven.{own}"
    )


def _kind(source_type: str) -> str:
    """Return an IPTC source type in words."""
    if source_type in _KINDS:
        return _KINDS[source_type]
    return (
        f"of the kind {_quoted(source_type.rpartition('/')[2][:NAME])}" if source_type else "of a kind that is not told"
    )


def _quoted(name: str) -> str:
    """Return a name in quotation marks that it cannot end itself: what others chose must not read as our words."""
    return f"“{name.replace('“', chr(34)).replace('”', chr(34))}”" if name else ""
