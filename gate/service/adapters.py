"""One gate as its adapters."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from gate.ports import (
    CardReader,
    Clock,
    Evidence,
    InstalledRosters,
    Journal,
    Matcher,
    Scanner,
    Signals,
    Uplink,
)


@dataclass(frozen=True, slots=True)
class Adapters:
    """The adapters of one gate, by port."""

    id: str
    site: str
    clock: Clock
    reader: CardReader
    matcher: Matcher
    signals: Signals
    rosters: InstalledRosters
    journal: Journal
    evidence: Evidence
    uplink: Uplink
    scanners: tuple[Scanner, ...] = ()
    rtc: Callable[[], datetime | None] = lambda: None
    """What the board's own clock shows, None where it has none."""
