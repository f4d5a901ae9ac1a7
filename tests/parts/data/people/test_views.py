"""Cameras see all of somebody, as large as they can; what they see is labelled."""

import numpy as np
import pytest

import cast
from omote.core.errors import UsageError
from omote.parts.data.people.person import Person
from omote.parts.data.people.views import DISTANCE, FILLED, LABELS, Rig, around, number_of, portrait, seen
from omote.parts.data.people.wardrobe import FAMILIES
from omote.parts.render.buffers import Buffers, render
from omote.parts.space.camera import Camera

SIZE = (64, 64)


@pytest.fixture(scope="module")
def somebody() -> Person:
    return cast.person()


@pytest.fixture(scope="module")
def front(somebody: Person) -> Buffers:
    return render(cast.subject(), around(somebody, 1, (96, 96))[0], [])


def outline(person: Person, camera: Camera) -> tuple[np.ndarray, np.ndarray]:
    """The corners of somebody's box in a picture, as shares of it from its middle (1 = its edge)."""
    points = np.concatenate([part.vertices for part in person.parts])
    pixels, depth = camera.project(points)
    assert depth.min() > camera.near
    half = np.array([camera.size[1], camera.size[0]]) / 2
    away = (pixels - half) / half
    return away.min(0), away.max(0)


@pytest.mark.parametrize("rig", ["perspective", "orthographic"])
@pytest.mark.parametrize("size", [(64, 64), (96, 48), (48, 96)])
def test_somebody_fills_the_picture_and_is_wholly_inside_it(somebody: Person, rig: Rig, size: tuple[int, int]) -> None:
    cameras = around(somebody, 5, size, rig, start=0.3)
    assert len(cameras) == 5
    reach = []
    for camera in cameras:
        assert camera.size == size
        assert camera.orthographic == (rig == "orthographic")
        low, high = outline(somebody, camera)
        reach.append(max(np.abs(low).max(), np.abs(high).max()))
    assert np.isclose(max(reach), FILLED, atol=1e-3)
    assert len({camera.focal for camera in cameras}) == 1, "all see them equally large"


def test_cameras_stand_around_somebody_and_begin_in_front(somebody: Person) -> None:
    cameras = around(somebody, 4, SIZE)
    points = np.concatenate([part.vertices for part in somebody.parts])
    middle = (points.min(0) + points.max(0)) / 2
    ways = np.stack([camera.position - middle for camera in cameras])
    assert np.allclose(np.linalg.norm(ways[:, [0, 2]], axis=1), DISTANCE)
    assert np.allclose(ways[0, [0, 2]], [0, DISTANCE], atol=1e-6)
    angles = np.arctan2(ways[:, 0], ways[:, 2])
    assert np.allclose(np.exp(1j * angles), np.exp(0.5j * np.pi * np.arange(4)), atol=1e-6)
    for camera, way in zip(cameras, ways, strict=True):
        assert np.allclose(camera.forward, -way / np.linalg.norm(way), atol=1e-6)


def test_no_camera_is_no_error(somebody: Person) -> None:
    assert around(somebody, 0, SIZE) == []


def test_a_portrait_shows_the_face_in_its_middle_from_any_side(somebody: Person) -> None:
    for turn in (-0.8, 0.0, 0.8):
        camera = portrait(somebody, SIZE, turn)
        eyes, depth = camera.project(np.stack([somebody.pupils[side].mean(0) for side in ("left", "right")]))
        assert (depth > 0.8).all()
        assert np.abs(eyes - 32).max() < 20
    left, right = portrait(somebody, SIZE).project(
        np.stack([somebody.pupils[side].mean(0) for side in ("left", "right")])
    )[0]
    assert left[0] > right[0], "their left eye is on the right of the picture"


@pytest.mark.parametrize("label", LABELS)
def test_labels_count_from_one(label: str) -> None:
    assert LABELS[number_of(label) - 1] == label
    assert 1 <= number_of(label) <= 255


def test_every_family_of_garments_has_a_label_of_its_own() -> None:
    assert set(FAMILIES) <= set(LABELS)
    assert len(set(LABELS)) == len(LABELS)


@pytest.mark.parametrize("label", ["", "tie", "Skin"])
def test_what_is_no_label_is_refused(label: str) -> None:
    with pytest.raises(UsageError, match="is no label; there are skin"):
        number_of(label)


def test_a_picture_shows_the_labels_of_what_is_worn(somebody: Person, front: Buffers) -> None:
    shown = {LABELS[n - 1] for n in np.unique(front.label) if n > 0}
    assert {"skin", "shoe", "hair", *(worn.family for worn in somebody.outfit)} <= shown
    assert shown <= {part.label for part in somebody.parts}
    assert (front.label[0] < 0).all(), "above the head there is nothing"


def test_seen_from_the_front_hair_is_above_and_shoes_are_below(front: Buffers) -> None:
    rows = {name: np.nonzero(front.label == number_of(name))[0] for name in ("hair", "skin", "shoe")}
    assert rows["hair"].mean() < rows["skin"].mean() < rows["shoe"].mean()


def test_parts_keep_their_order_and_their_colours(somebody: Person) -> None:
    subject = seen(somebody)
    wanted = [part for part in somebody.parts if not part.clear]
    assert [part.name for part in subject.parts] == [part.name for part in wanted]
    for got, part in zip(subject.parts, wanted, strict=True):
        assert np.array_equal(got.mesh.texture[..., :3], part.albedo)
        assert (got.mesh.texture[..., 3] == 255).all()
        assert (got.colours is None) == (part.colours is None)
        assert 0 <= got.specular <= 0.1
