"""What signed heads prove of kept events: any contents, one by one, and two of a copied card."""

import itertools
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey

from gate.core.journal_entries import GENESIS, key_id, seal, unchained
from gate.core.json_types import JsonObject
from gate.core.records import JournalEvent
from gate.sync.export_inspection import FAULTS_KEPT
from gate.sync.proofs import KeptEvent, Proof, joined, proof_of, ranges, without
from gate.sync.wire import batch_head
from tests.examples import examples
from tests.journal_making import GATE, entry

EPOCH = "00112233aabbccdd"
KEY = SigningKey(b"\x01" * 32)
KEYS = {key_id(KEY.verify_key.encode()): KEY.verify_key.encode()}


def chain(count: int, first: int = 1, prev: str = GENESIS, note: str = "") -> list[JournalEvent]:
    made: list[JournalEvent] = []
    for seq in range(first, first + count):
        one = entry(seq, note=note)
        made.append(seal(one, gate=GATE, epoch=EPOCH, seq=seq, boot="b", previous=prev))
        prev = made[-1]["hash"]
    return made


OURS = chain(12)
COPY = chain(6, 7, OURS[5]["hash"], note="copy")
"""Another card's events 7 to 12: it was copied behind event 6."""


def kept(event: JournalEvent, *, stored: bool = True) -> KeptEvent:
    return KeptEvent(event["seq"], event["prev"], event["hash"], unchained(event), stored)


def head(events: Sequence[JournalEvent]) -> JsonObject:
    return batch_head(events, hist=False, key=KEY)


def proof(rows: Sequence[KeptEvent], *heads: JsonObject) -> Proof:
    found = sorted(rows, key=lambda row: row.seq)
    return proof_of(heads, lambda first, last: [r for r in found if first <= r.seq <= last], KEYS)


def told(found: Proof) -> list[tuple[int, str]]:
    return [(fault.seq, fault.what) for fault in found.faults]


STORED = [kept(e) for e in OURS]
BOTH = [*STORED, *(kept(e, stored=False) for e in COPY)]


def test_contents_that_lead_to_the_head_are_proven() -> None:
    for heads in ([OURS[:5], OURS[5:]], [OURS[5:], OURS[:5]]):  # as they came
        found = proof(STORED, *map(head, heads))
        assert (found.heads, found.to, told(found)) == (2, 12, [])
    assert found.uncovered([(1, 12)]) == []


@examples(60)
@given(st.integers(0, 11), st.sampled_from(["content", "hash", "prev", "spelling"]))
def test_an_edit_within_a_head_unproves_all_of_it(at: int, what: str) -> None:
    """The columns beside the content may say what they like: the content counts."""
    row = STORED[at]
    assert row.event is not None
    other: JournalEvent = row.event | {"outcome": "ADMIT"}  # type: ignore[typeddict-unknown-key]
    changed = {
        "content": replace(row, event=other),
        "hash": replace(row, hash="f" * 64),
        "prev": replace(row, prev="f" * 64),
        "spelling": replace(row, event=None),
    }[what]
    rows = [*STORED[:at], changed, *STORED[at + 1 :]]
    found = proof(rows, head(OURS[:6]), head(OURS[6:]))
    proven = what in ("hash", "prev")  # the chain's walk tells those
    ours, others = ((1, 6), (7, 12)) if at < 6 else ((7, 12), (1, 6))
    assert found.uncovered([(1, 12)]) == ([] if proven else [ours])
    assert told(found) == ([] if proven else [(ours[0], "altered")])
    assert others in joined(found.proven) or proven


def test_one_that_is_missing_is_named() -> None:
    found = proof([*STORED[:3], *STORED[5:8], *STORED[9:]], head(OURS))
    assert told(found) == [(4, "cut"), (9, "cut")]
    assert "events 4 to 5 were signed and are missing" in found.faults[0].says
    assert found.uncovered([(1, 3), (6, 8), (10, 12)]) == [(1, 3), (6, 8), (10, 12)]


