"""The gate's end of the wire: sends what the journal holds until the office has receipted it."""

import asyncio
import contextlib
import logging
import random
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from nacl.signing import SigningKey

from gate.errors import GateError, InputRejected, StorageRefused
from gate.ports import Journal, Receipt
from gate.sync import outbox
from gate.sync.link import Acked, Address, Down, Link, LinkEvent, Message, Up, Will
from gate.sync.receipts import accept
from gate.sync.wire import OFFICE_STATE, Topics, decode_note, encode_batch, encode_note

log = logging.getLogger(__name__)

_HEARTBEAT_S = 30.0
_POLL_S = 1.0
_RETRY_S, _RETRY_MAX_S = 1.0, 30.0
_GOODBYE_S = 2.0


class MqttUplink:
    """Obeys `gate.ports.Uplink`. `signing`: Ed25519 seed, 32 bytes; `office_public`: the key that
    receipts are signed with. `exam`: the exam of the installed roster, None while there is none;
    when it changes, sending goes on under the new topic.

    `status` besides the port's keys: `error_kind` (class of `last_error`), `office` (`online`,
    `offline` or None). A PUBACK proves nothing: only receipts advance.
    """

    def __init__(
        self, *, host: str, port: int, ca: Path, certificate: Path, key: Path, gate: str, site: str,
        exam: Callable[[], str | None], journal: Journal, signing: bytes, office_public: bytes,
    ) -> None:  # fmt: skip
        self._address = Address(host, port, ca, certificate, key, name=gate)
        self._site = site
        self._exam = exam
        self._journal = journal
        self._signing = SigningKey(signing)
        self._office_public = office_public
        self._receipt: Receipt | None = None
        self._connected = False
        self._at_work = False
        self._office: str | None = None
        self._error: GateError | None = None

    @property
    def status(self) -> Mapping[str, Any]:
        return {
            "connected": self._connected,
            "unsent": self._unsent(),
            "receipted": self._receipt.high if self._receipt else 0,
            "last_error": self._error.en if self._error else None,
            "error_kind": type(self._error).__name__ if self._error else None,
            "office": self._office,
        }

    def _unsent(self) -> int | None:
        """None before and after the work: the journal may not be open then, staff may ask all the
        same."""
        if not self._at_work:
            return None
        return outbox.backlog(self._journal.head.seq, self._receipt)

    async def run(self) -> None:
        """Until cancelled; then the goodbye takes at most two seconds. StorageBroken."""
        self._receipt = await self._journal.receipt()
        self._at_work = True
        try:
            await self._work()
        finally:
            self._at_work = False

    async def _work(self) -> None:
        failures = 0
        while True:
            exam = self._exam()
            if exam is None:
                await asyncio.sleep(_POLL_S)
                continue
            if await _Session(self, Topics(exam, self._site, self._address.name)).run():
                failures = 0
            # full jitter: gates that lost one broker together must not come back together
            await asyncio.sleep(random.uniform(0, min(_RETRY_MAX_S, _RETRY_S * 2**failures)))
            failures = min(failures + 1, 10)

    def _outage(self, error: GateError) -> None:
        """Told once for each kind of error in an outage."""
        if type(self._error) is not type(error):
            log.warning("%s", error)
        self._error = error


