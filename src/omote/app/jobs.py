"""`run`: the only way from a door to a system that makes media.

It asks for a consent record of every likeness before anything is made, keeps a workspace so that a killed job resumes,
and seals what comes out: XMP, a signed C2PA manifest, and an entry in the local manifest store that the frames'
watermark leads back to.
"""

import errno
import os
import shutil
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, ClassVar

import tyro

from omote import __version__
from omote.app.events import Event, Finished, Note, Started
from omote.app.studio import Stop, Studio
from omote.app.workspace import Workspace, open_workspace
from omote.core import device
from omote.core.errors import ConsentError, InputError, OutputError, UsageError
from omote.core.weights import sha256


@dataclass(frozen=True, kw_only=True)
class Ingredient:
    """A file that goes into the result."""

    role: str
    """`photo`, `music`, `background`, ..."""
    path: Path
    likeness: bool = False
    """Whether a person is seen or heard in it, so that their consent is needed."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """What every job is told. A verb's job adds its own fields, `ingredients`, `check` and `make`."""

    verb: ClassVar[str]
    """The command, which is also the use that consent must cover."""
    system: ClassVar[str]
    """Name in the catalogue of what makes the result."""

    out: Annotated[Path, tyro.conf.arg(aliases=["-o"], metavar="FILE")]
    """Where the result goes; it appears whole or not at all."""
    consent: Annotated[tuple[Path, ...], tyro.conf.arg(metavar="FILE")] = ()
    """Consent records of the people shown; those that `omote consent new` wrote are found by themselves."""
    test_only: bool = False
    """Try it without consent records: a TEST mark covers the result, and the manifest says so."""
    commercial: bool = False
    """The result will be used commercially; the consent records must allow that."""
    device: str = "auto"
    """auto, cpu, cuda or cuda:N."""

    def ingredients(self) -> tuple[Ingredient, ...]:
        """Return the files that go into the result."""
        raise NotImplementedError

    def check(self) -> None:
        """Refuse, before anything costly, what cannot work.

        Raises:
            UsageError: a wish that makes no sense.
        """

    def make(self, studio: Studio) -> Generator[Event, None, Path]:
        """Make the result in the workspace, yielding events; return its path there."""
        raise NotImplementedError


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
    plain = {"omote": __version__, "verb": job.verb, **_wishes(job), **hashes}
    with _disk_errors(job.out), open_workspace(job.out, plain) as work:
        yield Started(verb=job.verb, out=job.out, resumed=work.resumed)
        yield from _make_and_seal(job, work, hashes, grants, stop or Stop())
