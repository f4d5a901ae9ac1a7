"""Hair is a closed solid on the scalp that leaves the face free, lies upon clothes, and is as long as it was told."""

from dataclasses import replace

import numpy as np
import pytest
import trimesh

import cast
from omote.parts.data.hair import CENTRE
from omote.parts.data.people.hair import EMBEDDED, STYLES, VOXEL, HairStyle, Head, grow
from omote.parts.data.people.part import Part
from omote.parts.space.closest import Surface
from omote.parts.space.mesh import weld_vertices
from omote.parts.space.winding import closedness, winding_number

BROWN = (0.2, 0.13, 0.085)
BOB = HairStyle(family="bob", colour=BROWN, top=0.018, sides=0.018, length=0.08, face=1.15, seed=4)
NAMES = ("buzz", "bob", "ponytail")


@pytest.fixture(scope="module")
def head() -> Head:
    return Head.of(cast.figure())


@pytest.fixture(scope="module")
def shirt() -> trimesh.Trimesh:
    """What lies around the neck as high as the jaw: thick enough for locks to lie upon."""
    return trimesh.creation.cylinder(radius=0.16, height=0.16, sections=48, transform=_upright())


def _upright() -> np.ndarray:
    middle = cast.dummy().joint("neck01") + np.array([0, -0.05, -0.01])
    turn = trimesh.transformations.rotation_matrix(np.pi / 2, [1, 0, 0])
    return trimesh.transformations.translation_matrix(middle) @ turn


@pytest.fixture(scope="module")
def grown(shirt: trimesh.Trimesh) -> dict[str, Part]:
    collar = Surface(shirt.vertices.astype(np.float32), shirt.faces.astype(np.int32))
    hair = {}
    for name in NAMES:
        style = BOB if name == "bob" else STYLES[name](np.random.default_rng(2), BROWN, 0.2)
        part = grow(cast.figure(), style, [collar] if name == "bob" else [])
        assert part is not None
        hair[name] = part
    return hair


@pytest.fixture(scope="module", params=NAMES)
def hair(request: pytest.FixtureRequest, grown: dict[str, Part]) -> Part:
    return grown[request.param]


def test_the_heads_frame_is_that_of_the_mean_adult(head: Head) -> None:
    figure = cast.figure()
    skull = figure.part("head") & (figure.canonical[:, 1] > 0.88)
    assert np.linalg.norm(head.local(figure.vertices[skull]) - figure.canonical[skull], axis=1).max() < 0.01
    points = np.random.default_rng(0).normal(0, 1, (20, 3)).astype(np.float32)
    assert np.allclose(head.local(head.world(points)), points, atol=1e-5)


def test_hair_is_one_closed_solid(hair: Part) -> None:
    assert closedness(weld_vertices(hair.vertices)[hair.faces]).watertight
    assert (hair.name, hair.label) == ("hair", "hair")
    mesh = trimesh.Trimesh(hair.vertices, hair.faces, process=False)
    mesh.merge_vertices()
    assert mesh.body_count == 1
    assert mesh.volume > 0


def test_hair_reaches_into_the_scalp_no_deeper_than_it_must(hair: Part) -> None:
    body = Surface(cast.figure().vertices, cast.figure().model.faces)
    assert body.closest(hair.vertices).distance.min() > -(EMBEDDED + 0.5 * VOXEL)


def test_the_face_is_free(hair: Part, head: Head) -> None:
    c = head.local(hair.vertices)
    angle = np.abs(np.arctan2(c[:, 0], c[:, 2] - CENTRE[2]))
    face = (c[:, 1] > 0.80) & (c[:, 1] < 0.925) & (angle < 0.7)
    assert not face.any()


