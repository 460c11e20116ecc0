"""What is kept, sent and asked: roster, journal, evidence, uplink, and the staff's desk."""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol, Self

from gate.core.configuration import Configuration
from gate.core.events import PeersHeard
from gate.core.exam import Candidate, Exam
from gate.core.journal_entries import JournalEntry
from gate.core.json_types import JsonObject
from gate.core.office_commands import Command, CommandAnswer
from gate.core.records import JournalEvent
from gate.core.report_sheet import ReportSheet
from gate.core.room_tally import PaperRooms
from gate.core.seat_sheet import SheetCell, SheetHead
from gate.core.staff_list import StaffMember
from gate.ports.staff_connection import StaffConnection
from gate.ports.status import DeskStatus, JournalSave, ScreenStatus, UplinkStatus
from gate.ports.values import (
    DiskSpace,
    Head,
    Lookup,
    PapersSeen,
    Receipt,
    RosterEntry,
    SeatedCandidate,
    StaffVerdict,
    Typed,
)


class Roster(Protocol):
    """The installed roster, opened one row at a time."""

    @property
    def exam(self) -> Exam:
        """The exam of this roster."""

    @property
    def version(self) -> str:
        """`<exam>/<site>/v<version>` as decisions carry it."""

    @property
    def expires(self) -> datetime:
        """Aware; from then on it must not be used."""

    def close(self) -> None:
        """Idempotent. Nothing is asked of it any more."""

    async def find(self, number: str) -> Lookup:
        """By ID number."""

    async def find_typed(self, handle: str, value: str, papers: tuple[str, ...]) -> RosterEntry:
        """By `ticket` (whole or its last 5), `id_tail` (last 6 of the ID number) or `seat`
        (`room-seat`, within `papers`). NoSuchEntry for none or several."""

    async def room_names(self, paper: str) -> tuple[str, ...]:
        """The rooms of `paper` at this site, sorted. StorageDamaged."""

    async def room_keys(self, paper: str, room: str) -> tuple[str, ...]:
        """The candidate keys (hex) of who sits in `room`, in the order of the seats; empty for an
        unknown one. StorageDamaged."""

    async def paper_rooms(self, paper: str) -> PaperRooms:
        """Who sits `paper` in which room; nobody's name. StorageDamaged."""

    async def seated(self, paper: str, room: str) -> tuple[SeatedCandidate, ...]:
        """Who sits in `room`, in the order of the seats. StorageDamaged."""

    def photo(self, ticket: str) -> bytes | None:
        """The ticket photo of a whole ticket number as JPEG, None where there is none.
        NoSuchEntry; StorageDamaged."""

    @property
    def staff(self) -> tuple[StaffMember, ...]:
        """Who may sign at this site. Empty: one signature settles, and no PIN is asked."""

    def candidate(self, key: str) -> Candidate:
        """Who has this key, hex. NoSuchEntry, StorageDamaged."""

    def site_gates(self) -> Mapping[str, bytes]:
        """The gates of the site to the Ed25519 keys that they sign with; empty in rosters of
        earlier versions. StorageDamaged."""

    def pin_fits(self, member: StaffMember | None, pin: str) -> bool:
        """Whether it is the PIN of `member`; False for None, after the same time. Blocks for about
        100 ms. From any thread."""


class InstalledRosters(Protocol):
    """Where rosters are installed while the gate runs."""

    @property
    def holds(self) -> bool:
        """Whether any is installed now. Cheap."""

    def refresh(self) -> Roster | None:
        """The installed roster if it is another one than at the last call, verified and opened.
        Blocks (it hashes the file). Refused, InputDamaged, StorageDamaged."""

    def recheck(self) -> None:
        """What is installed is verified and opened anew by the next `refresh`."""

    def finish(self) -> str | None:
        """End a destruction that was begun and cut short, whatever time it is; its name. Blocks.
        StorageRefused, StorageDamaged."""

    def overdue(self, now: datetime) -> frozenset[str] | None:
        """Whether the end of retention asks for a destruction at `now`, a confirmed time.

        The ids of the exams that stay, None where nothing is to be destroyed. StorageRefused.
        """

    def destroy_overdue(self, now: datetime, keep: frozenset[str]) -> list[str]:
        """Destroy it, keys first, and every evidence file whose name is not in `keep`; by name.
        Survives a power cut at any point: `finish` goes on. Blocks. StorageRefused."""

    def history(self, after: int) -> list[JsonObject]:
        """What was installed and destroyed, by whatever process: those numbered above `after`, in
        order. `note`: the number; `what`: `installed` or `destroyed`; `at`: when; `roster`.
        Blocks. StorageRefused."""


class RosterFetch(Protocol):
    """Fetches rosters from the office while the gate runs."""

    @property
    def fault(self) -> str | None:
        """Why the last attempt came to nothing, in words; None where all is well."""

    def look_now(self) -> None:
        """Asks the office at once. From the loop's thread."""

    async def run(self) -> None:
        """Until cancelled. Survives every fault of network, server and disk."""


