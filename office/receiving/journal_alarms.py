"""Alarms about journals that contradict what the office has: a copied card, a wiped one or a
forgery. Told once the transaction stands, or an alarm would speak of what is not stored."""

import logging
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from gate.sync.heartbeat import Heartbeat
from gate.sync.wire import Batch, Topics
from office.audit.journal_lineage import ALARM, unannounced
from office.receiving import alerts
from office.receiving.counts import Counts
from office.store.database import Arrival, OfficeStore, SecondAdmission, Stored

log = logging.getLogger(__name__)

AfterCommit = list[Callable[[], None]]
"""What is counted and told once the transaction is committed. A transaction that is rolled back and
repeated must not count twice. Nor may it raise an alarm of something that is not stored."""


class JournalAlarms:
    """Alarms about journals that begin without a word of the one before."""

    def __init__(self, store: OfficeStore, counts: Counts) -> None:
        self._store = store
        self._counts = counts
        self._unannounced: dict[str, list[str]] = {}
        self._changed: set[str] = set()

    def begin(self, gates: Iterable[str]) -> None:
        """What the database says of `gates`. Within a transaction."""
        self._unannounced = {gate: unannounced(self._store, gate) for gate in gates}

    def take_over(self, unannounced: dict[str, list[str]]) -> None:
        """What a worker has found of its gates."""
        self._unannounced |= unannounced

    def changed(self) -> dict[str, list[str]]:
        """What `unannounced` says of those that it may say something new of since last asked."""
        changed, self._changed = self._changed, set()
        return {gate: self.unannounced(gate) for gate in changed}

    def unannounced(self, gate: str) -> list[str]:
        """Journals of `gate` that name none before them though the office knows one."""
        return self._unannounced.get(gate, [])

    def keep(self, arrivals: Sequence[Arrival], stored: Sequence[Stored], now: str) -> AfterCommit:
        """Writes what is wrong with `arrivals`, within the transaction that stores them; what is
        then to be told. `now`: RFC 3339."""
        found = list(alerts.of_batches(arrivals, stored, now))
        begun = [a for a in arrivals if a.batch.first == 1]
        known_before = self._store.with_several_journals(a.batch.gate for a in begun)
        for arrival in begun:
            batch = arrival.batch
            if batch.events[0].get("previous_epoch") is None:
                which = unannounced(self._store, batch.gate) if batch.gate in known_before else []
                self._unannounced[batch.gate] = which
                self._changed.add(batch.gate)
                if batch.epoch in which:
                    found.append(alerts.of_beginning(arrival, now))
        twice = self._store.second_admissions(stored)
        self._store.alerts.raise_all([*found, *alerts.of_second_admissions(twice, now)])
        return [partial(_tell_second, one) for one in twice]

    def keep_claim(self, beat: Heartbeat, topics: Topics, now: str) -> None:
        """Writes that `beat` names another event than is stored, within a transaction."""
        self._store.alerts.raise_all([alerts.of_claim(beat, topics, now)])

    def keep_said(self, topics: Topics, said: dict[str, str], now: str) -> None:
        """Writes what a gate says of itself, within a transaction."""
        self._store.alerts.raise_all([alerts.of_note(topics, said, now)])

    def tell_claim(self, beat: Heartbeat) -> None:
        """A heartbeat that names another event than the one received."""
        self._counts.conflicts += 1
        log.error(
            "ALARM: gate %s says that event %d of journal %s is another than the one received: a "
            "copied card or a forgery",
            beat.gate,
            beat.seq,
            beat.epoch,
        )

    def tell_batch(self, batch: Batch, stored: Stored) -> None:
        """Counts and logs the conflicts of a batch.

        `stored`: what the database said of it.
        """
        for seq in stored.conflicts:
            self._counts.conflicts += 1
            log.error(
                "ALARM: gate %s sent another event %d of journal %s than before: a copied card or "
                "a forgery; both are kept",
                batch.gate,
                seq,
                batch.epoch,
            )
        if stored.broken is not None:
            log.error(
                "ALARM: event %d of journal %s of gate %s does not follow the one before it: a "
                "copied card or a forgery",
                stored.broken,
                batch.epoch,
                batch.gate,
            )
        if batch.first == 1:
            self._tell_beginning(batch)

    def _tell_beginning(self, batch: Batch) -> None:
        """A unit that gave its journal up for a new one says so in the first event.

        The office may know a journal of a unit that does not say so. That unit was wiped or copied.
        """
        before = batch.events[0].get("previous_epoch")
        if batch.epoch in self.unannounced(batch.gate):
            log.error("ALARM: journal %s of gate %s %s", batch.epoch, batch.gate, ALARM)
        if before is not None:
            log.error(
                "ALARM: gate %s goes on in journal %s, having given up %s: exam-office verify says "
                "what is lost",
                batch.gate,
                batch.epoch,
                str(before)[:40],
            )


def _tell_second(one: SecondAdmission) -> None:
    log.error(
        "ALARM: %s was let in to paper %s of %s twice: at %s (event %d) and at %s (event %d)",
        one.ticket or "somebody without a ticket",
        one.paper,
        one.exam,
        one.first[0],
        one.first[2],
        one.second[0],
        one.second[2],
    )
