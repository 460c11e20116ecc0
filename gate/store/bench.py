"""What an append costs, against the least that durability can cost on the same disk."""

import asyncio
import os
import statistics
import time
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from gate.core.decision import Entry
from gate.core.events import Instant
from gate.store.journal import SqliteJournal

_BODY = {
    "ticket": "010127100101", "paper": "00015-am", "source": "card", "document": "resident",
    "outcome": "ADMIT", "reason": "OK", "score": 0.7312, "normalised": 11.42, "threshold": 6.1,
    "fmr": 1e-4, "frames": 3, "liveness": 0.98, "quality": 0.83, "attempt": 1,
    "model": "yunet-640x480-0123abcd+sface-4567cdef", "roster": "hb-zk-2027-04/wh-hs-01/v3",
    "signals": ["green:steady"],
}  # fmt: skip


def measure(folder: Path, appends: int = 200) -> dict[str, float]:
    """Milliseconds on the disk of `folder`, taken turn by turn in one run: `append_median`,
    `append_p95`, `bare_median` (4 kB pwrite + fdatasync into a preallocated file) and `ratio` of
    the medians. Leaves nothing behind."""
    with TemporaryDirectory(dir=folder) as scratch:
        appended, bare = asyncio.run(_both(Path(scratch), appends))
    appended.sort()
    return {
        "append_median": statistics.median(appended),
        "append_p95": appended[int(0.95 * len(appended))],
        "bare_median": statistics.median(bare),
        "ratio": statistics.median(appended) / statistics.median(bare),
    }


async def _both(scratch: Path, appends: int) -> tuple[list[float], list[float]]:
    appended, bare = [], []
    handle = os.open(scratch / "bare", os.O_RDWR | os.O_CREAT)
    try:
        os.posix_fallocate(handle, 0, 4096 * appends)
        async with SqliteJournal(scratch / "j" / "j.sqlite", gate="bench", boot="bench") as journal:
            for i in range(appends):
                bare.append(_bare_write(handle, i))
                appended.append(await _append(journal))
    finally:
        os.close(handle)
    return appended, bare


def _bare_write(handle: int, block: int) -> float:
    begun = time.perf_counter()
    os.pwrite(handle, b"\xa5" * 4096, 4096 * block)
    os.fdatasync(handle)
    return 1e3 * (time.perf_counter() - begun)


async def _append(journal: SqliteJournal) -> float:
    entry = Entry("decision", Instant(datetime.now(UTC), time.monotonic_ns(), True), _BODY)
    begun = time.perf_counter()
    event = await journal.append(entry)
    taken = 1e3 * (time.perf_counter() - begun)
    await journal.keep_timing(event["seq"], {"disk": taken, "total": taken})
    return taken
