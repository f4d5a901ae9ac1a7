"""The workspace: parts appear whole, the same job finds them, another one starts anew, two at once are refused."""

import multiprocessing
from pathlib import Path

import pytest

from omote.app.workspace import INPUT, digest, open_workspace
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


def refuse_after(out: Path, *parts: str) -> None:
    def refuse() -> None:
        with open_workspace(out, JOB) as work:
            for part in parts:
                work.keep(part, lambda path: path.write_text("done"))
            raise InputError("no")

    with pytest.raises(InputError):
        refuse()


def test_a_refusal_after_something_was_finished_keeps_it(tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    refuse_after(out, f"{INPUT}photo.png", "part")
    with open_workspace(out, JOB) as work:
        assert work.resumed
        assert work.keep("part", lambda path: pytest.fail("made twice")).read_text() == "done"


def test_copies_of_inputs_are_nothing_worth_keeping(tmp_path: Path) -> None:
    refuse_after(tmp_path / "out.mp4", f"{INPUT}photo.png")
    assert list(tmp_path.iterdir()) == []


def test_a_part_left_damaged_is_made_again_once(tmp_path: Path) -> None:
    def read(path: Path) -> str:
        if path.read_text() != "good":
            raise InputError("damaged")
        return path.read_text()

    with open_workspace(tmp_path / "out.mp4", JOB) as work:
        work.path("part").write_text("bad")
        assert work.load("part", lambda path: path.write_text("good"), read) == "good"
        with pytest.raises(InputError, match="damaged"):
            work.load("other", lambda path: path.write_text("bad"), read)


@pytest.mark.parametrize("name", ["thesis.txt", "lock", "job.json"])
def test_a_folder_of_the_users_own_is_left_alone(name: str, tmp_path: Path) -> None:
    mine = tmp_path / "out.mp4.omote"
    mine.mkdir()
    (mine / name).write_text("precious")
    (mine / "more.txt").write_text("precious")
    with pytest.raises(OutputError, match="holds other things"), open_workspace(tmp_path / "out.mp4", JOB):
        pass
    assert {path.read_text() for path in mine.iterdir()} == {"precious"}
    assert len(list(mine.iterdir())) == 2


def test_a_file_or_link_in_the_folders_place_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.mp4.omote").write_text("precious")
    (tmp_path / "b.mp4.omote").symlink_to("nowhere")
    (tmp_path / "folder").mkdir()
    (tmp_path / "c.mp4.omote").symlink_to("folder")
    before = sorted(tmp_path.rglob("*"))
    for name in ("a.mp4", "b.mp4", "c.mp4"):
        with pytest.raises(OutputError, match=f"{name}.omote"), open_workspace(tmp_path / name, JOB):
            pass
    assert sorted(tmp_path.rglob("*")) == before


def test_a_crash_while_old_parts_are_removed_leaves_a_folder_that_is_known_as_ours(tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    crash_after_one_part(out)
    (tmp_path / "out.mp4.omote" / "part").unlink()
    with open_workspace(out, {**JOB, "seed": 2}) as work:
        assert not work.resumed


def _come_and_go(out: Path, turns: int, errors: object) -> None:
    for _ in range(turns):
        try:
            with open_workspace(out, JOB) as work:
                alone = out.with_name("alone")
                alone.touch(exist_ok=False)  # two at once: FileExistsError
                for name in "abcdefgh":
                    work.path(name).touch()
                alone.unlink()
        except OutputError as error:
            if "already working" not in str(error):
                errors.put(str(error))  # type: ignore[attr-defined]
        except OSError as error:
            errors.put(repr(error))  # type: ignore[attr-defined]


def test_processes_that_come_and_go_are_never_two_at_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    errors = context.Queue()
    others = [context.Process(target=_come_and_go, args=(tmp_path / "out.mp4", 150, errors)) for _ in range(4)]
    for other in others:
        other.start()
    for other in others:
        other.join()
    assert errors.empty(), errors.get()
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
