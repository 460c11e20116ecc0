"""The transitions beside a visit: staff, faults, rosters. Wired up in admission.TABLE."""

from collections.abc import Sequence
from dataclasses import replace

from gate.core.effects import JournalNote
from gate.core.event_age import age_s
from gate.core.events import (
    Acknowledged,
    Fault,
    FaultCleared,
    FaultRaised,
    ReaderBack,
    ReaderLost,
    RecordRefused,
    RosterOpened,
)
from gate.core.state import (
    BUSY,
    STOPS_ALL,
    Phase,
    State,
    Step,
    Unsettled,
    at_rest,
)
from gate.errors import StorageRefused

NOTED_AT_ONCE = 100
"""Decisions named in one journal entry: a day's REFERs together are longer than one may be."""


def refuse_while_stopped(state: State) -> None:
    """StorageRefused: without a journal or a roster nobody can be decided and recorded."""
    if STOPS_ALL & state.faults:
        raise out_of_service()


def out_of_service() -> StorageRefused:
    """What staff are told while nothing can be recorded."""
    return StorageRefused(
        "Out of service: nothing can be recorded; use the staffed lane.",
        "设备停用，无法记录，请走人工通道。",
    )


def record_refused(state: State, event: RecordRefused) -> Step:
    """The journal took no verdict, or no note.

    A visit under way goes on to its own end, because the answer to its face or its lookup is still
    to come. Nothing is decided there.
    """
    hurt = replace(
        state,
        verdict=None,
        signing=None,
        correction=None,
        faults=state.faults | {Fault.JOURNAL},
    )
    if state.phase in BUSY:
        return hurt, ()
    return at_rest(hurt)


def acknowledged(state: State, event: Acknowledged) -> Step:
    """Marks all open REFERs as seen and notes it; without a new one nothing happens."""
    new = [u for u in state.unsettled if not u.acknowledged]
    if not new:
        return state, ()  # a button that bounces
    seen = tuple(replace(u, acknowledged=True) for u in state.unsettled)
    silent = replace(state, unsettled=seen)
    notes = tuple(
        _seen_by(event, new[first : first + NOTED_AT_ONCE])
        for first in range(0, len(new), NOTED_AT_ONCE)
    )
    if state.phase is not Phase.IDLE:
        return silent, notes
    rested, acts = at_rest(silent)
    return rested, (*acts, *notes)


def _seen_by(event: Acknowledged, seen: Sequence[Unsettled]) -> JournalNote:
    """`reaction_s`: from each REFER's record to now, None where nobody can know."""
    return JournalNote(
        "acknowledged",
        {
            "by": event.by,
            "decisions": [u.decision for u in seen],
            "papers": [u.facts.get("paper") for u in seen],
            "reaction_s": [_reaction_s(u, event) for u in seen],
        },
    )


def _reaction_s(case: Unsettled, event: Acknowledged) -> float | None:
    age = age_s(case.recorded, event.at, this_run=case.this_run)
    return None if age is None else round(age, 1)


# -- faults and roster ---------------------------------------------------------------------------


def fault(state: State, event: FaultRaised | ReaderLost) -> Step:
    """A fault begins: it is noted, and a gate without a visit under way goes out of service."""
    what = event.fault if isinstance(event, FaultRaised) else Fault.READER
    if what in state.faults:
        return state, ()
    hurt = replace(state, faults=state.faults | {what})
    note = JournalNote("fault", {"fault": what.value, "detail": event.detail})
    if state.phase in BUSY or state.phase is Phase.SHOWING:
        return hurt, (note,)
    rested, acts = at_rest(hurt)
    return rested, (*acts, note)


def healed(state: State, event: FaultCleared | ReaderBack) -> Step:
    """A fault is over: it is noted, and a gate out of service returns to rest."""
    what = event.fault if isinstance(event, FaultCleared) else Fault.READER
    if what not in state.faults:
        return state, ()
    well = replace(state, faults=state.faults - {what})
    note = JournalNote("healed", {"fault": what.value})
    if state.phase is not Phase.OUT_OF_SERVICE:
        return well, (note,)
    rested, acts = at_rest(well)
    return rested, (*acts, note)


def roster(state: State, event: RosterOpened) -> Step:
    """What another exam left unsettled is its own affair: nobody at the gate can settle it now.
    One journal entry says it all: that a roster is there again needs no second one."""
    of_this = (None, event.exam.id)
    opened = replace(
        state,
        exam=event.exam,
        faults=state.faults - {Fault.ROSTER},
        unsettled=tuple(u for u in state.unsettled if u.facts.get("exam") in of_this),
        settled={k: s for k, s in state.settled.items() if s.verdict.get("exam") in of_this},
        failed={k: f for k, f in state.failed.items() if f[-1].exam in of_this},
        has_staff=event.has_staff,
        notice=None,
    )
    note = JournalNote("roster", {"roster": event.version, "staff": event.has_staff})
    if state.phase is not Phase.OUT_OF_SERVICE:
        return opened, (note,)
    rested, acts = at_rest(opened)
    return rested, (*acts, note)
