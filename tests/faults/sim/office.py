"""The office as a process: the product's receiver and store, its loop's lines in virtual time."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from gate.errors import StorageRefused
from gate.sync.link import Address, Down, LinkEvent, Message, Up, Will
from gate.sync.wire import OFFICE_STATE, encode_note
from office.home import Home
from office.receiving.receive import Receiver
from office.store.database import OfficeStore
from tests.faults.sim.broker import Broker
from tests.faults.sim.link import SimLink
from tests.faults.sim.people import OFFICE_KEY
from tests.faults.sim.process import Killed, Process

_ADDRESS = Address("broker", 8883, Path(), Path(), Path(), name="office")
_RETRY_S = (1.0, 8.0)


class SimStore(OfficeStore):
    """The product's store in memory, with a kill or a full disk between any two of its steps."""

    owner: "SimOffice"
    full = False

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with super().transaction():
            yield
            if self.full:
                self.owner.hits["office disk full"] += 1
                error = sqlite3.OperationalError("database or disk is full")
                error.sqlite_errorcode = sqlite3.SQLITE_FULL
                raise error
            self.owner.step("before the office's commit")
        self.owner.note_committed(self.db)
        self.owner.step("after the office's commit")

    @property
    def db(self) -> sqlite3.Connection:
        driver: sqlite3.Connection = self.database.driver
        return driver


class SimOffice(Process):
    """`image`: the database file as it is on the disk while the office is down."""

    def __init__(self, broker: Broker, home: Path, rng: Random) -> None:
        super().__init__("office", broker.hits)
        self._broker = broker
        self.home = Home(home)
        self._rng = rng
        self.image: bytes | None = None
        self.backup: bytes | None = None
        self.store: SimStore | None = None
        self.receiver: Receiver | None = None
        self.conflicts = 0
        self.rejected = 0
        self.committed: dict[tuple[str, str, int], str] = {}
        self._link: SimLink | None = None
        self.on_killed = lambda point: self._gone()

    def note_committed(self, db: sqlite3.Connection) -> None:
        """Everything that ever was on this disk, for the oracle."""
        self.committed.update(
            ((gate, epoch, seq), digest)
            for gate, epoch, seq, digest in db.execute("SELECT gate, epoch, seq, hash FROM event")
        )

    @property
    def now_ms(self) -> int:
        return 1_800_000_000_000 + int(1e3 * self._broker.loop.time())

    def start(self) -> None:
        """exam-office receive."""
        self.alive = True
        self.store = SimStore(Path(":memory:"))
        self.store.owner = self
        if self.image is not None:
            self.store.db.deserialize(self.image)
        try:
            generation = self.store.begin_generation(self.now_ms)
        except Killed:
            return
        self.receiver = Receiver(self.home, self.store, _ADDRESS, generation, OFFICE_KEY)
        self._connect()

    def _connect(self) -> None:
        if not self.alive:
            return
        will = Will(OFFICE_STATE, encode_note(online=False))
        link = SimLink(_ADDRESS, lambda e: self._hear(link, e), will, keep_session_s=7 * 86_400)
        link.broker, link.owner = self._broker, self
        self._link = link
        link.open()

    def _hear(self, link: SimLink, event: LinkEvent) -> None:
        if not self.alive or link is not self._link:
            return
        assert self.receiver is not None
        try:
            match event:
                case Up():
                    self.receiver._stand(link)
                case Message():
                    self.receiver._take(link, [event])
                case Down():
                    self._again()
        except StorageRefused:  # nothing was acknowledged: the broker sends it again
            self._link = None
            link.leave()
            self._again()
        except Killed:
            pass

    def _again(self) -> None:
        self._link = None
        self._broker.loop.call_later(self._rng.uniform(*_RETRY_S), self._connect)

    def _gone(self) -> None:
        """Killed: what was committed is on the disk, a transaction under way is not."""
        assert self.store is not None
        if self.store.db.in_transaction:
            self.store.db.execute("ROLLBACK")
        self.image = self.store.db.serialize()
        if self.receiver is not None:
            self.conflicts += self.receiver.counts.conflicts
            self.rejected += self.receiver.counts.rejected
        link, self._link = self._link, None
        if link is not None:
            if self._broker.links.get("office") is link:
                del self._broker.links["office"]
            link.killed()
            self._broker.lost(link)
