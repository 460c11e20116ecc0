"""A card with the real files of SQLite on it: killed, cut from its power, full, failing, copied.

The journal's connection is the real one, called in the same thread instead of aiosqlite's. What
that connection was told (`PRAGMA synchronous`) decides what a power cut leaves. What was fsynced
stays, what was not may go, and the write under way is torn at any sector.
"""

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from gate.store import rows
from tests.faults.sim.process import Process

Image = dict[str, bytes]
SECTOR = 512
JOURNAL = "journal.sqlite"
_WAL = f"{JOURNAL}-wal"
_MARK, _MARK_HEAD = f"{JOURNAL}.mark", slice(8192, 12_288)
"""The mark's third slot is written without a sync (gate/store/checkpoint.py)."""


class Disk:
    """`folder`: where its files are until the next restart."""

    mounted: dict[Path, "Disk"] = {}  # noqa: RUF012 - by folder, for connections being opened

    def __init__(self, base: Path, owner: Process, rng: Random) -> None:
        self._base = base
        self._owner = owner
        self._rng = rng
        self._mounts = 0
        self.folder = base
        self.full = False
        self.failing: str | None = None
        self.synced_wal = 0
        self._before: bytes | None = None
        self._connections: list[sqlite3.Connection] = []
        self._syncs = True
        self._old_mark = b""
        self.on_receipt: Callable[[Any], None] = lambda values: None
        self.mount({})

    @property
    def journal(self) -> Path:
        return self.folder / JOURNAL

    def mount(self, image: Image) -> None:
        """A fresh folder with `image` in it: what the next start finds."""
        self._mounts += 1
        self.folder = self._base / str(self._mounts)
        self.folder.mkdir(parents=True)
        Disk.mounted[self.folder] = self
        for name, content in image.items():
            (self.folder / name).write_bytes(content)
        self._before = None

    def image(self) -> Image:
        """Every file as it is now; SQLite's shared memory does not outlive its processes."""
        image = {}
        with os.scandir(self.folder) as found:
            for file in sorted(found, key=lambda f: f.name):
                if not file.name.endswith("-shm") and file.is_file():
                    image[file.name] = Path(file).read_bytes()
        return image

    def unmount(self, *, power_cut: bool) -> Image:
        """What the process that was just killed left behind."""
        image = self.image()
        self._torn(image)
        if power_cut:
            self._unsynced(image)
        for db in self._connections:
            db.close()
        self._connections = []
        del Disk.mounted[self.folder]
        shutil.rmtree(self.folder)
        return image

    def _torn(self, image: Image) -> None:
        """Killed inside a write: any first part of what it wrote."""
        if self._before is None or _WAL not in image:
            return
        old, new = self._before, image[_WAL]
        sectors = max(0, len(new) - len(old)) // SECTOR
        kept = self._rng.randint(0, sectors) * SECTOR
        image[_WAL] = new[: len(old) + kept]
        self._owner.hits["torn write"] += kept != sectors * SECTOR

    def _unsynced(self, image: Image) -> None:
        if _MARK in image and self._old_mark and self._rng.random() < 0.5:
            mark = bytearray(image[_MARK])
            mark[_MARK_HEAD] = self._old_mark[_MARK_HEAD]
            image[_MARK] = bytes(mark)
        loose = max(0, len(image.get(_WAL, b"")) - self.synced_wal) // SECTOR
        if loose and self._before is None:
            kept = self.synced_wal + self._rng.randint(0, loose) * SECTOR
            image[_WAL] = image[_WAL][:kept]
            self._owner.hits["unsynced writes lost"] += 1

    def query(self, sql: str, values: tuple[Any, ...]) -> list[Any]:
        """The oracle's look at the open file."""
        return self._connections[-1].execute(sql, values).fetchall()

    # -- one statement ---------------------------------------------------------------------------

    def opened(self, db: sqlite3.Connection) -> None:
        with contextlib.suppress(FileNotFoundError):
            self._old_mark = (self.folder / _MARK).read_bytes()
        self._connections.append(db)
        self._syncs = db.execute("PRAGMA synchronous").fetchone()[0] >= 2
        self.synced_wal = self._wal_size()

    def write(self, work: Callable[[], Any]) -> Any:
        """`work`, with a kill before, inside or after it, or a fault of the disk instead of it."""
        self._owner.step("before a write")
        self._refuse()
        if self._owner.fuse == 0:
            self._before = self._wal()
        done = work()
        if self.failing == "after":
            self.failing = None
            raise _error("disk I/O error", sqlite3.SQLITE_IOERR)
        self._owner.step("inside a write")
        self._before = None
        if self._syncs:
            self.synced_wal = self._wal_size()
        self._owner.step("after a write")
        return done

    def _refuse(self) -> None:
        if self.failing == "before":
            self.failing = None
            raise _error("disk I/O error", sqlite3.SQLITE_IOERR)
        if self.full:
            self._owner.hits["write on a full disk"] += 1
            raise _error("database or disk is full", sqlite3.SQLITE_FULL)

    def _wal(self) -> bytes:
        with contextlib.suppress(FileNotFoundError):
            return (self.folder / _WAL).read_bytes()
        return b""

    def _wal_size(self) -> int:
        with contextlib.suppress(FileNotFoundError):
            return os.stat(f"{self.folder}/{_WAL}").st_size
        return 0


def _error(text: str, code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError(text)
    error.sqlite_errorcode = code
    error.sqlite_errorname = "SIMULATED"
    return error


class InlineConnection:
    """What `aiosqlite.Connection` is to the journal, without its thread."""

    def __init__(self, connector: Callable[[], sqlite3.Connection], _: int) -> None:
        self._connector = connector

    async def _open(self) -> "InlineConnection":
        self._db = self._connector()
        (_, _, path) = self._db.execute("PRAGMA database_list").fetchone()
        self._disk = Disk.mounted[Path(path).parent] if path else None
        if self._disk is not None:
            self._disk.opened(self._db)
        return self

    def __await__(self) -> Any:
        return self._open().__await__()

    async def execute(self, sql: str, values: Any = ()) -> Any:
        if self._disk is None or not sql.startswith("INSERT"):
            return self._db.execute(sql, values)
        done = self._disk.write(lambda: self._db.execute(sql, values))
        if sql == rows.KEEP_RECEIPT:
            self._disk.on_receipt(values)
        return done

    async def execute_fetchall(self, sql: str, values: Any = ()) -> Any:
        if self._disk is None or "checkpoint" not in sql:
            return self._db.execute(sql, values).fetchall()
        self._disk._owner.step("before a checkpoint")
        found = self._db.execute(sql, values).fetchall()
        self._disk._owner.step("after a checkpoint")
        return found

    async def close(self) -> None:
        if self._disk is None or self._disk._owner.alive:
            self._db.close()
