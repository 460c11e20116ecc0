"""The 256-byte text block of an identity card (GA/T 490): UTF-16LE fields padded with spaces.

Four layouts, told apart by the letter at byte 248. A field ends with trailing spaces or NULs and
nothing else is cut: names hold spaces and middle dots.
"""

import re
from dataclasses import dataclass
from datetime import date

from gate.core.card import (
    DocumentKind,
    Expiry,
    IdCard,
    OddField,
    is_damaged,
    normalise_number,
    number_fault,
)
from gate.errors import SdtError

_LETTER_AT = 124
"""In characters of two bytes, like all offsets here."""

_CHARACTERS = 128


@dataclass(frozen=True, slots=True)
class Layout:
    """The fields of one kind of card.

    `fields`: name to (offset, length), in characters.
    """

    letter: str
    kind: DocumentKind
    fields: dict[str, tuple[int, int]]


def _layout(letter: str, kind: DocumentKind, *fields: tuple[str, int]) -> Layout:
    placed, at = {}, 0
    for name, length in fields:
        placed[name] = (at, length)
        at += length
    assert at == _CHARACTERS, f"layout {letter!r} has {at} characters"
    return Layout(letter, kind, placed)


RESIDENT = _layout(
    " ", DocumentKind.RESIDENT,
    ("name", 15), ("sex", 1), ("ethnic", 2), ("birth", 8), ("address", 35), ("number", 18),
    ("authority", 15), ("valid_from", 8), ("valid_to", 8), ("reserved", 18),
)  # fmt: skip
RESIDENCE_PERMIT = _layout(
    "J", DocumentKind.RESIDENCE_PERMIT,
    ("name", 15), ("sex", 1), ("reserved", 2), ("birth", 8), ("address", 35), ("number", 18),
    ("authority", 15), ("valid_from", 8), ("valid_to", 8), ("permit", 9), ("issues", 2),
    ("reserved_2", 3), ("letter", 1), ("reserved_3", 3),
)  # fmt: skip
FOREIGNER_2017 = _layout(
    "I", DocumentKind.FOREIGNER,
    ("latin_name", 60), ("sex", 1), ("number", 15), ("nationality", 3), ("name", 15),
    ("valid_from", 8), ("valid_to", 8), ("birth", 8), ("version", 2), ("authority", 4),
    ("letter", 1), ("reserved", 3),
)  # fmt: skip
FOREIGNER_2023 = _layout(
    "Y", DocumentKind.FOREIGNER,
    ("name", 15), ("sex", 1), ("issues", 2), ("birth", 8), ("latin_name", 35), ("number", 18),
    ("reserved", 15), ("valid_from", 8), ("valid_to", 8), ("latin_name_2", 11),
    ("nationality", 3), ("letter", 1), ("previous", 3),
)  # fmt: skip

LAYOUTS = {x.letter: x for x in (RESIDENT, RESIDENCE_PERMIT, FOREIGNER_2017, FOREIGNER_2023)}
WITH_CHIP = tuple(dict.fromkeys(x.kind for x in LAYOUTS.values()))
"""The documents that an SDT module reads."""


def parse_card(block: bytes) -> IdCard:
    """The card of a text block: whole where its number is, whatever else stands on it.

    SdtError with `reason`. `length`. `type`: an unknown letter and no number. `number`: form, birth
    or check digit, because a misread number must not become another person's. Other fields with
    impossible contents are named in `odd`. A blank end of validity is `Expiry.UNKNOWN`, a blank
    beginning None.
    """
    _check_length(block)
    letter = _text(block, _LETTER_AT, 1) or " "
    layout = LAYOUTS.get(letter) or _likely(block)
    number = normalise_number(_field(block, layout, "number"))
    if fault := number_fault(number):
        if letter not in LAYOUTS:
            raise _unreadable("type", "a document type that is not known")
        raise _unreadable("number", f"an ID number with a wrong {fault}")
    fields = {name: _field(block, layout, name) for name in layout.fields}
    first = fields.get("latin_name", "").ljust(35)
    latin = (first + fields.get("latin_name_2", "")).rstrip(" ")
    valid_from, valid_to = _date(fields["valid_from"]), _expiry(fields["valid_to"])
    odd = [] if letter in LAYOUTS else [OddField.TYPE]
    return IdCard(
        kind=layout.kind,
        number=number,
        name="".join("\ufffd" if is_damaged(c) else c for c in latin or fields["name"]),
        valid_from=valid_from,
        valid_to=valid_to or Expiry.UNKNOWN,
        odd=(*odd, *_odd(fields, number, known=not odd)),
    )


def _likely(block: bytes) -> Layout:
    """For a letter nobody knows: all layouts have the number at one place, and all but that of 2017
    the name and the validity too."""
    foreign = number_fault(normalise_number(_field(block, FOREIGNER_2017, "number"))) is None
    return FOREIGNER_2017 if foreign else RESIDENT


