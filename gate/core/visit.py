"""The transitions of one visit: card, rules, face, record, lamps. Wired up in admission.TABLE."""

from dataclasses import replace
from datetime import datetime

from gate.core import closed_path, face_declined, record_bodies, scans
from gate.core.access_arrangements import WHEELCHAIR
from gate.core.action_excuse import first_look, look_at
from gate.core.arrivals import serve
from gate.core.effects import (
    Effect,
    ForgetFaces,
    JournalNote,
    Record,
    Show,
)
from gate.core.entry_rules import Ruling, rule
from gate.core.events import (
    CandidateElsewhere,
    CandidateFound,
    CandidateUnknown,
    DecisionRecorded,
    FaceJudged,
    Fault,
    LookupFailed,
    RecordRefused,
    TimeElapsed,
)
from gate.core.exam import Paper
from gate.core.local_time import time_text
from gate.core.lookalike_policy import paper_for
from gate.core.reasons import ASK_AGAIN, CLOSED_PATH, MEANING, SHOW_S, Advice, Outcome, Reason, text
from gate.core.records import PATH_CLOSED, DecisionBody
from gate.core.replay import remember
from gate.core.staff_and_fault_transitions import record_refused
from gate.core.staff_record_transitions import staff_recorded
from gate.core.state import (
    STOPS_ALL,
    Phase,
    State,
    Step,
    Visit,
    at_rest,
    find_unsettled,
    illegal,
    let_in,
    show,
    visit_of,
    with_timer,
    zone_of,
)

# -- rules and face ------------------------------------------------------------------------------


def looked_up(state: State, event: CandidateFound | CandidateElsewhere | CandidateUnknown) -> Step:
    """The roster has answered: the rules decide whether the face is compared or the visit ends."""
    visit, exam = visit_of(state), state.exam
    if exam is None:
        raise illegal(state, "a lookup without an exam")
    ruling = rule(
        exam,
        event,
        visit.shown,
        state.entered.keys(),
        left=state.left.keys(),
        rooms=state.rooms,
        papers_shown=state.papers_shown,
    )
    if isinstance(event, CandidateFound):
        ticket, key = event.candidate.ticket, event.candidate.key
        if WHEELCHAIR in event.candidate.flags:
            state = replace(state, wheelchairs=state.wheelchairs | {key})
        if ruling.paper is not None:
            ruling = replace(ruling, paper=paper_for(event.candidate, ruling.paper))
        ruling = face_declined.ruled(ruling, event.candidate, visit)
        visit = replace(visit, declined=face_declined.is_declined(event.candidate, visit))
    else:
        ticket, key = None, event.key
    visit = replace(visit, ruling=ruling, ticket=ticket, key=key)
    if scans.is_bare_notice(visit):
        return _bare_notice(state, visit)
    if ruling.reason is not Reason.OK or ruling.paper is None:
        return _decide(state, visit, None)
    closed = _closed_path(state, visit)
    if closed is not None:
        return _decide(state, replace(visit, ruling=closed), None)
    if Fault.CAMERA in state.faults:  # no face was asked for, and the record says so
        blind = replace(ruling, reason=Reason.NO_FACE, facts={})
        return _decide(state, replace(visit, ruling=blind), None)
    matching, judge = first_look(state, visit, ruling.paper)
    return matching, (judge,)


def _closed_path(state: State, visit: Visit) -> Ruling | None:
    """The ruling where the machine asks this face no more; None: it does."""
    failed = state.failed.get(visit.key or "", ())
    if not closed_path.is_machine_path(visit.shown.source):
        return None
    if not closed_path.is_closed(failed, visit.shown.found):
        return None
    return replace(visit.ruling, reason=closed_path.reason_of(failed), facts={CLOSED_PATH: "yes"})


def _bare_notice(state: State, visit: Visit) -> Step:
    if state.faults:
        return _abandoned(state)
    if state.waiting is not None:  # the card was laid down meanwhile
        return serve(replace(state, visit=None), state.waiting)
    return _abandoned(state) if scans.is_inside(state, visit) else scans.ask_for_card(state, visit)


