"""The gate's journal on SQLite: WAL, synchronous=FULL, one writer, append-only, hash-chained."""

import asyncio
import contextlib
import logging
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self, TypeVar

import aiosqlite

from gate.core.events import Instant
from gate.core.journal_entries import MAX_EVENT_BYTES, JournalEntry, sealed
from gate.core.records import JournalEvent
from gate.errors import GateBug, GateError, InputRejected, StorageDamaged, StorageRefused
from gate.ports import DiskSpace, Head, JournalSave, Receipt
from gate.store import rows, set_aside
from gate.store.file_watch import Changed
from gate.store.free_space import room_at
from gate.store.journal_files import JournalFiles
from gate.store.opening import JournalOwner
from gate.store.rows_in_memory import Row
from gate.store.store_errors import broken, damaged, displaced, from_sqlite, from_system

_T = TypeVar("_T")
_CHECKPOINT_EVERY = 100
"""Events between checkpoints made off the decision path; SQLite's own limit is far behind."""
_PAGE = 1000
"""Events decoded in one go when all of them are read."""
_TRIES = 3
"""Times that files which change under a write are put right before it is refused."""

log = logging.getLogger(__name__)


def _untrusted_now() -> Instant:
    return Instant(datetime.now(UTC), time.monotonic_ns(), False)


