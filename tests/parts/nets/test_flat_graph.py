"""The converted networks compute what the authors' files compute."""

import json
from collections.abc import Callable

import numpy as np
import pytest
import torch

from omote.core import weights
from omote.core.errors import ShapeError, WeightsError
from omote.parts.nets.flat_graph import FlatGraph, open_graph

CPU = torch.device("cpu")
LANDMARKS = {"face-mesh": 192, "iris": 64, "pose-landmarks": 256}
NETWORKS = [name for name, row in weights.manifest().items() if row.adopt == "omote.parts.nets.adopt_tflite:adopt"]


def _input(name: str, noise: Callable[..., torch.Tensor], batch: int = 1, seed: int = 0) -> torch.Tensor:
    _, height, width = open_graph(name, CPU).inputs[0]["shape"]
    return noise(batch, height, width, seed)


@pytest.mark.oracle
@pytest.mark.parametrize("name", NETWORKS)
@torch.no_grad()
def test_outputs_on_noise_are_litert_s(name: str, litert: Callable, noise: Callable[..., torch.Tensor]) -> None:
    x = _input(name, noise)
    ours = open_graph(name, CPU)(x)
    theirs = litert(name, x.numpy())
    for output, values in zip(open_graph(name, CPU).outputs, ours, strict=True):
        reference = theirs[output["name"]]
        assert values.shape == reference.shape
        if reference.ndim == 4 and reference.shape[2] > 1 and "heat" not in name:  # a mask: compare probabilities
            apart = np.abs(1 / (1 + np.exp(-np.clip(reference, -50, 50))) - values.sigmoid().numpy()).max()
            assert apart < 0.02
        else:
            scale = max(1.0, float(np.abs(reference).max()) / LANDMARKS.get(name, 100))
            assert np.abs(reference - values.numpy()).max() < 0.05 * scale


@pytest.mark.parametrize("name", NETWORKS)
@torch.no_grad()
def test_a_batch_gives_what_its_pictures_give_alone(name: str, noise: Callable[..., torch.Tensor]) -> None:
    x = _input(name, noise, batch=3)
    together = open_graph(name, CPU)(x)
    for i in range(3):
        for many, one in zip(together, open_graph(name, CPU)(x[i : i + 1]), strict=True):
            assert (many[i : i + 1] - one).abs().max() <= 1e-4 * max(1.0, float(one.abs().max()))


@pytest.mark.parametrize("name", ["face-detector-short", "face-mesh", "iris", "selfie-mask"])
def test_gradients_equal_finite_differences(name: str, noise: Callable[..., torch.Tensor]) -> None:
    double = FlatGraph(weights.load(name), json.loads(weights.metadata(name)["graph"])).double()
    x = _input(name, noise).double().requires_grad_()
    direction = torch.randn(x.shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    (gradient,) = torch.autograd.grad(double(x)[0].sum(), x)
    slope = float((gradient * direction).sum())
    step = 1e-7
    with torch.no_grad():
        rise = double(x + step * direction)[0].sum() - double(x - step * direction)[0].sum()
    assert abs(float(rise) / (2 * step) - slope) < 1e-3 * max(1.0, abs(slope))


def test_another_size_is_refused_in_words() -> None:
    with pytest.raises(ShapeError, match=r"\[b 3 192 192\], not \[1, 3, 128, 128\]"):
        open_graph("face-mesh", CPU)(torch.zeros(1, 3, 128, 128))


def test_an_unknown_node_and_a_missing_constant_are_refused() -> None:
    graph = {"inputs": [{"id": 0, "shape": [1, 2, 2]}], "outputs": [{"id": 1, "name": "y", "shape": [1, 2, 2]}]}
    with pytest.raises(WeightsError, match="fourier"):
        FlatGraph({}, {**graph, "nodes": [{"op": "fourier", "in": [0], "out": 1}]})
    with pytest.raises(WeightsError, match="c7"):
        FlatGraph({}, {**graph, "nodes": [{"op": "prelu", "in": [0], "out": 1, "weight": "c7"}]})


def test_the_input_is_left_as_it_was(noise: Callable[..., torch.Tensor]) -> None:
    for name in NETWORKS:
        x = _input(name, noise)
        before = x.clone()
        with torch.no_grad():
            open_graph(name, CPU)(x)
        assert torch.equal(x, before)


@pytest.mark.oracle
def test_depth_to_space_puts_rows_before_columns_before_colours() -> None:
    block, colours, size = 2, 3, 4
    x = torch.arange(block * block * colours * size * size).reshape(1, -1, size, size).float()
    graph = {
        "inputs": [{"id": 0, "shape": list(x.shape[1:])}],
        "outputs": [{"id": 1, "name": "y", "shape": []}],
        "nodes": [{"op": "depth_to_space", "in": [0], "out": 1, "block": block}],
    }
    (y,) = FlatGraph({}, graph)(x)
    for row in range(size * block):
        for column in range(size * block):
            for colour in range(colours):
                channel = ((row % block) * block + column % block) * colours + colour
                assert y[0, colour, row, column] == x[0, channel, row // block, column // block]


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("name", NETWORKS)
@torch.no_grad()
def test_a_gpu_gives_what_the_cpu_gives(name: str, noise: Callable[..., torch.Tensor]) -> None:
    x = _input(name, noise, batch=2)
    there = open_graph(name, torch.device("cuda"))(x.cuda())
    for far, near in zip(there, open_graph(name, CPU)(x), strict=True):
        assert (far.cpu() - near).abs().max() < 2e-2 * max(1.0, float(near.abs().max()))
