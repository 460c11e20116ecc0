"""A masked name: its owner knows it, nobody else can read it. All names are invented."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gate.core.masked_name import masked_name


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("张三", "张*"),
        ("张小三", "张*三"),
        ("欧阳小三", "欧阳**"),
        ("欧阳三", "欧阳*"),
        ("歐陽小三", "歐陽**"),
        ("欧阳", "欧*"),
        ("张欧阳三", "张**三"),
        ("张", "*"),
        ("", ""),
        ("买买提江·吐尔逊别克", "买***·吐****"),
        ("Anna Maria Schmidt", "A*** M**** S******"),
        ("Anna", "A***"),
        ("  张 三 ", "张*"),
        ("张 小 三", "张*三"),
        ("A B", "A *"),
        ("A", "*"),
        ("\U0002ebf0小三", "\U0002ebf0*三"),
        ("\ue123三", "\ue123*"),
        ("葛\U000e0100小三", "葛\U000e0100*三"),
        ("张\u202e小三\u0000", "张*三"),
        ("Jose\u0301 Nun\u0303ez", "J*** N****"),
        ("<b>三</b>", "<******"),
        ("ᠪᠠᠲᠤ", "ᠪ***"),
    ],
)
def test_what_is_shown(name: str, shown: str) -> None:
    assert masked_name(name) == shown


@pytest.mark.parametrize("length", range(2, 21))
def test_a_name_of_any_length_shows_two_characters_at_most(length: int) -> None:
    for start in ("张", "欧阳"):
        name = (start + "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉")[:length]
        shown = masked_name(name)
        assert shown.startswith("张" if start == "张" else ("欧阳" if length > 2 else "欧"))
        assert len(shown.replace("*", "")) <= 2
        assert "*" in shown
        assert len(shown) <= 8


@given(st.text(max_size=40))
@example("0\n")
@example("a·")
def test_no_name_is_shown_whole(name: str) -> None:
    shown = masked_name(name)
    assert not {unicodedata.category(c) for c in shown} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    if shown:
        assert "*" in shown
