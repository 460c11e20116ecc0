"""The transitions of one visit: card, rules, face, record, lamps. Wired up in admission.TABLE."""

from dataclasses import replace

from gate.core import drafts
from gate.core.card import DocumentKind, Expiry
from gate.core.effects import (
    Effect,
    ForgetFaces,
    JudgeFace,
    LookUpCard,
    LookUpTyped,
    Note,
    OpenBarrier,
    Record,
    Show,
)
from gate.core.entry import Presented, Ruling, rule
from gate.core.events import (
    CandidateElsewhere,
    CandidateFound,
    CandidateUnknown,
    CardPresented,
    CardRemoved,
    CardUnreadable,
    DecisionRecorded,
    FaceJudged,
    Fault,
    LookupFailed,
    RecordRefused,
    Source,
    StaffTyped,
    TimeElapsed,
)
from gate.core.exam import FacePolicy
from gate.core.reasons import ASK_AGAIN, MEANING, SHOW_S, Advice, Outcome, Reason, text
from gate.core.state import (
    STOPS_ALL,
    Phase,
    State,
    Step,
    Unsettled,
    Visit,
    at_rest,
    entered,
    illegal,
    show,
    visit_of,
    with_timer,
)
from gate.core.upkeep import record_refused, refuse_while_stopped, verdict_recorded
from gate.errors import UsageError

ASKING_S = 30.0
"""How long failed readings of one card are counted together before the next person starts anew."""

# -- cards and typed candidates ------------------------------------------------------------------


def card(state: State, event: CardPresented) -> Step:
    if state.faults:  # while the last outcome is still shown
        return at_rest(state)
    shown = Presented(
        Source.CARD, event.card.kind, event.card.valid_from, event.card.valid_to,
        event.found, event.read_mono_ns,
    )  # fmt: skip
    begun = replace(state, phase=Phase.LOOKING_UP, visit=Visit(shown), waiting=None, unreadable=0)
    return begun, (LookUpCard(event.card.number),)


def card_waits(state: State, event: CardPresented) -> Step:
    return replace(state, waiting=event), ()


def card_gone(state: State, event: CardRemoved | CardUnreadable) -> Step:
    """A card that waited has left the reader, and so may its owner: were it served later, somebody
    else's face would make its owner doubtful."""
    return replace(state, waiting=None), ()


def typed(state: State, event: StaffTyped) -> Step:
    """StorageRefused while nothing can be recorded."""
    refuse_while_stopped(state)
    shown = Presented(
        Source.TYPED, event.document, None, event.valid_to, event.at, event.at.mono_ns, event.by
    )
    begun = replace(state, phase=Phase.LOOKING_UP, visit=Visit(shown), unreadable=0)
    return begun, (LookUpTyped(event.handle, event.value),)


def typed_too_soon(state: State, event: StaffTyped) -> Step:
    """UsageError: one person at a time."""
    raise UsageError("Somebody is being checked: try again.", "正在核验他人，请稍后再试。")


def unreadable(state: State, event: CardUnreadable) -> Step:
    if state.faults:
        return at_rest(state)
    state = replace(state, waiting=None)  # another card lies there now
    count = state.unreadable + 1
    if count < _default_policy(state).attempts:
        zh, en = text(Reason.CARD_UNREADABLE, {})
        asking, timer = with_timer(replace(state, phase=Phase.ASKING, unreadable=count), ASKING_S)
        return asking, (Show(ASK_AGAIN, Reason.CARD_UNREADABLE, zh, en), timer)
    shown = Presented(
        Source.CARD, DocumentKind.RESIDENT, None, Expiry.UNKNOWN, event.found, event.found.mono_ns
    )
    visit = Visit(shown, Ruling(Reason.CARD_UNREADABLE), body=drafts.unreadable_body(shown, count))
    recording = replace(state, phase=Phase.RECORDING, visit=visit, unreadable=0)
    return recording, (Record("decision", visit.body),)


def _default_policy(state: State) -> FacePolicy:
    """Before a paper is known: the exam's first paper stands for its defaults."""
    return state.exam.papers[0].face if state.exam and state.exam.papers else FacePolicy()


# -- rules and face ------------------------------------------------------------------------------


