"""Two people settle a doubtful case over the real staff socket, with their own PINs."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gate.console.staff_socket import StaffSocket
from gate.platform.json_lines import Message, ask, serve
from tests.scenarios.fakes import STRANGER, FakeRoster, Rig, rig
from tests.scenarios.running import Running, running
from tests.staff_making import PINS, everybody


@pytest.fixture
def parts(tmp_path: Path) -> Rig:
    it = rig(tmp_path)
    it.rosters.next = FakeRoster(everybody())
    return it


@pytest.fixture
async def gate(parts: Rig, tmp_path: Path) -> AsyncIterator[Running]:
    async with (
        running(parts) as it,
        serve(tmp_path / "run" / "staff.sock", StaffSocket(it.desk).answer),
    ):
        yield it


@pytest.fixture
def path(gate: Running, tmp_path: Path) -> Path:
    return tmp_path / "run" / "staff.sock"


async def doubtful(gate: Running, parts: Rig) -> str:
    parts.matcher.verdicts = [STRANGER]
    parts.reader.queue.put_nowait(parts.card())
    return str((await gate.decision())["id"])


def by(who: str, **what: Any) -> Message:
    return {**what, "by": who, "pin": PINS[who]}


def settle(case: str, who: str, verdict: str = "admit") -> Message:
    return by(who, do="settle", decision=case, verdict=verdict, reason="same person")


def sign(case: str, who: str) -> Message:
    return by(who, do="sign", case=case)


async def journal(gate: Running) -> list[Any]:
    events = await gate.parts.journal.read(1, 100)
    return [e for e in events if e["kind"] in ("signature", "verdict", "case")]


async def test_two_people_with_their_own_pins(gate: Running, parts: Rig, path: Path) -> None:
    case = await doubtful(gate, parts)
    first = await ask(path, settle(case, "li"))
    assert (first["kind"], first["settled"], first["wanted"]) == ("signature", False, 2)
    assert "somebody else compares" in first["en"]
    (shown,) = (await ask(path, {"ask": "status"}))["unsettled"]
    assert [(s["by"], s["role"], s["verdict"]) for s in shown["signatures"]] == [
        ("li", "invigilator", "admit")
    ]
    assert (shown["wanted"], shown["closed_path"]) == (2, False)
    alone = await ask(path, sign(case, "li"))
    assert (alone["exit"], "somebody else must confirm" in alone["error"]) == (2, True)
    stolen = await ask(path, {**sign(case, "wang"), "pin": PINS["li"]})
    assert stolen["exit"] == 5
    second = await ask(path, sign(case, "wang"))
    assert (second["kind"], second["outcome"]) == ("verdict", "ADMIT")
    assert (second["by"], second["second"], second["settled"]) == ("li", "wang", True)
    events = await journal(gate)
    assert [e["kind"] for e in events] == ["signature", "signature", "verdict"]
    assert not (await ask(path, {"ask": "status"}))["unsettled"]
    late = await ask(path, settle(case, "zhao"))
    assert (late["exit"], "is settled: admit, by li and wang" in late["error"]) == (1, True)


async def test_both_at_once(gate: Running, parts: Rig, path: Path) -> None:
    """One signs; the other is told so. Neither admits."""
    case = await doubtful(gate, parts)
    answers = await asyncio.gather(
        ask(path, settle(case, "li")), ask(path, settle(case, "wang", "deny"))
    )
    assert sorted("error" in a for a in answers) == [False, True]
    assert [e["kind"] for e in await journal(gate)] == ["signature"]


async def test_posted_twice(gate: Running, parts: Rig, path: Path) -> None:
    case = await doubtful(gate, parts)
    await ask(path, settle(case, "li"))
    again = await ask(path, settle(case, "li"))
    assert (again["ok"], "nothing was recorded twice" in again["en"]) == (True, True)
    await ask(path, sign(case, "wang"))
    for posted in (sign(case, "wang"), settle(case, "li")):
        assert (await ask(path, posted))["ok"]
    assert len(await journal(gate)) == 3


async def test_a_correction(gate: Running, parts: Rig, path: Path) -> None:
    case = await doubtful(gate, parts)
    await ask(path, settle(case, "li"))
    await ask(path, sign(case, "wang"))
    assert (await ask(path, {"ask": "status"}))["inside"] == 1
    correct = by("zhao", do="correct", decision=case, verdict="deny", reason="found in the room")
    assert "reason is empty" in (await ask(path, {**correct, "reason": " "}))["error"]
    first = await ask(path, correct)
    assert (first["kind"], first["corrects"]) == ("signature", True)
    (waits,) = (await ask(path, {"ask": "status"}))["corrections"]
    assert (waits["decision"], waits["verdict"], waits["wanted"]) == (case, "deny", 2)
    last = await ask(path, sign(case, "chief"))
    assert (last["kind"], last["change"], last["second"]) == ("case", "correction", "chief")
    status = await ask(path, {"ask": "status"})
    assert (status["inside"], status["corrections"]) == (0, [])


async def test_typed_for_who_declines(gate: Running, parts: Rig, path: Path) -> None:
    assert (await ask(path, by("li", do="type", ticket="A1", declined=True)))["ok"]
    decision = await gate.decision()
    assert (decision["reason"], decision["declined_by"]) == ("FACE_DECLINED", "li")
    assert (await ask(path, settle(decision["id"], "li")))["wanted"] == 2
    nobody = await ask(path, by("li", do="decline"))
    assert (nobody["exit"], "Nobody is here" in nobody["error"]) == (2, True)


@pytest.mark.parametrize("by_", ["<b>li</b>", "\u202eil", "li\n"])
async def test_a_name_that_is_markup_or_moves_text_signs_nothing(
    gate: Running, parts: Rig, path: Path, by_: str
) -> None:
    case = await doubtful(gate, parts)
    answer = await ask(path, {**settle(case, "li"), "by": by_})
    assert answer["exit"] in (2, 5)
    assert by_ not in answer["error"]
    assert await journal(gate) == []


async def test_after_a_restart_the_second_signature_is_enough(tmp_path: Path) -> None:
    parts = rig(tmp_path)
    parts.rosters.next = FakeRoster(everybody())
    socket = tmp_path / "run" / "staff.sock"
    async with running(parts) as gate, serve(socket, StaffSocket(gate.desk).answer):
        case = await doubtful(gate, parts)
        await ask(socket, settle(case, "li"))
    again = replace(rig(tmp_path), journal=parts.journal)
    again.rosters.next = FakeRoster(everybody())
    async with running(again) as gate, serve(socket, StaffSocket(gate.desk).answer):
        done = await ask(socket, sign(case, "wang"))
        assert (done["by"], done["second"], done["outcome"]) == ("li", "wang", "ADMIT")
