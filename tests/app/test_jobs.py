"""The job runner: no likeness without consent, nothing half written, everything sealed, interruptions resumed."""

import dataclasses
import shutil
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import pytest

from hold_job import HoldJob, decoded, left, record_for, run_until
from omote.app.events import Event, Finished, Note, Progress, Started
from omote.app.jobs import run
from omote.app.studio import Interrupted, Studio
from omote.core.errors import ConsentError, InputError, OutputError, ProvenanceError, UnavailableError, UsageError
from omote.core.weights import sha256
from omote.guard.provenance import certificates, consent
from omote.guard.provenance.inspect import inspect
from omote.guard.provenance.reader import State, read_manifest


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
    assert report.state is State.TRUSTED
    assert not report.test_only


def has_banner(picture: np.ndarray) -> bool:
    """Whether a row of a picture is red for most of its width."""
    return (picture[..., 0] > picture[..., 1].astype(int) + 60).mean(axis=1).max() > 0.5


def test_a_trial_is_marked_for_people_and_machines(photo: Path) -> None:
    out = photo.with_name("out.mp4")
    list(run(HoldJob(photo=photo, out=out, test_only=True)))
    assert read_manifest(out).test_only
    assert all(map(has_banner, decoded(out)))


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
    assert read_manifest(out).state is State.TRUSTED


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


def meanwhile(job: HoldJob, done: int, act: Callable[[], object]) -> list[Event]:
    """Run a job; do something else when so many frames are there."""
    events = []
    for event in run(job):
        events.append(event)
        if isinstance(event, Progress) and event.done == done:
            act()
    return events


@pytest.mark.parametrize("act", [Path.unlink, lambda photo: photo.write_bytes(b"another picture")])
def test_what_happens_to_the_photograph_meanwhile_changes_nothing(photo: Path, act: Callable[[Path], object]) -> None:
    record_for(photo)
    agreed = sha256(photo)
    out = photo.with_name("out.mp4")
    meanwhile(HoldJob(photo=photo, out=out), 30, lambda: act(photo))
    assert [part.sha256 for part in read_manifest(out).ingredients] == [agreed]
    assert len(decoded(out)) == 50


def test_errors_name_the_file_that_the_user_knows(photo: Path) -> None:
    @dataclass(frozen=True, kw_only=True)
    class Picky(HoldJob):
        def make(self, studio: Studio) -> Generator[Event, None, Path]:
            raise InputError(f"{self.photo} is not beautiful")
            yield

    with pytest.raises(InputError) as caught:
        list(run(Picky(photo=photo, out=photo.with_name("out.mp4"), test_only=True)))
    assert str(caught.value) == f"{photo} is not beautiful"
    assert left(photo.parent) == {"photo.png"}


def test_a_folder_of_the_users_own_frames_is_never_replaced(photo: Path) -> None:
    mine = photo.with_name("frames")
    mine.mkdir()
    for number in range(3):
        shutil.copy(photo, mine / f"{number:06d}.png")
    (mine / "preset.xmp").write_text("mine")
    before = left(mine)
    with pytest.raises(OutputError, match="000000"):
        list(run(HoldJob(photo=photo, out=mine, frames=2, test_only=True)))
    with pytest.raises(UsageError, match="one of the inputs"):
        list(run(HoldJob(photo=mine / "000001.png", out=mine, frames=2, test_only=True)))
    record = record_for(photo).rename(mine / "record.json")
    with pytest.raises(UsageError, match="one of the inputs"):
        list(run(HoldJob(photo=photo, out=mine, frames=2, consent=(record,))))
    assert left(mine) == before | {"record.json"}


def test_what_is_put_into_the_output_meanwhile_is_not_lost(photo: Path) -> None:
    record_for(photo)
    out = photo.with_name("pictures")
    list(run(HoldJob(photo=photo, out=out, frames=2)))
    with pytest.raises(OutputError, match=r"holiday\.jpg"):
        meanwhile(HoldJob(photo=photo, out=out, frames=3), 3, lambda: (out / "holiday.jpg").write_text("precious"))
    (out / "holiday.jpg").unlink()
    events = list(run(HoldJob(photo=photo, out=out, frames=3)))
    assert events[0] == Started(verb="dance", out=out, resumed=True)
    assert read_manifest(out).state is State.TRUSTED
    assert left(photo.parent) == {"photo.png", "pictures"}


