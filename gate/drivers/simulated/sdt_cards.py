"""Cards for the simulated module: what a chip would hold, made from what a script says."""

import re
from dataclasses import dataclass
from datetime import date

from gate.core.card import DocumentKind, Expiry, IdCard
from gate.drivers.card_reader.sdt import CHIP_NUMBER_SIZE, Reply, Status
from gate.drivers.card_reader.sdt_text import (
    WITH_CHIP,
    encode_addresses,
    encode_card,
    encode_fields,
    fields_of,
    layout_of,
)
from gate.errors import SdtError, UsageError

FAKE_PORTRAIT = bytes.fromhex("574C66007E00320000FF85005151513E") + bytes(
    i * 7 & 255 for i in range(1008)
)
"""The header every portrait has and filler: no decoder, and no person, is behind it."""

FAKE_TEMPLATE = b"\x5a" * 512


LETTER_BYTE = 248
"""Where the letter of the type stands in the text block."""


@dataclass(frozen=True, slots=True)
class SimulatedCard:
    """One chip.

    `text`: 256 bytes. `photo`: 1,024 bytes. `addresses`: newest address entries, 0 to 4. `fingers`:
    fingerprint templates of 512 bytes, 0 to 2. `chip`: the 28 bytes of its number.
    """

    text: bytes
    photo: bytes = FAKE_PORTRAIT
    addresses: tuple[str, ...] = ()
    fingers: int = 0
    chip: bytes = bytes(CHIP_NUMBER_SIZE)

    @classmethod
    def of(cls, card: IdCard, *addresses: str, fingers: int = 0, **others: str) -> "SimulatedCard":
        """The chip of `card`. `others`: fields of its layout, in place of what `card` says or its
        number tells (birth, sex, nationality), and `letter`, the type. SdtError for what does not
        fit; UsageError for a field that the layout has not."""
        text, layout = encode_card(card, **_told_by(card)), layout_of(card)
        letter = others.pop("letter", None)
        if strange := others.keys() - layout.fields.keys():
            raise UsageError(
                f"No field {', '.join(strange)}: use one of {', '.join(layout.fields)}.",
                f"没有字段 {'、'.join(strange)}：可用 {'、'.join(layout.fields)}。",
            )
        if others:
            text = encode_fields(layout, fields_of(text) | others)
        if letter is not None:
            mark = (letter[:1] or " ").encode("utf-16-le", errors="surrogatepass")[:2]
            text = text[:LETTER_BYTE] + mark + text[LETTER_BYTE + 2 :]
        return cls(text, FAKE_PORTRAIT, addresses, fingers)

    def is_of(self, other: "SimulatedCard | None") -> bool:
        """Whether the other carries the same number, and so is the same card to a reader."""
        return other is not None and _number(self.text) == _number(other.text)

    def text_and_photo(self) -> Reply:
        """The reply with text and photo."""
        return Reply(Status.DONE, self._sizes() + self.text + self.photo)

    def with_fingerprints(self) -> Reply:
        """As `text_and_photo`, and the templates: filler, as the portrait is."""
        templates = FAKE_TEMPLATE * self.fingers
        sizes = self._sizes() + len(templates).to_bytes(2, "big")
        return Reply(Status.DONE, sizes + self.text + self.photo + templates)

    def newest_address(self) -> Reply:
        """The reply with the newest addresses, or NO_SUCH_ITEM."""
        if not self.addresses:
            return Reply(Status.NO_SUCH_ITEM)
        return Reply(Status.DONE, encode_addresses(self.addresses))

    def chip_number(self) -> Reply:
        """The reply with the chip's number."""
        return Reply(Status.DONE, self.chip)

    def _sizes(self) -> bytes:
        return len(self.text).to_bytes(2, "big") + len(self.photo).to_bytes(2, "big")


def _number(text: bytes) -> str | bytes:
    """The whole text of a card whose type letter nobody knows."""
    try:
        return fields_of(text)["number"]
    except SdtError:
        return text


def _told_by(card: IdCard) -> dict[str, str]:
    number = card.number
    if len(number) == 18:
        odd = number[16] in "13579"
        return {"birth": number[6:14], "sex": "1" if odd else "2"}
    if card.kind is DocumentKind.FOREIGNER:
        return {"birth": "19" + number[7:13], "nationality": number[:3]}
    return {}


def card_of(number: str, name: str = "", valid_to: str = "长期", kind: str = "resident") -> IdCard:
    """An `IdCard` from the words of a script. UsageError for what no chip can hold.

    The number's check digit is not looked at: a wrong one is something to try.
    """
    kinds = [k.value for k in WITH_CHIP]
    if kind not in kinds:
        raise UsageError(
            f"No card of kind {kind!r} has a chip: use one of {', '.join(kinds)}.",
            f"{kind!r} 类证件没有芯片：请用 {'、'.join(kinds)}。",
            kind=kind,
        )
    if not re.fullmatch(r"[0-9A-Za-z]{15,18}", number):
        raise UsageError(
            f"{number!r} is not an ID number: 18 characters, or 15 on a foreigner's card of 2017.",
            f"{number!r} 不是证件号码。",
            number=number,
        )
    return IdCard(DocumentKind(kind), number, name, None, _expiry(valid_to))


_STORED = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})", re.ASCII)


def chip_of(
    number: str,
    name: str = "",
    valid_to: str = "长期",
    kind: str = "resident",
    valid_from: str | None = None,
    **fields: str,
) -> SimulatedCard:
    """The chip of a script's words; a date may be one that no calendar has, 2030-02-29 or 20300229.
    `fields` as `SimulatedCard.of`. UsageError, SdtError."""
    stored: dict[str, str] = {}
    if day := _STORED.fullmatch(valid_to):
        stored["valid_to"], valid_to = "".join(day.groups()), Expiry.LONG_TERM.value
    if valid_from is not None:
        begin = _STORED.fullmatch(valid_from)
        if begin is None:
            raise UsageError(
                f"{valid_from!r} is no date: write 2020-04-10.",
                f"{valid_from!r} 不是有效日期：请写 2020-04-10。",
            )
        stored["valid_from"] = "".join(begin.groups())
    return SimulatedCard.of(card_of(number, name, valid_to, kind), fingers=0, **(stored | fields))


def _expiry(text: str) -> date | Expiry:
    if text == Expiry.LONG_TERM.value:
        return Expiry.LONG_TERM
    if text in ("", Expiry.UNKNOWN.value):
        return Expiry.UNKNOWN
    try:
        return date.fromisoformat(text)
    except ValueError as e:
        raise UsageError(
            f"{text!r} is no end of validity: write YYYY-MM-DD, 长期 or unknown.",
            f"{text!r} 不是有效期：请写 YYYY-MM-DD、长期 或 unknown。",
            valid_to=text,
        ) from e
