"""ROOMS.csv and an assignment made by hand, read with every fault at once."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from enrolment.core.events import SeatGiven
from enrolment.core.seating import Room
from gate.errors import ConfigInvalid, InputDamaged
from gate.platform.printable_text import is_printable
from gate.platform.regular_file import read_regular

ROOM_COLUMNS = ("district", "site", "room", "seats", "columns")
ASSIGNMENT_COLUMNS = ("ticket", "paper", "site", "room", "seat")
BYTES_MAX = 64 << 20
SEATS_MAX = 2000
_NUMBER = re.compile(r"[0-9]{1,5}", re.ASCII)


def read_rooms(path: Path, districts: Sequence[str], sites: Sequence[str]) -> list[Room]:
    """Every room. ConfigInvalid, and InputDamaged where the file cannot be read."""
    faults: list[str] = []
    rooms: list[Room] = []
    for line, (district, site, room, seats, columns) in _rows(path, ROOM_COLUMNS, faults):
        if district not in districts:
            faults.append(f"line {line}: the round has no district {district!r}")
        if site not in sites:
            faults.append(f"line {line}: the exam has no site {site!r}")
        if not all(_NUMBER.fullmatch(n) and 0 < int(n) <= SEATS_MAX for n in (seats, columns)):
            faults.append(f"line {line}: seats and columns are numbers from 1 to {SEATS_MAX}")
        else:
            rooms.append(Room(district, site, room, int(seats), int(columns)))
    names = Counter((room.site, room.room) for room in rooms)
    faults += [f"{site} {room}: stands twice" for (site, room), n in names.items() if n > 1]
    if faults:
        raise ConfigInvalid.of(path, faults)
    return rooms


def read_assignment(path: Path, sites: Sequence[str]) -> dict[tuple[str, str], SeatGiven]:
    """Seat by ticket and paper. ConfigInvalid, and InputDamaged where it cannot be read."""
    faults: list[str] = []
    found: dict[tuple[str, str], SeatGiven] = {}
    for line, (ticket, paper, site, room, seat) in _rows(path, ASSIGNMENT_COLUMNS, faults):
        if site not in sites:
            faults.append(f"line {line}: the exam has no site {site!r}")
        if (ticket, paper) in found:
            faults.append(f"line {line}: {ticket} has a seat for {paper} already")
        found[ticket, paper] = SeatGiven(paper, site, room, seat)
    places = Counter((s.paper, s.site, s.room, s.seat) for s in found.values())
    faults += [f"{' '.join(place)}: given twice" for place, n in places.items() if n > 1]
    if faults:
        raise ConfigInvalid.of(path, faults)
    return found


def _rows(
    path: Path, columns: tuple[str, ...], faults: list[str]
) -> Iterator[tuple[int, list[str]]]:
    try:
        text = read_regular(path, BYTES_MAX).decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as e:
        raise InputDamaged(
            f"{path} cannot be read ({e}): name the list, in UTF-8.", f"{path} 无法读取。"
        ) from e
    rows = csv.reader(io.StringIO(text))
    try:
        if tuple(next(rows, [])) != columns:
            faults.append(f"line 1: the header must be {','.join(columns)}")
            return
        for row in rows:
            cells = [cell.strip() for cell in row]
            if not cells:
                continue
            if len(cells) == len(columns) and all(c and is_printable(c) for c in cells):
                yield rows.line_num, cells
            else:
                faults.append(f"line {rows.line_num}: every column needs a value that can be seen")
    except csv.Error as e:
        faults.append(f"line {rows.line_num}: {e}")
