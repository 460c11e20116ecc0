"""One gate as its adapters."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from gate.core.clock_trust import BoardClock
from gate.ports import (
    CardReader,
    Clock,
    Evidence,
    InstalledRosters,
    Journal,
    Matcher,
    RosterFetch,
    Scanner,
    SheetPrinter,
    Signals,
    SiteLink,
    Uplink,
)


@dataclass(frozen=True, slots=True)
class Exit:
    """An exit reader: the device, and its name in gate.toml."""

    name: str
    device: CardReader | Scanner


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
    sheets: SheetPrinter
    scanners: tuple[Scanner, ...] = ()
    site_link: SiteLink | None = None
    """To the other gates of the site."""
    exits: tuple[Exit, ...] = ()
    rooms: tuple[str, ...] = ()
    """Those that this gate serves, as gate.toml says; empty: every room of the site."""
    is_supervised: bool = False
    """Whether systemd runs this process, and so starts it again."""
    roster_fetch: RosterFetch | None = None
    """Fetches rosters from the office; None where gate.toml names no server."""
    ask_for_version: Callable[[str | None], None] | None = None
    """Asks for a version of the program, None for the one before. None where it is no package."""
    rtc: Callable[[], datetime | None] = lambda: None
    """What the board's own clock shows, None where it has none."""
    board_clock: Callable[[], BoardClock] = lambda: BoardClock.NONE
    """How that clock and its battery are."""
