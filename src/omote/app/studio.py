"""What a running job works with: its workspace, the marks that every frame gets, and the wish to stop."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from omote.app.mark import stamped
from omote.app.workspace import Workspace
from omote.core.frame import Frame
from omote.guard.provenance.watermark import Watermark


class Interrupted(Exception):  # noqa: N818 - a wish of the user's, no error
    """The user asked to stop; what is finished is kept, and the same command goes on from there."""


@dataclass
class Stop:
    """A flag that a signal handler raises and that a job looks at between frames."""

    requested: bool = False

    def check(self) -> None:
        """Leave the job if the user asked to.

        Raises:
            Interrupted: they did.
        """
        if self.requested:
            raise Interrupted


@dataclass(frozen=True, kw_only=True)
class Studio:
    """Given to a job's `make`."""

    work: Workspace
    payload: int
    """The id that the watermark carries and the manifest store knows."""
    test_only: bool
    """Whether the visible TEST mark goes onto every frame."""
    stop: Stop = field(default_factory=Stop)
    watermark: Watermark = field(default_factory=Watermark)
    report: dict[str, Any] = field(default_factory=dict)
    """What the user is told in the end: figures by name."""

    def marked(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        """Yield frames with their marks.

        Raises:
            Interrupted: the user asked to stop.
        """
        if self.test_only:
            frames = stamped(frames)
        for frame in self.watermark.stream(frames, self.payload):
            self.stop.check()
            yield frame
