"""Pictures with truth against closed forms: spheres, planes, white furnaces."""

import numpy as np
import pytest
from jaxtyping import TypeCheckError

from omote.core.errors import ShapeError, UsageError
from omote.parts.render import visibility
from omote.parts.render.buffers import Buffers, render, to_srgb
from omote.parts.render.lighting import Distant, Point, Surround
from omote.parts.render.subject import Part, Subject, opaque, plain_mesh
from omote.parts.render.visibility import rasterise
from omote.parts.space.camera import Camera, look_at, look_at_pose
from omote.parts.space.harmonics import constant, shading
from omote.parts.space.mesh import Mesh, sphere, weld_vertices

CAMERA = look_at((0.0, 0.6, 4.0), (0.0, 0.0, 0.0), size=(96, 80), fov=0.6)
FLAT = Camera(
    world_from_camera=look_at_pose((0.0, 5.0, 0.0), (0.0, 0.0, 0.0), up=(0.0, 0.0, -1.0)),
    focal=(40.0, 40.0), centre=(40.0, 40.0), size=(80, 80), orthographic=True,
)  # fmt: skip
GREY = (0.4, 0.5, 0.6)


def ball(rows: int = 96, label: int = 4, **more) -> Part:
    vertices, faces, uvs = sphere(rows, 2 * rows)
    mesh = Mesh(
        vertices=vertices, faces=faces, uvs=uvs, weld=weld_vertices(vertices),
        texture=np.full((1, 1, 4), 255, np.uint8),
    )  # fmt: skip
    return Part(name="ball", label=label, mesh=mesh, colours=np.tile(np.float32(GREY), (len(vertices), 1)), **more)


def plane(height: float = 0.0, half: float = 1.0, label: int = 1, **more) -> Part:
    corners = np.array([[-1, 0, -1], [-1, 0, 1], [1, 0, 1], [1, 0, -1]], np.float32) * half
    corners[:, 1] = height
    return Part(name="plane", label=label, mesh=plain_mesh(corners, np.array([[0, 1, 2], [0, 2, 3]], np.int32)), **more)


def inner(picture: Buffers) -> np.ndarray:
    return (picture.alpha == 1) & (picture.face >= 0)


@pytest.mark.oracle
def test_in_a_white_furnace_a_convex_body_shows_its_albedo_exactly() -> None:
    picture = render(Subject([ball()]), CAMERA, [Surround(harmonics=constant((1.0, 1.0, 1.0)))])
    inside = inner(picture)
    assert inside.sum() > 2000
    np.testing.assert_allclose(picture.rgb[inside], np.tile(GREY, (inside.sum(), 1)), atol=2e-6)
    np.testing.assert_allclose(picture.occlusion[inside], 1, atol=1e-5)
    edge = (picture.alpha > 0) & (picture.alpha < 1)
    np.testing.assert_allclose(picture.rgb[edge], picture.alpha[edge, None] * np.array(GREY), atol=2e-6)


@pytest.mark.oracle
def test_a_sphere_under_nine_numbers_is_ramamoorthis_formula() -> None:
    harmonics = constant((0.8, 0.7, 0.6))
    harmonics[1:] = np.random.default_rng(0).normal(0, 0.2, (8, 3))
    picture = render(Subject([ball()]), CAMERA, [Surround(harmonics=harmonics)], samples=1)
    inside = inner(picture)
    truth = shading(harmonics, picture.position[inside])  # on a unit sphere a place is its normal
    np.testing.assert_allclose(picture.shading[inside], truth, atol=1e-3)
    np.testing.assert_allclose(picture.rgb[inside], truth * np.array(GREY), atol=1e-3)


@pytest.mark.oracle
def test_a_sphere_under_a_distant_light_is_lambert_to_the_last_shade() -> None:
    towards = np.array([1.0, 0.5, 0.7]) / np.linalg.norm([1.0, 0.5, 0.7])
    light = Distant(towards=(1.0, 0.5, 0.7), colour=(0.9, 0.8, 0.7))
    picture = render(Subject([ball()]), CAMERA, [light], samples=1)
    inside = inner(picture)
    facing = np.maximum(picture.position[inside] @ towards, 0)
    np.testing.assert_allclose(picture.shading[inside], facing[:, None] * np.array([0.9, 0.8, 0.7]), atol=2e-3)


