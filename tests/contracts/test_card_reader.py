"""What every CardReader does, on the simulated module and, with `-m hardware`, on a real one.

EXAM_GATE_READER=/dev/ttyUSB0 pytest -m hardware tests/contracts/test_card_reader.py -s
"""

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import TypeVar

import pytest

from gate.core.card import IdCard, number_fault
from gate.core.events import (
    CardPresented,
    CardRemoved,
    CardUnreadable,
    ReaderBack,
    ReaderLost,
)
from gate.drivers.card_reader.card_watch import DWELL_S, CardWatch
from gate.drivers.card_reader.reader import Patience, SerialCardReader
from gate.drivers.card_reader.sdt import Command, Request
from gate.drivers.clock import SystemClock
from gate.drivers.simulated.sdt_cards import card_of
from gate.drivers.simulated.sdt_module import SdtModule
from gate.drivers.simulated.sdt_wire import LINE_FAULTS, WIRES, Piece
from gate.errors import GateBug
from gate.ports import CardReader, ReaderEvent
from tests.soak.cards import WallClock

FIRST = card_of("11010519491231002X", "测试甲", "2030-01-01")
SECOND = card_of("440524188001010014", "测试乙")
LATE_S = 0.2
"""Later than `Simulated.patience` waits for a find."""
E = TypeVar("E")


class Taker:
    """The events of one reader, one at a time and never waited for without a bound."""

    def __init__(self, reader: CardReader, bound_s: float) -> None:
        self.reader = reader
        self._events = reader.events()
        self._bound_s = bound_s

    async def next(self, kind: type[E]) -> E:
        async with asyncio.timeout(self._bound_s):
            event: ReaderEvent = await anext(self._events)
        assert isinstance(event, kind), event
        return event

    async def card(self) -> CardPresented:
        """The next one that is read; a bad wire may need more than one laying."""
        async with asyncio.timeout(self._bound_s):
            async for event in self._events:
                if isinstance(event, CardPresented):
                    return event
        raise AssertionError


class Simulated:
    bound_s = 10.0
    patience = Patience(first_s=0.1, read_first_s=0.3, whole_s=1.0, gap_s=0.02, status_s=0.1)
    poll_s = 0.002
    dwell_s = 0.0

    def __init__(self, module: SdtModule) -> None:
        self.module = module
        self.port, self.baud = module.port, 115200

    def lay(self, card: IdCard = FIRST) -> None:
        self.module.lay(card)

    def lift(self) -> None:
        self.module.lift()


class ByHand:
    bound_s = 60.0
    patience = Patience()
    poll_s = 0.3
    dwell_s = DWELL_S

    def __init__(self) -> None:
        self.port = os.environ.get("EXAM_GATE_READER", "/dev/exam-gate-reader")
        self.baud = int(os.environ.get("EXAM_GATE_READER_BAUD", "115200"))

    def lay(self, card: IdCard = FIRST) -> None:
        print("\n>>> lay your ID card on the reader")

    def lift(self) -> None:
        print("\n>>> take the card away")


Bench = Simulated | ByHand


@pytest.fixture(params=["simulated", pytest.param("real", marks=pytest.mark.hardware)])
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    if request.param == "real":
        if "hardware" not in request.config.getoption("-m"):
            pytest.skip("needs a reader: -m hardware")
        yield ByHand()
        return
    with SdtModule(paced=False, late_s=LATE_S) as module:
        yield Simulated(module)


@pytest.fixture
def simulated() -> Iterator[Simulated]:
    with SdtModule(paced=False, late_s=LATE_S) as module:
        yield Simulated(module)


@asynccontextmanager
async def reading(bench: Bench) -> AsyncIterator[Taker]:
    reader = SerialCardReader(
        bench.port, bench.baud, WallClock(), bench.poll_s, bench.patience, dwell_s=bench.dwell_s
    )
    async with reader:
        yield Taker(reader, bench.bound_s)


# -- simulated and real ----------------------------------------------------------------------------


async def test_a_card_is_read_whole_told_once_and_its_removal_too(bench: Bench) -> None:
    async with reading(bench) as events:
        bench.lay()
        presented = await events.next(CardPresented)
        bench.lift()
        removed = await events.next(CardRemoved)
    assert number_fault(presented.card.number) is None
    assert presented.found.mono_ns < presented.read_mono_ns < removed.at.mono_ns
    if isinstance(bench, Simulated):
        assert presented.card == FIRST


async def test_laid_again_is_told_again(bench: Bench) -> None:
    async with reading(bench) as events:
        for _ in range(2):
            bench.lay()
            await events.next(CardPresented)
            bench.lift()
            await events.next(CardRemoved)


async def test_a_card_from_before_the_start_is_read(bench: Bench) -> None:
    bench.lay()
    async with reading(bench) as events:
        await events.next(CardPresented)
    bench.lift()