def looked_up(state: State, event: CandidateFound | CandidateElsewhere | CandidateUnknown) -> Step:
    visit, exam = visit_of(state), state.exam
    if exam is None:
        raise illegal(state, "a lookup without an exam")
    ruling = rule(exam, event, visit.shown, state.inside)
    if isinstance(event, CandidateFound):
        ticket, key = event.candidate.ticket, event.candidate.key
    else:
        ticket, key = None, event.key
    visit = replace(visit, ruling=ruling, ticket=ticket, key=key)
    if ruling.reason is not Reason.OK or ruling.paper is None:
        return _decide(state, visit, None)
    if Fault.CAMERA in state.faults:  # no face was asked for, and the record says so
        blind = replace(ruling, reason=Reason.NO_FACE, facts={})
        return _decide(state, replace(visit, ruling=blind), None)
    matching = replace(state, phase=Phase.MATCHING, visit=replace(visit, attempt=1))
    return matching, (JudgeFace(ruling.paper.face, 1),)


def lookup_failed(state: State, event: LookupFailed) -> Step:
    """The roster itself is damaged: nobody is decided by half a roster."""
    failed, acts = _abandoned(replace(state, faults=state.faults | {Fault.ROSTER}))
    return failed, (*acts, Note("fault", {"fault": Fault.ROSTER.value, "detail": event.detail}))


def judged(state: State, event: FaceJudged) -> Step:
    if STOPS_ALL & state.faults:  # asking again would be in vain
        return _abandoned(state)
    visit = visit_of(state)
    paper = visit.ruling.paper
    if event.reason is Reason.OK or paper is None:
        return _decide(state, visit, event)
    gravest = _graver(visit.gravest, event)
    if visit.attempt >= paper.face.attempts:
        return _decide(state, visit, gravest)
    again = replace(visit, attempt=visit.attempt + 1, gravest=gravest)
    zh, en = text(event.reason, _advice(event))
    asking = Show(ASK_AGAIN, event.reason, zh, en)
    return replace(state, visit=again), (asking, JudgeFace(paper.face, again.attempt))


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
        ruling = replace(ruling, reason=Reason.ALREADY_ADMITTED, facts={})
    body = drafts.decision_body(
        visit.shown, ruling,
        ticket=visit.ticket, key=visit.key, face=face, attempt=visit.attempt,
    )  # fmt: skip
    decided = replace(visit, ruling=ruling, body=body)
    recording = replace(state, phase=Phase.RECORDING, visit=decided)
    return recording, (Record("decision", body, evidence=MEANING[ruling.reason].doubtful),)


def _entered_meanwhile(state: State, visit: Visit) -> bool:
    """Staff settled an earlier REFER of this candidate while the face was looked at."""
    paper = visit.ruling.paper
    return paper is not None and not paper.reentry and (paper.id, visit.key) in state.inside


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
    if state.verdict is not None:
        return verdict_recorded(state, event)
    visit = visit_of(state)
    reason = visit.ruling.reason
    done = replace(state, phase=Phase.SHOWING, visit=None)
    acts: tuple[Effect, ...] = (show(reason, visit.ruling.facts),)
    match MEANING[reason].outcome:
        case Outcome.ADMIT:
            done = replace(done, inside=done.inside | entered(visit.body))
            acts = (*acts, OpenBarrier())
        case Outcome.REFER:
            referred = Unsettled(event.decision, reason, visit.body)
            phase = Phase.SHOWING if state.faults else Phase.IDLE
            done = replace(done, phase=phase, unsettled=(*done.unsettled, referred))
    shown, timer = with_timer(done, SHOW_S)
    return shown, (*acts, ForgetFaces(), timer)


def refused(state: State, event: RecordRefused) -> Step:
    """What could not be written did not happen: nobody is admitted."""
    if state.verdict is not None:
        return record_refused(state, event)
    return _abandoned(replace(state, faults=state.faults | {Fault.JOURNAL}))


def show_ended(state: State, event: TimeElapsed) -> Step:
    if event.token != state.token:
        return state, ()
    if state.waiting is not None and not state.faults:
        return card(state, state.waiting)
    return at_rest(replace(state, unreadable=0))


def next_waiting(state: State, event: TimeElapsed) -> Step:
    """A REFER goes on flashing when its time is over; only the next card is let in."""
    if event.token == state.token and state.waiting is not None:
        return card(state, state.waiting)
    return state, ()
