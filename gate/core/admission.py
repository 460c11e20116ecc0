"""One lane of one gate: the state table and `step`.

Two laws. Every transition stands in `TABLE` and nowhere else (the handlers are in visit.py and
upkeep.py). An event without a
row is IllegalEvent and changes nothing.

Phases: a visit goes LOOKING_UP -> MATCHING -> RECORDING -> SHOWING; rules may skip MATCHING; ASKING
waits for a card to be laid again; OUT_OF_SERVICE decides nothing. Staff verdicts run beside the
phases, because an invigilator settles one person while the next lays the card down.
"""

from collections.abc import Callable
from typing import Any

from gate.core import upkeep, visit
from gate.core.events import (
    Acknowledged,
    CandidateElsewhere,
    CandidateFound,
    CandidateUnknown,
    CardPresented,
    CardRemoved,
    CardUnreadable,
    DecisionRecorded,
    Event,
    FaceJudged,
    FaultCleared,
    FaultRaised,
    LookupFailed,
    ReaderBack,
    ReaderLost,
    RecordRefused,
    RosterOpened,
    StaffTyped,
    TimeElapsed,
    VerdictGiven,
)
from gate.core.reasons import Reason
from gate.core.state import BUSY, Phase, State, Step, show
from gate.errors import IllegalEvent


def step(state: State, event: Event) -> Step:
    """The next state and what is to be done. IllegalEvent names phase and event."""
    handler = TABLE.get((state.phase, type(event)))
    if handler is None:
        name = type(event).__name__
        raise IllegalEvent(
            f"{name} has no row in phase {state.phase}.", phase=state.phase, event=name
        )
    return handler(state, event)


def _ignored(state: State, event: Event) -> Step:
    return state, ()


def _out_of_service_card(state: State, event: Event) -> Step:
    """Nothing is decided; the candidate is shown once more where to go."""
    return state, (show(Reason.OUT_OF_SERVICE, {}),)


Handler = Callable[[State, Any], Step]
_FREE = (Phase.IDLE, Phase.ASKING, Phase.SHOWING)
_STOPPED = (Phase.OUT_OF_SERVICE,)
_ALL = tuple(Phase)

_ROWS: tuple[tuple[tuple[Phase, ...], tuple[type, ...], Handler], ...] = (
    (_FREE, (CardPresented,), visit.card),
    (tuple(BUSY), (CardPresented,), visit.card_waits),
    (_STOPPED, (CardPresented, CardUnreadable), _out_of_service_card),
    (_FREE, (CardUnreadable,), visit.unreadable),
    (tuple(BUSY), (CardUnreadable,), _ignored),
    (_ALL, (CardRemoved,), _ignored),
    ((*_FREE, *_STOPPED), (StaffTyped,), visit.typed),
    (
        (Phase.LOOKING_UP,),
        (CandidateFound, CandidateElsewhere, CandidateUnknown),
        visit.looked_up,
    ),
    ((Phase.LOOKING_UP,), (LookupFailed,), visit.lookup_failed),
    ((Phase.MATCHING,), (FaceJudged,), visit.judged),
    (_ALL, (DecisionRecorded,), visit.recorded),
    (_ALL, (RecordRefused,), visit.refused),
    ((Phase.SHOWING, Phase.ASKING), (TimeElapsed,), visit.show_ended),
    ((Phase.IDLE,), (TimeElapsed,), visit.next_waiting),
    ((*BUSY, *_STOPPED), (TimeElapsed,), _ignored),
    (_ALL, (VerdictGiven,), upkeep.verdict),
    (_ALL, (Acknowledged,), upkeep.acknowledged),
    (_ALL, (FaultRaised, ReaderLost), upkeep.fault),
    (_ALL, (FaultCleared, ReaderBack), upkeep.healed),
    (_ALL, (RosterOpened,), upkeep.roster),
)

TABLE: dict[tuple[Phase, type], Handler] = {
    (phase, event): handler
    for phases, events, handler in _ROWS
    for phase in phases
    for event in events
}
