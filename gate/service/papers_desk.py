"""Staff look at a candidate's notice and health report: what the paper asks for, what was shown."""

from collections.abc import Mapping
from dataclasses import replace

from gate.core.exam import Candidate, Exam, Paper
from gate.core.health_report import REQUIREMENTS
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
        seen = replace(seen, by=who.id)
        if self._handed_in.is_posted_twice(paper, candidate, seen):
            return {"ok": True, **self._view(roster.exam, paper, candidate)}
        looked = self._handed_in.look(roster.exam, paper, candidate, seen=seen, at=now)
        event = await self._lane.ask(looked)
        if event is None:
            raise GateBug("A look at papers was answered without a record.")
        return {"ok": True, **event, **self._handed_in.to_do(roster.exam, paper, candidate)}

    async def asked_of(self, ticket: str, connection: StaffConnection) -> Mapping[str, object]:
        """What the paper asks of a candidate and what is wanting. UsageError, NoSuchEntry,
        Refused."""
        self._signers.may_see_names(connection)
        roster = self._signers.roster
        candidate = (await roster.find_typed("ticket", ticket, ())).candidate
        paper = asking(roster.exam, candidate, self._lane.papers_now())
        return {"ok": True, "name": candidate.name, **self._view(roster.exam, paper, candidate)}

    async def of_case(self, facts: JournalEvent) -> Mapping[str, object] | None:
        """The same for a case of PAPERS_CHECK; None for another one."""
        roster, ticket = self._lane.roster, facts.get("ticket")
        if roster is None or ticket is None or facts.get("reason") != Reason.PAPERS_CHECK:
            return None
        paper = next((p for p in roster.exam.papers if p.id == facts.get("paper")), None)
        if paper is None:
            return None
        candidate = (await roster.find_typed("ticket", ticket, ())).candidate
        return self._view(roster.exam, paper, candidate)

    def _view(self, exam: Exam, paper: Paper, candidate: Candidate) -> dict[str, object]:
        """It repeats no answer."""
        found = self._handed_in.wanting(exam, paper, candidate)
        return {
            "ticket": candidate.ticket,
            "paper": paper.id,
            "requires": [r for r in REQUIREMENTS if r in paper.requires],
            "questions": [{"id": q.id, "zh": q.zh, "en": q.en} for q in exam.questions],
            "wanting": [w.value for w in found],
            "complete": not found,
            **self._handed_in.to_do(exam, paper, candidate),
        }
