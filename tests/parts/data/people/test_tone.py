"""Skin tones: the table against the spectra it stands for, and against what has been measured of people."""

import numpy as np
import pytest

from omote.parts.data.people import tone


def lab(linear: np.ndarray) -> np.ndarray:
    xyz = linear @ np.linalg.inv(tone.TO_SRGB).T / [0.9505, 1.0, 1.089]
    root = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.stack(
        [116 * root[:, 1] - 16, 500 * (root[:, 0] - root[:, 1]), 200 * (root[:, 1] - root[:, 2])], 1
    )  # fmt: skip


@pytest.mark.oracle
def test_the_table_interpolates_the_spectra() -> None:
    at = np.random.default_rng(0).uniform(0, 1, (2, 200))
    shares = [low + at[i] ** 2 * (high - low) for i, (low, high) in enumerate((tone.MELANIN, tone.BLOODY))]
    exact = tone.to_linear(tone.reflectance(*shares))
    found = tone.skin_colour(at[0], at[1])
    assert np.abs(found - np.clip(exact, 0.001, 1)).max() < 2e-3


@pytest.mark.oracle
def test_a_white_surface_is_white() -> None:
    assert np.abs(tone.to_linear(np.ones((1, len(tone.WAVELENGTHS)))) - 1).max() < 2e-3


def test_chroma_is_highest_at_medium_lightness() -> None:
    melanin = np.linspace(0.05, 0.95, 30)
    colours = lab(tone.skin_colour(melanin, np.full(30, 0.5)).astype(np.float64))
    assert colours[:, 0].max() > 70
    assert colours[:, 0].min() < 30
    assert (np.diff(colours[:, 0]) < 0).all()
    chroma = np.hypot(colours[:, 1], colours[:, 2])
    assert 40 < colours[chroma.argmax(), 0] < 68
    assert chroma[0] < 0.8 * chroma.max()
    assert chroma[-1] < 0.7 * chroma.max()
    assert chroma.max() < 32


def test_blood_reddens_and_melanin_darkens() -> None:
    pale, ruddy, dark = tone.skin_colour(np.array([0.2, 0.2, 0.8]), np.array([0.3, 0.8, 0.3]))
    assert ruddy[0] / ruddy[1] > 1.15 * pale[0] / pale[1]
    assert (dark < 0.5 * pale).all()


@pytest.mark.oracle
def test_encoding_is_srgb() -> None:
    c = np.random.default_rng(1).uniform(0, 1, (500, 3)).astype(np.float32)
    exact = np.where(c <= 0.0031308, 12.92 * c, 1.055 * c ** (1 / 2.4) - 0.055) * 255
    assert np.abs(tone.encode(c) - exact).max() < 0.6


def test_a_level_is_inside_its_bounds() -> None:
    assert tone.level(0.0, tone.MELANIN) == 0
    assert tone.level(0.9, tone.MELANIN) == 1
