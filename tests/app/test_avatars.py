"""Avatars are made once: for the same job, and for the next song; trials leave none behind."""

from pathlib import Path

import numpy as np
import pytest
import torch
from jaxtyping import UInt8
from numpy import ndarray

from omote.app import shelf
from omote.app.avatars import avatar_of
from omote.app.studio import Studio
from omote.app.workspace import open_workspace
from omote.core.errors import NobodyError
from omote.core.weights import sha256
from omote.make.dance.dancing_portrait import DancingPortrait
from omote.parts.body.anny import BodyModel
from omote.parts.body.avatar import Avatar
from omote.parts.body.skinning import SkinWeights
from omote.parts.space.mesh import Mesh


def average() -> Avatar:
    """The average body, without a photograph."""
    model = BodyModel.load()
    with torch.no_grad():
        rest = model.rest(torch.full((1, 6), 0.5))
    order = model.uv_vertex
    return Avatar(
        mesh=Mesh(
            vertices=np.ascontiguousarray(rest.vertices[0].numpy()[order]),
            faces=model.uv_faces,
            uvs=model.uvs,
            texture=np.full((16, 16, 4), 128, np.uint8),
            weld=np.arange(len(order), dtype=np.int32),
        ),
        rig=model.rig(rest.heads[0]),
        skin=SkinWeights(bones=model.skin_weights.bones[order], weights=model.skin_weights.weights[order]),
        extent="whole",
        cut=0.0,
    )


class QuickPortrait(DancingPortrait):
    """Takes everybody for the average body, and counts how often it looks."""

    looked = 0

    def avatar(
        self, rgb: UInt8[ndarray, "h w 3"], alpha: UInt8[ndarray, "h w"] | None = None, *, person: int = 1
    ) -> Avatar:
        self.looked += 1
        if person > 2:
            raise NobodyError("there are two people")
        return average()


def prepare(portrait: DancingPortrait, photo: Path, *, person: int = 1, trial: bool = False, damaged: bool = False):
    with open_workspace(photo.with_name("out.mp4"), {}) as work:
        if damaged:
            work.path("avatar.safetensors").write_bytes(b"cut off")
        studio = Studio(work=work, payload=1, test_only=trial)
        list(avatar_of(studio, portrait, photo, person))


def test_the_next_song_finds_the_avatar_of_the_same_photograph_and_person(photo: Path) -> None:
    portrait = QuickPortrait()
    for person, looked in ((1, 1), (1, 1), (2, 2), (2, 2), (1, 2)):
        prepare(portrait, photo, person=person)
        assert portrait.looked == looked
    assert all(path.name.startswith(sha256(photo)[:32]) for path in shelf.folder().iterdir())
    photo.write_bytes(photo.read_bytes() + b"\0")
    prepare(portrait, photo)
    assert portrait.looked == 3


def test_a_trial_leaves_nothing_in_the_cache(photo: Path) -> None:
    prepare(portrait := QuickPortrait(), photo, trial=True)
    assert portrait.looked == 1
    assert not shelf.folder().exists()


def test_damaged_avatars_are_made_again(photo: Path) -> None:
    portrait = QuickPortrait()
    prepare(portrait, photo, damaged=True)
    assert portrait.looked == 1
    (cached,) = shelf.folder().iterdir()
    cached.write_bytes(cached.read_bytes()[:1000])
    prepare(portrait, photo)
    assert portrait.looked == 2
    Avatar.load(cached)
    prepare(portrait, photo)
    assert portrait.looked == 2


def test_somebody_who_is_not_there_is_looked_for_once(photo: Path) -> None:
    portrait = QuickPortrait()
    with pytest.raises(NobodyError):
        prepare(portrait, photo, person=3)
    assert portrait.looked == 1


def test_the_cache_holds_the_latest_few(tmp_path: Path) -> None:
    (tmp_path / "made").write_text("avatar")
    for number in range(shelf.KEPT + 4):
        shelf.remember(tmp_path / "made", shelf.place_of(f"{number:064x}"[::-1]))
    assert len(list(shelf.folder().iterdir())) == shelf.KEPT
