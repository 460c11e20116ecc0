"""What a batch changes at the office, and what the gate is told of it. Pure: the store looks up,
these decide, the store writes. Any batch, any number of times, in any order."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gate.core.journal_entries import GENESIS
from gate.core.records import JournalEvent
from gate.ports import Receipt
from gate.sync.wire import MAX_RANGES, Batch

Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Watermark:
    """How far one journal is stored and chained from its first event without a gap."""

    high: int = 0
    head: str = GENESIS


@dataclass(frozen=True, slots=True)
class Plan:
    """What to write. `new`: to be stored; `conflicts`: other contents for places that are taken,
    and what follows from those, to be kept apart and told. What is stored already in the same
    words is in neither."""

    new: tuple[JournalEvent, ...]
    conflicts: tuple[JournalEvent, ...]


def plan(batch: Batch, stored: Mapping[int, str]) -> Plan:
    """What of `batch` is new, and what contradicts the stored events.

    `stored`: seq to hash of what is there of this journal, at least from the event before the
    batch's first to its last. Nothing that is stored is ever replaced, and nothing is stored behind
    an event that it does not follow.
    """
    there = {0: GENESIS, **stored}
    new: list[JournalEvent] = []
    conflicts: list[JournalEvent] = []
    for event in batch.events:
        seq = event["seq"]
        follows_conflict = bool(conflicts) and conflicts[-1]["hash"] == event["prev"]
        if seq in there:
            if there[seq] != event["hash"]:
                conflicts.append(event)
        elif there.get(seq - 1, event["prev"]) != event["prev"] or follows_conflict:
            conflicts.append(event)
        else:
            new.append(event)
            there[seq] = event["hash"]
    return Plan(tuple(new), tuple(conflicts))


def advance(
    mark: Watermark, following: Iterable[tuple[int, str, str]]
) -> tuple[Watermark, int | None]:
    """The watermark after `following`: (seq, prev, hash) of the stored events behind it, in order.

    Beside it the seq of an event that does not follow the one before it. The watermark stops before
    that one, and before a gap.
    """
    high, head = mark.high, mark.head
    for seq, prev, digest in following:
        if seq != high + 1:
            break
        if prev != head:
            return Watermark(high, head), seq
        high, head = seq, digest
    return Watermark(high, head), None


def gaps(stored: Iterable[int], high: int) -> list[Range]:
    """The ranges that lack between `high` and the last of `stored`, both ends included. `stored`:
    seqs above `high`, in order."""
    found, before = [], high
    for seq in stored:
        if seq > before + 1:
            found.append((before + 1, seq - 1))
        before = seq
    return found


def receipt_of(
    mark: Watermark,
    missing: list[Range],
    top: int,
    *,
    gate: str,
    epoch: str,
    generation: int,
    at: str,
) -> Receipt:
    """What is stored of one journal, in the form that the gate is told.

    `top`: the highest seq stored, or the watermark itself where the next event does not follow it.
    Events behind such a break may be another's. `missing`: at least the first `MAX_RANGES` + 1 gaps
    below `top`. What does not fit is left unsaid: `top` then ends before the first gap that is not
    named.
    """
    if len(missing) > MAX_RANGES:
        top = missing[MAX_RANGES][0] - 1
    return Receipt(
        generation,
        gate,
        epoch,
        mark.high,
        mark.head,
        tuple(missing[:MAX_RANGES]),
        at,
        max(top, mark.high),
    )
