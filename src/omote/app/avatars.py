"""Prepare a person once: an avatar is kept in the workspace, and for the next song in the user's cache.

Fitting takes the better part of a minute; dancing to another song should not. A cached avatar opens no door: each job
still asks for consent, and trials without a consent record leave nothing in the cache.
"""

import os
import shutil
from collections.abc import Generator
from pathlib import Path

from omote import __version__
from omote.app import shelf
from omote.app.events import Event, Note, Pace
from omote.app.studio import Studio
from omote.core.errors import InputError
from omote.core.weights import sha256
from omote.make.dance.dancing_portrait import DancingPortrait
from omote.parts.body.avatar import LAYOUT, Avatar
from omote.parts.media.pictures import read_picture


def avatar_of(studio: Studio, portrait: DancingPortrait, photo: Path, person: int) -> Generator[Event, None, Avatar]:
    """Return the avatar of a person in a photograph: from the workspace, the cache, or made now.

    Raises:
        NobodyError: there is no such person.
        InputError: the photograph cannot be used.
    """
    pace = Pace("person", 1)
    yield pace.step(0)
    cached = shelf.place_of(sha256(photo), person=person, layout=LAYOUT, omote=__version__)

    def make(path: Path) -> None:
        if _is_sound(cached):
            shutil.copyfile(cached, path)
            os.utime(cached)
            return
        picture = read_picture(photo)
        portrait.avatar(picture.rgb, picture.alpha, person=person).save(path)

    avatar = studio.work.load("avatar.safetensors", make, Avatar.load)
    if not studio.test_only and not cached.is_file():
        try:
            shelf.remember(studio.work.path("avatar.safetensors"), cached)
        except OSError as error:
            yield Note(text=f"the avatar is not cached for the next time: {error.strerror}")
    yield pace.step()
    return avatar


def _is_sound(cached: Path) -> bool:
    """Return whether an avatar is cached; a damaged one is removed."""
    if not cached.is_file():
        return False
    try:
        Avatar.load(cached)
    except InputError:
        cached.unlink(missing_ok=True)
        return False
    return True
