"""Folders of people: whole and sealed or not there; the same command makes who is missing; wrong wishes are refused."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import trimesh
from PIL import Image

import cast
from omote.app.events import Event, Finished, Note, Progress, Started
from omote.app.people import BEING_MADE, MANIFEST, PeopleJob, SheetJob, make, sheet
from omote.app.studio import Interrupted, Stop
from omote.core.errors import InputError, OmoteError, OutputError, UsageError
from omote.guard.provenance.inspect import inspect
from omote.guard.provenance.reader import State, read_manifest

TRUTH = {"rgb", "albedo", "mask", "label", "normal", "occlusion", "depth"}


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, list[Event], list[Event], float]]:
    """Somebody alone, then the same command for two; with one home for keys."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMOTE_HOME", str(tmp_path_factory.mktemp("keys")))
        out = tmp_path_factory.mktemp("people") / "made"
        job = tiny(out)
        first = list(make(job))
        when = (out / f"{cast.SEED:06d}" / "person.glb").stat().st_mtime_ns
        yield out, first, list(make(replace(job, count=2))), when


@pytest.fixture(autouse=True)
def home(two: tuple[Path, list[Event], list[Event], float]) -> None:
    """The keys that `two` was sealed with, in place of new ones for each test."""


def tiny(out: Path, **wishes: object) -> PeopleJob:
    small = {"count": 1, "seed": cast.SEED, "views": 1, "size": 64, "texture": 64, "light": "overcast"}
    return PeopleJob(out=out, **(small | wishes))  # type: ignore[arg-type]


def left(folder: Path) -> set[str]:
    return {item.name for item in folder.iterdir()}


def test_a_person_is_made_and_told_of(two: tuple[Path, list[Event], list[Event], float]) -> None:
    out, first, _, _ = two
    folder = out / f"{cast.SEED:06d}"
    assert first[0] == Started(verb="people", out=out, resumed=False)
    assert first[-1] == Finished(out=out, files=(folder,), report={"people": 1})
    assert [(e.done, e.total) for e in first if isinstance(e, Progress)] == [(0, 1), (1, 1)]
    assert any(isinstance(e, Note) for e in first), "new keys are told of"
    files = {f"000_{kind}.png" for kind in TRUTH} | {"person.json", "person.glb", "transforms.json"}
    assert left(folder) - files == {"SHA256SUMS", "SHA256SUMS.c2pa", "SHA256SUMS.xmp"} & left(folder)
    assert files <= left(folder)


def test_the_same_command_makes_only_who_is_missing(two: tuple[Path, list[Event], list[Event], float]) -> None:
    out, _, second, when = two
    assert second[0] == Started(verb="people", out=out, resumed=True)
    assert [(e.done, e.total) for e in second if isinstance(e, Progress)] == [(1, 2), (2, 2)]
    assert (out / f"{cast.SEED:06d}" / "person.glb").stat().st_mtime_ns == when
    assert left(out) == {MANIFEST, f"{cast.SEED:06d}", f"{cast.SEED + 1:06d}"}


def test_who_is_all_there_is_not_made_again(two: tuple[Path, list[Event], list[Event], float]) -> None:
    out = two[0]
    events = list(make(tiny(out, count=2)))
    assert [(e.done, e.total) for e in events if isinstance(e, Progress)] == [(2, 2)]


def test_a_seed_is_the_same_person_to_the_last_bit(two: tuple[Path, list[Event], list[Event], float]) -> None:
    scene = trimesh.load_scene(two[0] / f"{cast.SEED:06d}" / "person.glb", process=False)
    somebody = cast.person()
    assert set(scene.geometry) == {part.name for part in somebody.parts}
    for part in somebody.parts:
        mesh = scene.geometry[part.name]
        assert np.array_equal(np.asarray(mesh.vertices, np.float32)[mesh.faces], part.vertices[part.faces]), part.name
        if part.colours is None:
            picture = np.asarray(mesh.visual.material.baseColorTexture.convert("RGB"))
            assert np.array_equal(picture, part.albedo), part.name


def test_two_seeds_are_two_people_and_both_are_grown_up(two: tuple[Path, list[Event], list[Event], float]) -> None:
    known = [json.loads((two[0] / f"{cast.SEED + k:06d}" / "person.json").read_text()) for k in (0, 1)]
    assert [person["seed"] for person in known] == [cast.SEED, cast.SEED + 1]
    assert all(person["years"] >= 18 for person in known)
    assert all(len(person["face_points_m"]) == 478 for person in known)
    assert known[0]["joints_m"] != known[1]["joints_m"]


