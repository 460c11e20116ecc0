"""Checking events as `journal export` writes them, one JSON object a line: nobody signed them, but
each carries its hash and the one before."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from gate.core.journal_entries import GENESIS, ChainFault, verify_chain
from gate.core.records import JournalEvent
from gate.errors import InputDamaged
from gate.sync.envelope import HASH, matches
from gate.sync.export_files import Copies

_LINE_MAX = 1 << 20
"""Characters of one event: far above what a batch may carry."""
_NEEDED = {"gate", "epoch", "seq", "prev", "hash", "kind"}


@dataclass(frozen=True, slots=True)
class PlainExport:
    """What was found. `first`: the seq it begins with; `events`: how many were walked; `fault`: the
    first one."""

    gate: str
    epoch: str
    first: int
    events: int
    fault: ChainFault | None

    def facts(self) -> dict[str, object]:
        """What was found, ready for JSON."""
        said: dict[str, object] = {
            "gate": self.gate,
            "epoch": self.epoch,
            "first": self.first,
            "events": self.events,
        }
        return said | chain_facts(self.fault)

    def sentence(self) -> str:
        """What was found in one sentence, English and Chinese."""
        whole = "chain verified 链完整" if self.fault is None else f"{self.fault} 日志校验未通过"
        return f"{self.gate}: {self.events} events from {self.first} on, {whole}; nobody signed it"


def chain_facts(fault: ChainFault | None) -> dict[str, object]:
    """As `verify --json` says it."""
    if fault is None:
        return {"chain": "verified"}
    return {
        "chain": f"event {fault.seq}: {fault.what}",
        "first_bad": fault.seq,
        "what": fault.what,
        "expected": fault.expected,
        "found": fault.found,
    }


def is_plain_export(path: Path) -> bool:
    """Whether `path` begins as `journal export` without --signed writes it."""
    try:
        with path.open(encoding="utf-8", errors="replace") as lines:
            first = json.loads(lines.readline(_LINE_MAX))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(first, dict) and first.keys() >= _NEEDED and type(first["seq"]) is int


def check_plain(path: Path, copies: Copies) -> PlainExport:
    """Whether it is one unbroken piece of a journal, and the one that other `copies` are of.
    InputDamaged."""
    first = next(_events(path))
    gate, epoch, seq = str(first["gate"]), str(first["epoch"]), int(first["seq"])
    before = GENESIS if seq == 1 else str(first["prev"])
    walk = _Walk(path, copies, gate, epoch)
    broken = verify_chain(walk, gate=gate, epoch=epoch, seq=seq - 1, head=before)
    faults = [fault for fault in (broken, walk.fork) if fault is not None]
    return PlainExport(gate, epoch, seq, walk.count, min(faults, key=_seq, default=None))


def _seq(fault: ChainFault) -> int:
    return fault.seq


class _Walk:
    """The events of a file, compared with other copies as they pass."""

    def __init__(self, path: Path, copies: Copies, gate: str, epoch: str) -> None:
        self._path, self._differs = path, copies.of(gate, epoch)
        self.count = 0
        self.fork: ChainFault | None = None

    def __iter__(self) -> Iterator[JournalEvent]:
        for event in _events(self._path):
            self.count += 1
            digest = event.get("hash")
            is_event = isinstance(event.get("seq"), int) and matches(HASH)(digest)
            if self.fork is None and is_event and self._differs(int(event["seq"]), str(digest)):
                self.fork = ChainFault(event["seq"], "fork", "the other copy's", f"{digest:.16}…")
            yield event


def _events(path: Path) -> Iterator[JournalEvent]:
    with path.open(encoding="utf-8", errors="replace") as lines:  # what was none is an alteration
        bounded = iter(lambda: lines.readline(_LINE_MAX), "")
        for number, line in enumerate(bounded, 1):
            try:
                event = json.loads(line)
            except (ValueError, RecursionError) as e:
                raise InputDamaged(
                    f"{path}, line {number}, is no event ({e}): export it again.",
                    f"{path} 第 {number} 行不是事件：请重新导出。",
                ) from e
            yield cast(JournalEvent, event if isinstance(event, dict) else {})
