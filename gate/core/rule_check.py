"""Whether the rules give the decisions that a journal holds: each is decided once more.

Anything in it has to be what the exam data and the events before it give. What a journal does not
say is not asked. That is whether a ticket photo exists, how long a card is valid, and what was
handed in. Nor does it say who is granted more time, and what the roster knows of other sites.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from gate.core.access_arrangements import EXTRA_TIME, with_extra_time
from gate.core.card import DocumentKind, Expiry, OddField
from gate.core.entry_rules import GateView, Presented, rule
from gate.core.events import CandidateFound, Instant, Source
from gate.core.exam import Candidate, Exam, Seat
from gate.core.leaving import leave_from
from gate.core.match_decision import ScoreBounds, passes
from gate.core.reasons import FACE_REASONS, MEANING, Outcome, Reason
from gate.core.records import JournalEvent
from gate.core.replay import before_each_decision
from gate.core.state import State

NOWHERE = ("\0",)
"""Rooms of a gate that serves none of them."""

AFTER_THE_RULES = FACE_REASONS | {
    Reason.OK,
    Reason.NO_REFERENCE,
    Reason.FACE_DECLINED,
    Reason.PAPERS_CHECK,
}
"""Reasons that are given only to somebody whom the exam data let enter."""

RULED = frozenset(
    {
        Reason.TOO_EARLY,
        Reason.TOO_LATE,
        Reason.WRONG_PAPER,
        Reason.ALREADY_ADMITTED,
        Reason.LEFT_ALREADY,
        Reason.CLOCK_UNTRUSTED,
        Reason.WRONG_ROOM,
    }
)
"""Reasons that exam data and the journal settle alone."""

ExamOf = Callable[[str | None], Exam | None]
"""The version of a roster, as decisions name it, to the exam description that it holds."""


@dataclass(frozen=True, slots=True)
class Differing:
    """A decision that the rules do not give. `recorded`, `expected`: in words of the journal."""

    id: str
    seq: int
    recorded: str
    expected: str


@dataclass(frozen=True, slots=True)
class _Known:
    """For one decision. `states`: what the journal said before it, now and a visit ago. `seats`:
    what the candidate may have had."""

    exam: Exam
    states: tuple[State, ...]
    seats: tuple[tuple[Seat, ...], ...]


@dataclass(frozen=True, slots=True)
class Checked:
    """Of one journal. `unruled`: decisions whose exam description is not at hand; only what the
    record says of itself was checked there."""

    decisions: int
    unruled: int
    differing: tuple[Differing, ...]


def check_decisions(events: Iterable[JournalEvent], exam_of: ExamOf) -> Checked:
    """Decides each decision of one journal once more. `events`: all of them, in order."""
    decisions, unruled = 0, 0
    differing: list[Differing] = []
    seats: dict[str, dict[str, Seat]] = {}
    for event, now, then in before_each_decision(events):
        decisions += 1
        exam = exam_of(event.get("roster"))
        unruled += exam is None
        _learn(seats, event)
        own = seats.get(str(event.get("key")), {})
        known = None if exam is None or not own else _Known(exam, (now, then), _choices(event, own))
        expected = next(_faults(event, known, exam), None)
        if expected is not None:
            recorded = f"{event.get('outcome')} {event.get('reason')}"
            differing.append(Differing(event["id"], event.get("seq", 0), recorded, expected))
    return Checked(decisions, unruled, tuple(differing))


def _learn(seats: dict[str, dict[str, Seat]], event: JournalEvent) -> None:
    """The candidate's seats, as far as decisions have named them."""
    key, paper, room = event.get("key"), event.get("paper"), event.get("room")
    if key and paper and room:
        seats.setdefault(key, {})[paper] = Seat(paper, room, event.get("seat") or "")


def _choices(event: JournalEvent, own: dict[str, Seat]) -> tuple[tuple[Seat, ...], ...]:
    """All the seats that were named, or that of this decision alone: a newer roster may have taken
    others away."""
    alone = own.get(event.get("paper") or "")
    every = tuple(own.values())
    return (every,) if alone is None or len(own) == 1 else (every, (alone,))


