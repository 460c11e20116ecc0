"""What staff say of a case, taken to the lane and answered: verdict, signature, correction.

Who asks was checked by the desk.
"""

from collections.abc import Mapping, Sequence

from gate.core import events
from gate.core.closed_path import is_closed
from gate.core.events import Instant
from gate.core.reasons import Outcome
from gate.core.records import JournalEvent
from gate.core.settled_case import SettledCase
from gate.core.signatures import ADMIT, DENY, Signature
from gate.core.staff_list import StaffMember
from gate.core.staff_records import corrections_wanted, signatures_wanted
from gate.core.staff_verdict import told
from gate.core.state import State, Unsettled, find_unsettled
from gate.ports.status import CaseCorrection, CaseSignature, CaseVerdict, OpenCase, SettledStatus
from gate.service.lane import Lane

DONE_ALREADY = ("已处理，未重复记录。", "Done already: nothing was recorded twice.")
CORRECTED = ("更正已记录，原记录保留。", "The correction is recorded; nothing was deleted.")

SETTLED_SHOWN = 50


class CaseSigning:
    """On one lane."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane

    async def settle(self, given: events.VerdictGiven) -> Mapping[str, object]:
        """The verdict's journal event, or its first signature's. NoSuchEntry, UsageError,
        StorageRefused: see the state table."""
        return self._answer(given.decision, await self._lane.ask(given))

    async def sign(self, case: str, who: StaffMember) -> Mapping[str, object]:
        """The same of the second signature."""
        signed = events.CaseSigned(case, who.id, who.role.value, self._now())
        return self._answer(case, await self._lane.ask(signed))

    async def correct(
        self, decision: str, who: StaffMember, note: str, *, admit: bool
    ) -> Mapping[str, object]:
        """The correction's journal event, or its first signature's."""
        given = events.CorrectionGiven(decision, admit, who.id, who.role.value, note, self._now())
        return self._answer(decision, await self._lane.ask(given))

    def as_it_is_now(self, verdict: JournalEvent) -> Mapping[str, object]:
        """What holds of a case that `verdict` settled: signatures under a correction that wants
        another one, and the correction that was made."""
        settled = self._lane.state.settled.get(verdict["decision"])
        if settled is None:
            return {"signatures": [], "wanted": 0}
        facts = self._signed(verdict["decision"])
        if not settled.corrections:
            return facts
        outcome = Outcome.ADMIT if settled.admit else Outcome.REFUSE
        holds: CaseVerdict = {
            "by": settled.by,
            "second": settled.second,
            "outcome": outcome.value,
            "at": settled.at,
            "note": None,
        }
        return {**facts, "verdict": holds}

    def _now(self) -> Instant:
        return self._lane.adapters.clock.now()

    def _answer(self, case: str, event: JournalEvent | None) -> Mapping[str, object]:
        zh, en = _told(event)
        recorded: Mapping[str, object] = event or {}
        return {"ok": True, **recorded, "case": case, "zh": zh, "en": en, **self._signed(case)}

    def _signed(self, case: str) -> Mapping[str, object]:
        """Who has signed the case, and what holds now."""
        state = self._lane.state
        unsettled, settled = find_unsettled(state, case), state.settled.get(case)
        if unsettled is not None:
            return {
                "settled": False,
                "signatures": signatures_of(unsettled.signatures),
                "wanted": signatures_wanted(state, unsettled),
            }
        if settled is None:
            return {}
        return {
            "settled": not settled.signatures,
            "signatures": signatures_of(settled.signatures),
            "wanted": corrections_wanted(state, settled),
        }


def open_case(state: State, case: Unsettled, now: Instant) -> OpenCase:
    """An open case as the status shows it at `now`."""
    facts = case.facts
    failed = state.failed.get(facts["key"] or "", ())
    return {
        "decision": case.decision,
        "ticket": facts["ticket"],
        "paper": facts["paper"],
        "reason": case.reason.value,
        "doubtful": bool(facts["doubtful"]),
        "acknowledged": case.acknowledged,
        "entered": facts.get("entered"),
        "earlier": list(case.earlier),
        "at_exit": case.at_exit,
        "signatures": signatures_of(case.signatures),
        "wanted": signatures_wanted(state, case),
        "closed_path": bool(facts.get("closed_path")) or is_closed(failed, now),
    }


def open_corrections(state: State) -> list[CaseCorrection]:
    """Settled cases whose correction wants another signature."""
    return [_correction(state, case, s) for case, s in state.settled.items() if s.signatures]


def lately_settled(state: State) -> list[SettledStatus]:
    """The last SETTLED_SHOWN cases that were settled, the newest first."""
    newest = reversed([*state.settled.items()][-SETTLED_SHOWN:])
    return [
        {
            "decision": case,
            "ticket": settled.verdict["ticket"],
            "paper": settled.verdict["paper"],
            "reason": str(settled.verdict["referred"]),
            "verdict": ADMIT if settled.admit else DENY,
            "by": settled.by,
            "second": settled.second,
            "at": settled.at,
            "corrections": settled.corrections,
        }
        for case, settled in newest
    ]


def _correction(state: State, case: str, settled: SettledCase) -> CaseCorrection:
    return {
        "decision": case,
        "ticket": settled.verdict["ticket"],
        "paper": settled.verdict["paper"],
        "verdict": settled.signatures[0].verdict,
        "signatures": signatures_of(settled.signatures),
        "wanted": corrections_wanted(state, settled),
    }


def signatures_of(signatures: Sequence[Signature]) -> list[CaseSignature]:
    """As the status shows them."""
    return [
        {"by": s.by, "role": s.role, "verdict": s.verdict, "at": s.at, "note": s.note}
        for s in signatures
    ]


def _told(event: JournalEvent | None) -> tuple[str, str]:
    if event is None:
        return DONE_ALREADY
    match event["kind"]:
        case "verdict":
            return told(event)
        case "case":
            return CORRECTED
    return (
        "已签字，请另一人复核并签字。",
        "Signed. Now somebody else compares and signs.",
    )
