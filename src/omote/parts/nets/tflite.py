"""Read a TensorFlow Lite file: its tensors, constants and operations, as they are written.

Source: the FlatBuffers wire format (a table's first word points back at its field offsets) and TFLite's
`schema.fbs`, version 3; the numbers below are field positions and enum values of that schema. Only what
floating-point vision networks use is read; sparse constants come out dense.
"""

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from omote.core.errors import WeightsError

Table = int
"""Position of a table in the file."""

_TYPES = {0: np.float32, 1: np.float16, 2: np.int32, 3: np.uint8, 4: np.int64, 9: np.int8}


class FlatBuffer:
    """Typed access to the tables of one file."""

    def __init__(self, data: bytes):
        self.data = data

    def _word(self, fmt: str, at: int) -> int:
        return struct.unpack_from(fmt, self.data, at)[0]

    def root(self) -> Table:
        """Return the outermost table."""
        return self._word("<I", 0)

    def slot(self, table: Table, number: int) -> int | None:
        """Return where field `number` of a table is stored, or None where it has its default."""
        fields = table - self._word("<i", table)
        if 4 + 2 * number >= self._word("<H", fields):
            return None
        offset = self._word("<H", fields + 4 + 2 * number)
        return table + offset if offset else None

    def scalar(self, table: Table, number: int, fmt: str = "<i", default: int = 0) -> int:
        """Return a number stored in a table."""
        at = self.slot(table, number)
        return default if at is None else self._word(fmt, at)

    def child(self, table: Table, number: int) -> Table | None:
        """Return a table that a table points at."""
        at = self.slot(table, number)
        return None if at is None else at + self._word("<I", at)

    def children(self, table: Table, number: int) -> list[Table]:
        """Return the tables of a vector of tables."""
        at = self.child(table, number)
        if at is None:
            return []
        places = range(at + 4, at + 4 + 4 * self._word("<I", at), 4)
        return [place + self._word("<I", place) for place in places]

    def array(self, table: Table, number: int, dtype: Any = np.int32) -> np.ndarray:
        """Return a vector of numbers (empty where it is absent)."""
        at = self.child(table, number)
        if at is None:
            return np.zeros(0, dtype)
        return np.frombuffer(self.data, np.dtype(dtype).newbyteorder("<"), self._word("<I", at), at + 4)


@dataclass(kw_only=True, slots=True)
class Operation:
    """One operation as TFLite writes it."""

    code: int
    custom: str
    inputs: list[int]
    outputs: list[int]
    options: Table | None
    custom_options: bytes


@dataclass(kw_only=True, slots=True)
class Model:
    """The first subgraph of a file."""

    buffer: FlatBuffer
    shapes: list[tuple[int, ...]]
    names: list[str]
    constants: dict[int, np.ndarray]
    operations: list[Operation]
    inputs: list[int]
    outputs: list[int]


def read(path: Path) -> Model:
    """Read a .tflite file.

    Raises:
        WeightsError: it is no TensorFlow Lite file, or damaged.
    """
    data = path.read_bytes()
    if data[4:8] != b"TFL3":
        raise WeightsError(f"{path} is not a TensorFlow Lite file (version 3)")
    try:
        return _read(FlatBuffer(data))
    except (struct.error, ValueError, IndexError) as error:
        raise WeightsError(f"{path} is damaged: {error}") from error


def _read(buffer: FlatBuffer) -> Model:
    root = buffer.root()
    codes = buffer.children(root, 1)
    graph = buffer.children(root, 2)[0]
    buffers = buffer.children(root, 4)
    model = Model(
        buffer=buffer,
        shapes=[],
        names=[],
        constants={},
        operations=[],
        inputs=buffer.array(graph, 1).tolist(),
        outputs=buffer.array(graph, 2).tolist(),
    )
    for index, tensor in enumerate(buffer.children(graph, 0)):
        shape = tuple(buffer.array(tensor, 0).tolist())
        model.shapes.append(shape)
        model.names.append(bytes(buffer.array(tensor, 3, np.uint8)).decode())
        raw = buffer.array(buffers[buffer.scalar(tensor, 2, "<I")], 0, np.uint8)
        if raw.size:
            values = raw.view(_TYPES[buffer.scalar(tensor, 1, "<b")])
            sparsity = buffer.child(tensor, 6)
            dense = values.reshape(shape) if sparsity is None else densify(buffer, sparsity, values, shape)
            model.constants[index] = dense
    for operator in buffer.children(graph, 3):
        code = codes[buffer.scalar(operator, 0, "<I")]
        model.operations.append(
            Operation(
                code=max(buffer.scalar(code, 0, "<b"), buffer.scalar(code, 3)),
                custom=bytes(buffer.array(code, 1, np.uint8)).decode(),
                inputs=buffer.array(operator, 1).tolist(),
                outputs=buffer.array(operator, 2).tolist(),
                options=buffer.child(operator, 4),
                custom_options=bytes(buffer.array(operator, 5, np.uint8)),
            )
        )
    return model


def densify(buffer: FlatBuffer, sparsity: Table, values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Lay the values of a sparse tensor out densely.

    The storage is a tree: one level per dimension in traversal order, then one per block dimension; a dense
    level has all its indices, a sparse one (compressed rows) lists those that exist.
    """
    order = buffer.array(sparsity, 0).tolist()
    block_map = buffer.array(sparsity, 1).tolist()
    levels = []
    for level in buffer.children(sparsity, 2):
        segments, indices = _indices(buffer, level, 2), _indices(buffer, level, 4)
        levels.append((buffer.scalar(level, 0, "<b"), buffer.scalar(level, 1), segments, indices))
    blocks = {dim: levels[len(shape) + i][1] for i, dim in enumerate(block_map)}

    nodes = np.zeros(1, np.int64)  # storage index of each node of the level so far
    place = np.zeros((1, len(levels)), np.int64)  # its coordinate on every level so far
    for depth, (is_sparse, size, segments, indices) in enumerate(levels):
        if is_sparse:
            counts = segments[nodes + 1] - segments[nodes]
            starts = np.repeat(segments[nodes], counts)
            inside = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
            place = np.repeat(place, counts, axis=0)
            nodes = starts + inside
            place[:, depth] = indices[nodes]
        else:
            place = np.repeat(place, size, axis=0)
            place[:, depth] = np.tile(np.arange(size), len(nodes))
            nodes = (nodes[:, None] * size + np.arange(size)).ravel()
    coordinate = [np.zeros(len(nodes), np.int64)] * len(shape)
    for depth, dim in enumerate(order):
        if dim < len(shape):
            coordinate[dim] = coordinate[dim] + place[:, depth] * blocks.get(dim, 1)
        else:
            mapped = block_map[dim - len(shape)]
            coordinate[mapped] = coordinate[mapped] + place[:, depth]
    dense = np.zeros(shape, values.dtype)
    dense[tuple(coordinate)] = values[nodes]
    return dense


def _indices(buffer: FlatBuffer, level: Table, number: int) -> np.ndarray:
    """Return the index vector of a sparse level; its width is told by the union's tag before it."""
    holder = buffer.child(level, number + 1)
    if holder is None:
        return np.zeros(0, np.int64)
    dtype = {1: np.int32, 2: np.uint16, 3: np.uint8}[buffer.scalar(level, number, "<B")]
    return buffer.array(holder, 0, dtype).astype(np.int64)
