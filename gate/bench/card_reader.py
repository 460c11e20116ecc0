"""How fast a card becomes an event, and what looking for one costs."""

import asyncio
import sys
import tempfile
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import TypeVar

from gate.core.card import DocumentKind, Expiry, IdCard
from gate.core.events import CardPresented, CardRemoved, Instant
from gate.core.json_types import JsonObject
from gate.drivers.card_reader.reader import SerialCardReader
from gate.drivers.card_reader.sdt import Command, Request
from gate.drivers.simulated.sdt_module import LATENCY_S, SdtModule
from gate.errors import ReaderMissing
from gate.ports import ReaderEvent

BAUD = 115200
_BYTES = (10 + 15) + (10 + 19) + (10 + 1295)
"""Find, select, read: requests and replies of one card."""
_STEPS = (Command.FIND, Command.SELECT, Command.READ)
_CARD = IdCard(DocumentKind.RESIDENT, "11010519491231002X", "测试甲", None, Expiry.LONG_TERM)
_OTHER = IdCard(DocumentKind.RESIDENT, "440524188001010014", "测试乙", None, Expiry.LONG_TERM)
_BOUND_S = 20.0


class _WallClock:
    boot = "bench"

    def now(self) -> Instant:
        return Instant(datetime.now(UTC), time.monotonic_ns(), True)


async def read_cost(cards: int, latency_scale: float) -> dict[str, float]:
    """Whole reads at 115200 baud, compared with the least possible time.

    The least is the time of the bytes on the wire and the module's own latency. `ratio`: median and
    worst. Last byte to event in ms.
    """
    finds: list[int] = []

    def heard(request: Request) -> None:
        if request.command is Command.FIND:
            finds.append(time.monotonic_ns())

    ideal_ms = 1000 * (_BYTES * 10 / BAUD + latency_scale * sum(LATENCY_S[c] for c in _STEPS))
    whole_ms, after_ms = [], []
    with SdtModule(latency_scale=latency_scale, heard=heard) as module:
        async with SerialCardReader(module.port, BAUD, _WallClock(), 0.05) as reader:
            events = reader.events()
            for n in range(cards):
                await asyncio.to_thread(module.lay, (_CARD, _OTHER)[n % 2])
                event = await _next(events, CardPresented)
                now_ns = time.monotonic_ns()
                asked_ns = max(at for at in finds if at < event.found.mono_ns)
                asked_ns -= round(10 * 10 / BAUD * 1e9)  # it was heard after its last byte
                whole_ms.append((now_ns - asked_ns) / 1e6)
                after_ms.append((now_ns - module.last_byte_mono_ns) / 1e6)
    return {
        "cards": cards,
        "ideal_ms": ideal_ms,
        "whole_ms": median(whole_ms),
        "ratio": median(whole_ms) / ideal_ms,
        "ratio_worst": max(whole_ms) / ideal_ms,
        "last_byte_to_event_ms": median(after_ms),
        "last_byte_to_event_worst_ms": max(after_ms),
    }


_Event = TypeVar("_Event", bound=ReaderEvent)


async def _next(events: AsyncIterator[ReaderEvent], kind: type[_Event]) -> _Event:
    async with asyncio.timeout(_BOUND_S):
        event = await anext(events)
        while isinstance(event, CardRemoved):
            event = await anext(events)
    if not isinstance(event, kind):
        raise ReaderMissing(f"The simulated reader gave {event!r}: run the bench again.")
    return event


async def polling_cost(seconds: float) -> dict[str, float]:
    """Share of one processor, 0 to 1, that this process takes while it looks for a card.

    It looks at the driver's own pace: with nothing there, and with a card that was read. The module
    is another process.
    """
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        link = Path(folder) / "reader"
        command = [sys.executable, "-m", "gate", "simulate", "reader", "--port", str(link)]
        module = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE)
        assert module.stdin
        assert module.stdout
        await module.stdout.readline()
        async with SerialCardReader(str(link), BAUD, _WallClock()) as reader:
            events = reader.events()
            empty = await _share(seconds)
            module.stdin.write(f"lay {_CARD.number}\n".encode())
            await _next(events, CardPresented)
            lying = await _share(seconds)
        module.stdin.close()
        await module.wait()
    return {"seconds": seconds, "empty_percent": empty, "lying_percent": lying}


async def _share(seconds: float) -> float:
    cpu_s, wall_s = time.process_time(), time.monotonic()
    await asyncio.sleep(seconds)
    return 100 * (time.process_time() - cpu_s) / (time.monotonic() - wall_s)


def measure(cards: int, polling_s: float) -> JsonObject:
    """All of it. `wire`: a module that does not think; `module`: one that takes as long as a real
    one; `polling`: percent of one processor."""

    async def every() -> JsonObject:
        return {
            "wire": await read_cost(cards, 0.0),
            "module": await read_cost(max(5, cards // 4), 1.0),
            "polling": await polling_cost(polling_s),
        }

    return asyncio.run(every())
