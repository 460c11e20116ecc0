"""Batches in, signed receipts out. A receipt is published only after the commit behind it."""

import logging
import random
import threading
import time
import uuid
from dataclasses import InitVar, dataclass, field
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
from gate.ports import Receipt
from gate.sync.link import Address, Down, Message, MqttConnection, Subscribed, Up, Will
from gate.sync.link_faults import taken_over
from gate.sync.wire import (
    EVERY_GATES_EVENTS,
    EVERY_GATES_NOTES,
    OFFICE_STATE,
    decode_note,
    encode_note,
)
from office.home import Home
from office.receiving import wall_clock
from office.receiving.believed import Given
from office.receiving.command_outbox import CommandOutbox
from office.receiving.configuration_announcer import ConfigurationAnnouncer
from office.receiving.counts import Counts
from office.receiving.database_outage import DatabaseOutage
from office.receiving.fair_queue import AT_ONCE, WAITING_MAX, FairQueue, sender_of
from office.receiving.gate_status import Watch
from office.receiving.guard_enrolments import GUARD_CONTROL, EnrolmentFiles
from office.receiving.guard_report import GUARD_REPORT, GuardReport
from office.receiving.journal_alarms import AfterCommit
from office.receiving.last_words import goodbye
from office.receiving.message_intake import MessageIntake, is_batch
from office.receiving.own_heartbeat import OWN_HEARTBEAT, OwnHeartbeat
from office.receiving.roster_announcer import RosterAnnouncer
from office.receiving.status_file import StatusFile
from office.receiving.takeovers import Takeovers
from office.receiving.worker_events import Died, WorkerEvent
from office.receiving.worker_pool import WorkerPool
from office.store.database import OfficeStore
from office.store.opening import begin_generation

log = logging.getLogger(__name__)

_LOOK_S = 0.2
_RETRY_S = 1.0
_RETRY_MAX_S = 32.0
"""Between two attempts to connect: a random part of `_RETRY_S`, doubled for each failure."""
_SESSION_S = 7 * 86_400
"""How long the broker keeps batches for an office that is away."""

_TOO_MANY = f"more than {WAITING_MAX} of its messages wait; it sends them again"


