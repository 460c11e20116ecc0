"""What every Scanner does, on a simulated module and, with `-m hardware`, on a real one.

EXAM_GATE_SCANNER=/dev/ttyACM0 pytest -m hardware tests/contracts/test_scanner.py -s
"""

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import pytest
import serial

from gate.core.events import ScanPresented
from gate.drivers.clock import SystemClock
from gate.drivers.scanners import scanner_port as scanner_module
from gate.drivers.scanners.line_decoders import Decoder, LineDecoder, TicketText
from gate.drivers.scanners.mrz import MrzDecoder
from gate.drivers.scanners.rfid import RfidDecoder
from gate.drivers.scanners.scanner_port import SerialScanner, probe
from gate.drivers.serial_port import opened
from gate.drivers.simulated.line_module import LineModule, encode
from gate.errors import ScannerMissing
from gate.ports import Scanner, ScannerBack, ScannerEvent, ScannerLost
from tests.unit.gate.drivers.scanners.test_lines import TD3, TICKET
from tests.waiting import soon

BOUND_S = 10.0
E = TypeVar("E")


def text_decoder() -> Decoder:
    return LineDecoder(TicketText())


class Taker:
    """The events of one scanner, never waited for without a bound. Its task opens the port."""

    def __init__(self, scanner: Scanner, bound_s: float) -> None:
        self._bound_s = bound_s
        self._queue: asyncio.Queue[ScannerEvent] = asyncio.Queue()
        self.task = asyncio.create_task(self._take(scanner))

    async def _take(self, scanner: Scanner) -> None:
        async for event in scanner.events():
            self._queue.put_nowait(event)

    async def next(self, kind: type[E]) -> E:
        async with asyncio.timeout(self._bound_s):
            event = await self._queue.get()
        assert isinstance(event, kind), event
        return event

    @property
    def waiting(self) -> int:
        return self._queue.qsize()


@asynccontextmanager
async def scanning(
    port: str, decoder: Callable[[], Decoder] = text_decoder, bound_s: float = BOUND_S, **how: Any
) -> AsyncIterator[tuple[Taker, SerialScanner]]:
    how = {"again_s": 0.0, "retry_s": 0.005, **how}
    async with SerialScanner("door", port, 9600, decoder, SystemClock(), **how) as scanner:
        taker = Taker(scanner, bound_s)
        try:
            await soon(lambda: taker.task.done() or taker.waiting or scanner.status["connected"])
            yield taker, scanner
        finally:
            taker.task.cancel()
            await asyncio.wait([taker.task])


@pytest.fixture
def module() -> Iterator[LineModule]:
    with LineModule(paced=False) as simulated:
        yield simulated


@pytest.mark.parametrize("real", [False, pytest.param(True, marks=pytest.mark.hardware)])
async def test_what_is_held_before_it_is_presented(
    module: LineModule, real: bool, request: pytest.FixtureRequest
) -> None:
    if real and "hardware" not in request.config.getoption("-m"):
        pytest.skip("needs a scanner: -m hardware")
    port = os.environ.get("EXAM_GATE_SCANNER", "/dev/ttyACM0") if real else module.port
    async with scanning(port, bound_s=60.0 if real else BOUND_S) as (events, _):
        if real:
            print("\n>>> hold a code with letters, digits and hyphens before the scanner")
        else:
            await asyncio.to_thread(module.scan, TICKET)
        scan = await events.next(ScanPresented)
        assert (scan.scanner, scan.handle) == ("door", "ticket")
        assert real or scan.value == TICKET


async def test_a_thousand_scans_none_twice_none_missed(module: LineModule) -> None:
    async with scanning(module.port) as (events, scanner):
        for n in range(1000):
            await asyncio.to_thread(module.scan, f"{n:012d}")
            assert (await events.next(ScanPresented)).value == f"{n:012d}"
        assert scanner.status == {"connected": True, "read": 1000, "refused": {}}


@pytest.mark.parametrize("kind", ["rfid", "mrz"])
async def test_other_kinds(kind: str) -> None:
    texts = {"rfid": ("0A00112233", "0001122867"), "mrz": ("/".join(TD3), "L898902C3")}
    text, value = texts[kind]
    with LineModule(kind=kind) as module:  # at the pace of its line
        decoder: Callable[[], Decoder] = RfidDecoder if kind == "rfid" else MrzDecoder
        async with scanning(module.port, decoder) as (events, _):
            await asyncio.to_thread(module.scan, text)
            assert (await events.next(ScanPresented)).value == value


async def test_a_tag_that_lies_there_is_one_presentation() -> None:
    with LineModule(kind="rfid", paced=False) as module:
        sent, send, often = [], module.send, threading.Event()

        def counted(data: bytes) -> None:
            send(data)
            sent.append(data)
            if len(sent) == 5:
                often.set()

        module.send = counted  # type: ignore[method-assign]
        async with scanning(module.port, RfidDecoder, again_s=5.0) as (events, scanner):
            module.lay("0A00112233")
            await events.next(ScanPresented)
            assert await asyncio.to_thread(often.wait, BOUND_S)
            module.take_away()
            await asyncio.to_thread(module.scan, "0A00112299")  # behind all repeats
            assert (await events.next(ScanPresented)).value != "0001122867"
            assert scanner.status["read"] == 2


