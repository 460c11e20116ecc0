"""Events got back from the bytes of a damaged database.

A row's columns lie one behind the other in its page: the previous hash, the hash, the canonical
bytes (https://sqlite.org/fileformat2.html, record format). So an event is found without any of
SQLite's own structures, in pages that nothing points to any more and in a write-ahead log that ends
in the middle, and its hash proves that it is whole. An event that is longer than a page is not
found; it is named as missing.
"""

import json
import mmap
import re
from collections.abc import Iterator
from pathlib import Path

from gate.core.decision import Event, chain_hash

_ROW = re.compile(rb'([0-9a-f]{64})([0-9a-f]{64})(?=\{")')
_PAGE = 4096
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


def in_order(found: Found) -> Iterator[Event]:
    """The events themselves. OSError."""
    for seq in sorted(found):
        file, offset = found[seq]
        with file.open("rb") as opened:
            opened.seek(offset)
            event = _event(opened.read(128 + _PAGE), 0)
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


def _rows(file: Path) -> Iterator[tuple[int, Event]]:
    if not file.exists() or file.stat().st_size == 0:
        return
    with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as held:
        for match in _ROW.finditer(held):
            event = _event(held, match.start())
            if event is not None:
                yield match.start(), event


def _event(content: bytes | mmap.mmap, offset: int) -> Event | None:
    prev = content[offset : offset + 64].decode("ascii")
    digest = content[offset + 64 : offset + 128].decode("ascii")
    text = content[offset + 128 : offset + 128 + _PAGE].decode("utf-8", "surrogateescape")
    try:
        event, end = _DECODER.raw_decode(text)
        canonical = text[:end].encode("utf-8", "surrogateescape")
        whole = isinstance(event["seq"], int) and chain_hash(prev, canonical) == digest
    except (ValueError, KeyError, RecursionError):
        return None
    return {**event, "prev": prev, "hash": digest} if whole else None
