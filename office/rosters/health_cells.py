"""The columns `notice` and `health` of a list of candidates: what was handed in at enrolment.

`health` holds `question=answer` pairs, `contact=no;symptoms=no`; empty: no report was handed in.
What is wrong with a cell is told without repeating it: answers are health data.
"""

import re
from collections.abc import Iterable, Iterator

from gate.core.exam import Exam
from gate.core.health_report import HandedIn
from office.rosters.rows import Fault

_YES, _NO = ("yes", "y", "1", "是", "有"), ("no", "n", "0", "否", "无")
_ANSWER = {**dict.fromkeys(_YES, "yes"), **dict.fromkeys(_NO, "no")}
_PAIR = re.compile(r"([a-z0-9][a-z0-9_-]{0,31})\s*[=:：]\s*(\S+)")


def handed_in(values: dict[str, str]) -> HandedIn:
    """Of a row without `faults`."""
    notice = _ANSWER.get(values.get("notice", "").lower()) == "yes"
    cell = values.get("health", "")
    if not cell:
        return HandedIn(notice)
    return HandedIn(notice, {name: _ANSWER[said] for name, said in _pairs(cell) if said in _ANSWER})


def faults(values: dict[str, str], exam: Exam | None) -> Iterator[Fault]:
    """What is wrong with both cells."""
    if values.get("notice", "").lower() not in ("", *_ANSWER):
        yield "notice", "the notice is neither yes nor no", "通知单一栏须为“是”或“否”"
    cell = values.get("health", "")
    pairs = list(_pairs(cell))
    names = [name for name, _ in pairs]
    known = None if exam is None else {question.id for question in exam.questions}
    if not all(said in _ANSWER for _, said in pairs) or len(set(names)) < len(names):
        yield (
            "health",
            "the health report is not made of question=yes or question=no, each question once",
            "健康申报一栏须为“问题=yes”或“问题=no”，每题一次",
        )
    elif known is not None and not set(names) <= known:
        asked = ", ".join(sorted(known)) or "none"
        yield (
            "health",
            f"the health report answers what the exam does not ask; its questions are {asked}",
            f"健康申报含考试未设的问题；问题有 {asked}",
        )


def merged(rows: Iterable[HandedIn]) -> HandedIn:
    """Of all rows of a candidate. A question that two rows answer differently has no answer."""
    notice, some = False, False
    answers: dict[str, str] = {}
    differing: set[str] = set()
    for row in rows:
        notice = notice or row.notice
        some = some or row.health is not None
        for name, said in (row.health or {}).items():
            if answers.setdefault(name, said) != said:
                differing.add(name)
    kept = {name: said for name, said in answers.items() if name not in differing}
    return HandedIn(notice, kept if some else None)


def _pairs(cell: str) -> Iterator[tuple[str, str]]:
    """Question and answer in lower case; an answer that is none where the part is no pair."""
    for part in re.split("[;,、；，]", cell):
        if part.strip():
            pair = _PAIR.fullmatch(part.strip().lower())
            yield (pair[1], pair[2]) if pair else ("", "")
