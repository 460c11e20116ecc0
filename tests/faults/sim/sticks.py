"""The journal leaves by stick: the product's signed export, carried by hand, and its import."""

from random import Random

from nacl.signing import SigningKey

from gate.core.journal_entries import GENESIS
from gate.errors import GateError, InputRejected
from gate.store.reading import reading
from gate.sync.signed_export import Extent, written
from gate.sync.wire import Topics
from office.receiving.authorisation import Authorisation
from office.receiving.importing import Importer
from tests.faults.sim.gate import SimGate
from tests.faults.sim.people import EXAM, OFFICE_KEY, SITE, seed_of
from tests.faults.sim.process import Killed
from tests.faults.sim.world import World


def export(unit: SimGate) -> bytes:
    """exam-gate journal export --signed, beside the running gate."""
    with reading(unit.disk.journal) as found:
        extent = Extent(found.gate, SITE, EXAM.id, found.epoch, 1, found.last, GENESIS, found.head)
        lines = written(
            extent,
            found.events(),
            at="2027-04-10T09:00:00.000+08:00",
            key=SigningKey(seed_of(unit.gate)),
            enrolled=None,
        )
        return b"".join(lines)


def write_stick(world: World) -> str | None:
    ready = [u for u in world.gates if u.alive and u.journal._files.head is not None]
    if not ready:
        return None
    unit = world.rng.choice(ready)
    world.sticks.append((unit, export(unit)))
    return f"the journal of {unit.name} is on a stick"


def bring_stick(world: World) -> str | None:
    """Any stick, any number of times; some get wet. The receipt goes back by the same stick."""
    office = world.office
    if not world.sticks or not office.alive or office.store is None:
        return None
    unit, content = world.rng.choice(world.sticks)
    wet = world.rng.random() < 0.3
    path = world.base / "stick.journal"
    path.write_bytes(_damaged(world.rng, content) if wet else content)
    importer = Importer(
        Authorisation(office.home), office.store, OFFICE_KEY, "2027-04-10T09:00:00.000+08:00"
    )
    try:
        done = importer.take(path)
    except (InputRejected, GateError) as e:
        world.hits["stick refused"] += 1
        return f"the stick of {unit.name} is refused: {e}"
    except Killed:
        return f"the office is killed while it reads the stick of {unit.name}"
    world.hits["stick taken whole" if done.is_complete else "stick taken in part"] += 1
    if done.receipt is not None:
        world.broker.inject(Topics(EXAM.id, SITE, unit.gate).rcpt, done.receipt, retain=True)
    return f"the stick of {unit.name}: {done.events} new events{', wet' if wet else ''}"


def _damaged(rng: Random, content: bytes) -> bytes:
    place = rng.randrange(len(content))
    if rng.random() < 0.5:
        return content[:place]
    return content[:place] + bytes([content[place] ^ 0x20]) + content[place + 1 :]
