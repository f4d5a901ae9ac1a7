"""Bodies, garments and people that tests of several modules share, each made once."""

from functools import cache

import numpy as np
import torch

from omote.parts.body.anny import BodyModel, Rest
from omote.parts.body.drape import Settings
from omote.parts.data.figure import Figure
from omote.parts.data.people import dressing
from omote.parts.data.people.body import Body
from omote.parts.data.people.dressing import Dressed
from omote.parts.data.people.fabrics import Fabric
from omote.parts.data.people.garments import Garment, Trousers, Upper
from omote.parts.data.people.head import mean_adult
from omote.parts.data.people.person import Choice, Person, make_person
from omote.parts.data.people.poses import Pose, draw_pose, tailor
from omote.parts.data.people.sewing import Sewn, sew
from omote.parts.data.people.tailor import Dummy
from omote.parts.data.people.views import seen
from omote.parts.data.people.wardrobe import Worn
from omote.parts.render.subject import Subject

TEE = Upper(sleeve=0.55, hem=-0.1, ease=0.02)
JACKET = Upper(sleeve=1.9, hem=0.0, neck="vee", ease=0.03, sleeve_ease=(0.022, 0.022), opening=0.03)
SHORTS = Trousers(end=0.8, waist=0.6)
SEED = 21
"""Of the person that tests share: shorts, a t-shirt, high tops, a fringe."""
OTHERWISE = ("shorts", "t-shirt")
"""What is held out to give the same person other garments."""


@cache
def model() -> BodyModel:
    return BodyModel.load()


@cache
def rest() -> Rest:
    with torch.no_grad():
        return model().rest(torch.full((1, 6), 0.5))


@cache
def body() -> Body:
    return Body.of(model(), rest())


@cache
def dummy() -> Dummy:
    straight = tailor(body())
    bones = body().bones(straight.rotations, straight.root)
    return Dummy(
        model=model(), vertices=body().skinned(bones), bones=bones, rotations=straight.rotations, root=straight.root
    )


@cache
def figure() -> Figure:
    """The dummy as hair takes it."""
    d = dummy()
    return Figure(model=model(), vertices=d.vertices, canonical=mean_adult(model()), heads=body().heads, bones=d.bones)


@cache
def sewn(garment: Garment) -> Sewn:
    return sew(dummy(), garment)


@cache
def pose() -> Pose:
    return draw_pose(np.random.default_rng(3), body(), "walking")


@cache
def way() -> dressing.Way:
    return dressing.way(dummy(), rest(), torch.from_numpy(pose().rotations), pose().root)


@cache
def dressed() -> tuple[Dressed, ...]:
    """Shorts, and a shirt over them, on somebody who walks."""
    striped = Fabric(colour=(0.1, 0.1, 0.5), second=(0.9, 0.9, 0.9), pattern="stripes")
    outfit = (
        Worn(family="shorts", garment=SHORTS, fabric=Fabric(colour=(0.6, 0.2, 0.2))),
        Worn(family="t-shirt", garment=TEE, fabric=striped),
    )
    return tuple(dressing.dress(dummy(), way(), outfit, Settings(settle=40, tighten=40)))


@cache
def subject() -> Subject:
    """The person that tests share, ready to be rendered."""
    return seen(person())


@cache
def person(*without: str, seed: int = SEED) -> Person:
    return make_person(model(), seed, Choice(without=without, texture=64))
