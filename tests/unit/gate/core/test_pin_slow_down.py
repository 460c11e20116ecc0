"""Waits between PINs: guessing is slow, and nobody waits for somebody else's mistakes."""

from hypothesis import given
from hypothesis import strategies as st

from gate.core import pin_slow_down
from gate.core.pin_slow_down import (
    ACCOUNT_BURST,
    ACCOUNT_TURN_S,
    FORGET_S,
    FREE,
    LONGEST_S,
    UNIT_BURST,
    SlowDown,
)

ALL = range(2000)


def tried(it: SlowDown, account: str, connection: int, now_s: float, **more: bool) -> bool:
    """Whether a wrong PIN was looked at."""
    if it.wait_s(account, connection, now_s, ALL, **more) > 0:
        return False
    it.wrong(account, connection, now_s)
    return True


def test_one_connection_waits_longer_each_time_and_a_minute_at_most() -> None:
    it, now_s, waits = SlowDown(), 0.0, []
    for _ in range(FREE + 12):
        assert tried(it, "chief", 1, now_s)
        waits.append(it.wait_s("chief", 1, now_s, ALL))
        now_s += waits[-1]
    assert waits[: FREE + 4] == [0.0, 0.0, 1.0, 2.0, 4.0, 8.0, 16.0]
    assert max(waits) == LONGEST_S


def test_who_waits_gets_a_look_when_the_wait_is_over_and_not_before() -> None:
    it = SlowDown()
    for _ in range(FREE):
        tried(it, "chief", 1, 0.0)
    assert not tried(it, "chief", 1, 0.999)
    assert tried(it, "chief", 1, 1.0)


def test_asking_while_waiting_does_not_make_it_longer() -> None:
    it = SlowDown()
    for _ in range(FREE + 5):
        tried(it, "chief", 1, 0.0)
    for n in range(100):
        it.wait_s("chief", 1, n * 0.009, ALL)
    assert tried(it, "chief", 1, 1.0)


def test_a_right_pin_begins_anew() -> None:
    it = SlowDown()
    for _ in range(FREE - 1):
        tried(it, "li", 1, 0.0)
    assert it.wait_s("li", 1, 0.0, ALL) == 0.0
    it.right("li", 1)
    assert [tried(it, "li", 1, 0.0) for _ in range(FREE)] == [True] * FREE


def test_waits_are_forgotten_after_a_quarter_of_an_hour() -> None:
    it = SlowDown()
    for now_s in (0.0, 0.0, 0.0, 1.0, 3.0, 7.0):
        assert tried(it, "chief", 1, now_s)
    assert [tried(it, "chief", 1, 7.0 + FORGET_S) for _ in range(FREE)] == [True] * FREE


def test_a_thousand_wrong_pins_over_four_connections() -> None:
    """At one moment: a dozen are looked at. The person attacked gets in from a device of their own,
    others from theirs, and from the very connections of the attack."""
    it = SlowDown()
    looked_at = sum(tried(it, "chief", n % 4, 100.0) for n in range(1000))
    assert looked_at == 4 * FREE
    assert it.wait_s("chief", 9, 100.0, ALL) == 0.0
    assert it.wait_s("wang", 8, 100.0, ALL) == 0.0
    assert it.wait_s("wang", 0, 100.0, ALL) == 0.0


def test_new_connections_do_not_help() -> None:
    """One for each PIN, for an hour: the burst, then one in ten seconds."""
    it, looked_at, connection = SlowDown(), 0, 1000
    for second in range(3600):
        for _ in range(3):
            connection += 1
            if it.wait_s("chief", connection, float(second), {connection}) == 0.0:
                it.wrong("chief", connection, float(second))
                looked_at += 1
    assert looked_at <= ACCOUNT_BURST + 3600 / ACCOUNT_TURN_S


def test_the_person_under_attack_gets_a_turn() -> None:
    """Thirty connections try the account without a pause. Its owner comes with a new one, waits as
    told and gets in: the attack locks nobody out."""
    it, now_s = SlowDown(), 0.0
    attackers = range(1, 31)
    for now in range(600):
        for each in attackers:
            tried(it, "chief", each, float(now))
    now_s = 600.0
    told_s = it.wait_s("chief", 99, now_s, ALL)
    assert 0.0 < told_s <= (len(attackers) + 1) * ACCOUNT_TURN_S
    while now_s < 600.0 + told_s:
        now_s += 1.0
        for each in attackers:
            tried(it, "chief", each, now_s)
    assert it.wait_s("chief", 99, now_s, ALL) == 0.0


def test_a_place_in_the_queue_ends_with_its_connection() -> None:
    it = SlowDown()
    for n in range(ACCOUNT_BURST):
        tried(it, "chief", n, 0.0)
    for n in range(100, 1100):
        it.wait_s("chief", n, 0.0, {n})
    assert it.wait_s("chief", 5000, 0.0, {5000}) <= 2 * ACCOUNT_TURN_S


def test_who_is_signed_in_waits_for_nobody_else() -> None:
    it = SlowDown()
    for n in range(UNIT_BURST * 3):
        tried(it, "chief" if n % 2 else f"made up {n}", n, 0.0)
    assert it.wait_s("chief", 900, 0.0, ALL) > 0.0
    assert it.wait_s("chief", 901, 0.0, ALL, proven=True) == 0.0
    assert [tried(it, "chief", 901, 0.0, proven=True) for _ in range(FREE + 1)][-1] is False


def test_made_up_ids_are_bounded_in_work_and_in_memory() -> None:
    it = SlowDown()
    looked_at = sum(tried(it, f"id {n}", n, n / 1000) for n in range(2000))
    assert looked_at <= UNIT_BURST + 2
    assert len(it._accounts) <= pin_slow_down.ACCOUNTS_MAX
    assert len(it._pairs) <= UNIT_BURST + 2


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["chief", "li", "x"]),
            st.integers(0, 5),
            st.floats(0.0, 30.0),
            st.sampled_from(["wrong", "right", "gone"]),
        ),
        max_size=60,
    )
)
def test_whatever_happened_a_wait_ends_and_is_bounded(
    steps: list[tuple[str, int, float, str]],
) -> None:
    it, now_s, living = SlowDown(), 0.0, set(range(6))
    for account, connection, later_s, what in steps:
        now_s += later_s
        if what == "gone":
            living.discard(connection)
            continue
        living.add(connection)
        if it.wait_s(account, connection, now_s, living) == 0.0:
            getattr(it, what)(account, connection, *([now_s] if what == "wrong" else []))
    wait_s = it.wait_s("chief", 77, now_s, {*living, 77})
    assert 0.0 <= wait_s <= LONGEST_S + 8 * ACCOUNT_TURN_S
    assert it.wait_s("chief", 77, now_s + wait_s + 1e-6, {*living, 77}) == 0.0
