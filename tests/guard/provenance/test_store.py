import json
import multiprocessing
import os
import stat
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from omote.core.errors import OutputError, ProvenanceError, UsageError
from omote.guard.provenance import store
from omote.guard.provenance.store import ManifestStore

KNOWN: dict[str, Any] = {
    "created": "2030-01-01T00:00:00Z",
    "verb": "dance",
    "summary": "A person dances 面.",
    "source_type": "x",
    "test_only": False,
    "output_name": "out.mp4",
    "output_sha256": "00" * 32,
    "consents": ({"id": "a", "sha256": "b"},),
}


def test_what_is_put_in_is_found_by_its_id(tmp_path: Path) -> None:
    shelf = ManifestStore(48, tmp_path)
    number = shelf.id_for("job")
    assert shelf.get(number) is None
    assert list(shelf) == []
    put = shelf.put(number, b"manifest", **KNOWN)
    again = ManifestStore(48, tmp_path)
    assert again.get(number) == put == next(iter(again))
    assert again.manifest(put) == b"manifest"
    assert (put.job, put.summary) == ("job", "A person dances 面.")
    assert again.get(number ^ 1) is None


def test_each_output_of_a_job_is_known(tmp_path: Path) -> None:
    shelf = ManifestStore(48, tmp_path)
    number = shelf.id_for("job")
    first, second = (
        shelf.put(number, text.encode(), **KNOWN | {"output_name": text, "output_sha256": text[-1] * 64})
        for text in ("output a", "output b")
    )
    assert shelf.get(number, "a" * 64) == first
    assert shelf.get(number, "b" * 64) == second
    assert shelf.get(number, "c" * 64) in (first, second)
    assert [shelf.manifest(record) for record in (first, second)] == [b"output a", b"output b"]
    assert len(list(shelf)) == 1


def test_the_same_job_always_gets_the_same_id(tmp_path: Path) -> None:
    first = [ManifestStore(48, tmp_path).id_for(f"job {n}") for n in range(20)]
    assert first == [ManifestStore(48, tmp_path).id_for(f"job {n}") for n in range(20)]
    assert first == [ManifestStore(48, tmp_path / "elsewhere").id_for(f"job {n}") for n in range(20)]
    assert all(0 < number < 1 << 48 for number in first)


def test_two_jobs_never_share_an_id_even_where_hashes_collide(tmp_path: Path) -> None:
    shelf = ManifestStore(8, tmp_path)  # 256 ids: 200 jobs collide again and again
    ids = {f"job {n}": shelf.id_for(f"job {n}") for n in range(200)}
    assert len(set(ids.values())) == 200
    assert 0 not in ids.values()
    assert ids == {job: shelf.id_for(job) for job in ids}


def test_ids_look_random(tmp_path: Path) -> None:
    shelf = ManifestStore(48, tmp_path)
    ones = Counter(bit for n in range(100) for bit in range(48) if shelf.id_for(str(n)) >> bit & 1)
    assert all(22 < ones[bit] < 78 for bit in range(48))  # six standard deviations of a fair coin


def test_a_full_store_says_so(tmp_path: Path) -> None:
    shelf = ManifestStore(8, tmp_path)
    for n in range(1, 256):
        (shelf.folder / f"{n:02x}").mkdir(parents=True)
        (shelf.folder / f"{n:02x}" / "job").write_text("another")
    with pytest.raises(OutputError, match="too full"):
        shelf.id_for("one more")


def test_an_id_that_was_not_given_out_is_refused(tmp_path: Path) -> None:
    shelf = ManifestStore(48, tmp_path)
    with pytest.raises(UsageError, match="not given out"):
        shelf.put(5, b"", **KNOWN)
    for number in (-1, 1 << 48):
        with pytest.raises(UsageError, match="48 bits"):
            shelf.get(number)
    with pytest.raises(UsageError, match="empty"):
        shelf.id_for("")
    with pytest.raises(UsageError, match="bits"):
        ManifestStore(4, tmp_path)


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"id": "1"}', b"null", b"\xff"])
def test_a_damaged_record_is_told(data: bytes, tmp_path: Path) -> None:
    shelf = ManifestStore(48, tmp_path)
    number = shelf.id_for("job")
    record = shelf.put(number, b"manifest", **KNOWN)
    (shelf.folder / record.id / f"{record.output_sha256}.json").write_bytes(data)
    with pytest.raises(ProvenanceError, match="damaged"):
        shelf.get(number)


def test_a_changed_or_missing_manifest_is_told(tmp_path: Path) -> None:
    shelf = ManifestStore(48, tmp_path)
    record = shelf.put(shelf.id_for("job"), b"manifest", **KNOWN)
    path = shelf.folder / record.id / f"{record.manifest_sha256}.c2pa"
    path.write_bytes(b"another")
    with pytest.raises(ProvenanceError, match="changed"):
        shelf.manifest(record)
    path.unlink()
    with pytest.raises(ProvenanceError, match="cannot be read"):
        shelf.manifest(record)


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_the_store_is_this_users_alone(tmp_path: Path) -> None:
    shelf = ManifestStore(48, tmp_path / "home")
    record = shelf.put(shelf.id_for("job"), b"manifest", **KNOWN)
    for file in (shelf.folder / record.id).iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(shelf.folder.stat().st_mode) == 0o700


def write_many(folder: Path, writer: int) -> None:
    shelf = ManifestStore(48, folder)
    for turn in range(20):
        number = shelf.id_for(f"job {turn % 5}")
        shelf.put(number, f"{writer} {turn}".encode(), **KNOWN | {"summary": f"{writer} {turn}"})


def test_writers_at_once_never_leave_a_pair_that_does_not_fit(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork" if os.name == "posix" else "spawn")
    writers = [context.Process(target=write_many, args=(tmp_path, n)) for n in range(4)]
    for writer in writers:
        writer.start()
    shelf = ManifestStore(48, tmp_path)
    while any(writer.is_alive() for writer in writers):
        for record in shelf:
            assert shelf.manifest(record) == record.summary.encode()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0] * 4
    assert len(list(shelf)) == 5
    assert json.loads((shelf.folder / f"{shelf.id_for('job 0'):012x}" / f"{KNOWN['output_sha256']}.json").read_text())


def test_our_watermarks_ids_are_as_long_as_it_carries(tmp_path: Path) -> None:
    from omote.guard.provenance.watermark import Watermark

    assert store.open_store(tmp_path).bits == Watermark().bits
    assert store.id_for("job", tmp_path) == ManifestStore(Watermark().bits, tmp_path).id_for("job")
