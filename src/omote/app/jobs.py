"""`run`: the only way from a door to a system that makes media.

It asks for a consent record of every likeness before anything is made, keeps a workspace so that a killed job resumes,
and seals what comes out: XMP, a signed C2PA manifest, and an entry in the local manifest store that the frames'
watermark leads back to.
"""

import errno
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

from omote import __version__
from omote.app.events import Event, Finished, Note, Started
from omote.app.job import Ingredient, Job
from omote.app.studio import Stop, Studio
from omote.app.workspace import open_workspace
from omote.core import device
from omote.core.errors import ConsentError, InputError, OutputError, ProvenanceError, UsageError
from omote.core.weights import sha256
from omote.guard.provenance import certificates, consent, manifest, store
from omote.guard.provenance.consent_record import ConsentRecord
from omote.guard.provenance.manifest import Mark, Statement
from omote.guard.provenance.sealing import seal_output

WATERMARK = "org.omote.watermark.1"
"""How manifests name our watermark."""
_OURS = re.compile(r"\d{6,}\.png|sound\.wav|SHA256SUMS(\.\w+)?|.*\.xmp")
"""What a folder of pictures that this job once wrote may hold, so that it may be replaced."""


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
    hashes = {item.role: _fingerprint(item) for item in job.ingredients()}
    grants = _grants(job, hashes)
    _check_output(job)
    plain = {"omote": __version__, "verb": job.verb, **_wishes(job), "inputs": hashes}
    with _disk_errors(job.out), open_workspace(job.out, plain) as work:
        yield Started(verb=job.verb, out=job.out, resumed=work.resumed)
        for grant in grants:
            yield Note(text=f"consent: {grant.person}, record {grant.id[:8]}, until {grant.expires:%Y-%m-%d}")
        studio = Studio(
            work=work,
            device=job.device,
            payload=store.id_for(work.key),
            test_only=any(grant.test_only for grant in grants),
            stop=stop or Stop(),
        )
        made = yield from job.make(studio)
        yield from _credentials()
        result = _set_apart(made, work.path("result"), job.out.name)
        seal_output(result, _statement(job, studio, grants))
        files = _place(result.parent, job.out)
    yield Finished(out=job.out, files=files, report=studio.report)


def _credentials() -> Iterator[Event]:
    """Make this machine's certificates if there are none yet, and say so."""
    try:
        certificates.load()
    except ProvenanceError:
        certificates.init()
        yield Note(
            text="made development certificates to sign with (as `omote provenance init` does): elsewhere the "
            "manifest reads as signed but untrusted"
        )


def _statement(job: Job, studio: Studio, grants: Sequence[ConsentRecord]) -> Statement:
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
        consents=tuple(grants),
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


def _place(folder: Path, out: Path) -> tuple[Path, ...]:
    """Move everything in a folder to where the user wants it; return the files, the output first."""
    placed = []
    for item in folder.iterdir():
        target = out.with_name(item.name)
        if target.is_dir():
            shutil.rmtree(target)
        placed.append(item.replace(target))
    return tuple(sorted(placed, key=lambda path: path != out))


def _fingerprint(item: Ingredient) -> str:
    """Return the SHA-256 of an ingredient, or say why it cannot be read."""
    try:
        if item.path.is_dir():
            raise InputError(f"{item.path} is a folder; a {item.role} file is expected")
        return sha256(item.path)
    except FileNotFoundError as error:
        raise InputError(f"the {item.role} {item.path} does not exist") from error
    except OSError as error:
        raise InputError(f"the {item.role} {item.path} cannot be read: {error.strerror}") from error


def _grants(job: Job, hashes: Mapping[str, str]) -> list[ConsentRecord]:
    """Return a consent record for every likeness.

    Raises:
        ConsentError: one is missing; the message says how to make it.
    """
    grants = []
    given = [consent.read(path) for path in job.consent]
    for item in job.ingredients():
        if not item.likeness:
            continue
        photo = hashes[item.role]
        if job.test_only:
            grants.append(consent.test_only_record([photo], adult=True))
        elif given:
            grants.append(_first_that_covers(given, job, photo))
        else:
            grants.append(_recorded(job, item.path, photo))
    return grants


def _recorded(job: Job, path: Path, photo: str) -> ConsentRecord:
    """Return the record that this user keeps for a photograph, or say how one is made."""
    try:
        return consent.require(photo, use=job.verb, commercial=job.commercial)
    except ConsentError as error:
        raise ConsentError(
            f"{error}\n  `omote consent new {path} --person NAME --adult --uses {job.verb}` "
            "records the consent that you have; `--test-only` makes a marked trial"
        ) from error


def _first_that_covers(given: list[ConsentRecord], job: Job, photo: str) -> ConsentRecord:
    """Return the first of the records given that covers this use of a photograph."""
    reasons = []
    for record in given:
        try:
            consent.covers(record, photo_sha256=photo, use=job.verb, commercial=job.commercial)
        except ConsentError as error:
            reasons.append(str(error))
        else:
            return record
    raise ConsentError("; ".join(reasons))


def _check_output(job: Job) -> None:
    """Refuse an output that is an input, or has no folder."""
    out = job.out
    if any(out.resolve() == item.path.resolve() for item in job.ingredients()):
        raise UsageError(f"{out} is one of the inputs; choose another output, inputs are never overwritten")
    if not out.parent.is_dir():
        raise OutputError(f"the folder {out.parent} does not exist; make it first")
    if out.suffix and out.is_dir():
        raise OutputError(f"{out} is a folder; name a file")
    strange = [p.name for p in out.iterdir() if not _OURS.fullmatch(p.name)] if out.is_dir() else []
    if strange:
        raise OutputError(f"{out} holds other things ({strange[0]}), which would be lost; choose another folder")


def _wishes(job: Job) -> dict[str, Any]:
    """Return the fields that decide the result, as plain data."""
    files = {"out", "consent", *(item.role for item in job.ingredients())}
    return {f.name: str(getattr(job, f.name)) for f in fields(job) if f.name not in files}


@contextmanager
def _disk_errors(out: Path) -> Iterator[None]:
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
