"""When the papers of the current sitting may be entered, for people who watch the clock. Pure."""

from typing import TypedDict

from gate.core.events import Instant
from gate.core.exam import Exam, current_papers, entry_window
from gate.core.local_time import in_fixed_offset


class WindowStatus(TypedDict):
    """One paper: when entry opens and closes, in the exam's time zone (RFC 3339). A room with an
    extension of its own closes later."""

    paper: str
    subject: str
    opens: str
    closes: str
    start: str
    end: str


def entry_windows(exam: Exam | None, now: Instant) -> list[WindowStatus]:
    """Of each paper of the sitting at `now`; none without an exam or a trusted clock."""
    if exam is None or not now.trusted:
        return []
    windows: list[WindowStatus] = []
    for paper in current_papers(exam.papers, now.at):
        window = entry_window(paper, "", exam.extensions)
        opens, closes, start, end = (
            in_fixed_offset(at, exam.zone).isoformat(timespec="seconds")
            for at in (window.opens, window.closes, paper.start, paper.end)
        )
        windows.append(
            {
                "paper": paper.id,
                "subject": paper.subject,
                "opens": opens,
                "closes": closes,
                "start": start,
                "end": end,
            }
        )
    return windows
