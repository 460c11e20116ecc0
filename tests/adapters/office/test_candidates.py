"""candidates.csv: every row is taken or named with its reason; the file is refused as a whole only
where its form is wrong."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.errors import ConfigInvalid, InputDamaged
from gate.roster.exam_data import exam_from_toml
from office.rosters.candidates import OPTIONAL, REQUIRED, parse_candidates, read_candidates
from tests.examples import examples
from tests.roster_making import EXAM_TOML, citizen

EXAM = exam_from_toml(EXAM_TOML, "exam.toml")
HEADER = ",".join(REQUIRED)


def line(n: int, **changed: str) -> str:
    values = {
        "ticket": f"4201{n:08d}",
        "id_number": citizen(n),
        "name": f"考生{n}号",
        "site": "wh-hs-01",
        "paper": "00015-am",
        "room": "03",
        "seat": f"{n:02d}",
        **changed,
    }
    return ",".join(values.values())


def table(*lines: str, header: str = HEADER) -> str:
    return "\n".join((header, *lines)) + "\n"


def test_good_rows_are_taken() -> None:
    found = parse_candidates(table(line(1), line(2)), "c.csv", EXAM)
    assert found.rejected == ()
    assert [(r.line, r.ticket, r.number, r.seat) for r in found.rows] == [
        (2, "420100000001", citizen(1), "01"),
        (3, "420100000002", citizen(2), "02"),
    ]


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"ticket": ""}, "ticket"),
        ({"ticket": "../../etc"}, "ticket"),
        ({"name": " "}, "name"),
        ({"name": "a\tb"}, "name"),
        ({"id_number": "42011119700101"}, "number-form"),
        ({"id_number": "420111197013450019"}, "number-birth"),
        ({"id_number": citizen(9)[:17] + ("1" if citizen(9)[17] != "1" else "2")}, "number-check"),
        ({"site": "wh-xx-99"}, "site"),
        ({"paper": "99999-am"}, "paper"),
        ({"room": ""}, "room"),
        ({"seat": ""}, "seat"),
        ({"name": "#N/A"}, "name"),
        ({"seat": "3月1日"}, "seat-date"),
        ({"name": "", "site": "nowhere", "seat": ""}, "name site seat"),
    ],
)
def test_bad_row_is_rejected_and_the_rest_taken(changed: dict[str, str], reason: str) -> None:
    found = parse_candidates(table(line(1), line(9, **changed), line(2)), "c.csv", EXAM)
    assert [r.line for r in found.rows] == [2, 4]
    (rejected,) = found.rejected
    assert (rejected.line, rejected.reason) == (3, reason)
    assert citizen(9)[:17] not in rejected.en + rejected.zh


def test_fifteen_digits_are_brought_to_eighteen() -> None:
    old = "420111700101001"
    found = parse_candidates(table(line(1, id_number=old)), "c.csv", EXAM)
    assert found.rows[0].number.startswith("42011119700101001")


@pytest.mark.parametrize(
    ("rows", "reasons"),
    [
        (
            [line(1), line(1, name="别人", paper="00023-pm")],
            {2: "ticket-differs", 3: "ticket-differs"},
        ),
        (
            [line(1), line(1, id_number=citizen(5), paper="00023-pm"), line(2)],
            {2: "ticket-differs", 3: "ticket-differs"},
        ),
        ([line(1), line(2, id_number=citizen(1))], {2: "number-shared", 3: "number-shared"}),
        ([line(1), line(1, seat="09")], {2: "paper-differs", 3: "paper-differs"}),
        ([line(1), line(2, seat="1")], {2: "seat-shared", 3: "seat-shared"}),
        ([line(1), line(1), line(1)], {3: "repeated", 4: "repeated"}),
        ([line(1), line(1, paper="00023-pm")], {}),
        ([line(1), line(2, seat="01", site="wh-wc-02")], {}),
    ],
)
def test_rows_against_each_other(rows: list[str], reasons: dict[int, str]) -> None:
    found = parse_candidates(table(*rows), "c.csv", EXAM)
    assert {r.line: r.reason for r in found.rejected} == reasons
    assert len(found.rows) == len(rows) - len(reasons)


def test_row_with_another_number_of_fields() -> None:
    found = parse_candidates(table(line(1), line(2) + ",x", "420100000003"), "c.csv", EXAM)
    assert [(r.line, r.reason) for r in found.rejected] == [(3, "fields"), (4, "fields")]


@pytest.mark.parametrize(
    ("header", "said"),
    [
        (HEADER.replace("seat", "坐位"), ["missing column 'seat'", "unknown column '坐位'"]),
        (HEADER + ",flagz,flagz", ["unknown column 'flagz'"] * 2 + ["column 'flagz' twice"]),
        (HEADER + ",座位号", ["column 'seat' twice"]),
        ("", [f"missing column '{name}'" for name in REQUIRED]),
    ],
)
def test_columns(header: str, said: list[str]) -> None:
    with pytest.raises(ConfigInvalid) as raised:
        parse_candidates(table(line(1), header=header), "c.csv", EXAM)
    assert raised.value.exit_code == 3
    assert len(raised.value.faults) == len(said)
    for part in said:
        assert part in raised.value.en


def test_optional_columns() -> None:
    header = f"{HEADER},document,flags"
    rows = [
        line(1) + ",resident,look-alike; special-need",
        line(2) + ",passport,",
        line(3) + ",,Look Alike",
    ]
    found = parse_candidates(table(*rows, header=header), "c.csv", EXAM)
    assert found.rows[0].flags == {"look-alike", "special-need"}
    assert [r.reason for r in found.rejected] == ["document", "flags"]


def test_a_travel_document_has_a_number_of_its_own() -> None:
    header = f"{HEADER},document"
    rows = [
        line(1, id_number="e12345678") + ",travel-document",
        line(2, id_number="E12345678") + ",",
        line(3, id_number="E-1") + ",travel-document",
        line(4) + ",notice",
    ]
    found = parse_candidates(table(*rows, header=header), "c.csv", EXAM)
    assert [r.number for r in found.rows] == ["E12345678"]
    assert [r.reason for r in found.rejected] == ["number-form", "number-form", "document"]


def test_byte_order_mark_and_blank_lines(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_bytes(b"\xef\xbb\xbf" + table(line(1), "", " , ", line(2)).encode())
    assert len(read_candidates(path, EXAM).rows) == 2


@pytest.mark.parametrize(
    "content",
    [
        b'"' + table(line(1)).encode(),
        None,
        b"\xff" * 40,
        b"",
        b"PK\x03\x04" + bytes(40),
        b"\xd0\xcf\x11\xe0" + bytes(40),
        b"<html><table>",
        b"%PDF-1.7",
        bytes(100),
    ],
)
def test_file_that_cannot_be_read(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "c.csv").write_bytes(content)
    with pytest.raises((InputDamaged, ConfigInvalid)) as raised:
        read_candidates(tmp_path / "c.csv", EXAM)
    assert raised.value.exit_code in (3, 4)


_cells = st.sampled_from(
    [
        *(citizen(n) for n in range(3)),
        *(f"42010000000{n}" for n in range(3)),
        "wh-hs-01",
        "00015-am",
        "00023-pm",
        "03",
        "1",
        "01",
        "王芳",
        "",
        "a,b",
        'a"b',
        "\0",
        "-",
    ]
)


@examples(60)
@given(rows=st.lists(st.lists(_cells, min_size=5, max_size=9), max_size=8), extra=st.booleans())
def test_every_row_is_taken_or_named(rows: list[list[str]], extra: bool) -> None:
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    columns = [*REQUIRED, *(OPTIONAL if extra else ())]
    writer.writerow(columns)
    writer.writerows(rows)
    found = parse_candidates(text.getvalue(), "c.csv", EXAM)
    lines = [r.line for r in found.rows] + [r.line for r in found.rejected]
    written = [i for i, row in enumerate(rows, 2) if any(cell.strip() for cell in row)]
    assert sorted(lines) == written


@examples(60)
@given(
    st.lists(
        st.tuples(*(st.integers(0, 2),) * 3, st.sampled_from(["00015-am", "00023-pm"])), max_size=8
    )
)
def test_rows_that_were_taken_agree(drawn: list[tuple[int, int, int, str]]) -> None:
    rows = [
        line(ticket, id_number=citizen(number), name="王芳", seat=str(seat), paper=paper)
        for ticket, number, seat, paper in drawn
    ]
    taken = parse_candidates(table(*rows), "c.csv", EXAM).rows
    assert len({r.number for r in taken}) == len({r.ticket for r in taken})
    assert len({(r.number, r.ticket) for r in taken}) == len({r.ticket for r in taken})
    assert len({(r.ticket, r.paper) for r in taken}) == len(taken)
    assert len({(r.paper, r.room, r.seat) for r in taken}) == len(taken)
