"""What travels between gate and office: topics, signed batches, signed receipts. Pure.

A batch is any slice of a journal, in any order, any number of times. Its events travel without
`prev`, `hash` and `ms`. The receiver computes the hashes from the batch's `prev` on and compares
the last one with the signed head. No event carries a hash that could differ from it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import cast

from nacl.signing import SigningKey

from gate.core.journal_entries import NOT_HASHED, canonical_json, chain_hash, chained, unchained
from gate.core.json_types import JsonFields, JsonObject, JsonValue
from gate.core.records import JournalEvent
from gate.errors import InputRejected, SignatureRefused
from gate.ports import Receipt
from gate.sync.envelope import (
    ENVELOPE,
    HASH,
    ID,
    MAX_BYTES,
    Form,
    check_fields,
    compact,
    count,
    matches,
    read_object,
    signed,
    text,
    verify,
)

MAX_EVENTS = 50
MAX_RANGES = 64
"""Missing ranges in one receipt; `top` then ends before the first one left out."""

_BATCH_HEAD: Form = ENVELOPE | {
    "from": count(1),
    "to": count(1),
    "prev": matches(HASH),
    "hist": lambda value: isinstance(value, bool),
}
_RECEIPT: Form = ENVELOPE | {
    "generation": count(0),
    "high": count(0),
    "top": count(0),
    "at": text,
    "missing": lambda value: isinstance(value, list),
}


@dataclass(frozen=True, slots=True)
class Topics:
    """`eg/1/<exam>/<site>/<gate>/…`; the gate's name is MQTT client id and certificate name."""

    exam: str
    site: str
    gate: str

    @property
    def ev(self) -> str:
        """The topic of batches."""
        return self._own("ev")

    @property
    def hb(self) -> str:
        """The topic of heartbeats."""
        return self._own("hb")

    @property
    def state(self) -> str:
        """The topic of the gate's state, online or offline."""
        return self._own("state")

    @property
    def alert(self) -> str:
        """The topic of alerts."""
        return self._own("alert")

    @property
    def entries(self) -> str:
        """The topic of who has entered here, for the other gates of the site."""
        return self._own("in")

    @property
    def site_entries(self) -> str:
        """The same of every gate of the site, as a filter."""
        return f"eg/1/{self.exam}/{self.site}/+/in"

    @property
    def rosters(self) -> str:
        """Notices of rosters for this site, of any exam, as a filter."""
        return f"eg/1/+/{self.site}/roster"

    @property
    def roster(self) -> str:
        """The topic of the notice of this exam's roster for the site."""
        return f"eg/1/{self.exam}/{self.site}/roster"

    @property
    def mirror(self) -> str:
        """The topic of decisions as flat JSON, for tools of others."""
        return self._own("mirror")

    @property
    def cmd(self) -> str:
        """The topic of the office's commands."""
        return self._own("cmd")

    @property
    def cmd_res(self) -> str:
        """The topic of what became of them."""
        return self._own("cmd/res")

    @property
    def cfg(self) -> str:
        """The topic of the configuration that the office wants."""
        return self._own("cfg")

    @property
    def cfg_rep(self) -> str:
        """The topic of the configuration that is in force."""
        return self._own("cfg/rep")

    @property
    def rcpt(self) -> str:
        """The topic of the office's receipts."""
        return self._own("rcpt")

    def _own(self, part: str) -> str:
        return f"eg/1/{self.exam}/{self.site}/{self.gate}/{part}"

    @staticmethod
    def of(topic: str) -> tuple["Topics", str]:
        """Whose topic this is and its last part (`ev`, `hb`, `cmd/res`, …). InputRejected."""
        parts = topic.split("/", 5)
        if len(parts) != 6 or parts[:2] != ["eg", "1"] or parts[5] not in _PARTS:
            raise InputRejected(f"Not a gate's topic: {topic[:200]!r}.")
        if not all(ID.fullmatch(p) for p in parts[2:5]):
            raise InputRejected(f"Not a gate's topic: {topic[:200]!r}.")
        return Topics(*parts[2:5]), parts[5]


_PARTS = ("ev", "hb", "state", "alert", "rcpt", "cmd", "cmd/res", "cfg", "cfg/rep", "mirror", "in")

