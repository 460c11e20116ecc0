"""What the office's database keeps to prove its events by: signed heads, receipts that were given,
heartbeats, and the office's word for each gate's key. A reader believes none of it unverified.
"""

import contextlib
import json
import sqlite3
from collections.abc import Callable, Iterator
from typing import cast

from gate.core.journal_entries import NOT_HASHED, canonical_json
from gate.core.json_types import JsonObject
from gate.core.records import JournalEvent
from gate.ports import Receipt
from gate.sync.proofs import KeptEvent
from gate.sync.wire import Batch

InWords = Callable[[], contextlib.AbstractContextManager[None]]


class KeptProofs:
    """Of one open database. `in_words`: turns SQLite's errors into sentences. The `keep_` ones are
    called within a transaction."""

    def __init__(self, db: sqlite3.Connection, in_words: InWords) -> None:
        self._db, self._in_words = db, in_words

    def keep_head(self, batch: Batch) -> None:
        """Keeps the signed head of `batch`."""
        self._db.execute(
            "INSERT OR IGNORE INTO signed_head (gate, epoch, first, last, prev, head, hist, key, "
            "sig, beside) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                batch.gate,
                batch.epoch,
                batch.first,
                batch.last,
                batch.prev,
                batch.head,
                int(batch.hist),
                batch.key,
                batch.sig,
                canonical_json(dict(batch.beside)).decode(),
            ),
        )

    def keep_receipt(self, receipt: Receipt, given: bytes) -> None:
        """Keeps a receipt that was given to a gate.

        `given`: as it was signed. The first of each mark and generation stays.
        """
        place = (receipt.gate, receipt.epoch, receipt.generation, receipt.high, receipt.head)
        self._db.execute(
            "INSERT OR IGNORE INTO receipt (gate, epoch, generation, high, head, receipt) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            (*place, given.decode()),
        )

    def keep_word(self, gate: str, key: str, word: bytes) -> None:
        """The office's signed word that `key` is of `gate`."""
        self._db.execute(
            "INSERT OR IGNORE INTO gate_key VALUES (?, ?, ?)", (gate, key, word.decode())
        )

    def words(self, gate: str) -> list[str]:
        """The office's words for the keys of `gate`, as JSON."""
        with self._in_words():
            found = self._db.execute("SELECT word FROM gate_key WHERE gate = ?", (gate,))
            return [word for (word,) in found]

    def heads(self, gate: str, epoch: str) -> Iterator[JsonObject]:
        """The signed heads of one journal's batches, as they came."""
        with self._in_words():
            for first, last, prev, head, hist, key, sig, beside in self._db.execute(
                "SELECT first, last, prev, head, hist, key, sig, beside FROM signed_head "
                "WHERE gate = ? AND epoch = ? ORDER BY first, last",
                (gate, epoch),
            ):
                yield {
                    "v": 1,
                    "gate": gate,
                    "epoch": epoch,
                    "from": first,
                    "to": last,
                    "prev": prev,
                    "hist": bool(hist),
                    "head": head,
                    "key": key,
                    "sig": sig,
                    **_object(beside),
                }

    def signed_with(self, gate: str, epoch: str) -> set[str]:
        """The ids of the keys that heads of this journal name."""
        with self._in_words():
            found = self._db.execute(
                "SELECT DISTINCT key FROM signed_head WHERE gate = ? AND epoch = ?", (gate, epoch)
            )
            return {key for (key,) in found}

    def receipts(self, gate: str, epoch: str) -> list[str]:
        """As they were given, as JSON, the lowest first."""
        with self._in_words():
            found = self._db.execute(
                "SELECT receipt FROM receipt WHERE gate = ? AND epoch = ? ORDER BY high",
                (gate, epoch),
            )
            return [receipt for (receipt,) in found]

    def gave(self, receipt: Receipt) -> bool:
        """Whether this very mark was vouched for by this database."""
        place = (receipt.gate, receipt.epoch, receipt.high, receipt.head, receipt.generation)
        with self._in_words():
            return (
                self._db.execute(
                    "SELECT 1 FROM receipt WHERE gate = ? AND epoch = ? AND high = ? AND head = ? "
                    "AND generation = ?",
                    place,
                ).fetchone()
                is not None
            )

    def beats(self, gate: str, epoch: str) -> list[tuple[int, str, str]]:
        """(seq, head, heartbeat as JSON) of what the gate said of this journal."""
        with self._in_words():
            return self._db.execute(
                "SELECT seq, head, beat FROM claim WHERE gate = ? AND epoch = ? ORDER BY seq",
                (gate, epoch),
            ).fetchall()

    def rows(self, gate: str, epoch: str) -> Iterator[KeptEvent]:
        """The journal's events, in order."""
        with self._in_words():
            for row in self._db.execute(
                "SELECT seq, prev, hash, event FROM event WHERE gate = ? AND epoch = ? "
                "ORDER BY seq",
                (gate, epoch),
            ):
                yield _row(*row)

    def window(self, gate: str, epoch: str, first: int, last: int) -> list[KeptEvent]:
        """Events of the journal and conflicting ones, in order."""
        place = (gate, epoch, first, last)
        with self._in_words():
            stored = self._db.execute(
                "SELECT seq, prev, hash, event FROM event WHERE gate = ? AND epoch = ? "
                "AND seq BETWEEN ? AND ?",
                place,
            ).fetchall()
            beside = self._db.execute(
                "SELECT seq, prev, hash, event FROM conflict WHERE gate = ? AND epoch = ? "
                "AND seq BETWEEN ? AND ?",
                place,
            ).fetchall()
        rows = [_row(*r) for r in stored] + [_row(*r, stored=False) for r in beside]
        return sorted(rows, key=lambda row: row.seq)


def _row(seq: int, prev: str, digest: str, text: str, *, stored: bool = True) -> KeptEvent:
    return KeptEvent(seq, prev, digest, as_written(text), stored)


def as_written(text: str) -> JournalEvent | None:
    """The event in its one spelling; None for any other text: two readers may take a repeated key
    or a spelled-out number for two things."""
    event = _object(text)
    try:
        is_canonical = canonical_json(event) == text.encode() and not NOT_HASHED & event.keys()
    except (ValueError, RecursionError):
        return None
    return cast(JournalEvent, event) if is_canonical and event else None


def _object(text: str) -> JsonObject:
    """Empty where it is none."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
