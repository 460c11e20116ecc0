"""The same fault scripts over a perfect, a one-byte-at-a-time, a lossy and a delayed wire.

On a bad wire a card may be asked for again and a reader may come and go. Three things may never
happen. Another card is reported than the one that lies there. A card is reported twice while it
lies. No card is reported at all.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from gate.core.card import IdCard
from gate.core.events import CardPresented, CardRemoved, CardUnreadable, ReaderBack, ReaderLost
from gate.drivers.card_reader.reader import Patience, SerialCardReader
from gate.drivers.card_reader.sdt import Command, Request
from gate.drivers.simulated.sdt_chip import Mode
from gate.drivers.simulated.sdt_module import SdtModule
from gate.drivers.simulated.sdt_wire import LINE_FAULTS, Delayed, Lossy, OneByte, Perfect, Wire
from gate.ports import ReaderEvent
from tests.soak.cards import WallClock, people

PATIENCE = Patience(first_s=0.1, read_first_s=0.2, whole_s=1.0, gap_s=0.05, status_s=0.1)
WIRES: dict[str, Callable[[int], Wire]] = {
    "perfect": lambda seed: Perfect(),
    "one byte": lambda seed: OneByte(),
    "lossy": lambda seed: Lossy(seed, 1 / 2500),
    "delayed": lambda seed: Delayed(seed, 0.06),  # both ways: more than `first_s` now and then
}
CARDS = people(8, seed=4)
BOUND_S = 30.0


class Table:
    """The reader's table, a hand that lays cards, and somebody who writes down what is told."""

    def __init__(
        self, module: SdtModule, events: AsyncIterator[ReaderEvent], read: asyncio.Event
    ) -> None:
        self.module = module
        self.read = read
        self.told: list[ReaderEvent] = []
        self.stalled_s = 0.0
        self._events = events

    async def watch_stalls(self) -> None:
        """Notes the longest time for which this process did not come to its turn."""
        while True:
            begun_s = time.monotonic()
            await asyncio.sleep(0.01)
            self.stalled_s = max(self.stalled_s, time.monotonic() - begun_s - 0.01)

    async def lay(self, card: IdCard) -> None:
        await asyncio.to_thread(self.module.lay, card)

    async def lift(self) -> None:
        await asyncio.to_thread(self.module.lift)
        await self.until(CardRemoved)

    async def fault(self, name: str, on: bool = True) -> None:
        await asyncio.to_thread(self.module.fault, name, on)

    async def until(self, *kinds: type) -> ReaderEvent:
        async with asyncio.timeout(BOUND_S):
            while True:
                event = await anext(self._events)
                self.told.append(event)
                if isinstance(event, kinds):
                    return event

    async def comes(self, card: IdCard) -> None:
        """`card` and no other is the next one told."""
        event = await self.until(CardPresented)
        assert isinstance(event, CardPresented)
        assert event.card == card


@asynccontextmanager
async def at_table(
    wire: Wire, mode: Mode = Mode.STICKY, dwell_s: float = 0.0
) -> AsyncIterator[Table]:
    loop, read = asyncio.get_running_loop(), asyncio.Event()

    def heard(request: Request) -> None:
        if request.command is Command.READ:
            loop.call_soon_threadsafe(read.set)

    with SdtModule(paced=False, wire=wire, late_s=0.15, mode=mode, heard=heard) as module:
        reader = SerialCardReader(
            module.port, 115200, WallClock(), 0.002, PATIENCE, dwell_s=dwell_s
        )
        async with reader:
            table = Table(module, reader.events(), read)
            watching = asyncio.create_task(table.watch_stalls())
            try:
                yield table
            finally:
                watching.cancel()


async def in_a_row(table: Table) -> None:
    for card in CARDS:
        await table.lay(card)
        await table.comes(card)
    await table.lift()


async def pulled_away_and_laid_again(table: Table) -> None:
    await table.fault("card-pulled")
    await table.lay(CARDS[0])
    await table.until(CardUnreadable, CardRemoved)
    await table.lay(CARDS[0])
    await table.comes(CARDS[0])


async def a_bank_card_first(table: Table) -> None:
    await table.fault("wrong-card")
    await table.lay(CARDS[0])
    await table.until(CardUnreadable)
    await table.lift()  # else the card itself is read as soon as the fault is off
    await table.fault("wrong-card", False)
    await table.lay(CARDS[1])
    await table.comes(CARDS[1])


async def every_fault_of_a_reply(table: Table) -> None:
    for card, fault in zip(CARDS, (*LINE_FAULTS, "find-missed"), strict=False):
        await table.fault(fault)
        await table.lay(card)
        await table.comes(card)
        await table.lift()


async def hung_until_it_is_reset(table: Table) -> None:
    await table.lay(CARDS[0])
    await table.comes(CARDS[0])
    await table.fault("reader-hung")
    await table.lay(CARDS[1])
    await table.comes(CARDS[1])


