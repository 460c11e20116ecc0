"""The bytes of a text file to text: UTF-8, UTF-16, UTF-32 or GB18030, whichever it is."""

import codecs
import re

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
"""The longer mark first: that of UTF-32-LE begins as that of UTF-16-LE does."""

_NOUGHT_SHARE = 0.1
"""Digits and commas in UTF-16 are half zero bytes; other texts have none."""

_WIDE_NOUGHT_SHARE = 0.5
"""No text in UTF-16 has more; in UTF-32 half of each character is, and more of most."""

_END_MARK = "\x1a"
"""What DOS programs, and databases of their age, write at the end of a text file."""

_BROKEN_SHARE = 0.5
"""This share of what is not ASCII may be broken before another encoding is tried. GB18030 text read
as UTF-8 is broken nearly everywhere; a damaged list is broken in a few names."""


_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")


def decoded(data: bytes) -> str | None:
    """The text, None where it is none. A character that is broken in an otherwise whole file is
    U+FFFD and a lone surrogate stays one: both cost a row, not the file. Two surrogates that make
    a pair are the character that they mean, in UTF-8 too (CESU-8, Unicode TR 26)."""
    text = _read(data)
    if text is None:
        return None
    return _PAIR.sub(_joined, text.removesuffix(_END_MARK))


def _joined(pair: re.Match[str]) -> str:
    return pair[0].encode("utf-16-le", errors="surrogatepass").decode("utf-16-le")


def _read(data: bytes) -> str | None:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _mostly(data[len(mark) :], encoding)
    noughts = data.count(0)
    if noughts > _WIDE_NOUGHT_SHARE * len(data):
        high = data[0::4].count(0) > data[3::4].count(0)
        return _mostly(data, "utf-32-be" if high else "utf-32-le")
    if noughts > _NOUGHT_SHARE * len(data):
        high = data[0::2].count(0) > data[1::2].count(0)
        return _mostly(data, "utf-16-be" if high else "utf-16-le")
    return _mostly(data, "utf-8") or _mostly(data, "gb18030")


def _mostly(data: bytes, encoding: str) -> str | None:
    """None where more is broken than a few characters."""
    try:
        return data.decode(encoding, errors="surrogatepass")
    except (UnicodeDecodeError, LookupError):
        text = data.decode(encoding, errors="replace")
    broken = text.count("\ufffd") - data.count("\ufffd".encode(encoding))
    foreign = sum(not c.isascii() for c in text)
    return text if broken <= _BROKEN_SHARE * foreign else None
