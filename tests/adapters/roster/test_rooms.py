"""Who sits where: by paper and room, in the order of the seats, opened for who asks."""

from pathlib import Path

from gate.core.exam import Seat
from gate.roster.open_roster import InstalledRoster
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
