"""What a candidate fills in, and every fault of it at once."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from enrolment.core.round import Round
from gate.core.card import normalise_number, number_fault

NAME_LONGEST = 64
_PHONE = re.compile(r"1[3-9]\d{9}", re.ASCII)
_IN_NAMES = "·.-' ’"


@dataclass(frozen=True, slots=True)
class PersonalData:
    """The form. `number` is normalised; `school` may be empty; `exempt`: reviewed on site."""

    name: str
    number: str
    phone: str
    district: str
    level: str
    subjects: tuple[str, ...]
    school: str = ""
    exempt: bool = False

    def __repr__(self) -> str:  # a log line must not carry a name or a number
        return f"PersonalData({self.district}, {self.level})"


class DataFault(NamedTuple):
    """What is wrong with one field, and what to do."""

    field: str
    zh: str
    en: str


def normalised(data: PersonalData) -> PersonalData:
    """Without blanks at the ends, and with the number in its one form."""
    return PersonalData(
        name=" ".join(data.name.split()),
        number=normalise_number(data.number),
        phone="".join(data.phone.split()),
        district=data.district,
        level=data.level,
        subjects=tuple(dict.fromkeys(data.subjects)),
        school=" ".join(data.school.split()),
        exempt=data.exempt,
    )


def data_faults(data: PersonalData, of_round: Round) -> tuple[DataFault, ...]:
    """Every fault of normalised data."""
    return tuple(_faults(data, of_round))


def _faults(data: PersonalData, of_round: Round) -> Iterator[DataFault]:
    if not _is_name(data.name):
        yield DataFault(
            "name",
            "姓名只能含文字和间隔号：请按身份证填写",
            "a name has letters and a middle dot only: write it as on the card",
        )
    if number_fault(data.number) is not None:
        yield DataFault(
            "number",
            "身份证号有误：请对照证件逐位核对",
            "the ID number is not valid: compare it with the card digit by digit",
        )
    if not _PHONE.fullmatch(data.phone):
        yield DataFault("phone", "请填写 11 位手机号码", "write a mobile number of 11 digits")
    if data.district not in {d.id for d in of_round.districts}:
        yield DataFault("district", "请从列表中选择考区", "choose a district of the list")
    if data.level not in {level.id for level in of_round.levels}:
        yield DataFault("level", "请从列表中选择报考层次", "choose a level of the list")
    known = {s.id for s in of_round.subjects}
    if not data.subjects or not all(s in known for s in data.subjects):
        yield DataFault("subjects", "请从列表中选择报考科目", "choose subjects of the list")
    if data.school and not _is_school(data.school):
        yield DataFault("school", "学校名称格式不对", "a school has letters and digits only")


def _is_name(name: str) -> bool:
    return 0 < len(name) <= NAME_LONGEST and all(_is_letter(c) for c in name) and name.strip() != ""


def _is_letter(character: str) -> bool:
    return unicodedata.category(character)[0] in "LM" or character in _IN_NAMES


def _is_school(school: str) -> bool:
    return len(school) <= NAME_LONGEST and all(
        _is_letter(c) or c.isdigit() or c in "（）()" for c in school
    )
