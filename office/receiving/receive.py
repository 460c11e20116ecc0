"""Batches in, signed receipts out. A receipt is published only after the commit behind it."""

import json
import logging
import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from nacl.signing import SigningKey

from gate.core.backoff import backoff_s
from gate.errors import (
    CertificateRefused,
    GateError,
    InputRejected,
    NetworkFault,
    StorageRefused,
)
from gate.platform.printable_text import printable
from gate.ports import Receipt
from gate.sync.heartbeat import Heartbeat
from gate.sync.link import Address, Down, Message, MqttConnection, Up, Will
from gate.sync.wire import (
    EVERY_GATES_EVENTS,
    EVERY_GATES_NOTES,
    OFFICE_STATE,
    Batch,
    Topics,
    decode_note,
    encode_note,
)
from office.audit.journal_lineage import ALARM, unannounced
from office.home import Home
from office.receiving.authorisation import Authorisation
from office.receiving.fair_queue import WAITING_MAX, FairQueue, sender_of
from office.receiving.gate_status import Watch
from office.receiving.guard_enrolments import GUARD_CONTROL, EnrolmentFiles
from office.receiving.guard_report import GUARD_REPORT, GuardReport
from office.receiving.last_words import goodbye
from office.receiving.own_heartbeat import OWN_HEARTBEAT, OwnHeartbeat
from office.receiving.refusals import Refusals
from office.store.database import OfficeStore, Stored

log = logging.getLogger(__name__)

_LOOK_S = 0.2
_RETRY_S = 1.0
_RETRY_MAX_S = 32.0
"""Between two attempts to connect: a random part of `_RETRY_S`, doubled for each failure."""
_SESSION_S = 7 * 86_400
"""How long the broker keeps batches for an office that is away."""

_TOO_MANY = f"more than {WAITING_MAX} of its messages wait; it sends them again"