async def test_what_names_nobody_is_counted_by_reason(module: LineModule) -> None:
    async with scanning(module.port) as (events, scanner):
        module.fault("line-noise", True)
        for text in (TICKET, "https://x.example/", "x" * 600, TICKET):
            await asyncio.to_thread(module.scan, text)
        await events.next(ScanPresented)
        assert scanner.status["refused"] == {"not-text": 1, "form": 1, "too-long": 1}


async def test_a_payload_cut_short_ends_with_a_silence(module: LineModule) -> None:
    async with scanning(module.port) as (events, scanner):
        module.fault("cut-short", True)
        await asyncio.to_thread(module.scan, TICKET)
        await soon(lambda: scanner.status["refused"] == {"incomplete": 1})
        await asyncio.to_thread(module.scan, TICKET)
        assert (await events.next(ScanPresented)).value == TICKET


async def test_unplugged_is_told_once_and_back_again(module: LineModule) -> None:
    async with scanning(module.port) as (events, scanner):
        for n in range(5):
            await asyncio.to_thread(module.fault, "unplugged", True)
            assert "plug it in" in (await events.next(ScannerLost)).detail
            assert not scanner.status["connected"]
            await asyncio.to_thread(module.fault, "unplugged", False)
            await events.next(ScannerBack)
            await asyncio.to_thread(module.scan, f"{n:05d}")
            assert (await events.next(ScanPresented)).value == f"{n:05d}"


@pytest.mark.parametrize("kind", ["qr", "rfid", "mrz"])
async def test_unplugged_at_every_byte_gives_no_half_a_payload_and_none_of_two(kind: str) -> None:
    texts = {"qr": TICKET, "rfid": "0A00112233", "mrz": "/".join(TD3)}
    decoders = {"qr": text_decoder, "rfid": RfidDecoder, "mrz": MrzDecoder}
    whole = encode(kind, texts[kind])
    cuts = [*range(1, len(whole) - 2), len(whole) - 2][:: max(1, len(whole) // 16)]
    with LineModule(kind=kind, paced=False) as module:
        async with scanning(module.port, decoders[kind]) as (events, scanner):
            for cut in cuts:
                await asyncio.to_thread(module.send, whole[:cut])
                await asyncio.to_thread(module.fault, "unplugged", True)
                await events.next(ScannerLost)
                await asyncio.to_thread(module.fault, "unplugged", False)
                await events.next(ScannerBack)
                if kind != "qr":  # a text has no check: the rest of one would be another
                    await asyncio.to_thread(module.send, whole[cut:])
                await asyncio.to_thread(module.send, whole)
                await events.next(ScanPresented)
            assert scanner.status["read"] == len(cuts)


async def test_a_missing_port_is_one_sentence_and_found_later(module: LineModule) -> None:
    module.fault("unplugged", True)
    async with scanning(module.port) as (events, _):
        assert "is not there: plug it in" in (await events.next(ScannerLost)).detail
        await asyncio.to_thread(module.fault, "unplugged", False)
        await events.next(ScannerBack)


async def test_a_port_belongs_to_one_program(module: LineModule) -> None:
    with opened(module.port, 9600, timeout=0):
        with pytest.raises(ScannerMissing, match="used by another program"):
            probe("door", module.port, 9600)
        async with scanning(module.port) as (events, _):
            assert "used by another program" in (await events.next(ScannerLost)).detail
    assert module.port in probe("door", module.port, 9600)


async def test_closing_leaves_the_port_to_the_next(module: LineModule) -> None:
    for _ in range(3):
        async with scanning(module.port) as (events, _):
            await asyncio.to_thread(module.scan, TICKET)
            await events.next(ScanPresented)


async def test_a_port_that_opens_after_the_end_is_closed(
    module: LineModule, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The thread that opens cannot be cancelled; what it brings belongs to nobody any more."""
    begun, may_open, ports = threading.Event(), threading.Event(), list[serial.Serial]()

    def slowly(port: str, baud: int, **settings: Any) -> serial.Serial:
        begun.set()
        assert may_open.wait(BOUND_S)
        ports.append(opened(port, baud, **settings))
        return ports[0]

    monkeypatch.setattr(scanner_module, "opened", slowly)
    async with SerialScanner("door", module.port, 9600, text_decoder, SystemClock()) as scanner:
        taking = Taker(scanner, BOUND_S).task
        try:
            await soon(begun.is_set)
            taking.cancel()
            await asyncio.wait([taking])
        finally:
            may_open.set()
    await soon(lambda: ports and not ports[0].is_open)
    assert module.port in probe("door", module.port, 9600)
