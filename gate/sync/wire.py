"""What travels between gate and office: topics, signed batches, signed receipts. Pure.

A batch is any slice of a journal, in any order, any number of times. Its events travel without
`prev`, `hash` and `ms`: the receiver computes the hashes from the batch's `prev` on and compares the
last one with the signed head, so no event carries a hash that could differ from its contents.
"""

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from gate.core.decision import NOT_HASHED, Event, event_hash, key_id
from gate.errors import InputRejected, SignatureRefused
from gate.ports import Receipt

MAX_EVENTS = 50
MAX_BYTES = 32 * 1024
"""Of one payload, signature included."""

MAX_RANGES = 64
"""Missing ranges in one receipt; `top` then ends before the first one left out."""

_ID = re.compile(r"[a-z0-9-]{1,64}")
_EPOCH = re.compile(r"[0-9a-f]{16}")
_HASH = re.compile(r"[0-9a-f]{64}")
_NUMBER_MAX = 2**53  # what every JSON reader takes for a whole number


@dataclass(frozen=True, slots=True)
class Topics:
    """`eg/1/<exam>/<site>/<gate>/…`; the gate's name is MQTT client id and certificate name."""

    exam: str
    site: str
    gate: str

    def __getattr__(self, name: str) -> str:
        if name not in _OWN:
            raise AttributeError(name)
        return f"eg/1/{self.exam}/{self.site}/{self.gate}/{_OWN[name]}"

    @property
    def roster(self) -> str:
        return f"eg/1/{self.exam}/{self.site}/roster"

    @staticmethod
    def of(topic: str) -> tuple["Topics", str]:
        """Whose topic this is and its last part (`ev`, `hb`, `cmd/res`, …). InputRejected."""
        parts = topic.split("/", 5)
        if len(parts) != 6 or parts[:2] != ["eg", "1"] or parts[5] not in _OWN.values():
            raise InputRejected(f"Not a gate's topic: {topic[:200]!r}.")
        if not all(_ID.fullmatch(p) for p in parts[2:5]):
            raise InputRejected(f"Not a gate's topic: {topic[:200]!r}.")
        return Topics(*parts[2:5]), parts[5]


_OWN = {
    "ev": "ev", "hb": "hb", "state": "state", "alert": "alert", "rcpt": "rcpt", "cmd": "cmd",
    "cmd_res": "cmd/res", "cfg": "cfg", "cfg_rep": "cfg/rep", "mirror": "mirror",
}  # fmt: skip

OFFICE_STATE = "eg/1/office/state"
EVERY_GATES_EVENTS = "eg/1/+/+/+/ev"


@dataclass(frozen=True, slots=True)
class Batch:
    """Events `first` to `last` of one gate, `prev` and hashes joined on again. `head`: the hash of
    the last; `hist`: sent from the backlog."""

    gate: str
    epoch: str
    first: int
    last: int
    prev: str
    head: str
    hist: bool
    events: tuple[Event, ...]
    key: str
    sig: str


def encode_batch(events: Sequence[Event], *, hist: bool, key: SigningKey) -> tuple[bytes, int]:
    """The payload of the longest run from the start of `events` that keeps the limits, and how many
    events it holds (at least one; the journal bounds the size of one)."""
    bodies: list[Event] = []
    room = MAX_BYTES - 1024  # envelope and signature are below 600 bytes
    for event in events[:MAX_EVENTS]:
        body = {k: v for k, v in event.items() if k not in NOT_HASHED}
        room -= len(_compact(body)) + 1
        if room < 0 and bodies:
            break
        bodies.append(body)
    first, last = events[0], events[len(bodies) - 1]
    head = {
        "v": 1, "gate": first["gate"], "epoch": first["epoch"], "from": first["seq"],
        "to": last["seq"], "prev": first["prev"], "hist": hist, "head": last["hash"],
    }  # fmt: skip
    return _compact(_signed("batch", head, key) | {"ev": bodies}), len(bodies)


def decode_batch(payload: bytes, keys: Callable[[str], bytes | None]) -> Batch:
    """The batch in `payload`, its signature and its inner chain verified. `keys`: the Ed25519
    public key of a gate, None for one that is not enrolled. InputRejected, SignatureRefused."""
    raw = _object(payload)
    bodies = raw.pop("ev", None)
    head = _fields(raw, _BATCH_HEAD)
    if not isinstance(bodies, list) or not 1 <= len(bodies) <= MAX_EVENTS:
        raise InputRejected("A batch holds 1 to 50 events.")
    if head["to"] - head["from"] + 1 != len(bodies):
        raise InputRejected("A batch must hold every event from its first to its last.")
    _verify("batch", head, keys(head["gate"]))
    return Batch(
        head["gate"], head["epoch"], head["from"], head["to"], head["prev"], head["head"],
        head["hist"], _chained(head, bodies), head["key"], head["sig"],
    )  # fmt: skip


def _chained(head: Mapping[str, Any], bodies: list[Any]) -> tuple[Event, ...]:
    events, previous = [], head["prev"]
    for seq, body in enumerate(bodies, head["from"]):
        if not isinstance(body, dict) or NOT_HASHED & body.keys():
            raise InputRejected(f"Event {seq} of a batch has not the form of an event.")
        if (body.get("gate"), body.get("epoch"), body.get("seq")) != (
            head["gate"], head["epoch"], seq,
        ) or isinstance(body["seq"], bool):  # fmt: skip
            raise InputRejected(f"Event {seq} of a batch belongs elsewhere.")
        if not all(isinstance(body.get(k), str) for k in ("id", "kind", "at", "boot", "clock")):
            raise InputRejected(f"Event {seq} of a batch lacks a field of every event.")
        try:
            digest = event_hash(previous, body)
        except (ValueError, RecursionError) as e:
            raise InputRejected(f"Event {seq} of a batch has no canonical bytes: {e}.") from e
        events.append(body | {"prev": previous, "hash": digest})
        previous = digest
    if previous != head["head"]:
        raise SignatureRefused("The events of a batch do not lead to its signed head.")
    return tuple(events)


