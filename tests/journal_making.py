"""A journal's entries, for the tests."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from gate.core.events import Instant
from gate.core.journal_entries import JournalEntry
from gate.store.journal import SqliteJournal

EXAM, SITE, GATE, OTHER = "hb-zk-2027-04", "wh-hs-01", "wh-hs-01-g1", "wh-hs-01-g2"


def entry(number: int = 1, kind: str = "decision", **body: object) -> JournalEntry:
    at = datetime(2027, 4, 10, 8, 45, tzinfo=UTC) + timedelta(seconds=number)
    return JournalEntry(
        kind, Instant(at, number * 1_000_000, True), {"ticket": f"{number:012d}", **body}
    )


def opened(folder: Path, gate: str = GATE) -> SqliteJournal:
    return SqliteJournal(folder / "journal.sqlite", gate=gate, boot="boot-1")


async def entered(journal: SqliteJournal) -> None:
    """Open it and close it again."""
    async with journal:
        pass


async def fill(journal: SqliteJournal, count: int) -> None:
    for number in range(count):
        await journal.append(entry(number))
