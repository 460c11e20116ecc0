"""Counts of every room of one paper, moved on by who has come, left or become doubtful since.

A look costs what has changed, and not what the site seats. A full count of 3,000 rooms is too much
for each change while a page is open.
"""

from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass

from gate.core.room_counts import RoomCounts

CHANGES_AT_ONCE = 1000
"""People who are moved before the lane has its turn."""

Moved = Mapping[tuple[str, str], str]
"""(paper id, candidate key) to a time, as `State.entered` and `State.left`."""


@dataclass(frozen=True, slots=True)
class PaperRooms:
    """Who sits one paper. `expected`: rooms by name, sorted, to how many sit there. `room_of`:
    candidate key to the room's name, None for who does not sit this paper here."""

    expected: Mapping[str, int]
    room_of: Callable[[str], str | None]


class RoomTally:
    """Of the paper `paper`. Not for two at a time."""

    def __init__(self, paper: str, rooms: PaperRooms) -> None:
        self._paper, self._rooms = paper, rooms
        self._entered: Moved = {}
        self._left: Moved = {}
        self._doubtful: frozenset[str] = frozenset()
        self._counts: dict[tuple[str, str], int] = {}

    def move(self, entered: Moved, left: Moved, doubtful: frozenset[str]) -> Iterator[None]:
        """Counts what is different since the last look, in steps. Where it is not gone through to
        its end nothing has changed. The mappings must not change afterwards."""
        shifts: dict[tuple[str, str], int] = {}
        people = _changed(self._entered, entered) | _changed(self._left, left)
        for number, (paper, key) in enumerate(people, 1):
            room = self._rooms.room_of(key) if paper == self._paper else None
            if room is not None:
                before = room, _where((paper, key), self._entered, self._left)
                now = room, _where((paper, key), entered, left)
                shifts[before] = shifts.get(before, 0) - 1
                shifts[now] = shifts.get(now, 0) + 1
            if number % CHANGES_AT_ONCE == 0:
                yield
        for key in doubtful ^ self._doubtful:
            room = self._rooms.room_of(key)
            if room is not None:
                step = 1 if key in doubtful else -1
                shifts[room, "doubtful"] = shifts.get((room, "doubtful"), 0) + step
        self._counts |= {at: self._counts.get(at, 0) + by for at, by in shifts.items()}
        self._entered, self._left, self._doubtful = entered, left, doubtful

    def counts(self) -> Iterator[tuple[str, RoomCounts]]:
        """Every room by name, with its counts at the last look."""
        for room, expected in self._rooms.expected.items():
            inside = self._counts.get((room, "inside"), 0)
            left = self._counts.get((room, "left"), 0)
            yield (
                room,
                RoomCounts(
                    expected=expected,
                    inside=inside,
                    left=left,
                    absent=expected - inside - left,
                    doubtful=self._counts.get((room, "doubtful"), 0),
                ),
            )


def _changed(before: Moved, now: Moved) -> Set[tuple[str, str]]:
    return frozenset() if before is now else before.keys() ^ now.keys()


def _where(who: tuple[str, str], entered: Moved, left: Moved) -> str:
    """As `room_counts.where`."""
    if who in left:
        return "left"
    return "inside" if who in entered else "absent"
