"""Commands of the office at a gate at work: judged, journaled, carried out, answered."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gate.core.office_commands import Command, Result, Verb
from gate.errors import NoSuchEntry
from tests.scenarios.fakes import EXAM, NINE, PAPER, FakeUplink, Rig, rig
from tests.scenarios.running import Running, running


def given(verb: str, args: dict[str, object] | None = None, **other: Any) -> Command:
    issued = NINE - timedelta(minutes=15)
    made = Command(f"c-{verb}", verb, args or {}, "wh-hs-01-g1", issued, issued + timedelta(days=1))
    return replace(made, **other)


def uplink_of(parts: Rig) -> FakeUplink:
    uplink = parts.unit.uplink
    assert isinstance(uplink, FakeUplink)
    return uplink


async def answered(gate: Running, command: Command) -> tuple[Result, str]:
    uplink = uplink_of(gate.parts)
    before = len(uplink.answers)
    uplink.command(command)
    await gate.until(lambda: len(uplink.answers) > before)
    assert uplink.answers[-1].id == command.id
    return uplink.answers[-1].result, uplink.answers[-1].detail


async def journaled(parts: Rig, *kinds: str) -> list[dict[str, Any]]:
    return [e for e in await parts.journal.read(1, 1000) if e["kind"] in kinds]  # type: ignore[misc]


async def test_a_command_is_carried_out_once_and_stands_in_the_journal(tmp_path: Path) -> None:
    parts = rig(tmp_path)
    async with running(parts) as gate:
        asked = given("resend", {"ranges": [[1, 1], [2, 900]]})
        result, detail = await answered(gate, asked)
        assert result is Result.DONE
        assert uplink_of(parts).again[0] == (1, 1)
        assert uplink_of(parts).again[1][1] == parts.journal.head.seq - 1  # before `command_done`
        assert (await answered(gate, asked))[0] is Result.REPLAYED
        began, ended = await journaled(parts, "command", "command_done")
        assert (began["command"], began["verb"], began["result"]) == ("c-resend", "resend", None)
        assert (ended["result"], ended["detail"]) == ("done", detail)
    again = rig(tmp_path)  # a restart: the same journal, nothing else
    async with running(again) as gate:
        result, said = await answered(gate, asked)
        assert result is Result.REPLAYED
        assert said == f"done: {detail}"
        assert uplink_of(again).again == []


@pytest.mark.parametrize(
    ("command", "result", "word"),
    [
        (given("resend", {"ranges": [[900, 901]]}), Result.REFUSED, "ends at event"),
        (given("resend", {"ranges": [[1, 2]], "epoch": "0" * 16}), Result.REFUSED, "This journal"),
        (given("resend", {"ranges": "all"}), Result.REFUSED, "ranges"),
        (given("update", {"version": "0.2.0"}), Result.REFUSED, "package"),
        (given("update", {"version": "../x"}), Result.REFUSED, "0.2.0~deb13"),
        (given("rollback"), Result.REFUSED, "package"),
        (given("restart"), Result.REFUSED, "systemd"),
        (given("fetch-roster"), Result.REFUSED, "[office] url"),
        (given("close", {"paper": PAPER.id}), Result.REFUSED, "Entry is open"),
        (given("close", {"paper": "none"}), Result.REFUSED, "No paper"),
        (given("message", {"zh": "看"}, expires=NINE - timedelta(hours=1)), Result.EXPIRED, "exp"),
        (given("message", {"zh": "看"}, to="other-g1"), Result.REFUSED, "other-g1"),
    ],
)
async def test_what_is_refused_is_told_in_a_sentence_and_journaled(
    tmp_path: Path, command: Command, result: Result, word: str
) -> None:
    parts = rig(tmp_path)
    async with running(parts) as gate:
        said = await answered(gate, command)
        assert said[0] is result
        assert word in said[1]
        assert (await journaled(parts, "command", "command_done"))[-1]["result"] == result
        assert (await answered(gate, command))[0] is Result.REPLAYED


async def test_a_version_is_asked_for_once_entry_is_over(tmp_path: Path) -> None:
    asked: list[str | None] = []
    parts = rig(tmp_path)
    parts = replace(parts, unit=replace(parts.unit, ask_for_version=asked.append))
    async with running(parts) as gate:
        said = await answered(gate, given("update", {"version": "0.2.0"}, id="while-open"))
        assert said[0] is Result.REFUSED
        assert "Entry is open" in said[1]
        parts.clock.at = NINE + timedelta(hours=1)
        assert (await answered(gate, given("update", {"version": "0.2.0"})))[0] is Result.DONE
        assert (await answered(gate, given("rollback")))[0] is Result.DONE
        assert asked == ["0.2.0", None]


async def test_a_message_is_shown_until_somebody_has_read_it(tmp_path: Path) -> None:
    parts = rig(tmp_path)
    async with running(parts) as gate:
        await answered(gate, given("message", {"zh": "请看时钟", "en": "Look"}, by="office-1"))
        (shown,) = gate.desk.status()["messages"]
        assert (shown["zh"], shown["en"], shown["by"]) == ("请看时钟", "Look", "office-1")
    parts = rig(tmp_path)
    async with running(parts) as gate:  # nobody has read it yet
        assert [m["id"] for m in gate.desk.status()["messages"]] == ["c-message"]
        await gate.desk.read_message("c-message", "invigilator 7")
        assert gate.desk.status()["messages"] == []
        with pytest.raises(NoSuchEntry):
            await gate.desk.read_message("c-message", "invigilator 7")
        (read,) = await journaled(parts, "message_read")
        assert read["by"] == "invigilator 7"
    async with running(rig(tmp_path)) as gate:
        assert gate.desk.status()["messages"] == []


async def test_a_paper_is_closed_for_good_once_its_entry_is_over(tmp_path: Path) -> None:
    parts = rig(tmp_path)
    async with running(parts) as gate:
        parts.clock.at = NINE + timedelta(hours=1)
        result, _ = await answered(gate, given("close", {"paper": PAPER.id}))
        assert result is Result.DONE
        (closed,) = await journaled(parts, "paper_closed")
        assert (closed["paper"], closed["exam"], closed["unsettled"]) == (PAPER.id, EXAM.id, 0)
        assert closed["admitted"] + closed["absent"] == closed["expected"]
        result, said = await answered(gate, given("close", {"paper": PAPER.id}, id="c-2"))
        assert (result, "already" in said) == (Result.DONE, True)
        assert len(await journaled(parts, "paper_closed")) == 1


async def test_what_is_configured_holds_after_a_restart(tmp_path: Path) -> None:
    parts = rig(tmp_path)
    async with running(parts) as gate:
        await answered(gate, given("configure", {"set": {"heartbeat_s": 120}}))
        await answered(gate, given("configure", {"set": {"log_level": "debug"}}, id="c-2"))
        await answered(gate, given("configure", {"set": {"log_level": "info"}}, id="c-3"))
        result, said = await answered(gate, given("configure", {"set": {"host": "x"}}, id="c-4"))
        assert (result, "only heartbeat_s" in said) == (Result.REFUSED, True)
    async with running(rig(tmp_path)) as gate:
        now = uplink_of(gate.parts).configuration
        assert (now.heartbeat_s, now.log_level) == (120, "info")


def supervised(folder: Path) -> Rig:
    parts = rig(folder)
    return replace(parts, unit=replace(parts.unit, is_supervised=True))


async def test_a_restart_ends_the_gate_in_good_order_where_it_helps(tmp_path: Path) -> None:
    parts = supervised(tmp_path)
    async with running(parts) as gate:
        result, said = await answered(gate, given("restart"))
        assert (result, "nothing is at fault" in said) == (Result.REFUSED, True)
        parts.clock.at = NINE + timedelta(hours=1)
        result, _ = await answered(gate, given("restart", id="c-2"))
        assert result is Result.DONE
        await gate.until(gate.stop.is_set)


async def test_a_journal_that_takes_nothing_carries_nothing_out(tmp_path: Path) -> None:
    parts = rig(tmp_path)
    async with running(parts) as gate:
        parts.journal.full = True
        result, said = await answered(gate, given("message", {"zh": "看"}))
        assert (result, "journal" in said) == (Result.REFUSED, True)
        assert gate.desk.status()["messages"] == []
        parts.journal.full = False


class FakeFetch:
    fault: str | None = None
    looked = 0

    def look_now(self) -> None:
        self.looked += 1

    async def run(self) -> None:
        await asyncio.Event().wait()


async def test_a_fetch_is_handed_on(tmp_path: Path) -> None:
    parts = rig(tmp_path)
    fetch = FakeFetch()
    async with running(replace(parts, unit=replace(parts.unit, roster_fetch=fetch))) as gate:
        assert (await answered(gate, given(Verb.FETCH_ROSTER)))[0] is Result.DONE
        assert fetch.looked == 1
        fetch.fault = "The disk lacks 5 MiB."
        assert "roster: The disk lacks 5 MiB." in gate.desk.status()["warnings"]
