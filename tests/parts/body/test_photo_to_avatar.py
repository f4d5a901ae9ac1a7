"""A photograph of a synthetic person becomes an avatar that looks like it; what cannot become one is refused."""

import numpy as np
import pytest
from PIL import Image

from omote.core.errors import InputError, NobodyError
from omote.parts.body.avatar import Avatar
from omote.parts.body.photo_to_avatar import make_avatar
from omote.parts.data.portrait import SyntheticPerson, synthetic_person
from omote.parts.render.background import Nothing
from omote.parts.render.light import UNLIT
from omote.parts.render.rasteriser import Look, open_rasteriser
from omote.parts.space.camera import look_at


@pytest.fixture(scope="module")
def person() -> SyntheticPerson:
    return synthetic_person(2)  # in plain colours


@pytest.fixture(scope="module")
def avatar(person: SyntheticPerson) -> Avatar:
    return make_avatar(person.rgb)


def seen(avatar: Avatar, side: float) -> np.ndarray:
    """The avatar at rest, unlit, from the front (1) or from behind (-1)."""
    tall = float(avatar.mesh.vertices[:, 1].max())
    camera = look_at((0.0, tall / 2, side * 6.0), (0.0, tall / 2, 0.0), size=(320, 240), fov=0.36)
    look = Look(ground=None, background=Nothing(), light=UNLIT)
    with open_rasteriser(avatar.mesh, camera, "numba", look=look) as rasteriser:
        return rasteriser.draw(avatar.mesh.vertices)


def test_it_stands_on_the_floor_is_a_person_high_and_symmetric_enough(avatar: Avatar) -> None:
    vertices = avatar.mesh.vertices
    assert np.isfinite(vertices).all()
    assert abs(float(vertices[:, 1].min())) < 0.02
    assert 1.4 < float(vertices[:, 1].max()) < 2.1
    assert float(np.ptp(vertices[:, 2])) > 0.2, "no cut-out"
    assert avatar.extent == "whole"
    assert avatar.cut == 0


@pytest.mark.oracle
def test_its_clothes_have_the_photographs_colours_in_front(avatar: Avatar, person: SyntheticPerson) -> None:
    picture = seen(avatar, 1)
    rows = np.flatnonzero((picture[..., 3] > 200).any(axis=1))
    truth = np.flatnonzero(person.mask.any(axis=1))
    for share in (0.25, 0.35, 0.65, 0.8):  # chest, belly, thigh, shin: the middle half of the body's width
        here = picture[rows[0] + int(share * len(rows))]
        there = person.rgb[truth[0] + int(share * len(truth))]
        mask = person.mask[truth[0] + int(share * len(truth))] > 0
        mine = np.median(here[here[:, 3] > 200][:, :3], axis=0)
        wanted = np.median(there[mask], axis=0)
        assert np.abs(mine - wanted).max() < 40, (share, mine, wanted)


def test_no_face_looks_backwards(avatar: Avatar) -> None:
    front, back = seen(avatar, 1), seen(avatar, -1)
    rows = np.flatnonzero((front[..., 3] > 200).any(axis=1))
    head = slice(rows[0] + int(0.04 * len(rows)), rows[0] + int(0.10 * len(rows)))

    def detail(p: np.ndarray) -> float:
        return float(np.abs(np.diff(p[head, 112:128, :3].astype(float), axis=0)).mean())

    assert detail(back) < 0.8 * detail(front)


def test_it_has_no_holes(avatar: Avatar) -> None:
    assert (avatar.mesh.texture[..., 3] == 255).mean() > 0.3
    for side in (1.0, -1.0):
        alpha = seen(avatar, side)[..., 3]
        inside = Image.fromarray(alpha).resize((60, 80), Image.Resampling.BOX)
        assert (np.asarray(inside) > 250).sum() > 300


@pytest.mark.slow
def test_the_same_photograph_gives_the_same_avatar(avatar: Avatar, person: SyntheticPerson) -> None:
    again = make_avatar(person.rgb)
    assert (again.mesh.vertices == avatar.mesh.vertices).all()
    assert (again.mesh.texture == avatar.mesh.texture).all()


def test_a_person_cut_at_the_waist_is_known_to_be(person: SyntheticPerson) -> None:
    rows = np.flatnonzero(person.mask.any(axis=1))
    cut = rows[0] + int(0.52 * len(rows))
    avatar = make_avatar(np.ascontiguousarray(person.rgb[:cut]))
    assert avatar.extent == "waist"
    assert 0.6 < avatar.cut < 1.2
    assert any("waist" in note for note in avatar.notes)


def test_nobody_and_the_second_of_one_are_missed(person: SyntheticPerson) -> None:
    with pytest.raises(NobodyError):
        make_avatar(np.full((480, 640, 3), 127, np.uint8))
    with pytest.raises(NobodyError, match="2"):
        make_avatar(person.rgb, person=2)


def test_a_person_of_sixty_pixels_is_too_small(person: SyntheticPerson) -> None:
    small = np.asarray(Image.fromarray(person.rgb).resize((54, 72), Image.Resampling.LANCZOS))
    with pytest.raises((InputError, NobodyError)):
        make_avatar(np.ascontiguousarray(small))
