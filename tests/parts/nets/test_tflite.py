"""The reader of TensorFlow Lite files."""

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from omote.core.errors import WeightsError
from omote.parts.nets.tflite import FlatBuffer, densify, read


@pytest.mark.oracle
def test_shapes_and_names_are_those_litert_reads(tflite: Callable[[str], Path]) -> None:
    interpreter = pytest.importorskip("ai_edge_litert.interpreter")
    for name in ("iris", "pose-detector"):
        model = read(tflite(name))
        theirs = interpreter.Interpreter(str(tflite(name))).get_tensor_details()
        by_index = {t["index"]: t for t in theirs}
        for index, (shape, label) in enumerate(zip(model.shapes, model.names, strict=True)):
            if index in by_index and by_index[index]["name"]:
                assert by_index[index]["name"] == label
                assert tuple(by_index[index]["shape"]) == shape


@pytest.mark.oracle
def test_sparse_constants_come_out_as_litert_lays_them_out(tflite: Callable[[str], Path]) -> None:
    interpreter = pytest.importorskip("ai_edge_litert.interpreter")
    file = tflite("pose-detector")
    model = read(file)
    theirs = interpreter.Interpreter(
        str(file),
        experimental_preserve_all_tensors=True,
        experimental_op_resolver_type=interpreter.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )
    theirs.allocate_tensors()
    theirs.set_tensor(theirs.get_input_details()[0]["index"], np.zeros((1, 224, 224, 3), np.float32))
    theirs.invoke()
    checked = 0
    for operation in model.operations:
        if operation.code == 124:  # DENSIFY
            ours = model.constants[operation.inputs[0]]
            assert np.array_equal(ours, theirs.get_tensor(operation.outputs[0]))
            checked += 1
    assert checked == 38


def _table(fields: list[bytes]) -> tuple[bytes, int]:
    """Write one table with 4-byte fields; return its bytes and where the table starts in them."""
    slots = struct.pack(
        f"<HH{len(fields)}H", 4 + 2 * len(fields), 4 + 4 * len(fields), *range(4, 4 + 4 * len(fields), 4)
    )
    return slots + struct.pack("<i", len(slots)) + b"".join(fields), len(slots)


def test_scalars_are_read_and_absent_fields_have_their_default() -> None:
    data, start = _table([struct.pack("<i", 7), struct.pack("<i", -3)])
    buffer = FlatBuffer(data)
    assert buffer.scalar(start, 0) == 7
    assert buffer.scalar(start, 1) == -3
    assert buffer.scalar(start, 2, default=11) == 11
    assert buffer.array(start, 5).size == 0
    assert buffer.children(start, 5) == []


def test_compressed_rows_in_blocks_equal_the_definition() -> None:
    rng = np.random.default_rng(3)
    dense = np.zeros((6, 8), np.float32)
    for row in range(6):
        for block in rng.choice(4, 2, replace=False):
            dense[row, 2 * block : 2 * block + 2] = rng.random(2) + 1

    class Levels(FlatBuffer):
        """Rows dense, blocks of two columns compressed, two columns in a block."""

        def array(self, table: int, number: int, dtype: object = np.int32) -> np.ndarray:
            segments = np.arange(0, 13, 2)
            indices = np.concatenate([np.flatnonzero(dense[r].reshape(4, 2).any(1)) for r in range(6)])
            return {(0, 0): [0, 1, 2], (0, 1): [1], (12, 0): segments, (13, 0): indices}[(table, number)] + np.int32(0)

        def children(self, table: int, number: int) -> list[int]:
            return [1, 2, 3]

        def scalar(self, table: int, number: int, fmt: str = "<i", default: int = 0) -> int:
            return {1: (0, 6), 2: (1, 0), 3: (0, 2)}[table][number] if number < 2 else 1

        def child(self, table: int, number: int) -> int | None:
            return {3: 12, 5: 13}[number] if table == 2 else None

    assert np.array_equal(densify(Levels(b""), 0, dense[dense != 0], (6, 8)), dense)


@pytest.mark.parametrize(
    "data", [b"", b"PK\x03\x04 not a network", b"\x1c\x00\x00\x00TFL3", b"\xff\xff\xff\xffTFL3" + bytes(64)]
)
def test_other_or_damaged_files_are_refused(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "network.tflite"
    file.write_bytes(data)
    with pytest.raises(WeightsError, match=r"TensorFlow Lite|damaged"):
        read(file)


def test_a_truncated_network_is_refused(tmp_path: Path, tflite: Callable[[str], Path]) -> None:
    file = tmp_path / "network.tflite"
    file.write_bytes(tflite("selfie-mask").read_bytes()[:2000])
    with pytest.raises(WeightsError, match="damaged"):
        read(file)
