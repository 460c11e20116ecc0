"""What is wrong, for people to look at: one row for each thing, however often it is seen."""

from collections.abc import Iterable
from dataclasses import dataclass

from gate.core.json_types import JsonObject
from office.store.connection import Database

_RAISE = """
INSERT INTO alert (kind, gate, epoch, seq, what, exam, site, first_at, last_at, times, detail, zh)
VALUES (:kind, :gate, :epoch, :seq, :what, :exam, :site, :at, :at, 1, :detail, :zh)
ON CONFLICT (kind, gate, epoch, seq, what)
DO UPDATE SET last_at = excluded.last_at, times = alert.times + 1, detail = excluded.detail,
              zh = excluded.zh
"""


@dataclass(frozen=True, slots=True)
class Alert:
    """Something wrong. `kind`: `conflict`, `broken`, `fork`, `second-admission`, `unannounced`,
    `gate` (what a gate says of itself) or `database`. `what`: which one of its kind. `at`: RFC
    3339. `detail`, `zh`: one sentence each."""

    kind: str
    at: str
    detail: str
    zh: str
    gate: str = ""
    epoch: str = ""
    seq: int = 0
    what: str = ""
    exam: str = ""
    site: str = ""


class KeptAlerts:
    """Of one open database."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def raise_all(self, alerts: Iterable[Alert]) -> None:
        """Keeps them, within a transaction. SQLAlchemy's errors."""
        rows = [{name: getattr(a, name) for name in Alert.__slots__} for a in alerts]
        self._db.execute_rows(_RAISE, rows)

    def all(self) -> list[JsonObject]:
        """Every row of `v_alert`, the newest first. StorageRefused, StorageDamaged."""
        with self._db.in_words():
            found = self._db.execute("SELECT * FROM v_alert ORDER BY last_at DESC, gate, seq")
            return [dict(row._mapping) for row in found]
