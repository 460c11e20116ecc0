"""Requests of formats.md over a real unix socket, to a desk that remembers."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from gate.console.staff_socket import StaffSocket
from gate.platform.json_lines import Message, ask, decode, encode, follow, serve
from gate.ports import StaffConnection, StaffVerdict, Typed


class RecordingDesk:
    """Remembers each request, the PIN that came with it, and who was signed in then."""

    def __init__(self) -> None:
        self.got: list[Any] = []
        self.pins: list[str | None] = []
        self.signed_in: list[str | None] = []

    def _note(self, got: Any, pin: str | None, connection: StaffConnection) -> dict[str, Any]:
        self.got.append(got)
        self.pins.append(pin)
        self.signed_in.append(connection.signed_in)
        return {"ok": True}

    def status(self) -> dict[str, Any]:
        return {"gate": "g1"}

    async def sign_in(self, by: str, pin: str | None, connection: StaffConnection) -> dict:
        answer = self._note(f"{by} signs in", pin, connection)
        connection.signed_in = by
        return {**answer, "token": f"token of {by}"}

    def resume(self, token: str, connection: StaffConnection) -> None:
        connection.signed_in = token.removeprefix("token of ")

    async def type(self, typed: Typed, pin: str | None, connection: StaffConnection) -> dict:
        return self._note(typed, pin, connection)

    async def settle(
        self, verdict: StaffVerdict, pin: str | None, connection: StaffConnection
    ) -> dict:
        return self._note(verdict, pin, connection)

    async def acknowledge(self, by: str) -> dict[str, Any]:
        self.got.append(by)
        return {"ok": True}

    async def excuse(self, by: str, pin: str | None, connection: StaffConnection) -> dict:
        return self._note(f"excused by {by}", pin, connection)

    async def confirm_clock(
        self, by: str, day: str, pin: str | None, connection: StaffConnection
    ) -> dict:
        return self._note((by, day), pin, connection)

    def screen(self) -> dict[str, Any]:
        return {"en": "Look here"}

    async def follow_screen(self) -> AsyncIterator[dict[str, Any]]:
        yield {"en": "Turn"}

    async def follow(self) -> AsyncIterator[dict[str, Any]]:
        yield {"id": "e-1"}
        yield {"id": "e-2"}


@contextlib.asynccontextmanager
async def connected(path: Path) -> AsyncIterator[Callable[[Message], Awaitable[Message]]]:
    """One connection: a request and its answer at a time."""
    reader, writer = await asyncio.open_unix_connection(path)

    async def told(request: Message) -> Message:
        writer.write(encode(request))
        return decode(await reader.readline())

    try:
        yield told
    finally:
        writer.close()
        await writer.wait_closed()


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
        ({"do": "open"}, "do is one of sign-in, sign-out, type, settle, acknowledge"),
        ({"do": "type", "by": "li"}, "exactly one"),
        ({"do": "type", "ticket": "1", "seat": "2", "by": "li"}, "exactly one"),
        ({"do": "settle", "decision": "e-1", "verdict": "maybe", "by": "li"}, "verdict"),
        ({"do": "acknowledge"}, "by"),
        ({"do": "excuse", "pin": "1234"}, "by"),
        ({"ask": "everything"}, "ask is one of status, follow, sheet, screen"),
        ({}, "do"),
    ],
)
async def test_a_misfit_is_told_what_fits(
    desk: RecordingDesk, tmp_path: Path, request_: dict[str, Any], said: str
) -> None:
    answer = await ask(tmp_path / "staff.sock", request_)
    assert said in answer["error"]
    assert desk.got == []


async def test_a_pin_reaches_the_desk_and_no_sentence(desk: RecordingDesk, tmp_path: Path) -> None:
    path = tmp_path / "staff.sock"
    request = {"do": "settle", "decision": "e-1", "verdict": "admit", "by": "li", "pin": "735201"}
    assert await ask(path, request) == {"ok": True}
    assert desk.pins == ["735201"]
    for odd in ({"verdict": "735201"}, {"by": None}, {"pin": ["735201"]}, {"extra": "735201"}):
        answer = await ask(path, {**request, **odd})
        assert answer["exit"] == 2
        assert "735201" not in answer["error"] + answer["zh"]


async def test_a_connection_stays_signed_in_and_no_other_one_is(
    desk: RecordingDesk, tmp_path: Path
) -> None:
    path = tmp_path / "staff.sock"
    excuse = {"do": "excuse", "by": "li"}
    async with connected(path) as one, connected(path) as two:
        assert (await one({"do": "sign-in", "by": "li", "pin": "735201"}))["ok"]
        await one(excuse)
        await two(excuse)
        await two({**excuse, "token": "token of li"})
    assert desk.signed_in == [None, "li", None, "li"]


@pytest.mark.parametrize("odd", ["\x1b[2J", "\u202e", "735201"])
async def test_what_was_sent_is_not_repeated(desk: RecordingDesk, tmp_path: Path, odd: str) -> None:
    path = tmp_path / "staff.sock"
    for request in ({"do": odd}, {"ask": odd}, {"do": odd, "pin": odd}):
        answer = await ask(path, request)
        assert odd not in answer["error"] + answer["zh"]
    answer = await ask(path, {"do": "acknowledge", "by": "li", f"x{odd}": 1})
    assert odd == "735201" or odd not in answer["error"] + answer["zh"]


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
