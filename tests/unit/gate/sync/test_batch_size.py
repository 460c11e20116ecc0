"""Batches become smaller where a broker calls one too large, and grow again by a stated rule."""

from hypothesis import given
from hypothesis import strategies as st

from gate.sync.batch_size import WAIT_MAX_S, WAIT_S, BatchSize, grown, halved
from gate.sync.wire import MAX_EVENTS

DAY_S = 86_400


def day(takes: "list[tuple[float, int]]") -> tuple[BatchSize, list[float]]:
    """A backlog that never ends, a batch a second for a day. `takes`: from when the broker takes
    how many events in one batch. The limit at the end, and when batches were refused."""
    size, refused, allowed = BatchSize(), list[float](), dict(takes)
    most = MAX_EVENTS
    for second in range(DAY_S):
        most = allowed.get(second, most)
        size = grown(size, second)
        if size.most > most:
            refused.append(second)
            size = halved(size, size.most, second)
    return size, refused


def test_one_odd_moment_is_over_in_minutes() -> None:
    size = BatchSize()
    for events in (50, 50, 25, 12, 6, 3, 1):
        size = halved(size, events, 100.0)
    assert size.most == 1
    for minute in range(1, 7):
        now_s = 100.0 + minute * WAIT_S
        assert grown(size, now_s - 1) == size
        size = grown(size, now_s)
    assert size.most == MAX_EVENTS
    assert grown(size, now_s + WAIT_S) == BatchSize(since_s=now_s + WAIT_S)


def test_batches_that_were_under_way_halve_it_once() -> None:
    size = BatchSize()
    for _ in range(4):
        size = halved(size, 50, 1.0)
    assert size.most == 25


def test_a_broker_that_always_takes_less_is_asked_seldom() -> None:
    for most in (1, 7, 49):
        size, refused = day([(0, most)])
        assert len(refused) < 6 + 6 + 24 + 1
        assert most // 2 <= size.most <= 2 * most


def test_a_broker_that_took_less_for_half_a_day_gets_whole_batches_within_hours() -> None:
    size, refused = day([(0, 3), (DAY_S // 2, MAX_EVENTS)])
    assert size == BatchSize(since_s=size.since_s)
    assert max(refused) < DAY_S // 2


steps = st.lists(
    st.tuples(st.booleans(), st.integers(1, MAX_EVENTS), st.floats(0, 2 * WAIT_MAX_S)), max_size=60
)


@given(steps)
def test_it_stays_within_its_bounds_and_always_comes_back(
    made: list[tuple[bool, int, float]],
) -> None:
    """`made`: whether a batch is refused, of how many events, and the seconds that passed."""
    size, now_s = BatchSize(), 0.0
    for is_refused, events, passed_s in made:
        now_s += passed_s
        before = size
        size = halved(size, events, now_s) if is_refused else grown(size, now_s)
        assert 1 <= size.most <= MAX_EVENTS
        assert WAIT_S <= size.wait_s <= WAIT_MAX_S
        if is_refused:
            assert size.most <= max(1, events // 2)
            assert size.most <= before.most
            assert grown(size, now_s + WAIT_S - 1) == size
        else:
            assert size.most in (before.most, min(MAX_EVENTS, 2 * before.most))
    for _ in range(8):
        now_s += WAIT_MAX_S
        size = grown(size, now_s)
    assert (size.most, size.wait_s) == (MAX_EVENTS, WAIT_S)