class Journal(Protocol):
    """The append-only log. One writer; `append` returns after the commit is on disk."""

    async def __aenter__(self) -> Self:
        """Opens and verifies. StorageRefused: try again later; StorageDamaged."""

    async def __aexit__(self, *_: object) -> None: ...

    @property
    def head(self) -> Head:
        """The place and the hash of the newest event."""

    async def append(self, entry: JournalEntry) -> JournalEvent:
        """StorageRefused (full, read-only: nothing written), StorageBroken (fatal)."""

    async def keep_timing(self, seq: int, ms: Mapping[str, float]) -> None:
        """How long the decision `seq` took; not part of the chain, lost without harm."""

    async def read(self, first: int, limit: int) -> list[JournalEvent]:
        """Events from `first` (counting from 1), at most `limit`, in order."""

    def past(self) -> AsyncIterator[list[JournalEvent]]:
        """Every event so far, in order, in pages, without `prev`, `hash` and `ms`: the quick way
        for a reader who needs all of it once."""

    def earlier(self) -> AsyncIterator[list[JournalEvent]]:
        """Whole events of this unit's journals that were damaged and put aside, in pages, the
        oldest journal first. None of them is part of this journal."""

    async def disk(self) -> DiskSpace:
        """StorageRefused where the disk does not answer."""

    @property
    def begun(self) -> JournalEvent | None:
        """The first event of a journal that follows a damaged one: what is missing of that."""

    async def look(self) -> None:
        """Whether a restart would find this journal; where it would not, saves it. StorageRefused
        where that cannot be now: nobody may be admitted until then. StorageBroken."""

    @property
    def saves(self) -> Sequence[JournalSave]:
        """What was lost and saved since the process began, the oldest first: `file`, `detail`,
        `events`, `saved_at`, `set_aside`."""

    @property
    def warnings(self) -> Mapping[str, str]:
        """What is wrong with it now, in words: `unsaved` while `look` cannot save it, `not-held`
        where it could not be saved if it were lost. Empty where all is well."""

    async def beyond(self, seq: int) -> None:
        """Returns when the head is past `seq`."""

    async def receipt(self) -> Receipt | None:
        """The newest receipt that was kept, None before the first one."""

    async def keep_receipt(self, receipt: Receipt) -> None:
        """Keeps `receipt` durably."""


class Evidence(Protocol):
    """Keeps sealed pictures for the chief examiner."""

    def keep(self, jpeg: bytes, name: str) -> str:
        """Seal to the chief examiner and write it durably; the SHA-256 of the sealed bytes, hex.
        StorageRefused."""


class SheetPrinter(Protocol):
    """Draws printed sheets."""

    async def seat_photo_sheet(self, head: SheetHead, cells: Sequence[SheetCell]) -> bytes:
        """The PDF of one room and paper. InputDamaged, RetryLater."""

    async def site_report(self, sheet: ReportSheet) -> bytes:
        """The PDF of the site's report of one paper. InputDamaged, RetryLater."""


class SiteLink(Protocol):
    """What the gates of one site tell each other of who has entered and left."""

    def use(self, exam: str, keys: Mapping[str, bytes]) -> None:
        """The exam, and the gates of the site to the Ed25519 keys that they sign with."""

    def add(self, event: JournalEvent, *, this_run: bool = True) -> None:
        """An event of this gate's own journal, of this run or an earlier one, in order."""

    def deliver_to(self, deliver: Callable[[PeersHeard], None]) -> None:
        """Who is given what was heard, on the loop's thread."""

    @property
    def refused(self) -> Mapping[str, int]:
        """Messages that were not believed, by reason."""

    @property
    def peers(self) -> tuple[str, ...]:
        """The other gates of the site."""


class Uplink(Protocol):
    """Journal to office. Has no state of its own: the journal and the receipt are it."""

    @property
    def status(self) -> UplinkStatus:
        """`connected`, `unsent`, `receipted`, `last_error`."""

    @property
    def office_time(self) -> datetime | None:
        """The latest time in a word that the office signed and this process heard: when it was
        given it was no later than now. None before there is one."""

    def use_exam(self, exam: str) -> None:
        """The id of the exam whose events are sent from now on."""

    def deliver_commands_to(self, take: Callable[[Command], None]) -> None:
        """Who is given each command that the office signed, on the loop's thread."""

    def deliver_rosters_to(self, hear: Callable[[bytes], None]) -> None:
        """Who is given each notice of a roster, unchecked, on the loop's thread. It may raise
        InputRejected."""

    def answer(self, answer: CommandAnswer, at: str) -> None:
        """Tells the office what became of a command. `at`: RFC 3339."""

    def send_again(self, ranges: Iterable[tuple[int, int]]) -> None:
        """Sends these events once more, both ends included, receipted or not."""

    def use_configuration(self, configuration: Configuration, command: str | None) -> None:
        """What is in force from now on, and the id of the command that asked for it."""

    async def run(self) -> None:
        """Until cancelled. Survives every network fault."""


