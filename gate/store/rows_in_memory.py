"""A copy of the journal's rows in memory, to be written anew when the files are lost.

A file that was cut short or overwritten cannot be read through the open connection. Only what was
last written to the log is still there. 20,000 events take about 3 MB.
"""

import json
import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from typing import Any

Row = tuple[int, str, str, str, str]
"""Values of `rows.APPEND`."""

_ALL = "SELECT seq, prev, hash, event, timings FROM event ORDER BY seq"
_TIMINGS = "SELECT seq, ms FROM timing"
_BLOCK = 200
"""Rows compressed together."""


class RowsInMemory:
    """Rows in order, the older ones compressed."""

    def __init__(self, rows: Iterable[Row] = (), timings: Iterable[tuple[int, str]] = ()) -> None:
        self.timings = list(timings)
        self._blocks: list[bytes] = []
        self._newest: list[Row] = []
        for row in rows:
            self.add(row)
            if len(self._newest) == _BLOCK:
                self.pack()

    def add(self, row: Row) -> None:
        """Adds the newest row."""
        self._newest.append(row)

    def pack(self) -> None:
        """Compress what has come since the last time: a millisecond or two of 100 rows."""
        if self._newest:
            self._blocks.append(zlib.compress(json.dumps(self._newest).encode(), 1))
            self._newest = []

    def __iter__(self) -> Iterator[Row]:
        for block in self._blocks:
            yield from map(tuple, json.loads(zlib.decompress(block)))
        yield from self._newest

    @property
    def size(self) -> int:
        """Bytes of the compressed part."""
        return sum(map(len, self._blocks))


def held(db: sqlite3.Connection) -> RowsInMemory:
    """Everything of a journal that was just opened. sqlite3.Error."""
    rows: Iterator[Any] = iter(db.execute(_ALL))
    return RowsInMemory(rows, db.execute(_TIMINGS).fetchall())
