"""What the witnesses saw, the gates' own files and the office's database, compared by the oracle's
own reading. Nothing of what is judged takes part in the judgement."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tests.faults import oracle
from tests.faults.row import Finding

Row = tuple[str, int, str, str, str]
"""epoch, seq, prev, hash, the event as text."""


@dataclass(frozen=True, slots=True)
class Book:
    """One gate's journal as it lies on its disk."""

    gate: str
    epoch: str
    events: list[oracle.Row]

    @classmethod
    def of(cls, gate: str, path: Path) -> "Book":
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
            return cls(gate, *oracle.journal_of(db))

    @property
    def rows(self) -> list[Row]:
        """As the office spells them."""
        return [(self.epoch, *event) for event in self.events]

    def admitted(self) -> int:
        return sum(oracle.outcome(event) == "ADMIT" for event in self.events)


def office_rows(database: Path, gate: str) -> list[Row]:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as db:
        return db.execute(
            "SELECT epoch, seq, prev, hash, event FROM event WHERE gate = ? ORDER BY epoch, seq",
            (gate,),
        ).fetchall()


def conflicts(database: Path, gate: str) -> set[int]:
    """The numbers of which the office holds more than one version."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as db:
        rows = db.execute("SELECT DISTINCT seq FROM conflict WHERE gate = ?", (gate,))
        return {row[0] for row in rows}


def compare(book: Book, database: Path, seen: list[list[str]], found: Finding) -> None:
    """Adds to `found` what is lost, double or unnoticed of one gate."""
    fault = oracle.chain_fault(book.events)
    if fault is not None:
        found.miss(f"{book.gate}: its chain breaks at {fault}")
    own = {(row[0], row[1]): row[3] for row in book.rows}
    there = [((row[0], row[1]), row[3]) for row in office_rows(database, book.gate)]
    if len(there) != len(dict(there)):
        found.twice(f"{book.gate}: an event stands twice at the office")
    for place, digest in own.items():
        if dict(there).get(place) != digest:
            found.lose(f"{book.gate}: event {place[1]} is not at the office")
    for place, _ in there:
        if place not in own:
            found.lose(f"{book.gate}: the office holds event {place[1]}, its own disk does not")
    _witnessed(book, seen, found)


def _witnessed(book: Book, seen: list[list[str]], found: Finding) -> None:
    hashes = {row[3] for row in book.rows}
    said = spoken(seen)
    for decision, (digest, outcome) in said.items():
        if digest not in hashes:
            found.lose(f"{book.gate}: {outcome} {decision} was said and is not in the journal")
    opened, admitted = openings(seen), book.admitted()
    found.admitted += admitted
    if opened > admitted:
        found.lose(f"{book.gate}: the barrier opened {opened} times, {admitted} are recorded")
    found.hits["decisions said by a gate and found at the office"] += len(said)
    found.hits["barrier openings seen"] += opened


def openings(lines: list[list[str]]) -> int:
    """How often the barrier was seen to open, over all lives of the gate."""
    most: dict[str, int] = {}
    for words in lines:
        if words[0] == "barrier":
            most[words[1]] = max(most.get(words[1], 0), int(words[2]))
    return sum(most.values())


def spoken(lines: list[list[str]]) -> dict[str, tuple[str, str]]:
    """id -> (hash, outcome) of every decision that was said."""
    return {w[1]: (w[2], w[3]) for w in lines if w[0] == "decision"}