class Desk(Protocol):
    """How staff drive a running gate: status snapshots out, staff events in."""

    def status(self) -> DeskStatus:
        """The state of the gate at this moment."""

    async def case(self, decision: str, connection: StaffConnection) -> Mapping[str, object]:
        """One case with its pictures. NoSuchEntry; Refused to who has not signed in."""

    def cases(self) -> Mapping[str, object]:
        """`settled`: the cases that were settled last, without names."""

    async def sheet(
        self, paper: str, room: str, connection: StaffConnection
    ) -> Mapping[str, object]:
        """The seat-photo sheet as `pdf` in base64. NoSuchEntry; Refused to who has not signed
        in."""

    def screen(self) -> ScreenStatus:
        """What the candidate's screen shows at this moment."""

    def follow_screen(self) -> AsyncIterator[ScreenStatus]:
        """The same at once, when it changes, and every few seconds. While somebody follows, an
        action may be ordered."""

    async def sign_in(
        self, by: str, pin: str | None, connection: StaffConnection
    ) -> Mapping[str, object]:
        """Signs `connection` in as `by`: {"ok", "id", "name", "role", "token"}. Refused without the
        person's own PIN; UsageError where the roster has no staff."""

    def resume(self, token: str, connection: StaffConnection) -> None:
        """Signs `connection` in by the token of another sign-in. Refused for one that is unknown or
        too old."""

    def sign_out(self, token: str | None, connection: StaffConnection) -> Mapping[str, object]:
        """Ends the sign-in of `connection`, and of the token."""

    async def type(
        self, typed: Typed, pin: str | None = None, connection: StaffConnection | None = None
    ) -> Mapping[str, object]:
        """Presents a candidate whom staff typed in; the answer to the client."""

    async def settle(
        self,
        verdict: StaffVerdict,
        pin: str | None = None,
        connection: StaffConnection | None = None,
    ) -> Mapping[str, object]:
        """Records a staff verdict; the answer to the client."""

    async def sign(
        self, case: str, by: str, pin: str | None = None, connection: StaffConnection | None = None
    ) -> Mapping[str, object]:
        """Records the second signature under a case or its correction, and what follows from it."""

    async def correct(
        self,
        verdict: StaffVerdict,
        pin: str | None = None,
        connection: StaffConnection | None = None,
    ) -> Mapping[str, object]:
        """Records another verdict on a case that was settled; nothing is deleted."""

    async def decline(
        self, by: str, pin: str | None = None, connection: StaffConnection | None = None
    ) -> Mapping[str, object]:
        """The candidate at the gate declines the face check."""

    async def excuse(
        self, by: str, pin: str | None = None, connection: StaffConnection | None = None
    ) -> Mapping[str, object]:
        """The candidate at the gate need not do the action, for one attempt."""

    async def papers(
        self, seen: PapersSeen, pin: str | None = None, connection: StaffConnection | None = None
    ) -> Mapping[str, object]:
        """Notes that staff have looked at a candidate's notice and health report; the answer to the
        client, with what is left to do."""

    async def papers_of(self, ticket: str, connection: StaffConnection) -> Mapping[str, object]:
        """What the paper asks of a candidate, and what is wanting; no answer is repeated.
        NoSuchEntry; Refused to who has not signed in."""

    async def read_message(self, message: str, by: str) -> Mapping[str, object]:
        """`by` has read a message of the office; the answer to the client."""

    async def acknowledge(self, by: str) -> Mapping[str, object]:
        """Acknowledges the open REFERs in the name `by`; the answer to the client."""

    async def reassign(
        self,
        rooms: Sequence[str],
        by: str,
        pin: str | None = None,
        connection: StaffConnection | None = None,
    ) -> Mapping[str, object]:
        """This gate serves these rooms from now on; none: every room of the site."""

    async def rooms(
        self, paper: str | None, room: str | None, connection: StaffConnection
    ) -> Mapping[str, object]:
        """Counts of every paper and room; of one room its absent too."""

    async def report(self, paper: str) -> Mapping[str, object]:
        """The site's numbers of a paper, as this gate knows them, their digest and who signed."""

    async def printed_report(self, paper: str, connection: StaffConnection) -> Mapping[str, object]:
        """The same as `pdf` in base64. Refused to who has not signed in."""

    async def sign_report(
        self,
        paper: str,
        by: str,
        pin: str | None,
        connection: StaffConnection | None,
        digest: str | None = None,
    ) -> Mapping[str, object]:
        """The chief examiner signs the numbers of now; `digest`: of those that were seen."""

    async def find(
        self, handle: str, value: str, connection: StaffConnection
    ) -> Mapping[str, object]:
        """One candidate by `ticket`, `id_tail` or `seat`: papers, and inside, left or absent."""

    async def confirm_clock(
        self,
        by: str,
        day: str,
        pin: str | None = None,
        connection: StaffConnection | None = None,
    ) -> Mapping[str, object]:
        """Notes that `by` has seen the date `day` (YYYY-MM-DD) on another clock; the answer to the
        client."""

    def follow(self) -> AsyncIterator[Mapping[str, object]]:
        """Decisions as they are committed, and status when it changes. A slow reader loses the
        oldest status lines first, never a decision without being told (`{"dropped": n}`)."""
