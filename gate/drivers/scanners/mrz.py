"""Machine readable zones of passports and home-return permits, by ICAO Doc 9303. Pure.

Layouts: TD3, two lines of 44 (part 4); TD1, three of 30 (part 5). GA/T 704.14 follows TD1 for the
mainland travel permit of residents of Hong Kong and Macau. Every check digit is verified, the
composite one too: a document that does not agree with itself is a misread, not a person. Names are
not kept. The rules need the number and the end of validity.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from gate.core.card import DocumentKind, Expiry, OddField
from gate.drivers.scanners.line_decoders import (
    PAYLOAD_MAX,
    Item,
    LineDecoder,
    Refusal,
    Scanned,
    UnusablePayload,
)

TD1, TD3 = (30, 30, 30), (44, 44)
_LINE = re.compile(r"[A-Z0-9<]+", re.ASCII)
_NUMBER = re.compile(r"[A-Z0-9]{5,14}", re.ASCII)
_PERMIT = re.compile(r"([HM]\d{8})(\d\d)?", re.ASCII)
_WEIGHTS = (7, 3, 1)
_BIRTH = re.compile(r"(\d\d|<<)(\d\d|<<)(\d\d|<<)", re.ASCII)
_SEXES = frozenset("MF<")
_NATION = re.compile(r"|[A-Z]{1,3}", re.ASCII)


@dataclass(frozen=True, slots=True)
class TravelDocument:
    """What the zone says.

    `code`: document code (`P`, `C`, ...). `issuer`: three letters, fewer for some states. `birth`:
    YYMMDD as printed. `valid_to`: `Expiry.UNKNOWN` where left open or odd. `odd`: names of fields
    with impossible contents, although every check digit is right.
    """

    code: str
    issuer: str
    number: str = field(repr=False)
    nationality: str
    birth: str = field(repr=False)
    sex: str
    valid_to: date | Expiry
    odd: tuple[OddField, ...] = ()


class MrzFault(ValueError):
    """The zone cannot be used; `reason` names why."""

    def __init__(self, reason: Refusal) -> None:
        super().__init__(reason)
        self.reason = reason


def check_digit(text: str) -> str:
    """7-3-1 over `text`, modulo 10: digits as themselves, A to Z as 10 to 35, the filler as 0."""
    total = sum(_value(c) * _WEIGHTS[i % 3] for i, c in enumerate(text))
    return str(total % 10)


def parse_mrz(lines: Sequence[str]) -> TravelDocument:
    """The document of two lines of 44 or three of 30. MrzFault names what is wrong."""
    shape = tuple(map(len, lines))
    if shape not in (TD1, TD3):
        raise MrzFault(Refusal.LINE_LENGTH)
    if not all(_LINE.fullmatch(line) for line in lines):
        raise MrzFault(Refusal.CHARACTER)
    return _td3(lines[0], lines[1]) if shape == TD3 else _td1(lines[0], lines[1])


def scanned_of(document: TravelDocument) -> Item:
    """The document as the rules see it.

    A permit's last two digits count its renewals and are no part of the person's number. Other
    cards of three lines are not known to this version.
    """
    permit = _PERMIT.fullmatch(document.number)
    if document.code.startswith("P") and _NUMBER.fullmatch(document.number):
        number = document.number
    elif document.code.startswith("C") and document.issuer == "CHN" and permit:
        number = permit[1]
    else:
        return UnusablePayload(Refusal.DOCUMENT)
    return Scanned("number", number, DocumentKind.TRAVEL_DOCUMENT, document.valid_to, document.odd)


def _td3(first: str, second: str) -> TravelDocument:
    _verify(second[0:9], second[9])
    _verify(second[13:19], second[19])
    _verify(second[21:27], second[27])
    _verify(second[28:42], second[42], optional=True)
    _verify(second[0:10] + second[13:20] + second[21:43], second[43])
    return _document(
        first,
        second[0:9],
        nationality=second[10:13],
        birth=second[13:19],
        sex=second[20],
        end=second[21:27],
    )


def _td1(first: str, second: str) -> TravelDocument:
    number, check = first[5:14], first[14]
    if check == "<" and first[15] != "<":  # longer than nine: goes on in the optional data
        more = first[15:30].partition("<")[0]
        number, check = number + more[:-1], more[-1]
    _verify(number, check)
    _verify(second[0:6], second[6])
    _verify(second[8:14], second[14])
    _verify(first[5:30] + second[0:7] + second[8:15] + second[18:29], second[29])
    return _document(
        first,
        number,
        nationality=second[15:18],
        birth=second[0:6],
        sex=second[7],
        end=second[8:14],
    )


def _document(
    first: str, number: str, *, nationality: str, birth: str, sex: str, end: str
) -> TravelDocument:
    """With its odd fields named. Sex and nationality have no check digit; what is blank is not
    odd."""
    said = _expiry(end)
    valid_to = Expiry.UNKNOWN if said is None else said
    judged = {
        OddField.BIRTH: not _may_be_birth(birth, valid_to),
        OddField.SEX: sex not in _SEXES,
        OddField.NATIONALITY: not _NATION.fullmatch(_plain(nationality)),
        OddField.VALID_TO: said is None,
    }
    return TravelDocument(
        code=_plain(first[0:2]),
        issuer=_plain(first[2:5]),
        number=_plain(number),
        nationality=_plain(nationality),
        birth=birth,
        sex=_plain(sex),
        valid_to=valid_to,
        odd=tuple(field for field in OddField if judged.get(field)),
    )


def _verify(text: str, digit: str, optional: bool = False) -> None:
    """An empty optional field may have the filler for its digit."""
    if optional and digit == "<" and not text.strip("<"):
        return
    if digit != check_digit(text):
        raise MrzFault(Refusal.CHECK_DIGIT)


def _value(character: str) -> int:
    if character == "<":
        return 0
    return int(character) if character.isdigit() else ord(character) - 55


def _plain(text: str) -> str:
    return text.rstrip("<")


def _may_be_birth(text: str, valid_to: date | Expiry) -> bool:
    """Whether a day of the last century or of this one is meant that does not lie behind the
    document's end. Fillers stand for a year, month or day that is not known."""
    found = _BIRTH.fullmatch(text)
    if found is None:
        return False
    year, month, day = found.groups()
    month, day = month.replace("<<", "01"), day.replace("<<", "01")
    if year == "<<":
        return _day(f"2000{month}{day}") is not None
    end = valid_to if isinstance(valid_to, date) else date.max
    days = [_day(f"{century}{year}{month}{day}") for century in ("19", "20")]
    return any(born is not None and born <= end for born in days)


