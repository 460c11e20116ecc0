"""Why the unit's clock is not to be relied on, and how the board's battery-backed clock is."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from gate.core.events import Instant

BUILT = datetime(2026, 11, 1, tzinfo=UTC)
"""No true clock shows less than the month this was written in; raise it with a release."""
LOW_V = 2.3
"""Volts of the board's cell, nominally 3. Its discharge is steep below: days are left, not weeks.
A choice, not measured."""
BEHIND = timedelta(seconds=5)
"""So far may a clock be corrected without a word."""


class Distrust(StrEnum):
    """Why a clock is not trusted. UNSYNCHRONISED: the kernel says that no time source disciplines
    it. BEFORE_BUILD: it shows a time before this program was written."""

    UNSYNCHRONISED = "unsynchronised"
    BEFORE_BUILD = "before-build"


class BoardClock(StrEnum):
    """The board's battery-backed clock. LOW: its battery is nearly empty. LOST: the battery was
    empty, and the time is gone."""

    NONE = "none"
    OK = "ok"
    LOW = "low"
    LOST = "lost"


DISTRUST_TEXT: dict[Distrust, tuple[str, str]] = {
    Distrust.UNSYNCHRONISED: (
        "时钟未校准：请检查网络和时间服务器（chronyc sources）",
        "the clock is not trusted, no time source sets it: check network and time server, "
        "chronyc sources",
    ),
    Distrust.BEFORE_BUILD: (
        "时钟早于程序发布时间：请校准时钟",
        "the clock is not trusted, it shows a time before this program was made: set it",
    ),
}
"""What to do about it: (Chinese, English)."""
BOARD_TEXT: dict[BoardClock, tuple[str, str]] = {
    BoardClock.LOW: (
        "板载时钟电池电量低：请在考试前更换",
        "the board's clock has a battery that is nearly empty: change it before the exam",
    ),
    BoardClock.LOST: (
        "板载时钟断电后未保持时间：请在考试前更换电池",
        "the board's clock lost its time while the power was off: change its battery before the "
        "exam",
    ),
}
"""What to do about it: (Chinese, English)."""


@dataclass(frozen=True, slots=True)
class BoardReading:
    """What the board's clock shows, None where it does not say, and its battery's volts."""

    at: datetime | None
    volts: float | None = None


def distrust(now: Instant) -> Distrust | None:
    """Why `now` is not trusted; None where it is."""
    if now.trusted:
        return None
    return Distrust.BEFORE_BUILD if now.at < BUILT else Distrust.UNSYNCHRONISED


def board_clock(reading: BoardReading | None, before: BoardClock = BoardClock.NONE) -> BoardClock:
    """How the board's clock is; `reading` is None where the board has none. What was LOST stays so:
    the kernel writes its own time to a board's clock, and then all looks well."""
    if reading is None:
        return before
    if before is BoardClock.LOST or reading.at is None or reading.at < BUILT:
        return BoardClock.LOST
    is_low = reading.volts is not None and reading.volts < LOW_V
    return BoardClock.LOW if is_low else BoardClock.OK


def behind(now: Instant, newest: datetime | None) -> timedelta:
    """How far a trusted clock shows less than `newest`, the latest time that the journal holds by a
    trusted clock. Zero where it does not: then nothing contradicts it."""
    if newest is None or not now.trusted or newest - now.at <= BEHIND:
        return timedelta()
    return newest - now.at


def warnings(
    reason: Distrust | None, board: BoardClock, behind_s: float
) -> Iterable[tuple[str, str]]:
    """What people must do about the clock, each (Chinese, English)."""
    if reason is not None:
        yield DISTRUST_TEXT[reason]
    if board in BOARD_TEXT:
        yield BOARD_TEXT[board]
    if behind_s:
        yield (
            f"时钟比最近的记录早 {behind_s:.0f} 秒：请核对日期，然后运行 exam-gate clock confirm",
            f"the clock shows {behind_s:.0f} s less than the newest event of the journal: look at "
            "another clock, then say exam-gate clock confirm",
        )
