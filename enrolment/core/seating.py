"""Who sits where: rooms of a district, nobody beside a person of the same school. Pure.

Order is drawn by hash from a seed: the same seed gives the same seats on every machine.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

from enrolment.core.events import SeatGiven


@dataclass(frozen=True, slots=True)
class Room:
    """`seats` of a room in rows of `columns`; seat n is at row (n-1) // columns."""

    district: str
    site: str
    room: str
    seats: int
    columns: int


@dataclass(frozen=True, slots=True)
class Sitter:
    """A candidate of one paper. An empty `school` is nobody's."""

    ticket: str
    school: str


def beside(seat: int, room: Room) -> Iterator[int]:
    """The seats left, right, before and behind `seat`, from 0."""
    column = seat % room.columns
    if column > 0:
        yield seat - 1
    if column < room.columns - 1 and seat + 1 < room.seats:
        yield seat + 1
    if seat >= room.columns:
        yield seat - room.columns
    if seat + room.columns < room.seats:
        yield seat + room.columns


def seated(
    paper: str, sitters: Sequence[Sitter], rooms: Sequence[Room], seed: int
) -> dict[str, SeatGiven] | None:
    """A seat for each ticket, in as few of `rooms` as will do; None where they do not suffice."""
    drawn = sorted(sitters, key=lambda s: _drawn(seed, paper, s.ticket))
    sizes = _sizes(drawn)
    drawn.sort(key=lambda s: (-sizes.get(s.school, 0), s.school))
    for count in range(1, len(rooms) + 1):
        used = rooms[:count]
        if sum(room.seats for room in used) < len(drawn):
            continue
        placed = _placed(paper, drawn, used)
        if placed is not None:
            return placed
    return None if drawn else {}


def _placed(
    paper: str, sitters: Sequence[Sitter], rooms: Sequence[Room]
) -> dict[str, SeatGiven] | None:
    found: dict[str, SeatGiven] = {}
    for room, those in zip(rooms, _dealt(sitters, rooms), strict=True):
        seats = seats_of_room(those, room)
        if seats is None:
            return None
        for seat, sitter in seats.items():
            found[sitter.ticket] = SeatGiven(paper, room.site, room.room, f"{seat + 1:02d}")
    return found


def _dealt(sitters: Sequence[Sitter], rooms: Sequence[Room]) -> list[list[Sitter]]:
    """Like cards, so that each room gets its share of every school."""
    dealt: list[list[Sitter]] = [[] for _ in rooms]
    place = 0
    for sitter in sitters:
        while len(dealt[place % len(rooms)]) >= rooms[place % len(rooms)].seats:
            place += 1
        dealt[place % len(rooms)].append(sitter)
        place += 1
    return dealt


def seats_of_room(sitters: Sequence[Sitter], room: Room) -> dict[int, Sitter] | None:
    """Seats from 0 for those of one room; None where two of a school would be neighbours.

    Every other seat is filled first, as on a chess board, the largest schools before the others.
    """
    sizes = _sizes(sitters)
    order = sorted(sitters, key=lambda s: (-sizes.get(s.school, 0), s.school))
    first = [n for n in range(room.seats) if (n // room.columns + n % room.columns) % 2 == 0]
    second = [n for n in range(room.seats) if (n // room.columns + n % room.columns) % 2 == 1]
    for cells in (first + second, second + first, first + second[::-1]):
        placed = dict(zip(cells, order, strict=False))
        if _parted(placed, room):
            return placed
    return None


def _parted(placed: dict[int, Sitter], room: Room) -> bool:
    """Exchanges neighbours of a school with others until none are left; whether that worked."""
    for _ in range(len(placed)):
        wrong = [n for n in placed if _clashes(placed, room, n)]
        if not wrong:
            return True
        if not any(_exchanged(placed, room, seat) for seat in wrong):
            return False
    return not any(_clashes(placed, room, n) for n in placed)


def _exchanged(placed: dict[int, Sitter], room: Room, seat: int) -> bool:
    mine = placed[seat]
    for other in range(room.seats):
        if other == seat:
            continue
        theirs = placed.get(other)
        _put(placed, seat, theirs)
        placed[other] = mine
        if not _clashes(placed, room, other) and not _clashes(placed, room, seat):
            return True
        placed[seat] = mine
        _put(placed, other, theirs)
    return False


def _put(placed: dict[int, Sitter], seat: int, sitter: Sitter | None) -> None:
    if sitter is None:
        placed.pop(seat, None)
    else:
        placed[seat] = sitter


def _clashes(placed: dict[int, Sitter], room: Room, seat: int) -> bool:
    if seat not in placed or not placed[seat].school:
        return False
    school = placed[seat].school
    return any(n in placed and placed[n].school == school for n in beside(seat, room))


def _sizes(sitters: Sequence[Sitter]) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for sitter in sitters:
        if sitter.school:
            sizes[sitter.school] = sizes.get(sitter.school, 0) + 1
    return sizes


def _drawn(seed: int, paper: str, ticket: str) -> str:
    return sha256(f"{seed} {paper} {ticket}".encode()).hexdigest()
