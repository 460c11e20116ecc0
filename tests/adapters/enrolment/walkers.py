"""Simulated candidates, reviewers and workers in processes that are killed at any instant.

One process: `python -m tests.adapters.enrolment.walkers FOLDER FIRST COUNT SEED STARTED`. It walks
the candidates FIRST to FIRST + COUNT - 1 to their goals, and does staff's and workers' part too.
A second of the machine is five minutes of the round.
"""

import os
import sys
import time
import uuid
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.event import listen
from sqlalchemy.pool import ConnectionPoolEntry

from enrolment.core import events as e
from enrolment.core.application import Application
from enrolment.core.events import Actor, Event, Role
from enrolment.core.personal_data import PersonalData
from enrolment.core.reasons import CandidateReason
from enrolment.core.status import Status
from enrolment.errors import EventRefused, VersionConflict
from enrolment.services.payment_messages import Payment
from enrolment.services.payments import take_payment
from enrolment.store.applications import Applications
from enrolment.store.opening import open_database, reading
from enrolment.store.review_cases import Reviewer, decide, next_case
from enrolment.store.sealed_media import SealedMedia
from enrolment.store.tables import applications
from enrolment.worker import Worker
from gate.core.card import check_character
from gate.errors import NoSuchEntry, Refused
from tests.adapters.enrolment.making import ROUND_ID
from tests.unit.enrolment.world import T0

BOTH = frozenset({"420111", "420106"})
SECOND_S = 300.0
TOGETHER = 50
"""Candidates that one process walks side by side."""
LEDGER, MESSAGES = "ledger.csv", "messages.log"
GOALS = {Status.REGISTERED, Status.REFUSED, Status.LOCKED, Status.EXPIRED}