def encode_receipt(receipt: Receipt, key: SigningKey) -> bytes:
    """InputRejected for more than `MAX_RANGES` missing ranges."""
    if len(receipt.missing) > MAX_RANGES:
        raise InputRejected(f"A receipt names at most {MAX_RANGES} missing ranges.")
    body = {
        "v": 1, "generation": receipt.generation, "gate": receipt.gate, "epoch": receipt.epoch,
        "high": receipt.high, "head": receipt.head, "missing": [list(r) for r in receipt.missing],
        "at": receipt.at, "top": receipt.top,
    }  # fmt: skip
    return _compact(_signed("receipt", body, key))


def decode_receipt(payload: bytes, office_public: bytes) -> Receipt:
    """The receipt in `payload`, its signature verified. InputRejected, SignatureRefused."""
    body = _fields(_object(payload), _RECEIPT)
    ranges = tuple(_range(r) for r in body["missing"][: MAX_RANGES + 1])
    low = body["high"]
    for first, last in ranges:
        if not low < first <= last < body["top"]:
            raise InputRejected("The missing ranges of a receipt are not in order.")
        low = last + 1
    if len(ranges) > MAX_RANGES or body["top"] < body["high"]:
        raise InputRejected("The missing ranges of a receipt exceed its limits.")
    _verify("receipt", body, office_public)
    return Receipt(
        body["generation"], body["gate"], body["epoch"], body["high"], body["head"], ranges,
        body["at"], body["top"],
    )  # fmt: skip


def encode_note(**fields: Any) -> bytes:
    """An unsigned note: heartbeat or state."""
    return _compact({"v": 1, **fields})


def decode_note(payload: bytes) -> dict[str, Any]:
    """InputRejected."""
    return _object(payload)


# -- form ----------------------------------------------------------------------------------------


def _is(pattern: re.Pattern[str]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


def _count(least: int) -> Callable[[Any], bool]:
    return lambda value: type(value) is int and least <= value <= _NUMBER_MAX


def _text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= 200


_ENVELOPE: dict[str, Callable[[Any], bool]] = {
    "v": lambda value: type(value) is int and value == 1,
    "gate": _is(_ID), "epoch": _is(_EPOCH), "head": _is(_HASH), "key": _text, "sig": _text,
}  # fmt: skip
_BATCH_HEAD = _ENVELOPE | {
    "from": _count(1), "to": _count(1), "prev": _is(_HASH),
    "hist": lambda value: isinstance(value, bool),
}  # fmt: skip
_RECEIPT = _ENVELOPE | {
    "generation": _count(0), "high": _count(0), "top": _count(0), "at": _text,
    "missing": lambda value: isinstance(value, list),
}  # fmt: skip


def _object(payload: bytes) -> dict[str, Any]:
    """One JSON object of at most `MAX_BYTES`."""
    if len(payload) > MAX_BYTES:
        raise InputRejected(f"A message of {len(payload)} bytes; at most {MAX_BYTES} are taken.")
    try:
        raw = json.loads(payload.decode("utf-8"), parse_constant=_no_such_number)
    except (ValueError, RecursionError) as e:
        raise InputRejected(f"A message is not JSON: {e}.") from e
    if not isinstance(raw, dict):
        raise InputRejected("A message is not a JSON object.")
    return raw


def _no_such_number(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _fields(raw: dict[str, Any], form: dict[str, Callable[[Any], bool]]) -> dict[str, Any]:
    wrong = sorted(k for k, fits in form.items() if k not in raw or not fits(raw[k]))
    if wrong:
        raise InputRejected(f"A message lacks or misuses: {', '.join(wrong)}.")
    return raw


def _range(raw: Any) -> tuple[int, int]:
    if not isinstance(raw, list) or len(raw) != 2 or not all(_count(1)(n) for n in raw):
        raise InputRejected("A missing range is two numbers.")
    return raw[0], raw[1]


# -- signature -----------------------------------------------------------------------------------


def _signed(domain: str, head: dict[str, Any], key: SigningKey) -> dict[str, Any]:
    named = head | {"key": key_id(key.verify_key.encode())}
    signature = key.sign(_covered(domain, named)).signature
    return named | {"sig": base64.b64encode(signature).decode()}


def _verify(domain: str, head: Mapping[str, Any], public: bytes | None) -> None:
    if public is None:
        raise SignatureRefused(f"Gate {head['gate']} is not enrolled here.")
    if head["key"] != key_id(public):
        raise SignatureRefused(f"Signed with key {head['key'][:16]!r}, not with {key_id(public)}.")
    try:
        signature = base64.b64decode(head["sig"], validate=True)
        VerifyKey(public).verify(_covered(domain, head), signature)
    except (BadSignatureError, binascii.Error, ValueError, TypeError) as e:
        raise SignatureRefused(f"The signature of a {domain} of {head['gate']} is wrong.") from e


def _covered(domain: str, head: Mapping[str, Any]) -> bytes:
    """Every field but the signature, behind the name of what is signed: no signature of one kind of
    message can stand under another."""
    return f"exam-gate/{domain}/1\n".encode() + _compact(
        {k: v for k, v in head.items() if k != "sig"}
    )


def _compact(value: Any) -> bytes:
    try:
        text = json.dumps(
            value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
        )
        return text.encode()
    except (ValueError, RecursionError) as e:
        raise InputRejected(f"A message has no canonical bytes: {e}.") from e
