"""A list of candidates to rows: what is wrong with a row rejects that row, what is wrong with the
file rejects the file (formats.md).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gate.core.card import DocumentKind, normalise_number, number_fault
from gate.core.exam import Exam
from gate.errors import InputDamaged
from office.rosters import cells, health_cells
from office.rosters.columns import OPTIONAL, REQUIRED, Header, headed
from office.rosters.designations import Designations
from office.rosters.rounded_numbers import ends_in_noughts, rounding
from office.rosters.rows import (
    CandidateRow,
    Fault,
    Rejection,
    RowNote,
    rejection,
    without_conflicts,
)
from office.rosters.short_tickets import short_tickets
from office.rosters.tables import Lines, readings, text_readings

__all__ = ["OPTIONAL", "REQUIRED", "Candidates", "parse_candidates", "read_candidates"]

_TICKET = re.compile(r"[A-Za-z0-9-]{1,32}")  # a file name too: no dots, no slashes
_DOCUMENTS = tuple(kind for kind in DocumentKind if kind is not DocumentKind.NOTICE)
"""What an ID number may be the number of; the notice carries the ticket."""
_DOCUMENT_NAMES = {
    "身份证": DocumentKind.RESIDENT,
    "居民身份证": DocumentKind.RESIDENT,
    "二代身份证": DocumentKind.RESIDENT,
    "临时身份证": DocumentKind.TEMPORARY,
    "临时居民身份证": DocumentKind.TEMPORARY,
    "居住证": DocumentKind.RESIDENCE_PERMIT,
    "港澳台居民居住证": DocumentKind.RESIDENCE_PERMIT,
    "外国人永久居留身份证": DocumentKind.FOREIGNER,
    "外国人永久居留证": DocumentKind.FOREIGNER,
    "护照": DocumentKind.TRAVEL_DOCUMENT,
    "回乡证": DocumentKind.TRAVEL_DOCUMENT,
    "台胞证": DocumentKind.TRAVEL_DOCUMENT,
    "港澳居民来往内地通行证": DocumentKind.TRAVEL_DOCUMENT,
    "台湾居民来往大陆通行证": DocumentKind.TRAVEL_DOCUMENT,
}
_FLAG = re.compile(r"[a-z0-9-]{1,32}")
_NUMBER = {
    "form": ("number-form", "the ID number has the wrong form", "身份证号格式不对"),
    "birth": ("number-birth", "the ID number holds no date of birth", "身份证号出生日期不对"),
    "check": ("number-check", "the check digit of the ID number is wrong", "身份证号校验位不对"),
}
_ROUNDED: Fault = (
    "number-check",
    "the check digit of the ID number is wrong, and it ends in 000: a spreadsheet rounded it",
    "身份证号校验位不对，且末三位为 000：被表格软件舍入",
)
_FIELDS: Fault = ("fields", "the row has more or fewer fields than the header", "字段数与表头不符")
_ZH = {
    "ticket": "准考证号",
    "id_number": "身份证号",
    "name": "姓名",
    "site": "考点",
    "paper": "科目",
    "room": "考场",
    "seat": "座位",
    "document": "证件种类",
    "flags": "标记",
    "notice": "通知单",
    "health": "健康申报",
}


@dataclass(frozen=True, slots=True)
class Candidates:
    """The candidates of a list, and what was found in it.

    `notes`: what was put right or looks odd in rows that were taken. `ignored`: columns that are
    not needed.
    """

    rows: tuple[CandidateRow, ...]
    rejected: tuple[Rejection, ...]
    notes: tuple[RowNote, ...] = ()
    ignored: tuple[str, ...] = ()


def read_candidates(path: Path, exam: Exam | None) -> Candidates:
    """InputDamaged (missing, no table, rounded by a spreadsheet), ConfigInvalid (columns). Without
    an exam any site and paper passes."""
    return _judged(*headed(readings(path), str(path)), str(path), exam)


def parse_candidates(text: str, source: str, exam: Exam | None) -> Candidates:
    """As `read_candidates`, of the file's text."""
    return _judged(*headed(text_readings(text, source), source), source, exam)


