"""What staff do for the candidate who stands at the gate: type, decline, excuse, acknowledge."""

from collections.abc import Mapping

from gate.core import events
from gate.core.card import DocumentKind, Expiry
from gate.core.events import Instant
from gate.errors import GateBug, NoSuchEntry
from gate.ports import StaffConnection, Typed
from gate.service.lane import Found, Lane
from gate.service.signers import Signers
from gate.service.staff_words import document_of, misfit, name_of, valid_to

HANDLES = ("ticket", "id_tail", "seat")


class VisitDesk:
    """On one lane."""

    def __init__(self, lane: Lane, signers: Signers) -> None:
        self._lane = lane
        self._signers = signers

    async def type(
        self, typed: Typed, pin: str | None = None, connection: StaffConnection | None = None
    ) -> Mapping[str, object]:
        """Begin a visit for a typed candidate. NoSuchEntry for nobody or several; UsageError for
        a request that does not fit or while somebody is being checked."""
        who = await self._signers.signed(typed.by, pin, connection)
        document, last_day = document_of(typed.document), valid_to(typed.valid_to)
        if document is DocumentKind.TEMPORARY and last_day is Expiry.LONG_TERM:
            raise misfit(
                "A temporary card has a last day: type it as valid_to, such as 2027-05-01.",
                "临时身份证有截止日期：请输入 valid_to，如 2027-05-01。",
            )
        if typed.handle not in HANDLES or not typed.value.strip():
            raise misfit(
                "Type a ticket number, id_tail or seat.", "请输入准考证号、证件尾号或座位。"
            )
        roster = self._signers.roster
        entry = await roster.find_typed(typed.handle, typed.value, self._lane.papers_now())
        await self._lane.ask(
            events.StaffTyped(
                typed.handle, typed.value, document, last_day, who.id, self._now(), typed.declined
            ),
            Found(roster, entry),
        )
        return {"ok": True, "ticket": entry.candidate.ticket}

    async def decline(
        self, by: str, pin: str | None = None, connection: StaffConnection | None = None
    ) -> Mapping[str, object]:
        """The candidate at the gate declines the face check: FACE_DECLINED follows. UsageError
        where nobody is there."""
        who = await self._signers.signed(by, pin, connection)
        await self._lane.ask(events.FaceDeclined(who.id, self._now()))
        visit = self._lane.state.visit
        return {"ok": True, "ticket": visit.ticket if visit else None}

    async def excuse(
        self, by: str, pin: str | None = None, connection: StaffConnection | None = None
    ) -> Mapping[str, object]:
        """The candidate at the gate need not do the action, for one attempt: the journal's entry.
        UsageError where nobody is there to be excused."""
        who = await self._signers.signed(by, pin, connection)
        event = await self._lane.ask(events.ActionExcused(who.id, self._now()))
        if event is None:
            raise GateBug("An excuse was answered without a record.")
        return {"ok": True, **event}

    async def acknowledge(self, by: str) -> Mapping[str, object]:
        """Silence the REFERs that flash; they stay unsettled. The journal's entry, the first one
        where there are more. NoSuchEntry where nothing flashes."""
        event = await self._lane.ask(events.Acknowledged(name_of(by), self._now()))
        if not event:
            raise NoSuchEntry(
                "Nothing to acknowledge: no REFER flashes.", "没有待确认的提示：当前无闪烁的判定。"
            )
        return {"ok": True, **event}

    def _now(self) -> Instant:
        return self._lane.adapters.clock.now()
