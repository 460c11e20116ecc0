"""One lane beside the visit: faults, out of service, and what staff may do."""

from dataclasses import replace
from typing import Any

import pytest

from gate.core.admission import step
from gate.core.card import DocumentKind
from gate.core.effects import ForgetFaces, JournalNote, Record
from gate.core.events import (
    CandidateFound,
    DecisionRecorded,
    Fault,
    FaultCleared,
    FaultRaised,
    LookupFailed,
    ReaderBack,
    ReaderLost,
    RecordRefused,
    RosterOpened,
)
from gate.core.journal_entries import MAX_EVENT_BYTES
from gate.core.reasons import Reason
from gate.core.state import Phase, State, Unsettled
from gate.errors import NoSuchEntry, StorageRefused, UsageError
from tests.unit.gate.core.world import (
    ANNA,
    BEN,
    CARD,
    DISK_FULL,
    EXAM,
    GOOD,
    NO_CAMERA,
    Gate,
    at,
    instant,
    laid,
    out_of_service,
    press,
    typed,
    unread,
    verdict,
)

# -- out of service ------------------------------------------------------------------------------


def test_before_a_roster_nobody_is_decided() -> None:
    gate = Gate(state=State())
    gate.feed(laid())
    assert out_of_service(gate)
    with pytest.raises(StorageRefused):
        gate.feed(typed())
    gate.feed(RosterOpened(EXAM, "v1"))
    assert (gate.state.phase, gate.lamps) == (Phase.IDLE, [""])


def test_not_written_did_not_happen() -> None:
    gate = Gate().to_matching()
    gate.feed(GOOD)
    gate.feed(RecordRefused())
    assert out_of_service(gate)
    assert gate.of(ForgetFaces)
    assert not gate.barrier
    assert gate.state.inside == frozenset()
    gate.feed(laid())
    assert out_of_service(gate)
    gate.feed(FaultCleared(Fault.JOURNAL))
    assert gate.admit().barrier


@pytest.mark.parametrize("hurt", [DISK_FULL, RecordRefused(), FaultRaised(Fault.ROSTER)])
def test_a_fault_while_the_face_is_judged(hurt: Any) -> None:
    """The late answer must not meet another phase, nor the next person's visit."""
    gate = Gate().to_matching()
    gate.feed(hurt)
    assert gate.state.phase is Phase.MATCHING
    assert not gate.of(ForgetFaces)
    gate.feed(GOOD)
    assert out_of_service(gate)
    assert not gate.of(Record)
    assert gate.state.visit is None


def test_a_fault_that_heals_before_the_answer_is_forgotten() -> None:
    gate = Gate().to_matching()
    gate.feed(DISK_FULL)
    gate.feed(FaultCleared(Fault.JOURNAL))
    gate.feed(GOOD)
    gate.commit()
    assert gate.barrier


def test_a_fault_during_the_lookup() -> None:
    gate = Gate()
    gate.feed(laid())
    gate.feed(DISK_FULL)
    gate.feed(CandidateFound(ANNA))
    gate.feed(GOOD)
    assert out_of_service(gate)


def test_a_damaged_roster_decides_nobody_until_another_comes() -> None:
    gate = Gate()
    gate.feed(laid())
    gate.feed(LookupFailed("row 7 does not open"))
    assert out_of_service(gate)
    assert gate.of(JournalNote)[0].body == {"fault": "roster", "detail": "row 7 does not open"}
    gate.feed(RosterOpened(EXAM, "v2"))
    assert gate.state.phase is Phase.IDLE


def test_a_committed_decision_is_shown_though_a_fault_came() -> None:
    gate = Gate().to_matching()
    gate.feed(GOOD)
    gate.feed(DISK_FULL)
    gate.commit()
    assert gate.barrier
    gate.feed(laid())
    assert out_of_service(gate)


@pytest.mark.parametrize("event", [laid(), unread()])
def test_a_fault_while_an_outcome_is_shown(event: Any) -> None:
    gate = Gate().admit()
    gate.feed(NO_CAMERA)
    gate.feed(event)
    assert out_of_service(gate)


