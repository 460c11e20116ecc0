"""Workbooks that are made to fill memory, or that hold anything at all: a list, or one sentence."""

import io
import resource
import subprocess
import sys
import zipfile
from datetime import date, timedelta
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.card import check_character
from gate.errors import ConfigInvalid, InputDamaged
from office.rosters import workbooks
from office.rosters.candidates import read_candidates
from office.rosters.workbooks import sheets_of
from tests.examples import examples

COLUMNS = ["ticket", "id_number", "name", "site", "paper", "room", "seat"]
SHEET, STRINGS = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"
SPACE = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
MEMORY = 1 << 30
"""Bytes of address space that a check of a hostile file has; an honest one needs a fifth."""


def row(n: int) -> list[object]:
    born = date(1980, 1, 1) + timedelta(days=n // 500)
    number = f"990105{born:%Y%m%d}{n % 500:03d}"
    number += check_character(number)
    return [f"A{n:05d}", number, f"考生{n}号", "wh-hs-01", "00015-am", n // 30, n % 30 + 1]


def book(count: int) -> bytes:
    made = openpyxl.Workbook()
    sheet = made.active
    assert sheet is not None
    sheet.append(COLUMNS)
    for n in range(1, count + 1):
        sheet.append(row(n))
    target = io.BytesIO()
    made.save(target)
    return target.getvalue()


WHOLE = book(2)
PARTS = zipfile.ZipFile(io.BytesIO(WHOLE)).namelist()


def replaced(part: str, content: bytes | str) -> bytes:
    """The whole book with another content of one part."""
    target = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(WHOLE)) as source,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made,
    ):
        for name in {*PARTS, part}:
            made.writestr(name, content if name == part else source.read(name))
    return target.getvalue()


def sheet(rows: str) -> str:
    return f'<?xml version="1.0"?><worksheet {SPACE}><sheetData>{rows}</sheetData></worksheet>'


def text(value: str) -> str:
    return f'<c t="inlineStr"><is><t>{value}</t></is></c>'


def lying(part: str, content: bytes) -> bytes:
    """The directory says that the part unpacks to 100 bytes."""
    made = bytearray(replaced(part, content))
    size = len(content).to_bytes(4, "little")
    at = made.find(size)
    while at >= 0:
        made[at : at + 4] = (100).to_bytes(4, "little")
        at = made.find(size)
    return bytes(made)


LAUGHS = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 20}">' for n in range(1, 8))
BOMBS = {
    "one part of zeros": lambda: replaced("xl/x.bin", b"\0" * 30_000_000),
    "one cell": lambda: replaced(SHEET, sheet(f"<row>{text('a' * 30_000_000)}</row>")),
    "elements without end": lambda: replaced(SHEET, sheet("<a>" * 2_000_000)),
    "elements without end, in what does not pack": lambda: replaced(
        SHEET, sheet("".join(f"<a{n * 7919 % 99_991}>" for n in range(700_000)))
    ),
    "strings": lambda: replaced(STRINGS, f"<sst {SPACE}>" + "<si><t>a</t></si>" * 2_000_000),
    "entities": lambda: replaced(
        SHEET,
        f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a0 "ha">{LAUGHS}]>'
        + sheet(f"<row>{text('&a7;')}</row>").removeprefix('<?xml version="1.0"?>'),
    ),
    "rows beyond any sheet": lambda: replaced(SHEET, sheet('<row r="99999999999"><c/></row>')),
    "a directory that lies": lambda: lying(SHEET, sheet("<row/>" * 3_000_000).encode()),
}


def in_little_memory() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


@pytest.mark.system
@pytest.mark.parametrize("bomb", BOMBS)
def test_what_is_made_to_fill_memory_is_one_sentence(tmp_path: Path, bomb: str) -> None:
    path = tmp_path / "list.xlsx"
    path.write_bytes(BOMBS[bomb]())
    words = [sys.executable, "-m", "office", "candidates", "check", str(path)]
    done = subprocess.run(
        words, capture_output=True, text=True, check=False, preexec_fn=in_little_memory
    )
    assert done.returncode == 1, done.stderr[-500:]
    assert done.stdout.startswith("refused: "), done.stdout
    assert len(done.stdout.splitlines()) == 1
    assert "Traceback" not in done.stderr


def test_a_cell_in_the_last_row_costs_no_million_rows() -> None:
    """Spreadsheets leave such a cell; a file of 5 kB took minutes."""
    rows = f'<row r="1">{text("ticket")}</row><row r="1048576">{text("x")}</row>'
    ((_, found),) = sheets_of(replaced(SHEET, sheet(rows)), "c.xlsx")
    assert [(line, cells[0]) for line, cells in found] == [(1, "ticket"), (1_048_576, "x")]


def test_many_sheets_of_empty_rows_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbooks, "_ROWS_LOOKED_AT_MAX", 1000)
    made = openpyxl.Workbook()
    for _ in range(3):
        made.create_sheet().cell(400, 1, "x")
    target = io.BytesIO()
    made.save(target)
    with pytest.raises(InputDamaged, match="more rows"):
        sheets_of(target.getvalue(), "c.xlsx")


def test_a_large_list_is_no_bomb(tmp_path: Path) -> None:
    """What a list packs to lies far below the limit."""
    path = tmp_path / "list.xlsx"
    path.write_bytes(book(4_000))
    with zipfile.ZipFile(path) as archive:
        ratio = sum(p.file_size for p in archive.infolist()) / path.stat().st_size
    assert ratio < 50
    assert len(read_candidates(path, None).rows) == 4_000


XML = st.text("<>&/;=\"'ar1tcvsi ", max_size=60)
CHANGED = st.builds(
    lambda at, put, took: (
        lambda part: (
            part[: at % (len(part) + 1)] + put.encode() + part[at % (len(part) + 1) + took :]
        )
    ),
    st.integers(0, 100_000),
    XML,
    st.integers(0, 60),
)


@given(st.sampled_from(PARTS), CHANGED)
@examples(300)
def test_any_part_may_hold_anything(
    tmp_path_factory: pytest.TempPathFactory, part: str, changed: object
) -> None:
    assert callable(changed)
    path = tmp_path_factory.getbasetemp() / "any.xlsx"
    path.write_bytes(replaced(part, changed(zipfile.ZipFile(io.BytesIO(WHOLE)).read(part))))
    try:
        read_candidates(path, None)
    except (InputDamaged, ConfigInvalid) as e:
        assert "\n" not in e.en + e.zh  # noqa: PT017 - either way is right
