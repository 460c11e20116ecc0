"""What a gate remembers of people: who is inside, which REFERs are open, who signed them.

The journal says it. At a start all of it is folded, and then each event as it is recorded, by the
same rules. A candidate has one open case for each paper. A newer REFER takes the place of the one
before it. A doubt once raised stays with the case.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import cast

from gate.core.closed_path import FailedVisit, is_failed_visit, with_failed
from gate.core.events import DecisionRecorded, Instant
from gate.core.gate_rooms import Reassignment
from gate.core.reasons import Outcome, Reason
from gate.core.records import CORRECTION, DecisionBody, JournalEvent, StaffBody
from gate.core.settled_case import KEPT, settled_by
from gate.core.signatures import ADMIT, Signature, added
from gate.core.site_entries import SiteEntry
from gate.core.state import State, Unsettled
from gate.core.stays import Stays

EARLIER_KEPT = 50
"""Ids of REFERs that a newer one took the place of: a verdict that names them fits an entry."""

Person = tuple[str | None, str, bool]
"""Paper id, None where none is known; candidate key; whether at an exit, where a case is another
one than at the entry."""


def replay(state: State, events: Iterable[JournalEvent]) -> State:
    """`state` with everybody who is inside and every REFER that staff have not settled, after
    `events` of this or an earlier run."""
    memory = _Memory(state)
    for event in events:
        memory.add(event)
    return memory.into(state)


def before_each_decision(
    events: Iterable[JournalEvent],
) -> Iterator[tuple[JournalEvent, State, State]]:
    """Each decision of `events`, with two states: just before it, and after the decision before it.
    Somebody may leave, or be heard of, while a face is looked at. The mappings of both hold until
    the next decision is asked for."""
    now, then, between = _Memory(State()), _Memory(State()), list[JournalEvent]()
    for event in events:
        if event["kind"] == "decision":
            yield event, now.into(State()), then.into(State())
            for earlier in between:
                then.add(earlier)
            then.add(event)
            between = []
        else:
            between.append(event)
        now.add(event)


def remember_event(state: State, event: JournalEvent) -> State:
    """`state` after an event that was recorded just now."""
    memory = _Memory(state)
    memory.add(event, this_run=True)
    return memory.into(state)


def remember(
    state: State, kind: str, recorded: DecisionRecorded, body: DecisionBody | StaffBody
) -> State:
    """`state` after a decision, or what staff said of one, that was recorded just now."""
    at = recorded.at
    event = {
        **body,
        "id": recorded.decision,
        "kind": kind,
        "at": at.at.isoformat(timespec="milliseconds"),
        "mono_ms": at.mono_ns // 1_000_000,
        "clock": "trusted" if at.trusted else "untrusted",
    }
    memory = _Memory(state)
    memory.add(cast(JournalEvent, event), this_run=True)
    return memory.into(state)


class _Memory:
    """The fold, in constant time for each event."""

    def __init__(self, state: State) -> None:
        self._stays = Stays(state)
        self._doubtful = dict(state.doubtful)
        self._reassigned = state.reassigned
        self._papers_shown = state.papers_shown
        self._open = {u.decision: u for u in state.unsettled}
        self._cases = {p: u.decision for u in state.unsettled if (p := _person(u.facts))}
        self._settled = dict(state.settled)
        self._failed = dict(state.failed)
        self._has_staff = state.has_staff

    def into(self, state: State) -> State:
        return replace(
            self._stays.into(state),
            doubtful=self._doubtful,
            reassigned=self._reassigned,
            papers_shown=self._papers_shown,
            unsettled=tuple(self._open.values()),
            settled=self._settled,
            failed=self._failed,
            has_staff=self._has_staff,
        )

    def add(self, event: JournalEvent, *, this_run: bool = False) -> None:
        match event["kind"]:
            case "decision" if event["outcome"] == Outcome.REFER:
                self._refer(event, this_run)
            case "verdict":
                self._settle(event)
            case "signature":
                self._sign(event)
            case "case" if event.get("change") == CORRECTION:
                self._correct(event)
            case "roster" if "staff" in event:
                self._has_staff = bool(event["staff"])
            case "acknowledged":
                for decision in event["decisions"]:
                    self._mark(decision, acknowledged=True)
            case _:
                self._add_beside(event)
        if event.get("outcome") == Outcome.ADMIT:
            if event.get("at_exit"):
                self._leave(event)
            else:
                self._admit(event)

    def _add_beside(self, event: JournalEvent) -> None:
        match event["kind"]:
            case "papers":
                self._look_at_papers(event)
            case "left":
                self._leave(event)
            case "heard":
                for entry in event["entries"]:
                    self._stays.hear(event["from_gate"], SiteEntry(*entry))
            case "double":
                self._stays.found_double(event)
            case "reassigned":
                self._reassigned = Reassignment(
                    tuple(event["rooms"]), event.get("exam"), tuple(event["configured"])
                )

    def _settle(self, event: JournalEvent) -> None:
        self._open.pop(event["decision"], None)
        self._settled[event["decision"]] = settled_by(event)
        if len(self._settled) > KEPT:
            del self._settled[next(iter(self._settled))]

    def _sign(self, event: JournalEvent) -> None:
        case = event["case"]
        signature = Signature(
            str(event["by"]),
            event.get("role"),
            event["verdict"] == ADMIT,
            str(event.get("note", "")),
            event["at"],
        )
        if event.get("corrects"):
            if (settled := self._settled.get(case)) is not None:
                signatures = added(settled.signatures, signature)
                self._settled[case] = replace(settled, signatures=signatures)
        elif (unsettled := self._open.get(case)) is not None:
            signatures = added(unsettled.signatures, signature)
            self._open[case] = replace(unsettled, signatures=signatures, acknowledged=True)

    def _correct(self, event: JournalEvent) -> None:
        """Who was let in, or let out, by what is corrected is so no more. What another word did
        stands."""
        settled = self._settled.get(event["case"])
        if settled is None:
            return
        corrected = settled_by(event)
        self._settled[event["case"]] = replace(
            corrected, verdict=settled.verdict, corrections=settled.corrections + 1
        )
        if settled.admit and not corrected.admit:
            paper, person = event.get("paper"), _person(event)
            if paper and person:
                self._stays.take_back((paper, person[1]), settled.at, at_exit=person[2])

    def _refer(self, event: JournalEvent, this_run: bool) -> None:
        case = Unsettled(
            event["id"],
            Reason(event["reason"]),
            event.copy(),
            recorded=_instant(event),
            this_run=this_run,
        )
        person = _person(event)
        if person and is_failed_visit(event):
            failed = FailedVisit(case.reason, case.recorded, this_run, event.get("exam"))
            self._failed[person[1]] = with_failed(self._failed.get(person[1], ()), failed)
        before = self._open.pop(self._cases.get(person, ""), None) if person else None
        if before is not None:
            doubtful = bool(before.facts.get("doubtful") or event.get("doubtful"))
            earlier = (*before.earlier, before.decision)[-EARLIER_KEPT:]
            facts = case.facts | {"doubtful": doubtful}
            if before.facts.get("declined") or before.reason is Reason.FACE_DECLINED:
                facts |= {"declined": True}
            case = replace(case, earlier=earlier, facts=facts)
        self._open[case.decision] = case
        if person:
            self._cases[person] = case.decision

    def _admit(self, event: JournalEvent) -> None:
        """Nobody is inside by name where staff let in a stranger."""
        paper, person = event.get("paper"), _person(event)
        if paper and person:
            self._stays.admit((paper, person[1]), str(event.get("at", "")))
            if event["kind"] == "verdict" and event.get("doubtful"):
                self._doubtful[paper, person[1]] = str(event.get("id", ""))
            self._mark(self._cases.get(person, ""), admitted=True)

    def _leave(self, event: JournalEvent) -> None:
        paper, key = event.get("paper"), event.get("key")
        if paper and key:
            self._stays.leave((paper, key), str(event.get("at", "")))

    def _look_at_papers(self, event: JournalEvent) -> None:
        """Of several looks the last one counts."""
        paper, key = event.get("paper"), event.get("key")
        if paper and key:
            shown = frozenset({(paper, key)})
            complete = event.get("complete") is True
            known = self._papers_shown
            self._papers_shown = known | shown if complete else known - shown

    def _mark(self, decision: str, *, acknowledged: bool = False, admitted: bool = False) -> None:
        if (case := self._open.get(decision)) is not None:
            self._open[decision] = replace(
                case,
                acknowledged=case.acknowledged or acknowledged,
                admitted=case.admitted or admitted,
            )


def _person(event: JournalEvent) -> Person | None:
    """None where nobody is known: each card that could not be read is a case of its own."""
    key = event.get("key")
    return (event.get("paper"), key, bool(event.get("at_exit"))) if key else None


def instant_of(event: JournalEvent) -> Instant:
    """When `event` was recorded. ValueError, TypeError, KeyError where it does not say."""
    at = datetime.fromisoformat(event["at"])
    return Instant(at, event["mono_ms"] * 1_000_000, event["clock"] == "trusted")


def _instant(event: JournalEvent) -> Instant | None:
    try:
        return instant_of(event)
    except (ValueError, TypeError, KeyError):
        return None
