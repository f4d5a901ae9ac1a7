import json
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from omote.core.errors import InputError
from omote.core.frame import Frame
from omote.guard.provenance import certificates, verdict
from omote.guard.provenance.inspect import ProvenanceReport, _merge, inspect
from omote.guard.provenance.manifest import Mark, SourceType, Statement
from omote.guard.provenance.reader import State
from omote.guard.provenance.sealing import seal_output
from omote.guard.provenance.store import open_store
from omote.guard.provenance.watermark import Detection, Watermark

Make = Callable[[str], Path]


def noisy(seed: int = 0, size: tuple[int, int] = (288, 384)) -> np.ndarray:
    """A picture with the detail of a photograph, roughly."""
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(seed)
    layers = [gaussian_filter(rng.normal(size=(*size, 3)), (s, s, 0)) * s * 20 for s in (1, 3, 9, 27)]
    return np.clip(128 + sum(layers), 0, 255).astype(np.uint8)


@cache
def marked(number: int, shift: int = 0) -> np.ndarray:
    return Watermark().embed(np.roll(noisy(), shift, 1), number)


def said(number: int) -> Statement:
    return Statement(
        verb="dance",
        description="A person dances.",
        source_type=SourceType.COMPOSITE,
        mark=Mark(algorithm="org.omote.watermark.1", id=number, bits=Watermark().bits),
    )


@pytest.fixture
def output(home: Path, tmp_path: Path) -> Path:
    """A sealed, marked picture whose manifest is in the store."""
    number = open_store().id_for("job")
    path = tmp_path / "out.png"
    Image.fromarray(marked(number)).save(path)
    seal_output(path, said(number))
    return path


def check(report: ProvenanceReport, *words: str) -> None:
    for word in words:
        assert word in report.verdict, report.verdict
    json.dumps(report.to_json())
    assert report.verdict in report.text()


def test_an_output_as_it_left_says_everything(output: Path) -> None:
    report = inspect(output)
    check(report, "a recording that a computer altered", "this machine trusts", "development certificate", "unchanged")
    assert report.manifest.state is State.TRUSTED
    assert report.mark is not None
    assert report.label is not None
    assert report.mark.id == report.manifest.mark_id == report.label.mark_id
    assert report.stored is not None
    assert report.unchanged is True
    assert report.notes == ()


def test_every_output_of_a_job_is_known_to_be_unchanged(output: Path, tmp_path: Path) -> None:
    number = open_store().id_for("job")
    later = tmp_path / "later.webp"
    Image.fromarray(marked(number)).save(later, lossless=True)
    seal_output(later, said(number))
    for path in (output, later):
        report = inspect(path)
        assert report.unchanged is True
        assert report.stored is not None
        assert report.stored.output_name == path.name


@pytest.mark.parametrize("quality", [95, 80])
def test_stripped_and_recompressed_it_is_traced_through_its_watermark(
    output: Path, quality: int, tmp_path: Path
) -> None:
    Image.open(output).convert("RGB").save(tmp_path / "again.jpg", quality=quality)
    report = inspect(tmp_path / "again.jpg")
    assert (report.manifest.state, report.label) == (State.NONE, None)
    check(report, "invisible watermark", "record on this machine", "A person dances.", "encoded anew or changed")
    assert report.unchanged is False
    assert report.recovered is not None
    assert report.recovered.actions[0].description == "A person dances."


def test_altered_after_sealing_it_is_not_believed_but_traced(output: Path) -> None:
    with Image.open(output) as image:
        picture = np.asarray(image).copy()
    picture[:30, :30] = 0
    changed = output.with_name("changed.png")
    Image.fromarray(picture).save(changed)
    spliced = output.read_bytes().replace(_idat(output), _idat(changed))
    changed.write_bytes(spliced)
    report = inspect(changed)
    assert report.manifest.state is State.INVALID
    check(report, "does not hold", "do not rely", "record on this machine")


