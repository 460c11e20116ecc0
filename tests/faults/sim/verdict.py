"""The verdict on one seed: what the world saw, held against what cards and office hold in the end.

`office.audit.journal_audit` is asked as well, and held against the same: what it tells must be so.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import chain
from typing import Any

from office.audit.journal_audit import audit, is_whole
from office.receiving.signers import signers
from tests.faults.oracle import Row, chain_fault, outcome
from tests.faults.row import Finding
from tests.faults.sim.gate import SimGate
from tests.faults.sim.holdings import at_the_end, is_receipted, journal, standing
from tests.faults.sim.ledger import Gone, Ledger
from tests.faults.sim.people import OFFICE_PUBLIC, ticket


def judge(ledger: Ledger, units: list[SimGate], bugs: Iterable[BaseException]) -> Finding:
    """Once everything has healed. `bugs`: what nobody in the world caught."""
    for unit in units:
        ledger.follow(unit)
    found = Finding()
    for bug in bugs:
        found.miss(f"a bug: {bug!r}")
    for early in ledger.early:
        found.lose(early)
    _Verdict(ledger, units, found).speak()
    return found


class _Verdict:
    """`books`: epoch and rows of each unit's card."""

    def __init__(self, ledger: Ledger, units: list[SimGate], found: Finding) -> None:
        self._ledger = ledger
        self._units = units
        self._found = found
        self._end = at_the_end(ledger.office)
        self._books = {unit: journal(unit) for unit in units}

    def speak(self) -> None:
        for unit in self._units:
            self._found.admitted += len(unit.seen.greens)
            for line in unit.seen.strange:
                self._found.miss(f"{unit.name}: {line}")
            self._journal(unit)
        self._forks()
        for gone in self._ledger.gone:
            self._gone(gone)
        self._people()
        self._inventions()
        self._audit()

    # -- journals --------------------------------------------------------------------------------

    def _journal(self, unit: SimGate) -> None:
        ledger, (epoch, rows) = self._ledger, self._books[unit]
        if unit.name in ledger.retired:
            if not any(gone.unit is unit for gone in ledger.gone):
                self._found.lose(f"{unit.name} does not start: {ledger.retired[unit.name]}")
            return
        fault = chain_fault(rows) or self._difference(unit, rows)
        if fault is not None:
            self._found.miss(f"{unit.name}: it works on a journal that was altered at {fault}")
            return
        for row in rows:
            self._stored(unit, epoch, row)
        if not is_receipted(unit) and unit.gate not in ledger.forked:
            self._found.lose(f"{unit.name}: not all receipted after healing: {standing(unit)}")

    def _difference(self, unit: SimGate, rows: list[Row]) -> str | None:
        """Where an altered file that started differs from what it held before."""
        before = self._ledger.altered.get(unit.name)
        if before is None:
            return None
        pairs = zip(before.rows, rows, strict=False)
        return next((f"event {old[0]}" for old, new in pairs if old != new), None)

    def _stored(self, unit: SimGate, epoch: str, row: Row) -> None:
        if not self._end.holds(unit.gate, epoch, row):
            there = self._end.stored.get((unit.gate, epoch, row[0]))
            what = "is not" if there is None else "is another one"
            self._found.lose(f"{unit.name}: event {row[0]} {what} at the office")
        elif (unit.gate, epoch, row[0], row[2]) in self._end.conflicts and (
            unit.gate not in self._ledger.forked
        ):
            self._found.lose(f"{unit.name}: event {row[0]} is a conflict, of one card alone")

    def _forks(self) -> None:
        contents: dict[tuple[str, str, int], set[str]] = defaultdict(set)
        for unit, (epoch, rows) in self._books.items():
            for row in rows:
                contents[unit.gate, epoch, row[0]].add(row[2])
        told = {key[:3] for key in self._end.conflicts}
        for gate in sorted(self._ledger.forked):
            places = {p for p, hashes in contents.items() if p[0] == gate and len(hashes) > 1}
            if places and not told & places:
                self._found.miss(
                    f"{gate}: two cards, two contents of event {min(places)[2]}, no alarm"
                )
            if places:
                self._ledger.office.hits["fork told"] += 1

    def _gone(self, gone: Gone) -> None:
        """What a card took with it is named by range; the office must not be short of more."""
        unit, epoch = gone.unit, gone.epoch
        lost = [row[0] for row in gone.rows if not self._end.holds(unit.gate, epoch, row)]
        if not lost:
            return
        self._found.named.append(
            f"{unit.name} {gone.how}: events {lost[0]} to {lost[-1]} of {epoch}"
        )
        if gone.known_to is not None and gone.known_to < lost[-1]:
            self._found.miss(
                f"{unit.name}: events up to {lost[-1]} are gone; it names those "
                f"up to {gone.known_to}"
            )
        if lost[0] <= unit.vouched.get(epoch, 0):
            self._found.lose(f"{unit.name}: event {lost[0]} was receipted and is gone")

    def _inventions(self) -> None:
        aside = (*self._ledger.gone, *self._ledger.altered.values())
        held = chain((rows for _, rows in self._books.values()), (gone.rows for gone in aside))
        known = {row[2] for rows in held for row in rows}
        for place, row in chain(self._end.stored.items(), self._end.conflicts.items()):
            if row[2] not in known:
                self._found.miss(f"the office holds {place[:3]}, which no card ever held")

    # -- people ----------------------------------------------------------------------------------

    def _people(self) -> None:
        """Every green is recorded as often as it was seen, never more often.

        The exception is a person in front of whom the gate was killed. Nobody was let in by the
        machine twice.
        """
        admits = Counter(
            (e["gate"], e.get("ticket")) for e in self._end.events() if e.get("outcome") == "ADMIT"
        )
        for gone in self._ledger.gone:
            for row in gone.rows:
                if outcome(row) == "ADMIT" and not self._end.holds(gone.unit.gate, gone.epoch, row):
                    admits[gone.unit.gate, json.loads(row[3])["ticket"]] += 1
        for gate in sorted({unit.gate for unit in self._units}):
            own = [unit for unit in self._units if unit.gate == gate]
            self._greens(gate, own, admits)
        for unit in self._units:
            self._let_in_once(unit)

    def _greens(self, gate: str, own: list[SimGate], admits: Counter[tuple[str, str]]) -> None:
        seen = Counter(p for u in own for p, _ in u.seen.greens)
        opened = Counter(p for u in own for p in u.seen.opened)
        late = Counter(p for u in own for p in u.seen.late)
        dark = Counter(p for u in own for p in u.seen.dark)
        for person in sorted(seen | opened):
            count = max(seen[person], opened[person]) + late[person]
            recorded = admits[gate, ticket(person)]
            said = f"{gate}: {ticket(person)} was admitted {count} times, recorded {recorded} times"
            if recorded < count:
                self._found.lose(said)
            elif recorded > count + dark[person]:
                self._found.twice(said)

    def _let_in_once(self, unit: SimGate) -> None:
        """But whose having been inside went with the card."""
        machine = Counter(p for p, by_staff in unit.seen.greens if not by_staff)
        gone = (g for g in self._ledger.gone if g.unit is unit)
        forgotten = {t for g in gone for t in g.forgotten}
        for person, count in machine.items():
            if count > 1 and ticket(person) not in forgotten:
                self._found.twice(f"{unit.name}: {ticket(person)} was let in {count} times")

    # -- what the office says --------------------------------------------------------------------

    def _audit(self) -> None:
        """What exam-office verify says must be so: whole journals whole, a lost card's end named as
        far as its heartbeats spoke of it."""
        ledger = self._ledger
        for unit, (epoch, rows) in self._books.items():
            if unit.name in ledger.retired or unit.name in ledger.altered or not rows:
                continue
            found = self._audited(unit.gate, epoch)
            if unit.gate not in ledger.forked and not is_whole(found):
                self._found.miss(f"{unit.name}: verify at the office calls a whole journal broken")
        for gone in ledger.gone:
            self._named_by_the_office(gone)

    def _audited(self, gate: str, epoch: str) -> dict[str, Any]:
        office = self._ledger.office
        assert office.store is not None
        keys = signers(office.store, office.home, OFFICE_PUBLIC)
        return audit(office.store, gate, epoch, keys(gate), OFFICE_PUBLIC)

    def _named_by_the_office(self, gone: Gone) -> None:
        ledger, store = self._ledger, self._ledger.office.store
        assert store is not None
        place = (gone.unit.gate, gone.epoch)
        spoken = store.db.execute(
            "SELECT max(seq) FROM claim WHERE gate = ? AND epoch = ?", place
        ).fetchone()[0]
        missing = self._audited(*place)["missing"]
        named = {seq for a, b in missing for seq in range(a, b + 1)}
        held = {seq for gate, epoch, seq in self._end.stored if (gate, epoch) == place}
        unnamed = set(range(1, (spoken or 0) + 1)) - named - held
        if unnamed:
            self._found.miss(
                f"{gone.unit.name}: verify at the office does not name event {min(unnamed)}"
            )
        if named:
            ledger.office.hits["loss named by the office"] += 1
