"""What one look of each MediaPipe network costs, beside LiteRT running the authors' own file, and how far they differ.

Processor time of all threads and wall time, medians of runs that take turns, one thread each, on one picture of
smooth noise; for ours also the cost per picture in a batch of eight. Difference: the largest of any output, as a share
of the largest value of that output.

    python benchmarks/seeing.py            # writes benchmarks/results/seeing.json
"""

import json
import os
import platform
import statistics
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch
from ai_edge_litert.interpreter import Interpreter

from omote.core import weights
from omote.parts.body.people import PoseLandmarks, detect_people
from omote.parts.face.detect import detect_faces
from omote.parts.face.mesh import FaceMesh
from omote.parts.nets.flat_graph import open_graph

TURNS, BATCH = 15, 8
NETWORKS = [name for name, row in weights.manifest().items() if row.adopt == "omote.parts.nets.adopt_tflite:adopt"]


def tflite(name: str) -> Path:
    """The authors' file, from a wheel that is fetched once into the user's cache."""
    source = weights.entry(name).source
    assert source is not None
    shelf = weights.user_shelf().parent / "oracle"
    shelf.mkdir(parents=True, exist_ok=True)
    if not list(shelf.glob(f"{source.package}-{source.version}-*.whl")):
        wanted = f"{source.package}=={source.version}"
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", "--dest", str(shelf), wanted]
        subprocess.run(command, check=True)
    file = shelf / f"{name}.tflite"
    with zipfile.ZipFile(next(shelf.glob(f"{source.package}-{source.version}-*.whl"))) as archive:
        file.write_bytes(archive.read(source.member))
    return file


def cost(*rivals: Callable[[], object]) -> list[tuple[float, float]]:
    """Return (processor ms, wall ms) of each, medians of runs that take turns."""
    spent: list[list[tuple[float, float]]] = [[] for _ in rivals]
    for turn in range(TURNS + 2):
        for mine, rival in zip(spent, rivals, strict=True):
            cpu, wall = time.process_time(), time.perf_counter()
            rival()
            if turn >= 2:
                mine.append(((time.process_time() - cpu) * 1e3, (time.perf_counter() - wall) * 1e3))
    return [(statistics.median(c for c, _ in one), statistics.median(w for _, w in one)) for one in spent]


def smooth(batch: int, shape: list[int]) -> torch.Tensor:
    coarse = torch.rand(batch, shape[0], shape[1] // 8, shape[2] // 8, generator=torch.Generator().manual_seed(0))
    return torch.nn.functional.interpolate(coarse, shape[1:], mode="bilinear")


def network(name: str) -> dict[str, float]:
    """Figures of one network."""
    ours = open_graph(name, torch.device("cpu"))
    many = smooth(BATCH, ours.inputs[0]["shape"])
    one = many[:1]
    theirs = Interpreter(str(tflite(name)), num_threads=1)
    theirs.allocate_tensors()
    theirs.set_tensor(theirs.get_input_details()[0]["index"], one.permute(0, 2, 3, 1).numpy().copy())
    single, peer, batch = cost(lambda: ours(one), theirs.invoke, lambda: ours(many))
    apart = 0.0
    named = {o["name"]: theirs.get_tensor(o["index"]) for o in theirs.get_output_details()}
    for output, values in zip(ours.outputs, ours(one), strict=True):
        reference = named[output["name"]]
        mine = values.permute(0, 2, 3, 1).numpy() if values.ndim == 4 else values.numpy()
        apart = max(apart, float(np.abs(mine - reference).max() / max(1e-6, np.abs(reference).max())))
    return {
        "ours cpu ms": round(single[0], 2),
        "ours wall ms": round(single[1], 2),
        "ours cpu ms per picture in a batch of 8": round(batch[0] / BATCH, 2),
        "litert cpu ms": round(peer[0], 2),
        "litert wall ms": round(peer[1], 2),
        "ours over litert, cpu": round(single[0] / peer[0], 2),
        "ours in a batch over litert, cpu": round(batch[0] / BATCH / peer[0], 2),
        "largest difference, share": round(apart, 6),
    }


def verbs() -> dict[str, float]:
    """Processor ms of what the product calls, on a 720p picture of smooth noise."""
    frame = smooth(1, [3, 720, 1280])
    window = torch.tensor([[0.0, 640, 360, 600, 0.1]])
    rivals: dict[str, Callable[[], object]] = {
        "detect_faces short": lambda: detect_faces(frame),
        "detect_faces full": lambda: detect_faces(frame, "full"),
        "detect_people whole picture": lambda: detect_people(frame, across=(1,)),
        "detect_people with tiles": lambda: detect_people(frame),
        "PoseLandmarks one look": lambda: PoseLandmarks(passes=1).landmarks(frame, window),
        "FaceMesh one look": lambda: FaceMesh(passes=1).landmarks(frame, window),
    }
    return {name: round(c, 1) for name, (c, _) in zip(rivals, cost(*rivals.values()), strict=True)}


def machine() -> dict[str, object]:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    model = next(
        (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.processor()
    )
    return {"cpu": model, "cores": os.cpu_count()}


def main() -> None:
    torch.set_num_threads(1)
    with torch.no_grad():
        figures = {name: network(name) for name in NETWORKS}
        calls = verbs()
    result = {
        "name": "seeing",
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "machine": machine(),
        "figures": {"networks": figures, "720p, cpu ms": calls},
    }
    out = Path(__file__).parent / "results" / "seeing.json"
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
