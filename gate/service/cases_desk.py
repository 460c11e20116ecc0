"""What staff see and say of cases: one case, its verdict, the second signature, a correction."""

from collections.abc import Mapping

from gate.core import events
from gate.core.records import JournalEvent
from gate.core.staff_refusals import second_signs_alone
from gate.core.state import find_unsettled
from gate.ports import StaffConnection, StaffVerdict
from gate.service.case_signing import CaseSigning, lately_settled, open_case
from gate.service.case_view import no_such_case, settled_case, view_of_open
from gate.service.lane import Lane
from gate.service.papers_desk import PapersDesk
from gate.service.signers import Signers
from gate.service.staff_words import NOTE_MAX, misfit, name_of, short


class CasesDesk:
    """On one lane."""

    def __init__(self, lane: Lane, signers: Signers, papers: PapersDesk) -> None:
        self._lane = lane
        self._signers = signers
        self._papers = papers
        self._signing = CaseSigning(lane)

    async def case(self, decision: str, connection: StaffConnection) -> Mapping[str, object]:
        """One case with ticket photo and live face. NoSuchEntry where there is none. Refused where
        the roster has staff and none of them has signed in."""
        lane, roster = self._lane, self._lane.roster
        self._signers.may_see_names(connection)
        verdict = self._verdict_on(decision)
        if verdict is not None:
            shown = await settled_case(verdict, roster)
            return {**shown, **self._signing.as_it_is_now(verdict)}
        case = find_unsettled(lane.state, decision)
        if case is None:
            raise no_such_case(decision)
        shown = await view_of_open(case, roster, lane.recorder.live_faces.of(decision))
        told = open_case(lane.state, case, lane.adapters.clock.now())
        papers = await self._papers.of_case(case.facts)
        return {**shown, **told, "to_do": _to_do(papers), "papers": papers}

    def _verdict_on(self, decision: str) -> JournalEvent | None:
        """What settled it, in this run or as the journal has it; None while it is open."""
        settled = self._lane.state.settled.get(decision)
        of_journal = None if settled is None else settled.verdict
        return self._lane.recorder.settled.of(decision) or of_journal

    def cases(self) -> Mapping[str, object]:
        """The cases that were settled last, the newest first; they name nobody."""
        return {"ok": True, "settled": lately_settled(self._lane.state)}

    async def settle(
        self,
        verdict: StaffVerdict,
        pin: str | None = None,
        connection: StaffConnection | None = None,
    ) -> Mapping[str, object]:
        """The journal event, what it did in words (`zh`, `en`), and who has signed the case.
        NoSuchEntry where nothing is open under that id, UsageError for two signatures of one
        person."""
        who = await self._signers.case_signer(verdict.by, pin, connection)
        if verdict.second and self._signers.pins.staff:
            raise second_signs_alone()
        given = events.VerdictGiven(
            verdict.decision,
            verdict.admit,
            who.id,
            name_of(verdict.second, "second") if verdict.second else None,
            short(verdict.note, "reason", NOTE_MAX),
            self._lane.adapters.clock.now(),
            who.role.value,
        )
        return await self._signing.settle(given)

    async def sign(
        self, case: str, by: str, pin: str | None = None, connection: StaffConnection | None = None
    ) -> Mapping[str, object]:
        """The second signature under a case, or under its correction; answered as `settle`."""
        return await self._signing.sign(case, await self._signers.case_signer(by, pin, connection))

    async def correct(
        self,
        verdict: StaffVerdict,
        pin: str | None = None,
        connection: StaffConnection | None = None,
    ) -> Mapping[str, object]:
        """Another verdict on a case that is settled; answered as `settle`. UsageError without a
        reason."""
        who = await self._signers.case_signer(verdict.by, pin, connection)
        note = short(verdict.note.strip(), "reason", NOTE_MAX)
        if not note:
            raise misfit("Say why it is corrected: reason is empty.", "请填写更正理由（reason）。")
        return await self._signing.correct(verdict.decision, who, note, admit=verdict.admit)


def _to_do(papers: Mapping[str, object] | None) -> Mapping[str, object] | None:
    """What staff do about papers, in words; empty where all are in order."""
    return papers and {name: papers[name] for name in ("zh", "en") if name in papers}
