"""What a job is: a frozen record of wishes that knows its ingredients and how to make its result."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar

import tyro

from omote.app.events import Event
from omote.guard.provenance.manifest import Relation, SourceType

if TYPE_CHECKING:
    from omote.app.studio import Studio


@dataclass(frozen=True, kw_only=True)
class Ingredient:
    """A file that goes into the result."""

    role: str
    """`photo`, `music`, `background`, ...: the field of the job that names it."""
    path: Path
    relation: Relation = Relation.INPUT
    """How it enters the result, as the manifest says it."""
    likeness: bool = False
    """Whether a person is seen or heard in it, so that their consent is needed."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """What every job is told. A verb's job adds its own fields, `ingredients`, `check` and `make`."""

    verb: ClassVar[str]
    """The command, which is also the use that consent must cover."""
    system: ClassVar[str]
    """Name in the catalogue of what makes the result."""
    source_type: ClassVar[SourceType] = SourceType.COMPOSITE
    """IPTC's word for what comes out."""

    out: Annotated[Path, tyro.conf.arg(aliases=["-o"], metavar="FILE")]
    """Where the result goes; it appears whole or not at all."""
    consent: Annotated[tuple[Path, ...], tyro.conf.arg(metavar="FILE")] = ()
    """Consent records of the people shown; those that name the photograph and that `omote consent new` wrote are found
    by themselves."""
    test_only: bool = False
    """Try it without consent records, declaring that whoever is shown is an adult: a TEST band lies across the top of
    every frame, and the manifest says so."""
    commercial: bool = False
    """The result will be used commercially; the consent records must allow that."""
    device: str = "auto"
    """auto, cpu, cuda or cuda:N."""

    def ingredients(self) -> tuple[Ingredient, ...]:
        """Return the files that go into the result."""
        raise NotImplementedError

    def reading(self, files: Mapping[str, Path]) -> "Job":
        """Return the same job with other files for ingredients, by role: copies of them."""
        return replace(self, **{role: type(getattr(self, role))(path) for role, path in files.items()})

    def describe(self) -> str:
        """Return one sentence on the result, for the reader of its manifest."""
        raise NotImplementedError

    def check(self) -> None:
        """Refuse, before anything costly, what cannot work.

        Raises:
            UsageError: a wish that makes no sense.
        """

    def make(self, studio: "Studio") -> Generator[Event, None, Path]:
        """Make the result in the workspace, yielding events; return its path there."""
        raise NotImplementedError
