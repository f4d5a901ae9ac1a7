"""From the authors' files to ours."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from omote.core import weights
from omote.parts.nets.adopt_tflite import _window, adopt

NETWORKS = [name for name, row in weights.manifest().items() if row.adopt == "omote.parts.nets.adopt_tflite:adopt"]


@pytest.mark.oracle
@pytest.mark.parametrize("name", NETWORKS)
def test_adopting_the_authors_file_gives_the_shipped_weights(name: str, tflite: Callable[[str], Path]) -> None:
    source = weights.entry(name).source
    assert source is not None
    assert weights.sha256(tflite(name)) == source.sha256
    tensors, header = adopt(tflite(name))
    shipped = weights.load(name)
    assert header == weights.metadata(name)
    assert set(tensors) == set(shipped)
    assert all(torch.equal(tensors[key], shipped[key]) for key in tensors)


@pytest.mark.parametrize("name", NETWORKS)
def test_what_ships_is_half_precision_and_its_row_is_true(name: str) -> None:
    row = weights.entry(name)
    file = weights.package_shelf() / row.file
    assert file.stat().st_size == row.bytes
    assert weights.sha256(file) == row.sha256
    kinds = {key.rpartition(".")[2]: t.dtype for key, t in weights.load(name).items()}
    assert {d for k, d in kinds.items() if k not in ("where", "shape")} == {torch.float16}
    assert json.loads(weights.metadata(name)["graph"])["nodes"]


@pytest.mark.parametrize("size", [1, 2, 5, 7, 8, 16, 33])
@pytest.mark.parametrize("kernel", [1, 2, 3, 5])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_same_padding_gives_ceil_outputs_with_the_odd_zero_last(size: int, kernel: int, stride: int) -> None:
    before, after = _window(size, kernel, stride, 1, same=True)
    out = (size + before + after - kernel) // stride + 1
    assert out == -(-size // stride)
    assert after - before in (0, 1)
    assert before + after == 0 or (size + before + after - 1 - kernel) // stride + 1 < out  # and not one more
