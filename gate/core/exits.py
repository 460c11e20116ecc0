"""The transitions of an exit reader, beside the entry lane. Wired up in admission.TABLE.

An exit reading asks for no face, opens no barrier and ends no phase of the lane. What staff at the
exit have to decide is an open REFER like any other, and flashes when the lane is at rest.
"""

from collections.abc import Mapping
from typing import cast

from gate.core import record_bodies
from gate.core.beside import NOT_RECORDED
from gate.core.card import Expiry
from gate.core.effects import Effect, JournalNote, RecordBeside, TellExit
from gate.core.entry_rules import Presented, Ruling
from gate.core.events import (
    CandidateElsewhere,
    CandidateFound,
    CandidateUnknown,
    ExitRead,
    Fault,
    VerdictGiven,
)
from gate.core.leaving import Leaving, leave_from, rule_leaving
from gate.core.local_time import in_fixed_offset, time_text
from gate.core.reasons import Reason, text
from gate.core.records import DecisionBody, LeftBody
from gate.core.state import State, Step, Unsettled, zone_of

LEFT = ("已离场", "Has left")
LEFT_BEFORE = ("此前已离场，无需再刷", "Has left before: nothing is to be done")
NOT_ENTERED = (
    "已离场，但本机无其入场记录，请告知监考员",
    "Has left, and no entry of theirs is known: tell the invigilator",
)
UNKNOWN = (
    "离场读卡：查无此人，请监考员核对",
    "At the exit: nobody is known by this, the invigilator looks",
)

_NOT_HERE = (CandidateElsewhere, CandidateUnknown)


def read(state: State, event: ExitRead) -> Step:
    """Somebody laid a card or ticket at an exit."""
    if Fault.JOURNAL in state.faults:
        return state, (TellExit(event.reader, "", *NOT_RECORDED),)
    if state.exam is None or not isinstance(event.answer, CandidateFound):
        key = event.answer.key if isinstance(event.answer, _NOT_HERE) else None
        body = record_bodies.left_body(event.reader, (None, key or None))
        return state, (
            _record("left", body, event.reader),
            TellExit(event.reader, Reason.NOT_ON_ROSTER, *UNKNOWN),
        )
    who = event.answer.candidate
    leaving = rule_leaving(state.exam, who, event.at, state.entered, state.left)
    if leaving.again:
        return state, (TellExit(event.reader, Reason.OK, *LEFT_BEFORE),)
    if leaving.reason is not Reason.OK:
        return state, _referred(state, event, event.answer, leaving)
    paper, seat = leaving.paper, leaving.seat
    entered = state.entered.get((paper.id, who.key)) or None if paper else None
    body = record_bodies.left_body(event.reader, (who.ticket, who.key), paper, seat, entered)
    known = paper is not None and (paper.id, who.key) in state.entered
    return state, (
        _record("left", body, event.reader),
        TellExit(event.reader, Reason.OK, *(LEFT if known else NOT_ENTERED)),
    )


def _record(kind: str, body: LeftBody | DecisionBody, reader: str) -> RecordBeside:
    return RecordBeside(kind, cast(Mapping[str, object], body), reader)


def _referred(
    state: State, event: ExitRead, found: CandidateFound, leaving: Leaving
) -> tuple[Effect, ...]:
    """A REFER to the staff at the exit."""
    who, paper, zone = found.candidate, leaving.paper, zone_of(state)
    shown = Presented(
        event.source,
        event.document,
        None,
        Expiry.UNKNOWN,
        event.at,
        event.at.mono_ns,
        scanner=event.reader,
    )
    body = record_bodies.decision_body(
        shown,
        Ruling(leaving.reason, paper, leaving.seat),
        ticket=who.ticket,
        key=who.key,
        face=None,
        attempt=0,
        zone=zone,
        entered=state.entered.get((paper.id, who.key)) or None if paper else None,
    )
    body["at_exit"] = True
    facts = {}
    if paper is not None and leaving.reason is Reason.TOO_EARLY_TO_LEAVE:
        earliest = leave_from(paper)
        body["leave_from"] = in_fixed_offset(earliest, zone).isoformat(timespec="milliseconds")
        facts["time"] = time_text(earliest, zone, event.at.at)
    return (
        _record("decision", body, event.reader),
        TellExit(event.reader, leaving.reason, *text(leaving.reason, facts)),
    )


def stay_ended(given: VerdictGiven, case: Unsettled) -> tuple[Effect, ...]:
    """Staff let somebody leave: the verdict has ended the stay, and `left` says so as ever."""
    facts = case.facts
    body: LeftBody = {
        "ticket": facts["ticket"],
        "key": facts["key"],
        "paper": facts["paper"],
        "room": facts.get("room"),
        "seat": facts.get("seat"),
        "source": facts.get("scanner") or "",
        "entered": facts.get("entered"),
        "by": given.by,
        "decision": case.decision,
    }
    return (JournalNote("left", cast(Mapping[str, object], body)),)
