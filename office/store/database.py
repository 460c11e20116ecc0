"""What the office has received: one SQLite file, one writer, everything in one transaction.

The standard library's sqlite3 does this job; SQLAlchemy comes with PostgreSQL, when it grows.
"""

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from nacl.signing import SigningKey

from gate.core.journal_entries import canonical_bytes, chained
from gate.core.records import JournalEvent
from gate.errors import StorageBroken, StorageDamaged, StorageRefused
from gate.ports import Receipt
from gate.sync.heartbeat import Heartbeat
from gate.sync.wire import MAX_RANGES, Batch, encode_receipt
from office.store.ingest import Range, Watermark, advance, plan, receipt_of
from office.store.kept_commands import KeptCommands
from office.store.kept_proofs import KeptProofs, as_written
from office.store.kept_settlements import KeptSettlements
from office.store.locks import NoLock, WriterLock
from office.store.migration import migrate
from office.store.store_errors import explained, refused

_GAPS = """
SELECT before + 1, seq - 1 FROM (
    SELECT seq, lag(seq, 1, :high) OVER (ORDER BY seq) AS before
    FROM event WHERE gate = :gate AND epoch = :epoch AND seq > :high
) WHERE seq > before + 1 ORDER BY seq LIMIT :most
"""


@dataclass(frozen=True, slots=True)
class Stored:
    """What one batch changed. `conflicts`: seqs that were already there with another content;
    `broken`: the event behind the mark, where it does not follow the one before it."""

    new: int
    conflicts: tuple[int, ...]
    broken: int | None = None


