"""What a journal is, told a second time: plain SQL and a few lines of SHA-256, by the rule of
docs/journal-and-sync.md alone. Imports nothing of the product: what is judged must take no part in
the judgement.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterable

Row = tuple[int, str, str, str]
"""seq, prev, hash, the event as text."""

_OUTSIDE = ("prev", "hash", "ms")


def journal_of(db: sqlite3.Connection) -> tuple[str, list[Row]]:
    """Epoch and rows of the journal in `db`; sqlite3.Error where it is none."""
    named = db.execute("SELECT epoch FROM journal").fetchone()
    rows = db.execute("SELECT seq, prev, hash, event FROM event ORDER BY seq").fetchall()
    return (named[0] if named else ""), rows


def chain_fault(rows: Iterable[Row]) -> str | None:
    """Where a chain breaks; None where it is whole."""
    previous = "0" * 64
    for place, (seq, prev, digest, text) in enumerate(rows, 1):
        if seq != place or prev != previous or digest != link(previous, text):
            return f"event {place}"
        previous = digest
    return None


def link(previous: str, text: str) -> str:
    """The hash of the event in `text` behind `previous`."""
    body = {k: v for k, v in json.loads(text).items() if k not in _OUTSIDE}
    spelled = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(bytes.fromhex(previous) + spelled.encode()).hexdigest()


def outcome(row: Row) -> str | None:
    """What was decided, None for an event that is no decision."""
    decided: str | None = json.loads(row[3]).get("outcome")
    return decided
