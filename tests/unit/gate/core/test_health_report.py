"""Notice and health report: what is wanting, what staff do, and the rule at the lane."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.entry_rules import rule
from gate.core.events import CandidateFound, PapersLooked
from gate.core.exam import Exam
from gate.core.health_report import (
    ANSWERS,
    HEALTH_REPORT,
    NOTHING,
    NOTICE,
    REQUIREMENTS,
    HandedIn,
    Question,
    Wanting,
    looked_through,
    wanting,
    what_to_do,
)
from gate.core.papers_check import looked
from gate.core.reasons import Reason
from gate.core.replay import replay
from gate.core.state import State
from tests.unit.gate.core.world import MORNING, at, candidate, exam_of, shown

CODE = Question("green", "健康码是否为绿码？", "Is the code green?", "no")
CONTACT = Question("contact", "有无接触？", "Any contact?")
SYMPTOMS = Question("symptoms", "有无症状？", "Any symptoms?", standby=True)
QUESTIONS = (CODE, CONTACT, SYMPTOMS)
FINE = {"green": "yes", "contact": "no", "symptoms": "no"}
BOTH = frozenset(REQUIREMENTS)
EVERYTHING = HandedIn(True, FINE)
W = Wanting


@pytest.mark.parametrize(
    ("requires", "handed_in", "found"),
    [
        (frozenset(), NOTHING, ()),
        (BOTH, EVERYTHING, ()),
        (BOTH, NOTHING, (W.NOTICE, W.HEALTH_REPORT)),
        ({NOTICE}, NOTHING, (W.NOTICE,)),
        ({NOTICE}, HandedIn(True), ()),
        ({HEALTH_REPORT}, HandedIn(True), (W.HEALTH_REPORT,)),
        ({HEALTH_REPORT}, HandedIn(False, {"contact": "no"}), (W.HEALTH_REPORT,)),
        (BOTH, HandedIn(True, {**FINE, "contact": "yes"}), (W.CONCERN,)),
        (BOTH, HandedIn(True, {**FINE, "green": "no"}), (W.CONCERN,)),
        (BOTH, HandedIn(True, {**FINE, "symptoms": "yes"}), (W.STANDBY,)),
        (BOTH, HandedIn(False, {"symptoms": "yes"}), (W.NOTICE, W.HEALTH_REPORT, W.STANDBY)),
        (frozenset(), HandedIn(False, {"symptoms": "yes"}), ()),
    ],
)
def test_what_is_wanting(
    requires: frozenset[str], handed_in: HandedIn, found: tuple[Wanting, ...]
) -> None:
    assert wanting(requires, QUESTIONS, handed_in) == found


def test_a_report_without_questions_has_to_be_there() -> None:
    assert wanting({HEALTH_REPORT}, (), NOTHING) == (W.HEALTH_REPORT,)
    assert wanting({HEALTH_REPORT}, (), HandedIn(False, {})) == ()


def test_the_sentence_says_what_to_do_and_no_answer() -> None:
    zh, en = what_to_do((W.NOTICE, W.CONCERN), "")
    assert en == "Look at the exam notice, and look at the papers for an answer."
    assert zh == "查验准考通知单；健康申报有需核查项，请查验证明材料。"
    zh, en = what_to_do((W.STANDBY,), "备用03")
    assert "备用03" in zh
    assert "备用03" in en
    assert "备用隔离考场" in what_to_do((W.STANDBY,), "")[0]


def test_a_look_at_the_report_settles_what_papers_can_settle() -> None:
    before = HandedIn(False, {**FINE, "contact": "yes", "symptoms": "yes"})
    after = looked_through(QUESTIONS, before, [NOTICE, HEALTH_REPORT], {})
    assert wanting(BOTH, QUESTIONS, after) == (W.STANDBY,)
    well = looked_through(QUESTIONS, after, [], {"symptoms": "no"})
    assert wanting(BOTH, QUESTIONS, well) == ()
    told = looked_through(QUESTIONS, NOTHING, [HEALTH_REPORT], {"contact": "yes"})
    assert wanting({HEALTH_REPORT}, QUESTIONS, told) == (W.CONCERN,)


ANSWERED = st.dictionaries(st.sampled_from([q.id for q in QUESTIONS]), st.sampled_from(ANSWERS))


@given(
    health=st.none() | ANSWERED,
    told=ANSWERED,
    shown_=st.lists(st.sampled_from(REQUIREMENTS)),
    requires=st.frozensets(st.sampled_from(REQUIREMENTS)),
)
def test_what_staff_say_last_counts(
    health: dict[str, str] | None,
    told: dict[str, str],
    shown_: list[str],
    requires: frozenset[str],
) -> None:
    after = looked_through(QUESTIONS, HandedIn(False, health), shown_, told)
    assert {**(after.health or {}), **told} == (after.health or {})
    again = looked_through(QUESTIONS, after, shown_, told)
    assert again == after
    concerns = [q for q in QUESTIONS if told.get(q.id) == q.concern]
    if HEALTH_REPORT in requires and concerns:
        assert wanting(requires, QUESTIONS, after)


EXAM: Exam = replace(
    exam_of(replace(MORNING, requires=BOTH, standby_room="备用01")), questions=QUESTIONS
)
ANNA = candidate("am")


def reason(handed_in: HandedIn, clock: str = "08:45", **more: object) -> Reason:
    who = replace(ANNA, handed_in=handed_in, has_reference=bool(more.pop("reference", True)))
    trusted = bool(more.pop("trusted", True))
    inside = more.pop("inside", set())
    presented = shown(at(clock), trusted=trusted)
    return rule(EXAM, CandidateFound(who), presented, inside, **more).reason


def test_papers_are_checked_before_the_face_and_after_the_window() -> None:
    here = {("am", ANNA.key)}
    assert reason(EVERYTHING) is Reason.OK
    assert reason(NOTHING) is Reason.PAPERS_CHECK
    assert reason(NOTHING, "08:29") is Reason.TOO_EARLY
    assert reason(NOTHING, "09:15") is Reason.TOO_LATE
    assert reason(NOTHING, inside=here) is Reason.ALREADY_ADMITTED
    assert reason(NOTHING, trusted=False) is Reason.CLOCK_UNTRUSTED
    assert reason(NOTHING, papers_shown=here) is Reason.OK
    assert reason(NOTHING, papers_shown={("pm", ANNA.key)}) is Reason.PAPERS_CHECK
    assert reason(NOTHING, reference=False) is Reason.PAPERS_CHECK
    assert reason(EVERYTHING, reference=False) is Reason.NO_REFERENCE


def test_the_record_has_nothing_of_the_answers_and_is_remembered() -> None:
    event = PapersLooked("li", "T1", "ab12", "am", True, shown(at("08:45")).found)
    state, (act,) = looked(State(faults=frozenset()), event)
    assert act.kind == "papers"
    assert act.body == {
        "ticket": "T1", "key": "ab12", "paper": "am", "by": "li", "complete": True
    }  # fmt: skip
    recorded = {"kind": "papers", **act.body}
    assert replay(state, [recorded]).papers_shown == {("am", "ab12")}
    taken_back = {**recorded, "complete": False}
    assert replay(state, [recorded, taken_back]).papers_shown == frozenset()
    assert replay(state, [{"kind": "papers"}]).papers_shown == frozenset()