def lookup_failed(state: State, event: LookupFailed) -> Step:
    """The roster itself is damaged: nobody is decided by half a roster."""
    failed, acts = _abandoned(replace(state, faults=state.faults | {Fault.ROSTER}))
    return failed, (
        *acts,
        JournalNote("fault", {"fault": Fault.ROSTER.value, "detail": event.detail}),
    )


def judged(state: State, event: FaceJudged) -> Step:
    """An attempt at the face has ended: the visit is decided or another attempt begins."""
    if STOPS_ALL & state.faults:  # asking again would be in vain
        return _abandoned(state)
    visit = visit_of(state)
    paper = visit.ruling.paper
    if visit.declined_by is not None:  # whatever the face says, nobody was to look at it
        return _decide(state, face_declined.decided(visit), None)
    if event.reason is Reason.OK or paper is None:
        return _decide(state, visit, event)
    gravest = _graver(visit.gravest, event)
    if visit.attempt >= max(paper.face.attempts, visit.excused_attempt):
        return _decide(state, visit, gravest)
    again = replace(visit, attempt=visit.attempt + 1, gravest=gravest)
    zh, en = text(event.reason, _advice(event))
    asking = Show(ASK_AGAIN, event.reason, zh, en, _advice(event))
    judge = look_at(again, paper)
    return replace(state, visit=again), (asking, judge)


def _graver(before: FaceJudged | None, now: FaceJudged) -> FaceJudged:
    """A doubt once raised stays: a mismatch is not undone by walking away from the camera."""
    if before and MEANING[before.reason].doubtful and not MEANING[now.reason].doubtful:
        return before
    return now


def _decide(state: State, visit: Visit, face: FaceJudged | None) -> Step:
    """Everything is known: ask for the record. Nothing is shown before it is committed."""
    if STOPS_ALL & state.faults:
        return _abandoned(state)
    ruling = visit.ruling
    if face is not None and face.reason is not Reason.OK:
        ruling = replace(ruling, reason=face.reason, facts=_advice(face))
    elif ruling.reason is Reason.OK and _entered_meanwhile(state, visit):
        ruling = replace(ruling, reason=Reason.ALREADY_ADMITTED)
    entered = _entered(state, visit)
    if ruling.reason is Reason.ALREADY_ADMITTED and ruling.paper is not None:
        ruling = replace(ruling, facts=_entry_facts(state, visit, ruling.paper, entered))
    body = record_bodies.decision_body(
        visit.shown,
        ruling,
        ticket=visit.ticket,
        key=visit.key,
        face=face,
        attempt=visit.attempt,
        zone=zone_of(state),
        entered=entered,
        declined_by=visit.declined_by,
        declined=visit.declined,
    )
    gate = _entered_at(state, visit)
    if entered and gate:
        body["entered_gate"] = gate
    decided = replace(visit, ruling=ruling, body=body)
    recording = replace(state, phase=Phase.RECORDING, visit=decided)
    return recording, (Record("decision", body, evidence=MEANING[ruling.reason].doubtful),)


def _entered_meanwhile(state: State, visit: Visit) -> bool:
    """Staff settled an earlier REFER of this candidate while the face was looked at, or their
    ADMIT is being recorded."""
    paper = visit.ruling.paper
    if paper is None or paper.reentry:
        return False
    given = state.verdict or (state.signing.settles if state.signing else None)
    case = find_unsettled(state, given.decision) if given and given.admit else None
    coming = case is not None and (case.facts["paper"], case.facts["key"]) == (paper.id, visit.key)
    return coming or (paper.id, visit.key) in state.entered


def _entered(state: State, visit: Visit) -> str | None:
    """When the candidate was last let in to the paper that the visit is about."""
    paper, key = visit.ruling.paper, visit.key
    return (state.entered.get((paper.id, key)) or None) if paper and key else None


