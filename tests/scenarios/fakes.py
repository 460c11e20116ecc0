"""Hand-written adapters for scenarios of the lane: they obey the ports and remember what was asked.

The journal is not faked: scenarios use the real one on a real file.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from typing import Any, Self

import numpy as np

from gate.core.action_order import ActionStatus
from gate.core.card import DocumentKind, Expiry, IdCard
from gate.core.configuration import Configuration
from gate.core.events import CandidateUnknown, CardPresented, FaceJudged, Instant
from gate.core.exam import Candidate, Exam, FacePolicy, Paper, Seat, Site
from gate.core.health_report import NOTHING
from gate.core.journal_entries import JournalEntry
from gate.core.liveness import FittedLayers
from gate.core.office_commands import Command, CommandAnswer
from gate.core.reasons import Pattern, Reason
from gate.core.records import JournalEvent
from gate.core.report_sheet import ReportSheet
from gate.core.room_tally import PaperRooms
from gate.core.seat_sheet import SheetCell, SheetHead
from gate.core.staff_list import StaffMember
from gate.errors import NoSuchEntry, StorageDamaged, StorageRefused
from gate.models.liveness.layer_set import LayerSet
from gate.ports import (
    Lookup,
    ReaderEvent,
    Reference,
    RosterEntry,
    ScannerEvent,
    SeatedCandidate,
)
from gate.roster.pin_hashes import pin_fits
from gate.service.adapters import Adapters
from gate.store.journal import SqliteJournal

ZONE = timezone(timedelta(hours=8))
NINE = datetime(2027, 4, 10, 9, 0, tzinfo=ZONE)
PAPER = Paper("00015-am", "英语（二）", NINE, NINE + timedelta(hours=2, minutes=30))
EXAM = Exam(
    "hb-zk-2027-04", "自学考试", "Asia/Shanghai", 30, (Site("wh-hs-01", "一考点"),), (PAPER,)
)
NUMBERS = {"11010519491231002X": "A1", "440524188001010014": "A2"}
MATCH = FaceJudged(Reason.OK, 0.7, None, "raw-strict", 0.47, frames=3, quality=0.9, fresh=3)
STRANGER = FaceJudged(Reason.FACE_MISMATCH, 0.1, None, "raw-strict", 0.47, frames=5)


class FakeClock:
    """Stands still until moved."""

    boot = "boot-1"

    def __init__(self) -> None:
        self.at = NINE - timedelta(minutes=15)
        self.trusted = True
        self.mono_ns = 1_000_000_000

    def now(self) -> Instant:
        return Instant(self.at, self.mono_ns, self.trusted)


class FakeReader:
    def __init__(self) -> None:
        self.queue: asyncio.Queue[ReaderEvent] = asyncio.Queue()
        self.sought = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    def find_again(self) -> None:
        self.sought += 1

    async def events(self) -> AsyncIterator[ReaderEvent]:
        while True:
            yield await self.queue.get()


class FakeScanner:
    name = "door"

    def __init__(self) -> None:
        self.queue: asyncio.Queue[ScannerEvent] = asyncio.Queue()
        self.status: dict[str, Any] = {"connected": True, "read": 0, "refused": {}}
        self.closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.closed = True

    async def events(self) -> AsyncIterator[ScannerEvent]:
        while True:
            yield await self.queue.get()


class FakeMatcher:
    """Answers with `verdicts` in turn, the last one for ever; `hold` delays until set."""

    model = "fake"
    fitted = FittedLayers()
    layers = LayerSet().status
    action: ActionStatus | None = None

    def __init__(self) -> None:
        self.asked = ""
        self.verdicts = [MATCH]
        self.stalled_s = 0.0
        self.hold = asyncio.Event()
        self.hold.set()
        self.judged = 0
        self.found_ns: list[int] = []
        self.forgotten = self.actions_ended = 0
        self.jpeg = b"jpeg"
        self.pictures = 0
        self.previewed = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    async def judge(self, reference: Reference, policy: FacePolicy, found_ns: int) -> FaceJudged:
        self.judged += 1
        self.found_ns.append(found_ns)
        await self.hold.wait()
        return self.verdicts.pop(0) if len(self.verdicts) > 1 else self.verdicts[0]

    def use_liveness(self, asked: str) -> None:
        self.asked = asked

    def use_screen(self, is_there: Callable[[], bool], changed: Callable[[], None]) -> None:
        self.is_screen_there, self.screen_changed = is_there, changed

    def end_action(self) -> None:
        self.actions_ended += 1

    def forget(self) -> None:
        self.forgotten += 1

    def evidence(self) -> bytes | None:
        self.pictures += 1
        return self.jpeg

    def preview(self, after: int) -> tuple[int, bytes] | None:
        self.previewed += 1
        return self.previewed, self.jpeg


class FakeSignals:
    """Remembers every pattern and opening with the journal's head at that moment."""

    def __init__(self) -> None:
        self.journal: SqliteJournal | None = None
        self.history: list[tuple[str, int]] = []
        self.pressed = asyncio.Event()
        self.closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.closed = True

    def _head(self) -> int:
        return self.journal.head.seq if self.journal else 0

    def show(self, pattern: Pattern) -> None:
        self.history.append((str(pattern), self._head()))

    def open_barrier(self, *, longer: bool = False) -> None:
        self.history.append(("barrier-longer" if longer else "barrier", self._head()))

    def safe(self) -> None:
        self.history.append(("safe", self._head()))

    async def acknowledged(self) -> None:
        await self.pressed.wait()
        self.pressed.clear()


