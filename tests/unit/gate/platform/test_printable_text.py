"""Nothing from outside moves a cursor, forges a line or turns the reading order."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.platform.printable_text import is_printable, printable


@pytest.mark.parametrize(
    "forged",
    [
        "\x1b[2J",
        "\0",
        "a\nALARM b",
        "\r",
        "\x9b31m",
        "\u202eabc",
        "\u200b",
        "\u2066",
        "\ufeff",
        "\u2028",
        "\ud800",
        "\U000e0041",
        "\x7f",
        "\t",
    ],
)
def test_what_a_terminal_would_act_on_is_shown_as_an_escape(forged: str) -> None:
    shown = printable(forged)
    assert not is_printable(forged)
    assert is_printable(shown)
    assert "\\u" in shown


@pytest.mark.parametrize(
    "name", ["张三", "O’Neil é", "测\ue863", "测\U0002ebf0", "\U0003158e", "a b"]
)
def test_names_stay(name: str) -> None:
    assert printable(name) == name


@given(st.text(alphabet=st.characters(codec=None)))
def test_any_text_becomes_printable_and_json_reads_it_back(text: str) -> None:
    assert is_printable(printable(text))
    inside = json.dumps(text, ensure_ascii=False)
    assert json.loads(printable(inside)) == text
