"""Documents and the numbers on them: GB 11643, GA/T 490, ICAO 7-3-1."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.card import (
    DocumentKind,
    Expiry,
    IdCard,
    check_character,
    is_valid_on,
    normalise_number,
    number_fault,
)

SPECIMENS = (  # printed in the standards, or made up; nobody's own
    "11010519491231002X",
    "440524188001010014",
    "810000199001010019",
    "932682198501010017",
    "KAZ110090123105",
)


@pytest.mark.parametrize("number", SPECIMENS)
def test_specimens_are_whole(number: str) -> None:
    assert number_fault(number) is None


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        ("11010519491231002x", "11010519491231002X"),
        (" 110105 19491231 002X\n", "11010519491231002X"),
        ("110105491231002", "11010519491231002X"),
        ("kaz110090123105", "KAZ110090123105"),
        ("", ""),
    ],
)
def test_a_number_is_brought_to_one_form(raw: str, number: str) -> None:
    assert normalise_number(raw) == number


@pytest.mark.parametrize(
    ("number", "fault"),
    [
        ("11010519491231002Y", "form"),
        ("1101051949123100", "form"),
        ("01010519491231002X", "form"),
        ("１1010519491231002X", "form"),
        ("", "form"),
        ("110105194912310029", "check"),
        ("11010519490229002X", "birth"),
        ("11010500001231002X", "birth"),
        ("KAZ110090123106", "check"),
        ("KA1110090123105", "form"),
    ],
)
def test_the_fault_of_a_number_is_named(number: str, fault: str) -> None:
    assert number_fault(number) == fault


@given(st.sampled_from(SPECIMENS[:4]), st.integers(0, 17), st.integers(1, 9))
def test_one_wrong_digit_never_passes(number: str, at: int, step: int) -> None:
    old = number[at]
    new = str((int(old) + step) % 10) if old.isdigit() else str(step)
    assert number_fault(number[:at] + new + number[at + 1 :]) is not None


@given(st.sampled_from(SPECIMENS[:4]), st.integers(0, 15))
def test_two_swapped_neighbours_never_pass(number: str, at: int) -> None:
    swapped = number[:at] + number[at + 1] + number[at] + number[at + 2 :]
    assert swapped == number or number_fault(swapped) is not None


@given(st.text(max_size=30))
def test_any_text_has_a_fault_or_none(text: str) -> None:
    number = normalise_number(text)
    assert number_fault(number) in (None, "form", "birth", "check")
    assert normalise_number(number) == number


def test_the_check_character_takes_digits_only() -> None:
    assert check_character("11010519491231002") == "X"
    with pytest.raises(ValueError, match="invalid literal"):
        check_character("1101051949123100X")


FIRST, LAST = date(2020, 1, 1), date(2025, 1, 1)


@pytest.mark.parametrize(
    ("valid_from", "valid_to", "day", "valid"),
    [
        (FIRST, LAST, FIRST, True),
        (FIRST, LAST, LAST, True),
        (FIRST, LAST, date(2019, 12, 31), False),
        (FIRST, LAST, date(2025, 1, 2), False),
        (None, LAST, date(1999, 1, 1), True),
        (FIRST, Expiry.LONG_TERM, date(2999, 1, 1), True),
        (FIRST, Expiry.LONG_TERM, date(2019, 12, 31), False),
        (FIRST, Expiry.UNKNOWN, date(2021, 1, 1), False),
    ],
)
def test_validity_includes_both_ends_and_unknown_is_not_unlimited(
    valid_from: date | None, valid_to: date | Expiry, day: date, valid: bool
) -> None:
    assert is_valid_on(valid_from, valid_to, day) is valid


def test_a_card_in_a_log_line_names_nobody() -> None:
    card = IdCard(DocumentKind.RESIDENT, SPECIMENS[0], "测试甲", None, Expiry.LONG_TERM)
    assert "测试甲" not in f"{card!r}"
    assert SPECIMENS[0][:-2] not in f"{card!r}"
