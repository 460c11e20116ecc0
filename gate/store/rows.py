"""Rows of the journal's tables to events and receipts, and back. Runs on any connection."""

import json
import sqlite3
from collections.abc import Iterator
from typing import Any

from gate.core.decision import GENESIS, Event, canonical_bytes
from gate.ports import Head, Receipt

Timings = dict[int, dict[str, float]]
"""Milliseconds of each part of a decision, by its seq."""

EVENTS = """
SELECT event.event, event.prev, event.hash, timing.ms
FROM event LEFT JOIN timing USING (seq) WHERE seq BETWEEN ? AND ? ORDER BY seq
"""
LAST = "SELECT seq FROM event ORDER BY seq DESC LIMIT 1"
APPEND = "INSERT INTO append VALUES (?, ?, ?, ?, ?)"
KEEP_TIMINGS = "INSERT OR REPLACE INTO timing SELECT key, value FROM json_each(?)"
KEEP_RECEIPT = "INSERT OR REPLACE INTO receipt VALUES (1, ?, ?, ?, ?, ?, ?)"

_SLICE = 500


def identity(db: sqlite3.Connection) -> tuple[str, str] | None:
    """(gate, epoch) of this journal, None while it has none."""
    row = db.execute("SELECT gate, epoch FROM journal").fetchone()
    return None if row is None else (row[0], row[1])


def head(db: sqlite3.Connection, epoch: str) -> Head:
    row = db.execute("SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1").fetchone()
    return Head(epoch, 0, GENESIS) if row is None else Head(epoch, row[0], row[1])


def events(db: sqlite3.Connection, first: int, last: int) -> list[Event]:
    """Events from `first` to `last`, both included, with `ms` where it was kept.

    sqlite3.Error; ValueError where a row is not JSON.
    """
    return [event(row) for row in db.execute(EVENTS, (first, last))]


def walk(db: sqlite3.Connection, first: int, last: int) -> Iterator[Event]:
    """The same in slices: memory stays flat however long the journal is."""
    for start in range(first, last + 1, _SLICE):
        yield from events(db, start, min(start + _SLICE - 1, last))


def event(row: Any) -> Event:
    """A row of `EVENTS` as an event. ValueError."""
    body, prev, digest, ms = row
    found: Event = json.loads(body) | {"prev": prev, "hash": digest}
    return found if ms is None else found | {"ms": json.loads(ms)}


def append_row(event: Event, timings: Timings) -> tuple[int, str, str, str, str]:
    body = canonical_bytes(event).decode()
    return event["seq"], event["prev"], event["hash"], body, json.dumps(timings)


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


def receipt_row(receipt: Receipt) -> tuple[Any, ...]:
    missing = json.dumps(receipt.missing)
    return (
        receipt.generation, receipt.high, receipt.head, missing, receipt.at, receipt.top
    )  # fmt: skip
