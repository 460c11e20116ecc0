"""Rows of the journal's tables to events and receipts, and back. Runs on any connection."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import cast

from gate.core.journal_entries import GENESIS, chained
from gate.core.records import JournalEvent
from gate.ports import Head, Receipt

Timings = dict[int, dict[str, float]]
"""Milliseconds of each part of a decision, by its seq."""

EVENTS = """
SELECT seq, event, prev, hash, timings, (SELECT ms FROM timing WHERE timing.seq = event.seq)
FROM event WHERE seq BETWEEN ? AND ? ORDER BY seq
"""
_EVENTS_1 = EVENTS.replace("timings", "'{}'")
"""The same of a file that has taken only the first step of the schema."""

BODIES = "SELECT seq, event FROM event WHERE seq BETWEEN ? AND ? ORDER BY seq"
CHAIN = "SELECT seq, prev, hash, event FROM event WHERE seq > ? ORDER BY seq"
LAST = "SELECT seq FROM event ORDER BY seq DESC LIMIT 1"
APPEND = "INSERT INTO event VALUES (?, ?, ?, ?, ?)"
KEEP_TIMINGS = "INSERT OR REPLACE INTO timing SELECT key, value FROM json_each(?)"
KEEP_RECEIPT = "INSERT OR REPLACE INTO receipt VALUES (1, ?, ?, ?, ?, ?, ?)"

RIDES = 8
"""A timing rides in one of so many events behind its own, or in the table that closing fills."""

_SLICE = 500


def identity(db: sqlite3.Connection) -> tuple[str, str] | None:
    """(gate, epoch) of this journal, None while it has none."""
    row = db.execute("SELECT gate, epoch FROM journal").fetchone()
    return None if row is None else (row[0], row[1])


def head(db: sqlite3.Connection, epoch: str) -> Head:
    """The newest event's place and hash; place 0 in an empty journal."""
    row = db.execute("SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1").fetchone()
    return Head(epoch, 0, GENESIS) if row is None else Head(epoch, row[0], row[1])


def first(db: sqlite3.Connection) -> JournalEvent | None:
    """The first event, of any schema; None while there is none, or where it is not JSON."""
    row = db.execute("SELECT event, prev, hash FROM event WHERE seq = 1").fetchone()
    try:
        return None if row is None else chained(_object(1, row[0]), row[1], row[2])
    except ValueError:
        return None


def query(db: sqlite3.Connection) -> str:
    """`EVENTS` as this file can answer it."""
    columns = {row[1] for row in db.execute("PRAGMA table_info(event)")}
    return EVENTS if "timings" in columns else _EVENTS_1


def walk(
    db: sqlite3.Connection, first: int, last: int, query: str = EVENTS
) -> Iterator[JournalEvent]:
    """Events from `first` to `last`, both included, with `ms` where it was kept; in slices, so that
    memory stays flat. sqlite3.Error; ValueError where a row is not JSON."""
    for start in range(first, last + 1, _SLICE):
        end = min(start + _SLICE - 1, last)
        yield from events(db.execute(query, (start, end + RIDES)).fetchall(), end)


def events(
    found: Iterable[tuple[int, str, str, str, str | None, str | None]], last: int
) -> list[JournalEvent]:
    """Rows of `EVENTS` as events up to `last`; the rows behind it lend their timings. ValueError
    where one is not JSON, or none of an object."""
    made: dict[int, JournalEvent] = {}
    for seq, body, prev, digest, timings, ms in found:
        for owner, parts in json.loads(timings or "{}").items():
            if int(owner) in made:
                made[int(owner)]["ms"] = parts
        if seq <= last:
            made[seq] = _object(seq, body)
            made[seq].update({"prev": prev, "hash": digest})
            if ms is not None:
                made[seq]["ms"] = json.loads(ms)
    return list(made.values())


def bodies(found: Sequence[tuple[int, str]]) -> list[JournalEvent]:
    """Rows of `BODIES` as events without `prev`, `hash` and `ms`; decoded in one go, which shares
    their keys. ValueError where one is not JSON, or none of an object."""
    made = json.loads(f"[{','.join(body for _, body in found)}]")
    if [seq for seq, _ in found] != [e["seq"] if isinstance(e, dict) else None for e in made]:
        raise ValueError(f"rows {found[0][0]} to {found[-1][0]} do not hold one event each")
    return list[JournalEvent](made)


def _object(seq: int, body: str) -> JournalEvent:
    event = json.loads(body)
    if not isinstance(event, dict):
        raise json.JSONDecodeError(f"row {seq} holds no event", body, 0)
    return cast(JournalEvent, event)


def append_row(
    event: JournalEvent, canonical: bytes, timings: Timings
) -> tuple[int, str, str, str, str]:
    """Values of `APPEND`. A timing too old to be found again is left out."""
    near = {seq: ms for seq, ms in timings.items() if seq >= event["seq"] - RIDES}
    carried = json.dumps(near, separators=(",", ":")) if near else "{}"
    return event["seq"], event["prev"], event["hash"], canonical.decode(), carried


def receipt(db: sqlite3.Connection) -> Receipt | None:
    """The last receipt that was kept."""
    row = db.execute(
        "SELECT j.gate, j.epoch, generation, high, head, missing, at, top FROM receipt, journal j"
    ).fetchone()
    if row is None:
        return None
    gate, epoch, generation, high, digest, missing, at, top = row
    ranges = tuple((a, b) for a, b in json.loads(missing))
    return Receipt(generation, gate, epoch, high, digest, ranges, at, top)


def receipt_row(receipt: Receipt) -> tuple[int | str, ...]:
    """The columns of a receipt, in the order of the table."""
    missing = json.dumps(receipt.missing)
    return (receipt.generation, receipt.high, receipt.head, missing, receipt.at, receipt.top)
