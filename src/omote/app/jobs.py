"""`run`: the only way from a door to a system that makes media.

It asks for a consent record of every likeness before anything is made, keeps a workspace so that a killed job resumes,
and seals what comes out: XMP, a signed C2PA manifest, and an entry in the local manifest store that the frames'
watermark leads back to.
"""

import errno
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

from omote import __version__
from omote.app.events import Event, Finished, Note, Started
from omote.app.grants import grants
from omote.app.ingredients import called_by_their_names, copied, fingerprint
from omote.app.job import Job
from omote.app.placing import check_output, place
from omote.app.studio import Stop, Studio
from omote.app.workspace import open_workspace
from omote.core import device
from omote.core.errors import OutputError, ProvenanceError
from omote.guard.provenance import certificates, manifest, store
from omote.guard.provenance.consent_record import ConsentRecord
from omote.guard.provenance.manifest import Mark, Statement
from omote.guard.provenance.sealing import seal_output

WATERMARK = "org.omote.watermark.1"
"""How manifests name our watermark."""


def run(job: Job, stop: Stop | None = None) -> Iterator[Event]:
    """Run a job; yield what happens.

    Args:
        job: what is asked for.
        stop: raised by a signal handler to leave between two frames.

    Raises:
        ConsentError: a likeness is not covered.
        InputError: an input cannot be used.
        OutputError: the result cannot be written.
        Interrupted: `stop` was raised; the same job resumes.
    """
    device.keep_memory()
    device.pick(job.device)
    job.check()
    items = job.ingredients()
    hashes = {item.role: fingerprint(item) for item in items}
    granted = grants(job, hashes)
    check_output(job.out, [*(item.path for item in items), *job.consent])
    test_only = any(grant.test_only for grant in granted)
    plain = {"omote": __version__, "verb": job.verb, **_wishes(job), "trial": test_only, "inputs": hashes}
    notes = [*credentials()]
    with disk_errors(job.out), open_workspace(job.out, plain) as work:
        yield Started(verb=job.verb, out=job.out, resumed=work.resumed)
        for grant in granted:
            yield Note(text=f"consent: {grant.person}, record {grant.id[:8]}, until {grant.expires:%Y-%m-%d}")
        yield from notes
        copies = {item.role: copied(work, item, hashes[item.role]) for item in items}
        studio = Studio(work=work, payload=store.id_for(work.key), test_only=test_only, stop=stop or Stop())
        with called_by_their_names({copies[item.role]: item.path for item in items}):
            job = job.reading(copies)
            made = yield from job.make(studio)
            result = _set_apart(made, work.path("result"), job.out.name)
            seal_output(result, _statement(job, studio, granted))
        files = place(result.parent, job.out)
    yield Finished(out=job.out, files=files, report=studio.report)


def credentials() -> Iterator[Note]:
    """Make or renew this machine's certificates if there are none that hold, and say so."""
    try:
        certificates.load()
    except ProvenanceError:
        held = certificates.init()
        yield Note(
            text=f"development certificates were made or renewed, until {held.expires:%Y-%m-%d} (as `omote provenance "
            "init` does): elsewhere the manifest reads as signed but untrusted"
        )


def _statement(job: Job, studio: Studio, granted: Sequence[ConsentRecord]) -> Statement:
    """Return what the manifest says of the result."""
    return Statement(
        verb=job.verb,
        description=job.describe(),
        source_type=job.source_type,
        ingredients=tuple(
            manifest.Ingredient(path=i.path, relation=i.relation, title=i.role) for i in job.ingredients()
        ),
        parameters={"system": job.system, **_wishes(job)},
        mark=Mark(algorithm=WATERMARK, id=studio.payload, bits=studio.watermark.bits),
        consents=tuple(granted),
    )


def _set_apart(made: Path, folder: Path, name: str) -> Path:
    """Give a finished artefact its final name in a folder of its own, so that a crash while sealing spoils nothing."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    result = folder / name
    if made.is_dir():
        made.replace(result)  # joining pictures again is cheap
    else:
        try:
            os.link(made, result)  # sealing replaces the name, not the bytes
        except OSError:
            shutil.copyfile(made, result)  # a file system without hard links
    return result


def _wishes(job: Job) -> dict[str, Any]:
    """Return the fields that decide the result, as plain data: no files, which are known by their hashes."""
    apart = {"out", "consent", "device", *(item.role for item in job.ingredients())}
    wishes = {f.name: getattr(job, f.name) for f in fields(job) if f.name not in apart}
    return {name: str(value) for name, value in wishes.items() if not isinstance(value, Path)}


@contextmanager
def disk_errors(out: Path) -> Iterator[None]:
    """Turn what the file system says about the output into one sentence."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise OutputError(
                f"there is no space left for {out}; what is finished is kept in {out.name}.omote, "
                "free some and run the same command again"
            ) from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise OutputError(f"{error.filename or out} may not be written: {error.strerror}") from error
        raise
