"""A card left lying: looked for again when its refusal may have become wrong, and not for ever."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from gate.core.card_left_lying import LOOKS_MAX, is_due
from gate.core.effects import FindAgain, LookUpCard
from gate.core.events import (
    CandidateFound,
    CandidateUnknown,
    CardRemoved,
    Fault,
    FaultCleared,
    FaultRaised,
    LookDue,
    ReaderLost,
    RosterOpened,
)
from gate.core.exam import Candidate, Extension
from gate.core.reasons import Reason
from tests.unit.gate.core.world import (
    AFTERNOON,
    ANNA,
    EXAM,
    GOOD,
    MORNING,
    Gate,
    at,
    candidate,
    exam_of,
    instant,
    laid,
    unread,
    verdict,
)

EARLY, OPENS = at("08:29:50"), at("08:30")


def decided(gate: Gate, when: datetime, answer: Any = None, *, trusted: bool = True) -> Gate:
    """A card is laid and decided without a face; it stays where it is."""
    gate.feed(laid(when, trusted=trusted))
    gate.feed(answer or CandidateFound(ANNA))
    gate.commit()
    return gate


def due(gate: Gate, when: datetime, *, trusted: bool = True) -> bool:
    return is_due(gate.state, instant(when, trusted=trusted))


def looks(gate: Gate, when: datetime) -> bool:
    """Whether the reader is asked, at `when`."""
    return FindAgain() in gate.feed(LookDue(instant(when)))


def test_at_the_opening_it_is_found_anew_and_that_reply_counts() -> None:
    gate = decided(Gate(), EARLY)
    assert gate.journal[-1]["reason"] == Reason.TOO_EARLY
    assert not due(gate, OPENS - timedelta(milliseconds=1))
    assert not looks(gate, OPENS - timedelta(milliseconds=1))
    assert due(gate, OPENS)
    assert looks(gate, OPENS)
    assert not due(gate, OPENS)  # it is being looked for
    assert isinstance(gate.feed(laid(OPENS))[0], LookUpCard)
    gate.feed(CandidateFound(ANNA))
    gate.feed(GOOD)
    gate.commit()
    assert gate.journal[-1]["reason"] == Reason.OK
    assert gate.journal[-1]["found"] == OPENS.isoformat(timespec="milliseconds")
    for later in (OPENS, at("09:10"), at("14:10")):
        assert not due(gate, later)


def test_a_paper_that_is_still_to_come_is_its_own_opening() -> None:
    gate = decided(Gate(), at("11:00"), CandidateFound(candidate("pm")))
    assert gate.journal[-1]["reason"] == Reason.WRONG_PAPER
    assert not due(gate, at("11:30"))  # TOO_EARLY then: nothing that helps the candidate
    assert due(gate, at("14:00"))


@pytest.mark.parametrize(
    ("moment", "who", "trusted"),
    [(at("08:29"), ANNA, False), (at("09:15"), ANNA, True), (at("14:30"), ANNA, True)],
)
def test_time_alone_makes_nothing_else_right(
    moment: datetime, who: Candidate, trusted: bool
) -> None:
    gate = decided(Gate(), moment, CandidateFound(who))
    for hours in range(12):
        assert not due(gate, moment + timedelta(hours=hours), trusted=trusted)


def test_lifted_it_is_forgotten() -> None:
    for gone in (CardRemoved(instant(EARLY)), unread(EARLY), ReaderLost("gone")):
        gate = decided(Gate(), EARLY)
        gate.feed(gone)
        assert not due(gate, OPENS)


def test_a_clock_that_is_trusted_again() -> None:
    gate = decided(Gate(), at("08:45"), trusted=False)
    assert gate.journal[-1]["reason"] == Reason.CLOCK_UNTRUSTED
    assert not due(gate, at("08:46"), trusted=False)
    assert due(gate, at("08:46"))


@pytest.mark.parametrize("admit", [True, False])
def test_what_staff_have_settled_is_settled(admit: bool) -> None:
    gate = decided(Gate(), at("08:45"), trusted=False)
    gate.feed(verdict(gate.state.unsettled[-1].decision, admit=admit))
    gate.commit()
    assert not due(gate, at("08:46"))


def test_an_opening_by_a_clock_that_is_not_trusted_is_none() -> None:
    assert not due(decided(Gate(), EARLY), OPENS, trusted=False)


@pytest.mark.parametrize(
    ("moment", "answer"),
    [
        (at("09:15"), CandidateFound(ANNA)),
        (at("08:45"), CandidateUnknown("x")),
        (at("08:45"), CandidateFound(candidate("am", has_reference=False))),
    ],
)
def test_another_roster_may_change_what_the_exam_data_settled(
    moment: datetime, answer: Any
) -> None:
    gate = decided(Gate(), moment, answer)
    assert not due(gate, moment)
    extended = exam_of(MORNING, AFTERNOON, extensions=(Extension("am", "03", 25, "主考", ""),))
    gate.feed(RosterOpened(extended, "v2"))
    assert due(gate, moment)
    assert looks(gate, moment)
    decided(gate, moment + timedelta(seconds=1), CandidateUnknown("x"))
    assert not due(gate, moment + timedelta(hours=1))  # once a roster


def test_what_a_face_or_a_document_settled_no_roster_changes() -> None:
    gate = Gate()
    gate.refer()
    gate.feed(RosterOpened(EXAM, "v2"))
    assert not due(gate, at("08:46"))
    admitted = Gate().admit()
    admitted.feed(RosterOpened(EXAM, "v2"))
    assert not due(admitted, at("08:46"))


@pytest.mark.parametrize("during", ["laid", "looked up", "waiting"])
def test_a_card_in_an_outage_is_looked_for_when_it_ends(during: str) -> None:
    gate = Gate()
    if during == "looked up":
        gate.feed(laid())
    if during == "waiting":
        gate.to_matching()
        gate.feed(laid(at("08:46")))
    gate.feed(FaultRaised(Fault.JOURNAL, "full"))
    if during == "laid":
        gate.feed(laid())
    if during == "looked up":
        gate.feed(CandidateFound(ANNA))
        gate.feed(GOOD)
    if during == "waiting":
        gate.feed(GOOD)
    assert not due(gate, at("08:47"))
    gate.feed(FaultCleared(Fault.JOURNAL))
    assert due(gate, at("08:47"))
    assert looks(gate, at("08:47"))


def test_nobody_is_interrupted() -> None:
    gate = decided(Gate(), EARLY)
    gate.feed(LookDue(instant(OPENS)))
    gate.feed(laid(OPENS))
    assert not due(gate, OPENS)
    gate.feed(CandidateFound(ANNA))
    assert not due(gate, OPENS)


def test_a_clock_that_comes_and_goes_does_not_decide_for_ever() -> None:
    gate = decided(Gate(), at("08:45"), trusted=False)
    count = 0
    while due(gate, at("08:46")):
        assert looks(gate, at("08:46"))
        decided(gate, at("08:45"), trusted=False)
        count += 1
        assert count <= LOOKS_MAX
    assert count == LOOKS_MAX
    gate.feed(CardRemoved(instant()))
    decided(gate, at("08:45"), trusted=False)
    assert due(gate, at("08:46"))  # another laying begins anew
