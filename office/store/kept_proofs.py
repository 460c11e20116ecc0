"""What the office's database keeps to prove its events by: signed heads, receipts that were given,
heartbeats, and the office's word for each gate's key. A reader believes none of it unverified.
"""

import json
from collections.abc import Iterator, Sequence
from typing import cast

from gate.core.journal_entries import NOT_HASHED, canonical_json
from gate.core.json_types import JsonObject
from gate.core.records import JournalEvent
from gate.ports import Receipt
from gate.sync.heartbeat import Heartbeat
from gate.sync.proofs import KeptEvent
from gate.sync.wire import Batch
from office.store.connection import Database

_HEAD = """
INSERT INTO signed_head (gate, epoch, first, last, prev, head, hist, key, sig, beside)
SELECT k.value ->> 0, k.value ->> 1, CAST(k.value ->> 2 AS {number}),
       CAST(k.value ->> 3 AS {number}), k.value ->> 4, k.value ->> 5,
       CAST(k.value ->> 6 AS {number}), k.value ->> 7, k.value ->> 8, k.value ->> 9
FROM {keys} WHERE TRUE ON CONFLICT DO NOTHING
"""
_RECEIPT = """
INSERT INTO receipt (gate, epoch, generation, high, head, receipt)
SELECT k.value ->> 0, k.value ->> 1, CAST(k.value ->> 2 AS {number}),
       CAST(k.value ->> 3 AS {number}), k.value ->> 4, k.value ->> 5
FROM {keys} WHERE TRUE ON CONFLICT DO NOTHING
"""
_JOURNAL = "WHERE gate = :gate AND epoch = :epoch"
_WINDOW = f"{_JOURNAL} AND seq BETWEEN :first AND :last"


class KeptProofs:
    """Of one open database. The `keep_` ones are called within a transaction; the others raise
    StorageRefused, StorageDamaged."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._number = "bigint" if database.is_postgresql else "integer"

    def keep_heads(self, batches: Sequence[Batch]) -> None:
        """Keeps the signed heads of `batches`."""
        rows = [
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
                canonical_json(dict(batch.beside)).decode() if batch.beside else "{}",
            )
            for batch in batches
        ]
        self._db.write_keyed(_HEAD.replace("{number}", self._number), rows)

    def keep_receipts(self, given: Sequence[tuple[Receipt, bytes]]) -> None:
        """Keeps receipts that were given to gates, each with its signed bytes. The first of each
        mark and generation stays."""
        rows = [
            (r.gate, r.epoch, r.generation, r.high, r.head, signed.decode()) for r, signed in given
        ]
        self._db.write_keyed(_RECEIPT.replace("{number}", self._number), rows)

    def keep_claim(self, beat: Heartbeat, raw: bytes, now: str) -> bool:
        """Keeps what a gate says of its journal; whether that is true as far as it is stored
        here. Of true ones the newest stays."""
        place = {"gate": beat.gate, "epoch": beat.epoch, "seq": beat.seq}
        row = self._db.execute(f"SELECT hash FROM event {_JOURNAL} AND seq = :seq", **place)
        there = row.fetchone()
        is_true = there is None or there[0] == beat.head
        if is_true:
            self._db.execute(f"DELETE FROM claim {_JOURNAL} AND seq < :seq AND forked = 0", **place)
        self._db.execute(
            "INSERT INTO claim (gate, epoch, seq, head, forked, beat, received) VALUES "
            "(:gate, :epoch, :seq, :head, :forked, :beat, :now) ON CONFLICT DO NOTHING",
            **place,
            head=beat.head,
            forked=int(not is_true),
            beat=raw.decode(),
            now=now,
        )
        return is_true

    def keep_word(self, gate: str, key: str, word: bytes) -> None:
        """The office's signed word that `key` is of `gate`."""
        self._db.execute(
            "INSERT INTO gate_key (gate, key, word) VALUES (:gate, :key, :word) "
            "ON CONFLICT DO NOTHING",
            gate=gate,
            key=key,
            word=word.decode(),
        )

    def words(self, gate: str) -> list[str]:
        """The office's words for the keys of `gate`, as JSON."""
        found = self._db.rows("SELECT word FROM gate_key WHERE gate = :gate", gate=gate)
        return [word for (word,) in found]

    def heads(self, gate: str, epoch: str) -> Iterator[JsonObject]:
        """The signed heads of one journal's batches, as they came."""
        for first, last, prev, head, hist, key, sig, beside in self._db.rows(
            "SELECT first, last, prev, head, hist, key, sig, beside FROM signed_head "
            f"{_JOURNAL} ORDER BY first, last",
            gate=gate,
            epoch=epoch,
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
        found = self._db.rows(
            f"SELECT DISTINCT key FROM signed_head {_JOURNAL}", gate=gate, epoch=epoch
        )
        return {key for (key,) in found}

    def receipts(self, gate: str, epoch: str) -> list[str]:
        """As they were given, as JSON, the lowest first."""
        found = self._db.rows(
            f"SELECT receipt FROM receipt {_JOURNAL} ORDER BY high", gate=gate, epoch=epoch
        )
        return [receipt for (receipt,) in found]

    def gave(self, receipt: Receipt) -> bool:
        """Whether this very mark was vouched for by this database."""
        found = self._db.rows(
            f"SELECT 1 FROM receipt {_JOURNAL} AND high = :high AND head = :head "
            "AND generation = :generation",
            gate=receipt.gate,
            epoch=receipt.epoch,
            high=receipt.high,
            head=receipt.head,
            generation=receipt.generation,
        )
        return bool(found)

    def beats(self, gate: str, epoch: str) -> list[tuple[int, str, str]]:
        """(seq, head, heartbeat as JSON) of what the gate said of this journal."""
        found = self._db.rows(
            f"SELECT seq, head, beat FROM claim {_JOURNAL} ORDER BY seq", gate=gate, epoch=epoch
        )
        return [(seq, head, beat) for seq, head, beat in found]

    def rows(self, gate: str, epoch: str) -> Iterator[KeptEvent]:
        """The journal's events, in order."""
        with self._db.in_words():
            for row in self._db.execute(
                f"SELECT seq, prev, hash, event FROM event {_JOURNAL} ORDER BY seq",
                gate=gate,
                epoch=epoch,
            ):
                yield _row(row[0], row[1], row[2], row[3])

    def window(self, gate: str, epoch: str, first: int, last: int) -> list[KeptEvent]:
        """Events of the journal and conflicting ones, in order."""
        place = {"gate": gate, "epoch": epoch, "first": first, "last": last}
        stored = self._db.rows(f"SELECT seq, prev, hash, event FROM event {_WINDOW}", **place)
        beside = self._db.rows(f"SELECT seq, prev, hash, event FROM conflict {_WINDOW}", **place)
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
