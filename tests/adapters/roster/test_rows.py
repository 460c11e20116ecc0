"""Rows of an installed roster: what was put in comes out, and nothing else tells it."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gate.core.events import CandidateElsewhere, CandidateUnknown
from gate.core.exam import Seat
from gate.core.health_report import HandedIn
from gate.errors import NoSuchEntry, StorageDamaged
from gate.ports import RosterEntry
from gate.roster import file_format, file_writer, sealing
from gate.roster.open_roster import InstalledRoster
from tests import staff_making
from tests.roster_making import Office, citizen, row, templates

PAPERS = ("00015-am",)


def opened(tmp_path: Path, rows: list, cohort: np.ndarray | None = None) -> InstalledRoster:
    office = Office()
    office.written(tmp_path / "out", rows=rows, cohort=cohort)
    office.install(tmp_path / "out", tmp_path / "state")
    roster = office.open(tmp_path / "state")
    assert roster is not None
    return roster


@pytest.fixture(scope="module")
def roster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InstalledRoster]:
    with opened(
        tmp_path_factory.mktemp("roster"),
        [
            row(1, flags=frozenset({"look-alike"})),
            row(2, template=None, mean=None, deviation=None),
            row(3, seats=(Seat("00015-am", "A-101", "7"), Seat("00023-pm", "03", "01"))),
        ],
        templates(200),
    ) as it:
        yield it


async def test_candidate_found_by_number(roster: InstalledRoster) -> None:
    entry = await roster.find(citizen(1))
    assert isinstance(entry, RosterEntry)
    assert entry.candidate.ticket == "420100000001"
    assert entry.candidate.name == "考生1号"
    assert entry.candidate.seats == (Seat("00015-am", "03", "01"),)
    assert entry.candidate.flags == {"look-alike"}
    assert entry.reference is not None
    assert entry.reference.template.dtype == np.float32
    np.testing.assert_array_equal(entry.reference.template, templates(1, seed=1001)[0])
    assert (entry.reference.mean, entry.reference.deviation) == (0.25, 0.0625)
    np.testing.assert_array_equal(entry.reference.cohort, templates(200))


async def test_number_is_found_as_typed(roster: InstalledRoster) -> None:
    number = next(n for n in map(citizen, (1, 2, 3)))
    entry = await roster.find(f" {number[:6]} {number[6:].lower()} ")
    assert isinstance(entry, RosterEntry)


async def test_candidate_without_photo_has_no_reference(roster: InstalledRoster) -> None:
    entry = await roster.find(citizen(2))
    assert isinstance(entry, RosterEntry)
    assert entry.reference is None
    assert not entry.candidate.has_reference


async def test_other_site_and_unknown(roster: InstalledRoster) -> None:
    elsewhere = await roster.find(citizen(900))
    assert isinstance(elsewhere, CandidateElsewhere)
    assert elsewhere.site == "wh-wc-02"
    unknown = await roster.find(citizen(901))
    assert isinstance(unknown, CandidateUnknown)
    assert unknown.key != elsewhere.key


async def test_small_exam_has_no_cohort(tmp_path: Path) -> None:
    with opened(tmp_path, [row(1)]) as roster:
        entry = await roster.find(citizen(1))
        assert isinstance(entry, RosterEntry)
        assert entry.reference is not None
        assert entry.reference.cohort is None
        assert roster.cohort is None


@pytest.mark.parametrize(
    ("handle", "value", "ticket"),
    [
        ("ticket", "420100000001", "420100000001"),
        ("ticket", " 4201 0000 0003 ", "420100000003"),
        ("ticket", "４２０１００００００02", "420100000002"),
        ("ticket", "00002", "420100000002"),
        ("id_tail", citizen(3)[-6:].lower(), "420100000003"),
        ("seat", "03-01", "420100000001"),
        ("seat", "3-1", "420100000001"),
        ("seat", "a-101-07", "420100000003"),
        ("seat", "03考场 01号", "420100000001"),
        ("seat", "３ 1", "420100000001"),
    ],
)
async def test_typed(roster: InstalledRoster, handle: str, value: str, ticket: str) -> None:
    entry = await roster.find_typed(handle, value, PAPERS)
    assert entry.candidate.ticket == ticket


@pytest.mark.parametrize(
    ("handle", "value"),
    [
        ("ticket", "99999"),
        ("ticket", "0001"),
        ("ticket", "990100000001"),
        ("id_tail", "00000"),
        ("seat", "04-01"),
        ("seat", "0301"),
        ("seat", "3 0 1"),
        ("seat", ""),
    ],
)
async def test_typed_fits_nobody(roster: InstalledRoster, handle: str, value: str) -> None:
    with pytest.raises(NoSuchEntry) as raised:
        await roster.find_typed(handle, value, PAPERS)
    assert raised.value.matches == 0


async def test_seat_of_another_paper_is_not_found(roster: InstalledRoster) -> None:
    found = await roster.find_typed("seat", "03-01", ("00023-pm",))
    assert found.candidate.ticket == "420100000003"


async def test_several_fit(tmp_path: Path) -> None:
    rows = [row(1, ticket="110100000007"), row(2, ticket="420100000007")]
    with opened(tmp_path, rows) as roster:
        with pytest.raises(NoSuchEntry, match=r"2 candidates.*whole ticket number") as raised:
            await roster.find_typed("ticket", "00007", PAPERS)
        assert raised.value.matches == 2
        entry = await roster.find_typed("ticket", "110100000007", PAPERS)
        assert entry.candidate.name == "考生1号"


async def test_several_fit_and_their_seats_are_told_but_no_names(tmp_path: Path) -> None:
    rows = [row(1, ticket="110100000007"), row(2, ticket="420100000007")]
    with opened(tmp_path, rows) as roster:
        with pytest.raises(NoSuchEntry) as raised:
            await roster.find_typed("ticket", "00007", PAPERS)
        seats = raised.value.seats
        assert isinstance(seats, tuple)
        assert len(seats) == 2
        assert all(seat in raised.value.en and seat in raised.value.zh for seat in seats)
        assert "考生" not in raised.value.en + raised.value.zh.replace("名考生", "")
        found = {(await roster.find_typed("seat", s, PAPERS)).candidate.ticket for s in seats}
        assert found == {"110100000007", "420100000007"}


@pytest.mark.parametrize("change", [str.lower, str.upper, lambda t: t.replace("X", "ｘ")])
async def test_the_x_of_a_number_may_be_typed_in_any_way(tmp_path: Path, change: Any) -> None:
    number = "11010519491231002X"
    with opened(tmp_path, [dataclasses.replace(row(1), number=number)]) as roster:
        for typed in (change(number), change(number[-6:]), f" {change(number[-6:])} "):
            assert (await roster.find_typed("id_tail", typed, PAPERS)).candidate.name == "考生1号"


async def test_a_travel_document_is_found_by_its_number(tmp_path: Path) -> None:
    """As a machine readable zone gives it, whatever the case it was listed in."""
    with opened(tmp_path, [dataclasses.replace(row(1), number="e12345678")]) as roster:
        found = await roster.find("E12345678")
        assert isinstance(found, RosterEntry)
        assert found.candidate.name == "考生1号"
        assert isinstance(await roster.find("E12345679"), CandidateUnknown)


async def test_photo_opens_by_ticket(roster: InstalledRoster) -> None:
    assert roster.photo("420100000001") == b"\xff\xd8 a picture 1"
    with pytest.raises(NoSuchEntry):
        roster.photo("420199999999")


def test_exam_travels_whole(roster: InstalledRoster) -> None:
    assert roster.exam == Office().exam
    assert [p.closes_after_min for p in roster.exam.papers] == [10, -15]
    assert roster.version == "hb-zk-2027-04/wh-hs-01/v1"


def test_nothing_personal_in_the_clear(tmp_path: Path) -> None:
    path = Office().written(tmp_path, rows=[row(1), row(2)], cohort=templates(200))
    raw = b"".join(p.read_bytes() for p in tmp_path.iterdir())
    personal = [
        citizen(1).encode(),
        citizen(1)[-6:].encode(),
        b"420100000001",
        "考生1号".encode(),
        b"a picture",
        templates(1, seed=1001)[0].tobytes()[:16],
        templates(200)[7].tobytes()[:16],
    ]
    assert [p for p in personal if p in raw] == []
    assert "武汉市洪山区第一考点".encode() in path.read_bytes()  # the search itself can find


@pytest.mark.parametrize("table", ["candidate", "photo", "shared"])
def test_sealed_row_opens_in_its_place_only(table: str) -> None:
    content, key = sealing.new_key(), b"k" * 32
    sealed = sealing.seal(content, table, key, b"plain")
    assert sealing.unseal(content, table, key, sealed) == b"plain"
    for other in [(content, table, b"l" * 32), (content, "other", key), (b"x" * 32, table, key)]:
        with pytest.raises(StorageDamaged):
            sealing.unseal(*other, sealed)
    with pytest.raises(StorageDamaged):
        sealing.unseal(content, table, key, sealed[:10])


def test_close_twice(tmp_path: Path) -> None:
    roster = opened(tmp_path, [row(1)])
    roster.close()
    roster.close()


def test_rows_of_any_length_look_alike(tmp_path: Path) -> None:
    from gate.roster.file_format import decode_record, encode_record

    short, long = row(1, name="王").record, row(1, name="阿卜杜热合曼·买买提" * 3).record
    assert len(encode_record(short)) == len(encode_record(long)) == 1024
    assert decode_record(encode_record(long)).name == long.name


async def test_a_roster_of_before_papers_at_several_sites_opens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    schema = tmp_path / "schema.sql"
    text = file_writer.SCHEMA.read_text(encoding="utf-8")
    schema.write_text(text[: text.index("CREATE TABLE paper_site")], encoding="utf-8")
    monkeypatch.setattr(file_writer, "SCHEMA", schema)
    monkeypatch.setattr(file_writer, "_write_papers", lambda *_: None)
    with opened(tmp_path, [row(1)]) as roster:
        entry = await roster.find(citizen(1))
        assert isinstance(entry, RosterEntry)
        assert entry.candidate.elsewhere == ()
        assert await roster.find(citizen(900)) == CandidateElsewhere(
            "wh-wc-02", number_key_of(roster, 900)
        )


def number_key_of(roster: InstalledRoster, n: int) -> str:
    return sealing.number_key(roster._keys.index, citizen(n)).hex()


@pytest.mark.parametrize("typed", ["第03考场-07", "044-A-7", "44-A-7"])
async def test_a_seat_of_an_earlier_roster_is_found_as_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: str
) -> None:
    room, _, _ = typed.rpartition("-")
    monkeypatch.setattr(file_format, "seat_handle", file_format.earlier_seat_handle)
    with opened(tmp_path, [row(1, seats=(Seat(PAPERS[0], room, "07"),))]) as roster:
        entry = await roster.find_typed("seat", typed, PAPERS)
    assert entry.candidate.seats[0].room == room


def test_staff_are_sealed_and_come_out(tmp_path: Path) -> None:
    office, staff = Office(), staff_making.everybody()
    path = office.written(tmp_path / "out", staff=staff)
    for file in (path, tmp_path / "out" / path.name.replace(".manifest.json", ".roster")):
        raw = file.read_bytes()
        assert not any(part in raw for m in staff for part in (m.name.encode(), b"argon2id"))
    office.install(tmp_path / "out", tmp_path / "state")
    roster = office.open(tmp_path / "state")
    assert roster is not None
    with roster:
        assert roster.staff == staff
        assert roster.pin_fits(staff[0], staff_making.PINS["li"])
        assert not roster.pin_fits(staff[0], staff_making.PINS["wang"])
        assert not roster.pin_fits(None, staff_making.PINS["li"])


def test_a_roster_without_staff_has_none(roster: InstalledRoster) -> None:
    assert roster.staff == ()


def test_staff_show_neither_name_nor_hash_in_a_log() -> None:
    shown = repr(staff_making.member("li"))
    assert "老师" not in shown
    assert "argon2" not in shown


async def test_notice_and_health_report_are_sealed_and_come_out(tmp_path: Path) -> None:
    handed_in = HandedIn(True, {"contact": "yes", "symptoms": "no"})
    with opened(tmp_path, [row(1, handed_in=handed_in), row(2)]) as roster:
        found = [await roster.find(citizen(n)) for n in (1, 2)]
        assert [f.candidate.handed_in for f in found] == [handed_in, HandedIn()]
    raw = b"".join(p.read_bytes() for p in (tmp_path / "out").iterdir())
    assert b"contact" not in raw
