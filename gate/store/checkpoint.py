"""What is known of a journal outside of it: a small file that outlives the database.

It has three slots of one page each, written in place. So a write costs one page and no new file
name. Two slots take turns with the last receipt, synced. The third holds the head, not synced.

A head is noted after its commit. After a power cut it may be older than the journal's, never newer.
A journal that ends before it has lost events that were promised.
"""

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TypeGuard

from gate.core.json_types import JsonObject
from gate.platform.durable_files import write_file
from gate.platform.json_values import decode_json
from gate.platform.regular_file import open_regular
from gate.ports import Head, Receipt

_SLOT = 4096
_HEAD_SLOT = 2
_GIVEN_MAX = 3000
"""Characters of a receipt as it was given: one with 64 missing ranges has 1,700."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """`gate` and `epoch` are empty where the file is there but cannot be read."""

    gate: str
    epoch: str
    receipt: Receipt | None = None
    head: Head | None = None
    turn: int = 0


class CheckpointFile:
    """The open mark of one journal. `note_head` never waits for the disk; `keep` does."""

    def __init__(self, path: Path, gate: str, head: Head, receipt: Receipt | None) -> None:
        """Make the mark beside the journal `path`, or take over the one of its epoch in place: a
        full disk has room for that. Durable when it returns. OSError."""
        known = read(path)
        ours = known is not None and known.epoch == head.epoch and place(path).exists()
        self._gate, self._epoch, self._place = gate, head.epoch, place(path)
        self._turn = known.turn if ours and known is not None else 0
        if not ours:
            first = _slot(self._kept(receipt))
            write_file(place(path), first + b"\n" * _SLOT + _head_slot(head), 0o600)
            _old_place(path).unlink(missing_ok=True)
        self._handle: int | None = os.open(place(path), os.O_WRONLY | os.O_CLOEXEC)
        if ours:
            self.note_head(head)
            if receipt is not None:
                self.keep(receipt)

    def keep(self, receipt: Receipt) -> None:
        """Durable when it returns. OSError."""
        if self._handle is None:
            return
        self._turn += 1
        os.pwrite(self._handle, _slot(self._kept(receipt)), _SLOT * (self._turn % 2))
        os.fdatasync(self._handle)

    def note_head(self, head: Head) -> None:
        """OSError."""
        if self._handle is not None:
            os.pwrite(self._handle, _head_slot(head), _SLOT * _HEAD_SLOT)

    @property
    def is_in_place(self) -> bool:
        """Whether a start would find it. OSError."""
        if self._handle is None:
            return True
        try:
            return os.path.samestat(os.fstat(self._handle), os.stat(self._place))
        except FileNotFoundError:
            return False

    def close(self) -> None:
        """Closes the file; a second call does nothing."""
        handle, self._handle = self._handle, None
        if handle is not None:
            os.close(handle)

    def _kept(self, receipt: Receipt | None) -> JsonObject:
        return {
            "turn": self._turn,
            "gate": self._gate,
            "epoch": self._epoch,
            "receipt": _plain(receipt),
        }


def place(journal: Path) -> Path:
    """The path of the checkpoint file of `journal`."""
    return journal.with_name(f"{journal.name}.mark")


def _old_place(journal: Path) -> Path:
    """Where the first release's mark stood, which said no more than gate and epoch."""
    return journal.with_name(f"{journal.name}.begun")


def read(journal: Path) -> Checkpoint | None:
    """The mark beside `journal`; None where no journal was ever begun here. OSError."""
    try:
        content = _start_of(place(journal))
    except FileNotFoundError:
        return _read_old(_old_place(journal))
    slots = [_values(content[at : at + _SLOT]) for at in range(0, 3 * _SLOT, _SLOT)]
    kept = [s for s in slots[:_HEAD_SLOT] if s is not None and _is_kept(s)]
    if not kept:
        return Checkpoint("", "")
    newest = max(kept, key=lambda s: int(s["turn"]))
    head = slots[_HEAD_SLOT]
    return Checkpoint(
        newest["gate"],
        newest["epoch"],
        _receipt(newest),
        Head(**head) if _is_head(head) and head["epoch"] == newest["epoch"] else None,
        newest["turn"],
    )


def _read_old(path: Path) -> Checkpoint | None:
    try:
        words = _start_of(path).decode("ascii", errors="replace").split()
    except FileNotFoundError:
        return None
    return Checkpoint(words[0], words[1]) if len(words) == 2 else Checkpoint("", "")


def _start_of(path: Path) -> bytes:
    """As much as a mark has. OSError, also for what is no regular file."""
    with open_regular(path) as file:
        return file.read(3 * _SLOT)


def _is_kept(values: JsonObject) -> bool:
    return _has(values, turn=int, gate=str, epoch=str) and (
        "receipt" in values
        and (
            values["receipt"] is None
            or _has(values["receipt"], generation=int, high=int, head=str, at=str)
        )
    )


def _is_head(values: JsonObject | None) -> TypeGuard[JsonObject]:
    return _has(values, epoch=str, seq=int, hash=str) and len(values or ()) == 3


def _has(values: object, **kinds: type) -> bool:
    return isinstance(values, dict) and all(
        type(values.get(name)) is kind for name, kind in kinds.items()
    )


def _plain(receipt: Receipt | None) -> JsonObject | None:
    """Without the ranges still missing: they may be many, and the office says them again. As it was
    given only where that leaves room in a slot."""
    if receipt is None:
        return None
    given = {"given": receipt.given} if 0 < len(receipt.given) <= _GIVEN_MAX else {}
    return given | {
        "generation": receipt.generation,
        "high": receipt.high,
        "head": receipt.head,
        "at": receipt.at,
    }


def _receipt(values: JsonObject) -> Receipt | None:
    kept = values["receipt"]
    if kept is None:
        return None
    return Receipt(
        kept["generation"],
        values["gate"],
        values["epoch"],
        kept["high"],
        kept["head"],
        (),
        kept["at"],
        given=given if isinstance(given := kept.get("given"), str) else "",
    )


def _head_slot(head: Head) -> bytes:
    return _slot({"epoch": head.epoch, "seq": head.seq, "hash": head.hash})


def _slot(values: JsonObject) -> bytes:
    text = json.dumps(values).encode()
    return (hashlib.sha256(text).hexdigest().encode() + b" " + text).ljust(_SLOT, b"\n")


def _values(slot: bytes) -> JsonObject | None:
    """None for a slot that was never written, or only half."""
    digest, _, text = slot.rstrip(b"\n").partition(b" ")
    if hashlib.sha256(text).hexdigest().encode() != digest:
        return None
    try:
        values = decode_json(text)
    except ValueError:
        return None
    return values if isinstance(values, dict) else None
