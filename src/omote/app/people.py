"""The jobs of `omote people`: folders of synthetic people with their truth, and a contact sheet of them.

Nobody real is involved, so that no consent is asked for. Each person's folder appears whole and sealed, or not at all;
the same command again makes those that are missing. Pictures carry no watermark, which would falsify the truth.
"""

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro

from omote import __version__
from omote.app.events import Event, Finished, Pace, Started
from omote.app.jobs import credentials, disk_errors
from omote.core.errors import InputError, OutputError, UsageError
from omote.guard.provenance.manifest import SourceType, Statement
from omote.guard.provenance.sealing import seal_output

if TYPE_CHECKING:
    from omote.app.studio import Stop

MANIFEST = "people.json"
"""What a folder of people holds beside them: how they were asked for."""
BEING_MADE = ".making"
"""Folder of the person who is being made."""


@dataclass(frozen=True, kw_only=True)
class PeopleJob:
    """Make synthetic adults: geometry, pictures from all sides, and the truth about every pixel.

    Each gets a folder of their own, named after their seed: person.glb, person.json (who they are, joints, face points,
    families), transforms.json (cameras) and for each view rgb, albedo, normal, depth, label, mask and occlusion.
    The same command again makes what is missing. The format: docs/people.md.

    Examples:
      omote people make -n 20 -o people
      omote people make -n 1000 --seed 5000 --without coat dress --pose walking --light studio -o walkers
      omote people make -n 100 --views 0 --no-glb -o records        (who they are, without pictures)
    """

    out: Annotated[Path, tyro.conf.arg(aliases=["-o"], metavar="FOLDER")]
    """Where the people go."""
    count: Annotated[int, tyro.conf.arg(aliases=["-n"])] = 10
    """How many."""
    seed: int = 0
    """Of the first; the others count on from it."""
    views: int = 4
    """Pictures of each, from all around; 0: none."""
    size: int = 512
    """Height and width of the pictures, pixels."""
    rig: Literal["perspective", "orthographic"] = "perspective"
    """How the cameras see."""
    face: bool = False
    """Add a close view of the face."""
    light: str = "any"
    """any, or a kind of surroundings: clear, overcast, evening, studio, room, night."""
    background: Literal["place", "grey", "none"] = "place"
    """What is behind: the surroundings, plain grey, or nothing (black)."""
    pose: str | None = None
    """A family of poses; any if left out."""
    expression: str | None = None
    """A family of expressions; any if left out."""
    hair: str | None = None
    """A family of hair; any if left out."""
    without: tuple[str, ...] = ()
    """Families of garments, hats, glasses and bags that nobody wears: held out for a test."""
    texture: int = 1024
    """Texels along a side of the textures of skin and clothes."""
    glb: bool = True
    """Write person.glb."""

    def check(self) -> None:
        """Refuse, before anything costly, what cannot work.

        Raises:
            UsageError: a wish that makes no sense.
            OutputError: the folder holds other things.
        """
        from omote.parts.data.people.accessories import clothes_among
        from omote.parts.data.people.expressions import EXPRESSIONS
        from omote.parts.data.people.families import FAMILIES as POSES
        from omote.parts.data.people.hair import STYLES
        from omote.parts.data.people.wardrobe import left_to_wear
        from omote.parts.render.places import KINDS

        for name, low, high in (
            ("count", 1, 1_000_000), ("seed", 0, 2**31), ("views", 0, 360), ("size", 32, 4096), ("texture", 64, 4096)
        ):  # fmt: skip
            if not low <= getattr(self, name) <= high:
                raise UsageError(f"--{name} is within {low} to {high}; {getattr(self, name)} came")
        for name, known in (("pose", POSES), ("expression", EXPRESSIONS), ("hair", STYLES)):
            if (chosen := getattr(self, name)) is not None and chosen not in known:
                raise UsageError(f"there is no --{name} {chosen!r}; there are {', '.join(known)}")
        left_to_wear(clothes_among(self.without))
        if self.light != "any" and self.light not in KINDS:
            raise UsageError(f"there is no --light {self.light!r}; there are any, {', '.join(KINDS)}")

    def wishes(self) -> dict[str, Any]:
        """Return what decides how each person looks, as plain data."""
        apart = {"out", "count", "seed"}
        wishes = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in apart}
        return {"omote": __version__} | wishes | {"without": sorted(set(self.without))}


@dataclass(frozen=True, kw_only=True)
class SheetJob:
    """Put the first pictures of a folder of people onto one sheet.

    Example: omote people sheet people -o people.jpg
    """

    folder: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="FOLDER")]
    """What `omote people make` wrote."""
    out: Annotated[Path, tyro.conf.arg(aliases=["-o"], metavar="FILE")] = Path("people.jpg")
    """The picture: JPEG, PNG or WebP."""
    columns: int = 8
    """People side by side."""
    height: int = 320
    """Of each picture, pixels."""
    most: int = 64
    """No more people than this."""


def make(job: PeopleJob, stop: "Stop | None" = None) -> Iterator[Event]:
    """Make people; yield what happens.

    Raises:
        UsageError: a wish that makes no sense.
        OutputError: the folder cannot be written or holds other things.
        Interrupted: `stop` was raised; the same job goes on.
    """
    from omote.app.studio import Stop
    from omote.core import device
    from omote.parts.body.anny import BodyModel

    stop = stop or Stop()
    device.keep_memory()
    job.check()
    notes = [*credentials()]
    with disk_errors(job.out):
        resumed = _open(job)
        yield Started(verb="people", out=job.out, resumed=resumed)
        yield from notes
        folders = [job.out / f"{job.seed + k:06d}" for k in range(job.count)]
        missing = [folder for folder in folders if not folder.is_dir()]
        for folder in missing:
            if folder.exists():
                raise OutputError(f"{folder} is in the way of the person of that number; move it elsewhere")
        pace = Pace("people", job.count, job.count - len(missing))
        yield pace.step(0)
        model = BodyModel.load() if missing else None
        for folder in missing:
            stop.check()
            assert model is not None
            _make_one(job, model, int(folder.name), folder)
            yield pace.step()
    yield Finished(out=job.out, files=tuple(folders), report={"people": job.count})


