"""The job of `omote dance`: a photograph and a piece of music become a dancing video."""

from collections.abc import Generator
from dataclasses import dataclass, replace
from fractions import Fraction
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import tyro

from omote.app.events import Event, Note, Pace
from omote.app.job import Ingredient, Job
from omote.core.errors import InputError, UsageError
from omote.guard.provenance.manifest import Relation

if TYPE_CHECKING:
    from omote.app.studio import Studio
    from omote.make.dance.dancing_portrait import Performance
    from omote.parts.media.sound import Sound
    from omote.parts.render.rasteriser import Rasteriser


@dataclass(frozen=True, kw_only=True)
class DanceJob(Job):
    """Make the person of a photograph dance in time with a piece of music.

    Whoever is in the photograph must have agreed: `omote consent new` records it. A person cut at the waist or the
    knees dances with what is visible. The same command resumes what was interrupted.

    Examples:
      omote dance me.jpg song.mp3 -o dance.mp4
      omote dance me.jpg song.mp3 -o dance.mp4 --style disco --seed 7 --size vertical --seconds 20
      omote dance group.jpg song.mp3 -o dance.webm --person 2 --background transparent
      omote dance me.jpg song.mp3 -o trial.mp4 --test-only
    """

    verb: ClassVar[str] = "dance"
    system: ClassVar[str] = "dancing-portrait"

    photo: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="PHOTO")]
    """A photograph of one or more standing people; a PNG's transparency says what is the person."""
    music: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="MUSIC")]
    """A sound file, or a video with sound."""
    style: str = "auto"
    """auto, pop, disco, hip-hop, bon-odori or waltz."""
    seed: int = 0
    """Another seed, another choreography."""
    size: str = "vertical"
    """720p, 1080p, vertical (720x1280), vertical-1080p, square, preview, or WIDTHxHEIGHT."""
    fps: Annotated[float, tyro.conf.arg(metavar="N")] = 30
    """Frames per second."""
    background: str = "studio"
    """studio, transparent, a colour as #203040, or a picture."""
    person: int = 1
    """Which person of the photograph, counted from the left."""
    start: float = 0
    """Seconds of the music to leave out."""
    seconds: float | None = None
    """How much of the music to dance; all of it by default."""
    bpm: float | None = None
    """Beats per minute, if the music's own are heard wrongly."""
    offset: float | None = None
    """Seconds at which a beat falls, if they are heard wrongly."""
    codec: Literal["h264", "h265"] = "h264"
    """For .mp4 and .mov."""
    crf: int | None = None
    """Quality of the encoder: lower is better and larger."""
    backend: Literal["auto", "gl", "numba"] = "auto"
    """What draws: OpenGL, or code of our own that needs no driver."""

    def ingredients(self) -> tuple[Ingredient, ...]:
        """Return the photograph, the music, and the background if it is a picture."""
        from omote.app import wishes

        behind = wishes.background_file(self.background)
        return (
            Ingredient(role="photo", path=self.photo, likeness=True),
            Ingredient(role="music", path=self.music, relation=Relation.COMPONENT),
            *([Ingredient(role="background", path=behind, relation=Relation.COMPONENT)] if behind else []),
        )

    def describe(self) -> str:
        """Return what the manifest says."""
        return "A person's photograph was animated to dance to a piece of music."

    def check(self) -> None:
        """Refuse wishes that make no sense.

        Raises:
            UsageError: which one, and what is possible.
        """
        from omote.app import wishes
        from omote.make.dance.routine import STYLES

        if self.person < 1:
            raise UsageError(f"--person counts from 1 at the left; {self.person} came")
        if self.seed < 0:
            raise UsageError(f"--seed is 0 or more; {self.seed} came")
        if not all(map(isfinite, (self.start, self.seconds or 0, self.offset or 0))):
            raise UsageError("--start, --seconds and --offset are numbers of seconds")
        if self.start < 0 or (self.seconds is not None and self.seconds <= 0):
            raise UsageError("--start is 0 or more and --seconds above 0")
        if self.bpm is not None and not 30 <= self.bpm <= 300:
            raise UsageError(f"--bpm is within 30 to 300; {self.bpm:g} came")
        if not 1 <= self.fps <= 120:
            raise UsageError(f"--fps is within 1 to 120; {self.fps:g} came")
        wishes.size(self.size)
        wishes.colour(self.background)
        wishes.encoding(self.out, transparent=self.transparent, codec=self.codec, crf=self.crf)
        if self.style not in ("auto", *STYLES):
            raise UsageError(f"--style is one of auto, {', '.join(STYLES)}; {self.style!r} came")

    @property
    def transparent(self) -> bool:
        """Whether the result has no background."""
        return self.background == "transparent"

    def make(self, studio: "Studio") -> Generator[Event, None, Path]:
        """Fit the avatar, listen, choreograph, render."""
        from omote.app import wishes
        from omote.app.avatars import avatar_of
        from omote.app.film import film
        from omote.app.motions import load_motion, save_motion
        from omote.make.dance.dancing_portrait import Config, DancingPortrait
        from omote.parts.media.sound import read_sound

        portrait = DancingPortrait(
            Config(
                style=self.style,
                seed=self.seed,
                fps=Fraction(self.fps).limit_denominator(1001),
                size=wishes.size(self.size),
                background=wishes.background(self.background),
                backend=self.backend,
                bpm=self.bpm,
                offset=self.offset,
            )
        )
        sound = _cut(read_sound(self.music), self.start, self.seconds, self.music)
        avatar = yield from avatar_of(studio, portrait, self.photo, self.person)
        studio.stop.check()
        listening = Pace("music and dance", 1)
        yield listening.step(0)
        heard = portrait.listen(sound)
        motion = studio.work.load(
            "motion.safetensors",
            lambda path: save_motion(portrait.choreograph(heard, upper_body=avatar.extent != "whole"), path),
            load_motion,
        )
        yield listening.step()
        for text in (*heard.notes, *avatar.notes):
            yield Note(text=text)
        if self.person > 1:
            yield Note(
                text=f"consent covers the photograph and names no place in it: person {self.person} from the left must "
                "be the one who agreed"
            )
        studio.report.update(portrait.figures(heard, motion))
        performance = portrait.perform(avatar, motion)
        with _rasteriser(performance, studio) as rasteriser:
            for text in rasteriser.notes:
                yield Note(text=text)
            return (
                yield from film(
                    studio,
                    lambda first, last: performance.drawn(rasteriser, first, last),
                    total=len(performance),
                    fps=portrait.config.fps,
                    size=portrait.config.size,
                    encoding=wishes.encoding(self.out, transparent=self.transparent, codec=self.codec, crf=self.crf),
                    out=self.out,
                    sound=sound,
                )
            )


def _rasteriser(performance: "Performance", studio: "Studio") -> "Rasteriser":
    """Open a rasteriser, the one that an interrupted run drew with: two of them differ in the last bit."""
    opened = performance.rasteriser()
    kept = studio.work.keep("rasteriser", lambda path: path.write_text(opened.backend)).read_text()
    if kept == opened.backend:
        return opened
    opened.close()
    return performance.rasteriser("gl" if kept == "gl" else "numba")


def _cut(sound: "Sound", start: float, seconds: float | None, path: Path) -> "Sound":
    """Return a part of a piece of music."""
    first = round(start * sound.rate)
    last = sound.samples.shape[1] if seconds is None else first + round(seconds * sound.rate)
    samples = sound.samples[:, first:last]
    if samples.shape[1] < sound.rate // 10:
        raise InputError(
            f"{path} lasts {float(sound.duration):.1f} s, so nothing of it is left after --start {start:g}"
        )
    return replace(sound, samples=samples)