def _odd(fields: dict[str, str], number: str, known: bool) -> list[OddField]:
    """A blank field is none. Only of a known type is it `known` what else stands where."""
    names = fields["name"] + fields.get("latin_name", "") + fields.get("latin_name_2", "")
    judged = {
        OddField.NAME: is_damaged(fields["name"] if not known else names),
        OddField.VALID_FROM: bool(fields["valid_from"]) and _date(fields["valid_from"]) is None,
        OddField.VALID_TO: bool(fields["valid_to"]) and _expiry(fields["valid_to"]) is None,
    }
    if known:
        judged |= {
            OddField.BIRTH: not _agrees(fields["birth"], number),
            OddField.SEX: fields["sex"] not in ("", *"0129"),
            OddField.ETHNIC: fields.get("ethnic", "") not in _ETHNIC,
            OddField.NATIONALITY: not _NATION.fullmatch(fields.get("nationality", "")),
        }
    return [field for field in OddField if judged.get(field)]


_ETHNIC = frozenset({"", *(f"{n:02d}" for n in (*range(1, 57), 97, 98, 99))})
"""GB/T 3304: 56 peoples, others, and citizens of foreign descent."""

_NATION = re.compile(r"|[A-Z]{3}", re.ASCII)


def _agrees(birth: str, number: str) -> bool:
    """Whether a date of birth is one, and that of the number."""
    if not birth:
        return True
    told = number[6:14] if len(number) == 18 else number[7:13]
    return _date(birth) is not None and birth.endswith(told)


def fields_of(block: bytes) -> dict[str, str]:
    """Every field as it is stored, by the names of its layout. SdtError (length, type).

    Nothing is judged, so an unknown ethnic code or date is kept as it is.
    """
    layout = layout_in(block)
    return {name: _field(block, layout, name) for name in layout.fields}


def layout_in(block: bytes) -> Layout:
    """SdtError with `reason` length or type."""
    _check_length(block)
    layout = LAYOUTS.get(_text(block, _LETTER_AT, 1) or " ")
    if layout is None:
        raise _unreadable("type", "a document type that is not known")
    return layout


def _check_length(block: bytes) -> None:
    if len(block) != 2 * _CHARACTERS:
        raise _unreadable("length", f"a text block of {len(block)} bytes")


def _field(block: bytes, layout: Layout, name: str) -> str:
    return _text(block, *layout.fields[name]) if name in layout.fields else ""


def encode_fields(layout: Layout, fields: dict[str, str]) -> bytes:
    """A text block. SdtError (`reason` length) for a value that does not fit its field."""
    characters = bytearray(" ".encode("utf-16-le") * _CHARACTERS)
    for name, value in {"letter": layout.letter, **fields}.items():
        if name not in layout.fields:
            continue
        at, length = layout.fields[name]
        encoded = value.encode("utf-16-le", errors="surrogatepass")
        if len(encoded) > 2 * length:
            raise _unreadable("length", f"a {name} longer than {length} characters")
        characters[2 * at : 2 * at + len(encoded)] = encoded
    return bytes(characters)


def encode_card(card: IdCard, **others: str) -> bytes:
    """The text block of `card`; `others` fills the fields that an `IdCard` does not keep.

    `parse_card` gives the same card back. SdtError as `encode_fields`.
    """
    layout = layout_of(card)
    names = {"name": card.name}
    if layout.kind is DocumentKind.FOREIGNER and card.name.isascii():
        names = {"latin_name": card.name}
        if layout is FOREIGNER_2023:
            names = {"latin_name": card.name[:35], "latin_name_2": card.name[35:]}
    dates = {
        "valid_from": _day_text(card.valid_from) if card.valid_from else "",
        "valid_to": _expiry_text(card.valid_to),
    }
    return encode_fields(layout, others | names | dates | {"number": card.number})


def layout_of(card: IdCard) -> Layout:
    """The layout that holds `card`. SdtError (`reason` type) for a temporary card: no chip."""
    if card.kind is DocumentKind.FOREIGNER:
        return FOREIGNER_2017 if len(card.number) == 15 else FOREIGNER_2023
    for layout in (RESIDENT, RESIDENCE_PERMIT):
        if layout.kind is card.kind:
            return layout
    raise _unreadable("type", f"a {card.kind} card, which has no chip")


def encode_addresses(addresses: tuple[str, ...]) -> bytes:
    """What NEWEST_ADDRESS returns: 70 bytes each."""
    return b"".join(a.ljust(35).encode("utf-16-le") for a in addresses)


def _text(block: bytes, at: int, length: int) -> str:
    """Half a surrogate pair stays one: it costs its field, not the card."""
    raw = block[2 * at : 2 * (at + length)]
    return raw.decode("utf-16-le", errors="surrogatepass").rstrip(" \0")


def _date(text: str) -> date | None:
    """None for no date."""
    if len(text) != 8 or not (text.isascii() and text.isdigit()):
        return None
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None


def _expiry(text: str) -> date | Expiry | None:
    return Expiry.LONG_TERM if text == Expiry.LONG_TERM.value else _date(text)


def _expiry_text(valid_to: date | Expiry) -> str:
    if isinstance(valid_to, Expiry):
        return valid_to.value if valid_to is Expiry.LONG_TERM else ""
    return _day_text(valid_to)


def _day_text(day: date) -> str:
    return day.isoformat().replace("-", "")  # strftime leaves out the zeros of an early year


def _unreadable(reason: str, what: str) -> SdtError:
    return SdtError(
        f"The card holds {what}: lay it again, or check it by hand.",
        f"证件内容无法识别（{reason}）：请重新放置或人工核验。",
        reason=reason,
    )
