"""What a running job says: a stream of small frozen records, printed by the CLI and sent as JSON to machines."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Event:
    """The root of all events."""

    def to_json(self) -> dict[str, Any]:
        """Return the event as plain data; `event` names its kind."""
        plain = {key: _plain(value) for key, value in asdict(self).items()}
        return {"event": type(self).__name__.lower(), **plain}


@dataclass(frozen=True, kw_only=True)
class Started(Event):
    """The job was accepted: its input can be read, its output written, and consent covers it."""

    verb: str
    out: Path
    resumed: bool = False
    """Whether work of an earlier, interrupted run is taken up."""


@dataclass(frozen=True, kw_only=True)
class Progress(Event):
    """How far a stage is."""

    stage: str
    done: int
    total: int
    per_second: float = 0.0
    eta: float | None = None
    """Seconds left; None until the speed is known."""


@dataclass(frozen=True, kw_only=True)
class Note(Event):
    """Something the user should know; the job goes on."""

    text: str


@dataclass(frozen=True, kw_only=True)
class Finished(Event):
    """The output is in its place, sealed."""

    out: Path
    files: tuple[Path, ...] = ()
    """Everything that was written, the output first."""
    report: Mapping[str, Any] = field(default_factory=dict)


def _plain(value: Any) -> Any:
    """Turn paths and tuples into what JSON knows."""
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [_plain(item) for item in value]
    return value


class Pace:
    """Counts a stage's steps and says how fast they go."""

    def __init__(self, stage: str, total: int, done: int = 0) -> None:
        self.stage, self.total, self.done = stage, total, done
        self._first = done
        self._since = monotonic()

    def step(self, count: int = 1) -> Progress:
        """Count steps and return the event that tells of them."""
        self.done += count
        spent = monotonic() - self._since
        speed = (self.done - self._first) / spent if spent > 0 else 0.0
        eta = (self.total - self.done) / speed if speed > 0 else None
        return Progress(stage=self.stage, done=self.done, total=self.total, per_second=speed, eta=eta)
