"""One connection of a gate: what is sent, and what is believed of what is heard."""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Callable

from gate.errors import InputRejected, Refused, StorageRefused
from gate.sync import batch_size, outbox
from gate.sync.command_exchange import CommandExchange
from gate.sync.heartbeat import Heartbeat, encode_heartbeat
from gate.sync.link import Acked, Down, LinkEvent, Message, MqttConnection, Up, Will
from gate.sync.link_faults import PACKET_TOO_LARGE, TOO_LARGE_ENDS
from gate.sync.mirror import Mirror
from gate.sync.receipts import ABOVE, FORK, GENERATION, OLDER, accept
from gate.sync.uplink_state import UplinkState
from gate.sync.wire import OFFICE_STATE, Topics, decode_note, encode_batch, encode_note

log = logging.getLogger(__name__)

_HEARTBEAT_SPREAD = (2 / 3, 4 / 3)
"""Of the mean between two, least and most: a fleet that began together must not beat together."""
_POLL_S = 1.0
_GOODBYE_S = 2.0
_TOLD_MAX = 50


class Session:
    """One connection of `uplink` under `topics`, until it is down or `exam` is another."""

    def __init__(self, uplink: UplinkState, topics: Topics, exam: Callable[[], str | None]) -> None:
        self._uplink = uplink
        self._topics = topics
        self._exam = exam
        self._name = secrets.token_hex(8)
        self._loop = asyncio.get_running_loop()
        self._link_queue: asyncio.Queue[LinkEvent | None] = asyncio.Queue()
        self._window = outbox.begin(uplink.journal.head.seq, uplink.receipt, uplink.tried)
        self._heartbeat_at = 0.0
        self._beaten, self._roster = 0, None
        self._stood = False
        self._told: set[str] = set()
        self._journal_told: frozenset[str] = frozenset()
        self._batches: dict[int, int] = {}
        """How many events each batch has that the broker has not answered, by `mid`."""
        self._others: dict[int, tuple[str, bytes]] = {}
        """Topic and payload of every other message that the broker has not answered, by `mid`."""
        self._mirror = Mirror(topics, uplink.journal.head.seq)
        self._commands = CommandExchange(uplink, topics, self._name, self._publish)
        self._shows_receipt = False
        self._hears_site = False
        will = Will(topics.state, self._state("lost"))
        self._link = MqttConnection(uplink.address, self._post, will)

    async def run(self) -> bool:
        """Until the link is down or the exam has changed; whether it ever stood."""
        self._link.open()
        watching = asyncio.create_task(self._watch_journal(), name="uplink-journal")
        try:
            await self._converse()
        finally:
            watching.cancel()
            await asyncio.wait({watching})
            self._uplink.connected = False
            self._uplink.office = None
            self._uplink.tried = outbox.tried_so_far(self._window)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_GOODBYE_S):
                    await self._goodbye()
        return self._stood

    async def _converse(self) -> None:
        while self._exam() == self._topics.exam:
            await self._hear_stick()
            event = await self._next_event()
            if isinstance(event, Down):
                if event.error is not None:
                    if self._batches and event.error.facts.get("code") in TOO_LARGE_ENDS:
                        self._note_too_large(max(self._batches.values()))
                    self._uplink.outage(event.error)
                return
            await self._handle(event)
            if self._stood:
                self._tell_of_journal()
                self._window = outbox.note_time(self._window, self._loop.time())
                self._window = outbox.note_asked(self._window, self._commands.asked())
                await self._send_all()
                self._tell_site()
                self._commands.tell()
                await self._show_mirror()
                await self._beat()

    async def _next_event(self) -> LinkEvent | None:
        """None after a second without any, when collected events are due, and when the journal has
        grown."""
        flush_s = self._window.flush_at_s - self._loop.time()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(flush_s if 0 < flush_s < _POLL_S else _POLL_S):
                return await self._link_queue.get()
        return None

    async def _handle(self, event: LinkEvent | None) -> None:
        if isinstance(event, Up):
            self._stand()
        elif isinstance(event, Acked):
            self._hear_ack(event)
        elif isinstance(event, Message):
            try:
                await self._hear(event)
            except (InputRejected, StorageRefused) as e:
                self._tell(str(e))

    def _hear_ack(self, acked: Acked) -> None:
        """What is refused stays in the journal.

        A batch without a receipt goes again, each time later (gate/sync/outbox.py). It goes in
        smaller pieces where it was too large.
        """
        events = self._batches.pop(acked.mid, 0)
        topic, _ = self._others.pop(acked.mid, (self._topics.ev, b""))
        if acked.refused is None:
            return
        part = Topics.of(topic)[1]
        self._uplink.refused_topics[part] += 1
        said = f"The broker refuses a message of ours ({part}): {acked.refused} ({acked.code})."
        if events:
            self._uplink.broker_refused[str(acked.code)] += 1
            if acked.code == PACKET_TOO_LARGE:
                self._note_too_large(events)
        if self._tell(said) and events:
            self._alert("broker-refused", str(acked.code), said)

    def _note_too_large(self, events: int) -> None:
        now_s = self._loop.time()
        self._uplink.batch_size = batch_size.halved(self._uplink.batch_size, events, now_s)

    def _stand(self) -> None:
        if self._uplink.error is not None:
            log.info("The broker is back.")
        self._stood = self._uplink.connected = True
        self._uplink.error = None
        own = self._topics
        self._link.subscribe(own.rcpt, own.cmd, own.cfg, own.rosters, OFFICE_STATE)
        self._publish(self._topics.state, self._state("ready"), retain=True)

    async def _hear(self, message: Message) -> None:
        if message.topic == OFFICE_STATE:
            note = decode_note(message.payload)
            self._uplink.office = "online" if note.get("online") else "offline"
            self._window = outbox.note_office(
                self._window,
                self._uplink.office == "online",
                just_now=not message.retained,
                strange=self._is_newer(note.get("generation")),
            )
        elif self._uplink.site is not None and message.topic.endswith("/in"):
            self._uplink.site.hear(
                Topics.of(message.topic)[0].gate, message.payload, self._loop.time()
            )
        elif message.topic.endswith("/roster"):
            if self._uplink.take_notice is not None:
                self._uplink.take_notice(message.payload)
        elif message.topic in (self._topics.cmd, self._topics.cfg):
            hear = self._commands.hear
            if message.topic == self._topics.cfg:
                if not message.payload:  # taken back: what is in force stays
                    return
                hear = self._commands.hear_desired
            try:
                hear(message.payload)
            except InputRejected as e:
                if self._tell(str(e)):
                    self._alert("command-refused", "signature", str(e))
        elif message.topic == self._topics.rcpt:
            await self._hear_receipt(message.payload)
            if not message.retained:
                self._window = outbox.note_alive(self._window)

    async def _hear_stick(self) -> None:
        payload = self._uplink.from_stick()
        if payload is None:
            return
        try:
            await self._hear_receipt(payload)
        except StorageRefused as e:  # later
            self._tell(str(e))
        else:
            self._uplink.stick_done()

    async def _hear_receipt(self, payload: bytes) -> None:
        uplink = self._uplink
        try:
            receipt = await accept(
                payload,
                gate=self._topics.gate,
                office_public=uplink.office_public,
                journal=uplink.journal,
            )
        except InputRejected as e:
            self._refuse(e)
            return
        self._shows_receipt = False
        uplink.note_office_time(receipt)
        self._window = outbox.note_receipt(self._window, uplink.receipt, receipt)
        uplink.receipt = receipt
        await uplink.journal.keep_receipt(receipt)

    def _refuse(self, error: InputRejected) -> None:
        """Told to the log, the status and the office; nothing else follows from it. Sending goes
        on: what the office stores it never replaces, so no event of ours can do harm there."""
        why = error.facts.get("why", "signature" if isinstance(error, Refused) else "form")
        self._uplink.refused[str(why)] += 1
        if why in (GENERATION, OLDER):
            self._show_receipt()
        if why == OLDER:  # a broker that lost its memory may repeat one
            log.info("%s", error)
            return
        if why in (FORK, ABOVE) and self._uplink.alarm is None:
            self._uplink.alarm = (
                f"{error} Two journals of this unit are about: a copied card, one that was set "
                "back to an earlier state, or a forgery. Tell the office."
            )
            log.error("ALARM: %s", self._uplink.alarm)
        if why in (FORK, ABOVE):
            self._window = outbox.note_fork(self._window)
        if self._tell(str(error)):
            self._alert("receipt-refused", str(why), str(error))

    def _tell_of_journal(self) -> None:
        """An alert for each warning when it begins, and once in a connection while it lasts."""
        now = self._uplink.journal.warnings
        for why in sorted(now.keys() - self._journal_told):
            self._alert("journal", why, now[why])
        self._journal_told = frozenset(now)

    def _tell_site(self) -> None:
        """What the other gates of the site are to know, and doubles that were found."""
        site = self._uplink.site
        if site is None or not site.peers:
            return
        if not self._hears_site:
            self._hears_site = True
            self._link.subscribe(self._topics.site_entries)
            site.connected()
        for payload, retain in site.outgoing(self._loop.time()):
            self._publish(self._topics.entries, payload, retain=retain)
        while site.alerts:
            double = site.alerts.popleft()
            other, receipt = double.other_gate, self._uplink.receipt
            if receipt is None or not double.is_told(receipt.epoch, receipt.high):
                self._alert("double", other, f"entered here and at {other}: {double.who}")

    def _alert(self, what: str, why: str, detail: str) -> None:
        head = self._uplink.journal.head
        note = encode_note(
            gate=self._topics.gate,
            session=self._name,
            epoch=head.epoch,
            seq=head.seq,
            alert=what,
            why=why,
            detail=detail[:200],
        )
        self._publish(self._topics.alert, note)

    def _publish(self, topic: str, payload: bytes, *, retain: bool = False) -> int:
        """Any message but a batch, QoS 1. Its PUBACK is looked at like a batch's."""
        mid = self._link.publish(topic, payload, retain=retain)
        self._others[mid] = topic, payload
        return mid

    def _is_newer(self, generation: object) -> bool:
        """Whether the office's database is another than the one of our last receipt."""
        known = self._uplink.receipt
        return isinstance(generation, int) and known is not None and generation > known.generation

    def _show_receipt(self) -> None:
        """The next heartbeat goes at once and shows the receipt as the office signed it.

        The office's whole folder may have been restored, and all that it knew of this receipt is
        lost.
        """
        if not self._shows_receipt:
            self._shows_receipt, self._heartbeat_at = True, 0.0

    async def _send_all(self) -> None:
        journal = self._uplink.journal
        while part := outbox.next_slice(
            journal.head.seq, self._uplink.receipt, self._window, self._loop.time()
        ):
            if not self._uplink.pace.may_send(self._loop.time()):
                return  # the next look, a moment later, goes on
            self._uplink.batch_size = batch_size.grown(self._uplink.batch_size, self._loop.time())
            wanted = min(part.last - part.first + 1, self._uplink.batch_size.most)
            try:
                events = await journal.read(part.first, wanted)
            except StorageRefused as e:
                self._tell(str(e))
                return
            payload, count = encode_batch(events, hist=part.hist, key=self._uplink.signing)
            sent = outbox.Slice(part.first, part.first + count - 1, part.hist)
            self._batches[self._link.publish(self._topics.ev, payload)] = count
            self._uplink.pace.note_sent(len(payload))
            self._window = outbox.note_sent(self._window, sent, self._loop.time())

    async def _show_mirror(self) -> None:
        is_on = self._uplink.configuration.mirror
        try:
            for payload in await self._mirror.fresh(self._uplink.journal, is_on=is_on):
                self._link.publish(self._topics.mirror, payload, qos=0)
        except StorageRefused as e:
            self._tell(str(e))

    async def _beat(self) -> None:
        now = self._loop.time()
        if now < self._heartbeat_at and not self._has_news():
            return
        mean_s = self._uplink.configuration.heartbeat_s
        self._heartbeat_at = now + mean_s * self._uplink.chance.uniform(*_HEARTBEAT_SPREAD)
        head = self._uplink.journal.head
        beat = Heartbeat(
            self._topics.gate,
            head.epoch,
            head.seq,
            head.hash,
            self._uplink.receipted,
            self._name,
            await self._oldest_unsent_at(head.seq),
            self._uplink.vitals(),
            receipt=self._shown_receipt(),
        )
        self._link.publish(self._topics.hb, encode_heartbeat(beat, self._uplink.signing), qos=0)

    def _has_news(self) -> bool:
        """Whether another roster is here than the last heartbeat said: the office waits for that.
        Every change of it is journaled, so nothing is asked while the journal stands still."""
        head = self._uplink.journal.head
        if head.seq == self._beaten:
            return False
        self._beaten = head.seq
        before, self._roster = self._roster, self._uplink.vitals().get("roster")
        return before != self._roster

    def _shown_receipt(self) -> str | None:
        known = self._uplink.receipt if self._shows_receipt else None
        return known.given or None if known is not None else None

    async def _oldest_unsent_at(self, head: int) -> str | None:
        wanted = outbox.unstored(head, self._uplink.receipt)
        if not wanted:
            return None
        try:
            (event,) = await self._uplink.journal.read(wanted[0][0], 1)
        except StorageRefused:
            return None
        return str(event["at"])

    async def _goodbye(self) -> None:
        said = None
        if self._stood:
            self._window = outbox.note_leaving(self._window)
            await self._send_all()
            self._commands.tell()
            said = self._publish(self._topics.state, self._state("closed"), retain=True)
        while said is not None:
            event = await self._link_queue.get()
            if isinstance(event, Down) or (isinstance(event, Acked) and event.mid == said):
                break
        self._link.leave()

    def _state(self, state: str) -> bytes:
        """How far the journal goes stands in it too; not in the will, which is said later."""
        head = self._uplink.journal.head
        far = {"epoch": head.epoch, "seq": head.seq, "head": head.hash} if state != "lost" else {}
        return encode_note(gate=self._topics.gate, session=self._name, state=state, **far)

    def _tell(self, sentence: str) -> bool:
        """Once in a connection; whether it was new. A peer that sends nonsense fills no log."""
        if sentence in self._told or len(self._told) >= _TOLD_MAX:
            return False
        self._told.add(sentence)
        log.warning("%s", sentence)
        return True

    def _post(self, event: LinkEvent) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is left to tell
            self._loop.call_soon_threadsafe(self._link_queue.put_nowait, event)

    async def _watch_journal(self) -> None:
        while True:
            await self._uplink.journal.beyond(self._uplink.journal.head.seq)
            self._window = outbox.note_grown(self._window, self._loop.time())
            self._link_queue.put_nowait(None)
