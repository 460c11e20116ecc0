"""Every gate of a province comes back at once."""

from tests.faults.sim.world import World

GATES = 300
VISITS = 4


def herd(world: World) -> None:
    """The broker is gone for a while, and everywhere people go on entering.

    Then it is back, and every gate has its backlog to send, some while they are restarted.
    """
    world.broker.die(wiped=world.rng.random() < 0.5)
    for _ in range(VISITS):
        for unit in world.gates:
            if unit.free and world.rng.random() < 0.9:
                world.people += 1
                unit.present(world.people)
        world.loop.advance(6.0)
    for unit in world.rng.sample(world.gates, GATES // 20):
        unit.kill("at rest")
    world.broker.up = True
    world.loop.advance(1.0)
    world.office.kill("at rest")
    world.loop.advance(3.0)
    world.hits["herd"] += len(world.gates)
