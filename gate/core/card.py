"""Identity documents and the numbers on them.

Sources: GB 11643 (citizen number), GA/T 490 (contents of the chip), ISO 7064 MOD 11-2 (check
digit). ICAO Doc 9303 gives the 7-3-1 check on the foreigner's card of 2017.
"""

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
_CITIZEN = re.compile(r"[1-9]\d{16}[\dX]", re.ASCII)
_TRAVEL = re.compile(r"[A-Z0-9]{5,14}", re.ASCII)
_FOREIGNER_2017 = re.compile(r"[A-Z]{3}\d{12}", re.ASCII)


class DocumentKind(StrEnum):
    """The documents an exam may accept (exam.toml, `documents`)."""

    RESIDENT = "resident"
    TEMPORARY = "temporary"
    RESIDENCE_PERMIT = "residence-permit"
    FOREIGNER = "foreigner"
    TRAVEL_DOCUMENT = "travel-document"
    """A passport or home-return permit, by its machine readable zone (ICAO Doc 9303)."""
    NOTICE = "notice"
    """The exam notice alone, scanned: it names a candidate and proves nobody's identity."""


USUAL_DOCUMENTS = frozenset(
    {
        DocumentKind.RESIDENT,
        DocumentKind.TEMPORARY,
        DocumentKind.RESIDENCE_PERMIT,
        DocumentKind.FOREIGNER,
    }
)
"""What a paper accepts where the exam says nothing (formats.md, exam.toml)."""


class Expiry(StrEnum):
    """An end of validity that is not a date."""

    LONG_TERM = "长期"
    UNKNOWN = "unknown"


class OddField(StrEnum):
    """A field of a card beside its number that holds what cannot be."""

    TYPE = "type"
    NAME = "name"
    BIRTH = "birth"
    SEX = "sex"
    ETHNIC = "ethnic"
    NATIONALITY = "nationality"
    VALID_FROM = "valid_from"
    VALID_TO = "valid_to"


@dataclass(frozen=True, slots=True)
class IdCard:
    """One identity document. `number` is 18 characters (15 on the foreigner's card of 2017).

    `valid_to` is a date, `Expiry.LONG_TERM`, or `Expiry.UNKNOWN` where the card leaves it blank:
    unknown is not unlimited. `odd`: fields that hold what cannot be; `valid_from` is None and
    `valid_to` unknown where they are among them. Portrait and fingerprints are never kept.
    """

    kind: DocumentKind
    number: str
    name: str
    valid_from: date | None
    valid_to: date | Expiry
    odd: tuple[OddField, ...] = ()

    def __repr__(self) -> str:  # a log line must not carry a name or a number
        return f"IdCard({self.kind}, …{self.number[-2:]})"


_NO_CHARACTERS = "".join(
    chr(plane + last) for plane in range(0, 0x110000, 0x10000) for last in (0xFFFE, 0xFFFF)
)
_DAMAGED = re.compile(f"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffd{_NO_CHARACTERS}]")


def is_damaged(text: str) -> bool:
    """Whether a character proves that the text was damaged: a control character, half a pair,
    U+FFFD, or none at all. Which other characters exist is no table of Python's to say."""
    return _DAMAGED.search(text) is not None


def is_valid_on(valid_from: date | None, valid_to: date | Expiry, day: date) -> bool:
    """Whether a document with these bounds is valid on `day`, both bounds included."""
    if valid_from is not None and day < valid_from:
        return False
    if isinstance(valid_to, Expiry):
        return valid_to is Expiry.LONG_TERM
    return day <= valid_to


def check_character(first_17: str) -> str:
    """The 18th character of a citizen number (ISO 7064 MOD 11-2). Digits only, 17 of them."""
    total = sum(w * int(d) for w, d in zip(_WEIGHTS, first_17, strict=True))
    return _CHECKS[total % 11]


def icao_check(text: str) -> str:
    """The check digit of `text` (ICAO Doc 9303, weights 7 3 1). Digits and capital letters."""
    values = (ord(c) - 55 if c.isalpha() else int(c) for c in text)
    return str(sum(v * (7, 3, 1)[i % 3] for i, v in enumerate(values)) % 10)


def normalise_number(raw: str) -> str:
    """Trimmed, upper case, and a 15-digit citizen number (before 1999) brought to 18."""
    number = "".join(raw.split()).upper()
    if len(number) == 15 and number.isascii() and number.isdigit():
        first_17 = number[:6] + "19" + number[6:]
        return first_17 + check_character(first_17)
    return number


def number_fault(number: str, kind: DocumentKind | None = None) -> str | None:
    """What is wrong with a normalised number: `form`, `birth`, `check`, or None. That of a travel
    document has no form of its own: states write 5 to 14 letters and digits."""
    if kind is DocumentKind.TRAVEL_DOCUMENT:
        return None if _TRAVEL.fullmatch(number) else "form"
    if _FOREIGNER_2017.fullmatch(number):
        if not any(_is_date(century + number[7:13]) for century in ("19", "20")):
            return "birth"
        return None if icao_check(number[:14]) == number[14] else "check"
    if not _CITIZEN.fullmatch(number):
        return "form"
    if not _is_date(number[6:14]):
        return "birth"
    return None if check_character(number[:17]) == number[17] else "check"


def _is_date(digits: str) -> bool:
    try:
        date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return True