OFFICE_STATE = "eg/1/office/state"
EVERY_GATES_EVENTS = "eg/1/+/+/+/ev"
EVERY_GATES_NOTES = tuple(
    f"eg/1/+/+/+/{part}" for part in ("hb", "state", "alert", "cmd/res", "cfg/rep")
)


@dataclass(frozen=True, slots=True)
class Batch:
    """Events `first` to `last` of one gate, `prev` and hashes joined on again. `head`: the hash of
    the last; `hist`: sent from the backlog; `beside`: signed fields that this version does not
    know."""

    gate: str
    epoch: str
    first: int
    last: int
    prev: str
    head: str
    hist: bool
    events: tuple[JournalEvent, ...]
    key: str
    sig: str
    beside: JsonFields = field(default_factory=dict)
    texts: tuple[str, ...] = field(default=(), compare=False)
    """The canonical text of each event, where it was spelled out to hash it; else none."""

    def signed_head(self) -> JsonObject:
        """What was signed, as it came."""
        return {
            "v": 1,
            "gate": self.gate,
            "epoch": self.epoch,
            "from": self.first,
            "to": self.last,
            "prev": self.prev,
            "hist": self.hist,
            "head": self.head,
            "key": self.key,
            "sig": self.sig,
            **self.beside,
        }


def encode_batch(
    events: Sequence[JournalEvent], *, hist: bool, key: SigningKey
) -> tuple[bytes, int]:
    """The payload of the longest run from the start of `events` that keeps the limits.

    Beside it how many events it holds: at least one, because the journal bounds the size of one.
    """
    bodies = batch_bodies(events)
    head = batch_head(events[: len(bodies)], hist=hist, key=key)
    return batch_payload(head, bodies), len(bodies)


def batch_bodies(events: Sequence[JournalEvent]) -> list[JournalEvent]:
    """The longest run from the start of `events` that one batch may hold, as it travels."""
    bodies: list[JournalEvent] = []
    room = MAX_BYTES - 1024  # envelope and signature are below 600 bytes
    for event in events[:MAX_EVENTS]:
        body = unchained(event)
        room -= len(compact(body)) + 1
        if room < 0 and bodies:
            break
        bodies.append(body)
    return bodies


def batch_head(events: Sequence[JournalEvent], *, hist: bool, key: SigningKey) -> JsonObject:
    """What is signed of a batch of `events`, all of which it holds."""
    first, last = events[0], events[-1]
    head = {
        "v": 1,
        "gate": first["gate"],
        "epoch": first["epoch"],
        "from": first["seq"],
        "to": last["seq"],
        "prev": first["prev"],
        "hist": hist,
        "head": last["hash"],
    }
    return signed("batch", head, key)


def batch_payload(head: JsonObject, bodies: list[JournalEvent]) -> bytes:
    """The payload of a batch from its signed head and its events."""
    return compact(head | {"ev": bodies})


Spelling = Callable[[JsonValue], bytes]
"""Of a JSON value its canonical bytes. ValueError, RecursionError where it has none."""


def read_spelled(payload: bytes) -> tuple[JsonObject, Spelling]:
    """The object in `payload`, and how its parts are spelled. InputRejected."""
    return read_object(payload), canonical_json


def decode_batch(
    payload: bytes,
    keys: Callable[[str], bytes | None],
    read: Callable[[bytes], tuple[JsonObject, Spelling]] = read_spelled,
) -> Batch:
    """The batch in `payload`, its signature and its inner chain verified. `keys`: the Ed25519
    public key of a gate, None for one that is not enrolled. `read`: another way to the same as
    `read_spelled`. InputRejected, SignatureRefused."""
    raw, spelled = read(payload)
    bodies = raw.pop("ev", None)
    head = check_batch_head(raw)
    if not isinstance(bodies, list) or head["to"] - head["from"] + 1 != len(bodies):
        raise InputRejected("A batch must hold every event from its first to its last.")
    verify("batch", head, keys(head["gate"]))
    events, texts = _chained(head, bodies, spelled)
    return Batch(
        head["gate"],
        head["epoch"],
        head["from"],
        head["to"],
        head["prev"],
        head["head"],
        head["hist"],
        events,
        head["key"],
        head["sig"],
        {k: v for k, v in head.items() if k not in _BATCH_HEAD},
        texts,
    )


