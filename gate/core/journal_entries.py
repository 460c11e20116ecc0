"""What the journal holds: entries, their canonical bytes and the hash chain.

An event is a flat JSON object. Its canonical bytes are the UTF-8 of
`json.dumps(event, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)`
without the keys of `NOT_HASHED`; its hash is SHA-256(previous hash || canonical bytes). The first
event of an epoch follows `GENESIS`. `ms` is left out because the time of a commit is known only
after the commit that it would have to be part of.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import cast

from gate.core.events import Instant
from gate.core.json_types import JsonFields
from gate.core.records import JournalEvent

GENESIS = "0" * 64
"""The previous hash of the first event of an epoch, hex."""

MAX_EVENT_BYTES = 16_384
"""Canonical bytes of one event at most: any event must fit into a batch of 32 kB alone."""

NOT_HASHED = frozenset({"prev", "hash", "ms"})


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """Something to be journaled.

    `kind`: `decision`, `verdict`, `signature`, `case`, or an operational one. Of the unit: `start`,
    `stop`, `clock`, `roster`, `fault`, `healed`, `wiped`, `counts`, `disk`, `journal_begun`.
    Of people: `attempt`, `acknowledged`, `clock_confirmed`, `excused`, `papers`, `left`,
    `reassigned`, `report`, `message_read`. Of the site's other gates: `heard`, `double`. Of the
    office's commands: `command`, `command_done`, `paper_closed`.

    `body` holds JSON values only; keys of the envelope are refused.
    """

    kind: str
    when: Instant
    body: Mapping[str, object]

    def __post_init__(self) -> None:
        taken = _ENVELOPE & self.body.keys()
        if taken:
            raise ValueError(f"keys of the envelope in a body: {sorted(taken)}")


_ENVELOPE = frozenset(
    {
        "v",
        "id",
        "kind",
        "gate",
        "epoch",
        "seq",
        "at",
        "mono_ms",
        "boot",
        "clock",
        "prev",
        "hash",
    }
)


def canonical_bytes(event: Mapping[str, object]) -> bytes:
    """The bytes that the hash covers. ValueError for NaN, infinity and lone surrogates."""
    return canonical_json({k: v for k, v in event.items() if k not in NOT_HASHED})


def canonical_json(value: object) -> bytes:
    """The one spelling of a JSON value that is hashed or signed. ValueError, RecursionError."""
    return _ENCODER.encode(value).encode()


_ENCODER = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
)
"""Made once: `json.dumps` with these arguments makes a new one for every call."""


def unchained(event: JournalEvent) -> JournalEvent:
    """`event` as it travels: what the hash covers, without the keys of `NOT_HASHED`."""
    return cast(JournalEvent, {k: v for k, v in event.items() if k not in NOT_HASHED})


def chained(event: JournalEvent, previous: str, digest: str) -> JournalEvent:
    """`event` with its place in the chain: `prev` and `hash`, 64 hex digits each."""
    return event | {"prev": previous, "hash": digest}


def event_hash(previous: str, event: Mapping[str, object]) -> str:
    """The hash of `event` after `previous`, both 64 hex digits."""
    return chain_hash(previous, canonical_bytes(event))


def chain_hash(previous: str, canonical: bytes) -> str:
    """The hash of an event's canonical bytes after `previous`, both 64 hex digits."""
    return hashlib.sha256(bytes.fromhex(previous) + canonical).hexdigest()


def seal(
    entry: JournalEntry, *, gate: str, epoch: str, seq: int, boot: str, previous: str
) -> JournalEvent:
    """The event that `entry` becomes at place `seq` (from 1) behind `previous`."""
    return sealed(entry, gate=gate, epoch=epoch, seq=seq, boot=boot, previous=previous)[0]


def sealed(
    entry: JournalEntry, *, gate: str, epoch: str, seq: int, boot: str, previous: str
) -> tuple[JournalEvent, bytes]:
    """The same, and its canonical bytes: spelling them out again is a third of an append's own
    work. ValueError and TypeError where the body is no JSON."""
    event = {
        "v": 1,
        "id": f"{epoch}-{seq}",
        "kind": entry.kind,
        "gate": gate,
        "epoch": epoch,
        "seq": seq,
        "at": entry.when.at.isoformat(timespec="milliseconds"),
        "mono_ms": entry.when.mono_ns // 1_000_000,
        "boot": boot,
        "clock": "trusted" if entry.when.trusted else "untrusted",
        **entry.body,
    }
    canonical = canonical_bytes(event)
    made = chained(cast(JournalEvent, event), previous, chain_hash(previous, canonical))
    return made, canonical


def key_id(public_key: bytes) -> str:
    """The short name of a public key on the wire: the first 16 hex digits of its SHA-256."""
    return hashlib.sha256(public_key).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class ChainFault:
    """Where a chain breaks, and what stood there instead of what was expected.

    `what` is one of five. `altered`: an edit, the hash does not fit. `gap`: a cut, events are
    missing before this place's next. `order`: a swap or a repetition. `fork`: a second event for a
    place that has one. `foreign`: an event of another gate or epoch.
    """

    seq: int
    what: str
    expected: str = field(default="", compare=False)
    found: str = field(default="", compare=False)

    def __str__(self) -> str:
        return f"event {self.seq}: {self.what} (expected {self.expected}, found {self.found})"


def verify_chain(
    events: Iterable[JsonFields],
    *,
    gate: str,
    epoch: str,
    seq: int = 0,
    head: str = GENESIS,
) -> ChainFault | None:
    """The first fault of `events`, which must continue (`seq`, `head`); None when whole. A tail cut
    off is not seen here: compare the head with a receipt's. Any JSON object may be an event."""
    before, coming = GENESIS, iter(events)
    for event in coming:
        fault = _fault_of(event, gate, epoch, seq + 1, head)
        if fault is None:
            seq, before, head = seq + 1, head, event["hash"]
            continue
        if fault.what == "gap" and next(coming, {}).get("seq") == fault.seq:
            return replace(fault, what="order")
        other = event.get("seq") == seq and event.get("hash") != head
        if other and _fault_of(event, gate, epoch, seq, before) is None:
            return ChainFault(seq, "fork", f"one event {head[:16]}…", f"also {event['hash'][:16]}…")
        return fault
    return None


def _fault_of(event: JsonFields, gate: str, epoch: str, seq: int, head: str) -> ChainFault | None:
    found = event.get("seq")
    if not isinstance(found, int) or isinstance(found, bool):
        return ChainFault(seq, "altered", f"seq {seq}", f"seq {found!r:.40}")
    if found != seq:
        return ChainFault(seq, "gap" if found > seq else "order", f"seq {seq}", f"seq {found}")
    of = event.get("gate"), event.get("epoch")
    if of != (gate, epoch):
        return ChainFault(seq, "foreign", f"{gate} {epoch}", f"{of[0]!s:.64} {of[1]!s:.32}")
    if event.get("prev") != head:
        return ChainFault(seq, "altered", f"prev {head[:16]}…", f"prev {event.get('prev')!s:.16}…")
    try:
        digest = event_hash(head, event)
    except ValueError:  # NaN or a lone surrogate: nothing that a gate writes
        digest = "none: not what a gate writes"
    if event.get("hash") == digest:
        return None
    return ChainFault(seq, "altered", f"hash {event.get('hash')!s:.16}…", f"hash {digest[:16]}…")
