"""Batches in, signed receipts out. A receipt is published only after the commit behind it."""

import contextlib
import json
import logging
import queue
import random
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nacl.signing import SigningKey

from gate.errors import (
    CertificateRefused,
    GateError,
    InputRejected,
    SignatureRefused,
    StorageRefused,
)
from gate.ports import Receipt
from gate.sync.link import Acked, Address, Down, Link, LinkEvent, Message, Up, Will
from gate.sync.wire import (
    EVERY_GATES_EVENTS,
    OFFICE_STATE,
    Batch,
    Topics,
    decode_batch,
    encode_note,
    encode_receipt,
)
from office.enrolment import read_enrolment
from office.home import Home
from office.store import OfficeStore

log = logging.getLogger(__name__)

_SESSION_S = 7 * 86_400
"""How long the broker keeps batches for an office that is away."""

_AT_ONCE = 200
"""Batches in one transaction at most."""

_GOODBYE_S = 2.0


@dataclass(slots=True)
class Counts:
    batches: int = 0
    events: int = 0
    rejected: int = 0
    conflicts: int = 0


@dataclass(slots=True)
class Receiver:
    """The office's end. `run` returns when `stop` is set, or when nothing has come for `idle_s`.

    Owns the store; every gate is known by its enrolment in `home`. A bad batch is told in one line
    and counted; it never ends the program.
    """

    home: Home
    store: OfficeStore
    address: Address
    generation: int
    signing: SigningKey
    status_file: Path | None = None
    idle_s: float | None = None
    counts: Counts = field(default_factory=Counts)
    connected: bool = False
    error: GateError | None = None
    _receipts: dict[str, Receipt] = field(default_factory=dict)
    _last_news: float = field(default_factory=time.monotonic)

    def run(self, stop: threading.Event) -> None:
        """CertificateRefused where the very first connection is refused; later faults are waited
        out. StorageDamaged, StorageBroken."""
        failures, ever = 0, False
        while not (stop.is_set() or self._idle()):
            stood = self._connection(stop)
            ever = ever or stood
            if isinstance(self.error, CertificateRefused) and not ever:
                raise self.error
            failures = 0 if stood else min(failures + 1, 5)
            if not (stop.is_set() or self._idle()):
                stop.wait(random.uniform(0, 2.0**failures))

    def _connection(self, stop: threading.Event) -> bool:
        """One connection to its end; whether it ever stood."""
        news: queue.Queue[LinkEvent] = queue.Queue()
        will = Will(OFFICE_STATE, encode_note(online=False))
        link = Link(self.address, news.put, will, keep_session_s=_SESSION_S)
        link.open()
        stood = False
        try:
            while not (stop.is_set() or self._idle()):
                event = _next(news)
                if isinstance(event, Down):
                    self._outage(event.error)
                    return stood
                if isinstance(event, Up):
                    stood = True
                    self._stand(link)
                elif isinstance(event, Message):
                    self._take(link, [event, *_waiting(news)])
        except StorageRefused as e:
            self._outage(e)  # nothing was acknowledged: the broker sends it again
        finally:
            self.connected = False
            self._write_status()
            if stood:
                _goodbye(link, news)
            link.leave()
        return stood

    def _stand(self, link: Link) -> None:
        back = "" if self.error is None else " again"
        log.info("Receiving at %s:%d%s.", self.address.host, self.address.port, back)
        self.connected, self.error = True, None
        link.subscribe(EVERY_GATES_EVENTS)
        for exam, site, gate, epoch in self.store.gates():
            self._publish_receipt(link, Topics(exam, site, gate), epoch)
        # behind the receipts: a gate that has none of this generation is unknown here, and knocks
        here = encode_note(online=True, at=_now(), generation=self.generation)
        link.publish(OFFICE_STATE, here, retain=True)
        self._write_status()

    def _take(self, link: Link, messages: list[Message]) -> None:
        self._last_news = time.monotonic()
        taken = [found for m in messages if (found := self._checked(m)) is not None]
        now = _now()
        with self.store.transaction():
            for topics, batch in taken:
                stored = self.store.add(batch, exam=topics.exam, site=topics.site, now=now)
                self.counts.events += stored.new
                self._alarm(batch, stored.conflicts)
        for message in messages:
            link.ack(message.mid)
        for topics, epoch in {topics.gate: (topics, b.epoch) for topics, b in taken}.values():
            self._publish_receipt(link, topics, epoch)
        self.counts.batches += len(taken)
        self._write_status()

    def _checked(self, message: Message) -> tuple[Topics, Batch] | None:
        """The batch, if it may be believed."""
        try:
            topics, part = Topics.of(message.topic)
            if part != "ev":
                raise InputRejected("not a batch")
            batch = decode_batch(message.payload, self._signing_key)
            if batch.gate != topics.gate:
                raise SignatureRefused(f"A batch of {batch.gate} came under {topics.gate}.")
            if (site := read_enrolment(self.home.enrolment(batch.gate)).site) != topics.site:
                raise SignatureRefused(f"Gate {batch.gate} is enrolled at {site}.")
        except InputRejected as e:
            log.warning("batch refused on %s: %s", message.topic[:200], e)
            self.counts.rejected += 1
            return None
        return topics, batch

    def _signing_key(self, gate: str) -> bytes | None:
        """Read anew for each batch: a gate may be enrolled, or struck off, while this runs."""
        path = self.home.enrolment(gate)
        if not path.exists():
            return None
        enrolled = read_enrolment(path)
        return enrolled.signing if enrolled.gate == gate else None

    def _alarm(self, batch: Batch, conflicts: Iterable[int]) -> None:
        for seq in conflicts:
            self.counts.conflicts += 1
            log.error(
                "ALARM: gate %s sent another event %d of journal %s than before: a copied card or "
                "a forgery; both are kept", batch.gate, seq, batch.epoch,
            )  # fmt: skip

    def _publish_receipt(self, link: Link, topics: Topics, epoch: str) -> None:
        receipt = self.store.receipt(topics.gate, epoch, generation=self.generation, now=_now())
        self._receipts[topics.gate] = receipt
        link.publish(topics.rcpt, encode_receipt(receipt, self.signing), retain=True)

    def _idle(self) -> bool:
        return self.idle_s is not None and time.monotonic() - self._last_news > self.idle_s

    def _outage(self, error: GateError | None) -> None:
        if error is not None and type(error) is not type(self.error):
            log.warning("%s", error)
        self.error = error

    def _write_status(self) -> None:
        if self.status_file is None:
            return
        part = self.status_file.with_name(self.status_file.name + ".part")
        try:
            part.write_text(json.dumps(self.status()), encoding="utf-8")
            part.replace(self.status_file)
        except OSError as e:  # counts for others to read: nothing that is stored depends on them
            log.warning("%s cannot be written: %s", self.status_file, e.strerror)

    def status(self) -> dict[str, Any]:
        return {
            "connected": self.connected,
            "generation": self.generation,
            "batches": self.counts.batches,
            "events": self.counts.events,
            "rejected": self.counts.rejected,
            "conflicts": self.counts.conflicts,
            "last_error": self.error.en if self.error else None,
            "gates": {
                gate: {"epoch": r.epoch, "high": r.high, "head": r.head, "missing": r.missing}
                for gate, r in self._receipts.items()
            },
        }


def _next(news: "queue.Queue[LinkEvent]") -> LinkEvent | None:
    with contextlib.suppress(queue.Empty):
        return news.get(timeout=0.2)
    return None


def _waiting(news: "queue.Queue[LinkEvent]") -> list[Message]:
    """Further batches that are already here, up to the next change of the connection."""
    found: list[Message] = []
    while len(found) < _AT_ONCE and not news.empty():
        event = news.queue[0]
        if isinstance(event, Up | Down):
            break
        news.get()
        if isinstance(event, Message):
            found.append(event)
    return found


def _goodbye(link: Link, news: "queue.Queue[LinkEvent]") -> None:
    said = link.publish(OFFICE_STATE, encode_note(online=False, at=_now()), retain=True)
    until = time.monotonic() + _GOODBYE_S
    while time.monotonic() < until:
        event = _next(news)
        if isinstance(event, Down) or (isinstance(event, Acked) and event.mid == said):
            return


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
