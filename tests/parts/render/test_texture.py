"""Margins, pyramids and sampling against plain numpy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import map_coordinates

from omote.parts.render.scene import used_texels
from omote.parts.render.texture import pack, pyramid, sample, texel_density, with_margin
from omote.parts.space.mesh import Mesh, sphere


def noise(h: int, w: int, seed: int = 0, *, opaque: bool = True) -> np.ndarray:
    texture = np.random.default_rng(seed).integers(0, 256, (h, w, 4), dtype=np.uint8)
    if opaque:
        texture[..., 3] = 255
    return texture


@pytest.mark.oracle
@settings(deadline=None)
@given(st.floats(-0.2, 1.2), st.floats(-0.2, 1.2))
def test_level_zero_is_bilinear_with_clamped_edges(u: float, v: float) -> None:
    texture = noise(7, 5)
    atlas = pack([pyramid(noise(3, 3, 1)), pyramid(texture)])
    got = sample(atlas.texels, atlas.table, atlas.levels, 1, np.float32(u), np.float32(v), np.float32(-1))
    place = [[v * 7 - 0.5], [u * 5 - 0.5]]
    truth = [map_coordinates(texture[..., c].astype(float), place, order=1, mode="nearest")[0] for c in range(4)]
    np.testing.assert_allclose(got, truth, atol=2e-3)


def test_between_levels_colours_blend_linearly_and_the_last_is_the_end() -> None:
    atlas = pack([pyramid(noise(16, 16))])

    def at(lod: float) -> np.ndarray:
        u, v = np.float32(0.3), np.float32(0.7)
        return np.array(sample(atlas.texels, atlas.table, atlas.levels, 0, u, v, np.float32(lod)))

    np.testing.assert_allclose(at(1.25), 0.75 * at(1) + 0.25 * at(2), atol=1e-3)
    np.testing.assert_array_equal(at(99), at(4))
    np.testing.assert_allclose(at(4), atlas.texels[-1], atol=1e-4)


@pytest.mark.oracle
def test_each_level_is_the_mean_over_its_area() -> None:
    texture = noise(16, 8)
    levels = pyramid(texture)
    assert [level.shape[:2] for level in levels] == [(16, 8), (8, 4), (4, 2), (2, 1), (1, 1)]
    np.testing.assert_allclose(levels[1], texture.reshape(8, 2, 4, 2, 4).mean((1, 3)), atol=0.51)
    np.testing.assert_allclose(levels[-1][0, 0], texture.reshape(-1, 4).mean(0), atol=0.51)


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (5, 3), (1000, 7)])
def test_odd_sizes_halve_as_opengl_wants(size: tuple[int, int]) -> None:
    for number, level in enumerate(pyramid(noise(*size))):
        assert level.shape[:2] == (max(1, size[0] >> number), max(1, size[1] >> number))


def test_smaller_levels_do_not_take_colour_from_transparent_texels() -> None:
    texture = np.zeros((8, 8, 4), np.uint8)
    texture[..., 0] = 255  # transparent red
    texture[::2, :, :] = 0, 200, 0, 255
    for level in pyramid(texture)[1:]:
        assert level[..., 0].max() == 0
        np.testing.assert_allclose(level[..., 1], 200, atol=2)


def test_the_margin_repeats_the_nearest_used_texel_and_touches_no_used_one() -> None:
    texture, used = noise(12, 12), np.zeros((12, 12), bool)
    used[3:6, 4:9] = True
    filled = with_margin(texture, used)
    np.testing.assert_array_equal(filled[used], texture[used])
    np.testing.assert_array_equal(filled[11, 6], texture[5, 6])
    np.testing.assert_array_equal(filled[0, 0], texture[3, 4])


def test_holes_stay_holes_but_take_their_colour_from_around() -> None:
    texture = np.zeros((6, 6, 4), np.uint8)
    texture[..., :] = 10, 20, 30, 255
    texture[2:4, 2:4] = 255, 255, 255, 0
    filled = with_margin(texture, np.ones((6, 6), bool))
    assert (filled[2:4, 2:4, 3] == 0).all()
    assert (filled[..., :3] == [10, 20, 30]).all()


def test_used_texels_are_those_of_the_triangle_and_a_ring() -> None:
    uvs = np.array([[0.25, 0.25], [0.75, 0.25], [0.75, 0.75], [0.25, 0.75]], np.float32)
    used = used_texels(uvs, np.array([[0, 1, 2], [0, 2, 3]], np.int32), (16, 32))
    expected = np.zeros((16, 32), bool)
    expected[3:13, 7:25] = True
    np.testing.assert_array_equal(used, expected)


@pytest.mark.oracle
def test_density_of_a_flat_card_is_its_texels_per_metre() -> None:
    vertices = np.array([[0, 0, 0], [2, 0, 0], [2, 1, 0], [0, 1, 0]], np.float32)
    uvs = np.array([[0, 1], [1, 1], [1, 0], [0, 0]], np.float32)
    card = Mesh(vertices=vertices, faces=np.array([[0, 1, 2], [0, 2, 3]], np.int32), uvs=uvs, texture=noise(50, 100))
    np.testing.assert_allclose(texel_density(card), 50, rtol=1e-5)


def test_vertices_without_faces_have_a_finite_density() -> None:
    vertices, faces, uvs = sphere(4, 6)
    assert np.isfinite(texel_density(Mesh(vertices=vertices, faces=faces[:3], uvs=uvs, texture=noise(4, 4)))).all()
