"""The workspace: parts appear whole, the same job finds them, another one starts anew, two at once are refused."""

import multiprocessing
from pathlib import Path

import pytest

from omote.app.workspace import digest, open_workspace
from omote.core.errors import InputError, OutputError

JOB = {"verb": "dance", "seed": 1}


def test_the_digest_does_not_depend_on_the_order_of_keys() -> None:
    assert digest({"a": 1, "b": [2]}) == digest({"b": [2], "a": 1})
    assert digest({"a": 1}) != digest({"a": 2})


def crash_after_one_part(out: Path) -> None:
    def crash() -> None:
        with open_workspace(out, JOB) as work:
            work.keep("part", lambda path: path.write_text("done"))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        crash()


def test_the_same_job_finds_what_an_interrupted_run_finished(tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    crash_after_one_part(out)
    with open_workspace(out, JOB) as work:
        assert work.resumed
        assert work.keep("part", lambda path: pytest.fail("made twice")).read_text() == "done"
    assert not (tmp_path / "out.mp4.omote").exists()


def test_another_job_for_the_same_output_starts_anew(tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    crash_after_one_part(out)
    with open_workspace(out, {**JOB, "seed": 2}) as work:
        assert not work.resumed
        assert not work.path("part").exists()


def test_a_part_that_fails_half_way_leaves_nothing_under_its_name(tmp_path: Path) -> None:
    def half(path: Path) -> None:
        path.write_text("ha")
        raise KeyboardInterrupt

    out = tmp_path / "out.mp4"
    with pytest.raises(KeyboardInterrupt), open_workspace(out, JOB) as work:
        work.keep("part", half)
    with open_workspace(out, JOB) as work:
        assert not work.path("part").exists()


def test_a_description_cut_off_by_a_crash_is_not_trusted(tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    crash_after_one_part(out)
    (tmp_path / "out.mp4.omote" / "job.json").write_text('{"key": "')
    with open_workspace(out, JOB) as work:
        assert not work.resumed
        assert not work.path("part").exists()


def test_a_job_whose_input_is_refused_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(InputError), open_workspace(tmp_path / "out.mp4", JOB):
        raise InputError("no")
    assert list(tmp_path.iterdir()) == []


def _hold(out: Path, ready: object, done: object) -> None:
    with open_workspace(out, JOB):
        ready.set()  # type: ignore[attr-defined]
        done.wait(30)  # type: ignore[attr-defined]


def test_two_processes_cannot_work_on_one_output(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    ready, done = context.Event(), context.Event()
    other = context.Process(target=_hold, args=(tmp_path / "out.mp4", ready, done))
    other.start()
    try:
        assert ready.wait(30)
        with pytest.raises(OutputError, match="already working"), open_workspace(tmp_path / "out.mp4", JOB):
            pass
    finally:
        done.set()
        other.join()


def test_a_folder_that_does_not_exist_is_said(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be made"), open_workspace(tmp_path / "no" / "out.mp4", JOB):
        pass
