"""The digits of identity numbers against python-stdnum, which others wrote from the same standards.

It knows citizen numbers, and ISO 7064 apart from them. It does not know the digits of machine
readable zones (2.2), so there our two functions are compared with each other.
"""

from datetime import date

from hypothesis import example, given
from hypothesis import strategies as st
from stdnum.cn import ric
from stdnum.exceptions import InvalidChecksum, InvalidComponent
from stdnum.iso7064 import mod_11_2

from gate.core.card import check_character, icao_check, normalise_number, number_fault
from gate.drivers.scanners.mrz import check_digit

DIGIT = "0123456789"
FIRST_17 = st.text(DIGIT, min_size=17, max_size=17)
PLACE = st.sampled_from(["110105", "310101", "440524", "810000", "932682"]) | st.text(
    DIGIT, min_size=6, max_size=6
)
BIRTH = st.dates(date(1900, 1, 1), date(2030, 12, 31)).map("{:%Y%m%d}".format) | st.text(
    DIGIT, min_size=8, max_size=8
)
ORDER = st.text(DIGIT, min_size=3, max_size=3)


@given(FIRST_17)
def test_the_check_character_is_stdnums(first_17: str) -> None:
    assert check_character(first_17) == ric.calc_check_digit(first_17 + "0")
    assert check_character(first_17) == mod_11_2.calc_check_digit(first_17)


def stdnum_fault(number: str) -> str | None:
    """What stdnum finds wrong with 18 characters: `check` before `birth` before `place`."""
    try:
        ric.validate(number)
    except InvalidChecksum:
        return "check"
    except InvalidComponent:
        try:
            ric.get_birth_date(number)
        except InvalidComponent:
            return "birth"
        return "place"
    except KeyError:  # stdnum 2.2, where its table has the province and not the county
        return "place"
    return None


@given(PLACE, BIRTH, ORDER, st.booleans(), st.sampled_from("0123456789X"))
@example("110105", "19491231", "002", True, "X")  # GB 11643's own: no fault
@example("110105", "19490229", "002", True, "X")  # birth
@example("110105", "19491231", "002", False, "1")  # check
@example("440524", "18800101", "001", True, "X")  # place: no county had this code in 1880
@example("932682", "19850101", "001", True, "X")  # place: a foreigner's permanent residence card
@example("810000", "19900101", "001", True, "X")  # place: a residence permit, Hong Kong
@example("119999", "19491231", "002", True, "X")  # place: a county that Beijing has not
@example("010105", "19491231", "002", True, "X")  # form
def test_numbers_are_whole_where_stdnum_says_so(
    place: str, birth: str, order: str, right: bool, last: str
) -> None:
    """Two differences are meant.

    stdnum asks for a county that had the code in the year of birth. Its table ends, and lacks
    residence permits and foreigners' cards. So we ask for no county, only for a first digit that is
    not 0. And we look at the birth date before the check character.
    """
    first_17 = place + birth + order
    number = first_17 + (ric.calc_check_digit(first_17 + "0") if right else last)
    ours, theirs = number_fault(number), stdnum_fault(number)
    if place.startswith("0"):
        assert ours == "form"
        assert theirs is not None
    elif theirs == "check":
        assert ours in ("check", "birth")
    else:
        assert ours == (None if theirs == "place" else theirs)


@given(PLACE, st.dates(date(1900, 1, 1), date(1999, 12, 31)), ORDER)
def test_a_number_of_15_digits_gets_stdnums_check_character(
    place: str, born: date, order: str
) -> None:
    number = normalise_number(f"{place}{born:%y%m%d}{order}")
    assert number[6:14] == f"{born:%Y%m%d}"
    assert number[-1] == ric.calc_check_digit(number)


@given(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ" + DIGIT))
def test_the_two_check_digits_of_icao_agree(text: str) -> None:
    assert icao_check(text) == check_digit(text)
