"""Read what a manifest states: actions, ingredients, the watermark, and the job where it is one of ours.

That a seal holds means that the statements are as they were signed, not that they have the shape that the
specification or Omote gives them. Each is read by itself: one that is malformed is passed over and named.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from omote.guard.provenance.foreign import NAME, MalformedError, cleaned, items, members, text
from omote.guard.provenance.manifest import JOB

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One thing that was done to make the file."""

    name: str
    description: str
    source_type: str
    agent: str
    when: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One file that it was made from."""

    title: str
    relation: str
    sha256: str
    """Empty where the manifest does not tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    """Our own statement."""

    hashes: Mapping[tuple[str, str], str]
    """SHA-256 of the ingredients, by title and relation."""
    consents: tuple[Mapping[str, str], ...]
    test_only: bool


def read_statements(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a manifest states, as fields of a `ManifestReport`.

    Args:
        manifest: one manifest as the C2PA library gives it, from JSON.
    """
    said: dict[str, Any] = {}
    for assertion in manifest.get("assertions", []):
        said.setdefault(assertion["label"].split("__")[0], assertion.get("data"))
    malformed: list[str] = []

    def read(label: str, source: Mapping[str, Any], how: Callable[[Any], T]) -> T:
        try:
            return how(source.get(label))
        except MalformedError:
            malformed.append(label)
            return how(None)

    actions = read("c2pa.actions.v2" if "c2pa.actions.v2" in said else "c2pa.actions", said, _actions)
    job = read(JOB, said, _job)
    algorithm, mark_id = read("c2pa.soft-binding", said, _binding)
    return {
        "label": text(manifest.get("label"), NAME),
        "title": read("title", manifest, lambda title: text(title, NAME)),
        "generator": read("claim_generator_info", manifest, _generator),
        "actions": actions,
        "ingredients": read("ingredients", manifest, lambda parts: _parts(parts, job.hashes)),
        "source_type": next((action.source_type for action in actions if action.source_type), ""),
        "mark_algorithm": algorithm,
        "mark_id": mark_id,
        "consents": job.consents,
        "test_only": job.test_only,
        "malformed": tuple(malformed),
    }


def _actions(said: object) -> tuple[Action, ...]:
    return tuple(_action(members(action)) for action in items(members(said).get("actions")))


def _action(said: Mapping[str, Any]) -> Action:
    agent = said.get("softwareAgent")
    parameters = members(said.get("parameters"))
    return Action(
        name=text(said.get("action"), NAME),
        description=text(said.get("description")),
        source_type=text(said.get("digitalSourceType")),
        agent=_program(agent) if isinstance(agent, dict) else text(agent, NAME),
        when=text(said.get("when"), NAME),
        parameters=cleaned({name: value for name, value in parameters.items() if name != "ingredients"}),
    )


def _program(said: object) -> str:
    """Return name and version of a program."""
    known = members(said)
    return " ".join(filter(None, (text(known.get("name"), NAME), text(known.get("version"), NAME))))


def _generator(said: object) -> str:
    makers = items(said)
    return _program(makers[0]) if makers else ""


def _parts(said: object, hashes: Mapping[tuple[str, str], str]) -> tuple[Part, ...]:
    names = [_name(members(part)) for part in items(said)]
    return tuple(Part(title=title, relation=rel, sha256=hashes.get((title, rel), "")) for title, rel in names)


def _name(part: Mapping[str, Any]) -> tuple[str, str]:
    """Return title and relation of an ingredient."""
    return text(part.get("title"), NAME), text(part.get("relationship"), NAME)


def _job(said: object) -> _Job:
    job = members(said)
    test_only = job.get("testOnly", False)
    if not isinstance(test_only, bool):
        raise MalformedError("whether it is a test is true or false")
    parts = [members(part) for part in items(job.get("ingredients"))]
    consents = [members(record) for record in items(job.get("consent"))]
    return _Job(
        hashes={_name(part): text(part.get("sha256"), NAME) for part in parts},
        consents=tuple({name: text(record.get(name), NAME) for name in ("id", "sha256")} for record in consents),
        test_only=test_only,
    )


def _binding(said: object) -> tuple[str, str]:
    """Return algorithm and id of the watermark that a manifest names."""
    binding = members(said)
    blocks = [members(block) for block in items(binding.get("blocks"))]
    marks = [text(block["value"], NAME) for block in blocks if "value" in block]
    return text(binding.get("alg"), NAME), marks[0] if marks else ""
