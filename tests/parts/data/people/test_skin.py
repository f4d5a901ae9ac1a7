"""Baked skin: no seams, the same for the same seed, and what its parameters promise."""

from collections.abc import Callable

import numpy as np
import pytest

from omote.core.errors import UsageError
from omote.parts.body.anny import PARTS, BodyModel
from omote.parts.data.people.atlas import sheet
from omote.parts.data.people.head import Head, mean_adult
from omote.parts.data.people.skin import MakeUp, Skin, SkinMaps, bake, skin_parts

SIZE = 256


def read(picture: np.ndarray, uvs: np.ndarray) -> np.ndarray:
    """Return bilinear samples, as a renderer takes them."""
    x, y = (uvs * picture.shape[0] - 0.5).T
    c, r = np.floor(x).astype(int), np.floor(y).astype(int)
    fx, fy = (x - c)[:, None], (y - r)[:, None]
    p = np.pad(picture, ((1, 2), (1, 2), (0, 0)), mode="edge").astype(np.float64)[1:, 1:]
    return (1 - fy) * ((1 - fx) * p[r, c] + fx * p[r, c + 1]) + fy * ((1 - fx) * p[r + 1, c] + fx * p[r + 1, c + 1])


@pytest.fixture(scope="module")
def plain(model: BodyModel) -> dict[str, SkinMaps]:
    skin = Skin(moles=0, brows=0)
    return {"head": bake(model, skin, "head", SIZE), "trunk": bake(model, skin, "trunk", SIZE)}


def mean_of(model: BodyModel, maps: SkinMaps, where: np.ndarray) -> np.ndarray:
    laid = sheet(model, "head")
    return read(maps.albedo, laid.uvs[where[laid.vertex]]).mean(0)


def cheek_and_lips(model: BodyModel) -> tuple[np.ndarray, np.ndarray]:
    p = mean_adult(model)
    cheek = (np.abs(np.abs(p[:, 0]) - 0.05) < 0.012) & (np.abs(p[:, 1] - 0.845) < 0.012) & (p[:, 2] > 0.08)
    return cheek & (model.part == PARTS.index("head")), model.masks[:, 0] > 0.95


def test_seams_between_islands_do_not_show(model: BodyModel, plain: dict[str, SkinMaps]) -> None:
    colour = np.full((2, len(model.part), 3), np.nan)
    for number, layout in enumerate(("head", "trunk")):
        laid = sheet(model, layout)
        colour[number, laid.vertex] = read(plain[layout].albedo, laid.uvs)
    shared = ~np.isnan(colour).any((0, 2)) & (model.part == PARTS.index("head"))
    assert shared.sum() > 20
    difference = np.abs(colour[0] - colour[1])[shared]
    assert difference.mean() < 3
    assert np.percentile(difference, 95) < 10  # of 255: the grain of the skin itself


def test_one_seed_is_one_skin(model: BodyModel, plain: dict[str, SkinMaps]) -> None:
    again = bake(model, Skin(moles=0, brows=0), "head", SIZE)
    other = bake(model, Skin(moles=0, brows=0, seed=1), "head", SIZE)
    assert (again.albedo == plain["head"].albedo).all()
    assert (again.height == plain["head"].height).all()
    assert (other.albedo != plain["head"].albedo).any()


def test_lips_are_redder_than_cheeks_at_every_tone(model: BodyModel) -> None:
    cheek, lips = cheek_and_lips(model)
    for melanin in (0.015, 0.08, 0.35):
        maps = bake(model, Skin(melanin=melanin), "head", SIZE)
        of_cheek, of_lips = mean_of(model, maps, cheek), mean_of(model, maps, lips)
        assert of_lips[0] / of_lips[1] > of_cheek[0] / of_cheek[1]


def test_melanin_darkens_and_lipstick_paints(model: BodyModel, plain: dict[str, SkinMaps]) -> None:
    cheek, lips = cheek_and_lips(model)
    dark = bake(model, Skin(melanin=0.35, moles=0, brows=0), "head", SIZE)
    assert (mean_of(model, dark, cheek) < 0.75 * mean_of(model, plain["head"], cheek)).all()
    paint = MakeUp(lips=1.0, lipstick=(0.2, 0.1, 0.6))
    painted = mean_of(model, bake(model, Skin(make_up=paint, moles=0, brows=0), "head", SIZE), lips)
    assert painted[2] > painted[0]


def test_years_cut_lines(model: BodyModel, plain: dict[str, SkinMaps]) -> None:
    old = bake(model, Skin(years=80, moles=0, brows=0), "head", SIZE)
    assert old.height.min() < 1.5 * plain["head"].height.min()


def test_the_skin_of_a_body_is_closed(make_head: Callable[..., Head]) -> None:
    parts = skin_parts(make_head(), Skin(), size=64)
    points = np.concatenate([part.vertices for part in parts])
    start = np.cumsum([0, *(len(part.vertices) for part in parts)])
    faces = np.concatenate([part.faces + start[i] for i, part in enumerate(parts)])
    _, weld = np.unique(points, axis=0, return_inverse=True)
    faces = weld.reshape(-1)[faces]
    sides = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    there = {tuple(side) for side in sides.tolist()}
    assert all((b, a) in there for a, b in there)


def test_wrong_parameters_are_refused(model: BodyModel) -> None:
    with pytest.raises(UsageError, match="melanin"):
        Skin(melanin=2.0)
    with pytest.raises(UsageError, match="years"):
        Skin(years=9)
    with pytest.raises(UsageError, match="moles"):
        Skin(moles=-1)
