"""Staff have looked at a candidate's notice and health report. Wired up in admission.TABLE.

The record says that they looked and whether all is in order. It repeats no answer.
"""

from gate.core.effects import RecordBeside
from gate.core.events import Fault, PapersLooked
from gate.core.staff_and_fault_transitions import out_of_service
from gate.core.state import State, Step


def looked(state: State, event: PapersLooked) -> Step:
    """StorageRefused: nothing can be recorded."""
    if Fault.JOURNAL in state.faults:
        raise out_of_service()
    body = {
        "ticket": event.ticket,
        "key": event.key,
        "paper": event.paper,
        "by": event.by,
        "complete": event.complete,
    }
    return state, (RecordBeside("papers", body),)
