"""Whole frames: closed forms, agreement of the two rasterisers, determinism, and what must not break them."""

from dataclasses import replace
from typing import Literal

import numpy as np
import pytest
from scipy.ndimage import maximum_filter, minimum_filter

from omote.core.errors import ShapeError, UnavailableError, UsageError
from omote.parts.render import visibility
from omote.parts.render.background import Gradient, Nothing, plain
from omote.parts.render.ground import Ground
from omote.parts.render.light import UNLIT
from omote.parts.render.rasteriser import Look, Rasteriser, open_rasteriser
from omote.parts.render.scene import Scene
from omote.parts.render.visibility import rasterise
from omote.parts.space.camera import Camera, look_at, look_at_pose
from omote.parts.space.mesh import Mesh, sphere, weld_vertices

Backend = Literal["numba", "gl"]
BACKENDS: tuple[Backend, ...] = ("numba", "gl")
VIEW = look_at((0.4, 1.0, 3.0), (0.0, 0.6, 0.0), size=(181, 243), fov=0.7)
BARE = Look(light=UNLIT, ground=None, background=plain((0, 0, 0)), samples=1)


def opened(backend: Backend, meshes: Mesh | list[Mesh], camera: Camera = VIEW, look: Look | None = None) -> Rasteriser:
    try:
        return open_rasteriser(meshes, camera, backend, look=look)
    except UnavailableError as error:
        pytest.skip(f"no OpenGL to compare with: {error}")


def smooth_texture(size: int = 128, seed: int = 0) -> np.ndarray:
    """Photo-like: soft blotches, some sharper ones."""
    y, x = np.mgrid[0:size, 0:size] / size
    rng = np.random.default_rng(seed)
    channels = []
    for _ in range(3):
        waves = sum(np.sin(2 * np.pi * (a * x + b * y) + c) * d for a, b, c, d in rng.uniform(1, 9, (6, 4)))
        channels.append(127 + 90 * np.tanh(np.asarray(waves) / 20))
    return np.dstack([*channels, np.full((size, size), 255)]).astype(np.uint8)


def figure() -> list[Mesh]:
    """A head on a body: two textures, a seam each, one in front of the other."""
    meshes = []
    for seed, (radii, centre) in enumerate([((0.28, 0.45, 0.2), (0, 0.5, 0)), ((0.17, 0.2, 0.18), (0.05, 1.05, 0.1))]):
        vertices, faces, uvs = sphere(40, 80)
        placed = (vertices * radii + np.array(centre)).astype(np.float32)
        weld = weld_vertices(placed.round(5))
        meshes.append(Mesh(vertices=placed, faces=faces, uvs=uvs, texture=smooth_texture(seed=seed), weld=weld))
    return meshes


def card(texture: np.ndarray, width: float = 2.0, height: float = 2.0) -> Mesh:
    """A rectangle facing +z."""
    x, y = width / 2, height / 2
    return Mesh(
        vertices=np.array([[-x, -y, 0], [x, -y, 0], [x, y, 0], [-x, y, 0]], np.float32),
        faces=np.array([[0, 1, 2], [0, 2, 3]], np.int32),
        uvs=np.array([[0, 1], [1, 1], [1, 0], [0, 0]], np.float32),
        texture=texture,
    )


def facing(h: int, w: int) -> Camera:
    """An orthographic camera that shows a card of 2 x 2 metres, pixel for pixel of its texture."""
    camera = look_at((0.0, 0.0, 2.0), (0.0, 0.0, 0.0), size=(h, w))
    return replace(camera, orthographic=True, focal=(w / 2, h / 2))


@pytest.mark.oracle
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_card_seen_pixel_for_pixel_is_its_texture(backend: Backend) -> None:
    texture = np.random.default_rng(0).integers(0, 256, (32, 48, 4), dtype=np.uint8)
    texture[..., 3] = 255
    mesh = card(texture)
    with opened(backend, mesh, facing(32, 48), BARE) as drawer:
        drawn = drawer.draw(mesh.vertices).astype(int)
    assert drawer.backend == backend
    assert np.abs(drawn - texture).max() <= 1


def parity(meshes: list[Mesh], camera: Camera, look: Look) -> tuple[float, float]:
    """Return the share of pixels equal within 1, of those at least 2 pixels off depth edges, and the share left out."""
    frames = []
    for backend in BACKENDS:
        with opened(backend, meshes, camera, look) as drawer:
            frames.append(drawer.draw([mesh.vertices for mesh in meshes]).astype(int))
    scene = Scene(meshes)
    depth = rasterise(scene.join([mesh.vertices for mesh in meshes]), scene.faces, camera).depth
    depth = np.where(np.isfinite(depth), depth, 100)
    edge = maximum_filter(depth, 5) - minimum_filter(depth, 5) > 0.03 * depth
    equal = (np.abs(frames[0] - frames[1]) <= 1).all(-1)
    return float(equal[~edge].mean()), float(edge.mean())


