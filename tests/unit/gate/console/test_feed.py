"""The feed: a page gets the state at one position, and every change after it."""

from typing import Any

from gate.console.feed import Feed
from gate.web.changes import EVENTS_FOR_ONE

STATUS: dict[str, Any] = {
    "gate": "wh-01-g1",
    "unsettled": [],
    "inside": 0,
    "counts": {"decisions": 0},
    "uplink": {"connected": True, "unsent": 0},
    "clock": {"trusted": True},
}


async def test_a_page_gets_the_state_first_and_each_change_once() -> None:
    feed = Feed()
    feed.reached(True)
    feed.take({"status": STATUS})
    page = feed.join()
    first = await page.take()
    assert first is not None
    assert (first.name, first.position, first.data["status"]) == ("state", feed.position, STATUS)
    feed.take({"status": STATUS})  # nothing has changed
    feed.take({"outcome": "ADMIT", "id": "e-1"})
    feed.take({"status": STATUS | {"inside": 1}})
    told = [await page.take(), await page.take()]
    assert [e.name for e in told if e] == ["decision", "counts"]
    numbers = [int(e.position.rsplit("-", 1)[1]) for e in (first, *told) if e]
    assert numbers == list(range(numbers[0], numbers[0] + 3))


async def test_what_changed_decides_the_events_name() -> None:
    feed = Feed()
    feed.take({"status": STATUS})
    page = feed.join()
    await page.take()
    feed.take({"status": STATUS | {"unsettled": [{"decision": "e-1"}]}})
    feed.take({"status": STATUS | {"phase": "matching"}})
    names = []
    for _ in range(3):
        event = await page.take()
        assert event is not None
        names.append(event.name)
    assert names == ["case", "case", "health"]


async def test_a_page_that_takes_nothing_is_dropped_and_others_are_not() -> None:
    feed = Feed()
    slow, quick = feed.join(), feed.join()
    for n in range(EVENTS_FOR_ONE + 1):
        await quick.take()
        feed.take({"outcome": "ADMIT", "id": f"e-{n}"})
    assert await slow.take() is None
    assert await quick.take() is not None
    feed.leave(slow)
    assert feed.follower_count == 1


def test_health_names_no_ticket() -> None:
    feed = Feed()
    feed.take({"status": STATUS | {"unsettled": [{"ticket": "A1", "decision": "e-1"}]}})
    assert "A1" not in str(feed.health)