def _unsynced(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    """A killed process loses nothing that it wrote; power cuts are not tried here."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA synchronous=OFF")
    cursor.close()


def drawn(*of: object) -> float:
    """From 0 to 1, the same for the same arguments."""
    return int(sha256(repr(of).encode()).hexdigest()[:8], 16) / 0x1_0000_0000


def application_of(n: int) -> str:
    return f"c{n:07d}"


def number_of(n: int) -> str:
    first_17 = f"420111{19700101 + n % 28}{n // 28 % 1000:03d}"
    first_17 = f"{420000 + n // 28000:06d}{first_17[6:]}"
    return first_17 + check_character(first_17)


def data_of(n: int) -> PersonalData:
    return PersonalData(
        "王小明",
        number_of(n),
        f"138{n:08d}",
        ("420111", "420106")[n % 2],
        ("gqz", "gqb", "zsb")[n % 3],
        ("00015",),
        f"{n % 7}中",
    )


class Outside:
    """The services. What they know is outside of the portal: a crash of it takes nothing away."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def check(self, key: str, name: str, number: str, face: bytes) -> tuple[CandidateReason, ...]:
        """One in twelve is not known again; one in twelve has to correct the name."""
        kind = drawn("identity", number)
        if kind < 1 / 12:
            return (CandidateReason.FACE_DIFFERS,)
        if kind < 2 / 12 and name == "王小明":
            return (CandidateReason.NAME_DIFFERS,)
        return ()

    def send(self, key: str, phone: str, text: str) -> None:
        self._append(MESSAGES, key)

    def make_order(self, order: str, fen: int) -> str:
        return order

    def reconciliation(self, until: datetime) -> str:
        return "payment,order,fen,paid_at\n" + (self.folder / LEDGER).read_text()

    def pay(self, order: str, fen: int, at: datetime) -> Payment:
        """The money is gone, whatever becomes of the callback."""
        payment = Payment(uuid.uuid4().hex, order, fen, at)
        self._append(LEDGER, f"{payment.payment},{order},{fen},{at.isoformat()}")
        return payment

    def _append(self, name: str, line: str) -> None:
        handle = os.open(self.folder / name, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(handle, f"{line}\n".encode())
        os.close(handle)


@dataclass
class Walk:
    """One process: its candidates, and its part of staff's and workers' work."""

    folder: Path
    first: int
    count: int
    seed: int
    started: float

    def __post_init__(self) -> None:
        engine = open_database(f"sqlite:///{self.folder / 'enrol.sqlite'}")
        listen(engine, "connect", _unsynced)
        engine.dispose()
        self.store = Applications(engine, SealedMedia(self.folder / "media"), ROUND_ID)
        self.outside = Outside(self.folder)
        self.worker = Worker(self.store, self.outside, self.outside, self.outside)
        self.reviewer = Reviewer(f"r{self.first}", BOTH)
        self.photo = self.store.media.put(ROUND_ID, b"\xff\xd8\xff nobody")

    def now(self) -> datetime:
        return T0 + timedelta(seconds=(time.time() - self.started) * SECOND_S)

    def run(self) -> None:
        """Until everybody is where they want to be, some at a time."""
        with reading(self.store.engine) as connection:
            rows = connection.execute(
                select(applications.c.application).where(applications.c.status.in_(GOALS))
            )
            done = {row.application for row in rows}
        everybody = range(self.first, self.first + self.count)
        waiting = [n for n in everybody if application_of(n) not in done]
        for at in range(0, len(waiting), TOGETHER):
            some = waiting[at : at + TOGETHER]
            while some:
                some = [n for n in some if not self.walk(n)]
                self.worker.work(self.now(), at_most=4 * TOGETHER)
                for _ in range(TOGETHER):
                    if not self.review():
                        break

    def walk(self, n: int) -> bool:
        """As far as the candidate gets alone; whether that was the goal."""
        try:
            state = self.store.load(application_of(n))
        except NoSuchEntry:
            by = Actor(Role.CANDIDATE, application_of(n))
            started = e.Started(at=self.now(), by=by, consent="2027-1")
            state = self.store.begin(started, application_of(n))
        while True:
            if state.status in GOALS or self.stops(n, state):
                return True
            if state.status is Status.FEE_DUE:
                self.pay(n, state)
                state = self.store.load(state.id)
                continue
            event = self.next_event(n, state)
            if event is None:
                return False
            state = self.store.apply(state.id, event, expected=state.version)

    def stops(self, n: int, state: Application) -> bool:
        """Some give up: before the video, or at the fee."""
        gives_up = drawn(self.seed, n, "gives up")
        return (gives_up < 0.04 and state.status is Status.CARD_READ) or (
            gives_up > 0.96 and state.status is Status.FEE_DUE
        )

    def pay(self, n: int, state: Application) -> None:
        """Once, or twice; the callback comes, comes twice, or never does."""
        kind = drawn(self.seed, n, "payment")
        payments = [
            self.outside.pay(state.order, state.fee_fen, self.now())
            for _ in range(2 if kind < 0.1 else 1)
        ]
        if kind > 0.9:
            return self.reconcile()
        for payment in payments * 2:
            take_payment(self.store, payment, self.now())
        return None

    def reconcile(self) -> None:
        from enrolment.services.payment_messages import read_reconciliation

        text = self.outside.reconciliation(self.now())
        for payment in read_reconciliation(text)[-50:]:
            take_payment(self.store, payment, self.now())

    def next_event(self, n: int, state: Application) -> Event | None:
        """What the candidate, or a check, does next; None while others have to act."""
        c = {"at": self.now(), "by": Actor(Role.CANDIDATE, state.id)}
        s = {"at": self.now(), "by": Actor(Role.SYSTEM, "check")}
        poor = drawn(self.seed, n, state.version) < 0.15
        reasons = (CandidateReason.FACE_POOR,) if poor else ()
        match state.status:
            case Status.DRAFT if state.data is None:
                return e.DataChanged(**c, data=data_of(n))
            case Status.DRAFT:
                return e.Submitted(**c)
            case Status.SUBMITTED:
                return e.CardChecked(**s, reasons=reasons)
            case Status.CARD_READ:
                return e.LivenessChecked(**s, reasons=reasons)
            case Status.LIVE_CHECKED:
                return e.PhotoChecked(**s, reasons=reasons, photo="" if poor else self.photo)
            case Status.PHOTO_ACCEPTED:
                return e.SignatureGiven(**c, signature="si")
            case Status.SIGNED if CandidateReason.NAME_DIFFERS in state.told and (
                state.data == data_of(n)
            ):
                return e.DataChanged(**c, data=replace(data_of(n), name="王晓明"))
            case Status.SIGNED if state.told:
                return e.SignatureGiven(**c, signature="again")
            case Status.CLOSED_TO_MANUAL:
                return e.ManualRequested(**c, proofs=("p",))
            case Status.VERIFIED:
                return e.DocumentsHandedIn(**c, documents=("residence", "diploma"))
            case Status.CORRECTION_ASKED:
                return e.CorrectionHandedIn(**c, documents=state.lacking)
        return None

    def review(self) -> bool:
        """Decides one case; whether there was one."""
        at = self.now()
        case = next_case(self.store, self.reviewer, at)
        if case is None:
            return False
        state = self.store.load(case)
        by, kind = self.reviewer.actor, drawn(self.seed, case, state.version)
        decision: e.ManualDecided | e.ReviewDecided | e.Locked
        if kind > 0.97:
            decision = e.Locked(at=at, by=by, why="伪造")
        elif state.status is Status.MANUAL_REVIEW:
            approved = kind < 0.8
            decision = e.ManualDecided(
                at=at, by=by, approved=approved, face_compared=True, why="" if approved else "不符"
            )
        elif kind < 0.2 and not state.corrections:
            outcome = e.ReviewOutcome.CORRECT
            decision = e.ReviewDecided(
                at=at, by=by, outcome=outcome, lacking=("residence",), why="不清晰"
            )
        else:
            outcome = e.ReviewOutcome.REFUSE if kind < 0.25 else e.ReviewOutcome.PASS
            decision = e.ReviewDecided(at=at, by=by, outcome=outcome, why="不符")
        try:
            decide(self.store, self.reviewer, case, decision, state.version)
        except (VersionConflict, EventRefused, Refused):
            return True
        return True


if __name__ == "__main__":
    folder, first, count, seed, started = sys.argv[1:]
    Walk(Path(folder), int(first), int(count), int(seed), float(started)).run()
