"""One lane of one gate: the state table and `step`.

Every transition stands in `TABLE` and nowhere else. It leads to the phases of its row or stays. An
event without a row is IllegalEvent, our own mistake, and changes nothing. What staff ask at the
wrong moment is an error of theirs (InputRejected, StorageRefused). It changes nothing either.

The handlers are in arrivals.py, scans.py, visit.py, action_excuse.py and card_left_lying.py, and
in face_declined.py, staff_verdict_transitions.py, staff_record_transitions.py and
staff_and_fault_transitions.py.

A visit goes LOOKING_UP -> MATCHING -> RECORDING -> SHOWING; rules may skip MATCHING. ASKING waits
for a card, to be laid again or after a scanned notice. OUT_OF_SERVICE decides nothing. Staff
verdicts run beside the phases, because an invigilator settles one person while the next lays the
card down.

LOOKING_UP, MATCHING and RECORDING end by the answer to what they asked for and by nothing else. A
late answer would be taken for the next person's.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from gate.core import (
    action_excuse,
    arrivals,
    beside,
    card_left_lying,
    exits,
    face_declined,
    papers_check,
    peers,
    reassignment,
    scans,
    site_report,
    staff_and_fault_transitions,
    staff_record_transitions,
    staff_verdict_transitions,
    visit,
)
from gate.core.events import (
    Acknowledged,
    ActionExcused,
    CandidateElsewhere,
    CandidateFound,
    CandidateUnknown,
    CardPresented,
    CardRemoved,
    CardUnreadable,
    CaseSigned,
    CorrectionGiven,
    DecisionRecorded,
    ExitRead,
    FaceDeclined,
    FaceJudged,
    FaultCleared,
    FaultRaised,
    LaneEvent,
    LookDue,
    LookupFailed,
    PapersLooked,
    PeersHeard,
    ReaderBack,
    ReaderLost,
    RecordedBeside,
    RecordRefused,
    RefusedBeside,
    ReportSigned,
    RoomsReassigned,
    RosterOpened,
    ScanPresented,
    StaffTyped,
    TimeElapsed,
    VerdictGiven,
)
from gate.core.reasons import Reason
from gate.core.state import Phase, State, Step, show
from gate.errors import IllegalEvent


def step(state: State, event: LaneEvent) -> Step:
    """The next state and what is to be done. IllegalEvent names phase and event."""
    name = type(event).__name__
    handler = TABLE.get((state.phase, type(event)))
    if handler is None:
        raise IllegalEvent(
            f"{name} has no row in phase {state.phase}.", phase=state.phase, event=name
        )
    try:
        after, acts = handler(state, event)
        return card_left_lying.follow(state, event, after), acts
    except IllegalEvent as e:
        raise IllegalEvent(f"{name}: {e.en}", phase=state.phase, event=name) from e


def _ignored(state: State, event: LaneEvent) -> Step:
    return state, ()


def _out_of_service_card(state: State, event: LaneEvent) -> Step:
    """Nothing is decided; the candidate is shown once more where to go."""
    return state, (show(Reason.OUT_OF_SERVICE, {}),)


Handler = Callable[[State, Any], Step]
_IDLE, _ASKING, _LOOKING, _MATCHING, _RECORDING, _SHOWING, _OUT = Phase
_REST = (_IDLE, _ASKING)
_BUSY = (_LOOKING, _MATCHING, _RECORDING)
_ALL = tuple(Phase)
_FAULTS, _HEALINGS = (FaultRaised, ReaderLost), (FaultCleared, ReaderBack)


class Transition(NamedTuple):
    """One row of the state table.

    `leads_to`: the phases that the handler may change to; it may always stay.
    """

    phases: tuple[Phase, ...]
    events: tuple[type, ...]
    handler: Handler
    leads_to: tuple[Phase, ...] = ()


ROWS = (
    Transition(_REST, (CardPresented,), arrivals.card, (_LOOKING,)),
    Transition((_SHOWING,), (CardPresented,), arrivals.card, (_LOOKING, _OUT)),
    Transition(_BUSY, (CardPresented,), arrivals.card_waits),
    Transition((_OUT,), (CardPresented, CardUnreadable), _out_of_service_card),
    Transition(_REST, (CardUnreadable,), arrivals.unreadable, (_ASKING, _RECORDING)),
    Transition((_SHOWING,), (CardUnreadable,), arrivals.unreadable, (_ASKING, _RECORDING, _OUT)),
    Transition(_BUSY, (CardUnreadable,), arrivals.card_gone),
    Transition(_ALL, (CardRemoved,), arrivals.card_gone),
    Transition(_REST, (ScanPresented,), scans.scan, (_LOOKING,)),
    Transition((_SHOWING,), (ScanPresented,), scans.scan_waits),
    Transition((*_BUSY, _OUT), (ScanPresented,), scans.scan_dropped),
    Transition((*_REST, _SHOWING, _OUT), (StaffTyped,), arrivals.typed, (_LOOKING,)),
    Transition(_BUSY, (StaffTyped,), arrivals.typed_too_soon),
    Transition(
        (_LOOKING,), (CandidateFound,), visit.looked_up,
        (_MATCHING, _RECORDING, _ASKING, _IDLE, _OUT),
    ),
    Transition((_LOOKING,), (CandidateElsewhere,), visit.looked_up, (_RECORDING, _OUT)),
    Transition((_LOOKING,), (CandidateUnknown,), visit.looked_up, (_RECORDING, _ASKING, _OUT)),
    Transition((_LOOKING,), (LookupFailed,), visit.lookup_failed, (_OUT,)),
    Transition((_MATCHING,), (FaceJudged,), visit.judged, (_RECORDING, _OUT)),
    Transition((_RECORDING,), (DecisionRecorded,), visit.recorded, (_SHOWING, _IDLE)),
    Transition((_RECORDING,), (RecordRefused,), visit.refused, (_OUT,)),
    Transition(
        (_LOOKING, _MATCHING), (DecisionRecorded,), staff_record_transitions.staff_recorded
    ),
    Transition((_LOOKING, _MATCHING), (RecordRefused,), staff_and_fault_transitions.record_refused),
    Transition(
        (*_REST, _SHOWING, _OUT), (DecisionRecorded,), staff_record_transitions.staff_recorded,
        (_SHOWING,),
    ),
    Transition(
        (*_REST, _SHOWING, _OUT), (RecordRefused,), staff_and_fault_transitions.record_refused,
        (_OUT,),
    ),
    Transition((_SHOWING,), (TimeElapsed,), visit.show_ended, (_IDLE, _LOOKING, _ASKING, _OUT)),
    Transition((_ASKING,), (TimeElapsed,), visit.show_ended, (_IDLE, _RECORDING)),
    Transition((_IDLE,), (TimeElapsed,), visit.next_waiting, (_LOOKING,)),
    Transition((*_BUSY, _OUT), (TimeElapsed,), _ignored),
    Transition(_ALL, (LookDue,), card_left_lying.look),
    Transition(_ALL, (ExitRead,), exits.read),
    Transition(_ALL, (RoomsReassigned,), reassignment.reassigned),
    Transition(_ALL, (ReportSigned,), site_report.signed),
    Transition(_ALL, (PeersHeard,), peers.heard),
    Transition(_ALL, (RecordedBeside,), beside.recorded),
    Transition(_REST, (RefusedBeside,), beside.refused, (_OUT,)),
    Transition((*_BUSY, _SHOWING, _OUT), (RefusedBeside,), beside.refused),
    Transition(_ALL, (VerdictGiven,), staff_verdict_transitions.verdict),
    Transition(_ALL, (CaseSigned,), staff_verdict_transitions.sign),
    Transition(_ALL, (CorrectionGiven,), staff_verdict_transitions.correct),
    Transition(_ALL, (ActionExcused,), action_excuse.excused),
    Transition(_ALL, (FaceDeclined,), face_declined.declined),
    Transition(_ALL, (PapersLooked,), papers_check.looked),
    Transition(_ALL, (Acknowledged,), staff_and_fault_transitions.acknowledged),
    Transition(_REST, _FAULTS, staff_and_fault_transitions.fault, (_OUT,)),
    Transition((*_BUSY, _SHOWING, _OUT), _FAULTS, staff_and_fault_transitions.fault),
    Transition((_OUT,), _HEALINGS, staff_and_fault_transitions.healed, (_IDLE,)),
    Transition((_OUT,), (RosterOpened,), staff_and_fault_transitions.roster, (_IDLE,)),
    Transition((*_REST, *_BUSY, _SHOWING), _HEALINGS, staff_and_fault_transitions.healed),
    Transition((*_REST, *_BUSY, _SHOWING), (RosterOpened,), staff_and_fault_transitions.roster),
)  # fmt: skip
"""A later row for the same phase and event would replace an earlier one; there is none (tested)."""

TABLE: dict[tuple[Phase, type], Handler] = {
    (phase, event): row.handler for row in ROWS for phase in row.phases for event in row.events
}
