"""Whatever happens in whatever order: the laws of the lane, by seeded walks through the table."""

from dataclasses import replace
from datetime import timedelta
from functools import cache
from random import Random
from typing import Any

import pytest

from gate.core.admission import ROWS
from gate.core.card import USUAL_DOCUMENTS, DocumentKind
from gate.core.effects import ForgetFaces, JudgeFace, Record, RecordBeside, Show
from gate.core.events import (
    Acknowledged,
    ActionExcused,
    CandidateElsewhere,
    CandidateFound,
    CandidateUnknown,
    CardRemoved,
    DecisionRecorded,
    FaceJudged,
    Fault,
    FaultCleared,
    FaultRaised,
    Instant,
    LookDue,
    LookupFailed,
    ReaderBack,
    ReaderLost,
    RecordedBeside,
    RecordRefused,
    RefusedBeside,
    RoomsReassigned,
    RosterOpened,
    ScanPresented,
    TimeElapsed,
)
from gate.core.exam import FacePolicy
from gate.core.reasons import FACE_REASONS, MEANING, Outcome, Reason
from gate.core.replay import replay
from gate.core.rule_check import check_decisions
from gate.core.state import BUSY, STOPS_ALL, Phase, State, Unsettled
from gate.errors import IllegalEvent, NoSuchEntry, StorageRefused, UsageError
from tests.unit.gate.core.world import (
    AFTERNOON,
    EXAM,
    GOOD,
    MORNING,
    Gate,
    at,
    candidate,
    exam_of,
    face,
    instant,
    laid,
    leaving,
    scanned,
    typed,
    unread,
    verdict,
)

LEADS = {
    (phase, event): {phase, *row.leads_to}
    for row in ROWS
    for phase in row.phases
    for event in row.events
}
Edge = tuple[Phase, type, Phase]

PEOPLE = [
    candidate(*papers, key=key, has_reference=reference)
    for papers in (("am",), ("am",), ("am",), ("pm",))
    for key in "abcd"
    for reference in (True, True, True, False)
]
CARDS = [
    laid(),
    laid(),
    laid(),
    laid(),
    laid(at("09:15")),
    laid(trusted=False),
    *[unread()] * 4,
]
SCANS = [*[scanned()] * 3, scanned(DocumentKind.TRAVEL_DOCUMENT), scanned(trusted=False)]
THINGS = [
    CardRemoved(instant()),
    LookDue(instant()),
    typed(),
    typed(),
    Acknowledged("button", instant()),
    ActionExcused("li", instant()),
]
TROUBLE = [ReaderLost("gone"), RecordRefused(), *(FaultRaised(f) for f in Fault)]
NEW_ROSTER = RosterOpened(EXAM, "v2")
HEALING = [ReaderBack(), NEW_ROSTER, *(FaultCleared(f) for f in Fault)]
FOUND = [
    *map(CandidateFound, PEOPLE),
    *[CandidateElsewhere("wh-hs-02", "e")] * 16,
    *[CandidateUnknown("u")] * 16,
    *[LookupFailed("damaged")] * 2,
]
FACES = [*[GOOD] * 4, *(face(r) for r in sorted(FACE_REASONS))]
NONSENSE = [GOOD, CandidateUnknown("x"), DecisionRecorded("x", instant())]
TWICE = ["wang", "Ｗａｎｇ ", "W ang", "Wa\u200bng"]
SECONDS = [*[None] * 6, "Li", "李", *TWICE]
AGES_S = [0.0, 0.0, 30.0, 30.0, 119.9, 119.9, 120.0, 4500.0]
DUE = {Phase.LOOKING_UP: CandidateUnknown, Phase.MATCHING: FaceJudged}


