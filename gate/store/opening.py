"""Opening a journal: pragmas, schema, identity, and the checks that come before any promise."""

import fcntl
import os
import secrets
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from gate.core.decision import GENESIS, verify_chain
from gate.durable import write_file
from gate.errors import GateError, Refused, StorageDamaged, StorageRefused
from gate.ports import Head, Receipt
from gate.store import rows, schema
from gate.store.faults import damaged

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


@dataclass(frozen=True, slots=True)
class Opened:
    """Where a journal stands after opening."""

    head: Head
    receipt: Receipt | None


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


def connect(path: Path, gate: str) -> tuple[sqlite3.Connection, Opened | Exception]:
    """A connection, and where its journal stands or why it cannot be used. The caller closes it.

    Raises nothing that can be returned: aiosqlite's thread would answer a raised error to an event
    loop that may be gone by then.
    """
    try:
        db = sqlite3.connect(path, isolation_level=None)
    except sqlite3.Error as e:
        return sqlite3.connect(":memory:"), e
    try:
        return db, prepare(db, path, gate)
    except (sqlite3.Error, OSError, GateError) as e:
        return db, e


def prepare(db: sqlite3.Connection, path: Path, gate: str) -> Opened:
    """Make or check the journal of `gate` behind `db`. sqlite3.Error, StorageDamaged, Refused."""
    if _is_blank(path):
        refuse_if_begun(path)
    for pragma in PRAGMAS:
        db.execute(pragma)
    fault = db.execute("PRAGMA quick_check(1)").fetchone()[0]
    if fault != "ok":
        raise damaged(path, fault)
    schema.migrate(db, schema.steps())
    owner = rows.identity(db)
    if owner is None:
        refuse_if_begun(path)
        owner = _found(db, gate)
    if owner[0] != gate:
        raise Refused(
            f"The journal {path} belongs to gate {owner[0]}, not {gate}: "
            "put this unit's own card in, or name its own state folder.",
            f"日志 {path} 属于闸机 {owner[0]}，不是 {gate}：请换回本机存储卡或改正 state 路径。",
            path=str(path), owner=owner[0], gate=gate,
        )  # fmt: skip
    opened = Opened(rows.head(db, owner[1]), rows.receipt(db))
    check_chain(db, path, gate, opened)
    if not begun(path).exists():
        write_file(begun(path), f"{gate} {owner[1]}\n".encode(), 0o600)
    return opened


def begun(path: Path) -> Path:
    """Says beside the journal that there is one, so that an emptied or removed file is not taken
    for a new unit's: such a gate would have forgotten who is inside."""
    return path.with_name(f"{path.name}.begun")


def refuse_if_begun(path: Path) -> None:
    """StorageDamaged where a journal was begun here that is not here any more."""
    if begun(path).exists():
        raise StorageDamaged(
            f"The journal {path} is empty or gone, though one was begun here: put it back, or tell "
            f"the office and remove {begun(path).name} to begin a new one.",
            f"日志 {path} 为空或丢失，而此处曾有日志：请恢复该文件；或报告考试中心并删除 "
            f"{begun(path).name} 后重新开始。",
            path=str(path),
        )


def _is_blank(path: Path) -> bool:
    """Nothing in the file, and nothing in its write-ahead log that would fill it."""
    files = (path, path.with_name(f"{path.name}-wal"))
    return not any(file.exists() and file.stat().st_size for file in files)


def _found(db: sqlite3.Connection, gate: str) -> tuple[str, str]:
    """A new epoch, random, so that a copied card cannot reuse sequence numbers unnoticed."""
    epoch = secrets.token_hex(8)
    db.execute("INSERT INTO journal VALUES (1, ?, ?)", (gate, epoch))
    return gate, epoch


def check_chain(db: sqlite3.Connection, path: Path, gate: str, opened: Opened) -> None:
    """The chain behind the last receipt, which the office has vouched for up to its `high`;
    the whole chain where there is none. StorageDamaged."""
    head, receipt = opened.head, opened.receipt
    seq, digest = (0, GENESIS) if receipt is None else (receipt.high, receipt.head)
    if seq > head.seq:
        raise damaged(path, f"events {head.seq + 1} to {seq} are gone; the office has them")
    if seq and db.execute("SELECT hash FROM event WHERE seq = ?", (seq,)).fetchone() != (digest,):
        raise damaged(path, f"event {seq} is not the one the office has")
    try:
        later = rows.walk(db, seq + 1, head.seq)
        fault = verify_chain(later, gate=gate, epoch=head.epoch, seq=seq, head=digest)
    except (ValueError, KeyError, TypeError) as e:
        raise damaged(path, f"a row behind event {seq} cannot be read: {e}") from e
    if fault is not None:
        raise damaged(path, f"event {fault.seq}: {fault.what}")
