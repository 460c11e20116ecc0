"""staff.sock and preview.sock of a gate at work, under what any program may write to them.

At every line: one answer, no record of what was refused, and the next good request is answered.
"""

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from gate.console.preview_socket import PreviewSocket
from gate.console.staff_socket import StaffSocket
from gate.platform.connections import FOR_ONE_USER
from gate.platform.json_lines import LINE_MAX, ask, serve
from tests.examples import examples
from tests.fuzz.foreign_json import ODD_LINES, REQUESTS, lines
from tests.scenarios.fakes import STRANGER, Rig, rig
from tests.scenarios.running import Running, running
from tests.waiting import soon

ANSWER_S = 20.0
KINDS = {
    "type": {"decision"},
    "settle": {"verdict", "signature", "case"},
    "sign": {"verdict", "signature", "case"},
    "correct": {"verdict", "signature", "case"},
    "decline": {"decision"},
    "papers": {"papers"},
    "acknowledge": {"acknowledged"},
    "excuse": {"excused"},
    "confirm-clock": {"clock_confirmed"},
    "reassign": {"reassigned"},
    "report": {"report"},
    "read": {"message_read"},
}
"""What the journal may hold after a request that was granted."""


@pytest.fixture
def parts(tmp_path: Path) -> Rig:
    it = rig(tmp_path)
    it.matcher.verdicts = [STRANGER]
    return it


@pytest.fixture
async def gate(parts: Rig, tmp_path: Path) -> AsyncIterator[Running]:
    folder = tmp_path / "run"
    async with (
        running(parts, timers=0.001) as it,
        serve(folder / "staff.sock", StaffSocket(it.desk).answer),
        serve(folder / "preview.sock", PreviewSocket(parts.matcher.preview).answer),
    ):
        yield it


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "run"


async def told(path: Path, line: bytes) -> dict[str, Any] | None:
    """The first line that comes back; None where the gate closes the connection instead."""
    reader, writer = await asyncio.open_unix_connection(path, limit=2**24)
    with contextlib.suppress(ConnectionError):
        writer.write(line)
        writer.write_eof()
        async with asyncio.timeout(ANSWER_S):
            answer = await reader.readline()
    writer.close()
    return json.loads(answer) if answer else None


async def kinds_after(parts: Rig, seq: int) -> list[str]:
    return [event["kind"] for event in await parts.unit.journal.read(seq + 1, 1000)]


def verb_of(line: bytes) -> str:
    with contextlib.suppress(ValueError, RecursionError, AttributeError):
        return str(json.loads(line).get("do", ""))
    return ""


async def referred(parts: Rig, gate: Running) -> str:
    """The id of an open case; one is made where none is."""
    await gate.phase("idle")
    if not gate.lane.state.unsettled:
        parts.reader.queue.put_nowait(parts.card())
        await soon(lambda: gate.lane.state.unsettled and gate.lane.idle)
    return gate.lane.state.unsettled[-1].decision


@examples(400, on_one_fixture=True)
@given(line=lines)
async def test_any_line_is_answered_and_only_what_is_granted_is_recorded(
    gate: Running, parts: Rig, folder: Path, caplog: pytest.LogCaptureFixture, line: bytes
) -> None:
    case = await referred(parts, gate)
    before = parts.unit.journal.head.seq
    line = line.replace(b"DECISION", case.encode())
    answer = await told(folder / "staff.sock", line)
    assert answer is not None or not line.strip()
    await gate.phase("idle")
    recorded = await kinds_after(parts, before)
    if answer is None or "error" in answer:
        assert recorded == []
    else:
        assert set(recorded) <= KINDS.get(verb_of(line), set())
    if answer is not None and "error" in answer:
        assert answer["exit"] in (1, 2, 5, 7)
        assert answer["zh"]
        assert len(answer["error"]) < 2000
    assert (await ask(folder / "staff.sock", {"ask": "status"}))["gate"] == "wh-hs-01-g1"
    faults = [r for r in caplog.records if r.exc_info or r.levelno > logging.WARNING]
    assert faults == []


@pytest.mark.parametrize("line", ODD_LINES, ids=range(len(ODD_LINES)))
@pytest.mark.parametrize("name", ["staff.sock", "preview.sock"])
async def test_a_line_that_is_no_request_is_told_so(
    gate: Running, parts: Rig, folder: Path, line: bytes, name: str
) -> None:
    before = parts.unit.journal.head.seq
    answer = await told(folder / name, line)
    assert answer is None or "error" in answer or answer.get("status") or answer.get("gate")
    assert parts.unit.journal.head.seq == before
    assert (await ask(folder / "staff.sock", {"ask": "status"}))["gate"]
    assert "jpeg" in await ask(folder / "preview.sock", {"ask": "preview"})


@pytest.mark.parametrize("name", ["staff.sock", "preview.sock"])
async def test_half_a_line_and_no_end_of_line_leave_the_gate_at_work(
    gate: Running, folder: Path, name: str
) -> None:
    assert await told(folder / name, b'{"ask": "sta') is not None
    answer = await told(folder / name, b"x" * 10_000_000)
    assert answer is None or str(LINE_MAX) in answer["error"]
    assert (await ask(folder / "staff.sock", {"ask": "status"}))["gate"]


@pytest.mark.parametrize("name", ["staff.sock", "preview.sock"])
async def test_many_connections_leave_one_for_a_person(
    gate: Running, folder: Path, name: str
) -> None:
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(3 * FOR_ONE_USER):
            _, writer = await asyncio.open_unix_connection(folder / name)
            stack.callback(writer.close)
            writer.write(b'{"ask"')
        assert (await ask(folder / "staff.sock", {"ask": "status"}))["gate"]
        assert "jpeg" in await ask(folder / "preview.sock", {"ask": "preview"})


async def test_every_verb_is_tried() -> None:
    """A verb that is new gets its place in REQUESTS."""
    from typing import get_args

    from gate.console import staff_requests

    known: set[tuple[str, str]] = set()
    for union in (staff_requests.Doing, staff_requests.Asking):
        for kind in get_args(union):
            name = "do" if "do" in kind.model_fields else "ask"
            verbs = get_args(kind.model_fields[name].annotation)
            known |= {(name, verb) for verb in verbs}
    tried = {(n, request[n]) for request in REQUESTS for n in ("do", "ask") if n in request}
    assert known == tried
