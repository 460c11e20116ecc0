"""candidates.csv to rows: what is wrong with a row rejects that row, what is wrong with the file
rejects the file (formats.md).
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gate.core.card import DocumentKind, normalise_number, number_fault
from gate.core.exam import Exam
from gate.errors import ConfigInvalid, InputDamaged
from office.rows import CandidateRow, Fault, Rejection, rejection, without_conflicts

REQUIRED = ("ticket", "id_number", "name", "site", "paper", "room", "seat")
OPTIONAL = ("document", "flags")

_TICKET = re.compile(r"[A-Za-z0-9-]{1,32}")  # a file name too: no dots, no slashes
_DOCUMENTS = tuple(kind for kind in DocumentKind if kind is not DocumentKind.NOTICE)
"""What an ID number may be the number of; the notice carries the ticket."""
_FLAG = re.compile(r"[a-z0-9-]{1,32}")
_NUMBER = {
    "form": ("number-form", "the ID number has the wrong form", "身份证号格式不对"),
    "birth": ("number-birth", "the ID number holds no date of birth", "身份证号出生日期不对"),
    "check": ("number-check", "the check digit of the ID number is wrong", "身份证号校验位不对"),
}


@dataclass(frozen=True, slots=True)
class Candidates:
    rows: tuple[CandidateRow, ...]
    rejected: tuple[Rejection, ...]


_FIELDS = ("fields", "the row has more or fewer fields than the header", "字段数与表头不符")


def read_candidates(path: Path, exam: Exam) -> Candidates:
    """InputDamaged (missing, not UTF-8, not CSV), ConfigInvalid (columns)."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as e:
        raise InputDamaged(
            f"{path} is not UTF-8: save it as `CSV UTF-8`.",
            f"{path} 不是 UTF-8 编码：请另存为“CSV UTF-8”。",
            path=str(path),
        ) from e
    except OSError as e:
        raise InputDamaged(
            f"{path} cannot be read ({e.strerror}): name the list of candidates.",
            f"{path} 无法读取：请指定考生名单文件。",
            path=str(path),
        ) from e
    return parse_candidates(text, str(path), exam)


def parse_candidates(text: str, source: str, exam: Exam) -> Candidates:
    """As `read_candidates`, of the file's text."""
    checked = _Checked(exam)
    for line, values in _lines(text, source):
        checked.take(line, values)
    taken, refused = without_conflicts(checked.rows)
    rejected = sorted([*checked.rejected, *refused], key=lambda r: r.line)
    return Candidates(tuple(taken), tuple(rejected))


def _lines(text: str, source: str) -> Iterator[tuple[int, dict[str, str] | None]]:
    """Line number and the row by column, None for one with another number of fields."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        _check_columns(header, source)
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            fits = len(cells) == len(header)
            yield reader.line_num, dict(zip(header, cells, strict=True)) if fits else None
    except csv.Error as e:
        raise InputDamaged(
            f"{source} is not CSV at line {reader.line_num} ({e}): correct that line.",
            f"{source} 第 {reader.line_num} 行不是有效的 CSV：请改正该行。",
            path=source,
            line=reader.line_num,
        ) from e


def _check_columns(header: list[str], source: str) -> None:
    allowed = ", ".join((*REQUIRED, *OPTIONAL))
    faults = [f"missing column {name!r}" for name in REQUIRED if name not in header]
    faults += [
        f"unknown column {name!r}; allowed: {allowed}"
        for name in dict.fromkeys(header)
        if name not in (*REQUIRED, *OPTIONAL)
    ]
    faults += [f"column {name!r} twice" for name in sorted(set(header)) if header.count(name) > 1]
    if faults:
        listed = "\n".join(f"  - {fault}" for fault in faults)
        raise ConfigInvalid(
            f"{source}: the header has {len(faults)} mistake(s); correct it:\n{listed}",
            f"{source} 表头有 {len(faults)} 处错误，请改正（见上）。",
            path=source,
            faults=tuple(faults),
        )


class _Checked:
    """Rows judged one by one."""

    def __init__(self, exam: Exam) -> None:
        self.rows: list[CandidateRow] = []
        self.rejected: list[Rejection] = []
        self._sites = {s.id for s in exam.sites}
        self._papers = {p.id for p in exam.papers}

    def take(self, line: int, values: dict[str, str] | None) -> None:
        if values is None:
            self.rejected.append(rejection(line, "", [_FIELDS]))
            return
        cells = {name: unicodedata.normalize("NFC", v).strip() for name, v in values.items()}
        ticket, number = cells["ticket"], normalise_number(cells["id_number"])
        faults = [*self._faults(cells), *_number_faults(number, cells.get("document", ""))]
        if faults:
            # An unfit ticket may be anything, a number in the wrong column too: not repeated.
            shown = ticket if _TICKET.fullmatch(ticket) else ""
            self.rejected.append(rejection(line, shown, faults))
            return
        plain = {name: cells[name] for name in ("ticket", "name", "site", "paper", "room", "seat")}
        flags = frozenset(_flags(cells.get("flags", "")))
        self.rows.append(CandidateRow(line=line, number=number, flags=flags, **plain))

    def _faults(self, cells: dict[str, str]) -> Iterator[Fault]:
        if not _TICKET.fullmatch(cells["ticket"]):
            yield "ticket", "the ticket is not 1 to 32 letters, digits and -", "准考证号格式不对"
        if not _is_text(cells["name"], 64):
            yield "name", "the name is empty, too long or no text", "姓名为空或格式不对"
        site, paper = cells["site"], cells["paper"]
        if site not in self._sites:
            yield "site", f"the exam has no site {site[:32]!r}", f"无此考点：{site[:32]}"
        if paper not in self._papers:
            yield "paper", f"the exam has no paper {paper[:32]!r}", f"无此科目：{paper[:32]}"
        if not _is_text(cells["room"], 32):
            yield "room", "the room is empty or too long", "考场为空或过长"
        if not _is_text(cells["seat"], 16) or "-" in cells["seat"]:
            yield "seat", "the seat is empty, too long or has a hyphen", "座位为空、过长或含连字符"
        if cells.get("document", "") not in ("", *_DOCUMENTS):
            kinds = ", ".join(_DOCUMENTS)
            yield "document", f"the document is none of {kinds}", f"证件种类须为 {kinds} 之一"
        if not all(_FLAG.fullmatch(flag) for flag in _flags(cells.get("flags", ""))):
            yield "flags", "a flag is not made of a-z, 0-9 and -", "标记只能含 a-z、0-9 和 -"


def _number_faults(number: str, document: str) -> list[Fault]:
    kind = DocumentKind(document) if document in _DOCUMENTS else None
    fault = number_fault(number, kind)
    return [] if fault is None else [_NUMBER[fault]]


def _flags(cell: str) -> list[str]:
    return [flag.strip() for flag in cell.split(";") if flag.strip()]


def _is_text(value: str, longest: int) -> bool:
    plain = not any(unicodedata.category(c).startswith("C") for c in value)
    return 0 < len(value) <= longest and plain
