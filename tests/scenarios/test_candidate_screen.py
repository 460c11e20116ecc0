"""Whose name the screen before the candidate shows, and for how long."""

from pathlib import Path

import pytest

from gate.core.reasons import Reason
from gate.ports import StaffVerdict
from tests.scenarios.fakes import STRANGER, Rig, rig
from tests.scenarios.running import running


@pytest.fixture
def parts(tmp_path: Path) -> Rig:
    return rig(tmp_path)


async def test_the_name_is_masked_and_goes_with_its_result(parts: Rig) -> None:
    async with running(parts) as gate:
        assert gate.lane.roster is not None
        gate.lane.roster.name = "张小三"  # type: ignore[attr-defined]
        assert gate.desk.screen()["step"] == "lay-card"
        parts.reader.queue.put_nowait(parts.card())
        await gate.decision()
        await gate.until(lambda: gate.desk.screen()["step"] == "result")
        screen = gate.desk.screen()
        assert (screen["name"], screen["outcome"]) == ("张*三", "ADMIT")
        assert (screen["room"], screen["seat"]) != (None, None)
        assert "小" not in str(screen)
        await gate.until(lambda: gate.desk.screen()["step"] == "lay-card")
        assert gate.desk.screen()["name"] == ""
        assert gate.lane.shown_name.name == "", "nor is it kept"


async def test_a_verdict_on_an_older_case_shows_nobodys_name(parts: Rig) -> None:
    parts.matcher.verdicts = [STRANGER] * 3
    async with running(parts) as gate:
        parts.reader.queue.put_nowait(parts.card())
        case = await gate.decision()
        await gate.until(lambda: gate.desk.screen()["step"] == "result")
        assert gate.desk.screen()["reason"] == Reason.FACE_MISMATCH
        assert "*" in gate.desk.screen()["name"]
        verdict = StaffVerdict(str(case["id"]), True, "li", "wang", "looked")
        await gate.desk.settle(verdict)
        await gate.until(lambda: gate.desk.screen()["reason"] == Reason.STAFF_ADMIT)
        assert gate.desk.screen()["name"] == gate.lane.shown_name.name == ""