async def test_a_card_left_lying_is_found_anew_when_it_is_sought(bench: Bench) -> None:
    async with reading(bench) as events:
        bench.lay()
        before = await events.next(CardPresented)
        for _ in range(2):
            events.reader.find_again()
            again = await events.next(CardPresented)
            assert again.card == before.card
            assert again.found.mono_ns > before.read_mono_ns
            before = again
        bench.lift()
        await events.next(CardRemoved)
        events.reader.find_again()  # nothing lies there, and nothing is told of it
        bench.lay()
        await events.next(CardPresented)
    bench.lift()


@pytest.mark.slow
@pytest.mark.parametrize("name", WIRES)
async def test_on_every_wire_it_is_found_anew(name: str) -> None:
    with SdtModule(paced=False, wire=WIRES[name](7), late_s=LATE_S) as module:
        patient = Simulated(module)
        patient.patience, patient.dwell_s = Patience(), DWELL_S
        async with reading(patient) as events:
            patient.lay()
            before = await events.card()
            events.reader.find_again()
            again = await events.card()
            assert again.card == before.card
            assert again.found.mono_ns > before.found.mono_ns


async def test_a_card_that_an_earlier_program_has_read_is_read(bench: Bench) -> None:
    """The module may hide it from a find until it is reset."""
    bench.lay()
    for _ in range(2):
        async with reading(bench) as events:
            await events.next(CardPresented)
    bench.lift()


async def test_closing_twice_leaves_no_thread_and_ends_the_events(bench: Bench) -> None:
    reader = SerialCardReader(bench.port, bench.baud, WallClock(), bench.poll_s, bench.patience)
    async with reader:
        assert "card-reader" in [t.name for t in threading.enumerate()]
    await reader.__aexit__(None, None, None)
    assert "card-reader" not in [t.name for t in threading.enumerate()]
    assert [e async for e in reader.events()] == []


# -- simulated only: faults ------------------------------------------------------------------------


async def test_pulled_away_while_read(simulated: Simulated) -> None:
    simulated.module.fault("card-pulled", True)
    async with reading(simulated) as events:
        simulated.lay()
        assert (await events.next(CardUnreadable)).reason == "lay-again"
        await events.next(CardRemoved)
        simulated.lay()
        assert (await events.next(CardPresented)).card == FIRST


async def test_an_unreadable_card_is_told_once_until_it_comes_right(simulated: Simulated) -> None:
    simulated.module.fault("unreadable", True)
    async with reading(simulated) as events:
        simulated.lay()
        assert (await events.next(CardUnreadable)).reason == "lay-again"
        simulated.module.fault("unreadable", False)
        await events.next(CardPresented)


async def test_a_card_of_another_kind(simulated: Simulated) -> None:
    simulated.module.fault("wrong-card", True)
    async with reading(simulated) as events:
        simulated.lay()
        assert (await events.next(CardUnreadable)).reason == "not-an-id-card"


@pytest.mark.parametrize("fault", [*LINE_FAULTS, "find-missed", "reader-hung", "reset-slow"])
async def test_what_the_driver_mends_itself_nobody_notices(
    simulated: Simulated, fault: str
) -> None:
    async with reading(simulated) as events:
        simulated.lay(SECOND)
        await events.next(CardPresented)  # from here on the module is known
        simulated.lift()
        await events.next(CardRemoved)
        for card in (FIRST, SECOND, FIRST):
            simulated.module.fault(fault, True)
            simulated.lay(card)
            assert (await events.next(CardPresented)).card == card
            simulated.lift()
            await events.next(CardRemoved)


@pytest.mark.parametrize("baud", [57600, 38400, 19200, 9600])
async def test_a_module_at_another_speed_is_found_and_brought_to_the_one_wanted(baud: int) -> None:
    with SdtModule(paced=False, baud=baud) as module:
        module.lay(FIRST)
        async with reading(Simulated(module)) as events:
            assert (await events.next(CardPresented)).card == FIRST
        assert module.baud == 115200


async def test_noise_on_every_card_is_told(simulated: Simulated) -> None:
    simulated.module.fault("read-noise", True)
    async with reading(simulated) as events:
        simulated.lay()
        assert (await events.next(CardUnreadable)).reason == "line-noise"


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["reader-silent", "reader-faulty", "reader-unplugged"])
async def test_a_reader_that_fails_is_lost_once_and_comes_back(
    simulated: Simulated, fault: str
) -> None:
    async with reading(simulated) as events:
        simulated.lay()
        await events.next(CardPresented)
        simulated.module.fault(fault, True)
        lost = await events.next(ReaderLost)
        assert simulated.port in lost.detail
        simulated.lift()
        simulated.module.fault(fault, False)
        await events.next(ReaderBack)
        simulated.lay(SECOND)
        assert (await events.next(CardPresented)).card == SECOND


async def test_a_lost_reader_is_told_once_however_often_it_is_tried() -> None:
    asked, tried = [], threading.Event()

    def count(request: Request) -> None:
        asked.append(request)
        if len(asked) == 5:
            tried.set()

    with SdtModule(paced=False, heard=count) as module:
        module.fault("reader-faulty", True)
        async with reading(Simulated(module)) as events:
            await events.next(ReaderLost)
            assert await asyncio.to_thread(tried.wait, 10)
            module.fault("reader-faulty", False)
            await events.next(ReaderBack)


