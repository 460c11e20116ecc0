"""Who has more time leaves later, and nothing else changes; for a wheelchair the barrier waits."""

import json
from dataclasses import replace
from typing import Any

import pytest

from gate.core.effects import OpenBarrier, TellExit
from gate.core.events import CandidateFound
from gate.core.exam import Candidate, entry_window
from gate.core.reasons import Reason
from tests.unit.gate.core.world import (
    AFTERNOON,
    ANNA,
    BEN,
    GOOD,
    MORNING,
    Gate,
    at,
    exam_of,
    laid,
    verdict,
)

SLOW = replace(ANNA, flags=frozenset({"extra-time"}))
WHEELED = replace(ANNA, flags=frozenset({"wheelchair"}))
LONGER = exam_of(replace(MORNING, extra_time_min=45), AFTERNOON)
HER = ("am", ANNA.key)


@pytest.mark.parametrize(
    ("who", "when", "too_early"),
    [
        (ANNA, "10:59", True),
        (ANNA, "11:00", False),
        (SLOW, "11:00", True),
        (SLOW, "11:44:59", True),
        (SLOW, "11:45", False),
    ],
)
def test_the_end_is_later_for_who_has_more_time(
    who: Candidate, when: str, *, too_early: bool
) -> None:
    gate = Gate(LONGER).admit(who).leave(CandidateFound(who), at(when))
    assert (HER in gate.state.left) is not too_early
    if too_early:
        last = gate.journal[-1]
        assert last["reason"] == "TOO_EARLY_TO_LEAVE"
        assert last["leave_from"] == (at("11:45") if who is SLOW else at("11:00")).isoformat(
            timespec="milliseconds"
        )


def test_the_exit_says_the_own_time() -> None:
    gate = Gate(LONGER).admit(SLOW)
    gate.leave(CandidateFound(SLOW), at("11:10"))
    assert gate.journal[-1]["leave_from"].startswith("2027-04-10T11:45")


@pytest.mark.parametrize("minutes", [0, 45])
def test_without_the_flag_or_without_the_minutes_nothing_changes(minutes: float) -> None:
    exam = exam_of(replace(MORNING, extra_time_min=minutes))
    who = ANNA if minutes else SLOW
    gate = Gate(exam).admit(who).leave(CandidateFound(who), at("11:00"))
    assert HER in gate.state.left


def decided(who: Candidate, when: str, exam: Any = LONGER) -> str:
    gate = Gate(exam)
    gate.feed(laid(at(when)))
    gate.feed(CandidateFound(who))
    return str(gate.record()["reason"]) if gate.asked else "face"


@pytest.mark.parametrize("when", ["08:29", "08:30", "09:14:59", "09:15", "11:20"])
def test_the_entry_window_stays(when: str) -> None:
    assert decided(SLOW, when) == decided(ANNA, when)
    own = replace(MORNING, extra_time_min=45)
    assert entry_window(own, "03") == entry_window(MORNING, "03")


def test_who_still_sits_in_the_extra_time_has_entered_already() -> None:
    gate = Gate(LONGER).admit(SLOW)
    gate.wait()
    gate.feed(laid(at("11:40")))
    gate.feed(CandidateFound(SLOW))
    assert gate.record()["reason"] == "ALREADY_ADMITTED"


# -- wheelchair ------------------------------------------------------------------------------------


def opened(gate: Gate) -> list[bool]:
    return [e.longer for e in gate.of(OpenBarrier)]


@pytest.mark.parametrize(("who", "longer"), [(ANNA, False), (WHEELED, True)])
def test_the_barrier_waits_for_a_wheelchair_and_the_screen_says_so(
    who: Candidate, *, longer: bool
) -> None:
    gate = Gate().admit(who)
    assert opened(gate) == [longer]
    assert ("stays open longer" in gate.effects[0].en) is longer
    assert ("延时关闭" in gate.effects[0].zh) is longer
    assert gate.effects[0].en.startswith("Please enter: room 03, seat 07")


@pytest.mark.parametrize(("who", "longer"), [(ANNA, False), (WHEELED, True)])
def test_so_it_does_when_staff_let_in(who: Candidate, *, longer: bool) -> None:
    gate = Gate()
    case = gate.refer(Reason.NO_FACE, who)
    gate.feed(verdict(case))
    gate.commit()
    assert opened(gate) == [longer]
    assert ("stays open longer" in gate.effects[0].en) is longer


def test_the_next_candidate_passes_as_ever() -> None:
    gate = Gate().admit(WHEELED)
    gate.wait()
    gate.to_matching(BEN).feed(GOOD)
    gate.commit()
    assert opened(gate) == [False]


def test_no_record_says_who_needs_what() -> None:
    both = replace(ANNA, flags=frozenset({"extra-time", "wheelchair"}))
    gate = Gate(LONGER).admit(both).leave(CandidateFound(both), at("11:10"))
    gate.refer(Reason.NO_FACE, BEN)
    written = json.dumps(gate.journal, default=str)
    assert not any(word in written for word in ("wheelchair", "extra", "longer"))
    assert not gate.of(TellExit)
