"""Dancing Portrait: the person of one photograph dances in time with a piece of music.

Source: AIST and Waseda University (Morishima laboratory), *Dancing Portrait*, OngaACCEL project, as shown in the
lecture: background removal, a textured body, a skeleton, and animation that keeps to the beat. No paper gives its
numbers. Here the body is a parametric model fitted to the photograph, whose outline and texture are taken from it; the
dance is made of parametric moves phrased by the music's bars; every frame is a function of its number alone.

Notation: `t` frames, `v` vertices, `j` bones.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float32, Float64, UInt8
from numpy import ndarray
from scipy.ndimage import gaussian_filter1d

from omote.core.errors import InputError, UsageError
from omote.core.frame import Frame
from omote.make.dance import choreography, music
from omote.make.dance.routine import STYLES
from omote.parts.body.avatar import Avatar
from omote.parts.body.motion import Motion, forward_kinematics, retarget, skinning_transforms
from omote.parts.body.photo_to_avatar import make_avatar
from omote.parts.body.skinning import skin_fast
from omote.parts.media.sound import Sound
from omote.parts.metrics import beats
from omote.parts.render.background import Background, Gradient
from omote.parts.render.ground import Ground
from omote.parts.render.rasteriser import Look, Rasteriser, open_rasteriser
from omote.parts.space.camera import Camera, look_at

Backend = Literal["auto", "gl", "numba"]
_BLOCK = 64
"""Frames that are retargeted at once."""
_FIELD_OF_VIEW = np.radians(28).item()
"""Across the picture's height: a portrait lens from a few metres."""
_AIR = 0.04
"""Free space around the dance, in its heights."""
_GLIDE = 0.7
"""Seconds over which the dancer's travel is smoothed into the camera's."""
_RIM = 0.01
"""How far below the picture the edge of the photograph stays, in picture heights: frames between those looked at."""
_RAISED = 0.06
"""How much higher than the middle of the dance the camera stands, per metre of distance: the floor is seen."""


@dataclass(frozen=True, kw_only=True)
class Config:
    """What the dance and the picture look like."""

    style: str = "auto"
    """One of `routine.STYLES`, or `auto` to choose by the music."""
    seed: int = 0
    """Another seed, another choreography."""
    fps: Fraction = Fraction(30)
    """Frames per second."""
    size: tuple[int, int] = (1280, 720)
    """(height, width) in pixels."""
    background: Background = field(default_factory=Gradient)
    """What is behind the dancer."""
    floor: bool = True
    """Whether a shadow falls on a floor; there is none under a person cut off above the feet."""
    backend: Backend = "auto"
    """Which rasteriser draws."""
    bpm: float | None = None
    """Beats per minute, where the music's own are not to be believed."""
    offset: float | None = None
    """Seconds of a beat, where the music's own are not to be believed."""

    def __post_init__(self) -> None:
        if self.style not in ("auto", *STYLES):
            raise UsageError(f"style {self.style!r} is not one of auto, {', '.join(STYLES)}")
        if not 1 <= self.fps <= 120:
            raise UsageError(f"{float(self.fps):g} frames per second are not within 1 to 120")


