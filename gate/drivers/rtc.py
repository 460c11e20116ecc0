"""The board's battery-backed clock, read and never set.

Linux writes its own time to it every 11 minutes while that is synchronised. So it is a source of
its own only before the first synchronisation of a boot (`gate.core.confirmed_time.board_word`).
"""

from datetime import UTC, datetime
from pathlib import Path

from gate.core.clock_trust import BoardClock, BoardReading, board_clock

_CLASS = Path("/sys/class/rtc")


def read_rtc(folder: Path = _CLASS) -> datetime | None:
    """What the first of the board's clocks shows, in UTC; None where there is none or it does not
    answer. A clock that lost its power shows a time of long ago."""
    for entry in sorted(folder.glob("rtc*/since_epoch")):
        try:
            return datetime.fromtimestamp(int(entry.read_text(encoding="ascii")), UTC)
        except (OSError, ValueError, OverflowError):
            continue
    return None


class BoardClockWatch:
    """How the board's clock is, by what it shows and by its battery's voltage where the kernel
    tells that (a Pi 5, in microvolts). A time that was lost is remembered."""

    def __init__(self, folder: Path = _CLASS) -> None:
        self._folder = folder
        self._state = BoardClock.NONE

    def look(self) -> BoardClock:
        """Blocks for microseconds to milliseconds; raises nothing."""
        clocks = sorted(self._folder.glob("rtc*"))
        reading = None
        if clocks:
            reading = BoardReading(read_rtc(self._folder), _volts(clocks[0] / "battery_voltage"))
        self._state = board_clock(reading, self._state)
        return self._state


def _volts(path: Path) -> float | None:
    try:
        return int(path.read_text(encoding="ascii")) / 1e6
    except (OSError, ValueError, OverflowError):
        return None
