"""What the whole job costs on a synthetic person: time to the first frame, speed, the marks' share, memory.

python benchmarks/dance.py      # writes benchmarks/results/dance.json; about five minutes
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from statistics import median

RESULT = Path(__file__).parent / "results" / "dance.json"

JOB = """
import sys, time, json, resource
from pathlib import Path
from omote.app import studio
from omote.app.dance import DanceJob
from omote.app.jobs import run
photo, music, out, record, size, seconds, marked = sys.argv[1:]
if marked == "0":
    studio.Studio.marked = lambda self, frames: frames
begun, first, last, count = time.monotonic(), None, None, 0
job = DanceJob(photo=Path(photo), music=Path(music), out=Path(out), consent=(Path(record),), size=size,
               seconds=float(seconds), backend="numba")
for event in run(job):
    if getattr(event, "stage", "") == "frames":
        first, last, count = first or time.monotonic(), time.monotonic(), event.done
ended = time.monotonic()
peak = next(int(l.split()[1]) for l in Path("/proc/self/status").read_text().splitlines() if l.startswith("VmHWM"))
print(json.dumps({"first": first - begun, "frames_per_s": (count - 1) / (last - first), "all": ended - begun,
                  "peak_mib": round(peak / 1024), "cpu_s": time.process_time()}))
"""


def run(folder: Path, size: str, seconds: float, *, marked: bool = True) -> dict[str, float]:
    """Run the job in a process of its own."""
    files = [folder / name for name in ("person.png", "song.wav", "out.mp4", "record.json")]
    words = [*map(str, files), size, str(seconds), str(int(marked))]
    done = subprocess.run([sys.executable, "-c", JOB, *words], check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["OMOTE_HOME"], os.environ["OMOTE_CACHE"] = str(folder / "home"), str(folder / "cache")
        from omote.core.weights import sha256
        from omote.guard.provenance import consent
        from omote.parts.data.portrait import synthetic_person
        from omote.parts.data.song import demo_song
        from omote.parts.media.pictures import write_picture
        from omote.parts.media.sound import Sound, write_sound

        begun = time.monotonic()
        write_picture(folder / "person.png", synthetic_person(0).rgb)
        drawn = time.monotonic() - begun
        song = demo_song(130.0)
        write_sound(folder / "song.wav", Sound(samples=song.samples, rate=song.rate))
        consent.write(consent.demo_record([sha256(folder / "person.png")]), folder / "record.json")
        cold = run(folder, "vertical", 10)
        pairs = [(run(folder, "vertical", 10), run(folder, "vertical", 10, marked=False)) for _ in range(3)]
        wide, long = run(folder, "720p", 10), run(folder, "preview", 120)
        short = run(folder, "preview", 10)
    warm = {key: median(marked[key] for marked, _ in pairs) for key in pairs[0][0]}
    share = median(1 - marked["frames_per_s"] / bare["frames_per_s"] for marked, bare in pairs)
    work = median(1 - bare["cpu_s"] / marked["cpu_s"] for marked, bare in pairs)
    report = {
        "name": "dance",
        "date": date.today().isoformat(),
        "machine": {
            "cpu": Path("/proc/cpuinfo").read_text().split("model name\t: ")[1].split("\n")[0],
            "cores": os.cpu_count(),
        },
        "figures": {
            "draw the synthetic person, s": round(drawn, 1),
            "first frame, new photograph, s": round(cold["first"], 1),
            "first frame, known photograph, s": round(warm["first"], 1),
            "frames/s, 720x1280, rendered, marked and encoded": round(warm["frames_per_s"], 1),
            "frames/s, 1280x720": round(wide["frames_per_s"], 1),
            "speed that the marks cost, share (by the clock)": round(share, 3),
            "processor time that the marks cost, share": round(work, 3),
            "10 s of video from a new photograph, s": round(cold["all"], 1),
            "peak memory, new photograph, MiB": cold["peak_mib"],
            "peak memory, known photograph, 10 s at 360x640, MiB": short["peak_mib"],
            "peak memory, known photograph, 120 s at 360x640, MiB": long["peak_mib"],
        },
    }
    RESULT.write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps(report["figures"], indent=1))


if __name__ == "__main__":
    main()
