"""A journal looked at from outside, also while the gate writes it."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from gate.core.journal_entries import ChainFault, canonical_bytes, verify_chain
from gate.core.records import JournalEvent
from gate.errors import InputDamaged, Refused, StorageDamaged
from gate.ports import Receipt
from gate.store import checkpoint, damage_report, rows, schema
from gate.store.checkpoint import Checkpoint
from gate.store.opening_checks import newer
from gate.store.store_errors import damaged, from_sqlite


@dataclass(frozen=True, slots=True)
class JournalReading:
    """One snapshot. `last`: its newest seq, `head`: the hash there; `mark`: what
    the file beside the journal says of it."""

    db: sqlite3.Connection
    path: Path
    gate: str
    epoch: str
    last: int
    head: str
    receipt: Receipt | None
    mark: Checkpoint | None = None
    faults: list[ChainFault] = field(default_factory=list)

    @property
    def first_fault(self) -> ChainFault | None:
        """Where the chain breaks, once `fault` was asked."""
        return self.faults[0] if self.faults else None

    def events(self, first: int = 1, last: int | None = None) -> Iterator[JournalEvent]:
        """In order, at most to the end of the snapshot. StorageDamaged."""
        upto = self.last if last is None else min(last, self.last)
        try:
            yield from rows.walk(self.db, first, upto, rows.query(self.db))
        except sqlite3.Error as e:
            raise from_sqlite(self.path, e) from e
        except ValueError as e:
            raise damaged(self.path, f"an event is not JSON: {e}") from e

    def fault(self, gate: str | None = None) -> str | None:
        """Why this is not the whole unchanged journal of `gate`; None when it is.

        The words name the seq. Without `gate`, the gate that made the journal counts.
        """
        if gate is not None and gate != self.gate:
            return f"it belongs to gate {self.gate}, not {gate}"
        try:
            broken = verify_chain(self.events(), gate=self.gate, epoch=self.epoch)
        except (KeyError, TypeError) as e:
            return f"an event lacks or misuses the field {e}"
        if broken is not None:
            self.faults.append(broken)
            return str(broken)
        counted = self.db.execute("SELECT count(*) FROM event").fetchone()[0]
        if counted != self.last:
            return f"{self.last} events should be there, {counted} are"
        return self._against_what_is_known()

    def _against_what_is_known(self) -> str | None:
        """Compares with the office's last receipt and with the checkpoint beside the file.

        A tail that was cut off breaks no chain. Nor does one that was written anew with fitting
        hashes.
        """
        known = newer(self.receipt, self.mark)
        if known is not None and (fault := self._against(known.high, known.head, "the office has")):
            return fault
        noted = self.mark.head if self.mark is not None else None
        if noted is None:
            return None
        return self._against(noted.seq, noted.hash, "was committed here")

    def _against(self, seq: int, digest: str, whose: str) -> str | None:
        if seq > self.last:
            self.faults.append(ChainFault(self.last + 1, "gap", f"seq {self.last + 1}", "the end"))
            has = "; the office has them" if whose.startswith("the office") else ""
            return f"events {self.last + 1} to {seq} are gone{has}"
        if not seq:
            return None
        (event,) = self.events(seq, seq)
        if event["hash"] == digest:
            return None
        self.faults.append(ChainFault(seq, "fork", f"hash {digest[:16]}…", "another"))
        return f"event {seq} is not the one that {whose}"


@contextmanager
def reading(path: Path) -> Iterator[JournalReading]:
    """Open `path` for reading only. InputDamaged where there is no journal, Refused where this user
    may not see it, StorageDamaged."""
    if not _is_there(path):
        raise InputDamaged(
            f"No journal at {path}: run the gate first, or name the file with --journal.",
            f"{path} 处没有日志：请先运行闸机，或用 --journal 指定文件。",
            path=str(path),
        )
    db, noted = None, _mark_of(path)  # before the snapshot: the mark is never newer
    try:
        db = sqlite3.connect(f"file:{quote(str(path.resolve()))}?mode=ro", uri=True)
        db.execute("PRAGMA busy_timeout = 2000")
        db.isolation_level = None
        db.execute("BEGIN")  # one snapshot for everything that follows
        yield _snapshot(db, path, noted)
    except sqlite3.Error as e:
        raise from_sqlite(path, e) from e
    finally:
        if db is not None:
            db.close()


def salvaged_pieces(folder: Path) -> Iterator[JournalReading]:
    """Each unbroken piece of what was salvaged in a folder that was put aside, one after the other;
    closed when the next is asked for. OSError, ValueError."""
    piece: list[JournalEvent] = []
    for event in damage_report.salvaged_events(folder):
        if piece and (event["seq"] != piece[-1]["seq"] + 1 or event["prev"] != piece[-1]["hash"]):
            yield from _piece(folder, piece)
            piece = []
        piece.append(event)
    yield from _piece(folder, piece)


def _piece(folder: Path, events: list[JournalEvent]) -> Iterator[JournalReading]:
    if not events:
        return
    last = events[-1]
    db = sqlite3.connect(":memory:", isolation_level=None)
    try:
        schema.migrate(db, schema.steps())
        db.execute("DROP TRIGGER event_in_order")  # a piece may begin anywhere
        for event in events:
            db.execute(rows.APPEND, rows.append_row(event, canonical_bytes(event), {}))
        yield JournalReading(
            db, folder, last["gate"], last["epoch"], last["seq"], last["hash"], receipt=None
        )
    finally:
        db.close()


def _is_there(path: Path) -> bool:
    try:
        return path.is_file()
    except PermissionError as e:
        raise Refused(
            f"{path} may not be read by this user: run this as its owner, on a unit with "
            "sudo -u exam-gate.",
            f"当前用户无权读取 {path}：请以其所有者运行，闸机上用 sudo -u exam-gate。",
            path=str(path),
        ) from e


def _mark_of(path: Path) -> Checkpoint | None:
    """None too where this user may not read it: the journal itself still can be walked."""
    try:
        return checkpoint.read(path)
    except OSError:
        return None


def _snapshot(db: sqlite3.Connection, path: Path, noted: Checkpoint | None) -> JournalReading:
    try:
        owner = rows.identity(db)
    except sqlite3.OperationalError as e:
        if "no such table" in str(e):
            raise damaged(path, "it holds no journal") from e
        raise
    if owner is None:
        raise StorageDamaged(
            f"The journal {path} was never begun: start the gate once.",
            f"日志 {path} 尚未建立：请先启动一次闸机。",
            path=str(path),
        )
    gate, epoch = owner
    head = rows.head(db, epoch)
    ours = noted if noted is not None and (noted.gate, noted.epoch) == owner else None
    return JournalReading(db, path, gate, epoch, head.seq, head.hash, rows.receipt(db), ours)