class _Session:
    """One connection of `up` under `topics`."""

    def __init__(self, up: MqttUplink, topics: Topics) -> None:
        self._up = up
        self._topics = topics
        self._name = secrets.token_hex(8)
        self._loop = asyncio.get_running_loop()
        self._news: asyncio.Queue[LinkEvent | None] = asyncio.Queue()
        self._window = outbox.Window(live_from=up._journal.head.seq + 1)
        self._heartbeat_at = 0.0
        self._stood = False
        self._told: set[str] = set()
        will = Will(topics.state, self._state("lost"))
        self._link = Link(up._address, self._post, will)

    async def run(self) -> bool:
        """Until the link is down or the exam has changed; whether it ever stood."""
        self._link.open()
        watching = asyncio.create_task(self._watch_journal(), name="uplink-journal")
        try:
            await self._converse()
        finally:
            watching.cancel()
            self._up._connected = False
            self._up._office = None
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_GOODBYE_S):
                    await self._goodbye()
        return self._stood

    async def _converse(self) -> None:
        while self._up._exam() == self._topics.exam:
            event = await self._next_event()
            if isinstance(event, Down):
                if event.error is not None:
                    self._up._outage(event.error)
                return
            await self._handle(event)
            if self._stood:
                self._window = outbox.note_time(self._window, self._loop.time())
                await self._send_all()
                self._beat()

    async def _next_event(self) -> LinkEvent | None:
        """None after a second without any, and when the journal has grown."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_POLL_S):
                return await self._news.get()
        return None

    async def _handle(self, event: LinkEvent | None) -> None:
        if isinstance(event, Up):
            self._stand()
        elif isinstance(event, Acked) and event.refused is not None:
            self._tell(f"The broker refuses a message of ours: {event.refused}.")
        elif isinstance(event, Message):
            try:
                await self._hear(event)
            except (InputRejected, StorageRefused) as e:
                self._tell(str(e))

    def _stand(self) -> None:
        if self._up._error is not None:
            log.info("The broker is back.")
        self._stood = self._up._connected = True
        self._up._error = None
        self._link.subscribe(self._topics.rcpt, OFFICE_STATE)
        self._link.publish(self._topics.state, self._state("ready"), retain=True)

    async def _hear(self, message: Message) -> None:
        up = self._up
        if message.topic == OFFICE_STATE:
            note = decode_note(message.payload)
            up._office = "online" if note.get("online") else "offline"
            self._window = outbox.note_office(
                self._window, up._office == "online",
                just_now=not message.retained, strange=self._is_newer(note.get("generation")),
            )  # fmt: skip
        elif message.topic == self._topics.rcpt:
            receipt = await accept(
                message.payload,
                gate=self._topics.gate, office_public=up._office_public, journal=up._journal,
            )  # fmt: skip
            if receipt is not None:
                self._window = outbox.note_receipt(self._window, up._receipt, receipt)
                up._receipt = receipt
                await up._journal.keep_receipt(receipt)

    def _is_newer(self, generation: object) -> bool:
        """Whether the office's database is another than the one of our last receipt."""
        known = self._up._receipt
        return isinstance(generation, int) and known is not None and generation > known.generation

    async def _send_all(self) -> None:
        journal = self._up._journal
        while part := outbox.next_slice(journal.head.seq, self._up._receipt, self._window):
            try:
                events = await journal.read(part.first, part.last - part.first + 1)
            except StorageRefused as e:
                self._tell(str(e))
                return
            payload, count = encode_batch(events, hist=part.hist, key=self._up._signing)
            sent = outbox.Slice(part.first, part.first + count - 1, part.hist)
            self._link.publish(self._topics.ev, payload)
            self._window = outbox.note_sent(self._window, sent, self._loop.time())

    def _beat(self) -> None:
        now = self._loop.time()
        if now < self._heartbeat_at:
            return
        self._heartbeat_at = now + random.uniform(0.8, 1.2) * _HEARTBEAT_S
        head, status = self._up._journal.head, self._up.status
        note = encode_note(
            gate=self._topics.gate, session=self._name, epoch=head.epoch, seq=head.seq,
            head=head.hash, high=status["receipted"], unsent=status["unsent"],
        )  # fmt: skip
        self._link.publish(self._topics.hb, note, qos=0)

    async def _goodbye(self) -> None:
        said = None
        if self._stood:
            said = self._link.publish(self._topics.state, self._state("closed"), retain=True)
        while said is not None:
            event = await self._news.get()
            if isinstance(event, Down) or (isinstance(event, Acked) and event.mid == said):
                break
        self._link.leave()

    def _state(self, state: str) -> bytes:
        return encode_note(gate=self._topics.gate, session=self._name, state=state)

    def _tell(self, sentence: str) -> None:
        if sentence not in self._told:
            self._told.add(sentence)
            log.warning("%s", sentence)

    def _post(self, event: LinkEvent) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is left to tell
            self._loop.call_soon_threadsafe(self._news.put_nowait, event)

    async def _watch_journal(self) -> None:
        while True:
            await self._up._journal.beyond(self._up._journal.head.seq)
            self._news.put_nowait(None)
