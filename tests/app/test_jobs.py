"""The job runner: no likeness without consent, nothing half written, everything sealed, interruptions resumed."""

import dataclasses
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import ClassVar

import av
import numpy as np
import pytest
from PIL import Image

from omote.app.events import Event, Finished, Note, Progress, Started
from omote.app.film import film
from omote.app.job import Ingredient, Job
from omote.app.jobs import run
from omote.app.studio import Interrupted, Stop, Studio
from omote.core.errors import ConsentError, InputError, OutputError, UnavailableError, UsageError
from omote.core.frame import Frame
from omote.core.weights import sha256
from omote.guard.provenance import consent
from omote.guard.provenance.inspect import inspect
from omote.guard.provenance.reader import State, read_manifest
from omote.parts.media.encoding import Encoding


@dataclass(frozen=True, kw_only=True)
class HoldJob(Job):
    """Hold a photograph while it slides by a pixel a frame."""

    verb: ClassVar[str] = "dance"
    system: ClassVar[str] = "dancing-portrait"

    photo: Path
    frames: int = 50

    def ingredients(self) -> tuple[Ingredient, ...]:
        return (Ingredient(role="photo", path=self.photo, likeness=True),)

    def describe(self) -> str:
        return "A photograph was held."

    def make(self, studio: Studio) -> Generator[Event, None, Path]:
        rgb = np.asarray(Image.open(self.photo).convert("RGB"))

        def frames_of(first: int, last: int) -> Iterator[Frame]:
            for number in range(first, last):
                yield Frame(rgb=np.roll(rgb, number, axis=1), time=Fraction(number, 25))

        encoding = Encoding(codec="png" if not self.out.suffix else "h264")
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


def test_without_a_consent_record_nothing_is_made_and_the_way_to_make_one_is_said(photo: Path) -> None:
    before = left(photo.parent)
    with pytest.raises(ConsentError, match=r"omote consent new .*photo\.png"):
        list(run(HoldJob(photo=photo, out=photo.with_name("out.mp4"))))
    assert left(photo.parent) == before


@pytest.mark.parametrize(
    ("changes", "wishes", "says"),
    [
        ({"uses": ["swap"]}, {}, "not dance"),
        ({"photographs": ["0" * 64]}, {}, "no consent record|other photographs"),
        ({}, {"commercial": True}, "commercial"),
    ],
)
def test_a_record_that_does_not_cover_the_use_is_refused(photo: Path, changes: dict, wishes: dict, says: str) -> None:
    record = record_for(photo, **changes)
    for given in ((), (record,)):
        with pytest.raises(ConsentError, match=says):
            list(run(HoldJob(photo=photo, out=photo.with_name("out.mp4"), consent=given, **wishes)))


def test_a_changed_photograph_is_another_photograph(photo: Path) -> None:
    record_for(photo)
    content = bytearray(photo.read_bytes())
    photo.write_bytes(bytes(content) + b"\0")
    with pytest.raises(ConsentError):
        list(run(HoldJob(photo=photo, out=photo.with_name("out.mp4"))))


def test_a_job_ends_with_a_sealed_file_and_nothing_else(photo: Path) -> None:
    record_for(photo)
    out = photo.with_name("out.mp4")
    events = list(run(HoldJob(photo=photo, out=out)))
    assert isinstance(events[0], Started)
    assert isinstance(events[-1], Finished)
    assert events[-1].files == (out,)
    assert [e for e in events if isinstance(e, Progress)][-1].done == 50
    assert any("until" in e.text for e in events if isinstance(e, Note))
    assert left(photo.parent) == {"photo.png", "out.mp4"}
    assert len(decoded(out)) == 50
    report = read_manifest(out)
    assert report.state is State.TRUSTED or "trusted" in report.words
    assert not report.test_only


def test_a_trial_is_marked_for_people_and_machines(photo: Path) -> None:
    out = photo.with_name("out.mp4")
    list(run(HoldJob(photo=photo, out=out, test_only=True)))
    assert read_manifest(out).test_only
    first = decoded(out)[0]
    red = (first[..., 0] > first[..., 1].astype(int) + 60).mean(axis=1)
    assert red.max() > 0.5, "the banner is seen"


