"""Seats: each once, nobody beside a person of the same school, the same for the same seed."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrolment.core.seating import Room, Sitter, beside, seated, seats_of_room
from tests.examples import examples

ROOMS = st.builds(
    Room, st.just("d"), st.just("s"), st.uuids().map(str), st.integers(1, 40), st.integers(1, 8)
)
SCHOOLS = st.sampled_from(["", "", "一中", "二中", "三中", "四中"])


def sitters(*schools: str) -> list[Sitter]:
    return [Sitter(f"t{n}", school) for n, school in enumerate(schools)]


@examples(300)
@given(st.lists(SCHOOLS, max_size=60), st.lists(ROOMS, max_size=3), st.integers(0, 9))
def test_everybody_sits_once_and_beside_nobody_of_their_school(
    schools: list[str], rooms: list[Room], seed: int
) -> None:
    people = sitters(*schools)
    found = seated("p", people, rooms, seed)
    if found is None:
        return
    assert set(found) == {p.ticket for p in people}
    places = Counter((s.room, s.seat) for s in found.values())
    assert set(places.values()) <= {1}
    school = {(found[p.ticket].room, int(found[p.ticket].seat) - 1): p.school for p in people}
    for room in rooms:
        for (name, seat), mine in school.items():
            if name == room.room:
                assert seat < room.seats
                assert not mine or all(school.get((name, n)) != mine for n in beside(seat, room))
    assert seated("p", list(reversed(people)), rooms, seed) == found


@pytest.mark.parametrize(
    ("schools", "seats", "columns", "fits"),
    [
        (["一中"] * 15, 30, 6, True),
        (["一中"] * 16, 30, 6, False),
        (["一中"] * 15 + ["二中"] * 15, 30, 6, True),
        (["一中"] * 10 + ["二中"] * 10 + ["三中"] * 10, 30, 6, True),
        (["一中"] * 13 + ["二中"] * 9 + ["三中"] * 8, 30, 5, True),
        ([""] * 30, 30, 6, True),
        ([""] * 31, 30, 6, False),
        (["一中", "一中"], 2, 2, False),
        (["一中", "一中"], 3, 3, True),
    ],
)
def test_what_fits_into_one_room(schools: list[str], seats: int, columns: int, fits: bool) -> None:
    room = Room("d", "s", "01", seats, columns)
    assert (seated("p", sitters(*schools), [room], 1) is not None) == fits


def test_another_seed_gives_other_seats() -> None:
    room = Room("d", "s", "01", 30, 6)
    people = sitters(*[""] * 20)
    assert seated("p", people, [room], 1) != seated("p", people, [room], 2)


def test_a_second_room_is_used_where_the_first_would_put_a_school_together() -> None:
    rooms = [Room("d", "s", name, 30, 6) for name in ("01", "02")]
    found = seated("p", sitters(*["一中"] * 20), rooms, 1)
    assert found is not None
    assert Counter(s.room for s in found.values()) == {"01": 10, "02": 10}


def test_beside_is_left_right_before_and_behind() -> None:
    room = Room("d", "s", "01", 11, 4)
    assert sorted(beside(5, room)) == [1, 4, 6, 9]
    assert sorted(beside(3, room)) == [2, 7]
    assert sorted(beside(7, room)) == [3, 6]
    assert seats_of_room([], room) == {}
