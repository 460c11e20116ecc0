"""exam-gate staff against a service at work: what an invigilator's keyboard can do.

By hand the same rules and the same journal hold as by card.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from gate.__main__ import app
from gate.commands.staff import show_screen
from gate.console.staff_socket import StaffSocket
from gate.core.action_order import ActionStatus
from gate.core.events import FaceJudged
from gate.core.reasons import Reason
from gate.errors import GateError
from gate.platform.json_lines import serve
from gate.ports import Typed
from gate.service import screen_desk
from tests.scenarios.fakes import STRANGER, Rig, rig
from tests.scenarios.running import Running, running


class Keyboard:
    def __init__(self, gate: Running, runtime: Path) -> None:
        self.gate, self._runtime = gate, runtime

    async def __call__(self, *words: str, by: str | None = "li") -> Result:
        options = ["--runtime", str(self._runtime), *(["--by", by] if by else [])]
        return await asyncio.to_thread(CliRunner().invoke, app, ["staff", *words, *options])


@pytest.fixture
def parts(tmp_path: Path) -> Rig:
    return rig(tmp_path)


@pytest.fixture
async def staff(parts: Rig, tmp_path: Path) -> AsyncIterator[Keyboard]:
    async with (
        running(parts) as gate,
        serve(tmp_path / "run" / "staff.sock", StaffSocket(gate.desk).answer),
    ):
        yield Keyboard(gate, tmp_path / "run")


TEMPORARY = ("--document", "temporary", "--valid-to", "2027-05-01")


async def test_a_typed_candidate_is_decided_and_told(staff: Keyboard) -> None:
    done = await staff("type", "--ticket", "A1", *TEMPORARY)
    assert (done.exit_code, done.output.split()[:3]) == (0, ["ADMIT", "OK", "A1"])
    decided = await staff.gate.decision()
    assert (decided["source"], decided["by"], decided["document"]) == ("typed", "li", "temporary")


async def test_an_expired_temporary_card_is_referred(staff: Keyboard) -> None:
    done = await staff("type", "--ticket", "A1", *TEMPORARY[:3], "2027-04-09")
    assert (done.exit_code, done.output.split()[:2]) == (1, ["REFER", "DOCUMENT_EXPIRED"])


async def test_typed_twice_has_entered_already(staff: Keyboard) -> None:
    await staff("type", "--ticket", "A1", *TEMPORARY)
    done = await staff("type", "--ticket", "A1", *TEMPORARY)
    assert (done.exit_code, done.output.split()[:2]) == (1, ["REFER", "ALREADY_ADMITTED"])


async def test_typed_while_a_card_lies_there(staff: Keyboard, parts: Rig) -> None:
    """The card was served; it lies there still and says nothing new."""
    parts.reader.queue.put_nowait(parts.card("440524188001010014"))
    assert (await staff.gate.decision())["ticket"] == "A2"
    done = await staff("type", "--ticket", "A1", *TEMPORARY)
    assert done.output.split()[:3] == ["ADMIT", "OK", "A1"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("type", "--ticket", "nobody"), 1, "nobody"),
        (("type", "--ticket", "A1", "--document", "temporary"), 2, "last day"),
        (("type", "--ticket", "A1", "--seat", "03-12"), 2, "exactly one"),
        (("type",), 2, "exactly one"),
        (("type", "--ticket", "A1", "--document", "library-card"), 2, "document is one of"),
        (("type", "--ticket", "A1", "--valid-to", "2027-W15"), 2, "2027-05-12 or 长期"),
        (("type", "--ticket", "A1", "--valid-to", "20270501"), 2, "2027-05-12 or 长期"),
        (("type", "--ticket", "A1", "--valid-to", "2027-02-30"), 2, "2027-05-12 or 长期"),
        (("settle", "e-99", "admit"), 1, "No unsettled decision"),
        (("acknowledge",), 1, "Nothing to acknowledge"),
    ],
)
async def test_a_refusal_says_what_to_do(
    staff: Keyboard, words: tuple[str, ...], code: int, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    done = await staff(*words)
    assert [r.message for r in caplog.records if r.name == "asyncio"] == []
    assert isinstance(done.exception, GateError)
    assert (done.exception.exit_code, said in done.exception.en) == (code, True)


async def test_status_settle_and_acknowledge(staff: Keyboard, parts: Rig) -> None:
    parts.matcher.verdicts = [STRANGER]
    parts.reader.queue.put_nowait(parts.card())
    referred = await staff.gate.decision()
    parts.clock.mono_ns += 7_400_000_000
    assert f"open: {referred['id']} FACE_MISMATCH A1" in (await staff("status", by=None)).output
    assert (await staff("acknowledge")).exit_code == 0
    said: dict[str, Any] = json.loads((await staff("status", "--json", by=None)).output)
    assert said["unsettled"][0]["acknowledged"]
    noted = [e async for page in parts.journal.past() for e in page if e["kind"] == "acknowledged"]
    assert [(e["by"], e["decisions"]) for e in noted] == [("li", [referred["id"]])]
    assert noted[0]["reaction_s"] == [7.4]
    done = await staff("settle", referred["id"], "admit", "--second", " ＬＩ")
    assert isinstance(done.exception, GateError)
    assert "somebody else must confirm" in done.exception.en
    done = await staff("settle", referred["id"], "admit", "--second", "wang")
    assert (done.exit_code, done.output.split()[:3]) == (0, ["ADMIT", "STAFF_ADMIT", "A1"])
    assert "闸门打开。 The barrier opens." in done.output


async def test_excuse_is_journaled_with_who_and_whom(staff: Keyboard, parts: Rig) -> None:
    assert isinstance((await staff("excuse")).exception, GateError)
    parts.matcher.verdicts = [FaceJudged(Reason.LIVENESS_FAILED, 0.7, frames=3)]
    parts.reader.queue.put_nowait(parts.card())
    await staff.gate.decision()
    done = await staff("excuse")
    assert (done.exit_code, done.output.split()[:2]) == (0, ["excused", "A1"])
    noted = [e async for page in parts.journal.past() for e in page if e["kind"] == "excused"]
    assert [(e["by"], e["ticket"], e["paper"]) for e in noted] == [("li", "A1", "00015-am")]


TURN: ActionStatus = {
    "instruction": "turn-left",
    "zh": "请慢慢向左转头",
    "en": "Turn your head slowly to your left",
    "step": 1,
    "of": 2,
    "left_s": 6.0,
    "ending": None,
}


async def test_a_screen_shows_what_is_ordered_and_is_known_to_be_there(
    staff: Keyboard, parts: Rig
) -> None:
    gate, matcher = staff.gate, parts.matcher
    assert not matcher.is_screen_there()
    lines = gate.desk.follow_screen()
    async with contextlib.aclosing(lines):
        first = await anext(lines)
        assert (first["action"], matcher.is_screen_there()) == (None, True)
        matcher.action = TURN
        matcher.screen_changed()
        line = await anext(lines)
        assert (line["zh"], line["action"]) == ("请慢慢向左转头", TURN)
        said = await staff("status", by=None)
        assert "action 1/2: 请慢慢向左转头 Turn your head slowly to your left" in said.output
    assert not matcher.is_screen_there()
    assert gate.desk.screen()["action"] == TURN
    assert gate.desk.status()["liveness"]["action"] == TURN


async def test_the_screen_command_shows_each_sentence_once(
    staff: Keyboard, parts: Rig, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = ""

    def shows(word: str) -> bool:
        nonlocal out
        out += capsys.readouterr().out
        return word in out

    showing = asyncio.create_task(show_screen(tmp_path / "run" / "staff.sock"))
    await staff.gate.until(parts.matcher.is_screen_there)
    parts.matcher.action = TURN
    for _ in range(3):
        parts.matcher.screen_changed()
    await staff.gate.until(lambda: shows("请慢慢向左转头"))
    parts.matcher.action = {**TURN, "en": "Look straight at the camera"}
    parts.matcher.screen_changed()
    await staff.gate.until(lambda: shows("Look straight at the camera"))
    assert out.count("Turn your head slowly to your left") == 1
    showing.cancel()
    await asyncio.wait({showing})


async def test_a_screen_that_is_gone_is_noticed(
    staff: Keyboard, parts: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It had only closed its writing side, as `printf ... | socat` does, and then went."""
    monkeypatch.setattr(screen_desk, "SCREEN_S", 0.01)
    reader, writer = await asyncio.open_unix_connection(tmp_path / "run" / "staff.sock")
    writer.write(b'{"ask": "screen", "follow": true}\n')
    writer.write_eof()
    assert b'"action": null' in await reader.readline()
    assert parts.matcher.is_screen_there()
    writer.close()
    await staff.gate.until(lambda: not parts.matcher.is_screen_there())


