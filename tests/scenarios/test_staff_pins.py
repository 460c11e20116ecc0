"""PINs at a gate at work, over its real staff socket: who may sign, and what guessing gets."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from gate.__main__ import app
from gate.console.staff_socket import StaffSocket
from gate.core.staff_list import Role
from gate.platform.json_lines import Message, ask, serve
from gate.roster.pin_hashes import pin_fits
from tests.adapters.console.test_staff_socket import connected
from tests.scenarios.fakes import STRANGER, FakeRoster, Rig, rig
from tests.scenarios.running import Running, running
from tests.staff_making import PINS, everybody

WRONG = {"exit": 5, "error": "This id and this PIN do not belong together."}
SIGNED: tuple[Message, ...] = (
    {"do": "type", "ticket": "A1"},
    {"do": "settle", "decision": "e-1", "verdict": "admit", "reason": "same"},
    {"do": "excuse"},
    {"do": "confirm-clock", "date": "2027-04-10"},
)
"""Every request that takes a signature, in a form that fits."""


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


def kinds(answer: Message) -> dict[str, Any]:
    return {key: answer.get(key) for key in WRONG}


@pytest.mark.parametrize("request_", SIGNED, ids=lambda r: r["do"])
async def test_a_signature_needs_the_persons_own_pin(path: Path, request_: Message) -> None:
    without = await ask(path, {**request_, "by": "li"})
    assert (without["exit"], "A PIN is needed" in without["error"]) == (5, True)
    assert kinds(await ask(path, {**request_, "by": "li", "pin": PINS["wang"]})) == WRONG
    assert kinds(await ask(path, {**request_, "by": "nobody", "pin": PINS["li"]})) == WRONG
    assert kinds(await ask(path, {**request_, "by": "li", "pin": "9" * 5000})) == WRONG


async def test_with_the_pin_it_is_done_in_the_name_of_the_list(gate: Running, path: Path) -> None:
    typed = {"do": "type", "ticket": "A1", "by": " LI ", "pin": PINS["li"]}
    assert (await ask(path, typed))["ok"]
    assert (await gate.decision())["by"] == "li"


async def test_a_referral_is_settled_with_a_pin_and_without_a_second_name(
    gate: Running, parts: Rig, path: Path
) -> None:
    parts.matcher.verdicts = [STRANGER]
    parts.reader.queue.put_nowait(parts.card())
    referred = await gate.decision()
    settle = {"do": "settle", "decision": referred["id"], "verdict": "deny", "reason": "another"}
    signed = {**settle, "by": "li", "pin": PINS["li"]}
    refused = await ask(path, {**signed, "second": "wang"})
    assert (refused["exit"], "own PIN" in refused["error"]) == (2, True)
    assert "error" not in await ask(path, signed)


async def test_acknowledging_needs_no_pin(gate: Running, parts: Rig, path: Path) -> None:
    parts.matcher.verdicts = [STRANGER]
    parts.reader.queue.put_nowait(parts.card())
    await gate.decision()
    assert (await ask(path, {"do": "acknowledge", "by": "li"}))["ok"]


async def test_a_roster_without_staff_asks_for_no_pin(parts: Rig, tmp_path: Path) -> None:
    parts.rosters.next = FakeRoster()
    runtime = tmp_path / "run" / "staff.sock"
    async with running(parts) as gate, serve(runtime, StaffSocket(gate.desk).answer):
        assert (await ask(runtime, {"ask": "status"}))["staff"] == 0
        assert (await ask(runtime, {"do": "type", "ticket": "A1", "by": "anybody"}))["ok"]
        refused = await ask(runtime, {"do": "sign-in", "by": "li", "pin": PINS["li"]})
        assert (refused["exit"], "no staff" in refused["error"]) == (2, True)


async def test_without_a_roster_at_hand_nobody_signs(parts: Rig) -> None:
    """One is installed and not open: who may sign is not known, so nobody may."""
    async with running(parts) as gate:
        gate.lane.drop("for the test")
        gate.parts.rosters.holds = True
        with pytest.raises(OSError, match="Out of service"):
            await gate.desk.excuse("li")


async def test_signing_in_holds_for_the_connection_and_by_token_for_another(
    gate: Running, path: Path
) -> None:
    async with connected(path) as one, connected(path) as two:
        answer = await one({"do": "sign-in", "by": "chief", "pin": PINS["chief"]})
        assert (answer["id"], answer["role"], answer["name"]) == ("chief", Role.CHIEF, "老师chief")
        assert len(answer["token"]) == 32
        assert await two({"ask": "status", "token": answer["token"]})
        assert (await two({"ask": "status", "token": "0" * 32}))["exit"] == 5
        assert (await one({"do": "sign-out", "token": answer["token"]}))["ok"]
        assert (await two({"ask": "status", "token": answer["token"]}))["exit"] == 5


async def test_a_token_does_not_help_to_guess_the_pin_it_came_from(
    gate: Running, path: Path
) -> None:
    """A tablet left signed in, a new connection for each PIN, as the console has them."""
    token = (await ask(path, {"do": "sign-in", "by": "li", "pin": PINS["li"]}))["token"]
    guess = {"do": "excuse", "by": "li", "token": token}
    answers = [await ask(path, {**guess, "pin": f"{n:06d}"}) for n in range(10)]
    assert sum(kinds(a) == WRONG for a in answers) == 3
    assert (await ask(path, {"do": "sign-in", "by": "li", "pin": PINS["li"]}))["ok"]


async def test_a_sign_in_ends_after_twelve_hours_and_with_the_roster(
    gate: Running, parts: Rig, path: Path
) -> None:
    signing = {"do": "sign-in", "by": "li", "pin": PINS["li"]}
    token = (await ask(path, signing))["token"]
    parts.clock.mono_ns += 12 * 3600 * 10**9
    assert (await ask(path, {"ask": "status", "token": token}))["exit"] == 5
    token = (await ask(path, signing))["token"]
    gate.lane.roster.staff = everybody()[1:]  # another roster, in which li is not
    assert (await ask(path, {"ask": "status", "token": token}))["exit"] == 5


async def test_a_thousand_wrong_pins_over_four_connections(
    gate: Running, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """None gets through, and most are not even looked at. Nobody else waits, nor does the owner of
    the account on a device of their own."""
    async with contextlib.AsyncExitStack() as stack:
        attackers = [await stack.enter_async_context(connected(path)) for _ in range(4)]

        async def attack(number: int) -> list[Message]:
            pins = (f"{n:06d}" for n in range(number, 1000, 4))
            settle = {"do": "settle", "decision": "e-1", "verdict": "admit", "by": "chief"}
            return [await attackers[number]({**settle, "pin": pin}) for pin in pins]

        answers = [a for some in await asyncio.gather(*map(attack, range(4))) for a in some]
        assert len(answers) == 1000
        assert {a["exit"] for a in answers} == {5}
        assert sum(kinds(a) == WRONG for a in answers) == 12
        own = {"do": "sign-in", "by": "chief", "pin": PINS["chief"]}
        assert (await ask(path, own))["ok"]
        assert (await ask(path, {"do": "sign-in", "by": "li", "pin": PINS["li"]}))["ok"]
        assert (await attackers[0]({"do": "sign-in", "by": "wang", "pin": PINS["wang"]}))["ok"]
        waiting = await attackers[0](own)
        assert (waiting["exit"], "try again in" in waiting["error"]) == (5, True)
        gate.parts.clock.mono_ns += 60 * 10**9
        assert (await attackers[0](own))["ok"]
    warned = (await ask(path, {"ask": "status"}))["warnings"]
    assert any("12 wrong PINs" in line for line in warned)
    assert not any(pin in record.getMessage() for record in caplog.records for pin in PINS.values())


async def test_a_stranger_takes_as_long_as_a_wrong_pin(
    gate: Running, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both do the whole work of a hash, and the sentences are equal."""
    asked: list[str | None] = []

    def seen(member: Any, pin: str) -> bool:
        asked.append(None if member is None else member.id)
        return pin_fits(None if member is None else member.pin_hash, pin)

    monkeypatch.setattr(gate.lane.roster, "pin_fits", seen)
    answers = [await ask(path, {"do": "excuse", "by": by, "pin": "1"}) for by in ("li", "nobody")]
    assert asked == ["li", None]
    assert answers[0] == answers[1]


def test_looking_at_a_pin_takes_at_most_300_ms_of_the_processor() -> None:
    spent = []
    for who in everybody():
        began = time.thread_time()
        assert pin_fits(who.pin_hash, PINS[who.id])
        spent.append(time.thread_time() - began)
    assert min(spent) <= 0.3


async def keyboard(path: Path, words: list[str], typed: str) -> Result:
    options = ["--by", "li", "--runtime", str(path.parent)]
    return await asyncio.to_thread(CliRunner().invoke, app, [*words, *options], input=typed)


async def test_the_command_reads_the_pin_from_its_input(gate: Running, path: Path) -> None:
    done = await keyboard(path, ["staff", "type", "--ticket", "A1"], PINS["li"] + "\n")
    assert (done.exit_code, done.output.split()[:3]) == (0, ["ADMIT", "OK", "A1"])
    refused = await keyboard(path, ["staff", "type", "--ticket", "A1"], "000000\n")
    assert refused.exception is not None
    assert getattr(refused.exception, "exit_code", None) == 5
    confirmed = await keyboard(path, ["clock", "confirm", "2027-04-10"], PINS["li"] + "\n")
    assert confirmed.exit_code == 0
