"""The database's and the system's errors about the office's database, sorted by remedy."""

import sqlite3
from pathlib import Path

from gate.errors import StorageBroken, StorageDamaged, StorageRefused
from gate.platform.remedies import FREE_SPACE, Remedy, of_sqlite, of_system


def explained(path: Path | str, error: sqlite3.Error) -> Exception:
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


_AWAY = Remedy("start PostgreSQL, or check its address", "请启动 PostgreSQL 或检查地址")
_PASSWORD = Remedy("check user and password", "请检查用户名和密码")
_RIGHTS = Remedy("give this user the right to it", "请赋予该用户权限")
_BUSY = Remedy("another program holds it: wait, then try again", "其他程序正在使用：请稍后重试")
_NO_BASE = Remedy("create it first (createdb)", "请先建立该数据库（createdb）")

_OF_STATE = {
    "53100": FREE_SPACE,
    "28P01": _PASSWORD,
    "28000": _PASSWORD,
    "42501": _RIGHTS,
    "55P03": _BUSY,
    "40P01": _BUSY,
    "3D000": _NO_BASE,
}
"""By SQLSTATE: postgresql.org/docs/15/errcodes-appendix.html."""
_DAMAGED = ("XX001", "XX002")
_READ_ONLY = ("25006",)


def explained_postgresql(name: str, error: BaseException | None) -> Exception:
    """The error of ours for an error of psycopg. A server that is away is waited for."""
    state = getattr(error, "sqlstate", None) or ""
    said = str(error).strip().splitlines()
    detail = said[0] if said else "the connection was lost"
    if state in _DAMAGED:
        return StorageDamaged(
            f"The office's database {name} is damaged ({detail}): restore the last backup.",
            f"考试中心数据库 {name} 已损坏（{detail}）：请恢复最近的备份。",
        )
    if state in _READ_ONLY:
        remedy = Remedy("name the primary server, not a standby", "请使用主库而非备库")
        return _refused(name, detail, remedy)
    return _refused(name, detail, _OF_STATE.get(state, _AWAY))


def refused(path: Path | str, error: OSError) -> StorageRefused:
    """The error of ours for an error of the system."""
    return _refused(path, str(error.strerror or error), of_system(error))


def _refused(path: Path | str, detail: str, remedy: Remedy) -> StorageRefused:
    return StorageRefused(
        f"The office's database {path} takes nothing ({detail}): {remedy.en}.",
        f"考试中心数据库 {path} 无法写入（{detail}）：{remedy.zh}。",
        detail=detail,
    )
