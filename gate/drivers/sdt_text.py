"""The 256-byte text block of an identity card (GA/T 490): UTF-16LE fields padded with spaces.

Four layouts, told apart by the letter at byte 248. A field ends with trailing spaces or NULs and
nothing else is cut: names hold spaces and middle dots.
"""

from dataclasses import dataclass
from datetime import date

from gate.core.card import DocumentKind, Expiry, IdCard, normalise_number, number_fault
from gate.errors import SdtError

_LETTER_AT = 124
"""In characters of two bytes, like all offsets here."""

_CHARACTERS = 128


@dataclass(frozen=True, slots=True)
class Layout:
    """`fields`: name to (offset, length), in characters."""

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
    """The card of a text block.

    SdtError with `reason`: length, encoding, type (a letter nobody knows), number (form, birth or
    check digit: a misread number must not become another person's), date (impossible).
    A blank end of validity is `Expiry.UNKNOWN`, a blank beginning None.
    """
    layout = layout_in(block)
    number = normalise_number(_field(block, layout, "number"))
    if fault := number_fault(number):
        raise _unreadable("number", f"an ID number with a wrong {fault}")
    first = _field(block, layout, "latin_name").ljust(35)
    latin = (first + _field(block, layout, "latin_name_2")).rstrip(" ")
    return IdCard(
        kind=layout.kind,
        number=number,
        name=latin or _field(block, layout, "name"),
        valid_from=_date(_field(block, layout, "valid_from")),
        valid_to=_expiry(_field(block, layout, "valid_to")),
    )


def fields_of(block: bytes) -> dict[str, str]:
    """Every field as it is stored, by the names of its layout: nothing is judged, so that an
    ethnic code or a date nobody knows is kept as it is. SdtError (length, encoding, type)."""
    layout = layout_in(block)
    return {name: _field(block, layout, name) for name in layout.fields}


def layout_in(block: bytes) -> Layout:
    """SdtError with `reason` length, encoding or type."""
    if len(block) != 2 * _CHARACTERS:
        raise _unreadable("length", f"a text block of {len(block)} bytes")
    layout = LAYOUTS.get(_text(block, _LETTER_AT, 1) or " ")
    if layout is None:
        raise _unreadable("type", "a document type that is not known")
    return layout


def _field(block: bytes, layout: Layout, name: str) -> str:
    return _text(block, *layout.fields[name]) if name in layout.fields else ""


def encode_fields(layout: Layout, fields: dict[str, str]) -> bytes:
    """A text block. SdtError (`reason` length) for a value that does not fit its field."""
    characters = bytearray(" ".encode("utf-16-le") * _CHARACTERS)
    for name, value in {"letter": layout.letter, **fields}.items():
        if name not in layout.fields:
            continue
        at, length = layout.fields[name]
        encoded = value.encode("utf-16-le")
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
    raw = block[2 * at : 2 * (at + length)]
    try:
        return raw.decode("utf-16-le").rstrip(" \0")
    except UnicodeDecodeError as e:
        raise _unreadable("encoding", "text that is not UTF-16") from e


def _date(text: str) -> date | None:
    if not text:
        return None
    try:
        if len(text) != 8 or not (text.isascii() and text.isdigit()):
            raise ValueError(text)
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError as e:
        raise _unreadable("date", "an impossible date") from e


def _expiry(text: str) -> date | Expiry:
    if text == Expiry.LONG_TERM.value:
        return Expiry.LONG_TERM
    return _date(text) or Expiry.UNKNOWN


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
