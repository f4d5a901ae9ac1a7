"""Who the people are: adults only, of plausible statures, with faces that can be made."""

import numpy as np
import pytest
import torch

from omote.core.errors import UsageError
from omote.parts.body.anny import PARTS, BodyModel
from omote.parts.data.people import adults
from omote.parts.data.people.adults import Adult, draw_adult, rest_of, stature
from omote.parts.data.people.expressions import CONTRARY, EXPRESSIONS, draw_expression, reconciled, sided

MENTON = 5209
"""The lowest point of the chin."""
COUNT = 60


@pytest.fixture(scope="module")
def model() -> BodyModel:
    return BodyModel.load()


@pytest.fixture(scope="module")
def crowd(model: BodyModel) -> list[Adult]:
    return [draw_adult(np.random.default_rng(seed), model) for seed in range(COUNT)]


def test_a_seed_gives_one_person_bit_for_bit_and_another_seed_another(model: BodyModel) -> None:
    one, again, other = (draw_adult(np.random.default_rng(seed), model) for seed in (5, 5, 6))
    assert np.array_equal(one.phenotype, again.phenotype)
    assert np.array_equal(one.face, again.face)
    assert (one.local, one.gaze, one.skin, one.words) == (again.local, again.gaze, again.skin, again.words)
    assert not np.array_equal(one.phenotype, other.phenotype)


def test_everybody_is_an_adult_with_adult_proportions(model: BodyModel, crowd: list[Adult]) -> None:
    for adult in crowd:
        assert 20 <= adult.years <= 85
        assert 0 <= adult.phenotype[1] <= 1
        assert 1.45 <= adult.height <= 2.05
        vertices = rest_of(model, adult, expressive=False).vertices[0].numpy()
        tall = np.ptp(vertices[:, 1])
        head = vertices[:, 1].max() - vertices[MENTON, 1]
        assert head / tall <= 1 / 6.5  # children of eight years have 1 / 6.2


def test_the_body_has_the_stature_that_was_drawn(model: BodyModel, crowd: list[Adult]) -> None:
    for adult in crowd[:20]:
        assert abs(stature(rest_of(model, adult, expressive=False)) - adult.height) < 1e-3
        assert 0.02 < adult.phenotype[4] < 0.98


@pytest.mark.oracle
def test_statures_and_ages_are_spread_as_in_the_statistics() -> None:
    rng = np.random.default_rng(0)
    for sex, mean in ((0.0, 1.75), (1.0, 1.62)):
        drawn = np.array([adults._draw_stature(rng, sex, rng.uniform(20, 85)) for _ in range(4000)])
        assert abs(drawn.mean() - mean) < 0.012
        assert 0.06 < drawn.std() < 0.08


def test_ages_sexes_and_weights_fill_their_ranges(crowd: list[Adult]) -> None:
    years, sexes, weights = (
        np.array([v(a) for a in crowd])
        for v in (lambda a: a.years, lambda a: a.womanhood, lambda a: float(a.phenotype[3]))
    )
    for low in (20, 36, 52, 68):
        assert ((years >= low) & (years < low + 17)).sum() >= COUNT // 8
    assert (sexes < 0.3).sum() >= COUNT // 4
    assert (sexes > 0.7).sum() >= COUNT // 4
    assert weights.min() < 0.25
    assert weights.max() > 0.85


def test_left_and_right_features_are_nearly_alike(crowd: list[Adult]) -> None:
    for adult in crowd:
        for name, value in adult.local.items():
            if name.startswith("l-"):
                assert abs(value - adult.local[f"r-{name[2:]}"]) < 0.35
            assert abs(value) <= 1


@pytest.mark.parametrize("family", EXPRESSIONS)
def test_no_face_does_what_no_face_can_do(model: BodyModel, family: str) -> None:
    known = model.face_actions
    for seed in range(30):
        face = draw_expression(np.random.default_rng(seed), family, known)
        assert set(face) <= set(known)
        assert all(0 <= value <= 1 for value in face.values())
        for one, other in CONTRARY:
            if one != "jawOpen" or "tongueOut" not in face:
                pairs = zip(sided(one, known), sided(other, known), strict=False)
                assert all(min(face.get(a, 0), face.get(b, 0)) <= 0.3 for a, b in pairs)


def test_a_tongue_needs_an_open_mouth(model: BodyModel) -> None:
    face = reconciled({"tongueOut": 0.8, "mouthPressLeft": 0.5}, model.face_actions)
    assert face["jawOpen"] > 0.3
    assert face["mouthPressLeft"] <= 0.3


@pytest.mark.oracle
def test_eyeballs_keep_their_place_while_the_lids_follow_the_gaze(model: BodyModel, crowd: list[Adult]) -> None:
    eyes = np.isin(model.part, [PARTS.index("left_eye"), PARTS.index("right_eye")])
    adult = max(crowd, key=lambda a: abs(a.gaze.left[1]))
    still, moved = (rest_of(model, adult, expressive=e).vertices[0].numpy() for e in (False, True))
    np.testing.assert_allclose(moved[eyes], still[eyes], atol=2e-4)
    plain = model.rest(
        torch.from_numpy(adult.phenotype)[None],
        torch.from_numpy(adult.face)[None],
        {k: torch.tensor([v], dtype=torch.float32) for k, v in adult.local.items()},
    ).vertices[0]
    assert np.abs(plain.detach().numpy()[eyes] - moved[eyes]).max() > 5e-4


def test_wrong_wishes_are_refused(model: BodyModel) -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(UsageError, match="smirk"):
        draw_adult(rng, model, expression="smirk")
    with pytest.raises(UsageError, match="womanhood"):
        draw_adult(rng, model, womanhood=1.5)
