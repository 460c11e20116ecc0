"""Where a migrated database is put: into another one, or into the place of the old file."""

import sqlite3
from contextlib import closing
from pathlib import Path

from gate.errors import GateError, InputDamaged, UsageError
from office.store.locks import WriterLock
from office.store.place import Place
from office.store.store_errors import explained, refused
from office.store.take_over import TakenOver, take_over

KEPT = ".before-migration"
"""The old file's name ends so, where the new one stands in its place."""


def migrated(old: Path, target: Place) -> tuple[TakenOver, Path]:
    """Takes the SQLite file `old` over into `target`, which may be its own place. What was copied,
    and where the old file lies now. InputDamaged where there is no such file; UsageError where one
    of an earlier migration is kept, or `target` is not empty; StorageRefused, StorageDamaged."""
    if not old.is_file() or not old.stat().st_size:
        raise InputDamaged(
            f"There is no office's database {old}: name it with --from.",
            f"没有数据库 {old}：请用 --from 指定。",
        )
    if isinstance(target, str) or target.resolve() != old.resolve():
        with WriterLock(old):
            return take_over(old, target), old
    return _in_place(old)


def _in_place(old: Path) -> tuple[TakenOver, Path]:
    kept = old.with_name(old.name + KEPT)
    if kept.exists():
        raise UsageError(
            f"{kept} is there from an earlier migration: move it away first.",
            f"{kept} 已存在（此前迁移所留）：请先移走。",
        )
    staged = old.with_name(f".{old.name}.migrating")
    try:
        with WriterLock(old):
            for end in ("", "-wal", "-shm", ".writing"):
                staged.with_name(staged.name + end).unlink(missing_ok=True)
            _empty_log(old)
            done = take_over(old, staged)
            kept.hardlink_to(old)
            staged.replace(old)
            staged.with_name(staged.name + ".writing").unlink(missing_ok=True)
    except sqlite3.Error as e:
        raise explained(old, e) from e
    except OSError as e:
        if isinstance(e, GateError):
            raise
        raise refused(old, e) from e
    return done, kept


def _empty_log(old: Path) -> None:
    """Moves the log into the file, so that the file alone is the database."""
    with closing(sqlite3.connect(old)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