_EVERY_EVENT = ("id", "kind", "at", "boot", "clock")


def check_batch_head(raw: JsonFields) -> JsonObject:
    """The form of what is signed of a batch; nothing of it is believed yet. InputRejected."""
    head = check_fields(dict(raw), _BATCH_HEAD)
    if not 1 <= head["to"] - head["from"] + 1 <= MAX_EVENTS:
        raise InputRejected(f"A batch holds 1 to {MAX_EVENTS} events.")
    return head


def _chained(
    head: JsonFields, bodies: list[JsonValue], spelled: Spelling
) -> tuple[tuple[JournalEvent, ...], tuple[str, ...]]:
    """The events with their place in the chain, and their canonical texts."""
    events: list[JournalEvent] = []
    texts: list[str] = []
    previous, gate, epoch = head["prev"], head["gate"], head["epoch"]
    for seq, body in enumerate(bodies, head["from"]):
        if not isinstance(body, dict) or NOT_HASHED & body.keys():
            raise InputRejected(f"Event {seq} of a batch has not the form of an event.")
        if (body.get("gate"), body.get("epoch"), body.get("seq")) != (
            gate,
            epoch,
            seq,
        ) or isinstance(body["seq"], bool):
            raise InputRejected(f"Event {seq} of a batch belongs elsewhere.")
        for name in _EVERY_EVENT:
            if not isinstance(body.get(name), str):
                raise InputRejected(f"Event {seq} of a batch lacks a field of every event.")
        try:
            canonical = spelled(body)
            digest = chain_hash(previous, canonical)
        except (ValueError, RecursionError) as e:
            raise InputRejected(f"Event {seq} of a batch has no canonical bytes: {e}.") from e
        events.append(chained(cast(JournalEvent, body), previous, digest))
        texts.append(canonical.decode())
        previous = digest
    if previous != head["head"]:
        raise SignatureRefused("The events of a batch do not lead to its signed head.")
    return tuple(events), tuple(texts)


def encode_receipt(receipt: Receipt, key: SigningKey) -> bytes:
    """InputRejected for more than `MAX_RANGES` missing ranges."""
    if len(receipt.missing) > MAX_RANGES:
        raise InputRejected(f"A receipt names at most {MAX_RANGES} missing ranges.")
    body = {
        "v": 1,
        "generation": receipt.generation,
        "gate": receipt.gate,
        "epoch": receipt.epoch,
        "high": receipt.high,
        "head": receipt.head,
        "missing": [list(r) for r in receipt.missing],
        "at": receipt.at,
        "top": receipt.top,
    }
    return compact(signed("receipt", body, key))


def decode_receipt(payload: bytes, office_public: bytes) -> Receipt:
    """The receipt in `payload`, its signature verified. InputRejected, SignatureRefused."""
    body = check_fields(read_object(payload), _RECEIPT)
    ranges = tuple(_range(r) for r in body["missing"][: MAX_RANGES + 1])
    low = body["high"]
    for first, last in ranges:
        if not low < first <= last < body["top"]:
            raise InputRejected("The missing ranges of a receipt are not in order.")
        low = last + 1
    if len(ranges) > MAX_RANGES or body["top"] < body["high"]:
        raise InputRejected("The missing ranges of a receipt exceed its limits.")
    verify("receipt", body, office_public)
    return Receipt(
        body["generation"],
        body["gate"],
        body["epoch"],
        body["high"],
        body["head"],
        ranges,
        body["at"],
        body["top"],
        payload.decode(),
    )


def encode_note(**fields: object) -> bytes:
    """An unsigned note: a state or an alert."""
    return compact({"v": 1, **fields})


def decode_note(payload: bytes) -> JsonObject:
    """InputRejected."""
    return read_object(payload)


def _range(raw: JsonValue) -> tuple[int, int]:
    if not isinstance(raw, list) or len(raw) != 2 or not all(count(1)(n) for n in raw):
        raise InputRejected("A missing range is two numbers.")
    return raw[0], raw[1]
