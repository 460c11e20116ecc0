"""The transitions of the journal's answers to what staff asked. Wired up in admission.TABLE.

A second signature is recorded before its verdict. Where the power goes between them, whoever signed
asks once more.
"""

from dataclasses import replace

from gate.core import exits, record_bodies
from gate.core.effects import Effect
from gate.core.events import CorrectionGiven, DecisionRecorded, VerdictGiven
from gate.core.reasons import SHOW_S, Reason
from gate.core.replay import remember
from gate.core.staff_records import record_correction, record_verdict
from gate.core.staff_verdict import settlement
from gate.core.state import (
    BUSY,
    Phase,
    Signing,
    State,
    Step,
    at_rest,
    find_unsettled,
    illegal,
    let_in,
    show,
    with_timer,
)


def staff_recorded(state: State, event: DecisionRecorded) -> Step:
    """What staff asked for is in the journal."""
    if state.signing is not None:
        return _signature_recorded(state, event, state.signing)
    if state.correction is not None:
        return _correction_recorded(state, event, state.correction)
    return _verdict_recorded(state, event, state.verdict)


def _signature_recorded(state: State, event: DecisionRecorded, signing: Signing) -> Step:
    """A signature is there: lamps of a case that somebody signs flash no more. With the second one
    its verdict or correction is asked for, unless a visit's own record is due before."""
    body = record_bodies.signature_body(signing)
    done = remember(replace(state, signing=None), "signature", event, body)
    match signing.settles:
        case VerdictGiven() as given if done.phase is not Phase.RECORDING:
            case = find_unsettled(done, signing.case)
            if case is not None:
                return record_verdict(done, given, case)
        case CorrectionGiven() as given if done.phase is not Phase.RECORDING:
            return record_correction(done, given, done.settled[signing.case])
    return at_rest(done) if done.phase is Phase.IDLE else (done, ())


def _verdict_recorded(state: State, event: DecisionRecorded, given: VerdictGiven | None) -> Step:
    """A verdict is in the journal: its case is settled, and lamps and barrier may move."""
    case = find_unsettled(state, given.decision) if given else None
    if given is None or case is None:
        raise illegal(state, "no record was asked for")
    settled = settlement(state, given, case)
    body = record_bodies.verdict_body(given, case, settled)
    done = remember(replace(state, verdict=None), "verdict", event, body)
    if not settled.at_the_door:
        ended = exits.stay_ended(given, case) if case.at_exit and given.admit else ()
        rested, shown_now = at_rest(done) if done.phase is Phase.IDLE else (done, ())
        return rested, (*shown_now, *ended)
    reason = Reason(body["reason"])
    acts: tuple[Effect, ...] = (show(reason, {}),)
    if given.admit:
        acts = let_in(state, case.facts.get("key"), reason, {})
    if done.phase in BUSY:
        return done, acts
    shown, timer = with_timer(replace(done, phase=Phase.SHOWING), SHOW_S)
    return shown, (*acts, timer)


def _correction_recorded(state: State, event: DecisionRecorded, given: CorrectionGiven) -> Step:
    """Who is inside follows; nobody stands at the gate for it."""
    body = record_bodies.correction_body(given, state.settled[given.decision])
    return remember(replace(state, correction=None), "case", event, body), ()
