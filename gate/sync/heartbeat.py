"""The signed heartbeat: how far a gate's journal goes, said apart from the events. Pure.

A chain does not show that its tail was cut off. A head that left the gate before does: the office
keeps the highest one it was told and names what it lacks.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from nacl.signing import SigningKey

from gate.core.json_types import JsonObject
from gate.sync.envelope import (
    ENVELOPE,
    Form,
    check_fields,
    compact,
    count,
    read_object,
    signed,
    text,
    verify,
)

_FORM: Form = ENVELOPE | {
    "seq": count(0),
    "high": count(0),
    "session": text,
    "oldest_unsent_at": lambda value: value is None or text(value),
    "vitals": lambda value: isinstance(value, dict),
}
_SHOWN: Form = {"receipt": lambda value: isinstance(value, str) and len(value) <= 4096}


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """A gate's signed word how far its journal goes.

    `seq`, `head`: the journal's last event. `high`: receipted. `oldest_unsent_at`: when the first
    event that lacks a receipt happened. `vitals`: `at`, `clock`, `disk_free_mb`, as far as the unit
    knows them; flat JSON, for people and tools. `receipt`: the last receipt of the gate, as the
    office signed it, where the office speaks as if it had never given it; else None.
    """

    gate: str
    epoch: str
    seq: int
    head: str
    high: int
    session: str
    oldest_unsent_at: str | None = None
    vitals: Mapping[str, Any] = field(default_factory=dict)
    key: str = ""
    sig: str = ""
    receipt: str | None = None


def encode_heartbeat(beat: Heartbeat, key: SigningKey) -> bytes:
    """The payload of `beat`, signed with `key`."""
    body = {
        "v": 1,
        "gate": beat.gate,
        "epoch": beat.epoch,
        "seq": beat.seq,
        "head": beat.head,
        "high": beat.high,
        "session": beat.session,
        "oldest_unsent_at": beat.oldest_unsent_at,
        "vitals": dict(beat.vitals),
    }
    if beat.receipt is not None:
        body["receipt"] = beat.receipt
    return compact(signed("heartbeat", body, key))


def decode_heartbeat(payload: bytes, keys: Callable[[str], bytes | None]) -> Heartbeat:
    """The heartbeat in `payload`, its signature verified. `keys`: the Ed25519 public key of a gate,
    None for one that is not enrolled. InputRejected, SignatureRefused."""
    raw = _checked(payload)
    verify("heartbeat", raw, keys(raw["gate"]))
    return _heartbeat(raw)


def read_heartbeat(payload: bytes) -> Heartbeat:
    """The heartbeat in `payload` by its form only: for one that was verified when it came.
    InputRejected."""
    return _heartbeat(_checked(payload))


def _checked(payload: bytes) -> JsonObject:
    raw = read_object(payload)
    return check_fields(raw, _FORM | _SHOWN if "receipt" in raw else _FORM)


def _heartbeat(raw: JsonObject) -> Heartbeat:
    return Heartbeat(**{name: raw[name] for name in Heartbeat.__slots__ if name in raw})