def test_stripped_metadata_are_found_again_through_the_watermark(photo: Path, tmp_path: Path) -> None:
    record_for(photo)
    out = photo.with_name("out.mp4")
    list(run(HoldJob(photo=photo, out=out)))
    bare = tmp_path / "bare.mp4"
    with av.open(str(out)) as source, av.open(str(bare), "w") as target:
        stream = target.add_stream("libx264", rate=25, options={"crf": "23"})
        stream.width, stream.height = 256, 192
        for frame in source.decode(video=0):
            target.mux(stream.encode(frame.reformat(format="yuv420p")))
        target.mux(stream.encode())
    report = inspect(bare)
    assert report.manifest.state is State.NONE
    assert report.stored is not None
    assert report.stored.output_sha256 == sha256(out)


def test_pictures_without_a_container_are_sealed_by_a_sidecar(photo: Path) -> None:
    record_for(photo)
    out = photo.with_name("pictures")
    events = list(run(HoldJob(photo=photo, out=out, frames=25)))
    assert isinstance(events[-1], Finished)
    assert len(list(out.glob("*.png"))) == 25
    assert read_manifest(out).state is not State.NONE


def test_an_interrupted_job_resumes_to_the_same_frames(photo: Path) -> None:
    record_for(photo)
    whole, broken = photo.with_name("whole.mp4"), photo.with_name("broken.mp4")
    list(run(HoldJob(photo=photo, out=whole)))
    for patience in (5, 15, 25):
        with pytest.raises(Interrupted):
            run_until(HoldJob(photo=photo, out=broken), patience)
        assert not broken.exists()
    events = list(run(HoldJob(photo=photo, out=broken)))
    assert events[0] == Started(verb="dance", out=broken, resumed=True)
    # the watermark's id belongs to the job and not to the file's name, so the frames are equal to the last bit
    assert all((a == b).all() for a, b in zip(decoded(whole), decoded(broken), strict=True))


def test_an_existing_output_survives_a_job_that_fails(photo: Path) -> None:
    out = photo.with_name("out.mp4")
    out.write_text("precious")
    with pytest.raises(ConsentError):
        list(run(HoldJob(photo=photo, out=out)))
    assert out.read_text() == "precious"


def test_outputs_that_cannot_be_are_refused_before_anything_is_made(photo: Path) -> None:
    record_for(photo)
    with pytest.raises(UsageError, match="one of the inputs"):
        list(run(HoldJob(photo=photo, out=photo)))
    with pytest.raises(OutputError, match="does not exist"):
        list(run(HoldJob(photo=photo, out=photo.parent / "no" / "out.mp4")))
    (photo.parent / "folder.mp4").mkdir()
    with pytest.raises(OutputError, match="folder"):
        list(run(HoldJob(photo=photo, out=photo.parent / "folder.mp4")))


def test_a_folder_of_ours_is_replaced_and_any_other_is_left_alone(photo: Path) -> None:
    record_for(photo)
    out = photo.with_name("pictures")
    for frames in (25, 30):
        list(run(HoldJob(photo=photo, out=out, frames=frames)))
        assert len(list(out.glob("*.png"))) == frames
    (out / "holiday.jpg").write_text("precious")
    with pytest.raises(OutputError, match=r"holiday\.jpg"):
        list(run(HoldJob(photo=photo, out=out, frames=20)))
    assert (out / "holiday.jpg").read_text() == "precious"
    assert len(list(out.glob("*.png"))) == 30


def test_missing_inputs_and_devices_are_said(photo: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        list(run(HoldJob(photo=photo.with_name("no.png"), out=photo.with_name("out.mp4"))))
    with pytest.raises((UsageError, UnavailableError)):
        list(run(HoldJob(photo=photo, out=photo.with_name("out.mp4"), device="cuda:99")))


def test_a_job_is_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        HoldJob(photo=Path("a"), out=Path("b")).photo = Path("c")  # type: ignore[misc]
