"""SQLite's and the system's errors about the office's database, sorted by remedy."""

import sqlite3
from pathlib import Path

from gate.errors import StorageBroken, StorageDamaged, StorageRefused
from gate.platform.remedies import Remedy, of_sqlite, of_system


def explained(path: Path, error: sqlite3.Error) -> Exception:
    """The error of ours for an error of SQLite."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return StorageDamaged(
            f"The office's database {path} is damaged ({error}): restore the last backup.",
            f"考试中心数据库 {path} 已损坏（{error}）：请恢复最近的备份。",
        )
    if code == sqlite3.SQLITE_IOERR:
        return StorageBroken(
            f"Writing {path} failed ({error}): check the disk, then start again.",
            f"写入 {path} 失败（{error}）：请检查磁盘后重新启动。",
        )
    return _refused(path, str(error), of_sqlite(error))


def refused(path: Path, error: OSError) -> StorageRefused:
    """The error of ours for an error of the system."""
    return _refused(path, str(error.strerror or error), of_system(error))


def _refused(path: Path, detail: str, remedy: Remedy) -> StorageRefused:
    return StorageRefused(
        f"The office's database {path} takes nothing ({detail}): {remedy.en}.",
        f"考试中心数据库 {path} 无法写入（{detail}）：{remedy.zh}。",
        detail=detail,
    )
