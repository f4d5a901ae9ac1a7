"""A job as small as a job can be, for tests of what runs jobs: it holds a photograph while it slides."""

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import ClassVar

import av
import numpy as np
from PIL import Image

from omote.app.events import Event, Progress
from omote.app.film import film
from omote.app.job import Ingredient, Job
from omote.app.jobs import run
from omote.app.studio import Stop, Studio
from omote.core.frame import Frame
from omote.core.weights import sha256
from omote.guard.provenance import consent
from omote.parts.media.encoding import Encoding


@dataclass(frozen=True, kw_only=True)
class HoldJob(Job):
    """Hold a photograph while it slides by a pixel a frame."""

    verb: ClassVar[str] = "dance"
    system: ClassVar[str] = "dancing-portrait"

    photo: Path
    frames: int = 50
    notes: Path | None = None
    """A wish that is a file and no ingredient."""

    def ingredients(self) -> tuple[Ingredient, ...]:
        return (Ingredient(role="photo", path=self.photo, likeness=True),)

    def describe(self) -> str:
        return "A photograph was held."

    def make(self, studio: Studio) -> Generator[Event, None, Path]:
        rgb = np.asarray(Image.open(self.photo).convert("RGB"))

        def frames_of(first: int, last: int) -> Iterator[Frame]:
            for number in range(first, last):
                yield Frame(rgb=np.roll(rgb, number, axis=1), time=Fraction(number, 25))

        encoding = Encoding(codec={"": "png", ".webm": "vp9"}.get(self.out.suffix, "h264"))
        return (
            yield from film(
                studio,
                frames_of,
                total=self.frames,
                fps=Fraction(25),
                size=rgb.shape[:2],
                encoding=encoding,
                out=self.out,
                segment=20,
            )
        )


def decoded(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def record_for(photo: Path, **changes: object) -> Path:
    wishes = {
        "person": "A. Person",
        "adult": True,
        "uses": ["dance"],
        "granted_by": "A. Person",
        "expires": datetime.now(UTC) + timedelta(days=1),
        "photographs": [sha256(photo)],
        **changes,
    }
    return consent.write(consent.new_record(**wishes))  # type: ignore[arg-type]


def run_until(job: Job, patience: int) -> None:
    """Ask to stop after so many frames."""
    stop = Stop()
    for event in run(job, stop):
        if isinstance(event, Progress):
            patience -= 1
            stop.requested = patience <= 0


def left(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}
