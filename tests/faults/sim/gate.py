"""One gate unit as a process: the product's service, lane, journal and uplink.

Simulated are its reader, its camera's verdict, its lamps, its clock and its card.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from gate.core.events import CardPresented, VerdictGiven
from gate.core.reasons import Lamp, Pattern, Rhythm
from gate.errors import GateError, InputRejected, StorageRefused
from gate.service.adapters import Adapters
from gate.service.lane import Lane
from gate.service.service import Pace, Service
from gate.service.supervisors import Supervisors
from gate.service.watchdog import Health
from gate.store.journal import SqliteJournal
from gate.sync.uplink import MqttUplink
from tests.faults.sim.broker import Broker
from tests.faults.sim.disk import Disk, Image
from tests.faults.sim.parts import (
    SimClock,
    SimEvidence,
    SimMatcher,
    SimRosters,
    SimSignals,
)
from tests.faults.sim.people import EXAM, OFFICE_PUBLIC, SITE, card, seed_of, ticket
from tests.faults.sim.process import Killed, Process
from tests.scenarios.fakes import FakeReader, FakeSheets

PACE = Pace(watch_s=11.0, retry_s=5.0, room_s=60.0)
"""Slower than at a door: what is asked of the schedule is order, not speed."""


@dataclass(slots=True)
class Facing:
    """Who stands at the gate, for all to see. `by_staff`: an invigilator's word is awaited."""

    person: int
    by_staff: bool = False


@dataclass(slots=True)
class Seen:
    """What everybody could see of one unit.

    `greens`: (person, by staff) of every green lamp. `opened`: of every time the barrier moved.
    `late`: whom staff let in by hand, in the record alone. `dark`: whom a killed gate left
    standing, who may be recorded or not.
    """

    greens: list[tuple[int, bool]] = field(default_factory=list)
    opened: list[int] = field(default_factory=list)
    late: list[int] = field(default_factory=list)
    dark: list[int] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)


class SimGate(Process):
    """`ended`: why the program itself gave up, None while it runs or was killed."""

    def __init__(self, name: str, unit: str, base: Path, broker: Broker, rng: Random) -> None:
        super().__init__(unit, broker.hits)
        self.gate = name
        self.loop = broker.loop
        self.broker = broker
        self.rng = rng
        self.seen = Seen()
        self.facing: Facing | None = None
        self.impostor = False
        self.out = True
        self.last_green = 0
        self.ended: GateError | None = None
        self.image: Image = {}
        self.boots = 0
        self.disk = Disk(base / unit, self, rng)
        self.vouched: dict[str, int] = {}
        """By epoch, the highest mark of a receipt that this unit kept."""
        self.on_killed = self._gone
        self.power_cut = False
        self.on_end: Callable[[SimGate], None] = lambda unit: None
        self.tell: Callable[[str], None] = lambda line: None
        self._tasks: set[asyncio.Task[Any]] = set()

    # -- life ------------------------------------------------------------------------------------

    def start(self) -> None:
        """Power on: exam-gate run."""
        self.alive, self.ended, self.out, self.facing = True, None, True, None
        self.boots += 1
        self.clock = SimClock(self.loop, f"boot-{self.boots}")
        self.reader = FakeReader()
        self.journal = SqliteJournal(
            self.disk.journal, gate=self.gate, boot=self.clock.boot, now=self.clock.now
        )
        self.uplink = MqttUplink(
            host="broker",
            port=8883,
            ca=Path(),
            certificate=Path(),
            key=Path(),
            gate=self.gate,
            site=SITE,
            journal=self.journal,
            signing=seed_of(self.gate),
            office_public=OFFICE_PUBLIC,
            chance=self.rng,
        )
        self.uplink.use_exam(EXAM.id)
        unit = Adapters(
            self.gate,
            SITE,
            self.clock,
            self.reader,
            SimMatcher(self),
            SimSignals(self),
            SimRosters(),
            self.journal,
            SimEvidence(),
            self.uplink,
            FakeSheets(),
        )
        self.lane = Lane(unit)
        service = Service(self.lane, Supervisors.of(self.lane), Health({}, self.loop.time), PACE)
        self.stop = asyncio.Event()
        self._spawn(self._run(service))

    async def _run(self, service: Service) -> None:
        try:
            await service.run(self.stop)
        except* Killed:
            pass
        except* GateError as group:
            self.ended = _first(group)
        if self.alive:
            self.kill("ended by itself")

    def _spawn(self, work: Any) -> None:
        task = self.loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.set_name(self.name)

    def _gone(self, point: str) -> None:
        """Whatever was in memory is gone, at once; the world learns of it."""
        self.tell(f"{self.name} is gone: {point}" + (f" ({self.ended})" if self.ended else ""))
        self.image = self.disk.unmount(power_cut=self.power_cut)
        self.journal._files.release()
        if self.facing is not None:
            self.seen.dark.append(self.facing.person)
            self.facing = None
        link = self.broker.links.get(self.gate)
        if link is not None and link.owner is self:
            del self.broker.links[self.gate]
            link.killed()
            self.broker.lost(link)
        self.loop.call_soon(self._reap)

    def _reap(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self.lane.matching is not None:
            self.lane.matching.cancel()
        self.loop.call_soon(self.on_end, self)

    # -- the door --------------------------------------------------------------------------------

    @property
    def free(self) -> bool:
        """Somebody may walk up."""
        return self.alive and not self.out and self.facing is None and self.lane.idle

    def present(self, person: int, *, impostor: bool = False) -> None:
        self.facing, self.impostor = Facing(person), impostor
        now = self.clock.now()
        self.reader.queue.put_nowait(CardPresented(card(person), now, now.mono_ns))

    def settle(self, *, admit: bool) -> bool:
        """An invigilator settles the oldest REFER; False where there is none."""
        if not self.lane.state.unsettled:
            return False
        refer = self.lane.state.unsettled[0]
        if not refer.facts["ticket"]:
            return False
        self.facing = Facing(int(refer.facts["ticket"][1:]), by_staff=True)
        given = VerdictGiven(refer.decision, admit, "Wang", None, "", self.clock.now())
        self._spawn(self._ask(given))
        return True

    async def _ask(self, given: VerdictGiven) -> None:
        facing = self.facing
        try:
            recorded = await self.lane.ask(given)
        except (InputRejected, StorageRefused):
            self.facing = None
            return
        if not recorded["signals"] and facing is not None:  # too late for anything at the door
            if given.admit:
                self.seen.late.append(facing.person)
            self.facing = None

    def shown(self, pattern: Pattern) -> None:
        self.out = len(pattern.lamps) == 3
        if self.facing is None:
            if pattern.lamps == (Lamp.GREEN,):
                self.seen.strange.append("green for nobody")
            return
        if pattern.lamps == (Lamp.GREEN,):
            self.last_green = self.facing.person
            self.seen.greens.append((self.facing.person, self.facing.by_staff))
        asked_again = pattern.lamps == (Lamp.YELLOW,) and pattern.rhythm is Rhythm.STEADY
        if pattern.lamps and not asked_again:
            self.tell(f"{self.name} shows {pattern} to {ticket(self.facing.person)}")
            self.facing = None

    def barrier(self) -> None:
        self.seen.opened.append(self.last_green)


def _first(group: BaseExceptionGroup[Any]) -> GateError:
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error
