"""An exam's days as an office checks them: papers, windows, rooms, overlaps, candidates. Pure.

Days are those of the exam's own zone. Rooms and candidates come from a list and are left out
without one.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gate.core.access_arrangements import EXTRA_TIME
from gate.core.exam import EntryWindow, Exam, Paper, entry_window
from gate.core.local_time import local_day
from gate.core.rooms_and_seats import place_form
from office.rosters.rows import CandidateRow


@dataclass(frozen=True, slots=True)
class RoomPlan:
    """One room of one paper. `name`: as the list spells it first. `window`: with the extension
    that was granted to the room."""

    site: str
    name: str
    candidates: int
    window: EntryWindow


@dataclass(frozen=True, slots=True)
class PaperPlan:
    """One paper on its day.

    `window`: of a room without an extension of its own. `leave_from`: the first moment at which
    somebody may leave. `overlaps`: papers that are sat at the same time. `clashes`: for each of
    these the tickets that are listed for both; a person cannot sit both. `rooms`: by site and name.
    `waiting_for_time`: candidates with the flag for extra time.
    """

    paper: Paper
    window: EntryWindow
    leave_from: datetime
    overlaps: tuple[str, ...]
    clashes: Mapping[str, tuple[str, ...]]
    rooms: tuple[RoomPlan, ...]
    waiting_for_time: int = 0

    @property
    def candidates(self) -> int:
        """Seats of the paper that are taken."""
        return sum(room.candidates for room in self.rooms)


@dataclass(frozen=True, slots=True)
class DayPlan:
    """The papers that begin on one day (YYYY-MM-DD), by their start."""

    date: str
    papers: tuple[PaperPlan, ...]


def exam_days(exam: Exam, rows: Iterable[CandidateRow] = ()) -> tuple[DayPlan, ...]:
    """Each day of the exam on which a paper begins. `rows`: the candidates that were taken."""
    by_paper: dict[str, list[CandidateRow]] = defaultdict(list)
    for row in rows:
        by_paper[row.paper].append(row)
    tickets = {paper: {r.ticket.upper() for r in listed} for paper, listed in by_paper.items()}
    days: dict[str, list[PaperPlan]] = defaultdict(list)
    for paper in sorted(exam.papers, key=lambda p: (p.start, p.end, p.id)):
        others = [p.id for p in exam.papers if p.id != paper.id and _overlap(p, paper)]
        both = {other: tickets.get(paper.id, set()) & tickets.get(other, set()) for other in others}
        plan = PaperPlan(
            paper=paper,
            window=entry_window(paper, "", exam.extensions),
            leave_from=_leave_from(paper),
            overlaps=tuple(others),
            clashes={other: tuple(sorted(found)) for other, found in both.items() if found},
            rooms=_rooms(exam, paper, by_paper[paper.id]),
            waiting_for_time=sum(EXTRA_TIME in r.flags for r in by_paper[paper.id]),
        )
        days[local_day(paper.start, exam.zone).isoformat()].append(plan)
    return tuple(DayPlan(date, tuple(plans)) for date, plans in sorted(days.items()))


def _overlap(one: Paper, other: Paper) -> bool:
    return one.start < other.end and other.start < one.end


def _leave_from(paper: Paper) -> datetime:
    """Never before the start: a paper may be shorter than the time for which all have to stay."""
    return max(paper.start, paper.end - timedelta(minutes=paper.leave_before_end_min))


def _rooms(exam: Exam, paper: Paper, rows: Sequence[CandidateRow]) -> tuple[RoomPlan, ...]:
    groups: dict[tuple[str, str], list[CandidateRow]] = defaultdict(list)
    for row in rows:
        groups[row.site, place_form(row.room)].append(row)
    plans = [
        RoomPlan(site, listed[0].room, len(listed), entry_window(paper, form, exam.extensions))
        for (site, form), listed in groups.items()
    ]
    return tuple(sorted(plans, key=lambda r: (r.site, _in_order(r.name))))


def _in_order(room: str) -> tuple[int, str]:
    """Rooms with a number by it, then all others by name."""
    form = place_form(room)
    is_number = form.isascii() and form.isdigit()
    return (int(form), form) if is_number else (1 << 62, form)
