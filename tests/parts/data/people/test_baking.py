"""Paint reaches the texels it was meant for, and what is unrolled keeps its shape."""

import numpy as np
import pytest
from skimage.color import rgb2lab

from omote.parts.data.people.baking import bake, encoded, unrolled
from omote.parts.space.mesh import weld_vertices
from omote.parts.space.winding import closedness


@pytest.mark.oracle
def test_linear_colours_become_srgb_as_the_standard_has_it() -> None:
    grey = encoded(np.array([[0.0] * 3, [0.215861] * 3, [1.0] * 3, [-1.0] * 3, [2.0] * 3, [0.0031308] * 3]))
    assert grey[:, 0].tolist() == [0, 128, 255, 0, 255, 10]
    # Lightness of the encoded colour, by another library, is that of the linear one (CIE 1976).
    y = np.linspace(0.01, 1, 50)
    lightness = rgb2lab(encoded(np.repeat(y[:, None], 3, 1))[None] / 255)[0, :, 0]
    assert np.allclose(lightness, 116 * np.cbrt(y) - 16, atol=0.4)


def test_a_texel_has_the_colour_of_the_point_that_it_shows() -> None:
    size = 32
    uvs = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
    faces = np.array([[0, 1, 2], [0, 2, 3]], np.int32)
    texture = bake(uvs, faces, uvs.astype(np.float64), lambda p: np.concatenate([p, 0 * p[:, :1]], 1), size)
    middle = (np.arange(size) + 0.5) / size
    wanted = np.stack([*np.meshgrid(middle, middle), np.zeros((size, size))], -1)
    assert np.abs(texture.astype(int) - encoded(wanted)).max() <= 1


def test_texels_beside_the_mesh_take_the_colour_of_its_edge() -> None:
    uvs = np.array([[0.25, 0.25], [0.75, 0.25], [0.75, 0.75], [0.25, 0.75]], np.float32)
    faces = np.array([[0, 1, 2], [0, 2, 3]], np.int32)
    texture = bake(uvs, faces, uvs, lambda p: np.full((len(p), 3), 0.5), 16)
    assert (texture == encoded(np.full(3, 0.5))).all()


def column(around: int = 16, up: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """A closed column: its vertices, first ring by ring, then both ends' middles; and its faces."""
    angle = np.linspace(-np.pi, np.pi, around, endpoint=False) + 0.1
    rings = [np.stack([np.sin(angle), np.full(around, float(h)), np.cos(angle)], 1) for h in range(up)]
    vertices = np.concatenate([*rings, [[0, 0, 0], [0, up - 1.0, 0]]]).astype(np.float32)
    faces = []
    for k in range(around):
        n = (k + 1) % around
        for h in range(up - 1):
            a, b, c, d = h * around + k, h * around + n, (h + 1) * around + n, (h + 1) * around + k
            faces += [[a, b, c], [a, c, d]]
        faces += [[n, k, len(vertices) - 2], [(up - 1) * around + k, (up - 1) * around + n, len(vertices) - 1]]
    return vertices, np.array(faces, np.int32)


def test_what_is_unrolled_is_the_same_mesh_and_no_face_runs_across_the_texture() -> None:
    vertices, faces = column()
    around = np.arctan2(vertices[:, 0], vertices[:, 2])
    uvs, turned, source = unrolled(around, vertices[:, 1], faces)
    assert (source[turned] == faces).all()
    assert uvs.min() >= 0
    assert uvs.max() <= 1
    side = (vertices[faces][..., [0, 2]] != 0).any(-1).all(1)  # without the ends, whose middles have any angle
    assert np.ptp(uvs[turned[side], 0], axis=1).max() < 2 / 16 + 1e-6
    assert np.allclose(uvs[:, 1], vertices[source, 1] / 4, atol=1e-6)
    doubled = source[len(vertices) :]
    assert len(doubled) == len(np.unique(doubled)) < 12, "only what lies beside the seam is there twice"
    assert closedness(weld_vertices(vertices[source])[turned]).watertight


def test_a_surface_that_goes_only_halfway_around_has_no_seam() -> None:
    around = np.array([-1.0, 1.0, 0.0])
    uvs, turned, source = unrolled(around, np.array([0.0, 0.0, 2.0]), np.array([[0, 1, 2]], np.int32))
    assert source.tolist() == [0, 1, 2]
    assert turned.tolist() == [[0, 1, 2]]
    assert np.allclose(uvs, [[0, 0], [1, 0], [0.5, 1]])


def test_a_flat_surface_gives_finite_coordinates() -> None:
    uvs, _, _ = unrolled(np.zeros(3), np.zeros(3), np.array([[0, 1, 2]], np.int32))
    assert np.isfinite(uvs).all()
