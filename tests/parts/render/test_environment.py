"""Panoramas against closed forms; files of others where they are at hand."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from omote.core.errors import InputError, ShapeError
from omote.parts.render.environment import (
    Environment,
    from_panorama,
    look,
    panorama_directions,
    project,
    read_harmonics,
    read_panorama,
    solid_angles,
)
from omote.parts.render.lighting import Distant, Surround
from omote.parts.render.radiance_file import decode, encode, write_radiance
from omote.parts.space.camera import Camera, look_at
from omote.parts.space.harmonics import basis, constant, radiance, shading, spiral


def test_the_sphere_has_four_pi() -> None:
    assert solid_angles((64, 128)).sum() * 128 == pytest.approx(4 * np.pi)


@pytest.mark.oracle
def test_a_constant_panorama_has_one_number() -> None:
    np.testing.assert_allclose(project(np.full((32, 64, 3), 0.7)), constant((0.7, 0.7, 0.7)), atol=5e-3)


@pytest.mark.oracle
def test_light_from_one_direction_has_the_basis_there() -> None:
    panorama = np.zeros((64, 128, 3), np.float32)
    panorama[20, 37] = 1 / solid_angles((64, 128))[20]
    there = panorama_directions((64, 128))[20, 37]
    np.testing.assert_allclose(project(panorama)[:, 0], basis(there), atol=1e-5)


@pytest.mark.oracle
def test_nine_numbers_survive_being_painted() -> None:
    harmonics = np.random.default_rng(0).normal(size=(9, 3))
    panorama = radiance(harmonics, panorama_directions((128, 256)))
    np.testing.assert_allclose(project(panorama), harmonics, atol=2e-3)


def test_left_is_left_and_up_is_up() -> None:
    directions = panorama_directions((64, 128))
    np.testing.assert_allclose(directions[31:33, 63:65].mean((0, 1)), [0, 0, -1], atol=2e-3)
    np.testing.assert_allclose(directions[31:33, 95:97].mean((0, 1)), [1, 0, 0], atol=2e-3)
    assert directions[0, 0, 1] > 0.99
    panorama = np.random.default_rng(0).uniform(size=(16, 32, 3))
    np.testing.assert_allclose(look(panorama, panorama_directions((16, 32))), panorama, atol=1e-6)


@pytest.mark.oracle
def test_a_lens_sees_the_middle_of_the_panorama() -> None:
    ramp = radiance(np.random.default_rng(1).normal(size=(9, 3)), panorama_directions((256, 512)))
    sky = Environment(name="ramp", panorama=ramp.astype(np.float32), harmonics=project(ramp))
    camera = look_at((0.2, 1.5, 3.0), (0.0, 1.0, 0.0), size=(24, 32), fov=0.7)
    y, x = np.mgrid[0:24, 0:32] + 0.5
    seen = radiance(sky.harmonics, camera.rays(np.stack([x, y], -1))[1])
    np.testing.assert_allclose(sky.background(camera), seen, atol=5e-3)
    flat = Camera(
        world_from_camera=camera.world_from_camera, focal=(20.0, 20.0), centre=(16.0, 12.0), size=(24, 32),
        orthographic=True,
    )  # fmt: skip
    assert sky.background(flat).std() > 0.01


def test_turning_takes_picture_numbers_and_sun_along() -> None:
    smooth = radiance(np.random.default_rng(2).normal(size=(9, 3)), panorama_directions((64, 128))).astype(np.float32)
    sun = Distant(towards=(0.0, 0.3, -1.0))
    sky = Environment(name="smooth", panorama=smooth, harmonics=project(smooth), suns=(sun,)).turned(np.pi / 2)
    np.testing.assert_allclose(project(sky.panorama), sky.harmonics, atol=2e-2)
    np.testing.assert_allclose(sky.suns[0].towards, [-1.0, 0.3, 0.0], atol=1e-9)
    ahead = look(sky.panorama, np.array([[-1.0, 0.3, 0.0]]))
    np.testing.assert_allclose(ahead, look(smooth, np.array([[0.0, 0.3, -1.0]])), atol=1e-2)
    assert isinstance(sky.lights[0], Surround)
    assert sky.lights[1] == sky.suns[0]


@pytest.mark.oracle
def test_a_sun_is_taken_out_and_light_is_kept() -> None:
    towards = np.array([0.5, 0.6, -0.4]) / np.linalg.norm([0.5, 0.6, -0.4])
    directions = panorama_directions((64, 128))
    panorama = np.full((64, 128, 3), 0.2) + 90.0 * (directions @ towards > np.cos(0.08))[..., None]
    sky = from_panorama(panorama)
    assert len(sky.suns) == 1
    np.testing.assert_allclose(np.array(sky.suns[0].towards), towards, atol=0.02)
    assert sky.suns[0].radius == pytest.approx(0.08, rel=0.2)
    normals = spiral(200)
    full = np.einsum(
        "nhw,hwc->nc", np.maximum(np.einsum("nk,hwk->nhw", normals, directions), 0),
        panorama * solid_angles((64, 128))[..., None],
    ) / np.pi  # fmt: skip
    split = shading(sky.harmonics, normals) + np.maximum(normals @ np.array(sky.suns[0].towards), 0)[
        :, None
    ] * np.array(sky.suns[0].colour)
    np.testing.assert_allclose(split, full, atol=0.02 * full.max())
    assert from_panorama(np.full((16, 32, 3), 0.5)).suns == ()


@pytest.mark.oracle
def test_radiance_files_come_back_within_their_eight_bits(tmp_path: Path) -> None:
    picture = np.exp(np.random.default_rng(0).normal(0, 3, (5, 20, 3)))
    picture[0, 0] = 0
    write_radiance(tmp_path / "a.hdr", picture)
    read = read_panorama(tmp_path / "a.hdr")
    np.testing.assert_allclose(read, picture, atol=picture.max(-1, keepdims=True).max() / 128, rtol=0)
    np.testing.assert_allclose(read, decode(encode(picture)))
    assert (np.abs(read - picture) <= picture.max(-1, keepdims=True) / 127).all()


def test_runs_of_a_radiance_file_are_undone(tmp_path: Path) -> None:
    rgbe = np.zeros((2, 12, 4), np.uint8)
    rgbe[..., 0], rgbe[..., 3] = np.arange(12), 136
    rows = b""
    for row in rgbe:
        rows += bytes([2, 2, 0, 12, 12, *row[:, 0].tolist(), 128 + 12, 0, 128 + 12, 0, 128 + 12, 136])
    header = b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\nEXPOSURE=2.0\n\n-Y 2 +X 12\n"
    (tmp_path / "a.hdr").write_bytes(header + rows)
    np.testing.assert_allclose(read_panorama(tmp_path / "a.hdr")[..., 0], np.tile(np.arange(12) / 2, (2, 1)))
    for broken in (header + rows[:-9], header.replace(b"X 12", b"X 13") + rows, b"P6\n", header):
        (tmp_path / "b.hdr").write_bytes(broken)
        with pytest.raises(InputError):
            read_panorama(tmp_path / "b.hdr")


def test_arrays_are_read_and_others_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "sh.npy", np.ones((3, 9, 3)))
    np.testing.assert_allclose(read_harmonics(tmp_path / "sh.npy"), np.pi, rtol=1e-6)
    np.save(tmp_path / "panorama.npy", np.ones((4, 8, 3), np.float16))
    assert read_panorama(tmp_path / "panorama.npy").dtype == np.float32
    np.save(tmp_path / "objects.npy", np.array([{}], dtype=object), allow_pickle=True)
    (tmp_path / "text.npy").write_text("no")
    for name in ("objects.npy", "text.npy", "absent.npy", "panorama.npy"):
        with pytest.raises(InputError):
            read_harmonics(tmp_path / name)
    with pytest.raises(InputError):
        read_panorama(tmp_path / "text.npy")
    with pytest.raises(ShapeError):
        from_panorama(np.full((4, 8, 3), np.nan))


def test_the_panoramas_at_hand_are_read(data: Path, tmp_path: Path) -> None:
    file = data / "open" / "misc" / "env.zip"
    if not file.exists():
        pytest.skip("open/misc/env.zip is not on this machine: no measured panorama is read")
    with zipfile.ZipFile(file) as archive:
        for member in archive.namelist():
            if member.endswith(".npy"):
                array = np.load(io.BytesIO(archive.read(member)), allow_pickle=False)
                np.save(tmp_path / "a.npy", array)
                sky = from_panorama(read_panorama(tmp_path / "a.npy"), Path(member).stem)
                up, down = shading(sky.harmonics, np.array([[0.0, 1, 0], [0, -1, 0]])).mean(-1)
                assert up > down  # the sky is above


def test_pifus_environments_at_hand_are_read(data: Path) -> None:
    file = data / "official" / "pifu" / "env_sh.npy"
    if not file.exists():
        pytest.skip("official/pifu/env_sh.npy is not on this machine: PIFu's environments are not read")
    harmonics = read_harmonics(file)
    assert harmonics.shape == (240, 9, 3)
    front = np.array([shading(h, np.array([[0.0, 0.0, 1.0]]))[0] for h in harmonics])
    assert 0.3 < np.median(front) < 2
