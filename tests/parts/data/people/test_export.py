"""What is written can be read again, by others, and is what was known."""

import json
from pathlib import Path

import numpy as np
import pytest
import trimesh
from PIL import Image

import cast
from omote.parts.body.face_points import face_points
from omote.parts.body.skeleton import JOINTS
from omote.parts.data.people import export, views
from omote.parts.data.people.person import Person
from omote.parts.render.buffers import Buffers, render
from omote.parts.render.places import place
from omote.parts.space.camera import Camera

SIZE = (80, 64)


@pytest.fixture(scope="module")
def somebody() -> Person:
    return cast.person()


@pytest.fixture(scope="module")
def cameras(somebody: Person) -> list[Camera]:
    rigs: tuple[views.Rig, ...] = ("perspective", "orthographic")
    return [views.around(somebody, 1, SIZE, rig, start=0.4)[0] for rig in rigs]


@pytest.fixture(scope="module")
def buffers(cameras: list[Camera]) -> list[Buffers]:
    return [render(cast.subject(), camera, place(1).lights) for camera in cameras]


@pytest.fixture(scope="module")
def written(buffers: list[Buffers], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict[str, str]]]:
    folder = tmp_path_factory.mktemp("views")
    return folder, [export.write_view(folder, k, b, b.srgb()) for k, b in enumerate(buffers)]


@pytest.fixture(scope="module")
def read(written: tuple[Path, list[dict[str, str]]]) -> list[dict[str, np.ndarray]]:
    folder, files = written
    return [{kind: np.asarray(Image.open(folder / name)) for kind, name in names.items()} for names in files]


@pytest.mark.oracle
def test_another_library_reads_all_parts_where_they_were(somebody: Person, tmp_path: Path) -> None:
    export.write_glb(somebody, tmp_path / "person.glb")
    scene = trimesh.load_scene(tmp_path / "person.glb", process=False)
    assert set(scene.geometry) == {part.name for part in somebody.parts}
    for part in somebody.parts:
        mesh = scene.geometry[part.name]
        assert len(mesh.faces) == len(part.faces)
        assert np.array_equal(np.asarray(mesh.vertices, np.float32)[mesh.faces], part.vertices[part.faces])
    low, high = scene.bounds
    points = np.concatenate([part.vertices for part in somebody.parts])
    assert np.allclose([low, high], [points.min(0), points.max(0)], atol=1e-6)


@pytest.mark.oracle
def test_textures_of_the_glb_lie_as_the_format_wants_them(somebody: Person, tmp_path: Path) -> None:
    export.write_glb(somebody, tmp_path / "person.glb")
    scene = trimesh.load_scene(tmp_path / "person.glb", process=False)
    part = next(p for p in somebody.parts if p.name.startswith("garment"))
    visual = scene.geometry[part.name].visual
    picture = np.asarray(visual.material.baseColorTexture.convert("RGB"))
    assert np.array_equal(picture, part.albedo)
    # trimesh counts v from below, as it was given.
    assert np.allclose(np.asarray(visual.uv)[:, 1], 1 - part.uvs[:, 1], atol=1e-5)
    assert visual.material.metallicFactor == 0


def test_eight_pictures_tell_what_a_view_shows(written: tuple[Path, list[dict[str, str]]]) -> None:
    folder, files = written
    kinds = {"rgb", "albedo", "mask", "label", "normal", "occlusion", "depth"}
    for k, names in enumerate(files):
        assert names == {kind: f"{k:03d}_{kind}.png" for kind in kinds}
        assert all((folder / name).is_file() for name in names.values())


def test_depth_leads_back_to_the_surface_within_a_tenth_of_a_millimetre(
    buffers: list[Buffers], read: list[dict[str, np.ndarray]], cameras: list[Camera]
) -> None:
    for b, files, camera in zip(buffers, read, cameras, strict=True):
        depth = files["depth"]
        assert depth.dtype == np.uint16
        seen = depth > 0
        assert np.array_equal(seen, np.isfinite(b.depth))
        y, x = np.nonzero(seen)
        points = camera.unproject(np.stack([x, y], 1) + 0.5, depth[seen] * 0.0001)
        off = points - b.position[seen]
        assert np.abs(off @ camera.forward).max() < 0.0001
        assert np.linalg.norm(off, axis=1).max() < 0.0002


