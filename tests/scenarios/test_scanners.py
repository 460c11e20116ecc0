"""Scanners beside the card reader in a service at work: a notice, a passport, one that is lost."""

from datetime import date
from pathlib import Path

import pytest

from gate.core.card import DocumentKind, Expiry
from gate.core.events import ScanPresented
from gate.ports import ScannerBack, ScannerLost
from tests.scenarios.fakes import Rig, rig
from tests.scenarios.running import running


@pytest.fixture
def parts(tmp_path: Path) -> Rig:
    return rig(tmp_path)


def notice(parts: Rig, ticket: str = "A1") -> ScanPresented:
    return ScanPresented(
        "door", "ticket", ticket, DocumentKind.NOTICE, Expiry.LONG_TERM, parts.clock.now()
    )


async def test_a_notice_asks_for_the_card_and_the_card_admits(parts: Rig) -> None:
    async with running(parts) as gate:
        parts.scanner.queue.put_nowait(notice(parts))
        await gate.phase("asking")
        assert gate.lane.showing["zh"] == "请放置身份证"
        assert gate.desk.status()["showing"]["signals"] == ["yellow:steady"]
        parts.reader.queue.put_nowait(parts.card())
        decided = await gate.decision()
        assert (decided["outcome"], decided["source"], decided["scanner"]) == (
            "ADMIT",
            "card",
            None,
        )


async def test_a_notice_without_a_card_calls_staff_who_type_what_they_have_seen(parts: Rig) -> None:
    async with running(parts, timers=0.001) as gate:
        parts.scanner.queue.put_nowait(notice(parts))
        referred = await gate.decision()
        assert (referred["reason"], referred["source"], referred["ticket"]) == (
            "DOCUMENT_NOT_ACCEPTED",
            "scan",
            "A1",
        )
        assert parts.matcher.judged == 0


@pytest.mark.parametrize("part", ["1", "a2"])
async def test_only_a_whole_ticket_is_one(parts: Rig, part: str) -> None:
    """The roster finds a typed ticket by its last five too; a scanner that lost the front of one
    must not let somebody else in."""
    find_typed = parts.unit.rosters.next.find_typed  # type: ignore[union-attr]

    async def by_the_end(handle: str, value: str, papers: tuple[str, ...]) -> object:
        return await find_typed(handle, f"A{value[-1]}", papers)

    parts.unit.rosters.next.find_typed = by_the_end  # type: ignore[union-attr, method-assign]
    async with running(parts, timers=0.001) as gate:
        parts.scanner.queue.put_nowait(notice(parts, part))
        decided = await gate.decision()
        assert decided["reason"] == ("NOT_ON_ROSTER" if part == "1" else "DOCUMENT_NOT_ACCEPTED")


async def test_a_travel_document_is_looked_up_by_its_number(parts: Rig) -> None:
    async with running(parts) as gate:
        scan = ScanPresented(
            "door",
            "number",
            "E12345678",
            DocumentKind.TRAVEL_DOCUMENT,
            date(2030, 1, 1),
            parts.clock.now(),
        )
        parts.scanner.queue.put_nowait(scan)
        decided = await gate.decision()
        assert (decided["reason"], decided["document"]) == ("NOT_ON_ROSTER", "travel-document")
        assert "E12345678" not in str(decided)


async def test_a_lost_scanner_is_a_warning_and_cards_go_on(parts: Rig) -> None:
    async with running(parts) as gate:
        parts.scanner.status = {"connected": False, "read": 0, "refused": {}}
        parts.scanner.queue.put_nowait(ScannerLost("The scanner door went away: plug it in again."))
        await gate.until(lambda: parts.journal.head.seq > 2)
        status = gate.desk.status()
        assert (status["phase"], status["faults"]) == ("idle", [])
        assert [w for w in status["warnings"] if "scanner" in w] == ["scanner door"]
        parts.reader.queue.put_nowait(parts.card())
        assert (await gate.decision())["outcome"] == "ADMIT"
        head = parts.journal.head.seq
        parts.scanner.queue.put_nowait(ScannerBack())
        await gate.until(lambda: parts.journal.head.seq > head)
        told = [
            (e["kind"], e["fault"])
            for e in await parts.journal.read(1, 100)
            if e.get("fault") == "scanner door"
        ]
        assert told == [("fault", "scanner door"), ("healed", "scanner door")]
    assert parts.scanner.closed


async def test_a_card_and_a_notice_at_once_are_one_visit(parts: Rig) -> None:
    parts.matcher.hold.clear()
    async with running(parts, timers=0.001) as gate:
        parts.reader.queue.put_nowait(parts.card())
        await gate.phase("matching")
        parts.scanner.queue.put_nowait(notice(parts))
        parts.matcher.hold.set()
        assert (await gate.decision())["outcome"] == "ADMIT"
        await gate.phase("idle")
        parts.scanner.queue.put_nowait(notice(parts))  # once more, inside already
        parts.reader.queue.put_nowait(parts.card("440524188001010014"))
        assert (await gate.decision())["ticket"] == "A2"
