"""What each of SQLite's error codes means for a journal (https://sqlite.org/rescode.html).

Tried by the whole list, and by real causes where a machine can be brought to them.
"""

import errno
import os
import sqlite3
from pathlib import Path

import pytest

from gate.errors import StorageBroken, StorageDamaged, StorageRefused
from gate.store.store_errors import from_sqlite, from_system

HERE = Path("journal.sqlite")
REFUSED = {"FULL", "READONLY", "CANTOPEN", "BUSY", "LOCKED", "PERM", "PROTOCOL"}
DAMAGED = {"CORRUPT", "NOTADB"}
EXCEPTIONS = {
    "READONLY_DBMOVED": StorageBroken,
    "IOERR_SHMOPEN": StorageRefused,
    "IOERR_SHMSIZE": StorageRefused,
}
NO_ERRORS = {"OK", "NOTICE", "WARNING", "ROW", "DONE"}


def codes() -> dict[str, int]:
    """Every result code that this Python knows by name: primary codes up to 26, extended above."""
    primaries = {
        "ERROR", "INTERNAL", "PERM", "ABORT", "BUSY", "LOCKED", "NOMEM", "READONLY", "INTERRUPT",
        "IOERR", "CORRUPT", "NOTFOUND", "FULL", "CANTOPEN", "PROTOCOL", "EMPTY", "SCHEMA", "TOOBIG",
        "CONSTRAINT", "MISMATCH", "MISUSE", "NOLFS", "AUTH", "FORMAT", "RANGE", "NOTADB", "OK",
        "NOTICE", "WARNING",
    }  # fmt: skip
    found = {}
    for name, value in vars(sqlite3).items():
        short = name.removeprefix("SQLITE_")
        if name.startswith("SQLITE_") and short.split("_")[0] in primaries:
            found[short] = value
    return {n: v for n, v in found.items() if n.split("_")[0] not in NO_ERRORS}


def failed(code: int) -> sqlite3.Error:
    error = sqlite3.OperationalError("as SQLite says it")
    error.sqlite_errorcode = code
    return error


def test_the_list_is_whole() -> None:
    """26 primary codes but NOTICE and the like, and the extended ones of SQLite 3.40 and newer."""
    assert {v for v in codes().values() if v < 256} >= set(range(1, 27)) - {12}
    assert len(codes()) > 80


@pytest.mark.parametrize("name", sorted(codes()))
def test_every_code_has_its_remedy(name: str) -> None:
    primary = name.split("_", maxsplit=1)[0]
    expected: type = StorageBroken
    if primary in REFUSED:
        expected = StorageRefused
    if primary in DAMAGED:
        expected = StorageDamaged
    assert type(from_sqlite(HERE, failed(codes()[name]))) is EXCEPTIONS.get(name, expected)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (errno.ENOSPC, StorageRefused),
        (errno.EDQUOT, StorageRefused),
        (errno.EROFS, StorageRefused),
        (errno.EACCES, StorageRefused),
        (errno.EIO, StorageBroken),
    ],
)
def test_the_systems_errors(code: int, expected: type) -> None:
    assert type(from_system(HERE, OSError(code, os.strerror(code)))) is expected


# -- real causes -----------------------------------------------------------------------------


def raised(path: Path, *statements: str) -> sqlite3.Error:
    db = sqlite3.connect(path, isolation_level=None, timeout=0.01)
    try:
        for statement in statements:
            db.execute(statement)
    except sqlite3.Error as e:
        return e
    finally:
        db.close()
    raise AssertionError("nothing failed")


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "some.sqlite"
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("CREATE TABLE t (x)")
    for number in range(200):
        db.execute("INSERT INTO t VALUES (?)", ("x" * 200 + str(number),))
    db.close()
    return path


def test_a_folder_in_its_place_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(sqlite3.OperationalError) as e:
        sqlite3.connect(tmp_path)
    assert type(from_sqlite(HERE, e.value)) is StorageRefused


def test_another_writer_is_busy(table: Path) -> None:
    other = sqlite3.connect(table, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    found = raised(table, "BEGIN IMMEDIATE")
    assert found.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
    assert type(from_sqlite(HERE, found)) is StorageRefused
    other.close()


def test_no_pages_left_is_full(table: Path) -> None:
    many = "INSERT INTO t SELECT t.x FROM t, t AS u"
    found = raised(table, "PRAGMA max_page_count = 1", many)
    assert found.sqlite_errorcode == sqlite3.SQLITE_FULL
    assert type(from_sqlite(HERE, found)) is StorageRefused


def test_no_database_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_text("not a database " * 100)
    assert type(from_sqlite(HERE, raised(path, "SELECT 1 FROM sqlite_schema"))) is StorageDamaged


def test_a_torn_page_is_damaged(table: Path) -> None:
    content = bytearray(table.read_bytes())
    content[4096:8192] = b"\xff" * 4096
    table.write_bytes(content)
    found = raised(table, "SELECT count(*) FROM t")
    assert found.sqlite_errorcode & 0xFF == sqlite3.SQLITE_CORRUPT
    assert type(from_sqlite(HERE, found)) is StorageDamaged


def test_a_file_moved_while_in_use_ends_it(table: Path) -> None:
    db = sqlite3.connect(table, isolation_level=None)
    db.execute("PRAGMA journal_mode = DELETE")
    db.execute("SELECT * FROM t").fetchone()
    table.rename(table.with_name("elsewhere"))
    with pytest.raises(sqlite3.OperationalError) as e:
        db.execute("INSERT INTO t VALUES (1)")
    assert e.value.sqlite_errorcode == sqlite3.SQLITE_READONLY_DBMOVED
    assert type(from_sqlite(HERE, e.value)) is StorageBroken
    db.close()
