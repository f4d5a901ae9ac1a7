"""The table of systems: found without torch, answered fast, errors that help."""

import subprocess
import sys

import pytest

from omote.core import catalogue
from omote.core.errors import UsageError


def test_names_are_unique_and_typeable() -> None:
    names = [s.name for s in catalogue.systems()]
    assert len(names) == len(set(names))
    assert all(n == n.lower() and " " not in n for n in names)


def test_reading_the_table_imports_neither_torch_nor_numpy() -> None:
    code = (
        "import sys; from omote.core import catalogue; catalogue.systems();"
        "sys.exit(bool({'torch', 'numpy', 'av'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_list_answers_in_under_0_3_seconds_of_processor_time() -> None:
    import resource

    def children() -> float:
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    spent = []
    for _ in range(3):
        before = children()
        subprocess.run([sys.executable, "-m", "omote", "list"], check=True, capture_output=True)
        spent.append(children() - before)
    assert min(spent) < 0.3


def test_where_prints_an_existing_file_that_holds_the_class() -> None:
    for system in catalogue.systems():
        source = system.path().read_text()
        name = system.target.split(":")[1]
        assert f"class {name}" in source or f"import {name}" in source


def test_a_name_that_nearly_fits_is_suggested() -> None:
    with pytest.raises(UsageError, match="dancing-portrait"):
        catalogue.find("dancing-portrai")
    with pytest.raises(UsageError, match="omote list"):
        catalogue.find("zzzzzzzz")
