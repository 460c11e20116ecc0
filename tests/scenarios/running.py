"""A service at work on fakes, for scenarios."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

from gate.service.desk import Desk
from gate.service.lane import Lane
from gate.service.service import Pace, Service
from gate.service.supervisors import Supervisors
from gate.service.watchdog import Health
from tests.scenarios.fakes import Rig
from tests.waiting import soon

BOUND_S = 10.0
FAST = Pace(watch_s=0.01, retry_s=0.02, room_s=0.02)


class Running:
    """A service at work, seen as its staff see it."""

    def __init__(self, parts: Rig, lane: Lane) -> None:
        self.parts = parts
        self.lane = lane
        self.supervisors = Supervisors.of(lane)
        self.desk = Desk(lane, self.supervisors)
        self.stop = asyncio.Event()
        self._lines = self.desk.follow()

    async def decision(self) -> dict[str, Any]:
        async with asyncio.timeout(BOUND_S):
            async for line in self._lines:
                if "outcome" in line:
                    return line
        raise AssertionError

    async def until(self, true: Any) -> None:
        await soon(true, BOUND_S)

    async def phase(self, name: str) -> None:
        await self.until(lambda: self.lane.state.phase == name)


@contextlib.asynccontextmanager
async def running(parts: Rig, timers: float = 1.0) -> AsyncIterator[Running]:
    lane = Lane(parts.unit, reaction_s=0.0, timers=timers)
    seen = Running(parts, lane)
    task = asyncio.create_task(Service(lane, seen.supervisors, Health({}), FAST).run(seen.stop))
    try:
        await seen.until(lambda: task.done() or (lane.roster is not None and lane.idle))
        yield seen
    finally:
        seen.stop.set()
        async with asyncio.timeout(BOUND_S):
            await task
