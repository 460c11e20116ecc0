"""The journal's rows in memory: in order as they came, and bounded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.store import rows_in_memory
from gate.store.rows_in_memory import Row, RowsInMemory
from tests.examples import examples


def row(seq: int) -> Row:
    return seq, f"{seq:064x}", f"{seq + 1:064x}", '{"a":1}', "{}"


@examples(40)
@given(st.integers(0, 500), st.lists(st.integers(0, 1200), max_size=3))
def test_rows_come_back_as_they_came_whenever_they_were_packed(begun: int, more: list[int]) -> None:
    held = RowsInMemory(map(row, range(begun)))
    count = begun
    for some in more:
        for seq in range(count, count + some):
            held.add(row(seq))
        count += some
        held.pack()
    assert held.is_whole
    assert list(held) == [row(seq) for seq in range(count)]


def test_rows_that_nobody_packs_are_packed() -> None:
    held = RowsInMemory()
    for seq in range(5000):
        held.add(row(seq))
    assert held.size > 0
    assert len(held._newest) < 1000


def test_over_the_bound_none_is_held_and_it_is_told_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(rows_in_memory, "MOST_BYTES", 2000)
    held = RowsInMemory(map(row, range(1000)), [(1, "{}")])
    assert not held.is_whole
    for seq in range(3000):
        held.add(row(seq))
        held.pack()
    assert (list(held), held.timings, held.size) == ([], [], 0)
    assert [r.message.count("too long to be held in memory") for r in caplog.records] == [1]
