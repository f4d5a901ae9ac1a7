"""A choreography in the workspace comes back as it was, or is told to be damaged."""

from pathlib import Path

import numpy as np
import pytest

from omote.app.motions import load_motion, save_motion
from omote.core.errors import InputError
from omote.parts.body.motion import Motion


def motion(contacts: np.ndarray | None = None) -> Motion:
    rng = np.random.default_rng(0)
    return Motion(
        fps=30000 / 1001,
        rotations=rng.normal(size=(5, 22, 3, 3)).astype(np.float32),
        root=rng.normal(size=(5, 3)).astype(np.float32),
        contacts=contacts,
    )


@pytest.mark.parametrize("contacts", [None, np.eye(5, 2, dtype=bool)])
def test_what_is_saved_is_what_is_loaded(contacts: np.ndarray | None, tmp_path: Path) -> None:
    before = motion(contacts)
    save_motion(before, tmp_path / "m")
    after = load_motion(tmp_path / "m")
    assert after.fps == before.fps
    assert (after.rotations == before.rotations).all()
    assert (after.root == before.root).all()
    assert (after.contacts is None) if contacts is None else (after.contacts == contacts).all()


def test_a_file_cut_anywhere_is_damaged(tmp_path: Path) -> None:
    save_motion(motion(), tmp_path / "m")
    content = (tmp_path / "m").read_bytes()
    for size in (0, 7, 100, len(content) // 2, len(content) - 1):
        (tmp_path / "m").write_bytes(content[:size])
        with pytest.raises(InputError, match="made again"):
            load_motion(tmp_path / "m")


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        load_motion(tmp_path / "m")
