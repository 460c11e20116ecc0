"""Whether the files that a restart would find are those that this process writes.

A journal that is deleted or replaced while it is in use goes on working through the open files. The
writer notices nothing, and a restart finds none of it. So the files are looked at by name: which
inode, how long, when changed. See https://sqlite.org/howtocorrupt.html (unlink or rename while in
use).
"""

import os
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

_LOG_KEPT = 4 * 1024 * 1024
"""What `PRAGMA journal_size_limit` leaves of the log when SQLite itself shortens it."""


class FileChange(Enum):
    """What became of a file: English, Chinese."""

    GONE = ("was deleted or moved away", "被删除或移走")
    ANOTHER = ("was replaced by another file", "被另一个文件替换")
    SHORT = ("was cut short", "被截短")
    WRITTEN = ("was written by another program", "被其他程序改写")
    FOLDER_GONE = ("was deleted with its folder", "连同所在目录被删除")
    HIDDEN = (
        "lies in a folder that was moved or that another file system covers",
        "所在目录被移走或被其他文件系统覆盖",
    )

    @property
    def en(self) -> str:
        """The change in English words."""
        return self.value[0]

    @property
    def zh(self) -> str:
        """The change in Chinese words."""
        return self.value[1]


@dataclass(frozen=True, slots=True)
class Changed:
    """A file of the journal that is not as this process left it. `certain`: False where only the
    time says so, and its content has to be looked at."""

    file: str
    change: FileChange
    certain: bool = True


@dataclass(frozen=True, slots=True)
class _Seen:
    identity: tuple[int, int]
    size: int
    mtime_ns: int


class FileWatch:
    """Of one open journal at `path`; `folder`: the open descriptor of the folder it lies in.
    Some microseconds a look, nothing is opened."""

    def __init__(self, path: Path, folder: int) -> None:
        """What lies there now is the journal. OSError."""
        self._path = path
        self._folder = folder
        self._names = [f"{path}{suffix}" for suffix in ("", "-wal", "-shm")]
        self._seen = [_seen(name) for name in self._names]

    def look(self) -> Changed | None:
        """The first change that somebody else made since the last `wrote`. OSError."""
        if (hidden := self._folder_changed()) is not None:
            return Changed(self._path.name, hidden)
        for name, before in zip(self._names, self._seen, strict=True):
            now = _seen(name)
            if before is None:  # SQLite had not made it yet
                continue
            if (change := _identity_changed(before, now)) is not None:
                return Changed(os.path.basename(name), change)
            if now is None or now == before or name.endswith("-shm"):
                continue
            if now.size < before.size:
                return Changed(os.path.basename(name), FileChange.SHORT)
            # The log's index is in memory: what the log itself holds, a restart alone would see.
            return Changed(
                os.path.basename(name), FileChange.WRITTEN, certain=name.endswith("-wal")
            )
        return None

    def wrote(self) -> Changed | None:
        """After a write of our own: lengths and times are new, the files must be the same and no
        shorter. The change that is none of ours, if there is one. OSError."""
        if (hidden := self._folder_changed()) is not None:
            return Changed(self._path.name, hidden)
        for at, (name, before) in enumerate(zip(self._names, self._seen, strict=True)):
            now = _seen(name)
            if before is not None:
                change = _identity_changed(before, now)
                if change is None and now is not None and now.size < _least(name, before):
                    change = FileChange.SHORT
                if change is not None:
                    return Changed(os.path.basename(name), change)
            self._seen[at] = now
        return None

    def _folder_changed(self) -> FileChange | None:
        ours = os.fstat(self._folder)
        if not ours.st_nlink:
            return FileChange.FOLDER_GONE
        try:
            there = os.stat(self._path.parent)
        except FileNotFoundError:
            return FileChange.HIDDEN
        return None if os.path.samestat(ours, there) else FileChange.HIDDEN


def _identity_changed(before: _Seen, now: _Seen | None) -> FileChange | None:
    if now is None:
        return FileChange.GONE
    return None if now.identity == before.identity else FileChange.ANOTHER


def _least(name: str, before: _Seen) -> int:
    """How long a file may be after a write of our own: SQLite shortens its log by itself."""
    return min(before.size, _LOG_KEPT) if name.endswith("-wal") else before.size


def _seen(name: str) -> _Seen | None:
    try:
        found = os.stat(name)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return _Seen((found.st_dev, found.st_ino), found.st_size, found.st_mtime_ns)
