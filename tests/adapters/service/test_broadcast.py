"""Followers get what is published after they came; a slow one is told what it missed."""

from gate.service.broadcast import BACKLOG, Broadcast


async def test_everybody_gets_every_line() -> None:
    bulletin = Broadcast()
    one, two = bulletin.follow({"status": 1}), bulletin.follow({"status": 2})
    bulletin.publish({"id": "a"})
    assert [await anext(one), await anext(one)] == [{"status": 1}, {"id": "a"}]
    assert [await anext(two), await anext(two)] == [{"status": 2}, {"id": "a"}]


async def test_status_gives_way_to_decisions() -> None:
    bulletin = Broadcast()
    lines = bulletin.follow({"status": 0})
    for n in range(BACKLOG):
        bulletin.publish({"id": n})
    assert await anext(lines) == {"id": 0}


async def test_lost_decisions_are_counted() -> None:
    bulletin = Broadcast()
    lines = bulletin.follow({"status": 0})
    for n in range(BACKLOG + 3):
        bulletin.publish({"id": n})
    assert await anext(lines) == {"dropped": 3}
    assert await anext(lines) == {"id": 3}


async def test_a_follower_that_left_costs_nothing() -> None:
    bulletin = Broadcast()
    lines = bulletin.follow({"status": 0})
    await anext(lines)
    await lines.aclose()  # type: ignore[attr-defined]
    assert not bulletin.is_followed
