"""The local manifest store: finds the manifest of a file again by its watermark, after the metadata are gone.

One folder per watermark id, `manifests/<id hex>/`: `job` (whose id this is), and for each output of that job
`<SHA-256 of the output>.json` (what is known of it) and `<SHA-256>.c2pa` (its manifest). What is known names
the manifest by its hash and is moved into place last, so a reader always finds a pair that fits, however
many write. Ids follow from the job's digest: the same job, started again after a crash or for another file,
marks its frames with the same id.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from omote.core.errors import InputError, OutputError, ProvenanceError, UsageError
from omote.guard.provenance.home import claim_folder, home, write_whole


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredManifest:
    """What the store knows of one output."""

    id: str
    """The watermark's id, hexadecimal."""
    job: str
    """Digest of the job that made it."""
    created: str
    """UTC, ISO 8601."""
    verb: str
    summary: str
    """One sentence on what it is."""
    source_type: str
    """IPTC digital source type, a URI."""
    test_only: bool
    output_name: str
    """Name of the file, without its folder."""
    output_sha256: str
    """Of the sealed file; of the list where a folder was sealed."""
    manifest_sha256: str
    consents: tuple[dict[str, str], ...] = ()
    """Id and hash of each consent record."""


def open_store(folder: Path | None = None) -> "ManifestStore":
    """Return the store for ids as long as our watermark's."""
    from omote.guard.provenance.watermark import Watermark  # compiles kernels, so only when needed

    return ManifestStore(Watermark().bits, folder)


def id_for(job_digest: str, folder: Path | None = None) -> int:
    """Return the watermark id of a job, as `ManifestStore.id_for`."""
    return open_store(folder).id_for(job_digest)


class ManifestStore:
    """The manifests of this user's outputs, by watermark id."""

    def __init__(self, bits: int, folder: Path | None = None):
        """Open the store; nothing is written until something is put in.

        Args:
            bits: the length of a watermark's id.
            folder: the home folder; `home()` if left out.
        """
        if not 8 <= bits <= 256:
            raise UsageError(f"a watermark id has 8 to 256 bits, got {bits}")
        self.bits = bits
        self.folder = (folder or home()) / "manifests"

    def id_for(self, job_digest: str) -> int:
        """Return the watermark id of a job: always the same for the same job, never that of another.

        The id is taken for good when it is first asked for. It is a hash of the digest, so it looks random
        and tells nothing; where another job of this store has it already, the next one in the sequence is
        taken.

        Args:
            job_digest: what identifies the job, such as the SHA-256 of its inputs and settings.

        Raises:
            UsageError: the digest is empty.
            OutputError: the store cannot be written.
        """
        if not job_digest:
            raise UsageError("a watermark id follows from the digest of a job, which is empty")
        for attempt in range(1000):
            text = f"omote watermark id\n{attempt}\n{job_digest}".encode()
            number = int.from_bytes(hashlib.sha256(text).digest(), "big") >> (256 - self.bits)
            if number == 0:
                continue  # what an empty mark may look like
            place = self._place(number)
            if claim_folder(place, {"job": job_digest.encode()}) or self._job(place) == job_digest:
                return number
        raise OutputError(f"the store {self.folder} is too full to find another id of {self.bits} bits")

    def put(self, number: int, manifest: bytes, **known: Any) -> StoredManifest:
        """Store the manifest of an output under its watermark id, beside those of the same job's other outputs.

        Args:
            number: the id, from `id_for`.
            manifest: the signed manifest, as C2PA stores it.
            known: the other fields of `StoredManifest`.

        Raises:
            UsageError: the id was not given out by `id_for`.
            OutputError: the store cannot be written.
        """
        place = self._place(number)
        if not (place / "job").is_file():
            raise UsageError(f"the watermark id {place.name} was not given out by this store")
        digest = hashlib.sha256(manifest).hexdigest()
        record = StoredManifest(id=place.name, job=self._job(place), manifest_sha256=digest, **known)
        write_whole(place / f"{digest}.c2pa", manifest, private=True)
        text = json.dumps(asdict(record), indent=2, ensure_ascii=False)
        write_whole(place / f"{record.output_sha256}.json", text.encode() + b"\n", private=True)
        return record

    def get(self, number: int, output_sha256: str = "") -> StoredManifest | None:
        """Return what is known of an output with a watermark id, or None.

        Args:
            number: the id.
            output_sha256: of the output that is wanted; the latest if left out, or if the store does not know it.

        Raises:
            ProvenanceError: a record is damaged.
        """
        place = self._place(number)
        records = sorted(place.glob("[0-9a-f]*.json"), key=lambda path: path.stat().st_mtime_ns)
        wanted = place / f"{output_sha256}.json"
        return self._read(wanted if wanted in records else records[-1]) if records else None

    def manifest(self, record: StoredManifest) -> bytes:
        """Return the signed manifest of a record.

        Raises:
            ProvenanceError: it is missing or was changed.
        """
        path = self.folder / record.id / f"{record.manifest_sha256}.c2pa"
        try:
            data = path.read_bytes()
        except OSError as error:
            raise ProvenanceError(f"the stored manifest {path} cannot be read: {error.strerror}") from error
        if hashlib.sha256(data).hexdigest() != record.manifest_sha256:
            raise ProvenanceError(f"the stored manifest {path} was changed")
        return data

    def __iter__(self) -> Iterator[StoredManifest]:
        """Yield the latest output of each job, by id; ids whose job has not finished are passed over."""
        for place in sorted(self.folder.glob("[0-9a-f]*")):
            if record := self.get(int(place.name, 16)):
                yield record

    def _read(self, path: Path) -> StoredManifest:
        try:
            members = json.loads(path.read_bytes())
            names = {f.name for f in fields(StoredManifest)}
            if not isinstance(members, dict) or set(members) != names:
                raise ValueError("members missing or unknown")
            return StoredManifest(**{**members, "consents": tuple(members["consents"])})
        except (OSError, ValueError, TypeError) as error:
            raise ProvenanceError(f"{path} is damaged: {error}") from error

    def _place(self, number: int) -> Path:
        if not 0 <= number < 1 << self.bits:
            raise UsageError(f"a watermark id has {self.bits} bits, got {number}")
        return self.folder / f"{number:0{(self.bits + 3) // 4}x}"

    def _job(self, place: Path) -> str:
        try:
            return (place / "job").read_text()
        except OSError as error:
            raise InputError(f"{place} of the manifest store cannot be read: {error.strerror}") from error
