"""The table of every system in the house: what it is called, where it lives, what it does, how far it is.

A room (a package under `omote.make` or `omote.guard`) lists its systems in `SYSTEMS` in its `__init__.py`. Doors,
docs and contract tests read this table; nothing here or in a room's `__init__` imports torch.
"""

import importlib
import importlib.util
import pkgutil
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from omote.core.errors import UsageError

FLOORS = ("omote.make", "omote.guard")


class Role(StrEnum):
    """What a system does; each role is a protocol in `omote.core.contracts`."""

    FIELD = "field"
    RENDERER = "renderer"
    RECONSTRUCTOR = "reconstructor"
    GENERATOR = "generator"
    TRANSLATOR = "translator"
    DETECTOR = "detector"
    LOCALIZER = "localizer"
    EVADER = "evader"
    PROTECTION = "protection"
    PURIFIER = "purifier"
    RECOVERER = "recoverer"
    SEAL = "seal"


class Status(StrEnum):
    """How far a system is, said honestly."""

    REPRODUCING = "reproducing"
    """A script in `benchmarks/` measured the paper's claim."""
    WORKING = "working"
    """Complete and tested; the paper's claim was not, or could not be, measured."""
    FIRST_FORM = "first form"
    """Runs from end to end on real input; known shortcomings are listed in its docs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A figure, and the benchmark script that measures it."""

    text: str
    benchmark: str
    """Path of the script, relative to `benchmarks/`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """One method of the house."""

    name: str
    """As typed by a user: lower case, words joined by hyphens."""
    target: str
    """`module:Class`, imported only when used."""
    role: Role
    paper: str
    """Authors, title, venue and year."""
    summary: str
    """One line for `omote list`."""
    weights: tuple[str, ...] = ()
    """Names in `weights.toml`."""
    claims: tuple[Claim, ...] = ()
    status: Status = Status.FIRST_FORM

    @property
    def room(self) -> str:
        """The room it lives in, as `make/dance`."""
        return "/".join(self.target.split(":")[0].split(".")[1:3])

    def path(self) -> Path:
        """Return the file of the system's module, without importing it."""
        module = self.target.split(":")[0]
        spec = importlib.util.find_spec(module)
        if spec is None or spec.origin is None:
            raise UsageError(f"{self.name} points at {module}, which does not exist")
        return Path(spec.origin)

    def load(self) -> type:
        """Import the system's module and return its class."""
        module, _, name = self.target.partition(":")
        return getattr(importlib.import_module(module), name)


@cache
def systems() -> tuple[System, ...]:
    """Return every system of every room, by room and then as the room lists them."""
    found: list[System] = []
    for floor in FLOORS:
        package = importlib.import_module(floor)
        for room in sorted(pkgutil.iter_modules(package.__path__), key=lambda m: m.name):
            if room.ispkg:
                found += importlib.import_module(f"{floor}.{room.name}").SYSTEMS
    return tuple(found)


def find(name: str) -> System:
    """Return the system of that name.

    Raises:
        UsageError: there is none; the message lists names that come near.
    """
    import difflib

    table = {s.name: s for s in systems()}
    if name in table:
        return table[name]
    near = difflib.get_close_matches(name, table, n=3, cutoff=0.4)
    hint = f"; did you mean {' or '.join(near)}?" if near else "; `omote list` shows every name"
    raise UsageError(f"no system is called {name!r}{hint}")
