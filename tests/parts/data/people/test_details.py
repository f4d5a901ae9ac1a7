"""Collars, lapels, pockets, belts and buttons: closed pieces that lie on the cloth and touch nothing."""

import numpy as np
import pytest
import torch

from omote.parts.body.anny import BodyModel
from omote.parts.body.drape import Draped
from omote.parts.data.figure import Figure
from omote.parts.data.people.adults import draw_adult, rest_of
from omote.parts.data.people.bags import BAGS, Bag, carry, draw_bag
from omote.parts.data.people.body import Body
from omote.parts.data.people.details import Trim, draw_trim, trim
from omote.parts.data.people.dressing import Dressed
from omote.parts.data.people.fabrics import Fabric
from omote.parts.data.people.garments import Garment, Trousers, Upper
from omote.parts.data.people.head import mean_adult
from omote.parts.data.people.part import Part
from omote.parts.data.people.poses import tailor
from omote.parts.data.people.sewing import sew
from omote.parts.data.people.tailor import Dummy
from omote.parts.data.people.wardrobe import FAMILIES, Worn
from omote.parts.space.closest import Surface
from omote.parts.space.crossing import crossing_faces, self_crossings
from omote.parts.space.mesh import vertex_normals
from omote.parts.space.sheet import shell
from omote.parts.space.winding import closedness


@pytest.fixture(scope="module")
def dummy() -> Dummy:
    model = BodyModel.load()
    body = Body.of(model, rest_of(model, draw_adult(np.random.default_rng(4), model)))
    pose = tailor(body)
    bones = body.bones(pose.rotations, pose.root)
    root = pose.root.astype(np.float32)
    return Dummy(model=model, vertices=body.skinned(bones), bones=bones, rotations=pose.rotations, root=root)


def worn_as_cut(dummy: Dummy, garment: Garment, family: str) -> Dressed:
    """Return a garment on the dummy as it was sewn, not relaxed."""
    worn = Worn(family=family, garment=garment, fabric=Fabric(colour=(0.4, 0.5, 0.6)))
    sewn = sew(dummy, garment)
    normals = vertex_normals(sewn.vertices, sewn.faces)
    still = Draped(vertices=sewn.vertices, path=[], strain=np.zeros(0, np.float32), below=0, nearest=0.01)
    outer = sewn.vertices + worn.thickness * normals
    return Dressed(worn=worn, sewn=sewn, draped=still, normals=normals, shell=shell(outer, sewn.faces, sewn.vertices))


@pytest.fixture(scope="module")
def coat(dummy: Dummy) -> Dressed:
    cut = Upper(sleeve=1.9, hem=-0.6, neck="vee", depth=0.03, ease=0.03, sleeve_ease=(0.026, 0.03), opening=0.02)
    return worn_as_cut(dummy, cut, "coat")


def check(parts: list[Part], on: Dressed) -> None:
    cloth = Surface(on.shell.vertices, on.shell.faces)
    solids = [Surface(part.vertices, part.faces) for part in parts]
    for k, (part, own) in enumerate(zip(parts, solids, strict=True)):
        assert closedness(part.faces).watertight
        assert len(self_crossings(own)) == 0
        assert len(crossing_faces(own, cloth)) == 0
        assert all(len(crossing_faces(own, other)) == 0 for other in solids[:k])
        away = cloth.closest(part.vertices, 0.05).distance
        assert 0.0001 < float(away.min()) < 0.01


def test_a_coat_has_lapels_pockets_and_buttons_that_lie_on_it(dummy: Dummy, coat: Dressed) -> None:
    parts = trim(dummy, [coat], 0, Trim(lapel=0.07, buttons=3, button=0.01, pockets=("hips",), pocket=0.13))
    names = " ".join(part.name for part in parts)
    for piece in ("left lapel", "right lapel", "pocket +1", "pocket -1", "button 1", "button 3"):
        assert piece in names
    check(parts, coat)
    left = next(p for p in parts if "left lapel" in p.name)
    assert (left.vertices[:, 0] > -0.01).all()


def test_a_shirt_has_a_collar_a_pocket_and_a_placket(dummy: Dummy) -> None:
    shirt = worn_as_cut(dummy, Upper(sleeve=1.8, ease=0.016), "blouse")
    parts = trim(dummy, [shirt], 0, Trim(collar=0.05, placket=0.028, buttons=6, pockets=("chest",), pocket=0.1))
    names = " ".join(part.name for part in parts)
    for piece in ("collar", "chest pocket", "placket", "button 6"):
        assert piece in names
    check(parts, shirt)


def test_a_belt_goes_around_and_a_layer_above_hides_what_it_would_cut(dummy: Dummy, coat: Dressed) -> None:
    trousers = worn_as_cut(dummy, Trousers(waist=0.6), "jeans")
    wanted = Trim(belt=0.033, pockets=("back",), pocket=0.11)
    alone = trim(dummy, [trousers], 0, wanted)
    assert {"jeans: belt", "jeans: buckle"} <= {part.name for part in alone}
    belt = alone[[part.name for part in alone].index("jeans: belt")]
    inside = np.array([[0.0, float(belt.vertices[:, 1].mean()), 0.0]], np.float32)
    around = belt.vertices - inside
    assert np.ptp(np.arctan2(around[:, 0], around[:, 2])) > 6
    tight = worn_as_cut(dummy, Trousers(waist=0.6, ease=0.0125, leg_ease=(0.0135, 0.0235)), "trousers")
    names = {part.name for part in trim(dummy, [trousers, tight], 0, wanted)}
    assert "jeans: buckle" not in names


def test_every_family_draws_its_details() -> None:
    for family, draw in FAMILIES.items():
        for seed in range(6):
            rng = np.random.default_rng(seed)
            drawn = draw_trim(rng, draw(rng))
            assert drawn.lapel == 0 or family in ("jacket", "coat")


@pytest.mark.parametrize("family", list(BAGS))
def test_a_bag_is_closed_and_touches_nothing(dummy: Dummy, family: str) -> None:
    with torch.no_grad():
        heads = dummy.model.rest(torch.full((1, 6), 0.5)).heads[0].numpy()
    figure = Figure(
        model=dummy.model, vertices=dummy.vertices, canonical=mean_adult(dummy.model), heads=heads, bones=dummy.bones
    )
    shirt = worn_as_cut(dummy, Upper(sleeve=0.5, ease=0.016), "t-shirt")
    parts = carry(figure, [shirt], BAGS[family](np.random.default_rng(1)))
    assert len(parts) == 3
    layers = [Surface(dummy.vertices, dummy.model.faces), Surface(shirt.shell.vertices, shirt.shell.faces)]
    for part in parts:
        own = Surface(part.vertices, part.faces)
        assert closedness(part.faces).watertight
        assert len(self_crossings(own)) == 0
        assert all(len(crossing_faces(own, layer)) == 0 for layer in layers)
        assert min(float(layer.closest(part.vertices, 0.1).distance.min()) for layer in layers) > 0.0005


def test_bags_can_be_left_out() -> None:
    assert draw_bag(np.random.default_rng(0), share=0.0) is None
    drawn = draw_bag(np.random.default_rng(0), share=1.0, without=("backpack",))
    assert isinstance(drawn, Bag)
    assert drawn.family == "shoulder bag"
