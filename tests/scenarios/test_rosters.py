"""Rosters under a running gate: replaced, wiped, expired, and what the journal says of it."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gate.errors import StorageRefused
from gate.ports import Typed
from tests.scenarios.fakes import NINE, STRANGER, FakeRoster, Rig, rig
from tests.scenarios.running import running


@pytest.fixture
def parts(tmp_path: Path) -> Rig:
    return rig(tmp_path)


async def test_a_wiped_roster_stops_and_a_new_one_starts_the_gate(parts: Rig) -> None:
    async with running(parts) as gate:
        parts.shelf.holds = False
        await gate.phase("out-of-service")
        with pytest.raises(StorageRefused):
            await gate.desk.type(Typed("ticket", "A1", "temporary", "2027-05-01", "li"))
        parts.shelf.holds, parts.shelf.next = True, FakeRoster()
        await gate.phase("idle")
        parts.reader.queue.put_nowait(parts.card())
        assert (await gate.decision())["outcome"] == "ADMIT"


async def test_an_expired_roster_is_not_used_until_the_clock_is_put_right(parts: Rig) -> None:
    async with running(parts) as gate:
        used = gate.lane.roster
        parts.clock.at, parts.clock.trusted = FakeRoster.expires, False
        parts.reader.queue.put_nowait(parts.card())
        assert (await gate.decision())["reason"] == "CLOCK_UNTRUSTED"
        parts.clock.trusted = True
        await gate.phase("out-of-service")
        with pytest.raises(StorageRefused):
            await gate.desk.type(Typed("ticket", "A1", "temporary", "2027-05-01", "li"))
        parts.clock.at -= timedelta(milliseconds=1)
        await gate.phase("idle")
        assert gate.lane.roster is used
        faults = [e for e in await parts.journal.read(1, 100) if e["kind"] == "fault"]
        assert [(f["fault"], f["detail"][:18]) for f in faults] == [
            ("roster", "the roster expired")
        ]


async def test_a_roster_that_is_replaced_or_wiped_is_closed(parts: Rig) -> None:
    first, second = parts.shelf.next, FakeRoster()
    async with running(parts) as gate:
        parts.shelf.next = second
        await gate.until(lambda: gate.lane.roster is second)
        assert first is not None
        assert (first.closed, second.closed) == (True, False)
        parts.shelf.holds = False
        await gate.phase("out-of-service")
        assert second.closed


async def test_installed_and_wiped_during_one_visit_is_never_taken_up(parts: Rig) -> None:
    parts.matcher.hold.clear()
    async with running(parts) as gate:
        parts.reader.queue.put_nowait(parts.card())
        await gate.phase("matching")
        fresh = parts.shelf.next = FakeRoster()
        await gate.until(lambda: parts.shelf.next is None)
        parts.shelf.holds = False
        await gate.until(lambda: fresh.closed)
        parts.matcher.hold.set()
        assert (await gate.decision())["outcome"] == "ADMIT"
        await gate.until(lambda: gate.lane.roster is None)


async def test_installations_and_wipes_are_journaled_once(parts: Rig, tmp_path: Path) -> None:
    def told(events: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
        return [(e["kind"], e["note"], e["roster"], e["done_at"]) for e in events if "note" in e]

    parts.shelf.note("installed")
    wanted = [
        (k, n, FakeRoster.version, NINE.isoformat()) for k, n in (("roster", 1), ("wiped", 2))
    ]
    async with running(parts) as gate:
        parts.shelf.note("destroyed")
        await gate.until(lambda: gate.lane.roster_notes == 2)
        assert told(await parts.journal.read(1, 100)) == wanted
    again = rig(tmp_path)
    again.shelf.noted = [*parts.shelf.noted]
    again.shelf.note("installed")
    async with running(again) as gate:
        await gate.until(lambda: gate.lane.roster_notes == 3)
        assert [kind for kind, *_ in told(await again.journal.read(1, 100))] == [
            "roster", "wiped", "roster",
        ]  # fmt: skip


async def test_at_the_end_of_retention_a_trusted_clock_destroys_and_the_journal_has_it(
    parts: Rig,
) -> None:
    parts.matcher.verdicts = [STRANGER]
    async with running(parts) as gate:
        parts.reader.queue.put_nowait(parts.card())
        first = await gate.decision()
        parts.shelf.staying = frozenset({first["exam"]})
        parts.clock.trusted = False
        parts.clock.at += timedelta(hours=5)
        looks = parts.shelf.looks
        await gate.until(lambda: parts.shelf.looks > looks + 3)
        assert parts.shelf.destroyed == []  # a clock that is not trusted destroys nothing
        parts.clock.trusted = True
        await gate.until(lambda: parts.shelf.destroyed)
        ((at, keep),) = parts.shelf.destroyed
        assert at == parts.clock.at
        events = await parts.journal.read(1, 100)
        pictures = {f"{e['id']}.sealed" for e in events if e.get("evidence")}
        assert len(pictures) == 1
        assert keep == pictures
        await gate.until(lambda: gate.lane.roster_notes == 1)
        assert [e["kind"] for e in await parts.journal.read(1, 100)].count("wiped") == 1


async def test_a_time_source_in_the_year_9999_destroys_nothing(parts: Rig) -> None:
    async with running(parts) as gate:
        parts.shelf.staying = frozenset()
        parts.clock.at = parts.clock.at.replace(year=9999)
        looks = parts.shelf.looks
        await gate.until(lambda: parts.shelf.looks > looks + 3)
        assert parts.shelf.destroyed == []
        assert gate.lane.roster is not None


async def test_retention_is_looked_at_once_an_hour(parts: Rig) -> None:
    async with running(parts) as gate:
        parts.shelf.staying = frozenset()
        parts.clock.at += timedelta(minutes=59)
        looks = parts.shelf.looks
        await gate.until(lambda: parts.shelf.looks > looks + 3)
        assert parts.shelf.destroyed == []
        parts.clock.at += timedelta(minutes=1)
        await gate.until(lambda: parts.shelf.destroyed)


async def test_a_row_that_would_not_open_once_does_not_end_the_day(parts: Rig) -> None:
    used = parts.shelf.next
    assert used is not None
    async with running(parts) as gate:
        used.readable = False
        parts.reader.queue.put_nowait(parts.card())
        await gate.until(lambda: used.closed)  # verified and opened anew
        await gate.phase("idle")
        parts.reader.queue.put_nowait(parts.card())
        assert (await gate.decision())["outcome"] == "ADMIT"
        faults = [e["detail"] for e in await parts.journal.read(1, 100) if e["kind"] == "fault"]
        assert faults == ["a row does not open"]
