"""Two signatures are two people's."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.signer_names import are_two, signature_form

UNSEEN = [c for c in map(chr, range(0x110000)) if unicodedata.category(c)[0] in "CZ"]
FILLERS = list("\u034f\u115f\u1160\u17b4\u180b\u2800\u3164\ufe00\ufe0f\uffa0\U000e0100")


@given(
    st.text("abcXYZ王李１２é-.", min_size=1),
    st.lists(st.sampled_from([*FILLERS, *UNSEEN[:2000], *" \t\u200b\u202e\u2066\u3000"])),
)
def test_what_leaves_no_ink_makes_no_other_name(name: str, unseen: list[str]) -> None:
    spread = "".join(c + (unseen[i % len(unseen)] if unseen else "") for i, c in enumerate(name))
    wide = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in spread)
    for other in (spread, wide, spread.upper(), wide.swapcase()):
        assert not are_two(name, other)


@pytest.mark.parametrize("nobody", ["", " ", "\u200b", "\x00", "\u3164", "\u2800\ufe0f"])
def test_a_name_without_ink_is_nobodys(nobody: str) -> None:
    assert signature_form(nobody) == ""
    assert not are_two("Wang", nobody)


@pytest.mark.parametrize(
    ("one", "other"), [("王", "李"), ("staff-1", "staff-11"), ("1-12", "11-2"), ("Wang", "Wáng")]
)
def test_what_the_eye_tells_apart_is_two(one: str, other: str) -> None:
    assert are_two(one, other)


@given(st.text(), st.text())
def test_it_does_not_matter_who_signs_first(one: str, other: str) -> None:
    assert are_two(one, other) == are_two(other, one)
    assert not are_two(one, one)
