"""The board's battery-backed clock, read and never set.

Linux writes its own time to it every 11 minutes while that is synchronised. So it is a source of
its own only before the first synchronisation of a boot (`gate.core.confirmed_time.board_word`).
"""

from datetime import UTC, datetime
from pathlib import Path

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