@pytest.mark.oracle
@pytest.mark.parametrize("distance", [3.0, 1.2, 9.0])
def test_both_rasterisers_agree(distance: float, capsys: pytest.CaptureFixture[str]) -> None:
    camera = look_at((0.3, 1.0, distance), (0.0, 0.6, 0.0), size=(360, 480), fov=0.6)
    equal, left_out = parity(figure(), camera, Look(samples=1))
    with capsys.disabled():
        print(f"\n[{distance} m: {equal:.2%} of pixels within 1/255; {left_out:.2%} near depth edges left out]", end="")
    assert equal >= 0.99
    assert left_out < 0.1


@pytest.mark.oracle
def test_both_rasterisers_agree_on_covered_pixels_alone() -> None:
    """The background is shared; so here the meshes fill the frame."""
    close = look_at((0.0, 0.5, 0.9), (0.0, 0.5, 0.0), size=(200, 200), fov=0.4)
    equal, _ = parity(figure()[:1], close, Look(samples=1, ground=None))
    assert equal >= 0.99


def test_anti_aliased_edges_agree_nearly() -> None:
    frames = []
    for backend in BACKENDS:
        with opened(backend, figure()) as drawer:
            frames.append(drawer.draw([mesh.vertices for mesh in figure()]).astype(int))
    assert (np.abs(frames[0] - frames[1]).max(-1) <= 8).mean() > 0.995


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_same_frame_has_the_same_bits_whatever_was_drawn_before(backend: Backend) -> None:
    meshes = figure()
    pose = [mesh.vertices for mesh in meshes]
    with opened(backend, meshes) as drawer:
        first = drawer.draw(pose)
        drawer.draw([vertices + np.array([0.5, 0.2, 0.7], np.float32) for vertices in pose])
        drawer.draw(pose, camera=VIEW.resized((50, 700)))
        assert drawer.draw(pose).tobytes() == first.tobytes()
    with opened(backend, meshes) as again:
        assert again.draw(pose).tobytes() == first.tobytes()


def test_threads_change_no_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    meshes = figure()
    pose = [mesh.vertices for mesh in meshes]
    with open_rasteriser(meshes, VIEW, "numba") as drawer:
        several = drawer.draw(pose)
    monkeypatch.setattr(visibility, "threads", lambda: 1)
    with open_rasteriser(meshes, VIEW, "numba") as drawer:
        assert drawer.draw(pose).tobytes() == several.tobytes()


@pytest.mark.oracle
@pytest.mark.parametrize("backend", BACKENDS)
def test_transparent_frames_laid_over_a_colour_equal_opaque_ones(backend: Backend) -> None:
    meshes = figure()
    pose = [mesh.vertices for mesh in meshes]
    with opened(backend, meshes, look=Look(background=Nothing())) as drawer:
        clear = drawer.draw(pose)
    with opened(backend, meshes, look=Look(background=plain((200, 150, 90)))) as drawer:
        opaque = drawer.draw(pose)
    assert (opaque[..., 3] == 255).all()
    assert set(np.unique(clear[..., 3])) >= {0, 255}
    alpha = clear[..., 3:] / 255
    laid = clear[..., :3] * alpha + np.array([200, 150, 90]) * (1 - alpha)
    assert np.abs(laid - opaque[..., :3]).max() <= 2


@pytest.mark.parametrize("backend", BACKENDS)
def test_no_dark_or_bright_halo_around_a_plain_mesh(backend: Backend) -> None:
    vertices, faces, uvs = sphere(20, 40)
    texture = np.zeros((64, 64, 4), np.uint8)
    texture[:, :, :] = 250, 10, 10, 255
    mesh = Mesh(vertices=vertices, faces=faces, uvs=uvs * 0.5, texture=texture)
    texture[33:, :] = texture[:, 33:] = 0, 255, 0, 255  # unused: must not bleed in
    camera = look_at((0.0, 0.5, 40.0), (0.0, 0.0, 0.0), size=(100, 100), fov=0.1)
    with opened(backend, mesh, camera, replace(BARE, samples=4, background=Nothing())) as drawer:
        drawn = drawer.draw(vertices).astype(int)
    assert np.abs(drawn[drawn[..., 3] > 0][:, :3] - [250, 10, 10]).max() <= 3


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("samples", [1, 4])
def test_what_is_behind_a_hole_in_the_texture_is_seen(backend: Backend, samples: int) -> None:
    holed = np.full((32, 32, 4), 255, np.uint8)
    holed[8:24, 8:24] = 255, 255, 255, 0
    front, behind = card(holed), card(np.full((4, 4, 4), [0, 0, 255, 255], np.uint8), 3, 3)
    back = (behind.vertices - np.array([0, 0, 1], np.float32)).astype(np.float32)
    with opened(backend, [front, behind], facing(64, 64), replace(BARE, samples=samples)) as drawer:
        drawn = drawer.draw([front.vertices, back])
    assert (drawn[20:44, 20:44, :3] == [0, 0, 255]).all()
    assert (drawn[:12, :, :3] == 255).all()
    assert (drawn[..., 3] == 255).all()


