"""What may stand on a disk after a power cut: a pure model, fed with the shim's trace.

A write is on the disk for certain once its file was synced after it; a name, once its folder was.
Until then a cut keeps any part of what is pending. It keeps each write or none, in any order, the
last one torn at any sector. It keeps names in the order they were made (a journaling file system's
metadata). SQLite's shared-memory index is left out: it is mapped, never read after a crash, and
made anew.
"""

import itertools
import random
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

SECTOR = 512
ALL_SUBSETS_UP_TO = 5
"""Pending writes of which every subset is tried; of more, each one alone, each one missing, each
beginning, and some drawn by lot."""
DRAWN = 12
FOLDER = 0
"""Stands where a file's inode would, for a folder."""

IGNORED = "-shm"

Files = dict[str, bytes]
Names = dict[str, int]
Change = tuple[tuple[str, int | None], ...]
"""Names that change together: a path and what it names from then on, None for nothing."""


@dataclass(frozen=True, slots=True)
class Call:
    """One record of the trace. `op`: o open, w write, t truncate, s sync, u remove, r rename,
    m make a folder, ! a word of the writer's own. `number`: its place in the trace."""

    number: int
    op: str
    handle: int
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Kept:
    """Which pending writes a cut has let through, by number.

    Of `torn` only some sectors: the first `sectors` of them, or where that is negative all but the
    first.
    """

    writes: frozenset[int]
    torn: int = -1
    sectors: int = 0


def parse(trace: bytes) -> list[Call]:
    """The records of a trace; a last one that was cut off is left out."""
    calls: list[Call] = []
    at = 0
    while at + 17 <= len(trace):
        op, handle, offset, length = struct.unpack_from("<cIQI", trace, at)
        at += 17 + length
        if at <= len(trace):
            calls.append(Call(len(calls), op.decode(), handle, offset, trace[at - length : at]))
    return calls


@dataclass(slots=True)
class _File:
    """What is certain, and the writes that are not."""

    certain: bytes = b""
    pending: list[Call] = field(default_factory=list)


class Disk:
    """Follows a trace call by call."""

    def __init__(self) -> None:
        self._files: dict[int, _File] = {}
        self._open: dict[int, int | str] = {}
        self._names: Names = {}  # as the running system sees them
        self._certain: Names = {}
        self._pending: list[Change] = []

    def follow(self, call: Call) -> None:
        match call.op:
            case "o":
                self._opened(call)
            case "w" | "t" if self._open[call.handle] != IGNORED:
                self._written(call.handle).pending.append(call)
            case "s":
                self._synced(self._open[call.handle])
            case "u":
                self._change(((call.data.decode(), None),))
            case "m":
                self._change(((call.data.decode(), FOLDER),))
            case "r":
                old, new = (part.decode() for part in call.data.split(b"\0"))
                self._change(((new, self._names[old]), (old, None)))

    def _opened(self, call: Call) -> None:
        path = call.data.decode()
        if path.endswith("-shm"):
            self._open[call.handle] = IGNORED
            return
        if call.offset == 1:
            inode = len(self._files) + 1
            self._files[inode] = _File()
            self._change(((path, inode),))
        inode = self._names.get(path, FOLDER)
        self._open[call.handle] = inode or path
        if call.offset == 2:
            self._files[inode].pending.append(Call(call.number, "t", call.handle, 0, b""))

    def _change(self, change: Change) -> None:
        _rename(self._names, change)
        self._pending.append(change)

    def _written(self, handle: int) -> _File:
        inode = self._open[handle]
        assert isinstance(inode, int), f"a write to the folder {inode}"
        return self._files[inode]

    def _synced(self, target: int | str) -> None:
        if isinstance(target, int):
            file = self._files[target]
            file.certain = _applied(file.certain, file.pending, None)
            file.pending = []
            return
        done = [c for c in self._pending if any(_parent(path) == target for path, _ in c)]
        for change in done:
            _rename(self._certain, change)
        self._pending = [c for c in self._pending if c not in done]

    def states(self, rng: random.Random) -> Iterator[Files]:
        """Every disk that a cut may leave now; some of them drawn by lot where there are many."""
        for made in range(len(self._pending) + 1):
            names = dict(self._certain)
            for change in self._pending[:made]:
                _rename(names, change)
            files = {path: self._files[n] for path, n in names.items() if _reachable(path, names)}
            pending = [c for f in dict.fromkeys(map(id, files.values())) for c in _of(files, f)]
            for kept in _choices(pending, rng):
                yield {p: _applied(f.certain, f.pending, kept) for p, f in files.items()}


def _of(files: dict[str, _File], wanted: int) -> list[Call]:
    return next(f.pending for f in files.values() if id(f) == wanted)


def _choices(pending: list[Call], rng: random.Random) -> Iterator[Kept]:
    numbers = [c.number for c in pending]
    for kept in _subsets(numbers, rng):
        yield Kept(kept)
    if pending and pending[-1].op == "w":
        for sectors in range(1, (len(pending[-1].data) - 1) // SECTOR + 1):
            yield Kept(frozenset(numbers), numbers[-1], sectors)
            yield Kept(frozenset(numbers), numbers[-1], -sectors)


def _subsets(numbers: list[int], rng: random.Random) -> Iterator[frozenset[int]]:
    if len(numbers) <= ALL_SUBSETS_UP_TO:
        for size in range(len(numbers) + 1):
            yield from map(frozenset, itertools.combinations(numbers, size))
        return
    everything = frozenset(numbers)
    for n, number in enumerate(numbers):
        yield frozenset({number})
        yield everything - {number}
        yield frozenset(numbers[:n])
    yield everything
    for _ in range(DRAWN):
        yield frozenset(n for n in numbers if rng.random() < 0.5)


def _applied(content: bytes, calls: list[Call], kept: Kept | None) -> bytes:
    """`content` after `calls`, or after those of them that were kept."""
    image = bytearray(content)
    for call in calls:
        if kept is not None and call.number not in kept.writes:
            continue
        if call.op == "t":
            del image[call.offset :]
            image.extend(bytes(call.offset - len(image)))
            continue
        start, stop = _reached(call, kept)
        image.extend(bytes(max(0, call.offset + stop - len(image))))
        image[call.offset + start : call.offset + stop] = call.data[start:stop]
    return bytes(image)


def _reached(call: Call, kept: Kept | None) -> tuple[int, int]:
    """Which bytes of the write came through."""
    if kept is None or call.number != kept.torn:
        return 0, len(call.data)
    at = abs(kept.sectors) * SECTOR
    return (0, at) if kept.sectors > 0 else (at, len(call.data))


def _rename(names: Names, change: Change) -> None:
    for path, inode in change:
        if inode is None:
            names.pop(path, None)
        else:
            names[path] = inode


def _parent(path: str) -> str:
    parent = str(PurePosixPath(path).parent)
    return "" if parent == "/" else parent


def _reachable(path: str, names: Names) -> bool:
    """A file, in folders that are there."""
    if names[path] == FOLDER:
        return False
    parents = [str(p) for p in PurePosixPath(path).parents if str(p) != "/"]
    return all(p in names for p in parents)
