"""Places: bounds in all and for one machine, and the display of the unit itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.web.client_address import is_loopback, machine_of
from gate.web.places import Places
from tests.examples import examples

ADDRESSES = ("10.0.0.1", "10.0.0.2", "10.0.0.3", "127.0.0.1", "2001:db8::1", "2001:db8::2", "")


@examples(200)
@given(
    steps=st.lists(st.tuples(st.booleans(), st.sampled_from(ADDRESSES)), max_size=60),
    in_all=st.integers(1, 8),
    for_one=st.integers(1, 8),
)
def test_never_more_than_the_bounds(
    steps: list[tuple[bool, str]], in_all: int, for_one: int
) -> None:
    places, held = Places(in_all, for_one), []
    for takes, address in steps:
        if takes and places.take(address):
            held.append(address)
        elif not takes and address in held:
            held.remove(address)
            places.leave(address)
        assert len(held) <= in_all
        assert max(places.taken.values(), default=0) <= for_one
        assert places.taken.total() == len(held)
        away = [a for a in held if not is_loopback(a)]
        assert len(away) <= in_all - 1


def test_the_display_finds_a_place_that_others_left() -> None:
    places = Places(in_all=3, for_one=3)
    assert [places.take(f"10.0.0.{n}") for n in range(4)] == [True, True, False, False]
    assert places.take("127.0.0.1")


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("127.0.0.1", True),
        ("127.0.0.2", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("10.0.0.1", False),
        ("::ffff:10.0.0.1", False),
        ("0.0.0.0", False),
        ("", False),
        ("localhost", False),
        ("127.0.0.1.evil", False),
    ],
)
def test_what_is_loopback(address: str, said: bool) -> None:
    assert is_loopback(address) is said


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8::1", "2001:db8::2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:10.0.0.1", "10.0.0.1", True),
        ("10.0.0.1", "10.0.0.2", False),
        ("::1", "::1", True),
    ],
)
def test_which_machine_it_is(one: str, other: str, same: bool) -> None:
    assert (machine_of(one) == machine_of(other)) is same