class SqliteJournal:
    """Obeys `gate.ports.Journal` at `path`, the journal of `gate`; `boot` goes into every event.

    Entering makes the file or checks it: StorageRefused (disk full, read-only, or another
    exam-gate has it: enter again later), StorageDamaged, Refused (another unit's journal).
    A cancelled `append` still commits: the event then stands in the journal, once.
    """

    def __init__(
        self, path: Path, *, gate: str, boot: str, now: Callable[[], Instant] = _untrusted_now
    ) -> None:
        self._path = path
        self._unit = JournalOwner(gate, boot, now)
        self._files = JournalFiles(path, self._unit)
        self._timings: rows.Timings = {}
        self._since_checkpoint = 0
        self._fatal: GateError | None = None
        self._one_writer = asyncio.Lock()
        self._one_mark = asyncio.Lock()
        self._grown = asyncio.Event()

    async def __aenter__(self) -> Self:
        try:
            await self._to_the_end(self._locked(self._files.open()))
        except asyncio.CancelledError:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._to_the_end(self._locked(self._end()))

    @property
    def head(self) -> Head:
        """The place and the hash of the newest event. GateBug before the journal was opened."""
        if self._files.head is None:
            raise GateBug("The journal was used before it was opened.", "日志尚未打开。")
        return self._files.head

    async def append(self, entry: JournalEntry) -> JournalEvent:
        """Commit `entry` behind the head; the sealed event. StorageRefused: nothing was written,
        call again later. StorageBroken: end the process. InputRejected: too large, or no JSON."""
        async with self._one_writer:
            return await self._append(entry)

    async def keep_timing(self, seq: int, ms: Mapping[str, float]) -> None:
        """Rides in the next append: no fsync of its own. Now and then tidies up: StorageBroken."""
        self._timings[seq] = dict(ms)
        if self._since_checkpoint >= _CHECKPOINT_EVERY:
            await self._to_the_end(self._locked(self._checkpoint()))

    async def read(self, first: int, limit: int) -> list[JournalEvent]:
        """Committed events only, as the head bounds them."""
        last = min(first + limit - 1, self.head.seq)
        found = await self._rows(rows.EVENTS, (first, last + rows.RIDES))
        with self._json_only():
            return [self._timed(event) for event in rows.events(found, last)]

    async def past(self) -> AsyncIterator[list[JournalEvent]]:
        """Every event so far without `prev`, `hash` and `ms`, in pages. StorageDamaged, and as
        `read`."""
        for first in range(1, self.head.seq + 1, _PAGE):
            last = min(first + _PAGE - 1, self.head.seq)
            found = await self._rows(rows.BODIES, (first, last))
            with self._json_only():
                page = rows.bodies(found)
            yield page

    async def earlier(self) -> AsyncIterator[list[JournalEvent]]:
        """What was salvaged of the journals that were put aside here, oldest first, in pages."""
        pages = set_aside.pages_of(self._path, self._unit.gate)
        while page := await asyncio.to_thread(next, pages, None):
            yield page

    async def disk(self) -> DiskSpace:
        """The space on the journal's disk. StorageRefused or StorageBroken where it does not
        answer."""
        try:
            return await asyncio.to_thread(room_at, self._path)
        except OSError as e:
            raise from_system(self._path, e) from e

    @property
    def begun(self) -> JournalEvent | None:
        """The `journal_begun` that this journal opens with, where it follows a damaged one."""
        return self._files.begun

    @property
    def saves(self) -> Sequence[JournalSave]:
        """What was lost and saved since the process began, the oldest first."""
        return self._files.saves

    @property
    def warnings(self) -> Mapping[str, str]:
        """What is wrong with the files now, in words, by its name.

        `unsaved`: they are lost, and not written anew yet. `not-held`: the journal is too long to
        be written anew if they were lost."""
        return self._files.warnings

    async def look(self) -> None:
        """Whether a restart would find this journal; where it would not, saves it.

        When this returns, every committed event is in a file under the journal's own name.
        StorageRefused where that cannot be now; StorageBroken.
        """
        if self._files.want_a_look:
            await self._to_the_end(self._locked(self._see_to_files()))

    async def beyond(self, seq: int) -> None:
        """Returns when the head is past `seq`."""
        while self.head.seq <= seq:
            await self._grown.wait()

    async def receipt(self) -> Receipt | None:
        """The newest receipt that was kept, None before the first one."""
        return self._files.receipt

    async def keep_receipt(self, receipt: Receipt) -> None:
        """StorageRefused: it is known until the process ends; losing it only sends events again."""
        self._files.receipt = receipt
        row = rows.receipt_row(receipt)
        await self._to_the_end(self._locked(self._write(rows.KEEP_RECEIPT, row)))
        async with self._one_mark:
            if self._files.receipt is receipt:  # else a newer one is on its way
                await self._to_the_end(self._files.keep_in_mark(receipt))

    # -- under the lock ----------------------------------------------------------------------

    async def _end(self) -> None:
        """Files that were lost a moment ago are saved first: this is the last that has them."""
        try:
            if self._files.db is not None and self._fatal is None:
                await self._see_to_files()
        finally:
            await self._close()

    async def _close(self) -> None:
        await self._files.close(self._timings if self._fatal is None else {})

    async def _see_to_files(self) -> None:
        """The journal is open and lies where a restart looks for it when this returns."""
        if self._fatal is not None:
            raise self._fatal
        await self._files.see_to()

    async def _append(self, entry: JournalEntry) -> JournalEvent:
        """No task of its own, as everything else under the lock has: that cost a third of it."""
        head = self.head
        if self._fatal is not None or not self._files.are_well:
            await self._to_the_end(self._see_to_files())
        event, canonical = _sealed(entry, self._unit, head)
        written, self._timings = self._timings, {}
        row, saves = rows.append_row(event, canonical, written), len(self._files.saves)
        try:
            await self._execute(rows.APPEND, row)
        except GateError:
            self._timings = written | self._timings
            raise
        except asyncio.CancelledError:
            await self._to_the_end(self._settle(event, row, saved=len(self._files.saves) > saves))
            raise
        self._files.held.add(row)
        self._advance(event)
        return event

    async def _settle(self, event: JournalEvent, row: Row, *, saved: bool) -> None:
        """The caller has gone, the statement has not: it stood in the thread's queue, and the
        next one hears how it ended. Why it failed, if it did, nobody heard. A journal that was
        `saved` meanwhile is without it."""
        if self._files.db is None or self._fatal is not None:
            return
        try:
            stands = list(await self._files.db.execute_fetchall(rows.LAST))
        except sqlite3.Error as e:
            self._fatal = broken(self._path, f"{e}, behind an append that was given up")
            return
        if stands == [(event["seq"],)]:
            self._files.held.add(row)
            self._advance(event)
        elif not saved:
            self._fatal = broken(self._path, "an append that was given up does not stand")
            return
        if self._files.watch is not None:
            self._files.watch.wrote()  # a change is seen by the next look

    def _advance(self, event: JournalEvent) -> None:
        self._files.head = Head(event["epoch"], event["seq"], event["hash"])
        self._since_checkpoint += 1
        self._grown.set()
        self._grown = asyncio.Event()
        asyncio.get_running_loop().call_soon(self._files.note_head)  # the caller's lamp goes first

    async def _write(self, sql: str, values: tuple[Any, ...]) -> None:
        await self._see_to_files()
        await self._execute(sql, values)

    async def _execute(self, sql: str, values: tuple[Any, ...]) -> None:
        """One statement outside any transaction is one: it stands on the disk, or not at all. Where
        the files were changed meanwhile it is written again to what was saved, which is without
        it."""
        changed: Changed | None = None
        for _ in range(_TRIES):
            assert self._files.db is not None
            assert self._files.watch is not None
            try:
                await self._files.db.execute(sql, values)
                changed = self._files.watch.wrote()
            except sqlite3.Error as e:
                changed = self._changed_behind(e)
                if changed is None:
                    raise await self._to_the_end(self._failed(self._files.db, e)) from e
            if changed is None:
                return
            await self._to_the_end(self._files.save(changed))
        assert changed is not None  # else the loop has returned
        raise displaced(self._path, changed)

    def _changed_behind(self, error: sqlite3.Error) -> Changed | None:
        """What was done to the files, where that is why a write failed. A write that failed half
        done changed the log itself: then length and identity count, not the time."""
        assert self._files.watch is not None
        if isinstance(from_sqlite(self._path, error), StorageDamaged):
            return self._files.watch.look()
        return self._files.watch.wrote()

    # -- what went wrong -----------------------------------------------------------------------

    async def _failed(self, db: aiosqlite.Connection, error: sqlite3.Error) -> GateError:
        """What `error` means, once it is certain that the head is where it was."""
        meaning = from_sqlite(self._path, error)
        if isinstance(meaning, StorageRefused):
            try:
                stands = await db.execute_fetchall(rows.LAST)
                if list(stands) != [(self.head.seq,)] * bool(self.head.seq):
                    meaning = broken(self._path, f"{error}; the head is not where it was")
                elif error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_FULL:
                    await self._close()  # read-only sticks to a connection; the next write reopens
            except sqlite3.Error as e:
                meaning = broken(self._path, f"{error}; then {e}")
        if not isinstance(meaning, StorageRefused):
            self._fatal = meaning
        return meaning

    async def _checkpoint(self) -> None:
        """Move the WAL into the file while nobody waits. No room leaves it for the next time."""
        self._since_checkpoint = 0
        if self._files.db is None or self._fatal is not None:
            return
        await self._see_to_files()  # what a checkpoint writes to lost files is lost
        self._files.held.pack()
        assert self._files.watch is not None
        try:
            await self._files.db.execute_fetchall("PRAGMA wal_checkpoint(PASSIVE)")
            changed = self._files.watch.wrote()
        except sqlite3.Error as e:
            changed = self._changed_behind(e)
            meaning = from_sqlite(self._path, e)
            if changed is None and not isinstance(meaning, StorageRefused):
                self._fatal = meaning
                raise meaning from e
        if changed is not None:
            await self._files.save(changed)

    async def _rows(self, query: str, values: tuple[int, int]) -> list[Any]:
        if self._files.db is None:
            raise from_system(self._path, OSError("the journal is closed"))
        try:
            return list(await self._files.db.execute_fetchall(query, values))
        except sqlite3.Error as e:
            raise from_sqlite(self._path, e) from e

    @contextlib.contextmanager
    def _json_only(self) -> Iterator[None]:
        try:
            yield
        except ValueError as e:
            raise damaged(self._path, str(e)) from e

    def _timed(self, event: JournalEvent) -> JournalEvent:
        waiting = self._timings.get(event["seq"])
        return event if waiting is None else event | {"ms": waiting}

    async def _locked(self, work: Coroutine[Any, Any, _T]) -> _T:
        async with self._one_writer:
            return await work

    async def _to_the_end(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Cancelling the caller does not stop `work` half-way through a transaction."""
        task = asyncio.ensure_future(work)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            await asyncio.wait({task})
            raise


def _sealed(entry: JournalEntry, unit: JournalOwner, head: Head) -> tuple[JournalEvent, bytes]:
    try:
        event, canonical = sealed(
            entry,
            gate=unit.gate,
            epoch=head.epoch,
            seq=head.seq + 1,
            boot=unit.boot,
            previous=head.hash,
        )
    except (TypeError, ValueError) as e:
        raise InputRejected(
            f"A {entry.kind} entry cannot be journaled: {e}.",
            f"{entry.kind} 记录无法写入日志：{e}。",
        ) from e
    size = len(canonical)
    if size > MAX_EVENT_BYTES:
        raise InputRejected(
            f"A {entry.kind} entry of {size} bytes is too long: shorten its note.",
            f"{entry.kind} 记录过长（{size} 字节）：请缩短备注。",
            size=size,
            most=MAX_EVENT_BYTES,
        )
    return event, canonical
