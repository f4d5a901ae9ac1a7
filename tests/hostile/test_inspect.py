"""`inspect` against hostile files: a report or one clear sentence, never a crash."""

from pathlib import Path

import pytest

from hostile_cases import PICTURES, SOUNDS, VIDEOS, Case
from omote.app.provenance import inspect
from omote.core.errors import InputError
from omote.guard.provenance.verdict import NOTHING
from omote.parts.media.video import VideoSource

pytestmark = pytest.mark.usefixtures("user")

REFUSED = {
    "missing": "does not exist",
    "empty": "is empty",
    "truncated": "cut short",
    "text": "is a file of unknown kind|is no video",
    "20,000 px": "no side may be over",
    "decompression bomb": "more pixels than",
    "unreadable": "permission",
}
"""Pictures and videos whose watermark cannot be looked for; of a sound nothing but the manifest is read."""


@pytest.mark.parametrize("case", [*PICTURES, *SOUNDS, *VIDEOS], ids=lambda c: c.name)
def test_any_file_gives_a_report_or_a_sentence(case: Case, tmp_path: Path) -> None:
    path = case.make(tmp_path)
    says = REFUSED.get(case.name)
    if says is None or (case in SOUNDS and case.name in ("truncated", "text")):
        report = inspect(path)
        assert (report.found, report.verdict, report.notes) == (False, NOTHING, ())
        assert report.text().splitlines()[-2:] == ["watermark: none found", "XMP: none"]
        return
    with pytest.raises(InputError, match=f"(?i){says}") as caught:
        inspect(path)
    said = str(caught.value)
    assert path.name in said
    assert "\n" not in said
    assert len(said) < 400


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
