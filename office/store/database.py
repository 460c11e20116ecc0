"""What the office has received: events, their proofs and alarms, in one database.

SQLite by default, PostgreSQL by URL; the same calls on both. Whatever one batch changes is written
in one transaction.
"""

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import cast

from nacl.signing import SigningKey

from gate.core.journal_entries import chained
from gate.core.records import JournalEvent
from gate.ports import Receipt
from gate.sync.heartbeat import Heartbeat
from gate.sync.wire import Batch, encode_receipt
from office.store.arrivals import Arrival, Arrivals, JournalPlace, SecondAdmission, Stored
from office.store.connection import Database
from office.store.event_rows import EventRow
from office.store.ingest import Watermark
from office.store.kept_alerts import KeptAlerts
from office.store.kept_commands import KeptCommands
from office.store.kept_gates import KeptGates
from office.store.kept_proofs import KeptProofs, as_written
from office.store.kept_settlements import KeptSettlements
from office.store.place import Place
from office.store.schema_steps import migrate

__all__ = ["Arrival", "OfficeStore", "SecondAdmission", "Stored"]

_ONE_EVENT = "FROM event WHERE gate = :gate AND epoch = :epoch AND seq = :seq"


class OfficeStore:
    """A context manager. StorageRefused, StorageDamaged, StorageBroken; Refused for a database of
    another version of this program."""

    def __init__(self, place: Place) -> None:
        self._db = Database(place)
        try:
            with self._db.in_words():
                if isinstance(place, Path):
                    place.parent.mkdir(parents=True, exist_ok=True)
            with self._db.writer, self._db.in_words():
                self._db.open_connection  # noqa: B018  opened under the lock
            with self._db.in_words():
                migrate(self._db)
        except BaseException:
            self._db.drop()
            raise
        self._arrivals = Arrivals(self._db)
        self.proofs = KeptProofs(self._db)
        self.commands = KeptCommands(self._db)
        self.settlements = KeptSettlements(self._db)
        self.alerts = KeptAlerts(self._db)
        self.gates_said = KeptGates(self._db)

    @property
    def database(self) -> Database:
        """The connection, for what reads or copies whole tables."""
        return self._db

    def __enter__(self) -> "OfficeStore":
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def begin_generation(self, now_ms: int, *, above: int = 0) -> int:
        """Begins a new generation of this database.

        It is higher than any it had, and than `above`. It is also higher than any of a newer copy
        from before a restore, as far as the clock knows. Nothing depends on the clock.
        """
        with self.transaction():
            row = self._db.execute("SELECT generation FROM office").fetchone()
            generation = max(now_ms, above + 1, row[0] + 1 if row else 1)
            self._db.execute(
                "INSERT INTO office (one, generation) VALUES (1, :generation) "
                "ON CONFLICT (one) DO UPDATE SET generation = excluded.generation",
                generation=generation,
            )
        return generation

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Committed and on the disk when it ends; nothing of it stands after an error."""
        with self._db.transaction():
            self._arrivals.begin()
            yield

    def add(self, batch: Batch, *, exam: str, site: str, now: str) -> Stored:
        """Within a transaction. Any batch, any number of times, in any order."""
        return self.add_all([Arrival(batch, exam, site)], now)[0]

    def add_all(self, arrivals: Sequence[Arrival], now: str) -> list[Stored]:
        """The same for batches that came together: what each one changed, in their order."""
        stored = self._arrivals.add(arrivals, now) if arrivals else []
        self.proofs.keep_heads([arrival.batch for arrival in arrivals])
        return stored

    def write_events(self, rows: list[EventRow]) -> None:
        """Rows that were judged before, within a transaction; those that are there stay."""
        self._arrivals.write(rows)

    def second_admissions(self, stored: Iterable[Stored]) -> list[SecondAdmission]:
        """Who of those let in by what is new in `stored` was let in to the same paper at another
        gate. Within the transaction that stores them."""
        return self._arrivals.second_admissions(stored)

    def add_claim(self, beat: Heartbeat, raw: bytes, now: str) -> bool:
        """Keep what a gate says of its journal, within a transaction; whether that is true as far
        as it is stored here. Of true ones the newest stays."""
        return self.proofs.keep_claim(beat, raw, now)

    def gates(self) -> list[tuple[str, str, str, str]]:
        """(exam, site, gate, epoch) of every gate's journal that was heard last."""
        found = self._db.rows(
            "SELECT exam, site, gate, epoch FROM (SELECT exam, site, gate, epoch, row_number() "
            "OVER (PARTITION BY gate ORDER BY heard DESC, epoch) AS place FROM mark) AS placed "
            "WHERE place = 1 ORDER BY gate"
        )
        return [(exam, site, gate, epoch) for exam, site, gate, epoch in found]

    def high(self, gate: str, epoch: str) -> int:
        """Every event of this journal up to it is stored; 0 for a journal that is not known."""
        return self.mark(gate, epoch).high

    def mark(self, gate: str, epoch: str) -> Watermark:
        """The watermark of one journal."""
        with self._db.in_words():
            return self._arrivals.mark((gate, epoch))

    def receipt(self, gate: str, epoch: str, *, generation: int, now: str) -> Receipt:
        """What is committed of one journal, in the form that the gate is told."""
        place = (gate, epoch)
        with self.transaction():
            return self._arrivals.receipts([place], generation=generation, now=now)[place]

    def give_receipt(
        self, gate: str, epoch: str, *, generation: int, now: str, key: SigningKey
    ) -> tuple[Receipt, bytes]:
        """The receipt as it is handed out: signed, and kept. Within a transaction; it may leave
        once that has ended."""
        place = (gate, epoch)
        return self.give_receipts([place], generation=generation, now=now, key=key)[place]

    def give_receipts(
        self, places: Sequence[JournalPlace], *, generation: int, now: str, key: SigningKey
    ) -> dict[JournalPlace, tuple[Receipt, bytes]]:
        """The same for several journals, each a (gate, epoch)."""
        found = self._arrivals.receipts(places, generation=generation, now=now)
        given = {place: (receipt, encode_receipt(receipt, key)) for place, receipt in found.items()}
        self.proofs.keep_receipts(list(given.values()))
        return given

    def journals(self, gate: str | None = None) -> list[tuple[str, str]]:
        """(gate, epoch) of everything stored, claimed or proven to have been there."""
        rows = self._db.rows(
            "SELECT gate, epoch FROM event UNION SELECT gate, epoch FROM claim WHERE seq > 0 "
            "UNION SELECT gate, epoch FROM mark WHERE high > 0 "
            "UNION SELECT gate, epoch FROM signed_head "
            "UNION SELECT gate, epoch FROM receipt WHERE high > 0 ORDER BY gate, epoch"
        )
        return [(g, e) for g, e in rows if gate in (None, g)]

    def with_several_journals(self, gates: Iterable[str]) -> set[str]:
        """Those of `gates` that have sent more than one journal. Within a transaction."""
        found = self._db.keyed(
            "SELECT m.gate FROM {keys} JOIN mark m ON m.gate = k.value ->> 0 "
            "GROUP BY m.gate HAVING count(DISTINCT m.epoch) > 1",
            ([gate] for gate in gates),
        )
        return {gate for (gate,) in found}

    def by_first_arrival(self, gate: str) -> list[str]:
        """Epochs of the journals of `gate` whose first event is stored, in the order in which those
        came."""
        found = self._db.rows(
            "SELECT epoch FROM event WHERE gate = :gate AND seq = 1 ORDER BY received, epoch",
            gate=gate,
        )
        return [epoch for (epoch,) in found]

    def events(self, gate: str, epoch: str) -> Iterator[JournalEvent]:
        """In order, with `prev` and `hash`; without those whose text is no event any more."""
        for row in self.proofs.rows(gate, epoch):
            if row.event is not None:
                yield chained(row.event, row.prev, row.hash)

    def event(self, gate: str, epoch: str, seq: int) -> JournalEvent | None:
        """One stored event; empty where its text is not the one spelling of any."""
        place = {"gate": gate, "epoch": epoch, "seq": seq}
        found = self._db.rows(f"SELECT event {_ONE_EVENT}", **place)
        return as_written(found[0][0]) or cast(JournalEvent, {}) if found else None

    def hash_at(self, gate: str, epoch: str, seq: int) -> str | None:
        """Of one stored event."""
        place = {"gate": gate, "epoch": epoch, "seq": seq}
        found = self._db.rows(f"SELECT hash {_ONE_EVENT}", **place)
        return str(found[0][0]) if found else None

    def generation(self) -> int | None:
        """None before the office has received for the first time."""
        found = self._db.rows("SELECT generation FROM office")
        return int(found[0][0]) if found else None

    def conflicts(self, gate: str, epoch: str) -> list[int]:
        """The seqs of one journal that came with two contents, sorted."""
        found = self._db.rows(
            "SELECT DISTINCT seq FROM conflict WHERE gate = :gate AND epoch = :epoch ORDER BY seq",
            gate=gate,
            epoch=epoch,
        )
        return [seq for (seq,) in found]
