"""The wires of the simulated module: what they lose, cut and delay, and always the same."""

import pytest

from gate.drivers.simulated.sdt_wire import LINE_FAULTS, WIRES, Delayed, Lossy, OneByte, spoil

DATA = bytes(range(256)) * 5


def heard(pieces: object) -> bytes:
    return b"".join(piece.data for piece in pieces)  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", WIRES)
def test_a_wire_does_the_same_each_time_and_adds_nothing(name: str) -> None:
    first, again = WIRES[name](1), WIRES[name](1)
    for _ in range(3):
        pieces = list(first.carry(DATA))
        assert pieces == list(again.carry(DATA))
        assert len(heard(pieces)) <= len(DATA)
        assert name == "lossy" or heard(pieces) == DATA


def test_a_lossy_wire_loses_about_its_share() -> None:
    wire = Lossy(1, loss=0.1)
    lost = sum(len(DATA) - len(heard(wire.carry(DATA))) for _ in range(20))
    assert 0.08 < lost / (20 * len(DATA)) < 0.12


def test_a_delayed_wire_waits_once_for_each_run_of_bytes() -> None:
    wire = Delayed(1, longest_s=0.3)
    waits = [[piece.after_s for piece in wire.carry(DATA)] for _ in range(20)]
    assert all(0 <= first <= 0.3 and not any(rest) for first, *rest in waits)
    assert len({first for first, *_ in waits}) == 20


def test_one_byte_at_a_time() -> None:
    assert {len(piece.data) for piece in OneByte().carry(DATA)} == {1}


def test_a_spoilt_reply_is_spoilt_once() -> None:
    faults = {*LINE_FAULTS, "reader-silent"}
    assert heard(spoil(DATA, faults)) != DATA
    assert faults == {"reader-silent"}
    assert heard(spoil(DATA, faults)) == DATA
