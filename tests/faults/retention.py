"""The row of a unit whose clock, or the person who confirms it, may say anything.

Is a roster ever lost before its time, and is it gone after it?

Real are the roster on a disk, its supervisor, the clock's monitor, the journal and the desk. Time
is virtual, so a seed passes days. In a seed either the clock may say anything, or the second
sources may. Where both are wrong by the same time, nothing is promised.
"""

import asyncio
import random
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gate.core.confirmed_time import STEADY_S
from gate.core.events import Fault, Instant
from gate.errors import GateError
from gate.roster.installed import RosterInstallation
from gate.service.adapters import Adapters
from gate.service.desk import Desk
from gate.service.lane import Lane
from gate.service.supervisors import Supervisors, replay_journal
from gate.store.journal import SqliteJournal
from tests.faults.places import scratch
from tests.faults.row import Finding, Row, Say
from tests.faults.sim.seams import patched
from tests.roster_making import GATE, NOW, SITE, Office
from tests.scenarios.fakes import (
    FakeEvidence,
    FakeMatcher,
    FakeReader,
    FakeSheets,
    FakeSignals,
    FakeUplink,
)

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
EXPIRES = NOW + 3 * DAY
LOOK_S = 50.0
"""Between two looks at the clock; the service's own are each half second."""
ROUND = 12
"""Looks at the clock for each look at the roster: ten minutes."""
JUMPS = (
    HOUR,
    30 * HOUR,
    3 * DAY,
    40 * DAY,
    400 * DAY,
    9000 * DAY,
    -HOUR,
    -3 * DAY,
    -9000 * DAY,
)

Act = Callable[["Site"], object]


class AnyClock:
    """`wrong`: what its wall says beside the truth."""

    def __init__(self) -> None:
        self.true, self.mono_s, self.boots = NOW + DAY, 30.0, 1
        self.wrong, self.trusted = timedelta(), True

    @property
    def boot(self) -> str:
        return f"boot-{self.boots}"

    def now(self) -> Instant:
        return Instant(self.true + self.wrong, int(self.mono_s * 1e9), self.trusted)

    def passes(self, seconds: float) -> None:
        self.true += timedelta(seconds=seconds)
        self.mono_s += seconds


