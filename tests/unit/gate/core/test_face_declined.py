"""Who declines the face check goes to people: by flag, by a word at the gate, or when typed."""

from dataclasses import replace

import pytest

from gate.core.effects import EndAction, FindAgain, JudgeFace
from gate.core.events import CandidateFound, CardRemoved, FaceDeclined
from gate.core.reasons import Reason
from gate.core.state import Phase
from gate.errors import UsageError
from tests.unit.gate.core.test_case_signatures import commit_all, settle, sign, staffed
from tests.unit.gate.core.world import (
    ANNA,
    GOOD,
    NO_CAMERA,
    Gate,
    face,
    instant,
    laid,
    typed,
)

FLAGGED = replace(ANNA, flags=frozenset({"face-declined"}))
DECLINED = FaceDeclined("i-1", instant())


@pytest.mark.parametrize("has_reference", [True, False])
def test_the_flag_asks_for_no_face(has_reference: bool) -> None:
    gate = Gate()
    gate.feed(laid())
    gate.feed(CandidateFound(replace(FLAGGED, has_reference=has_reference)))
    assert not gate.of(JudgeFace)
    body = gate.record()
    assert (body["outcome"], body["reason"], body["score"]) == ("REFER", "FACE_DECLINED", None)
    assert "declined_by" not in body
    gate.commit()
    assert gate.lamps == ["yellow:slow"]


def test_the_rules_come_first() -> None:
    gate = Gate()
    gate.feed(laid())
    gate.feed(CandidateFound(replace(FLAGGED, seats=())))
    assert gate.record()["reason"] == "NOT_ON_ROSTER"


@pytest.mark.parametrize("judged", [GOOD, face(Reason.FACE_MISMATCH), face(Reason.NO_FACE)])
def test_said_while_the_face_is_looked_at_nothing_of_it_is_recorded(judged: object) -> None:
    gate = Gate().to_matching()
    gate.feed(DECLINED)
    assert gate.of(EndAction)
    gate.feed(judged)
    body = gate.record()
    assert (body["reason"], body["declined_by"], body["attempt"]) == ("FACE_DECLINED", "i-1", None)
    assert (body["score"], body["frames"], body["liveness"]) == (None, None, None)
    gate.commit()
    assert not gate.barrier


def test_said_of_the_card_that_lies_there() -> None:
    gate = Gate()
    gate.refer(Reason.NO_FACE)
    gate.feed(DECLINED)
    assert gate.of(FindAgain)
    gate.feed(laid())
    gate.feed(CandidateFound(ANNA))
    assert gate.record()["declined_by"] == "i-1"
    gate.commit()
    assert [u.reason for u in gate.state.unsettled] == [Reason.FACE_DECLINED]


def test_another_card_than_that_is_asked_for_its_face() -> None:
    gate = Gate()
    gate.refer(Reason.NO_FACE)
    gate.feed(DECLINED)
    gate.feed(CardRemoved(instant()))
    gate.feed(laid())
    gate.feed(CandidateFound(ANNA))
    assert gate.of(JudgeFace)


def test_typed_for_who_declines() -> None:
    gate = Gate()
    gate.feed(NO_CAMERA)
    gate.feed(replace(typed(), declined=True))
    gate.feed(CandidateFound(ANNA))
    body = gate.record()
    assert (body["reason"], body["declined_by"], body["by"]) == ("FACE_DECLINED", "Li", "Li")


def test_nobody_is_there_to_decline() -> None:
    gate = Gate()
    for _ in (Phase.IDLE, Phase.LOOKING_UP):
        before = gate.state
        with pytest.raises(UsageError, match="Nobody is here to decline"):
            gate.feed(DECLINED)
        assert gate.state == before
        gate.feed(laid())


def test_two_people_settle_it_where_there_is_staff() -> None:
    gate = staffed()
    gate.feed(laid())
    gate.feed(CandidateFound(FLAGGED))
    gate.commit()
    case = gate.state.unsettled[0].decision
    gate.feed(settle(case, "i-1"))
    assert not commit_all(gate)
    gate.feed(sign(case, "i-2"))
    assert commit_all(gate)
