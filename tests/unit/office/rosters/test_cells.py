"""Cells as offices leave them: what carries no information is taken off, what was lost is named."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from office.rosters import cells
from tests.examples import examples
from tests.roster_making import citizen

NUMBER = citizen(7)
ENDS_IN_X = next(citizen(n) for n in range(100) if citizen(n).endswith("X"))
WIDE = str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")


@pytest.mark.parametrize(
    "left",
    [
        "'{}",
        "`{}",
        "’{}",
        "‘{}’",
        "＇{}",
        "\t{}",
        " {} ",
        "　{}\u00a0",
        '="{}"',
        '= "{}" ',
        "={}",
        '"{}"',
        '\'="{}"',
        "{}.0",
        "{}.00",
        "{}.",
        "\u200b{}",
        "\ufeff{}\u202c",
        "{}\u00ad",
        "\u2066{}\u2069",
        "'{}\n",
    ],
)
def test_what_a_spreadsheet_leaves_is_taken_off(left: str) -> None:
    assert cells.number(left.format(NUMBER)) == NUMBER
    assert cells.code(left.format("A021")) == "A021"


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        (NUMBER.translate(WIDE), NUMBER),
        (f"{NUMBER[:6]} {NUMBER[6:14]} {NUMBER[14:]}", NUMBER),
        (f"{NUMBER[:6]}-{NUMBER[6:14]}–{NUMBER[14:]}", NUMBER),
        (f"{int(NUMBER[:17]):,}", NUMBER[:17]),
        (ENDS_IN_X.lower(), ENDS_IN_X),
        (ENDS_IN_X[:17] + "×", ENDS_IN_X),
        (ENDS_IN_X[:17] + "Ⅹ", ENDS_IN_X),
        (ENDS_IN_X[:17] + "Х", ENDS_IN_X),
        ("9.90105199001161154E+17", "990105199001161154"),
        ("4.20106E+17", "4.20106E+17"),
    ],
)
def test_numbers(raw: str, number: str) -> None:
    assert cells.number(raw) == number


@pytest.mark.parametrize(
    ("text", "lost"),
    [
        ("4.20106E+17", True),
        ("1.01E+11", True),
        ("1e+11", True),
        ("4.20106E17", True),
        ("12E34", False),
        ("E2024", False),
        ("990105199001161154", False),
        ("", False),
    ],
)
def test_lost_digits_are_seen_and_a_ticket_with_an_e_is_none(text: str, lost: bool) -> None:
    assert cells.digits_lost(cells.code(text)) is lost


@pytest.mark.parametrize(
    ("text", "is_date"),
    [
        ("2026/3/1", True),
        ("3月1日", True),
        ("1-Mar", True),
        ("Mar-26", True),
        ("2026-03-01 00:00:00", True),
        ("44-A", False),
        ("3-1", False),
        ("12", False),
    ],
)
def test_a_seat_that_became_a_date(text: str, is_date: bool) -> None:
    assert cells.is_date(text) is is_date


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("张 　三", "张三"),
        (" 张三\t", "张三"),
        ("'张三", "张三"),
        ('="张三"', "张三"),
        ("张三\u200b", "张三"),
        ("\ufeff张\u00ad三\u202c", "张三"),
        ("O'NEIL  JOHN", "O'NEIL JOHN"),
        ("阿依古丽·买买提", "阿依古丽·买买提"),
        ("测\ufe00", "测\ufe00"),
        ("测\U000e0100", "测\U000e0100"),
        ("\ue863 测", "\ue863测"),
        ("a\tb", "a\tb"),
        ("Jose\u0301", "José"),
    ],
)
def test_names(raw: str, name: str) -> None:
    assert cells.name(raw) == name


@pytest.mark.parametrize(
    "character",
    ["\ue863", "\U0003158e", "\U0002ebf0", "\U00030302", "\u9fff", "\u2ff0", "?", "\u0378"],
)
def test_private_new_and_unassigned_characters_pass(character: str) -> None:
    assert not cells.unfit(f"测{character}")


@pytest.mark.parametrize(
    "character",
    [*map(chr, (0xFFFD, 0, 0x1B, 0x7F, 0x85, 0xD800, 0xDFFF, 0xFDD0, 0xFFFF, 0x10FFFE))],
)
def test_proofs_of_damage_do_not(character: str) -> None:
    assert cells.unfit(f"测{character}")


_LEFT = st.text("='\"`’＇ \t\u3000\u200b\ufeff.0１1X,-+Ee张三·'", max_size=12)


@examples(400)
@given(_LEFT)
def test_any_cell_is_cleaned_once(raw: str) -> None:
    for clean in (cells.code, cells.name):
        once = clean(raw)
        assert clean(once) == once


@examples(400)
@given(st.characters(exclude_categories=("Cc", "Cs")))
def test_no_table_of_pythons_decides(character: str) -> None:
    """Whether a character is assigned in this Python's Unicode does not matter."""
    gone = unicodedata.normalize("NFC", character) in "\ufffd" or ord(character) & 0xFFFE == 0xFFFE
    assert cells.unfit(character) is (gone or 0xFDD0 <= ord(character) <= 0xFDEF)


@pytest.mark.parametrize(
    ("one", "other"),
    [("张三", "张　三"), ("阿·买", "阿•买"), ("测\U000e0100", "测"), ("Ann LEE", "ANN  Lee")],
)
def test_spellings_of_one_name(one: str, other: str) -> None:
    assert cells.same_name(one) == cells.same_name(other)
