"""One lane, step by step: what it shows, when, and what it must never do."""

from dataclasses import replace
from typing import Any

import pytest

from gate.core.admission import ROWS, TABLE, step
from gate.core.effects import ForgetFaces, JudgeFace, LookUpCard, Record, Show
from gate.core.events import (
    CandidateFound,
    CandidateUnknown,
    CardRemoved,
    DecisionRecorded,
    FaceJudged,
    Fault,
    FaultCleared,
    LookupFailed,
    TimeElapsed,
)
from gate.core.exam import FacePolicy
from gate.core.reasons import FACE_REASONS, MEANING, Reason
from gate.core.state import Phase
from gate.errors import IllegalEvent
from scripts.diagrams import lane
from scripts.diagrams.markdown import with_blocks
from tests.checkout import ROOT
from tests.unit.gate.core.world import (
    ANNA,
    BEN,
    CARD,
    GOOD,
    NO_CAMERA,
    Gate,
    at,
    exam_of,
    face,
    instant,
    laid,
    out_of_service,
    paper,
    press,
    unread,
)

DOC = ROOT / "docs/lane.md"


# -- the table -----------------------------------------------------------------------------------


def test_no_row_hides_another() -> None:
    cells = [(p, e) for row in ROWS for p in row.phases for e in row.events]
    assert len(cells) == len(set(cells)) == len(TABLE)


def test_the_page_is_what_the_code_says() -> None:
    text = DOC.read_text(encoding="utf-8")
    assert with_blocks(text, lane.blocks()) == text, "run: python -m scripts.diagrams"


EXTERNAL = {
    "CardPresented",
    "CardUnreadable",
    "CardRemoved",
    "ReaderLost",
    "ReaderBack",
    "StaffTyped",
    "VerdictGiven",
    "Acknowledged",
    "ActionExcused",
    "TimeElapsed",
    "FaultRaised",
    "FaultCleared",
    "RosterOpened",
    "RecordRefused",
}


def test_what_comes_from_outside_has_a_row_in_every_phase() -> None:
    """People, readers and disks keep no order; only our own answers can come at a wrong time."""
    rows = {(phase, event.__name__) for phase, event in TABLE}
    assert {(p, e) for p in Phase for e in EXTERNAL} <= rows


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize(
    "event",
    [
        GOOD,
        CandidateUnknown("x"),
        CandidateFound(ANNA),
        LookupFailed(""),
        DecisionRecorded("e-1", instant()),
    ],
    ids=lambda e: type(e).__name__,
)
def test_an_answer_that_nobody_asked_for_is_illegal(phase: Phase, event: Any) -> None:
    asked = {
        Phase.MATCHING: (FaceJudged,),
        Phase.LOOKING_UP: (CandidateUnknown, CandidateFound, LookupFailed),
        Phase.RECORDING: (DecisionRecorded,),
    }
    if isinstance(event, asked.get(phase, ())):
        return
    state = replace(Gate().to_matching().state, phase=phase)
    with pytest.raises(IllegalEvent) as refused:
        step(state, event)
    assert refused.value.phase is phase
    assert refused.value.event == type(event).__name__
    assert phase.value in refused.value.en
    assert type(event).__name__ in refused.value.en


# -- one visit -----------------------------------------------------------------------------------


def test_card_to_green() -> None:
    gate = Gate()
    assert gate.feed(laid()) == (LookUpCard(CARD.number),)
    assert gate.feed(CandidateFound(ANNA)) == (JudgeFace(FacePolicy(), 1, laid().found.mono_ns),)
    gate.feed(GOOD)
    (record,) = gate.effects
    assert (record.kind, record.body["reason"], record.evidence) == ("decision", "OK", False)
    gate.commit()
    assert (gate.lamps, gate.barrier, gate.timers()) == (["green:steady"], True, [3.0])
    assert gate.of(ForgetFaces)
    gate.wait()
    assert (gate.state.phase, gate.lamps) == (Phase.IDLE, [""])


@pytest.mark.parametrize("reason", sorted(FACE_REASONS))
def test_asked_again_then_referred(reason: Reason) -> None:
    gate = Gate().to_matching()
    for attempt in (2, 3):
        gate.feed(face(reason))
        assert gate.lamps == ["yellow:steady"]
        assert [j.attempt for j in gate.of(JudgeFace)] == [attempt]
        assert not gate.of(Record)
    gate.feed(face(reason))
    assert not gate.of(JudgeFace)
    (record,) = gate.of(Record)
    doubtful = reason in (Reason.FACE_MISMATCH, Reason.LIVENESS_FAILED)
    assert (record.body["attempt"], record.body["reason"]) == (3, reason)
    assert record.evidence == record.body["doubtful"] == doubtful
    gate.commit()
    assert gate.lamps == [str(MEANING[reason].pattern)]
    assert not gate.barrier
    gate.wait()
    assert gate.effects == ()  # it flashes on
    gate.feed(press())
    assert (gate.lamps, len(gate.state.unsettled)) == ([""], 1)


