"""An exit reader in a service at work, and the whole of it as a process with simulated readers."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gate.core.card import DocumentKind, Expiry
from gate.core.events import CardUnreadable, ReaderBack, ReaderLost, ScanPresented
from gate.models.network_files import default_folder
from gate.service.adapters import Exit
from tests.roster_making import citizen
from tests.scenarios.fakes import PAPER, FakeReader, FakeScanner, Rig, rig
from tests.scenarios.running import Running, running
from tests.scenarios.test_as_an_outsider import Unit, ask
from tests.waiting import until


@pytest.fixture
def parts(tmp_path: Path) -> Rig:
    made = rig(tmp_path)
    exits = (Exit("south", FakeReader()), Exit("tickets", FakeScanner()))
    made.unit = replace(made.unit, exits=exits)
    return made


def queue(parts: Rig, name: str) -> Any:
    return next(e.device for e in parts.unit.exits if e.name == name).queue  # type: ignore[union-attr]


async def admitted(parts: Rig, gate: Running) -> None:
    parts.reader.queue.put_nowait(parts.card())
    assert (await gate.decision())["outcome"] == "ADMIT"


async def kinds(parts: Rig) -> list[str]:
    return [e["kind"] for e in await parts.journal.read(1, 100)]


async def test_a_card_at_the_exit_ends_a_stay_and_asks_for_no_face(parts: Rig) -> None:
    async with running(parts) as gate:
        await admitted(parts, gate)
        judged = parts.matcher.judged
        parts.clock.at = PAPER.end - timedelta(minutes=10)
        queue(parts, "south").put_nowait(parts.card())
        await gate.until(lambda: gate.desk.status()["left"] == 1)
        status = gate.desk.status()
        assert (status["inside"], status["exits"]["south"]["en"]) == (0, "Has left")
        assert parts.matcher.judged == judged
        (left,) = [e for e in await parts.journal.read(1, 100) if e["kind"] == "left"]
        assert (left["source"], left["paper"], left["ticket"]) == ("south", PAPER.id, "A1")


async def test_too_early_is_a_decision_that_staff_settle(parts: Rig) -> None:
    async with running(parts) as gate:
        await admitted(parts, gate)
        queue(parts, "south").put_nowait(parts.card())
        referred = await gate.decision()
        assert (referred["outcome"], referred["reason"]) == ("REFER", "TOO_EARLY_TO_LEAVE")
        await gate.until(lambda: gate.desk.status()["unsettled"] != [])
        assert gate.desk.status()["unsettled"][0]["at_exit"]
        assert "No leaving before" in gate.desk.status()["exits"]["south"]["en"]


async def test_a_ticket_at_the_exit_is_found_whole_or_not_at_all(parts: Rig) -> None:
    async with running(parts) as gate:
        await admitted(parts, gate)
        parts.clock.at = PAPER.end
        for value in ("1", "A1"):
            now = parts.clock.now()
            scan = ScanPresented(
                "tickets", "ticket", value, DocumentKind.NOTICE, Expiry.LONG_TERM, now
            )
            queue(parts, "tickets").put_nowait(scan)
        await gate.until(lambda: gate.desk.status()["exits"]["tickets"]["read"] == 2)
        await gate.until(lambda: gate.desk.status()["left"] == 1)
        left = [e for e in await parts.journal.read(1, 100) if e["kind"] == "left"]
        assert [e["ticket"] for e in left] == [None, "A1"]


async def test_a_lost_exit_reader_is_a_warning_and_the_entry_goes_on(parts: Rig) -> None:
    async with running(parts) as gate:
        queue(parts, "south").put_nowait(ReaderLost("The exit's reader went away."))
        await gate.until(lambda: "exit south" in gate.desk.status()["warnings"])
        await admitted(parts, gate)
        queue(parts, "south").put_nowait(ReaderBack())
        await gate.until(lambda: "exit south" not in gate.desk.status()["warnings"])
        assert [k for k in await kinds(parts) if k in ("fault", "healed")] == ["fault", "healed"]
    assert parts.unit.exits[1].device.closed  # type: ignore[union-attr]


async def test_a_card_that_the_exit_cannot_read_is_laid_again(parts: Rig) -> None:
    async with running(parts) as gate:
        queue(parts, "south").put_nowait(CardUnreadable(parts.clock.now(), "lay-again"))
        await gate.until(
            lambda: gate.desk.status()["exits"]["south"]["reason"] == "CARD_UNREADABLE"
        )
        assert "decision" not in await kinds(parts)


async def test_a_full_disk_at_the_exit_is_told_and_nobody_has_left(parts: Rig) -> None:
    async with running(parts) as gate:
        await admitted(parts, gate)
        parts.clock.at = PAPER.end
        parts.journal.full = True
        queue(parts, "south").put_nowait(parts.card())
        await gate.until(lambda: "not recorded" in gate.desk.status()["exits"]["south"]["en"])
        assert gate.desk.status()["left"] == 0


SOURCES = """
[[source]]
name = "south"
kind = "sdt"
role = "exit"
port = "simulated"
[[source]]
name = "tickets"
kind = "qr"
role = "exit"
port = "simulated"
"""


@pytest.fixture(scope="module")
def unit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Unit]:
    if not default_folder().is_dir():
        pytest.skip("the networks are not built: exam-gate models build")
    it = Unit(tmp_path_factory.mktemp("exits"))
    with it.config.open("a", encoding="utf-8") as file:
        file.write(SOURCES)
    it.start()
    yield it
    assert it.end() == 0


def status(unit: Unit) -> Any:
    return ask(unit.staff, {"ask": "status"})


@pytest.mark.system
@pytest.mark.models
@pytest.mark.slow
def test_a_gate_with_a_second_card_reader_at_the_exit(unit: Unit) -> None:
    unit.clock("08:45:00.000")
    decided = unit.lay(citizen(0))
    ask(
        unit.staff,
        {"do": "settle", "decision": decided["id"], "verdict": "admit", "by": "li"},
    )
    assert status(unit)["inside"] == 1
    card = {"do": "card", "number": citizen(0), "name": "某人", "source": "south"}
    unit.clock("10:00:00.000")
    ask(unit.simulator, card)
    until(lambda: status(unit)["exits"]["south"]["reason"] == "TOO_EARLY_TO_LEAVE")
    ask(unit.simulator, {"do": "lift", "source": "south"})
    unit.clock("11:05:00.000")
    ask(unit.simulator, card)
    until(lambda: status(unit)["left"] == 1)
    assert status(unit)["inside"] == 0
    ask(unit.simulator, {"do": "lift", "source": "south"})
    ask(unit.simulator, {"do": "scan", "source": "tickets", "text": "770001"})
    until(lambda: status(unit)["left"] == 2)
    assert unit.lay(citizen(0))["reason"] == "LEFT_ALREADY"
    assert "there are: south" in ask(unit.simulator, card | {"source": "north"})["error"]
    assert [e["ticket"] for e in unit.exported() if e["kind"] == "left"] == ["770000", "770001"]
    assert unit.end() == 0
    unit.start()
    unit.clock("11:06:00.000")
    assert (status(unit)["inside"], status(unit)["left"]) == (0, 2)
