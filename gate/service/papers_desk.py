"""Staff look at a candidate's notice and health report: what the paper asks for, what was shown."""

from collections.abc import Mapping
from dataclasses import replace

from gate.core.reasons import Reason
from gate.core.records import JournalEvent
from gate.errors import GateBug
from gate.ports import PapersSeen, StaffConnection
from gate.service.handed_in_papers import HandedInPapers, asking
from gate.service.lane import Lane
from gate.service.signers import Signers


class PapersDesk:
    """On one lane."""

    def __init__(self, lane: Lane, signers: Signers) -> None:
        self._lane = lane
        self._signers = signers
        self._handed_in = HandedInPapers()

    async def papers(
        self, seen: PapersSeen, pin: str | None = None, connection: StaffConnection | None = None
    ) -> Mapping[str, object]:
        """Staff have looked at a candidate's notice and health report: the journal's entry, and
        what is left to do (`zh`, `en`; neither where nothing is). UsageError, NoSuchEntry,
        Refused."""
        who = await self._signers.signed(seen.by, pin, connection)
        roster, now = self._signers.roster, self._lane.adapters.clock.now()
        candidate = (await roster.find_typed("ticket", seen.ticket, ())).candidate
        paper = asking(roster.exam, candidate, self._lane.papers_now())
        looked = self._handed_in.look(
            roster.exam, paper, candidate, seen=replace(seen, by=who.id), at=now
        )
        event = await self._lane.ask(looked)
        if event is None:
            raise GateBug("A look at papers was answered without a record.")
        return {"ok": True, **event, **self._handed_in.to_do(roster.exam, paper, candidate)}

    async def to_do_of(self, facts: JournalEvent) -> Mapping[str, str] | None:
        """What to do about notice and health report, for PAPERS_CHECK."""
        roster, ticket = self._lane.roster, facts.get("ticket")
        if roster is None or ticket is None or facts.get("reason") != Reason.PAPERS_CHECK:
            return None
        paper = next((p for p in roster.exam.papers if p.id == facts.get("paper")), None)
        if paper is None:
            return None
        candidate = (await roster.find_typed("ticket", ticket, ())).candidate
        return self._handed_in.to_do(roster.exam, paper, candidate)
