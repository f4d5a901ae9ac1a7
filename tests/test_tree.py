"""The tracked tree keeps its budget: it must fit onto a machine that takes 64 MiB in all."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MIB = 2**20


def tracked() -> list[Path]:
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if done.returncode:
        pytest.skip("not a git work tree")
    return [ROOT / name for name in done.stdout.decode().split("\0") if name and (ROOT / name).is_file()]


def test_tracked_files_stay_under_55_mib() -> None:
    assert sum(f.stat().st_size for f in tracked()) < 55 * MIB


def test_shipped_weights_stay_under_40_mib() -> None:
    assert sum(f.stat().st_size for f in tracked() if f.suffix == ".safetensors") < 40 * MIB


def test_no_pickle_and_no_big_stray_file_is_tracked() -> None:
    for file in tracked():
        assert file.suffix not in {".pkl", ".pt", ".pth", ".ckpt"}, file
        assert file.suffix == ".safetensors" or file.stat().st_size < 3 * MIB, file
