"""Which of a candidate's papers counts at a moment.

It is one that is being sat, one that may be entered, one of the current sitting, or the next.
"""

from collections.abc import Iterable, Set
from datetime import datetime

from gate.core.access_arrangements import own_times
from gate.core.exam import Candidate, EntryWindow, Exam, Paper, Seat, current_papers, entry_window

Inside = Set[tuple[str, str]]
"""(paper id, candidate key) of everybody who has entered, whether they have left or not."""

OwnPaper = tuple[Paper, Seat, EntryWindow]
"""One paper of a candidate, the seat in it, and when its room may be entered."""


def own_papers(exam: Exam, candidate: Candidate) -> list[OwnPaper]:
    """The candidate's papers at this site, by start, each with the end that holds for them."""
    papers = {p.id: own_times(candidate, p) for p in exam.papers}
    own = [
        (papers[s.paper], s, entry_window(papers[s.paper], s.room, exam.extensions))
        for s in candidate.seats
        if s.paper in papers
    ]
    return sorted(own, key=lambda o: o[0].start)


def paper_now(
    exam: Exam, own: list[OwnPaper], candidate: Candidate, at: datetime, inside: Inside
) -> OwnPaper | None:
    """The own paper that counts at `at`; None where there is none now.

    The order: a paper that the candidate is sitting; an open one, those not yet entered first; one
    of the current sitting.
    """
    sat = (o for o in own if is_sitting(o, candidate, at, inside))
    open_now = [o for o in own if o[2].holds(at)]
    open_now.sort(key=lambda o: (o[0].id, candidate.key) in inside)
    now = _sitting_at(exam, at)
    mine = [o for o in own if o[0].id in now]
    of_sitting = [*(o for o in mine if at < o[2].closes), *mine]
    return next((o for o in (*sat, *open_now, *of_sitting)), None)


def is_sitting(own: OwnPaper, candidate: Candidate, at: datetime, inside: Inside) -> bool:
    """Whether the candidate has entered this paper and it is not over. Before its opening that says
    nothing: staff may have guessed the paper while the clock was not trusted."""
    paper, _, window = own
    return (paper.id, candidate.key) in inside and window.opens <= at < paper.end


def next_paper(own: list[OwnPaper], at: datetime) -> OwnPaper:
    """The next own paper that has not ended, else the last one."""
    return next((o for o in own if at < o[0].end), own[-1])


def _sitting_at(exam: Exam, at: datetime) -> frozenset[str]:
    """Papers of the current sitting. After the last paper of all, its own candidates are late; the
    others' paper was another one."""
    ended = max((p.end for p in exam.papers), default=at)
    current = current_papers(exam.papers, at) or tuple(p for p in exam.papers if p.end == ended)
    return frozenset(p.id for p in current)


def site_now(
    exam: Exam,
    elsewhere: Iterable[tuple[str, str]],
    own: list[OwnPaper],
    now: OwnPaper | None,
    at: datetime,
) -> str | None:
    """The other site where a paper of (paper id, site id) `elsewhere` is at `at`.

    The order: one that may be entered there, one of the current sitting, the next of all. None
    where an own paper here comes first: `now` while its window is open, in the same sitting, or
    sooner.
    """
    papers = {p.id: p for p in exam.papers}
    there = sorted(
        ((papers[paper], site) for paper, site in elsewhere if paper in papers),
        key=lambda t: t[0].start,
    )
    if not there or (now is not None and now[2].holds(at)):
        return None
    enterable = (s for p, s in there if entry_window(p, "", exam.extensions).holds(at))
    open_there = next(enterable, None)
    if open_there is not None or now is not None:
        return open_there
    of_sitting = next((s for p, s in there if p.id in _sitting_at(exam, at)), None)
    if of_sitting is not None:
        return of_sitting
    coming = [(p.start, s) for p, s in there if at < p.end] or [(p.start, s) for p, s in there][-1:]
    if own and (at < next_paper(own, at)[0].end) and next_paper(own, at)[0].start <= coming[0][0]:
        return None
    return coming[0][1]
