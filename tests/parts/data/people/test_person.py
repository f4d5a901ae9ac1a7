"""A person is whole, grown up and closed; other clothes leave face and pose as they are; wrong wishes are refused."""

import numpy as np
import pytest

import cast
from omote.core.errors import UsageError
from omote.parts.data.people.adults import STATURE, YEARS
from omote.parts.data.people.garments import Garment
from omote.parts.data.people.part import Part
from omote.parts.data.people.person import Choice, Person, make_person
from omote.parts.data.people.views import LABELS
from omote.parts.data.people.wardrobe import FAMILIES as GARMENTS
from omote.parts.space.closest import Surface
from omote.parts.space.crossing import crossing_faces
from omote.parts.space.mesh import weld_vertices
from omote.parts.space.winding import closedness, winding_number


@pytest.fixture(scope="module")
def somebody() -> Person:
    return cast.person()


@pytest.fixture(scope="module")
def otherwise() -> Person:
    """The same, in other clothes."""
    return cast.person(*cast.OTHERWISE)


def named(person: Person, start: str) -> list[Part]:
    return [part for part in person.parts if part.name.startswith(start)]


def welded(parts: list[Part]) -> tuple[np.ndarray, np.ndarray]:
    """One mesh of parts, joined where their vertices coincide."""
    first = np.cumsum([0, *(len(part.vertices) for part in parts)])
    vertices = np.concatenate([part.vertices for part in parts])
    faces = np.concatenate([part.faces + n for part, n in zip(parts, first, strict=False)])
    return vertices, weld_vertices(vertices)[faces].astype(np.int32)


def test_everybody_is_grown_up(somebody: Person) -> None:
    assert somebody.adult.years >= YEARS[0] >= 18
    assert STATURE[0] <= somebody.adult.height <= STATURE[1]


def test_a_person_has_skin_eyes_teeth_clothes_and_two_shoes(somebody: Person) -> None:
    labels = [part.label for part in somebody.parts]
    assert {"skin", "white", "iris", "pupil", "tooth", "gum", "brow", "lash", "hair"} <= set(labels)
    assert labels.count("shoe") == 2
    assert [part.label for part in named(somebody, "garment")] == [worn.family for worn in somebody.outfit]


def test_every_label_can_be_drawn_and_no_name_is_there_twice(somebody: Person, otherwise: Person) -> None:
    for person in (somebody, otherwise):
        assert {part.label for part in person.parts} <= set(LABELS)
        assert len({part.name for part in person.parts}) == len(person.parts)


def test_every_solid_is_closed_alone_or_with_its_group(somebody: Person, otherwise: Person) -> None:
    for person in (somebody, otherwise):
        groups: dict[str, list[Part]] = {}
        for part in person.parts:
            groups.setdefault(part.name.split(".")[0], []).append(part)
        for name, parts in groups.items():
            if all(part.closed for part in parts):
                assert closedness(welded(parts)[1]).watertight, name


def test_no_garment_is_in_the_body_and_none_crosses_another(somebody: Person, otherwise: Person) -> None:
    for person in (somebody, otherwise):
        surfaces = []
        for part in named(person, "garment"):
            # In the bend of an arm the skin itself overlaps, and cloth that is caught there is inside of both.
            assert (winding_number(part.vertices, person.body, cast.dummy().faces) > 0.5).mean() < 0.002
            surfaces.append(Surface(*welded([part])))
        for k, one in enumerate(surfaces):
            for other in surfaces[k + 1 :]:
                assert len(crossing_faces(one, other)) < 20
        assert person.measures["vertices below a surface"] == 0
        assert person.measures["nearest, m"] > 0


def test_hair_is_not_in_the_clothes(somebody: Person, otherwise: Person) -> None:
    for person in (somebody, otherwise):
        for hair in named(person, "hair"):
            for part in named(person, "garment"):
                assert (winding_number(hair.vertices, part.vertices, part.faces) < 0.5).all()