async def unplugged_and_another_card_laid_meanwhile(table: Table) -> None:
    for before, after in zip(CARDS[:3], CARDS[3:6], strict=True):
        await table.lay(before)
        await table.comes(before)
        await table.fault("reader-unplugged")
        await table.until(ReaderLost)
        await table.lay(after)
        await table.fault("reader-unplugged", False)
        await table.until(ReaderBack)
        await table.comes(after)


SCRIPTS: dict[str, Callable[[Table], Awaitable[None]]] = {
    f.__name__: f
    for f in (
        in_a_row,
        pulled_away_and_laid_again,
        a_bank_card_first,
        every_fault_of_a_reply,
        hung_until_it_is_reset,
        unplugged_and_another_card_laid_meanwhile,
    )
}


def told_twice(told: list[ReaderEvent]) -> list[IdCard]:
    """Cards presented again without a removal or a lost reader between."""
    twice: list[IdCard] = []
    lying: IdCard | None = None
    for event in told:
        if isinstance(event, CardPresented):
            if event.card == lying:
                twice.append(event.card)
            lying = event.card
        elif isinstance(event, CardRemoved | ReaderLost):
            lying = None
    return twice


@pytest.mark.slow
@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("script", SCRIPTS)
async def test_fault_script(script: str, wire: str) -> None:
    async with at_table(WIRES[wire](7)) as table:
        await SCRIPTS[script](table)
        if wire in ("perfect", "one byte"):
            # on a machine that stalls for longer than the reader waits, no answer is in time
            may_lose = "unplugged" in script or table.stalled_s > PATIENCE.status_s / 2
            assert may_lose or not any(isinstance(e, ReaderLost) for e in table.told)
    assert told_twice(table.told) == []


@pytest.mark.slow
@pytest.mark.parametrize("mode", [Mode.ALTERNATE, Mode.FREE])
@pytest.mark.parametrize("script", ["in_a_row", "every_fault_of_a_reply"])
async def test_modules_that_find_a_read_card_again(script: str, mode: Mode) -> None:
    async with at_table(Perfect(), mode) as table:
        await SCRIPTS[script](table)
    assert told_twice(table.told) == []


class _AtTheReopening(logging.Handler):
    """Runs `act` on the reader's thread, between the port's closing and its opening anew."""

    def __init__(self, act: Callable[[], None]) -> None:
        super().__init__()
        self._act = act

    def emit(self, record: logging.LogRecord) -> None:
        if "Opening the port anew" in record.getMessage():
            self._act()


@asynccontextmanager
async def opened_anew(table: Table, meanwhile: Callable[[], None]) -> AsyncIterator[None]:
    """The module falls silent, and answers again when the port is opened anew."""

    def act() -> None:
        meanwhile()
        table.module.fault("reader-silent", False)

    reader, handler = logging.getLogger(SerialCardReader.__module__), _AtTheReopening(act)
    reader.addHandler(handler)
    try:
        await table.fault("reader-silent")
        yield
    finally:
        reader.removeHandler(handler)


@pytest.mark.slow
@pytest.mark.parametrize("mode", list(Mode))
async def test_a_card_lifted_while_the_port_is_opened_anew_is_told(mode: Mode) -> None:
    async with at_table(Perfect(), mode) as table:
        await table.lay(CARDS[0])
        await table.comes(CARDS[0])
        async with opened_anew(table, table.module.lift):
            await table.until(CardRemoved)
    assert not any(isinstance(e, ReaderLost) for e in table.told)


@pytest.mark.slow
@pytest.mark.parametrize("mode", list(Mode))
async def test_a_card_that_lies_through_a_reopening_is_told_once(mode: Mode) -> None:
    async with at_table(Perfect(), mode, dwell_s=BOUND_S) as table:
        await table.lay(CARDS[0])
        await table.comes(CARDS[0])
        table.read.clear()
        async with opened_anew(table, lambda: None):
            async with asyncio.timeout(BOUND_S):
                await table.read.wait()
            await table.lay(CARDS[1])
            await table.comes(CARDS[1])
    assert not any(isinstance(e, ReaderLost) for e in table.told)
    assert told_twice(table.told) == []


@pytest.mark.slow
@pytest.mark.parametrize("mode", list(Mode))
async def test_another_card_laid_at_a_reopening_ends_the_laying_before(mode: Mode) -> None:
    async with at_table(Perfect(), mode) as table:
        await table.lay(CARDS[0])
        await table.comes(CARDS[0])
        async with opened_anew(table, lambda: table.module.lay(CARDS[1])):
            await table.comes(CARDS[1])
        assert any(isinstance(e, CardRemoved) for e in table.told)
    assert not any(isinstance(e, ReaderLost) for e in table.told)
