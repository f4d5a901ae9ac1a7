"""The fit against a synthetic person whose joints are known."""

from dataclasses import replace

import numpy as np
import pytest

from omote.core.errors import ShapeError
from omote.parts.body.contour import Contour
from omote.parts.body.fit import photographer
from omote.parts.body.photo_to_avatar import Workshop
from omote.parts.body.skeleton import JOINTS
from omote.parts.render.visibility import rasterise


@pytest.fixture(scope="module")
def body(workshop: Workshop, truth):
    return workshop.fitter.fit(truth.sight, truth.camera)


def joints_of(body, rig) -> np.ndarray:
    heads = np.concatenate([body.rest_heads, np.ones((len(body.rest_heads), 1), np.float32)], 1)
    places = (body.posed_from_rest @ heads[..., None])[:, :3, 0]
    return places[[rig.bone_of[name] for name in JOINTS]]


@pytest.mark.oracle
def test_joints_of_a_known_person_are_found_within_centimetres(workshop: Workshop, truth, body) -> None:
    found = joints_of(body, workshop.fitter.rig)
    centred = (found - found[0]) - (truth.joints - truth.joints[0])
    across = np.linalg.norm(centred[:, :2], axis=1)
    assert np.median(across) < 0.02
    assert across.max() < 0.06
    assert np.median(np.linalg.norm(centred, axis=1)) < 0.05


@pytest.mark.oracle
def test_outline_of_a_known_person_is_covered(workshop: Workshop, truth, body) -> None:
    covered = rasterise(body.vertices, workshop.model.faces, truth.camera).faces >= 0
    wanted = truth.sight.alpha > 0.5
    assert (covered & wanted).sum() / (covered | wanted).sum() > 0.92


@pytest.mark.oracle
def test_face_of_a_known_person_projects_onto_itself(workshop: Workshop, truth, body) -> None:
    pixels, _ = truth.camera.project(workshop.points.at(body.vertices))
    assert np.median(np.linalg.norm(pixels - truth.sight.face, axis=1)) < 1.5


def test_a_fit_is_the_same_every_time_and_finite(workshop: Workshop, truth) -> None:
    bare = replace(truth.sight, face=None)
    one, two = (workshop.fitter.fit(bare, truth.camera) for _ in range(2))
    assert np.isfinite(one.vertices).all()
    assert np.array_equal(one.vertices, two.vertices)


def test_a_camera_of_another_size_is_refused(workshop: Workshop, truth) -> None:
    with pytest.raises(ShapeError, match="needs a matte of that size"):
        workshop.fitter.fit(truth.sight, photographer((100, 100), 0.8))


def test_an_empty_matte_is_refused(workshop: Workshop, truth) -> None:
    empty = replace(truth.sight, alpha=np.zeros((640, 480), np.float32))
    with pytest.raises(ShapeError, match="with a person in it"):
        workshop.fitter.fit(empty, truth.camera)


def test_a_person_who_fills_the_picture_has_no_contour_and_that_is_no_error() -> None:
    assert len(Contour.of(np.ones((50, 60), np.float32)).points) == 0
