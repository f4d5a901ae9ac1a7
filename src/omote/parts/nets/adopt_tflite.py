"""Translate a TensorFlow Lite network into the tensors and the graph that `FlatGraph` runs.

What goes: DEQUANTIZE and DENSIFY (constants are read ready for use), zero padding in front of a convolution
and activations behind one (both become part of it). What stays is arithmetic, one JSON object per
operation, with the padding in numbers: TensorFlow's SAME puts the odd pixel at the end, which no name in
torch says.

Notation: TFLite lays pictures out [b h w c], `FlatGraph` [b c h w]; axes, kernels and constants are turned
here. Each operation is {op, in: [ids], out: id, ...}, ids being the tensor numbers of the source file.
"""

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from omote.core.errors import WeightsError
from omote.core.weights import Adopted
from omote.parts.nets.tflite import Model, Operation, read

Node = dict[str, Any]

SPARSE_BELOW = 0.7
"""Constants with a smaller share of non-zeros are stored as those values and a bit per element."""

_ACTIVATIONS = {0: "", 1: "relu", 3: "relu6"}
_CHANNELS_FIRST = (0, 2, 3, 1)
"""Axis i of [b h w c] is axis `_CHANNELS_FIRST[i]` of [b c h w]."""


class Translation:
    """One file on its way: constants gathered by name, nodes in order."""

    def __init__(self, model: Model):
        self.model = model
        self.constants = dict(model.constants)
        self.tensors: dict[str, torch.Tensor] = {}
        self.nodes: list[Node] = []

    def option(self, operation: Operation, number: int, fmt: str = "<i", default: int = 0) -> int:
        """Return a field of the operation's own options."""
        if operation.options is None:
            return default
        return self.model.buffer.scalar(operation.options, number, fmt, default)

    def activation(self, operation: Operation, number: int) -> str:
        """Return the activation fused into an operation, "" where there is none."""
        code = self.option(operation, number, "<b")
        if code not in _ACTIVATIONS:
            raise WeightsError(f"the fused activation {code} is not known to FlatGraph")
        return _ACTIVATIONS[code]

    def keep(self, index: int, values: np.ndarray) -> str:
        """Store a constant in half precision and return its name."""
        name = f"c{index}"
        half = np.ascontiguousarray(values).astype(np.float16)
        some = half != 0
        if some.mean() < SPARSE_BELOW:
            self.tensors[f"{name}.values"] = torch.from_numpy(half[some])
            self.tensors[f"{name}.where"] = torch.from_numpy(np.packbits(some))
            self.tensors[f"{name}.shape"] = torch.tensor(half.shape, dtype=torch.int32)
        else:
            self.tensors[name] = torch.from_numpy(half)
        return name

    def operand(self, index: int) -> int | str:
        """Return an input of elementwise arithmetic: a tensor's id, or the name of a constant."""
        if index not in self.constants:
            return index
        values = self.constants[index]
        if values.ndim == 4:
            values = values.transpose(0, 3, 1, 2)
        elif values.ndim in (1, 3) and values.size == values.shape[-1]:
            values = values.reshape(1, -1, 1, 1)
        return self.keep(index, values)

    def add(self, op: str, operation: Operation, **attributes: Any) -> None:
        """Append a node that has the operation's first input and output, unless told otherwise."""
        node: Node = {"op": op, "in": [operation.inputs[0]], "out": operation.outputs[0], **attributes}
        self.nodes.append({key: value for key, value in node.items() if value not in ("", None)})


def adopt(path: Path) -> Adopted:
    """Return the tensors (fp16) of a .tflite file and the header's text `graph`.

    Raises:
        WeightsError: the file is damaged, or has an operation that `FlatGraph` does not run.
    """
    model = read(path)
    work = Translation(model)
    for operation in model.operations:
        handler = _CUSTOM.get(operation.custom) if operation.custom else _BUILTIN.get(operation.code)
        if handler is None:
            known = operation.custom or f"builtin {operation.code}"
            raise WeightsError(f"{path} has the operation {known}, which FlatGraph does not run")
        handler(work, operation)
    _fold(work.nodes, set(model.outputs))
    graph = {
        "inputs": [{"id": i, "shape": _channels_first_shape(model.shapes[i])} for i in model.inputs],
        "outputs": [
            {"id": i, "name": model.names[i], "shape": _channels_first_shape(model.shapes[i])} for i in model.outputs
        ],
        "nodes": work.nodes,
    }
    return work.tensors, {"graph": json.dumps(graph, separators=(",", ":"))}