def _judged(header: Header, lines: Lines, source: str, exam: Exam | None) -> Candidates:
    checked = _Checked(exam, header)
    for line, row in lines:
        checked.take(line, row)
    if found := rounding(checked.numbers):
        raise InputDamaged(
            f"{source}: {found.damaged} of {found.total} ID numbers have lost their last digits to "
            "a spreadsheet: make the column a text column, fill it in from the source again and "
            "hand in the whole list.",
            f"{source}：{found.total} 个身份证号中有 {found.damaged} 个被表格软件舍入，末位已丢失："
            "请将该列设为文本格式，从原始数据重新录入后提交整份名单。",
            path=source,
            damaged=found.damaged,
            total=found.total,
        )
    taken, refused = without_conflicts(checked.rows)
    rejected = sorted([*checked.rejected, *refused], key=lambda r: r.line)
    lines_taken = {row.line for row in taken}
    notes = [note for note in checked.notes if note.line in lines_taken] + short_tickets(taken)
    return Candidates(tuple(taken), tuple(rejected), tuple(notes), header.ignored)


class _Checked:
    """Rows judged one by one."""

    def __init__(self, exam: Exam | None, header: Header) -> None:
        self.rows: list[CandidateRow] = []
        self.rejected: list[Rejection] = []
        self.notes: list[RowNote] = []
        self.numbers: list[tuple[str, str]] = []
        """Ticket and ID number of every row, whatever else is wrong with it."""
        self._header = header
        self._exam = exam
        self._sites = Designations((s.id, s.name) for s in exam.sites) if exam else None
        self._papers = Designations((p.id, p.subject) for p in exam.papers) if exam else None

    def take(self, line: int, row: Sequence[str]) -> None:
        if not any(cells.visible(cell).strip() for cell in row) or self._header.is_repeated_by(row):
            return
        if not self._fits(row):
            self.rejected.append(rejection(line, "", [_FIELDS]))
            return
        raw = {name: row[i] if i < len(row) else "" for name, i in self._header.places.items()}
        values = {name: _CLEANED.get(name, cells.code)(value) for name, value in raw.items()}
        ticket = values["ticket"]
        self.numbers.append((ticket.upper(), values["id_number"]))
        known = values | {
            "site": _id_of(self._sites, values["site"]),
            "paper": _id_of(self._papers, values["paper"]),
        }
        faults = [
            *_faults(values, known),
            *_number_faults(values),
            *health_cells.faults(values, self._exam),
        ]
        if faults:
            # An unfit ticket may be anything, a number in the wrong column too: not repeated.
            fit = _TICKET.fullmatch(ticket) or cells.digits_lost(ticket)
            self.rejected.append(rejection(line, ticket if fit else "", faults))
            return
        self.notes += [RowNote(line, ticket, *told) for told in _told(raw, values)]
        self.rows.append(_row(line, known))

    def _fits(self, row: Sequence[str]) -> bool:
        """Every needed cell is there, and nothing stands where no column is."""
        if len(row) <= max(self._header.places[name] for name in REQUIRED):
            return False
        beyond = [c for i, c in enumerate(row) if not self._header.has_column(i)]
        return not any(cells.visible(cell).strip() for cell in beyond)


def _id_of(known: Designations | None, written: str) -> str:
    """Empty where the exam has none such."""
    return written if known is None else known.id_of(written) or ""


_CLEANED = {"name": cells.name, "id_number": cells.number}


def _row(line: int, values: dict[str, str]) -> CandidateRow:
    plain = {name: values[name] for name in ("ticket", "name", "site", "paper", "room", "seat")}
    flags = frozenset(_flags(values.get("flags", "")))
    return CandidateRow(
        line=line,
        number=normalise_number(values["id_number"]),
        flags=flags,
        handed_in=health_cells.handed_in(values),
        **plain,
    )


def _faults(values: dict[str, str], known: dict[str, str]) -> Iterator[Fault]:
    for column in ("ticket", "site", "paper", "room", "seat"):
        yield from _spreadsheet_faults(column, values[column])
    if not _TICKET.fullmatch(values["ticket"]) and not cells.digits_lost(values["ticket"]):
        yield "ticket", "the ticket is not 1 to 32 letters, digits and -", "准考证号格式不对"
    yield from _name_faults(values["name"])
    site, paper = _shown(values["site"]), _shown(values["paper"])
    if not known["site"]:
        yield "site", f"the exam has no site {site!r}", f"无此考点：{site}"
    if not known["paper"]:
        yield "paper", f"the exam has no paper {paper!r}", f"无此科目：{paper}"
    if not _is_text(values["room"], 32):
        yield "room", "the room is empty, too long or no text", "考场为空、过长或格式不对"
    if not _is_text(values["seat"], 16):
        yield "seat", "the seat is empty, too long or no text", "座位为空、过长或格式不对"
    if values.get("document", "") not in ("", *_DOCUMENTS, *_DOCUMENT_NAMES):
        kinds = ", ".join(_DOCUMENTS)
        yield "document", f"the document is none of {kinds}", f"证件种类须为 {kinds} 之一"
    if not all(_FLAG.fullmatch(flag) for flag in _flags(values.get("flags", ""))):
        yield "flags", "a flag is not made of a-z, 0-9 and -", "标记只能含 a-z、0-9 和 -"


