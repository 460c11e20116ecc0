"""SQLite's and the system's errors about the office's database, sorted by remedy."""

import sqlite3
from pathlib import Path

from gate.errors import StorageBroken, StorageDamaged, StorageRefused


def explained(path: Path, error: sqlite3.Error) -> Exception:
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
    return refused(path, str(error))


def refused(path: Path, detail: str) -> StorageRefused:
    return StorageRefused(
        f"The office's database {path} takes nothing ({detail}): free space on its disk.",
        f"考试中心数据库 {path} 无法写入（{detail}）：请清理空间或停止占用的程序。",
        detail=detail,
    )
