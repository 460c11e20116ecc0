"""SQLite's and the system's errors in our words, sorted by remedy."""

import errno
import sqlite3
from pathlib import Path

from gate.errors import GateError, StorageBroken, StorageDamaged, StorageRefused
from gate.platform.remedies import FREE_SPACE, Remedy, of_sqlite, of_system
from gate.store.file_watch import Changed, FileChange

_FULL = {errno.ENOSPC, errno.EDQUOT}
_HEALABLE = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_PROTOCOL,
}
_NO_INDEX = {sqlite3.SQLITE_IOERR_SHMOPEN, sqlite3.SQLITE_IOERR_SHMSIZE}
"""No room for the log's index, which is made before anything is written and never synced."""
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def refused(path: Path, detail: str, remedy: Remedy) -> StorageRefused:
    """Nothing is taken now; it may be once somebody has done what `remedy` says."""
    return StorageRefused(
        f"{path} cannot be written ({detail}): {remedy.en}.",
        f"{path} 无法写入（{detail}）：{remedy.zh}。",
        path=str(path), detail=detail,
    )  # fmt: skip


def damaged(path: Path, detail: str) -> StorageDamaged:
    """The error for a journal whose contents are wrong."""
    return StorageDamaged(
        f"The journal {path} is damaged ({detail}): keep the file, tell the office.",
        f"日志 {path} 已损坏（{detail}）：请保留该文件并报告考试中心。",
        path=str(path), detail=detail,
    )  # fmt: skip


def broken(path: Path, detail: str) -> StorageBroken:
    """The error for a disk that failed."""
    return StorageBroken(
        f"The disk of {path} failed ({detail}): the gate stops; check the card, then start again.",
        f"读写 {path} 失败（{detail}）：设备停止，请检查存储卡后重新启动。",
        path=str(path), detail=detail,
    )  # fmt: skip


def displaced(path: Path, changed: Changed) -> StorageRefused:
    """The open journal is not where a restart would look for it, and cannot be put there now."""
    what = changed.change
    if what is FileChange.HIDDEN:
        return StorageRefused(
            f"The journal {path} {what.en}: put it back; until then nobody is admitted.",
            f"日志 {path} {what.zh}：请恢复原状，在此之前设备停用。",
            path=str(path), change=what.name,
        )  # fmt: skip
    return StorageRefused(
        f"The journal's file {path.with_name(changed.file)} {what.en} and cannot be written anew "
        "yet: leave the gate running, it still has everything, and free space on the disk.",
        f"日志文件 {path.with_name(changed.file)} {what.zh}，暂时无法重新写入：请勿关闭设备"
        "（数据仍在内存中），并清理磁盘空间。",
        path=str(path), change=what.name,
    )  # fmt: skip


def not_held(path: Path, changed: Changed) -> StorageRefused:
    """The journal's files are lost, and it had become too long to be held in memory."""
    what = changed.change
    return StorageRefused(
        f"The journal's file {path.with_name(changed.file)} {what.en}, and the journal is too long "
        "to be written anew: nobody is admitted. Start exam-gate again: a new journal begins and "
        "names what is missing.",
        f"日志文件 {path.with_name(changed.file)} {what.zh}，且日志过长，无法重新写入：设备停用。"
        "请重新启动 exam-gate：将开始新的日志，并记录缺失的部分。",
        path=str(path), change=what.name,
    )  # fmt: skip


def from_system(path: Path, error: OSError) -> GateError:
    """An error of open, write, fsync or rename, before anything was promised."""
    if error.errno == errno.EIO:
        return broken(path, str(error.strerror))
    return refused(path, str(error.strerror or error), of_system(error))


def from_sqlite(path: Path, error: sqlite3.Error) -> GateError:
    """What `error` means for the journal. A failed write or fsync is never retried: after it
    nobody knows what is on the disk (sqlite.org/rescode.html, SQLITE_IOERR)."""
    extended: int = getattr(error, "sqlite_errorcode", 0)
    primary = extended & 0xFF
    if extended == sqlite3.SQLITE_READONLY_DBMOVED:
        return broken(path, "the file was moved or removed while in use")
    if extended in _NO_INDEX:
        return refused(path, str(error), FREE_SPACE)
    if primary in _HEALABLE:
        return refused(path, str(error), of_sqlite(error))
    if primary in _DAMAGED:
        return damaged(path, str(error))
    return broken(path, str(error))
