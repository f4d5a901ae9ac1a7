"""Devices are picked by name, refused clearly, and the allocator is told once."""

import pytest
import torch

from omote.core import device
from omote.core.errors import UnavailableError, UsageError


def test_auto_is_cuda_where_there_is_one() -> None:
    assert device.pick("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")


@pytest.mark.parametrize("name", ["gpu", "cuda:x", "", "tpu", "cpu:a"])
def test_unknown_devices_are_usage_errors(name: str) -> None:
    with pytest.raises(UsageError, match="auto, cpu, cuda"):
        device.pick(name)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_cuda_without_a_gpu_is_refused_not_replaced() -> None:
    with pytest.raises(UnavailableError, match="--device cpu"):
        device.pick("cuda:0")


def test_the_allocator_keeps_memory_on_glibc() -> None:
    assert isinstance(device.keep_memory(), bool)
    assert device.keep_memory() is device.keep_memory()
