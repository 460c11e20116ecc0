"""The Desk: what staff may ask of a running gate, checked before it reaches the lane."""

import asyncio
import base64
import contextlib
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

from gate.core import events
from gate.core.candidate_screen import candidate_screen
from gate.core.card import DocumentKind, Expiry
from gate.core.confirmed_time import TimeSource, Word
from gate.core.entry_windows import entry_windows
from gate.core.local_time import in_fixed_offset, local_day
from gate.core.reasons import Reason
from gate.core.records import JournalEvent
from gate.core.room_counts import doubtful_of
from gate.core.seat_sheet import SheetCell, no_such_room, sheet_head, sheet_state
from gate.core.signer_names import signature_form
from gate.core.staff_and_fault_transitions import out_of_service
from gate.core.staff_list import Role, StaffMember
from gate.core.staff_refusals import second_signs_alone
from gate.core.state import find_unsettled
from gate.errors import GateBug, NoSuchEntry, Refused, UsageError
from gate.ports import DeskStatus, PapersSeen, Roster, StaffConnection, StaffVerdict, Typed
from gate.ports.status import ScreenStatus
from gate.service.broadcast import Broadcast
from gate.service.case_signing import CaseSigning, open_case
from gate.service.case_view import no_such_case, settled_case, view_of_open
from gate.service.clock_monitor import CONFIRMED
from gate.service.desk_status import desk_status
from gate.service.lane import Found, Lane
from gate.service.papers_desk import PapersDesk, asking
from gate.service.site_report import report_of
from gate.service.site_view import absent_of, counts_by_room, one_candidate, rooms_given
from gate.service.staff_pins import StaffPins
from gate.service.supervisors import Supervisors

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)

SCREEN_S = 5.0
"""Seconds between two lines to a screen that shows the same: one that is gone is noticed so."""

HANDLES = ("ticket", "id_tail", "seat")
NAME_MAX = 100
NOTE_MAX = 1000
"""Characters; a journal entry has room for 16 kB."""


