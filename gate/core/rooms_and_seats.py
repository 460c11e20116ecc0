"""Rooms and seats in one form, so that a list, an extension and what staff type mean one place.

What is shown keeps what the list says; this form is only compared.
"""

import re
import unicodedata

_UNSEEN = frozenset("CZ")
_WORDS = re.compile(r"第?(?P<core>.+?)号?(?:考场|座位)?号?", re.DOTALL)


def place_form(place: str) -> str:
    """The comparable form of a room or seat.

    That is NFKC, without blanks, invisible marks and case. A 第 before is dropped. A 考场, 座位 or
    号 behind is dropped. Where only digits are left, leading zeros are dropped too. `44-A` stays as
    it is.
    """
    wide = unicodedata.normalize("NFKC", place).upper()
    text = "".join(c for c in wide if unicodedata.category(c)[0] not in _UNSEEN)
    text = re.sub("[\u2010-\u2015\u2212]", "-", text)
    match = _WORDS.fullmatch(text)
    core = match["core"] if match else text
    if core.isascii() and core.isdigit():
        return core.lstrip("0") or "0"
    return core
