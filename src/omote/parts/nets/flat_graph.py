"""Run a network that was converted from TensorFlow Lite, in torch: batched, differentiable, on any device.

The graph is the text `graph` in the header of the weights (see `adopt_tflite`): a list of nodes in the
order of execution. Each becomes one step, a function of tensors bound to the node's numbers; a tensor is
dropped after the last step that needs it. Weights are stored in half precision and run in single.

Notation: pictures [b c h w]; a node's `pad` is left, right, top, bottom (and for `pad` alone channels
before, after).
"""

import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from omote.core import weights
from omote.core.errors import ShapeError, WeightsError

Node = Mapping[str, Any]
Step = Callable[["FlatGraph", Node, list[Tensor]], Tensor]


class FlatGraph(nn.Module):
    """A network given as a list of nodes.

    Args:
        tensors: constants by name, as stored (dense, or the three parts of a sparse one).
        graph: inputs, outputs and nodes.

    Raises:
        WeightsError: a node of a kind that is not known, or a constant is missing.
    """

    def __init__(self, tensors: Mapping[str, Tensor], graph: Mapping[str, Any]):
        super().__init__()
        self.inputs: list[dict[str, Any]] = graph["inputs"]
        self.outputs: list[dict[str, Any]] = graph["outputs"]
        for name, values in _dense(tensors).items():
            self.register_parameter(name, nn.Parameter(values.float(), requires_grad=False))
        last = {index: number for number, node in enumerate(graph["nodes"]) for index in node["in"]}
        wanted = {output["id"] for output in self.outputs}
        self._steps: list[tuple[Step, Node, list[int]]] = []
        for number, node in enumerate(graph["nodes"]):
            if node["op"] not in STEPS:
                raise WeightsError(f"the graph has a node {node['op']!r}; this version runs {', '.join(STEPS)}")
            for key in ("weight", "bias", "const"):
                if key in node and node[key] not in self._parameters:
                    raise WeightsError(f"the graph's constant {node[key]} is not among the tensors")
            spent = [i for i in dict.fromkeys(node["in"]) if last[i] == number and i not in wanted]
            self._steps.append((STEPS[node["op"]], node, spent))

    def forward(self, x: Float[Tensor, "b c h w"]) -> tuple[Tensor, ...]:
        """Return the network's outputs in the order of `outputs`, pictures as [b c h w].

        Args:
            x: the picture as the network was trained to see it.

        Raises:
            ShapeError: another size than the network's.
        """
        wanted = tuple(self.inputs[0]["shape"])
        if tuple(x.shape[1:]) != wanted:
            raise ShapeError(f"this network takes [b {' '.join(map(str, wanted))}], not {list(x.shape)}")
        # channels last: what depthwise convolutions run fastest on, and what every step keeps
        values = {self.inputs[0]["id"]: x.contiguous(memory_format=torch.channels_last)}
        for step, node, spent in self._steps:
            values[node["out"]] = step(self, node, [values[i] for i in node["in"]])
            for index in spent:
                del values[index]
        return tuple(values[output["id"]] for output in self.outputs)


@cache
def open_graph(name: str, device: torch.device) -> FlatGraph:
    """Return the shipped network of that name in `weights.toml`, loaded once per device."""
    tensors, header = weights.load(name), weights.metadata(name)
    return FlatGraph(tensors, json.loads(header["graph"])).to(device).eval()


