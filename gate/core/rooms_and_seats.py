"""Rooms and seats in one form, so that a list, an extension and what staff type mean one place.

What is shown keeps what the list says; this form is only compared.
"""

import re
import unicodedata

_UNSEEN = frozenset("CZ")
_WORDS = re.compile(r"第?(?P<core>.+?)号?(?:考场|座位)?号?", re.DOTALL)


def place_form(place: str) -> str:
    """A room's or a seat's: NFKC, without blanks, invisible marks and case, without 第 before and
    考场, 座位 or 号 behind, and without leading noughts where digits are all that is left. `44-A`
    stays as it is."""
    wide = unicodedata.normalize("NFKC", place).upper()
    text = "".join(c for c in wide if unicodedata.category(c)[0] not in _UNSEEN)
    text = re.sub("[\u2010-\u2015\u2212]", "-", text)
    match = _WORDS.fullmatch(text)
    core = match["core"] if match else text
    if core.isascii() and core.isdigit():
        return core.lstrip("0") or "0"
    return core
