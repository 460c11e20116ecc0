"""The seams: what the service asks of its adapters, and the values that cross.

Adapters import this, `gate.core` and `gate.errors`, and not each other. Every adapter is a context
manager whose close is idempotent; contract tests in tests/contracts run on the simulated and on
the real ones.
"""

from gate.ports.devices import (
    Camera,
    CardReader,
    Clock,
    Matcher,
    Scanner,
    Signals,
)
from gate.ports.records import (
    Desk,
    Evidence,
    InstalledRosters,
    Journal,
    Roster,
    SheetPrinter,
    SiteLink,
    Uplink,
)
from gate.ports.staff_connection import StaffConnection
from gate.ports.status import ClockStatus, DeskStatus, JournalSave, ScannerStatus, UplinkStatus
from gate.ports.values import (
    DiskSpace,
    Face,
    Frame,
    Head,
    Lookup,
    Occlusion,
    PapersSeen,
    Picture,
    Probe,
    Quality,
    ReaderEvent,
    Receipt,
    Reference,
    RosterEntry,
    ScannerBack,
    ScannerEvent,
    ScannerLost,
    SeatedCandidate,
    StaffVerdict,
    Template,
    Typed,
)

__all__ = [
    "Camera",
    "CardReader",
    "Clock",
    "ClockStatus",
    "Desk",
    "DeskStatus",
    "DiskSpace",
    "Evidence",
    "Face",
    "Frame",
    "Head",
    "InstalledRosters",
    "Journal",
    "JournalSave",
    "Lookup",
    "Matcher",
    "Occlusion",
    "PapersSeen",
    "Picture",
    "Probe",
    "Quality",
    "ReaderEvent",
    "Receipt",
    "Reference",
    "Roster",
    "RosterEntry",
    "Scanner",
    "ScannerBack",
    "ScannerEvent",
    "ScannerLost",
    "ScannerStatus",
    "SeatedCandidate",
    "SheetPrinter",
    "Signals",
    "SiteLink",
    "StaffConnection",
    "StaffVerdict",
    "Template",
    "Typed",
    "Uplink",
    "UplinkStatus",
]
