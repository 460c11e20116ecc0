"""The simulator's rows: one world, other troubles in each."""

from collections.abc import Callable
from functools import partial

from tests.faults.row import Finding, Row, Say
from tests.faults.sim import actions as do
from tests.faults.sim.world import World, play_seed

Action = Callable[[World], str | None]
PEOPLE: dict[Action, float] = {do.visit: 8, do.back_again: 2, do.impostor: 1, do.settle: 1.5}
KILLS: dict[Action, float] = {do.kill_gate: 1, do.fuse_gate: 3, do.power_cut: 1}
OFFICE: dict[Action, float] = {do.kill_office: 0.7, do.fuse_office: 1, do.start_office: 2}
BACKUP: dict[Action, float] = {do.backup_office: 1, do.restore_office: 0.7, do.office_disk_full: 1}
NETWORK: dict[Action, float] = {do.bad_network: 1.5, do.partition: 1, do.disconnect: 1}
BROKER: dict[Action, float] = {
    do.broker_dies: 0.7, do.broker_amnesia: 0.5, do.broker_saves: 0.5, do.broker_back: 2,
}  # fmt: skip
CARD: dict[Action, float] = {do.disk_full: 1.2, do.disk_fails: 0.7}
CLOCK: dict[Action, float] = {do.clock_wrong: 1.5, do.clock_right: 1.5}


def mixed(world: World, kinds: dict[Action, float], most: int) -> None:
    """People among troubles, then peace. A seed takes a few of the kinds, not all of them (swarm
    testing, Groce et al., ISSTA 2012): with everything broken at once nobody gets in at all."""
    troubles = [kind for kind in kinds if kind not in PEOPLE]
    some = world.rng.sample(troubles, world.rng.randint(1, min(6, len(troubles))))
    weights = PEOPLE | {kind: kinds[kind] for kind in some}
    world.play(list(weights), list(weights.values()), world.rng.randint(most // 3, most))


def once(
    seed: int, say: Say | None, *, kinds: dict[Action, float], gates: int = 1, most: int = 40
) -> Finding:
    return play_seed(seed, say, partial(mixed, kinds=kinds, most=most), gates=gates)


def _row(
    name: str, what: str, kinds: dict[Action, float], seeds: int, quick: int, gates: int = 1
) -> Row:
    return Row(name, what, partial(once, kinds=PEOPLE | kinds, gates=gates), seeds, quick)


EVERYTHING = KILLS | OFFICE | BACKUP | NETWORK | BROKER | CARD | CLOCK

ROWS: tuple[Row, ...] = (
    _row("sim-all", "everything below at once", EVERYTHING, 60_000, 1_000),
    _row("sim-kills", "gate killed or cut from its power at any step", KILLS, 10_000, 200),
)
