"""The files of a journal: opened, watched while in use, written anew where they are lost, closed.

What stands in them and what is read of them is `gate.store.journal`'s.
"""

import asyncio
import contextlib
import json
import logging
import os
import sqlite3
from pathlib import Path

import aiosqlite

from gate.core.records import JournalEvent
from gate.errors import GateError, StorageRefused
from gate.ports import Head, JournalSave, Receipt
from gate.store import rewriting, rows
from gate.store.checkpoint import Checkpoint, CheckpointFile
from gate.store.file_inspection import inspect
from gate.store.file_watch import Changed, FileChange, FileWatch
from gate.store.opening import JournalOwner, Opened, claim, connect
from gate.store.rows_in_memory import RowsInMemory
from gate.store.store_errors import displaced, from_sqlite, from_system, not_held

log = logging.getLogger(__name__)


class JournalFiles:
    """The files of the journal of `owner` at `path`, and what is known of them.

    Every coroutine runs under the lock of the one writer, and to its end.
    """

    def __init__(self, path: Path, owner: JournalOwner) -> None:
        self.db: aiosqlite.Connection | None = None
        """None while the journal is closed."""
        self.watch: FileWatch | None = None
        """Over the files while they are open."""
        self.held = RowsInMemory()
        """What the files are written anew from."""
        self.head: Head | None = None
        """The place and the hash of the newest event."""
        self.receipt: Receipt | None = None
        """The newest receipt that was kept."""
        self.begun: JournalEvent | None = None
        """The `journal_begun` at the start of a journal that follows a damaged one."""
        self.saves: list[JournalSave] = []
        """What was lost and saved since the process began, the oldest first."""
        self._path = path
        self._owner = owner
        self._mark: CheckpointFile | None = None
        self._folder: int | None = None
        self._lost: Changed | None = None
        self._unsaved: Changed | None = None

    async def open(self) -> None:
        """Whatever else is found under that name than this process had is put aside, and what it
        had is saved. GateError as `SqliteJournal` says on entering."""
        if self.db is not None:
            return
        try:
            if self._folder is None:
                self._folder = claim(self._path)
            self.db, opened = await self._connect()
            self.watch = FileWatch(self._path, self._folder)
        except GateError:
            raise
        except sqlite3.Error as e:
            raise from_sqlite(self._path, e) from e
        except OSError as e:
            raise from_system(self._path, e) from e
        finally:
            if self.db is None:
                self.release()
        self._mark, self.held, before = opened.mark, opened.held, self.held
        if self.head not in (None, opened.head):
            self.held = before
            await self.save(Changed(self._path.name, FileChange.ANOTHER))
            return
        self.head, self.begun = opened.head, opened.begun
        self.receipt = self.receipt or opened.receipt

    async def _connect(self) -> tuple[aiosqlite.Connection, Opened]:
        found: list[Opened | Exception] = []

        def connector() -> sqlite3.Connection:
            db, outcome = connect(self._path, self._owner)
            found.append(outcome)
            return db

        db = await aiosqlite.Connection(connector, 64)
        if isinstance(found[0], Exception):
            await db.close()
            raise found[0]
        return db, found[0]

    async def close(self, timings: rows.Timings) -> None:
        """`timings`: written as the last words, lost without harm. StorageRefused,
        StorageBroken."""
        db, self.db = self.db, None
        self._let_go()
        try:
            if db is not None:
                try:
                    if timings:
                        with contextlib.suppress(sqlite3.OperationalError):
                            await db.execute(rows.KEEP_TIMINGS, (json.dumps(timings),))
                finally:
                    await db.close()
        except sqlite3.Error as e:
            raise from_sqlite(self._path, e) from e
        finally:
            self.release()

    def release(self) -> None:
        """The folder, for another writer."""
        folder, self._folder = self._folder, None
        if folder is not None:
            os.close(folder)

    # -- the mark beside the journal -------------------------------------------------------------

    def note_head(self) -> None:
        """Into the page cache only: what it would tell after a loss is told better by a receipt."""
        if self._mark is not None and self.head is not None:
            with contextlib.suppress(OSError):
                self._mark.note_head(self.head)

    async def keep_in_mark(self, receipt: Receipt) -> None:
        """StorageRefused, StorageBroken."""
        try:
            if self._mark is not None:
                await asyncio.to_thread(self._mark.keep, receipt)
        except OSError as e:
            raise from_system(self._path, e) from e

    @property
    def _mark_is_in_place(self) -> bool:
        return self._mark is None or self._mark.is_in_place

    def _renew_mark(self) -> None:
        assert self.head is not None
        lost, self._mark = (
            self._mark,
            CheckpointFile(self._path, self._owner.gate, self.head, self.receipt),
        )
        if lost is not None:
            lost.close()

    @property
    def warnings(self) -> dict[str, str]:
        """As `gate.ports.Journal.warnings`. A folder that was moved may be back by itself."""
        found = {}
        if self._unsaved is not None and not self.are_well:
            found["unsaved"] = (
                f"{self._unsaved.file} {self._unsaved.change.en}, not saved yet: nobody is admitted"
            )
        if not self.held.is_whole:
            found["not-held"] = "the journal is too long to be held in memory: see to its files"
        return found

    # -- files that were lost --------------------------------------------------------------------

    @property
    def are_well(self) -> bool:
        """Nothing has to be opened or saved before the next write."""
        try:
            return self.watch is not None and self.watch.look() is None
        except OSError:
            return False

    @property
    def want_a_look(self) -> bool:
        """Whether an open journal is not as it was left. StorageRefused, StorageBroken."""
        try:
            return self.watch is not None and (
                self.watch.look() is not None or not self._mark_is_in_place
            )
        except OSError as e:
            raise from_system(self._path, e) from e

    async def see_to(self) -> None:
        """The journal is open and lies where a restart looks for it when this returns.
        StorageRefused, StorageBroken."""
        if self.db is None or self.watch is None:
            await self.open()
            return
        try:
            changed = self.watch.look()
            if changed is None and not self._mark_is_in_place:
                await asyncio.to_thread(self._renew_mark)
        except OSError as e:
            raise from_system(self._path, e) from e
        if changed is None or (not changed.certain and await self._is_whole()):
            return
        await self.save(changed)

    async def _is_whole(self) -> bool:
        """Whether the files hold this journal after all, read anew: somebody touched them only."""
        assert self.watch is not None
        assert self.head is not None
        known = Checkpoint(self._owner.gate, self.head.epoch, None, self.head)
        try:
            await asyncio.to_thread(inspect, self._path, self._owner.gate, known)
        except (sqlite3.Error, GateError):
            return False
        return self.watch.wrote() is None

    async def save(self, changed: Changed) -> None:
        """Write everything anew, put what lies in its place aside, and go on. StorageRefused where
        that cannot be now: nothing is lost while this process lives, nor written. The same where
        the journal is not held in memory: only a restart goes on."""
        try:
            await self._write_anew(changed)
        except StorageRefused:
            self._unsaved = changed
            raise
        self._unsaved = None

    async def _write_anew(self, changed: Changed) -> None:
        if changed != self._lost:
            log.error("the journal's file %s %s", changed.file, changed.change.en)
        self._lost = changed
        if changed.change is FileChange.HIDDEN:
            raise displaced(self._path, changed)
        if not self.held.is_whole:
            raise not_held(self._path, changed)
        assert self.head is not None
        at = self._owner.now().at
        try:
            await asyncio.to_thread(
                rewriting.write_out,
                self._path,
                self._owner.gate,
                self.head,
                self.held,
                self.receipt,
            )
            aside = await asyncio.to_thread(rewriting.move_aside, self._path, at)
            await self._give_up()
            await asyncio.to_thread(rewriting.put_in_place, self._path)
        except (OSError, sqlite3.Error) as e:
            raise displaced(self._path, changed) from e
        await self.open()
        self._lost = None
        self.saves.append(
            {
                "file": changed.file,
                "detail": changed.change.en,
                "events": self.head.seq,
                "saved_at": at.isoformat(timespec="milliseconds"),
                "set_aside": None if aside is None else aside.name,
            }
        )
        log.error("the journal was saved: %d events stand in %s", self.head.seq, self._path)

    async def _give_up(self) -> None:
        """Without a last word: nothing of theirs can be trusted."""
        db, self.db = self.db, None
        self._let_go()
        if db is not None:
            with contextlib.suppress(sqlite3.Error):
                await db.close()
        if self._folder is not None and not os.fstat(self._folder).st_nlink:
            self.release()

    def _let_go(self) -> None:
        kept, self._mark = self._mark, None
        self.watch = None
        if kept is not None:
            kept.close()
