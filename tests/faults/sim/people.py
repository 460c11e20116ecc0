"""The exam, its people and its keys: the same in every seed; seeds differ in faults alone."""

import base64
import hashlib
import json
from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np
from nacl.signing import SigningKey

from gate.core.card import DocumentKind, Expiry, IdCard
from gate.core.events import CandidateUnknown
from gate.core.exam import Candidate, Exam, Paper, Seat, Site
from gate.core.staff_list import StaffMember
from gate.errors import NoSuchEntry
from gate.ports import Lookup, Reference, RosterEntry

ZONE = timezone(timedelta(hours=8))
SITE = "wh-hs-01"
START = datetime(2027, 4, 10, 9, 0, tzinfo=ZONE)
PAPER = Paper("00015-am", "英语（二）", START, START + timedelta(hours=3), closes_after_min=90)
EXAM = Exam("hb-zk-2027-04", "自学考试", "Asia/Shanghai", 30, (Site(SITE, "一考点"),), (PAPER,))
OPENING = START - timedelta(minutes=25)
"""Where every clock begins: well inside the window."""

NUMBER = "{:018d}".format
_TEMPLATE = np.zeros(128, dtype=np.float32)


def seed_of(name: str) -> bytes:
    """An Ed25519 seed for anybody by name."""
    return hashlib.sha256(f"fault matrix {name}".encode()).digest()


OFFICE_KEY = SigningKey(seed_of("office"))
OFFICE_PUBLIC = OFFICE_KEY.verify_key.encode()


def gate_name(index: int) -> str:
    return f"{SITE}-g{index}"


def ticket(person: int) -> str:
    return f"T{person:04d}"


def card(person: int) -> IdCard:
    return IdCard(DocumentKind.RESIDENT, NUMBER(person), "测试", None, Expiry.LONG_TERM)


def enrol(home: Path, gates: int) -> None:
    """The office's files on `gates` gates, as exam-office keys writes them."""
    (home / "gates").mkdir(parents=True, exist_ok=True)
    for index in range(1, gates + 1):
        name = gate_name(index)
        public = SigningKey(seed_of(name)).verify_key.encode()
        body = {
            "gate": name,
            "site": SITE,
            "signing": base64.b64encode(public).decode(),
            "sealing": base64.b64encode(bytes(32)).decode(),
        }
        (home / "gates" / f"{name}.json").write_text(json.dumps(body))


class SmallRoster:
    """Everybody is on it; people from 9000 on are strangers."""

    exam = EXAM
    version = f"{EXAM.id}/{SITE}/v1"
    expires = PAPER.end + timedelta(days=3650)
    staff: tuple[StaffMember, ...] = ()

    def close(self) -> None:
        pass

    def pin_fits(self, member: StaffMember | None, pin: str) -> bool:
        return False

    async def find(self, number: str) -> Lookup:
        person = int(number)
        return CandidateUnknown("00") if person >= 9000 else _entry(person)

    async def find_typed(self, handle: str, value: str, papers: tuple[str, ...]) -> RosterEntry:
        if handle != "ticket":
            raise NoSuchEntry("nobody")
        return _entry(int(value[1:]))


def _entry(person: int) -> RosterEntry:
    seats = (Seat(PAPER.id, "03", str(person)),)
    who = Candidate(ticket(person), "测试", f"key-{person}", seats, has_reference=True)
    return RosterEntry(who, Reference(_TEMPLATE, None, None, None))
