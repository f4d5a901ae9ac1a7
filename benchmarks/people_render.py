"""Whether shaded pictures agree with a path tracer, and how fast they come: `parts/render/buffers.py` and Mitsuba 3.

The body (anny's, textured), for speed one of 110 k triangles (each cut in four),
is drawn under light of nine harmonics with occlusion, distant lights and point lights. Mitsuba draws the same meshes,
vertex normals, textures and lights: direct light only, as ours, the harmonics as a panorama. Errors are steps of sRGB
(1/255), the mean over pixels whose surroundings of two pixels lie on the surface, away from shadow edges; where the
reference is noisy, means over blocks of 4 x 4 pixels are compared, and the noise that is left is given beside them.

Run: python benchmarks/people_render.py (needs `pip install mitsuba`; without it only speed is measured).
"""

import argparse
import json
import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.ndimage import binary_dilation, binary_erosion, maximum_filter, minimum_filter

from omote.parts.body.anny import PHENOTYPES, BodyModel
from omote.parts.render.buffers import Buffers, render, to_srgb
from omote.parts.render.environment import panorama_directions
from omote.parts.render.lighting import Distant, Light, Point, Surround, highlight
from omote.parts.render.subject import Part, Subject, opaque
from omote.parts.space.camera import Camera, look_at, look_at_pose
from omote.parts.space.harmonics import constant, radiance
from omote.parts.space.mesh import Mesh, weld_vertices

SIZE = (160, 160)
NOISY, CLEAN = 160, 64
"""Mitsuba's samples of a pixel under light from all sides, and under points."""
BLOCK = 4