class Desk:
    """Obeys the Desk port on one lane."""

    def __init__(self, lane: Lane, supervisors: Supervisors) -> None:
        self._lane = lane
        self._supervisors = supervisors
        self._screens = Broadcast()
        self._papers = PapersDesk()
        self.pins = StaffPins(lambda: supervisors.rosters.at_hand, lane.adapters.clock.now)
        self._signing = CaseSigning(lane)
        lane.subscribe(self._publish_status)
        lane.adapters.matcher.use_screen(lambda: self._screens.is_followed, self._publish_status)

    def _publish_status(self) -> None:
        broadcast = self._lane.recorder.broadcast
        if broadcast.is_followed:
            broadcast.publish({"status": self.status()})
        if self._screens.is_followed:
            self._screens.publish({"changed": True})

    async def case(self, decision: str, connection: StaffConnection) -> Mapping[str, object]:
        """One case with ticket photo and live face. NoSuchEntry where there is none. Refused where
        the roster has staff and none of them has signed in."""
        lane, roster = self._lane, self._lane.roster
        self._may_see_names(connection)
        verdict = lane.recorder.settled.of(decision)
        if verdict is not None:
            shown = await settled_case(verdict, roster)
            return {**shown, **self._signing.as_it_is_now(verdict)}
        case = find_unsettled(lane.state, decision)
        if case is None:
            raise no_such_case(decision)
        shown = await view_of_open(case, roster, lane.recorder.live_faces.of(decision))
        told = open_case(lane.state, case, lane.adapters.clock.now())
        return {**shown, **told, "to_do": await self._papers_to_do(case.facts)}

    async def sheet(
        self, paper: str, room: str, connection: StaffConnection
    ) -> Mapping[str, object]:
        """The seat-photo sheet of one room as `pdf` in base64. NoSuchEntry for a paper or a room
        that is not of this roster. Refused where the roster has staff and none has signed in."""
        lane, roster = self._lane, self._roster()
        self._may_see_names(connection)
        seated = await roster.seated(paper, room)
        of = next((p for p in roster.exam.papers if p.id == paper), None)
        if of is None or not seated:
            raise no_such_room(paper, room)
        now = lane.adapters.clock.now().at
        head = sheet_head(roster.exam, lane.adapters.site, of, seated[0].seat.room, now)
        doubtful = doubtful_of(lane.state, paper)
        cells = [
            SheetCell(
                seat=s.seat.seat,
                ticket=s.ticket,
                name=s.name,
                photo=s.photo,
                state=sheet_state(lane.state, paper, s.key, doubtful),
            )
            for s in seated
        ]
        pdf = await lane.adapters.sheets.seat_photo_sheet(head, cells)
        return {"ok": True, "pdf": base64.b64encode(pdf).decode("ascii")}

    async def _papers_to_do(self, facts: JournalEvent) -> Mapping[str, str] | None:
        """What to do about notice and health report, for PAPERS_CHECK."""
        roster, ticket = self._lane.roster, facts.get("ticket")
        if roster is None or ticket is None or facts.get("reason") != Reason.PAPERS_CHECK:
            return None
        paper = next((p for p in roster.exam.papers if p.id == facts.get("paper")), None)
        if paper is None:
            return None
        candidate = (await roster.find_typed("ticket", ticket, ())).candidate
        return self._papers.to_do(roster.exam, paper, candidate)

    def screen(self) -> ScreenStatus:
        """What the candidate's screen shows: the action while one is ordered, else the lamps'
        sentence."""
        showing, action = self._lane.showing, self._lane.adapters.matcher.action
        told = showing if action is None else action
        lane, now = self._lane, self._lane.adapters.clock.now()
        windows = entry_windows(lane.state.exam, now)
        return {
            "zh": str(told.get("zh", "")),
            "en": str(told.get("en", "")),
            "action": action,
            "gate": lane.adapters.id,
            "at": in_fixed_offset(now.at, lane.zone).isoformat(timespec="seconds"),
            **candidate_screen(
                lane.state.phase,
                showing,
                action,
                name=lane.shown_name.name,
                windows=windows,
                now=now,
            ),
        }

    async def follow_screen(self) -> AsyncIterator[ScreenStatus]:
        """`screen` at once, when it changes, and every SCREEN_S, until the client leaves."""
        async with contextlib.aclosing(self._screens.follow({"changed": True})) as changes:
            while True:
                change = asyncio.ensure_future(anext(changes))
                try:
                    while not change.done():
                        await asyncio.wait({change}, timeout=SCREEN_S)
                        yield self.screen()
                finally:
                    change.cancel()
                    await asyncio.wait({change})

    def status(self) -> DeskStatus:
        """A snapshot for people and programs; names nobody."""
        return desk_status(self._lane, self._supervisors, self.pins)

    async def sign_in(
        self, by: str, pin: str | None, connection: StaffConnection
    ) -> Mapping[str, object]:
        """Signs `connection` in: {"ok", "id", "name", "role", "token"}. Refused, UsageError."""
        token = await self.pins.sign_in(by, pin, connection)
        who = self.pins.signed_in(connection)
        return {"ok": True, "id": who.id, "name": who.name, "role": who.role.value, "token": token}

    def resume(self, token: str, connection: StaffConnection) -> None:
        """Signs `connection` in by a token. Refused for one that has ended."""
        self.pins.resume(token, connection)

    def sign_out(self, token: str | None, connection: StaffConnection) -> Mapping[str, object]:
        """Ends the sign-in of `connection`, and of the token."""
        self.pins.sign_out(token, connection)
        return {"ok": True}

    async def signed(
        self, by: str, pin: str | None, connection: StaffConnection | None
    ) -> StaffMember:
        """Who signs: somebody of the roster's staff, by id and PIN. Where the roster has no staff,
        an invigilator of the name `by`. Refused; StorageRefused while no roster can say who may."""
        rosters = self._supervisors.rosters
        if self.pins.staff:
            return await self.pins.check(by, pin, connection)
        if rosters.at_hand is None and self._lane.adapters.rosters.holds:
            raise out_of_service()
        return self._named(by)

    def _named(self, by: str) -> StaffMember:
        site = self._lane.adapters.site
        return StaffMember(_name(by), "", Role.INVIGILATOR, site, pin_hash="")

    async def type(
        self, typed: Typed, pin: str | None = None, connection: StaffConnection | None = None
    ) -> Mapping[str, object]:
        """Begin a visit for a typed candidate. NoSuchEntry for nobody or several; UsageError for
        a request that does not fit or while somebody is being checked."""
        who = await self.signed(typed.by, pin, connection)
        document, valid_to = _document(typed.document), _valid_to(typed.valid_to)
        if document is DocumentKind.TEMPORARY and valid_to is Expiry.LONG_TERM:
            raise _usage(
                "A temporary card has a last day: type it as valid_to, such as 2027-05-01.",
                "临时身份证有截止日期：请输入 valid_to，如 2027-05-01。",
            )
        if typed.handle not in HANDLES or not typed.value.strip():
            raise _usage(
                "Type a ticket number, id_tail or seat.", "请输入准考证号、证件尾号或座位。"
            )
        roster = self._lane.roster
        if roster is None:
            raise out_of_service()
        entry = await roster.find_typed(typed.handle, typed.value, self._lane.papers_now())
        now = self._lane.adapters.clock.now()
        await self._lane.ask(
            events.StaffTyped(
                typed.handle, typed.value, document, valid_to, who.id, now, typed.declined
            ),
            Found(roster, entry),
        )
        return {"ok": True, "ticket": entry.candidate.ticket}

    async def settle(
        self,
        verdict: StaffVerdict,
        pin: str | None = None,
        connection: StaffConnection | None = None,
    ) -> Mapping[str, object]:
        """The journal event, what it did in words (`zh`, `en`), and who has signed the case.
        NoSuchEntry where nothing is open under that id, UsageError for two signatures of one
        person."""
        who = await self._signer(verdict.by, pin, connection)
        if verdict.second and self.pins.staff:
            raise second_signs_alone()
        given = events.VerdictGiven(
            verdict.decision,
            verdict.admit,
            who.id,
            _name(verdict.second, "second") if verdict.second else None,
            _short(verdict.note, "reason", NOTE_MAX),
            self._lane.adapters.clock.now(),
            who.role.value,
        )
        return await self._signing.settle(given)

    async def sign(
        self, case: str, by: str, pin: str | None = None, connection: StaffConnection | None = None
    ) -> Mapping[str, object]:
        """The second signature under a case, or under its correction; answered as `settle`."""
        return await self._signing.sign(case, await self._signer(by, pin, connection))

    async def correct(
        self,
        verdict: StaffVerdict,
        pin: str | None = None,
        connection: StaffConnection | None = None,
    ) -> Mapping[str, object]:
        """Another verdict on a case that is settled; answered as `settle`. UsageError without a
        reason."""
        who = await self._signer(verdict.by, pin, connection)
        note = _short(verdict.note.strip(), "reason", NOTE_MAX)
        if not note:
            raise _usage("Say why it is corrected: reason is empty.", "请填写更正理由（reason）。")
        return await self._signing.correct(verdict.decision, who, note, admit=verdict.admit)

    async def decline(
        self, by: str, pin: str | None = None, connection: StaffConnection | None = None
    ) -> Mapping[str, object]:
        """The candidate at the gate declines the face check: FACE_DECLINED follows. UsageError
        where nobody is there."""
        return await self._signing.decline(await self.signed(by, pin, connection))

    async def _signer(
        self, by: str, pin: str | None, connection: StaffConnection | None
    ) -> StaffMember:
        who = await self.signed(by, pin, connection)
        self._signing.refuse_without_list(has_list=bool(self.pins.staff))
        return who

    async def papers(
        self, seen: PapersSeen, pin: str | None = None, connection: StaffConnection | None = None
    ) -> Mapping[str, object]:
        """Staff have looked at a candidate's notice and health report: the journal's entry, and
        what is left to do (`zh`, `en`; neither where nothing is). UsageError, NoSuchEntry,
        Refused."""
        who = await self.signed(seen.by, pin, connection)
        roster, now = self._lane.roster, self._lane.adapters.clock.now()
        if roster is None:
            raise out_of_service()
        candidate = (await roster.find_typed("ticket", seen.ticket, ())).candidate
        paper = asking(roster.exam, candidate, self._lane.papers_now())
        looked = self._papers.look(
            roster.exam, paper, candidate, seen=replace(seen, by=who.id), at=now
        )
        event = await self._lane.ask(looked)
        if event is None:
            raise GateBug("A look at papers was answered without a record.")
        return {"ok": True, **event, **self._papers.to_do(roster.exam, paper, candidate)}

    async def acknowledge(self, by: str) -> Mapping[str, object]:
        """Silence the REFERs that flash; they stay unsettled. The journal's entry, the first one
        where there are more. NoSuchEntry where nothing flashes."""
        seen = events.Acknowledged(_name(by), self._lane.adapters.clock.now())
        event = await self._lane.ask(seen)
        if not event:
            raise NoSuchEntry(
                "Nothing to acknowledge: no REFER flashes.", "没有待确认的提示：当前无闪烁的判定。"
            )
        return {"ok": True, **event}

    async def excuse(
        self, by: str, pin: str | None = None, connection: StaffConnection | None = None
    ) -> Mapping[str, object]:
        """The candidate at the gate need not do the action, for one attempt: the journal's entry.
        UsageError where nobody is there to be excused."""
        who = await self.signed(by, pin, connection)
        event = await self._lane.ask(events.ActionExcused(who.id, self._lane.adapters.clock.now()))
        if event is None:
            raise GateBug("An excuse was answered without a record.")
        return {"ok": True, **event}

    async def reassign(
        self,
        rooms: Sequence[str],
        by: str,
        pin: str | None = None,
        connection: StaffConnection | None = None,
    ) -> Mapping[str, object]:
        """This gate serves these rooms from now on; none: every room. The journal's entry.
        UsageError for a room that no paper of the roster has."""
        who = await self.signed(by, pin, connection)
        given = await rooms_given(rooms, self._lane.roster)
        event = await self._lane.ask(
            events.RoomsReassigned(given, who.id, self._lane.adapters.clock.now())
        )
        if event is None:
            raise GateBug("A reassignment was answered without a record.")
        return {"ok": True, **event}

    async def rooms(
        self, paper: str | None, room: str | None, connection: StaffConnection
    ) -> Mapping[str, object]:
        """Counts by room; of one room its absent too. UsageError, NoSuchEntry; Refused where names
        are asked for and nobody has signed in."""
        roster = self._roster()
        if paper is None and room is None:
            return await counts_by_room(self._lane, roster)
        if paper is None or room is None:
            raise _usage("Name paper and room, or neither.", "请同时填写场次和考场，或都不填。")
        self._may_see_names(connection)
        return await absent_of(self._lane, roster, paper, room)

    async def report(self, paper: str) -> Mapping[str, object]:
        """The site's numbers of a paper, as this gate knows them. NoSuchEntry, StorageRefused."""
        return await report_of(self._lane, self._roster(), paper)

    async def sign_report(
        self, paper: str, by: str, pin: str | None, connection: StaffConnection | None
    ) -> Mapping[str, object]:
        """The chief examiner signs the numbers of now: the journal's entry. Refused for others."""
        who = await self.signed(by, pin, connection)
        if self.pins.staff and who.role is not Role.CHIEF:
            raise Refused("The chief examiner signs the report.", "场次报告须由主考签字。")
        numbers = await self.report(paper)
        now = self._lane.adapters.clock.now()
        event = await self._lane.ask(events.ReportSigned(numbers, who.id, now))
        if event is None:
            raise GateBug("A report was answered without a record.")
        return {"ok": True, **event}

    async def find(
        self, handle: str, value: str, connection: StaffConnection
    ) -> Mapping[str, object]:
        """One candidate, and where they are. NoSuchEntry for nobody or several; Refused where
        nobody has signed in."""
        roster = self._roster()
        self._may_see_names(connection)
        return await one_candidate(self._lane, roster, handle, value)

    def _roster(self) -> Roster:
        roster = self._lane.roster
        if roster is None:
            raise out_of_service()
        return roster

    def _may_see_names(self, connection: StaffConnection) -> None:
        if self.pins.staff:
            self.pins.signed_in(connection)

    async def confirm_clock(
        self,
        by: str,
        day: str,
        pin: str | None = None,
        connection: StaffConnection | None = None,
    ) -> Mapping[str, object]:
        """An operator has looked at another clock: it is `day` (YYYY-MM-DD) at the exam's sites, as
        the unit's clock has it. UsageError where it has another day, or nobody may rely on it."""
        lane, rosters = self._lane, self._supervisors.rosters
        known = rosters.at_hand is not None
        signer = await self.signed(by, pin, connection) if known else self._named(by)
        now, who = lane.adapters.clock.now(), signer.id
        shown, given = local_day(now.at, lane.zone), _day(day)
        if not now.trusted:
            raise _usage(
                "The clock is not trusted: give it a time source first, then confirm the date.",
                "时钟未校准：请先接入时间源，再确认日期。",
            )
        if given != shown:
            raise _usage(
                f"The unit's clock shows {shown}, not {given}: put it right first, or look again.",
                f"设备时钟显示 {shown}，不是 {given}：请先校准时钟或重新核对。",
            )
        refused = await lane.note(CONFIRMED, {"by": who, "date": given.isoformat()})
        if refused is not None:
            lane.put(refused)
            raise out_of_service()
        clock = self._supervisors.clock
        clock.hear(Word(TimeSource.OPERATOR, now.at, now.mono_ns))
        return {"ok": True, "date": given.isoformat(), **clock.status}

    def follow(self) -> AsyncIterator[Mapping[str, object]]:
        """Status at once, then every published line, until the client leaves."""
        return self._lane.recorder.broadcast.follow({"status": self.status()})


