"""A copy of the journal's rows in memory, to be written anew when the files are lost.

A file that was cut short or overwritten cannot be read through the open connection. Only what was
last written to the log is still there. 20,000 events take about 3 MB.

Over `MOST_BYTES` none is held. A part of a journal cannot be put in place of the whole.
"""

import json
import logging
import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from typing import Any

Row = tuple[int, str, str, str, str]
"""Values of `rows.APPEND`."""

log = logging.getLogger(__name__)

_ALL = "SELECT seq, prev, hash, event, timings FROM event ORDER BY seq"
_TIMINGS = "SELECT seq, ms FROM timing"
_BLOCK = 200
"""Rows compressed together."""
_NEWEST_MOST = 5 * _BLOCK
"""Rows that wait for `pack` at the most: then they are packed without being asked."""
MOST_BYTES = 48 * 1024 * 1024
"""Of compressed rows: some 300,000 events."""


class RowsInMemory:
    """Rows in order, the older ones compressed. `is_whole`: False once they took more than
    `MOST_BYTES`; then none is held any more."""

    def __init__(self, rows: Iterable[Row] = (), timings: Iterable[tuple[int, str]] = ()) -> None:
        self.is_whole = True
        self.timings = list(timings)
        self._blocks: list[bytes] = []
        self._newest: list[Row] = []
        self._size = 0
        for row in rows:
            self.add(row)
            if len(self._newest) == _BLOCK:
                self.pack()

    def add(self, row: Row) -> None:
        """Adds the newest row, if rows are still held."""
        if not self.is_whole:
            return
        self._newest.append(row)
        if len(self._newest) >= _NEWEST_MOST:
            self.pack()

    def pack(self) -> None:
        """Compress what has come since the last time: a millisecond or two of 100 rows."""
        if self._newest:
            self._blocks.append(zlib.compress(json.dumps(self._newest).encode(), 1))
            self._size += len(self._blocks[-1])
            self._newest = []
        if self._size > MOST_BYTES:
            self._give_up()

    def _give_up(self) -> None:
        self.is_whole, self._size = False, 0
        self._blocks, self._newest, self.timings = [], [], []
        log.warning(
            "The journal is too long to be held in memory (over %d MiB). It is on the disk as "
            "before, but could not be written anew if its files were lost now.",
            MOST_BYTES // 2**20,
        )

    def __iter__(self) -> Iterator[Row]:
        for block in self._blocks:
            yield from map(tuple, json.loads(zlib.decompress(block)))
        yield from self._newest

    @property
    def size(self) -> int:
        """Bytes of the compressed part."""
        return self._size


def held(db: sqlite3.Connection) -> RowsInMemory:
    """Everything of a journal that was just opened. sqlite3.Error."""
    rows: Iterator[Any] = iter(db.execute(_ALL))
    return RowsInMemory(rows, db.execute(_TIMINGS).fetchall())
