"""`dance` against hostile files: one clear sentence, no half output, nothing lost; or it works."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hostile_cases import PICTURES, SOUNDS, Case
from omote.app.dance import DanceJob
from omote.app.events import Finished, Note
from omote.app.jobs import run
from omote.core import weights
from omote.core.errors import ConsentError, NobodyError, OmoteError, OutputError, UsageError

pytestmark = pytest.mark.usefixtures("user", "cached")

TINY = {"size": "64x64", "fps": 4.0, "seconds": 2.0, "backend": "numba", "test_only": True}


def dance(photo: Path, music: Path, out: Path, **wishes: object) -> list:
    return list(run(DanceJob(photo=photo, music=music, out=out, **{**TINY, **wishes})))  # type: ignore[arg-type]


def check(case: Case, folder: Path, make_job) -> None:
    """Run a job over a case; see that it does what the case says and leaves nothing but its output."""
    made = case.make(folder)
    (folder / "results").mkdir()
    out = folder / "results" / "out.mp4"
    out.write_text("precious")
    if case.error is None:
        events = make_job(made, out)
        assert isinstance(events[-1], Finished)
        assert out.stat().st_size > 1000
    else:
        with pytest.raises(case.error, match=f"(?i){case.says}") as caught:
            make_job(made, out)
        assert isinstance(caught.value, OmoteError)
        said = str(caught.value)
        assert 15 < len(said) < 400, said
        assert "\n" not in said, said
        assert out.read_text() == "precious"
    assert [p.name for p in out.parent.iterdir()] == ["out.mp4"]


@pytest.mark.parametrize("case", PICTURES, ids=lambda c: c.name)
def test_pictures(case: Case, music: Path, tmp_path: Path) -> None:
    check(case, tmp_path, lambda made, out: dance(made, music, out))


@pytest.mark.parametrize("case", SOUNDS, ids=lambda c: c.name)
def test_sounds(case: Case, photo: Path, tmp_path: Path) -> None:
    whole = {"seconds": None, "fps": 1.0} if case.name == "10 minutes" else {}
    check(case, tmp_path, lambda made, out: dance(photo, made, out, **whole))


@pytest.mark.parametrize("case", [c for c in PICTURES if c.name not in ("1x1",)], ids=lambda c: c.name)
def test_backgrounds(case: Case, photo: Path, music: Path, tmp_path: Path) -> None:
    if case.error is NobodyError:
        case = Case(case.name, case.make, None)  # a background needs nobody in it
    if case.name in ("1 pixel high",):
        case = Case(case.name, case.make, None)
    check(case, tmp_path, lambda made, out: dance(photo, music, out, background=str(made)))


def test_a_silent_or_short_piece_is_danced_with_a_note(photo: Path, tmp_path: Path) -> None:
    silent = next(c for c in SOUNDS if c.name == "silent").make(tmp_path)
    notes = [e.text for e in dance(photo, silent, tmp_path / "out.mp4") if isinstance(e, Note)]
    assert any("steady" in text for text in notes)


def test_a_picture_that_says_it_is_another_kind_works(photo: Path, music: Path, tmp_path: Path) -> None:
    lying = tmp_path / "really_png.jpg"
    lying.write_bytes(photo.read_bytes())
    assert isinstance(dance(lying, music, tmp_path / "out.mp4")[-1], Finished)


@pytest.mark.slow
def test_of_thirty_people_one_can_be_chosen_and_the_fortieth_is_missed(
    photo: Path, music: Path, tmp_path: Path
) -> None:
    one = np.asarray(Image.open(photo).resize((240, 320)))
    crowd = tmp_path / "crowd.png"
    Image.fromarray(np.tile(one, (3, 10, 1))).save(crowd)
    with pytest.raises(NobodyError, match="40"):
        dance(crowd, music, tmp_path / "out.mp4", person=40)
    assert isinstance(dance(crowd, music, tmp_path / "out.mp4", person=3)[-1], Finished)


@pytest.mark.parametrize(
    "wish",
    [
        {"person": 0},
        {"seconds": 0.0},
        {"start": -1.0},
        {"fps": 0.0},
        {"fps": 1e9},
        {"size": "0x0"},
        {"size": "99999x64"},
        {"size": "big"},
        {"style": "tango"},
        {"bpm": 1.0},
        {"background": "#12345"},
        {"background": "transparent"},
        {"device": "abacus"},
    ],
    ids=str,
)
def test_wishes_that_make_no_sense(wish: dict, photo: Path, music: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        dance(photo, music, tmp_path / "out.mp4", **wish)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["out.avi", "out.txt", "out.mp3"])
def test_outputs_of_another_kind_are_refused(name: str, photo: Path, music: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="mp4"):
        dance(photo, music, tmp_path / name)


def test_outputs_that_cannot_be_written(photo: Path, music: Path, tmp_path: Path) -> None:
    with pytest.raises(OutputError):
        dance(photo, music, tmp_path / "no" / "such" / "out.mp4")
    with pytest.raises(OutputError):
        dance(photo, music, Path("/proc/out.mp4"))


def test_more_start_than_music(photo: Path, music: Path, tmp_path: Path) -> None:
    with pytest.raises(OmoteError, match="--start"):
        dance(photo, music, tmp_path / "out.mp4", start=1000.0)
    assert list(tmp_path.iterdir()) == []


def test_a_consent_file_that_is_none(photo: Path, music: Path, tmp_path: Path) -> None:
    for content in (b"", b"{}", b"\xff\xfe", b"[1, 2]", b'{"omote_consent": 1}'):
        (tmp_path / "record.json").write_bytes(content)
        with pytest.raises(ConsentError):
            dance(photo, music, tmp_path / "out.mp4", test_only=False, consent=(tmp_path / "record.json",))


def test_a_full_disk_keeps_what_is_finished_and_the_same_command_goes_on(
    photo: Path, music: Path, tmp_path: Path
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200k", "none", str(disk)], capture_output=True)
    if mounted.returncode:
        pytest.skip("no small disk can be made here (mounting is not allowed)")
    try:
        with pytest.raises(OutputError, match=r"space"):
            dance(photo, music, disk / "out.mp4")
        assert not (disk / "out.mp4").exists()
        subprocess.run(["mount", "-o", "remount,size=200m", str(disk)], check=True)
        assert isinstance(dance(photo, music, disk / "out.mp4")[-1], Finished)
        assert [p.name for p in disk.iterdir()] == ["out.mp4"]
    finally:
        subprocess.run(["umount", str(disk)], check=False)


@pytest.mark.parametrize("kind", ["wrong hash", "pickle"])
def test_weights_that_are_not_ours_end_the_job_with_exit_code_5(
    kind: str, photo: Path, music: Path, tmp_path: Path
) -> None:
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    name = weights.entry("pose-landmarks").file
    content = b"\x80\x04N." if kind == "pickle" else (weights.package_shelf() / name).read_bytes()[:-1] + b"\0"
    (shelf / name).write_bytes(content)
    words = ["dance", str(photo), str(music), "-o", str(tmp_path / "out.mp4"), "--test-only", "--size", "64x64"]
    done = subprocess.run(
        [sys.executable, "-m", "omote", *words],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "OMOTE_WEIGHTS": str(shelf), "OMOTE_CACHE": str(tmp_path / "cache")},
    )
    assert done.returncode == 5, done.stderr
    assert "Traceback" not in done.stderr
    assert kind.split()[-1] in done.stderr or "SHA-256" in done.stderr
    assert not (tmp_path / "out.mp4").exists()
