"""A card laid too soon and left lying, on the real reader's thread and a simulated module.

At the opening it is found anew, and that reply is the instant that counts.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gate.drivers.card_reader.reader import Patience, SerialCardReader
from gate.drivers.simulated.sdt_cards import card_of
from gate.drivers.simulated.sdt_chip import Mode
from gate.drivers.simulated.sdt_module import SdtModule
from gate.drivers.simulated.sdt_wire import WIRES
from tests.scenarios.fakes import PAPER, FakeRoster, Rig, rig
from tests.scenarios.running import Running, running

OPENS = PAPER.start - timedelta(minutes=30)
CARD = card_of("11010519491231002X", "测试甲")


@asynccontextmanager
async def with_card(
    folder: Path,
    *,
    mode: Mode = Mode.STICKY,
    wire: str = "perfect",
    seconds: float = -10.0,
    trusted: bool = True,
) -> AsyncIterator[tuple[Running, Rig, SdtModule]]:
    """A gate at work so long before the opening, and a card on its reader."""
    parts = rig(folder)
    parts.clock.at, parts.clock.trusted = OPENS + timedelta(seconds=seconds), trusted
    with SdtModule(paced=False, mode=mode, wire=WIRES[wire](3)) as module:
        reader = SerialCardReader(module.port, 115200, parts.clock, 0.005, Patience())
        parts.unit = replace(parts.unit, reader=reader)
        async with running(parts, timers=0.01) as gate:
            await asyncio.to_thread(module.lay, CARD)
            yield gate, parts, module


async def decisions(parts: Rig) -> list[dict[str, Any]]:
    return [e for e in await parts.journal.read(1, 200) if e["kind"] == "decision"]


@pytest.mark.parametrize("mode", Mode)
async def test_at_the_opening_the_reader_finds_it_again(tmp_path: Path, mode: Mode) -> None:
    async with with_card(tmp_path, mode=mode) as (gate, parts, _):
        early = await gate.decision()
        assert (early["reason"], early["found"][11:19]) == ("TOO_EARLY", "08:29:50")
        parts.clock.at = OPENS
        admitted = await gate.decision()
        assert (admitted["reason"], admitted["found"][11:23]) == ("OK", "08:30:00.000")
        parts.clock.at += timedelta(minutes=40)
        assert len(await decisions(parts)) == 2


@pytest.mark.parametrize("wire", ["one-byte", pytest.param("delayed", marks=pytest.mark.slow)])
async def test_on_another_wire_too(tmp_path: Path, wire: str) -> None:
    async with with_card(tmp_path, wire=wire) as (gate, parts, _):
        assert (await gate.decision())["reason"] == "TOO_EARLY"
        parts.clock.at = OPENS
        assert (await gate.decision())["reason"] == "OK"


async def test_a_card_that_was_lifted_is_not_sought(tmp_path: Path) -> None:
    async with with_card(tmp_path) as (gate, parts, module):
        assert (await gate.decision())["reason"] == "TOO_EARLY"
        await asyncio.to_thread(module.lift)
        parts.clock.mono_ns += 10_000_000_000  # the dwell time
        await gate.until(lambda: gate.lane.state.card_left_lying is None)
        parts.clock.at = OPENS
        looks = parts.rosters.looks
        await gate.until(lambda: parts.rosters.looks > looks + 3)
        assert len(await decisions(parts)) == 1


async def test_laid_in_an_outage_it_is_seen_when_that_ends(tmp_path: Path) -> None:
    async with with_card(tmp_path, seconds=60.0) as (gate, parts, module):
        assert (await gate.decision())["reason"] == "OK"
        await asyncio.to_thread(module.lift)
        parts.clock.mono_ns += 10_000_000_000
        await gate.until(lambda: gate.lane.state.card_left_lying is None)
        parts.rosters.holds = False
        await gate.phase("out-of-service")
        await asyncio.to_thread(module.lay, card_of("440524188001010014", "测试乙"))
        await gate.until(lambda: gate.lane.state.card_left_lying is not None)
        parts.rosters.holds, parts.rosters.next = True, FakeRoster()
        assert (await gate.decision())["ticket"] == "A2"


async def test_a_clock_that_is_trusted_again_brings_another_look(tmp_path: Path) -> None:
    async with with_card(tmp_path, seconds=60.0, trusted=False) as (gate, parts, _):
        assert (await gate.decision())["reason"] == "CLOCK_UNTRUSTED"
        parts.clock.trusted = True
        assert (await gate.decision())["reason"] == "OK"
