"""A person as files: GLB, pictures with their truth, cameras as transforms.json, and a record of everything known.

The layout is told in docs/people.md. Cameras follow nerfstudio's dialect of transforms.json (OpenGL axes: +x right,
+y up, looking along -z); everything else keeps this package's conventions and says so in the record.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import trimesh
from jaxtyping import Float32
from numpy import ndarray
from PIL import Image
from trimesh.visual import ColorVisuals, TextureVisuals
from trimesh.visual.material import PBRMaterial

from omote.parts.body.anny import PHENOTYPES
from omote.parts.body.skeleton import JOINTS
from omote.parts.data.people.person import Person
from omote.parts.data.people.views import LABELS, number_of
from omote.parts.render.buffers import Buffers, to_srgb
from omote.parts.render.environment import Environment
from omote.parts.space.camera import Camera

FORMAT = "omote people 1"
"""Name and version of the layout."""
OPENGL = np.diag([1.0, -1.0, -1.0, 1.0])
"""Our camera axes (right, down, forward) from OpenGL's (right, up, backward)."""


def write_glb(person: Person, path: Path) -> None:
    """Write a person's parts as one binary glTF file, textured; metres, y up."""
    scene = trimesh.Scene()
    for part in person.parts:
        texture = part.albedo
        if part.colours is not None:
            visual: Any = ColorVisuals(vertex_colors=part.colours)
        else:
            material = PBRMaterial(
                name=part.name,
                baseColorTexture=Image.fromarray(np.ascontiguousarray(texture)),
                metallicFactor=0.0,
                roughnessFactor=float(part.roughness.mean()) / 255,
                doubleSided=False,
                alphaMode="BLEND" if part.clear else "OPAQUE",
                baseColorFactor=[255, 255, 255, 40 if part.clear else 255],
            )
            uv = np.stack([part.uvs[:, 0], 1 - part.uvs[:, 1]], 1)
            visual = TextureVisuals(uv=uv, material=material)
        mesh = trimesh.Trimesh(vertices=part.vertices, faces=part.faces, visual=visual, process=False)
        scene.add_geometry(mesh, geom_name=part.name, node_name=part.name)
    scene.export(path, file_type="glb")


def write_view(folder: Path, number: int, buffers: Buffers, rgb: ndarray) -> dict[str, str]:
    """Write one view's picture and truth; return the names of its files by kind.

    Args:
        folder: where to.
        number: of the view.
        buffers: what was rendered.
        rgb: the picture, sRGB, before its background.
    """
    covered = buffers.depth < np.inf
    pictures = {
        "rgb": rgb,
        "albedo": to_srgb(buffers.albedo),
        "mask": np.rint(buffers.alpha * 255).astype(np.uint8),
        "label": np.maximum(buffers.label, 0).astype(np.uint8),
        "normal": np.rint((buffers.normal * 0.5 + 0.5) * 255 * covered[..., None]).astype(np.uint8),
        "occlusion": np.rint(np.clip(buffers.occlusion, 0, 1) * 255).astype(np.uint8),
        "depth": np.where(covered, np.rint(np.where(covered, buffers.depth, 0) * 10000), 0).astype(np.uint16),
    }
    names = {}
    for kind, picture in pictures.items():
        names[kind] = f"{number:03d}_{kind}.png"
        Image.fromarray(picture).save(folder / names[kind], compress_level=3)
    return names


def transforms(cameras: Sequence[Camera], files: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """Return cameras in nerfstudio's dialect of transforms.json, with the truth's files beside each picture."""
    frames = []
    for camera, names in zip(cameras, files, strict=True):
        (fx, fy), (cx, cy), (h, w) = camera.focal, camera.centre, camera.size
        frames.append(
            {
                "file_path": names["rgb"], "mask_path": names["mask"], "depth_file_path": names["depth"],
                "label_path": names["label"], "normal_path": names["normal"], "albedo_path": names["albedo"],
                "occlusion_path": names["occlusion"], "fl_x": fx, "fl_y": fy, "cx": cx, "cy": cy, "w": w, "h": h,
                "camera_model": "ORTHOGRAPHIC" if camera.orthographic else "OPENCV",
                "transform_matrix": (camera.world_from_camera @ OPENGL).tolist(),
            }
        )  # fmt: skip
    return {"format": FORMAT, "depth_unit_scale_factor": 0.0001, "frames": frames}


def record(person: Person, face: Float32[ndarray, "n 3"]) -> dict[str, Any]:
    """Return all that is known of a person, as plain data.

    Args:
        person: whom.
        face: the face's points in the world, metres.
    """
    adult = person.adult
    return {
        "format": FORMAT,
        "seed": person.seed,
        "families": person.families,
        "words": list(adult.words),
        "years": round(adult.years, 2),
        "height_m": round(adult.height, 4),
        "phenotype": dict(zip(PHENOTYPES, (round(float(x), 5) for x in adult.phenotype), strict=True)),
        "local_changes": {k: round(v, 5) for k, v in adult.local.items()},
        "face_actions": [round(float(x), 5) for x in adult.face],
        "skin": _plain(adult.skin),
        "hair": _plain(person.hair),
        "face_hair": _plain(person.face_hair),
        "shoes": _plain(person.shoes),
        "garments": [_plain(worn) for worn in person.outfit],
        "pose": {"family": person.pose.family, "angles_deg": _plain(dict(person.pose.angles))},
        "joints_m": dict(zip(JOINTS, _plain(person.joints), strict=True)),
        "bones_world_from_bone": _plain(person.bones),
        "face_points_m": _plain(face),
        "pupils_m": {side: _plain(points) for side, points in person.pupils.items()},
        "parts": [{"name": p.name, "label": number_of(p.label), "faces": len(p.faces)} for p in person.parts],
        "labels": {name: k + 1 for k, name in enumerate(LABELS)},
        "measures": _plain(dict(person.measures)),
    }


def _plain(value: Any) -> Any:
    """Return plain data: lists, numbers rounded to a hundredth of a millimetre."""
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, ndarray):
        return np.round(value.astype(float), 5).tolist()
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, float | np.floating):
        return round(float(value), 5)
    return value


def write_json(path: Path, data: Mapping[str, Any]) -> None:
    """Write plain data, one line for each key of the first level."""
    lines = ",\n".join(f"  {json.dumps(k)}: {json.dumps(v)}" for k, v in data.items())
    path.write_text("{\n" + lines + "\n}\n", encoding="utf-8")


def backdrop(kind: str, surroundings: Environment, camera: Camera) -> Float32[ndarray, "h w 3"]:
    """Return what is behind a person, linear: `place`, `grey`, or black."""
    if kind == "place":
        return surroundings.background(camera)
    return np.full((*camera.size, 3), 0.0 if kind == "none" else 0.45, np.float32)
