"""Requests of formats.md over a real unix socket, to a desk that remembers."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gate.console.staff_socket import StaffSocket
from gate.platform.json_lines import ask, follow, serve
from gate.ports import StaffVerdict, Typed


class RecordingDesk:
    def __init__(self) -> None:
        self.got: list[Any] = []

    def status(self) -> dict[str, Any]:
        return {"gate": "g1"}

    async def type(self, typed: Typed) -> dict[str, Any]:
        self.got.append(typed)
        return {"ok": True}

    async def settle(self, verdict: StaffVerdict) -> dict[str, Any]:
        self.got.append(verdict)
        return {"ok": True}

    async def acknowledge(self, by: str) -> dict[str, Any]:
        self.got.append(by)
        return {"ok": True}

    async def excuse(self, by: str) -> dict[str, Any]:
        self.got.append(f"excused by {by}")
        return {"ok": True}

    async def confirm_clock(self, by: str, day: str) -> dict[str, Any]:
        self.got.append((by, day))
        return {"ok": True}

    def screen(self) -> dict[str, Any]:
        return {"en": "Look here"}

    async def follow_screen(self) -> AsyncIterator[dict[str, Any]]:
        yield {"en": "Turn"}

    async def follow(self) -> AsyncIterator[dict[str, Any]]:
        yield {"id": "e-1"}
        yield {"id": "e-2"}


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[RecordingDesk]:
    recording = RecordingDesk()
    async with serve(tmp_path / "staff.sock", StaffSocket(recording).answer):
        yield recording


@pytest.mark.parametrize(
    ("request_", "got"),
    [
        (
            {
                "do": "type",
                "ticket": "T1",
                "document": "temporary",
                "valid_to": "2027-05-01",
                "by": "li",
            },
            Typed("ticket", "T1", "temporary", "2027-05-01", "li"),
        ),
        (
            {"do": "type", "seat": "03-12", "by": "li"},
            Typed("seat", "03-12", "resident", "长期", "li"),
        ),
        (
            {
                "do": "settle",
                "decision": "e-1",
                "verdict": "admit",
                "by": "li",
                "second": "wang",
                "reason": "same",
            },
            StaffVerdict("e-1", True, "li", "wang", "same"),
        ),
        ({"do": "acknowledge", "by": "li"}, "li"),
        ({"do": "excuse", "by": "li"}, "excused by li"),
        ({"do": "excuse", "by": "li", "pin": "1234"}, "excused by li"),
    ],
)
async def test_each_request_reaches_the_desk(
    desk: RecordingDesk, tmp_path: Path, request_: dict[str, Any], got: Any
) -> None:
    assert await ask(tmp_path / "staff.sock", request_) == {"ok": True}
    assert desk.got == [got]


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ({"do": "open"}, "acknowledge"),
        ({"do": "type", "by": "li"}, "exactly one"),
        ({"do": "type", "ticket": "1", "seat": "2", "by": "li"}, "exactly one"),
        ({"do": "settle", "decision": "e-1", "verdict": "maybe", "by": "li"}, "verdict"),
        ({"do": "acknowledge"}, "by"),
        ({"do": "excuse", "pin": "1234"}, "by"),
        ({"ask": "everything"}, "status, follow or screen"),
        ({}, "do"),
    ],
)
async def test_a_misfit_is_told_what_fits(
    desk: RecordingDesk, tmp_path: Path, request_: dict[str, Any], said: str
) -> None:
    answer = await ask(tmp_path / "staff.sock", request_)
    assert said in answer["error"]
    assert desk.got == []


async def test_status_and_follow(desk: RecordingDesk, tmp_path: Path) -> None:
    assert await ask(tmp_path / "staff.sock", {"ask": "status"}) == {"gate": "g1"}
    lines = [line async for line in follow(tmp_path / "staff.sock", {"ask": "follow"})]
    assert lines == [{"id": "e-1"}, {"id": "e-2"}]


async def test_what_the_candidates_screen_shows(desk: RecordingDesk, tmp_path: Path) -> None:
    path = tmp_path / "staff.sock"
    assert await ask(path, {"ask": "screen"}) == {"en": "Look here"}
    request = {"ask": "screen", "follow": True}
    assert [line async for line in follow(path, request)] == [{"en": "Turn"}]


@pytest.mark.parametrize("mark", ["\x1b[2J", "\0", "\n", "\u202e", "\u200b", "\x9b"])
@pytest.mark.parametrize("field", ["by", "reason"])
async def test_what_cannot_be_seen_is_refused(
    desk: RecordingDesk, tmp_path: Path, field: str, mark: str
) -> None:
    request = {"do": "settle", "decision": "e-1", "verdict": "admit", "by": "li", "reason": "ok"}
    answer = await ask(tmp_path / "staff.sock", {**request, field: f"li{mark}"})
    assert answer["exit"] == 2
    assert "cannot be seen" in answer["error"]
    assert mark not in answer["error"]
    assert desk.got == []