def test_the_folder_is_sealed_as_drawn_and_carries_no_mark(two: tuple[Path, list[Event], list[Event], float]) -> None:
    folder = two[0] / f"{cast.SEED:06d}"
    assert read_manifest(folder).state is State.TRUSTED
    report = inspect(folder)
    assert report.mark is None
    assert report.manifest.state is State.TRUSTED
    assert "drawn by a computer" in report.text()


def test_a_folder_that_was_touched_is_seen_to_be(
    two: tuple[Path, list[Event], list[Event], float], tmp_path: Path
) -> None:
    folder = tmp_path / "copy"
    folder.mkdir()
    for item in (two[0] / f"{cast.SEED:06d}").iterdir():
        (folder / item.name).write_bytes(item.read_bytes())
    assert read_manifest(folder).state is State.TRUSTED, "a copy is as good"
    known = json.loads((folder / "person.json").read_text())
    (folder / "person.json").write_text(json.dumps(known | {"years": 17}))
    assert read_manifest(folder).state is not State.TRUSTED


def test_pictures_have_the_size_and_show_the_labels_that_are_told(
    two: tuple[Path, list[Event], list[Event], float],
) -> None:
    folder = two[0] / f"{cast.SEED + 1:06d}"
    known = json.loads((folder / "person.json").read_text())
    label = np.asarray(Image.open(folder / "000_label.png"))
    assert label.shape == (64, 64)
    assert set(np.unique(label)) - {0} <= {part["label"] for part in known["parts"]}
    mask = np.asarray(Image.open(folder / "000_mask.png"))
    assert (mask[label > 0] > 0).mean() > 0.98
    told = json.loads((folder / "transforms.json").read_text())
    assert told["light"]
    assert all((folder / name).is_file() for k, name in told["frames"][0].items() if k.endswith("_path"))


@pytest.mark.parametrize("wish", [{"pose": "walking"}, {"size": 96}, {"without": ("coat",)}, {"texture": 128}])
def test_other_wishes_are_refused_in_a_folder_that_holds_people(
    two: tuple[Path, list[Event], list[Event], float], wish: dict
) -> None:
    out = two[0]
    before = left(out)
    with pytest.raises(OutputError, match="asked for otherwise"):
        list(make(tiny(out, **wish)))
    assert left(out) == before


@pytest.mark.parametrize("content", [None, "not JSON", "[]", "{}", '{"format": "another"}', '"text"'])
def test_a_folder_that_holds_other_things_is_left_alone(tmp_path: Path, content: str | None) -> None:
    (tmp_path / "holiday.jpg").write_text("precious")
    if content is not None:
        (tmp_path / MANIFEST).write_text(content)
    before = left(tmp_path)
    with pytest.raises(OutputError, match="holds other things"):
        list(make(tiny(tmp_path)))
    assert left(tmp_path) == before


def test_a_file_where_the_folder_or_a_person_is_to_be_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "people").write_text("precious")
    with pytest.raises(OutputError, match="is a file"):
        list(make(tiny(tmp_path / "people")))
    out = tmp_path / "folder"
    with pytest.raises(Interrupted):
        list(make(tiny(out), Stop(requested=True)))
    (out / f"{cast.SEED:06d}").write_text("precious")
    with pytest.raises(OutputError, match="in the way"):
        list(make(tiny(out)))
    assert (out / f"{cast.SEED:06d}").read_text() == "precious"


def test_an_interrupted_job_goes_on_and_half_a_person_is_cleared_away(tmp_path: Path) -> None:
    out = tmp_path / "people"
    with pytest.raises(Interrupted):
        list(make(tiny(out), Stop(requested=True)))
    assert left(out) == {MANIFEST}
    (out / BEING_MADE).mkdir()
    (out / BEING_MADE / "person.json").write_text("half")
    with pytest.raises(Interrupted):
        list(make(tiny(out), Stop(requested=True)))
    assert left(out) == {MANIFEST}


