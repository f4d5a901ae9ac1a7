"""An avatar's file gives the avatar back, and nothing else passes for one."""

import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from omote.core.errors import InputError, OutputError, ShapeError
from omote.parts.body.anny import BodyModel
from omote.parts.body.avatar import Avatar
from omote.parts.body.skinning import SkinWeights
from omote.parts.space.mesh import Mesh


@pytest.fixture(scope="module")
def avatar() -> Avatar:
    model = BodyModel.load()
    with torch.no_grad():
        rest = model.rest(torch.full((1, 6), 0.5))
    order = model.uv_vertex
    texture = np.random.default_rng(0).integers(0, 256, (16, 16, 4), dtype=np.uint8)
    return Avatar(
        mesh=Mesh(
            vertices=np.ascontiguousarray(rest.vertices[0].numpy()[order]),
            faces=model.uv_faces,
            uvs=model.uvs,
            texture=texture,
            weld=np.arange(len(order), dtype=np.int32),
        ),
        rig=model.rig(rest.heads[0]),
        skin=SkinWeights(bones=model.skin_weights.bones[order], weights=model.skin_weights.weights[order]),
        extent="waist",
        cut=0.9,
        notes=("腰で切れています",),
    )


def test_what_is_saved_is_what_is_loaded(avatar: Avatar, tmp_path: Path) -> None:
    avatar.save(tmp_path / "a.safetensors")
    again = Avatar.load(tmp_path / "a.safetensors")
    for name in ("vertices", "faces", "uvs", "texture", "weld"):
        assert (getattr(again.mesh, name) == getattr(avatar.mesh, name)).all(), name
    assert (again.rig.rest == avatar.rig.rest).all()
    assert again.rig.names == avatar.rig.names
    assert dict(again.rig.bone_of) == dict(avatar.rig.bone_of)
    assert (again.skin.weights == avatar.skin.weights).all()
    assert (again.extent, again.cut, again.notes) == ("waist", 0.9, avatar.notes)


@pytest.mark.parametrize("content", [b"", b"\x80\x04N.", b"{}", b"\x08\0\0\0\0\0\0\0{}      ", pickle.dumps({"a": 1})])
def test_files_that_are_no_avatar_are_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.safetensors").write_bytes(content)
    with pytest.raises(InputError):
        Avatar.load(tmp_path / "a.safetensors")


def test_a_file_cut_anywhere_is_refused(avatar: Avatar, tmp_path: Path) -> None:
    avatar.save(tmp_path / "a.safetensors")
    content = (tmp_path / "a.safetensors").read_bytes()
    for share in (0.001, 0.3, 0.9, 0.9999):
        (tmp_path / "b.safetensors").write_bytes(content[: int(share * len(content))])
        with pytest.raises(InputError):
            Avatar.load(tmp_path / "b.safetensors")


def test_a_missing_file_and_a_missing_folder_are_said(avatar: Avatar, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        Avatar.load(tmp_path / "no.safetensors")
    with pytest.raises(OutputError):
        avatar.save(tmp_path / "no" / "a.safetensors")


def test_skin_that_does_not_fit_the_mesh_is_refused(avatar: Avatar) -> None:
    with pytest.raises(ShapeError, match="vertices"):
        replace(avatar, skin=SkinWeights(bones=avatar.skin.bones[1:], weights=avatar.skin.weights[1:]))
    with pytest.raises(ShapeError, match="bone"):
        replace(avatar, skin=SkinWeights(bones=avatar.skin.bones + 1000, weights=avatar.skin.weights))
