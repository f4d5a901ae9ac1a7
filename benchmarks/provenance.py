"""What sealing costs: a thirty-second film, a picture, and the memory that a long film takes.

Peer: the encoder itself. The seal's processor time is given as a share of what encoding the same film took, in the
same run. Memory: peak resident size of a process of its own that seals a short film, and ones of 1 and 2 GiB.

    python benchmarks/provenance.py            # writes benchmarks/results/provenance.json
"""

import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image

from omote.core.weights import sha256
from omote.guard.provenance import certificates, reader
from omote.guard.provenance.manifest import Ingredient, Mark, Relation, SourceType, Statement
from omote.guard.provenance.sealing import seal_output
from omote.guard.provenance.store import ManifestStore

SECONDS, FPS, SIZE = 30, 30, (720, 1280)
TURNS = 7
LONG = (1, 2)
"""GiB."""


def film(path: Path) -> None:
    """Write H.264 of a grainy scene that moves, with sound."""
    rng = np.random.default_rng(0)
    wide = np.asarray(Image.fromarray(rng.integers(0, 255, (180, 640, 3), np.uint8)).resize((SIZE[1] * 2, SIZE[0]), 3))
    grain = rng.integers(0, 48, (8, *SIZE, 3), np.uint8)
    wide = wide // 2 + 40  # room for the grain
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=FPS, options={"preset": "veryfast", "crf": "20"})
        video.height, video.width, video.pix_fmt = *SIZE, "yuv420p"
        sound = container.add_stream("aac", rate=48000)
        for number in range(SECONDS * FPS):
            left = number % SIZE[1]
            picture = wide[:, left : left + SIZE[1]] + grain[number % 8]
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.time_base, frame.pts = Fraction(1, FPS), number
            container.mux(video.encode(frame))
        container.mux(video.encode())
        tone = np.sin(np.arange(48000 * SECONDS) / 30, dtype=np.float32)[None].repeat(2, 0)
        block = av.AudioFrame.from_ndarray(tone, format="fltp", layout="stereo")
        block.sample_rate = 48000
        container.mux(sound.encode(block))
        container.mux(sound.encode())


def said(photo: Path, job: str) -> Statement:
    """A statement like that of a dance."""
    return Statement(
        verb="dance",
        description="A person in a photograph dances to music.",
        source_type=SourceType.COMPOSITE,
        ingredients=(Ingredient(path=photo, relation=Relation.INPUT, title="photograph"),),
        mark=Mark(algorithm="org.omote.watermark.1", id=ManifestStore(48).id_for(job), bits=48),
    )


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Return (processor seconds, wall seconds)."""
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return time.process_time() - cpu, time.perf_counter() - wall


def medians(times: list[tuple[float, float]]) -> dict[str, float]:
    cpu, wall = zip(*times, strict=True)
    return {"cpu_s": round(statistics.median(cpu), 4), "wall_s": round(statistics.median(wall), 4)}


def peak_mib(path: Path, photo: Path) -> int:
    """Return the peak resident size of a process that seals a file."""
    command = [sys.executable, __file__, "--seal", str(path), str(photo)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return round(float(done.stdout))


def lengthened(path: Path, gib: int) -> Path:
    """Return a copy of a film with a second, sparse, media box, so that it has the length of a long one."""
    target = path.with_name(f"long-{gib}.mp4")
    target.write_bytes(path.read_bytes())
    with target.open("r+b") as stream:
        stream.seek(0, 2)
        stream.write(((gib << 30) - stream.tell()).to_bytes(4, "big") + b"mdat")
        stream.truncate(gib << 30)
    return target


def measure(folder: Path) -> dict[str, object]:
    os.environ["OMOTE_HOME"] = str(folder / "home")
    certificates.init()
    photo, source, path = folder / "photo.jpg", folder / "film.mp4", folder / "sealed.mp4"
    Image.fromarray(np.random.default_rng(1).integers(0, 255, (1024, 1024, 3), np.uint8)).save(photo)
    encoding = timed(lambda: film(source))
    sealing, reading, hashing, pictures = [], [], [], []
    for turn in range(TURNS):
        path.write_bytes(source.read_bytes())
        statement = said(photo, f"film {turn}")
        sealing.append(timed(lambda s=statement: seal_output(path, s)))
        reading.append(timed(lambda: reader.read_manifest(path)))
        hashing.append(timed(lambda: sha256(path)))
        assert reader.read_manifest(path).state is reader.State.TRUSTED
        picture = folder / "picture.jpg"
        picture.write_bytes(photo.read_bytes())
        pictures.append(timed(lambda s=statement, p=picture: seal_output(p, s)))
    return {
        "film": f"{SECONDS} s, {SIZE[0]}p{FPS}, H.264 crf 20, {source.stat().st_size / 2**20:.1f} MiB",
        "encode_film": medians([encoding]),
        "seal_film": medians(sealing),
        "seal_share_of_encoding_cpu": round(medians(sealing)["cpu_s"] / encoding[0], 5),
        "read_film": medians(reading),
        "sha256_film": medians(hashing),
        "seal_picture_1_mp_jpeg": medians(pictures),
        "bytes_added_to_film": path.stat().st_size - source.stat().st_size,
        "peak_mib_sealing_film": peak_mib(path, photo),
        **{f"peak_mib_sealing_{gib}_gib": peak_mib(lengthened(source, gib), photo) for gib in LONG},
    }


def machine() -> dict[str, object]:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        model = platform.processor()
    return {"cpu": model, "cores": len(os.sched_getaffinity(0))}


def main() -> None:
    if sys.argv[1:2] == ["--seal"]:
        path, photo = map(Path, sys.argv[2:])
        seal_output(path, said(photo, path.name))
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        return
    with tempfile.TemporaryDirectory(prefix="omote-bench-") as folder:
        figures = measure(Path(folder))
    result = {"name": "provenance", "date": f"{datetime.now(UTC):%Y-%m-%d}", "machine": machine(), "figures": figures}
    target = Path(__file__).parent / "results" / "provenance.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
