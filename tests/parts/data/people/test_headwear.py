"""Hats: closed, clear of the head and of glasses, hair kept under them, drawn from named families."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from omote.core.errors import UsageError
from omote.parts.body.anny import BodyModel
from omote.parts.data.figure import Figure
from omote.parts.data.people.hair import STYLES
from omote.parts.data.people.head import mean_adult
from omote.parts.data.people.headwear import HEADWEAR, draw_headwear, put_on
from omote.parts.space.closest import Surface
from omote.parts.space.crossing import crossing_faces, self_crossings
from omote.parts.space.winding import closedness


@pytest.fixture(scope="module")
def figure(model: BodyModel, make_head: Callable) -> Figure:
    """Return the mean adult, its head turned."""
    head = make_head(turned=True)
    with torch.no_grad():
        rest = model.rest(torch.full((1, 6), 0.5))
    index = model.bone_names.index("head")
    bones = np.tile(np.eye(4, dtype=np.float32), (len(model.bone_names), 1, 1))
    bones[index, :3, :3] = head.carry[:3, :3]
    return Figure(
        model=model, vertices=head.posed, canonical=mean_adult(model), heads=rest.heads[0].numpy(), bones=bones
    )


@pytest.mark.parametrize("family", list(HEADWEAR))
def test_a_hat_is_closed_and_clear_of_the_head(figure: Figure, family: str) -> None:
    hat = HEADWEAR[family](np.random.default_rng(3))
    style = STYLES["crop"](np.random.default_rng(1), (0.2, 0.1, 0.1), 0.0)
    on = put_on(figure, hat, style)
    head = Surface(figure.vertices, figure.model.faces)
    assert {part.label for part in on.parts} == {family}
    for k, part in enumerate(on.parts):
        own = Surface(part.vertices, part.faces)
        assert closedness(part.faces).watertight
        assert len(self_crossings(own)) == 0
        assert len(crossing_faces(own, head)) == 0
        assert float(head.closest(part.vertices, 0.05).distance.min()) > 0.001
        assert all(len(crossing_faces(own, Surface(other.vertices, other.faces))) == 0 for other in on.parts[:k])


@pytest.mark.parametrize("family", ["beanie", "cap", "brimmed hat", "bucket hat"])
def test_hair_is_free_on_the_scalp_and_not_above_the_hat(figure: Figure, family: str) -> None:
    on = put_on(figure, HEADWEAR[family](np.random.default_rng(3)))
    crown = figure.part("head") & (figure.canonical[:, 1] > 0.985)
    up = figure.bones[figure.model.bone_names.index("head"), :3, 1]
    assert (on.lid(figure.vertices[crown]) < 0.002).all()
    assert (on.lid(figure.vertices[crown] + 0.05 * up) > 0).all()
    chin = figure.part("head") & (figure.canonical[:, 1] < 0.80)
    assert (on.lid(figure.vertices[chin]) < 0).all()
    for part in on.parts:  # the hat itself is where hair may not be
        assert float(on.lid(part.vertices).min()) > -0.004 or len(on.parts) > 1


def test_a_bald_head_wears_the_same_hat_closer(figure: Figure) -> None:
    hat = HEADWEAR["beanie"](np.random.default_rng(0))
    wide = STYLES["curls"](np.random.default_rng(1), (0.2, 0.1, 0.1), 0.0)
    close, far = put_on(figure, hat).parts[0], put_on(figure, hat, wide).parts[0]
    assert np.ptp(close.vertices, axis=0)[0] < np.ptp(far.vertices, axis=0)[0]


def test_the_same_chance_gives_the_same_hat(figure: Figure) -> None:
    one, other = (put_on(figure, HEADWEAR["cap"](np.random.default_rng(5))) for _ in range(2))
    for a, b in zip(one.parts, other.parts, strict=True):
        assert (a.vertices == b.vertices).all()
        assert (a.albedo == b.albedo).all()


def test_families_can_be_held_out_and_unknown_ones_are_refused(figure: Figure) -> None:
    kept = tuple(name for name in HEADWEAR if name != "cap")
    for seed in range(8):
        hat = draw_headwear(np.random.default_rng(seed), share=1.0, without=kept)
        assert hat is not None
        assert hat.family == "cap"
    assert draw_headwear(np.random.default_rng(0), share=0.0) is None
    assert draw_headwear(np.random.default_rng(0), share=1.0, without=tuple(HEADWEAR)) is None
    with pytest.raises(UsageError, match="no family of headwear 'crown'"):
        draw_headwear(np.random.default_rng(0), without=("crown",))
