"""The job of `omote demo`: the main job on a person and a song that the product makes itself."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from omote.app.dance import DanceJob
from omote.app.events import Event, Note, Pace
from omote.core.errors import ConsentError, OutputError, UsageError

if TYPE_CHECKING:
    from omote.app.studio import Stop


@dataclass(frozen=True, kw_only=True)
class DemoJob:
    """Show the main job: draw a synthetic person, compose a song, and make the one dance to the other.

    Nobody real is involved, so no consent is needed; the demo's own record covers its own picture and nothing else.

    Examples:
      omote demo
      omote demo --seed 3 --style bon-odori --seconds 30 --size 720p
    """

    folder: Annotated[Path, tyro.conf.arg(aliases=["-o"], metavar="FOLDER")] = Path("outputs/demo")
    """Where picture, song and video go."""
    seed: int = 0
    """Another seed, another person, song and choreography."""
    style: str = "auto"
    """auto, pop, disco, hip-hop, bon-odori or waltz."""
    seconds: float = 16
    """How long the song is; 4 or more."""
    size: str = "vertical"
    """720p, 1080p, vertical (720x1280), vertical-1080p, square, preview, or WIDTHxHEIGHT."""
    device: str = "auto"
    """auto, cpu, cuda or cuda:N."""

    @property
    def out(self) -> Path:
        """The video."""
        return self.folder / "dance.mp4"


def run(demo: DemoJob, stop: "Stop | None" = None) -> Iterator[Event]:
    """Run the demo; yield what happens.

    Raises:
        UsageError: a wish that makes no sense.
        OutputError: the folder cannot be made.
        Interrupted: `stop` was raised; the same demo resumes.
    """
    from omote.app.jobs import run as run_job
    from omote.core.weights import sha256
    from omote.guard.provenance import consent
    from omote.parts.data.portrait import synthetic_person
    from omote.parts.data.song import demo_song
    from omote.parts.media.pictures import write_picture
    from omote.parts.media.sound import Sound, write_sound

    if not 4 <= demo.seconds <= 600:
        raise UsageError(f"--seconds is within 4 to 600; {demo.seconds:g} came")
    if demo.seed < 0:
        raise UsageError(f"--seed is 0 or more; {demo.seed} came")
    try:
        demo.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{demo.folder} cannot be made: {error.strerror}") from error
    _check_ours(demo)
    photo, music = demo.folder / "person.png", demo.folder / "song.wav"
    pace = Pace("synthetic person and song", 2)
    yield pace.step(0)
    fresh = demo.folder / ".person.png"
    write_picture(fresh, synthetic_person(demo.seed).rgb)
    record = consent.write(consent.demo_record([sha256(fresh)]), demo.folder / "consent.json")
    fresh.replace(photo)
    yield pace.step()
    song = demo_song(demo.seconds, seed=demo.seed)
    write_sound(music, Sound(samples=song.samples, rate=song.rate))
    yield pace.step()
    yield Note(text=f"{photo} shows nobody real; {music} was composed for this demo")
    job = DanceJob(
        photo=photo,
        music=music,
        out=demo.out,
        consent=(record,),
        style=demo.style,
        seed=demo.seed,
        size=demo.size,
        device=demo.device,
    )
    yield from run_job(job, stop)


def _check_ours(demo: DemoJob) -> None:
    """Refuse a folder with files of these names that no demo made; a demo's folder has its consent record.

    Raises:
        OutputError: they would be overwritten.
    """
    from omote.guard.provenance.consent_record import Purpose, read

    names = [demo.folder / name for name in ("person.png", "song.wav", "consent.json", demo.out.name)]
    there = [path for path in names if path.exists()]
    if not there:
        return
    try:
        ours = read(demo.folder / "consent.json").purpose is Purpose.DEMO
    except ConsentError:
        ours = False
    if not ours:
        raise OutputError(f"{there[0]} was not made by the demo and would be lost; choose another folder")
