"""The office's own words on cases, as its database keeps them: signed, numbered, in order."""

import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KeptSettlement:
    """One signed record. `record`: canonical JSON; `sig`: Ed25519 over it, base64."""

    decision: str
    number: int
    record: str
    sig: str


class KeptSettlements:
    """Of one open database. `in_words`: turns SQLite's errors into sentences."""

    def __init__(
        self, db: sqlite3.Connection, in_words: Callable[[], AbstractContextManager[None]]
    ) -> None:
        self._db, self._in_words = db, in_words

    def of_exam(self, exam: str) -> list[KeptSettlement]:
        """Every one of an exam, by case, the oldest first. StorageRefused, StorageDamaged."""
        with self._in_words():
            rows = self._db.execute(
                "SELECT decision, number, record, sig FROM settlement WHERE exam = ? "
                "ORDER BY decision, number",
                (exam,),
            ).fetchall()
        return [KeptSettlement(*row) for row in rows]

    def keep(self, exam: str, kept: KeptSettlement) -> None:
        """Keeps one more, within a transaction. sqlite3.IntegrityError for a taken number."""
        self._db.execute(
            "INSERT INTO settlement VALUES (?, ?, ?, ?, ?)",
            (exam, kept.decision, kept.number, kept.record, kept.sig),
        )
