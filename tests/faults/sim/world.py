"""One seed: people come, things break, everything heals, and the oracle judges."""

import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from tests.faults.places import in_memory
from tests.faults.row import Finding, Say
from tests.faults.sim.broker import Broker, Trouble
from tests.faults.sim.gate import SimGate
from tests.faults.sim.ledger import Ledger
from tests.faults.sim.link import SimLink
from tests.faults.sim.loop import VirtualLoop
from tests.faults.sim.office import SimOffice
from tests.faults.sim.people import enrol, gate_name
from tests.faults.sim.seams import Patch, knobs, patched, world_patches
from tests.faults.sim.verdict import judge

HEAL_S = 1500.0
"""Virtual seconds after the last fault within which everything must be receipted: five of the
longest resend timeout (300 s)."""

RESTART_S = 5.0


class World:
    """`gates`: the units at work; `retired`: those whose card is gone or aside for good."""

    def __init__(self, seed: int, say: Say | None, gates: int) -> None:
        self.rng = Random(seed)
        self.say = say
        self.hits: Counter[str] = Counter()
        self.loop = VirtualLoop()
        self.base = in_memory()
        self.broker = Broker(self.loop, self.rng, self.hits)
        enrol(self.base / "home", gates)
        self.office = SimOffice(self.broker, self.base / "home", self.rng)
        self.ledger = Ledger(self.office)
        self.gates = [self._unit(gate_name(i), gate_name(i)) for i in range(1, gates + 1)]
        self.people = 0
        self.sticks: list[tuple[SimGate, bytes]] = []
        self.healing = False

    def close(self) -> None:
        for unit in self.gates:
            unit.kill("the end")
        self.loop.advance(0)
        shutil.rmtree(self.base)

    def told(self, line: str) -> None:
        """Into the trace."""
        if self.say is not None:
            self.say(f"{self.loop.time():9.3f}  {line.replace(str(self.base), '')}")

    # -- units -----------------------------------------------------------------------------------

    def _unit(self, gate: str, name: str) -> SimGate:
        unit = SimGate(gate, name, self.base, self.broker, self.rng)
        unit.on_end = self._ended
        unit.tell = self.told
        unit.disk.on_receipt = lambda values: self._kept(unit, values)
        return unit

    def _kept(self, unit: SimGate, values: tuple[Any, ...]) -> None:
        epoch = unit.journal.head.epoch
        unit.vouched[epoch] = max(unit.vouched.get(epoch, 0), values[1])
        self.ledger.kept(unit, values)

    def add_unit(self, gate: str, name: str) -> SimGate:
        unit = self._unit(gate, name)
        self.gates.append(unit)
        return unit

    def link(self, address: Any, post: Any, will: Any, keep_session_s: int = 0) -> SimLink:
        """What `gate.sync.uplink.Link` is in this world."""
        link = SimLink(address, post, will, keep_session_s)
        uplink_state = post.__self__._uplink
        link.owner = next(u for u in self.gates if u.uplink._state is uplink_state)
        link.broker = self.broker
        return link

    def _ended(self, unit: SimGate) -> None:
        """systemd starts it again."""
        if unit.power_cut:
            self.hits["power cut"] += 1
        unit.power_cut = False
        self.ledger.ended(unit)
        self.loop.call_later(self.rng.uniform(0.1, RESTART_S), self.restart, unit)

    def restart(self, unit: SimGate) -> None:
        if unit.alive or unit.name in self.ledger.retired:
            return
        unit.disk.mount(unit.image)
        self.told(f"{unit.name} starts")
        unit.start()

    # -- the run ---------------------------------------------------------------------------------

    def begin(self) -> None:
        self.office.start()
        for unit in self.gates:
            unit.start()
        self.loop.advance(self.rng.uniform(0.5, 3.0))

    def play(
        self,
        actions: Sequence[Callable[["World"], str | None]],
        weights: Sequence[float],
        steps: int,
    ) -> None:
        for action in self.rng.choices(actions, weights, k=steps):
            done = action(self)
            if done is not None:
                self.hits[action.__name__.strip("_").replace("_", " ")] += 1
                self.told(f"* {done}")
            self.loop.advance(self.rng.expovariate(0.4))

    def heal(self) -> None:
        """Everything works again, and stays so; then as long as it takes, at most `HEAL_S`."""
        self.told("everything heals")
        self.healing = True
        self.broker.trouble, self.broker.up = Trouble(), True
        self.broker.cut.clear()
        self.broker.meddler = None
        if self.office.store is not None:
            self.office.store.full = False
        self.office.fuse = None
        if not self.office.alive:
            self.office.start()
        for unit in self.gates:
            unit.fuse, unit.disk.full, unit.disk.failing = None, False, None
            if unit.alive:
                unit.clock.offset, unit.clock.trusted = type(unit.clock.offset)(), True
        until = self.loop.time() + HEAL_S
        self.loop.advance(RESTART_S + 1)
        while not self.ledger.settled(self.gates) and self.loop.time() < until:
            self.loop.advance(5.0)
        self.told("healed")


def play_seed(
    seed: int,
    say: Say | None,
    script: Callable[[World], None],
    *,
    gates: int,
    mutant: Sequence[Patch] = (),
) -> Finding:
    """A world of its own for `seed`; what the oracle says of it."""
    world = World(seed, say, gates)
    patches = world_patches(world.loop, world.rng, world.link)
    patches += knobs(world.rng, world.hits)
    with world.loop, patched([*patches, *mutant]):
        try:
            world.begin()
            script(world)
            world.heal()
            found = judge(world.ledger, world.gates, world.loop.bugs)
            found.hits = +world.hits
        finally:
            world.close()
    for sentence in found.faults:
        world.told(f"! {sentence}")
    return found
