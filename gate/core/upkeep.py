"""The transitions beside a visit: staff, faults, rosters. Wired up in admission.TABLE."""

from dataclasses import replace

from gate.core import drafts
from gate.core.effects import Effect, Note, OpenBarrier, Record
from gate.core.events import (
    Acknowledged,
    DecisionRecorded,
    Fault,
    FaultCleared,
    FaultRaised,
    ReaderBack,
    ReaderLost,
    RosterOpened,
    VerdictGiven,
)
from gate.core.reasons import SHOW_S, Reason
from gate.core.state import (
    BUSY,
    STOPS_ALL,
    Phase,
    State,
    Step,
    at_rest,
    entered,
    find_unsettled,
    show,
    with_timer,
)
from gate.errors import IllegalEvent


def refuse_while_stopped(state: State) -> None:
    """Without a journal or a roster not even staff can have anything decided and recorded."""
    if STOPS_ALL & state.faults:
        raise IllegalEvent("Out of service: nothing can be recorded.", phase=state.phase)


def verdict(state: State, event: VerdictGiven) -> Step:
    refuse_while_stopped(state)
    settled = find_unsettled(state, event.decision)
    if settled is None:
        raise IllegalEvent("No such unsettled decision.", phase=state.phase)
    body = drafts.verdict_body(event, settled.facts)
    return replace(state, verdict=event), (Record("verdict", body),)


def verdict_recorded(state: State, event: DecisionRecorded) -> Step:
    given = state.verdict
    settled = find_unsettled(state, given.decision) if given else None
    if given is None or settled is None:
        raise IllegalEvent("A verdict on nothing.", phase=state.phase)
    left = tuple(u for u in state.unsettled if u is not settled)
    done = replace(state, verdict=None, unsettled=left)
    reason = Reason.STAFF_ADMIT if given.admit else Reason.STAFF_DENY
    acts: tuple[Effect, ...] = (show(reason, {}),)
    if given.admit:
        done = replace(done, inside=done.inside | entered(settled.facts))
        acts = (*acts, OpenBarrier())
    if done.phase in BUSY:
        return done, acts
    shown, timer = with_timer(replace(done, phase=Phase.SHOWING), SHOW_S)
    return shown, (*acts, timer)


def acknowledged(state: State, event: Acknowledged) -> Step:
    seen = tuple(replace(u, acknowledged=True) for u in state.unsettled)
    silent = replace(state, unsettled=seen)
    note = Note("acknowledged", {"by": event.by, "decisions": [u.decision for u in seen]})
    if state.phase is not Phase.IDLE:
        return silent, (note,)
    rested, acts = at_rest(silent)
    return rested, (*acts, note)


# -- faults and roster ---------------------------------------------------------------------------


def fault(state: State, event: FaultRaised | ReaderLost) -> Step:
    what = event.fault if isinstance(event, FaultRaised) else Fault.READER
    if what in state.faults:
        return state, ()
    hurt = replace(state, faults=state.faults | {what})
    note = Note("fault", {"fault": what.value, "detail": event.detail})
    if state.phase in BUSY or state.phase is Phase.SHOWING:
        return hurt, (note,)
    rested, acts = at_rest(hurt)
    return rested, (*acts, note)


def healed(state: State, event: FaultCleared | ReaderBack) -> Step:
    what = event.fault if isinstance(event, FaultCleared) else Fault.READER
    if what not in state.faults:
        return state, ()
    well = replace(state, faults=state.faults - {what})
    note = Note("healed", {"fault": what.value})
    if state.phase is not Phase.OUT_OF_SERVICE:
        return well, (note,)
    rested, acts = at_rest(well)
    return rested, (*acts, note)


def roster(state: State, event: RosterOpened) -> Step:
    opened = replace(state, exam=event.exam)
    well, acts = healed(opened, FaultCleared(Fault.ROSTER))
    return well, (*acts, Note("roster", {"roster": event.version}))
