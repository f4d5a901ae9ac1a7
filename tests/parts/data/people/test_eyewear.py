"""Glasses: closed, clear of the face, resting on nose and ears, symmetric, drawn from named families."""

import numpy as np
import pytest

from omote.core.errors import UsageError
from omote.parts.data.figure import Figure
from omote.parts.data.people.eyewear import EYEWEAR, draw_eyewear, kept_off, wear
from omote.parts.data.people.spectacles import inside_outline, outline
from omote.parts.space.closest import Surface
from omote.parts.space.crossing import crossing_faces, self_crossings
from omote.parts.space.winding import closedness

from .test_headwear import figure  # noqa: F401  a fixture


@pytest.mark.parametrize("family", list(EYEWEAR))
def test_glasses_are_closed_and_clear_of_the_face(figure: Figure, family: str) -> None:  # noqa: F811
    glasses = EYEWEAR[family](np.random.default_rng(2))
    parts = wear(figure, glasses)
    skin = Surface(figure.vertices, figure.model.faces)
    solids = [Surface(p.vertices, p.faces) for p in parts]
    assert [p.label for p in parts] == ["glasses", "lens", "lens"]
    assert [p.clear for p in parts[1:]] == [glasses.tint is None] * 2
    for k, (part, own) in enumerate(zip(parts, solids, strict=True)):
        assert closedness(part.faces).watertight
        assert len(self_crossings(own)) == 0
        assert len(crossing_faces(own, skin)) == 0
        assert all(len(crossing_faces(own, other)) == 0 for other in solids[:k])
    near = float(skin.closest(parts[0].vertices, 0.05).distance.min())
    assert 0.0002 < near < 0.003


def test_glasses_sit_before_the_eyes_and_reach_behind_the_ears(figure: Figure) -> None:  # noqa: F811
    frame, left, _ = wear(figure, EYEWEAR["panto glasses"](np.random.default_rng(2)))
    ahead = figure.bones[figure.model.bone_names.index("head"), :3, 2]
    eye = figure.vertices[figure.part("left_eye")].mean(0)
    away = left.vertices.mean(0) - eye
    across = away - (away @ ahead) * ahead
    assert 0.012 < away @ ahead < 0.045
    assert np.linalg.norm(across) < 0.012
    assert ((frame.vertices - eye) @ ahead).min() < -0.09


@pytest.mark.oracle
def test_the_distance_to_a_round_outline_is_that_to_a_circle() -> None:
    glasses = EYEWEAR["round glasses"](np.random.default_rng(1))
    points = np.random.default_rng(0).uniform(-0.04, 0.04, (300, 2))
    exact = np.linalg.norm(points, axis=1) - glasses.half[0]
    assert np.allclose(inside_outline(points, outline(glasses, 720)), exact, atol=2e-6)


def test_hair_is_kept_off_the_frame(figure: Figure) -> None:  # noqa: F811
    frame = wear(figure, EYEWEAR["round glasses"](np.random.default_rng(1)))[0]
    lid = kept_off(frame)
    assert (lid(frame.vertices) > 0).all()
    assert (lid(figure.vertices[figure.part("foot")]) < 0).all()


def test_families_can_be_held_out_and_unknown_ones_are_refused() -> None:
    kept = tuple(name for name in EYEWEAR if name != "sunglasses")
    drawn = draw_eyewear(np.random.default_rng(0), share=1.0, without=kept)
    assert drawn is not None
    assert drawn.family == "sunglasses"
    assert drawn.tint is not None
    assert draw_eyewear(np.random.default_rng(0), share=0.0) is None
    with pytest.raises(UsageError, match="no family of eyewear 'monocle'"):
        draw_eyewear(np.random.default_rng(0), without=("monocle",))