@dataclass(slots=True)
class Receiver:
    """The office's end. `run` returns when `stop` is set, or when nothing has come for `idle_s`.

    Owns the store; every gate is known by its enrolment in `home`. A bad batch is told in one line
    and counted; it never ends the program.
    """

    home: Home
    store: OfficeStore
    address: Address
    begun: InitVar[int]
    """The generation that this run begins with."""
    signing: SigningKey
    status_file: InitVar[Path | None] = None
    idle_s: float | None = None
    connected: bool = False
    """Whether what gates say reaches us: the broker has answered our subscription."""
    error: GateError | None = None
    watch: Watch = field(default_factory=Watch)
    guard: GuardReport = field(default_factory=GuardReport)
    deaf: int = 0
    """Connections given up because the office did not hear itself."""
    intake: MessageIntake = field(init=False)
    outage: DatabaseOutage = field(default_factory=DatabaseOutage)
    pool: WorkerPool | None = None
    """Processes that verify and store; None: all is done here."""
    takeovers: Takeovers = field(default_factory=lambda: Takeovers(uuid.uuid4().hex))
    commands: CommandOutbox = field(init=False)
    announcer: RosterAnnouncer = field(init=False)
    configurations: ConfigurationAnnouncer = field(init=False)
    _enrolments: EnrolmentFiles = field(init=False)
    _status: StatusFile = field(init=False)
    _receipts: dict[str, Receipt] = field(default_factory=dict)
    _last_batch_s: float = field(default_factory=time.monotonic)

    def __post_init__(self, begun: int, status_file: Path | None) -> None:
        self._status = StatusFile(status_file)
        self.intake = MessageIntake(self.home, self.store, begun, self.signing, self.watch)
        self._enrolments = EnrolmentFiles(self.home)
        self.commands = CommandOutbox(self.home, self.store)
        self.announcer = RosterAnnouncer(self.home)
        self.configurations = ConfigurationAnnouncer(self.home, self.store, self.signing)

    @property
    def generation(self) -> int:
        """The generation of the database."""
        return self.intake.generation

    @property
    def counts(self) -> Counts:
        """The counts since the start."""
        return self.intake.counts

    def run(self, stop: threading.Event) -> None:
        """CertificateRefused where the very first connection is refused; later faults are waited
        out. SessionTakenOver where another office was there first and keeps coming back.
        StorageDamaged, StorageBroken."""
        failures, ever = 0, False
        while not (stop.is_set() or self._idle()):
            stood = self._connection(stop)
            ever = ever or stood
            if isinstance(self.error, CertificateRefused) and not ever:
                raise self.error
            if self.takeovers.gives_way:
                raise taken_over(self.address, self.address.name)
            failures = self.takeovers.in_row if stood else failures + 1
            if not (stop.is_set() or self._idle()):
                stop.wait(random.uniform(0, backoff_s(failures, _RETRY_S, _RETRY_MAX_S)))

    def _connection(self, stop: threading.Event) -> bool:
        """One connection to its end; whether it ever stood."""
        link_queue = FairQueue(lambda message: link.ack(message.mid) if message.mid else None)
        will = Will(OFFICE_STATE, self._state(online=False))
        link = MqttConnection(self.address, link_queue.post, will, _SESSION_S, AT_ONCE)
        if self.pool is not None:
            self.pool.use(link_queue.post)
        link.open()
        own: OwnHeartbeat | None = None
        subscription = 0
        try:
            while not (stop.is_set() or self._idle() or self.takeovers.gives_way):
                event = link_queue.next(_LOOK_S, messages=self.pool is None or self.pool.has_room)
                self._count_refused(link_queue)
                self._status.write_changed(self.status, time.monotonic())
                if isinstance(event, Down):
                    self._outage(event.error)
                    return own is not None
                if isinstance(event, Up):
                    own = OwnHeartbeat(uuid.uuid4().hex, time.monotonic())
                    self._enrolments.forget()
                    self.commands.forget()
                    self.announcer.forget()
                    self.configurations.forget()
                    subscription = self._stand(link)
                elif isinstance(event, Subscribed) and event.mid == subscription:
                    self._hears()
                elif isinstance(event, list):
                    self._take(link, self._without_own(link, event, own))
                elif isinstance(event, WorkerEvent):
                    self._hear_worker(link, event)
                if own is None:
                    continue
                if own.is_deaf(time.monotonic()) and not link_queue.has_of("office"):
                    self._outage(self._deaf())
                    return True
                self._speak(link, own)
        except StorageRefused as e:
            self._outage(e)  # nothing was acknowledged: the broker sends it again
        finally:
            stood_s = 0.0 if own is None else time.monotonic() - own.began_s
            self.takeovers.note_end(self.error, stood_s)
            self.connected = False
            self._write_status()
            if own is not None:
                goodbye(link, link_queue, self._state(online=False, at=wall_clock.now()))
            link.leave()
        return own is not None

    def _speak(self, link: MqttConnection, own: OwnHeartbeat) -> None:
        """What the broker is told, and the office itself through it."""
        now_s = time.monotonic()
        for message in self._enrolments.changes(now_s):
            link.publish(GUARD_CONTROL, message)
        for gate in self.intake.back:
            self.commands.is_back(gate)
        self.intake.back.clear()
        for topic, payload in self.commands.due(now_s):
            link.publish(topic, payload)
        for topic, payload in (*self.announcer.due(now_s), *self.configurations.due(now_s)):
            link.publish(topic, payload, retain=True)
        if own.due(now_s):
            link.publish(OWN_HEARTBEAT, own.say(now_s))

    def _without_own(
        self, link: MqttConnection, messages: list[Message], own: OwnHeartbeat | None
    ) -> list[Message]:
        """The gates' messages; what came from the broker and from the office itself is heard."""
        for message in messages:
            try:
                if message.topic == OFFICE_STATE and message.retained:
                    self._hear_kept_state(decode_note(message.payload).get("process"))
                elif message.topic == GUARD_REPORT:
                    self.guard.hear(message.payload, time.monotonic())
                elif message.topic == OWN_HEARTBEAT and own is not None:
                    own.hear(decode_note(message.payload), time.monotonic())
            except InputRejected as e:
                self.counts.reject("note", message, e)
            if sender_of(message.topic) == "office" and message.mid:
                link.ack(message.mid)
        return [m for m in messages if sender_of(m.topic) != "office"]

    def _hear_kept_state(self, process: object) -> None:
        """Whose state the broker had kept when we connected: ours, or another office's."""
        if self.takeovers.found(process):
            log.error("ALARM: %s", taken_over(self.address, self.address.name))

    def _state(self, **said: object) -> bytes:
        return encode_note(process=self.takeovers.process, **said)

    def _count_refused(self, link_queue: FairQueue) -> None:
        for gate, count in link_queue.refused().items():
            self.counts.reject_many(gate, _TOO_MANY, count)
        now_s = time.monotonic()
        self.counts.refusals.tell(now_s)
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

    def _hears(self) -> None:
        """The broker hands on what gates say, from now."""
        back = "" if self.error is None else " again"
        log.info("Receiving at %s:%d%s.", self.address.host, self.address.port, back)
        self.connected, self.error = True, None
        self._write_status()

    def _stand(self, link: MqttConnection) -> int:
        """The `mid` of the subscription."""
        subscription = link.subscribe(
            OFFICE_STATE, EVERY_GATES_EVENTS, *EVERY_GATES_NOTES, OWN_HEARTBEAT, GUARD_REPORT
        )
        self._announce(link)
        self._write_status()
        return subscription

    def _announce(self, link: MqttConnection) -> None:
        """To every gate: its receipt, and which generation speaks."""
        self.outage.end(self.store, wall_clock.now())
        self._look_for_older_database()
        given = self.intake.begin()
        self._publish_receipts(link, given)
        # Behind the receipts: a gate that has none of this generation asks with one batch.
        here = self._state(online=True, at=wall_clock.now(), generation=self.generation)
        link.publish(OFFICE_STATE, here, retain=True)

    def _look_for_older_database(self) -> None:
        """Somebody may have restored a backup while the database was away. StorageRefused."""
        there = self.store.generation()
        if there is not None and there < self.generation:
            before = self.generation
            self.intake.generation = begin_generation(
                self.home, self.store, wall_clock.now_ms(), above=before
            )
            log.error(
                "ALARM: the database is an older one (generation %d, not %d): generation %d "
                "begins; every gate sends again what is missing. 数据库为较旧备份，闸机将补发",
                there,
                before,
                self.generation,
            )

    def _take(self, link: MqttConnection, messages: list[Message]) -> None:
        if not messages:  # the broker's and our own words alone
            self._status.changed()
            return
        if any(map(is_batch, messages)):
            self._last_batch_s = time.monotonic()
        if self.pool is not None:
            self.pool.give(messages, self.generation)
            return
        given, after = self.intake.take(messages)
        self._answer(link, messages, given, after)

    def _hear_worker(self, link: MqttConnection, event: WorkerEvent) -> None:
        """A worker's answer, or its end. The error that it could not store by."""
        assert self.pool is not None
        if isinstance(event, Died):
            self.pool.replace(event)
            return
        job, done = event.job, event.done
        if done.error is not None:
            raise done.error
        self.intake.note_worker(done)
        self._answer(link, job.messages, done.given, [])

    def _answer(
        self, link: MqttConnection, messages: list[Message], given: list[Given], after: AfterCommit
    ) -> None:
        """Behind the commit."""
        for message in messages:
            if message.mid:  # heartbeats come without
                link.ack(message.mid)
        self._publish_receipts(link, given)
        for tell in after:
            tell()
        if self.intake.forgotten >= self.generation:
            self._begin_generation(link)
        self._status.changed()

    def _begin_generation(self, link: MqttConnection) -> None:
        """StorageRefused."""
        before, shown = self.generation, self.intake.forgotten
        self.intake.generation = begin_generation(
            self.home, self.store, wall_clock.now_ms(), above=shown
        )
        log.error(
            "ALARM: a gate holds a receipt of generation %d that this office, generation %d, has "
            "signed and knows nothing of: its folder is an older copy, or was restored from a "
            "backup. Generation %d begins; every gate sends again what is missing here. "
            "本机数据为旧副本或由备份恢复，闸机将重新发送缺失的记录",
            shown,
            before,
            self.generation,
        )
        self._announce(link)

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
        self.outage.note(error, wall_clock.now())
        self.error = error

    def _write_status(self) -> None:
        """At once: the connection has changed."""
        self._status.write(self.status, time.monotonic())

    def status(self) -> dict[str, object]:
        """The state of the receiver, ready for JSON."""
        return {
            "connected": self.connected,
            "generation": self.generation,
            "batches": self.counts.batches,
            "events": self.counts.events,
            "rejected": self.counts.rejected,
            "refused": self.counts.refusals.by_gate(),
            "taken": dict(self.counts.taken),
            "broker_refused": self.guard.by_name(),
            "deaf": self.deaf,
            "taken_over": self.takeovers.total,
            "conflicts": self.counts.conflicts,
            "database_away_since": self.outage.since,
            "last_error": self.error.en if self.error else None,
            "gates": {
                gate: {"epoch": r.epoch, "high": r.high, "head": r.head, "missing": r.missing}
                | self.watch.seen(gate)
                | {"unannounced": self.intake.alarms.unannounced(gate)}
                for gate, r in self._receipts.items()
            },
        }