def _entered_at(state: State, visit: Visit) -> str | None:
    """Which other gate of the site let the candidate in; None where it was this one."""
    paper, key = visit.ruling.paper, visit.key
    return state.gates.get((paper.id, key)) if paper and key else None


def _entry_facts(state: State, visit: Visit, paper: Paper, entered: str | None) -> dict[str, str]:
    """Which paper was entered and, as far as the journal knows, at what time."""
    facts = {"paper": paper.subject}
    if entered:
        minute = datetime.fromisoformat(entered).replace(second=0, microsecond=0)
        facts["when"] = time_text(minute, zone_of(state), visit.shown.found.at)
        gate = _entered_at(state, visit)
        if gate:
            facts["gate"] = gate
    return facts


def _abandoned(state: State) -> Step:
    """The visit ends undecided: nothing could be recorded, or nobody can be known."""
    rested, acts = at_rest(replace(state, visit=None))
    return rested, (*acts, ForgetFaces())


def _advice(face: FaceJudged) -> dict[str, str]:
    if face.reason is Reason.FACE_POOR:
        return {"advice": (face.advice or Advice.LOOK_STRAIGHT).value}
    return {}


# -- record, then act ----------------------------------------------------------------------------


def recorded(state: State, event: DecisionRecorded) -> Step:
    """Answers come in the order of the records; a verdict can only have been asked for before."""
    if state.is_staff_record_due:
        return staff_recorded(state, event)
    visit = visit_of(state)
    if visit.body is None:
        raise illegal(state, "nothing was to be recorded")
    reason = visit.ruling.reason
    phase = Phase.SHOWING
    acts: tuple[Effect, ...] = (show(reason, visit.ruling.facts),)
    match MEANING[reason].outcome:
        case Outcome.ADMIT:
            acts = let_in(state, visit.key, reason, visit.ruling.facts)
        case Outcome.REFER if not state.faults:
            phase = Phase.IDLE
    done = remember(replace(state, phase=phase, visit=None), "decision", event, visit.body)
    shown, timer = with_timer(done, SHOW_S)
    return shown, (*acts, ForgetFaces(), timer, *_path_closes(state, shown, visit.body, event))


def _path_closes(
    before: State, after: State, body: DecisionBody, event: DecisionRecorded
) -> tuple[JournalNote, ...]:
    """The journal says so where this decision closed the machine path of its candidate."""
    key = body["key"] or ""
    if before.failed.get(key) == after.failed.get(key):
        return ()
    if closed_path.is_closed(before.failed.get(key, ()), event.at):
        return ()
    if not closed_path.is_closed(after.failed[key], event.at):
        return ()
    facts = {"ticket": body["ticket"], "key": body["key"], "paper": body["paper"]}
    return (JournalNote("case", {"case": event.decision, "change": PATH_CLOSED, **facts}),)


def refused(state: State, event: RecordRefused) -> Step:
    """What could not be written did not happen: nobody is admitted."""
    if state.is_staff_record_due:
        return record_refused(state, event)
    return _abandoned(replace(state, faults=state.faults | {Fault.JOURNAL}))


def show_ended(state: State, event: TimeElapsed) -> Step:
    """The signals' time is over: the next card is served or the gate rests."""
    if event.token != state.token:
        return state, ()
    if state.waiting is not None and not state.faults:
        return serve(state, state.waiting)
    if state.notice is not None and not state.faults:
        return _notice_ended(state, state.notice)
    return at_rest(replace(state, unreadable=0))


def _notice_ended(state: State, notice: Visit) -> Step:
    """No card came after a notice; or a verdict was shown meanwhile, and it is asked for again."""
    if scans.is_inside(state, notice):
        return at_rest(replace(state, notice=None, unreadable=0))
    if state.phase is Phase.SHOWING:
        return scans.ask_for_card(state, notice)
    return _decide(replace(state, notice=None, unreadable=0), notice, None)


def next_waiting(state: State, event: TimeElapsed) -> Step:
    """A REFER goes on flashing when its time is over; only the next card is let in."""
    if event.token == state.token and state.waiting is not None:
        return serve(state, state.waiting)
    return state, ()
