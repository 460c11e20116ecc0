"""exam-gate clock against a service at work: what an operator is told and may say."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from gate.__main__ import app
from gate.console.staff_socket import StaffSocket
from gate.core.clock_trust import BoardClock
from gate.platform.json_lines import serve
from tests.scenarios.fakes import FakeRoster, Rig, rig
from tests.scenarios.running import Running, running

Clock = Callable[..., Awaitable[Result]]


@pytest.fixture
def parts(tmp_path: Path) -> Rig:
    return rig(tmp_path)


@pytest.fixture
async def gate(parts: Rig, tmp_path: Path) -> AsyncIterator[Running]:
    async with (
        running(parts) as it,
        serve(tmp_path / "run" / "staff.sock", StaffSocket(it.desk).answer),
    ):
        await it.until(lambda: it.supervisors.clock.record.last)
        yield it


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    async def said(*words: str) -> Result:
        options = ["--runtime", str(tmp_path / "run")]
        return await asyncio.to_thread(CliRunner().invoke, app, ["clock", *words, *options])

    return said


async def test_status_says_what_a_destruction_waits_for(
    gate: Running, parts: Rig, clock: Clock
) -> None:
    done = await clock("status")
    assert done.exit_code == 0
    assert "2027-04-10T08:45:00.000+08:00 Asia/Shanghai trusted" in done.output
    parts.clock.at = FakeRoster.expires
    await gate.phase("out-of-service")
    await gate.until(lambda: gate.desk.status()["retention"]["over"])
    done = await clock("status")
    assert "out of use; it is not destroyed" in done.output
    said = json.loads((await clock("status", "--json")).output)
    assert said["retention"]["waits_for"] == ["steady", "confirmed"]
    parts.clock.trusted = False
    await gate.until(lambda: gate.desk.status()["clock"]["wanting"][0] == "trusted")
    done = await clock("status")
    assert (done.exit_code, "NOT trusted" in done.output) == (1, True)


async def test_a_confirmation_is_journaled_with_its_name(
    gate: Running, parts: Rig, clock: Clock
) -> None:
    done = await clock("confirm", "2027-04-10", "--by", "li")
    assert (done.exit_code, "confirmed: 2027-04-10 by li" in done.output) == (0, True)
    done = await clock("confirm", "--by", "wang")  # the date that the gate shows
    assert done.exit_code == 0
    told = [e for e in await parts.journal.read(1, 100) if e["kind"] == "clock_confirmed"]
    assert [(e["by"], e["date"]) for e in told] == [("li", "2027-04-10"), ("wang", "2027-04-10")]
    assert "confirmed by: operator" in (await clock("status")).output


@pytest.mark.parametrize("day", ["2027-04-11", "tomorrow", "2027-W15-6", "20270410"])
async def test_another_date_than_the_clocks_is_refused(
    gate: Running, clock: Clock, day: str
) -> None:
    done = await clock("confirm", day, "--by", "li")
    assert done.exit_code != 0
    assert gate.desk.status()["clock"]["confirmed_by"] == []


async def test_who_confirms_must_be_said(gate: Running, clock: Clock) -> None:
    assert (await clock("confirm", "2027-04-10")).exit_code == 2


async def test_status_says_why_and_a_person_who_looked_knows_better(
    tmp_path: Path, clock: Clock
) -> None:
    """Set back by a day between two runs: the journal holds tomorrow by a trusted clock."""
    async with running(rig(tmp_path)) as before:
        await before.until(lambda: before.supervisors.clock.record.last)
    parts = rig(tmp_path)
    parts.clock.at -= timedelta(hours=20)
    parts.unit = replace(parts.unit, board_clock=lambda: BoardClock.LOST)
    async with (
        running(parts) as gate,
        serve(tmp_path / "run" / "staff.sock", StaffSocket(gate.desk).answer),
    ):
        await gate.until(lambda: gate.supervisors.clock.record.last)
        said = gate.desk.status()
        assert 71_900 < said["clock"]["behind_s"] <= 72_000
        assert (said["clock"]["why"], said["clock"]["board"]) == (None, "lost")
        told = "\n".join(said["warnings"])
        assert "battery" in told
        assert "newest event" in told
        shown = (await clock("status")).output
        assert "board's clock 板载时钟: lost" in shown
        assert "behind the journal" in shown
        assert (await clock("confirm", "--by", "li")).exit_code == 0
        assert gate.desk.status()["clock"]["behind_s"] == 0
        parts.clock.trusted = False
        await gate.until(lambda: gate.desk.status()["clock"]["why"])
        assert gate.desk.status()["clock"]["why"] == "unsynchronised"
        assert any("chronyc" in w for w in gate.desk.status()["warnings"])
    async with rig(tmp_path).journal as journal:
        stored = await journal.read(1, 100)
    lost = [e for e in stored if e["kind"] == "clock" and not e["trusted"]]
    assert [e["why"] for e in lost] == ["unsynchronised"]
