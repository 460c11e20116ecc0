"""Whether the file that lies there is this unit's journal, and whole; nothing is written."""

import logging
import sqlite3
from pathlib import Path
from urllib.parse import quote

from gate.core.records import JournalEvent
from gate.errors import GateError, Refused, StorageDamaged
from gate.store import rows, schema
from gate.store.checkpoint import Checkpoint
from gate.store.opening_checks import check_against, check_chain, newer
from gate.store.store_errors import damaged, from_sqlite

log = logging.getLogger(__name__)

CHECKS = (
    "PRAGMA busy_timeout = 2000",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA cell_size_check = ON",
)


def inspect(path: Path, gate: str, known: Checkpoint | None) -> None:
    """sqlite3.Error, StorageDamaged, Refused. What is damaged or cannot be read is looked at
    twice: a card may fail to give a page back once."""
    try:
        _check_once(path, gate, known)
    except (sqlite3.DatabaseError, StorageDamaged) as e:
        if not isinstance(_found(path, e), StorageDamaged):
            raise
        log.warning("checking %s failed once: %s", path, e)
        try:
            _check_once(path, gate, known)
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


def _check_once(path: Path, gate: str, known: Checkpoint | None) -> None:
    """Read-only: the close of a connection that may write would move the log into a file that is to
    be kept as it is."""
    db = sqlite3.connect(f"file:{quote(str(path.resolve()))}?mode=ro", uri=True)
    try:
        _check_whole(db, path, gate, known)
    finally:
        db.close()


def _check_whole(db: sqlite3.Connection, path: Path, gate: str, known: Checkpoint | None) -> None:
    for pragma in CHECKS:
        db.execute(pragma)
    fault = db.execute("PRAGMA quick_check(1)").fetchone()[0]
    if fault != "ok":
        raise damaged(path, fault.splitlines()[-1])  # the line before names the database: main
    if not schema.applied(db):
        if db.execute("SELECT 1 FROM sqlite_schema").fetchone():
            raise damaged(path, "it is a database of something else")
        return
    schema.refuse_unknown(db, schema.steps())
    owner = rows.identity(db)
    if owner is None:  # a start that was cut short
        return
    if owner[0] != gate:
        raise foreign(path, owner[0], gate)
    same = known is None or known.epoch in ("", owner[1])
    if known is not None and not same:
        _refuse_unless_successor(path, owner[1], rows.first(db), known)
    told = known if same else None
    check_chain(db, path, rows.head(db, owner[1]), newer(rows.receipt(db), told))
    if told is not None and told.head is not None:
        check_against(db, path, rows.head(db, owner[1]), told.head)


def foreign(path: Path, owner: str, gate: str) -> Refused:
    """The error for a journal that belongs to the gate `owner`."""
    return Refused(
        f"The journal {path} belongs to gate {owner}, not {gate}: "
        "put this unit's own card in, or name its own state folder.",
        f"日志 {path} 属于闸机 {owner}，不是 {gate}：请换回本机存储卡或改正 state 路径。",
        path=str(path),
        owner=owner,
        gate=gate,
    )


def _refuse_unless_successor(
    path: Path, epoch: str, first: JournalEvent | None, known: Checkpoint
) -> None:
    """Refuses a journal from another card, or an older copy of this one.

    A start that was cut short between the new journal and its checkpoint is accepted.
    """
    if first is not None and first.get("previous_epoch") == known.epoch:
        return
    raise Refused(
        f"The journal {path} is {epoch}, but this unit's is {known.epoch}: put the right file "
        "back, or move this one away; then the gate begins a new one.",
        f"日志 {path} 为 {epoch}，而本机日志为 {known.epoch}：请放回正确的文件；"
        "或移走该文件，设备将重新开始。",
        path=str(path),
        epoch=epoch,
        expected=known.epoch,
    )
