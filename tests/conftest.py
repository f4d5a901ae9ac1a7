"""Shapes in signatures are checked while tests run, and only then; and what users have, for tests that need it."""

import os
from pathlib import Path

import jaxtyping
import pytest

os.environ.setdefault("OMP_NUM_THREADS", "2")
jaxtyping.install_import_hook("omote", "typechecker.check")

DATA = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of public data beside the project; tests that need it skip, aloud, where it is absent."""
    if not DATA.is_dir():
        pytest.skip("the data set (../shared/data) is not on this machine")
    return DATA


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which home and cache lie."""
    return tmp_path_factory.mktemp("user")


@pytest.fixture
def user(place: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment of commands that a test starts."""
    monkeypatch.setenv("OMOTE_HOME", str(place / "home"))
    monkeypatch.setenv("OMOTE_CACHE", str(place / "cache"))
    return dict(os.environ)


@pytest.fixture(scope="session")
def photo(place: Path) -> Path:
    """A whole synthetic person."""
    from omote.parts.data.portrait import synthetic_person
    from omote.parts.media.pictures import write_picture

    path = place / "person.png"
    write_picture(path, synthetic_person(0).rgb)
    return path


@pytest.fixture(scope="session")
def music(place: Path) -> Path:
    """Six seconds of the demo's song."""
    from omote.parts.data.song import demo_song
    from omote.parts.media.sound import Sound, write_sound

    song = demo_song(6.0)
    path = place / "song.wav"
    write_sound(path, Sound(samples=song.samples, rate=song.rate))
    return path


@pytest.fixture
def record(photo: Path, place: Path, user: dict[str, str]) -> Path:
    """The demo's consent record for the photograph."""
    from omote.core.weights import sha256
    from omote.guard.provenance import consent

    return consent.write(consent.demo_record([sha256(photo)]), place / "record.json")


@pytest.fixture
def cached(photo: Path, music: Path, record: Path, place: Path) -> None:
    """The person's avatar in the cache, where a job with consent leaves it: trials only read there."""
    from omote.app.dance import DanceJob
    from omote.app.jobs import run

    if not (place / "cache").exists():
        tiny = {"size": "64x64", "fps": 4.0, "seconds": 1.0, "backend": "numba"}
        list(run(DanceJob(photo=photo, music=music, out=place / "first.mp4", consent=(record,), **tiny)))  # type: ignore[arg-type]
