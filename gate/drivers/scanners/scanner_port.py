"""A scanner on its serial port: one task owns the port, a decoder says what the bytes mean."""

import asyncio
import errno
import logging
import os
from collections import Counter
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Self

import serial

from gate.core.backoff import backoff_s
from gate.core.events import ScanPresented
from gate.drivers.scanners.line_decoders import Decoder, Item, Presence, UnusablePayload
from gate.drivers.serial_port import PORT_FAULTS, opened, port_fault
from gate.errors import ScannerMissing
from gate.ports import Clock, ScannerBack, ScannerEvent, ScannerLost, ScannerStatus

log = logging.getLogger(__name__)

GAP_S = 0.2
"""A silence in the middle of a payload that ends it: 190 characters at 9600 baud."""

_BACKOFF_MAX_S = 5.0
_CHUNK = 1024


class SerialScanner:
    """A `gate.ports.Scanner`. `decoder` makes a fresh one for each time the port is opened.

    `again_s`: the same payload within so long of its last repeat is the same presentation.
    `retry_s`: the first pause before a lost port is tried again; it doubles up to 5 s.
    """

    def __init__(
        self,
        name: str,
        port: str,
        baud: int,
        decoder: Callable[[], Decoder],
        clock: Clock,
        *,
        again_s: float = 2.0,
        retry_s: float = 0.3,
    ) -> None:
        self.name = name
        self._port, self._baud = port, baud
        self._make_decoder = decoder
        self._clock = clock
        self._presence = Presence(again_s)
        self._retry_s = retry_s
        self._serial: serial.Serial | None = None
        self._read = 0
        self._refused: Counter[str] = Counter()

    @property
    def status(self) -> ScannerStatus:
        """Whether the port is open, and what was read and refused since the start."""
        return {
            "connected": self._serial is not None,
            "read": self._read,
            "refused": dict(self._refused),
        }

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._close()

    async def events(self) -> AsyncIterator[ScannerEvent]:
        """Scans, and each loss and return of the port, until cancelled."""
        told_lost = False
        failures = 0
        while True:
            try:
                fd = await self._open()
                if told_lost:
                    yield ScannerBack()
                told_lost, failures = False, 0
                async for event in self._scans(fd):
                    yield event
            except PORT_FAULTS as e:
                if not told_lost:
                    yield ScannerLost(missing(self.name, self._port, e).en)
                told_lost = True
            finally:
                self._close()
            await asyncio.sleep(backoff_s(failures, self._retry_s, _BACKOFF_MAX_S))
            failures += 1

    async def _open(self) -> int:
        """The port's file descriptor. PORT_FAULTS. A port whose opening is not waited for any more
        is closed as soon as it is open: a thread cannot be cancelled."""
        loop = asyncio.get_running_loop()
        opening = loop.run_in_executor(None, partial(opened, self._port, self._baud, timeout=0))
        try:
            self._serial = port = await asyncio.shield(opening)
        except asyncio.CancelledError:
            opening.add_done_callback(_close_unused)
            raise
        return int(port.fileno())

    def _close(self) -> None:
        """Idempotent."""
        port, self._serial = self._serial, None
        if port is not None:
            asyncio.get_running_loop().remove_reader(port.fileno())
            port.close()

    async def _scans(self, fd: int) -> AsyncIterator[ScanPresented]:
        """Until the port fails: PORT_FAULTS."""
        decoder = self._make_decoder()
        while True:
            try:
                async with asyncio.timeout(GAP_S if decoder.midway else None):
                    await _readable(fd)
            except TimeoutError:
                items = decoder.gap()
            else:
                items = decoder.feed(_taken(fd))
            for item in items:
                event = self._presented(item)
                if event is not None:
                    yield event

    def _presented(self, item: Item) -> ScanPresented | None:
        if isinstance(item, UnusablePayload):
            if item.reason not in self._refused:
                log.warning("scanner %s: a payload names nobody: %s", self.name, item.reason)
            self._refused[item.reason] += 1
            return None
        now = self._clock.now()
        if not self._presence.is_new(item, now.mono_ns):
            return None
        self._read += 1
        return ScanPresented(
            self.name, item.handle, item.value, item.document, item.valid_to, now, item.odd
        )


def _close_unused(opening: asyncio.Future[serial.Serial]) -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.result().close()


async def _readable(fd: int) -> None:
    loop, ready = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(fd, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(fd)


def _taken(fd: int) -> bytes:
    """What has come. OSError where the port hung up."""
    data = os.read(fd, _CHUNK)
    if not data:
        raise OSError(errno.EIO, "the port hung up")
    return data


def probe(name: str, port: str, baud: int) -> str:
    """Open and close: a scanner answers nothing, so no more can be tried. ScannerMissing."""
    try:
        opened(port, baud, timeout=0).close()
    except PORT_FAULTS as e:
        raise missing(name, port, e) from e
    return f"{name} at {port}"


def missing(name: str, port: str, error: Exception) -> ScannerMissing:
    """`error` of a port as one sentence that says what to do."""
    en, zh = port_fault(error)
    return ScannerMissing(
        f"The scanner {name} at {port} {en}.", f"扫码器 {name}（{port}）{zh}。", port=port
    )
