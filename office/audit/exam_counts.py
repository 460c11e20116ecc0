"""What one journal says of one exam in numbers, and whether it is closed. Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from gate.core.records import JournalEvent


@dataclass(frozen=True, slots=True)
class ExamCounts:
    """Decisions by outcome. `closed`: each paper that was decided about has its last count or was
    closed. `closed_at`: when the last of them was, by the journal's order; RFC 3339."""

    admitted: int = 0
    referred: int = 0
    refused: int = 0
    closed: bool = False
    closed_at: str | None = None


def count_exam(exam: str, events: Iterable[JournalEvent]) -> ExamCounts:
    """`events`: of one journal, in order, those of other exams too."""
    outcomes: Counter[str] = Counter()
    decided: set[str] = set()
    closed: dict[str, str] = {}
    for event in events:
        paper = event.get("paper")
        if event["kind"] == "decision" and event.get("exam") == exam:
            outcomes[str(event.get("outcome"))] += 1
            decided |= {paper} if paper else set()
        elif paper and (
            event["kind"] == "paper_closed" or (event["kind"] == "counts" and event["closed"])
        ):
            closed.setdefault(paper, event["at"])
    is_closed = bool(closed) and decided <= closed.keys()
    closed_at = [*closed.values()][-1] if is_closed else None
    return ExamCounts(
        outcomes["ADMIT"], outcomes["REFER"], outcomes["REFUSE"], is_closed, closed_at
    )
