"""Rows of candidates.csv, and rows against each other.

Where rows contradict each other all of them are rejected. Nobody here can know which one is right,
and a guess would let the wrong person in.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field

from gate.core.health_report import NOTHING, HandedIn
from gate.roster.file_format import seat_handle
from office.rosters.cells import same_name

Fault = tuple[str, str, str]
"""A word for programs, a clause in English, one in Chinese."""


@dataclass(frozen=True, slots=True)
class CandidateRow:
    """One candidate and paper. `number` is normalised and valid."""

    line: int
    ticket: str
    number: str = field(repr=False)
    name: str = field(repr=False)
    site: str
    paper: str
    room: str
    seat: str
    flags: frozenset[str] = frozenset()
    handed_in: HandedIn = field(default=NOTHING, repr=False)


@dataclass(frozen=True, slots=True)
class Rejection:
    """A row that was not taken. `reason`: a word for programs; `en`, `zh`: for people, without
    name and number."""

    line: int
    ticket: str
    reason: str
    en: str
    zh: str


@dataclass(frozen=True, slots=True)
class RowNote:
    """What was put right, or looks odd, in a row that was taken; the same fields."""

    line: int
    ticket: str
    reason: str
    en: str
    zh: str


def rejection(line: int, ticket: str, faults: Iterable[Fault]) -> Rejection:
    """The rejection of a row, with all of its faults in one text."""
    reasons, en, zh = zip(*faults, strict=True)
    return Rejection(line, ticket, " ".join(reasons), "; ".join(en), "；".join(zh))


def _seat_key(row: CandidateRow) -> Hashable:
    return row.site, seat_handle(row.paper, f"{row.room}-{row.seat}")


_AGREEMENTS: list[
    tuple[Callable[[CandidateRow], Hashable], Callable[[CandidateRow], Hashable], Fault]
] = [
    (
        lambda r: r.ticket.upper(),
        lambda r: (r.number, same_name(r.name)),
        (
            "ticket-differs",
            "rows of this ticket differ in ID number or name: lines {lines}",
            "同一准考证号的身份证号或姓名不一致：第 {lines} 行",
        ),
    ),
    (
        lambda r: r.number,
        lambda r: r.ticket.upper(),
        (
            "number-shared",
            "one ID number has several tickets: lines {lines}",
            "同一身份证号有多个准考证号：第 {lines} 行",
        ),
    ),
    (
        lambda r: (r.ticket.upper(), r.paper),
        _seat_key,
        (
            "paper-differs",
            "one paper is given several seats: lines {lines}",
            "同一科目有多个座位：第 {lines} 行",
        ),
    ),
    (
        _seat_key,
        lambda r: r.ticket.upper(),
        (
            "seat-shared",
            "one seat is given to several candidates: lines {lines}",
            "同一座位分给多名考生：第 {lines} 行",
        ),
    ),
]
"""Rows that share the first must share the second."""


def without_conflicts(
    rows: Sequence[CandidateRow],
) -> tuple[list[CandidateRow], list[Rejection]]:
    """The rows that agree with all others, and the rest with their reasons."""
    faults: dict[int, list[Fault]] = defaultdict(list)
    for same, agreed, fault in _AGREEMENTS:
        for group in _grouped(rows, same):
            if len({agreed(row) for row in group}) > 1:
                _blame(faults, group, fault)
    for group in _grouped(rows, lambda r: (r.ticket.upper(), r.paper, _seat_key(r))):
        repeats = [row for row in group[1:] if row.line not in faults]
        _blame(faults, repeats, _repeated(group[0].line))
    taken = [row for row in rows if row.line not in faults]
    refused = [rejection(r.line, r.ticket, faults[r.line]) for r in rows if r.line in faults]
    return taken, refused


def _grouped(
    rows: Iterable[CandidateRow], same: Callable[[CandidateRow], Hashable]
) -> list[list[CandidateRow]]:
    groups: dict[Hashable, list[CandidateRow]] = defaultdict(list)
    for row in rows:
        groups[same(row)].append(row)
    return [group for group in groups.values() if len(group) > 1]


def _blame(faults: dict[int, list[Fault]], group: list[CandidateRow], fault: Fault) -> None:
    lines = [str(row.line) for row in group]
    shown = ", ".join(lines[:5]) + (" …" if len(lines) > 5 else "")
    reason, en, zh = fault
    for row in group:
        faults[row.line].append((reason, en.format(lines=shown), zh.format(lines=shown)))


def _repeated(first: int) -> Fault:
    return "repeated", f"the row repeats line {first}", f"与第 {first} 行重复"
