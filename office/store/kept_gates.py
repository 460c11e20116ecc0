"""What each gate last said of itself in a signed heartbeat: one row for each gate, for `v_gate`.

Beside what was read from it stands the heartbeat as it was signed.
"""

from dataclasses import dataclass

from gate.core.json_types import JsonFields, JsonObject
from gate.platform.printable_text import printable
from gate.sync.heartbeat import Heartbeat
from office.store.connection import Database

_KEEP = """
INSERT INTO gate_state (gate, epoch, exam, site, heard, said, said_head, oldest_unsent_at, clock,
                        disk_free_mb, roster_version, version, beat)
VALUES (:gate, :epoch, :exam, :site, :heard, :said, :said_head, :oldest_unsent_at, :clock,
        :disk_free_mb, :roster_version, :version, :beat)
ON CONFLICT (gate) DO UPDATE SET
    epoch = excluded.epoch, exam = excluded.exam, site = excluded.site, heard = excluded.heard,
    said = excluded.said, said_head = excluded.said_head,
    oldest_unsent_at = excluded.oldest_unsent_at, clock = excluded.clock,
    disk_free_mb = excluded.disk_free_mb, roster_version = excluded.roster_version,
    version = excluded.version, beat = excluded.beat
"""
_WORD_MAX = 80
_NUMBER_MAX = 2**53


@dataclass(frozen=True, slots=True)
class KeptBeat:
    """The last heartbeat of a gate, as it was signed. `heard`: RFC 3339."""

    gate: str
    heard: str
    payload: str


class KeptGates:
    """Of one open database."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def keep(self, beat: Heartbeat, raw: bytes, exam: str, site: str, now: str) -> None:
        """What `beat` says, with its payload `raw`, within a transaction. SQLAlchemy's errors."""
        self._db.execute(_KEEP, **state_row(beat, raw, exam, site, now))

    def beats(self) -> list[KeptBeat]:
        """The last heartbeat of each gate, by gate. StorageRefused, StorageDamaged."""
        found = self._db.rows("SELECT gate, heard, beat FROM gate_state ORDER BY gate")
        return [KeptBeat(*row) for row in found]

    def all(self) -> list[JsonObject]:
        """Every row of `v_gate`, by gate. StorageRefused, StorageDamaged."""
        with self._db.in_words():
            found = self._db.execute("SELECT * FROM v_gate ORDER BY gate")
            return [dict(row._mapping) for row in found]


def state_row(beat: Heartbeat, raw: bytes, exam: str, site: str, now: str) -> dict[str, object]:
    """The row of `gate_state`, by column. Pure."""
    vitals = beat.vitals
    return {
        "gate": beat.gate,
        "epoch": beat.epoch,
        "exam": exam,
        "site": site,
        "heard": now,
        "said": beat.seq,
        "said_head": beat.head,
        "oldest_unsent_at": _word({"at": beat.oldest_unsent_at}, "at"),
        "clock": _word(vitals, "clock"),
        "disk_free_mb": _number(vitals, "disk_free_mb"),
        "roster_version": _word(vitals, "roster_version"),
        "version": _word(vitals, "version"),
        "beat": raw.decode(),
    }


def _word(said: JsonFields, name: str) -> str | None:
    value = said.get(name)
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        return None
    return printable(str(value)[:_WORD_MAX]).replace("\0", "")


def _number(said: JsonFields, name: str) -> int | None:
    value = said.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if abs(value) <= _NUMBER_MAX else None