@pytest.mark.oracle
def test_a_point_light_fades_with_the_square_of_the_distance() -> None:
    light = Point(position=(0.2, 0.7, -0.3), colour=(1.0, 0.5, 0.25))
    picture = render(Subject([plane()]), FLAT, [light], samples=1)
    inside = inner(picture)
    ray = np.array(light.position) - picture.position[inside]
    away = np.linalg.norm(ray, axis=1)
    truth = (ray[:, 1] / away**3)[:, None] * np.array(light.colour)
    np.testing.assert_allclose(picture.shading[inside], truth, rtol=1e-4)


@pytest.mark.oracle
def test_a_lid_casts_a_shadow_where_rays_say_and_a_disc_a_penumbra() -> None:
    subject = Subject([plane(), plane(0.5, 0.4, label=2)])
    low = Camera(
        world_from_camera=look_at_pose((0.0, 0.25, 3.0), (0.0, 0.0, 0.0)),
        focal=(30.0, 30.0), centre=(40.0, 40.0), size=(80, 80), orthographic=True,
    )  # fmt: skip
    hard = render(subject, low, [Distant(towards=(0.0, 1.0, 0.0))], samples=1)
    floor = (hard.label == 1) & (np.abs(np.abs(hard.position[..., [0, 2]]).max(-1) - 0.4) > 0.02)
    under = np.abs(hard.position[..., [0, 2]]).max(-1) < 0.4
    np.testing.assert_array_equal(hard.shading[floor & under], 0)
    np.testing.assert_allclose(hard.shading[floor & ~under], 1, atol=1e-5)
    soft = render(subject, low, [Distant(towards=(0.0, 1.0, 0.0), radius=0.2)], rays=64, samples=1)
    # Below a straight edge the part of a disc of radius r that is seen at distance x is the circle's segment.
    side = (soft.label == 1) & (np.abs(soft.position[..., 0]) < 0.2) & (soft.position[..., 2] > 0)
    x = np.clip((soft.position[side, 2] - 0.4) / (0.2 * 0.5), -1, 1)
    segment = (np.arccos(-x) + x * np.sqrt(1 - x * x)) / np.pi
    assert np.abs(soft.shading[side, 0] - segment).mean() < 0.02


def test_a_light_beyond_a_wall_and_one_before_it() -> None:
    subject = Subject([plane(), plane(1.0, 0.9)])
    above, below = Point(position=(0.0, 2.0, 0.0)), Point(position=(0.0, 0.5, 0.0))
    view = look_at((0.0, 0.4, 3.0), (0.0, 0.0, 0.0), size=(40, 60), fov=0.5)
    picture = render(subject, view, [above, below], samples=1, each=True)
    floor = (picture.part == 0) & (np.abs(picture.position[..., [0, 2]]).max(-1) < 0.7)
    assert floor.any()
    assert picture.layers[0][floor].max() == 0
    assert picture.layers[1][floor].min() > 0


@pytest.mark.oracle
def test_depth_face_and_place_are_those_of_the_rasteriser() -> None:
    part = ball(24)
    for camera in (CAMERA, FLAT):
        picture = render(Subject([part]), camera, [], samples=4)
        truth = rasterise(part.mesh.vertices, part.mesh.faces, camera)
        np.testing.assert_array_equal(picture.face, truth.faces)
        np.testing.assert_allclose(picture.depth, truth.depth, rtol=1e-5)
        inside = picture.face >= 0
        y, x = np.nonzero(inside)
        pixels = np.stack([x, y], -1) + 0.5
        np.testing.assert_allclose(camera.unproject(pixels, picture.depth[inside]), picture.position[inside], atol=2e-5)
        np.testing.assert_allclose(np.linalg.norm(picture.normal[inside], axis=-1), 1, atol=1e-5)
        assert (picture.label[inside] == 4).all()
        assert (picture.label[~inside] == -1).all()
        assert np.isinf(picture.depth[~inside]).all()


@pytest.mark.oracle
def test_alpha_is_the_area_covered() -> None:
    picture = render(Subject([plane(half=0.5, label=0)]), FLAT, [])
    assert picture.alpha.sum() == pytest.approx((2 * 0.5 * 40.0) ** 2, rel=0.01)
    assert (picture.label >= 0).any()


