"""May this candidate enter now? The rules that the exam data settle, before any face is asked for.

Order: known here or elsewhere, clock, document valid on the day, site, paper of this sitting. Then:
not left already, room of this gate, document accepted, not inside already, entry window. Who is
inside a paper that goes on is asked no window: with re-entry the face decides, without it the
answer is that. A wrong room is said while the right one may still be entered.
"""

from dataclasses import dataclass, field, replace
from datetime import date, datetime

from gate.core.card import DocumentKind, Expiry, OddField, is_valid_on
from gate.core.current_paper import (
    Inside,
    OwnPaper,
    is_sitting,
    next_paper,
    own_papers,
    paper_now,
    site_now,
)
from gate.core.events import (
    CandidateElsewhere,
    CandidateFound,
    CandidateUnknown,
    Instant,
    Source,
)
from gate.core.exam import Candidate, EntryWindow, Exam, Paper, Seat
from gate.core.gate_rooms import serves
from gate.core.health_report import wanting
from gate.core.local_time import date_time_text, local_day, time_text
from gate.core.reasons import Reason


@dataclass(frozen=True, slots=True)
class Presented:
    """A document as it came to the gate: card, typed or scanned.

    `found`: the instant that counts. `since_mono_ns`: where the time to the decision is counted
    from. `by`: who typed. `scanner`: the name of the scanner that read it. `odd`: names of fields
    with impossible contents.
    """

    source: Source
    document: DocumentKind
    valid_from: date | None
    valid_to: date | Expiry
    found: Instant
    since_mono_ns: int
    by: str | None = None
    scanner: str | None = None
    odd: tuple[OddField, ...] = ()


@dataclass(frozen=True, slots=True)
class GateView:
    """What this gate knows of people and rooms, as `rule` takes it."""

    entered: Inside = frozenset()
    left: Inside = frozenset()
    rooms: tuple[str, ...] = ()
    papers_shown: Inside = frozenset()


@dataclass(frozen=True, slots=True)
class Ruling:
    """OK: the face decides. Anything else is the decision. `facts` fill the reason's sentence."""

    reason: Reason
    paper: Paper | None = None
    seat: Seat | None = None
    facts: dict[str, str] = field(default_factory=dict)


def rule(
    exam: Exam,
    answer: CandidateFound | CandidateElsewhere | CandidateUnknown,
    shown: Presented,
    inside: Inside,
    *,
    left: Inside = frozenset(),
    rooms: tuple[str, ...] = (),
    papers_shown: Inside = frozenset(),
) -> Ruling:
    """The ruling on what the roster answered for `shown`.

    `inside`: who has entered, `left`: those of them who have left. `rooms`: those that this gate
    serves; empty: every room of the site. `papers_shown`: whose notice and health report staff have
    seen.
    """
    here = GateView(inside, left, rooms, papers_shown)
    match answer:
        case CandidateUnknown():
            return Ruling(Reason.NOT_ON_ROSTER)
        case CandidateElsewhere(site=site, papers=papers):
            undated = _undated(shown, local_day(shown.found.at, exam.zone))
            if shown.found.trusted and undated is not None:
                return undated
            if shown.found.trusted:
                site = site_now(exam, papers, [], None, shown.found.at) or site
            return _wrong_site(exam, site)
        case CandidateFound(candidate=candidate):
            return _rule_candidate(exam, candidate, shown, here)


def _rule_candidate(exam: Exam, candidate: Candidate, shown: Presented, here: GateView) -> Ruling:
    inside = here.entered
    own, at = own_papers(exam, candidate), shown.found.at
    if not own:
        return Ruling(Reason.NOT_ON_ROSTER)
    if not shown.found.trusted:
        return _rule_without_time(exam, own, candidate, at, here)
    sitting = paper_now(exam, own, candidate, at, inside)
    undated = _undated(shown, local_day(at, exam.zone))
    if undated is not None:
        # The paper stands in the record, so that an invigilator's ADMIT counts for it.
        return replace(undated, paper=sitting[0], seat=sitting[1]) if sitting else undated
    if sitting is None or not is_sitting(sitting, candidate, at, inside):
        site = site_now(exam, candidate.elsewhere, own, sitting, at)
        if site is not None:
            return _wrong_site(exam, site)
    if sitting is None:
        return _wrong_paper(exam, own, at)
    paper, seat, _ = sitting
    reason, facts = _rule_paper(exam, sitting, candidate, shown, here)
    if reason is Reason.OK and _lacks_papers(exam, paper, candidate, here):
        reason = Reason.PAPERS_CHECK
    elif reason is Reason.OK and not candidate.has_reference:
        reason = Reason.NO_REFERENCE
    return Ruling(reason, paper, seat, facts or {"room": seat.room, "seat": seat.seat})


