"""Events: plain data for machines, and a pace that knows its arithmetic."""

import json
from pathlib import Path
from time import monotonic, sleep

from omote.app.events import Finished, Pace, Progress


def test_events_become_json() -> None:
    event = Finished(out=Path("a.mp4"), files=(Path("a.mp4"), Path("b")), report={"beats": 4, "where": Path("x")})
    plain = json.loads(json.dumps(event.to_json()))
    assert plain == {
        "event": "finished",
        "out": "a.mp4",
        "files": ["a.mp4", "b"],
        "report": {"beats": 4, "where": "x"},
    }


def test_a_pace_that_resumes_does_not_count_old_work_as_speed() -> None:
    since = monotonic()
    pace = Pace("frames", 100, done=90)
    sleep(0.05)
    event = pace.step(5)
    spent = monotonic() - since
    assert isinstance(event, Progress)
    assert (event.done, event.total) == (95, 100)
    assert 5 / spent <= event.per_second <= 5 / 0.05
    assert event.eta is not None
    assert 0.05 <= event.eta <= spent
