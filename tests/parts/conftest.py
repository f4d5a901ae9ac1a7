"""The authors' own .tflite files, run by LiteRT: what the converted networks are compared with."""

import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from omote.core import weights

PACKAGE, VERSION = "mediapipe", "0.10.21"

Oracle = Callable[[str, np.ndarray], dict[str, np.ndarray]]


@pytest.fixture(scope="session")
def tflite() -> Callable[[str], Path]:
    """The authors' file of a set of weights, out of a wheel that is fetched once into the user's cache."""
    shelf = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "omote" / "oracle"
    shelf.mkdir(parents=True, exist_ok=True)
    if not list(shelf.glob(f"{PACKAGE}-{VERSION}-*.whl")):
        wanted = f"{PACKAGE}=={VERSION}"
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", "--dest", str(shelf), wanted]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"the oracle's wheel {wanted} could not be fetched")
    (wheel,) = shelf.glob(f"{PACKAGE}-{VERSION}-*.whl")

    def find(name: str) -> Path:
        source = weights.entry(name).source
        assert source is not None
        file = shelf / f"{name}.tflite"
        if not file.is_file() or weights.sha256(file) != source.sha256:
            with zipfile.ZipFile(wheel) as archive:
                file.write_bytes(archive.read(source.member))
        return file

    return find


@pytest.fixture(scope="session")
def litert(tflite: Callable[[str], Path]) -> Oracle:
    """Run the authors' file of a set of weights on one picture [1 3 h w]; outputs by name, pictures as [1 c h w]."""
    interpreter = pytest.importorskip("ai_edge_litert.interpreter", reason="LiteRT, the oracle, is not installed")

    def run(name: str, picture: np.ndarray) -> dict[str, np.ndarray]:
        model = interpreter.Interpreter(str(tflite(name)), num_threads=1)
        model.allocate_tensors()
        model.set_tensor(model.get_input_details()[0]["index"], picture.transpose(0, 2, 3, 1).copy())
        model.invoke()
        found = {}
        for output in model.get_output_details():
            values = model.get_tensor(output["index"])
            found[output["name"]] = values.transpose(0, 3, 1, 2) if values.ndim == 4 else values
        return found

    return run


@pytest.fixture
def noise() -> Callable[..., torch.Tensor]:
    """Make smooth noise [b 3 h w] in 0..1, the same for the same seed."""

    def make(batch: int, height: int, width: int, seed: int = 0) -> torch.Tensor:
        generator = torch.Generator().manual_seed(seed)
        coarse = torch.rand(batch, 3, max(2, height // 8), max(2, width // 8), generator=generator)
        fine = torch.nn.functional.interpolate(coarse, (height, width), mode="bicubic")
        return (fine + 0.1 * torch.randn(fine.shape, generator=generator)).clamp(0, 1)

    return make
