"""Sewn cloth is one open manifold with the edges that were cut, outside of the body, and moved by it."""

import numpy as np
import pytest

import cast
from omote.core.errors import ShapeError, UsageError
from omote.parts.data.people.garments import Garment, Skirt, Trousers, Upper, height_at
from omote.parts.data.people.sewing import LAYER, Sewn, neighbours, sew
from omote.parts.space.sheet import islands
from omote.parts.space.winding import closedness, winding_number

SKIRT = Skirt(hem=-0.8, flare=0.4)
BORDERS = {"shirt": (cast.TEE, 4), "shorts": (cast.SHORTS, 3), "skirt": (SKIRT, 2), "open jacket": (cast.JACKET, 3)}
"""Neck, hem and two cuffs; waist and two legs; waist and hem; two cuffs, and neck, front and hem in one."""


@pytest.fixture(scope="module", params=list(BORDERS))
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def piece(name: str) -> Sewn:
    return cast.sewn(BORDERS[name][0])


def loops(faces: np.ndarray) -> list[list[int]]:
    """The closed borders of a sheet, each as its vertices in order."""
    after = {int(a): int(b) for a, b in closedness(faces).borders}
    found, seen = [], set()
    for start in after:
        loop, at = [], start
        while at not in seen:
            seen.add(at)
            loop.append(at)
            at = after[at]
        if loop:
            found.append(loop)
    return found


def test_cloth_is_one_manifold_with_as_many_borders_as_the_garment_has_openings(name: str, piece: Sewn) -> None:
    state = closedness(piece.faces)
    assert not len(state.repeated)
    assert not len(state.collapsed)
    assert len(np.unique(state.borders[:, 0])) == len(state.borders), "no border touches itself"
    assert len(loops(piece.faces)) == BORDERS[name][1]
    assert islands(piece.faces).max() == 0
    assert (np.unique(piece.faces) == np.arange(len(piece.vertices))).all(), "no vertex is left over"


def test_the_way_to_the_edge_is_nothing_on_borders_and_something_inside(piece: Sewn) -> None:
    border = np.zeros(len(piece.vertices), bool)
    border[closedness(piece.faces).borders] = True
    assert piece.edge[border].max() < 1e-5
    assert piece.edge.min() >= 0
    assert (piece.edge[~border] > 0).mean() > 0.999


def test_no_cloth_is_in_the_body(piece: Sewn) -> None:
    dummy = cast.dummy()
    assert (winding_number(piece.vertices, dummy.vertices, dummy.faces) < 0.5).all()
    middles = piece.vertices[piece.faces].mean(1)
    assert (winding_number(middles, dummy.vertices, dummy.faces) < 0.5).all()


def test_what_moves_cloth_are_shares_of_the_bones(piece: Sewn) -> None:
    assert piece.bones.shape == (len(piece.vertices), len(cast.model().bone_names))
    assert piece.bones.min() >= 0
    assert np.allclose(piece.bones.sum(1), 1, atol=1e-5)


def test_the_sides_of_cloth_are_the_sides_of_its_field(piece: Sewn) -> None:
    corner = piece.vertices[piece.faces].astype(np.float64)
    normal = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    unit = normal / np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
    middle = corner.mean(1)
    out, into = (piece.solid.sample((middle + s * 0.004 * unit).astype(np.float32)) for s in (1, -1))
    assert (out > into).mean() > 0.999
    assert np.abs(piece.solid.sample(piece.vertices)).max() < 0.003, "it lies on the zero level"


def test_hems_cuffs_and_waists_are_where_they_were_told() -> None:
    dummy = cast.dummy()
    tee = cast.sewn(cast.TEE)
    assert np.isclose(tee.vertices[:, 1].min(), height_at(dummy, cast.TEE.hem), atol=0.002)
    assert np.isclose(tee.arm.max(), cast.TEE.sleeve, atol=0.01)
    skirt = cast.sewn(SKIRT)
    heights = skirt.vertices[:, 1].min(), skirt.vertices[:, 1].max()
    assert np.allclose(heights, [height_at(dummy, SKIRT.hem), height_at(dummy, SKIRT.waist)], atol=0.002)
    shorts = cast.sewn(cast.SHORTS)
    legs = shorts.vertices[shorts.vertices[:, 1] < dummy.heights["crotch"]]
    assert np.isclose(dummy.along_leg(legs).max(), cast.SHORTS.end, atol=0.01)


def test_trousers_follow_legs_and_skirts_the_hips() -> None:
    names = cast.model().bone_names
    legs = [k for k, name in enumerate(names) if "leg" in name]
    for garment, low, high in ((cast.SHORTS, 0.5, 1.0), (SKIRT, 0.0, 0.2)):
        piece = cast.sewn(garment)
        below = piece.vertices[:, 1] < cast.dummy().heights["crotch"] - 0.08
        share = piece.bones[below][:, legs].sum(1)
        assert low <= share.mean() <= high, garment


def test_left_cloth_is_moved_by_left_bones() -> None:
    piece, names = cast.sewn(cast.TEE), cast.model().bone_names
    for sign, other in ((1, ".R"), (-1, ".L")):
        sleeve = (piece.arm > 0.3) & (piece.vertices[:, 0] * sign > 0)
        wrong = [k for k, name in enumerate(names) if name.endswith(other)]
        assert sleeve.any()
        assert piece.bones[sleeve][:, wrong].max() < 0.02


def test_a_garment_is_cut_around_the_one_below() -> None:
    dummy, below = cast.dummy(), cast.sewn(cast.TEE).solid
    thin = Upper(sleeve=0.3, hem=0.1, ease=0.008, sleeve_ease=(0.008, 0.008))
    over = sew(dummy, thin, [below])
    inside = (over.vertices >= below.origin).all(1)
    away = below.sample(over.vertices[inside])
    assert away.min() > 0.3 * LAYER
    alone = below.sample(cast.sewn(thin).vertices)
    assert alone.min() < -0.005, "without the layer below it would lie inside"


@pytest.mark.parametrize(
    "garment", [Trousers(end=-0.5, waist=-0.6), Upper(sleeve=0.0, hem=2.0, neck="boat"), Skirt(hem=0.9, waist=0.5)]
)
def test_a_garment_of_which_nothing_is_left_is_refused(garment: Garment) -> None:
    with pytest.raises((ShapeError, UsageError), match="nothing"):
        sew(cast.dummy(), garment)


@pytest.mark.oracle
def test_the_mean_of_neighbours_is_that_of_those_joined_by_an_edge() -> None:
    faces = np.array([[0, 1, 2], [0, 2, 3], [4, 5, 6]], np.int32)
    beside: list[set[int]] = [set() for _ in range(8)]
    for a, b, c in faces:
        for i, j in ((a, b), (b, c), (c, a)):
            beside[i].add(int(j))
            beside[j].add(int(i))
    values = np.random.default_rng(0).normal(size=(8, 2)).astype(np.float32)
    wanted = np.array([values[list(b)].mean(0) if b else [0, 0] for b in beside])
    assert np.allclose(neighbours(faces, 8) @ values, wanted, atol=1e-6)


def test_the_same_body_and_cut_give_the_same_bits() -> None:
    first, again = cast.sewn(cast.SHORTS), sew(cast.dummy(), cast.SHORTS)
    assert np.array_equal(first.vertices, again.vertices)
    assert np.array_equal(first.faces, again.faces)
    assert np.array_equal(first.bones, again.bones)
