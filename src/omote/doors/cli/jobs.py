"""The verbs that are jobs: parse the job's dataclass, run it, show its events."""

import importlib
import inspect
import json
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Annotated, Any

import tyro
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeRemainingColumn,
)

from omote.app import events
from omote.core.errors import INTERRUPTED
from omote.doors.cli.pipe import close_stdout

JOBS = {
    "dance": ("omote.app.dance:DanceJob", "omote.app.jobs:run"),
    "demo": ("omote.app.demo:DemoJob", "omote.app.demo:run"),
}
"""What each verb is told, and what runs it; imported when the verb is used, so that --help answers at once."""


@dataclass(frozen=True, kw_only=True)
class Show:
    """How the job reports."""

    json: bool = False
    """Print one JSON object per event, for machines; nothing else goes to standard output."""
    quiet: bool = False
    """Print the output's path only."""


def main(argv: Sequence[str]) -> int:
    """Run the job that a verb names; return the exit code."""
    return answer(argv[0], *JOBS[argv[0]], argv[1:])


def answer(verb: str, job_type: str, runner: str, words: Sequence[str]) -> int:
    """Run a job told by the words of the command line; return the exit code.

    Args:
        verb: as the user typed it.
        job_type: `module:name` of what the job is told.
        runner: `module:name` of what runs it.
        words: after the verb.
    """
    job, show = _parse(_named(job_type), verb, words)
    interrupted, stop = _named("omote.app.studio:Interrupted"), _named("omote.app.studio:Stop")()
    with _signals(stop):
        try:
            _report(_named(runner)(job, stop), show)
        except interrupted:
            print("omote: stopped; what is finished is kept, the same command goes on from here", file=sys.stderr)
            return INTERRUPTED
    return 0


def _named(target: str) -> Any:
    """Import what `module:name` names."""
    module, _, name = target.partition(":")
    return getattr(importlib.import_module(module), name)


def _parse(job_type: type, verb: str, words: Sequence[str]) -> tuple[Any, Show]:
    """Return the job and how to show it, from the words of the command line."""

    def command(job: Any, show: Any = Show()) -> tuple[Any, Show]:
        return job, show

    flat = tyro.conf.arg(name="")
    command.__annotations__ = {"job": Annotated[job_type, flat], "show": Annotated[Show, flat]}
    return tyro.cli(command, args=words, prog=f"omote {verb}", description=inspect.cleandoc(job_type.__doc__ or ""))


@contextmanager
def _signals(stop: Any) -> Iterator[None]:
    """Let the first Ctrl-C or SIGTERM end the job cleanly, and the second at once."""

    def ask(number: int, _: FrameType | None) -> None:
        if stop.requested:
            raise KeyboardInterrupt
        stop.requested = True
        print("omote: stopping after this step; once more stops at once", file=sys.stderr)

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _report(stream: Iterator[events.Event], show: Show) -> None:
    """Print events as they come: as JSON lines, as a path, or as bars for a person."""
    if show.json or show.quiet:
        for event in stream:
            if show.json:
                _say(json.dumps(event.to_json(), ensure_ascii=False))
            elif isinstance(event, events.Finished):
                _say(str(event.out))
        return
    console = Console(stderr=True)
    columns = (
        SpinnerColumn(finished_text="✓"),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[speed]}"),
        TimeRemainingColumn(elapsed_when_finished=True),
    )
    with Progress(*columns, console=console) as bars:
        tasks: dict[str, Any] = {}
        last = None
        for event in stream:
            match event:
                case events.Progress():
                    if event.stage not in tasks:
                        tasks[event.stage] = bars.add_task(event.stage, total=event.total, speed="")
                    speed = f"{event.per_second:.1f}/s" if event.total > 1 and event.per_second else ""
                    bars.update(tasks[event.stage], completed=event.done, speed=speed)
                case events.Started() if event.resumed:
                    bars.print(f"going on with {event.out} where an earlier run left it")
                case events.Note():
                    bars.print(event.text)
                case events.Finished():
                    last = event
                case _:
                    pass
    if last:
        console.print(*_closing(last), sep="\n")


def _say(line: str) -> None:
    """Print a line; where the reader has gone away, the job goes on without one."""
    try:
        print(line, flush=True)
    except BrokenPipeError:
        close_stdout()


def _closing(event: events.Finished) -> Iterator[str]:
    """Yield the last lines: what was written, and what is to be known of it."""
    yield from (f"  {key}: {value}" for key, value in event.report.items())
    yield f"written: {', '.join(map(str, event.files))}"
