import math

import numpy as np
import pytest
from PIL import Image
from scipy import fft

from omote.guard.provenance import watermark_align as align
from omote.guard.provenance import watermark_grid as grid


def scene(height: int, width: int, seed: int = 0) -> np.ndarray:
    """A pink picture with flat places, as luma."""
    rng = np.random.default_rng(seed)
    v, u = np.meshgrid(np.arange(height), np.arange(width), indexing="ij")
    spectrum = rng.standard_normal((height, width)) / (1 + np.hypot(v / height, u / width) * 300)
    picture = np.asarray(fft.idctn(spectrum, norm="ortho"))
    return np.clip(128 + 60 * picture / picture.std(), 0, 255).astype(np.float32)


@pytest.mark.parametrize("height", [128, 400])
def test_a_picture_of_two_flat_halves_is_read_as_numbers(height: int) -> None:
    halves = np.where(np.arange(600) < 300, 0.0, 255.0).astype(np.float32)
    assert np.isfinite(grid.read(grid.canonical(np.tile(halves, (height, 1))))).all()


@pytest.mark.oracle
def test_the_pattern_is_the_inverse_cosine_transform_of_its_chips() -> None:
    chips = np.random.default_rng(0).standard_normal(len(grid.ROWS)).astype(np.float32)
    spectrum = np.zeros((grid.SIDE, grid.SIDE))
    spectrum[grid.ROWS, grid.COLUMNS] = chips
    expected = np.asarray(fft.idctn(spectrum, norm="ortho"))
    got = grid.synthesise(chips, (grid.SIDE, grid.SIDE))
    np.testing.assert_allclose(got, expected / expected.std(), atol=1e-3)


@pytest.mark.parametrize("size", [(720, 1280), (256, 256), (300, 1000)])
def test_the_pattern_has_unit_root_mean_square_at_any_size(size: tuple[int, int]) -> None:
    drawn = grid.layout(b"key", 192)
    assert grid.synthesise(drawn.signs, size).std() == pytest.approx(1, abs=1e-3)


@pytest.mark.oracle
@pytest.mark.parametrize("size", [(720, 1280), (300, 517), (100, 130), (256, 256), (1, 1)])
def test_sampling_equals_pillows_antialiased_bilinear_filter(size: tuple[int, int]) -> None:
    picture = scene(*size) if min(size) > 1 else np.ones(size, np.float32)
    expected = np.asarray(Image.fromarray(picture).resize((grid.SIDE, grid.SIDE), Image.Resampling.BILINEAR))
    np.testing.assert_allclose(grid.canonical(picture), expected - picture.mean(), atol=0.05)


def test_a_crop_put_back_in_its_place_covers_the_picture_that_it_is_of() -> None:
    picture = scene(512, 768)
    whole = grid.canonical(picture)
    window = grid.Window(top=64 / 512, left=96 / 768, height=0.75, width=0.75)
    back = grid.canonical(picture[64 : 64 + 384, 96 : 96 + 576], window)
    inner = slice(40, 200)
    gap = (back - whole)[inner, inner]
    assert np.abs(gap - gap.mean()).max() < 1.0  # their means differ
    assert not back[:30].any()
    assert not back[:, 230:].any()


def test_luma_is_pillows_but_for_rounding() -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (40, 50, 3), np.uint8)
    np.testing.assert_allclose(grid.luma(rgb), np.asarray(Image.fromarray(rgb).convert("L")), atol=1.0)


def test_what_the_key_decides_never_changes() -> None:
    """Marks written by one version are read by the next: these figures are part of the format."""
    drawn = grid.layout(b"omote watermark 1", 192)
    assert len(drawn.signs) == len(grid.ROWS) == 15585
    assert drawn.signs[:12].astype(int).tolist() == [-1, -1, -1, 1, 1, 1, 1, 1, -1, 1, 1, -1]
    assert drawn.coded_bit[:12].tolist() == [168, 164, 74, 98, 190, 142, 126, 40, -1, 52, -1, 132]
    counts = np.bincount(drawn.coded_bit[drawn.coded_bit >= 0])
    assert counts.max() - counts.min() <= 1
    assert (drawn.coded_bit < 0).mean() == pytest.approx(grid.PILOT_SHARE, abs=1e-3)


@pytest.mark.oracle
@pytest.mark.parametrize("kind", ["picture", "a few giants"])
def test_the_tail_bound_holds_over_keys(kind: str) -> None:
    """Monte Carlo of T for one fixed picture and word, over 20,000 draws of the signs: never above exp(-t^2 / 2)."""
    rng = np.random.default_rng(0)
    x = grid.read(grid.canonical(scene(300, 400))).astype(np.float64)
    if kind == "a few giants":
        x[rng.choice(len(x), 5, replace=False)] *= 1e4
    t = np.concatenate([(1 - 2 * rng.integers(0, 2, (500, len(x)), np.int8)) @ x for _ in range(40)])
    t /= np.sqrt((x * x).sum())
    for level in (0.5, 1, 1.5, 2, 2.5, 3):
        assert (t >= level).mean() <= math.exp(-(level**2) / 2)
    assert t.std() == pytest.approx(1, abs=0.02)


def test_levelled_places_speak_alike() -> None:
    """A busy half and a nearly flat one end up with energies within a factor of thirty, from ten thousand."""
    rng = np.random.default_rng(0)
    picture = rng.standard_normal((256, 256)).astype(np.float32)
    picture[:, :128] *= 100
    calm = grid.levelled(grid.canonical(picture))
    left, right = calm[:, 20:108].var(), calm[:, 148:236].var()
    assert 1 < right / left < 200


def test_a_mirror_image_reads_as_odd_columns_turned() -> None:
    picture = grid.canonical(scene(256, 256))
    np.testing.assert_allclose(grid.read(picture[:, ::-1]), grid.mirrored(grid.read(picture)), rtol=0.02, atol=0.02)


@pytest.mark.parametrize("flipped", [False, True])
def test_the_pilot_tells_where_a_crop_lay(flipped: bool) -> None:
    drawn = grid.layout(b"omote watermark 1", 192)
    marked = scene(512, 768) + 6 * grid.synthesise(drawn.signs, (512, 768))
    marked = marked[:, ::-1] if flipped else marked
    crop = marked[51 : 51 + 435, 77 : 77 + 653]
    first = align.guesses(grid.canonical(crop, side=384), drawn)[0]
    assert first.flipped == flipped
    assert first.window.top == pytest.approx(51 / 512, abs=0.004)
    assert first.window.left == pytest.approx(77 / 768, abs=0.004)
    assert first.window.height == pytest.approx(435 / 512, abs=0.008)
