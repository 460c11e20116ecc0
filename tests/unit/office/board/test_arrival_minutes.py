"""A gate's clock in the future moves no arrivals curve."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from office.board.arrival_minutes import arrival_minute
from office.board.board_counts import BoardCounts, Seen
from office.board.overview import CURVE_MINUTES, curve_of
from tests.examples import examples

HEARD = datetime(2027, 4, 10, 1, 0, 30, tzinfo=UTC)
HEARD_MINUTE = int(HEARD.timestamp()) // 60


@pytest.mark.parametrize(
    ("at", "minutes_before"),
    [
        ("2027-04-10T08:59:59.999+08:00", 1),
        ("2027-04-10T09:00:10.000+08:00", 0),
        ("2027-04-10T09:20:00.000+08:00", 0),
        ("2099-01-01T00:00:00.000+08:00", 0),
        ("2027-04-09T09:00:30.000+08:00", 24 * 60),
        ("no time", 0),
        ("2027-04-10T08:59:59", 0),
        (None, 0),
    ],
)
def test_the_receiving_bounds_the_gates_own_clock(at: str | None, minutes_before: int) -> None:
    found = arrival_minute(at, HEARD.isoformat(timespec="milliseconds"))
    assert found is not None
    assert HEARD_MINUTE - found == minutes_before


@pytest.mark.parametrize("at", [None, "no time"])
def test_nothing_says_when(at: str | None) -> None:
    assert arrival_minute(at, "no time") is None
    assert arrival_minute("0001-01-01T00:00:00+14:00", "no time") is not None


@given(st.lists(st.tuples(st.integers(0, 59), st.integers(-(10**6), 10**6)), max_size=30))
@examples(100)
def test_no_clock_moves_the_curve_past_what_was_received(said: list[tuple[int, int]]) -> None:
    """`said`: minutes at which the office received something, and by how much the clock was off."""
    counts = BoardCounts()
    for heard, off in said:
        received = HEARD - timedelta(minutes=59 - heard)
        at = (received + timedelta(minutes=off)).isoformat()
        minute = arrival_minute(at, received.isoformat())
        counts.add([Seen("g", "s", "decision", "e", "p", "REFUSE", at, None, minute)])
    curve = curve_of(counts.arrivals.values(), UTC)
    newest = max((heard + min(off, 0) for heard, off in said), default=None)
    if newest is None:
        assert curve == []
    else:
        last = HEARD - timedelta(minutes=59 - newest)
        assert curve[-1][0] == last.strftime("%Y-%m-%dT%H:%M")
        assert len(curve) <= CURVE_MINUTES
