"""Notice and health report at a gate at work: referred, looked at, let in by the machine."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from gate.console.staff_socket import StaffSocket
from gate.core.health_report import HandedIn, Question
from gate.platform.json_lines import ask, serve
from tests.adapters.console.test_staff_socket import connected
from tests.scenarios.fakes import EXAM, PAPER, FakeRoster, Rig, rig
from tests.scenarios.running import Running, running
from tests.staff_making import PINS, everybody

QUESTIONS = (
    Question("contact", "有无接触？", "Any contact?"),
    Question("symptoms", "有无症状？", "Any symptoms?", standby=True),
)
ASKING = replace(
    EXAM,
    papers=(
        replace(PAPER, requires=frozenset({"notice", "health-report"}), standby_room="备用01"),
    ),
    questions=QUESTIONS,
)
SEEN = {"do": "papers", "ticket": "A1", "by": "li", "pin": PINS["li"]}


@pytest.fixture
def parts(tmp_path: Path) -> Rig:
    it, roster = rig(tmp_path), FakeRoster(everybody())
    roster.exam = ASKING
    roster.handed_in = HandedIn(False, {"contact": "yes", "symptoms": "yes"})
    it.rosters.next = roster
    return it


@pytest.fixture
async def gate(parts: Rig, tmp_path: Path) -> AsyncIterator[Running]:
    async with (
        running(parts) as it,
        serve(tmp_path / "run" / "staff.sock", StaffSocket(it.desk).answer),
    ):
        yield it


async def test_staff_look_and_the_machine_lets_in(
    gate: Running, parts: Rig, tmp_path: Path
) -> None:
    path = tmp_path / "run" / "staff.sock"
    parts.reader.queue.put_nowait(parts.card())
    referred = await gate.decision()
    assert (referred["outcome"], referred["reason"]) == ("REFER", "PAPERS_CHECK")
    async with connected(path) as console:
        await console({"do": "sign-in", "by": "li", "pin": PINS["li"]})
        case = await console({"ask": "case", "id": referred["id"]})
    assert "备用01" in case["to_do"]["zh"]
    assert "exam notice" in case["to_do"]["en"]
    looked = await ask(path, {**SEEN, "shown": ["notice", "health-report"]})
    assert (looked["kind"], looked["complete"], looked["by"]) == ("papers", False, "li")
    assert looked["en"] == "Symptoms: lead the candidate to 备用01."
    looked = await ask(path, {**SEEN, "answers": {"symptoms": "no"}})
    assert (looked["complete"], "en" in looked) == (True, False)
    parts.reader.queue.put_nowait(parts.card())
    admitted = await gate.decision()
    assert (admitted["outcome"], admitted["reason"]) == ("ADMIT", "OK")
    journaled = [json.dumps(e) async for page in parts.journal.past() for e in page]
    assert not any(word in line for line in journaled for word in ("symptoms", "contact"))


@pytest.mark.parametrize(
    ("more", "code", "said"),
    [
        ({"shown": ["passport"]}, 2, "shown is of notice, health-report"),
        ({"answers": {"weight": "yes"}}, 2, "the questions are contact, symptoms"),
        ({"answers": {"contact": "maybe"}}, 2, "an answer is yes or no"),
        ({"ticket": "A99"}, 1, "nobody"),
        ({"pin": None}, 5, "A PIN is needed"),
        ({"answers": {f"q{n}": "no" for n in range(65)}}, 2, "answers"),
    ],
)
async def test_what_does_not_fit_is_refused(
    gate: Running, tmp_path: Path, more: dict, code: int, said: str
) -> None:
    answer = await ask(tmp_path / "run" / "staff.sock", {**SEEN, **more})
    assert (answer["exit"], said in answer["error"]) == (code, True)
    assert "maybe" not in answer["error"]


async def test_a_paper_that_asks_for_nothing_needs_no_look(gate: Running, tmp_path: Path) -> None:
    gate.lane.roster.exam = EXAM
    answer = await ask(tmp_path / "run" / "staff.sock", {**SEEN, "shown": ["notice"]})
    assert (answer["exit"], "No paper of this candidate" in answer["error"]) == (2, True)


async def test_what_is_asked_of_a_candidate_is_for_who_has_signed_in(
    gate: Running, tmp_path: Path
) -> None:
    """It says what is wanting and repeats no answer; what is told twice is recorded once."""
    path, asked = tmp_path / "run" / "staff.sock", {"ask": "papers", "ticket": "A1"}
    assert (await ask(path, asked))["exit"] == 5
    async with connected(path) as console:
        await console({"do": "sign-in", "by": "li", "pin": PINS["li"]})
        answer = await console(asked)
        assert answer["requires"] == ["notice", "health-report"]
        assert answer["wanting"] == ["notice", "concern", "standby"]
        assert [set(q) for q in answer["questions"]] == [{"id", "zh", "en"}] * 2
        nobody = await console({**asked, "ticket": "A99"})
        assert nobody["exit"] == 1
    seen = {**SEEN, "shown": ["notice"]}
    first, again = await ask(path, seen), await ask(path, seen)
    assert (first["complete"], again["complete"], again["en"]) == (False, False, first["en"])
    other = await ask(path, {**seen, "by": "wang", "pin": PINS["wang"]})
    assert other["kind"] == "papers"
    events = [e async for page in gate.parts.journal.past() for e in page]
    assert [e["by"] for e in events if e["kind"] == "papers"] == ["li", "wang"]
