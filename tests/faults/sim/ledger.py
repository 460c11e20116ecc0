"""The oracle: what the world saw, held against what the cards and the office hold in the end.

It reads the databases by its own SQL and computes the chain by its own few lines: nothing of what
it judges takes part in the judgement.
"""

import hashlib
import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from gate.errors import StorageDamaged
from office.audit import audit, is_whole
from tests.faults.row import Finding
from tests.faults.sim.disk import JOURNAL, Image
from tests.faults.sim.gate import SimGate
from tests.faults.sim.office import SimOffice
from tests.faults.sim.people import ticket

Row = tuple[int, str, str, str]
"""seq, prev, hash, event as text."""

_OUTSIDE = ("prev", "hash", "ms")


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


@dataclass(slots=True)
class Ledger:
    """`forked`: gates whose card was copied; `retired`: units that said why they do not start;
    `altered`: what each altered file held before; `early`: receipts without a commit."""

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
        """Everything that can be is receipted; of a copied card, stored or kept as a conflict."""
        end: AtTheEnd | None = None
        for unit in units:
            if unit.name in self.retired:
                continue
            if unit.gate in self.forked:
                end = end or self._end()
                epoch, rows = journal(unit)
                if not all(end.holds(unit.gate, epoch, row) for row in rows):
                    return False
            elif not is_receipted(unit):
                return False
        return True

    # -- the end ---------------------------------------------------------------------------------

    def judge(self, units: list[SimGate], bugs: list[BaseException]) -> Finding:
        for unit in units:
            self.follow(unit)
        found, end = Finding(), self._end()
        for bug in bugs:
            found.miss(f"a bug: {bug!r}")
        for early in self.early:
            found.lose(early)
        for unit in units:
            found.admitted += len(unit.seen.greens)
            for line in unit.seen.strange:
                found.miss(f"{unit.name}: {line}")
            if unit.name not in self.retired:
                self._judge_journal(unit, end, found)
            elif not any(gone.unit is unit for gone in self.gone):
                found.lose(f"{unit.name} does not start: {self.retired[unit.name]}")
        self._judge_forks(units, end, found)
        self._judge_gone(end, found)
        self._judge_people(units, end, found)
        self._judge_inventions(units, end, found)
        self._judge_audit(units, found)
        return found

    def _judge_audit(self, units: list[SimGate], found: Finding) -> None:
        """What exam-office verify says must be so: whole journals whole, a lost card's end named as
        far as its heartbeats spoke of it."""
        store = self.office.store
        assert store is not None
        for unit in units:
            epoch, rows = journal(unit)
            if unit.name in self.retired or unit.name in self.altered or not rows:
                continue
            if unit.gate not in self.forked and not is_whole(audit(store, unit.gate, epoch)):
                found.miss(f"{unit.name}: verify at the office calls a whole journal broken")
        for gone in self.gone:
            said = audit(store, gone.unit.gate, gone.epoch)
            spoken = store.db.execute(
                "SELECT max(seq) FROM claim WHERE gate = ? AND epoch = ?",
                (gone.unit.gate, gone.epoch),
            ).fetchone()[0] or 0  # fmt: skip
            named = {seq for a, b in said["missing"] for seq in range(a, b + 1)}
            held = {s for g, e, s in self._end().stored if (g, e) == (gone.unit.gate, gone.epoch)}
            unnamed = set(range(1, spoken + 1)) - named - held
            if unnamed:
                found.miss(f"{gone.unit.name}: verify at the office does not name event "
                           f"{min(unnamed)}")  # fmt: skip
            if named:
                self.office.hits["loss named by the office"] += 1

    def _end(self) -> AtTheEnd:
        assert self.office.store is not None
        db = self.office.store.db
        stored = db.execute("SELECT gate, epoch, seq, prev, hash, event FROM event")
        conflicts = db.execute("SELECT gate, epoch, seq, hash, event FROM conflict")
        return AtTheEnd(
            {(g, e, s): (s, prev, digest, text) for g, e, s, prev, digest, text in stored},
            {(g, e, s, digest): (s, "", digest, text) for g, e, s, digest, text in conflicts},
        )

    def _judge_journal(self, unit: SimGate, end: AtTheEnd, found: Finding) -> None:
        epoch, rows = journal(unit)
        fault = chain_fault(rows) or self._difference(unit, rows)
        if fault is not None:
            found.miss(f"{unit.name}: it works on a journal that was altered at {fault}")
            return
        for row in rows:
            if not end.holds(unit.gate, epoch, row):
                there = end.stored.get((unit.gate, epoch, row[0]))
                what = "is not" if there is None else "is another one"
                found.lose(f"{unit.name}: event {row[0]} {what} at the office")
            elif (unit.gate, epoch, row[0], row[2]) in end.conflicts and (
                unit.gate not in self.forked
            ):
                found.lose(f"{unit.name}: event {row[0]} is a conflict, of one card alone")
        if not is_receipted(unit) and unit.gate not in self.forked:
            found.lose(f"{unit.name}: not all receipted after healing: {_standing(unit)}")

    def _difference(self, unit: SimGate, rows: list[Row]) -> str | None:
        """Where an altered file that started differs from what it held before."""
        before = self.altered.get(unit.name)
        if before is None:
            return None
        pairs = zip(before.rows, rows, strict=False)
        return next((f"event {old[0]}" for old, new in pairs if old != new), None)

    def _judge_forks(self, units: list[SimGate], end: AtTheEnd, found: Finding) -> None:
        contents: dict[tuple[str, str, int], set[str]] = defaultdict(set)
        for unit in units:
            epoch, rows = journal(unit)
            for row in rows:
                contents[unit.gate, epoch, row[0]].add(row[2])
        told = {key[:3] for key in end.conflicts}
        for gate in self.forked:
            places = [p for p, hashes in contents.items() if p[0] == gate and len(hashes) > 1]
            if places and not told & set(places):
                found.miss(f"{gate}: two cards, two contents of event {min(places)[2]}, no alarm")
            if places:
                self.office.hits["fork told"] += 1

    def _judge_gone(self, end: AtTheEnd, found: Finding) -> None:
        """What a card took with it is named by range; the office must not be short of more."""
        for gone in self.gone:
            lost = [row[0] for row in gone.rows if not end.holds(gone.unit.gate, gone.epoch, row)]
            if lost:
                found.named.append(
                    f"{gone.unit.name} {gone.how}: events {lost[0]} to {lost[-1]} of {gone.epoch}"
                )
            if lost and gone.known_to is not None and gone.known_to < lost[-1]:
                found.miss(f"{gone.unit.name}: events up to {lost[-1]} are gone; it names those "
                           f"up to {gone.known_to}")  # fmt: skip
            promised = [seq for seq in lost if seq <= gone.unit.vouched.get(gone.epoch, 0)]
            if promised:
                found.lose(f"{gone.unit.name}: event {promised[0]} was receipted and is gone")

    def _judge_people(self, units: list[SimGate], end: AtTheEnd, found: Finding) -> None:
        """Every green is recorded as often as it was seen; never more often, except for whom the
        gate was killed in front of; nobody was let in by the machine twice."""
        admits = Counter(
            (e["gate"], e["ticket"]) for e in end.events() if e.get("outcome") == "ADMIT"
        )
        for gone in self.gone:
            for row in gone.rows:
                event = json.loads(row[3])
                if event.get("outcome") == "ADMIT" and not end.holds(
                    gone.unit.gate, gone.epoch, row
                ):
                    admits[gone.unit.gate, event["ticket"]] += 1
        for gate in sorted({unit.gate for unit in units}):
            own = [unit for unit in units if unit.gate == gate]
            self._judge_greens(gate, own, admits, found)

    def _judge_greens(
        self, gate: str, own: list[SimGate], admits: Counter[tuple[str, str]], found: Finding
    ) -> None:
        seen = Counter(p for u in own for p, _ in u.seen.greens)
        opened = Counter(p for u in own for p in u.seen.opened)
        dark = Counter(p for u in own for p in u.seen.dark)
        for person in sorted(seen | opened):
            count, recorded = max(seen[person], opened[person]), admits[gate, ticket(person)]
            said = f"{gate}: {ticket(person)} was admitted {count} times, recorded {recorded} times"
            if recorded < count:
                found.lose(said)
            elif recorded > count + dark[person]:
                found.twice(said)
        for unit in own:
            machine = Counter(p for p, by_staff in unit.seen.greens if not by_staff)
            twice = [p for p, count in machine.items() if count > 1]
            forgotten = {t for g in self.gone if g.unit is unit for t in g.forgotten}
            for person in twice:
                if ticket(person) in forgotten:
                    continue  # that they were inside went with the card
                found.twice(f"{unit.name}: {ticket(person)} was let in {machine[person]} times")

    def _judge_inventions(self, units: list[SimGate], end: AtTheEnd, found: Finding) -> None:
        known = {row[2] for unit in units for row in journal(unit)[1]}
        known |= {row[2] for gone in self.gone for row in gone.rows}
        known |= {row[2] for gone in self.altered.values() for row in gone.rows}
        for place, row in {**end.stored, **end.conflicts}.items():
            if row[2] not in known:
                found.miss(f"the office holds {place[:3]}, which no card ever held")


