"""Whether events are what their gate signed. Pure, for any store of events and signed heads.

A signed head says where a batch begins (`prev`), which seqs it holds and the hash it leads to. The
hash of an event covers all before it. So contents that lead from `prev` to `head` are the contents
that were signed. Other contents beside them do not matter.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from gate.core.journal_entries import event_hash
from gate.core.json_types import JsonFields
from gate.core.records import JournalEvent
from gate.errors import InputRejected, SignatureRefused
from gate.sync.envelope import HASH, matches, verify
from gate.sync.export_inspection import FAULTS_KEPT, ExportFault
from gate.sync.wire import check_batch_head

Range = tuple[int, int]
Keys = Mapping[str, bytes]
"""The public keys of one gate by their ids: it may have been enrolled anew."""


@dataclass(frozen=True, slots=True)
class KeptEvent:
    """One kept event at place `seq`. `event`: without `prev`, `hash` and `ms`; None where its bytes
    are not the one spelling of an event. `stored`: it stands in the journal; else it came later
    with another content and is kept beside it, `prev` empty where that is not known."""

    seq: int
    prev: str
    hash: str
    event: JournalEvent | None
    stored: bool = True


Window = Callable[[int, int], Iterable[KeptEvent]]
"""The kept events of one journal from one seq to another, both included, in order of seq."""


@dataclass(slots=True)
class Proof:
    """What the signed heads of one journal say of its events.

    `heads`: how many hold. `to`: the highest seq that one of them speaks of. `faults`: the first
    ones, `signature`, `altered` or `cut`. `proven`: the ranges whose contents are what was signed.
    """

    heads: int = 0
    to: int = 0
    faults: list[ExportFault] = field(default_factory=list)
    proven: list[Range] = field(default_factory=list)

    def add(self, seq: int, what: str, says: str) -> None:
        """Notes a fault; beyond `FAULTS_KEPT` they are dropped."""
        if len(self.faults) < FAULTS_KEPT:
            self.faults.append(ExportFault(seq, what, says))

    def uncovered(self, stored: Iterable[Range]) -> list[Range]:
        """What of `stored`, ranges in order, no signed head proves."""
        return without(stored, joined(self.proven))


def proof_of(heads: Iterable[JsonFields], window: Window, keys: Keys) -> Proof:
    """What the heads prove of the events.

    `heads`: signed heads of batches, as they came; nothing of them is believed yet.
    """
    found = Proof()
    for head in heads:
        first, last = head.get("from"), head.get("to")
        try:
            check_batch_head(head)
            verify("batch", head, _signer(head, keys))
        except InputRejected as e:
            at = first if isinstance(first, int) else 0
            found.add(at, "signature", f"the signature of events {first} to {last}: {e}")
            continue
        found.heads += 1
        found.to = max(found.to, head["to"])
        _follow(found, head, list(window(head["from"], head["to"])))
    return found


def _signer(head: JsonFields, keys: Keys) -> bytes:
    public = keys.get(head["key"])
    if public is None:
        raise SignatureRefused(
            f"nobody here vouches for the key {head['key'][:16]!r} of {head['gate']}"
        )
    return public


def _follow(found: Proof, head: JsonFields, rows: list[KeptEvent]) -> None:
    first, last = head["from"], head["to"]
    if _leads(head, [r for r in rows if r.stored]):
        found.proven.append((first, last))
        return
    path = _traced(head, rows)
    if path is not None:
        found.proven.extend((row.seq, row.seq) for row in path if row.stored)
        return
    there = {r.seq for r in rows if r.stored}
    lacking = ranges(seq for seq in range(first, last + 1) if seq not in there)
    for a, b in lacking:
        found.add(a, "cut", f"events {a} to {b} were signed and are missing")
    if not lacking:
        found.add(first, "altered", f"events {first} to {last} are not what the gate signed")


def _leads(head: JsonFields, stored: list[KeptEvent]) -> bool:
    """Whether the stored contents lead from the head's `prev` to its hash."""
    if [row.seq for row in stored] != list(range(head["from"], head["to"] + 1)):
        return False
    digest = head["prev"]
    for row in stored:
        if row.event is None:
            return False
        digest = _hashed(digest, row.event)
    return bool(digest == head["head"])


def _traced(head: JsonFields, rows: list[KeptEvent]) -> list[KeptEvent] | None:
    """The kept events, of the journal and beside it, that lead to the head, from its end back."""
    places: dict[tuple[int, str], KeptEvent] = {(row.seq, row.hash): row for row in rows}
    path: list[KeptEvent] = []
    digest = head["head"]
    for seq in range(head["to"], head["from"] - 1, -1):
        row = places.get((seq, digest))
        if row is None or row.event is None:
            return None
        before = [row.prev] if row.prev else [r.hash for r in rows if r.seq == seq - 1]
        before = before if seq > head["from"] else [head["prev"]]
        fits = next((p for p in before if _hashed(p, row.event) == row.hash), None)
        if fits is None:
            return None
        path.append(row)
        digest = fits
    return path if digest == head["prev"] else None


def _hashed(previous: str, event: JournalEvent) -> str:
    """Empty where there is no such hash."""
    if not matches(HASH)(previous):
        return ""
    try:
        return event_hash(previous, event)
    except (ValueError, RecursionError):
        return ""


def ranges(seqs: Iterable[int]) -> list[Range]:
    """Runs of neighbours. `seqs`: rising."""
    found: list[Range] = []
    for seq in seqs:
        if found and seq == found[-1][1] + 1:
            found[-1] = (found[-1][0], seq)
        else:
            found.append((seq, seq))
    return found


def joined(some: Iterable[Range]) -> list[Range]:
    """In order, overlapping and neighbouring ones made one."""
    found: list[Range] = []
    for first, last in sorted(some):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return found


def without(some: Iterable[Range], taken: list[Range]) -> list[Range]:
    """What of `some` lies outside `taken`; both in order, `taken` joined."""
    found: list[Range] = []
    at = 0
    for low, last in some:
        first = low
        while at < len(taken) and taken[at][1] < first:
            at += 1
        n = at
        while n < len(taken) and taken[n][0] <= last:
            if first < taken[n][0]:
                found.append((first, taken[n][0] - 1))
            first = max(first, taken[n][1] + 1)
            n += 1
        if first <= last:
            found.append((first, last))
    return found
