"""What taking batches in costs the office by processor time, without a broker: verify and store.

Beside it, in the same run, the least that each part could cost. For verifying that is the bare
check of as many signatures; for SQLite the same rows by executemany, as many in each transaction.

python -m scripts.load.cost [--database URL] [--size 7] [--events 60000] [--together 200]
"""

import argparse
import cProfile
import gc
import json
import os
import pstats
import resource
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from nacl.signing import SigningKey

from gate.sync.link import Message
from office.home import Home
from office.receiving.gate_status import Watch
from office.receiving.message_intake import MessageIntake
from office.receiving.worker_values import GC_THRESHOLD
from office.store.connection import Database
from office.store.database import OfficeStore
from office.store.event_rows import COLUMNS
from scripts.load.signed_batches import enrol, rounds

_NAMES = ", ".join(COLUMNS)


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--database")
    asked.add_argument("--size", type=int, default=7)
    asked.add_argument("--events", type=int, default=60_000)
    asked.add_argument("--together", type=int, default=200)
    asked.add_argument("--gates", type=int, default=1000)
    asked.add_argument("--profile", action="store_true")
    args = asked.parse_args()
    with TemporaryDirectory(dir="/var/tmp") as folder:
        home = Home(Path(folder))
        enrol(home, args.gates)
        batches = islice(rounds(args.gates, args.size), args.events // args.size)
        messages = [Message(topic, p, retained=False, mid=1) for topic, _, p in batches]
        with OfficeStore(args.database or home.database) as store:
            generation = store.begin_generation(1)
            intake = MessageIntake(home, store, generation, SigningKey(b"\x07" * 32), Watch())
            intake.begin()
            gc.freeze()
            gc.set_threshold(*GC_THRESHOLD)
            profile = cProfile.Profile()
            begun, cpu = time.perf_counter(), time.process_time()
            if args.profile:
                profile.enable()
            for at in range(0, len(messages), args.together):
                _, after = intake.take(messages[at : at + args.together])
                for tell in after:
                    tell()
            profile.disable()
            cpu, wall = time.process_time() - cpu, time.perf_counter() - begun
            stored = intake.counts.events
            verify = _spent(lambda: [intake.check(message) for message in messages])
            signatures = _signatures_s(len(messages))
            bare = None
            if not store.database.is_postgresql:
                bare = _bare_rows_s(store.database, home.root, args.together * args.size)
    if args.profile:
        pstats.Stats(profile).sort_stats("tottime").print_stats(30)
    print(
        json.dumps(
            {
                "size": args.size,
                "together": args.together,
                "events": stored,
                "microseconds": round(1e6 * cpu / stored, 1),
                "verify_microseconds": round(1e6 * verify / stored, 1),
                "verify_of_bare_signatures": round(verify / signatures, 2),
                "store_microseconds": round(1e6 * (cpu - verify) / stored, 1),
                "store_of_bare_executemany": round((cpu - verify) / bare, 2) if bare else None,
                "events_per_cpu_second": round(stored / cpu),
                "events_per_second": round(stored / wall),
                "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
                "load": os.getloadavg()[0],
            }
        )
    )


def _spent(work: Callable[[], object]) -> float:
    """Processor time of this process, in seconds."""
    before = time.process_time()
    work()
    return time.process_time() - before


def _signatures_s(count: int) -> float:
    """Of `count` checks of one signature over as many bytes as a batch's head has."""
    key, head = SigningKey(b"\x01" * 32), b"x" * 400
    signature = key.sign(head).signature
    return _spent(lambda: [key.verify_key.verify(head, signature) for _ in range(count)])


def _bare_rows_s(database: Database, folder: Path, together: int) -> float:
    """Of the same rows, in the order in which they came, in a table with the same key alone."""
    rows = [tuple(r) for r in database.rows(f"SELECT {_NAMES} FROM event ORDER BY seq, gate")]
    marks = ", ".join("?" * len(COLUMNS))
    with closing(sqlite3.connect(folder / "bare.sqlite", isolation_level=None)) as bare:
        bare.execute("PRAGMA journal_mode = WAL")
        bare.execute("PRAGMA synchronous = FULL")
        key = "PRIMARY KEY (gate, epoch, seq)"
        bare.execute(f"CREATE TABLE event ({_NAMES}, {key}) WITHOUT ROWID")

        def write() -> None:
            for at in range(0, len(rows), together):
                bare.execute("BEGIN IMMEDIATE")
                bare.executemany(f"INSERT INTO event VALUES ({marks})", rows[at : at + together])
                bare.execute("COMMIT")

        return _spent(write)


if __name__ == "__main__":
    main()