def test_the_crown_is_covered(hair: Part, head: Head) -> None:
    figure = cast.figure()
    crown = figure.part("head") & (figure.canonical[:, 1] > 0.985)
    assert crown.sum() > 20
    # A finger's breadth along the normal is beyond the hair, the skin itself is inside of it.
    assert (winding_number(figure.vertices[crown], hair.vertices, hair.faces) > 0.5).all()
    beyond = figure.vertices[crown] + 0.16 * figure.normals[crown]
    assert (winding_number(beyond, hair.vertices, hair.faces) < 0.5).all()


def test_locks_lie_upon_clothes_and_do_not_reach_into_them(grown: dict[str, Part], shirt: trimesh.Trimesh) -> None:
    bob = grown["bob"]
    collar = shirt.vertices.astype(np.float32), shirt.faces.astype(np.int32)
    assert (winding_number(bob.vertices, *collar) < 0.5).all()
    away = Surface(*collar).closest(bob.vertices, 0.05).distance
    assert (away < 0.012).any(), "they do lie on it"
    assert away.min() > 0.0005


def test_hair_on_top_is_as_thick_as_it_was_told(grown: dict[str, Part]) -> None:
    figure = cast.figure()
    skull = figure.vertices[figure.part("head"), 1].max()
    for name, style in (("buzz", STYLES["buzz"](np.random.default_rng(2), BROWN, 0.2)), ("bob", BOB)):
        assert np.isclose(grown[name].vertices[:, 1].max() - skull, style.top, rtol=0.5, atol=0.001), name


def test_locks_end_as_far_below_the_ears_as_they_were_told(head: Head) -> None:
    part = grow(cast.figure(), replace(BOB, length=0.14))
    assert part is not None
    assert np.isclose(0.87 - head.local(part.vertices)[:, 1].min(), 0.14, atol=0.03)


def test_a_ponytail_hangs_behind_the_head(grown: dict[str, Part], head: Head) -> None:
    c = head.local(grown["ponytail"].vertices)
    tail = c[:, 1] < 0.80
    assert tail.any()
    assert c[tail, 2].max() < 0.0
    assert np.abs(c[tail, 0]).max() < 0.06


@pytest.mark.parametrize("top", [0.0, -0.01])
def test_a_bald_head_has_no_hair(top: float) -> None:
    assert grow(cast.figure(), HairStyle(family="bald", colour=BROWN, top=top, sides=0.0)) is None


def test_the_texture_shows_the_colour_of_the_hair(hair: Part) -> None:
    assert hair.albedo.shape[:2] == (768, 768)
    texel = (hair.uvs * 768).astype(int).clip(0, 767)
    median = np.median(hair.albedo[texel[:, 1], texel[:, 0]] / 255.0, 0)
    assert np.abs(median - BROWN).max() < 0.09
    assert hair.uvs.min() >= 0
    assert hair.uvs.max() <= 1


def test_white_strands_are_as_many_as_asked_for() -> None:
    c = np.random.default_rng(0).uniform([-0.08, 0.9, -0.06, 0.05], [0.08, 1.0, 0.14, 0.2], (4000, 4))
    bright = [HairStyle(family="any", colour=BROWN, grey=g).strands(c).mean() for g in (0.0, 0.3, 0.6, 1.0)]
    assert np.all(np.diff(bright) > 0.02)
    for grey in (0.0, 1.0):
        strands = HairStyle(family="any", colour=BROWN, grey=grey).strands(c)
        assert strands.dtype == np.float32
        assert 0 < strands.min() <= strands.max() < 1


@pytest.mark.parametrize("family", list(STYLES))
def test_families_draw_hair_that_can_be_grown_and_the_same_again(family: str) -> None:
    for seed in range(20):
        style = STYLES[family](np.random.default_rng(seed), BROWN, 0.3)
        assert style == STYLES[family](np.random.default_rng(seed), BROWN, 0.3)
        assert (style.family, style.colour, style.grey) == (family, BROWN, 0.3)
        assert (style.top == 0) == (family == "bald")
        assert 0 <= style.top < 0.1
        assert 0 <= style.length < 0.4
        assert style.tail == (family if family in ("ponytail", "bun") else "none")
