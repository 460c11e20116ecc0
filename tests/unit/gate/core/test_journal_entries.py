"""Canonical bytes and the hash chain: every change is found and named by its place."""

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.journal_entries import (
    GENESIS,
    NOT_HASHED,
    ChainFault,
    JournalEntry,
    canonical_bytes,
    event_hash,
    key_id,
    seal,
    verify_chain,
)
from tests.unit.gate.core.world import instant

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**53), 2**53),
    words,
    st.floats(allow_nan=False, allow_infinity=False),
    st.lists(words, max_size=2),
)
bodies = st.dictionaries(words.map(lambda w: f"b-{w}"), values, max_size=4)
chains = st.lists(bodies, min_size=3, max_size=6)


def chain(many: list[dict[str, Any]], gate: str = "g1", epoch: str = "e") -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = []
    head = GENESIS
    for seq, body in enumerate(many, 1):
        entry = JournalEntry("decision", instant(), body)
        event = seal(entry, gate=gate, epoch=epoch, seq=seq, boot="b", previous=head)
        head = event["hash"]
        events.append(event)
    return events


def check(events: list[Any]) -> ChainFault | None:
    return verify_chain(events, gate="g1", epoch="e")


@given(chains)
def test_a_chain_survives_json_and_is_whole(many: list[dict[str, Any]]) -> None:
    events = chain(many)
    again = [json.loads(json.dumps(e, ensure_ascii=False)) for e in events]
    assert check(events) is None
    assert check(again) is None
    assert [canonical_bytes(e) for e in events] == [canonical_bytes(e) for e in again]


@given(chains, st.data())
def test_edited_cut_swapped_or_foreign_is_named(many: list[Any], data: st.DataObject) -> None:
    events = chain(many)
    place = data.draw(st.integers(0, len(events) - 2))
    key = data.draw(st.sampled_from(sorted(events[place].keys() - {"seq", "gate", "epoch"})))
    edited = [dict(e) for e in events]
    edited[place][key] = "altered!"
    assert check(edited) == ChainFault(place + 1, "altered")
    lost = [dict(e) for e in events]
    del lost[place][key]
    assert check(lost) == ChainFault(place + 1, "altered")
    added = [dict(e) for e in events]
    added[place]["more"] = None
    assert check(added) == ChainFault(place + 1, "altered")
    assert check(events[:place] + events[place + 1 :]) == ChainFault(place + 1, "gap")
    swapped = [*events]
    swapped[place], swapped[place + 1] = swapped[place + 1], swapped[place]
    assert check(swapped) == ChainFault(place + 1, "order")
    twice = [*events[: place + 1], *events[place:]]
    assert check(twice) == ChainFault(place + 2, "order")


@pytest.mark.parametrize("other", [{"gate": "g2"}, {"epoch": "f"}])
def test_another_gates_event_is_foreign(other: dict[str, str]) -> None:
    events, alien = chain([{}, {}, {}]), chain([{}, {}, {}], **other)
    assert check([events[0], alien[1], events[2]]) == ChainFault(2, "foreign")


def test_a_rehashed_edit_breaks_at_the_next() -> None:
    events = chain([{"b": 1}, {"b": 2}, {"b": 3}])
    forged = dict(events[1], b=9)
    forged["hash"] = event_hash(forged["prev"], forged)
    assert check([events[0], forged, events[2]]) == ChainFault(3, "altered")


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"seq": "2"}, "altered"),
        ({"seq": None}, "altered"),
        ({"seq": 2.0}, "altered"),
        ({"seq": 0}, "order"),
        ({"gate": None}, "foreign"),
        ({"score": float("nan")}, "altered"),
        ({"by": "\ud800"}, "altered"),
        ({"prev": "no hex"}, "altered"),
        ({"hash": 5}, "altered"),
    ],
)
def test_nonsense_is_a_fault_and_no_traceback(change: dict[str, Any], what: str) -> None:
    events = chain([{}, {"score": 0.5}, {}])
    events[1] |= change
    assert check(events) == ChainFault(2, what)


def test_a_page_continues_where_the_last_one_ended() -> None:
    events = chain([{}, {}, {}, {}])
    head = events[1]["hash"]
    assert verify_chain(events[2:], gate="g1", epoch="e", seq=2, head=head) is None
    assert verify_chain(events[2:], gate="g1", epoch="e", seq=2, head=GENESIS) == ChainFault(
        3, "altered"
    )
    assert verify_chain([], gate="g1", epoch="e") is None


def test_canonical_bytes_as_documented() -> None:
    """An outside tool can recompute this with SHA-256 and any JSON library that sorts keys."""
    event = {"b": "请入场", "a": 1.5, "prev": "x", "hash": "y", "ms": {"disk": 2}}
    assert canonical_bytes(event) == '{"a":1.5,"b":"请入场"}'.encode()
    expected = hashlib.sha256(b"\0" * 32 + canonical_bytes(event)).hexdigest()
    assert event_hash(GENESIS, event) == expected
    assert {"prev", "hash", "ms"} == NOT_HASHED


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf"), "\ud800"])
def test_what_json_cannot_say_is_refused(bad: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - json and the codec word it differently
        canonical_bytes({"score": bad})


def test_a_key_of_the_envelope_in_a_body_is_refused() -> None:
    for key in ("id", "seq", "prev", "hash", "clock", "at", "kind", "gate", "epoch", "boot"):
        with pytest.raises(ValueError, match=key):
            JournalEntry("decision", instant(), {key: 1})


def test_the_envelope() -> None:
    (event,) = chain([{"ticket": "1"}])
    assert event | {"hash": ""} == {
        "v": 1,
        "id": "e-1",
        "kind": "decision",
        "gate": "g1",
        "epoch": "e",
        "seq": 1,
        "at": "2027-04-10T08:45:00.000+08:00",
        "mono_ms": 5000,
        "boot": "b",
        "clock": "trusted",
        "ticket": "1",
        "prev": GENESIS,
        "hash": "",
    }
    untrusted = JournalEntry("decision", instant(trusted=False), {})
    assert seal(untrusted, gate="g", epoch="e", seq=1, boot="b", previous=GENESIS)["clock"] == (
        "untrusted"
    )


def test_key_id() -> None:
    assert key_id(b"key") == hashlib.sha256(b"key").hexdigest()[:16]


def test_a_second_event_for_one_place_is_a_fork() -> None:
    """As two copies of one card make it."""
    events = chain([{}, {"score": 0.5}, {}])
    other = chain([{}, {"score": 0.6}])[1]
    found = check([*events[:2], other, events[2]])
    assert found == ChainFault(2, "fork")
    assert events[1]["hash"][:16] in str(found)
    assert other["hash"][:16] in str(found)


def test_the_fault_says_what_was_expected() -> None:
    events = chain([{}, {}, {}])
    assert str(check([events[0], events[2]])) == "event 2: gap (expected seq 2, found seq 3)"