def test_four_samples_soften_an_edge_to_its_coverage() -> None:
    mesh = card(np.full((2, 2, 4), 255, np.uint8))
    turned = (mesh.vertices @ np.array([[0.96, 0.28, 0], [-0.28, 0.96, 0], [0, 0, 1]])).astype(np.float32) * 0.8
    camera = facing(60, 60)
    with opened("numba", mesh, camera, replace(BARE, samples=4)) as drawer:
        drawn = drawer.draw(turned)[..., 0] / 255
    fine = rasterise(turned, mesh.faces, camera.resized((960, 960))).faces >= 0
    coverage = fine.reshape(60, 16, 60, 16).mean((1, 3))
    assert np.abs(drawn - coverage).max() < 0.3
    assert abs(drawn.mean() - coverage.mean()) < 0.002


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_camera_within_the_figure_or_turned_away_is_no_problem(backend: Backend) -> None:
    meshes = figure()
    pose = [mesh.vertices for mesh in meshes]
    with opened(backend, meshes, look=Look(samples=1)) as drawer:
        inside = replace(VIEW, world_from_camera=look_at_pose((0.0, 0.5, 0.0), (0.2, 0.5, 1.0)))
        away = replace(VIEW, world_from_camera=look_at_pose((0.0, 0.5, 3.0), (0.0, 0.5, 9.0)))
        assert drawer.draw(pose, camera=inside).shape == (181, 243, 4)
        np.testing.assert_array_equal(drawer.draw(pose, camera=away), drawer.look.background.fill(VIEW.size))


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("size", [(1, 1), (1, 77), (77, 1), (201, 99)])
def test_any_size_is_drawn(backend: Backend, size: tuple[int, int]) -> None:
    meshes = figure()
    with opened(backend, meshes, VIEW.resized(size)) as drawer:
        assert drawer.draw([mesh.vertices for mesh in meshes]).shape == (*size, 4)


@pytest.mark.parametrize("backend", BACKENDS)
def test_collapsed_meshes_are_drawn_as_nothing(backend: Backend) -> None:
    mesh = figure()[0]
    with opened(backend, mesh, look=replace(BARE, background=Gradient())) as drawer:
        np.testing.assert_array_equal(drawer.draw(np.zeros_like(mesh.vertices)), Gradient().fill(VIEW.size))


def test_each_frame_is_the_callers_own() -> None:
    mesh = figure()[0]
    with open_rasteriser(mesh, VIEW, "numba") as drawer:
        first = drawer.draw(mesh.vertices)
        kept = first.copy()
        drawer.draw(mesh.vertices + np.float32(0.1))
        np.testing.assert_array_equal(first, kept)


def test_auto_says_why_it_draws_without_opengl() -> None:
    with open_rasteriser(figure(), VIEW) as drawer:
        assert drawer.backend == "gl" or "numba" in drawer.notes[0]


@pytest.mark.parametrize("backend", BACKENDS)
def test_wrong_vertices_are_refused(backend: Backend) -> None:
    mesh = figure()[0]
    with opened(backend, mesh) as drawer:
        with pytest.raises(ShapeError, match="vertices"):
            drawer.draw(mesh.vertices[:-1])
        for bad in (np.nan, np.inf, 1e30):
            broken = mesh.vertices.copy()
            broken[5] = bad
            with pytest.raises(ShapeError, match="finite"):
                drawer.draw(broken)
        distant = np.array([9e5, 0, -9e5], np.float32)
        np.testing.assert_array_equal(drawer.draw(mesh.vertices + distant), drawer.look.background.fill(VIEW.size))
        assert drawer.draw(mesh.vertices).any()


def test_wrong_wishes_are_refused() -> None:
    with pytest.raises(UsageError, match="at least one mesh"):
        open_rasteriser([], VIEW)
    with pytest.raises(UsageError, match="1 or 4"):
        Look(samples=3)


def test_a_floor_under_the_figure_is_darkened_by_it() -> None:
    mesh = figure()[0]
    with open_rasteriser(mesh, VIEW, "numba", look=Look(background=plain((200, 200, 200)))) as drawer:
        shadowed = drawer.draw(mesh.vertices)
    with open_rasteriser(mesh, VIEW, "numba", look=Look(background=plain((200, 200, 200)), ground=None)) as drawer:
        without = drawer.draw(mesh.vertices)
    assert (shadowed[..., :3] <= without[..., :3]).all()
    assert (without[..., 0].astype(int) - shadowed[..., 0]).max() > 0.5 * Ground().shadow * 200
