"""The result of a staff verdict on a REFER. Pure values.

The transitions are in staff_verdict_transitions.py.

A verdict is recorded whenever it comes. Lamps and barrier are another question: they are for
somebody who still stands there. So they move only for a REFER of less than `AT_THE_DOOR_S`, and not
for somebody who was admitted since.
"""

from dataclasses import dataclass

from gate.core.event_age import age_s
from gate.core.events import Instant, VerdictGiven
from gate.core.exam import Paper, entry_window
from gate.core.reasons import Outcome
from gate.core.records import JournalEvent
from gate.core.state import State, Unsettled

AT_THE_DOOR_S = 120.0
"""A REFER of this age is history. The candidate has gone on, or to the staffed lane; the person who
stands there now is another."""

AFTER_ADMISSION, AFTER_CLOSE = "admission", "close"


@dataclass(frozen=True, slots=True)
class Settlement:
    """What a verdict does.

    `after`: any of `admission` (the candidate has entered that paper before) and `close` (entry to
    it has closed). `age_s`: age of the REFER in seconds, None where nobody can know. `at_the_door`:
    lamps show the verdict, and an ADMIT moves the barrier.
    """

    after: tuple[str, ...]
    age_s: float | None
    at_the_door: bool


def settlement(state: State, given: VerdictGiven, case: Unsettled) -> Settlement:
    """What the verdict `given` on `case` comes to."""
    age = age_s(case.recorded, given.at, this_run=case.this_run)
    if case.at_exit:
        return Settlement((), age, at_the_door=False)
    paper = paper_of(state, case.facts["paper"])
    inside = (case.facts["paper"], case.facts["key"]) in state.entered
    returning = paper is not None and paper.reentry and inside and not case.admitted
    after = []
    if inside and not returning:
        after.append(AFTER_ADMISSION)
    if paper is not None and not returning and _has_closed(state, paper, case, given.at):
        after.append(AFTER_CLOSE)
    return Settlement(tuple(after), age, is_at_the_door(case, given.at))


def is_at_the_door(case: Unsettled, now: Instant) -> bool:
    """Whether the person of `case` may still stand there at `now`."""
    age = age_s(case.recorded, now, this_run=case.this_run)
    return age is not None and 0 <= age < AT_THE_DOOR_S and not case.admitted


def paper_of(state: State, paper: str | None) -> Paper | None:
    """The paper of that id; None where the exam has none, or there is no exam."""
    papers = state.exam.papers if state.exam else ()
    return next((p for p in papers if p.id == paper), None)


def _has_closed(state: State, paper: Paper, case: Unsettled, now: Instant) -> bool:
    """By a clock that can be trusted; another one knows of no close."""
    extensions = state.exam.extensions if state.exam else ()
    window = entry_window(paper, case.facts.get("room") or "", extensions)
    return now.trusted and now.at >= window.closes


# -- what staff are told -------------------------------------------------------------------------


_AFTER = {
    AFTER_ADMISSION: (
        "该考生此前已入场，记为入场后处理。",
        "The candidate has entered before: recorded as settled after admission.",
    ),
    AFTER_CLOSE: (
        "入场已截止，记为截止后处理。",
        "Entry has closed: recorded as settled after the close.",
    ),
}


def told(event: JournalEvent) -> tuple[str, str]:
    """What a recorded verdict did, for who gave it: (Chinese, English)."""
    sentences = [_AFTER[what] for what in event["after"]]
    if event["barrier"]:
        sentences.append(("闸门打开。", "The barrier opens."))
    elif event["outcome"] == Outcome.ADMIT:
        sentences.append(_why_shut(event["age_s"]))
    zh, en = zip(*sentences or [("已记录。", "Recorded.")], strict=True)
    return "".join(zh), " ".join(en)


def _why_shut(age: float | None) -> tuple[str, str]:
    if age is not None and age < AT_THE_DOOR_S:
        return "闸门不动作。", "The barrier stays as it is."
    old = f"{age:.0f} s old" if age is not None else "from before the restart"
    zh_old = f"已过 {age:.0f} 秒" if age is not None else "早于本次启动"
    return (
        f"该判定{zh_old}，闸门不动作：请由人工通道放行。",
        f"The REFER is {old}: the barrier stays as it is, let the candidate in by hand.",
    )
