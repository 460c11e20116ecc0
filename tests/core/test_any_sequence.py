"""Whatever happens in whatever order: the laws of the lane, by random walks through the table."""

from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from gate.core.admission import ROWS
from gate.core.effects import ForgetFaces, JudgeFace, Record, Show
from gate.core.events import (
    Acknowledged,
    CandidateElsewhere,
    CandidateFound,
    CandidateUnknown,
    CardRemoved,
    DecisionRecorded,
    Fault,
    FaultCleared,
    FaultRaised,
    LookupFailed,
    ReaderBack,
    ReaderLost,
    RecordRefused,
    RosterOpened,
    TimeElapsed,
)
from gate.core.reasons import FACE_REASONS, MEANING, Outcome, Reason
from gate.core.recall import recall
from gate.core.state import BUSY, STOPS_ALL, Phase, State
from gate.errors import IllegalEvent, NoSuchEntry, StorageRefused, UsageError
from tests.core.world import (
    EXAM,
    GOOD,
    Gate,
    at,
    candidate,
    face,
    instant,
    laid,
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
seen: set[tuple[Phase, type, Phase]] = set()
people = st.builds(
    candidate, st.sampled_from(["am", "pm"]), key=st.sampled_from(["a", "b"]),
    has_reference=st.sampled_from([True, True, True, False]),
)  # fmt: skip
cards = st.builds(
    laid, st.sampled_from([at("08:45"), at("08:45"), at("09:15")]),
    trusted=st.sampled_from([True, True, True, False]),
)  # fmt: skip
outside = st.one_of(
    cards,
    st.sampled_from([unread(), CardRemoved(instant()), typed(), Acknowledged("button", instant())]),
    st.sampled_from([ReaderLost("gone"), ReaderBack(), RosterOpened(EXAM, "v2")]),
    st.sampled_from(Fault).map(FaultRaised),
    st.sampled_from(Fault).map(FaultCleared),
)
elsewhere = st.sampled_from([CandidateElsewhere("wh-hs-02", "e"), CandidateUnknown("u")])
found = st.one_of(people.map(CandidateFound), people.map(CandidateFound), elsewhere,
                  st.just(LookupFailed("damaged")))  # fmt: skip
faces = st.sampled_from([GOOD, GOOD, *(face(r) for r in sorted(FACE_REASONS))])


class AnyMorning(RuleBasedStateMachine):
    """The world answers what it was asked, in its own time; the laws hold at each step."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = Gate(state=State())
        self.judged_ok = False
        self.attempts = 0
        self.verdict_asked = False

    @initialize()
    def open(self) -> None:
        self.feed(RosterOpened(EXAM, "v1"))

    # -- what happens ----------------------------------------------------------------------------

    @rule(event=outside)
    def people_and_things(self, event: Any) -> None:
        self.feed(event)

    @rule(event=cards)
    def a_card(self, event: Any) -> None:
        self.feed(event)

    @rule(event=st.sampled_from([*(FaultCleared(f) for f in Fault)]))
    def healing(self, event: Any) -> None:
        self.feed(event)

    @precondition(lambda self: self.gate.state.phase is Phase.LOOKING_UP)
    @rule(event=found)
    def lookup(self, event: Any) -> None:
        self.feed(event)

    @precondition(lambda self: self.gate.state.phase is Phase.MATCHING)
    @rule(event=faces)
    def look(self, event: Any) -> None:
        self.attempts += 1
        self.judged_ok = event is GOOD
        self.feed(event)

    @precondition(lambda self: self.gate.asked)
    @rule(written=st.sampled_from([True, True, True, False]))
    def journal(self, written: bool) -> None:
        if written:
            self.commit(self.gate.asked[0])
        else:
            self.gate.asked.pop(0)
            self.feed(RecordRefused())
            assert not self.gate.barrier

    @precondition(lambda self: self.gate.state.unsettled)
    @rule(admit=st.booleans(), data=st.data())
    def settle(self, admit: bool, data: st.DataObject) -> None:
        choice = data.draw(st.sampled_from(self.gate.state.unsettled))
        self.feed(verdict(choice.decision, admit=admit))

    @rule(event=st.sampled_from([GOOD, CandidateUnknown("x"), DecisionRecorded("x")]))
    def nonsense(self, event: Any) -> None:
        """An answer to nothing is illegal and changes nothing."""
        phase = self.gate.state.phase
        due = {Phase.LOOKING_UP: CandidateUnknown, Phase.MATCHING: type(GOOD)}
        if isinstance(event, due.get(phase, ())) or (
            isinstance(event, DecisionRecorded) and self.gate.asked
        ):
            return
        before = self.gate.state
        with pytest.raises(IllegalEvent) as refused:
            self.gate.feed(event)
        assert (refused.value.phase, refused.value.event) == (phase, type(event).__name__)
        assert self.gate.state == before

    @rule()
    def old_timer(self) -> None:
        before = self.gate.state
        if before.token:
            assert self.gate.feed(TimeElapsed(before.token - 1)) == ()
            assert self.gate.state == before

    @rule()
    def newest_timer(self) -> None:
        self.feed(TimeElapsed(self.gate.state.token))

    # -- the laws --------------------------------------------------------------------------------

    def commit(self, record: Record) -> None:
        before = self.gate.state
        self.gate.commit()
        body, after = record.body, self.gate.state
        admitted = body["outcome"] == Outcome.ADMIT
        assert self.gate.barrier == admitted
        assert self.gate.lamps == [str(MEANING[Reason(body["reason"])].pattern)]
        assert after.inside - before.inside <= {(body["paper"], body["key"])}
        assert after.inside == before.inside or admitted
        if record.kind == "verdict":
            assert after.visit == before.visit
            assert body["decision"] not in {u.decision for u in after.unsettled}
        elif body["outcome"] == Outcome.REFER:
            assert after.unsettled[:-1] == before.unsettled
        self.leads(before, DecisionRecorded, after)
        self.after_any_step(before)

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
            assert (body["paper"], body["key"]) not in before.inside
        assert record.evidence == MEANING[Reason(body["reason"])].doubtful
        assert (body["attempt"] or 0) <= 3

    def leads(self, before: State, event: type, after: State) -> None:
        assert after.phase in LEADS[before.phase, event]
        seen.add((before.phase, event, after.phase))

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

    def lamps_at_rest(self) -> None:
        """Whatever is shown on coming to rest is the newest REFER that nobody acknowledged."""
        state = self.gate.state
        if state.phase is Phase.IDLE and self.gate.lamps and not self.gate.of(ForgetFaces):
            loud = [u for u in state.unsettled if not u.acknowledged]
            expected = str(MEANING[loud[-1].reason].pattern) if loud else ""
            assert self.gate.lamps[-1] == expected

    @invariant()
    def phases_and_faults_agree(self) -> None:
        state = self.gate.state
        if state.phase in (Phase.IDLE, Phase.ASKING):
            assert not state.faults
        if state.phase is Phase.OUT_OF_SERVICE:
            assert state.faults
            assert state.waiting is None
        assert (state.phase in BUSY) == (state.visit is not None)

    @invariant()
    def every_record_is_answered_first(self) -> None:
        waits = [self.gate.state.verdict is not None, self.gate.state.phase is Phase.RECORDING]
        kinds = [k for k, w in zip(("verdict", "decision"), waits, strict=True) if w]
        assert [r.kind for r in self.gate.asked] == kinds

    @invariant()
    def nothing_is_settled_twice(self) -> None:
        settled = [e["decision"] for e in self.gate.journal if e["kind"] == "verdict"]
        assert len(settled) == len(set(settled))

    @invariant()
    def a_restart_remembers(self) -> None:
        again, state = recall(State(), self.gate.journal), self.gate.state
        assert again.inside == state.inside
        assert [(u.decision, u.reason, u.acknowledged) for u in again.unsettled] == [
            (u.decision, u.reason, u.acknowledged) for u in state.unsettled
        ]


def test_any_morning() -> None:
    run_state_machine_as_test(
        AnyMorning, settings=settings(max_examples=120, stateful_step_count=40, deadline=None)
    )