def test_a_typed_candidate_is_referred_without_a_camera() -> None:
    gate = Gate()
    gate.feed(NO_CAMERA)
    assert out_of_service(gate)
    gate.feed(typed())
    gate.feed(CandidateFound(ANNA))
    body = gate.record()
    assert (body["reason"], body["source"], body["by"]) == ("NO_FACE", "typed", "Li")
    assert (body["attempt"], body["frames"], body["fmr"]) == (None, None, None)
    decision = gate.commit()
    assert decision
    assert gate.lamps == ["yellow:double"]
    gate.wait()
    assert out_of_service(gate)  # and no card slips in on the way
    gate.feed(verdict(gate.state.unsettled[0].decision))
    gate.commit()
    assert gate.barrier
    gate.wait()
    assert out_of_service(gate)


def test_the_reader_goes_and_comes() -> None:
    gate = Gate()
    gate.feed(ReaderLost("unplugged"))
    assert out_of_service(gate)
    gate.feed(ReaderLost("unplugged"))
    assert gate.effects == ()
    gate.feed(NO_CAMERA)
    gate.feed(ReaderBack())
    assert out_of_service(gate)
    gate.feed(FaultCleared(Fault.CAMERA))
    assert gate.state.phase is Phase.IDLE
    kinds = [e["kind"] for e in gate.journal]
    assert kinds == ["roster", "fault", "fault", "healed", "healed"]


# -- staff ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("admit", "lamp", "inside"),
    [(True, "green:steady", {("am", "ab12")}), (False, "red:slow", set())],
)
def test_a_verdict_is_recorded_then_shown(admit: bool, lamp: str, inside: set[Any]) -> None:
    gate = Gate()
    gate.feed(verdict(gate.refer(), admit=admit))
    assert [type(e) for e in gate.effects] == [Record]
    gate.commit()
    assert (gate.lamps, gate.barrier, gate.timers()) == ([lamp], admit, [3.0])
    assert (gate.state.inside, gate.state.unsettled) == (inside, ())
    gate.wait()
    assert gate.lamps == [""]


def test_settling_twice_changes_nothing() -> None:
    gate = Gate()
    decision = gate.refer()
    gate.feed(verdict(decision))
    at_once = gate.state
    with pytest.raises(UsageError):
        gate.feed(verdict(decision, admit=False))
    assert gate.state == at_once
    gate.commit()
    before = gate.state
    for unknown in (decision, "e-99"):
        with pytest.raises(NoSuchEntry, match=unknown):
            gate.feed(verdict(unknown))
    assert gate.state == before


def test_a_verdict_waits_for_the_record_of_a_visit() -> None:
    """Else the two answers would be taken for each other: green for who is not decided."""
    gate = Gate()
    decision = gate.refer()
    gate.to_matching(BEN).feed(GOOD)
    with pytest.raises(UsageError):
        gate.feed(verdict(decision))


def test_a_verdict_beside_a_visit() -> None:
    gate = Gate()
    decision = gate.refer()
    gate.to_matching(BEN)
    visit, token = gate.state.visit, gate.state.token
    gate.feed(verdict(decision))
    gate.commit()
    assert gate.barrier
    assert (gate.state.phase, gate.state.visit) == (Phase.MATCHING, visit)
    assert gate.state.token == token
    gate.feed(GOOD)
    gate.commit()
    assert gate.state.inside == {("am", "ab12"), ("am", "ben")}


def test_a_verdict_asked_for_first_is_answered_first() -> None:
    gate = Gate()
    decision = gate.refer()
    gate.to_matching(BEN)
    gate.feed(verdict(decision, admit=False))
    gate.feed(GOOD)
    gate.feed(DecisionRecorded("the verdict", instant()))
    assert (gate.lamps, gate.barrier, gate.state.phase) == (["red:slow"], False, Phase.RECORDING)
    gate.feed(DecisionRecorded("the visit", instant()))
    assert (gate.lamps, gate.barrier) == (["green:steady"], True)
    assert gate.state.inside == {("am", "ben")}


def test_a_refused_verdict_leaves_the_visit_and_the_refer() -> None:
    gate = Gate()
    decision = gate.refer()
    gate.to_matching(BEN)
    gate.feed(verdict(decision))
    gate.feed(RecordRefused())
    assert gate.state.phase is Phase.MATCHING
    gate.feed(GOOD)
    assert out_of_service(gate)
    with pytest.raises(StorageRefused):
        gate.feed(verdict(decision))
    gate.feed(FaultCleared(Fault.JOURNAL))
    assert gate.lamps == ["yellow:fast"]
    gate.feed(verdict(decision))
    gate.commit()
    assert gate.barrier