async def test_an_excuse_ends_the_action_that_is_ordered(staff: Keyboard, parts: Rig) -> None:
    parts.matcher.hold.clear()
    parts.reader.queue.put_nowait(parts.card())
    await staff.gate.phase("matching")
    await staff.gate.until(lambda: parts.matcher.judged)
    assert (await staff("excuse")).exit_code == 0
    assert parts.matcher.actions_ended == 1
    parts.matcher.hold.set()


async def test_out_of_service_is_an_exit_code(staff: Keyboard, parts: Rig) -> None:
    parts.matcher.stalled_s = 3.0
    await staff.gate.phase("out-of-service")
    done = await staff("status", by=None)
    assert (done.exit_code, "fault: camera" in done.output) == (1, True)


async def test_nobody_there_is_told(tmp_path: Path) -> None:
    done = await asyncio.to_thread(
        CliRunner().invoke, app, ["staff", "status", "--runtime", str(tmp_path)]
    )
    assert isinstance(done.exception, GateError)
    assert done.exception.exit_code == 8


async def test_console_and_keypad_use_the_same_desk(staff: Keyboard) -> None:
    """One function: the journal cannot tell which of them it was."""
    await staff.gate.desk.type(Typed("ticket", "A1", "temporary", "2027-05-01", "li"))
    by_console = await staff.gate.decision()
    await staff("type", "--ticket", "A2", *TEMPORARY)
    by_keypad = await staff.gate.decision()
    same = {"source", "by", "document", "outcome", "reason"}
    assert {k: by_console[k] for k in same} == {k: by_keypad[k] for k in same}
