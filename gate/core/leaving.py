"""Who leaves: the rules of an exit reading. Pure values; the transitions are in exits.py.

A stay ends once. Before `leave_before_end_min` staff at the exit decide. Who has left a paper
without re-entry has no way back in.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from gate.core.current_paper import OwnPaper, own_papers
from gate.core.events import Instant
from gate.core.exam import Candidate, Exam, Paper, Seat
from gate.core.reasons import Reason

Times = Mapping[tuple[str, str], str]
"""(paper id, candidate key) to a time, RFC 3339 or empty."""


@dataclass(frozen=True, slots=True)
class Leaving:
    """What an exit reading comes to.

    `reason`: OK where the stay ends, else why staff at the exit decide. `paper`: None where the
    candidate has none that counts. `again`: they have left it before, and nothing is to be
    recorded.
    """

    reason: Reason
    paper: Paper | None = None
    seat: Seat | None = None
    again: bool = False


def leave_from(paper: Paper) -> datetime:
    """From when on `paper` may be left, in UTC."""
    return paper.end.astimezone(UTC) - timedelta(minutes=paper.leave_before_end_min)


def rule_leaving(
    exam: Exam, candidate: Candidate, now: Instant, entered: Times, left: Times
) -> Leaving:
    """The ruling on a reading at `now`. A paper that is not open yet is never left: who lays the
    card twice at noon still enters in the afternoon."""
    at, trusted = now.at, now.trusted
    own = [o for o in own_papers(exam, candidate) if not trusted or o[2].opens <= at]
    stays = [o for o in own if _person(o, candidate) in entered]
    inside = [o for o in stays if _person(o, candidate) not in left]
    chosen = _latest(inside) or _latest(own if trusted else stays)
    if chosen is None:
        return Leaving(Reason.OK)
    paper, seat, _ = chosen
    if _person(chosen, candidate) in left:
        return Leaving(Reason.OK, paper, seat, again=True)
    if not trusted:
        return Leaving(Reason.CLOCK_UNTRUSTED, paper, seat)
    too_early = at < leave_from(paper)
    return Leaving(Reason.TOO_EARLY_TO_LEAVE if too_early else Reason.OK, paper, seat)


def _person(own: OwnPaper, candidate: Candidate) -> tuple[str, str]:
    return own[0].id, candidate.key


def _latest(own: list[OwnPaper]) -> OwnPaper | None:
    """`own` is by start."""
    return own[-1] if own else None
