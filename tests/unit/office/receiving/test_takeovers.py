"""Of two offices under one name at most one gives way, and it is never the one that was there."""

from hypothesis import given
from hypothesis import strategies as st

from gate.errors import NetworkFault, SessionTakenOver
from office.receiving.takeovers import GIVES_WAY_AFTER, SETTLED_S, Takeovers
from tests.examples import examples

TOLD, DOWN = SessionTakenOver("Taken."), NetworkFault("Down.")
OURS, THEIRS, NOTHING = "a", "b", ""


def back(takeovers: Takeovers, kept: str | None, stood_s: float = 1.0) -> None:
    """A connection ends without a word; at the next one the broker has kept the state of this one,
    or `NOTHING`."""
    takeovers.note_end(DOWN, stood_s)
    if kept != NOTHING:
        takeovers.found(kept)


def test_a_newcomer_gives_way_after_a_few_in_a_row() -> None:
    newcomer = Takeovers("a")
    for time in range(GIVES_WAY_AFTER):
        assert not newcomer.gives_way, time
        back(newcomer, THEIRS)
    assert (newcomer.gives_way, newcomer.total) == (True, GIVES_WAY_AFTER)


def test_what_the_office_before_left_is_no_takeover() -> None:
    """A start finds the state of the process that ran here last."""
    started = Takeovers("a")
    assert not started.found(THEIRS)
    started.note_end(DOWN, 0.0)  # never stood
    assert not started.found(THEIRS)
    assert (started.in_row, started.total) == (0, 0)


def test_our_own_state_between_begins_anew() -> None:
    office = Takeovers("a")
    for kept in (THEIRS, THEIRS, OURS, THEIRS, THEIRS):
        back(office, kept)
        assert not office.gives_way
    back(office, NOTHING)  # a broker that lost its memory
    assert not office.gives_way
    back(office, None)  # an office of the version before
    assert office.gives_way


def test_a_takeover_that_the_broker_told_counts_once() -> None:
    office = Takeovers("a")
    office.note_end(TOLD, 1.0)
    assert not office.found(THEIRS)
    assert (office.in_row, office.total) == (1, 1)


def test_who_was_there_stays() -> None:
    there = Takeovers("a")
    back(there, THEIRS, SETTLED_S)
    for _ in range(100):
        back(there, THEIRS)
    assert (there.gives_way, there.total, there.in_row) == (False, 101, 101)


def test_a_long_connection_ends_a_row() -> None:
    office = Takeovers("a")
    back(office, THEIRS)
    back(office, THEIRS, SETTLED_S)
    assert office.in_row == 1


@examples(200)
@given(st.lists(st.booleans(), max_size=12), st.tuples(st.booleans(), st.booleans()))
def test_two_that_push_each_other_off_leave_one(
    kept_long: list[bool], settled: tuple[bool, bool]
) -> None:
    """They take turns; the one whose turn is over may have stood for long."""
    both = [Takeovers(name, settled=s) for name, s in zip("ab", settled, strict=True)]
    for turn in range(2 * GIVES_WAY_AFTER + len(kept_long)):
        loser, winner = both[turn % 2], both[1 - turn % 2]
        long = turn < len(kept_long) and kept_long[turn]
        back(loser, winner.process, SETTLED_S if long else 1.0)
        if loser.gives_way:
            assert not loser.settled
            assert not winner.gives_way
            return
    assert any(office.settled for office in both)
