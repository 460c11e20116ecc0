"""Waits that grow with each failure in a row."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.backoff import backoff_s

FAILURES = st.integers(0, 10**12)
SECONDS = st.floats(0.001, 1000.0)


@pytest.mark.parametrize(
    ("first_s", "most_s", "waits_s"),
    [
        (0.3, 5.0, [0.3, 0.6, 1.2, 2.4, 4.8, 5.0, 5.0]),  # a scanner's port
        (0.3, 2.0, [0.3, 0.6, 1.2, 2.0, 2.0]),  # the card reader's
        (1.0, 32.0, [1, 2, 4, 8, 16, 32, 32]),  # the office's broker
        (10.0, 300.0, [10, 20, 40, 80, 160, 300, 300]),  # a batch without a receipt
    ],
)
def test_the_waits_of_the_loops(first_s: float, most_s: float, waits_s: list[float]) -> None:
    assert [backoff_s(n, first_s, most_s) for n in range(len(waits_s))] == waits_s


@given(FAILURES, SECONDS, SECONDS)
def test_a_wait_never_shrinks_and_stays_within_its_bounds(
    failures: int, first_s: float, most_s: float
) -> None:
    wait_s = backoff_s(failures, first_s, most_s)
    assert min(first_s, most_s) <= wait_s <= most_s
    assert wait_s <= backoff_s(failures + 1, first_s, most_s)


@given(SECONDS, st.data(), st.integers(0, 30))
def test_each_failure_doubles_the_wait_until_the_longest(
    first_s: float, data: st.DataObject, doublings: int
) -> None:
    """The longest wait is placed by the number of doublings, so no example hides a wrong factor
    behind it."""
    most_s = first_s * 2.0**doublings
    below = data.draw(st.integers(0, doublings))
    assert backoff_s(below, first_s, most_s) == first_s * 2.0**below
    assert backoff_s(below + 1, first_s, 2 * most_s) == 2 * backoff_s(below, first_s, most_s)
    assert backoff_s(doublings, first_s, most_s) == most_s
    assert backoff_s(doublings + 1 + data.draw(FAILURES), first_s, most_s) == most_s


@given(st.integers(0, 80), SECONDS, st.floats(1.0, 10_000.0))
def test_it_is_what_a_loop_gets_that_doubles_its_wait(
    failures: int, first_s: float, times: float
) -> None:
    """The scanner's and the reader's loops kept the wait itself and doubled it."""
    wait_s, most_s = first_s, first_s * times
    waits_s = [wait_s]
    for _ in range(failures):
        wait_s = min(2 * wait_s, most_s)
        waits_s.append(wait_s)
    assert [backoff_s(n, first_s, most_s) for n in range(failures + 1)] == waits_s


@given(FAILURES, SECONDS)
def test_the_longest_wait_is_reached_and_kept(failures: int, most_s: float) -> None:
    assert backoff_s(failures + 21, 0.001, most_s) == most_s
