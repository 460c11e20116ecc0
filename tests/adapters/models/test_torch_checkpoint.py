"""Checkpoints are read as data: a hostile or damaged one is refused in words and runs nothing."""

import contextlib
import os
import pickle
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.errors import InputDamaged
from gate.models.building.torch_checkpoint import FILE_BYTES_MAX, read_checkpoint
from tests import checkpoint_making as making
from tests.checkpoint_making import checkpoint

TENSORS = {
    "module.conv.weight": np.arange(24, dtype=np.float32).reshape(2, 3, 2, 2),
    "module.conv.se_module.bn.weight": np.array([1.5], np.float32),
    "module.conv.bn.num_batches_tracked": np.array(7, np.int64),
    "plain": np.zeros((0, 3), np.float32),
}
WHOLE = checkpoint(TENSORS)


def test_tensors_come_out_as_they_went_in() -> None:
    found = read_checkpoint(WHOLE)
    assert {k: v.tolist() for k, v in found.items()} == {
        k.removeprefix("module."): v.tolist() for k, v in TENSORS.items()
    }
    assert found["conv.weight"].dtype == np.float32


def test_only_the_prefix_is_taken_off_a_name() -> None:
    """A blind replacement made `se_bn` of it, and the block was lost without a word."""
    assert "conv.se_module.bn.weight" in read_checkpoint(WHOLE)
    twice = checkpoint({"module.a": np.zeros(1, np.float32), "a": np.zeros(1, np.float32)})
    with pytest.raises(InputDamaged, match="stands twice"):
        read_checkpoint(twice)


class Hostile:
    """What a loader would call when it meets this."""

    def __init__(self, act: object, *arguments: object) -> None:
        self.call = (act, arguments)

    def __reduce__(self) -> tuple[object, ...]:
        return self.call


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize(
    ("act", "name"), [(os.system, "system"), (eval, "eval"), (Path, "Path"), (getattr, "getattr")]
)
def test_a_hostile_name_is_refused_by_name_and_not_called(
    tmp_path: Path, protocol: int, act: object, name: str
) -> None:
    trace = tmp_path / "called"
    hostile = pickle.dumps(Hostile(act, f"touch {trace}"), protocol)
    bare = hostile[2:] if protocol > 1 else hostile
    for content in (
        hostile,  # in place of the magic number
        making.head() + hostile,
        checkpoint(TENSORS, hostile),
        checkpoint({}, b"\x80\x02" + making.TABLE + b"(" + making.text("a") + bare),
    ):
        with pytest.raises(InputDamaged, match=name) as caught:
            read_checkpoint(content)
        assert name in str(caught.value.facts["name"])
        assert "。" in caught.value.zh
    assert not trace.exists()


@pytest.mark.parametrize(
    ("steps", "says"),
    [
        (b"cposix\nsystem\n.", "posix.system"),
        (b"(S'true'\nios\nsystem\n.", "step STRING"),
        (b"(ios\nsystem\n.", "os.system"),
        (making.text("os") + making.text("system") + b"\x93.", "os.system"),
        (b"cbuiltins\nexec\n.", "builtins.exec"),
        (b"ctorch\nFloatStorage\n)R.", "a call of torch.FloatStorage"),
        (making.text("torch._utils._rebuild_tensor_v2") + b")R.", "a call of"),
        (b"ccollections\nOrderedDict\n)\x81.", "step NEWOBJ"),
        (b"\x82\x01.", "step EXT1"),
        (b"Pposix\n.", "step PERSID"),
        (b"\x95" + struct.pack("<Q", 1 << 62) + b".", "damaged"),
        (b"\x96" + struct.pack("<Q", 1 << 62) + b".", "damaged"),
        (b"X\xff\xff\xff\x7f.", "damaged"),
        (b"r\xff\xff\xff\x7f.", "damaged"),  # keeps nothing, under a number of two milliards
        (b"h\x05.", "damaged"),
        (b"}}" + b"Ns.", "damaged"),
        (b"}" + b")" + b"\x85" * 100_000 + b"Ns.", "damaged"),  # a key a hundred thousand deep
        (b"N" * 60_000 + b".", "damaged"),
        (b"N0" * 10, "step POP"),
        (b"(N.", "damaged"),
        (b"", "damaged"),
    ],
)
def test_other_steps_and_bombs_are_refused(steps: bytes, says: str) -> None:
    with pytest.raises(InputDamaged, match=says):
        read_checkpoint(steps)
    with pytest.raises(InputDamaged, match=says):
        read_checkpoint(checkpoint(TENSORS, b"\x80\x02" + steps))


def one(steps: bytes) -> bytes:
    """A file whose table holds one tensor of four numbers."""
    row = making.text("a") + steps
    table = b"\x80\x02" + making.TABLE + b"(" + row + b"u."
    return checkpoint({"a": np.zeros(4, np.float32)}, table)


FOUR = np.zeros((2, 2), np.float32)


def test_a_tensor_lies_within_its_storage_row_by_row() -> None:
    assert read_checkpoint(one(making.tensor(FOUR, "0")))["a"].shape == (2, 2)
    whole = making.tensor(FOUR, "0")
    for wrong in (
        making.tensor(FOUR, "0", (1, 2)),  # columns
        making.tensor(FOUR, "0", (0, 0)),  # one number for all
        making.tensor(FOUR, "0", (2,)),
        making.tensor(np.zeros((2, 3), np.float32), "0"),
        making.tensor(FOUR, "1"),
        whole.replace(making.number(0) + b"(", making.number(1) + b"("),
        whole.replace(making.number(0) + b"(", making.number(-1) + b"("),
        whole.replace(making.numbers((2, 2)), making.numbers((2, -2))),
        whole.replace(b"FloatStorage", b"LongStorage"),
        whole.replace(making.number(4), making.number(1 << 30)),
    ):
        with pytest.raises(InputDamaged, match="damaged"):
            read_checkpoint(one(wrong))


def test_numbers_that_are_none_are_refused() -> None:
    with pytest.raises(InputDamaged, match="not finite"):
        read_checkpoint(checkpoint({"a": np.array([np.nan], np.float32)}))


def test_newer_and_endless_files_are_refused() -> None:
    with pytest.raises(InputDamaged, match="zip archive"):
        read_checkpoint(b"PK\x03\x04")
    with pytest.raises(InputDamaged, match="bytes"):
        read_checkpoint(bytes(FILE_BYTES_MAX + 1))


@given(cut=st.integers(0, len(WHOLE) - 1))
def test_a_file_cut_short_is_refused(cut: int) -> None:
    with pytest.raises(InputDamaged):
        read_checkpoint(WHOLE[:cut])


@settings(max_examples=300)
@given(st.data())
def test_damaged_bytes_give_tensors_or_one_sentence(data: st.DataObject) -> None:
    content = bytearray(WHOLE)
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(InputDamaged):
        read_checkpoint(bytes(content))


@given(st.binary(max_size=200), st.sampled_from([b"", making.head()]))
def test_any_bytes_give_one_sentence(content: bytes, before: bytes) -> None:
    with pytest.raises(InputDamaged):
        read_checkpoint(before + content)
