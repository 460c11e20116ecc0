"""Counts that move on are those of a full count, whatever happened in between."""

from hypothesis import given
from hypothesis import strategies as st

from gate.core import room_tally
from gate.core.room_counts import room_counts
from gate.core.room_tally import PaperRooms, RoomTally
from gate.core.state import State
from tests.examples import examples

SEATS = {"01": ("a", "b", "c"), "02": ("d",), "03": ("e", "f")}
ROOM_OF = {key: room for room, keys in SEATS.items() for key in keys}
ROOMS = PaperRooms({room: len(keys) for room, keys in SEATS.items()}, ROOM_OF.get)
PEOPLE = st.dictionaries(
    st.tuples(st.sampled_from(("p", "q")), st.sampled_from("abcdefx")), st.just("t")
)
DOUBTS = st.frozensets(st.sampled_from("abcdefx"))


def full(state: State, doubtful: frozenset[str]) -> dict[str, object]:
    return {room: room_counts(state, "p", keys, doubtful) for room, keys in SEATS.items()}


@given(st.lists(st.tuples(PEOPLE, PEOPLE, DOUBTS), max_size=6))
@examples(300)
def test_what_moves_on_is_what_a_full_count_gives(
    looks: list[tuple[dict[tuple[str, str], str], dict[tuple[str, str], str], frozenset[str]]],
) -> None:
    tally = RoomTally("p", ROOMS)
    assert dict(tally.counts()) == full(State(), frozenset())
    for entered, left, doubtful in looks:
        assert not list(tally.move(entered, left, doubtful))
        assert dict(tally.counts()) == full(State(entered=entered, left=left), doubtful)


def test_a_look_that_is_broken_off_changes_nothing() -> None:
    many = {("p", f"{n}"): "t" for n in range(3 * room_tally.CHANGES_AT_ONCE)}
    rooms = PaperRooms({"01": len(many)}, lambda _: "01")
    tally = RoomTally("p", rooms)
    steps = tally.move(many, {}, frozenset())
    next(steps)
    steps.close()
    assert dict(tally.counts())["01"]["inside"] == 0
    assert len(list(tally.move(many, {}, frozenset()))) == 3
    assert dict(tally.counts())["01"]["inside"] == len(many)
