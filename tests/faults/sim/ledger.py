"""What is noted while a seed plays.

It is which cards were copied, altered or destroyed, and what they held. Beside it every receipt
that a gate kept, against what the office had committed by then.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from gate.errors import StorageDamaged
from tests.faults.oracle import Row
from tests.faults.sim.gate import SimGate
from tests.faults.sim.holdings import at_the_end, is_receipted, journal
from tests.faults.sim.office import SimOffice


@dataclass(slots=True)
class Gone:
    """A journal that is no longer at its gate, as it was before: its card was destroyed, or its
    file altered and told."""

    unit: SimGate
    epoch: str
    rows: list[Row]
    how: str
    known_to: int | None = None
    """The last seq that the unit itself still knows of; None where nobody could know it."""
    left: list[Row] = field(default_factory=list)
    """What of it could still be read as it was."""

    @property
    def forgotten(self) -> set[str]:
        """Tickets of those whose admission went with it."""
        left = {row[2] for row in self.left}
        events = (json.loads(row[3]) for row in self.rows if row[2] not in left)
        return {e["ticket"] for e in events if e.get("outcome") == "ADMIT"}


@dataclass(slots=True)
class Ledger:
    """What is noted while a seed plays.

    `forked`: gates whose card was copied. `retired`: units that said why they do not start.
    `altered`: what each altered file held before. `early`: receipts without a commit.
    """

    office: SimOffice
    forked: set[str] = field(default_factory=set)
    retired: dict[str, str] = field(default_factory=dict)
    altered: dict[str, Gone] = field(default_factory=dict)
    gone: list[Gone] = field(default_factory=list)
    early: list[str] = field(default_factory=list)

    def ended(self, unit: SimGate) -> None:
        """A unit gave up by itself, or was killed."""
        self.follow(unit)
        if isinstance(unit.ended, StorageDamaged):
            self.retired[unit.name] = unit.ended.en
            self.office.hits["damage told at the start"] += 1
            if unit.name in self.altered:
                self.gone.append(self.altered.pop(unit.name))

    def kept(self, unit: SimGate, values: tuple[Any, ...]) -> None:
        """A receipt went into a journal: every event that it vouches for was committed once."""
        if unit.name in self.altered:
            return  # its own events are not what was committed; `_judge_journal` says so
        _, high, _, missing, _, top = values
        # Above the mark a receipt bears no hash: of two cards it may mean the other's events, as
        # long as the mark stands before them. What counts is that none is missing in the end.
        upto = high if unit.gate in self.forked else max(high, top)
        wanted = [(a, b) for a, b in json.loads(missing)]
        rows = unit.disk.query(
            "SELECT epoch, seq, hash FROM event, journal WHERE seq <= ?", (upto,)
        )
        for epoch, seq, digest in rows:
            if self.office.committed.get((unit.gate, epoch, seq)) == digest:
                continue
            if not any(a <= seq <= b for a, b in wanted):
                self.early.append(
                    f"{unit.name} has a receipt for event {seq}, which the office never committed"
                )
                return

    def follow(self, unit: SimGate) -> None:
        """An altered journal that was told is put aside; the new one's first event says so."""
        altered = self.altered.get(unit.name)
        if altered is None:
            return
        epoch, rows = journal(unit)
        first = json.loads(rows[0][3]) if rows else {}
        if epoch != altered.epoch and first.get("previous_epoch") == altered.epoch:
            self.office.hits["damage told at the start"] += 1
            altered.known_to = first["last_known"]
            self.gone.append(self.altered.pop(unit.name))

    def settled(self, units: Iterable[SimGate]) -> bool:
        """Everything that can be is receipted and at the office; of a copied card, stored or kept
        as a conflict. A receipt alone would not do: after a restored backup it is the truth of
        before, until the gate hears of the new generation."""
        units = [unit for unit in units if unit.name not in self.retired]
        if not all(unit.gate in self.forked or is_receipted(unit) for unit in units):
            return False
        end = at_the_end(self.office)
        for unit in units:
            epoch, rows = journal(unit)
            if not all(end.holds(unit.gate, epoch, row) for row in rows):
                return False
        return True
