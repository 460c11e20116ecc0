"""Why a clock is not trusted, and whether its battery is empty."""

from datetime import UTC, datetime, timedelta

import pytest

from gate.core.clock_trust import (
    BEHIND,
    BOARD_TEXT,
    BUILT,
    DISTRUST_TEXT,
    LOW_V,
    BoardClock,
    BoardReading,
    Distrust,
    behind,
    board_clock,
    distrust,
    warnings,
)
from gate.core.events import Instant

NOW = BUILT + timedelta(days=100)
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "trusted", "why"),
    [
        (NOW, True, None),
        (NOW, False, Distrust.UNSYNCHRONISED),
        (BUILT - timedelta(seconds=1), False, Distrust.BEFORE_BUILD),
        (LONG_AGO, False, Distrust.BEFORE_BUILD),
    ],
)
def test_why_a_clock_is_not_trusted(at: datetime, trusted: bool, why: Distrust | None) -> None:
    assert distrust(Instant(at, 0, trusted)) is why


@pytest.mark.parametrize(
    ("reading", "before", "state"),
    [
        (None, BoardClock.NONE, BoardClock.NONE),
        (BoardReading(NOW), BoardClock.NONE, BoardClock.OK),
        (BoardReading(NOW, 3.0), BoardClock.NONE, BoardClock.OK),
        (BoardReading(NOW, LOW_V - 0.01), BoardClock.OK, BoardClock.LOW),
        (BoardReading(NOW, 3.0), BoardClock.LOW, BoardClock.OK),
        (BoardReading(LONG_AGO, 3.0), BoardClock.NONE, BoardClock.LOST),
        (BoardReading(None), BoardClock.OK, BoardClock.LOST),
        (BoardReading(NOW, 3.0), BoardClock.LOST, BoardClock.LOST),
        (None, BoardClock.LOST, BoardClock.LOST),
    ],
)
def test_a_lost_time_stays_lost_though_the_kernel_has_set_the_boards_clock_anew(
    reading: BoardReading | None, before: BoardClock, state: BoardClock
) -> None:
    assert board_clock(reading, before) is state


@pytest.mark.parametrize(
    ("back", "trusted", "said"),
    [
        (timedelta(), True, timedelta()),
        (BEHIND, True, timedelta()),
        (timedelta(minutes=9), True, timedelta(minutes=9)),
        (timedelta(minutes=9), False, timedelta()),
        (-timedelta(days=1), True, timedelta()),
    ],
)
def test_a_clock_that_was_set_back_contradicts_the_journal(
    back: timedelta, trusted: bool, said: timedelta
) -> None:
    assert behind(Instant(NOW - back, 0, trusted), NOW) == said
    assert behind(Instant(NOW - back, 0, trusted), None) == timedelta()


def test_each_warning_says_what_to_do() -> None:
    assert set(DISTRUST_TEXT) == set(Distrust)
    assert set(BOARD_TEXT) == {BoardClock.LOW, BoardClock.LOST}
    assert list(warnings(None, BoardClock.OK, 0.0)) == []
    told = list(warnings(Distrust.UNSYNCHRONISED, BoardClock.LOST, 540.0))
    assert [part for _, en in told for part in ("chronyc", "battery", "540 s") if part in en] == [
        "chronyc",
        "battery",
        "540 s",
    ]
