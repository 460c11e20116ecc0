"""What staff tell of a candidate's notice and health report, and what is left to do about it.

Answers are health data. They stay in memory, for the candidates of this run whom staff looked at
last; the journal says complete or not.
"""

from collections import OrderedDict
from collections.abc import Collection, Mapping

from gate.core.events import Instant, PapersLooked
from gate.core.exam import Candidate, Exam, Paper
from gate.core.health_report import (
    ANSWERS,
    REQUIREMENTS,
    HandedIn,
    Wanting,
    looked_through,
    wanting,
    what_to_do,
)
from gate.errors import UsageError
from gate.ports import PapersSeen

KEPT_MAX = 1000
"""Candidates whose answers are remembered; the one longest ago is forgotten first."""


class HandedInPapers:
    """What staff saw last, of the candidates of one run."""

    def __init__(self) -> None:
        self._told: OrderedDict[tuple[str, str], HandedIn] = OrderedDict()
        self._last: dict[tuple[str, str], PapersSeen] = {}

    def look(
        self,
        exam: Exam,
        paper: Paper,
        candidate: Candidate,
        *,
        seen: PapersSeen,
        at: Instant,
    ) -> PapersLooked:
        """What is to be journaled of it. UsageError for what the exam does not know."""
        _check(exam, seen.shown, seen.answers)
        before = self.handed_in(paper, candidate)
        now = looked_through(exam.questions, before, seen.shown, seen.answers)
        place = paper.id, candidate.key
        self._told[place], self._last[place] = now, seen
        self._told.move_to_end(place)
        if len(self._told) > KEPT_MAX:
            del self._last[self._told.popitem(last=False)[0]]
        complete = not wanting(paper.requires, exam.questions, now)
        return PapersLooked(seen.by, candidate.ticket, candidate.key, paper.id, complete, at)

    def is_posted_twice(self, paper: Paper, candidate: Candidate, seen: PapersSeen) -> bool:
        """Whether the same person said the same of this candidate last."""
        return self._last.get((paper.id, candidate.key)) == seen

    def handed_in(self, paper: Paper, candidate: Candidate) -> HandedIn:
        """What staff saw last, else what came with the roster."""
        return self._told.get((paper.id, candidate.key), candidate.handed_in)

    def wanting(self, exam: Exam, paper: Paper, candidate: Candidate) -> tuple[Wanting, ...]:
        """What staff still have to look at."""
        return wanting(paper.requires, exam.questions, self.handed_in(paper, candidate))

    def to_do(self, exam: Exam, paper: Paper, candidate: Candidate) -> dict[str, str]:
        """`zh`, `en`: what staff do about what is wanting; empty where nothing is."""
        found = self.wanting(exam, paper, candidate)
        if not found:
            return {}
        zh, en = what_to_do(found, paper.standby_room)
        return {"zh": zh, "en": en}


def asking(exam: Exam, candidate: Candidate, papers: Collection[str]) -> Paper:
    """The paper of `papers` that the candidate sits and that requires something. UsageError."""
    own = {seat.paper for seat in candidate.seats} & set(papers)
    found = next((p for p in exam.papers if p.id in own and p.requires), None)
    if found is None:
        raise UsageError(
            "No paper of this candidate asks for a notice or a health report now.",
            "该考生当前科目无需提交通知单或健康申报表。",
        )
    return found


def _check(exam: Exam, shown: Collection[str], answers: Mapping[str, str]) -> None:
    known = [question.id for question in exam.questions]
    faults: list[str] = []
    if not set(shown) <= set(REQUIREMENTS):
        faults.append(f"shown is of {', '.join(REQUIREMENTS)}")
    if not answers.keys() <= set(known):
        faults.append(f"the questions are {', '.join(known) or 'none'}")
    if not set(answers.values()) <= set(ANSWERS):
        faults.append(f"an answer is {' or '.join(ANSWERS)}")
    if faults:
        said = "; ".join(faults)
        raise UsageError(f"The papers do not fit: {said}.", f"材料填写有误：{said}。")
