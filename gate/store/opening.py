"""Opening a journal: inspected, put aside where it is damaged, brought up to date or begun."""

import fcntl
import logging
import os
import secrets
import sqlite3
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from gate.core.events import Instant
from gate.core.journal_entries import GENESIS, JournalEntry, sealed
from gate.core.records import JournalEvent
from gate.errors import GateError, StorageDamaged, StorageRefused
from gate.ports import Head, Receipt
from gate.store import checkpoint, rewriting, rows, schema, set_aside
from gate.store.checkpoint import Checkpoint, CheckpointFile
from gate.store.file_inspection import foreign, inspect
from gate.store.opening_checks import newer
from gate.store.rows_in_memory import RowsInMemory, held
from gate.store.store_errors import broken, damaged, from_sqlite, from_system

log = logging.getLogger(__name__)

PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",  # the commit's fsync is what the lamp waits for
    "PRAGMA busy_timeout = 2000",
    "PRAGMA foreign_keys = ON",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA cell_size_check = ON",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA wal_autocheckpoint = 1000",
    "PRAGMA journal_size_limit = 4194304",
)


BEGUN = "journal_begun"
"""Kind of the first event of a journal that follows another one of the same unit."""


@dataclass(frozen=True, slots=True)
class JournalOwner:
    """Whose journal it is, and what its own first event would carry."""

    gate: str
    boot: str
    now: Callable[[], Instant]


@dataclass(frozen=True, slots=True)
class Opened:
    """Where a journal stands after opening. `begun`: its `journal_begun`, if it has one."""

    head: Head
    receipt: Receipt | None
    mark: CheckpointFile
    begun: JournalEvent | None
    held: RowsInMemory


def claim(path: Path) -> int:
    """Make the folder and hold it against a second writer; the descriptor that holds it.

    The lock is on the folder: closing any descriptor of the file itself would drop SQLite's own
    locks. StorageRefused where another gate holds it, OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as e:
        os.close(folder)
        raise StorageRefused(
            f"Another exam-gate is using the journal {path}: stop that one first.",
            f"另一个 exam-gate 正在使用日志 {path}：请先停止它。",
            path=str(path),
        ) from e
    return folder


def connect(path: Path, unit: JournalOwner) -> tuple[sqlite3.Connection, Opened | Exception]:
    """A connection, and where its journal stands or why it cannot be used. The caller closes it.

    Raises nothing that can be returned: aiosqlite's thread would answer a raised error to an event
    loop that may be gone by then.
    """
    try:
        return _usable(path, unit)
    except OSError as e:
        error = e if isinstance(e, GateError) else from_system(path, e)
        return sqlite3.connect(":memory:"), error
    except GateError as e:
        return sqlite3.connect(":memory:"), e


def _usable(path: Path, unit: JournalOwner) -> tuple[sqlite3.Connection, Opened]:
    """A journal that can be used: a damaged one is put aside and a new one begun.

    A gate that refuses on the morning of the exam helps nobody. What was salvaged it still knows.
    """
    known = checkpoint.read(path)
    if known is not None and known.gate not in ("", unit.gate):
        raise foreign(path, known.gate, unit.gate)
    at = unit.now().at
    rewriting.finish(path, at)
    set_aside.end_what_was_begun(path, unit.gate, known, at)
    try:
        if _is_empty(path) and not _is_empty(path.with_name(f"{path.name}-wal")):
            raise damaged(path, "its log is there, the file itself is empty or gone")
        return _attempt(path, unit, known)
    except StorageDamaged as e:
        log.error("%s It is put aside, a new journal begins.", e.en)
        set_aside.put_aside(path, unit.gate, known, str(e.facts.get("detail", e.en)), at)
    return _attempt(path, unit, known)


def _attempt(
    path: Path, unit: JournalOwner, known: Checkpoint | None
) -> tuple[sqlite3.Connection, Opened]:
    """One attempt to open. StorageDamaged comes from the check only.

    A later fault on a journal that was whole a moment ago is the card's. The next start looks
    again.
    """
    try:
        if not _is_empty(path.with_name(f"{path.name}-journal")):
            _roll_back(path)
        if not _is_empty(path):
            inspect(path, unit.gate, known)
    except sqlite3.Error as e:
        raise from_sqlite(path, e) from e
    db = None
    try:
        db = sqlite3.connect(path, isolation_level=None)
        return db, _prepare(db, path, unit, known)
    except sqlite3.Error as e:
        _close(db)
        meaning = from_sqlite(path, e)
        raise (broken(path, str(e)) if isinstance(meaning, StorageDamaged) else meaning) from e
    except (OSError, GateError):
        _close(db)
        raise


def _close(db: sqlite3.Connection | None) -> None:
    if db is not None:
        db.close()


def _roll_back(path: Path) -> None:
    """A start that was cut short before the file had its write-ahead log. sqlite3.Error."""
    db = sqlite3.connect(path)
    try:
        db.execute("SELECT 1 FROM sqlite_schema").fetchone()
    finally:
        db.close()


def _prepare(
    db: sqlite3.Connection, path: Path, unit: JournalOwner, known: Checkpoint | None
) -> Opened:
    """Make the journal, or bring it up to date. sqlite3.Error, Refused, OSError."""
    for pragma in PRAGMAS:
        db.execute(pragma)
    schema.migrate(db, schema.steps())
    _, epoch = rows.identity(db) or _begin(db, path, unit, known)
    told = known if known is not None and known.epoch == epoch else None
    head, receipt = rows.head(db, epoch), newer(rows.receipt(db), told)
    first = rows.first(db)
    begun = first if first is not None and first.get("kind") == BEGUN else None
    return Opened(head, receipt, CheckpointFile(path, unit.gate, head, receipt), begun, held(db))


def _begin(
    db: sqlite3.Connection, path: Path, unit: JournalOwner, known: Checkpoint | None
) -> tuple[str, str]:
    """A new epoch, random, so that a copied card cannot reuse sequence numbers unnoticed. Its first
    event, in the same transaction, tells what became of the journal before it."""
    epoch = secrets.token_hex(8)
    lost = set_aside.lost_before(path, known)
    db.execute("BEGIN IMMEDIATE")
    db.execute("INSERT INTO journal VALUES (1, ?, ?)", (unit.gate, epoch))
    if lost is not None:
        entry = JournalEntry(BEGUN, unit.now(), asdict(lost))
        event, canonical = sealed(
            entry, gate=unit.gate, epoch=epoch, seq=1, boot=unit.boot, previous=GENESIS
        )
        db.execute(rows.APPEND, rows.append_row(event, canonical, {}))
    db.execute("COMMIT")
    return unit.gate, epoch


def _is_empty(path: Path) -> bool:
    return not path.exists() or path.stat().st_size == 0
