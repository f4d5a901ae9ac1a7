"""Label an output in the one right order: XMP into the file, the manifest over it, then into the store.

The order matters: the manifest's hash covers the XMP, and the store holds the manifest that is in the file.
The watermark is in the pixels already, for it goes in before the frames are encoded.
"""

import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from omote.core.errors import InputError, OutputError
from omote.guard.provenance import xmp
from omote.guard.provenance.certificates import Credentials
from omote.guard.provenance.consent_record import iso
from omote.guard.provenance.manifest import Statement, generator, output_sha256, seal
from omote.guard.provenance.store import ManifestStore, StoredManifest


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """An output that says what it is."""

    path: Path
    sidecars: tuple[Path, ...]
    """Files beside it that belong to it: manifest and XMP, where the format has no place for them."""
    sha256: str
    """Of the sealed file; of the list where a folder was sealed."""
    stored: StoredManifest | None
    """None where the output carries no watermark by which it could be found again."""


def seal_output(
    path: Path,
    statement: Statement,
    *,
    credentials: Credentials | None = None,
    folder: Path | None = None,
) -> Sealed:
    """Give a finished output its XMP and its manifest, in place and all at once, and store the manifest.

    Until the sealed copy is whole, `path` is as it was; a crash leaves either the one or the other.

    Args:
        path: the finished file, or a folder of pictures.
        statement: what to say of it. Where it has a watermark, its id comes from `ManifestStore.id_for`.
        credentials: what to sign with; those of the home folder if left out.
        folder: the home folder.

    Raises:
        InputError: the output or an ingredient cannot be read.
        ProvenanceError: there are no valid certificates, or the manifest cannot be made.
        OutputError: the sealed copy cannot be written.
    """
    if not path.exists():
        raise InputError(f"{path} cannot be sealed: there is no such file")
    mark = statement.mark
    label = xmp.Label(
        source_type=statement.source_type.value,
        tool=generator(),
        mark_id=mark.text if mark else "",
        test_only=statement.test_only,
    )
    try:
        with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as scratch:
            labelled, sealed = (Path(scratch) / f"{step}{path.suffix}" for step in ("labelled", "sealed"))
            beside = xmp.embed(path, labelled, label)
            source = path if beside else labelled
            done = seal(source, sealed, statement, credentials=credentials, folder=folder)
            if done.sidecar is None:
                sealed.replace(path)
    except OSError as error:
        raise OutputError(f"{path} cannot be sealed in its folder: {error.strerror}") from error
    digest = output_sha256(path)
    stored = None
    if mark:
        stored = ManifestStore(mark.bits, folder).put(
            mark.id,
            done.manifest,
            created=iso(datetime.now(UTC)),
            verb=statement.verb,
            summary=statement.description,
            source_type=statement.source_type.value,
            test_only=statement.test_only,
            output_name=path.name,
            output_sha256=digest,
            consents=tuple({"id": record.id, "sha256": record.sha256} for record in statement.consents),
        )
    sidecars = tuple(file for file in (done.sidecar, beside) if file)
    return Sealed(path=path, sidecars=sidecars, sha256=digest, stored=stored)
