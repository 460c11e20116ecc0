"""What every loop does that waits longer with each failure.

It counts them, hands its own shortest and longest wait over, and begins anew once it has succeeded.
"""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from nacl.signing import SigningKey

from gate.core.backoff import backoff_s
from gate.core.events import ReaderBack, ReaderLost
from gate.drivers.card_reader import reader as reader_module
from gate.drivers.card_reader.reader import SerialCardReader
from gate.drivers.scanners import scanner_port as scanner_module
from gate.drivers.simulated.line_module import LineModule
from gate.drivers.simulated.sdt_module import SdtModule
from gate.ports import ScannerBack, ScannerLost
from gate.sync import outbox
from gate.sync import uplink as uplink_module
from gate.sync.uplink import MqttUplink
from office.home import Home
from office.receiving import receive as receive_module
from office.receiving.receive import Receiver
from tests.contracts.test_card_reader import Simulated, Taker
from tests.contracts.test_scanner import scanning
from tests.soak.cards import WallClock
from tests.waiting import soon

STOOD = (False, False, False, True, False, False)
FAILED_BEFORE = [1, 2, 3, 0, 1, 2]
"""At each wait, where connections stand as `STOOD` says."""


class Asked:
    """Takes backoff_s's place in one module: keeps what it is asked, and lets nobody wait."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, module: ModuleType) -> None:
        self.failures: list[int] = []
        self.bounds: set[tuple[float, float]] = set()
        assert module.backoff_s is backoff_s
        monkeypatch.setattr(module, "backoff_s", self)

    def __call__(self, failures: int, first_s: float, most_s: float) -> float:
        self.failures.append(failures)
        self.bounds.add((first_s, most_s))
        return 0.0


class ScriptEnd(Exception):
    """No more connections."""


async def test_a_scanners_port(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Asked(monkeypatch, scanner_module)
    with LineModule(paced=False) as module:
        async with scanning(module.port, retry_s=0.3) as (events, _):
            await asyncio.to_thread(module.fault, "unplugged", True)
            await events.next(ScannerLost)
            await soon(lambda: len(asked.failures) > 3)
            await asyncio.to_thread(module.fault, "unplugged", False)
            await events.next(ScannerBack)
            before = len(asked.failures)
            await asyncio.to_thread(module.fault, "unplugged", True)
            await events.next(ScannerLost)
            await soon(lambda: len(asked.failures) >= before + 3)
    assert asked.failures[:before] == list(range(before))
    assert asked.failures[before : before + 3] == [0, 1, 2]
    assert asked.bounds == {(0.3, 5.0)}


async def test_the_card_readers_port(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Asked(monkeypatch, reader_module)
    with SdtModule(paced=False) as module:
        reader = SerialCardReader(module.port, 115200, WallClock(), 0.002, Simulated.patience)
        async with reader:
            events = Taker(reader, Simulated.bound_s)
            await soon(lambda: reader._met)
            module.fault("reader-unplugged", True)
            await events.next(ReaderLost)
            await soon(lambda: len(asked.failures) > 3)
            module.fault("reader-unplugged", False)
            await events.next(ReaderBack)
            before = len(asked.failures)
            module.fault("reader-unplugged", True)
            await events.next(ReaderLost)
            await soon(lambda: len(asked.failures) >= before + 3)
    assert asked.failures[:before] == list(range(before))
    assert asked.failures[before : before + 3] == [0, 1, 2]
    assert asked.bounds == {(0.002, 2.0)}


async def test_the_uplinks_reconnection(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, script = Asked(monkeypatch, outbox), iter(STOOD)

    class Scripted:
        def __init__(self, *_: object) -> None:
            pass

        async def run(self) -> bool:
            return next_of(script)

    monkeypatch.setattr(uplink_module, "Session", Scripted)
    path = Path("nowhere")
    uplink = MqttUplink(
        host="127.0.0.1",
        port=1,
        ca=path,
        certificate=path,
        key=path,
        gate="g",
        site="s",
        journal=None,
        signing=bytes(32),
        office_public=bytes(32),
    )
    uplink.use_exam("e")
    with pytest.raises(ScriptEnd):
        await uplink._work()
    assert asked.failures == FAILED_BEFORE
    assert asked.bounds == {(outbox.RETRY_S, outbox.RETRY_MAX_S)}


def test_the_offices_reconnection(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked, script = Asked(monkeypatch, receive_module), iter(STOOD)
    monkeypatch.setattr(Receiver, "_connection", lambda *_: next_of(script))
    receiver = Receiver(Home(tmp_path), None, None, 1, SigningKey(bytes(32)))
    with pytest.raises(ScriptEnd):
        receiver.run(threading.Event())
    assert asked.failures == FAILED_BEFORE
    assert asked.bounds == {(1.0, 32.0)}


def next_of(script: Iterator[bool]) -> bool:
    for stood in script:
        return stood
    raise ScriptEnd
