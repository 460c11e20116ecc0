"""A copy of the office's database that a drill can restore: one file, whole or not there."""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from sqlalchemy.engine import make_url

from gate.errors import InputDamaged, OperatorMustAct, Refused, StorageRefused
from gate.platform.durable_files import sync_folder
from office.store.connection import Database
from office.store.database import OfficeStore
from office.store.locks import WriterLock
from office.store.place import Place, shown
from office.store.store_errors import explained, refused

BEFORE = ".before-restore"
"""The name of a file that a restore has replaced ends so."""

_DUMP = b"PGDMP"


class ProgramMissing(OperatorMustAct):
    """A program of PostgreSQL is not installed."""

    exit_code = 4


def back_up(place: Place, out: Path) -> None:
    """Writes a copy of the database at `place` to `out`, as it stands at one moment; `receive` may
    go on. InputDamaged where `out` is there; ProgramMissing; StorageRefused, StorageDamaged."""
    if out.exists():
        raise InputDamaged(
            f"{out} is there: name another file.", f"{out} 已存在：请使用其他文件名。"
        )
    part = out.with_name(f".{out.name}.part")
    part.unlink(missing_ok=True)
    try:
        if isinstance(place, str):
            _run("pg_dump", place, "--format=custom", f"--file={part}")
        else:
            _copy(place, part)
        with part.open("rb") as written:
            os.fsync(written.fileno())
        part.rename(out)
        sync_folder(out.parent)
    except sqlite3.Error as e:
        raise explained(place, e) from e
    except OSError as e:
        if isinstance(e, StorageRefused):
            raise
        raise refused(out, e) from e
    finally:
        part.unlink(missing_ok=True)


def _copy(source: Path, target: Path) -> None:
    uri = f"{source.resolve().as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)
        new.execute("PRAGMA journal_mode = DELETE")
        (found,) = new.execute("PRAGMA quick_check").fetchone()
    if found != "ok":
        raise InputDamaged(
            f"The copy of {source} is damaged ({found}): check the disk.",
            f"{source} 的备份已损坏（{found}）：请检查磁盘。",
        )


def restore(backup: Path, place: Place, *, replace: bool = False) -> int:
    """Puts `backup` in the place of the database at `place`; the generation that it stands at.

    Refused where a database is there that holds something, unless `replace` is said; the file that
    stood there is kept. A database of PostgreSQL must be empty. InputDamaged for a file that is no
    backup; ProgramMissing; StorageRefused, StorageDamaged.
    """
    if isinstance(place, str):
        return _restored_postgresql(backup, place)
    _check_file(backup)
    kept = place.with_name(place.name + BEFORE)
    try:
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with WriterLock(place):
            _refuse_full(place, backup, replace=replace)
            staged = place.with_name(f".{place.name}.restoring")
            shutil.copyfile(backup, staged)
            with staged.open("rb") as written:
                os.fsync(written.fileno())
            if place.exists():
                with closing(sqlite3.connect(place)) as db:
                    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                kept.unlink(missing_ok=True)
                kept.hardlink_to(place)
            for end in ("-wal", "-shm"):  # of the database that goes
                place.with_name(place.name + end).unlink(missing_ok=True)
            staged.replace(place)
            sync_folder(place.parent)
    except sqlite3.Error as e:
        raise explained(place, e) from e
    except OSError as e:
        if isinstance(e, StorageRefused | Refused):
            raise
        raise refused(place, e) from e
    return _generation(place)


def _check_file(backup: Path) -> None:
    try:
        with closing(sqlite3.connect(f"{backup.resolve().as_uri()}?mode=ro", uri=True)) as db:
            (found,) = db.execute("PRAGMA quick_check").fetchone()
            db.execute("SELECT count(*) FROM mark")
    except sqlite3.Error as e:
        found = str(e)
    if found != "ok":
        raise InputDamaged(
            f"{backup} is no backup of an office ({found}): name another.",
            f"{backup} 不是考试中心备份（{found}）：请使用其他文件。",
        )


def _refuse_full(place: Path, backup: Path, *, replace: bool) -> None:
    if replace or not place.exists() or not place.stat().st_size:
        return
    raise Refused(
        f"{place} holds an office's data, perhaps newer than {backup}: with --replace the backup "
        f"takes its place, and the file is kept as {place.name}{BEFORE}.",
        f"{place} 已有数据，可能比备份 {backup} 更新：使用 --replace 将以备份替换，原文件保留为 "
        f"{place.name}{BEFORE}。",
    )


def _restored_postgresql(backup: Path, place: str) -> int:
    try:
        with backup.open("rb") as file:
            is_dump = file.read(len(_DUMP)) == _DUMP
    except OSError as e:
        raise refused(backup, e) from e
    if not is_dump:
        raise InputDamaged(
            f"{backup} is no backup of a PostgreSQL office: name another, or take a SQLite file "
            "over with exam-office migrate.",
            f"{backup} 不是 PostgreSQL 备份：请使用其他文件，或用 exam-office migrate 迁移。",
        )
    listed = "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'"
    if _answer(place, listed) != "0":
        raise Refused(
            f"{shown(place)} is not empty: restore into a new database (createdb) and name that.",
            f"{shown(place)} 非空：请恢复到新建的数据库（createdb）。",
        )
    _run("pg_restore", place, "--exit-on-error", "--no-owner", "--single-transaction", str(backup))
    return _generation(place)


def _generation(place: Place) -> int:
    with OfficeStore(place) as store:
        return store.generation() or 0


def _answer(place: str, sql: str) -> str:
    database = Database(place)
    try:
        return str(database.rows(sql)[0][0])
    finally:
        database.close()


def _run(program: str, place: str, *words: str) -> None:
    """A program of PostgreSQL on the database at `place`."""
    found = shutil.which(program)
    if found is None:
        raise ProgramMissing(
            f"{program} is not installed: apt install postgresql-client.",
            f"未安装 {program}：请执行 apt install postgresql-client。",
        )
    done = subprocess.run(
        [found, "--dbname", make_url(place).database or "", *words],
        capture_output=True,
        text=True,
        check=False,
        env=_environment(place),
    )
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["it failed"])[-1]
        raise StorageRefused(
            f"{program} on {shown(place)} failed ({said}): see its message, then try again.",
            f"{program} 对 {shown(place)} 执行失败（{said}）：请处理后重试。",
        )


def _environment(place: str) -> Mapping[str, str]:
    """The address in libpq's variables, so that no password stands on a command line."""
    base = make_url(place)
    host = base.host or base.query.get("host")
    found = {
        "PGHOST": host,
        "PGPORT": base.port or base.query.get("port"),
        "PGUSER": base.username,
        "PGPASSWORD": base.password,
        "PGSSLMODE": base.query.get("sslmode"),
    }
    return os.environ | {name: str(value) for name, value in found.items() if value}
