"""What staff ask of rooms and seats: counts, absent, one candidate, the sheet, other rooms."""

import base64
from collections.abc import Mapping, Sequence

from gate.core import events
from gate.core.room_counts import doubtful_of
from gate.core.seat_sheet import SheetCell, no_such_room, sheet_head, sheet_state
from gate.errors import GateBug
from gate.ports import StaffConnection
from gate.service.lane import Lane
from gate.service.signers import Signers
from gate.service.site_view import SiteRooms, absent_of, one_candidate, rooms_given
from gate.service.staff_words import misfit


class RoomsDesk:
    """On one lane."""

    def __init__(self, lane: Lane, signers: Signers) -> None:
        self._lane = lane
        self._signers = signers
        self._site: SiteRooms | None = None

    async def rooms(
        self, paper: str | None, room: str | None, connection: StaffConnection
    ) -> Mapping[str, object]:
        """Counts by room; of one room its absent too. UsageError, NoSuchEntry; Refused where names
        are asked for and nobody has signed in."""
        roster = self._signers.roster
        if paper is None and room is None:
            if self._site is None or self._site.roster is not roster:
                self._site = SiteRooms(roster)
            return await self._site.counts(self._lane)
        if paper is None or room is None:
            raise misfit("Name paper and room, or neither.", "请同时填写场次和考场，或都不填。")
        self._signers.may_see_names(connection)
        return await absent_of(self._lane, roster, paper, room)

    async def find(
        self, handle: str, value: str, connection: StaffConnection
    ) -> Mapping[str, object]:
        """One candidate, and where they are. NoSuchEntry for nobody or several; Refused where
        nobody has signed in."""
        roster = self._signers.roster
        self._signers.may_see_names(connection)
        return await one_candidate(self._lane, roster, handle, value)

    async def sheet(
        self, paper: str, room: str, connection: StaffConnection
    ) -> Mapping[str, object]:
        """The seat-photo sheet of one room as `pdf` in base64. NoSuchEntry for a paper or a room
        that is not of this roster. Refused where the roster has staff and none has signed in."""
        lane, roster = self._lane, self._signers.roster
        self._signers.may_see_names(connection)
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

    async def reassign(
        self,
        rooms: Sequence[str],
        by: str,
        pin: str | None = None,
        connection: StaffConnection | None = None,
    ) -> Mapping[str, object]:
        """This gate serves these rooms from now on; none: every room. The journal's entry.
        UsageError for a room that no paper of the roster has."""
        who = await self._signers.signed(by, pin, connection)
        given = await rooms_given(rooms, self._lane.roster)
        now = self._lane.adapters.clock.now()
        event = await self._lane.ask(events.RoomsReassigned(given, who.id, now))
        if event is None:
            raise GateBug("A reassignment was answered without a record.")
        return {"ok": True, **event}
