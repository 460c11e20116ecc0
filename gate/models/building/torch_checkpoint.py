"""A PyTorch checkpoint of the older form (before 1.6) as arrays, without PyTorch.

The file is five pickles and the numbers behind them. They are a magic number, the version of the
form, the layout of numbers, the table of tensors, and the keys of the storages. In the order of the
keys follow the storages. Each is its length (int64) and its numbers. Only names of
tensors and storages are allowed (`pickle_values.py`); newer files, which are zip archives, are
refused: the networks that are built have none.
"""

import math
from dataclasses import dataclass
from io import BytesIO

import numpy as np
import numpy.typing as npt

from gate.models.building.pickle_values import Make, Name, PickleReader, damaged

FILE_BYTES_MAX = 16 << 20
_MAGIC = 0x1950A86A20F9469CFC6C
_VERSION = 1001
_RANK_MAX = 5

Array = npt.NDArray[np.float32] | npt.NDArray[np.int64]
"""(...): of the shape that the file gives it."""

_NUMBERS: dict[str, npt.DTypeLike] = {"torch.FloatStorage": "<f4", "torch.LongStorage": "<i8"}


@dataclass(frozen=True, slots=True)
class _Storage:
    key: str
    numbers: str
    length: int


@dataclass(frozen=True, slots=True)
class _Tensor:
    """A part of a storage: `offset` and `shape` in numbers, rows one behind the other."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]


def read_checkpoint(content: bytes) -> dict[str, Array]:
    """Name to array. The `module.` that training on several processors puts before every name is
    taken off; within a name (`se_module`) it stays. InputDamaged."""
    if len(content) > FILE_BYTES_MAX:
        raise damaged(f"{len(content):,} bytes")
    if content.startswith(b"PK"):
        raise damaged("a zip archive, not the older form")
    file = BytesIO(content)
    reader = PickleReader(_ALLOWED, _storage)
    if reader.read(file) != _MAGIC or reader.read(file) != _VERSION:
        raise damaged("no checkpoint of the older form")
    layout, table, keys = (reader.read(file) for _ in range(3))
    if not isinstance(layout, dict) or layout.get("little_endian") is not True:
        raise damaged("numbers of another machine")
    if not isinstance(table, dict) or not all(isinstance(t, _Tensor) for t in table.values()):
        raise damaged("no table of tensors")
    numbers = _storages(file, keys, {t.storage.key: t.storage for t in table.values()})
    found: dict[str, Array] = {}
    for name, tensor in table.items():
        short = name.removeprefix("module.")
        if short in found:
            raise damaged(f"{short} stands twice")
        found[short] = _array(tensor, numbers[tensor.storage.key])
    return found


def _storages(file: BytesIO, keys: object, wanted: dict[str, _Storage]) -> dict[str, Array]:
    """The numbers of each storage; nothing may be missing or left over."""
    if not isinstance(keys, list) or not all(isinstance(k, str) for k in keys):
        raise damaged("no list of storages")
    if len(set(keys)) != len(keys) or set(keys) != set(wanted):
        raise damaged("other storages than the tensors name")
    found: dict[str, Array] = {}
    for key in keys:
        storage = wanted[key]
        kind = np.dtype(_NUMBERS[storage.numbers])
        length = storage.length.to_bytes(8, "little")
        data = file.read(storage.length * kind.itemsize) if file.read(8) == length else None
        if data is None or len(data) != storage.length * kind.itemsize:
            raise damaged("a storage of another length")
        found[key] = np.frombuffer(data, kind)
    if file.read(1):
        raise damaged("bytes behind the last storage")
    return found


def _array(tensor: _Tensor, numbers: Array) -> Array:
    count = math.prod(tensor.shape)
    if tensor.offset + count > len(numbers):
        raise damaged("a tensor that reaches past its storage")
    part = numbers[tensor.offset : tensor.offset + count].reshape(tensor.shape)
    if part.dtype.kind == "f" and not np.isfinite(part).all():
        raise damaged("numbers that are not finite")
    return part


def _storage(identifier: tuple[object, ...]) -> _Storage:
    """("storage", kind, key, where it lay in memory, length, None)."""
    match identifier:
        case ("storage", Name() as numbers, str(key), str(), int(length), None) if (
            numbers in _NUMBERS and not isinstance(key, Name) and 0 <= length <= FILE_BYTES_MAX
        ):
            return _Storage(key, str(numbers), length)
    raise ValueError("a storage of another form")


def _tensor(arguments: tuple[object, ...]) -> _Tensor:
    """(storage, offset, shape, strides, whether it was trained, hooks)."""
    match arguments:
        case (_Storage() as storage, int(offset), tuple(shape), tuple(strides), bool(), {}) if (
            all(type(n) is int and n >= 0 for n in (offset, *shape, *strides))
            and len(shape) == len(strides) <= _RANK_MAX
            and math.prod(shape) <= storage.length
            and _in_rows(shape, strides)
        ):
            return _Tensor(storage, offset, shape)
    raise ValueError("a tensor of another form")


def _in_rows(shape: tuple[int, ...], strides: tuple[int, ...]) -> bool:
    """Whether the numbers lie one behind the other; where there is none to step to, a stride says
    nothing."""
    if 0 in shape:
        return True
    step = 1
    for length, stride in zip(reversed(shape), reversed(strides), strict=True):
        if length != 1 and stride != step:
            return False
        step *= length
    return True


def _empty_table(arguments: tuple[object, ...]) -> dict[str, object]:
    if arguments:
        raise ValueError("a table that is not empty")
    return {}


_ALLOWED: dict[str, Make | None] = {
    "collections.OrderedDict": _empty_table,
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch.FloatStorage": None,
    "torch.LongStorage": None,
}