def body(cuts: int = 0) -> Mesh:
    """Return the mean adult with a painted texture, each triangle cut in four some times."""
    model = BodyModel.load()
    with torch.no_grad():
        rest = model.rest(torch.full((1, len(PHENOTYPES)), 0.5)).vertices[0].numpy()
    vertices, faces, uvs = rest[model.uv_vertex].astype(np.float32), model.uv_faces, model.uvs
    vertices[:, 1] -= vertices[:, 1].min()
    for _ in range(cuts):
        pairs = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), 1)
        edges, middle = np.unique(pairs, axis=0, return_inverse=True)
        a, b, c = (middle.reshape(3, -1) + len(vertices)).astype(np.int32)
        i, j, k = faces.T
        faces = np.concatenate([np.stack(t, 1) for t in ((i, a, c), (a, j, b), (c, b, k), (a, b, c))]).astype(np.int32)
        # The sum of two numbers does not depend on their order: both sides of a seam get the same point.
        vertices, uvs = (np.concatenate([x, (x[edges[:, 0]] + x[edges[:, 1]]) / 2]) for x in (vertices, uvs))
    y, x = np.mgrid[0:1024, 0:1024]
    waves = 30 * np.sin(x / 19) * np.sin(y / 23)
    painted = np.stack([170 + waves, 110 + x // 12 + waves, 190 - y // 10 - waves], -1)
    return Mesh(
        vertices=vertices, faces=faces, uvs=uvs, texture=opaque(painted.astype(np.uint8)), weld=weld_vertices(vertices)
    )


@dataclass(frozen=True)
class Shot:
    name: str
    camera: Camera
    lights: tuple[Light, ...]

    @property
    def noisy(self) -> bool:
        return any(isinstance(light, Surround) or light.radius > 0 for light in self.lights)


def surround(seed: int) -> Surround:
    """Return random light that is nowhere negative."""
    harmonics = constant((0.55, 0.55, 0.6))
    harmonics[1:] = np.random.default_rng(seed).normal(0, 0.28, (8, 1)) * np.array([1.0, 0.95, 0.9])
    least = radiance(harmonics, panorama_directions((32, 64))).min()
    harmonics += constant((1.0, 1.0, 1.0)) * max(0.02 - least, 0)
    return Surround(harmonics=harmonics)


def shots() -> list[Shot]:
    whole = look_at((0.6, 1.2, 3.4), (0.0, 0.88, 0.0), size=SIZE, fov=0.55)
    bust = look_at((-0.5, 1.6, 1.6), (0.0, 1.4, 0.0), size=SIZE, fov=0.42)
    legs = look_at((0.4, 0.9, 1.8), (0.05, 0.5, 0.0), size=SIZE, fov=0.5)
    behind = Camera(
        world_from_camera=look_at_pose((-1.0, 1.2, -3.0), (0.0, 1.0, 0.0)),
        focal=(SIZE[0] / 1.5, SIZE[0] / 1.5), centre=(SIZE[1] / 2, SIZE[0] / 2), size=SIZE, orthographic=True,
    )  # fmt: skip
    sun, side = Distant(towards=(1.0, 1.2, 0.8), colour=(0.8, 0.75, 0.7)), Distant(towards=(-1.0, 0.2, 0.3))
    lamp, low = Point(position=(0.7, 1.7, 1.2), colour=(1.2, 1.1, 0.9)), Point(position=(-0.6, 0.3, 1.0))
    big = Point(position=(0.8, 1.8, 1.0), colour=(1.0, 1.0, 1.0), radius=0.12)
    return [
        Shot("white sky, whole", whole, (Surround(harmonics=constant((0.8, 0.8, 0.8))),)),
        Shot("harmonics 1, whole", whole, (surround(1),)),
        Shot("harmonics 2, bust", bust, (surround(2),)),
        Shot("harmonics 3, legs", legs, (surround(3),)),
        Shot("harmonics 4, orthographic from behind", behind, (surround(4),)),
        Shot("distant, whole", whole, (sun,)),
        Shot("distant, bust", bust, (sun,)),
        Shot("distant from the side, legs", legs, (side,)),
        Shot("point, bust", bust, (lamp,)),
        Shot("point below, legs", legs, (low,)),
        Shot("point with a size, bust", bust, (big,)),
        Shot("harmonics 5 and distant, orthographic", behind, (surround(5), Distant(towards=(-0.5, 0.8, -1.0)))),
    ]


class Reference:
    """Mitsuba's pictures of a subject of one part."""

    def __init__(self, subject: Subject) -> None:
        import mitsuba

        mitsuba.set_variant("scalar_rgb")
        self.mi: Any = mitsuba
        mesh = subject.parts[0].mesh
        texture = {"type": "bitmap", "bitmap": mitsuba.Bitmap(mesh.texture[..., :3].copy()), "filter_type": "bilinear"}
        properties = mitsuba.Properties()
        matt = mitsuba.load_dict({"type": "twosided", "bsdf": {"type": "diffuse", "reflectance": texture}})
        properties["bsdf"] = matt
        self.shape = mitsuba.Mesh(
            "body",
            len(mesh.vertices),
            len(mesh.faces),
            has_vertex_normals=True,
            has_vertex_texcoords=True,
            props=properties,
        )
        values = mitsuba.traverse(self.shape)
        for key, array in (
            ("vertex_positions", mesh.vertices), ("vertex_normals", subject.normals),
            ("vertex_texcoords", mesh.uvs), ("faces", mesh.faces.astype(np.uint32)),
        ):  # fmt: skip
            values[key] = np.ascontiguousarray(array).reshape(-1).tolist()
        values.update()

    def picture(self, shot: Shot, seed: int) -> np.ndarray:
        """Return the linear picture."""
        scene: dict[str, Any] = {
            "type": "scene",
            "integrator": {"type": "direct", "emitter_samples": 1, "bsdf_samples": 1, "hide_emitters": True},
            "sensor": self._sensor(shot),
            "body": self.shape,
        }
        for number, light in enumerate(shot.lights):
            scene[f"light {number}".replace(" ", "_")] = self._emitter(light)
        return np.array(self.mi.render(self.mi.load_dict(scene), seed=seed))[..., :3]

    def _sensor(self, shot: Shot) -> dict[str, Any]:
        camera, mi = shot.camera, self.mi
        pose = camera.world_from_camera @ np.diag([-1.0, -1.0, 1.0, 1.0])  # Mitsuba: x to the left, y up
        sensor: dict[str, Any] = {
            "sampler": {"type": "independent", "sample_count": NOISY if shot.noisy else CLEAN},
            "film": {
                "type": "hdrfilm", "width": camera.size[1], "height": camera.size[0], "rfilter": {"type": "box"},
                "pixel_format": "rgb", "component_format": "float32",
            },
        }  # fmt: skip
        if camera.orthographic:
            half = camera.size[0] / camera.focal[0] / 2
            scaled = pose @ np.diag([half, half, 1.0, 1.0])
            return sensor | {"type": "orthographic", "to_world": mi.ScalarTransform4f(scaled), "near_clip": 0.01}
        fov = np.degrees(2 * np.arctan(camera.size[0] / 2 / camera.focal[1]))
        return sensor | {
            "type": "perspective", "to_world": mi.ScalarTransform4f(pose), "fov": float(fov), "fov_axis": "y",
            "near_clip": 0.01,
        }  # fmt: skip

    def _emitter(self, light: Light) -> dict[str, Any]:
        def colour(scale: float) -> dict[str, Any]:
            assert not isinstance(light, Surround)
            return {"type": "rgb", "value": [scale * c for c in light.colour]}

        if isinstance(light, Surround):
            picture = radiance(light.harmonics, panorama_directions((128, 256)))
            bitmap = self.mi.Bitmap(np.roll(picture, 128, axis=1).astype(np.float32))  # Mitsuba's middle looks along +z
            return {"type": "envmap", "bitmap": bitmap}
        if isinstance(light, Distant):
            return {
                "type": "directional", "direction": [-float(x) for x in light.towards], "irradiance": colour(np.pi)
            }  # fmt: skip
        if light.radius == 0:
            return {"type": "point", "position": list(light.position), "intensity": colour(np.pi)}
        lamp = {"type": "area", "radiance": colour(1 / light.radius**2)}
        return {"type": "sphere", "center": list(light.position), "radius": light.radius, "emitter": lamp}


def highlights(mi: Any) -> dict[str, float]:
    """Return how far our highlight is from Mitsuba's rough mirror (GGX, reflectance 1), over random directions."""
    rng = np.random.default_rng(0)
    worst, errors = 0.0, []
    for _ in range(2000):
        roughness = rng.uniform(0.2, 1.0)
        towards, eye = rng.normal(size=(2, 3))
        towards, eye = (v * np.sign(v[2]) / np.linalg.norm(v) for v in (towards, eye))
        mirror = mi.load_dict(
            {"type": "roughconductor", "material": "none", "distribution": "ggx", "alpha": float(roughness**2)}
        )
        seen = mi.SurfaceInteraction3f()
        seen.wi = mi.Vector3f(*map(float, eye))
        theirs = np.pi * float(mirror.eval(mi.BSDFContext(), seen, mi.Vector3f(*map(float, towards)))[0])
        half = (towards + eye) / np.linalg.norm(towards + eye)
        ours = float(highlight(towards[2], eye[2], half[2], float(half @ eye), 1.0, roughness))
        errors.append(abs(ours - theirs) / max(theirs, 1e-3))
        worst = max(worst, errors[-1])
    return {"mean relative error": round(float(np.mean(errors)), 6), "worst": round(worst, 6)}


def inside(ours: Buffers) -> np.ndarray:
    """Return the pixels that are not near a silhouette, nor near an edge between near and far."""
    depth = np.where(np.isfinite(ours.depth), ours.depth, 1e3)
    smooth = maximum_filter(depth, 5) - minimum_filter(depth, 5) < 0.12
    return binary_erosion(ours.alpha == 1, np.ones((5, 5))) & smooth


def shadow_edges(shot: Shot, ours: Buffers) -> np.ndarray:
    """Return the pixels within two of where a light's shadow begins or ends."""
    edges = np.zeros(ours.alpha.shape, bool)
    for light in shot.lights:
        if isinstance(light, Surround):
            continue
        towards = np.array(light.towards if isinstance(light, Distant) else light.position, np.float64)
        ray = np.broadcast_to(towards, ours.position.shape)
        ray = ray if isinstance(light, Distant) else ray - ours.position
        facing = (ours.normal * ray).sum(-1) > 0
        alone = render(SUBJECT[0], shot.camera, [light], samples=1, rays=16).shading.mean(-1)
        open_light = render(SUBJECT[0], shot.camera, [without_shadow(light)], samples=1).shading.mean(-1)
        lit = facing & (alone > 0.5 * open_light)
        edges |= binary_dilation(maximum_filter(lit, 3) != minimum_filter(lit, 3), np.ones((5, 5)))
    return edges


def without_shadow(light: Distant | Point) -> Distant | Point:
    return replace(light, shadows=False)


SUBJECT: list[Subject] = []


def compare(reference: Reference, shot: Shot) -> dict[str, float]:
    """Return the mean and the 99th percentile of the difference, in steps of sRGB, and what of it is noise."""
    ours = render(SUBJECT[0], shot.camera, shot.lights, rays=16)
    first, second = reference.picture(shot, 0), reference.picture(shot, 1)
    mask = inside(ours) & ~shadow_edges(shot, ours)
    block = BLOCK if shot.noisy else 1
    pictures = [means(picture, mask, block) for picture in (ours.rgb, (first + second) / 2, first, second)]
    here, truth, one, two = (255 * coded(picture) for picture in pictures)
    error = np.abs(here - truth)
    return {
        "mean": round(float(error.mean()), 3),
        "p99": round(float(np.percentile(error, 99)), 2),
        "bias": round(float((here - truth).mean()), 3),
        "noise": round(float(np.abs(one - two).mean() / 2), 3),
        "pixels": int(mask.sum()),
    }


def coded(linear: np.ndarray) -> np.ndarray:
    """Return sRGB in 0..1, not rounded."""
    clipped = np.clip(linear, 0, 1)
    return np.where(clipped <= 0.0031308, 12.92 * clipped, 1.055 * clipped ** (1 / 2.4) - 0.055)


def means(picture: np.ndarray, mask: np.ndarray, block: int) -> np.ndarray:
    """Return the means [n 3] of those blocks of a picture that lie in the mask."""
    h, w = (n // block for n in mask.shape)
    whole = mask[: h * block, : w * block].reshape(h, block, w, block).all((1, 3))
    return picture[: h * block, : w * block].reshape(h, block, w, block, 3).mean((1, 3))[whole]


def cost(work: Callable[[], object], times: int = 5) -> dict[str, float]:
    """Return the median milliseconds of processor and of wall time of one call."""
    work()
    taken = []
    for _ in range(times):
        start = time.process_time(), time.perf_counter()
        work()
        taken.append((time.process_time() - start[0], time.perf_counter() - start[1]))
    cpu, wall = np.median(taken, axis=0) * 1e3
    return {"cpu_ms": round(float(cpu), 1), "wall_ms": round(float(wall), 1)}


def speed() -> dict[str, object]:
    """Measure 512 x 512 views of 110 k triangles."""
    parts = [Part(name="body", label=1, mesh=body(1), specular=0.03, roughness=0.45)]
    subject = Subject(parts)
    camera = look_at((0.6, 1.2, 3.4), (0.0, 0.85, 0.0), size=(512, 512), fov=0.52)
    sky, sun = surround(1), Distant(towards=(1.0, 1.2, 0.8))
    soft = Distant(towards=(1.0, 1.2, 0.8), radius=0.1)
    result: dict[str, object] = {"triangles": len(subject.scene.faces), "vertices": len(subject.vertices)}
    rgb = render(subject, camera, [sky]).rgb
    works: dict[str, Callable[[], object]] = {
        "once: join, textures": lambda: Subject(parts),
        "once: tree for rays": lambda: subject.moved(subject.vertices).obstacle,
        "once: tree and transfer, 64 rays": lambda: subject.moved(subject.vertices).transfer,
        "view: harmonics": lambda: render(subject, camera, [sky]),
        "view: harmonics, centre only": lambda: render(subject, camera, [sky], samples=1),
        "view: harmonics, hard sun": lambda: render(subject, camera, [sky, sun]),
        "view: harmonics, soft sun, 2 rays": lambda: render(subject, camera, [sky, soft]),
        "view: harmonics, soft sun, 4 rays": lambda: render(subject, camera, [sky, soft], rays=4),
        "to sRGB": lambda: to_srgb(rgb),
    }
    for name, work in works.items():
        result[name] = taken = cost(work, 3 if name.startswith("once") else 5)
        print(f"{name:36} {taken['cpu_ms']:8.1f} CPU-ms {taken['wall_ms']:8.1f} ms wall")
    return result


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument(
        "--only", default="", help="part of the names of shots, or `speed`: measure these anew, keep the rest"
    )
    parser.add_argument("--rays", type=int, default=64, help="rays of each vertex for occlusion")
    chosen = parser.parse_args()
    target = Path(__file__).parent / "results" / "people_render.json"
    figures: dict[str, object] = {}
    if chosen.only and target.exists():
        figures = json.loads(target.read_text())["figures"]
    if chosen.only in "speed":
        figures["speed, 512 x 512"] = speed()
    SUBJECT.append(Subject([Part(name="body", label=1, mesh=body())], rays=chosen.rays))
    try:
        reference = Reference(SUBJECT[0])
    except ImportError:
        print("no comparison: pip install mitsuba")
        figures["comparison"] = "mitsuba is not installed"
    else:
        if chosen.only in "highlight":
            figures["highlight against a rough mirror"] = found = highlights(reference.mi)
            print(f"highlight {found}")
        for shot in shots():
            if chosen.only not in shot.name:
                continue
            figures[shot.name] = errors = compare(reference, shot)
            print(f"{shot.name:40} {errors}", flush=True)
    result = {
        "name": "people_render",
        "date": date.today().isoformat(),
        "machine": {"cpu": cpu_model(), "cores": os.cpu_count()},
        "unit": "errors in steps of sRGB, 1/255",
        "figures": figures,
    }
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(result, indent=1) + "\n")


def cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.processor())


if __name__ == "__main__":
    main()