class OfficeStore:
    """A context manager. StorageRefused, StorageDamaged, StorageBroken."""

    def __init__(self, path: Path) -> None:
        self._path = path
        in_memory = str(path) == ":memory:"
        self._writer = NoLock() if in_memory else WriterLock(path)
        with self._in_words():
            path.parent.mkdir(parents=True, exist_ok=True)
        with self._writer, self._in_words():
            self._db = sqlite3.connect(path, isolation_level=None)
            self._db.text_factory = _readable
            for pragma in ("journal_mode = WAL", "synchronous = FULL", "busy_timeout = 5000"):
                self._db.execute(f"PRAGMA {pragma}")
            migrate(self._db)
        self.proofs = KeptProofs(self._db, self._in_words)
        self.commands = KeptCommands(self._db, self._in_words)
        self.settlements = KeptSettlements(self._db, self._in_words)

    def __enter__(self) -> "OfficeStore":
        return self

    def __exit__(self, *_: object) -> None:
        with self._writer:  # the last one to close moves the log into the file
            self._db.close()

    def begin_generation(self, now_ms: int, *, above: int = 0) -> int:
        """Begins a new generation of this database.

        It is higher than any it had, and than `above`. It is also higher than any of a newer copy
        from before a restore, as far as the clock knows. Nothing depends on the clock.
        """
        with self.transaction():
            row = self._db.execute("SELECT generation FROM office").fetchone()
            generation = max(now_ms, above + 1, row[0] + 1 if row else 1)
            self._db.execute("INSERT OR REPLACE INTO office VALUES (1, ?)", (generation,))
        return generation

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Committed and on the disk when it ends; nothing of it stands after an error."""
        with self._writer, self._in_words():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def add(self, batch: Batch, *, exam: str, site: str, now: str) -> Stored:
        """Within a transaction. Any batch, any number of times, in any order."""
        place = (batch.gate, batch.epoch)
        there = self._db.execute(
            "SELECT seq, hash FROM event WHERE gate = ? AND epoch = ? AND seq BETWEEN ? AND ?",
            (*place, batch.first - 1, batch.last),
        )
        found = plan(batch, dict(there))
        self._db.executemany(
            "INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?)",
            ((*place, e["seq"], e["prev"], e["hash"], _text(e), now) for e in found.new),
        )
        self._db.executemany(
            "INSERT OR IGNORE INTO conflict (gate, epoch, seq, hash, event, received, prev) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            ((*place, e["seq"], e["hash"], _text(e), now, e["prev"]) for e in found.conflicts),
        )
        self.proofs.keep_head(batch)
        broken = self._move_mark(place, exam, site, now)
        conflicts = tuple(int(e["seq"]) for e in found.conflicts)
        return Stored(len(found.new), conflicts, broken)

    def _move_mark(self, place: tuple[str, str], exam: str, site: str, now: str) -> int | None:
        """On, as far as the events follow; where one does not, its seq."""
        before = self._mark(place)
        mark, broken = advance(before, self._following(place, before.high))
        self._db.execute(
            "INSERT OR REPLACE INTO mark VALUES (?, ?, ?, ?, ?, ?, ?)",
            (*place, exam, site, mark.high, mark.head, now),
        )
        return broken

    def _mark(self, place: tuple[str, str]) -> Watermark:
        row = self._db.execute("SELECT high, head FROM mark WHERE gate = ? AND epoch = ?", place)
        return Watermark(*found) if (found := row.fetchone()) else Watermark()

    def _following(self, place: tuple[str, str], high: int) -> Iterable[tuple[int, str, str]]:
        return self._db.execute(
            "SELECT seq, prev, hash FROM event WHERE gate = ? AND epoch = ? AND seq > ? "
            "ORDER BY seq",
            (*place, high),
        )

    def add_claim(self, beat: Heartbeat, raw: bytes, now: str) -> bool:
        """Keep what a gate says of its journal, within a transaction; whether that is true as far
        as it is stored here. Of true ones the newest stays."""
        place = (beat.gate, beat.epoch, beat.seq)
        row = self._db.execute(
            "SELECT hash FROM event WHERE gate = ? AND epoch = ? AND seq = ?", place
        ).fetchone()
        is_true = row is None or row[0] == beat.head
        if is_true:
            self._db.execute(
                "DELETE FROM claim WHERE gate = ? AND epoch = ? AND seq < ? AND NOT forked", place
            )
        self._db.execute(
            "INSERT OR IGNORE INTO claim VALUES (?, ?, ?, ?, ?, ?, ?)",
            (*place, beat.head, int(not is_true), raw.decode(), now),
        )
        return is_true

    def gates(self) -> list[tuple[str, str, str, str]]:
        """(exam, site, gate, epoch) of every gate's journal that was heard last."""
        with self._in_words():
            return self._db.execute(
                "SELECT exam, site, gate, epoch FROM mark m WHERE heard = "
                "(SELECT max(heard) FROM mark WHERE gate = m.gate) GROUP BY gate"
            ).fetchall()

    def high(self, gate: str, epoch: str) -> int:
        """Every event of this journal up to it is stored; 0 for a journal that is not known."""
        return self.mark(gate, epoch).high

    def mark(self, gate: str, epoch: str) -> Watermark:
        """The watermark of one journal."""
        with self._in_words():
            return self._mark((gate, epoch))

    def receipt(self, gate: str, epoch: str, *, generation: int, now: str) -> Receipt:
        """What is committed of one journal, in the form that the gate is told."""
        with self._in_words():
            mark = self._mark((gate, epoch))
            _, broken = advance(mark, self._following((gate, epoch), mark.high))
            missing, top = ([], mark.high) if broken else self._above(gate, epoch, mark.high)
        return receipt_of(mark, missing, top, gate=gate, epoch=epoch, generation=generation, at=now)

    def give_receipt(
        self, gate: str, epoch: str, *, generation: int, now: str, key: SigningKey
    ) -> tuple[Receipt, bytes]:
        """The receipt as it is handed out: signed, and kept. Within a transaction; it may leave
        once that has ended."""
        receipt = self.receipt(gate, epoch, generation=generation, now=now)
        given = encode_receipt(receipt, key)
        self.proofs.keep_receipt(receipt, given)
        return receipt, given

    def _above(self, gate: str, epoch: str, high: int) -> tuple[list[Range], int]:
        """The gaps above the mark, as many as a receipt may need, and the highest seq stored."""
        key = {"gate": gate, "epoch": epoch, "high": high, "most": MAX_RANGES + 1}
        missing = self._db.execute(_GAPS, key).fetchall()
        (top,) = self._db.execute(
            "SELECT max(seq) FROM event WHERE gate = :gate AND epoch = :epoch", key
        ).fetchone()
        return missing, top or 0

    def journals(self, gate: str | None = None) -> list[tuple[str, str]]:
        """(gate, epoch) of everything stored, claimed or proven to have been there."""
        with self._in_words():
            rows = self._db.execute(
                "SELECT gate, epoch FROM event UNION SELECT gate, epoch FROM claim WHERE seq > 0 "
                "UNION SELECT gate, epoch FROM mark WHERE high > 0 "
                "UNION SELECT gate, epoch FROM signed_head "
                "UNION SELECT gate, epoch FROM receipt WHERE high > 0 ORDER BY gate, epoch"
            )
            return [(g, e) for g, e in rows if gate in (None, g)]

    def by_first_arrival(self, gate: str) -> list[str]:
        """Epochs of the journals of `gate` whose first event is stored, in the order in which those
        came."""
        with self._in_words():
            found = self._db.execute(
                "SELECT epoch FROM event WHERE gate = ? AND seq = 1 ORDER BY received, epoch",
                (gate,),
            )
            return [epoch for (epoch,) in found]

    def events(self, gate: str, epoch: str) -> Iterator[JournalEvent]:
        """In order, with `prev` and `hash`; without those whose text is no event any more."""
        for row in self.proofs.rows(gate, epoch):
            if row.event is not None:
                yield chained(row.event, row.prev, row.hash)

    def event(self, gate: str, epoch: str, seq: int) -> JournalEvent | None:
        """One stored event; empty where its text is not the one spelling of any."""
        with self._in_words():
            row = self._db.execute(
                "SELECT event FROM event WHERE gate = ? AND epoch = ? AND seq = ?",
                (gate, epoch, seq),
            ).fetchone()
        return None if row is None else as_written(row[0]) or cast(JournalEvent, {})

    def hash_at(self, gate: str, epoch: str, seq: int) -> str | None:
        """Of one stored event."""
        place = (gate, epoch, seq)
        with self._in_words():
            row = self._db.execute(
                "SELECT hash FROM event WHERE gate = ? AND epoch = ? AND seq = ?", place
            ).fetchone()
        return None if row is None else str(row[0])

    def generation(self) -> int | None:
        """None before the office has received for the first time."""
        with self._in_words():
            row = self._db.execute("SELECT generation FROM office").fetchone()
        return None if row is None else int(row[0])

    def conflicts(self, gate: str, epoch: str) -> list[int]:
        """The seqs of one journal that came with two contents, sorted."""
        with self._in_words():
            found = self._db.execute(
                "SELECT DISTINCT seq FROM conflict WHERE gate = ? AND epoch = ? ORDER BY seq",
                (gate, epoch),
            )
            return [seq for (seq,) in found]

    @contextlib.contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as e:
            raise explained(self._path, e) from e
        except OSError as e:
            if isinstance(e, StorageRefused | StorageDamaged | StorageBroken):
                raise
            raise refused(self._path, e) from e


def _readable(raw: bytes) -> str:
    """Bytes that are no UTF-8 are an alteration to be named, not an error of the database."""
    return raw.decode("utf-8", "replace")


def _text(event: JournalEvent) -> str:
    return canonical_bytes(event).decode()
