"""The oracle: what the world saw, held against what the cards and the office hold in the end.

It reads the databases by its own SQL and computes the chain by its own few lines: nothing of what it
judges takes part in the judgement.
"""

import hashlib
import json
import sqlite3
from collections import Counter
from collections.abc import Iterable
from typing import Any

from gate.errors import StorageDamaged
from tests.faults.row import Finding
from tests.faults.sim.gate import SimGate
from tests.faults.sim.office import SimOffice
from tests.faults.sim.people import ticket

Row = tuple[int, str, str, str]
"""seq, prev, hash, event as text."""

_OUTSIDE = ("prev", "hash", "ms")


class Ledger:
    """`forked`: gates whose card was copied; `retired`: units that will not come back;
    `tampered`: units whose file was altered while they were off."""

    def __init__(self, office: SimOffice) -> None:
        self.office = office
        self.forked: set[str] = set()
        self.retired: set[SimGate] = set()
        self.tampered: set[SimGate] = set()
        self.told: list[str] = []
        self.lost_cards: list[tuple[SimGate, list[Row], int]] = []

    def ended(self, unit: SimGate) -> None:
        """A unit gave up by itself, or was killed."""
        if isinstance(unit.ended, StorageDamaged):
            self.told.append(f"{unit.name}: {unit.ended.en}")
            self.retired.add(unit)

    def settled(self, units: Iterable[SimGate]) -> bool:
        """Everything that can be is receipted. A forked journal never is: its time runs out."""
        return all(unit in self.retired or _receipted(unit) for unit in units)

    # -- the end ---------------------------------------------------------------------------------

    def judge(self, units: list[SimGate], bugs: list[BaseException]) -> Finding:
        found = Finding()
        for bug in bugs:
            found.miss(f"a bug: {bug!r}")
        stored, conflicts = self._stored()
        for unit in units:
            self._judge_unit(unit, stored, conflicts, found)
        self._judge_people(units, [*stored.values(), *conflicts.values()], found)
        known = {row[2] for unit in units for row in journal_rows(unit)}
        for place, row in stored.items():
            if row[2] not in known and not self.lost_cards:
                found.miss(f"the office holds {place}, which no card holds")
        return found

    def _stored(self) -> tuple[dict[Any, Row], dict[Any, Row]]:
        assert self.office.store is not None
        db = self.office.store.db
        stored = {
            (gate, epoch, seq): (seq, prev, digest, event)
            for gate, epoch, seq, prev, digest, event in db.execute(
                "SELECT gate, epoch, seq, prev, hash, event FROM event"
            )
        }
        conflicts = {
            (gate, epoch, seq, digest): (seq, "", digest, event)
            for gate, epoch, seq, digest, event in db.execute(
                "SELECT gate, epoch, seq, hash, event FROM conflict"
            )
        }
        return stored, conflicts

    def _judge_unit(
        self, unit: SimGate, stored: dict[Any, Row], conflicts: dict[Any, Row], found: Finding
    ) -> None:
        for line in unit.seen.strange:
            found.miss(f"{unit.name}: {line}")
        found.admitted += len(unit.seen.greens)
        if unit in self.retired:
            return
        epoch, rows = journal(unit)
        fault = chain_fault(rows)
        if fault is not None:
            found.miss(f"{unit.name}: its journal is broken at {fault} and it was not told")
        for row in rows:
            place = (unit.gate, epoch, row[0])
            if place in stored and stored[place][2] == row[2]:
                continue
            if (*place, row[2]) in conflicts:
                if unit.gate not in self.forked:
                    found.lose(f"{unit.name}: event {row[0]} is a conflict of one card alone")
            elif place in stored:
                found.miss(f"{unit.name}: event {row[0]} is another one at the office")
            else:
                found.lose(f"{unit.name}: event {row[0]} is not at the office")
        if not _receipted(unit) and unit.gate not in self.forked:
            found.lose(f"{unit.name}: not all receipted after healing: {_standing(unit)}")

    def _judge_people(self, units: list[SimGate], rows: Iterable[Row], found: Finding) -> None:
        """Every green is recorded as often as it was seen; never more often, except for whom the
        gate was killed in front of; nobody was let in by the machine twice."""
        events = [json.loads(row[3]) for row in rows]
        for gate in {unit.gate for unit in units}:
            own = [unit for unit in units if unit.gate == gate]
            seen = Counter(p for u in own for p, _ in u.seen.greens)
            dark = Counter(p for u in own for p in u.seen.dark)
            opened = Counter(p for u in own for p in u.seen.opened)
            admitted = Counter(
                e["ticket"] for e in events if e["gate"] == gate and e.get("outcome") == "ADMIT"
            )
            for person in sorted(seen | opened):
                count = max(seen[person], opened[person])
                recorded = admitted[ticket(person)]
                if recorded < count:
                    found.lose(f"{gate}: {ticket(person)} was admitted {count} times, recorded "
                               f"{recorded} times")  # fmt: skip
                if recorded > count + dark[person]:
                    found.twice(f"{gate}: {ticket(person)} was admitted {count} times, recorded "
                                f"{recorded} times")  # fmt: skip
            for unit in own:
                machine = Counter(p for p, by_staff in unit.seen.greens if not by_staff)
                for person, count in machine.items():
                    if count > 1 and not self.lost_cards:
                        found.twice(f"{unit.name}: {ticket(person)} was let in {count} times")


def journal(unit: SimGate) -> tuple[str, list[Row]]:
    """Epoch and rows of a unit's card."""
    path = unit.disk.journal
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        row = db.execute("SELECT epoch FROM journal").fetchone()
        rows = db.execute("SELECT seq, prev, hash, event FROM event ORDER BY seq").fetchall()
        return (row[0] if row else ""), rows
    finally:
        db.close()


def journal_rows(unit: SimGate) -> list[Row]:
    return journal(unit)[1] if unit.disk.journal.exists() else []


def chain_fault(rows: list[Row]) -> str | None:
    """Where a chain of rows breaks, by the rule of formats.md alone."""
    previous = "0" * 64
    for place, (seq, prev, digest, text) in enumerate(rows, 1):
        body = {k: v for k, v in json.loads(text).items() if k not in _OUTSIDE}
        spelled = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        computed = hashlib.sha256(bytes.fromhex(previous) + spelled.encode()).hexdigest()
        if seq != place or prev != previous or digest != computed or body["seq"] != seq:
            return f"event {seq}"
        previous = digest
    return None


def _receipted(unit: SimGate) -> bool:
    known = unit.journal._receipt
    head = unit.journal._head
    return (
        unit.alive and head is not None and known is not None and not known.missing
        and known.high == head.seq
    )  # fmt: skip


def _standing(unit: SimGate) -> str:
    if not unit.alive:
        return f"it does not run ({unit.ended})"
    known, head = unit.journal._receipt, unit.journal._head
    return f"head {head and head.seq}, receipt {known and (known.high, known.missing)}"


