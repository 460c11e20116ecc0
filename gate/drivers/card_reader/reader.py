"""The ID-card reader on its serial port: one thread owns the port, the loop gets its events."""

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import AsyncIterator
from typing import Self

from gate.core.backoff import backoff_s
from gate.core.events import ReaderBack, ReaderLost
from gate.drivers.card_reader.card_watch import DWELL_S, NOTHING_LIES, CardWatch
from gate.drivers.card_reader.serial_link import (
    BOOT_TRIES,
    PORT_FAULTS,
    LinkClosing,
    Patience,
    SerialLink,
    Stuck,
    lost,
    probe,
)
from gate.errors import GateBug
from gate.ports import Clock, ReaderEvent

__all__ = ["Patience", "SerialCardReader", "probe"]

log = logging.getLogger(__name__)

_EVENTS_KEPT = 64
_BACKOFF_MAX_S = 2.0
_JOIN_S = 3.0


class SerialCardReader:
    """A `gate.ports.CardReader` for SDT modules.

    `poll_s`: pause between two looks for a card. `dwell_s`: how long a card may be out of contact
    and still be the same laying. Both in seconds.

    Two faults are a `ReaderLost`, once an outage. One is a port that is missing or busy. The other
    is a module that stays silent after a reset and after the port was opened anew. The port is
    opened again with a pause that doubles up to 2 s, at every speed a module may have. A module at
    another speed than `baud` is brought to it.

    A card that lies there from before is presented, and again after a `ReaderLost`. Nobody is told
    of a port that is opened anew without one: the laying goes on. 64 events that nobody takes are
    kept, and the oldest are dropped first: who laid that card has long gone. `events` raises
    GateBug where the thread has died.
    """

    def __init__(
        self,
        port: str,
        baud: int,
        clock: Clock,
        poll_s: float = 0.3,
        patience: Patience | None = None,
        *,
        dwell_s: float = DWELL_S,
    ) -> None:
        self._port, self._baud = port, baud
        self._speed, self._stays_at = baud, 0
        self._dwell_s = dwell_s
        self._met = self._proven = self._told_lost = False
        self._laying = NOTHING_LIES
        self._clock = clock
        self._poll_s = poll_s
        self._patience = patience or Patience()
        self._stopping = threading.Event()
        self._sought = threading.Event()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: deque[ReaderEvent] = deque(maxlen=_EVENTS_KEPT)
        self._changed = asyncio.Event()
        self._closed = False
        self._dead = False

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._live, name="card-reader", daemon=True)
        self._thread.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Idempotent; at most 3 s."""
        self._stopping.set()
        self._closed = True
        self._changed.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            await asyncio.to_thread(thread.join, _JOIN_S)
            if thread.is_alive():
                log.error("the card reader's thread did not end within %s s", _JOIN_S)

    async def events(self) -> AsyncIterator[ReaderEvent]:
        """Events in order until the reader is closed. GateBug where the thread has died."""
        while True:
            while self._waiting:
                yield self._waiting.popleft()
            if self._closed:
                return
            if self._dead:
                raise GateBug("The card reader's thread has died; its traceback is in the log.")
            self._changed.clear()
            await self._changed.wait()

    def find_again(self) -> None:
        """At the next look of the reader's thread. A reader that was lost presents what lies there
        in any case."""
        self._sought.set()

    def _keep(self, event: ReaderEvent) -> None:
        if len(self._waiting) == _EVENTS_KEPT:
            log.warning("nobody takes the card reader's events: the oldest is dropped")
        self._waiting.append(event)
        self._changed.set()

    def _end(self) -> None:
        self._dead = True
        self._changed.set()

    # -- on the reader's own thread from here ----------------------------------------------------

    def _live(self) -> None:
        """A bug of ours must end the process: without this thread no card is ever seen again."""
        try:
            self._run()
        finally:
            if self._loop is not None and not self._stopping.is_set():
                self._loop.call_soon_threadsafe(self._end)

    def _tell(self, event: ReaderEvent) -> None:
        assert self._loop is not None
        try:
            self._loop.call_soon_threadsafe(self._keep, event)
        except RuntimeError:  # the loop was closed without closing the reader
            self._stopping.set()

    def _run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            begun_s = time.monotonic()
            try:
                with self._link() as link:
                    self._meet(link)
                    failures = 0
                    self._serve(link)
            except LinkClosing:
                return
            except PORT_FAULTS as e:
                if self._proven and isinstance(e, Stuck):
                    self._proven = False
                    log.warning("%s Opening the port anew.", e.en)
                    continue
                self._lose(e)
            took_s = time.monotonic() - begun_s  # a silent module has been waited for already
            wait_s = backoff_s(failures, self._poll_s, _BACKOFF_MAX_S)
            self._stopping.wait(max(self._poll_s, wait_s - took_s))
            failures += 1

    @property
    def _quietly(self) -> bool:
        """Opening anew what was there a moment ago: nobody has been told of anything."""
        return self._met and not self._told_lost

    def _lose(self, error: Exception) -> None:
        self._proven = False
        if not self._told_lost:
            self._tell(ReaderLost(lost(self._port, error).en))
        self._told_lost = True
        self._laying = NOTHING_LIES

    def _link(self) -> SerialLink:
        return SerialLink(
            self._port, self._speed, patience=self._patience, closing=self._stopping.is_set
        )

    def _meet(self, link: SerialLink) -> None:
        """Find the module at whatever speed and bring it to the one that is wanted."""
        try:
            link.prove_alive(1 if self._quietly else BOOT_TRIES)
        except Stuck:
            if self._quietly:
                raise
            link.search_speed()
        if link.baud not in (self._baud, self._stays_at):
            self._change_speed(link)
        self._speed = link.baud
        self._met = True
        if self._told_lost:
            self._tell(ReaderBack())
        self._told_lost = False

    def _change_speed(self, link: SerialLink) -> None:
        found = link.baud
        if link.bring_to(self._baud):
            log.warning("the card reader was at %s baud and is now at %s", found, self._baud)
            return
        self._stays_at = found
        log.warning("the card reader stays at %s baud: it refuses %s", found, self._baud)

    def _serve(self, link: SerialLink) -> None:
        if self._laying == NOTHING_LIES:
            self._sought.clear()
        watch = CardWatch(link, self._clock, self._tell, self._dwell_s, self._laying)
        try:
            watch.begin()
            while not self._stopping.is_set():
                if self._sought.is_set():
                    self._sought.clear()
                    watch.find_again()
                watch.poll()
                self._proven = True
                self._stopping.wait(self._poll_s)
        finally:
            self._laying = watch.laying
