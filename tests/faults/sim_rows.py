"""The simulator's rows: one world, other troubles in each."""

from collections.abc import Callable, Sequence
from functools import partial

from tests.faults.row import Finding, Row, Say
from tests.faults.sim import actions as do
from tests.faults.sim import malice, sticks
from tests.faults.sim.herd import GATES, herd
from tests.faults.sim.mutants import Mutant
from tests.faults.sim.seams import Patch
from tests.faults.sim.world import World, play_seed

Action = Callable[[World], str | None]
Kinds = dict[Action, float]

PEOPLE: Kinds = {do.visit: 8, do.back_again: 2, do.impostor: 1, do.settle: 1.5}
KILLS: dict[str, Kinds] = {
    "killed": {do.kill_gate: 1},
    "killed at a step": {do.fuse_gate: 4},
    "power": {do.power_cut: 1},
    "stopped": {do.stop_gate: 1},
}
OFFICE: dict[str, Kinds] = {
    "office killed": {do.kill_office: 0.7, do.start_office: 2},
    "office killed at a step": {do.fuse_office: 1.5, do.start_office: 2},
    "office restored": {do.backup_office: 1.5, do.restore_office: 0.7},
    "office full": {do.office_disk_full: 1.5},
}
NETWORK: dict[str, Kinds] = {
    "bad network": {do.bad_network: 1.5},
    "partition": {do.partition: 1.5},
    "disconnects": {do.disconnect: 1.5},
}
BROKER: dict[str, Kinds] = {
    "broker killed": {do.broker_dies: 1, do.broker_saves: 0.5, do.broker_back: 2},
    "broker wiped": {do.broker_amnesia: 1, do.broker_back: 2},
}
CARD: dict[str, Kinds] = {"disk full": {do.disk_full: 2}, "disk fails": {do.disk_fails: 1.2}}
CLOCK: dict[str, Kinds] = {"clock": {do.clock_wrong: 1.5, do.clock_right: 2}}


def mixed(world: World, kinds: dict[str, Kinds], most: int) -> None:
    """People among troubles, then peace.

    A seed takes a few of the kinds, not all of them (swarm testing, Groce et al., ISSTA 2012). With
    everything broken at once nobody gets in at all.
    """
    some = world.rng.sample(sorted(kinds), world.rng.randint(1, min(4, len(kinds))))
    weights = dict(PEOPLE)
    for name in some:
        weights |= kinds[name]
    world.play(list(weights), list(weights.values()), world.rng.randint(most // 3, most))


def once(
    seed: int,
    say: Say | None,
    *,
    kinds: dict[str, Kinds],
    gates: int = 1,
    most: int = 24,
    mutant: Sequence[Patch] = (),
) -> Finding:
    script = partial(mixed, kinds=kinds, most=most)
    return play_seed(seed, say, script, gates=gates, mutant=mutant)


def sticks_once(
    seed: int, say: Say | None, *, kinds: dict[str, Kinds], mutant: Sequence[Patch] = ()
) -> Finding:
    """Sticks in every seed, troubles beside them."""

    def script(world: World) -> None:
        if world.rng.random() < 0.5:
            world.broker.cut.add("office")
            world.broker.disconnect("office")
        names = world.rng.sample(sorted(kinds.keys() - {"sticks"}), 2)
        weights = PEOPLE | kinds["sticks"] | kinds[names[0]] | kinds[names[1]]
        world.play(list(weights), list(weights.values()), world.rng.randint(12, 30))

    return play_seed(seed, say, script, gates=1, mutant=mutant)


def herd_once(seed: int, say: Say | None, *, mutant: Sequence[Patch] = ()) -> Finding:
    return play_seed(seed, say, herd, gates=GATES, mutant=mutant)


def _row(
    name: str, what: str, kinds: dict[str, Kinds], seeds: int, quick: int, gates: int = 1
) -> Row:
    return Row(name, what, partial(once, kinds=kinds, gates=gates), seeds, quick)


FORGED: dict[str, Kinds] = {
    "receipts forged": {malice.forge_receipt: 3},
    "receipts repeated": {malice.repeat_receipt: 3},
    "batches forged": {malice.forge_batch: 2},
    "batches repeated": {malice.repeat_batch: 2},
    "messages altered": {malice.meddle: 2},
}
COPIED: dict[str, Kinds] = {"card copied": {malice.copy_card: 1.5}}
ALTERED: dict[str, Kinds] = {"card altered": {malice.alter_card: 3}}
STICKS: dict[str, Kinds] = {
    "no network": {do.broker_dies: 3},
    "sticks": {sticks.write_stick: 3, sticks.bring_stick: 4},
}
DESTROYED: dict[str, Kinds] = {"card destroyed": {malice.destroy_card: 1}}

EVERYTHING = KILLS | OFFICE | NETWORK | BROKER | CARD | CLOCK

ROWS: tuple[Row, ...] = (
    _row("sim-all", "up to four of the kinds below at once", EVERYTHING, 50_000, 800),
    _row("sim-two-gates", "the same with two gates", EVERYTHING, 5_000, 100, gates=2),
    _row("sim-kills", "gate killed or cut from its power at any step", KILLS, 10_000, 200),
    _row("sim-office", "office killed, full, restored from a backup", OFFICE, 10_000, 200),
    _row(
        "sim-network",
        "packets dropped, doubled, reordered, late; partitions; broker killed, wiped",
        NETWORK | BROKER,
        10_000,
        200,
    ),
    _row("sim-card", "disk full, write failed, kills beside it", CARD | KILLS, 5_000, 150),
    _row(
        "sim-forged",
        "receipts and batches forged, repeated, altered on their way",
        FORGED | KILLS,
        5_000,
        200,
        gates=2,
    ),
    _row("sim-copied", "two copies of one card at work", COPIED, 2_000, 60),
    _row("sim-altered", "a journal edited, cut, swapped while its unit is off", ALTERED, 3_000, 60),
    _row("sim-destroyed", "cards destroyed and replaced", DESTROYED | NETWORK, 2_000, 60),
    Row(
        "sim-sticks",
        "journals carried by stick: old, wet, twice; network down, kills",
        partial(sticks_once, kinds=STICKS | KILLS | OFFICE),
        3_000,
        60,
    ),
    Row(
        "sim-herd",
        f"{GATES} gates back at once after an outage, the office killed meanwhile",
        herd_once,
        20,
        1,
    ),
    _row("sim-clock", "clock at 1970, an hour back, a day on, untrusted", CLOCK, 3_000, 50),
)


SCRIPTS = {row.name: row.once for row in ROWS}


def hunt(mutant: Mutant, most: int) -> tuple[int, list[str]] | None:
    """How many seeds of its row it takes to catch `mutant`, and what is said; None: not within
    `most`."""
    played = SCRIPTS[mutant.row]
    for seed in range(1, most + 1):
        found = played(seed, None, mutant=mutant.patches())
        if not found.clean:
            return seed, found.faults
    return None
