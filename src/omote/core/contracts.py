"""What each role promises: small structural protocols with the shapes in the signatures.

A class fulfils a contract by having the verb; nothing is inherited. `tests/contracts` checks every system of the
catalogue against the protocol of its role.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Protocol, runtime_checkable

from omote.core.catalogue import Role
from omote.core.frame import Frame


@runtime_checkable
class Generator(Protocol):
    """Makes a video: swaps, speaks, dances, sings."""

    def stream(self, frames: Iterable[Frame], source: Any) -> Iterator[Frame]:
        """Yield the generated frames, holding a window of `frames` and never a clip.

        Args:
            frames: what is seen of the person; a photograph is a stream of one frame.
            source: what drives the result: a face, a sound, a motion; the class says which.
        """
        ...


@runtime_checkable
class Seal(Protocol):
    """Marks media so that where they come from can be read back."""

    def seal(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        """Yield the same frames, marked imperceptibly."""
        ...

    def inspect(self, frames: Iterable[Frame]) -> Any:
        """Return what the mark says, or that there is none."""
        ...


PROTOCOLS: dict[Role, type] = {Role.GENERATOR: Generator, Role.SEAL: Seal}
"""Roles that a system of the house has today; a role's protocol arrives with its first system."""