def _idat(path: Path) -> bytes:
    data = path.read_bytes()
    start = data.index(b"IDAT") - 4
    return data[start : data.index(b"IEND") - 4]


def test_elsewhere_it_is_signed_but_untrusted(output: Path, tmp_path: Path) -> None:
    report = inspect(output, folder=tmp_path / "elsewhere")
    check(report, "Signed but untrusted", "not proven")
    assert report.stored is None
    Image.open(output).save(tmp_path / "bare.png")
    report = inspect(tmp_path / "bare.png", folder=tmp_path / "elsewhere")
    check(report, "invisible watermark", "no record of it")


def test_signed_elsewhere_but_known_here_is_told(output: Path) -> None:
    certificates.init(force=True)  # the old authority is gone, the store is not
    check(inspect(output), "Signed but untrusted", "the very file that was made here")


def test_a_seal_that_names_another_watermark_is_noted(home: Path, tmp_path: Path) -> None:
    shelf = open_store()
    path = tmp_path / "o.png"
    Image.fromarray(marked(shelf.id_for("job"))).save(path)
    seal_output(path, said(shelf.id_for("another")))
    report = inspect(path)
    assert any("may not belong together" in note for note in report.notes)


def test_a_seal_that_names_a_watermark_which_is_not_there_is_noted(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "o.png"
    Image.fromarray(noisy()).save(path)
    seal_output(path, said(open_store().id_for("one")))
    report = inspect(path)
    assert report.mark is None
    assert any("none could be read" in note for note in report.notes)


def marked_film(path: Path, number: int, seconds: int, seed: int = 0) -> None:
    from omote.parts.media.video import write_video

    picture = noisy(seed)
    frames = (Frame(rgb=np.roll(picture, n, 1), time=Fraction(n, 12)) for n in range(12 * seconds))
    write_video(path, Watermark().stream(frames, number), fps=Fraction(12), sound=None)


def test_a_video_is_read_in_windows(home: Path, tmp_path: Path) -> None:
    number = open_store().id_for("film")
    path = tmp_path / "film.mp4"
    marked_film(path, number, 5)
    bare = inspect(path)
    assert bare.mark is not None
    assert (bare.mark.windows, bare.mark.looked_at) == (3, 3)
    check(bare, "no record of it")  # its job has not finished: an id alone is no record
    seal_output(path, said(number))
    check(inspect(path), "this machine trusts")
    short = inspect(path, seconds=1.5)
    assert short.mark is not None
    assert short.mark.looked_at == 1


def test_a_folder_of_frames_is_read_too(home: Path, tmp_path: Path) -> None:
    number = open_store().id_for("job")
    folder = tmp_path / "frames"
    folder.mkdir()
    for n in range(2):
        Image.fromarray(marked(number, n)).save(folder / f"{n}.png")
    seal_output(folder, said(number))
    report = inspect(folder)
    check(report, "this machine trusts")
    assert report.mark is not None
    assert report.unchanged is True
    (folder / "SHA256SUMS.c2pa").unlink()
    (folder / "SHA256SUMS.xmp").unlink()
    check(inspect(folder), "byte for byte the file that was sealed here")


@pytest.mark.parametrize("stripped", [False, True])
def test_a_folder_with_an_altered_frame_is_not_called_unchanged(stripped: bool, home: Path, tmp_path: Path) -> None:
    number = open_store().id_for("job")
    folder = tmp_path / "frames"
    folder.mkdir()
    for n in range(2):
        Image.fromarray(marked(number, n)).save(folder / f"{n}.png")
    seal_output(folder, said(number))
    with Image.open(folder / "1.png") as image:
        picture = np.asarray(image).copy()
    picture[:40, :40] = 0
    Image.fromarray(picture).save(folder / "1.png")
    if stripped:
        (folder / "SHA256SUMS.c2pa").unlink()
        (folder / "SHA256SUMS.xmp").unlink()
    report = inspect(folder)
    assert report.manifest.state is (State.NONE if stripped else State.INVALID)
    assert report.unchanged is False
    check(report, "encoded anew or changed")
    assert "byte for byte" not in report.verdict


@pytest.mark.parametrize("size", [(1, 1), (300, 200)])
def test_a_folder_of_other_pictures_says_nothing(size: tuple[int, int], home: Path, tmp_path: Path) -> None:
    Image.new("RGB", size).save(tmp_path / "a.png")
    Image.new("RGB", (70, 90)).save(tmp_path / "b.png")
    assert inspect(tmp_path).verdict == verdict.NOTHING


@pytest.mark.parametrize(
    ("best", "looked_at", "shown"), [(-11.4, 1, "1e-11"), (-11.4, 1000, "1e-8"), (-2.5, 1000, "1e0")]
)
def test_the_chance_of_a_false_alarm_is_that_of_the_whole_file(
    best: float, looked_at: int, shown: str, output: Path
) -> None:
    pieces = [Detection(payload=7, log10_false_alarm=best), *[None] * (looked_at - 1)]
    mark = _merge(pieces, 48)
    assert mark is not None
    oracle = min(1.0, looked_at * 10**best)  # Boole's inequality
    assert 10**mark.log10_false_alarm == pytest.approx(oracle)
    assert float(shown) >= oracle
    assert f"false alarm below {shown}\n" in replace(inspect(output), mark=mark).text()


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.mp4", "a.webm", "a.wav", "a.glb"])
def test_files_that_say_nothing_are_said_to_say_nothing(name: str, make: Make, home: Path) -> None:
    report = inspect(make(name))
    assert report.verdict == verdict.NOTHING
    assert "nothing about whether it is real" in report.verdict
    assert not report.found
    assert report.notes == ()


def test_a_tiny_picture_has_no_watermark(home: Path, tmp_path: Path) -> None:
    Image.new("RGB", (1, 1)).save(tmp_path / "dot.png")
    assert inspect(tmp_path / "dot.png").verdict == verdict.NOTHING


def test_an_unsigned_note_is_said_to_be_one(make: Make, home: Path) -> None:
    from omote.guard.provenance import xmp

    path = make("a.jpg")
    label = xmp.Label(source_type=SourceType.SYNTHETIC, tool="Some Program", test_only=True)
    xmp.embed(path, path.with_name("b.jpg"), label)
    check(inspect(path.with_name("b.jpg")), "not signed", "Some Program", "with a trained model", "test only")


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.mp4"])
@pytest.mark.parametrize("data", [b"", b"text, no media at all, whatever it is called"])
def test_what_is_no_media_is_refused(name: str, data: bytes, home: Path, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(InputError):
        inspect(tmp_path / name)


def test_a_missing_file_is_told(home: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        inspect(tmp_path / "none.jpg")


def test_a_sealed_file_cut_short_is_reported_and_not_refused(output: Path, tmp_path: Path) -> None:
    (tmp_path / "cut.png").write_bytes(output.read_bytes()[:9000])
    report = inspect(tmp_path / "cut.png")
    check(report, "does not hold")
    assert any("could not be looked for" in note for note in report.notes)


def test_a_damaged_store_is_noted_and_does_not_stop_the_rest(output: Path) -> None:
    (record,) = open_store()
    (file,) = (open_store().folder / record.id).glob("*.json")
    file.write_text("{")
    report = inspect(output)
    check(report, "this machine trusts")
    assert any("does not help" in note for note in report.notes)


def test_a_trial_is_called_a_trial_also_after_stripping(home: Path, tmp_path: Path) -> None:
    from omote.guard.provenance import consent

    number = open_store().id_for("job")
    path = tmp_path / "o.png"
    Image.fromarray(marked(number)).save(path)
    seal_output(path, replace(said(number), consents=(consent.test_only_record(["ab" * 32], adult=True),)))
    check(inspect(path), "test only")
    Image.open(path).save(tmp_path / "bare.png")
    check(inspect(tmp_path / "bare.png"), "test only")
