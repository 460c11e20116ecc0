"""Staff give the gate other rooms. Wired up in admission.TABLE."""

from gate.core.effects import RecordBeside
from gate.core.events import Fault, RoomsReassigned
from gate.core.staff_and_fault_transitions import out_of_service
from gate.core.state import State, Step

ROOMS_MAX = 400
"""Rooms in one reassignment: its journal entry stays below 16 kB."""


def reassigned(state: State, event: RoomsReassigned) -> Step:
    """StorageRefused: nothing can be recorded."""
    if Fault.JOURNAL in state.faults:
        raise out_of_service()
    body = {
        "rooms": list(event.rooms),
        "before": list(state.rooms)[:ROOMS_MAX],
        "configured": list(state.unit_rooms),
        "exam": state.exam.id if state.exam else None,
        "by": event.by,
    }
    return state, (RecordBeside("reassigned", body),)
