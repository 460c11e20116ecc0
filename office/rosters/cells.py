"""Cells as spreadsheets and input methods leave them, brought to what was meant. Pure.

What carries no information is taken off: apostrophes that force a text, `="..."`, blanks, marks
that nobody sees, full-width forms, `.0`. What shows that information was lost is named. Nothing
here asks Python's character tables which characters exist: names hold characters newer than they.
"""

import re
import unicodedata

from gate.core.card import is_damaged

_QUOTES = "'\"`´‘’“”′＇＂"
_BLANKS = "\u2800\u3164\uffa0"
"""Look like a blank and are none to Python."""

_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U0001d173-\U0001d17a\U000e0001\U000e0020-\U000e007f]"
)
"""Soft hyphen, zero-width and direction marks, byte-order marks, tags. Variation selectors are not
among them: they say how somebody's character is written."""

_VARIATION = re.compile("[\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_IDEOGRAPH = "[\u2e80-\u9fff\ue000-\ufaff\ufe00-\ufe0f\U00020000-\U0010ffff]"
_PADDING = re.compile(f"(?<={_IDEOGRAPH}) +(?={_IDEOGRAPH})")
_DOTS = re.compile("[·•‧∙⋅・･.．]")
_FORMULA = re.compile(r'=\s*(?:"(.*)"|([0-9A-Za-z.+-]+))', re.DOTALL)
_ERROR = re.compile(r"#(?:N/A|REF!|VALUE!|NAME\?|NUM!|DIV/0!|NULL!|SPILL!|CALC!)", re.IGNORECASE)
_SCIENTIFIC = re.compile(r"[+-]?(\d+)(?:\.(\d*))?E([+]?)(\d{1,3})", re.IGNORECASE)
_NOUGHTS = re.compile(r"([0-9A-Za-z-]*[0-9Xx])\.0*")
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+")
_MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*"
_DATE = re.compile(
    r"\d{1,4}[/.]\d{1,2}[/.]\d{1,4}(?: .*)?|\d{4}-\d{1,2}-\d{1,2}(?:[ T].*)?"
    r"|(?:\d{2,4}年)?\d{1,2}月\d{1,2}日"
    rf"|\d{{1,2}}-{_MONTH}(?:-\d{{2,4}})?|{_MONTH}-\d{{2,4}}",
    re.IGNORECASE,
)
_LAST_X = re.compile(r"(\d{17})[xХхΧχ×✕✖*]")
_DASHES = re.compile("[\u2010-\u2015\u2212\ufe58\ufe63\uff0d]")


def code(raw: str) -> str:
    """A ticket, number, site, paper, room or seat in its bare form: NFKC, dashes as `-`.

    Outer blanks and quotes, formulas around a text, invisible marks, `.0` and thousands' commas are
    taken off.
    """
    text = _DASHES.sub("-", unicodedata.normalize("NFKC", visible(raw)))
    before = None
    while before != text:
        before = text
        text = _unwrapped(text.strip())
        if text == before:  # the quotes of a formula belong to it, those around it do not
            text = text.lstrip(_QUOTES)
            text = text if text.startswith("=") else text.rstrip(_QUOTES)
    if whole := _NOUGHTS.fullmatch(text):
        text = whole[1]
    if _THOUSANDS.fullmatch(text):
        text = text.replace(",", "")
    return _written_out(text)


def number(raw: str) -> str:
    """An ID number: as `code`, without blanks and dashes, and what an input method gives for the
    last X as X."""
    text = code(raw)
    if digits_lost(text):
        return text
    text = "".join(text.split()).replace("-", "")
    last = _LAST_X.fullmatch(text)
    return f"{last[1]}X" if last else text.upper()


def name(raw: str) -> str:
    """A name: quotes that force a text, invisible marks, outer blanks and the blanks that pad
    `张　三` taken off; NFC. Anything else stays, so that `unfit` can judge it."""
    text, before = visible(raw).strip(), None
    while before != text:
        before = text
        wrapped = _FORMULA.fullmatch(text)
        text = (wrapped[1] or text if wrapped else text.lstrip("'’`＇")).strip()
    text = re.sub(r"[^\S\x00-\x1f\x7f-\x9f]+", " ", text)
    return unicodedata.normalize("NFC", _PADDING.sub("", text))


def visible(raw: str) -> str:
    """Without marks that nobody sees; what only looks like a blank is one."""
    return _INVISIBLE.sub("", raw).translate(dict.fromkeys(map(ord, _BLANKS), " "))


def holds_marks(raw: str) -> bool:
    """Whether `raw` holds invisible marks."""
    return _INVISIBLE.search(raw) is not None


def is_cluttered(raw: str) -> bool:
    """Whether `code` takes off more than outer blanks."""
    plain = unicodedata.normalize("NFKC", raw).strip()
    return code(raw) != plain or holds_marks(raw)


def is_padded(raw: str) -> bool:
    """Whether blanks between characters of the name are taken out."""
    return _PADDING.search(re.sub(r"\s+", " ", visible(raw).strip())) is not None


def may_have_lost(text: str) -> bool:
    """Whether a name holds what programs put in the place of a character they cannot write."""
    return any(c in text for c in "?？□■〓")


def may_be_garbled(text: str) -> bool:
    """Whether a name may be UTF-8 that was read as another encoding: 测试 as 娴嬭瘯 or æµ‹è¯•.
    Honest names spell other UTF-8 once in some thousands."""
    return any(_is_other_utf8(text, encoding) for encoding in ("gb18030", "cp1252"))


def _is_other_utf8(text: str, encoding: str) -> bool:
    try:
        return text.encode(encoding).decode("utf-8") != text
    except UnicodeError:
        return False


def unfit(text: str) -> bool:
    """Whether a character of the text proves that it was damaged."""
    return is_damaged(text)


def is_error(text: str) -> bool:
    """The error of a spreadsheet's formula."""
    return _ERROR.fullmatch(text.strip()) is not None


def is_date(text: str) -> bool:
    """What a spreadsheet makes of a seat like 3-1."""
    return _DATE.fullmatch(text) is not None


def digits_lost(text: str) -> bool:
    """4.20106E+17: the digits that are not written are gone. A ticket like 12E34 is none."""
    found = _SCIENTIFIC.fullmatch(text)
    return found is not None and (found[2] is not None or found[3] == "+")


def same_name(text: str) -> str:
    """What two spellings of one name share: without blanks, dots, variants and case."""
    bare = _DOTS.sub("", _VARIATION.sub("", visible(text)))
    return "".join(unicodedata.normalize("NFKC", bare).split()).casefold()


def _unwrapped(text: str) -> str:
    found = _FORMULA.fullmatch(text)
    return found[1] or found[2] or "" if found else text


def _written_out(text: str) -> str:
    """9.90105199001161154E+17 holds every digit: written as the number it is."""
    found = _SCIENTIFIC.fullmatch(text)
    if found and digits_lost(text) and len(found[2] or "") == int(found[4]):
        return found[1] + (found[2] or "")
    return text
