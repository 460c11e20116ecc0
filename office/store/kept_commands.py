"""Commands to gates, what they answered, and each gate's last word, as the database keeps them."""

from collections.abc import Iterable
from dataclasses import dataclass

from gate.core.office_commands import CommandAnswer
from office.store.connection import Database

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
    """Of one open database. The methods raise StorageRefused, StorageDamaged."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def keep(self, name: str, verb: str, expires: str, record: bytes, gates: Iterable[str]) -> None:
        """Keeps a signed command, within a transaction. `expires`: RFC 3339 in UTC."""
        self._db.execute(
            "INSERT INTO command (id, verb, expires, record) "
            "VALUES (:name, :verb, :expires, :record)",
            name=name,
            verb=verb,
            expires=expires,
            record=record.decode(),
        )
        self._db.execute_rows(
            "INSERT INTO command_target (id, gate) VALUES (:name, :gate) ON CONFLICT DO NOTHING",
            ({"name": name, "gate": gate} for gate in gates),
        )

    def unanswered(self, now: str) -> list[tuple[str, str, bytes]]:
        """(id, gate, signed command) of every one that has not expired at `now`, RFC 3339 in UTC,
        and that its gate has not answered."""
        rows = self._db.rows(
            "SELECT t.id, t.gate, c.record FROM command c JOIN command_target t ON t.id = c.id "
            "WHERE c.expires > :now AND NOT EXISTS (SELECT 1 FROM command_result r "
            "WHERE r.id = t.id AND r.gate = t.gate) ORDER BY c.expires, t.id, t.gate",
            now=now,
        )
        return [(name, gate, record.encode()) for name, gate, record in rows]

    def keep_result(self, gate: str, answer: CommandAnswer, now: str, record: bytes) -> bool:
        """Keeps an answer, within a transaction; whether the command was ever given to `gate`."""
        place = {"name": answer.id, "gate": gate}
        asked = self._db.execute(
            "SELECT 1 FROM command_target WHERE id = :name AND gate = :gate", **place
        )
        if asked.fetchone() is None:
            return False
        known: int = self._db.rows(
            "SELECT count(*) FROM command_result WHERE id = :name AND gate = :gate", **place
        )[0][0]
        if known < RESULTS_MAX:
            self._db.execute(
                "INSERT INTO command_result (id, gate, number, result, detail, received, record) "
                "VALUES (:name, :gate, :number, :result, :detail, :now, :record)",
                **place,
                number=known,
                result=str(answer.result),
                detail=answer.detail.replace("\0", "\ufffd"),  # PostgreSQL takes no NUL
                now=now,
                record=record.decode(),
            )
        return True

    def results(self, name: str) -> list[KeptResult]:
        """What each gate answered to the command `name`, by gate."""
        rows = self._db.rows(
            "SELECT t.gate, r.result, r.detail, r.received FROM command_target t "
            "LEFT JOIN command_result r ON r.id = t.id AND r.gate = t.gate AND r.number = 0 "
            "WHERE t.id = :name ORDER BY t.gate",
            name=name,
        )
        return [KeptResult(*row) for row in rows]

    def given(self, verb: str) -> list[tuple[str, str, str | None]]:
        """(gate, signed command, its first result) of every command of that verb."""
        rows = self._db.rows(
            "SELECT t.gate, c.record, r.result FROM command c JOIN command_target t ON t.id = c.id "
            "LEFT JOIN command_result r ON r.id = t.id AND r.gate = t.gate AND r.number = 0 "
            "WHERE c.verb = :verb ORDER BY c.expires, c.id, t.gate",
            verb=verb,
        )
        return [(gate, record, result) for gate, record, result in rows]

    def stamp(self) -> tuple[int, int]:
        """Another one whenever a command or an answer was kept."""
        commands, results = self._db.rows(
            "SELECT (SELECT count(*) FROM command), (SELECT count(*) FROM command_result)"
        )[0]
        return int(commands), int(results)

    def keep_word(self, said: GateSaid) -> None:
        """Keeps a gate's last word on a topic, within a transaction."""
        self._db.execute(
            "INSERT INTO gate_said (gate, part, exam, site, received, payload) "
            "VALUES (:gate, :part, :exam, :site, :received, :payload) "
            "ON CONFLICT (gate, part) DO UPDATE SET exam = excluded.exam, site = excluded.site, "
            "received = excluded.received, payload = excluded.payload",
            gate=said.gate,
            part=said.part,
            exam=said.exam,
            site=said.site,
            received=said.received,
            payload=said.payload,
        )

    def words(self, part: str) -> dict[str, GateSaid]:
        """The last word of each gate on the topic `part`."""
        rows = self._db.rows(
            "SELECT gate, part, exam, site, received, payload FROM gate_said WHERE part = :part",
            part=part,
        )
        return {row[0]: GateSaid(*row) for row in rows}
