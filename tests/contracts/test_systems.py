"""Every system of the catalogue keeps the promises of its role, and the house knows where it is."""

import ast
import dataclasses
import inspect
from pathlib import Path

import pytest

from omote.core import catalogue, weights
from omote.core.catalogue import Status, System
from omote.core.contracts import PROTOCOLS

ROOT = Path(__file__).parents[2]
every_system = pytest.mark.parametrize("system", catalogue.systems(), ids=lambda s: s.name)


@every_system
def test_it_fulfils_the_protocol_of_its_role(system: System) -> None:
    protocol = PROTOCOLS[system.role]
    made = system.load()
    for verb in [n for n in vars(protocol) if not n.startswith("_")]:
        promised = list(inspect.signature(getattr(protocol, verb)).parameters)
        given = list(inspect.signature(getattr(made, verb)).parameters)
        assert given[: len(promised)] == promised, f"{system.target}.{verb}"


@every_system
def test_its_module_starts_with_its_paper_and_has_a_frozen_config(system: System) -> None:
    made = system.load()
    module = inspect.getmodule(made)
    assert module is not None
    assert module.__doc__
    author = system.paper.split()[0].strip(",")
    assert author in module.__doc__, f"the docstring does not name {author}"
    config = module.Config
    assert dataclasses.is_dataclass(config)
    assert config.__dataclass_params__.frozen
    assert not any(p.kind is p.POSITIONAL_OR_KEYWORD for p in inspect.signature(config).parameters.values())


@every_system
def test_it_has_a_test_at_the_same_path(system: System) -> None:
    inside = system.path().relative_to(ROOT / "src" / "omote")
    if inside.name == "__init__.py":
        inside = inside.parent.with_suffix(".py")
    assert (ROOT / "tests" / inside.with_name(f"test_{inside.name}")).is_file()


@every_system
def test_its_weights_are_in_the_manifest(system: System) -> None:
    for name in system.weights:
        assert name in weights.manifest()


@every_system
def test_a_reproduced_claim_names_a_benchmark_that_exists(system: System) -> None:
    for claim in system.claims:
        assert (ROOT / "benchmarks" / claim.benchmark).is_file()
    if system.status is Status.REPRODUCING:
        assert system.claims


@every_system
def test_the_map_of_the_lecture_names_it(system: System) -> None:
    assert system.name in (ROOT / "docs" / "map.md").read_text()


def test_every_path_in_the_map_exists_or_is_said_to_be_planned() -> None:
    for line in (ROOT / "docs" / "map.md").read_text().splitlines():
        if line.startswith("|") and "`src/" in line:
            path = line.split("`src/")[1].split("`")[0]
            exists = (ROOT / "src" / path).exists()
            assert exists != ("planned" in line), line


@pytest.mark.parametrize("file", sorted((ROOT / "src").rglob("*.py")), ids=lambda f: f.name)
def test_no_file_swallows_every_exception_or_prints_from_a_library(file: Path) -> None:
    tree = ast.parse(file.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler):
            caught = ast.unparse(node.type) if node.type else ""
            assert caught not in ("", "Exception", "BaseException"), f"{file}:{node.lineno}"
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "print":
            assert "doors" in file.parts, f"{file}:{node.lineno}"
