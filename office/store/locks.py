"""One `receive` at a home, and one writer at a time in its database.

Both are locks of the system on files beside the database. They end with the process that holds
them, however that ends. SQLite itself lets several processes write in turn. But before 3.51.3 two
of them could meet in the moment in which the log is begun anew, and damage the file.
"""

import fcntl
import os
import time
from pathlib import Path
from types import TracebackType

from gate.errors import StorageRefused
from office.store.store_errors import refused

WAIT_S = 30.0
"""So long a writer waits for another one; a transaction takes milliseconds."""

_LOOK_S = 0.005


class WriterLock:
    """A context manager around everything that may write to the database at `path`: opening it, a
    transaction, closing it. StorageRefused where another process keeps it for `WAIT_S`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None

    def __enter__(self) -> None:
        place = self._path.with_name(f"{self._path.name}.writing")
        handle = _opened(place)
        until = time.monotonic() + WAIT_S
        while not _locked(handle):
            if time.monotonic() > until:
                os.close(handle)
                raise StorageRefused(
                    f"Another program has been writing to {self._path} for {WAIT_S:.0f} s: end it, "
                    "then try again.",
                    f"另一程序正在写入 {self._path}：请结束该程序后重试。",
                )
            time.sleep(_LOOK_S)
        self._handle = handle

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        handle, self._handle = self._handle, None
        if handle is not None:
            os.close(handle)


class NoLock:
    """Of a database in memory, which no other process can reach."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        pass


class ReceiveLock:
    """A context manager around the life of `receive` at the home `root`. StorageRefused at once
    where another one runs there: two would push each other off the broker for ever."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._handle = -1

    def __enter__(self) -> None:
        self._root.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = _opened(self._root / "receive.lock")
        if not _locked(handle):
            holder = os.pread(handle, 20, 0).decode("ascii", "replace").strip() or "unknown"
            os.close(handle)
            raise StorageRefused(
                f"Another exam-office receive (process {holder}) runs on {self._root}: end it "
                "first, or leave it to do the work.",
                f"{self._root} 已有 exam-office receive 在运行（进程 {holder}）：请先结束它。",
                process=holder,
            )
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        self._handle = handle

    def __exit__(self, *_: object) -> None:
        os.close(self._handle)


def _opened(place: Path) -> int:
    try:
        return os.open(place, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as e:
        raise refused(place, e) from e


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