class FakeRoster:
    exam = EXAM
    handed_in = NOTHING
    version = "hb-zk-2027-04/wh-hs-01/v1"
    expires = PAPER.end + timedelta(days=30)

    def __init__(self, staff: tuple[StaffMember, ...] = ()) -> None:
        self.photos: dict[str, bytes] = {}
        self.name = "测试"
        self.staff = staff
        self.closed = False
        self.readable = True
        self.opened: list[str] = []
        self.gates: dict[str, bytes] = {}

    def close(self) -> None:
        self.closed = True

    async def room_names(self, paper: str) -> tuple[str, ...]:
        return ("03",) if paper == PAPER.id else ()

    async def room_keys(self, paper: str, room: str) -> tuple[str, ...]:
        return tuple(s.key for s in await self.seated(paper, room))

    async def paper_rooms(self, paper: str) -> PaperRooms:
        rooms = dict.fromkeys(await self.room_keys(paper, "03"), "03")
        return PaperRooms({"03": len(rooms)} if rooms else {}, rooms.get)

    async def seated(self, paper: str, room: str) -> tuple[SeatedCandidate, ...]:
        if (paper, room) != (PAPER.id, "03"):
            return ()
        return tuple(
            SeatedCandidate(
                f"key-{ticket}",
                ticket,
                self.name,
                Seat(paper, room, f"{12 + n}"),
                frozenset(),
                self.photos.get(ticket),
            )
            for n, ticket in enumerate(sorted(set(NUMBERS.values())))
        )

    def photo(self, ticket: str) -> bytes | None:
        return self.photos.get(ticket)

    def pin_fits(self, member: StaffMember | None, pin: str) -> bool:
        return pin_fits(None if member is None else member.pin_hash, pin)

    def candidate(self, key: str) -> Candidate:
        self.opened.append(key)
        return self._entry(key.removeprefix("key-")).candidate

    def site_gates(self) -> dict[str, bytes]:
        return self.gates

    async def find(self, number: str) -> Lookup:
        if not self.readable:
            raise StorageDamaged("a row does not open")
        ticket = NUMBERS.get(number)
        return self._entry(ticket) if ticket else CandidateUnknown("00")

    async def find_typed(self, handle: str, value: str, papers: tuple[str, ...]) -> RosterEntry:
        if handle != "ticket" or value not in NUMBERS.values():
            raise NoSuchEntry("nobody")
        return self._entry(value)

    def _entry(self, ticket: str) -> RosterEntry:
        seat = Seat(PAPER.id, "03", "12")
        candidate = Candidate(ticket, self.name, f"key-{ticket}", (seat,), has_reference=True)
        candidate = replace(candidate, handed_in=self.handed_in)
        template = np.zeros(128, dtype=np.float32)
        return RosterEntry(candidate, Reference(template, None, None, None))


