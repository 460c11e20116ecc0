"""What the lines of a card say: name, number, sex, birth. Pure.

The check digit of the number and the lines of birth and sex validate it. They never mend it: a
mended number may be another person's.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from enrolment.checks.text_reading import TextLine
from gate.core.card import number_fault

SURE_MIN = 0.6
"""Lines that are less sure are not read."""

_NUMBER = re.compile(r"(?<![0-9])[0-9]{17}[0-9X](?![0-9X])", re.ASCII)
_BIRTH = re.compile(r"([0-9]{4})年([0-9]{1,2})月([0-9]{1,2})日?", re.ASCII)
_SEX = re.compile(r"性别([男女])")
_LABEL_TAIL = 2
_NAME_DOTS = str.maketrans("•・‧●．.∙⋅", "········")


@dataclass(frozen=True, slots=True)
class CardFields:
    """Empty where it was not read. `birth`: YYYYMMDD. `number` has a right check digit."""

    name: str = ""
    number: str = ""
    birth: str = ""
    sex: str = ""

    @property
    def is_sound(self) -> bool:
        """Whether number, birth and sex were read and agree."""
        if not self.number or number_fault(self.number) is not None:
            return False
        sex = "男" if int(self.number[16]) % 2 else "女"
        return self.birth == self.number[6:14] and self.sex in ("", sex)


def card_fields(lines: Iterable[TextLine]) -> CardFields:
    """The fields of one card; two different numbers are none."""
    sure = [line for line in lines if line.sure >= SURE_MIN]
    texts = [_plain(line.text) for line in sure]
    numbers = {found for text in texts for found in _NUMBER.findall(text.upper())}
    valid = {n for n in numbers if number_fault(n) is None}
    birth = next((m for m in map(_BIRTH.search, texts) if m), None)
    sex = next((m for m in map(_SEX.search, texts) if m), None)
    return CardFields(
        name=_name(sure),
        number=valid.pop() if len(numbers) == len(valid) == 1 else "",
        birth=f"{birth[1]}{int(birth[2]):02d}{int(birth[3]):02d}" if birth else "",
        sex=sex[1] if sex else "",
    )


def _name(lines: list[TextLine]) -> str:
    """What follows the label, in its line or right of it at the same height."""
    for line in lines:
        text = _plain(line.text)
        if text.startswith("姓名"):
            rest = text.removeprefix("姓名")
            return _dotted(rest or _right_of(line, lines))
    for line in lines:  # the label is pale: at times only its second sign is read
        text = _plain(line.text)
        if text.startswith(("名", "姓")) and 1 < len(text) <= 1 + _LABEL_TAIL * 10:
            return _dotted(text[1:])
    return ""


def _right_of(label: TextLine, lines: list[TextLine]) -> str:
    middle = (label.box[1] + label.box[3]) / 2
    beside = [
        line
        for line in lines
        if line.box[0] >= label.box[2] - 0.02 and line.box[1] < middle < line.box[3]
    ]
    return _plain(min(beside, key=lambda line: line.box[0]).text) if beside else ""


def _dotted(name: str) -> str:
    return name.translate(_NAME_DOTS).strip("·")


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())
