"""The wishes of `omote dance`: what makes no sense is refused before anything is read."""

import math
from pathlib import Path

import pytest

from omote.app.dance import DanceJob
from omote.core.errors import UsageError


def dance(**wishes: object) -> DanceJob:
    return DanceJob(photo=Path("me.jpg"), music=Path("song.mp3"), out=Path("out.mp4"), **wishes)  # type: ignore[arg-type]


@pytest.mark.parametrize("wish", ["start", "seconds", "offset", "bpm", "fps"])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_numbers_that_are_none_are_refused(wish: str, value: float) -> None:
    with pytest.raises(UsageError, match=f"--{wish}"):
        dance(**{wish: value}).check()


@pytest.mark.parametrize("wish", [{"seed": -1}, {"person": 0}, {"start": -1.0}, {"seconds": 0.0}, {"crf": 99}])
def test_numbers_out_of_range_are_refused(wish: dict) -> None:
    with pytest.raises(UsageError):
        dance(**wish).check()


def test_a_copy_is_read_where_the_original_was_named() -> None:
    job = dance(background="wall.jpg").reading({"photo": Path("/w/photo"), "background": Path("/w/background")})
    assert (job.photo, job.music, job.background) == (Path("/w/photo"), Path("song.mp3"), "/w/background")
    assert [item.path for item in job.ingredients()] == [job.photo, job.music, Path("/w/background")]