def _day(digits: str) -> date | None:
    """Of YYYYMMDD; None where no calendar has it."""
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None


def _expiry(text: str) -> date | Expiry | None:
    """YYMMDD; from 70 on it is one of the last century's, expired long ago: no travel document is
    valid for much longer than ten years. None for a day that no calendar has: the document still
    names its holder."""
    if text == "<<<<<<":
        return Expiry.UNKNOWN
    if not text.isdigit():
        return None
    return _day(("19" if text >= "70" else "20") + text)


class MrzDecoder:
    """Zones from a swipe or page reader.

    `framing` is one of three. `lines`: bare lines with CR or LF. `desko`: STX lines ETX among bytes
    of the maker's own. `3m`: the same with a flag before the first line; the bottom line is always
    the third. The 3M trailer's BCC is not verified, because its extent is unknown here. The check
    digits are verified.
    """

    def __init__(self, framing: str = "lines") -> None:
        self._framing = framing
        self._lines: list[str] = []
        self._told = False
        self._inner = LineDecoder(self._line) if framing == "lines" else None
        self._block = bytearray()
        self._inside = False

    @property
    def midway(self) -> bool:
        """Whether a zone has begun and not ended."""
        return bool(self._inside or self._lines or (self._inner and self._inner.midway))

    def feed(self, data: bytes) -> list[Item]:
        """The items that end in these bytes, in order."""
        if self._inner is not None:
            return [item for item in self._inner.feed(data) if item != _MORE]
        items: list[Item] = []
        for byte in data:
            items += self._framed(byte)
        return items

    def gap(self) -> list[Item]:
        """The line has been silent: what was begun is dropped, and is incomplete unless told
        already."""
        told = self._told and not (self._inner and self._inner.midway)
        self._lines.clear()
        self._block.clear()
        self._inside = self._told = False
        if self._inner is not None:
            self._inner.gap()
        return [] if told else [UnusablePayload(Refusal.INCOMPLETE)]

    def _line(self, payload: bytes) -> Item:
        """One bare line: a zone once it is complete, else `_MORE`."""
        line = _text(payload)
        self._lines.append(line)
        lines, shape = self._lines, tuple(map(len, self._lines))
        self._told = False
        if any(shape == whole[: len(shape)] for whole in (TD1[:-1], TD3[:-1])):
            return _MORE
        if shape in (TD1, TD3):
            item = self._zone()
            if not isinstance(item, UnusablePayload) or item.reason is Refusal.DOCUMENT:
                return item
            self._keep(lines[1:])
            return item
        self._keep([line] if len(line) in (TD1[0], TD3[0]) and len(shape) > 1 else [])
        return UnusablePayload(Refusal.LINE_LENGTH)

    def _keep(self, lines: list[str]) -> None:
        """Out of step: what may still be the beginning of the next zone. It has been told of."""
        self._lines, self._told = lines, bool(lines)

    def _framed(self, byte: int) -> list[Item]:
        if byte == _STX:
            cut, self._inside = self._inside, True
            self._block.clear()
            return [UnusablePayload(Refusal.INCOMPLETE)] if cut else []
        if not self._inside:
            return []
        if byte == _ETX:
            self._inside = False
            self._lines[:] = self._block_lines()
            return [self._zone()]
        self._block.append(byte)
        if len(self._block) > PAYLOAD_MAX:
            self._inside = False
            return [UnusablePayload(Refusal.TOO_LONG)]
        return []

    def _block_lines(self) -> list[str]:
        block = bytes(self._block[1:] if self._framing == "3m" else self._block)
        lines = map(_text, re.split(rb"[\r\n]+", block))
        return [line for line in lines if line.strip("<")]

    def _zone(self) -> Item:
        lines, self._lines = self._lines, []
        try:
            return scanned_of(parse_mrz(lines))
        except MrzFault as e:
            return UnusablePayload(e.reason)


_STX, _ETX = 0x02, 0x03
_MORE = UnusablePayload(Refusal.INCOMPLETE)


def _text(payload: bytes) -> str:
    """3M pads with underscores what others pad with the filler."""
    return payload.decode("ascii", errors="replace").strip().replace("_", "<")