def _channels_first_shape(shape: tuple[int, ...]) -> list[int]:
    """Return the shape without the batch, channels first where it is a picture's."""
    return [shape[3], shape[1], shape[2]] if len(shape) == 4 else list(shape[1:])


def _fold(nodes: list[Node], outputs: set[int]) -> None:
    """Move zero padding into the convolution behind it and activations into the one before, in place."""
    users: dict[int, list[Node]] = {}
    for node in nodes:
        for index in node["in"]:
            users.setdefault(index, []).append(node)
    makers = {node["out"]: node for node in nodes}
    gone = []
    for node in nodes:
        after = users.get(node["out"], [])
        if node["op"] == "pad" and not any(node["pad"][4:]) and all(n["op"] == "conv" for n in after):
            for conv in after:
                conv["pad"] = [a + b for a, b in zip(conv["pad"], node["pad"], strict=False)]
                conv["in"] = node["in"]
            gone.append(node)
        maker = makers.get(node["in"][0])
        alone = maker is not None and len(users[node["in"][0]]) == 1 and maker["out"] not in outputs
        foldable = maker is not None and alone and maker["op"] in ("conv", "add") and "act" not in maker
        if node["op"] in ("relu", "relu6") and foldable and maker:
            maker["act"], maker["out"] = node["op"], node["out"]
            makers[node["out"]] = maker
            gone.append(node)
    nodes[:] = [node for node in nodes if not any(node is one for one in gone)]


