"""What staff ask of rooms and people: counts by room, the absent of one room, one candidate.

There is no list of everybody. Rows of the roster are opened for those who are asked for, and no
other.
"""

import asyncio
from collections.abc import Sequence

from gate.core.gate_rooms import serves
from gate.core.reassignment import ROOMS_MAX
from gate.core.room_counts import RoomCounts, doubtful_of, room_counts, where
from gate.core.room_tally import RoomTally
from gate.core.rooms_and_seats import place_form
from gate.errors import NoSuchEntry, UsageError
from gate.ports import Roster
from gate.service.lane import Lane

NAME_MAX = 32
"""Characters of a room."""


async def _rooms(roster: Roster, paper: str) -> dict[str, tuple[str, ...]]:
    """The rooms of `paper` to the keys of who sits there. StorageDamaged."""
    return {room: await roster.room_keys(paper, room) for room in await roster.room_names(paper)}


class SiteRooms:
    """Counts of every paper and room of one roster."""

    def __init__(self, roster: Roster) -> None:
        self.roster = roster
        self._tallies: dict[str, RoomTally] = {}
        self._one_at_a_time = asyncio.Lock()

    async def counts(self, lane: Lane) -> dict[str, object]:
        """By paper and room; `served`: whether this gate serves it. StorageDamaged."""
        papers: list[dict[str, object]] = []
        async with self._one_at_a_time:
            for paper in self.roster.exam.papers:
                tally = await self._tally(paper.id)
                state = lane.state
                doubtful = doubtful_of(state, paper.id)
                for _ in tally.move(state.entered, state.left, doubtful):
                    await asyncio.sleep(0)
                rooms: list[dict[str, object]] = [
                    {"room": room, **counts, "served": not state.rooms or serves(state.rooms, room)}
                    for room, counts in tally.counts()
                ]
                if rooms:
                    papers.append({"paper": paper.id, "rooms": rooms})
        return {"papers": papers}

    async def _tally(self, paper: str) -> RoomTally:
        found = self._tallies.get(paper)
        if found is None:
            found = self._tallies[paper] = RoomTally(paper, await self.roster.paper_rooms(paper))
        return found


async def paper_counts(lane: Lane, roster: Roster, paper: str) -> RoomCounts:
    """The counts of one paper at this site. NoSuchEntry for a paper that nobody sits here."""
    keys = [key for of_room in (await _rooms(roster, paper)).values() for key in of_room]
    if not keys:
        raise NoSuchEntry(f"Nobody sits paper {paper} here.", f"本考点没有场次 {paper}。")
    return room_counts(lane.state, paper, keys, doubtful_of(lane.state, paper))


async def absent_of(lane: Lane, roster: Roster, paper: str, room: str) -> dict[str, object]:
    """Counts of one room, and its absent with ticket, seat and name. NoSuchEntry for a room that
    the paper does not have; StorageDamaged."""
    names = await roster.room_names(paper)
    named = next((name for name in names if place_form(name) == place_form(room)), None)
    if named is None:
        raise NoSuchEntry(f"No room {room} in paper {paper}.", f"场次 {paper} 没有 {room} 考场。")
    keys = await roster.room_keys(paper, named)
    doubtful = doubtful_of(lane.state, paper)
    absent = []
    for key in keys:
        if where(lane.state, paper, key) != "absent":
            continue
        candidate = roster.candidate(key)
        seat = next(s.seat for s in candidate.seats if s.paper == paper)
        absent.append({"ticket": candidate.ticket, "seat": seat, "name": candidate.name})
        await asyncio.sleep(0)
    return {
        "paper": paper,
        "room": named,
        **room_counts(lane.state, paper, keys, doubtful),
        "absent_list": absent,
    }


async def one_candidate(lane: Lane, roster: Roster, handle: str, value: str) -> dict[str, object]:
    """One candidate by ticket, the last six of the number, or seat. NoSuchEntry for nobody or
    several; StorageDamaged."""
    found = (await roster.find_typed(handle, value, lane.papers_now())).candidate
    state = lane.state
    papers = [
        {
            "paper": s.paper,
            "room": s.room,
            "seat": s.seat,
            "state": where(state, s.paper, found.key),
            "entered": state.entered.get((s.paper, found.key)) or None,
            "left": state.left.get((s.paper, found.key)) or None,
            "doubtful": found.key in doubtful_of(state, s.paper),
            "served": serves(state.rooms, s.room),
        }
        for s in found.seats
    ]
    return {"ticket": found.ticket, "name": found.name, "papers": papers}


async def rooms_given(rooms: Sequence[str], roster: Roster | None) -> tuple[str, ...]:
    """Rooms as staff name them, each once. UsageError for too many, for one without a name, and for
    one that no paper of the roster has."""
    given = {place_form(room): room.strip() for room in rooms}
    if len(given) > ROOMS_MAX or any(not form or len(form) > NAME_MAX for form in given):
        raise UsageError(
            f"Name up to {ROOMS_MAX} rooms, each with 1 to {NAME_MAX} characters.",
            f"请填写至多 {ROOMS_MAX} 个考场，每个 1 至 {NAME_MAX} 个字符。",
        )
    known: set[str] = set()
    if roster is not None:
        for paper in roster.exam.papers:
            known |= {place_form(name) for name in await roster.room_names(paper.id)}
    strange = [room for form, room in given.items() if known and form not in known]
    if strange:
        raise UsageError(
            f"No paper of this site has room {', '.join(strange[:5])}.",
            f"本考点没有考场：{'、'.join(strange[:5])}。",
            rooms=strange,
        )
    return tuple(given.values())
