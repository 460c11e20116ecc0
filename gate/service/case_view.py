"""What staff see of one case: who it is, both pictures, scores, and how it was settled."""

import base64
from collections import OrderedDict
from dataclasses import dataclass, field

from gate.core.reasons import Advice, Reason, text
from gate.core.records import JournalEvent
from gate.core.state import Unsettled
from gate.errors import InputRejected, NoSuchEntry, StorageDamaged
from gate.ports import Roster
from gate.ports.status import CaseVerdict, CaseView

SETTLED_KEPT = 200
"""Verdicts of this run that a page which is behind is still told of."""


class SettledCases:
    """The verdicts of this run by the REFERs that they settled."""

    def __init__(self) -> None:
        self._verdicts: OrderedDict[str, JournalEvent] = OrderedDict()

    def add(self, verdict: JournalEvent) -> tuple[str, ...]:
        """The ids of the REFERs that `verdict` settled."""
        settled = (verdict["decision"], *verdict.get("earlier", ()))
        for decision in settled:
            self._verdicts[decision] = verdict
        while len(self._verdicts) > SETTLED_KEPT:
            self._verdicts.popitem(last=False)
        return settled

    def of(self, decision: str) -> JournalEvent | None:
        """The verdict on this REFER; None for one that is open, unknown or of an earlier run."""
        return self._verdicts.get(decision)


async def view_of_open(case: Unsettled, roster: Roster | None, live: bytes | None) -> CaseView:
    """The case as a page shows it. `live`: JPEG of the face, None where none is kept."""
    return await _view(case.decision, case.facts, case.reason, roster, live)


async def settled_case(verdict: JournalEvent, roster: Roster | None) -> CaseView:
    """A case of this run that was settled: who it was, by whom and when."""
    view = await _view(verdict["decision"], verdict, Reason(verdict["referred"]), roster, None)
    settled: CaseVerdict = {
        "by": verdict["by"] or "",
        "second": verdict.get("second"),
        "outcome": verdict["outcome"],
        "at": verdict["at"],
        "note": verdict.get("note"),
    }
    return view | {"verdict": settled}


def no_such_case(decision: str) -> NoSuchEntry:
    """Neither open nor among those that were settled last."""
    return NoSuchEntry(
        f"No case {decision} is known here: look at the list of cases, or ask the office.",
        f"本机没有该存疑记录 {decision}：请查看存疑列表或询问考务端。",
        decision=decision,
    )


async def _view(
    decision: str,
    facts: JournalEvent,
    reason: Reason,
    roster: Roster | None,
    live: bytes | None,
) -> CaseView:
    advice = {"advice": Advice.LOOK_STRAIGHT.value} if reason is Reason.FACE_POOR else {}
    zh, en = text(reason, advice)
    who = await _person(facts, roster)
    return {
        "id": decision,
        "at": facts.get("at"),
        "ticket": facts.get("ticket"),
        "name": who.name,
        "flags": who.flags,
        "paper": facts.get("paper"),
        "room": who.room,
        "seat": who.seat,
        "reason": reason.value,
        "zh": zh,
        "en": en,
        "doubtful": bool(facts.get("doubtful")),
        "source": facts.get("source"),
        "document": facts.get("document"),
        "entered": facts.get("entered"),
        "score": facts.get("score"),
        "normalised": facts.get("normalised"),
        "threshold": facts.get("threshold"),
        "floor": facts.get("floor"),
        "attempt": facts.get("attempt"),
        "photo": _base64(who.photo),
        "live": _base64(live),
        "verdict": None,
    }


@dataclass(frozen=True, slots=True)
class _Person:
    room: str | None
    seat: str | None
    name: str | None = None
    flags: list[str] = field(default_factory=list)
    photo: bytes | None = None


async def _person(facts: JournalEvent, roster: Roster | None) -> _Person:
    """A roster that does not answer leaves name and photo out."""
    ticket, room, seat = facts.get("ticket"), facts.get("room"), facts.get("seat")
    if roster is None or ticket is None:
        return _Person(room, seat)
    try:
        candidate = (await roster.find_typed("ticket", ticket, ())).candidate
        photo = roster.photo(ticket)
    except (InputRejected, StorageDamaged):
        return _Person(room, seat)
    place = next((s for s in candidate.seats if s.paper == facts.get("paper")), None)
    if place is not None:
        room, seat = place.room, place.seat
    return _Person(room, seat, candidate.name, sorted(candidate.flags), photo)


def _base64(jpeg: bytes | None) -> str | None:
    return None if jpeg is None else base64.b64encode(jpeg).decode("ascii")
