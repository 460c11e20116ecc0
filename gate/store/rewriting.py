"""A journal whose files were lost or changed while it was in use: written anew, put in their place.

Two names, so that a power cut at any point loses nothing: `journal.sqlite.saving` may be half
written, `journal.sqlite.saved` is whole and on the disk. A start that finds the second ends the
work. What lies in the journal's place then is moved into `journal-displaced-<time>/`, and no gate
ever deletes it: somebody put it there.
"""

import os
import sqlite3
from datetime import datetime
from pathlib import Path

from gate.platform.durable_files import make_folder, sync_folder
from gate.ports import Head, Receipt
from gate.store import rows, schema
from gate.store.checkpoint import Checkpoint
from gate.store.file_inspection import inspect
from gate.store.rows_in_memory import RowsInMemory

_FILES = ("", "-wal", "-shm", "-journal")


def write_out(
    path: Path, gate: str, head: Head, held: RowsInMemory, receipt: Receipt | None
) -> None:
    """`held` as a journal beside `path`: checked, whole and on the disk when this returns. OSError,
    sqlite3.Error; StorageDamaged where it does not end at `head`."""
    make_folder(path.parent)
    saving = path.with_name(f"{path.name}.saving")
    for suffix in _FILES:
        saving.with_name(f"{saving.name}{suffix}").unlink(missing_ok=True)
    db = sqlite3.connect(saving, isolation_level=None)
    try:
        _fill(db, gate, head.epoch, held, receipt)
    finally:
        db.close()
    inspect(saving, gate, Checkpoint(gate, head.epoch, None, head))
    _sync(saving)
    saving.rename(_saved(path))
    sync_folder(path.parent)


def move_aside(path: Path, at: datetime) -> Path | None:
    """What lies in the place of the journal `path`, into a new folder, which is returned. OSError.
    Before the lost journal is closed: SQLite then deletes the log and index of that name."""
    there = [f for f in (path.with_name(f"{path.name}{s}") for s in _FILES) if f.exists()]
    if not there:
        return None
    folder = _new_folder(path, at)
    for file in there:
        file.rename(folder / file.name)
    sync_folder(folder)
    sync_folder(path.parent)
    return folder


def put_in_place(path: Path) -> None:
    """OSError."""
    _saved(path).rename(path)
    sync_folder(path.parent)


def finish(path: Path, at: datetime) -> None:
    """What a process that is gone has begun. OSError."""
    if _saved(path).exists():
        move_aside(path, at)
        put_in_place(path)


def _fill(
    db: sqlite3.Connection, gate: str, epoch: str, held: RowsInMemory, receipt: Receipt | None
) -> None:
    schema.migrate(db, schema.steps())
    db.execute("BEGIN")
    db.execute("INSERT INTO journal VALUES (1, ?, ?)", (gate, epoch))
    db.executemany(rows.APPEND, held)
    db.executemany("INSERT INTO timing VALUES (?, ?)", held.timings)
    if receipt is not None:
        db.execute(rows.KEEP_RECEIPT, rows.receipt_row(receipt))
    db.execute("COMMIT")


def _saved(path: Path) -> Path:
    return path.with_name(f"{path.name}.saved")


def _sync(file: Path) -> None:
    handle = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _new_folder(path: Path, at: datetime) -> Path:
    number = 1
    while True:
        again = "" if number == 1 else f".{number}"
        folder = path.with_name(f"journal-displaced-{at:%Y%m%dT%H%M%S}Z{again}")
        try:
            folder.mkdir(mode=0o700)
        except FileExistsError:
            number += 1
        else:
            return folder
