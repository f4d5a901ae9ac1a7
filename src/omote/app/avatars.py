"""Prepare a person once: avatars are kept in the user's cache, by the photograph's hash.

Fitting takes the better part of a minute; dancing to another song should not. The cache is this user's alone
(mode 0700), holds the latest few, and `$OMOTE_CACHE` moves it. A cached avatar opens no door: each job still asks for
consent.
"""

import os
import shutil
from collections.abc import Generator
from pathlib import Path

from omote.app.events import Event, Note, Pace
from omote.app.studio import Studio
from omote.app.workspace import digest
from omote.core.weights import sha256
from omote.make.dance.dancing_portrait import DancingPortrait
from omote.parts.body.avatar import LAYOUT, Avatar
from omote.parts.media.pictures import read_picture

KEPT = 16
"""Avatars in the cache at most."""


def shelf() -> Path:
    """Return the folder of cached avatars."""
    if chosen := os.environ.get("OMOTE_CACHE"):
        return Path(chosen) / "avatars"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "omote" / "avatars"


def avatar_of(studio: Studio, portrait: DancingPortrait, photo: Path, person: int) -> Generator[Event, None, Avatar]:
    """Return the avatar of a person in a photograph: from the workspace, the cache, or made now.

    Raises:
        NobodyError: there is no such person.
        InputError: the photograph cannot be used.
    """
    pace = Pace("person", 1)
    yield pace.step(0)
    cached = shelf() / f"{digest({'photo': sha256(photo), 'person': person, 'layout': LAYOUT})[:32]}.safetensors"

    def make(path: Path) -> None:
        if cached.is_file():
            shutil.copyfile(cached, path)
            os.utime(cached)
            return
        picture = read_picture(photo)
        portrait.avatar(picture.rgb, picture.alpha, person=person).save(path)

    kept = studio.work.keep("avatar.safetensors", make)
    avatar = Avatar.load(kept)
    if not cached.is_file():
        try:
            _remember(kept, cached)
        except OSError as error:
            yield Note(text=f"the avatar is not cached for the next time: {error.strerror}")
    yield pace.step()
    return avatar


def _remember(made: Path, cached: Path) -> None:
    """Put an avatar into the cache and drop the ones not used for longest."""
    cached.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = cached.with_suffix(f".part{os.getpid()}")
    shutil.copyfile(made, part)
    part.replace(cached)
    for old in sorted(cached.parent.glob("*.safetensors"), key=lambda p: p.stat().st_mtime)[:-KEPT]:
        old.unlink(missing_ok=True)
