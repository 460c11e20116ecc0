"""The installed roster, opened one row at a time (`gate.ports.Roster`)."""

import asyncio
import sqlite3
from datetime import datetime
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

from gate.core.events import CandidateElsewhere, CandidateUnknown
from gate.core.exam import Candidate, Exam
from gate.core.room_tally import PaperRooms
from gate.core.staff_list import StaffMember
from gate.errors import InputDamaged, NoSuchEntry, StorageDamaged
from gate.ports import Lookup, Reference, RosterEntry, SeatedCandidate
from gate.ports.values import TemplateRows
from gate.roster.file_format import (
    APPLICATION_ID,
    COHORT_KEY,
    TICKET_TAIL,
    CandidateRecord,
    decode_record,
    earlier_seat_handle,
    id_tail_handle,
    seat_handle,
    templates_of,
    ticket_handle,
    ticket_tail_handle,
)
from gate.roster.manifest import Manifest
from gate.roster.pin_hashes import pin_fits
from gate.roster.room_index import RoomIndex, read_room_index, seat_in
from gate.roster.sealed_staff import STAFF_KEY, decode_staff
from gate.roster.sealing import RosterKeys, handle_key, number_key, unseal
from gate.roster.site_gates import GATES_KEY, decode_gates

_SEATS_SAID = 5
_INSTEAD = {
    "ticket": ("the whole ticket number", "完整准考证号"),
    "id_tail": ("the ticket number", "准考证号"),
    "seat": ("the ticket number", "准考证号"),
}


