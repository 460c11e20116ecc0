"""What a restart knows is what was known."""

from typing import Any

import pytest

from gate.core.events import Acknowledged, CandidateUnknown, RosterOpened
from gate.core.reasons import Reason
from gate.core.replay import replay
from gate.core.state import Phase, State
from tests.unit.gate.core.world import EXAM, Gate, candidate, instant, laid, unread, verdict


def memory(state: State) -> tuple[Any, ...]:
    open_refers = [(u.decision, u.reason, u.acknowledged) for u in state.unsettled]
    return state.inside, open_refers


def restarted(gate: Gate) -> Gate:
    again = Gate(state=replay(State(), gate.journal))
    again.feed(RosterOpened(EXAM, "v1"))
    return again


def a_morning() -> Gate:
    gate = Gate().admit()
    gate.refer(Reason.FACE_MISMATCH, candidate("am", key="b"))
    gate.refer(Reason.FACE_POOR, candidate("am", key="c"))
    first, second = (u.decision for u in gate.state.unsettled)
    gate.feed(verdict(first))
    gate.commit()
    gate.wait()
    gate.feed(Acknowledged("button", instant()))
    assert [u.decision for u in gate.state.unsettled] == [second]
    gate.refer(Reason.NO_FACE, candidate("am", key="d"))
    gate.feed(laid())
    gate.feed(CandidateUnknown("e"))
    gate.commit()
    return gate


def test_a_morning_is_recalled() -> None:
    gate = a_morning()
    again = replay(State(), gate.journal)
    assert memory(again) == memory(gate.state)
    assert again.inside == {("am", "ab12"), ("am", "b")}
    assert [u.acknowledged for u in again.unsettled] == [True, False]


@pytest.mark.parametrize("split", range(8))
def test_recall_in_pages_is_the_same(split: int) -> None:
    journal = a_morning().journal
    whole = replay(State(), journal)
    assert replay(replay(State(), journal[:split]), journal[split:]) == whole


def test_what_another_exam_left_open_is_not_shown_again() -> None:
    gate = Gate()
    gate.refer(Reason.FACE_MISMATCH)
    gate.journal[-1]["exam"] = "last-month"
    again = restarted(gate)
    assert again.state.unsettled == ()
    assert again.state.phase is Phase.IDLE
    gate.journal[-1]["exam"] = EXAM.id
    assert len(restarted(gate).state.unsettled) == 1


def test_a_refer_flashes_again_after_a_restart() -> None:
    gate = Gate()
    gate.refer(Reason.LIVENESS_FAILED)
    again = restarted(gate)
    assert again.state.phase is Phase.IDLE
    assert again.lamps == ["yellow:fast"]


def test_a_refer_from_before_the_restart_can_be_settled_once() -> None:
    gate = Gate()
    decision = gate.refer()
    again = restarted(gate)
    again.feed(verdict(decision))
    body = again.record()
    assert (body["decision"], body["paper"], body["referred"]) == (decision, "am", "FACE_MISMATCH")
    again.commit()
    assert again.barrier
    assert again.state.inside == {("am", "ab12")}
    assert replay(State(), gate.journal + again.journal).unsettled == ()


def test_a_verdict_on_an_unreadable_card_lets_nobody_be_inside() -> None:
    gate = Gate()
    for _ in range(3):
        gate.feed(unread())
    gate.commit()
    gate.feed(verdict(gate.state.unsettled[0].decision))
    gate.commit()
    assert gate.barrier
    assert gate.state.inside == replay(State(), gate.journal).inside == frozenset()


def test_a_denied_refer_lets_nobody_be_inside() -> None:
    gate = Gate()
    gate.feed(verdict(gate.refer(), admit=False))
    gate.commit()
    assert not gate.barrier
    assert gate.lamps == ["red:slow"]
    assert replay(State(), gate.journal).inside == frozenset()


def test_kinds_of_others_are_passed_over() -> None:
    others = [{"kind": "start", "inside": 3}, {"kind": "clock", "step_s": 2.0}]
    assert replay(State(), others) == State()
