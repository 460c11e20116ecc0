"""Who sits where: by paper and room, in the order of the seats, opened for who asks."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from gate.core.exam import Seat
from gate.roster import open_roster
from gate.roster.open_roster import InstalledRoster
from gate.roster.room_index import RoomIndex
from tests.roster_making import Office, row

PAPER, OTHER = "00015-am", "00023-pm"


def _roster(tmp_path: Path) -> InstalledRoster:
    office = Office()
    rows = [
        row(1, seats=(Seat(PAPER, "3", "10"), Seat(OTHER, "B-1", "1"))),
        row(2, seats=(Seat(PAPER, "03", "9"),), template=None, mean=None, deviation=None),
        row(3, seats=(Seat(PAPER, "A-101", "7"),)),
    ]
    office.written(tmp_path / "out", rows=rows)
    office.install(tmp_path / "out", tmp_path / "state")
    roster = office.open(tmp_path / "state")
    assert roster is not None
    return roster


async def test_rooms_of_a_paper_and_who_sits_there_by_seat(tmp_path: Path) -> None:
    with _roster(tmp_path) as roster:
        assert len(await roster.room_names(PAPER)) == 2
        assert await roster.room_names(OTHER) == ("B-1",)
        seated = await roster.seated(PAPER, "03")
        assert [(s.ticket, s.seat.seat) for s in seated] == [
            ("420100000002", "9"),
            ("420100000001", "10"),
        ]
        assert [s.photo for s in seated] == [row(2).photo, row(1).photo]
        assert await roster.room_keys(PAPER, "3") == tuple(s.key for s in seated)
        assert "考生" not in repr(seated)


async def test_an_unknown_room_or_paper_is_empty(tmp_path: Path) -> None:
    with _roster(tmp_path) as roster:
        assert await roster.seated(PAPER, "99") == ()
        assert await roster.room_keys("nothing", "03") == ()
        assert await roster.room_names("nothing") == ()


async def test_rooms_are_found_by_key_and_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, times = open_roster.read_room_index, []

    def counted(*given: Any) -> RoomIndex:
        times.append(1)
        return read(*given)

    monkeypatch.setattr(open_roster, "read_room_index", counted)
    with _roster(tmp_path) as roster:
        rooms, _ = await asyncio.gather(roster.paper_rooms(PAPER), roster.room_names(PAPER))
        assert sorted(rooms.expected.values()) == [1, 2]
        for room in rooms.expected:
            for key in await roster.room_keys(PAPER, room):
                assert rooms.room_of(key) == room
        assert rooms.room_of("00" * 16) is None
        other = await roster.paper_rooms(OTHER)
        assert dict(other.expected) == {"B-1": 1}
    assert times == [1]
