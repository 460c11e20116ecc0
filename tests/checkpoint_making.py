"""Checkpoints of PyTorch's older form, written without PyTorch, whole and in the wrong."""

import pickle
import struct
from collections.abc import Mapping

import numpy as np

MAGIC = 0x1950A86A20F9469CFC6C
LAYOUT = {"protocol_version": 1001, "little_endian": True, "type_sizes": {"long": 4}}
TABLE = b"ccollections\nOrderedDict\n)R"
KINDS = {"f": b"ctorch\nFloatStorage\n", "i": b"ctorch\nLongStorage\n"}


def text(value: str) -> bytes:
    encoded = value.encode()
    return b"X" + struct.pack("<I", len(encoded)) + encoded


def number(value: int) -> bytes:
    return b"J" + struct.pack("<i", value)


def numbers(values: tuple[int, ...]) -> bytes:
    return b"(" + b"".join(map(number, values)) + b"t"


def tensor(array: np.ndarray, key: str, strides: tuple[int, ...] | None = None) -> bytes:
    """The steps that make one tensor."""
    storage = text("storage") + KINDS[array.dtype.kind] + text(key) + text("cpu")
    storage = b"(" + storage + number(array.size) + b"NtQ"
    if strides is None:
        strides = tuple(n // array.itemsize for n in array.strides)
    parts = storage + number(0) + numbers(array.shape) + numbers(strides) + b"\x89" + TABLE
    return b"ctorch._utils\n_rebuild_tensor_v2\n(" + parts + b"tR"


def head() -> bytes:
    return b"".join(pickle.dumps(v, protocol=2) for v in (MAGIC, 1001, LAYOUT))


def checkpoint(tensors: Mapping[str, np.ndarray], table: bytes | None = None) -> bytes:
    """A whole file; `table`: another fourth pickle."""
    rows = b"".join(text(k) + tensor(a, str(n)) for n, (k, a) in enumerate(tensors.items()))
    made = b"\x80\x02" + TABLE + b"(" + rows + b"u."
    keys = pickle.dumps([str(n) for n in range(len(tensors))], protocol=2)
    data = b"".join(struct.pack("<q", a.size) + a.tobytes() for a in tensors.values())
    return head() + (made if table is None else table) + keys + data
