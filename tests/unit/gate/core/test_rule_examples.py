"""Rules of exams as notices state them, each as its candidates meet it at the gate."""

from dataclasses import replace
from datetime import date

import pytest

from gate.core.card import DocumentKind
from gate.core.effects import JudgeFace, LookUpTyped
from gate.core.entry_rules import rule
from gate.core.events import CandidateElsewhere, CandidateFound
from gate.core.exam import Exam
from gate.core.reasons import Reason, text
from tests.unit.gate.core.world import (
    AFTERNOON,
    ANNA,
    GOOD,
    MORNING,
    Gate,
    at,
    candidate,
    exam_of,
    shown,
    typed,
)


def reason_at(exam: Exam, when: str) -> Reason:
    return rule(exam, CandidateFound(ANNA), shown(at(when)), set()).reason


LISTENING = exam_of(replace(MORNING, closes_after_min=-15))


@pytest.mark.parametrize(
    ("when", "reason"),
    [
        ("08:29:59", Reason.TOO_EARLY),
        ("08:30", Reason.OK),
        ("08:44:59", Reason.OK),
        ("08:45", Reason.TOO_LATE),
        ("09:00", Reason.TOO_LATE),
        ("09:14", Reason.TOO_LATE),
    ],
)
def test_a_listening_paper_closes_before_its_start(when: str, reason: Reason) -> None:
    assert reason_at(LISTENING, when) is reason


def test_who_is_late_for_it_is_told_when_it_closed() -> None:
    ruling = rule(LISTENING, CandidateFound(ANNA), shown(at("08:50")), set())
    zh, en = text(ruling.reason, ruling.facts)
    assert zh == "开考前15分钟后不得入场"
    assert en == "Entry closed at 08:45"


@pytest.mark.parametrize(
    ("minutes", "before", "opens"), [(25, "08:34:59", "08:35"), (38, "08:21:59", "08:22")]
)
def test_how_early_a_paper_opens_is_its_own(minutes: float, before: str, opens: str) -> None:
    exam = exam_of(replace(MORNING, opens_before_min=minutes), AFTERNOON)
    assert reason_at(exam, before) is Reason.TOO_EARLY
    assert reason_at(exam, opens) is Reason.OK


def test_wrong_paper_site_and_room_are_told_apart_each_with_the_right_place() -> None:
    exam = exam_of(MORNING, AFTERNOON)
    morning = shown(at("08:45"))
    paper = rule(exam, CandidateFound(candidate("pm")), morning, set())
    site = rule(exam, CandidateElsewhere("wh-hs-02", "ab"), morning, set())
    room = rule(exam, CandidateFound(ANNA), morning, set(), rooms=("05",))
    said = [text(r.reason, r.facts)[1] for r in (paper, site, room)]
    assert [r.reason for r in (paper, site, room)] == [
        Reason.WRONG_PAPER,
        Reason.WRONG_SITE,
        Reason.WRONG_ROOM,
    ]
    assert said[0].startswith("Your paper is at ")
    assert "14:30" in said[0]
    assert said[1:] == ["Your site is 第二考点", "Your room is 03"]


@pytest.mark.parametrize(
    ("last_day", "reason"),
    [(date(2027, 4, 10), "OK"), (date(2027, 4, 9), "DOCUMENT_EXPIRED")],
)
def test_a_temporary_card_counts_while_it_is_valid(last_day: date, reason: str) -> None:
    """It has no chip: staff type who it names, and the face is looked at."""
    gate = Gate()
    gate.feed(replace(typed(), valid_to=last_day))
    gate.feed(CandidateFound(ANNA))
    if reason == "OK":
        gate.feed(GOOD)
    body = gate.record()
    assert (body["document"], body["reason"]) == ("temporary", reason)


def test_a_paper_that_takes_no_temporary_card_says_so() -> None:
    resident = frozenset({DocumentKind.RESIDENT})
    gate = Gate(exam_of(replace(MORNING, documents=resident)))
    gate.feed(typed())
    gate.feed(CandidateFound(ANNA))
    assert gate.record()["reason"] == "DOCUMENT_NOT_ACCEPTED"


def test_without_a_card_the_number_is_typed_and_then_the_face_is_checked() -> None:
    gate = Gate()
    gate.feed(typed())
    assert gate.of(LookUpTyped)
    gate.feed(CandidateFound(ANNA))
    assert gate.of(JudgeFace)
    gate.feed(GOOD)
    body = gate.record()
    assert (body["source"], body["by"], body["reason"]) == ("typed", "Li", "OK")


def test_early_leave_and_re_entry_are_of_each_paper() -> None:
    strict = replace(MORNING, leave_before_end_min=0)
    free = replace(AFTERNOON, leave_before_end_min=90, reentry=True)
    both = candidate("am", "pm")
    gate = Gate(exam_of(strict, free)).admit(both)
    gate.leave(CandidateFound(both), at("11:29"))
    assert gate.journal[-1]["reason"] == "TOO_EARLY_TO_LEAVE"
    again = rule(
        exam_of(strict, free), CandidateFound(both), shown(at("14:40")), {("pm", both.key)}
    )
    assert again.reason is Reason.OK
    closed = rule(
        exam_of(strict, free), CandidateFound(both), shown(at("08:50")), {("am", both.key)}
    )
    assert closed.reason is Reason.ALREADY_ADMITTED
