"""Films of segments: a segment that fails is never passed over, and one that was left damaged is made again."""

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from time import sleep

import pytest

from hold_job import HoldJob, decoded, left, record_for, run_until
from omote.app.events import Event, Progress
from omote.app.jobs import run
from omote.app.studio import Interrupted, Studio
from omote.core.errors import OutputError


@dataclass(frozen=True, kw_only=True)
class BlockedJob(HoldJob):
    """The name of the second of three segments is taken while it is being made."""

    def make(self, studio: Studio) -> Generator[Event, None, Path]:
        making = super().make(studio)
        while True:
            try:
                event = next(making)
            except StopIteration as end:
                return end.value
            if isinstance(event, Progress) and event.done == 25:
                studio.work.path("segments/000001.mp4").mkdir()
            yield event


def test_a_segment_that_fails_before_a_short_last_one_is_told_and_made_again(photo: Path) -> None:
    record_for(photo)
    out = photo.with_name("out.mp4")
    with pytest.raises(OutputError, match="000001"):
        list(run(BlockedJob(photo=photo, out=out, frames=43)))
    work = photo.with_name("out.mp4.omote")
    assert {"000000.mp4", "000002.mp4"} <= left(work / "segments"), "what is finished is kept"
    list(run(HoldJob(photo=photo, out=out, frames=43)))
    assert len(decoded(out)) == 43


@pytest.mark.timeout(60)
def test_a_segment_that_fails_while_the_next_is_made_ends_the_job(photo: Path) -> None:
    @dataclass(frozen=True, kw_only=True)
    class PatientJob(BlockedJob):
        """Waits until the second segment has failed before it makes more frames."""

        def make(self, studio: Studio) -> Generator[Event, None, Path]:
            making = super().make(studio)
            for event in making:
                yield event
                if isinstance(event, Progress) and event.done == 41:
                    sleep(1)
            raise AssertionError("the failure was passed over")

    record_for(photo)
    with pytest.raises(OutputError, match="000001"):
        list(run(PatientJob(photo=photo, out=photo.with_name("out.mp4"), frames=60)))


@pytest.mark.parametrize("size", [0, 500])
def test_a_segment_left_damaged_is_made_again(photo: Path, size: int) -> None:
    record_for(photo)
    whole, out = photo.with_name("whole.mp4"), photo.with_name("out.mp4")
    list(run(HoldJob(photo=photo, out=whole)))
    with pytest.raises(Interrupted):
        run_until(HoldJob(photo=photo, out=out), 45)
    first = photo.with_name("out.mp4.omote") / "segments" / "000000.mp4"
    first.write_bytes(first.read_bytes()[:size])
    list(run(HoldJob(photo=photo, out=out)))
    assert all((a == b).all() for a, b in zip(decoded(whole), decoded(out), strict=True))


def test_pictures_left_incomplete_are_made_again(photo: Path) -> None:
    record_for(photo)
    out = photo.with_name("pictures")
    with pytest.raises(Interrupted):
        run_until(HoldJob(photo=photo, out=out), 45)
    (photo.with_name("pictures.omote") / "segments" / "000000" / "000019.png").unlink()
    list(run(HoldJob(photo=photo, out=out)))
    assert len(list(out.glob("*.png"))) == 50
