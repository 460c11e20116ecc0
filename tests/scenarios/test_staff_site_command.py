"""exam-gate staff, of the site, against a gate at work whose staff have PINs."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from gate.__main__ import app
from gate.console.staff_socket import StaffSocket
from gate.core.health_report import HandedIn
from gate.errors import GateError
from gate.platform.json_lines import serve
from tests.scenarios.fakes import STRANGER, FakeRoster, Rig, rig
from tests.scenarios.running import Running, running
from tests.scenarios.test_papers_check import ASKING
from tests.staff_making import PINS, everybody

PAPER = "00015-am"


class Keyboard:
    """`exam-gate staff` with the PIN of `by` on standard input."""

    def __init__(self, gate: Running, runtime: Path) -> None:
        self.gate, self._runtime = gate, runtime

    async def __call__(self, *words: str, by: str | None = "li", pin: str | None = None) -> Result:
        options = ["--runtime", str(self._runtime), *(["--by", by] if by else [])]
        typed = f"{pin or PINS.get(by or '', '')}\n"
        return await asyncio.to_thread(
            CliRunner().invoke, app, ["staff", *words, *options], input=typed
        )


@pytest.fixture
def parts(tmp_path: Path) -> Rig:
    it, roster = rig(tmp_path), FakeRoster(everybody())
    roster.exam = ASKING
    it.rosters.next = roster
    return it


@pytest.fixture
async def staff(parts: Rig, tmp_path: Path) -> AsyncIterator[Keyboard]:
    async with (
        running(parts) as gate,
        serve(tmp_path / "run" / "staff.sock", StaffSocket(gate.desk).answer),
    ):
        yield Keyboard(gate, tmp_path / "run")


async def admitted(staff: Keyboard) -> None:
    staff.gate.lane.roster.handed_in = HandedIn(  # type: ignore[union-attr]
        True, {"contact": "no", "symptoms": "no"}
    )
    staff.gate.parts.reader.queue.put_nowait(staff.gate.parts.card())
    assert (await staff.gate.decision())["outcome"] == "ADMIT"


def refusal(done: Result) -> tuple[int, str]:
    assert isinstance(done.exception, GateError), done.output
    return done.exception.exit_code, done.exception.en


async def test_rooms_are_counted_without_a_name_and_the_absent_with_one(staff: Keyboard) -> None:
    await admitted(staff)
    counted = await staff("rooms", by=None)
    assert counted.output == f"{PAPER} 03 expected 2 inside 1 left 0 absent 1 doubtful 0\n"
    absent = await staff("rooms", "--paper", PAPER, "--room", "03")
    assert absent.output.splitlines()[1:] == ["12 A2 测试"]
    assert refusal(await staff("rooms", "--paper", PAPER, "--room", "03", by=None))[0] == 5
    assert refusal(await staff("rooms", "--paper", PAPER))[0] == 2
    as_json = json.loads((await staff("rooms", "--json", by=None)).output)
    assert as_json["papers"][0]["rooms"][0]["absent"] == 1


async def test_one_candidate_is_found(staff: Keyboard) -> None:
    await admitted(staff)
    found = await staff("find", "--ticket", "A1")
    assert found.output.splitlines() == ["A1 测试", f"{PAPER} 03-12 inside"]
    assert refusal(await staff("find", "--ticket", "A1", pin="000000"))[0] == 5
    assert refusal(await staff("find"))[0] == 2
    assert refusal(await staff("find", "--ticket", "nobody"))[0] == 1


async def test_who_signed_in_for_one_question_is_signed_out_after_it(staff: Keyboard) -> None:
    for _ in range(3):
        assert (await staff("find", "--ticket", "A1")).exit_code == 0
    assert not staff.gate.desk.pins._tokens


async def test_a_gate_gets_other_rooms(staff: Keyboard) -> None:
    assert (await staff("reassign", "03")).output == "all 全部 -> 03\n"
    assert staff.gate.lane.state.rooms == ("03",)
    assert "No paper of this site has room 99" in refusal(await staff("reassign", "99"))[1]
    assert (await staff("reassign")).output == "03 -> all 全部\n"


async def test_papers_are_looked_at(staff: Keyboard) -> None:
    wanting = await staff("papers", "A1")
    assert (wanting.exit_code, "Look at the exam notice" in wanting.output) == (1, True)
    both = ("--shown", "notice", "--shown", "health-report")
    ill = await staff("papers", "A1", *both, "--answer", "symptoms=yes")
    assert (ill.exit_code, "备用01" in ill.output) == (1, True)
    well = await staff("papers", "A1", *both, "--answer", "symptoms=no")
    assert (well.exit_code, "All is in order" in well.output) == (0, True)
    assert refusal(await staff("papers", "A1", "--answer", "symptoms"))[0] == 2
    assert refusal(await staff("papers", "A1", "--shown", "passport"))[0] == 2


async def test_who_declines_is_typed_so(staff: Keyboard, parts: Rig) -> None:
    staff.gate.lane.roster.handed_in = HandedIn(  # type: ignore[union-attr]
        True, {"contact": "no", "symptoms": "no"}
    )
    done = await staff("type", "--ticket", "A1", "--declined")
    assert (done.exit_code, done.output.split()[:2]) == (1, ["REFER", "FACE_DECLINED"])
    assert parts.matcher.judged == 0
    assert "Nobody is here to decline" in refusal(await staff("decline"))[1]


async def test_a_case_is_signed_corrected_and_listed(staff: Keyboard, parts: Rig) -> None:
    staff.gate.lane.roster.handed_in = HandedIn(  # type: ignore[union-attr]
        True, {"contact": "no", "symptoms": "no"}
    )
    parts.matcher.verdicts = [STRANGER]
    parts.reader.queue.put_nowait(parts.card())
    case = str((await staff.gate.decision())["id"])
    assert "somebody else compares" in (await staff("settle", case, "admit")).output
    assert "somebody else must confirm" in refusal(await staff("sign", case))[1]
    assert (await staff("sign", case, by="wang")).output.startswith("ADMIT STAFF_ADMIT A1")
    assert (await staff("cases", by=None)).output == f"{case} admit A1 li wang\n"
    why = ("--reason", "somebody else sits there")
    assert (await staff("correct", case, "deny", *why, by="zhao")).exit_code == 0
    assert f"correction: {case} deny wants a signature" in (await staff("status", by=None)).output
    assert "nothing was deleted" in (await staff("sign", case, by="chief")).output
    assert (await staff("cases", by=None)).output == f"{case} deny A1 zhao chief corrected 已更正\n"


async def test_the_report_is_signed_and_written(staff: Keyboard, tmp_path: Path) -> None:
    await admitted(staff)
    unsigned = (await staff("report", PAPER, by=None)).output.splitlines()
    assert {"doubles 0", "reactions 0", "not signed 未签字"} <= set(unsigned)
    assert not [line for line in unsigned if line.startswith("reaction_")]
    assert refusal(await staff("report", PAPER, "--sign", by=None))[0] == 2
    assert refusal(await staff("report", PAPER, "--sign"))[0] == 5
    out = tmp_path / "report.pdf"
    signed = await staff("report", PAPER, "--sign", "--out", str(out), by="chief")
    assert (signed.exit_code, "signed 已签字: chief" in signed.output) == (0, True)
    assert out.read_bytes().startswith(b"%PDF")
    assert out.stat().st_mode & 0o777 == 0o600
    (drawn,) = staff.gate.parts.unit.sheets.reports  # type: ignore[attr-defined]
    assert drawn.is_signed
    assert "老师chief" in " ".join(drawn.signature)
    assert refusal(await staff("report", PAPER, "--out", str(out), by=None))[0] == 5
    said: dict[str, Any] = json.loads((await staff("report", PAPER, "--json", by=None)).output)
    assert (said["admitted"], said["signed"]["same"]) == (1, True)
    assert refusal(await staff("report", "another", by=None))[0] == 1
