"""Commands to gates, what they answered, and each gate's last word, as the database keeps them."""

import sqlite3
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from gate.core.office_commands import CommandAnswer

RESULTS_MAX = 16
"""Answers of one gate to one command that are kept: a gate in wrong hands fills no disk."""


@dataclass(frozen=True, slots=True)
class KeptResult:
    """What `gate` answered first; None where it has not. `received`: RFC 3339."""

    gate: str
    result: str | None
    detail: str | None
    received: str | None


@dataclass(frozen=True, slots=True)
class GateSaid:
    """The last word of `gate` on the topic `part`. `received`: RFC 3339."""

    gate: str
    part: str
    exam: str
    site: str
    received: str
    payload: str


class KeptCommands:
    """Of one open database. `in_words`: turns SQLite's errors into sentences. The methods raise
    StorageRefused, StorageDamaged."""

    def __init__(
        self, db: sqlite3.Connection, in_words: Callable[[], AbstractContextManager[None]]
    ) -> None:
        self._db, self._in_words = db, in_words

    def keep(self, name: str, verb: str, expires: str, record: bytes, gates: Iterable[str]) -> None:
        """Keeps a signed command, within a transaction. `expires`: RFC 3339 in UTC."""
        self._db.execute(
            "INSERT INTO command VALUES (?, ?, ?, ?)", (name, verb, expires, record.decode())
        )
        self._db.executemany(
            "INSERT OR IGNORE INTO command_target VALUES (?, ?)", ((name, gate) for gate in gates)
        )

    def unanswered(self, now: str) -> list[tuple[str, str, bytes]]:
        """(id, gate, signed command) of every one that has not expired at `now`, RFC 3339 in UTC,
        and that its gate has not answered."""
        with self._in_words():
            rows = self._db.execute(
                "SELECT t.id, t.gate, c.record FROM command c JOIN command_target t USING (id) "
                "WHERE c.expires > ? AND NOT EXISTS (SELECT 1 FROM command_result r "
                "WHERE r.id = t.id AND r.gate = t.gate) ORDER BY c.expires, t.id, t.gate",
                (now,),
            ).fetchall()
        return [(name, gate, record.encode()) for name, gate, record in rows]

    def keep_result(self, gate: str, answer: CommandAnswer, now: str, record: bytes) -> bool:
        """Keeps an answer, within a transaction; whether the command was ever given to `gate`."""
        name = answer.id
        asked = self._db.execute(
            "SELECT 1 FROM command_target WHERE id = ? AND gate = ?", (name, gate)
        ).fetchone()
        if asked is None:
            return False
        (known,) = self._db.execute(
            "SELECT count(*) FROM command_result WHERE id = ? AND gate = ?", (name, gate)
        ).fetchone()
        if known < RESULTS_MAX:
            self._db.execute(
                "INSERT INTO command_result VALUES (?, ?, ?, ?, ?, ?, ?)",
                (name, gate, known, str(answer.result), answer.detail, now, record.decode()),
            )
        return True

    def results(self, name: str) -> list[KeptResult]:
        """What each gate answered to the command `name`, by gate."""
        with self._in_words():
            rows = self._db.execute(
                "SELECT t.gate, r.result, r.detail, r.received FROM command_target t "
                "LEFT JOIN command_result r ON r.id = t.id AND r.gate = t.gate AND r.number = 0 "
                "WHERE t.id = ? ORDER BY t.gate",
                (name,),
            ).fetchall()
        return [KeptResult(*row) for row in rows]

    def keep_word(self, said: GateSaid) -> None:
        """Keeps a gate's last word on a topic, within a transaction."""
        self._db.execute(
            "INSERT OR REPLACE INTO gate_said VALUES (?, ?, ?, ?, ?, ?)",
            (said.gate, said.part, said.exam, said.site, said.received, said.payload),
        )

    def words(self, part: str) -> dict[str, GateSaid]:
        """The last word of each gate on the topic `part`."""
        with self._in_words():
            rows = self._db.execute(
                "SELECT gate, part, exam, site, received, payload FROM gate_said WHERE part = ?",
                (part,),
            ).fetchall()
        return {row[0]: GateSaid(*row) for row in rows}
