"""Opening a journal: pragmas, schema, identity, and the checks that come before any promise."""

import fcntl
import logging
import os
import secrets
import sqlite3
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import quote

from gate.core.decision import GENESIS, Entry, Event, sealed
from gate.core.events import Instant
from gate.errors import GateError, Refused, StorageDamaged, StorageRefused
from gate.ports import Head, Receipt
from gate.store import mark, rows, schema, set_aside
from gate.store.checking import check_against, check_chain, newer
from gate.store.faults import broken, damaged, from_sqlite, from_system
from gate.store.mark import Mark, MarkFile

log = logging.getLogger(__name__)

CHECKS = (
    "PRAGMA busy_timeout = 2000",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA cell_size_check = ON",
)
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
class Unit:
    """Whose journal it is, and what its own first event would carry."""

    gate: str
    boot: str
    now: Callable[[], Instant]


@dataclass(frozen=True, slots=True)
class Opened:
    """Where a journal stands after opening. `begun`: its `journal_begun`, if it has one."""

    head: Head
    receipt: Receipt | None
    mark: MarkFile
    begun: Event | None


def claim(path: Path) -> int:
    """Make the folder and hold it against a second writer; the descriptor that holds it. The lock
    is on the folder: closing any descriptor of the file itself would drop SQLite's own locks."""
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


def connect(path: Path, unit: Unit) -> tuple[sqlite3.Connection, Opened | Exception]:
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


def _usable(path: Path, unit: Unit) -> tuple[sqlite3.Connection, Opened]:
    """A damaged journal is put aside and a new one begun: a gate that refuses on the morning of the
    exam helps nobody, and what was salvaged it still knows."""
    known = mark.read(path)
    if known is not None and known.gate not in ("", unit.gate):
        raise _foreign(path, known.gate, unit.gate)
    at = unit.now().at
    set_aside.end_what_was_begun(path, unit.gate, known, at)
    try:
        if _is_empty(path) and not _is_empty(path.with_name(f"{path.name}-wal")):
            raise damaged(path, "its log is there, the file itself is empty or gone")
        return _attempt(path, unit, known)
    except StorageDamaged as e:
        log.error("%s It is put aside, a new journal begins.", e.en)
        set_aside.put_aside(path, unit.gate, known, str(e.facts.get("detail", e.en)), at)
    return _attempt(path, unit, known)


def _attempt(path: Path, unit: Unit, known: Mark | None) -> tuple[sqlite3.Connection, Opened]:
    """StorageDamaged from the check only: what fails behind it on a journal that was whole a moment
    ago is the card's fault, and the next start looks again."""
    try:
        if not _is_empty(path.with_name(f"{path.name}-journal")):
            _roll_back(path)
        if not _is_empty(path):
            _check(path, unit, known)
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


def _check(path: Path, unit: Unit, known: Mark | None) -> None:
    """sqlite3.Error, StorageDamaged, Refused. What is damaged or cannot be read is looked at
    twice: a card may fail to give a page back once."""
    try:
        _check_once(path, unit, known)
    except (sqlite3.DatabaseError, StorageDamaged) as e:
        if not isinstance(_found(path, e), StorageDamaged):
            raise
        log.warning("checking %s failed once: %s", path, e)
        try:
            _check_once(path, unit, known)
        except sqlite3.DatabaseError as again:
            raise _found(path, again) from again


_UNREADABLE = {sqlite3.SQLITE_IOERR_READ, sqlite3.SQLITE_IOERR_CORRUPTFS}
"""Linux's EIO at a read is the second of them (SQLite, os_unix.c, seekAndRead)."""


def _found(path: Path, error: sqlite3.DatabaseError | StorageDamaged) -> GateError:
    """What an error while checking says of the journal."""
    if isinstance(error, StorageDamaged):
        return error
    if error.sqlite_errorcode == sqlite3.SQLITE_ERROR:  # a table or a column is not there
        return damaged(path, str(error))
    if error.sqlite_errorcode in _UNREADABLE:
        return damaged(path, f"it cannot be read: {error}")
    return from_sqlite(path, error)


