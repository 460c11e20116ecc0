"""The exam as signed data: sites, papers, entry windows, extensions; and the candidate's papers.

Every rule of a real exam is a field here with a default, never a constant in code. All instants
are aware; comparisons work across offsets. Days and texts follow the exam's own zone.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from gate.core.card import USUAL_DOCUMENTS, DocumentKind
from gate.core.health_report import NOTHING, HandedIn, Question
from gate.core.rooms_and_seats import place_form

FMR_LEAST = 1e-6
"""The least target false match rate that a paper may ask for."""

SIGNATURES = 2
"""Of two people, that settle a doubtful case where the paper says nothing else."""

LIVENESS = ("off", "passive", "action")
"""What a paper may ask for, the least first."""

LIVENESS_FALLBACKS = ("refer", "admit")
"""What becomes of a face when a layer that the paper asks for is missing."""


@dataclass(frozen=True, slots=True)
class LivenessRule:
    """What a paper asks for: one of `LIVENESS`, and one of `LIVENESS_FALLBACKS`. `excused`: no
    action may be ordered."""

    asked: str = LIVENESS[0]
    fallback: str = LIVENESS_FALLBACKS[0]
    excused: bool = False


@dataclass(frozen=True, slots=True)
class FacePolicy:
    """How the face is judged for one paper.

    `fmr`: target false match rate of one comparison. `liveness_fallback`: one of
    `LIVENESS_FALLBACKS`. `excused`: of one attempt, whose candidate need do no action.
    """

    fmr: float = 1e-4
    attempts: int = 3
    probe_frames: int = 3
    probe_seconds: float = 3.0
    liveness: str = "passive"
    liveness_fallback: str = "refer"
    excused: bool = False

    @property
    def liveness_rule(self) -> LivenessRule:
        """What is asked for of a face that matches."""
        return LivenessRule(self.liveness, self.liveness_fallback, self.excused)


@dataclass(frozen=True, slots=True)
class Paper:
    """One sitting of one subject. Entry: `start - opens_before` inclusive to `start + closes_after`
    exclusive; a negative `closes_after_min` closes before the start.

    `requires`: of `REQUIREMENTS`. `signatures`: 1 or 2, that settle a doubtful case.
    `standby_room`: where whoever has symptoms goes; empty where none is named. `extra_time_min`: by
    how much the end is later for candidates who are granted more time.
    """

    id: str
    subject: str
    start: datetime
    end: datetime
    opens_before_min: float = 30
    closes_after_min: float = 15
    leave_before_end_min: float = 30
    reentry: bool = False
    documents: frozenset[DocumentKind] = USUAL_DOCUMENTS
    face: FacePolicy = field(default_factory=FacePolicy)
    requires: frozenset[str] = frozenset()
    signatures: int = SIGNATURES
    standby_room: str = ""
    extra_time_min: float = 0


@dataclass(frozen=True, slots=True)
class Site:
    """A site (考点) by its id and its name."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Extension:
    """Later closing granted on the day, for a paper and a room (None: every room)."""

    paper: str
    room: str | None
    closes_after_min: float
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Exam:
    """An exam as the manifest of a roster describes it.

    `questions`: of the health report. `timezone`: IANA name of the zone in which days are counted
    and times told; ValueError and KeyError (`ZoneInfoNotFoundError`) where there is none of that
    name.
    """

    id: str
    name: str
    timezone: str
    retention_days: int
    sites: tuple[Site, ...]
    papers: tuple[Paper, ...]
    extensions: tuple[Extension, ...] = ()
    questions: tuple[Question, ...] = ()

    def __post_init__(self) -> None:
        ZoneInfo(self.timezone)

    @property
    def zone(self) -> tzinfo:
        """Of the walls at the exam's sites, whatever offsets its papers are written with."""
        return ZoneInfo(self.timezone)

    def site_name(self, site: str) -> str:
        """The name of a site, or its id where the exam does not list it."""
        return next((s.name for s in self.sites if s.id == site), site)


def liveness_asked(exam: Exam | None) -> str:
    """The most that any paper of the exam asks for."""
    papers = exam.papers if exam else ()
    return max((p.face.liveness for p in papers), key=LIVENESS.index, default=LIVENESS[0])


@dataclass(frozen=True, slots=True)
class Seat:
    """Where a candidate sits one paper."""

    paper: str
    room: str
    seat: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A candidate as the rules see one. `key` is the keyed ID (hex), never the number itself;
    `elsewhere`: (paper id, site id) of papers at other sites. `handed_in`: at enrolment."""

    ticket: str
    name: str
    key: str
    seats: tuple[Seat, ...]
    has_reference: bool
    flags: frozenset[str] = frozenset()
    elsewhere: tuple[tuple[str, str], ...] = ()
    handed_in: HandedIn = NOTHING

    def __repr__(self) -> str:  # a log line must not carry a name
        return f"Candidate({self.ticket})"


@dataclass(frozen=True, slots=True)
class EntryWindow:
    """Half open: `opens <= t < closes`."""

    opens: datetime
    closes: datetime
    closes_after_min: float

    def holds(self, at: datetime) -> bool:
        """Whether `at` is in the window: `opens` is included, `closes` is excluded."""
        return self.opens <= at < self.closes


def entry_window(paper: Paper, room: str, extensions: Iterable[Extension] = ()) -> EntryWindow:
    """When `room` of `paper` may be entered, in UTC: minutes are counted on no wall, so a change to
    summer time moves nothing. Of several extensions the latest close counts, and an extension never
    closes earlier than the paper does."""
    own = place_form(room)
    granted = [
        e.closes_after_min
        for e in extensions
        if e.paper == paper.id and (e.room is None or place_form(e.room) == own)
    ]
    closes_after = max([paper.closes_after_min, *granted])
    start = paper.start.astimezone(UTC)
    return EntryWindow(
        opens=start - timedelta(minutes=paper.opens_before_min),
        closes=start + timedelta(minutes=closes_after),
        closes_after_min=closes_after,
    )


def current_papers(papers: Iterable[Paper], at: datetime) -> tuple[Paper, ...]:
    """The sitting that the gate is about at `at`: the unfinished paper that starts first, with
    every unfinished paper that starts before that one ends. Empty after the last end."""
    unfinished = sorted((p for p in papers if at < p.end), key=lambda p: (p.start, p.end))
    if not unfinished:
        return ()
    first = unfinished[0]
    return tuple(p for p in unfinished if p.start < first.end)
