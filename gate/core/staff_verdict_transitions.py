"""The transitions of staff's verdict on a REFER. Wired up in admission.TABLE."""

from dataclasses import replace

from gate.core import exits, record_bodies
from gate.core.effects import Effect, OpenBarrier, Record
from gate.core.events import DecisionRecorded, Fault, VerdictGiven
from gate.core.reasons import SHOW_S, Reason
from gate.core.replay import remember
from gate.core.signer_names import are_two
from gate.core.staff_and_fault_transitions import out_of_service
from gate.core.staff_verdict import settlement
from gate.core.state import (
    BUSY,
    Phase,
    State,
    Step,
    at_rest,
    find_unsettled,
    illegal,
    show,
    with_timer,
)
from gate.errors import NoSuchEntry, UsageError


def verdict(state: State, event: VerdictGiven) -> Step:
    """Records a staff verdict; it needs no roster.

    NoSuchEntry: the decision is not open (any more). UsageError: both signatures are of one person,
    or the answer to another record is due. StorageRefused: there is no journal.
    """
    if Fault.JOURNAL in state.faults:
        raise out_of_service()
    if state.verdict is not None or state.phase is Phase.RECORDING:
        raise UsageError("Another decision is being recorded: try again.", "正在记录，请稍后再试。")
    if event.second is not None and not are_two(event.by, event.second):
        raise UsageError(
            "by and second are one person's name: somebody else must confirm.",
            "操作人与复核人为同一人：请由另一人复核。",
            by=event.by,
            second=event.second,
        )
    case = find_unsettled(state, event.decision)
    if case is None:
        raise _not_open(state, event.decision)
    body = record_bodies.verdict_body(event, case, settlement(state, event, case))
    return replace(state, verdict=event), (Record("verdict", body),)


def verdict_recorded(state: State, event: DecisionRecorded) -> Step:
    """A verdict is in the journal: its case is settled, and lamps and barrier may move."""
    given = state.verdict
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
    acts: tuple[Effect, ...] = (show(Reason(body["reason"]), {}),)
    if given.admit:
        acts = (*acts, OpenBarrier())
    if done.phase in BUSY:
        return done, acts
    shown, timer = with_timer(replace(done, phase=Phase.SHOWING), SHOW_S)
    return shown, (*acts, timer)


def _not_open(state: State, decision: str) -> NoSuchEntry:
    newer = next((u.decision for u in state.unsettled if decision in u.earlier), None)
    if newer is not None:
        return NoSuchEntry(
            f"Decision {decision} was followed by {newer} of the same candidate and paper: "
            "settle that one.",
            f"该考生本场已有更新的判定 {newer}：请处理该判定。",
            decision=decision,
            newer=newer,
        )
    return NoSuchEntry(
        f"No unsettled decision {decision}: see status for those that wait.",
        f"没有待处理的判定 {decision}：请查看状态。",
        decision=decision,
    )
