"""A home and a cache of its own for each test, and a picture to work on."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of keys, consents and manifests."""
    folder = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("OMOTE_HOME", str(folder))
    monkeypatch.setenv("OMOTE_CACHE", str(folder / "cache"))
    return folder


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A picture with texture to hold a watermark."""
    noise = np.random.default_rng(1).normal(0, 1, (18, 24, 3))
    smooth = np.asarray(Image.fromarray(((noise + 3) * 40).clip(0, 255).astype(np.uint8)).resize((256, 192)))
    path = tmp_path / "photo.png"
    Image.fromarray(smooth).save(path)
    return path
