"""Lists in every form that offices hand in: encodings, separators, workbooks, headers; and what
is no list is told in one sentence."""

import io
import os
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.errors import ConfigInvalid, InputDamaged
from gate.roster.exam_data import exam_from_toml
from office.rosters.candidates import REQUIRED, Candidates, parse_candidates, read_candidates
from office.rosters.columns import headed
from office.rosters.tables import text_readings
from tests.adapters.office.test_candidates import HEADER, line, table
from tests.examples import examples
from tests.roster_making import EXAM_TOML, citizen

EXAM = exam_from_toml(EXAM_TOML, "exam.toml")
CHINESE = "准考证号,身份证号,姓名,考点,科目,考场号,座位号"


def read(tmp_path: Path, content: bytes, name: str = "c.csv") -> Candidates:
    path = tmp_path / name
    path.write_bytes(content)
    return read_candidates(path, EXAM)


def workbook(*sheets: list[list[object]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for rows in sheets:
        sheet = book.create_sheet()
        for row in rows:
            sheet.append(row)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


@pytest.mark.parametrize(
    "encoding",
    [
        *("utf-8", "utf-8-sig", "gb18030", "gbk"),
        *("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"),
    ],
)
@pytest.mark.parametrize("separator", [",", "\t", ";"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encodings_separators_and_ends_of_line(
    tmp_path: Path, encoding: str, separator: str, end: str
) -> None:
    text = table(line(1), line(2), header=CHINESE).replace(",", separator).replace("\n", end)
    found = read(tmp_path, text.encode(encoding))
    assert [(r.line, r.name) for r in found.rows] == [(2, "考生1号"), (3, "考生2号")]
    assert found.rejected == ()


def test_a_new_character_written_as_two_halves_is_whole(tmp_path: Path) -> None:
    """CESU-8, as some databases and Java programs write their UTF-8."""
    new = "\U0002ebf0"
    halves = "\ud87a\udff0".encode(errors="surrogatepass")
    content = table(line(1, name=f"测{new}"), line(2)).encode().replace(new.encode(), halves)
    found = read(tmp_path, content)
    assert [r.name for r in found.rows] == [f"测{new}", "考生2号"]


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16"])
def test_the_mark_that_dos_programs_end_a_file_with_is_no_row(
    tmp_path: Path, encoding: str
) -> None:
    found = read(tmp_path, (table(line(1)) + "\x1a").encode(encoding))
    assert (len(found.rows), found.rejected) == (1, ())


@pytest.mark.parametrize(
    ("name", "as_written"),
    [("测试", "娴嬭瘯"), ("测试", "æµ‹è¯•")],
)
def test_a_name_that_was_read_in_a_wrong_encoding_is_told(name: str, as_written: str) -> None:
    told = [
        [note.reason for note in parse_candidates(table(line(1, name=n)), "c.csv", EXAM).notes]
        for n in (name, as_written)
    ]
    assert told == [[], ["name-garbled"]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "gb18030"])
def test_a_broken_character_costs_its_row_alone(tmp_path: Path, encoding: str) -> None:
    content = table(line(1), line(2, name="测试"), line(3)).encode(encoding)
    broken = {"utf-8": b"\xe6\xb5", "utf-16": b"\x00\xd8", "gb18030": b"\xb2\xff"}[encoding]
    whole = "测".encode(encoding.replace("16", "16-le"))
    assert whole in content
    found = read(tmp_path, content.replace(whole, broken))
    assert [r.line for r in found.rows] == [2, 4]
    assert [(r.line, r.reason) for r in found.rejected] == [(3, "name")]


@pytest.mark.parametrize(
    "header",
    [
        CHINESE,
        "考点代码,科目,考场,座号,*准考证号（必填）,姓 名,公民身份号码",
        "Ticket,ID Number,Name,Site,Paper,Room,Seat",
        "准考证号\u200b,﻿证件号码,考生姓名,考点编号,课程代码,试室号,座位",
    ],
)
def test_chinese_and_english_column_names(header: str) -> None:
    fields = dict(zip(REQUIRED, line(1).split(","), strict=True))
    found, _ = headed(text_readings(header, "c.csv"), "c.csv")
    names = {i: name for name, i in found.places.items()}
    row = ",".join(fields[names[i]] for i in range(len(REQUIRED)))
    (taken,) = parse_candidates(f"{header}\n{row}\n", "c.csv", EXAM).rows
    assert (taken.ticket, taken.number, taken.seat) == ("420100000001", citizen(1), "01")


def test_titles_above_the_header_and_columns_that_are_not_needed() -> None:
    text = "\n".join(
        [
            "sep=,",
            "湖北省自学考试考生名单,,,,,,,,",
            "",
            f"序号,{CHINESE},性别,,",
            f"1,{line(1)},男,,",
            f"2,{line(2)},女,,",
            f"序号,{CHINESE},性别,,",
            f"3,{line(3)},,,",
            f"4,{line(4)},,,stray",
            "",
        ]
    )
    found = parse_candidates(text, "c.csv", EXAM)
    assert [r.line for r in found.rows] == [5, 6, 8]
    assert [(r.line, r.reason) for r in found.rejected] == [(9, "fields")]
    assert found.ignored == ("序号", "性别")


def test_sites_and_papers_by_name() -> None:
    rows = [
        line(1, site="武汉市洪山区 第一考点", paper="英语(二)"),
        line(2, paper="15-AM"),
        line(3, site="第一考点"),
    ]
    found = parse_candidates(table(*rows), "c.csv", EXAM)
    assert [(r.site, r.paper) for r in found.rows] == [("wh-hs-01", "00015-am")] * 2
    assert [(r.line, r.reason) for r in found.rejected] == [(4, "site")]


def test_documents_in_chinese() -> None:
    rows = [line(1) + ",居民身份证", line(2, id_number="E12345678") + ",护照", line(3) + ",学生证"]
    found = parse_candidates(table(*rows, header=f"{CHINESE},证件类型"), "c.csv", EXAM)
    assert [r.number for r in found.rows] == [citizen(1), "E12345678"]
    assert [r.reason for r in found.rejected] == ["document"]


def test_the_line_named_is_the_first_of_its_row() -> None:
    rows = [line(1, name='"王\n\n芳"'), line(2, seat=""), line(3)]
    found = parse_candidates(table(*rows), "c.csv", EXAM)
    assert [(r.line, r.reason) for r in found.rejected] == [(2, "name"), (5, "seat")]
    with pytest.raises(InputDamaged, match="begins at line 3 ") as raised:
        parse_candidates(table(line(1), '"' + line(2), line(3)), "c.csv", EXAM)
    assert raised.value.line == 3


def test_a_workbook(tmp_path: Path) -> None:
    note = [["本表由考点填写"]]
    rows: list[list[object]] = [
        ["考生名单"],
        CHINESE.split(","),
        [],
        *(
            [420100000000 + n, citizen(n), f"考生{n}号", "wh-hs-01", "00015-am", 3, float(n)]
            for n in (1, 2)
        ),
    ]
    rows.append([420100000003, citizen(3), "考生", "wh-hs-01", "00015-am", 3, date(2026, 3, 1)])
    found = read(tmp_path, workbook(note, rows), "c.xlsx")
    assert [(r.line, r.ticket, r.number, r.room, r.seat) for r in found.rows] == [
        (4, "420100000001", citizen(1), "3", "1"),
        (5, "420100000002", citizen(2), "3", "2"),
    ]
    assert [(r.line, r.reason) for r in found.rejected] == [(6, "seat-date")]


def test_signs_that_a_workbook_writes_out_are_signs(tmp_path: Path) -> None:
    cells: list[object] = line(1, name="考生_x000D_").split(",")
    found = read(tmp_path, workbook([list(CHINESE.split(",")), cells]), "c.xlsx")
    assert [r.name for r in found.rows] == ["考生"]


def test_two_sheets_of_candidates_are_told_in_one_sentence(tmp_path: Path) -> None:
    rows: list[list[object]] = [CHINESE.split(","), list(line(1).split(","))]
    with pytest.raises(InputDamaged, match="2 sheets"):
        read(tmp_path, workbook(rows, rows), "c.xlsx")


def test_numbers_of_a_workbook_that_were_rounded(tmp_path: Path) -> None:
    numbers = [float(rounded(n)) for n in range(1, 9)]
    rows: list[list[object]] = [CHINESE.split(",")]
    rows += [[f"A{i}", n, "考生", "wh-hs-01", "00015-am", 1, i] for i, n in enumerate(numbers)]
    with pytest.raises(InputDamaged, match="8 of 8 ID numbers"):
        read(tmp_path, workbook(rows), "c.xlsx")


def rounded(n: int) -> str:
    return citizen(n)[:15] + "000"


@pytest.mark.parametrize(
    ("numbers", "damaged"),
    [
        ([rounded(n) for n in range(40)] + [citizen(n) for n in range(40, 44)], 40),
        ([rounded(n) for n in range(3)], 3),
        ([f"4.2011{n}E+17" for n in range(6)], 6),
        ([rounded(n) for n in range(30)] + [citizen(n) for n in range(30, 99)] * 9, 30),
        ([str(int(float(citizen(n)[:17] + "0"))) for n in range(30)], 30),
        ([citizen(n)[:17] + "0" for n in range(30)], 30),
        ([rounded(1), "4.20106E+17"] + [citizen(n) for n in range(2, 44)], None),
        ([rounded(0)], None),
        ([citizen(n) for n in range(999)], None),
    ],
)
def test_a_list_that_a_spreadsheet_rounded_is_refused_whole(
    numbers: list[str], damaged: int | None
) -> None:
    text = table(*(line(i, id_number=n, seat=str(i)) for i, n in enumerate(numbers)))
    if damaged is None:
        assert parse_candidates(text, "c.csv", EXAM).rejected is not None
        return
    with pytest.raises(InputDamaged) as raised:
        parse_candidates(text, "c.csv", EXAM)
    assert (raised.value.exit_code, raised.value.damaged) == (4, damaged)
    assert "\n" not in raised.value.en


def test_a_ticket_that_lost_its_leading_nought_is_told() -> None:
    tickets = ["007700000001", "007700000002", "007700000003", "7700000004"]
    rows = [line(n, ticket=ticket) for n, ticket in enumerate(tickets, 1)]
    found = parse_candidates(table(*rows), "c.csv", EXAM)
    assert len(found.rows) == 4
    ((told),) = [note for note in found.notes if note.reason == "ticket-short"]
    assert (told.line, told.ticket) == (5, "7700000004")
    assert "leading 0" in told.en
    lettered = [line(1, ticket="A1"), line(2, ticket="A22"), line(3, ticket="A333")]
    assert parse_candidates(table(*lettered), "c.csv", EXAM).notes == ()


def test_one_person_with_many_papers_rounds_no_list() -> None:
    lucky = next(
        n for n in range(420111197001010000, 420111198001010000, 100000) if not_rejected(str(n))
    )
    rows = [line(1, id_number=str(lucky), paper=paper) for paper in ("00015-am", "00023-pm")]
    found = parse_candidates(table(*rows, line(2), line(3)), "c.csv", EXAM)
    assert len(found.rows) == 4
    assert {note.reason for note in found.notes} == {"number-noughts"}


def not_rejected(number: str) -> bool:
    return bool(parse_candidates(table(line(1, id_number=number)), "c.csv", EXAM).rows)


def test_a_pipe_and_a_folder_are_no_lists(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name in ("pipe", ".", "none", "a\0b"):
        with pytest.raises(InputDamaged):
            read_candidates(tmp_path / name, EXAM)


_BOOK = workbook([CHINESE.split(","), list(line(1).split(","))])


@examples(200)
@given(
    st.binary(max_size=200)
    | st.builds(
        lambda head, rest: head + rest,
        st.sampled_from(
            [
                HEADER.encode() + b"\n",
                CHINESE.encode("gbk") + b"\n",
                b"\xff\xfe",
                b"PK\x03\x04",
                _BOOK[:200],
            ]
        ),
        st.binary(max_size=200),
    )
    | st.builds(
        lambda at, byte: _BOOK[:at] + bytes([byte]) + _BOOK[at + 1 :],
        st.integers(0, len(_BOOK) - 1),
        st.integers(0, 255),
    )
    | st.integers(0, len(_BOOK)).map(lambda at: _BOOK[:at])
)
def test_any_file_is_a_list_or_one_sentence(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any"
    path.write_bytes(content)
    try:
        read_candidates(path, EXAM)
    except (InputDamaged, ConfigInvalid) as e:
        assert "\n" not in e.en + e.zh  # noqa: PT017 - either way is right