def _document(kind: str) -> DocumentKind:
    try:
        return DocumentKind(kind)
    except ValueError as e:
        kinds = ", ".join(DocumentKind)
        raise _usage(f"document is one of: {kinds}.", f"document 可为：{kinds}。") from e


def _valid_to(text: str) -> date | Expiry:
    if text.strip() == Expiry.LONG_TERM:
        return Expiry.LONG_TERM
    return _day(text, "valid_to", " or 长期", "或“长期”")


def _day(text: str, field: str = "date", or_en: str = "", or_zh: str = "") -> date:
    """One spelling: another one of ISO 8601, such as a week, means a day that nobody typed."""
    if _DAY.fullmatch(text.strip()):
        with contextlib.suppress(ValueError):
            return date.fromisoformat(text.strip())
    raise _usage(
        f"{field} is a day such as 2027-05-12{or_en}.", f"{field} 为日期，如 2027-05-12{or_zh}。"
    )


def _name(name: str, field: str = "by") -> str:
    if not signature_form(name):
        raise _usage(f"Say who asks: {field} is empty.", f"请填写操作人（{field}）。")
    return _short(name.strip(), field, NAME_MAX)


def _short(text: str, field: str, most: int) -> str:
    """What is too long for the journal must not get there: its refusal would come too late."""
    if len(text) > most:
        raise _usage(f"{field} is longer than {most} characters.", f"{field} 超过 {most} 个字符。")
    return text


def _usage(en: str, zh: str) -> UsageError:
    return UsageError(en, zh)
