"""Notes and refusals at the office: bounded, printable, counted, told once a minute."""

import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.errors import InputRejected
from gate.sync.envelope import DEPTH_MAX, read_object
from gate.sync.wire import decode_note
from office.receiving.refusals import GATES_MAX, REASONS_MAX, Refusals
from office.receiving.unsigned_notes import bounded_note
from tests.examples import examples


def nested(depth: int) -> bytes:
    return b'{"detail": ' + b"[" * depth + b"]" * depth + b"}"


@pytest.mark.parametrize("depth", [DEPTH_MAX, 100, 974, 30_000])
def test_what_is_nested_deeply_is_refused_before_it_is_read(depth: int) -> None:
    with pytest.raises(InputRejected):
        decode_note(nested(depth))


def test_brackets_in_text_are_text() -> None:
    assert read_object(json.dumps({"a": "[" * 100 + '\\"{'}).encode()) == {"a": "[" * 100 + '\\"{'}
    assert read_object(nested(DEPTH_MAX - 1))


def test_a_note_is_its_known_fields_short_and_printable() -> None:
    said = bounded_note(
        "alert", {"detail": "a\nALARM: gate g2\x1b[2J" + "x" * 9000, "more": [1], "why": 7}
    )
    assert set(said) == {"detail", "why"}
    assert len(said["detail"]) < 400
    assert "\n" not in said["detail"]
    assert "\x1b" not in said["detail"]
    with pytest.raises(InputRejected):
        bounded_note("alert", {"detail": [[1]]})
    with pytest.raises(InputRejected):
        bounded_note("cfg", {})


@given(st.binary(max_size=400))
@examples(200)
def test_any_bytes_are_a_bounded_note_or_refused(payload: bytes) -> None:
    try:
        said = bounded_note("state", decode_note(payload))
    except InputRejected:
        return
    assert len(json.dumps(said)) < 4000


def test_refusals_are_counted_and_told_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    refusals = Refusals()
    with caplog.at_level(logging.WARNING):
        for n in range(30_000):
            refusals.add("g1", "batch: not of its form", n / 1000)
        refusals.tell(90.0)
    assert refusals.by_gate() == {"g1": {"batch: not of its form": 30_000}}
    assert [r.getMessage() for r in caplog.records] == [
        "refused 1 message(s) of g1: batch: not of its form",
        "refused 29999 message(s) of g1: batch: not of its form",
    ]


def test_invented_names_do_not_fill_the_status() -> None:
    refusals = Refusals()
    for n in range(1000):
        refusals.add(f"g{n}", "not enrolled", 0.0)
        refusals.add("g1", f"invented {n}", 0.0)
    assert len(refusals.by_gate()) <= GATES_MAX + 1
    assert len(refusals.by_gate()["g1"]) <= REASONS_MAX + 1
    assert sum(refusals.counts.values()) == 2000