def test_both_copies_of_a_card_are_proven_each_by_its_own_heads() -> None:
    found = proof(BOTH, head(OURS[:6]), head(OURS[6:]), head(COPY))
    assert (told(found), found.uncovered([(1, 12)])) == ([], [])


def test_a_copys_head_proves_nothing_of_what_is_stored() -> None:
    found = proof(BOTH, head(OURS[:6]), head(COPY))
    assert (told(found), found.uncovered([(1, 12)])) == ([], [(7, 12)])


def test_a_head_across_the_place_where_they_part_proves_the_common_part() -> None:
    found = proof(BOTH, head([*OURS[3:6], *COPY]))
    assert (told(found), found.uncovered([(1, 12)])) == ([], [(1, 3), (7, 12)])


@pytest.mark.parametrize("at", range(6))
def test_an_edit_of_what_is_kept_beside_is_told(at: int) -> None:
    beside = [kept(e, stored=False) for e in COPY]
    changed: JournalEvent = COPY[at] | {"outcome": "ADMIT"}  # type: ignore[typeddict-unknown-key]
    beside[at] = replace(beside[at], event=unchained(changed))
    found = proof([*STORED, *beside], head(OURS), head(COPY))
    assert told(found) == [(7, "altered")]
    for prev in (b"\xff", 5):  # what SQLite lets an insider write there
        beside[at] = replace(kept(COPY[at], stored=False), prev=prev)
        expected = [] if at == 0 else [(7, "altered")]  # the head says what its first follows
        assert told(proof([*STORED, *beside], head(OURS), head(COPY))) == expected
    beside[at] = replace(beside[at], event=None)
    assert told(proof([*STORED, *beside], head(OURS), head(COPY))) == [(7, "altered")]


def test_what_an_earlier_version_kept_beside_without_its_prev_is_traced() -> None:
    beside = [replace(kept(e, stored=False), prev="") for e in COPY]
    found = proof([*STORED, *beside], head(OURS), head(COPY))
    assert (told(found), found.uncovered([(1, 12)])) == ([], [])


def test_faults_are_bounded() -> None:
    heads = [head([e]) | {"sig": "no"} for e in OURS * 3]
    found = proof(STORED, *heads)
    assert (found.heads, len(found.faults)) == (0, FAULTS_KEPT)


@pytest.mark.parametrize(
    "change",
    [
        *({"key": value} for value in (["a"], 5, None)),
        *({"from": value} for value in ("1", None, 0)),
        *({"to": value} for value in (10**30, 99, 0)),
        *({name: None} for name in ("prev", "head", "sig", "gate", "v", "hist")),
    ],
)
def test_what_has_not_the_form_of_a_head_is_a_fault_and_no_crash(change: JsonObject) -> None:
    found = proof(STORED, head(OURS) | change)
    assert [what for _, what in told(found)] == ["signature"]
    assert (found.heads, found.to) == (0, 0)


SETS = st.sets(st.integers(1, 30))


@examples(200)
@given(SETS, st.lists(SETS, max_size=4))
def test_ranges_are_the_sets_that_they_stand_for(some: set[int], taken: list[set[int]]) -> None:
    spans = [span for one in taken for span in ranges(sorted(one))]
    union = joined(spans)
    assert union == sorted(union)
    assert all(b[0] > a[1] + 1 for a, b in itertools.pairwise(union))
    assert members(union) == set().union(*taken)
    assert members(without(ranges(sorted(some)), union)) == some - set().union(*taken)


@examples(100)
@given(st.lists(st.tuples(st.integers(1, 20), st.integers(0, 9)), max_size=8))
def test_ranges_within_each_other_are_joined(some: list[tuple[int, int]]) -> None:
    spans = [(first, first + more) for first, more in some]
    assert members(joined(spans)) == members(spans)


def members(spans: list[tuple[int, int]]) -> set[int]:
    return {n for first, last in spans for n in range(first, last + 1)}
