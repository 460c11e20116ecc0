"""What an append costs, against the least that durability can cost on the same disk."""

import asyncio
import os
import resource
import sqlite3
import statistics
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

from gate.core.daily_counts import DailyCounts
from gate.core.events import Instant
from gate.core.journal_entries import GENESIS, JournalEntry, sealed
from gate.core.json_types import JsonObject
from gate.core.replay import replay
from gate.core.state import State
from gate.store import rows, schema
from gate.store.journal import SqliteJournal
from gate.store.opening import PRAGMAS

_BODY = {
    "ticket": "010127100101",
    "key": "0123456789abcdef" * 4,
    "paper": "00015-am",
    "room": "03",
    "seat": "12",
    "source": "card",
    "by": None,
    "scanner": None,
    "document": "resident",
    "outcome": "ADMIT",
    "reason": "OK",
    "doubtful": False,
    "score": 0.7312,
    "normalised": 11.42,
    "normalisation": "s-norm",
    "threshold": 6.1,
    "fmr": 1e-4,
    "frames": 3,
    "liveness": {
        "verdict": "live",
        "layers": {"nir": None, "network": 0.98, "geometry": None, "action": None},
    },
    "quality": 0.83,
    "attempt": 1,
    "model": "yunet-640x480-0123abcd+sface-4567cdef",
    "roster": "hb-zk-2027-04/wh-hs-01/v3",
    "exam": "hb-zk-2027-04",
    "evidence": None,
    "signals": ["green:steady"],
}


_ROUND = 25
GROWN = (0, 10_000, 100_000)
"""Events in the journals that are compared: a morning has 130, a door in years 100,000."""


def measure(folder: Path, appends: int = 1000, grown: tuple[int, ...] = GROWN) -> JsonObject:
    """Measures on the disk of `folder`, in one run, for journals of `grown` events each.

    Figures in milliseconds. `start_ms`: checked, opened, read through once as a gate does; a
    receipt covers nothing. `start_cpu_ms`: its processor time. `append_median`, `append_p95`: of
    appends. `bare_median`: 4 kB pwrite + fdatasync into a preallocated file, by turns with the
    appends.

    `ratio`: the median of rounds. `resident_mib`: the most. Each runs in a process of its own.
    Leaves nothing behind.
    """
    found = []
    for events in grown:
        with (
            TemporaryDirectory(dir=folder) as scratch,
            ProcessPoolExecutor(1, get_context("spawn")) as process,
        ):
            found.append(process.submit(_of_size, Path(scratch), events, appends).result())
    return {
        **found[0],
        "grown": found,
        "start_worst_ms": max(f["start_ms"] for f in found),
        "ratio_worst": max(f["ratio"] for f in found),
    }


def _of_size(scratch: Path, events: int, appends: int) -> dict[str, float]:
    path = scratch / "j" / "j.sqlite"
    if events:
        _grow(path, events)
    used = time.process_time()
    begun = time.perf_counter()
    return asyncio.run(_timed(scratch, path, appends, begun, used)) | {"events": events}


def _grow(path: Path, events: int) -> None:
    """As a gate writes them, but for the commits: all at once."""
    path.parent.mkdir()
    db = sqlite3.connect(path, isolation_level=None)
    for pragma in PRAGMAS:
        db.execute(pragma)
    schema.migrate(db, schema.steps())
    epoch, previous = "0123456789abcdef", GENESIS
    db.execute("BEGIN")
    db.execute("INSERT INTO journal VALUES (1, 'bench', ?)", (epoch,))
    for seq in range(1, events + 1):
        event, canonical = sealed(
            _entry(), gate="bench", epoch=epoch, seq=seq, boot="bench", previous=previous
        )
        timings = {seq - 1: {"disk": 1.0, "total": 2.0}} if seq > 1 else {}
        db.execute(rows.APPEND, rows.append_row(event, canonical, timings))
        previous = event["hash"]
    db.execute("COMMIT")
    db.close()


async def _timed(
    scratch: Path, path: Path, appends: int, begun: float, used: float
) -> dict[str, float]:
    appended, bare = [], []
    handle = os.open(scratch / "bare", os.O_RDWR | os.O_CREAT)
    try:
        os.posix_fallocate(handle, 0, 4096 * appends)
        async with SqliteJournal(path, gate="bench", boot="bench") as journal:
            state, counts = State(), DailyCounts()
            async for page in journal.past():  # as gate.service.lane.Lane.remember does
                state = replay(state, page)
                for event in page:
                    counts.add(event)
            start_ms = 1e3 * (time.perf_counter() - begun)
            start_cpu_ms = 1e3 * (time.process_time() - used)
            for i in range(appends):
                bare.append(_bare_write(handle, i))
                appended.append(await _append(journal))
    finally:
        os.close(handle)
    ratio = _ratio(appended, bare)
    appended.sort()
    return {
        "start_ms": start_ms,
        "start_cpu_ms": start_cpu_ms,
        "append_median": statistics.median(appended),
        "append_p95": appended[int(0.95 * len(appended))],
        "bare_median": statistics.median(bare),
        "ratio": ratio,
        "resident_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def _ratio(appended: list[float], bare: list[float]) -> float:
    """The median over rounds of `_ROUND` turns of the ratio of their medians.

    Other work of the machine disturbs whole rounds, and both sides of one alike.
    """
    starts = range(0, len(bare), _ROUND)
    return statistics.median(
        statistics.median(appended[i : i + _ROUND]) / statistics.median(bare[i : i + _ROUND])
        for i in starts
    )


def _bare_write(handle: int, block: int) -> float:
    begun = time.perf_counter()
    os.pwrite(handle, b"\xa5" * 4096, 4096 * block)
    os.fdatasync(handle)
    return 1e3 * (time.perf_counter() - begun)


def _entry() -> JournalEntry:
    now = datetime.now(UTC)
    body = _BODY | {"found": now.isoformat(timespec="milliseconds")}
    return JournalEntry("decision", Instant(now, time.monotonic_ns(), True), body)


async def _append(journal: SqliteJournal) -> float:
    entry = _entry()
    begun = time.perf_counter()
    event = await journal.append(entry)
    taken = 1e3 * (time.perf_counter() - begun)
    await journal.keep_timing(event["seq"], {"disk": taken, "total": taken})
    return taken