def journal(unit: SimGate) -> tuple[str, list[Row]]:
    """Epoch and rows of a unit's card."""
    path = unit.disk.journal
    if not path.exists():  # it said why it does not start; its card lies on the table
        return journal_in(unit.image, unit) if unit.image else ("", [])
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return _read(db)
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
        return _read(db)
    finally:
        db.close()
        for file in scratch.iterdir():
            file.unlink()


def _read(db: sqlite3.Connection) -> tuple[str, list[Row]]:
    row = db.execute("SELECT epoch FROM journal").fetchone()
    rows = db.execute("SELECT seq, prev, hash, event FROM event ORDER BY seq").fetchall()
    return (row[0] if row else ""), rows


def chain_fault(rows: list[Row]) -> str | None:
    """Where a chain of rows breaks, by the rule of formats.md alone."""
    previous = "0" * 64
    for place, (seq, prev, digest, text) in enumerate(rows, 1):
        if seq != place or prev != previous or digest != link(previous, text):
            return f"event {place}"
        previous = digest
    return None


def link(previous: str, text: str) -> str:
    """The hash of the event in `text` behind `previous`."""
    body = {k: v for k, v in json.loads(text).items() if k not in _OUTSIDE}
    spelled = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(bytes.fromhex(previous) + spelled.encode()).hexdigest()


def is_receipted(unit: SimGate) -> bool:
    known, head = unit.journal._receipt, unit.journal._head
    return (
        unit.alive and head is not None and known is not None and not known.missing
        and known.high == head.seq
    )  # fmt: skip


def _standing(unit: SimGate) -> str:
    if not unit.alive:
        return f"it does not run ({unit.ended})"
    known, head = unit.journal._receipt, unit.journal._head
    return f"head {head and head.seq}, receipt {known and (known.high, known.missing)}"
