"""Rooms of a gate: who belongs to a room of another gate is told so, and not admitted."""

from dataclasses import replace
from typing import Any

import pytest

from gate.core.effects import JudgeFace
from gate.core.events import CandidateFound, Fault, FaultRaised, RoomsReassigned, RosterOpened
from gate.core.replay import replay
from gate.core.state import State
from gate.errors import StorageRefused
from tests.unit.gate.core.world import (
    ANNA,
    EXAM,
    MORNING,
    WITHIN,
    Gate,
    at,
    exam_of,
    instant,
    laid,
)


def gate_of(*rooms: str, exam: Any = EXAM) -> Gate:
    gate = Gate(state=State(unit_rooms=rooms))
    gate.feed(RosterOpened(exam, "v1"))
    return gate


def reason(gate: Gate, when: Any = WITHIN, *, trusted: bool = True) -> str:
    gate.feed(laid(when, trusted=trusted))
    gate.feed(CandidateFound(ANNA))
    return "face" if gate.of(JudgeFace) else str(gate.record()["reason"])


def reassign(gate: Gate, *rooms: str) -> Gate:
    gate.feed(RoomsReassigned(rooms, "li", instant()))
    gate.commit_beside()
    return gate


@pytest.mark.parametrize("rooms", [(), ("03",), ("3",), ("第3考场",), ("01", "０３")])
def test_a_gate_of_the_room_lets_in(rooms: tuple[str, ...]) -> None:
    assert reason(gate_of(*rooms)) == "face"


def test_a_gate_of_other_rooms_says_where_to_go() -> None:
    gate = gate_of("04", "05")
    assert reason(gate) == "WRONG_ROOM"
    body = gate.record()
    assert (body["outcome"], body["room"], body["paper"]) == ("REFUSE", "03", "am")
    assert gate.state.visit is not None
    assert gate.state.visit.ruling.facts == {"room": "03"}


@pytest.mark.parametrize(
    ("when", "said"),
    [("08:00", "WRONG_ROOM"), ("09:14", "WRONG_ROOM"), ("09:15", "TOO_LATE")],
)
def test_a_wrong_room_is_said_while_the_right_one_may_be_entered(when: str, said: str) -> None:
    assert reason(gate_of("04"), at(when)) == said


def test_who_is_inside_has_entered_whatever_the_room() -> None:
    gate = reassign(Gate().admit(), "04")
    gate.wait()
    assert reason(gate) == "ALREADY_ADMITTED"


def test_with_re_entry_a_wrong_room_stays_wrong() -> None:
    gate = reassign(Gate(exam_of(replace(MORNING, reentry=True))).admit(), "04")
    gate.wait()
    assert reason(gate, at("10:00")) == "WRONG_ROOM"


def test_without_a_trusted_clock_a_foreign_room_is_foreign() -> None:
    assert reason(gate_of("04"), trusted=False) == "WRONG_ROOM"
    assert reason(gate_of("03"), trusted=False) == "CLOCK_UNTRUSTED"


def test_a_reassignment_counts_and_outlives_a_restart() -> None:
    gate = reassign(gate_of("04"), "03")
    assert gate.journal[-1]["kind"] == "reassigned"
    assert (gate.journal[-1]["rooms"], gate.journal[-1]["by"]) == (["03"], "li")
    assert reason(gate) == "face"
    again = replay(State(unit_rooms=("04",), exam=EXAM), gate.journal)
    assert again.rooms == ("03",)


def test_no_rooms_are_every_room() -> None:
    assert reason(reassign(gate_of("04"))) == "face"


def test_a_newer_gate_toml_is_the_newer_word() -> None:
    gate = reassign(gate_of("04"), "03")
    assert replay(State(unit_rooms=("05",), exam=EXAM), gate.journal).rooms == ("05",)


def test_another_exam_begins_with_gate_toml() -> None:
    gate = reassign(gate_of("04"), "03")
    gate.feed(RosterOpened(replace(EXAM, id="next-exam"), "v1"))
    assert gate.state.rooms == ("04",)


def test_without_a_journal_nothing_is_reassigned() -> None:
    gate = gate_of()
    gate.feed(FaultRaised(Fault.JOURNAL, "full"))
    with pytest.raises(StorageRefused):
        gate.feed(RoomsReassigned(("03",), "li", instant()))
    assert gate.state.rooms == ()