class InstalledRoster:
    """One roster file, read-only, kept open. A look-up is one keyed SELECT and one opened row of
    about 1 kB, well under a millisecond, so it is done inline.

    Not for several threads at once. InputDamaged where the file is not a roster.
    """

    def __init__(self, path: Path, manifest: Manifest, keys: RosterKeys) -> None:
        self.manifest = manifest
        self._keys = keys
        self._path = path
        self._rooms: asyncio.Task[RoomIndex] | None = None
        self._db = _opened(path)
        try:
            self._cohort = self._read_cohort()
            self._staff = self._read_staff()
            self._has_paper_sites = bool(
                self._rows("SELECT 1 FROM sqlite_master WHERE name = ?", "paper_site")
            )
        except StorageDamaged:
            self._db.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Idempotent."""
        self._db.close()

    @property
    def exam(self) -> Exam:
        """The exam that the manifest describes."""
        return self.manifest.exam

    @property
    def site(self) -> str:
        """The id of the site."""
        return self.manifest.site

    @property
    def version(self) -> str:
        """`<exam>/<site>/v<version>`."""
        return self.manifest.name

    @property
    def expires(self) -> datetime:
        """When the retention of this roster ends."""
        return self.manifest.expires

    @property
    def cohort(self) -> TemplateRows | None:
        """200 x 128 unlabelled templates, None where the exam has too few candidates."""
        return self._cohort

    @property
    def staff(self) -> tuple[StaffMember, ...]:
        """Who may sign at this site; empty in rosters of earlier versions."""
        return self._staff

    def pin_fits(self, member: StaffMember | None, pin: str) -> bool:
        """As in the port."""
        return pin_fits(None if member is None else member.pin_hash, pin)

    async def find(self, number: str) -> Lookup:
        """By ID number. StorageDamaged for an altered row."""
        key = number_key(self._keys.index, number)
        record = self._record(key)
        if record is not None:
            return self._entry(key, record)
        rows = self._rows(
            "SELECT site.id FROM exam_index JOIN site ON site.number = exam_index.site "
            "WHERE key = ? ORDER BY site.number LIMIT 1",
            key,
        )
        if not rows:
            return CandidateUnknown(key.hex())
        return CandidateElsewhere(rows[0][0], key.hex(), self._papers_elsewhere(key))

    async def find_typed(self, handle: str, value: str, papers: tuple[str, ...]) -> RosterEntry:
        """By `ticket`, `id_tail` or `seat` as staff typed it. NoSuchEntry for none or several;
        StorageDamaged where the roster contradicts itself."""
        keys = self._keys_of(handle, value, papers)
        if len(keys) != 1:
            raise _not_one(handle, len(keys), self._seats(keys[:_SEATS_SAID], papers))
        record = self._record(keys[0])
        if record is None:
            raise StorageDamaged(
                "The installed roster contradicts itself: install it again from its source.",
                "已安装的考生名册自相矛盾：请重新安装。",
            )
        return self._entry(keys[0], record)

    def photo(self, ticket: str) -> bytes | None:
        """The ticket photo as JPEG, None where there is none. NoSuchEntry for no such ticket."""
        keys = self._handle_keys(ticket_handle(ticket))
        if not keys:
            raise _not_one("ticket", 0)
        return self._photo(keys[0])

    async def room_names(self, paper: str) -> tuple[str, ...]:
        """The rooms of `paper` at this site, sorted. StorageDamaged."""
        return (await self._room_index()).room_names(paper)

    async def room_keys(self, paper: str, room: str) -> tuple[str, ...]:
        """The candidate keys (hex) of who sits in `room`, in the order of the seats; nobody's row
        is opened for it but the first time. StorageDamaged."""
        return tuple(key.hex() for key in (await self._room_index()).keys(paper, room))

    async def paper_rooms(self, paper: str) -> PaperRooms:
        """As in the port. StorageDamaged."""
        index = await self._room_index()
        rooms = index.rooms_by_key(paper)
        expected = {name: len(index.keys(paper, name)) for name in index.room_names(paper)}
        return PaperRooms(expected, lambda key: rooms.get(bytes.fromhex(key)))

    async def seated(self, paper: str, room: str) -> tuple[SeatedCandidate, ...]:
        """Who sits in `room`, in the order of the seats, with the ticket photo. StorageDamaged."""
        found = []
        for key in (await self._room_index()).keys(paper, room):
            record = self._record(key)
            seat = seat_in(record, paper) if record is not None else None
            if record is not None and seat is not None:
                photo = self._photo(key)
                found.append(
                    SeatedCandidate(
                        key.hex(), record.ticket, record.name, seat, record.flags, photo
                    )
                )
        return tuple(found)

    async def _room_index(self) -> RoomIndex:
        """Read the first time that it is asked for, once, however many ask meanwhile: at 20,000
        candidates that takes half a second of a processor."""
        if self._rooms is None or (self._rooms.done() and self._rooms.exception() is not None):
            self._rooms = asyncio.create_task(asyncio.to_thread(self._read_rooms))
        return await asyncio.shield(self._rooms)

    def _read_rooms(self) -> RoomIndex:
        db = _opened(self._path)
        try:
            return read_room_index(
                db, lambda key, sealed: unseal(self._keys.content, "candidate", key, sealed)
            )
        finally:
            db.close()

    def _photo(self, key: bytes) -> bytes | None:
        rows = self._rows("SELECT sealed FROM photo WHERE key = ?", key)
        return unseal(self._keys.content, "photo", key, rows[0][0]) if rows else None

    def candidate(self, key: str) -> Candidate:
        """As in the port. NoSuchEntry."""
        record = self._record(bytes.fromhex(key))
        if record is None:
            raise NoSuchEntry("Nobody on this roster has this key.", "名册中没有该考生。")
        return self._entry(bytes.fromhex(key), record).candidate

    def site_gates(self) -> dict[str, bytes]:
        """As in the port."""
        rows = self._rows("SELECT sealed FROM shared WHERE name = ?", "gates")
        if not rows:
            return {}
        return decode_gates(unseal(self._keys.content, "shared", GATES_KEY, rows[0][0]))

    def _keys_of(self, handle: str, value: str, papers: tuple[str, ...]) -> list[bytes]:
        if handle == "ticket":
            whole = self._handle_keys(ticket_handle(value))
            return whole or (
                self._handle_keys(ticket_tail_handle(value))
                if len("".join(value.split())) == TICKET_TAIL
                else []
            )
        if handle == "id_tail":
            return self._handle_keys(id_tail_handle(value))
        if handle == "seat":
            found = [
                self._handle_keys(seat_handle(paper, value))
                or self._handle_keys(earlier_seat_handle(paper, value))
                for paper in papers
            ]
            return sorted({key for keys in found for key in keys})
        raise NoSuchEntry(
            f"Nobody can be found by {handle!r}: type a ticket, id_tail or seat.",
            "请输入准考证号、身份证后六位或座位。",
            matches=0,
        )

    def _seats(self, keys: list[bytes], papers: tuple[str, ...]) -> tuple[str, ...]:
        """Where these candidates sit now: staff can ask for a seat, and it names nobody."""
        records = [record for key in keys if (record := self._record(key)) is not None]
        return tuple(f"{s.room}-{s.seat}" for r in records for s in r.seats if s.paper in papers)

    def _handle_keys(self, handle: str) -> list[bytes]:
        keyed = handle_key(self._keys.index, handle)
        return [row[0] for row in self._rows("SELECT key FROM handle WHERE handle = ?", keyed)]

    def _record(self, key: bytes) -> CandidateRecord | None:
        rows = self._rows("SELECT sealed FROM candidate WHERE key = ?", key)
        if not rows:
            return None
        return decode_record(unseal(self._keys.content, "candidate", key, rows[0][0]))

    def _entry(self, key: bytes, record: CandidateRecord) -> RosterEntry:
        candidate = Candidate(
            ticket=record.ticket,
            name=record.name,
            key=key.hex(),
            seats=record.seats,
            has_reference=record.template is not None,
            flags=record.flags,
            elsewhere=self._papers_elsewhere(key),
            handed_in=record.handed_in,
        )
        if record.template is None:
            return RosterEntry(candidate, None)
        reference = Reference(record.template, record.mean, record.deviation, self._cohort)
        return RosterEntry(candidate, reference)

    def _papers_elsewhere(self, key: bytes) -> tuple[tuple[str, str], ...]:
        """(paper id, site id) of other sites, of who has papers at several; a roster of an earlier
        version knows of none."""
        if not self._has_paper_sites:
            return ()
        rows = self._rows(
            "SELECT paper, site.id FROM paper_site JOIN site ON site.number = paper_site.site "
            "WHERE key = ? ORDER BY paper",
            key,
        )
        return tuple((paper, at) for paper, at in rows if at != self.site)

    def _read_cohort(self) -> TemplateRows | None:
        rows = self._rows("SELECT sealed FROM shared WHERE name = ?", "cohort")
        if not rows:
            return None
        return templates_of(unseal(self._keys.content, "shared", COHORT_KEY, rows[0][0]))

    def _read_staff(self) -> tuple[StaffMember, ...]:
        rows = self._rows("SELECT sealed FROM shared WHERE name = ?", "staff")
        if not rows:
            return ()
        return decode_staff(unseal(self._keys.content, "shared", STAFF_KEY, rows[0][0]))

    def _rows(self, query: str, parameter: bytes | str) -> list[tuple[Any, ...]]:
        try:
            return self._db.execute(query, (parameter,)).fetchall()
        except sqlite3.DatabaseError as e:
            raise StorageDamaged(
                f"The installed roster cannot be read ({e}): install it again from its source.",
                "已安装的考生名册无法读取：请重新安装。",
            ) from e


def _opened(path: Path) -> sqlite3.Connection:
    # immutable: the file never changes once installed, so SQLite takes no locks and makes no
    # side files. The thread that opens (a worker) is not the one that looks up (the loop).
    uri = f"file:{quote(str(path))}?mode=ro&immutable=1"
    try:
        db = sqlite3.connect(uri, uri=True, check_same_thread=False)
        found = db.execute("PRAGMA application_id").fetchone()[0]
    except sqlite3.DatabaseError as e:
        raise _not_a_roster(path) from e
    if found != APPLICATION_ID:
        db.close()
        raise _not_a_roster(path)
    return db


def _not_a_roster(path: Path) -> InputDamaged:
    return InputDamaged(
        f"{path} is not a roster file of this program's version: build it again at the office.",
        f"{path} 不是本版本的名册文件：请在考试中心重新生成。",
        path=str(path),
    )


def _not_one(handle: str, matches: int, seats: tuple[str, ...] = ()) -> NoSuchEntry:
    if matches == 0:
        return NoSuchEntry(
            "Nobody on this roster fits what was typed: check it, or type another handle.",
            "名册中查无此人：请核对输入或改用其他方式。",
            matches=0,
        )
    en, zh = _INSTEAD[handle]
    if seats and handle != "seat":
        shown = ", ".join(seats) + (" …" if matches > _SEATS_SAID else "")
        en, zh = f"{en} or the seat ({shown})", f"{zh}或座位（{shown}）"
    return NoSuchEntry(
        f"{matches} candidates fit what was typed: type {en} instead.",
        f"有 {matches} 名考生符合：请改为输入{zh}。",
        matches=matches,
        seats=seats,
    )
