"""`inspect` against hostile files: a report or one clear sentence, never a crash."""

from pathlib import Path

import pytest

from hostile_cases import PICTURES, SOUNDS, VIDEOS, Case
from omote.app.provenance import inspect
from omote.core.errors import InputError
from omote.parts.media.video import VideoSource

pytestmark = pytest.mark.usefixtures("user")


@pytest.mark.parametrize("case", [*PICTURES, *SOUNDS, *VIDEOS], ids=lambda c: c.name)
def test_any_file_gives_a_report_or_a_sentence(case: Case, tmp_path: Path) -> None:
    path = case.make(tmp_path)
    said = ""
    try:
        report = inspect(path)
    except InputError as error:
        said = str(error)
    else:
        assert not report.found
        said = report.text()
    assert len(said) > 15


@pytest.mark.parametrize("case", VIDEOS, ids=lambda c: c.name)
def test_videos_are_read_or_refused(case: Case, tmp_path: Path) -> None:
    path = case.make(tmp_path)
    if case.error is None:
        times = [frame.time for frame in VideoSource(path)]
        assert times == sorted(set(times))
        assert times[0] == 0
    else:
        with pytest.raises(case.error):
            list(VideoSource(path))