def test_lights_alone_add_up_to_all_of_them() -> None:
    lights = [
        Surround(harmonics=constant((0.2, 0.3, 0.4))), Distant(towards=(1.0, 1.0, 0.0), radius=0.1),
        Point(position=(1.0, 1.0, 2.0)), Surround(harmonics=constant((0.1, 0.0, 0.0))),
    ]  # fmt: skip
    subject = Subject([ball(24, specular=0.04, roughness=0.4), plane(-1.0, 3.0)])
    together = render(subject, CAMERA, lights, each=True)
    np.testing.assert_allclose(together.layers.sum(0), together.rgb, atol=1e-5)
    for number, light in enumerate(lights):
        alone = render(subject, CAMERA, [light]).rgb
        np.testing.assert_allclose(together.layers[number], alone, atol=1e-5)


def test_any_number_of_threads_gives_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    lights = [Surround(harmonics=constant((0.2, 0.3, 0.4))), Distant(towards=(1.0, 1.0, 0.0), radius=0.2)]
    pictures = []
    for count in (1, 3):
        monkeypatch.setattr(visibility, "threads", lambda count=count: count)
        pictures.append(render(Subject([ball(24), plane(-1.0, 3.0)]), CAMERA, lights))
    for name in ("rgb", "alpha", "depth", "normal", "albedo", "shading", "occlusion", "face", "label", "position"):
        np.testing.assert_array_equal(getattr(pictures[0], name), getattr(pictures[1], name))


@pytest.mark.oracle
def test_textures_are_read_as_srgb_and_holes_are_seen_through() -> None:
    texture = np.zeros((2, 2, 4), np.uint8)
    texture[..., :3], texture[..., 3] = (188, 128, 64), 255
    corners = np.array([[-1, 0, -1], [-1, 0, 1], [1, 0, 1], [1, 0, -1]], np.float32)
    uvs = np.array([[0, 0], [0, 1], [1, 1], [1, 0]], np.float32)
    faces = np.array([[0, 1, 2], [0, 2, 3]], np.int32)
    part = Part(name="a", label=1, mesh=Mesh(vertices=corners, faces=faces, uvs=uvs, texture=texture))
    picture = render(Subject([part]), FLAT, [Distant(towards=(0.0, 1.0, 0.0))])
    values = np.array([188, 128, 64]) / 255
    np.testing.assert_allclose(picture.albedo[40, 40], ((values + 0.055) / 1.055) ** 2.4, atol=2e-5)
    np.testing.assert_array_equal(picture.srgb()[40, 40], [188, 128, 64])
    holes = texture.repeat(32, 0).repeat(32, 1)
    holes[:, :32, 3] = 0
    part = Part(name="a", label=1, mesh=Mesh(vertices=corners, faces=faces, uvs=uvs, texture=holes))
    picture = render(Subject([part, plane(-0.5, label=7)]), FLAT, [])
    assert (picture.label[40, 5:38] == 7).all()
    assert (picture.label[40, 42:75] == 1).all()


@pytest.mark.oracle
def test_relief_bends_normals_as_its_slope_says() -> None:
    corners = np.array([[-1, 0, -1], [-1, 0, 1], [1, 0, 1], [1, 0, -1]], np.float32)
    uvs = np.array([[0, 0], [0, 1], [1, 1], [1, 0]], np.float32)
    faces = np.array([[0, 1, 2], [0, 2, 3]], np.int32)
    across = 0.3 * (np.arange(64) + 0.5) / 64 * 2  # rises by 0.3 per metre along x
    relief = np.tile(across.astype(np.float32), (64, 1))
    texture = opaque(np.full((64, 64, 3), 255, np.uint8))
    mesh = Mesh(vertices=corners, faces=faces, uvs=uvs, texture=texture)
    picture = render(Subject([Part(name="a", label=1, mesh=mesh, relief=relief)]), FLAT, [Distant(towards=(0, 1.0, 0))])
    wanted = np.array([-0.3, 1, 0]) / np.linalg.norm([-0.3, 1, 0])
    np.testing.assert_allclose(picture.normal[20:60, 20:60].reshape(-1, 3), np.tile(wanted, (1600, 1)), atol=1e-4)
    np.testing.assert_allclose(picture.shading[20:60, 20:60], wanted[1], atol=1e-4)


