"""What is recorded beside a visit and changes what the gate remembers: leavings, rooms, peers.

It is committed first. Then the same fold of the journal remembers it that a restart uses, so that
a replay is what was. Wired up in admission.TABLE.
"""

from dataclasses import replace

from gate.core.effects import Effect, TellExit
from gate.core.events import Fault, RecordedBeside, RefusedBeside
from gate.core.replay import remember_event
from gate.core.state import BUSY, Phase, State, Step, at_rest

NOT_RECORDED = (
    "离场未能记录，请监考员用纸笔登记",
    "The leaving is not recorded: the invigilator writes it down",
)


def recorded(state: State, event: RecordedBeside) -> Step:
    """It stands in the journal; a new REFER begins to flash."""
    done = remember_event(state, event.event)
    if event.event["kind"] == "decision" and done.phase is Phase.IDLE:
        return at_rest(done)
    return done, ()


def refused(state: State, event: RefusedBeside) -> Step:
    """The journal took nothing: nothing has changed, and a visit goes on to its own end."""
    hurt = replace(state, faults=state.faults | {Fault.JOURNAL})
    told: tuple[Effect, ...] = ()
    if event.reader:
        told = (TellExit(event.reader, "", *NOT_RECORDED),)
    if state.phase in BUSY or state.phase is Phase.SHOWING:
        return hurt, told
    rested, acts = at_rest(hurt)
    return rested, (*acts, *told)
