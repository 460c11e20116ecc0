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
from dataclasses import dataclass
from typing import Any

from gate.core.events import Instant

Event = dict[str, Any]

GENESIS = "0" * 64
"""The previous hash of the first event of an epoch, hex."""

MAX_EVENT_BYTES = 16_384
"""Canonical bytes of one event at most: any event must fit into a batch of 32 kB alone."""

NOT_HASHED = frozenset({"prev", "hash", "ms"})


@dataclass(frozen=True, slots=True)
class Entry:
    """Something to be journaled. `kind`: `decision`, `verdict`, or an operational one (`start`,
    `stop`, `clock`, `roster`, `fault`, `healed`, `attempt`, `acknowledged`, `wiped`, `counts`).

    `body` holds JSON values only; keys of the envelope are refused.
    """

    kind: str
    when: Instant
    body: Mapping[str, Any]

    def __post_init__(self) -> None:
        taken = _ENVELOPE & self.body.keys()
        if taken:
            raise ValueError(f"keys of the envelope in a body: {sorted(taken)}")


_ENVELOPE = frozenset({
    "v", "id", "kind", "gate", "epoch", "seq", "at", "mono_ms", "boot", "clock", "prev", "hash",
})  # fmt: skip


def canonical_bytes(event: Mapping[str, Any]) -> bytes:
    """The bytes that the hash covers. ValueError for NaN, infinity and lone surrogates."""
    return canonical_json({k: v for k, v in event.items() if k not in NOT_HASHED})


def canonical_json(value: object) -> bytes:
    """The one spelling of a JSON value that is hashed or signed. ValueError, RecursionError."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def event_hash(previous: str, event: Mapping[str, Any]) -> str:
    """The hash of `event` after `previous`, both 64 hex digits."""
    return hashlib.sha256(bytes.fromhex(previous) + canonical_bytes(event)).hexdigest()


def seal(entry: Entry, *, gate: str, epoch: str, seq: int, boot: str, previous: str) -> Event:
    """The event that `entry` becomes at place `seq` (from 1) behind `previous`."""
    event: Event = {
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
        "prev": previous,
    }
    return event | {"hash": event_hash(previous, event)}


def key_id(public_key: bytes) -> str:
    """The short name of a public key on the wire: the first 16 hex digits of its SHA-256."""
    return hashlib.sha256(public_key).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class ChainFault:
    """Where a chain breaks. `what`: `gap`, `altered`, `foreign` or `order`."""

    seq: int
    what: str


def verify_chain(
    events: Iterable[Mapping[str, Any]], *, gate: str, epoch: str, seq: int = 0, head: str = GENESIS
) -> ChainFault | None:
    """The first fault of `events`, which must continue (`seq`, `head`); None when whole. A tail cut
    off is not seen here: compare the head with a receipt's. Any JSON object may be an event."""
    for event in events:
        seq += 1
        what = _fault_of(event, gate, epoch, seq, head)
        if what is not None:
            return ChainFault(seq, what)
        head = event["hash"]
    return None


def _fault_of(event: Mapping[str, Any], gate: str, epoch: str, seq: int, head: str) -> str | None:
    found = event.get("seq")
    if not isinstance(found, int):
        return "altered"
    if found != seq:
        return "gap" if found > seq else "order"
    if (event.get("gate"), event.get("epoch")) != (gate, epoch):
        return "foreign"
    try:
        whole = event.get("prev") == head and event.get("hash") == event_hash(head, event)
    except ValueError:  # NaN or a lone surrogate: nothing that a gate writes
        whole = False
    return None if whole else "altered"
