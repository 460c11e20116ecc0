"""What a simulated unit has at its ports: clock, reader, camera's verdict, lamps, rosters."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, Self

from gate.core.events import FaceJudged, Instant
from gate.core.exam import FacePolicy
from gate.core.liveness import FittedLayers
from gate.core.reasons import Pattern
from gate.ports import Reference
from gate.ports.status import LayerStatus
from tests.faults.sim.people import OPENING, SmallRoster
from tests.scenarios.fakes import MATCH, STRANGER


class Door(Protocol):
    """The unit that these are parts of."""

    impostor: bool

    def step(self, point: str) -> None: ...
    def shown(self, pattern: Pattern) -> None: ...
    def barrier(self) -> None: ...


class SimClock:
    """`offset`: what is wrong with the wall clock."""

    def __init__(self, loop: asyncio.AbstractEventLoop, boot: str) -> None:
        self._loop = loop
        self.boot = boot
        self.offset = timedelta()
        self.trusted = True

    def now(self) -> Instant:
        passed = self._loop.time()
        wall = OPENING + timedelta(seconds=passed) + self.offset
        return Instant(wall, int(passed * 1e9), self.trusted)

    def to_1970(self) -> None:
        self.offset = datetime(1970, 1, 1, 0, 0, 5, tzinfo=UTC) - OPENING


class SimMatcher:
    model, fitted, stalled_s = "sim", FittedLayers(), 0.0
    layers: dict[str, LayerStatus] = {}  # noqa: RUF012 - never written
    action = None

    def __init__(self, unit: Door) -> None:
        self._unit = unit

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    async def judge(self, reference: Reference, policy: FacePolicy, found_ns: int) -> FaceJudged:
        self._unit.step("judging a face")
        return STRANGER if self._unit.impostor else MATCH

    def use_screen(self, *_: object) -> None:
        pass

    def end_action(self) -> None:
        pass

    def use_liveness(self, asked: str) -> None:
        pass

    def forget(self) -> None:
        pass

    def evidence(self) -> bytes | None:
        return None


class SimSignals:
    """What the world sees. Each output is a step at which the gate may be killed."""

    def __init__(self, unit: Door) -> None:
        self._unit = unit

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    def show(self, pattern: Pattern) -> None:
        self._unit.step("before a lamp")
        self._unit.shown(pattern)
        self._unit.step("after a lamp")

    def open_barrier(self, *, longer: bool = False) -> None:
        self._unit.step("before the barrier")
        self._unit.barrier()
        self._unit.step("after the barrier")

    def safe(self) -> None:
        pass

    async def acknowledged(self) -> None:
        await asyncio.Event().wait()


class SimRosters:
    holds = True

    def __init__(self) -> None:
        self._next: SmallRoster | None = SmallRoster()

    def refresh(self) -> SmallRoster | None:
        fresh, self._next = self._next, None
        return fresh

    def recheck(self) -> None:
        self._next = SmallRoster()

    def finish(self) -> str | None:
        return None

    def overdue(self, now: datetime) -> frozenset[str] | None:
        return None

    def destroy_overdue(self, now: datetime, keep: frozenset[str]) -> list[str]:
        raise AssertionError("nothing was overdue")

    def history(self, after: int) -> list[dict[str, Any]]:
        return []


class SimEvidence:
    def keep(self, jpeg: bytes, name: str) -> str:
        return "00" * 32
