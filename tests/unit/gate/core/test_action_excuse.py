"""Staff excuse a candidate from the action: once, for one attempt, of who is there."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gate.core.effects import EndAction, JudgeFace
from gate.core.events import ActionExcused, Instant
from gate.core.exam import FacePolicy
from gate.core.reasons import Reason
from gate.errors import UsageError
from tests.unit.gate.core.world import AFTERNOON, ANNA, BEN, GOOD, MORNING, Gate, exam_of, face

ACTING = exam_of(replace(MORNING, face=FacePolicy(liveness="action")), AFTERNOON)
FAILED = face(Reason.LIVENESS_FAILED)


def gate() -> Gate:
    return Gate(ACTING)


def excuse(one: Gate, after_s: float = 0.0) -> None:
    now = one.now
    at = now.at + timedelta(seconds=after_s)
    one.feed(ActionExcused("li", Instant(at, now.mono_ns + round(after_s * 1e9), now.trusted)))


def asked(one: Gate) -> list[str]:
    return [e.policy.liveness for e in one.of(JudgeFace)]


def excuses(one: Gate) -> list[dict[str, object]]:
    return [e for e in one.journal if e["kind"] == "excused"]


def test_the_next_attempt_is_without_the_action_and_the_one_after_it_with_it() -> None:
    one = gate().to_matching()
    assert asked(one) == ["action"]
    excuse(one)
    (entry,) = excuses(one)
    assert (entry["by"], entry["ticket"], entry["key"], entry["paper"]) == (
        "li", ANNA.ticket, ANNA.key, "am",
    )  # fmt: skip
    assert one.of(EndAction)
    one.feed(FAILED)
    assert [(e.policy.liveness, e.policy.excused) for e in one.of(JudgeFace)] == [("passive", True)]
    one.feed(FAILED)
    assert [(e.policy.liveness, e.policy.excused) for e in one.of(JudgeFace)] == [("action", False)]


def test_while_the_last_attempt_runs_one_more_is_given_and_no_second() -> None:
    one = gate().to_matching()
    for _ in range(2):
        one.feed(FAILED)
    excuse(one)
    one.feed(FAILED)
    assert asked(one) == ["passive"]
    with pytest.raises(UsageError):
        excuse(one)
    one.feed(FAILED)
    assert one.record()["reason"] == "LIVENESS_FAILED"
    assert len(excuses(one)) == 1


def test_after_the_refer_the_next_visit_begins_without_the_action() -> None:
    one = gate()
    one.refer(Reason.LIVENESS_FAILED)
    excuse(one, after_s=60)
    assert excuses(one)[0]["key"] == ANNA.key
    one.to_matching()
    assert asked(one) == ["passive"]
    one.feed(GOOD)
    assert one.record()["outcome"] == "ADMIT"
    one.commit()


def test_the_excuse_is_for_that_candidate_and_used_up_by_the_next_visit() -> None:
    one = gate()
    one.refer(Reason.LIVENESS_FAILED)
    excuse(one)
    one.to_matching(BEN)
    assert asked(one) == ["action"]
    one.feed(GOOD)
    one.commit()
    one.wait()
    one.to_matching()
    assert asked(one) == ["action"]


@pytest.mark.parametrize("reason", [Reason.FACE_MISMATCH, Reason.NO_FACE])
def test_nobody_is_excused_from_what_was_not_asked(reason: Reason) -> None:
    one = gate()
    with pytest.raises(UsageError):
        excuse(one)
    one.refer(reason)
    with pytest.raises(UsageError):
        excuse(one)
    assert not excuses(one)


def test_an_old_refer_excuses_nobody() -> None:
    one = gate()
    one.refer(Reason.LIVENESS_FAILED)
    with pytest.raises(UsageError):
        excuse(one, after_s=121)


def test_an_exam_without_liveness_has_nothing_to_excuse_from() -> None:
    one = Gate(exam_of(replace(MORNING, face=FacePolicy(liveness="off")), AFTERNOON)).to_matching()
    with pytest.raises(UsageError):
        excuse(one)