def test_sidecars_take_nobodys_place(photo: Path) -> None:
    record_for(photo)
    out = photo.with_name("out.webm")
    mine = photo.with_name("out.webm.xmp")
    mine.write_text("mine")
    with pytest.raises(OutputError, match=r"out\.webm\.xmp"):
        list(run(HoldJob(photo=photo, out=out, frames=2)))
    mine.unlink()
    mine.mkdir()
    with pytest.raises(OutputError, match=r"out\.webm\.xmp is a folder"):
        list(run(HoldJob(photo=photo, out=out, frames=2)))
    mine.rmdir()
    for _ in range(2):
        events = list(run(HoldJob(photo=photo, out=out, frames=2)))
    assert isinstance(events[-1], Finished)
    assert [file.name for file in events[-1].files] == ["out.webm", "out.webm.c2pa", "out.webm.xmp"]
    assert left(photo.parent) == {"photo.png", *(file.name for file in events[-1].files)}


def test_a_real_job_that_goes_on_as_a_trial_starts_anew(photo: Path) -> None:
    real = record_for(photo)
    trial = consent.write(consent.test_only_record([sha256(photo)], adult=True), photo.with_name("trial.json"))
    out = photo.with_name("out.mp4")
    with pytest.raises(Interrupted):
        run_until(HoldJob(photo=photo, out=out, consent=(real,)), 45)
    events = list(run(HoldJob(photo=photo, out=out, consent=(trial,))))
    assert events[0] == Started(verb="dance", out=out, resumed=False)
    assert all(map(has_banner, decoded(out)))


def test_a_trial_is_never_commercial(photo: Path) -> None:
    with pytest.raises(UsageError, match="--commercial"):
        list(run(HoldJob(photo=photo, out=photo.with_name("out.mp4"), test_only=True, commercial=True)))


def test_two_outputs_of_one_job_are_both_known(photo: Path) -> None:
    record_for(photo)
    outs = [photo.with_name(name) for name in ("x.mp4", "y.mp4")]
    for out in outs:
        list(run(HoldJob(photo=photo, out=out, frames=25)))
    assert [inspect(out).unchanged for out in outs] == [True, True]


def test_certificates_that_cannot_be_used_end_the_job_before_it_begins(photo: Path, home: Path) -> None:
    record_for(photo)
    certificates.init()
    (home / "certificates" / "signer.pem").write_text("damaged")
    (home / "certificates" / "signer.pem").chmod(0o600)
    stages = []
    with pytest.raises(ProvenanceError):
        stages += run(HoldJob(photo=photo, out=photo.with_name("out.mp4")))
    assert stages == []
    assert left(photo.parent) == {"photo.png"}


def test_neither_files_nor_the_device_are_wishes(photo: Path) -> None:
    record_for(photo)
    out = photo.with_name("out.mp4")
    job = HoldJob(photo=photo, out=out, device="cpu", notes=photo.with_name("Jane Doe.txt"))
    with pytest.raises(Interrupted):
        run_until(job, 30)
    known = (photo.with_name("out.mp4.omote") / "job.json").read_text()
    assert "Jane" not in known
    events = list(run(dataclasses.replace(job, device="auto")))
    assert events[0] == Started(verb="dance", out=out, resumed=True)
    assert b"Jane" not in out.read_bytes()


def test_an_input_whose_suffix_is_a_sentence_is_no_trouble(photo: Path) -> None:
    long = photo.rename(photo.with_name("01. " + "a very long title " * 13))
    assert isinstance(
        list(run(HoldJob(photo=long, out=long.with_name("o.mp4"), frames=2, test_only=True)))[-1], Finished
    )


@pytest.mark.parametrize(
    ("out", "says"),
    [
        (".", "names no file"),
        ("..", "names no file"),
        ("file", "is a file where a folder"),
        ("link", "is a link"),
        ("x" * 240 + ".mp4", "too long"),
        ("x" * 300 + ".mp4", "too long"),
    ],
)
def test_names_that_no_result_can_have_are_refused_before_anything_is_made(
    out: str, says: str, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(photo.parent)
    Path("file").write_text("precious")
    Path("folder").mkdir()
    Path("link").symlink_to("folder")
    before = left(photo.parent)
    with pytest.raises(OutputError, match=f"(?i){says}"):
        list(run(HoldJob(photo=photo, out=Path(out), frames=2, test_only=True)))
    assert left(photo.parent) == before
