import contextlib
import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from omote.core.errors import InputError, OutputError, ShapeError, UsageError
from omote.parts.media.pictures import read_picture, write_picture

LETTER = np.array([[0, 1, 1, 1], [0, 1, 0, 0], [0, 1, 1, 0], [0, 1, 0, 0], [0, 1, 0, 0]], np.uint8)
"""An F: none of its eight turns and mirrorings looks like another."""
TURNS = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.T,
    6: lambda a: a.T[::-1],
    7: lambda a: a[::-1, ::-1].T,
    8: lambda a: a.T[:, ::-1],
}
"""Stored from upright, by orientation: where row 0 and column 0 are (CIPA DC-008, table of tag 274)."""


@pytest.mark.oracle
@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".webp"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_exif_orientation_comes_out_upright(tmp_path: Path, orientation: int, suffix: str) -> None:
    upright = np.kron(LETTER * np.uint8(255), np.ones((8, 8), np.uint8))
    stored = np.repeat(TURNS[orientation](upright)[..., None], 3, axis=2)
    image = Image.fromarray(np.ascontiguousarray(stored))
    exif = image.getexif()
    exif[0x0112] = orientation
    image.save(tmp_path / f"f{suffix}", exif=exif)
    picture = read_picture(tmp_path / f"f{suffix}")
    assert picture.rgb.shape == (40, 32, 3)
    assert np.abs(picture.rgb.astype(int) - upright[..., None]).max() < 40


def test_alpha_turns_with_its_colours(tmp_path: Path) -> None:
    image = Image.fromarray(np.dstack([LETTER * 200] * 4))
    exif = image.getexif()
    exif[0x0112] = 6
    image.save(tmp_path / "f.png", exif=exif)
    picture = read_picture(tmp_path / "f.png")
    assert picture.alpha is not None
    assert (picture.alpha == np.rot90(LETTER * 200, -1)).all()
    assert (picture.rgb[..., 1] == picture.alpha).all()


def png16(pixels: np.ndarray, colour_type: int) -> bytes:
    """Write a 16-bit PNG by hand: Pillow writes few kinds."""
    height, width = pixels.shape[:2]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 16, colour_type, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    )
    body = (struct.pack(">I", len(d)) + t + d + struct.pack(">I", zlib.crc32(t + d)) for t, d in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(body)


@pytest.mark.oracle
@pytest.mark.parametrize(("colour_type", "channels"), [(0, 1), (2, 3), (4, 2), (6, 4)])
def test_sixteen_bit_png_keeps_its_values_within_a_level(tmp_path: Path, colour_type: int, channels: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 65536, (16, 24, channels))
    (tmp_path / "deep.png").write_bytes(png16(pixels, colour_type))
    picture = read_picture(tmp_path / "deep.png")
    expected = pixels / 257
    assert np.abs(picture.rgb - expected[..., : 3 if channels > 2 else 1]).max() <= 1
    if channels in (2, 4):
        assert picture.alpha is not None
        assert np.abs(picture.alpha - expected[..., -1]).max() <= 1


@pytest.mark.oracle
def test_sixteen_bit_grey_is_rounded(tmp_path: Path) -> None:
    values = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    for name in ("grey.png", "grey.tif"):
        Image.fromarray(values).save(tmp_path / name)
        assert (read_picture(tmp_path / name).rgb[..., 0] == np.rint(values / 257)).all()


def test_grey_palette_and_transparent_kinds(tmp_path: Path) -> None:
    grey = np.arange(256, dtype=np.uint8).reshape(16, 16)
    coverage = np.where(grey % 2, 255, 0).astype(np.uint8)
    Image.fromarray(grey).save(tmp_path / "l.png")
    Image.fromarray(np.dstack([grey, coverage])).save(tmp_path / "la.png")
    Image.fromarray(grey > 100).save(tmp_path / "one.png")
    indexed = Image.fromarray(grey % 3).convert("P")
    indexed.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255])
    indexed.save(tmp_path / "p.png", transparency=1)
    indexed.save(tmp_path / "p.gif", transparency=1)
    assert (read_picture(tmp_path / "l.png").rgb == grey[..., None]).all()
    with_alpha = read_picture(tmp_path / "la.png")
    assert (with_alpha.rgb == grey[..., None]).all()
    assert (with_alpha.alpha == coverage).all()
    assert (read_picture(tmp_path / "one.png").rgb[..., 0] == np.where(grey > 100, 255, 0)).all()
    for name in ("p.png", "p.gif"):
        picture = read_picture(tmp_path / name)
        assert (picture.alpha == np.where(grey % 3 == 1, 0, 255)).all()
        assert (picture.rgb[grey % 3 == 2] == (0, 0, 255)).all()