@pytest.mark.parametrize(
    "step",
    [
        Command.STATUS,
        Command.RESET,
        Command.FIND,
        Command.SELECT,
        Command.READ,
        Command.NEWEST_ADDRESS,
    ],
)
async def test_unplugged_at_a_step_of_a_read(step: Command) -> None:
    def pull(request: Request) -> None:
        if armed and request.command is step:
            armed.clear()
            module.fault("reader-unplugged", True)

    armed = [step]
    with SdtModule(paced=False, heard=pull) as module:
        module.lay(FIRST)
        async with reading(Simulated(module)) as events:
            await events.next(ReaderLost)
            module.fault("reader-unplugged", False)
            await events.next(ReaderBack)
            assert (await events.next(CardPresented)).card == FIRST


async def test_unplugged_while_a_read_card_lies_there() -> None:
    with SdtModule(paced=False) as module:
        module.lay(FIRST)
        async with reading(Simulated(module)) as events:
            for _ in range(3):
                assert (await events.next(CardPresented)).card == FIRST
                module.fault("reader-unplugged", True)
                await events.next(ReaderLost)
                module.fault("reader-unplugged", False)
                await events.next(ReaderBack)


async def test_unplugged_in_the_middle_of_the_card_gives_no_half_card() -> None:
    begun = threading.Event()
    with SdtModule(heard=lambda r: begun.set() if r.command is Command.READ else None) as module:
        module.lay(FIRST)
        async with reading(Simulated(module)) as events:
            assert await asyncio.to_thread(begun.wait, 10)
            module.fault("reader-unplugged", True)  # 1,295 bytes take 112 ms
            await events.next(ReaderLost)


class Swallowing:
    """A wire that loses the next requests whole, as a module does that hangs."""

    def __init__(self) -> None:
        self.left = 0

    def carry(self, data: bytes) -> Iterator[Piece]:
        if self.left and len(data) == 10:
            self.left -= 1
            return
        yield Piece(0.0, data)


@pytest.mark.parametrize(("swallowed", "told"), [(1, False), (2, False), (3, False), (9, True)])
async def test_nobody_is_told_before_the_ladder_is_climbed(swallowed: int, told: bool) -> None:
    """The request itself, the status and the reset may be lost; then the port is opened anew."""
    wire = Swallowing()
    with SdtModule(paced=False, wire=wire) as module:
        async with reading(Simulated(module)) as events:
            module.lay(FIRST)
            await events.next(CardPresented)
            wire.left = swallowed
            if told:
                await events.next(ReaderLost)
                await events.next(ReaderBack)
            module.lay(SECOND)
            event = await anext(events._events)
            while isinstance(event, CardRemoved) or event.card == FIRST:
                event = await anext(events._events)
            assert event.card == SECOND


async def test_a_missing_port_is_one_sentence_and_found_later(simulated: Simulated) -> None:
    simulated.module.fault("reader-unplugged", True)
    async with reading(simulated) as events:
        assert "is not there: plug it in" in (await events.next(ReaderLost)).detail
        simulated.module.fault("reader-unplugged", False)
        await events.next(ReaderBack)


async def test_a_busy_port_is_one_sentence_and_had_later(simulated: Simulated) -> None:
    async with reading(simulated) as second_in_line:
        simulated.lay()
        await second_in_line.next(CardPresented)
        rival = SerialCardReader(simulated.port, 115200, WallClock(), 0.002, simulated.patience)
        async with rival:
            events = Taker(rival, 10)
            assert "another program" in (await events.next(ReaderLost)).detail


async def test_closing_while_the_reader_is_silent_is_quick(simulated: Simulated) -> None:
    """With the patience of a real reader, whose longest wait is 5 s, closing does not wait."""
    simulated.module.fault("reader-silent", True)
    reader = SerialCardReader(simulated.port, 115200, WallClock(), 0.002, Patience(60, 60, 60, 60))
    async with asyncio.timeout(10):
        async with reader:
            pass
    assert "card-reader" not in [t.name for t in threading.enumerate()]


async def test_events_nobody_takes_are_dropped_oldest_first(simulated: Simulated) -> None:
    reader = SerialCardReader(simulated.port, 115200, WallClock(), 0.002, simulated.patience)
    async with reader:
        for number in range(100):
            reader._keep(ReaderLost(str(number)))
        events = Taker(reader, 10)
        assert (await events.next(ReaderLost)).detail == "36"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
async def test_a_bug_on_the_readers_thread_is_not_silence(
    simulated: Simulated, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(CardWatch, "poll", broken)
    reader = SerialCardReader(simulated.port, simulated.baud, SystemClock(), simulated.poll_s)
    async with reader, asyncio.timeout(10):
        with pytest.raises(GateBug):
            await anext(reader.events())
