"""A console's real process, its gate, and who is signed in."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from demo.stage import free_port, listens
from tests.browser.conftest import READY_S, console_process, gate_at
from tests.fuzz.https_client import Visitor
from tests.fuzz.seam import Seam
from tests.scenarios.fakes import STRANGER, rig
from tests.waiting import soon


@pytest.fixture
async def seam(tmp_path: Path) -> AsyncIterator[Seam]:
    """The console listens at every address of this machine."""
    parts, port = rig(tmp_path), free_port()
    parts.matcher.verdicts = [STRANGER]
    folder = tmp_path / "run"
    folder.mkdir()
    async with (
        gate_at(parts, folder) as gate,
        console_process(tmp_path, port, "0.0.0.0") as process,
    ):
        await soon(lambda: listens(port), READY_S)
        it = Seam(port, gate, parts, Visitor(port), tmp_path / "console.log", process.pid)
        parts.reader.queue.put_nowait(parts.card())
        it.case = str((await gate.decision())["id"])
        await it.visitor.sign_in()
        yield it
