"""Exit readers: each reading is looked up here and handed to the lane as one event.

Nothing of this waits for the lane, and the lane waits for nothing of this.
"""

import logging
from collections.abc import Mapping

from gate.core.events import (
    CandidateElsewhere,
    CandidateFound,
    CandidateUnknown,
    CardPresented,
    CardUnreadable,
    ExitRead,
    ReaderBack,
    ReaderLost,
    ScanPresented,
    Source,
)
from gate.core.reasons import Reason
from gate.errors import InputRejected, NoSuchEntry, StorageDamaged
from gate.ports import Roster, RosterEntry, ScannerBack, ScannerLost
from gate.ports.status import ExitStatus
from gate.service.adapters import Exit
from gate.service.lane import Lane

log = logging.getLogger(__name__)

READ_AGAIN = ("请重新放置证件", "Lay the card again")


async def pump(exit_reader: Exit, lane: Lane) -> None:
    """Until cancelled. A lost exit reader is journaled, and puts nothing out of service."""
    name = exit_reader.name
    lane.exits[name] = ExitStatus(connected=True, read=0, reason="", zh="", en="")
    async for event in exit_reader.device.events():
        match event:
            case CardPresented(card=card, found=at):
                answer = await _who(lane.roster, "number", card.number)
                _count(lane, name)
                lane.put(ExitRead(name, Source.CARD, card.kind, answer, at))
            case ScanPresented(handle=handle, value=value, document=document, at=at):
                answer = await _who(lane.roster, handle, value)
                _count(lane, name)
                lane.put(ExitRead(name, Source.SCAN, document, answer, at))
            case CardUnreadable():
                lane.tell_exit(name, Reason.CARD_UNREADABLE, *READ_AGAIN)
            case ReaderLost(detail=detail) | ScannerLost(detail=detail):
                log.warning("exit %s: %s", name, detail)
                lane.exits[name]["connected"] = False
                await _note(lane, "fault", {"fault": f"exit {name}", "detail": detail})
            case ReaderBack() | ScannerBack():
                await _note(lane, "healed", {"fault": f"exit {name}"})
                lane.exits[name]["connected"] = True


def _count(lane: Lane, name: str) -> None:
    lane.exits[name]["read"] += 1


async def _note(lane: Lane, kind: str, body: Mapping[str, object]) -> None:
    refused = await lane.note(kind, body)
    if refused is not None:
        lane.put(refused)


Answer = CandidateFound | CandidateElsewhere | CandidateUnknown


async def _who(roster: Roster | None, handle: str, value: str) -> Answer | None:
    """None where no roster says anything. A ticket is found whole or not at all."""
    if roster is None:
        return None
    try:
        if handle == "number":
            found = await roster.find(value)
        else:
            found = await roster.find_typed("ticket", value, ())
    except NoSuchEntry:
        return CandidateUnknown("")
    except (InputRejected, StorageDamaged) as e:
        log.error("an exit reading was not looked up: %s", e.en)
        return None
    if not isinstance(found, RosterEntry):
        return found
    if handle != "number" and found.candidate.ticket.upper() != value.upper():
        return CandidateUnknown("")
    return CandidateFound(found.candidate)
