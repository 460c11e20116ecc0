"""Windows of entry as status shows them."""

from dataclasses import replace
from datetime import timedelta

from gate.core.entry_windows import entry_windows
from gate.core.events import Instant
from tests.scenarios.fakes import EXAM, PAPER


def test_the_papers_of_the_sitting_in_the_exams_zone() -> None:
    now = Instant(PAPER.start, 0, trusted=True)
    (window,) = entry_windows(EXAM, now)
    assert window["paper"] == PAPER.id
    assert window["opens"] < window["start"] < window["closes"] < window["end"]
    assert window["opens"].endswith("+08:00")


def test_none_without_exam_clock_or_sitting() -> None:
    now = Instant(PAPER.start, 0, trusted=True)
    assert entry_windows(None, now) == []
    assert entry_windows(EXAM, replace(now, trusted=False)) == []
    assert entry_windows(EXAM, replace(now, at=PAPER.end + timedelta(days=400))) == []