def _spreadsheet_faults(column: str, value: str) -> Iterator[Fault]:
    """What a spreadsheet made of a value so that it is gone."""
    zh = _ZH[column]
    if cells.digits_lost(value):
        yield (
            f"{column}-digits",
            f"the {column} lost its digits to a spreadsheet (written as 1.2E+11): type it again",
            f"{zh}被表格软件改成科学计数法，数字已丢失：请重新录入",
        )
    elif column in ("room", "seat", "ticket") and cells.is_date(value):
        yield (
            f"{column}-date",
            f"the {column} was turned into a date by a spreadsheet: type it again as text",
            f"{zh}被表格软件改成日期：请以文本重新录入",
        )


def _name_faults(name: str) -> Iterator[Fault]:
    if cells.is_error(name):
        yield "name", "the name is the error of a formula: type it", "姓名为公式错误：请重新录入"
    elif cells.unfit(name):
        yield (
            "name",
            "the name holds a control character, half a character or U+FFFD, so it was damaged on "
            "the way: type it again",
            "姓名含控制字符、残缺字符或替换符（U+FFFD），已损坏：请重新录入",
        )
    elif not 0 < len(name) <= 64:
        yield "name", "the name is empty or longer than 64 characters", "姓名为空或超过 64 个字符"


def _number_faults(values: dict[str, str]) -> list[Fault]:
    number = values["id_number"]
    if cells.digits_lost(number):
        return [
            (
                "number-digits",
                "the ID number lost its digits to a spreadsheet (written as 4.2E+17): "
                "type it again",
                "身份证号被表格软件改成科学计数法，数字已丢失：请重新录入",
            )
        ]
    fault = number_fault(normalise_number(number), _document(values.get("document", "")))
    if fault == "check" and ends_in_noughts(number):
        return [_ROUNDED]
    return [] if fault is None else [_NUMBER[fault]]


def _document(value: str) -> DocumentKind | None:
    if value in _DOCUMENT_NAMES:
        return _DOCUMENT_NAMES[value]
    return DocumentKind(value) if value in _DOCUMENTS else None


def _told(raw: dict[str, str], values: dict[str, str]) -> Iterator[Fault]:
    """What the office hears of a row that was taken."""
    if cells.holds_marks(raw["name"]):
        yield (
            "name-marks",
            "invisible marks were taken out of the name",
            "姓名中的不可见字符已去除",
        )
    if cells.is_padded(raw["name"]):
        yield "name-blanks", "blanks were taken out of the name", "姓名中的空格已去除"
    if cells.may_have_lost(values["name"]):
        yield (
            "name-doubt",
            "the name holds a sign that often stands for a lost character: compare it",
            "姓名含疑似丢字的符号：请核对",
        )
    if cells.may_be_garbled(values["name"]):
        yield (
            "name-garbled",
            "the name may have been read in a wrong encoding: compare it",
            "姓名疑似乱码：请核对",
        )
    if ends_in_noughts(values["id_number"]):
        yield (
            "number-noughts",
            "the ID number ends in 000, as a rounded one does: compare it",
            "身份证号末三位为 000，可能被舍入：请核对",
        )
    others = [v for name, v in raw.items() if name not in ("name", "flags", "notice", "health")]
    if any(cells.is_cluttered(value) for value in others):
        yield (
            "cells",
            "what a spreadsheet leaves in cells was taken off",
            "表格软件留下的符号已去除",
        )


def _flags(cell: str) -> list[str]:
    return [flag.strip() for flag in re.split("[;,、]", cell) if flag.strip()]


def _shown(value: str) -> str:
    return "".join(c for c in value[:32] if not cells.unfit(c))


def _is_text(value: str, longest: int) -> bool:
    damaged = cells.unfit(value) or cells.is_error(value)
    return 0 < len(value) <= longest and not damaged
