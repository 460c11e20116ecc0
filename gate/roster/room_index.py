"""Who sits in which room, read once from every row of the roster: keys and seats, no names.

Rows are sealed one by one and in no order that tells anything, so a room can only be listed by
opening all of them. That is done once for each roster, in a thread, on a connection of its own.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Mapping
from functools import cache

from gate.core.exam import Seat
from gate.core.rooms_and_seats import place_form
from gate.errors import StorageDamaged
from gate.roster.file_format import CandidateRecord, decode_seats

Place = tuple[str, str]
"""Paper id, and the room in the one form of places."""


class RoomIndex:
    """Of one roster. `rooms`: each place to the room's name as the office wrote it, and the keys of
    who sits there, in the order of the seats."""

    def __init__(self, seats: Mapping[Place, list[tuple[str, str, bytes]]]) -> None:
        self.rooms: dict[Place, tuple[str, tuple[bytes, ...]]] = {
            place: (found[0][1], tuple(key for *_, key in sorted(found)))
            for place, found in sorted(seats.items())
        }
        self._room_of: dict[str, dict[bytes, str]] = {}

    def room_names(self, paper: str) -> tuple[str, ...]:
        """The rooms of `paper`, sorted."""
        return tuple(name for (of, _), (name, _) in self.rooms.items() if of == paper)

    def keys(self, paper: str, room: str) -> tuple[bytes, ...]:
        """Of who sits in `room`, in the order of the seats; none for an unknown one."""
        return self.rooms.get((paper, place_form(room)), ("", ()))[1]

    def rooms_by_key(self, paper: str) -> Mapping[bytes, str]:
        """Candidate key to the room's name, of who sits `paper`; made the first time."""
        if paper not in self._room_of:
            self._room_of[paper] = {
                key: name
                for (of, _), (name, keys) in self.rooms.items()
                if of == paper
                for key in keys
            }
        return self._room_of[paper]


def read_room_index(db: sqlite3.Connection, opened: Callable[[bytes, bytes], bytes]) -> RoomIndex:
    """`opened`: key and sealed row to its plain bytes. StorageDamaged for a row that does not open
    and for a file that cannot be read."""
    seats: defaultdict[Place, list[tuple[str, str, bytes]]] = defaultdict(list)
    form = cache(place_form)  # few rooms and seats, named by many rows
    try:
        for key, sealed in db.execute("SELECT key, sealed FROM candidate"):
            for seat in decode_seats(opened(key, sealed)):
                place = (seat.paper, form(seat.room))
                seats[place].append((form(seat.seat).rjust(8, "0"), seat.room, key))
    except sqlite3.DatabaseError as e:
        raise StorageDamaged(
            f"The installed roster cannot be read ({e}): install it again from its source.",
            "已安装的考生名册无法读取：请重新安装。",
        ) from e
    return RoomIndex(seats)


def seat_in(record: CandidateRecord, paper: str) -> Seat | None:
    """Where the candidate sits `paper`."""
    return next((seat for seat in record.seats if seat.paper == paper), None)
