"""What may happen in a world. Each does one thing and says it in a few words, or None where it
could not be done now."""

from datetime import timedelta

from tests.faults.sim.broker import Trouble
from tests.faults.sim.gate import SimGate
from tests.faults.sim.people import ticket
from tests.faults.sim.world import World


def _any(world: World) -> SimGate | None:
    at_work = [unit for unit in world.gates if unit.alive]
    return world.rng.choice(at_work) if at_work else None


def _free(world: World) -> SimGate | None:
    free = [unit for unit in world.gates if unit.free]
    return world.rng.choice(free) if free else None


# -- people ----------------------------------------------------------------------------------------


def visit(world: World) -> str | None:
    unit = _free(world)
    if unit is None:
        return None
    world.people += 1
    unit.present(world.people)
    return f"{ticket(world.people)} comes to {unit.name}"


def impostor(world: World) -> str | None:
    unit = _free(world)
    if unit is None:
        return None
    world.people += 1
    unit.present(world.people, impostor=True)
    return f"somebody with {ticket(world.people)}'s card comes to {unit.name}"


def back_again(world: World) -> str | None:
    unit = _free(world)
    if unit is None or not unit.seen.greens:
        return None
    person, _ = world.rng.choice(unit.seen.greens)
    unit.present(person)
    return f"{ticket(person)} comes to {unit.name} again"


def settle(world: World) -> str | None:
    unit = _free(world)
    admit = world.rng.random() < 0.6
    if unit is None or not unit.settle(admit=admit):
        return None
    return f"staff {'admit' if admit else 'deny'} at {unit.name}"


# -- killed ----------------------------------------------------------------------------------------


def kill_gate(world: World) -> str | None:
    unit = _any(world)
    if unit is None:
        return None
    unit.kill("at rest")
    return f"{unit.name} is killed"


def fuse_gate(world: World) -> str | None:
    """At a step soon: with the next visitor, or in the middle of sending."""
    unit = _any(world)
    if unit is None or unit.fuse is not None:
        return None
    unit.fuse = world.rng.randint(0, 12)
    unit.power_cut = world.rng.random() < 0.5
    return f"{unit.name} will be killed after {unit.fuse} steps"


def stop_gate(world: World) -> str | None:
    """SIGTERM: what is in hand is finished; a kill may still come."""
    unit = _any(world)
    if unit is None:
        return None
    unit.stop.set()
    return f"{unit.name} is told to stop"


def power_cut(world: World) -> str | None:
    unit = _any(world)
    if unit is None:
        return None
    unit.power_cut = True
    unit.kill("by a power cut")
    return f"{unit.name} has no power"


def kill_office(world: World) -> str | None:
    if not world.office.alive:
        return None
    world.office.kill("at rest")
    return "the office is killed"


def fuse_office(world: World) -> str | None:
    if not world.office.alive or world.office.fuse is not None:
        return None
    world.office.fuse = world.rng.randint(0, 8)
    return f"the office will be killed after {world.office.fuse} steps"


def start_office(world: World) -> str | None:
    if world.office.alive:
        return None
    world.office.start()
    return "the office starts"


# -- the office's disk -----------------------------------------------------------------------------


def backup_office(world: World) -> str | None:
    if not world.office.alive or world.office.store is None:
        return None
    world.office.backup = world.office.store.db.serialize()
    return "the office's database is backed up"


def restore_office(world: World) -> str | None:
    if world.office.backup is None:
        return None
    world.office.kill("to restore a backup")
    world.office.image = world.office.backup
    world.loop.advance(1.0)
    world.office.start()
    return "the office's database is restored from its backup"


def office_disk_full(world: World) -> str | None:
    store = world.office.store
    if not world.office.alive or store is None:
        return None
    store.full = not store.full
    return f"the office's disk {'is full' if store.full else 'has room'}"


# -- broker and network ----------------------------------------------------------------------------


def broker_dies(world: World) -> str | None:
    if not world.broker.up:
        return None
    world.broker.die(wiped=False)
    return "the broker is killed"


def broker_amnesia(world: World) -> str | None:
    if not world.broker.up:
        return None
    world.broker.die(wiped=True)
    return "the broker is killed and its database wiped"


def broker_saves(world: World) -> str | None:
    world.broker.save()
    return "the broker saves"


def broker_back(world: World) -> str | None:
    if world.broker.up:
        return None
    world.broker.up = True
    return "the broker is back"


def partition(world: World) -> str | None:
    name = world.rng.choice(["office", *(unit.gate for unit in world.gates)])
    if name in world.broker.cut:
        world.broker.cut.discard(name)
        return f"{name} reaches the broker again"
    world.broker.cut.add(name)
    world.broker.disconnect(name)
    return f"{name} is cut off"


def disconnect(world: World) -> str | None:
    if not world.broker.links:
        return None
    name = world.rng.choice(sorted(world.broker.links))
    world.broker.disconnect(name)
    return f"{name} loses its connection"


def bad_network(world: World) -> str | None:
    rng = world.rng
    world.broker.trouble = Trouble(
        drop=rng.choice([0.0, 0.1, 0.5]),
        duplicate=rng.choice([0.0, 0.3]),
        reorder=rng.choice([0.0, 0.5, 1.0]),
        delay_s=rng.choice([0.02, 1.0, 8.0]),
    )
    return f"the network: {world.broker.trouble}"


# -- the card --------------------------------------------------------------------------------------


def disk_full(world: World) -> str | None:
    unit = _any(world)
    if unit is None:
        return None
    unit.disk.full = not unit.disk.full
    return f"the disk of {unit.name} {'is full' if unit.disk.full else 'has room'}"


def disk_fails(world: World) -> str | None:
    """Once: the write never came, or came and its fsync failed. The next start finds a card that
    works, with or without what was written."""
    unit = _any(world)
    if unit is None:
        return None
    unit.disk.failing = world.rng.choice(["before", "after"])
    return f"the next write of {unit.name} fails ({unit.disk.failing} it reached the card)"


# -- the clock -------------------------------------------------------------------------------------


def clock_wrong(world: World) -> str | None:
    unit = _any(world)
    if unit is None:
        return None
    clock, kind = unit.clock, world.rng.randrange(4)
    if kind == 0:
        clock.to_1970()
    elif kind == 1:
        clock.offset -= timedelta(hours=1)
    elif kind == 2:
        clock.offset += timedelta(days=1)
    else:
        clock.trusted = False
    said = ("shows 1970", "goes back an hour", "goes forward a day", "is not trusted")[kind]
    return f"the clock of {unit.name} {said}"


def clock_right(world: World) -> str | None:
    unit = _any(world)
    if unit is None or (unit.clock.trusted and not unit.clock.offset):
        return None
    unit.clock.offset, unit.clock.trusted = timedelta(), True
    return f"the clock of {unit.name} is right"
