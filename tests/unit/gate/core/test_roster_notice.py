"""Which roster a gate fetches, and when."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.roster_notice import (
    RESERVE_BYTES,
    SPREAD_MAX_S,
    RosterNotice,
    delay_s,
    lacking_bytes,
    newest,
    refusal,
)
from tests.examples import examples

A, B = "a" * 64, "b" * 64
NOTICE = RosterNotice("e-1", "s-01", 3, A, 2000, 3600)


@pytest.mark.parametrize(
    ("known", "said"),
    [
        ({}, None),
        ({"e-1/s-01": (2, B)}, None),
        ({"e-2/s-01": (9, B)}, None),
        ({"e-1/s-01": (3, A)}, ""),
        ({"e-1/s-01": (3, B)}, "another roster"),
        ({"e-1/s-01": (4, B)}, "older"),
    ],
)
def test_what_is_wanted(known: dict[str, tuple[int, str]], said: str | None) -> None:
    why = refusal(NOTICE, "s-01", known)
    assert why == said if not said else said in str(why)
    other = refusal(NOTICE, "s-02", known)
    assert other is not None
    assert "another site" in other


def test_of_each_exam_the_highest_version_counts() -> None:
    old, other = replace(NOTICE, version=2), replace(NOTICE, exam="e-0", version=1)
    assert newest([NOTICE, old, other]) == [other, NOTICE]


@given(st.text("abc-123", min_size=1), st.integers(0, 10**9))
@examples(60)
def test_a_gate_keeps_its_place_within_the_spread(gate: str, spread_s: int) -> None:
    notice = replace(NOTICE, spread_s=spread_s)
    assert delay_s(gate, notice) == delay_s(gate, notice)
    assert 0 <= delay_s(gate, notice) <= min(spread_s, SPREAD_MAX_S)


def test_a_thousand_gates_come_spread_out() -> None:
    """No tenth of the spread sees twice its share: the server is never met by all at once."""
    delays = [delay_s(f"s-{n:04}-g1", NOTICE) for n in range(1000)]
    tenths = [sum(360 * t <= d < 360 * (t + 1) for d in delays) for t in range(10)]
    assert sum(tenths) == 1000
    assert max(tenths) < 200


@given(st.integers(0, 2**31), st.integers(0, 2**31), st.integers(0, 2**40))
@examples(60)
def test_a_fetch_never_takes_the_journals_room(size: int, have: int, free: int) -> None:
    have = min(have, size)
    if lacking_bytes(size, have, free) == 0:
        assert free - (size - have) - size >= RESERVE_BYTES
