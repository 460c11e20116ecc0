"""Writing a roster file from values. The office calls it; what is personal goes in sealed."""

import os
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from gate.core.staff_list import StaffMember
from gate.ports.values import TemplateRows
from gate.roster.file_format import (
    APPLICATION_ID,
    COHORT_KEY,
    SCHEMA,
    CandidateRecord,
    encode_record,
    handles_of,
)
from gate.roster.sealed_staff import STAFF_KEY, encode_staff
from gate.roster.sealing import RosterKeys, handle_key, number_key, seal
from gate.roster.site_gates import GATES_KEY, encode_gates


@dataclass(frozen=True, slots=True, eq=False)
class RosterRow:
    """One candidate to be written. `photo`: the ticket photo as JPEG, None where there is none."""

    number: str
    record: CandidateRecord
    photo: bytes | None = None

    def __repr__(self) -> str:  # a log line must not carry a number
        return f"Row({self.record.ticket})"


def write_roster(
    path: Path,
    rows: Iterable[RosterRow],
    whereabouts: Iterable[tuple[str, str]],
    cohort: TemplateRows | None,
    keys: RosterKeys,
    *,
    papers: Iterable[tuple[str, str, str]] = (),
    staff: Sequence[StaffMember] = (),
    gates: Mapping[str, bytes] | None = None,
) -> None:
    """Writes a new file at `path`.

    `rows`: the site's candidates, one for each ID number. `whereabouts`: (ID number, site id) of
    all candidates of the exam. `cohort`: (n, 128) float32. `papers`: (ID number, paper id, site id)
    of those who have papers at several sites. `staff`: who may sign at the site.
    `gates`: those of the site, to the Ed25519 keys that they sign with.
    """
    path.unlink(missing_ok=True)
    shared = {
        "staff": (STAFF_KEY, encode_staff(staff) if staff else b""),
        "gates": (GATES_KEY, encode_gates(gates) if gates else b""),
    }
    _write(path, rows, whereabouts, cohort, keys, papers=papers, shared=shared)
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _write(
    path: Path,
    rows: Iterable[RosterRow],
    whereabouts: Iterable[tuple[str, str]],
    cohort: TemplateRows | None,
    keys: RosterKeys,
    *,
    papers: Iterable[tuple[str, str, str]],
    shared: Mapping[str, tuple[bytes, bytes]],
) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        # The file counts only once it is whole: one sync at the end replaces SQLite's own.
        db.execute("PRAGMA synchronous = OFF")
        db.execute("PRAGMA journal_mode = OFF")
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.executescript(SCHEMA.read_text(encoding="utf-8"))
        _write_index(db, whereabouts, papers, keys)
        # By key, so that the order of rows does not tell the office's own.
        for row in sorted(rows, key=lambda row: number_key(keys.index, row.number)):
            _write_row(db, row, keys)
        if cohort is not None:
            sealed = seal(keys.content, "shared", COHORT_KEY, cohort.astype("<f4").tobytes())
            db.execute("INSERT INTO shared VALUES ('cohort', ?)", (sealed,))
        for name, (key, plain) in shared.items():
            if plain:
                sealed = seal(keys.content, "shared", key, plain)
                db.execute("INSERT INTO shared VALUES (?, ?)", (name, sealed))


def _write_index(
    db: sqlite3.Connection,
    whereabouts: Iterable[tuple[str, str]],
    papers: Iterable[tuple[str, str, str]],
    keys: RosterKeys,
) -> None:
    places = sorted({(number_key(keys.index, number), site) for number, site in whereabouts})
    numbers = {site: n for n, site in enumerate(sorted({site for _, site in places}), 1)}
    db.executemany("INSERT INTO site (id, number) VALUES (?, ?)", numbers.items())
    db.executemany(
        "INSERT INTO exam_index VALUES (?, ?)", ((key, numbers[site]) for key, site in places)
    )
    _write_papers(
        db, ((number_key(keys.index, number), p, numbers[at]) for number, p, at in papers)
    )


def _write_papers(db: sqlite3.Connection, papers: Iterable[tuple[bytes, str, int]]) -> None:
    db.executemany("INSERT INTO paper_site VALUES (?, ?, ?)", sorted(set(papers)))


def _write_row(db: sqlite3.Connection, row: RosterRow, keys: RosterKeys) -> None:
    key = number_key(keys.index, row.number)
    sealed = seal(keys.content, "candidate", key, encode_record(row.record))
    db.execute("INSERT INTO candidate VALUES (?, ?)", (key, sealed))
    handles = {handle_key(keys.index, handle) for handle in handles_of(row.record, row.number)}
    db.executemany("INSERT INTO handle VALUES (?, ?)", ((handle, key) for handle in handles))
    if row.photo is not None:
        db.execute(
            "INSERT INTO photo VALUES (?, ?)", (key, seal(keys.content, "photo", key, row.photo))
        )
