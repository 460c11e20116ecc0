"""Seat-photo sheets before the day: every room and paper of an exam, from lists and photos.

They are the printed roll for a power failure. One file a room; the processes of a pool draw them,
and one odd photo leaves its own cell empty.
"""

import multiprocessing
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from gate.core.exam import Exam
from gate.core.rooms_and_seats import place_form
from gate.core.seat_sheet import SheetCell, SheetHead, sheet_head
from gate.errors import PhotoRejected
from gate.platform.durable_files import write_file
from gate.sheets.seat_photo_sheet import seat_photo_sheet
from office.rosters.candidate_references import Candidate
from office.rosters.photos import read_photo, travelling_jpeg

_NOT_IN_NAMES = re.compile(r"[^\w.-]+")
SHEETS_OF_ONE_PROCESS = 50
"""Then a new one: fonts leave memory behind."""


@dataclass(frozen=True, slots=True)
class RoomSheet:
    """One sheet to be drawn. `people`: seat, ticket, name of each, in the order of the seats;
    `photos`: ticket to file."""

    head: SheetHead
    people: tuple[tuple[str, str, str], ...]
    photos: dict[str, Path]
    out: Path


def room_sheets(
    exam: Exam,
    people: Sequence[Candidate],
    photos: dict[str, Path],
    now: datetime,
    out: Path,
) -> list[RoomSheet]:
    """Every room with candidates, by site, paper and room: `OUT/SITE/PAPER_ROOM.pdf`."""
    rooms: dict[tuple[str, str, str], list[tuple[str, str, str, str]]] = {}
    for person in people:
        for row in person.rows:
            place = (row.site, row.paper, place_form(row.room))
            rooms.setdefault(place, []).append((row.seat, row.room, person.ticket, person.name))
    papers = {paper.id: paper for paper in exam.papers}
    made = []
    for (site, paper, _), seated in sorted(rooms.items()):
        seated.sort(key=lambda s: place_form(s[0]).rjust(8, "0"))
        room = seated[0][1]
        tickets = {ticket.upper() for _, _, ticket, _ in seated}
        made.append(
            RoomSheet(
                sheet_head(exam, site, papers[paper], room, now),
                tuple((seat, ticket, name) for seat, _, ticket, name in seated),
                {ticket: path for ticket, path in photos.items() if ticket in tickets},
                out / _file_name(site) / f"{_file_name(paper)}_{_file_name(room)}.pdf",
            )
        )
    return made


def draw_all(sheets: Sequence[RoomSheet], done: Callable[[int, int], None]) -> Iterator[str]:
    """Draws every sheet, one process a core; the tickets whose photo could not be used, with the
    reason. InputDamaged without a Chinese font; OSError where `out` takes nothing."""
    workers = max(1, min(len(sheets), len(os.sched_getaffinity(0))))
    context = multiprocessing.get_context("spawn")
    with context.Pool(workers, maxtasksperchild=SHEETS_OF_ONE_PROCESS) as pool:
        for number, odd in enumerate(pool.imap_unordered(draw, sheets), 1):
            done(number, len(sheets))
            yield from odd


def draw(sheet: RoomSheet) -> list[str]:
    """Writes one sheet; what was odd about its photos. InputDamaged, OSError."""
    cells, odd = [], []
    for seat, ticket, name in sheet.people:
        photo = None
        try:
            photo = travelling_jpeg(read_photo(sheet.photos, ticket))
        except PhotoRejected as e:
            odd.append(f"{ticket}: {e.zh} {e.en}")
        cells.append(SheetCell(seat, ticket, name, photo))
    write_file(sheet.out, seat_photo_sheet(sheet.head, cells), 0o600)
    return odd


def _file_name(part: str) -> str:
    return _NOT_IN_NAMES.sub("-", part)