def _window(size: int, kernel: int, stride: int, dilation: int, same: bool) -> tuple[int, int]:
    """Return the zeros before and after one axis; SAME puts the odd one after."""
    if not same:
        return 0, 0
    need = max((-(-size // stride) - 1) * stride + (kernel - 1) * dilation + 1 - size, 0)
    return need // 2, need - need // 2


def _padding(
    work: Translation, operation: Operation, kernel: tuple[int, int], stride: list[int], dilation: list[int]
) -> list[int]:
    """Return left, right, top, bottom, as `torch.nn.functional.pad` wants them."""
    same = work.option(operation, 0, "<b") == 0
    _, height, width, _ = work.model.shapes[operation.inputs[0]]
    rows = _window(height, kernel[0], stride[0], dilation[0], same)
    columns = _window(width, kernel[1], stride[1], dilation[1], same)
    return [*columns, *rows]


def _conv(work: Translation, operation: Operation) -> None:
    kernel = work.constants[operation.inputs[1]]  # [out h w in/groups]
    stride = [work.option(operation, 2), work.option(operation, 1)]
    dilation = [work.option(operation, 5, default=1), work.option(operation, 4, default=1)]
    channels = work.model.shapes[operation.inputs[0]][3]
    _add_conv(work, operation, kernel.transpose(0, 3, 1, 2), stride, dilation, channels // kernel.shape[3], act=3)


def _depthwise(work: Translation, operation: Operation) -> None:
    kernel = work.constants[operation.inputs[1]]  # [1 h w out]
    stride = [work.option(operation, 2), work.option(operation, 1)]
    dilation = [work.option(operation, 6, default=1), work.option(operation, 5, default=1)]
    channels = work.model.shapes[operation.inputs[0]][3]
    _add_conv(work, operation, kernel.transpose(3, 0, 1, 2), stride, dilation, channels, act=4)


def _add_conv(
    work: Translation,
    operation: Operation,
    kernel: np.ndarray,
    stride: list[int],
    dilation: list[int],
    groups: int,
    act: int,
) -> None:
    bias = operation.inputs[2] if len(operation.inputs) > 2 and operation.inputs[2] >= 0 else None
    work.add(
        "conv",
        operation,
        weight=work.keep(operation.inputs[1], kernel),
        bias=None if bias is None else work.keep(bias, work.constants[bias]),
        stride=stride,
        dilation=dilation,
        groups=groups,
        pad=_padding(work, operation, kernel.shape[2:], stride, dilation),
        act=work.activation(operation, act),
    )


def _transposed_with_bias(work: Translation, operation: Operation) -> None:
    """MediaPipe's own transposed convolution: padding (1 = SAME), width of the step, height of the step."""
    padding, stride_w, stride_h = struct.unpack("<3i", operation.custom_options[:12])
    kernel = work.constants[operation.inputs[1]]  # [out h w in]
    if padding != 1 or kernel.shape[1:3] != (stride_h, stride_w):
        raise WeightsError("a transposed convolution whose kernel differs from its stride is not run by FlatGraph")
    work.add(
        "transposed_conv",
        operation,
        weight=work.keep(operation.inputs[1], kernel.transpose(3, 0, 1, 2)),
        bias=work.keep(operation.inputs[2], work.constants[operation.inputs[2]]),
        stride=[stride_h, stride_w],
    )


def _constant(work: Translation, operation: Operation) -> None:
    """DEQUANTIZE and DENSIFY: the constant is already what they make of it."""
    if operation.inputs[0] not in work.constants:
        raise WeightsError("a network with quantised activations is not run by FlatGraph")
    work.constants[operation.outputs[0]] = work.constants[operation.inputs[0]]


def _arithmetic(op: str) -> Callable[[Translation, Operation], None]:
    def handler(work: Translation, operation: Operation) -> None:
        first, second = (work.operand(i) for i in operation.inputs)
        if isinstance(first, str):
            first, second = second, first
        constant = second if isinstance(second, str) else None
        inputs = [first] if constant else [first, second]
        work.add(op, operation, **{"in": inputs}, const=constant, act=work.activation(operation, 0))

    return handler


def _unary(op: str) -> Callable[[Translation, Operation], None]:
    return lambda work, operation: work.add(op, operation)


def _prelu(work: Translation, operation: Operation) -> None:
    slope = work.constants[operation.inputs[1]]
    if slope.size != slope.shape[-1]:
        raise WeightsError("a PReLU with one slope per pixel is not run by FlatGraph")
    work.add("prelu", operation, weight=work.keep(operation.inputs[1], slope.reshape(-1)))


def _pool(op: str) -> Callable[[Translation, Operation], None]:
    def handler(work: Translation, operation: Operation) -> None:
        stride = [work.option(operation, 2), work.option(operation, 1)]
        kernel = [work.option(operation, 4), work.option(operation, 3)]
        if any(_padding(work, operation, (kernel[0], kernel[1]), stride, [1, 1])):
            raise WeightsError("pooling over padding is not run by FlatGraph")
        work.add(op, operation, kernel=kernel, stride=stride, act=work.activation(operation, 5))

    return handler


def _pad(work: Translation, operation: Operation) -> None:
    (batch, rows, columns, channels) = work.constants[operation.inputs[1]].tolist()
    if any(batch):
        raise WeightsError("padding of the batch is not run by FlatGraph")
    work.add("pad", operation, pad=[*columns, *rows, *channels])


def _resize(work: Translation, operation: Operation) -> None:
    height, width = work.constants[operation.inputs[1]].tolist()
    corners = bool(work.option(operation, 2, "<b"))
    if not corners and not work.option(operation, 3, "<b"):
        raise WeightsError("bilinear resizing from pixel corners (legacy) is not run by FlatGraph")
    work.add("resize", operation, size=[height, width], align_corners=corners)


def _reshape(work: Translation, operation: Operation) -> None:
    shape = work.model.shapes[operation.outputs[0]]
    source = work.model.shapes[operation.inputs[0]]
    work.add("reshape", operation, shape=list(shape[1:]) if shape[0] == source[0] else list(shape))


def _concat(work: Translation, operation: Operation) -> None:
    rank = len(work.model.shapes[operation.outputs[0]])
    axis = work.option(operation, 0) % rank
    work.add("concat", operation, **{"in": operation.inputs}, axis=_CHANNELS_FIRST[axis] if rank == 4 else axis)


def _depth_to_space(work: Translation, operation: Operation) -> None:
    work.add("depth_to_space", operation, block=work.option(operation, 0))


_BUILTIN: dict[int, Callable[[Translation, Operation], None]] = {
    0: _arithmetic("add"),
    1: _pool("avg_pool"),
    2: _concat,
    3: _conv,
    4: _depthwise,
    5: _depth_to_space,
    6: _constant,
    14: _unary("sigmoid"),
    17: _pool("max_pool"),
    18: _arithmetic("mul"),
    19: _unary("relu"),
    21: _unary("relu6"),
    22: _reshape,
    23: _resize,
    34: _pad,
    54: _prelu,
    117: _unary("hard_swish"),
    124: _constant,
}
"""By the numbers of `BuiltinOperator` in `schema.fbs`."""

_CUSTOM: dict[str, Callable[[Translation, Operation], None]] = {"Convolution2DTransposeBias": _transposed_with_bias}
