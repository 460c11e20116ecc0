"""Decisions decided once more: a journal of the lane agrees, and a changed one does not.

That every journal agrees is asked of 150 walks in test_any_sequence.py.
"""

from dataclasses import replace
from typing import Any

import pytest

from gate.core.access_arrangements import EXTRA_TIME
from gate.core.effects import Record
from gate.core.events import CandidateFound, CardRemoved
from gate.core.exam import Exam
from gate.core.rule_check import Checked, check_decisions
from gate.core.state import Phase
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
)

Journal = list[dict[str, Any]]


def morning() -> Journal:
    """One who is let in and comes again, one who is too early, one whose paper is another."""
    gate = Gate()
    for card, who in (
        (laid(), candidate("am", key="a")),
        (laid(), candidate("am", key="a")),
        (laid(at("08:15")), candidate("am", key="b")),
        (laid(at("09:30")), candidate("am", key="c")),
        (laid(), candidate("pm", key="d")),
    ):
        gate.feed(card)
        gate.feed(CandidateFound(who))
        if not gate.asked:
            gate.feed(GOOD)
        assert gate.of(Record)
        gate.commit()
        gate.feed(CardRemoved(instant()))
        while gate.state.phase is not Phase.IDLE:
            gate.wait()
    return [e for e in gate.journal if e["kind"] == "decision"]


def checked(journal: Journal, exam: Exam | None = EXAM) -> Checked:
    return check_decisions(journal, lambda _: exam)  # type: ignore[arg-type]


def test_a_journal_of_the_lane_agrees() -> None:
    journal = morning()
    assert [e["reason"] for e in journal] == [
        "OK",
        "ALREADY_ADMITTED",
        "TOO_EARLY",
        "TOO_LATE",
        "WRONG_PAPER",
    ]
    assert checked(journal) == Checked(5, 0, ())


OK = {"outcome": "ADMIT", "reason": "OK"}
CHANGED = [
    (0, {"score": -0.5, "floor": 0.2}, "FACE_MISMATCH"),
    (0, {"normalised": 0.1}, "FACE_MISMATCH"),
    (0, {"score": None}, "without a face"),
    (0, {"fresh": 0}, "frame of this visit"),
    (0, {"clock": "untrusted"}, "CLOCK_UNTRUSTED"),
    (0, {"key": None}, "somebody unknown"),
    (0, {"found": "2027-04-10T08:15:00.000+08:00"}, "TOO_EARLY"),
    (0, {"found": "2027-04-10T09:30:00.000+08:00"}, "TOO_LATE"),
    (0, {"document": "notice"}, "DOCUMENT_NOT_ACCEPTED"),
    (0, {"odd": ["name"]}, "DOCUMENT_NOT_ACCEPTED"),
    (0, {"outcome": "REFUSE"}, "ADMIT OK"),
    (0, {"reason": "TOO_LATE", "outcome": "REFUSE"}, "ADMIT OK"),
    (0, {"reason": "ALREADY_ADMITTED", "outcome": "REFER"}, "ADMIT OK"),
    (0, {"reason": "LEFT_ALREADY", "outcome": "REFUSE"}, "ADMIT OK"),
    (0, {"reason": "CONJURED"}, "this version"),
    (0, {"found": "yesterday"}, "this version"),
    (1, OK, "without a face"),
    (1, {"reason": "TOO_EARLY", "outcome": "REFUSE"}, "ALREADY_ADMITTED"),
    (2, {"reason": "TOO_LATE"}, "TOO_EARLY"),
    (3, {"reason": "NO_FACE", "outcome": "REFER"}, "TOO_LATE"),
    (4, {"reason": "TOO_EARLY"}, "WRONG_PAPER"),
]


@pytest.mark.parametrize(("number", "changes", "said"), CHANGED, ids=str)
def test_a_changed_decision_does_not(number: int, changes: dict[str, Any], said: str) -> None:
    journal = morning()
    journal[number] = {**journal[number], **changes}
    found = checked(journal).differing
    assert [d.id for d in found][:1] == [journal[number]["id"]]
    assert said in found[0].expected


def test_a_second_entry_on_the_same_face_does_not_agree() -> None:
    journal = morning()
    journal[1] = {**journal[0], "id": journal[1]["id"]}
    (found,) = checked(journal).differing
    assert (found.recorded, found.expected) == ("ADMIT OK", "REFER ALREADY_ADMITTED")


def test_without_the_description_only_the_record_itself_is_asked() -> None:
    journal = morning()
    journal[2] = {**journal[2], "reason": "TOO_LATE"}
    assert checked(journal, None) == Checked(5, 5, ())
    journal[0] = {**journal[0], "normalised": -0.5}
    assert len(checked(journal, None).differing) == 1


@pytest.mark.parametrize(("minutes", "differing"), [(45, 0), (0, 1)])
def test_who_is_granted_more_time_is_not_in_the_journal_and_may_be_anybody(
    minutes: float, differing: int
) -> None:
    longer = exam_of(replace(MORNING, extra_time_min=45), AFTERNOON)
    slow = replace(ANNA, flags=frozenset({EXTRA_TIME}))
    gate = Gate(longer).admit(slow)
    gate.wait()
    gate.leave(CandidateFound(slow), at("11:10"))
    gate.feed(laid(at("11:40")))
    gate.feed(CandidateFound(slow))
    gate.commit()
    journal = [e for e in gate.journal if e["kind"] == "decision"]
    assert [e["reason"] for e in journal] == ["OK", "TOO_EARLY_TO_LEAVE", "ALREADY_ADMITTED"]
    known = exam_of(replace(MORNING, extra_time_min=minutes), AFTERNOON)
    assert len(checked(journal, known).differing) == differing