@dataclass
class Site:
    """One unit from start to start. `liars`: the second sources say anything, the clock is right;
    else the clock says anything, and they speak the truth or repeat an old one."""

    folder: Path
    rng: random.Random
    found: Finding
    say: Say
    liars: bool
    clock: AnyClock = field(default_factory=AnyClock)
    office: Office = field(default_factory=Office)
    rtc: datetime | None = None
    promised: list[str] = field(default_factory=list)

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def install(self) -> None:
        source = self.office.written(self.folder / "usb", expires=EXPIRES)
        self.office.install(source, self.state)

    async def start(self) -> None:
        """exam-gate run, as far as clocks and rosters are concerned."""
        self.journal = SqliteJournal(
            self.state / "journal.sqlite", gate=GATE, boot=self.clock.boot, now=self.clock.now
        )
        self.uplink = FakeUplink()
        repository = RosterInstallation(
            self.state,
            gate=GATE,
            sealing=bytes(self.office.gate),
            office=bytes(self.office.signing.verify_key),
        )
        unit = Adapters(
            GATE,
            SITE,
            self.clock,
            FakeReader(),
            FakeMatcher(),
            FakeSignals(),
            repository,
            self.journal,
            FakeEvidence(),
            self.uplink,
            FakeSheets(),
            rtc=lambda: self.rtc,
        )
        self.lane = Lane(unit)
        self.supervisors = Supervisors.of(self.lane)
        self.supervisors.clock.look()
        self.stack = AsyncExitStack()
        await self.stack.enter_async_context(self.journal)
        await replay_journal(self.journal, self.lane, self.supervisors)
        self.keeper, self.desk = self.supervisors.rosters, Desk(self.lane, self.supervisors)
        await self.look()

    async def stop(self) -> None:
        if self.lane.roster is not None:
            self.lane.roster.close()
        await self.stack.aclose()

    async def restart(self) -> None:
        await self.stop()
        await self.start()

    async def power_cut(self) -> None:
        """Off for a while; on again with a board's clock that has its battery or not."""
        await self.stop()
        self.clock.true += self.rng.choice((HOUR / 60, 5 * HOUR, DAY))
        self.clock.boots, self.clock.mono_s = self.clock.boots + 1, self.rng.uniform(5, 1200)
        truth, empty = self.clock.true, datetime(2000, 1, 1, tzinfo=UTC)
        lies = (truth + self.rng.choice(JUMPS),) if self.liars else ()
        self.rtc = self.rng.choice((None, truth, empty, *lies))
        before = self.clock.trusted
        self.clock.trusted = self.rng.random() < 0.3
        await self.start()
        self.clock.trusted = before

    async def look(self) -> None:
        """The roster's keeper, and what followed in the lane; then the oracle."""
        await self.keeper.look()
        while not self.lane.idle:
            await self.lane.work(1.0)
        await self.keeper.look()
        while not self.lane.idle:
            await self.lane.work(1.0)
        if not self.holds and self.clock.true < EXPIRES:
            self.found.lose(f"the roster was destroyed {EXPIRES - self.clock.true} too early")

    @property
    def holds(self) -> bool:
        return any((self.state / "roster" / "installed").glob("*/manifest.json"))

    async def pass_time(self, seconds: float, creep_s: float = 0.0) -> None:
        for n in range(int(seconds // LOOK_S)):
            self.clock.passes(LOOK_S)
            self.clock.wrong += timedelta(seconds=creep_s)
            self.supervisors.clock.look()
            if n % ROUND == ROUND - 1:
                await self.look()
        await self.look()

    async def note(self) -> None:
        """Something is promised to be in the journal."""
        word = f"note {len(self.promised)}"
        if await self.lane.note("attempt", {"word": word}) is None:
            self.promised.append(word)

    # -- what happens ------------------------------------------------------------------------------

    async def a_while(self) -> None:
        await self.pass_time(self.rng.choice((300, 1800, STEADY_S + 200, 3 * STEADY_S)))

    async def jumps(self) -> None:
        if not self.liars:
            self.clock.wrong += self.rng.choice(JUMPS)
            await self.pass_time(self.rng.choice((LOOK_S, 2 * STEADY_S)))

    async def creeps(self) -> None:
        if not self.liars:
            await self.pass_time(STEADY_S, creep_s=self.rng.choice((-1.0, 0.1, 1.0, 30.0, 3000.0)))

    async def is_put_right(self) -> None:
        self.clock.wrong = timedelta()
        await self.pass_time(LOOK_S)

    async def trust_flips(self) -> None:
        self.clock.trusted = not self.clock.trusted
        await self.pass_time(LOOK_S)

    async def office_speaks(self) -> None:
        wrong = self.rng.choice(JUMPS) if self.liars else timedelta()
        self.uplink.office_time = self.clock.true + wrong
        await self.pass_time(LOOK_S)

    async def office_repeats(self) -> None:
        self.uplink.office_time = self.clock.true - self.rng.choice((HOUR, DAY, 900 * DAY))
        await self.pass_time(LOOK_S)

    async def operator_confirms(self) -> None:
        """The date of another clock, which the desk holds against the unit's own."""
        wrong = self.rng.choice(JUMPS) if self.liars else timedelta()
        zone = self.office.exam.zone
        day = (self.clock.true + wrong).astimezone(zone).date().isoformat()
        try:
            await self.desk.confirm_clock("li", day)
        except GateError:
            self.found.hits["confirmation refused"] += 1

    async def in_peace(self) -> None:
        """Clock and office are right: the roster is used until its end, and gone soon after it."""
        self.clock.trusted, self.clock.wrong, self.liars = True, timedelta(), False
        await self.restart()  # forgets what was said by liars
        await self.pass_time(LOOK_S)
        if self.clock.true < EXPIRES:
            if Fault.ROSTER in self.lane.state.faults or self.lane.roster is None:
                self.found.lose("a clock that was put right did not bring the roster back")
            self.clock.true = EXPIRES
            await self.restart()
            await self.pass_time(LOOK_S)
        self.uplink.office_time = self.clock.true
        if self.holds:
            await self.pass_time(STEADY_S + 600)
        if self.holds:
            self.found.miss("the roster is not destroyed though its end is confirmed")


ACTS: dict[str, float] = {
    "a_while": 4,
    "jumps": 5,
    "creeps": 1,
    "is_put_right": 3,
    "trust_flips": 1,
    "office_speaks": 2,
    "office_repeats": 2,
    "operator_confirms": 2,
    "restart": 1,
    "power_cut": 1,
}


async def _play(site: Site) -> None:
    site.install()
    await site.start()
    for name in site.rng.choices(list(ACTS), list(ACTS.values()), k=site.rng.randint(4, 14)):
        site.say(f"{name}: {site.clock.true} {site.clock.wrong} trusted={site.clock.trusted}")
        site.found.hits[name] += 1
        await getattr(site, name)()
        await site.note()
        if not site.holds:
            break
    await site.in_peace()
    told = [e async for page in site.journal.past() for e in page]
    missing = set(site.promised) - {e.get("word") for e in told}
    if missing:
        site.found.lose(f"{len(missing)} events that were promised are not in the journal")
    if [e["seq"] for e in told] != list(range(1, len(told) + 1)):
        site.found.miss("the journal has gaps")
    if sum(e["kind"] == "wiped" for e in told) != 1:
        site.found.miss("the destruction is not journaled once")
    await site.stop()


def once(seed: int, say: Say | None) -> Finding:
    rng, found = random.Random(seed), Finding()
    with scratch() as folder, patched([]):
        site = Site(folder, rng, found, say or (lambda _: None), liars=rng.random() < 0.3)
        asyncio.run(_play(site))
    return found


ROWS = (
    Row(
        "sim-retention",
        "clocks that jump past a roster's end and back, creep, lie steadily; false and old words; "
        "restarts, power cuts",
        once,
        1000,
        30,
    ),
)