class FakeRosters:
    def __init__(self) -> None:
        self.next: FakeRoster | None = FakeRoster()
        self.holds = True
        self.noted: list[dict[str, Any]] = []
        self.looks = 0
        self.staying: frozenset[str] | None = None
        self.destroyed: list[tuple[datetime, frozenset[str]]] = []

    def refresh(self) -> FakeRoster | None:
        self.looks += 1
        fresh, self.next = self.next, None
        return fresh

    def note(self, what: str) -> None:
        facts = {"at": NINE.isoformat(), "roster": FakeRoster.version}
        self.noted.append({"note": len(self.noted) + 1, "what": what, **facts})

    def recheck(self) -> None:
        self.next = FakeRoster()

    def finish(self) -> str | None:
        return None

    def overdue(self, now: datetime) -> frozenset[str] | None:
        return self.staying

    def destroy_overdue(self, now: datetime, keep: frozenset[str]) -> list[str]:
        self.destroyed.append((now, keep))
        self.staying = None
        self.note("destroyed")
        return [FakeRoster.version]

    def history(self, after: int) -> list[dict[str, Any]]:
        return self.noted[after:]


class FakeEvidence:
    def __init__(self) -> None:
        self.kept: list[str] = []

    def keep(self, jpeg: bytes, name: str) -> str:
        self.kept.append(name)
        return "ab" * 32


class FakeSheets:
    def __init__(self) -> None:
        self.asked: list[tuple[SheetHead, Sequence[SheetCell]]] = []
        self.reports: list[ReportSheet] = []

    async def seat_photo_sheet(self, head: SheetHead, cells: Sequence[SheetCell]) -> bytes:
        self.asked.append((head, cells))
        return b"%PDF-1.4"

    async def site_report(self, sheet: ReportSheet) -> bytes:
        self.reports.append(sheet)
        return b"%PDF-1.4"


class FakeUplink:
    status: dict[str, Any] = {"connected": False}  # noqa: RUF012 - never written
    office_time: datetime | None = None

    def __init__(self) -> None:
        self.exams: list[str] = []
        self.answers: list[CommandAnswer] = []
        self.again: list[tuple[int, int]] = []
        self.configuration = Configuration()
        self.command: Callable[[Command], None] = lambda _: None

    def use_exam(self, exam: str) -> None:
        self.exams.append(exam)

    def deliver_commands_to(self, take: Callable[[Command], None]) -> None:
        self.command = take

    def deliver_rosters_to(self, hear: Callable[[bytes], None]) -> None:
        pass

    def answer(self, answer: CommandAnswer, at: str) -> None:
        self.answers.append(answer)

    def send_again(self, ranges: Iterable[tuple[int, int]]) -> None:
        self.again.extend(ranges)

    def use_configuration(self, configuration: Configuration, command: str | None) -> None:
        self.configuration = configuration

    async def run(self) -> None:
        await asyncio.Event().wait()


class RefusingJournal(SqliteJournal):
    """The real journal on a disk that can be filled."""

    full = False

    async def append(self, entry: JournalEntry) -> JournalEvent:
        if self.full:
            raise StorageRefused("The disk is full.")
        return await super().append(entry)


@dataclass
class Rig:
    """One unit of fakes and a real journal."""

    unit: Adapters
    clock: FakeClock
    reader: FakeReader
    matcher: FakeMatcher
    signals: FakeSignals
    rosters: FakeRosters
    journal: RefusingJournal
    evidence: FakeEvidence
    scanner: FakeScanner = field(default_factory=FakeScanner)
    names: list[str] = field(default_factory=list)

    def card(self, number: str = "11010519491231002X") -> CardPresented:
        now = self.clock.now()
        card = IdCard(DocumentKind.RESIDENT, number, "测试甲", None, Expiry.LONG_TERM)
        return CardPresented(card, now, now.mono_ns)


def rig(folder: Any) -> Rig:
    clock, reader, matcher, signals = FakeClock(), FakeReader(), FakeMatcher(), FakeSignals()
    rosters, evidence = FakeRosters(), FakeEvidence()
    journal = RefusingJournal(folder / "journal.sqlite", gate="wh-hs-01-g1", boot=clock.boot)
    signals.journal = journal
    scanner = FakeScanner()
    unit = Adapters(
        "wh-hs-01-g1",
        "wh-hs-01",
        clock,
        reader,
        matcher,
        signals,
        rosters,
        journal,
        evidence,
        FakeUplink(),
        FakeSheets(),
        (scanner,),
    )
    return Rig(unit, clock, reader, matcher, signals, rosters, journal, evidence, scanner)