def _check_once(path: Path, unit: Unit, known: Mark | None) -> None:
    """Read-only: the close of a connection that may write would move the log into a file that is to
    be kept as it is."""
    db = sqlite3.connect(f"file:{quote(str(path.resolve()))}?mode=ro", uri=True)
    try:
        _check_whole(db, path, unit, known)
    finally:
        db.close()


def _check_whole(db: sqlite3.Connection, path: Path, unit: Unit, known: Mark | None) -> None:
    for pragma in CHECKS:
        db.execute(pragma)
    fault = db.execute("PRAGMA quick_check(1)").fetchone()[0]
    if fault != "ok":
        raise damaged(path, fault)
    if not schema.applied(db):
        if db.execute("SELECT 1 FROM sqlite_schema").fetchone():
            raise damaged(path, "it is a database of something else")
        return
    schema.refuse_unknown(db, schema.steps())
    owner = rows.identity(db)
    if owner is None:  # a start that was cut short
        return
    if owner[0] != unit.gate:
        raise _foreign(path, owner[0], unit.gate)
    same = known is None or known.epoch in ("", owner[1])
    if known is not None and not same:
        _refuse_unless_successor(path, owner[1], rows.first(db), known)
    told = known if same else None
    check_chain(db, path, rows.head(db, owner[1]), newer(rows.receipt(db), told))
    if told is not None and told.head is not None:
        check_against(db, path, rows.head(db, owner[1]), told.head)


def _prepare(db: sqlite3.Connection, path: Path, unit: Unit, known: Mark | None) -> Opened:
    """Make the journal, or bring it up to date. sqlite3.Error, Refused, OSError."""
    for pragma in PRAGMAS:
        db.execute(pragma)
    schema.migrate(db, schema.steps())
    _, epoch = rows.identity(db) or _begin(db, path, unit, known)
    told = known if known is not None and known.epoch == epoch else None
    head, receipt = rows.head(db, epoch), newer(rows.receipt(db), told)
    first = rows.first(db)
    begun = first if first is not None and first.get("kind") == BEGUN else None
    return Opened(head, receipt, MarkFile(path, unit.gate, head, receipt), begun)


def _begin(db: sqlite3.Connection, path: Path, unit: Unit, known: Mark | None) -> tuple[str, str]:
    """A new epoch, random, so that a copied card cannot reuse sequence numbers unnoticed. Its first
    event, in the same transaction, tells what became of the journal before it."""
    epoch = secrets.token_hex(8)
    lost = set_aside.lost_before(path, known)
    db.execute("BEGIN IMMEDIATE")
    db.execute("INSERT INTO journal VALUES (1, ?, ?)", (unit.gate, epoch))
    if lost is not None:
        entry = Entry(BEGUN, unit.now(), asdict(lost))
        event, canonical = sealed(
            entry, gate=unit.gate, epoch=epoch, seq=1, boot=unit.boot, previous=GENESIS
        )
        db.execute(rows.APPEND, rows.append_row(event, canonical, {}))
    db.execute("COMMIT")
    return unit.gate, epoch


def _refuse_unless_successor(path: Path, epoch: str, first: Event | None, known: Mark) -> None:
    """A start that was cut short between the new journal and its mark is fine; a journal from
    another card, or an older copy of this one, is not."""
    if first is not None and first.get("previous_epoch") == known.epoch:
        return
    raise Refused(
        f"The journal {path} is {epoch}, but this unit's is {known.epoch}: put the right file "
        "back, or move this one away; then the gate begins a new one.",
        f"日志 {path} 为 {epoch}，而本机日志为 {known.epoch}：请放回正确的文件；"
        "或移走该文件，设备将重新开始。",
        path=str(path), epoch=epoch, expected=known.epoch,
    )  # fmt: skip


def _foreign(path: Path, owner: str, gate: str) -> Refused:
    return Refused(
        f"The journal {path} belongs to gate {owner}, not {gate}: "
        "put this unit's own card in, or name its own state folder.",
        f"日志 {path} 属于闸机 {owner}，不是 {gate}：请换回本机存储卡或改正 state 路径。",
        path=str(path), owner=owner, gate=gate,
    )  # fmt: skip


def _is_empty(path: Path) -> bool:
    return not path.exists() or path.stat().st_size == 0