def _open(job: PeopleJob) -> bool:
    """Make the folder, or see that it was asked for with the same wishes; return whether somebody is in it."""
    import json

    from omote.parts.data.people.export import write_json

    asked = {"format": "omote people 1", "wishes": job.wishes()}
    held = job.out / MANIFEST
    if job.out.exists() and not job.out.is_dir():
        raise OutputError(f"{job.out} is a file where a folder of people is to be; choose another name")
    if job.out.is_dir() and any(job.out.iterdir()):
        try:
            before = json.loads(held.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            before = None
        if not isinstance(before, dict) or before.get("format") != asked["format"]:
            raise OutputError(f"{job.out} holds other things; choose a folder that is new or empty")
        if before.get("wishes") != asked["wishes"]:
            raise OutputError(
                f"the people in {job.out} were asked for otherwise (see {MANIFEST}); choose another folder"
            )
        shutil.rmtree(job.out / BEING_MADE, ignore_errors=True)
        return any(item.is_dir() for item in job.out.iterdir())
    job.out.mkdir(parents=True, exist_ok=True)
    write_json(held, asked)
    return False


def _make_one(job: PeopleJob, model: Any, seed: int, folder: Path) -> None:
    """Make one person in a folder aside, seal it, and move it to its place."""
    import numpy as np

    from omote.parts.body.face_points import face_points
    from omote.parts.data.people import export, views
    from omote.parts.data.people.person import Choice, make_person
    from omote.parts.render.buffers import render
    from omote.parts.render.places import place

    choice = Choice(pose=job.pose, expression=job.expression, hair=job.hair, without=job.without, texture=job.texture)
    person = make_person(model, seed, choice)
    work = job.out / BEING_MADE
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    export.write_json(
        work / "person.json", export.record(person, np.concatenate([face_points(model).at(person.body), person.irises]))
    )
    if job.glb:
        export.write_glb(person, work / "person.glb")
    cameras = views.around(person, job.views, (job.size, job.size), job.rig) if job.views else []
    cameras += [views.portrait(person, (job.size, job.size))] if job.face else []
    if cameras:
        subject, files = views.seen(person), []
        surroundings = place(seed, None if job.light == "any" else job.light)
        for number, camera in enumerate(cameras):
            buffers = render(subject, camera, surroundings.lights)
            behind = export.backdrop(job.background, surroundings, camera)
            files.append(export.write_view(work, number, buffers, buffers.srgb(behind)))
        export.write_json(work / "transforms.json", export.transforms(cameras, files) | {"light": surroundings.name})
    seal_output(work, _statement("A person who does not exist, drawn with the truth about every pixel.", job, seed))
    work.rename(folder)


def _statement(description: str, job: PeopleJob, seed: int) -> Statement:
    told = {k: str(v) for k, v in job.wishes().items()} | {"seed": seed}
    return Statement(verb="people", description=description, source_type=SourceType.ALGORITHMIC, parameters=told)


def sheet(job: SheetJob, stop: "Stop | None" = None) -> Iterator[Event]:
    """Make a contact sheet; yield what happens.

    Raises:
        InputError: there are no pictures of people in the folder.
        UsageError: a wish that makes no sense.
    """
    import numpy as np
    from PIL import Image, ImageOps

    from omote.app.placing import check_output
    from omote.parts.media.pictures import read_picture, write_picture

    if not (1 <= job.columns <= 100 and 32 <= job.height <= 2048 and 1 <= job.most <= 2000):
        raise UsageError("--columns is within 1 to 100, --height within 32 to 2048, --most within 1 to 2000")
    if job.out.suffix.lower() not in (".jpg", ".jpeg", ".png", ".webp"):
        raise UsageError(f"a sheet's name ends on .jpg, .png or .webp; {job.out} does not")
    pictures = sorted(job.folder.glob("*/000_rgb.png"))[: job.most] if job.folder.is_dir() else []
    if not pictures:
        raise InputError(f"{job.folder} holds no pictures of people; make some: omote people make -o {job.folder}")
    check_output(job.out, pictures)
    notes = [*credentials()]
    with disk_errors(job.out):
        yield Started(verb="people", out=job.out)
        yield from notes
        tiles = []
        for path in pictures:
            whole = Image.fromarray(read_picture(path).rgb)
            size = tiles[0].shape[1::-1] if tiles else (round(whole.width * job.height / whole.height), job.height)
            tiles.append(np.asarray(ImageOps.pad(whole, size, Image.Resampling.LANCZOS, "white")))
        columns = min(job.columns, len(tiles))
        tiles += [np.full_like(tiles[0], 255)] * (-len(tiles) % columns)
        rows = [np.concatenate(tiles[k : k + columns], 1) for k in range(0, len(tiles), columns)]
        told = Statement(verb="people", description="People who do not exist.", source_type=SourceType.ALGORITHMIC)
        with tempfile.TemporaryDirectory(prefix=f".{job.out.name}.", dir=job.out.parent) as scratch:
            fresh = Path(scratch) / job.out.name
            write_picture(fresh, np.concatenate(rows))
            seal_output(fresh, told)
            fresh.replace(job.out)
    yield Finished(out=job.out, files=(job.out,), report={"people": len(pictures)})
