"""Bugs of the office: the product with one bug each, as small as such bugs are. The patches stand
here and nowhere in the product."""

from typing import Any

import gate.core.journal_entries
import gate.sync.wire
import office.store.arrivals
import office.store.ingest
from tests.faults.sim.office import SimStore
from tests.faults.sim.seams import Patch


def ack_before_commit() -> list[Patch]:
    """The receipt leaves inside the transaction."""
    add = SimStore.add_all

    def add_and_say(store: SimStore, arrivals: Any, now: str) -> Any:
        stored = add(store, arrivals, now)
        receiver = store.owner.receiver
        for came in arrivals:
            topics = gate.sync.wire.Topics(came.exam, came.site, came.batch.gate)
            early = receiver.intake.give_receipts([(topics, came.batch.epoch)])
            receiver._publish_receipts(store.owner._link, early)
        return stored

    return [(SimStore, "add_all", add_and_say)]


def batch_signature_unchecked() -> list[Patch]:
    verify = gate.sync.wire.verify

    def only_receipts(domain: str, head: Any, public: Any) -> None:
        if domain != "batch":
            verify(domain, head, public)

    return [(gate.sync.wire, "verify", only_receipts)]


def inner_chain_unchecked() -> list[Patch]:
    """The head is signed; that the events lead to it is taken on trust."""

    def trusting(head: Any, bodies: list[Any]) -> Any:
        events, previous = [], head["prev"]
        for body in bodies:
            digest = gate.core.journal_entries.event_hash(previous, body)
            events.append(body | {"prev": previous, "hash": digest})
            previous = digest
        events[-1]["hash"] = head["head"]
        return tuple(events), ()

    return [(gate.sync.wire, "_chained", trusting)]


def conflict_overwritten() -> list[Patch]:
    def overwriting(store: SimStore, arrivals: Any, now: str) -> Any:
        for batch in (came.batch for came in arrivals):
            for event in batch.events:
                store.db.execute("DROP TRIGGER IF EXISTS event_no_delete")
                store.db.execute(
                    "DELETE FROM event WHERE gate = ? AND epoch = ? AND seq = ?",
                    (batch.gate, batch.epoch, event["seq"]),
                )
        return add(store, arrivals, now)

    add = SimStore.add_all
    return [(SimStore, "add_all", overwriting)]


def generation_ignored() -> list[Patch]:
    """A restored database calls itself what it was before."""

    def the_same(store: SimStore, now_ms: int) -> int:
        return 1

    return [(SimStore, "begin_generation", the_same)]


def gap_taken_for_whole() -> list[Patch]:
    """The office's mark jumps over what is missing."""

    def jumping(mark: Any, following: Any) -> Any:
        for seq, _, digest in following:
            mark = office.store.ingest.Watermark(seq, digest)
        return mark, None

    return [(office.store.arrivals, "advance", jumping), (office.store.arrivals, "_GAPS", _NO_GAPS)]


_NO_GAPS = "SELECT 1, 1 WHERE :gate = :epoch AND :high = :most AND :sitting = ''"
