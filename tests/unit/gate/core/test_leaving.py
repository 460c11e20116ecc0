"""Leaving: an exit reading ends a stay; what is too early is for the staff of the exit."""

from dataclasses import replace
from typing import Any

import pytest

from gate.core.effects import JournalNote, JudgeFace, OpenBarrier, RecordBeside, TellExit
from gate.core.events import (
    CandidateElsewhere,
    CandidateFound,
    CandidateUnknown,
    Fault,
    FaultRaised,
    RefusedBeside,
)
from gate.core.replay import replay
from gate.core.state import Phase, State
from tests.unit.gate.core.world import (
    AFTERNOON,
    ANNA,
    BEN,
    GOOD,
    MORNING,
    Gate,
    at,
    candidate,
    exam_of,
    laid,
    leaving,
    press,
    verdict,
)

AT_HER = ("am", ANNA.key)


def decisions(gate: Gate) -> list[dict[str, Any]]:
    return [e for e in gate.journal if e["kind"] == "decision"]


def told(gate: Gate) -> str:
    (said,) = gate.of(TellExit)
    return str(said.en)


@pytest.mark.parametrize(
    ("when", "too_early"), [("08:50", True), ("10:59:59", True), ("11:00", False), ("12:30", False)]
)
def test_a_stay_ends_from_half_an_hour_before_the_end(when: str, *, too_early: bool) -> None:
    gate = Gate().admit().leave(when=at(when))
    assert (AT_HER in gate.state.left) is not too_early
    assert (AT_HER in gate.state.inside) is too_early
    last = gate.journal[-1]
    if too_early:
        assert (last["outcome"], last["reason"]) == ("REFER", "TOO_EARLY_TO_LEAVE")
        assert (last["scanner"], last["attempt"], last["at_exit"]) == ("south", None, True)
    else:
        assert last["kind"] == "left"
        assert (last["ticket"], last["key"], last["paper"]) == (ANNA.ticket, ANNA.key, "am")
        assert (last["source"], last["room"]) == ("south", "03")


@pytest.mark.parametrize("minutes", [0, 45, 1000])
def test_how_early_is_data_of_the_paper(minutes: float) -> None:
    gate = Gate(exam_of(replace(MORNING, leave_before_end_min=minutes))).admit()
    gate.leave(when=at("10:50"))
    assert (AT_HER in gate.state.left) is (minutes >= 45)


def test_too_early_flashes_with_the_time_until_staff_have_seen_it() -> None:
    gate = Gate().admit()
    gate.wait()
    gate.leave(when=at("10:00"))
    assert gate.lamps == ["yellow:slow"]
    assert gate.effects[0].en == "No leaving before 11:00"
    gate.feed(press())
    assert gate.lamps == [""]


def test_staff_let_somebody_leave_early_and_no_barrier_opens() -> None:
    gate = Gate().admit().leave(when=at("10:00"))
    case = gate.state.unsettled[-1].decision
    gate.feed(verdict(case))
    gate.commit()
    assert not gate.of(OpenBarrier)
    assert [n.kind for n in gate.of(JournalNote)] == ["left"]
    assert gate.journal[-1]["by"] == "Wang"
    assert AT_HER in gate.state.left
    assert gate.state.unsettled == ()


def test_staff_send_somebody_back() -> None:
    gate = Gate().admit().leave(when=at("10:00"))
    gate.feed(verdict(gate.state.unsettled[-1].decision, admit=False))
    gate.commit()
    assert AT_HER in gate.state.inside
    assert gate.leave(when=at("11:00")).state.left


def test_there_is_no_way_back_in() -> None:
    gate = Gate(exam_of(replace(MORNING, closes_after_min=149))).admit().leave()
    gate.feed(laid(at("11:15")))
    gate.feed(CandidateFound(ANNA))
    assert gate.record()["reason"] == "LEFT_ALREADY"
    assert gate.record()["outcome"] == "REFUSE"
    assert not gate.of(JudgeFace)


def test_with_re_entry_the_face_decides_and_the_stay_goes_on() -> None:
    gate = Gate(exam_of(replace(MORNING, reentry=True))).admit().leave()
    assert AT_HER not in gate.state.inside
    gate.feed(laid(at("11:15")))
    gate.feed(CandidateFound(ANNA))
    gate.feed(GOOD)
    gate.commit()
    assert AT_HER in gate.state.inside
    assert not gate.state.left
    assert AT_HER in gate.leave(when=at("11:20")).state.left


