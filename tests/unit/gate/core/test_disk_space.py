"""Room for the rest of an exam."""

from datetime import UTC, datetime, timedelta

import pytest

from gate.core.disk_space import (
    DOOR_PER_HOUR,
    EVENT_BYTES,
    RESERVE_BYTES,
    Room,
    bytes_an_event,
    needed_bytes,
    room,
)
from gate.core.exam import Exam, Extension, Paper

NINE = datetime(2027, 4, 10, 9, tzinfo=UTC)


def paper(id: str, start: datetime) -> Paper:
    return Paper(id, "英语", start, start + timedelta(hours=2.5))


def exam(*papers: Paper, extensions: tuple[Extension, ...] = ()) -> Exam:
    return Exam("e", "e", "Asia/Shanghai", 30, (), papers, extensions)


def events(wanted: Exam | None, at: datetime) -> float:
    return (needed_bytes(wanted, at) - RESERVE_BYTES) / EVENT_BYTES


def test_a_sitting_needs_its_entry_window_and_some_for_the_rest() -> None:
    """Opens 30 min before, closes 15 min after: 0.75 h at the door, 3 h in all."""
    at = NINE - timedelta(minutes=30)
    assert events(exam(paper("a", NINE)), at) == pytest.approx(0.75 * DOOR_PER_HOUR + 3 * 60)


def test_papers_of_one_time_share_the_door_and_an_extension_keeps_it_open() -> None:
    both = exam(paper("a", NINE), paper("b", NINE))
    assert events(both, NINE) == pytest.approx(0.25 * DOOR_PER_HOUR + 2.5 * 60)
    longer = exam(paper("a", NINE), extensions=(Extension("a", "03", 30, "主考", "交通"),))
    assert events(longer, NINE) == pytest.approx(0.5 * DOOR_PER_HOUR + 2.5 * 60)


def test_what_is_over_needs_nothing_and_what_is_unknown_a_day_at_the_door() -> None:
    over = needed_bytes(exam(paper("a", NINE)), NINE + timedelta(hours=2.5))
    assert over == RESERVE_BYTES + 12 * 60 * EVENT_BYTES
    assert events(None, NINE) == pytest.approx(12 * (DOOR_PER_HOUR + 60))


def test_without_a_clock_it_is_the_whole_exam_whatever_the_time() -> None:
    sittings = exam(paper("a", NINE), paper("b", NINE + timedelta(hours=5)))
    assert needed_bytes(sittings, None) == needed_bytes(sittings, NINE - timedelta(minutes=30))
    assert needed_bytes(None, None) == needed_bytes(None, NINE)


def test_larger_events_need_more() -> None:
    one = exam(paper("a", NINE))
    assert needed_bytes(one, NINE, 4 * EVENT_BYTES) > 3 * (needed_bytes(one, NINE) - RESERVE_BYTES)


@pytest.mark.parametrize("wanted", [None, exam(paper("a", NINE))])
def test_a_new_unit_with_a_large_log_has_room_enough(wanted: Exam | None) -> None:
    """The virtual board: 3.9 GB free, five events, and it said that the disk is low."""
    cost = bytes_an_event(4_500_000, 5)
    assert room(3_900_000_000, needed_bytes(wanted, None, cost)) is Room.ENOUGH
    assert bytes_an_event(400_000_000, 10_000) == 40_000


@pytest.mark.parametrize(
    ("free", "before", "after"),
    [
        (401, Room.ENOUGH, Room.ENOUGH),
        (399, Room.ENOUGH, Room.LOW),
        (405, Room.LOW, Room.LOW),
        (411, Room.LOW, Room.ENOUGH),
        (99, Room.ENOUGH, Room.SHORT),
        (99, Room.LOW, Room.SHORT),
        (105, Room.SHORT, Room.SHORT),
        (111, Room.SHORT, Room.LOW),
        (420, Room.SHORT, Room.ENOUGH),
    ],
)
def test_two_levels_that_do_not_flutter(free: int, before: Room, after: Room) -> None:
    assert room(free, 100, before) is after


@pytest.mark.parametrize("at", [datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)])
def test_a_clock_at_the_end_of_the_calendar_is_no_error(at: datetime) -> None:
    assert needed_bytes(None, at) == needed_bytes(None, NINE)
    assert needed_bytes(exam(paper("a", NINE)), at) > RESERVE_BYTES