class Performance:
    """An avatar that dances a motion before a camera; any frame, in any order, always the same."""

    def __init__(self, avatar: Avatar, motion: Motion, config: Config) -> None:
        self.avatar, self.motion, self.config = avatar, motion, config

    def __len__(self) -> int:
        return len(self.motion)

    def vertices(self, first: int, last: int) -> Iterator[Float32[ndarray, "v 3"]]:
        """Yield the posed body of frames `first` to `last` - 1, world metres."""
        for start in range(first, last, _BLOCK):
            part = self.motion[start : min(start + _BLOCK, last)]
            for transforms in skinning_transforms(retarget(part, self.avatar.rig), self.avatar.rig):
                yield skin_fast(self.avatar.mesh.vertices, self.avatar.skin, transforms)

    def camera(self, frame: int) -> Camera:
        """Return the camera of a frame: it sees the whole dance and glides along with the dancer's slow travel."""
        pose = self._standing.world_from_camera.copy()
        pose[0, 3] += self._travel[frame]
        return replace(self._standing, world_from_camera=pose)

    @cached_property
    def _travel(self) -> Float64[ndarray, " t"]:
        """Where the dancer is sideways, without the quick to and fro, metres."""
        hips = self.motion.root[:, 0].astype(np.float64) * self.avatar.hip_height
        return gaussian_filter1d(hips, _GLIDE * self.motion.fps, mode="nearest")

    @cached_property
    def _standing(self) -> Camera:
        """The camera for a dancer who does not travel; of a cut person it sees what the photograph showed."""
        whole = self.avatar.extent == "whole"
        rest, cut = self.avatar.mesh.vertices, self.avatar.cut
        looked_at = range(0, len(self), max(1, len(self) // 200))
        bodies = np.stack([next(self.vertices(t, t + 1)) for t in looked_at])
        bodies[..., 0] -= self._travel[looked_at, None].astype(np.float32)
        seen = bodies[:, np.flatnonzero(rest[:, 1] >= cut)[::7]]
        low, high = seen.min((0, 1)), seen.max((0, 1))
        air = _AIR * (high[1] - low[1])
        low, high = low - (air if whole else np.array([air, 0, air])), high + air
        height, width = self.config.size
        middle, half = (low + high) / 2, (high - low) / 2
        distance = max(half[1], half[0] * height / width) / np.tan(_FIELD_OF_VIEW / 2) + half[2]
        eye = middle + np.array([0.0, _RAISED * distance if whole else 0.0, distance])
        camera = look_at(eye, middle, size=self.config.size, fov=_FIELD_OF_VIEW)
        if whole:
            return camera
        hidden, _ = camera.project(bodies[:, (rest[:, 1] < cut) & ~self._arms])
        down = height * (1 + _RIM) - hidden[..., 1].min()  # where the photograph ended must never rise into view
        return replace(camera, centre=(camera.centre[0], camera.centre[1] + down))

    @cached_property
    def _arms(self) -> Bool[ndarray, " v"]:
        """Which vertices belong to the arms: hanging hands may reach below the edge of the photograph."""
        rig = self.avatar.rig
        arm = np.zeros(len(rig.names), bool)
        for bone, parent in enumerate(rig.parents):
            starts = bone in (rig.bone_of["LeftArm"], rig.bone_of["RightArm"])
            arm[bone] = starts or (parent >= 0 and arm[parent])
        return arm[self.avatar.skin.bones[:, 0]]

    def rasteriser(self, backend: Backend | None = None) -> Rasteriser:
        """Open what draws the frames, by default as the configuration says; close it when done."""
        ground = Ground() if self.config.floor and self.avatar.extent == "whole" else None
        look = Look(ground=ground, background=self.config.background)
        return open_rasteriser(self.avatar.mesh, self.camera(0), backend or self.config.backend, look=look)

    def frames(self, first: int = 0, last: int | None = None) -> Iterator[Frame]:
        """Yield frames `first` to `last` - 1."""
        with self.rasteriser() as rasteriser:
            yield from self.drawn(rasteriser, first, len(self) if last is None else last)

    def drawn(self, rasteriser: Rasteriser, first: int, last: int) -> Iterator[Frame]:
        """Yield frames `first` to `last` - 1, drawn by an open rasteriser."""
        for number, body in enumerate(self.vertices(first, last), first):
            rgba = rasteriser.draw(body, camera=self.camera(number))
            alpha = rgba[..., 3]
            yield Frame(
                rgb=np.ascontiguousarray(rgba[..., :3]),
                time=number / self.config.fps,
                alpha=None if alpha.min() == 255 else np.ascontiguousarray(alpha),
            )


class DancingPortrait:
    """Makes the person of a photograph dance."""

    def __init__(self, config: Config = Config()) -> None:
        self.config = config

    def avatar(
        self, rgb: UInt8[ndarray, "h w 3"], alpha: UInt8[ndarray, "h w"] | None = None, *, person: int = 1
    ) -> Avatar:
        """Return the body of a person in a photograph, with rig and texture.

        Args:
            rgb: the photograph.
            alpha: what of it is the person, if that is known.
            person: counted from the left, from 1.

        Raises:
            NobodyError: there is no such person.
        """
        return make_avatar(rgb, alpha, person=person)

    def listen(self, sound: Sound) -> music.Music:
        """Return beats, bars and sections of a piece of music."""
        return music.analyse(sound.samples, sound.rate, bpm=self.config.bpm, offset=self.config.offset)

    def choreograph(self, heard: music.Music, *, upper_body: bool = False) -> Motion:
        """Return a dance as long as the music.

        Args:
            heard: the music.
            upper_body: whether the person is cut off above the feet, so that steps would not be seen.
        """
        return choreography.choreograph(
            heard, self.config.style, self.config.seed, float(self.config.fps), upper_body=upper_body
        )

    def figures(self, heard: music.Music, motion: Motion) -> dict[str, str]:
        """Return what a user wants to know of the music and of how the dance keeps to it."""
        found = beats.kinematic_beats(forward_kinematics(motion), motion.fps)
        return {
            "music": f"{heard.tempo:.0f} beats a minute, {heard.meter} in a bar, confidence {heard.confidence:.2f}",
            "dance": f"{len(motion)} frames; BeatAlign {beats.beat_align(found, heard.beats):.2f} (1 = on every beat)",
        }

    def perform(self, avatar: Avatar, motion: Motion) -> Performance:
        """Return the dance as frames to be asked for by number."""
        return Performance(avatar, motion, self.config)

    def stream(self, frames: Iterable[Frame], source: Sound) -> Iterator[Frame]:
        """Yield the dancing video.

        Args:
            frames: the photograph, as a stream of one frame; further ones are not looked at.
            source: the music.

        Raises:
            InputError: no frame came.
            NobodyError: nobody is in it.
        """
        photo = next(iter(frames), None)
        if photo is None:
            raise InputError("a dancing portrait needs a photograph, but no frame came")
        avatar = self.avatar(photo.rgb, photo.alpha)
        motion = self.choreograph(self.listen(source), upper_body=avatar.extent != "whole")
        return self.perform(avatar, motion).frames()
