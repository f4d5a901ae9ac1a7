import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from omote.core.errors import OutputError, ProvenanceError
from omote.guard.provenance import home

posix = pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_home_is_where_the_user_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMOTE_HOME", str(tmp_path / "mine"))
    assert home.home() == tmp_path / "mine"


def test_without_a_wish_it_is_in_the_settings_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMOTE_HOME", raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert home.home() == tmp_path / "omote"


@posix
def test_private_files_are_private_and_others_follow_the_umask(tmp_path: Path) -> None:
    home.write_whole(tmp_path / "secret", b"1", private=True)
    home.write_whole(tmp_path / "open", b"2")
    (tmp_path / "plain").write_bytes(b"3")
    assert mode(tmp_path / "secret") == 0o600
    assert mode(tmp_path / "open") == mode(tmp_path / "plain")


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "inside").touch()
    with pytest.raises(OutputError, match="folder"):
        home.write_whole(tmp_path / "folder", b"a file cannot replace a folder")
    assert [f.name for f in tmp_path.iterdir()] == ["folder"]


def test_a_file_where_a_folder_must_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be made"):
        home.write_whole(tmp_path / "file" / "below", b"")


def test_of_many_who_claim_a_folder_at_once_exactly_one_gets_it_whole(tmp_path: Path) -> None:
    start = threading.Barrier(8)
    won: list[int] = []

    def claim(number: int) -> None:
        start.wait()
        if home.claim_folder(tmp_path / "x", {"a": b"%d" % number, "b": b"%d" % number}):
            won.append(number)

    threads = [threading.Thread(target=claim, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert (tmp_path / "x" / "a").read_bytes() == (tmp_path / "x" / "b").read_bytes() == b"%d" % won[0]
    assert [f.name for f in tmp_path.iterdir()] == ["x"]  # the losers cleared up after themselves


@posix
def test_a_private_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    home.write_whole(tmp_path / "key", b"k", private=True)
    assert home.read_private(tmp_path / "key") == b"k"
    (tmp_path / "key").chmod(0o644)
    with pytest.raises(ProvenanceError, match="chmod 600"):
        home.read_private(tmp_path / "key")


def test_a_missing_private_key_is_told(tmp_path: Path) -> None:
    with pytest.raises(ProvenanceError, match="cannot be read"):
        home.read_private(tmp_path / "key")


def test_a_writer_that_is_killed_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "record"
    home.write_whole(path, b"old")
    script = (
        "import os, sys; from pathlib import Path; from omote.guard.provenance import home\n"
        "os.fsync = lambda handle: os.kill(os.getpid(), 9)\n"
        "home.write_whole(Path(sys.argv[1]), b'new')"
    )
    done = subprocess.run([sys.executable, "-c", script, str(path)], check=False)
    assert done.returncode == -9
    assert path.read_bytes() == b"old"
