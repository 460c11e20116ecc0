"""Rosters under a running gate: replaced, wiped, expired, and what the journal says of it."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gate.core.confirmed_time import STEADY_S
from gate.errors import StorageRefused, UsageError
from gate.ports import Typed
from tests.scenarios.fakes import (
    NINE,
    STRANGER,
    FakeRoster,
    FakeRosters,
    Rig,
    rig,
)
from tests.scenarios.running import Running, running


@pytest.fixture
def parts(tmp_path: Path) -> Rig:
    return rig(tmp_path)


async def test_a_wiped_roster_stops_and_a_new_one_starts_the_gate(parts: Rig) -> None:
    async with running(parts) as gate:
        parts.rosters.holds = False
        await gate.phase("out-of-service")
        with pytest.raises(StorageRefused):
            await gate.desk.type(Typed("ticket", "A1", "temporary", "2027-05-01", "li"))
        parts.rosters.holds, parts.rosters.next = True, FakeRoster()
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
    first, second = parts.rosters.next, FakeRoster()
    async with running(parts) as gate:
        parts.rosters.next = second
        await gate.until(lambda: gate.lane.roster is second)
        assert first is not None
        assert (first.closed, second.closed) == (True, False)
        parts.rosters.holds = False
        await gate.phase("out-of-service")
        assert second.closed


async def test_installed_and_wiped_during_one_visit_is_never_taken_up(parts: Rig) -> None:
    parts.matcher.hold.clear()
    async with running(parts) as gate:
        parts.reader.queue.put_nowait(parts.card())
        await gate.phase("matching")
        fresh = parts.rosters.next = FakeRoster()
        await gate.until(lambda: parts.rosters.next is None)
        parts.rosters.holds = False
        await gate.until(lambda: fresh.closed)
        parts.matcher.hold.set()
        assert (await gate.decision())["outcome"] == "ADMIT"
        await gate.until(lambda: gate.lane.roster is None)


async def test_installations_and_wipes_are_journaled_once(parts: Rig, tmp_path: Path) -> None:
    def told(events: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
        return [(e["kind"], e["note"], e["roster"], e["done_at"]) for e in events if "note" in e]

    parts.rosters.note("installed")
    wanted = [
        (k, n, FakeRoster.version, NINE.isoformat()) for k, n in (("roster", 1), ("wiped", 2))
    ]
    async with running(parts) as gate:
        parts.rosters.note("destroyed")
        await gate.until(lambda: gate.supervisors.rosters.noted == 2)
        assert told(await parts.journal.read(1, 100)) == wanted
    again = rig(tmp_path)
    again.rosters.noted = [*parts.rosters.noted]
    again.rosters.note("installed")
    async with running(again) as gate:
        await gate.until(lambda: gate.supervisors.rosters.noted == 3)
        assert [kind for kind, *_ in told(await again.journal.read(1, 100))] == [
            "roster",
            "wiped",
            "roster",
        ]


def passes(gate: Running, parts: Rig, seconds: float) -> None:
    """A clock that goes right for so long, looked at as the service does it."""
    for _ in range(int(seconds // 30)):
        parts.clock.at += timedelta(seconds=30)
        parts.clock.mono_ns += 30_000_000_000
        gate.supervisors.clock.look()


async def some_looks(gate: Running, parts: Rig) -> None:
    looks = parts.rosters.looks
    await gate.until(lambda: parts.rosters.looks > looks + 3)


async def test_at_the_end_of_retention_a_confirmed_time_destroys_and_the_journal_has_it(
    parts: Rig,
) -> None:
    parts.matcher.verdicts = [STRANGER]
    async with running(parts) as gate:
        parts.reader.queue.put_nowait(parts.card())
        first = await gate.decision()
        parts.rosters.staying = frozenset({first["exam"]})
        parts.clock.at += timedelta(hours=5)
        await some_looks(gate, parts)
        assert parts.rosters.destroyed == []  # trusted, and it has just jumped
        passes(gate, parts, STEADY_S)
        await some_looks(gate, parts)
        assert parts.rosters.destroyed == []  # steady, and nobody else says so
        parts.unit.uplink.office_time = parts.clock.at - timedelta(minutes=5)
        await gate.until(lambda: parts.rosters.destroyed)
        ((at, keep),) = parts.rosters.destroyed
        assert at == parts.unit.uplink.office_time  # the earlier of the two
        events = await parts.journal.read(1, 100)
        pictures = {f"{e['id']}.sealed" for e in events if e.get("evidence")}
        assert len(pictures) == 1
        assert keep == pictures
        await gate.until(lambda: gate.supervisors.rosters.noted == 1)
        assert [e["kind"] for e in await parts.journal.read(1, 100)].count("wiped") == 1


async def test_a_jump_past_the_end_and_back_leaves_the_roster(parts: Rig) -> None:
    """Out of use while the clock says so, told why and what to do, and used again after it."""
    async with running(parts) as gate:
        used, right = gate.lane.roster, parts.clock.at
        assert gate.desk.status()["retention"] == {"over": False, "waits_for": []}
        parts.rosters.staying = frozenset()
        for years in (1, 3, 70):
            parts.clock.at = right.replace(year=right.year + years)
            await gate.phase("out-of-service")
            await gate.until(lambda: gate.desk.status()["retention"]["over"])
            said = gate.desk.status()["retention"]
            assert said["waits_for"] == ["steady", "confirmed"]
            assert "out of use" in said["en"]
            assert "clock confirm" in said["en"]
            parts.clock.at = right
            await gate.phase("idle")
        assert gate.lane.roster is used
        assert parts.rosters.destroyed == []
        parts.reader.queue.put_nowait(parts.card())
        assert (await gate.decision())["outcome"] == "ADMIT"


async def test_a_clock_that_is_steady_and_wrong_destroys_nothing(parts: Rig) -> None:
    """A time source a year ahead, trusted for two days; the office says otherwise."""
    async with running(parts) as gate:
        parts.unit.uplink.office_time = parts.clock.at
        parts.rosters.staying = frozenset()
        parts.clock.at += timedelta(days=365)
        passes(gate, parts, 48 * STEADY_S)
        await some_looks(gate, parts)
        assert parts.rosters.destroyed == []
        assert gate.desk.status()["retention"]["waits_for"] == ["confirmed"]


async def test_an_operator_confirms_one_date_and_no_other(parts: Rig, tmp_path: Path) -> None:
    async with running(parts) as gate:
        parts.clock.at = FakeRoster.expires - timedelta(hours=1)
        await gate.until(lambda: gate.supervisors.clock.record.steady_s == 0)
        day = f"{parts.clock.at:%Y-%m-%d}"
        for wrong in ("2027-04-10", "2027-W19-1", "tomorrow", ""):
            with pytest.raises(UsageError):
                await gate.desk.confirm_clock("li", wrong)
        with pytest.raises(UsageError):
            await gate.desk.confirm_clock(" ", day)
        parts.clock.trusted = False
        with pytest.raises(UsageError, match="not trusted"):
            await gate.desk.confirm_clock("li", day)
        parts.clock.trusted = True
        assert (await gate.desk.confirm_clock("li", day))["date"] == day
        parts.rosters.staying = frozenset()
        parts.clock.at += timedelta(days=365)
        passes(gate, parts, STEADY_S)
        await some_looks(gate, parts)
        assert parts.rosters.destroyed == []
        parts.clock.at -= timedelta(days=365)
        passes(gate, parts, STEADY_S + 30)
        await gate.until(lambda: parts.rosters.destroyed)
        told = [e for e in await parts.journal.read(1, 100) if e["kind"] == "clock_confirmed"]
        assert [(e["by"], e["date"]) for e in told] == [("li", day)]


async def test_a_confirmation_outlives_the_program_and_not_the_boot(
    parts: Rig, tmp_path: Path
) -> None:
    async with running(parts) as gate:
        await gate.desk.confirm_clock("li", "2027-04-10")
    for boot, counts in (("boot-1", ["operator"]), ("boot-2", [])):
        again = rig(tmp_path)
        again.clock.boot = boot
        async with running(again) as gate:
            await gate.until(lambda gate=gate: gate.supervisors.clock.record.last)
            assert gate.desk.status()["clock"]["confirmed_by"] == counts


async def test_a_destruction_that_was_cut_short_is_finished_by_any_clock(
    parts: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = ["e/s/v1"]
    monkeypatch.setattr(FakeRosters, "finish", lambda _: begun.pop() if begun else None)
    parts.clock.trusted = False
    async with running(parts) as gate:
        await gate.until(lambda: not begun)


async def test_a_time_source_in_the_year_9999_destroys_nothing(parts: Rig) -> None:
    async with running(parts) as gate:
        parts.rosters.staying = frozenset()
        parts.clock.at = parts.clock.at.replace(year=9999)
        passes(gate, parts, STEADY_S)
        await some_looks(gate, parts)
        assert parts.rosters.destroyed == []
        assert gate.lane.roster is not None


async def test_others_that_lie_there_are_looked_for_once_an_hour(parts: Rig) -> None:
    """Of the monotonic clock: moving the wall brings no look."""
    async with running(parts) as gate:
        parts.unit.uplink.office_time = parts.clock.at
        passes(gate, parts, STEADY_S + 30)
        await gate.until(lambda: gate.supervisors.clock.record.steady_s > STEADY_S)
        await some_looks(gate, parts)  # the first look: nothing is there
        parts.rosters.staying = frozenset()
        passes(gate, parts, STEADY_S - 60)
        await some_looks(gate, parts)
        assert parts.rosters.destroyed == []
        passes(gate, parts, 90)
        await gate.until(lambda: parts.rosters.destroyed)


async def test_a_row_that_would_not_open_once_does_not_end_the_day(parts: Rig) -> None:
    used = parts.rosters.next
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