def test_somebody_who_stands_stands_on_the_floor_in_their_shoes(somebody: Person) -> None:
    lowest = [part.vertices[:, 1].min() for part in somebody.parts if part.label == "shoe"]
    assert any(somebody.pose.planted), "this person stands"
    assert abs(min(lowest)) < 0.0005
    assert max(low for low, down in zip(lowest, somebody.pose.planted, strict=True) if down) < 0.006
    assert min(part.vertices[:, 1].min() for part in somebody.parts) > -0.0005


def test_joints_are_inside_the_body_and_the_head_is_on_top(somebody: Person) -> None:
    assert somebody.joints.shape == (22, 3)
    inside = winding_number(somebody.joints, somebody.body, cast.dummy().faces) > 0.5
    assert inside.mean() > 0.95
    assert somebody.head[1, 3] > somebody.body[:, 1].max() - 0.35
    assert np.allclose(somebody.head[:3, :3] @ somebody.head[:3, :3].T, np.eye(3), atol=1e-4)


def test_pupils_and_irises_are_in_front_of_the_head_and_lie_as_the_network_counts_them(somebody: Person) -> None:
    inverse = np.linalg.inv(somebody.head.astype(np.float64))
    local = somebody.irises @ inverse[:3, :3].T + inverse[:3, 3]
    right, left = local[:5], local[5:]
    assert right[0, 0] < 0 < left[0, 0], "the person's left is +x"
    for centre, nose, above, out, below in (right, left):
        assert abs(nose[0]) < abs(centre[0]) < abs(out[0])
        assert below[1] < centre[1] < above[1]
        rim = [np.linalg.norm(p - centre) for p in (nose, above, out, below)]
        assert np.allclose(rim, np.mean(rim), rtol=0.1)
        assert 0.004 < np.mean(rim) < 0.009
    for side, middle in (("right", somebody.irises[0]), ("left", somebody.irises[5])):
        assert np.allclose(somebody.pupils[side].mean(0), middle, atol=1e-4)


def test_other_clothes_leave_everything_else_as_it_was(somebody: Person, otherwise: Person) -> None:
    assert {worn.family for worn in somebody.outfit} == set(cast.OTHERWISE)
    assert not {worn.family for worn in otherwise.outfit} & set(cast.OTHERWISE)
    assert somebody.hair == otherwise.hair
    assert somebody.shoes == otherwise.shoes
    assert somebody.face_hair == otherwise.face_hair
    assert somebody.adult.words == otherwise.adult.words
    for field in ("body", "bones", "joints", "head", "irises"):
        assert np.array_equal(getattr(somebody, field), getattr(otherwise, field)), field
    others = {part.name: part for part in otherwise.parts}
    for part in somebody.parts:
        if part.label not in (*GARMENTS, "hair", "belt", "button"):
            assert np.array_equal(part.vertices, others[part.name].vertices), part.name
            assert np.array_equal(part.albedo, others[part.name].albedo), part.name


def test_textures_are_as_large_as_asked_for(somebody: Person) -> None:
    for part in named(somebody, "garment") + named(somebody, "skin"):
        assert part.albedo.shape[:2] == (64, 64)


def test_families_name_what_was_drawn(somebody: Person) -> None:
    families = somebody.families
    assert families["garments"] == ", ".join(cast.OTHERWISE)
    assert families["shoes"] == somebody.shoes.family
    assert families["hair"] == somebody.hair.family
    assert all(isinstance(worn.garment, Garment) for worn in somebody.outfit)


@pytest.mark.parametrize(
    ("seed", "choice", "says"),
    [
        (-1, Choice(), "whole number from 0"),
        (0, Choice(hair="mohawk"), "no family of hair 'mohawk'; there are bald"),
        (0, Choice(pose="flying"), "flying"),
        (0, Choice(expression="rage"), "rage"),
        (0, Choice(womanhood=1.5), "womanhood"),
        (0, Choice(without=("tie",)), "no family of garments 'tie'"),
        (0, Choice(without=("trousers", "jeans", "shorts", "pencil skirt", "flared skirt")), "left to wear"),
    ],
)
def test_wishes_that_make_no_sense_are_refused_in_one_sentence(seed: int, choice: Choice, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        make_person(cast.model(), seed, choice)
