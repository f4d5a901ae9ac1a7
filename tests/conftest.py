"""Shapes in signatures are checked while tests run, and only then."""

import os
from pathlib import Path

import jaxtyping
import pytest

os.environ.setdefault("OMP_NUM_THREADS", "2")
jaxtyping.install_import_hook("omote", "typechecker.check")

DATA = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of public data beside the project; tests that need it skip, aloud, where it is absent."""
    if not DATA.is_dir():
        pytest.skip("the data set (../shared/data) is not on this machine")
    return DATA
