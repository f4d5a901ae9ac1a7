"""`omote dance` as a user runs it: killed, resumed, cut short, transparent, refused."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import av
import numpy as np
import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("user")]


def command(photo: Path, music: Path, out: Path, *more: str) -> list[str]:
    fixed = ["--size", "96x160", "--fps", "20", "--seconds", "6", "--backend", "numba", "--json"]
    return [sys.executable, "-m", "omote", "dance", str(photo), str(music), "-o", str(out), *fixed, *more]


def run(*words: str | list[str]) -> list[dict]:
    flat = [w for word in words for w in ([word] if isinstance(word, str) else word)]
    done = subprocess.run(flat, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def decoded(path: Path) -> np.ndarray:
    with av.open(str(path)) as container:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)])


def test_a_job_killed_again_and_again_gives_the_frames_of_an_undisturbed_one(
    photo: Path, music: Path, record: Path, tmp_path: Path
) -> None:
    whole, broken = tmp_path / "whole.mp4", tmp_path / "broken.mp4"
    run(command(photo, music, whole, "--consent", str(record)))
    wanted, kills = command(photo, music, broken, "--consent", str(record)), 0
    for frames in (3, 45, 90):
        process = subprocess.Popen(wanted, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        for line in process.stdout:
            event = json.loads(line)
            if event["event"] == "progress" and event["stage"] == "frames" and event["done"] >= frames:
                process.send_signal(signal.SIGKILL)
                kills += 1
                break
        process.wait()
        assert not broken.exists()
    assert kills == 3
    events = run(wanted)
    assert events[0]["resumed"]
    first = next(e for e in events if e["event"] == "progress" and e["stage"] == "frames")
    assert first["done"] > 1, "finished segments are not made again"
    a, b = decoded(whole), decoded(broken)
    assert len(a) == 120
    assert (a == b).all()
    assert {p.name for p in tmp_path.iterdir()} == {"whole.mp4", "broken.mp4"}


def test_ctrl_c_stops_cleanly_and_says_how_to_go_on(photo: Path, music: Path, record: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    process = subprocess.Popen(
        command(photo, music, out, "--consent", str(record)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    for line in process.stdout:
        if '"frames"' in line:
            break
    process.send_signal(signal.SIGINT)
    since = time.monotonic()
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "same command" in said
    assert "Traceback" not in said
    assert time.monotonic() - since < 30
    assert not out.exists()


def test_sound_and_pictures_have_the_length_of_the_music(
    photo: Path, music: Path, record: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.mp4"
    events = run(command(photo, music, out, "--consent", str(record)))
    assert events[-1]["event"] == "finished"
    with av.open(str(out)) as container:
        sound = container.streams.audio[0]
        assert abs(float(sound.duration * sound.time_base) - 6) < 0.05
        assert container.streams.video[0].frames == 120


def test_the_same_wishes_give_the_same_bytes_of_video(photo: Path, music: Path, record: Path, tmp_path: Path) -> None:
    frames = []
    for name in ("a.mp4", "b.mp4"):
        run(command(photo, music, tmp_path / name, "--consent", str(record)))
        frames.append(decoded(tmp_path / name))
    assert (frames[0] == frames[1]).all()


def test_a_transparent_dance_has_alpha_and_a_seal_beside_it(
    photo: Path, music: Path, record: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.webm"
    wishes = ("--background", "transparent", "--consent", str(record))
    events = run(command(photo, music, out, *wishes))
    assert {Path(f).name for f in events[-1]["files"]} >= {"out.webm", "out.webm.c2pa"}
    codec = av.CodecContext.create("libvpx-vp9", "r")
    with av.open(str(out)) as container:
        frame = next(f for packet in container.demux(video=0) for f in codec.decode(packet))
    alpha = frame.to_ndarray(format="rgba")[..., 3]
    assert 0.05 < (alpha > 128).mean() < 0.9


def test_without_consent_nothing_is_made_and_the_exit_code_is_4(photo: Path, music: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    done = subprocess.run(command(photo, music, out), capture_output=True, text=True, check=False)
    assert done.returncode == 4
    assert "omote consent new" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_inspect_reads_the_origin_back(photo: Path, music: Path, record: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    run(command(photo, music, out, "--consent", str(record)))
    done = subprocess.run(
        [sys.executable, "-m", "omote", "inspect", str(out), "--json"], capture_output=True, text=True, check=False
    )
    report = json.loads(done.stdout)
    assert report["found"]
    assert report["unchanged"]
    assert {part["title"] for part in report["manifest"]["ingredients"]} == {"photo", "music"}
