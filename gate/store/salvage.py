"""Recovers events from the bytes of a damaged database.

The columns of a row stand one after the other in its page: the previous hash, the hash, the
canonical bytes (https://sqlite.org/fileformat2.html, record format). So an event is found without
SQLite's own structures. It is found in pages that nothing refers to any more, and in a write-ahead
log that ends in the middle. Its hash proves that it is whole. An event that is longer than a page
is not found; it is named as missing.
"""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

from gate.core.journal_entries import chain_hash, chained
from gate.core.records import JournalEvent

_ROW = re.compile(rb'([0-9a-f]{64})([0-9a-f]{64})(?=\{")')
_PAGE = 4096
_PIECE = 256 * _PAGE
_DECODER = json.JSONDecoder()

Found = dict[int, tuple[Path, int]]
"""Where each event stands, by its seq: a file, and the offset of its row. Small, so that a journal
of any length is salvaged in little memory."""


def locate(files: list[Path], gate: str, epoch: str) -> Found:
    """Every whole event of this journal in `files`. The first one found for a place counts.
    OSError."""
    found: Found = {}
    for file in files:
        for offset, event in _rows(file):
            if (event.get("gate"), event.get("epoch")) == (gate, epoch):
                found.setdefault(event["seq"], (file, offset))
    return found


def epoch_of(files: list[Path], gate: str) -> str:
    """The epoch that most events of `gate` in `files` have; empty where there is none. OSError."""
    counted: dict[str, int] = {}
    for file in files:
        for _, event in _rows(file):
            if event.get("gate") == gate and isinstance(event.get("epoch"), str):
                counted[event["epoch"]] = counted.get(event["epoch"], 0) + 1
    return max(counted, key=lambda epoch: counted[epoch], default="")


def in_order(found: Found) -> Iterator[JournalEvent]:
    """The events themselves. OSError."""
    for seq in sorted(found):
        file, offset = found[seq]
        handle = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
        try:
            event = _event(_readable(handle, offset, 128 + _PAGE), 0)
        finally:
            os.close(handle)
        if event is not None:
            yield event


def ranges_without(found: Found, last: int) -> list[list[int]]:
    """What is missing from 1 to `last`, both ends of each range included."""
    missing: list[list[int]] = []
    for seq in range(1, last + 1):
        if seq in found:
            continue
        if missing and missing[-1][1] == seq - 1:
            missing[-1][1] = seq
        else:
            missing.append([seq, seq])
    return missing


def _rows(file: Path) -> Iterator[tuple[int, JournalEvent]]:
    for base, content in _pieces(file):
        for match in _ROW.finditer(content):
            if match.start() >= _PIECE:
                break  # the next piece has it whole
            event = _event(content, match.start())
            if event is not None:
                yield base + match.start(), event


def _pieces(file: Path) -> Iterator[tuple[int, bytes]]:
    """Not mapped into memory: a sector that cannot be read would end the process there."""
    if not file.is_file():
        return
    handle = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        for base in range(0, os.fstat(handle).st_size, _PIECE):
            yield base, _readable(handle, base, _PIECE + 128 + _PAGE)
    finally:
        os.close(handle)


def _readable(handle: int, base: int, size: int) -> bytes:
    """With zeros in place of what the card does not give back any more."""
    try:
        return os.pread(handle, size, base)
    except OSError:
        if size <= _PAGE:
            return bytes(size)
        steps = range(base, base + size, _PAGE)
        return b"".join(_readable(handle, at, min(_PAGE, base + size - at)) for at in steps)


def _event(content: bytes, offset: int) -> JournalEvent | None:
    prev = content[offset : offset + 64].decode("ascii")
    digest = content[offset + 64 : offset + 128].decode("ascii")
    text = content[offset + 128 : offset + 128 + _PAGE].decode("utf-8", "surrogateescape")
    try:
        event, end = _DECODER.raw_decode(text)
        canonical = text[:end].encode("utf-8", "surrogateescape")
        whole = isinstance(event["seq"], int) and chain_hash(prev, canonical) == digest
    except (ValueError, KeyError, RecursionError):
        return None
    return chained(event, prev, digest) if whole else None
