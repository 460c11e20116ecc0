"""Rows and lists of every kind that field cases are made of, and what is right for each. Everybody
is made up."""

import csv
import io
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import openpyxl

from gate.core.card import check_character

KINDS = ("utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "xlsx")
"""Encodings, and a workbook."""

FIRST_LINE = 3
"""A title and the header stand above the rows."""

_HEADERS = (
    ("ticket", "id_number", "name", "site", "paper", "room", "seat"),
    ("准考证号", "身份证号", "姓名", "考点", "科目", "考场号", "座位号"),
)
_NAMES = (
    ("测试", ""),
    ("\ue863测", ""),
    ("测\U0003158e", ""),
    ("测\U0002ebf0", ""),
    ("测\ufe00", ""),
    ("张　三", ""),
    ("测\u200b试", ""),
    ("\u202e测试", ""),
    ("O'NEIL", ""),
    ("阿·测", ""),
    ("测?", ""),
    ("'测试", ""),
    ('="测试"', ""),
    ("测\u0378", ""),
    ("\u2ff0王天", ""),
    ("x" * 64, ""),
    ("测\ufffd", "name"),
    ("测\ud83d试", "name"),
    ("测\x1b[2J", "name"),
    ("#REF!", "name"),
    ("\u200b", "name"),
    ("", "name"),
    ("x" * 65, "name"),
)
"""A name as it stands in a cell, and the reason for which its row is rejected."""

_NUMBERS: tuple[tuple[Callable[[str], str], str], ...] = (
    (str, ""),
    (str, ""),
    ("'{}".format, ""),
    ("`{}".format, ""),
    ('="{}"'.format, ""),
    ("\t{}".format, ""),
    ("{}　".format, ""),
    ("{}.0".format, ""),
    ("\u200b{}".format, ""),
    ("\ufeff{}".format, ""),
    (lambda n: f"{n[:6]} {n[6:]}", ""),
    (lambda n: f"{n[:6]}-{n[6:14]}-{n[14:]}", ""),
    (lambda n: n.translate(str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")), ""),
    (str.lower, ""),
    (lambda n: n[:17] + ("2" if n[17] == "1" else "1"), "number-check"),
    (lambda n: f"{n[:10]}13{n[12:]}", "number-birth"),
    (lambda n: n[:-1], "number-form"),
    (lambda _: "#N/A", "number-form"),
)
"""How a cell spells a number, and the reason for which its row is rejected."""

_OTHERS = (
    (1, "9.90105E+17", "number-digits"),
    (3, "wh-hs-99", "site"),
    (4, "99999-am", "paper"),
    (5, "", "room"),
    (5, "第" * 33 + "间", "room"),
    (6, "", "seat"),
    (6, "3月1日", "seat-date"),
    (6, "1.5E+3", "seat-digits"),
)
"""The place of another cell, what stands in it and the reason for which its row is rejected. Few
numbers have lost their digits: a list with many was rounded, and is refused as a whole."""

_ROOMS = ("01", "1", "第１考场", "1.0", "０1")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a list.

    `number`: as it is meant. `reasons`: the words for which the row is rejected, in the order of
    `rejected.csv`, none where it is to be built.
    """

    cells: tuple[str, ...]
    number: str
    reasons: tuple[str, ...]

    @property
    def ticket(self) -> str:
        return self.cells[0]

    @property
    def is_taken(self) -> bool:
        return not self.reasons


def citizen(n: int) -> str:
    first_17 = f"990105{19700101 + n // 1000 % 28 + n // 28000 * 10000}{n % 1000:03d}"
    return first_17 + check_character(first_17)


def rows_of(count: int, kind: str, drawn: random.Random) -> list[Row]:
    """Most of them whole. A seat for each, so that no row contradicts another by chance."""
    rows = []
    for n in range(count):
        number = citizen(n)
        cells = [f"T{n:06d}", number, f"测试{n}", "wh-hs-01", "00015-am", "", f"{n + 1}"]
        cells[5] = drawn.choice(_ROOMS)
        named = numbered = other = ""
        if drawn.random() < 0.3:
            cells[2], named = drawn.choice([name for name in _NAMES if _holds(kind, name[0])])
            spelt, numbered = drawn.choice(_NUMBERS)
            cells[1] = spelt(number)
            if kind == "xlsx":
                named = _in_a_workbook(cells[2], named, "name")
                numbered = _in_a_workbook(cells[1], numbered, "number-form")
        if drawn.random() < 0.03:
            place, cells[place], other = drawn.choice(_OTHERS)
            if place == 1:
                numbered, other = other, ""
        rows.append(Row(tuple(cells), number, _ordered(named, other, numbered)))
    return rows


def _holds(kind: str, text: str) -> bool:
    """Half a character can be written in UTF alone."""
    return kind.startswith("utf") or not any("\ud800" <= c <= "\udfff" for c in text)


def _in_a_workbook(cell: str, reason: str, when_empty: str) -> str:
    """A workbook holds no control characters, so what has some is whole there; and a formula that
    nobody has computed yet is an empty cell."""
    if cell.startswith("="):
        return when_empty
    return "" if "\x1b" in cell else reason


def _ordered(named: str, other: str, numbered: str) -> tuple[str, ...]:
    """A spreadsheet's damage comes first, then the columns in their order, the number last."""
    first, later = (other, "") if other.startswith("seat-") else ("", other)
    return tuple(reason for reason in (first, named, later, numbered) if reason)


def write_list(folder: Path, rows: Sequence[Row], kind: str, drawn: random.Random) -> Path:
    """`kind`: one of KINDS. The file's name says nothing of it; the columns stand in any order."""
    order = drawn.sample(range(7), 7)
    header = _in_order(drawn.choice(_HEADERS), order)
    path = folder / "list"
    if kind == "xlsx":
        _write_workbook(path, header, [_in_order(row.cells, order) for row in rows])
        return path
    target = io.StringIO()
    writer = csv.writer(target, delimiter=drawn.choice(",\t;"))
    writer.writerow(["考生名单"])
    writer.writerow([*header, "", ""])
    writer.writerows([*_in_order(row.cells, order), "", ""] for row in rows)
    errors = "surrogatepass" if "utf" in kind else "strict"
    path.write_bytes(target.getvalue().encode(kind, errors=errors))
    return path


def _in_order(cells: Sequence[str], order: Sequence[int]) -> list[str]:
    return [cells[place] for place in order]


def _write_workbook(path: Path, header: list[str], rows: Sequence[list[str]]) -> None:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(["考生名单"])
    sheet.append(header)
    for row in rows:  # a workbook cannot hold control characters
        sheet.append(["".join(c for c in cell if c >= " ") for cell in row])
    book.save(path)
