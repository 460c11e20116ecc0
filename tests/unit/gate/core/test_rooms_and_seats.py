"""One room under its many spellings is one room; two rooms stay two."""

import pytest

from gate.core.exam import Extension, entry_window
from gate.core.rooms_and_seats import place_form
from gate.roster.file_format import seat_handle
from tests.unit.gate.core.world import MORNING


@pytest.mark.parametrize(
    ("spelling", "form"),
    [
        ("3", "3"),
        ("03", "3"),
        ("003", "3"),
        ("０３", "3"),
        (" 03 ", "3"),
        ("0 3", "3"),
        ("第03考场", "3"),
        ("03考场", "3"),
        ("第3号考场", "3"),
        ("07号", "7"),
        ("12号座位", "12"),
        ("03\u200b", "3"),
        ("44-A", "44-A"),
        ("44-a", "44-A"),
        ("４４－Ａ", "44-A"),
        ("44\u2013A", "44-A"),
        ("044-A", "044-A"),
        ("A03", "A03"),
        ("第三考场", "三"),
        ("000", "0"),
        ("考场", "考场"),
        ("", ""),
        ("30", "30"),
        ("3-0", "3-0"),
    ],
)
def test_the_form_of_a_place(spelling: str, form: str) -> None:
    assert place_form(spelling) == form
    assert place_form(form) == form


@pytest.mark.parametrize("granted", ["03", "3", "０３", "第03考场", "003", " 3号考场"])
@pytest.mark.parametrize("room", ["03", "3", "3考场"])
def test_an_extension_is_for_its_room_however_it_is_spelled(granted: str, room: str) -> None:
    extension = Extension("am", granted, 25, "主考", "交通管制")
    assert entry_window(MORNING, room, [extension]).closes_after_min == 25
    assert entry_window(MORNING, "30", [extension]).closes_after_min == 15


@pytest.mark.parametrize(
    "typed",
    [
        "3-7",
        "03-07",
        "03考场 07号",
        "第03考场07号",
        "第03考场-07号",
        "０３－０７",
        "3 7",
        "第3考场7",
    ],
)
def test_a_typed_seat_is_the_rosters(typed: str) -> None:
    rooms, seats = ("03", "3", "第03考场"), ("07", "7号")
    listed = {seat_handle("am", f"{room}-{seat}") for room in rooms for seat in seats}
    assert listed == {seat_handle("am", typed)}


@pytest.mark.parametrize("typed", ["44-A-7", "44-a-07号", "44-A考场7号", "第44-A考场 07"])
def test_a_room_with_a_hyphen(typed: str) -> None:
    assert seat_handle("am", typed) == seat_handle("am", "44-A-7") != seat_handle("am", "044-A-7")