def _faults(event: JournalEvent, known: _Known | None, exam: Exam | None) -> Iterator[str]:
    try:
        reason = Reason(event["reason"])
        found = datetime.fromisoformat(event["found"])
    except (KeyError, ValueError):
        yield "a decision of this version"
        return
    outcome = MEANING[reason].outcome
    if event.get("outcome") != outcome:
        yield f"{outcome} {reason}"
    if outcome is Outcome.ADMIT:
        yield from _admission_faults(event)
    if event.get("at_exit"):
        yield from _exit_faults(event, reason, found, exam)
    elif known is not None and (reason in RULED or reason in AFTER_THE_RULES):
        yield from _ruling_faults(event, reason, found, known)


def _admission_faults(event: JournalEvent) -> Iterator[str]:
    """Of an ADMIT, which only a face gives."""
    score, threshold = event.get("score"), event.get("threshold")
    if event.get("clock") != "trusted":
        yield "REFER CLOCK_UNTRUSTED"
    if not event.get("key") or not event.get("paper"):
        yield "no ADMIT of somebody unknown"
    if score is None or threshold is None:
        yield "no ADMIT without a face"
        return
    if not passes(score, event.get("normalised"), ScoreBounds(threshold, event.get("floor"))):
        yield "REFER FACE_MISMATCH"
    if "fresh" in event and not event["fresh"]:
        yield "no ADMIT without a frame of this visit"


def _exit_faults(
    event: JournalEvent, reason: Reason, found: datetime, exam: Exam | None
) -> Iterator[str]:
    if reason not in (Reason.TOO_EARLY_TO_LEAVE, Reason.CLOCK_UNTRUSTED):
        yield "a reason of an exit"
    papers = {p.id: p for p in exam.papers} if exam is not None else {}
    paper = papers.get(str(event.get("paper")))
    if paper is None or reason is not Reason.TOO_EARLY_TO_LEAVE:
        return
    if found >= leave_from(with_extra_time(paper)):
        yield "left: the paper may be left by then"


def _ruling_faults(
    event: JournalEvent, reason: Reason, found: datetime, known: _Known
) -> Iterator[str]:
    """What the rules give for each of the things that the record leaves open, where none of them is
    what was recorded. `clock` in it is that of the record, not of the card-found reply."""
    clocks = (True,) if reason is Reason.OK else (True, False)
    may_last = any(p.extra_time_min for p in known.exam.papers)
    granted = (frozenset[str](), frozenset({EXTRA_TIME})) if may_last else (frozenset[str](),)
    given: list[Reason] = []
    views = _views(event, reason, known)
    left_open = (
        (seats, flags, clock, here)
        for seats in known.seats
        for flags in granted
        for clock in clocks
        for here in views
    )
    for seats, flags, clock, here in left_open:
        ruled = _given(known.exam, event, (seats, flags), Instant(found, 0, clock), here)
        if _agrees(reason, ruled):
            return
        given.append(ruled)
    yield " or ".join(sorted(f"{MEANING[r].outcome} {r}" for r in frozenset(given)))


def _views(event: JournalEvent, reason: Reason, known: _Known) -> list[GateView]:
    key = str(event["key"])
    own = {(seat.paper, key) for seats in known.seats for seat in seats}
    return [
        GateView(
            own & entered.entered.keys(),
            own & left.left.keys(),
            NOWHERE if reason is Reason.WRONG_ROOM else (),
            left.papers_shown,
        )
        for entered in known.states
        for left in known.states
    ]


def _given(
    exam: Exam,
    event: JournalEvent,
    who_may_be: tuple[tuple[Seat, ...], frozenset[str]],
    found: Instant,
    here: GateView,
) -> Reason:
    shown = Presented(
        Source(event["source"]),
        DocumentKind(event.get("document") or DocumentKind.RESIDENT),
        None,
        Expiry.LONG_TERM,
        found,
        0,
        odd=tuple(OddField(field) for field in event.get("odd", ())),
    )
    seats, flags = who_may_be
    ticket, key = str(event.get("ticket")), str(event["key"])
    who = Candidate(ticket, "", key, seats, has_reference=True, flags=flags)
    ruling = rule(
        exam,
        CandidateFound(who),
        shown,
        here.entered,
        left=here.left,
        rooms=here.rooms,
        papers_shown=here.papers_shown,
    )
    return ruling.reason


def _agrees(recorded: Reason, given: Reason) -> bool:
    """The rules let the face decide, and it did; or they gave the very reason."""
    if recorded in AFTER_THE_RULES:
        return given in (Reason.OK, Reason.PAPERS_CHECK)
    return recorded is given