def _rule_without_time(
    exam: Exam, own: list[OwnPaper], candidate: Candidate, at: datetime, here: GateView
) -> Ruling:
    """What is true whatever the time is: who has entered every own paper is inside, or has left
    them all. A gate that serves none of their rooms is the wrong one. Else the paper is a guess
    by the clock that is there, so that an invigilator's ADMIT counts for one of them."""
    inside = here.entered
    left = [o for o in own if _may_enter_yet(o[0], candidate, inside)]
    papers = left or own
    paper, seat, _ = paper_now(exam, papers, candidate, at, inside) or next_paper(papers, at)
    if not left:
        gone = all((o[0].id, candidate.key) in here.left for o in own)
        return Ruling(Reason.LEFT_ALREADY if gone else Reason.ALREADY_ADMITTED, paper, seat)
    if not any(serves(here.rooms, o[1].room) for o in left):
        return Ruling(Reason.WRONG_ROOM, paper, seat, {"room": seat.room})
    return Ruling(Reason.CLOCK_UNTRUSTED, paper, seat)


def _rule_paper(
    exam: Exam, sitting: OwnPaper, candidate: Candidate, shown: Presented, here: GateView
) -> tuple[Reason, dict[str, str]]:
    (paper, _, window), at = sitting, shown.found.at
    sits = is_sitting(sitting, candidate, at, here.entered)
    elsewhere = _gone_or_elsewhere(sitting, candidate, at, here, sits=sits)
    if elsewhere is not None:
        return elsewhere
    not_accepted = _not_accepted(paper, shown)
    if not_accepted is not None:
        return Reason.DOCUMENT_NOT_ACCEPTED, not_accepted
    if sits:
        return (Reason.OK if paper.reentry else Reason.ALREADY_ADMITTED), {}
    if at < window.opens:
        return Reason.TOO_EARLY, {"time": time_text(window.opens, exam.zone, at)}
    if at >= window.closes:
        closed = time_text(window.closes, exam.zone, at)
        return Reason.TOO_LATE, {"time": closed, "minutes": _minutes(window)}
    return Reason.OK, {}


def _gone_or_elsewhere(
    sitting: OwnPaper, candidate: Candidate, at: datetime, here: GateView, *, sits: bool
) -> tuple[Reason, dict[str, str]] | None:
    """Who has left, and who belongs to a room of another gate that may still be entered."""
    paper, seat, window = sitting
    if sits and not paper.reentry:
        return (Reason.LEFT_ALREADY, {}) if (paper.id, candidate.key) in here.left else None
    if serves(here.rooms, seat.room) or not (sits or at < window.closes):
        return None
    return Reason.WRONG_ROOM, {"room": seat.room}


def _lacks_papers(exam: Exam, paper: Paper, candidate: Candidate, here: GateView) -> bool:
    """Whether staff have to look at notice or health report. Who has entered has shown them."""
    person = paper.id, candidate.key
    if person in here.papers_shown or person in here.entered:
        return False
    return bool(wanting(paper.requires, exam.questions, candidate.handed_in))


def _not_accepted(paper: Paper, shown: Presented) -> dict[str, str] | None:
    """Why a document is not accepted for `paper`, as facts for the sentence; None: it is."""
    if shown.odd:
        return {"odd": " ".join(shown.odd)}
    if shown.valid_to is Expiry.UNKNOWN:
        return {"unsaid": OddField.VALID_TO}
    return None if shown.document in paper.documents else {}


def _may_enter_yet(paper: Paper, candidate: Candidate, inside: Inside) -> bool:
    return paper.reentry or (paper.id, candidate.key) not in inside


def _wrong_site(exam: Exam, site: str) -> Ruling:
    return Ruling(Reason.WRONG_SITE, facts={"site": exam.site_name(site)})


def _wrong_paper(exam: Exam, own: list[OwnPaper], at: datetime) -> Ruling:
    paper, seat, _ = next_paper(own, at)
    when = date_time_text(paper.start, exam.zone)
    return Ruling(Reason.WRONG_PAPER, paper, seat, {"when": when})


def _undated(shown: Presented, day: date) -> Ruling | None:
    """What a document that is not valid on `day` leads to. One that will be valid has not expired:
    it is not accepted yet, and the sentence says from which day it is. An end that is not said, or
    that no calendar has, is not past: it calls the invigilator by itself."""
    no_end = shown.valid_to is Expiry.UNKNOWN
    if is_valid_on(shown.valid_from, Expiry.LONG_TERM if no_end else shown.valid_to, day):
        return None
    if shown.valid_from is not None and day < shown.valid_from:
        return Ruling(Reason.DOCUMENT_NOT_ACCEPTED, facts={"valid_from": str(shown.valid_from)})
    return Ruling(Reason.DOCUMENT_EXPIRED)


def _minutes(window: EntryWindow) -> str:
    """For the Chinese sentence; a close before the start reads 开考前15分钟后不得入场."""
    minutes = window.closes_after_min
    return f"{minutes:g}" if minutes >= 0 else f"前{-minutes:g}"
