"""What the cards and the office hold, read from their databases past the product."""

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tests.faults.oracle import Row, journal_of
from tests.faults.sim.disk import JOURNAL, Image
from tests.faults.sim.gate import SimGate
from tests.faults.sim.office import SimOffice


@dataclass(slots=True)
class AtTheEnd:
    """What the office holds: by (gate, epoch, seq), and its conflicts with the hash behind."""

    stored: dict[tuple[str, str, int], Row]
    conflicts: dict[tuple[str, str, int, str], Row]

    def holds(self, gate: str, epoch: str, row: Row) -> bool:
        place = (gate, epoch, row[0])
        there = self.stored.get(place)
        return (there is not None and there[2] == row[2]) or (*place, row[2]) in self.conflicts

    def events(self) -> Iterable[dict[str, Any]]:
        """Each once: one kept as a conflict may come again by another batch and find room."""
        kept = {row[2]: row for row in (*self.stored.values(), *self.conflicts.values())}
        for row in kept.values():
            yield json.loads(row[3])


def at_the_end(office: SimOffice) -> AtTheEnd:
    """What the office holds now."""
    assert office.store is not None
    db = office.store.db
    stored = db.execute("SELECT gate, epoch, seq, prev, hash, event FROM event")
    conflicts = db.execute("SELECT gate, epoch, seq, hash, event FROM conflict")
    return AtTheEnd(
        {(g, e, s): (s, prev, digest, text) for g, e, s, prev, digest, text in stored},
        {(g, e, s, digest): (s, "", digest, text) for g, e, s, digest, text in conflicts},
    )


def journal(unit: SimGate) -> tuple[str, list[Row]]:
    """Epoch and rows of a unit's card."""
    path = unit.disk.journal
    if not path.exists():  # it said why it does not start; its card lies on the table
        return journal_in(unit.image, unit) if unit.image else ("", [])
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return journal_of(db)
    except sqlite3.Error:
        return "", []
    finally:
        db.close()


def journal_in(image: Image, unit: SimGate) -> tuple[str, list[Row]]:
    """The same of a card that lies on the table."""
    scratch = unit.disk.folder.parent / "table"
    scratch.mkdir(exist_ok=True, parents=True)
    for name, content in image.items():
        (scratch / name).write_bytes(content)
    db = sqlite3.connect(scratch / JOURNAL)
    try:
        return journal_of(db)
    finally:
        db.close()
        for file in scratch.iterdir():
            file.unlink()


def is_receipted(unit: SimGate) -> bool:
    known, head = unit.journal._files.receipt, unit.journal._files.head
    return (
        unit.alive
        and head is not None
        and known is not None
        and not known.missing
        and known.high == head.seq
    )


def standing(unit: SimGate) -> str:
    if not unit.alive:
        return f"it does not run ({unit.ended})"
    known, head = unit.journal._files.receipt, unit.journal._files.head
    return f"head {head and head.seq}, receipt {known and (known.high, known.missing)}"
