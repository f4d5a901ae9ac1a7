"""A finished garment is a closed, labelled mesh whose print has one size everywhere and runs as cloth does."""

import numpy as np
import pytest

import cast
from omote.parts.data.cloth import linear
from omote.parts.data.people.baking import encoded
from omote.parts.data.people.finishing import finish, layout
from omote.parts.data.people.garments import Skirt
from omote.parts.data.people.part import Part
from omote.parts.data.people.views import LABELS
from omote.parts.space.mesh import weld_vertices
from omote.parts.space.winding import closedness

SIZE = 256


@pytest.fixture(scope="module")
def parts() -> list[Part]:
    return [finish(cast.dummy(), dressed, k, SIZE) for k, dressed in enumerate(cast.dressed())]


def test_a_finished_garment_is_the_shell_with_texture_coordinates(parts: list[Part]) -> None:
    for part, dressed in zip(parts, cast.dressed(), strict=True):
        assert len(part.faces) == len(dressed.shell.faces)
        assert np.array_equal(part.vertices[part.faces], dressed.shell.vertices[dressed.shell.faces])
        assert part.uvs.min() >= 0
        assert part.uvs.max() <= 1
        assert part.albedo.shape == (SIZE, SIZE, 3)
        assert closedness(weld_vertices(part.vertices)[part.faces]).watertight


def test_names_tell_the_place_in_the_outfit_and_labels_the_family(parts: list[Part]) -> None:
    assert [part.name for part in parts] == ["garment 0: shorts", "garment 1: t-shirt"]
    assert [part.label for part in parts] == ["shorts", "t-shirt"]
    assert {part.label for part in parts} <= set(LABELS)


def test_sleeves_skirts_and_legs_are_panels_of_their_own() -> None:
    dummy = cast.dummy()
    for garment, count in ((cast.TEE, 3), (cast.SHORTS, 2), (Skirt(hem=-0.8, flare=0.4), 1)):
        sewn = cast.sewn(garment)
        panel, lays = layout(dummy, sewn)
        assert sorted(set(panel.tolist())) == list(range(count)) == list(range(len(lays)))
        middle = sewn.vertices[sewn.faces].mean(1)
        if garment == cast.TEE:
            assert (middle[panel == 1, 0] > 0.1).all()
            assert (middle[panel == 2, 0] < -0.1).all()
        if garment == cast.SHORTS:
            assert ((middle[:, 0] < 0) == (panel == 1)).all()


def test_a_print_has_one_size_on_all_panels(parts: list[Part]) -> None:
    for part, dressed in zip(parts, cast.dressed(), strict=True):
        sewn = dressed.sewn
        outside = np.flatnonzero(dressed.shell.side == 0)
        assert len(outside) == len(sewn.faces)
        flat, cut = part.uvs[part.faces[outside]].astype(np.float64), sewn.vertices[sewn.faces].astype(np.float64)
        shown, real = (np.linalg.norm(np.roll(x, -1, 1) - x, axis=2).sum(1) for x in (flat, cut))
        panel = layout(cast.dummy(), sewn)[0]
        scale = shown / real
        sizes = [np.median(scale[panel == p]) for p in np.unique(panel)]
        assert np.ptp(sizes) < 0.03 * np.mean(sizes)
        assert (np.abs(scale / np.median(scale) - 1) < 0.25).mean() > 0.97


def test_plain_cloth_has_its_colour_all_over_and_stripes_both_of_theirs(parts: list[Part]) -> None:
    shorts = cast.dressed()[0]
    texel = (parts[0].uvs * SIZE).astype(int).clip(0, SIZE - 1)
    seen = parts[0].albedo[texel[:, 1], texel[:, 0]]
    assert np.abs(np.median(seen, 0) - encoded(linear(shorts.worn.fabric.colour))).max() < 12
    texel = (parts[1].uvs * SIZE).astype(int).clip(0, SIZE - 1)
    light = parts[1].albedo[texel[:, 1], texel[:, 0]].min(1) > 150
    assert 0.3 < light.mean() < 0.7


def test_stripes_run_around_the_trunk(parts: list[Part]) -> None:
    """Of points of the front at one height all have one colour; at another height, half a stripe away, the other."""
    shirt, part = cast.dressed()[1], parts[1]
    outside = shirt.shell.side == 0
    corner = part.faces[outside].ravel()
    texel = (part.uvs[corner] * SIZE).astype(int).clip(0, SIZE - 1)
    light = part.albedo[texel[:, 1], texel[:, 0]].min(1) > 150
    place = shirt.sewn.vertices[shirt.sewn.faces].reshape(-1, 3)
    front = (np.abs(place[:, 0]) < 0.08) & (place[:, 2] > 0.05) & (place[:, 1] < 1.3)
    rows = np.round(place[front, 1] / 0.004).astype(int)
    agree = [max(light[front][rows == r].mean(), 1 - light[front][rows == r].mean()) for r in np.unique(rows)]
    assert np.mean(agree) > 0.85


def test_texels_between_the_panels_are_painted_too(parts: list[Part]) -> None:
    for part in parts:
        assert part.albedo.min(axis=(0, 1)).max() > 0


def test_gloss_and_roughness_are_those_of_the_weave(parts: list[Part]) -> None:
    for part in parts:
        assert int(part.gloss[0, 0]) == int(255 * 0.02 / 0.1)
        assert int(part.roughness[0, 0]) == int(255 * 0.85)
