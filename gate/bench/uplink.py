"""exam-gate bench uplink: what a long backlog costs, against a short one in the same run."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from gate.core.json_types import JsonObject

if TYPE_CHECKING:
    from gate.bench.uplink_cost import Cost

SHORT, LONG = 7_000, 100_000
BATCHES = 100
GATE = "bench-g1"


def compare(folder: Path) -> JsonObject:
    """Each backlog in a process of its own, so that neither inherits the other's memory."""
    short, long = (_in_a_process(folder, events) for events in (SHORT, LONG))
    return {
        "short": short,
        "long": long,
        "cpu_ratio": long["cpu_ms"] / short["cpu_ms"],
        "rss_more_mb": long["rss_mb"] - short["rss_mb"],
    }


def alone(folder: Path, events: int) -> dict[str, float]:
    """A journal of `events`, opened anew, and the cost of sending from its beginning."""
    from dataclasses import asdict

    with TemporaryDirectory(dir=folder) as scratch:
        path = Path(scratch) / "journal" / "journal.sqlite"
        subprocess.run([sys.executable, "-c", _FILL, str(path), str(events)], check=True)
        return {"events": events, **asdict(asyncio.run(_measured(path)))}


async def _measured(path: Path) -> "Cost":
    from gate.bench.uplink_cost import sending
    from gate.store.journal import SqliteJournal

    async with SqliteJournal(path, gate=GATE, boot="bench") as journal:
        return await sending(journal, GATE, BATCHES)


_FILL = """
import asyncio, sys
from pathlib import Path
from gate.bench.uplink import fill
asyncio.run(fill(Path(sys.argv[1]), int(sys.argv[2])))
"""


async def fill(path: Path, events: int) -> None:
    """By the journal's own hand, event by event."""
    import time
    from datetime import UTC, datetime

    from gate.core.events import Instant
    from gate.core.journal_entries import JournalEntry
    from gate.store.journal import SqliteJournal

    body = {
        "ticket": "010127100101",
        "paper": "00015-am",
        "outcome": "ADMIT",
        "reason": "OK",
        "score": 0.7312,
        "model": "yunet-640x480-0123abcd+sface-4567cdef",
        "frames": 3,
    }
    async with SqliteJournal(path, gate=GATE, boot="bench") as journal:
        for _ in range(events):
            when = Instant(datetime.now(UTC), time.monotonic_ns(), True)
            await journal.append(JournalEntry("decision", when, body))


def _in_a_process(folder: Path, events: int) -> dict[str, float]:
    words = [sys.executable, "-m", "gate", "bench", "uplink", "--json"]
    said = subprocess.run(
        [*words, "--folder", str(folder), "--events", str(events)],
        check=True,
        capture_output=True,
        text=True,
    )
    return dict(json.loads(said.stdout))