class AnyMorning:
    """The world answers what it was asked, in its own time; the laws hold at each step."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        self.gate = Gate(state=State())
        self.judged_ok = False
        self.attempts = 0
        self.edges: set[Edge] = set()
        once = replace(MORNING, face=FacePolicy(attempts=1))
        scans = USUAL_DOCUMENTS | {DocumentKind.NOTICE, DocumentKind.TRAVEL_DOCUMENT}
        lenient = replace(MORNING, documents=scans)
        open_door = exam_of(replace(MORNING, reentry=True), AFTERNOON)
        exams = [exam_of(once, AFTERNOON), EXAM, exam_of(lenient, AFTERNOON), open_door]
        self.exam = exams[seed % len(exams)]
        self.feed(RosterOpened(self.exam, "v1"))

    # -- what happens ----------------------------------------------------------------------------

    def walk(self, steps: int) -> None:
        acts = [
            (self.card, 12),
            (self.scan, 8),
            (self.answer, 40),
            (self.journal, 40),
            (self.thing, 6),
            (self.exit, 4),
            (self.reassign, 2),
            (self.trouble, 3),
            (self.healing, 12),
            (self.settle, 9),
            (self.nonsense, 4),
            (self.old_timer, 3),
            (self.newest_timer, 12),
        ]
        for act in self.chance.choices([a for a, _ in acts], [w for _, w in acts], k=steps):
            act()
            self.phases_and_faults_agree()
            self.every_record_is_answered_first()
        self.nothing_is_settled_twice()
        self.a_restart_remembers()
        self.the_rules_give_every_decision()

    def card(self) -> None:
        self.feed(self.chance.choice(CARDS))

    def scan(self) -> None:
        before, event = self.gate.state, self.chance.choice(SCANS)
        self.feed(event)
        if before.phase in BUSY or before.phase is Phase.OUT_OF_SERVICE:
            assert self.gate.state == before, "a scan beside somebody's visit is nobody's"

    def thing(self) -> None:
        self.feed(self.chance.choice(THINGS))

    def exit(self) -> None:
        """Somebody lays a card at the exit, at any time of the morning."""
        who = self.chance.choice([*FOUND[:-2], None])
        when = at(self.chance.choice(["08:50", "10:59", "11:00", "11:10", "11:40", "14:10"]))
        before = self.gate.state
        self.feed(leaving(who, when, trusted=self.chance.random() < 0.9))
        self.the_journal_answers_beside(before)
        assert self.gate.state.visit == before.visit, "an exit reading touches nobody's visit"

    def reassign(self) -> None:
        before = self.gate.state
        rooms = self.chance.choice([(), (), ("03",), ("3",), ("04", "05")])
        self.feed(RoomsReassigned(rooms, "li", instant()))
        self.the_journal_answers_beside(before)

    def the_journal_answers_beside(self, before: State) -> None:
        if not self.gate.of(RecordBeside) or self.gate.state != before:
            return
        if self.chance.random() < 0.9:
            asked = self.gate.of(RecordBeside)[0]
            self.gate.commit_beside()
            self.leads(before, RecordedBeside, self.gate.state)
            assert asked.kind != "left" or self.gate.state.phase is before.phase
        else:
            self.feed(RefusedBeside("south"))
            assert self.gate.state.left == before.left, "who was not recorded has not left"
        self.who_is_where()

    def trouble(self) -> None:
        event = self.chance.choice(TROUBLE)
        # The journal refuses notes too; but while a record is due, a refusal is its answer.
        if not (isinstance(event, RecordRefused) and self.gate.asked):
            self.feed(event)

    def healing(self) -> None:
        event = self.chance.choice(HEALING)
        self.feed(RosterOpened(self.exam, "v2") if event is NEW_ROSTER else event)

    def answer(self) -> None:
        """To the lookup or to the face, whichever is under way."""
        if self.gate.state.phase is Phase.LOOKING_UP:
            self.feed(self.chance.choice(FOUND))
        elif self.gate.state.phase is Phase.MATCHING:
            event = self.chance.choice(FACES)
            self.attempts += 1
            self.judged_ok = event is GOOD
            self.feed(event)

    def journal(self) -> None:
        if not self.gate.asked:
            return
        if self.chance.random() < 0.9:
            self.commit(self.gate.asked[0])
        else:
            self.gate.asked.pop(0)
            self.feed(RecordRefused())

    def settle(self) -> None:
        """At any age, by one or two, or by one who signs twice; sometimes a REFER that another one
        took the place of."""
        if not self.gate.state.unsettled:
            return
        case = self.chance.choice(self.gate.state.unsettled)
        decision = self.chance.choice([case.decision, case.decision, *case.earlier])
        second = self.chance.choice(SECONDS)
        age_s, admit = self.chance.choice(AGES_S), self.chance.random() < 0.5
        given = verdict(decision, admit=admit, second=second, when=later(age_s))
        self.feed(given)
        if second in TWICE or decision != case.decision:
            assert self.gate.state.verdict is not given

    def nonsense(self) -> None:
        """An answer to nothing is illegal and changes nothing."""
        event, before = self.chance.choice(NONSENSE), self.gate.state
        if isinstance(event, DUE.get(before.phase, ())) or self.gate.asked:
            return
        with pytest.raises(IllegalEvent) as refused:
            self.gate.feed(event)
        assert (refused.value.phase, refused.value.event) == (before.phase, type(event).__name__)
        assert self.gate.state == before

    def old_timer(self) -> None:
        before = self.gate.state
        if before.token:
            assert self.gate.feed(TimeElapsed(before.token - 1)) == ()
            assert self.gate.state == before

    def newest_timer(self) -> None:
        self.feed(TimeElapsed(self.gate.state.token))

    # -- the laws --------------------------------------------------------------------------------

    def commit(self, record: Record) -> None:
        before = self.gate.state
        self.gate.commit()
        body, after = record.body, self.gate.state
        admitted, person = body["outcome"] == Outcome.ADMIT, (body["paper"], body["key"])
        assert after.inside - before.inside <= {person}
        assert after.inside == before.inside or admitted
        if admitted and person in before.inside and not body.get("at_exit"):
            self.a_second_admit_is_a_return_or_says_so(record)
        if record.kind == "verdict":
            assert after.visit == before.visit
            assert body["decision"] not in {u.decision for u in after.unsettled}
            self.a_verdict_moves_what_it_may(body)
        else:
            assert self.gate.barrier == admitted
            assert self.gate.lamps == [str(MEANING[Reason(body["reason"])].pattern)]
        if record.kind == "decision" and body["outcome"] == Outcome.REFER:
            left = [u for u in before.unsettled if u.decision not in after.unsettled[-1].earlier]
            assert list(after.unsettled[:-1]) == left
        self.leads(before, DecisionRecorded, after)
        self.after_any_step(before)

    def a_second_admit_is_a_return_or_says_so(self, record: Record) -> None:
        papers = {p.id: p for p in self.exam.papers}
        returning = papers[record.body["paper"]].reentry
        assert returning or (record.kind == "verdict" and "admission" in record.body["after"])

    def a_verdict_moves_what_it_may(self, body: dict[str, Any]) -> None:
        """Lamps for somebody who still stands there; the barrier for an ADMIT in time, by names
        that are not one person's."""
        assert self.gate.barrier == body["barrier"]
        assert body["signals"] == [] or body["age_s"] < 120
        if body["signals"]:
            assert self.gate.lamps == [str(MEANING[Reason(body["reason"])].pattern)]
        if body["barrier"]:
            assert body["outcome"] == Outcome.ADMIT
            assert body["signals"]
            assert body["second"] not in TWICE

    def feed(self, event: Any) -> None:
        before = self.gate.state
        try:
            self.gate.feed(event)
        except (NoSuchEntry, StorageRefused, UsageError):
            assert self.gate.state == before
            return
        assert not self.gate.barrier, "opened without a commit in this very step"
        for shown in self.gate.of(Show):
            assert shown.reason not in ("OK", "STAFF_ADMIT"), "green without a commit"
        for record in self.gate.of(Record):
            self.recorded_as_it_was(record, before)
        self.leads(before, type(event), self.gate.state)
        self.after_any_step(before)

    def recorded_as_it_was(self, record: Record, before: State) -> None:
        assert not STOPS_ALL & before.faults or record.kind == "verdict"
        assert not self.gate.of(Show), "shown before it is committed"
        if record.kind != "decision":
            return
        body = record.body
        if body["outcome"] == Outcome.ADMIT:
            assert self.judged_ok
            assert body["reason"] == "OK"
        if body["document"] == "notice":
            self.a_notice_proves_nothing(body)
        assert record.evidence == MEANING[Reason(body["reason"])].doubtful
        assert (body["attempt"] or 0) <= 3

    def a_notice_proves_nothing(self, body: dict[str, Any]) -> None:
        """No face is asked for, nobody let in, by a notice that the paper does not accept."""
        papers = {p.id: p for p in self.exam.papers}
        accepted = body["paper"] and DocumentKind.NOTICE in papers[body["paper"]].documents
        assert accepted or (body["outcome"] != Outcome.ADMIT and body["attempt"] is None)
        assert (body["source"], body["scanner"], body["by"]) == ("scan", "door", None)

    def leads(self, before: State, event: type, after: State) -> None:
        assert after.phase in LEADS[before.phase, event]
        self.edges.add((before.phase, event, after.phase))

    def after_any_step(self, before: State) -> None:
        if self.gate.of(JudgeFace):
            assert self.gate.of(JudgeFace)[0].attempt == self.attempts + 1
        if before.visit and not self.gate.state.visit:
            assert self.gate.of(ForgetFaces), "the next person would be judged by this face"
        if self.gate.state.phase is not Phase.MATCHING:
            self.attempts = 0
            if self.gate.state.phase is not Phase.RECORDING:
                self.judged_ok = False
        self.lamps_at_rest()
        self.one_open_case_for_a_candidate_and_paper()

    def one_open_case_for_a_candidate_and_paper(self) -> None:
        cases = [(u.facts["paper"], u.facts["key"], u.at_exit) for u in self.gate.state.unsettled]
        known = [case for case in cases if case[1]]
        assert len(known) == len(set(known))

    def who_is_where(self) -> None:
        """Everybody who is expected is inside, has left or is absent; nobody is two of it."""
        state, expected = self.gate.state, {(p, k) for p in ("am", "pm") for k in "abcd"}
        assert state.left.keys() <= state.entered.keys()
        inside, left = expected & state.inside, expected & state.left.keys()
        absent = expected - state.entered.keys()
        assert len(inside) + len(left) + len(absent) == len(expected)

    def lamps_at_rest(self) -> None:
        """Whatever is shown on coming to rest is the newest REFER that nobody acknowledged."""
        state = self.gate.state
        if state.phase is Phase.IDLE and self.gate.lamps and not self.gate.of(ForgetFaces):
            loud = [u for u in state.unsettled if not u.acknowledged]
            expected = str(MEANING[loud[-1].reason].pattern) if loud else ""
            assert self.gate.lamps[-1] == expected

    def phases_and_faults_agree(self) -> None:
        state = self.gate.state
        if state.phase in (Phase.IDLE, Phase.ASKING):
            assert not state.faults
        if state.phase is Phase.OUT_OF_SERVICE:
            assert state.faults
            assert state.waiting is None
        assert (state.phase in BUSY) == (state.visit is not None)
        if isinstance(state.waiting, ScanPresented):
            assert state.phase is Phase.SHOWING
        if state.notice is not None:
            assert state.phase in (Phase.ASKING, Phase.SHOWING)

    def every_record_is_answered_first(self) -> None:
        waits = [self.gate.state.verdict is not None, self.gate.state.phase is Phase.RECORDING]
        kinds = [k for k, w in zip(("verdict", "decision"), waits, strict=True) if w]
        assert [r.kind for r in self.gate.asked] == kinds

    def nothing_is_settled_twice(self) -> None:
        settled = [e["decision"] for e in self.gate.journal if e["kind"] == "verdict"]
        assert len(settled) == len(set(settled))

    def a_restart_remembers(self) -> None:
        again, state = replay(State(), self.gate.journal), self.gate.state
        assert (again.entered, again.left) == (state.entered, state.left)
        assert again.reassigned == state.reassigned
        assert [remembered(u) for u in again.unsettled] == [remembered(u) for u in state.unsettled]

    def the_rules_give_every_decision(self) -> None:
        """Decided once more from the journal alone, as the office does it."""
        checked = check_decisions(self.gate.journal, lambda _: self.exam)
        assert checked.differing == ()
        assert checked.decisions == [e["kind"] for e in self.gate.journal].count("decision")


def remembered(case: Unsettled) -> tuple[Any, ...]:
    facts = (case.facts["paper"], case.facts["key"], case.facts["doubtful"])
    return case.decision, case.reason, case.acknowledged, case.earlier, case.admitted, *facts


def later(age_s: float) -> Instant:
    """So long after the records of the walk."""
    now = instant()
    return replace(
        now, at=now.at + timedelta(seconds=age_s), mono_ns=now.mono_ns + int(age_s * 1e9)
    )


@cache
def edges_of(seed: int) -> frozenset[Edge]:
    morning = AnyMorning(seed)
    morning.walk(400)
    return frozenset(morning.edges)


SEEDS = range(150)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_laws_hold(seed: int) -> None:
    assert edges_of(seed)


def test_the_walks_have_been_everywhere() -> None:
    """Every change of phase that a row declares does happen: the diagram promises nothing else."""
    walked = frozenset().union(*map(edges_of, SEEDS))
    declared = {(p, e, to) for (p, e), leads in LEADS.items() for to in leads if to is not p}
    assert declared - walked == set()