def test_highlights_are_where_the_mirror_says_and_gloss_takes_them_away() -> None:
    light = Distant(towards=(0.0, 1.0, 1.0))
    shiny = render(Subject([ball(specular=0.05, roughness=0.3)]), CAMERA, [light])
    matt = render(Subject([ball()]), CAMERA, [light])
    shine = (shiny.rgb - matt.rgb).mean(-1)
    assert shine.min() > -1e-6
    y, x = np.unravel_index(shine.argmax(), shine.shape)
    towards = np.array([0, 1, 1]) / np.sqrt(2)
    eye = CAMERA.position - shiny.position[y, x]
    half = towards + eye / np.linalg.norm(eye)
    assert shiny.normal[y, x] @ (half / np.linalg.norm(half)) > 0.995
    dull = render(Subject([ball(specular=0.05, gloss=np.zeros((2, 2, 2), np.uint8))]), CAMERA, [light])
    np.testing.assert_allclose(dull.rgb, matt.rgb, atol=1e-6)


def test_seen_from_behind_a_surface_turns_its_normal_to_the_eye() -> None:
    below = Camera(
        world_from_camera=look_at_pose((0.0, -5.0, 0.0), (0.0, 0.0, 0.0), up=(0.0, 0.0, 1.0)),
        focal=(40.0, 40.0), centre=(40.0, 40.0), size=(80, 80), orthographic=True,
    )  # fmt: skip
    picture = render(Subject([plane()]), below, [Surround(harmonics=constant((0.5, 0.5, 0.5)))])
    np.testing.assert_allclose(picture.normal[40, 40], [0, -1, 0], atol=1e-6)
    np.testing.assert_allclose(picture.shading[40, 40], 0.5, atol=1e-5)
    lit = render(Subject([plane()]), below, [Distant(towards=(0.0, 1.0, 0.0))])
    assert lit.rgb.max() == 0


def test_moving_a_subject_is_building_it_there() -> None:
    part = ball(16)
    light = [Surround(harmonics=constant((0.5, 0.5, 0.5))), Distant(towards=(1.0, 1.0, 1.0))]
    shift = np.float32([0.1, 0.2, 0.0])
    moved = render(Subject([part]).moved(part.mesh.vertices + shift), CAMERA, light)
    vertices = part.mesh.vertices + shift
    mesh = Mesh(
        vertices=vertices, faces=part.mesh.faces, uvs=part.mesh.uvs, texture=part.mesh.texture, weld=part.mesh.weld
    )
    built = render(Subject([Part(name="ball", label=4, mesh=mesh, colours=part.colours)]), CAMERA, light)
    np.testing.assert_array_equal(moved.rgb, built.rgb)


def test_laid_over_a_background_and_with_straight_alpha() -> None:
    picture = render(Subject([plane(half=0.51)]), FLAT, [Distant(towards=(0.0, 1.0, 0.0))])
    behind = np.full((80, 80, 3), 0.25, np.float32)
    over = picture.over(behind)
    np.testing.assert_allclose(over[0, 0], 0.25)
    np.testing.assert_allclose(over, picture.rgb + 0.25 * (1 - picture.alpha[..., None]), atol=1e-6)
    rgba = picture.rgba()
    assert (rgba[rgba[..., 3] > 0][:, :3] == 255).all()
    with pytest.raises((ShapeError, TypeCheckError)):
        picture.over(behind[:5])


@pytest.mark.oracle
def test_every_eight_bit_value_survives() -> None:
    values = np.arange(256) / 255
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    np.testing.assert_array_equal(to_srgb(linear), np.arange(256))
    np.testing.assert_array_equal(to_srgb(np.array([-1.0, 2.0, np.nan])), [0, 255, 0])


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: render(Subject([plane()]), FLAT, [], samples=3),
        lambda: render(Subject([plane()]), FLAT, [], rays=0),
        lambda: plane(specular=1.5),
        lambda: plane(label=-1),
        lambda: plane(relief=np.zeros((1, 5), np.float32)),
        lambda: Subject([]),
        lambda: Subject([plane(casts=False)]).obstacle,
    ],
)
def test_what_makes_no_sense_is_refused(wrong) -> None:
    with pytest.raises((UsageError, ShapeError)):
        wrong()


def test_out_of_view_there_is_nothing() -> None:
    away = look_at((0.0, 0.0, 4.0), (0.0, 0.0, 9.0), size=(10, 12))
    picture = render(Subject([ball(8)]), away, [Distant(towards=(0.0, 1.0, 0.0))])
    assert picture.alpha.max() == 0
    assert picture.rgb.shape == (10, 12, 3)