@pytest.mark.parametrize(
    ("wishes", "says"),
    [
        ({"count": 0}, "--count is within 1"),
        ({"count": -3}, "--count"),
        ({"seed": -1}, "--seed is within 0"),
        ({"seed": 2**40}, "--seed"),
        ({"views": -1}, "--views"),
        ({"size": 8}, "--size is within 32"),
        ({"texture": 0}, "--texture"),
        ({"pose": "flying"}, "no --pose 'flying'; there are"),
        ({"expression": "Smile"}, "no --expression 'Smile'; there are"),
        ({"hair": "mohawk"}, "no --hair 'mohawk'; there are bald"),
        ({"light": "moon"}, "no --light 'moon'; there are any, clear"),
        ({"without": ("coat", "tie")}, "no family of garments 'tie'"),
        ({"without": ("trousers", "jeans", "shorts", "pencil skirt", "flared skirt")}, "left to wear"),
    ],
)
def test_wishes_that_make_no_sense_are_refused_before_anything_is_made(tmp_path: Path, wishes: dict, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        list(make(tiny(tmp_path / "people", **wishes)))
    assert left(tmp_path) == set()


def test_wishes_do_not_depend_on_the_order_in_which_families_are_held_out() -> None:
    one, other = (tiny(Path("a"), without=w).wishes() for w in (("coat", "dress"), ("dress", "coat", "coat")))
    assert one == other
    assert one != tiny(Path("a")).wishes()
    assert json.loads(json.dumps(one)) == one, "plain data"
    assert tiny(Path("b"), count=7, seed=3).wishes() == tiny(Path("a")).wishes()


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp"])
def test_a_sheet_shows_everybody_and_is_sealed(
    two: tuple[Path, list[Event], list[Event], float], tmp_path: Path, suffix: str
) -> None:
    out = tmp_path / f"sheet.{suffix}"
    events = list(sheet(SheetJob(folder=two[0], out=out, height=48)))
    assert events[-1] == Finished(out=out, files=(out,), report={"people": 2})
    assert left(tmp_path) == {out.name}
    assert Image.open(out).size == (96, 48)
    assert read_manifest(out).state is State.TRUSTED


def test_columns_wrap_the_last_row_is_filled_with_white_and_no_more_are_shown_than_asked(
    two: tuple[Path, list[Event], list[Event], float], tmp_path: Path
) -> None:
    for k, size in enumerate([(64, 64), (64, 64), (32, 64)]):  # the last one of another shape
        folder = tmp_path / "people" / f"{k:06d}"
        folder.mkdir(parents=True)
        Image.new("RGB", size, (200, 40, 40)).save(folder / "000_rgb.png")
    out = tmp_path / "sheet.png"
    list(sheet(SheetJob(folder=tmp_path / "people", out=out, columns=2, height=64)))
    picture = np.asarray(Image.open(out).convert("RGB"))
    assert picture.shape == (128, 128, 3)
    assert (picture[100, 100] == 255).all()
    assert (picture[100, 32] == (200, 40, 40)).all()
    assert (picture[100, 4] == 255).all(), "a narrow picture is not stretched"
    list(sheet(SheetJob(folder=tmp_path / "people", out=out, columns=2, height=64, most=1)))
    assert Image.open(out).size == (64, 64)


@pytest.mark.parametrize(
    ("wishes", "error", "says"),
    [
        ({"columns": 0}, UsageError, "--columns is within"),
        ({"height": 5}, UsageError, "--height"),
        ({"most": 0}, UsageError, "--most"),
        ({"out": Path("sheet.gif")}, UsageError, "ends on"),
        ({"out": Path("sheet")}, UsageError, "ends on"),
        ({"out": Path("no/such/sheet.jpg")}, OutputError, "does not exist"),
        ({"folder": Path("nobody")}, InputError, "no pictures of people"),
    ],
)
def test_a_sheet_that_cannot_be_is_refused(
    two: tuple[Path, list[Event], list[Event], float],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    wishes: dict,
    error: type[OmoteError],
    says: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=says):
        list(sheet(SheetJob(**({"folder": two[0], "out": Path("sheet.jpg")} | wishes))))  # type: ignore[arg-type]
    assert left(tmp_path) == set()


def test_a_damaged_picture_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "people" / "000000"
    folder.mkdir(parents=True)
    (folder / "000_rgb.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(InputError, match="000_rgb"):
        list(sheet(SheetJob(folder=tmp_path / "people", out=tmp_path / "sheet.jpg")))
    assert left(tmp_path) == {"people"}


def test_a_sheet_does_not_overwrite_a_picture_that_it_shows(
    two: tuple[Path, list[Event], list[Event], float], tmp_path: Path
) -> None:
    folder = tmp_path / "people" / "000000"
    folder.mkdir(parents=True)
    Image.new("RGB", (8, 8)).save(folder / "000_rgb.png")
    with pytest.raises(UsageError, match="one of the inputs"):
        list(sheet(SheetJob(folder=tmp_path / "people", out=folder / "000_rgb.png")))
