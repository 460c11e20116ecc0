"""The seat-photo sheet of a running gate: who sits there, and what the gate knows of them."""

import base64
from pathlib import Path

import pytest

from gate.errors import NoSuchEntry
from tests.scenarios.fakes import PAPER, STRANGER, FakeSheets, Rig, rig
from tests.scenarios.running import running


class Nobody:
    """A connection that has not signed in."""

    id = 1
    signed_in: str | None = None


@pytest.fixture
def parts(tmp_path: Path) -> Rig:
    return rig(tmp_path)


async def test_the_sheet_shows_who_is_in_doubtful_and_absent(parts: Rig) -> None:
    async with running(parts) as gate:
        parts.reader.queue.put_nowait(parts.card())
        await gate.decision()
        made = await gate.desk.sheet(PAPER.id, "03", Nobody())
        assert base64.b64decode(str(made["pdf"])).startswith(b"%PDF")
        parts.matcher.verdicts = [STRANGER] * 3
        await gate.phase("idle")
        parts.reader.queue.put_nowait(parts.card("440524188001010014"))
        await gate.decision()
        await gate.desk.sheet(PAPER.id, "03", Nobody())
    sheets = parts.unit.sheets
    assert isinstance(sheets, FakeSheets)
    head, cells = sheets.asked[0]
    assert (head.paper, head.room, head.subject) == (PAPER.id, "03", PAPER.subject)
    assert [(c.ticket, c.state) for c in cells] == [("A1", "admitted"), ("A2", "absent")]
    assert [c.state for c in sheets.asked[1][1]] == ["admitted", "doubtful"]


@pytest.mark.parametrize(("paper", "room"), [("nothing", "03"), (PAPER.id, "99")])
async def test_an_unknown_room_is_said(parts: Rig, paper: str, room: str) -> None:
    async with running(parts) as gate:
        with pytest.raises(NoSuchEntry, match="list of rooms"):
            await gate.desk.sheet(paper, room, Nobody())
