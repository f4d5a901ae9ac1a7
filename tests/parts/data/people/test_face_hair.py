"""Brows, lashes and beards are where they belong, closed, and the same for the same seed."""

from collections.abc import Callable

import numpy as np
import pytest
import trimesh

from omote.core.errors import UsageError
from omote.parts.data.people.face_hair import BEARDS, FaceHair, face_hair_parts
from omote.parts.data.people.head import Head, mean_adult
from omote.parts.data.people.part import Part
from omote.parts.data.people.skin_fields import beard, brow, chin, moustache


def by_name(head: Head, hair: FaceHair) -> dict[str, Part]:
    return {part.name: part for part in face_hair_parts(head, hair)}


@pytest.mark.oracle
@pytest.mark.parametrize("family", list(BEARDS))
def test_every_family_is_closed(make_head: Callable[..., Head], family: str) -> None:
    parts = by_name(make_head({"jawOpen": 0.3}), FaceHair(family=family, grey=0.3))  # type: ignore[arg-type]
    assert {"brows", "left_lashes", "right_lashes"} <= parts.keys()
    assert ("beard.hairs" in parts) == (family != "none")
    for part in parts.values():
        mesh = trimesh.Trimesh(part.vertices, part.faces, process=True)  # seams of the texture are welded
        assert mesh.is_watertight
        assert mesh.volume > 0


def test_beards_leave_the_lips_free(make_head: Callable[..., Head]) -> None:
    head = make_head()
    p, lips = mean_adult(head.model), head.model.masks[:, 0]
    assert beard(p, lips)[lips > 0.8].max() < 0.05
    assert beard(p, lips)[p[:, 1] > 0.90].max() == 0


def test_families_grow_where_their_names_say(make_head: Callable[..., Head]) -> None:
    p = mean_adult(make_head().model)
    assert p[moustache(p) > 0.5][:, 1].min() > 0.80
    assert p[chin(p) > 0.5][:, 1].max() < 0.835
    assert np.abs(p[brow(p)[0] > 0.5][:, 0]).min() > 0.008


def test_lashes_point_away_from_the_ball(make_head: Callable[..., Head]) -> None:
    head = make_head()
    part = by_name(head, FaceHair())["left_lashes"]
    middle = part.vertices.mean(0)
    strands = part.vertices.reshape(-1, 10, 3)
    tips, roots = strands[:, -1], strands[:, :3].mean(1)
    assert (tips[:, 2] - roots[:, 2]).mean() > 0.001
    upper = roots[:, 1] > middle[1] + 0.001
    assert (tips[upper, 1] > roots[upper, 1]).mean() > 0.8


def test_one_seed_is_one_beard(make_head: Callable[..., Head]) -> None:
    head = make_head()
    one, again, other = (
        by_name(head, FaceHair(family="short", seed=seed))["beard.hairs"].vertices for seed in (1, 1, 2)
    )
    assert (one == again).all()
    assert one.shape != other.shape or (one != other).any()


def test_an_unknown_family_is_refused() -> None:
    with pytest.raises(UsageError, match="beard"):
        FaceHair(family="walrus")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="negative"):
        FaceHair(brows=-1.0)
