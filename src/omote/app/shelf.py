"""The cache of avatars: the latest few people that were prepared, so that the next song takes seconds to begin.

A file's name begins with the SHA-256 of the photograph, so that a likeness is found and removed when the consent to it
is withdrawn. The cache is this user's alone (mode 0700), and `$OMOTE_CACHE` moves it.
"""

import os
import shutil
from pathlib import Path

from omote.app.workspace import digest, settle

KEPT = 16
"""Avatars in the cache at most."""
_DIGITS = 32
"""Of a photograph's SHA-256 in a name."""


def folder() -> Path:
    """Return the folder of cached avatars."""
    if chosen := os.environ.get("OMOTE_CACHE"):
        return Path(chosen) / "avatars"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "omote" / "avatars"


def place_of(photo_sha256: str, **made: object) -> Path:
    """Return where the avatar of a photograph is cached.

    Args:
        photo_sha256: of the photograph.
        made: what else the avatar depends on.
    """
    return folder() / f"{photo_sha256[:_DIGITS]}-{digest(made)[:16]}.safetensors"


def remember(made: Path, cached: Path) -> None:
    """Put an avatar into the cache and drop the ones not used for longest."""
    cached.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = cached.with_suffix(f".part{os.getpid()}")
    shutil.copyfile(made, part)
    settle(part)
    part.replace(cached)
    for old in sorted(cached.parent.glob("*.safetensors"), key=lambda p: p.stat().st_mtime)[:-KEPT]:
        old.unlink(missing_ok=True)


def forget(photo_sha256: str = "") -> None:
    """Remove what is cached of a photograph; of every photograph if none is named."""
    for path in folder().glob("*"):
        if path.name.startswith(photo_sha256[:_DIGITS]):
            path.unlink(missing_ok=True)
