"""What a 720p frame costs to write and to read, beside PyAV used plainly, and how much memory a long copy takes.

Processor time of all threads and wall time per frame, medians of several runs that take turns. The scene is a soft
background with a large textured figure that sways: about what a dance is. The peer writes and reads the same frames by
PyAV's own conversions (one untagged matrix, quick rounding); the ratio is the price of right colours and exact times.

    python benchmarks/media.py            # writes benchmarks/results/media.json
"""

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image

from omote.core.frame import Frame
from omote.parts.media.colour import yuv_of
from omote.parts.media.encoding import Encoding
from omote.parts.media.segments import encode_segment
from omote.parts.media.video import VideoSource

SIZE, FPS, FRAMES, TURNS = (720, 1280), 30, 60, 3
ENCODINGS = {
    "h264 ultrafast": Encoding(preset="ultrafast"),
    "h264 veryfast": Encoding(preset="veryfast"),
    "h264 medium": Encoding(preset="medium"),
    "h265 veryfast": Encoding(codec="h265", preset="veryfast"),
    "vp9 veryfast": Encoding(codec="vp9", preset="veryfast", crf=30),
    "vp9 superfast alpha": Encoding(codec="vp9", preset="superfast", crf=30, alpha=True),
    "png": Encoding(codec="png"),
}
COPY = """
import sys
from fractions import Fraction
from pathlib import Path
import numpy as np
from omote.core.frame import Frame
from omote.parts.media.sound import Sound, write_sound
from omote.parts.media.video import VideoSource, write_video
folder, seconds = sys.argv[1], int(sys.argv[2])
def frames():
    ground = np.random.default_rng(0).integers(0, 256, (240, 320, 3), dtype=np.uint8)
    for i in range(seconds * 15):
        yield Frame(rgb=np.roll(ground, i, axis=1), time=Fraction(i, 15))
sound = f"{folder}/tone.flac"
write_sound(sound, Sound(samples=np.zeros((2, 16000 * 120), np.float32), rate=16000))
write_video(f"{folder}/a.mp4", frames(), fps=15, sound=sound, preset="ultrafast", crf=35)
write_video(f"{folder}/b.mp4", VideoSource(f"{folder}/a.mp4"), fps=15, sound=f"{folder}/a.mp4", preset="ultrafast")
print(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])  # ru_maxrss has the parent's in it
"""


def scene() -> list[Frame]:
    rng = np.random.default_rng(0)
    coarse = Image.fromarray(rng.integers(60, 200, (6, 10, 3), np.uint8))
    ground = np.asarray(coarse.resize((SIZE[1], SIZE[0]), Image.Resampling.BICUBIC))
    figure = np.asarray(Image.fromarray(rng.integers(0, 255, (150, 75, 3), np.uint8)).resize((300, 600)))
    frames = []
    for i in range(FRAMES):
        rgb = ground.copy()
        left = 490 + round(120 * np.sin(i / 5))
        rgb[80:680, left : left + 300] = figure
        frames.append(Frame(rgb=rgb, time=Fraction(i, FPS)))
    return frames


def plain_write(path: Path, frames: list[Frame], preset: str) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS, options={"crf": "20", "preset": preset})
        stream.height, stream.width, stream.pix_fmt = *SIZE, "yuv420p"
        stream.codec_context.thread_count = 4
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame.rgb)))
        container.mux(stream.encode(None))


def plain_read(path: Path) -> Iterator[np.ndarray]:
    with av.open(str(path)) as container:
        container.streams.video[0].thread_type = "AUTO"
        for frame in container.decode(video=0):
            yield frame.to_ndarray(format="rgb24")


def timed(tasks: dict[str, Callable[[], object]]) -> dict[str, dict[str, float]]:
    """Return medians of milliseconds per frame, of tasks that take turns."""
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in tasks}
    for _ in range(TURNS):
        for name, task in tasks.items():
            wall, cpu = time.perf_counter(), time.process_time()
            task()
            taken[name].append((time.process_time() - cpu, time.perf_counter() - wall))
    return {
        name: {
            "cpu_ms": round(1000 * statistics.median(c for c, _ in runs) / FRAMES, 2),
            "wall_ms": round(1000 * statistics.median(w for _, w in runs) / FRAMES, 2),
        }
        for name, runs in taken.items()
    }


def cpu_model() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.processor())


def main() -> None:
    frames = scene()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tasks: dict[str, Callable[[], object]] = {
            f"write {label}": lambda e=encoding, p=folder / label: encode_segment(
                p, frames, fps=FPS, size=SIZE, encoding=e
            )
            for label, encoding in ENCODINGS.items()
        }
        for preset in ("veryfast", "medium"):
            tasks[f"write h264 {preset}, plain PyAV"] = lambda p=preset: plain_write(folder / f"{p}.mp4", frames, p)
        tasks["convert RGB to YUV"] = lambda: [yuv_of(f.rgb, None, True) for f in frames]
        tasks["read h264"] = lambda: sum(1 for _ in VideoSource(folder / "h264 veryfast"))
        tasks["read h264, plain PyAV"] = lambda: sum(1 for _ in plain_read(folder / "h264 veryfast"))
        figures = timed(tasks)
        peaks = {
            f"{seconds} s": int(
                subprocess.run(
                    [sys.executable, "-c", COPY, name, str(seconds)], capture_output=True, text=True, check=True
                ).stdout
            )
            // 1024
            for seconds in (10, 120)
        }
    results = {
        "name": "media",
        "date": datetime.now(UTC).date().isoformat(),
        "machine": {"cpu": cpu_model(), "cores": os.cpu_count()},
        "per_frame_720p": figures,
        "read_fps_per_core": round(1000 / figures["read h264"]["cpu_ms"], 1),
        "peak_mib_of_a_copy_with_sound": peaks,
    }
    target = Path(__file__).parent / "results" / "media.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(results, indent=2) + "\n")
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
