"""The dancing portrait: every frame a function of its number, the dancer in the picture, a cut edge never in it."""

from fractions import Fraction
from itertools import islice

import numpy as np
import pytest
import torch

from omote.core.errors import InputError, UsageError
from omote.make.dance.dancing_portrait import Config, DancingPortrait, Performance
from omote.parts.body.anny import BodyModel
from omote.parts.body.avatar import Avatar
from omote.parts.body.skinning import SkinWeights
from omote.parts.media.sound import Sound
from omote.parts.render.background import Nothing
from omote.parts.space.mesh import Mesh

SIZE = (160, 120)


@pytest.fixture(scope="module")
def whole() -> Avatar:
    """The mean adult in one colour."""
    model = BodyModel.load()
    with torch.no_grad():
        rest = model.rest(torch.full((1, 6), 0.5))
    floor = rest.vertices[0, :, 1].min() * torch.tensor([0.0, 1.0, 0.0])
    order = model.uv_vertex
    return Avatar(
        mesh=Mesh(
            vertices=np.ascontiguousarray((rest.vertices[0] - floor).numpy()[order]),
            faces=model.uv_faces,
            uvs=model.uvs,
            texture=np.full((8, 8, 4), (180, 120, 90, 255), np.uint8),
        ),
        rig=model.rig(rest.heads[0] - floor),
        skin=SkinWeights(bones=model.skin_weights.bones[order], weights=model.skin_weights.weights[order]),
        extent="whole",
        cut=0.0,
    )


@pytest.fixture(scope="module")
def waist(whole: Avatar) -> Avatar:
    """The same, of whom a photograph showed the upper half."""
    return Avatar(mesh=whole.mesh, rig=whole.rig, skin=whole.skin, extent="waist", cut=1.0)


def song(seconds: float, bpm: float = 120) -> Sound:
    t = np.arange(int(seconds * 22_050)) / 22_050
    since = t % (60 / bpm)
    clicks = np.exp(-since * 60) * np.sin(2 * np.pi * 1000 * since)
    return Sound(samples=clicks[None].astype(np.float32), rate=22_050)


def performance(avatar: Avatar, seconds: float = 4, **wishes: object) -> Performance:
    fixed = {"size": SIZE, "backend": "numba", "background": Nothing(), "floor": False}
    portrait = DancingPortrait(Config(**{**fixed, **wishes}))  # type: ignore[arg-type]
    heard = portrait.listen(song(seconds))
    return portrait.perform(avatar, portrait.choreograph(heard, upper_body=avatar.extent != "whole"))


def test_the_dance_is_as_long_as_the_music(whole: Avatar) -> None:
    assert len(performance(whole, seconds=4)) == 120
    assert len(performance(whole, seconds=4, fps=Fraction(24))) == 96


def test_a_frame_does_not_depend_on_which_frames_were_asked_for_before(whole: Avatar) -> None:
    dance = performance(whole)
    in_order = list(islice(dance.frames(60), 12))
    (alone,) = dance.frames(70, 71)
    assert (in_order[10].rgb == alone.rgb).all()
    assert alone.time == in_order[10].time == Fraction(70, 30)


def test_the_same_wishes_give_the_same_dance_and_another_seed_another(whole: Avatar) -> None:
    first, again, other = (performance(whole, seed=seed).motion.rotations for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()


def test_the_dancer_stays_in_the_picture_in_every_frame(whole: Avatar) -> None:
    dance = performance(whole, seconds=8)
    for number, body in islice(enumerate(dance.vertices(0, len(dance))), 0, None, 5):
        pixels, depth = dance.camera(number).project(body)
        assert (depth > 0).all()
        assert (pixels >= 0).all()
        assert (pixels <= np.array(SIZE[::-1])).all()


def test_where_a_photograph_ended_never_rises_into_the_picture(waist: Avatar) -> None:
    dance = performance(waist, seconds=8)
    below = (waist.mesh.vertices[:, 1] < waist.cut) & ~dance._arms
    for number, body in islice(enumerate(dance.vertices(0, len(dance))), 0, None, 5):
        pixels, _ = dance.camera(number).project(body[below])
        assert (pixels[:, 1] >= SIZE[0]).all()


def test_a_cut_person_still_fills_most_of_the_picture(waist: Avatar) -> None:
    dance = performance(waist, seconds=8, size=(120, 160))  # wide enough for the arms, so that the height decides
    covered = [frame.alpha > 0 for frame in islice(dance.frames(), 0, None, 10) if frame.alpha is not None]
    assert max(picture.any(axis=1).mean() for picture in covered) > 0.6
    assert all(picture[-1].any() for picture in covered), "the person reaches the lower edge"


def test_the_camera_glides_and_never_jerks(whole: Avatar) -> None:
    dance = performance(whole, seconds=12)
    along = np.array([dance.camera(number).position for number in range(len(dance))])
    speed = np.abs(np.diff(along[:, 0])) * 30
    assert speed.max() < 0.6, "metres a second"
    assert np.abs(np.diff(along[:, 0], 2)).max() * 30**2 < 2.0, "metres per second squared"
    assert np.ptp(along[:, 1:]) == np.ptp(along[0, 1:])


def test_the_person_fills_a_good_part_of_the_picture(whole: Avatar) -> None:
    dance = performance(whole)
    frame = next(dance.frames(50, 51))
    assert frame.alpha is not None
    rows = (frame.alpha > 0).any(axis=1).mean()
    assert 0.5 < rows <= 1


def test_a_stream_without_a_photograph_is_an_input_error() -> None:
    with pytest.raises(InputError, match="photograph"):
        next(DancingPortrait().stream([], song(2)))


@pytest.mark.parametrize("wish", [{"style": "tango argentino"}, {"fps": Fraction(0)}, {"fps": Fraction(1000)}])
def test_wishes_that_make_no_sense_are_refused(wish: dict) -> None:
    with pytest.raises(UsageError):
        Config(**wish)
