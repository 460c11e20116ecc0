"""Each errno and SQLite result has a remedy of its own; free space helps only where it is short."""

import errno
import os
import sqlite3
from pathlib import Path

import pytest

from gate.errors import StorageRefused
from gate.platform import remedies
from gate.roster.repository import storage_refused
from gate.store.store_errors import from_sqlite, from_system
from office.store.store_errors import explained

SHORT_OF_SPACE = {errno.ENOSPC, errno.EDQUOT}


@pytest.mark.parametrize("number", sorted(errno.errorcode))
def test_only_a_full_disk_is_told_to_free_space(number: int) -> None:
    remedy = remedies.of_system(OSError(number, os.strerror(number)))
    assert (remedy == remedies.FREE_SPACE) is (number in SHORT_OF_SPACE)
    assert remedy.en
    assert remedy.zh


@pytest.mark.parametrize(
    ("number", "word"),
    [
        (errno.EACCES, "right to write"),
        (errno.ENAMETOOLONG, "shorter"),
        (errno.EROFS, "remount"),
        (errno.EMFILE, "open"),
        (errno.EBUSY, "another program"),
        (errno.ENOENT, "folder"),
    ],
)
def test_what_the_errno_asks_for(number: int, word: str, tmp_path: Path) -> None:
    error = OSError(number, os.strerror(number))
    assert word in from_system(tmp_path, error).en
    with pytest.raises(StorageRefused, match=word), storage_refused(tmp_path):
        raise error


def test_a_locked_database_is_somebodys_and_not_full(tmp_path: Path) -> None:
    path = tmp_path / "office.sqlite"
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("CREATE TABLE t (x)")
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(sqlite3.OperationalError) as locked:
        sqlite3.connect(path, timeout=0).execute("SELECT * FROM t")
    for told in (explained(path, locked.value), from_sqlite(path, locked.value)):
        assert isinstance(told, StorageRefused)
        assert "another program holds it" in told.en
        assert "space" not in told.en
    holder.close()


def test_a_name_too_long_is_a_matter_of_its_name(tmp_path: Path) -> None:
    with pytest.raises(StorageRefused, match="shorter"), storage_refused(tmp_path):
        (tmp_path / ("x" * 300)).mkdir()
