"""What the gates of one site tell each other: who has entered or left, by keyed number only."""

from dataclasses import dataclass
from datetime import datetime

from gate.core.reasons import Outcome
from gate.core.records import JournalEvent

IN, OUT = "in", "out"
NOT_IN, NOT_OUT = "not-in", "not-out"
"""Entered, left; and the same taken back by a correction."""


@dataclass(frozen=True, slots=True)
class SiteEntry:
    """One entering or leaving. `key`: the keyed ID, hex. `at`: RFC 3339. `way`: IN or OUT;
    NOT_IN or NOT_OUT where what happened at `at` is taken back."""

    paper: str
    key: str
    at: str
    way: str


def entry_of(event: JournalEvent) -> SiteEntry | None:
    """What an event of this gate's own journal tells the other gates; None for most."""
    paper, key = event.get("paper"), event.get("key")
    if not paper or not key:
        return None
    if event["kind"] == "left":
        return SiteEntry(paper, key, event["at"], OUT)
    if event["kind"] == "case" and event.get("was") == Outcome.ADMIT:
        at = event.get("was_at")  # corrections of earlier versions have none, and are not told
        way = NOT_OUT if event.get("at_exit") else NOT_IN
        return SiteEntry(paper, key, at, way) if at else None
    if event.get("outcome") == Outcome.ADMIT:
        # A verdict at an exit is followed by its `left`; told twice, it is one leaving.
        return SiteEntry(paper, key, event["at"], OUT if event.get("at_exit") else IN)
    return None


def is_time(text: str) -> bool:
    """Whether `text` is a time with an offset."""
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def is_later(at: str, than: str) -> bool:
    """Whether the time `at` is after `than`. An empty or odd one is before everything."""
    if not is_time(at):
        return False
    return not is_time(than) or datetime.fromisoformat(at) > datetime.fromisoformat(than)
