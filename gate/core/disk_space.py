"""How much space the rest of an exam needs on the unit's disk, and when that is to be told."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from gate.core.exam import Exam, entry_window

DOOR_PER_HOUR = 1800
"""Events while a paper may be entered: one person every two seconds, more than a lane lets in."""
QUIET_PER_HOUR = 60
"""Events at any other time: faults, clocks, restarts."""
EVENT_BYTES = 16_384
"""One event at least: its row, its page in the log, and its share of the evidence pictures (60 kB,
for every tenth)."""
FEW = 1000
"""Fewer events say nothing of what one costs: a new journal's tables and its log of 4 MiB are there
before the first one."""
RESERVE_BYTES = 64 * 1024 * 1024
"""What SQLite's log, the next roster and the system's own logs take beside the events."""
UNKNOWN = timedelta(hours=12)
"""How long it goes on, where no roster says."""
_ANY = datetime(2020, 1, 1, tzinfo=UTC)
"""Without papers nothing depends on the time."""
EARLY = 4
"""The first alert comes while there is room for so many exams like this one."""


class Room(StrEnum):
    """Whether the disk has space for the rest of the exam.

    `LOW`: tell the office, today is safe. `SHORT`: the disk may fill before the exam ends.
    """

    ENOUGH = "enough"
    LOW = "low"
    SHORT = "short"


def needed_bytes(exam: Exam | None, at: datetime | None, event_bytes: float = 0.0) -> int:
    """What the rest of `exam` will write from `at` on, in bytes.

    All of the exam where `at` is None, because no clock says how much of it is over. `event_bytes`:
    what an event has cost so far; never taken for less than `EVENT_BYTES`.
    """
    papers = exam.papers if exam is not None else ()
    if at is None:
        at = min([entry_window(p, "").opens for p in papers], default=_ANY)
    rest = max([p.end - at for p in papers if p.end > at], default=UNKNOWN)
    door_h = _hours([UNKNOWN] if exam is None else _open_times(exam, at))
    quiet_h = _hours([rest])
    events = door_h * DOOR_PER_HOUR + quiet_h * QUIET_PER_HOUR
    return RESERVE_BYTES + round(events * max(event_bytes, EVENT_BYTES))


def bytes_an_event(journal_bytes: int, events: int) -> float:
    """What an event has cost so far, by a journal of `journal_bytes` in all its files."""
    return journal_bytes / max(FEW, events)


def room(free_bytes: int, needed: int, before: Room = Room.ENOUGH) -> Room:
    """Worse at once, better only with a tenth to spare, so that it does not flutter."""
    spare = needed // 10
    for level, bound in ((Room.SHORT, needed), (Room.LOW, EARLY * needed)):
        was_so_bad = before is Room.SHORT or before is level
        if free_bytes < bound + (spare if was_so_bad else 0):
            return level
    return Room.ENOUGH


def _open_times(exam: Exam, at: datetime) -> Iterable[timedelta]:
    """What is left of the times at which any paper may be entered, each once."""
    windows = [
        entry_window(p, room, exam.extensions)
        for p in exam.papers
        for room in {e.room or "" for e in exam.extensions} | {""}
    ]
    times = sorted((max(at, w.opens), w.closes) for w in windows if w.closes > at)
    merged: list[tuple[datetime, datetime]] = []
    for opens, closes in times:
        if merged and opens <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], closes))
        else:
            merged.append((opens, closes))
    return [closes - opens for opens, closes in merged]


def _hours(times: Iterable[timedelta]) -> float:
    return sum(time / timedelta(hours=1) for time in times)
