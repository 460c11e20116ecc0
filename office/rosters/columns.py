"""Which column is which: the header of a list of candidates, in Chinese or English, and where it
stands."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from gate.errors import ConfigInvalid, InputDamaged
from office.rosters import cells
from office.rosters.tables import Lines, TableReading

REQUIRED = ("ticket", "id_number", "name", "site", "paper", "room", "seat")
OPTIONAL = ("document", "flags", "notice", "health")

_HEAD = 20
"""Rows in which the header is looked for: titles and notes stand above it."""

_NAMES = {
    "ticket": "准考证号 准考证号码 准考证编号 准考证 考号 ticketnumber ticketno",
    "id_number": "身份证号 身份证号码 身份证件号 身份证件号码 身份证 居民身份证号 居民身份证号码 "
    "公民身份号码 公民身份证号 证件号 证件号码 证件编号 有效证件号 有效证件号码 idno idcard",
    "name": "姓名 考生姓名 考生 名字 fullname",
    "site": "考点 考点号 考点代码 考点编号 考点代号 考点id siteid",
    "paper": "科目 场次 科目场次 科目代码 科目编号 科目代号 考试科目 课程 课程代码 课程编号 "
    "课程代号 场次号 场次代码 场次编号 试卷代码 paperid",
    "room": "考场 考场号 考场编号 考场代码 试室 试室号 试室编号 教室 roomno",
    "seat": "座位 座位号 座位编号 座号 座次 座次号 seatno",
    "document": "证件类型 证件种类 证件类别 documenttype",
    "flags": "标记 标志 特殊标记",
    "notice": "通知单 准考通知单 考试通知单",
    "health": "健康申报 健康申报表 健康报告",
}
_SECOND = {
    "site": "考点名称 考点名 sitename",
    "paper": "科目名称 科目名 课程名称 课程名 场次名称",
    "room": "考场名称",
}
"""Taken where no column of `_NAMES` stands for the field."""

_IGNORED = frozenset(
    name
    for names in (
        "序号 编号 行号 no 性别 sex 民族 出生日期 出生年月 年龄 籍贯 学历 职业 单位 工作单位",
        "学校 院校 专业 专业代码 专业名称 层次 班级 年级 学号 考生号 报名号 报名序号 照片 相片",
        "电话 联系电话 手机 手机号 手机号码 邮箱 电子邮箱 email 地址 通讯地址 家庭住址 邮编",
        "考试日期 考试时间 考点地址 考区 考区名称 考区代码 省 市 县 区 县区 市州 签名 签到",
        "备注 说明 remark remarks note notes",
    )
    for name in names.split()
)
"""Common in lists and not needed. Any other name may be a needed one misspelled, and is told."""

_FIELDS = {
    name: field
    for field, names in _NAMES.items()
    for name in (field.replace("_", ""), *names.split())
}
_SECOND_FIELDS = {name: field for field, names in _SECOND.items() for name in names.split()}
_BRACKETS = re.compile(r"[(\[{【〔].*?[)\]}】〕]")
_NO_LETTER = re.compile(r"[\s_*/、:.\-]+")


@dataclass(frozen=True, slots=True)
class Header:
    """The header of a table.

    `line`: where it stands. `names`: of the columns, bare, empty for one that has none. `places`:
    field to index. `ignored`: columns that are not needed. `faults`: what is wrong.
    """

    line: int
    names: tuple[str, ...]
    places: dict[str, int]
    ignored: tuple[str, ...]
    faults: tuple[str, ...]

    def has_column(self, i: int) -> bool:
        """Whether the column has a name, so that something may stand in it."""
        return i < len(self.names) and self.names[i] != ""

    def is_repeated_by(self, row: Sequence[str]) -> bool:
        """Printed lists have it again on each page."""
        return tuple(map(bare, row)) == self.names


def headed(readings: Sequence[TableReading], source: str) -> tuple[Header, Lines]:
    """The header, and the rows below it of the reading that has one. InputDamaged where two sheets
    have one or the file cannot be split, ConfigInvalid where the header is wrong or missing."""
    found = [(header, reading) for reading in readings if (header := _header_in(reading))]
    whole = [(header, reading) for header, reading in found if not header.faults]
    if len(whole) > 1:
        raise InputDamaged(
            f"{source} has {len(whole)} sheets of candidates: put them into one sheet, or hand in "
            "one of them.",
            f"{source} 有 {len(whole)} 个考生工作表：请合并为一个，或只提交其中一个。",
            path=source,
        )
    if not whole:
        raise _without_header(readings, [header for header, _ in found], source)
    header, reading = whole[0]
    return header, (row for row in reading.lines() if row[0] > header.line)


def _header_in(reading: TableReading) -> Header | None:
    """The best of the first rows, None where none looks like a header."""
    try:
        head = [header_of(line, row) for line, row in islice(reading.lines(), _HEAD)]
    except InputDamaged:
        return None
    likely = [h for h in head if h.places]
    return max(likely, key=lambda h: len(h.places), default=None)


def _without_header(
    readings: Sequence[TableReading], nearly: list[Header], source: str
) -> ConfigInvalid | InputDamaged:
    """What is said of a file that no reading finds a whole header in."""
    best = max(nearly, key=lambda h: len(h.places), default=None)
    if best is None and readings:
        try:
            list(islice(readings[0].lines(), _HEAD))
        except InputDamaged as e:
            return e
    faults = best.faults if best else tuple(map(_missing, REQUIRED))
    where = f"line {best.line} is no whole header" if best else f"no header in {_HEAD} lines"
    zh = f"第 {best.line} 行表头有误" if best else f"前 {_HEAD} 行中没有表头"
    return ConfigInvalid(
        f"{source}: {where}; correct the names of the columns: {'; '.join(faults)}.",
        f"{source}：{zh}（{len(faults)} 处），应有列：{_wanted_zh()}。",
        path=source,
        faults=faults,
    )


def header_of(line: int, row: Sequence[str]) -> Header:
    """What a row says as a header."""
    names = [bare(cell) for cell in row]
    places = _places(names)
    used = set(places.values())
    ignored = [name for i, name in enumerate(names) if name and i not in used]
    faults = [*map(_missing, (f for f in REQUIRED if f not in places)), *_strange(row, names)]
    return Header(line, tuple(names), places, tuple(ignored), tuple(faults))


def _places(names: Sequence[str]) -> dict[str, int]:
    places: dict[str, int] = {}
    for known in (_FIELDS, _SECOND_FIELDS):
        for i, name in enumerate(names):
            if name in known:
                places.setdefault(known[name], i)
    return places


def _strange(row: Sequence[str], names: Sequence[str]) -> Iterator[str]:
    """Columns nobody knows, and two for one field."""
    known = (*REQUIRED, *OPTIONAL)
    for cell, name in zip(row, names, strict=True):
        if name and name not in _FIELDS | _SECOND_FIELDS and name not in _IGNORED:
            yield f"unknown column {cells.code(cell)[:32]!r} (allowed: {', '.join(known)})"
    fields = [_FIELDS[name] for name in names if name in _FIELDS]
    others = [name for name in names if name and name not in _FIELDS and name not in _IGNORED]
    yield from (f"column {name!r} twice" for name in sorted(set(fields)) if fields.count(name) > 1)
    yield from (f"column {name!r} twice" for name in sorted(set(others)) if others.count(name) > 1)


def bare(cell: str) -> str:
    """A column's name without blanks, signs, brackets and case: `*身份证号（必填）` is 身份证号."""
    text = _BRACKETS.sub("", unicodedata.normalize("NFKC", cells.visible(cell)))
    return _NO_LETTER.sub("", text).casefold()


def _missing(name: str) -> str:
    return f"missing column {name!r} ({_NAMES[name].split()[0]})"


def _wanted_zh() -> str:
    return "、".join(_NAMES[name].split()[0] for name in REQUIRED)
