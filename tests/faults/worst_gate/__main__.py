"""scripts/worst-gate: the trial, its record, and 0 or 1."""

import argparse
import json
import os
import platform
import sqlite3
import sys
import time
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from demo.processes import CommandFailed
from demo.stage import SITE
from tests.faults.places import clear_left_overs
from tests.faults.worst_gate.stand import EXAM, HONEST, HOSTILE, Gates, Stand, until
from tests.faults.worst_gate.verdict import Record, judged, markdown, quantiles, unaccounted

BEGIN, END = "<!-- written by scripts/worst-gate -->", "<!-- end of the trial -->"
ROUND_S, ATTACKS_A_ROUND = 60.0, 16
REPORT_S = 12.0
"""The guard tells what it counted every ten seconds."""


def main() -> None:
    asked = arguments()
    clear_left_overs()
    stand = Stand()
    try:
        record = tried(stand, asked.seconds)
    except CommandFailed as e:
        sys.exit(f"worst-gate: {e}")
    finally:
        stand.close(keep=asked.keep)
    if asked.keep:
        print(f"kept: {stand.work}")
    text = markdown(record)
    print(text)
    if asked.json:
        asked.json.write_text(json.dumps(asdict(record), indent=1) + "\n", encoding="utf-8")
    if asked.doc:
        write_into(asked.doc, text)
    print(f"\nworst-gate: {'; '.join(record.faults) or 'as promised'}")
    sys.exit(1 if record.faults else 0)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/worst-gate", description=__doc__)
    parser.add_argument("--seconds", type=float, default=300.0, help="of attack; 300")
    parser.add_argument("--json", type=Path, help="write what was seen here")
    parser.add_argument("--doc", type=Path, help="put the tables into this page")
    parser.add_argument("--keep", action="store_true", help="leave logs and database")
    return parser.parse_args()


def tried(stand: Stand, seconds: float) -> Record:
    stand.start()
    where = (str(stand.home.root), str(stand.port), EXAM, SITE)
    honest, hostile = Gates("honest", *where, *HONEST), None
    try:
        honest.await_ready()
        start = stand.memory_mb()
        most = dict(start)
        each_s = min(ROUND_S, seconds) / ATTACKS_A_ROUND
        hostile = Gates("hostile", *where, HOSTILE, HONEST[0], f"{each_s:g}")
        hostile.await_ready()
        began_s = time.monotonic()

        def look() -> None:
            for name, mb in stand.memory_mb().items():
                most[name] = max(most[name], mb)

        until(began_s + seconds, look)
        ended_s = time.monotonic()
        attacked = hostile.ended(60.0)
        seen = honest.ended(120.0)
        until(time.monotonic() + REPORT_S, look)
    finally:
        honest.kill()
        if hostile is not None:
            hostile.kill()
    times = [took for went, took in seen["times"] if began_s <= went <= ended_s]
    memory = {name: (round(start[name], 1), round(most[name], 1)) for name in start}
    return recorded(stand, seconds, times, memory, attacked, seen)


def recorded(
    stand: Stand,
    seconds: float,
    times: list[float],
    memory: dict[str, tuple[float, float]],
    attacked: dict[str, Any],
    seen: dict[str, Any],
) -> Record:
    status = stand.status()
    of_office = dict(status.get("refused", {}).get(HOSTILE, {}))
    guard = status.get("broker_refused", {})
    counts = stored_of(stand.home.database)
    stand.crew.stop("office", 30.0)
    missing = sum(
        seq - counts.get((gate, epoch), 0) for gate, (epoch, seq, _) in seen["gates"].items()
    )
    record = Record(
        seconds=seconds,
        machine=f"{os.cpu_count()} cores {platform.machine()}, Python {platform.python_version()}",
        at=f"{datetime.now(UTC):%Y-%m-%d}",
        receipts_s=quantiles(times),
        never=seen["never"],
        resent=seen["resent"],
        downs=seen["downs"],
        memory_mb=memory,
        sent=attacked["sent"],
        guard=dict(guard.get(HOSTILE, {})),
        office=of_office,
        office_taken=status.get("taken", {}).get(HOSTILE, 0),
        stored=counts.get((HOSTILE, attacked["journal"][0]), 0),
        missing=missing,
        log_lines=len(stand.log("office")),
    )
    record.unaccounted = unaccounted(record)
    record.faults = judged(record)
    return record


def write_into(page: Path, text: str) -> None:
    """Between the marks of `page`, which must be there."""
    before, rest = page.read_text(encoding="utf-8").split(BEGIN)
    _, after = rest.split(END)
    page.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")


def stored_of(database: Path) -> dict[tuple[str, str], int]:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as db:
        rows = db.execute("SELECT gate, epoch, COUNT(*) FROM event GROUP BY gate, epoch")
        return {(gate, epoch): count for gate, epoch, count in rows}


if __name__ == "__main__":
    main()