AfterCommit = list[Callable[[], None]]
"""What is counted and told once the transaction stands: one that is taken back and repeated must
not count twice, nor raise an alarm of something that is not stored."""
Given = tuple[Topics, Receipt, bytes]


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
    watch: Watch = field(default_factory=Watch)
    refusals: Refusals = field(default_factory=Refusals)
    guard: GuardReport = field(default_factory=GuardReport)
    taken: Counter[str] = field(default_factory=Counter)
    """Batches, heartbeats, states and alerts that were believed, by gate."""
    deaf: int = 0
    """Connections given up because the office did not hear itself."""
    _enrolments: EnrolmentFiles = field(init=False)
    _receipts: dict[str, Receipt] = field(default_factory=dict)
    _unannounced: dict[str, list[str]] = field(default_factory=dict)
    _last_batch_s: float = field(default_factory=time.monotonic)
    _authorisation: Authorisation = field(init=False)

    def __post_init__(self) -> None:
        self._authorisation = Authorisation(self.home)
        self._enrolments = EnrolmentFiles(self.home)

    def run(self, stop: threading.Event) -> None:
        """CertificateRefused where the very first connection is refused; later faults are waited
        out. StorageDamaged, StorageBroken."""
        failures, ever = 0, False
        while not (stop.is_set() or self._idle()):
            stood = self._connection(stop)
            ever = ever or stood
            if isinstance(self.error, CertificateRefused) and not ever:
                raise self.error
            failures = 0 if stood else failures + 1
            if not (stop.is_set() or self._idle()):
                stop.wait(random.uniform(0, backoff_s(failures, _RETRY_S, _RETRY_MAX_S)))

    def _connection(self, stop: threading.Event) -> bool:
        """One connection to its end; whether it ever stood."""
        link_queue = FairQueue(lambda message: link.ack(message.mid) if message.mid else None)
        will = Will(OFFICE_STATE, encode_note(online=False))
        link = MqttConnection(self.address, link_queue.post, will, keep_session_s=_SESSION_S)
        link.open()
        own: OwnHeartbeat | None = None
        try:
            while not (stop.is_set() or self._idle()):
                event = link_queue.next(_LOOK_S)
                self._count_refused(link_queue)
                if isinstance(event, Down):
                    self._outage(event.error)
                    return own is not None
                if isinstance(event, Up):
                    own = OwnHeartbeat(uuid.uuid4().hex, time.monotonic())
                    self._enrolments.forget()
                    self._stand(link)
                    link.subscribe(OWN_HEARTBEAT, GUARD_REPORT)
                elif isinstance(event, list):
                    self._take(link, self._without_own(link, event, own))
                if own is None:
                    continue
                if own.is_deaf(time.monotonic()) and not link_queue.has_of("office"):
                    self._outage(self._deaf())
                    return True
                self._speak(link, own)
        except StorageRefused as e:
            self._outage(e)  # nothing was acknowledged: the broker sends it again
        finally:
            self.connected = False
            self._write_status()
            if own is not None:
                goodbye(link, link_queue, encode_note(online=False, at=_now()))
            link.leave()
        return own is not None

    def _speak(self, link: MqttConnection, own: OwnHeartbeat) -> None:
        """What the broker is told, and the office itself through it."""
        now_s = time.monotonic()
        for message in self._enrolments.changes(now_s):
            link.publish(GUARD_CONTROL, message)
        if own.due(now_s):
            link.publish(OWN_HEARTBEAT, own.say(now_s))

    def _without_own(
        self, link: MqttConnection, messages: list[Message], own: OwnHeartbeat | None
    ) -> list[Message]:
        """The gates' messages; what came from the broker and from the office itself is heard."""
        for message in messages:
            try:
                if message.topic == GUARD_REPORT:
                    self.guard.hear(message.payload, time.monotonic())
                elif message.topic == OWN_HEARTBEAT and own is not None:
                    own.hear(decode_note(message.payload), time.monotonic())
            except InputRejected as e:
                self._reject("note", message, e)
            if sender_of(message.topic) == "office" and message.mid:
                link.ack(message.mid)
        return [m for m in messages if sender_of(m.topic) != "office"]

    def _count_refused(self, link_queue: FairQueue) -> None:
        now_s = time.monotonic()
        for gate, count in link_queue.refused().items():
            self.refusals.add(printable(gate[:64]), _TOO_MANY, now_s, count)
            self.counts.rejected += count
        self.refusals.tell(now_s)
        self.guard.refusals.tell(now_s)

    def _deaf(self) -> NetworkFault:
        self.deaf += 1
        return NetworkFault(
            f"The broker {self.address.host}:{self.address.port} stands but carries nothing to us: "
            "connecting anew. Where this comes again, restart the broker.",
            f"服务器 {self.address.host}:{self.address.port} 已连接但收不到消息：正在重新连接；"
            "若反复出现，请重启消息服务器。",
            host=self.address.host,
            port=self.address.port,
            why="deaf",
        )

    def _stand(self, link: MqttConnection) -> None:
        back = "" if self.error is None else " again"
        log.info("Receiving at %s:%d%s.", self.address.host, self.address.port, back)
        self.connected, self.error = True, None
        link.subscribe(EVERY_GATES_EVENTS, *EVERY_GATES_NOTES)
        with self.store.transaction():
            known = [(Topics(exam, site, gate), e) for exam, site, gate, e in self.store.gates()]
            given = self._give_receipts(known)
            gates = {topics.gate for topics, _ in known}
            self._unannounced = {gate: unannounced(self.store, gate) for gate in gates}
        self._publish_receipts(link, given)
        # Behind the receipts: a gate that has none of this generation asks with one batch.
        here = encode_note(online=True, at=_now(), generation=self.generation)
        link.publish(OFFICE_STATE, here, retain=True)
        self._write_status()

    def _take(self, link: MqttConnection, messages: list[Message]) -> None:
        if not messages:  # the broker's and our own words alone
            self._write_status()
            return
        after: AfterCommit = []
        batches = [m for m in messages if m.topic.endswith("/ev")]
        if batches:
            self._last_batch_s = time.monotonic()
        taken = [found for m in batches if (found := self._checked(m, after)) is not None]
        now = _now()
        with self.store.transaction():
            for topics, batch in taken:
                stored = self.store.add(batch, exam=topics.exam, site=topics.site, now=now)
                after.append(partial(self._count, batch, stored))
            noted = [self._note(m, now, after) for m in messages if not m.topic.endswith("/ev")]
            asked = [*filter(None, noted), *((topics, b.epoch) for topics, b in taken)]
            given = self._give_receipts(asked)
        for message in messages:
            if message.mid:  # heartbeats come without
                link.ack(message.mid)
        self._publish_receipts(link, given)
        for tell in after:
            tell()
        self._write_status()

    def _checked(self, message: Message, after: AfterCommit) -> tuple[Topics, Batch] | None:
        """The batch, if it may be believed."""
        try:
            topics, _ = Topics.of(message.topic)
            return topics, self._authorisation.batch(message.payload, topics)
        except InputRejected as e:
            after.append(partial(self._reject, "batch", message, e))
            return None

    def _note(self, message: Message, now: str, after: AfterCommit) -> tuple[Topics, str] | None:
        """A heartbeat, a state or an alert; whose journal is owed a receipt. Within a
        transaction."""
        try:
            topics, part = Topics.of(message.topic)
            if part == "hb":
                return self._beat(topics, message.payload, now, after)
            if part in ("state", "alert"):
                said = self._authorisation.note(message.payload, topics, part)
                after.append(partial(self.watch.note, topics.gate, part, said, now))
                after.append(partial(self.taken.update, [topics.gate]))
        except InputRejected as e:
            after.append(partial(self._reject, "note", message, e))
        return None

    def _beat(
        self, topics: Topics, payload: bytes, now: str, after: AfterCommit
    ) -> tuple[Topics, str] | None:
        """A gate that goes by a higher mark than ours holds a receipt of before this database was
        set back, and has missed what was said of it: it is told again, however often that takes.
        One that goes by a lower mark sends again by itself. InputRejected."""
        beat = self._authorisation.heartbeat(payload, topics)
        after.append(partial(self.watch.beat, beat, now))
        after.append(partial(self.taken.update, [beat.gate]))
        if not self.store.add_claim(beat, payload, now):
            after.append(partial(self._count_claim, beat))
        is_set_back = beat.high > self.store.high(beat.gate, beat.epoch)
        return (topics, beat.epoch) if is_set_back else None

    def _count_claim(self, beat: Heartbeat) -> None:
        self.counts.conflicts += 1
        log.error(
            "ALARM: gate %s says that event %d of journal %s is another than the one received: a "
            "copied card or a forgery",
            beat.gate,
            beat.seq,
            beat.epoch,
        )

    def _reject(self, what: str, message: Message, error: InputRejected) -> None:
        gate = printable(sender_of(message.topic)[:64])
        self.refusals.add(gate, _reason(what, error), time.monotonic())
        self.counts.rejected += 1

    def _count(self, batch: Batch, stored: Stored) -> None:
        self.taken[batch.gate] += 1
        self.counts.batches += 1
        self.counts.events += stored.new
        self._alarm(batch, stored)
        self._tell_beginning(batch)

    def _alarm(self, batch: Batch, stored: Stored) -> None:
        for seq in stored.conflicts:
            self.counts.conflicts += 1
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

    def _tell_beginning(self, batch: Batch) -> None:
        """A unit that gave its journal up for a new one says so in the first event; one that does
        not, though the office knows a journal of it, was wiped or copied."""
        before = batch.events[0].get("previous_epoch") if batch.first == 1 else None
        if batch.first == 1 and before is None:
            self._unannounced[batch.gate] = unannounced(self.store, batch.gate)
        if batch.first == 1 and batch.epoch in self._unannounced.get(batch.gate, ()):
            log.error("ALARM: journal %s of gate %s %s", batch.epoch, batch.gate, ALARM)
        if before is not None:
            log.error(
                "ALARM: gate %s goes on in journal %s, having given up %s: exam-office verify says "
                "what is lost",
                batch.gate,
                batch.epoch,
                str(before)[:40],
            )

    def _give_receipts(self, asked: Iterable[tuple[Topics, str]]) -> list[Given]:
        """Signed, and kept in the same transaction as what they speak of; one for each gate."""
        given = []
        for topics, epoch in {topics.gate: (topics, epoch) for topics, epoch in asked}.values():
            receipt, payload = self.store.give_receipt(
                topics.gate, epoch, generation=self.generation, now=_now(), key=self.signing
            )
            given.append((topics, receipt, payload))
        return given

    def _publish_receipts(self, link: MqttConnection, given: list[Given]) -> None:
        """Behind the commit."""
        for topics, receipt, payload in given:
            self._receipts[topics.gate] = receipt
            link.publish(topics.rcpt, payload, retain=True)

    def _idle(self) -> bool:
        return self.idle_s is not None and time.monotonic() - self._last_batch_s > self.idle_s

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

    def status(self) -> dict[str, object]:
        return {
            "connected": self.connected,
            "generation": self.generation,
            "batches": self.counts.batches,
            "events": self.counts.events,
            "rejected": self.counts.rejected,
            "refused": self.refusals.by_gate(),
            "taken": dict(self.taken),
            "broker_refused": self.guard.by_name(),
            "deaf": self.deaf,
            "conflicts": self.counts.conflicts,
            "last_error": self.error.en if self.error else None,
            "gates": {
                gate: {"epoch": r.epoch, "high": r.high, "head": r.head, "missing": r.missing}
                | self.watch.seen(gate)
                | {"unannounced": self._unannounced.get(gate, [])}
                for gate, r in self._receipts.items()
            },
        }


def _reason(what: str, error: InputRejected) -> str:
    """Without what differs from message to message: a flood of garbage has few reasons."""
    return printable(f"{what}: {error.en.partition(':')[0].rstrip('.')}"[:160])


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
