"""Bugs of a gate: the product with one bug each, as small as such bugs are. The patches stand here
and nowhere in the product."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import gate.core.events
import gate.service.lane
import gate.store.file_inspection
import gate.store.journal
import gate.store.opening
import gate.store.rows
import gate.sync.outbox
import gate.sync.receipts
import gate.sync.session
import gate.sync.wire
from gate.core import effects
from gate.core.effects import OpenBarrier
from gate.core.reasons import MEANING, Reason
from gate.ports import Receipt
from gate.sync.link import Acked
from tests.faults.sim.seams import Patch


def act_before_commit() -> list[Patch]:
    record = gate.service.lane.Lane._record

    async def first_the_lamp(lane: Any, wanted: effects.Record, asked: Any) -> Any:
        if wanted.body["outcome"] == "ADMIT":
            lane.adapters.signals.show(MEANING[Reason.OK].pattern)
            lane.adapters.signals.open_barrier()
        return await record(lane, wanted, asked)

    perform, admits = gate.service.lane.Lane._perform, (Reason.OK, Reason.STAFF_ADMIT)

    async def not_twice(lane: Any, effect: Any, asked: Any) -> Any:
        if isinstance(effect, OpenBarrier) or getattr(effect, "reason", "") in admits:
            return None
        return await perform(lane, effect, asked)

    return [
        (gate.service.lane.Lane, "_record", first_the_lamp),
        (gate.service.lane.Lane, "_perform", not_twice),
    ]


def no_fsync() -> list[Patch]:
    pragmas = tuple(p.replace("= FULL", "= OFF") for p in gate.store.opening.PRAGMAS)
    return [(gate.store.opening, "PRAGMAS", pragmas)]


def seq_reused() -> list[Patch]:
    """After a restart the journal goes on one event early."""
    prepare = gate.store.opening._prepare

    def one_early(db: Any, path: Path, unit: Any, known: Any) -> Any:
        opened = prepare(db, path, unit, known)
        receipted = opened.receipt.high if opened.receipt else 0
        db.execute("DROP TRIGGER IF EXISTS event_no_delete")
        db.execute("DELETE FROM event WHERE seq > ? AND seq = ?", (receipted, opened.head.seq))
        return replace(opened, head=gate.store.rows.head(db, opened.head.epoch))

    return [(gate.store.opening, "_prepare", one_early)]


def puback_trusted() -> list[Patch]:
    handle = gate.sync.session.Session._handle

    async def trusting(session: Any, event: Any) -> None:
        if isinstance(event, Acked) and event.refused is None and session._window.sent:
            last = session._window.sent[-1].part.last
            (end,) = await session._uplink.journal.read(last, 1)
            high = Receipt(1, end["gate"], end["epoch"], last, end["hash"], (), end["at"])
            known = session._uplink.receipt
            if known is None or last > known.high:
                session._uplink.receipt = replace(high, generation=known.generation if known else 1)
                await session._uplink.journal.keep_receipt(session._uplink.receipt)
            session._window = replace(session._window, sent=())
        await handle(session, event)

    return [(gate.sync.session.Session, "_handle", trusting)]


def receipt_signature_unchecked() -> list[Patch]:
    verify = gate.sync.wire.verify

    def only_batches(domain: str, head: Any, public: Any) -> None:
        if domain != "receipt":
            verify(domain, head, public)

    return [(gate.sync.wire, "verify", only_batches)]


def receipt_head_unchecked() -> list[Patch]:
    """Whatever hash it names, whatever journal it speaks of."""

    def anything(*_: Any, **__: Any) -> None:
        return None

    return [(gate.sync.receipts, "judge", anything)]


def chain_not_verified() -> list[Patch]:
    return [(gate.store.file_inspection, "check_chain", lambda *_: None)]


def backlog_dropped() -> list[Patch]:
    """The oldest events go when there are more than five."""
    unstored = gate.sync.outbox.unstored

    def newest(head: int, receipt: Any) -> Any:
        ranges = ((max(a, head - 4), b) for a, b in unstored(head, receipt))
        return [(a, b) for a, b in ranges if a <= b]

    return [(gate.sync.outbox, "unstored", newest)]


def never_resent() -> list[Patch]:
    return [(gate.sync.outbox, "note_time", lambda window, now_s: window)]


def who_is_inside_forgotten() -> list[Patch]:
    return [(gate.service.lane, "replay", lambda state, events: state)]


def salvage_forgotten() -> list[Patch]:
    """Of a journal put aside nothing is remembered."""
    return [(gate.store.journal.set_aside, "pages_of", lambda *_: iter(()))]


def refused_write_taken_for_done() -> list[Patch]:
    """A full disk is met with a shrug: the decision stands, the journal does not grow."""
    record = gate.service.lane.Lane._record

    async def shrugging(lane: Any, wanted: effects.Record, asked: Any) -> Any:
        told = await record(lane, wanted, asked)
        if isinstance(told, gate.core.events.RecordRefused):
            head = lane.adapters.journal.head
            decision = f"{head.epoch}-{head.seq + 1}"
            return gate.core.events.DecisionRecorded(decision, lane.adapters.clock.now())
        return told

    return [(gate.service.lane.Lane, "_record", shrugging)]