def test_an_alpha_that_is_opaque_everywhere_is_none(tmp_path: Path) -> None:
    write_picture(tmp_path / "a.png", np.zeros((3, 5, 3), np.uint8), np.full((3, 5), 255, np.uint8))
    assert read_picture(tmp_path / "a.png").alpha is None


def test_cmyk_jpeg_shows_its_colours(tmp_path: Path) -> None:
    inks = np.zeros((16, 32, 4), np.uint8)
    inks[:, :16, 0] = 255  # cyan
    inks[:, 16:, 2] = 255  # yellow
    Image.fromarray(inks, "CMYK").save(tmp_path / "cmyk.jpg", quality=95)
    rgb = read_picture(tmp_path / "cmyk.jpg").rgb.astype(int)
    assert np.abs(rgb[8, 4] - (0, 255, 255)).max() < 12
    assert np.abs(rgb[8, 28] - (255, 255, 0)).max() < 12


def linear_profile() -> bytes:
    """An sRGB profile whose three curves are made linear (gamma 1), by its tags."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = struct.unpack_from(">I", profile, 128)[0]
    for i in range(count):
        name, offset, size = struct.unpack_from(">4sII", profile, 132 + 12 * i)
        if name in (b"rTRC", b"gTRC", b"bTRC"):
            profile[offset : offset + size] = b"curv\0\0\0\0\0\0\0\0".ljust(size, b"\0")
        if name == b"desc":
            text = (
                bytes(profile[offset : offset + size]).replace(b"s\0R\0G\0B", b"x\0R\0G\0B").replace(b"sRGB", b"xRGB")
            )
            profile[offset : offset + size] = text
    return bytes(profile)


@pytest.mark.oracle
@pytest.mark.parametrize("alpha", [False, True])
def test_an_embedded_profile_is_converted_to_srgb(tmp_path: Path, alpha: bool) -> None:
    values = np.arange(0, 256, dtype=np.uint8)
    pixels = np.repeat(np.repeat(values[None], 8, 0)[..., None], 3, axis=2)
    if alpha:
        pixels = np.dstack([pixels, np.full((8, 256), 77, np.uint8)])
    Image.fromarray(pixels).save(tmp_path / "linear.png", icc_profile=linear_profile())
    light = values / 255
    encoded = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)  # IEC 61966-2-1
    picture = read_picture(tmp_path / "linear.png")
    assert np.abs(picture.rgb - 255 * encoded[:, None]).max() <= 1.5
    assert (picture.alpha == 77).all() if alpha else picture.alpha is None


def test_an_srgb_profile_changes_nothing_and_a_broken_one_is_passed_over(tmp_path: Path) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (20, 20, 3), dtype=np.uint8)
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for name, profile in {"srgb.png": srgb, "broken.png": b"nonsense"}.items():
        Image.fromarray(pixels).save(tmp_path / name, icc_profile=profile)
        assert (read_picture(tmp_path / name).rgb == pixels).all()


def test_the_content_decides_and_not_the_suffix(tmp_path: Path) -> None:
    pixels = np.full((9, 7, 3), 128, np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    (tmp_path / "photo.jpg").write_bytes(buffer.getvalue())
    assert (read_picture(tmp_path / "photo.jpg").rgb == pixels).all()


def test_a_single_pixel_is_a_picture(tmp_path: Path) -> None:
    Image.new("RGB", (1, 1), (1, 2, 3)).save(tmp_path / "one.png")
    assert read_picture(tmp_path / "one.png").rgb.tolist() == [[[1, 2, 3]]]


def png_header(width: int, height: int) -> bytes:
    """A PNG that announces a size and holds a few bytes: decoding it would have to allocate it all."""
    data = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    ihdr = struct.pack(">I", 13) + b"IHDR" + data + struct.pack(">I", zlib.crc32(b"IHDR" + data))
    idat = zlib.compress(b"\0" * 1000)
    body = struct.pack(">I", len(idat)) + b"IDAT" + idat + struct.pack(">I", zlib.crc32(b"IDAT" + idat))
    return b"\x89PNG\r\n\x1a\n" + ihdr + body


@pytest.mark.parametrize(
    ("width", "height", "sentence"),
    [
        (20_001, 10, "no side may be over 20,000"),
        (10, 30_000, "no side may be over 20,000"),
        (12_000, 10_000, "the limit is 100,000,000"),
        (19_000, 19_000, "limit of 100,000,000"),
        (2**31 - 1, 2**31 - 1, "limit of 100,000,000"),
    ],
)
def test_bombs_are_refused_by_their_header(tmp_path: Path, width: int, height: int, sentence: str) -> None:
    (tmp_path / "bomb.png").write_bytes(png_header(width, height))
    with pytest.raises(InputError, match=sentence):
        read_picture(tmp_path / "bomb.png")


def test_the_callers_limit_holds(tmp_path: Path) -> None:
    Image.new("RGB", (100, 101)).save(tmp_path / "p.png")
    read_picture(tmp_path / "p.png", max_pixels=10_100)
    with pytest.raises(InputError, match="100 x 101 pixels large; the limit is 10,099"):
        read_picture(tmp_path / "p.png", max_pixels=10_099)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".gif", ".tif", ".bmp", ".avif"])
def test_a_file_cut_short_is_refused(tmp_path: Path, suffix: str) -> None:
    pixels = np.random.default_rng(2).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    buffer = tmp_path / f"whole{suffix}"
    Image.fromarray(pixels).save(buffer)
    whole = buffer.read_bytes()
    for share in (0.02, 0.3, 0.9):
        (tmp_path / f"cut{suffix}").write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(InputError, match=r"damaged|expected"):
            read_picture(tmp_path / f"cut{suffix}")


def test_what_is_no_picture_is_named(tmp_path: Path) -> None:
    cases = {
        "text.png": (b"hello, world, this is text", "a file of unknown kind, where a picture"),
        "film.jpg": (b"\0\0\0\x20ftypisom" + b"\0" * 40, "an MP4 or QuickTime video, where a picture"),
        "song.png": (b"ID3\4" + b"\0" * 40, "an MP3 sound file, where a picture"),
        "phone.jpg": (b"\0\0\0\x20ftypheic" + b"\0" * 40, "a HEIC picture that cannot be read"),
        "paper.png": (b"%PDF-1.7\n", "a PDF document, where a picture"),
    }
    for name, (content, sentence) in cases.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError, match=sentence):
            read_picture(tmp_path / name)
    with pytest.raises(InputError, match="does not exist"):
        read_picture(tmp_path / "missing.png")
    with pytest.raises(InputError, match="is a folder"):
        read_picture(tmp_path)


def test_floating_point_pictures_are_refused(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((4, 4), np.float32)).save(tmp_path / "f.tif")
    with pytest.raises(InputError, match="32-bit numbers"):
        read_picture(tmp_path / "f.tif")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from([".png", ".jpg", ".webp", ".gif", ".tif", ".bmp"]), st.randoms(use_true_random=False))
def test_damaged_bytes_give_a_picture_or_an_input_error(tmp_path: Path, suffix: str, random) -> None:
    source = tmp_path / f"whole{suffix}"
    if not source.exists():
        exif = Image.Exif()
        exif[0x0112] = 6
        Image.fromarray(np.arange(3072, dtype=np.uint16).astype(np.uint8).reshape(32, 32, 3)).save(source, exif=exif)
    content = bytearray(source.read_bytes())
    for _ in range(random.randint(1, 12)):
        content[random.randrange(len(content))] = random.randrange(256)
    (tmp_path / "damaged").write_bytes(content)
    with contextlib.suppress(InputError):
        assert read_picture(tmp_path / "damaged").rgb.dtype == np.uint8


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(1, 40), st.integers(1, 40), st.booleans(), st.sampled_from([".png", ".webp", ".jpg"]))
def test_what_is_written_is_read_back(tmp_path: Path, height: int, width: int, alpha: bool, suffix: str) -> None:
    rng = np.random.default_rng(height * 41 + width)
    rgb = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    coverage = rng.integers(0, 255, (height, width), dtype=np.uint8) if alpha and suffix != ".jpg" else None
    write_picture(tmp_path / f"p{suffix}", rgb, coverage)
    picture = read_picture(tmp_path / f"p{suffix}")
    assert picture.size == (height, width)
    if suffix == ".png":
        assert (picture.rgb == rgb).all()
    if coverage is not None:
        assert picture.alpha is not None
        assert (picture.alpha == coverage).all()


def test_impossible_wishes_are_refused_and_leave_nothing(tmp_path: Path) -> None:
    rgb, alpha = np.zeros((4, 6, 3), np.uint8), np.zeros((4, 6), np.uint8)
    with pytest.raises(UsageError, match="should end on"):
        write_picture(tmp_path / "p.tga", rgb)
    with pytest.raises(UsageError, match="would lose its transparency"):
        write_picture(tmp_path / "p.jpg", rgb, alpha)
    with pytest.raises(UsageError, match="quality 101"):
        write_picture(tmp_path / "p.jpg", rgb, quality=101)
    with pytest.raises(OutputError, match="there is no folder"):
        write_picture(tmp_path / "no" / "p.png", rgb)
    with pytest.raises(UsageError, match="WEBP ends at"):
        write_picture(tmp_path / "p.webp", np.zeros((1, 17_000, 3), np.uint8))
    with pytest.raises((ShapeError, TypeError)):
        write_picture(tmp_path / "p.png", rgb, np.zeros((4, 5), np.uint8))
    assert not list(tmp_path.iterdir())