@pytest.mark.parametrize("attempts", [1, 2, 5])
def test_attempts_are_the_papers(attempts: int) -> None:
    am = paper("am", at("09:00"), at("11:30"), face=FacePolicy(attempts=attempts))
    gate = Gate(exam_of(am)).to_matching()
    for _ in range(attempts - 1):
        assert gate.feed(face(Reason.NO_FACE))
        assert not gate.of(Record)
    gate.feed(face(Reason.NO_FACE))
    assert gate.record()["attempt"] == attempts


@pytest.mark.parametrize(
    ("faces", "decided"),
    [
        (("FACE_MISMATCH", "NO_FACE", "NO_FACE"), "FACE_MISMATCH"),
        (("NO_FACE", "LIVENESS_FAILED", "FACE_POOR"), "LIVENESS_FAILED"),
        (("FACE_MISMATCH", "LIVENESS_FAILED", "SEVERAL_FACES"), "LIVENESS_FAILED"),
        (("NO_FACE", "FACE_POOR", "SEVERAL_FACES"), "SEVERAL_FACES"),
        (("NO_FACE", "NO_FACE", "FACE_MISMATCH"), "FACE_MISMATCH"),
    ],
)
def test_a_doubt_stays(faces: tuple[str, ...], decided: str) -> None:
    gate = Gate().to_matching()
    for reason in faces:
        gate.feed(face(Reason(reason)))
    assert gate.record()["reason"] == decided


def test_poor_without_advice_still_says_something() -> None:
    gate = Gate().to_matching()
    gate.feed(FaceJudged(Reason.FACE_POOR))
    assert [s.zh for s in gate.of(Show)] == ["请正视摄像头"]


def test_rules_alone_decide_without_a_face() -> None:
    gate = Gate()
    gate.feed(laid(at("09:15")))
    gate.feed(CandidateFound(ANNA))
    assert not gate.of(JudgeFace)
    assert (gate.record()["reason"], gate.record()["score"]) == ("TOO_LATE", None)
    gate.commit()
    assert (gate.lamps, gate.timers()) == (["red:slow"], [3.0])
    gate.wait()
    assert gate.lamps == [""]


def test_unreadable_is_asked_again_and_forgotten_with_time() -> None:
    gate = Gate()
    gate.feed(unread())
    assert (gate.lamps, gate.timers(), gate.state.phase) == (["yellow:steady"], [30], Phase.ASKING)
    gate.feed(unread())
    gate.wait()
    assert (gate.lamps, gate.state.unreadable) == ([""], 0)
    for _ in range(3):
        assert not gate.of(Record)
        gate.feed(unread())
    assert gate.record()["reason"] == "CARD_UNREADABLE"
    gate.commit()
    assert gate.lamps == ["yellow:slow"]


def test_the_same_card_again() -> None:
    gate = Gate().admit()
    gate.wait()
    gate.feed(laid())
    gate.feed(CandidateFound(ANNA))
    assert gate.record()["reason"] == "ALREADY_ADMITTED"


def test_an_old_timer_does_nothing() -> None:
    gate = Gate().admit()
    old = gate.state.token
    gate.feed(laid())
    gate.feed(CandidateUnknown("x"))
    gate.commit()
    assert gate.state.token > old
    before = gate.state
    assert gate.feed(TimeElapsed(old)) == ()
    assert gate.state == before


# -- a card that waits ---------------------------------------------------------------------------

BENS = replace(CARD, number="420106199001015678")


def test_a_card_that_waits_is_served_next() -> None:
    gate = Gate().to_matching()
    assert gate.feed(laid(card=BENS)) == ()
    gate.feed(GOOD)
    gate.commit()
    assert gate.wait() == (LookUpCard(BENS.number),)
    assert gate.state.waiting is None


def test_it_is_served_after_a_refer_too() -> None:
    gate = Gate().to_matching()
    gate.feed(laid(card=BENS))
    for _ in range(3):
        gate.feed(face(Reason.NO_FACE))
    gate.commit()
    assert gate.wait() == (LookUpCard(BENS.number),)


@pytest.mark.parametrize("gone", [CardRemoved(instant()), unread()])
def test_who_has_left_is_not_judged_by_the_next_ones_face(gone: Any) -> None:
    gate = Gate().to_matching()
    gate.feed(laid(card=BENS))
    gate.feed(gone)
    gate.feed(GOOD)
    gate.commit()
    gate.wait()
    assert (gate.state.phase, gate.state.visit) == (Phase.IDLE, None)


def test_an_outage_sends_the_waiting_away_for_good() -> None:
    gate = Gate().to_matching()
    gate.feed(laid(card=BENS))
    gate.feed(NO_CAMERA)
    gate.feed(GOOD)
    gate.commit()
    gate.wait()
    assert out_of_service(gate)
    gate.feed(FaultCleared(Fault.CAMERA))
    assert (gate.state.phase, gate.state.waiting) == (Phase.IDLE, None)
    gate.refer(Reason.NO_FACE, BEN)
    assert gate.wait() == ()