def test_leaving_one_paper_says_nothing_of_the_next() -> None:
    both = candidate("am", "pm")
    gate = Gate(exam_of(MORNING, AFTERNOON)).admit(both)
    for when in ("11:10", "11:11", "11:40", "12:00"):
        gate.leave(CandidateFound(both), at(when))
    assert len([e for e in gate.journal if e["kind"] in ("left", "decision")]) == 2
    gate.feed(laid(at("14:10")))
    gate.feed(CandidateFound(both))
    assert gate.of(JudgeFace), "who tapped twice at noon enters in the afternoon"


def test_a_second_reading_is_no_second_leaving() -> None:
    gate = Gate().admit().leave()
    before = list(gate.journal)
    gate.leave()
    assert gate.journal == before
    assert told(gate) == "Has left before: nothing is to be done"


def test_who_never_entered_is_recorded_and_told() -> None:
    gate = Gate()
    gate.feed(leaving(CandidateFound(BEN)))
    assert "no entry of theirs is known" in told(gate)
    gate.commit_beside()
    assert (gate.journal[-1]["key"], gate.journal[-1]["entered"]) == ("ben", None)
    assert ("am", "ben") in gate.state.left
    assert gate.state.inside == set()


@pytest.mark.parametrize("who", [CandidateUnknown("u"), CandidateElsewhere("s2", "e"), None])
def test_a_stranger_at_the_exit_is_recorded_and_told(who: Any) -> None:
    gate = Gate()
    gate.feed(leaving(who))
    assert "nobody is known" in told(gate)
    gate.commit_beside()
    assert (gate.journal[-1]["kind"], gate.journal[-1]["ticket"]) == ("left", None)
    assert not gate.state.left


def test_without_a_trusted_clock_staff_decide() -> None:
    gate = Gate().admit().leave(trusted=False)
    assert (gate.journal[-1]["outcome"], gate.journal[-1]["reason"]) == ("REFER", "CLOCK_UNTRUSTED")
    assert AT_HER in gate.state.inside


def test_a_visit_at_the_entry_goes_on_undisturbed() -> None:
    gate = Gate().admit()
    gate.wait()
    gate.to_matching(BEN)
    visit = gate.state.visit
    gate.leave(when=at("10:00"))
    gate.leave()
    assert (gate.state.phase, gate.state.visit) == (Phase.MATCHING, visit)
    assert gate.lamps == []
    gate.feed(GOOD)
    gate.commit()
    assert gate.barrier


def test_what_the_journal_did_not_take_has_not_happened() -> None:
    gate = Gate().admit()
    gate.feed(leaving(CandidateFound(ANNA)))
    gate.feed(RefusedBeside("south"))
    assert AT_HER in gate.state.inside
    assert "not recorded" in told(gate)
    gate.wait()
    assert gate.state.phase is Phase.OUT_OF_SERVICE
    gate.feed(leaving(CandidateFound(ANNA)))
    assert not gate.of(RecordBeside)
    assert "not recorded" in told(gate)


def test_a_broken_camera_or_reader_keeps_nobody_from_leaving() -> None:
    gate = Gate().admit()
    gate.feed(FaultRaised(Fault.CAMERA, "gone"))
    gate.feed(FaultRaised(Fault.READER, "gone"))
    assert AT_HER in gate.leave().state.left


def test_a_doubt_at_the_entry_stays_open_beside_the_exit() -> None:
    gate = Gate()
    doubt = gate.refer()
    gate.leave(when=at("10:00"))
    gate.leave(when=at("10:01"))
    assert gate.state.unsettled[0].decision == doubt
    assert len(gate.state.unsettled) == 2
    gate.feed(verdict(gate.state.unsettled[-1].decision))
    gate.commit()
    assert [u.decision for u in gate.state.unsettled] == [doubt]


def test_a_restart_knows_who_has_left() -> None:
    gate = Gate().admit().leave()
    again = replay(State(), gate.journal)
    assert (again.entered, again.left) == (gate.state.entered, gate.state.left)


def test_a_verdict_at_the_exit_is_remembered_where_its_left_was_lost() -> None:
    """A power cut between the two entries."""
    gate = Gate().admit().leave(when=at("10:00"))
    gate.feed(verdict(gate.state.unsettled[-1].decision))
    gate.commit()
    assert AT_HER in replay(State(), gate.journal[:-1]).left
