import errno
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from omote.core.errors import InputError, OutputError
from omote.parts.media.files import readable, replacing


def test_a_result_appears_whole_and_nothing_else_stays(tmp_path: Path) -> None:
    target = tmp_path / "out.bin"
    target.write_bytes(b"old")
    with replacing(target) as part:
        part.write_bytes(b"new")
        assert target.read_bytes() == b"old"
    assert target.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [target]


def fail(target: Path, error: BaseException) -> None:
    with replacing(target) as part:
        part.write_bytes(b"half")
        raise error


@pytest.mark.parametrize("error", [ValueError("mistake"), KeyboardInterrupt(), InputError("no")])
def test_a_failure_in_the_block_passes_through_and_leaves_the_old_file(tmp_path: Path, error: BaseException) -> None:
    target = tmp_path / "out.bin"
    target.write_bytes(b"old")
    with pytest.raises(type(error)):
        fail(target, error)
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_full_disk_is_told_in_one_sentence(tmp_path: Path) -> None:
    target = tmp_path / "out.bin"
    with pytest.raises(OutputError, match=r"out\.bin cannot be written: no space is left"):
        fail(target, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
    assert not list(tmp_path.iterdir())


def test_a_missing_folder_and_a_folder_in_the_way_are_told(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="there is no folder"), replacing(tmp_path / "no" / "out.bin"):
        pass
    (tmp_path / "out.bin").mkdir()
    with (
        pytest.raises(OutputError, match="a folder of that name exists"),
        replacing(tmp_path / "out.bin") as part,
    ):
        part.write_bytes(b"new")
    assert [p.name for p in tmp_path.iterdir()] == ["out.bin"]


def test_a_folder_replaces_a_folder(tmp_path: Path) -> None:
    target = tmp_path / "out"
    target.mkdir()
    (target / "old").touch()
    with replacing(target) as part:
        part.mkdir()
        (part / "new").touch()
    assert [p.name for p in target.iterdir()] == ["new"]
    assert list(tmp_path.iterdir()) == [target]


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    for name, sentence in {"missing": "does not exist", "empty": "is empty", ".": "is a folder"}.items():
        with pytest.raises(InputError, match=sentence):
            readable(tmp_path / name)
    with pytest.raises(InputError):
        readable(tmp_path / ("n" * 300))
    with pytest.raises(InputError):
        readable(tmp_path / "nul\0byte")


@pytest.mark.skipif(sys.platform == "win32", reason="permissions are POSIX's")
def test_lack_of_permission_is_told_for_reading_and_writing() -> None:
    code = """
import os, pathlib, sys
from omote.core.errors import InputError, OutputError
from omote.parts.media.files import readable, replacing
if os.getuid() == 0:
    os.setuid(65534)
for folder in map(pathlib.Path, sys.argv[1:]):
    try:
        readable(folder / "secret")
    except InputError as error:
        print(error)
    try:
        with replacing(folder / "out") as part:
            part.write_bytes(b"")
    except OutputError as error:
        print(error)
"""
    with tempfile.TemporaryDirectory() as name:
        open_folder, shut = Path(name) / "open", Path(name) / "shut"
        for folder in (open_folder, shut):
            folder.mkdir()
            (folder / "secret").write_bytes(b"x")
            (folder / "secret").chmod(0)
        Path(name).chmod(0o755)
        open_folder.chmod(0o555)
        shut.chmod(0)
        arguments = [sys.executable, "-c", code, str(open_folder / "."), str(shut), str(shut / "inner")]
        try:
            said = subprocess.run(arguments, capture_output=True, text=True, check=True).stdout
        finally:
            open_folder.chmod(0o755)
            shut.chmod(0o755)
    assert said.count("secret may not be read by this user") == 3
    assert said.count("out cannot be written: there is no permission") == 3
