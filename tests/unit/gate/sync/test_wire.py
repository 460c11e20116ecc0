"""Batches and receipts: what is encoded is decoded, what was touched is refused."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey

from gate.core.events import Instant
from gate.core.journal_entries import GENESIS, JournalEntry, seal
from gate.core.records import JournalEvent
from gate.errors import InputRejected, SignatureRefused
from gate.ports import Receipt
from gate.sync import envelope
from gate.sync.wire import Topics, decode_batch, decode_receipt, encode_batch, encode_receipt
from tests.examples import examples

GATE, EPOCH = "wh-hs-01-g1", "00112233aabbccdd"
KEY, FOREIGN = SigningKey(b"\x01" * 32), SigningKey(b"\x02" * 32)
PUBLIC = KEY.verify_key.encode()

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**40), 2**40)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=4,
)
BODIES = st.fixed_dictionaries({"score": VALUES, "备注": VALUES})


def chain(
    bodies: list[dict[str, object]], first: int = 1, prev: str = GENESIS
) -> list[JournalEvent]:
    events: list[JournalEvent] = []
    for seq, body in enumerate(bodies, first):
        when = Instant(datetime(2027, 4, 10, tzinfo=UTC) + timedelta(seconds=seq), seq, True)
        event = seal(
            JournalEntry("decision", when, body),
            gate=GATE,
            epoch=EPOCH,
            seq=seq,
            boot="b",
            previous=prev,
        )
        events.append(event)
        prev = event["hash"]
    return events


def enrolled(gate: str) -> bytes | None:
    return PUBLIC if gate == GATE else None


def payload_of(count: int = 3) -> bytes:
    return encode_batch(chain([{"score": 0.5}] * count), hist=False, key=KEY)[0]


@examples(50)
@given(st.lists(BODIES, min_size=1, max_size=3), st.integers(1, 10**6), st.booleans())
def test_a_batch_is_decoded_as_it_was(bodies: list, first: int, hist: bool) -> None:
    events = chain(bodies, first, "a" * 64)
    with_timing = [e | {"ms": {"total": 1.0}} for e in events]
    payload, count = encode_batch(with_timing, hist=hist, key=KEY)
    batch = decode_batch(payload, enrolled)
    assert (list(batch.events), count) == (events, len(events))
    assert (batch.gate, batch.epoch, batch.first, batch.last) == (
        GATE,
        EPOCH,
        first,
        first + count - 1,
    )
    assert (batch.prev, batch.head, batch.hist) == ("a" * 64, events[-1]["hash"], hist)


def test_a_batch_keeps_its_limits() -> None:
    payload, count = encode_batch(chain([{}] * 80), hist=True, key=KEY)
    assert count == 50
    payload, count = encode_batch(chain([{"note": "长" * 700}] * 50), hist=True, key=KEY)
    assert 10 < count < 20
    assert len(payload) <= 32 * 1024
    payload, count = encode_batch(chain([{"note": "x" * 15_000}] * 5), hist=True, key=KEY)
    assert (count, len(payload) <= 32 * 1024) == (2, True)


@examples(150)
@given(st.data())
def test_one_flipped_bit_anywhere_is_refused(data: st.DataObject) -> None:
    payload = bytearray(payload_of())
    at = data.draw(st.integers(0, len(payload) - 1))
    payload[at] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(InputRejected):
        decode_batch(bytes(payload), enrolled)


@examples(100)
@given(st.binary(max_size=300) | VALUES.map(lambda v: json.dumps(v).encode()))
def test_garbage_is_refused_in_words(garbage: bytes) -> None:
    for decode in (lambda g: decode_batch(g, enrolled), lambda g: decode_receipt(g, PUBLIC)):
        with pytest.raises(InputRejected):
            decode(garbage)


@pytest.mark.parametrize(
    "garbage",
    [
        b"",
        b"[" * 30_000,
        b'{"a":' * 6_000,
        b"\xff\xfe",
        b"1" * 5_000,
        b"NaN",
        payload_of().replace(b'"from":1', b'"from":NaN'),
        payload_of().replace(b'"from":1', b'"from":-Infinity'),
        payload_of().replace(b'"from":1', b'"from":1.0'),
        payload_of().replace(b'"from":1', b'"from":1e400'),
        b"{}",
        b'{"v":1,"v":2}',
        b" " * 40_000,
    ],
)
def test_hostile_json_is_refused(garbage: bytes) -> None:
    with pytest.raises(InputRejected):
        decode_batch(garbage, enrolled)


def resigned(**change: object) -> bytes:
    """A batch whose head says something else, and is signed for it: a gate that lies."""
    raw = json.loads(payload_of())
    events = raw.pop("ev")
    raw.pop("sig")
    events = change.pop("ev", events)
    signed = envelope.signed("batch", raw | change, KEY)
    return json.dumps(signed | {"ev": events}).encode()


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2},
        {"v": True},
        {"from": 0},
        {"from": -3},
        {"from": 2},
        {"to": 4},
        {"to": 2**60},
        {"from": "1"},
        {"from": 1.0},
        {"epoch": "0" * 15},
        {"epoch": "f" * 16},
        {"prev": "0" * 63},
        {"prev": "1" * 64},
        {"head": "0" * 64},
        {"hist": 1},
        {"gate": "wh-hs-01-g2"},
        {"gate": "../../office"},
        {"gate": None},
        {"ev": []},
        {"ev": "x"},
        {"ev": [None] * 3},
        {"ev": [{}] * 3},
        {"ev": None},
        {"ev": [{}] * 51, "to": 51},
    ],
)
def test_a_signed_lie_is_refused(change: dict) -> None:
    with pytest.raises(InputRejected):
        decode_batch(resigned(**change), enrolled)


def test_the_untouched_one_passes() -> None:
    assert decode_batch(resigned(), enrolled).last == 3


@pytest.mark.parametrize(
    "keys", [lambda _: None, lambda _: FOREIGN.verify_key.encode()], ids=["unknown", "another key"]
)
def test_who_is_not_enrolled_is_refused(keys: object) -> None:
    with pytest.raises(SignatureRefused):
        decode_batch(payload_of(), keys)


RECEIPT = Receipt(3, GATE, EPOCH, 5, "c" * 64, ((6, 7), (9, 9)), "2027-04-10T09:00:00+08:00", 12)


def test_a_receipt_is_decoded_as_it_was() -> None:
    assert decode_receipt(encode_receipt(RECEIPT, KEY), PUBLIC) == RECEIPT


def test_a_receipt_by_another_key_is_refused() -> None:
    with pytest.raises(SignatureRefused):
        decode_receipt(encode_receipt(RECEIPT, FOREIGN), PUBLIC)


def test_a_batchs_signature_does_not_stand_under_a_receipt() -> None:
    body = json.loads(encode_receipt(RECEIPT, KEY))
    del body["sig"], body["key"]
    forged = json.dumps(envelope.signed("batch", body, KEY)).encode()
    with pytest.raises(SignatureRefused):
        decode_receipt(forged, PUBLIC)


@examples(100)
@given(st.data())
def test_one_flipped_bit_in_a_receipt_is_refused(data: st.DataObject) -> None:
    payload = bytearray(encode_receipt(RECEIPT, KEY))
    at = data.draw(st.integers(0, len(payload) - 1))
    payload[at] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(InputRejected):
        decode_receipt(bytes(payload), PUBLIC)


@pytest.mark.parametrize(
    "missing", [[[7, 6]], [[5, 7]], [[6, 12]], [[6, 7], [7, 8]], [[6]], ["67"], [[6, 7.0]], [None]]
)
def test_missing_ranges_out_of_order_are_refused(missing: list) -> None:
    body = json.loads(encode_receipt(RECEIPT, KEY)) | {"missing": missing}
    body.pop("sig")
    with pytest.raises(InputRejected):
        decode_receipt(json.dumps(envelope.signed("receipt", body, KEY)).encode(), PUBLIC)


def test_topics() -> None:
    topics = Topics("hb-zk-2027-04", "wh-hs-01", GATE)
    assert topics.ev == f"eg/1/hb-zk-2027-04/wh-hs-01/{GATE}/ev"
    assert Topics.of(topics.rcpt) == (topics, "rcpt")


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "eg/1/e/s/g",
        "eg/2/e/s/g/ev",
        "eg/1/e/s/../ev",
        "eg/1/e/s/g/evil",
        "eg/1/e/S/g/ev",
        "eg/1/e/s/g\n/ev",
        "eg/1/e//g/ev",
        "eg/1/e/s/g/ev/",
    ],
)
def test_foreign_topics_are_refused(topic: str) -> None:
    with pytest.raises(InputRejected):
        Topics.of(topic)
