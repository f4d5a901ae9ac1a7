"""What others wrote, before it is believed to have a shape or shown to anybody.

A manifest, a certificate or an XMP packet may say anything, in any shape, whoever signed it. Text from there
loses what could steer a terminal, turn a line around or counterfeit further lines of a report; a statement of
another shape than expected is `MalformedError`, which its reader reports.
"""

from collections.abc import Mapping, Sequence
from typing import Any

LONGEST = 400
"""Characters of a sentence that are kept."""
NAME = 80
"""Characters of a name that are kept."""
_DEEPEST = 8
"""How far into nested values is looked."""


class MalformedError(ValueError):
    """A statement has another shape than its reader expects."""


def printable(text: str, most: int = LONGEST) -> str:
    """Return a text as one line of characters that are seen, cut after so many.

    White space becomes a space; what else is not seen (control characters, marks of direction) a replacement
    character.
    """
    seen = "".join(c if c.isprintable() else " " if c.isspace() else "\ufffd" for c in text[: most + 1])
    return seen if len(seen) <= most else f"{seen[: most - 1]}…"


def text(value: object, most: int = LONGEST) -> str:
    """Return a text, printable; empty where nothing is said.

    Raises:
        MalformedError: it is no text.
    """
    if value is None:
        return ""
    if not isinstance(value, str):
        raise MalformedError(f"text expected, {type(value).__name__} found")
    return printable(value, most)


def members(value: object) -> Mapping[str, Any]:
    """Return an object's members; none where nothing is said.

    Raises:
        MalformedError: it is no object.
    """
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise MalformedError(f"an object expected, {type(value).__name__} found")
    return value


def items(value: object) -> Sequence[Any]:
    """Return a list's items; none where nothing is said.

    Raises:
        MalformedError: it is no list.
    """
    if value is None:
        return []
    if not isinstance(value, list):
        raise MalformedError(f"a list expected, {type(value).__name__} found")
    return value


def cleaned(value: object, depth: int = 0) -> Any:
    """Return a value as JSON knows it, every text in it printable and nothing in it nested too deeply."""
    if depth > _DEEPEST:
        return "…"
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {printable(str(name), NAME): cleaned(inner, depth + 1) for name, inner in value.items()}
    if isinstance(value, list):
        return [cleaned(inner, depth + 1) for inner in value]
    return value
