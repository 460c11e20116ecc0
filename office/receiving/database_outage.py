"""A database that takes nothing for a while: told once, kept as an alert when it is back."""

import logging
from dataclasses import dataclass

from gate.errors import GateError, StorageRefused
from office.receiving import alerts
from office.store.database import OfficeStore

log = logging.getLogger(__name__)


@dataclass(slots=True)
class DatabaseOutage:
    """`since`: RFC 3339, None while the database takes what comes."""

    since: str | None = None
    _why: str = ""

    def note(self, error: GateError | None, now: str) -> None:
        """An attempt has ended with `error`; only one of the database counts. `now`: RFC 3339."""
        if not isinstance(error, StorageRefused) or self.since is not None:
            return
        self.since, self._why = now, error.en
        log.error(
            "ALARM: %s Receipts are late; nothing is lost. 回执延迟，数据不会丢失。", error.en
        )

    def end(self, store: OfficeStore, now: str) -> None:
        """The database may be back: keeps what has happened. StorageRefused where it is not."""
        if self.since is None:
            return
        with store.transaction():
            store.alerts.raise_all([alerts.of_outage(self.since, self._why, now)])
        log.warning("The database is back since %s.", now)
        self.since = None