def _dense(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the constants with sparse ones laid out."""
    dense = {name: values for name, values in tensors.items() if "." not in name}
    for key in tensors:
        name, _, part = key.partition(".")
        if part == "values":
            shape = tensors[f"{name}.shape"].tolist()
            bits = np.unpackbits(tensors[f"{name}.where"].numpy(), count=int(np.prod(shape))).astype(bool)
            dense[name] = torch.zeros(len(bits), dtype=tensors[key].dtype)
            dense[name][torch.from_numpy(bits)] = tensors[key]
            dense[name] = dense[name].reshape(shape)
    return dense


def _activate(node: Node, fresh: Tensor) -> Tensor:
    """Apply a node's own activation to a tensor that nothing else reads yet."""
    act = node.get("act")
    if act is None:
        return fresh
    return functional.relu_(fresh) if act == "relu" else functional.hardtanh_(fresh, 0.0, 6.0)


def _conv(net: FlatGraph, node: Node, values: list[Tensor]) -> Tensor:
    x = values[0]
    left, right, top, bottom = node["pad"]
    weight = net.get_parameter(node["weight"])
    bias = net.get_parameter(node["bias"]) if "bias" in node else None
    if weight.shape[1:] == x.shape[1:] and not any(node["pad"]):  # the kernel covers the picture: one answer
        return _activate(node, functional.linear(x.flatten(1), weight.flatten(1), bias)[..., None, None])
    if left == right and top == bottom:
        padding = (top, left)
    else:
        x, padding = functional.pad(x, (left, right, top, bottom)), 0
    y = functional.conv2d(x, weight, bias, node["stride"], padding, node["dilation"], node["groups"])
    return _activate(node, y)


def _transposed_conv(net: FlatGraph, node: Node, values: list[Tensor]) -> Tensor:
    weight, bias = net.get_parameter(node["weight"]), net.get_parameter(node["bias"])
    return functional.conv_transpose2d(values[0], weight, bias, node["stride"])


def _other(net: FlatGraph, node: Node, values: list[Tensor]) -> Tensor:
    """Return the second operand: a constant, or a tensor."""
    return net.get_parameter(node["const"]) if "const" in node else values[1]


def _add(net: FlatGraph, node: Node, values: list[Tensor]) -> Tensor:
    return _activate(node, values[0] + _other(net, node, values))


def _mul(net: FlatGraph, node: Node, values: list[Tensor]) -> Tensor:
    return _activate(node, values[0] * _other(net, node, values))


def _reshape(net: FlatGraph, node: Node, values: list[Tensor]) -> Tensor:
    """Reshape in the order of [b h w c], as the graph means it."""
    x = values[0]
    x = x.permute(0, 2, 3, 1) if x.ndim == 4 else x
    y = x.reshape(len(x), *node["shape"])
    return y.permute(0, 3, 1, 2) if y.ndim == 4 else y


def _depth_to_space(net: FlatGraph, node: Node, values: list[Tensor]) -> Tensor:
    """Spread channels over blocks; a channel is (row, column, colour), unlike in `pixel_shuffle`."""
    block = node["block"]
    b, c, h, w = values[0].shape
    x = values[0].reshape(b, block, block, c // block**2, h, w)
    return x.permute(0, 3, 4, 1, 5, 2).reshape(b, c // block**2, h * block, w * block)


def _resize(net: FlatGraph, node: Node, values: list[Tensor]) -> Tensor:
    corners = node["align_corners"]
    return functional.interpolate(values[0], node["size"], mode="bilinear", align_corners=corners)


STEPS: dict[str, Step] = {
    "conv": _conv,
    "transposed_conv": _transposed_conv,
    "add": _add,
    "mul": _mul,
    "reshape": _reshape,
    "depth_to_space": _depth_to_space,
    "resize": _resize,
    "pad": lambda net, node, values: functional.pad(values[0], node["pad"]),
    "concat": lambda net, node, values: torch.cat(values, node["axis"]),
    "prelu": lambda net, node, values: functional.prelu(values[0], net.get_parameter(node["weight"])),
    "max_pool": lambda net, node, values: _activate(
        node, functional.max_pool2d(values[0], node["kernel"], node["stride"])
    ),
    "avg_pool": lambda net, node, values: _activate(
        node, functional.avg_pool2d(values[0], node["kernel"], node["stride"])
    ),
    "relu": lambda net, node, values: functional.relu(values[0]),
    "relu6": lambda net, node, values: functional.relu6(values[0]),
    "hard_swish": lambda net, node, values: functional.hardswish(values[0]),
    "sigmoid": lambda net, node, values: torch.sigmoid(values[0]),
}
"""What each kind of node computes."""