def test_normals_labels_masks_and_occlusion_are_the_buffers(
    buffers: list[Buffers], read: list[dict[str, np.ndarray]]
) -> None:
    for b, files in zip(buffers, read, strict=True):
        seen = np.isfinite(b.depth)
        normal = files["normal"][seen] / 255.0 * 2 - 1
        assert np.abs(normal - b.normal[seen]).max() < 0.005
        assert not files["normal"][~seen].any()
        assert np.array_equal(files["label"], np.where(seen, b.label, 0))
        assert np.abs(files["mask"] / 255.0 - b.alpha).max() < 0.003
        assert np.abs(files["occlusion"] / 255.0 - b.occlusion).max() < 0.003
        assert files["mask"][seen].mean() > 200


def test_albedo_is_colour_without_light(buffers: list[Buffers], read: list[dict[str, np.ndarray]]) -> None:
    for b, files in zip(buffers, read, strict=True):
        seen = np.isfinite(b.depth)
        srgb = files["albedo"][seen] / 255.0
        linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
        assert np.abs(linear - b.albedo[seen]).max() < 0.006


@pytest.mark.oracle
def test_transforms_are_opengl_cameras_and_lead_back_to_ours(
    somebody: Person, cameras: list[Camera], written: tuple[Path, list[dict[str, str]]]
) -> None:
    told = json.loads(json.dumps(export.transforms(cameras, written[1])))
    assert told["depth_unit_scale_factor"] == 0.0001
    points = somebody.joints.astype(np.float64)
    for frame, camera, names in zip(told["frames"], cameras, written[1], strict=True):
        matrix = np.array(frame["transform_matrix"])
        assert np.allclose(matrix @ np.diag([1.0, -1, -1, 1]), camera.world_from_camera)
        assert np.isclose(np.linalg.det(matrix[:3, :3]), 1)
        # As a reader of the format projects: +x right, +y up, looking along -z.
        local = (points - matrix[:3, 3]) @ matrix[:3, :3]
        ahead = 1.0 if frame["camera_model"] == "ORTHOGRAPHIC" else -local[:, 2]
        x = frame["fl_x"] * local[:, 0] / ahead + frame["cx"]
        y = frame["cy"] - frame["fl_y"] * local[:, 1] / ahead
        assert np.allclose(np.stack([x, y], 1), camera.project(points)[0])
        assert (frame["h"], frame["w"]) == SIZE
        assert frame["file_path"] == names["rgb"]
        assert {v for k, v in frame.items() if k.endswith("_path")} == set(names.values())
    assert [f["camera_model"] for f in told["frames"]] == ["OPENCV", "ORTHOGRAPHIC"]


def test_a_camera_without_files_is_refused(cameras: list[Camera]) -> None:
    with pytest.raises(ValueError, match="shorter"):
        export.transforms(cameras, [])


def test_the_record_is_plain_and_tells_all(somebody: Person, tmp_path: Path) -> None:
    points = face_points(cast.model()).at(somebody.body)
    path = tmp_path / "person.json"
    export.write_json(path, export.record(somebody, points))

    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is no JSON")

    known = json.loads(path.read_text(encoding="utf-8"), parse_constant=refuse)
    assert known["format"] == export.FORMAT
    assert known["seed"] == cast.SEED
    assert known["families"] == somebody.families
    assert known["years"] >= 18
    assert [g["family"] for g in known["garments"]] == [w.family for w in somebody.outfit]
    assert list(known["joints_m"]) == list(JOINTS)
    assert np.allclose(list(known["joints_m"].values()), somebody.joints, atol=1e-5)
    assert np.allclose(known["bones_world_from_bone"], somebody.bones, atol=1e-5)
    assert np.allclose(known["face_points_m"], points, atol=1e-5)
    assert np.allclose(known["pupils_m"]["left"], somebody.pupils["left"], atol=1e-5)
    assert len(known["face_actions"]) == 52
    assert known["labels"]["skin"] == 1
    assert [(p["name"], p["faces"]) for p in known["parts"]] == [(p.name, len(p.faces)) for p in somebody.parts]


def test_the_record_has_one_line_for_each_thing(somebody: Person, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    export.write_json(path, {"a": [1, 2], "b": {"c": "Ünï"}})
    assert path.read_text(encoding="utf-8").splitlines()[1:3] == ['  "a": [1, 2],', '  "b": {"c": "\\u00dcn\\u00ef"}']


def test_backdrops_are_the_place_grey_or_nothing(cameras: list[Camera]) -> None:
    surroundings = place(2, "studio")
    behind = {kind: export.backdrop(kind, surroundings, cameras[0]) for kind in ("place", "grey", "none")}
    assert all(picture.shape == (*SIZE, 3) for picture in behind.values())
    assert not behind["none"].any()
    assert np.ptp(behind["grey"]) == 0
    assert np.array_equal(behind["place"], surroundings.background(cameras[0]))
    assert behind["place"].any()