def test_a_verdict_needs_no_roster() -> None:
    gate = Gate()
    decision = gate.refer()
    gate.feed(FaultRaised(Fault.ROSTER))
    gate.feed(verdict(decision))
    gate.commit()
    assert gate.barrier
    gate.wait()
    assert out_of_service(gate)


def test_let_in_by_staff_while_the_same_card_is_checked_again() -> None:
    """Two people with one card: one is waved through, the other's face would have opened too."""
    gate = Gate()
    decision = gate.refer()
    gate.to_matching()
    gate.feed(verdict(decision))
    gate.commit()
    gate.feed(GOOD)
    assert gate.record()["reason"] == "ALREADY_ADMITTED"
    gate.commit()
    assert (gate.barrier, gate.lamps) == (False, ["yellow:fast"])


@pytest.mark.parametrize("fact", ["expired", "untrusted"])
def test_let_in_by_staff_counts_as_inside(fact: str) -> None:
    gate = Gate()
    old = replace(CARD, valid_to=at("00:00", 9).date())
    gate.feed(laid(card=old) if fact == "expired" else laid(trusted=False))
    gate.feed(CandidateFound(ANNA))
    gate.commit()
    gate.feed(verdict(gate.state.unsettled[0].decision))
    gate.commit()
    gate.wait()
    gate.feed(laid())
    gate.feed(CandidateFound(ANNA))
    assert gate.record()["reason"] == "ALREADY_ADMITTED"


def test_a_refer_comes_back_after_the_next_person() -> None:
    gate = Gate()
    gate.refer()
    gate.admit(BEN)
    gate.wait()
    assert (gate.lamps, gate.state.phase) == (["yellow:fast"], Phase.IDLE)


def test_settling_one_refer_leaves_the_other_flashing() -> None:
    gate = Gate()
    first = gate.refer(Reason.NO_FACE)
    gate.refer(Reason.FACE_MISMATCH, BEN)
    gate.feed(verdict(gate.state.unsettled[1].decision, admit=False))
    gate.commit()
    gate.wait()
    assert gate.lamps == ["yellow:double"]
    gate.feed(verdict(first))
    gate.commit()
    gate.wait()
    assert gate.lamps == [""]


def test_acknowledging_nothing_writes_nothing() -> None:
    gate = Gate()
    assert gate.feed(press()) == ()
    gate.refer()
    gate.feed(press())
    assert gate.lamps == [""]
    assert gate.journal[-1]["by"] == "button"
    assert gate.feed(press()) == ()


def test_a_button_during_a_visit_does_not_touch_its_lamps() -> None:
    gate = Gate()
    gate.refer()
    gate.to_matching(BEN)
    gate.feed(press())
    assert gate.lamps == []
    assert gate.state.unsettled[0].acknowledged


def test_staff_type_one_at_a_time() -> None:
    gate = Gate()
    gate.feed(typed())
    assert gate.state.visit
    assert gate.state.visit.shown.document is DocumentKind.TEMPORARY
    with pytest.raises(UsageError):
        gate.feed(typed())


def test_the_button_names_only_what_is_new_and_never_more_than_an_entry_holds() -> None:
    """Every REFER of a long day in one entry was longer than the journal takes."""
    epoch = "0123456789abcdef"
    old = tuple(
        Unsettled(f"{epoch}-{n}", Reason.NO_FACE, {}, acknowledged=True) for n in range(900)
    )
    new = tuple(Unsettled(f"{epoch}-{n}", Reason.NO_FACE, {}) for n in range(900, 1800))
    after, effects = step(State(unsettled=old + new), press())
    assert all(u.acknowledged for u in after.unsettled)
    notes = [e for e in effects if isinstance(e, JournalNote)]
    named = [d for note in notes for d in note.body["decisions"]]
    assert named == [u.decision for u in new]
    assert all(len(str(note.body)) < MAX_EVENT_BYTES / 2 for note in notes)
