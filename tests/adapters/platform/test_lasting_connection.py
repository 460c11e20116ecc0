"""One connection over many requests: kept, opened anew, and never a wrong answer."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gate.console.feed import Feed
from gate.console.gate_link import CONNECTIONS_MAX, GateLink, GateSaid
from gate.errors import NetworkFault
from gate.platform import json_lines
from gate.platform.connections import Client
from gate.platform.json_lines import Message, serve
from gate.platform.lasting_connection import KEPT_S, LastingConnection
from tests.waiting import soon


class Server:
    """Answers with what was asked and by which connection; `hold` delays `slow` requests."""

    def __init__(self) -> None:
        self.clients: list[int] = []
        self.hold = asyncio.Event()
        self.waiting = 0

    async def answer(self, message: Message, client: Client) -> Message:
        self.clients.append(client.id)
        if message.get("slow"):
            self.waiting += 1
            await self.hold.wait()
        if message.get("error"):
            return {"error": "no", "zh": "不", "exit": 5}
        return {"said": message.get("n")}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "it.sock"


@pytest.fixture
async def server(path: Path) -> AsyncIterator[Server]:
    it = Server()
    async with serve(path, it.answer):
        yield it


async def test_one_connection_and_the_answers_in_their_order(path: Path, server: Server) -> None:
    connection = LastingConnection(path)
    answers = await asyncio.gather(*(connection.ask({"n": n}) for n in range(20)))
    assert [a["said"] for a in answers] == list(range(20))
    assert len(set(server.clients)) == 1
    connection.close()


async def test_a_server_that_was_started_anew_is_asked_anew(path: Path) -> None:
    connection = LastingConnection(path)
    for n in range(3):
        it = Server()
        async with serve(path, it.answer):
            assert (await connection.ask({"n": n}))["said"] == n
    with pytest.raises(NetworkFault, match="Nobody answers"):
        await connection.ask({"n": 4})


async def test_one_that_was_not_used_for_long_is_opened_anew(path: Path, server: Server) -> None:
    at_s = [0.0]
    connection = LastingConnection(path, lambda: at_s[0])
    for later_s in (0.0, KEPT_S, KEPT_S + 1):
        at_s[0] += later_s
        await connection.ask({"n": 1})
    first, second, third = server.clients
    assert (first == second, second == third) == (True, False)


async def test_a_request_that_was_dropped_unread_is_asked_anew(path: Path) -> None:
    """The server gives the place of an idle connection away, just as it is used again."""
    asked = []

    async def serves(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(2):
            asked.append(await reader.readline())
            if len(asked) != 2:
                writer.write(b'{"said": %d}\n' % len(asked))
                continue
            break
        writer.close()

    async with await asyncio.start_unix_server(serves, path):
        connection = LastingConnection(path)
        answers = [(await connection.ask({"n": 1}))["said"] for _ in range(2)]
        connection.close()
    assert (answers, len(asked)) == ([1, 3], 3)


async def test_what_a_server_said_in_parting_is_no_answer(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sentence of a connection that was idle for too long stands there unread."""
    monkeypatch.setattr(json_lines, "IDLE_S", 0.05)
    at_s = 0.0
    connection = LastingConnection(path, lambda: at_s)
    it = Server()
    async with serve(path, it.answer):
        await connection.ask({"n": 1})
        reader, _ = connection._streams  # type: ignore[misc]
        await soon(lambda: b"Nothing was asked" in bytes(reader._buffer))
        at_s = KEPT_S + 1
        assert (await connection.ask({"n": 2}))["said"] == 2
    assert len(set(it.clients)) == 2


async def test_a_late_answer_is_not_taken_for_the_next_one(path: Path, server: Server) -> None:
    connection = LastingConnection(path)
    with pytest.raises(NetworkFault):
        await connection.ask({"n": 1, "slow": True}, timeout_s=0.05)
    given_up = asyncio.create_task(connection.ask({"n": 2, "slow": True}))
    await soon(lambda: server.waiting == 2)
    given_up.cancel()
    await asyncio.wait({given_up})
    server.hold.set()
    assert (await connection.ask({"n": 3}))["said"] == 3


async def test_each_browser_has_a_connection_and_no_question_waits(
    path: Path, server: Server
) -> None:
    gate = GateLink(path, Feed())
    for link in ("a", "b", "a", "b"):
        await gate.ask({"do": "x"}, link)
    a, b = server.clients[:2]
    assert server.clients == [a, b, a, b]
    with pytest.raises(GateSaid, match="no"):
        await gate.ask({"do": "x", "error": True}, "a")
    busy = asyncio.create_task(gate.ask({"do": "x", "slow": True, "n": 1}, "a"))
    await soon(lambda: server.waiting == 1)
    assert (await gate.ask({"ask": "x", "n": 2}, "a"))["said"] == 2
    assert server.clients[-1] not in (a, b)
    second = asyncio.create_task(gate.ask({"do": "x", "n": 3}, "a"))
    server.hold.set()
    assert [(await busy)["said"], (await second)["said"]] == [1, 3]
    assert server.clients[-1] == a
    gate.leave("a")
    await gate.ask({"do": "x"}, "a")
    assert server.clients[-1] != a


async def test_the_browser_that_asked_longest_ago_loses_its_connection(
    path: Path, server: Server
) -> None:
    gate = GateLink(path, Feed())
    for n in range(CONNECTIONS_MAX + 1):
        await gate.ask({"do": "x"}, f"browser {n}")
    await gate.ask({"do": "x"}, f"browser {CONNECTIONS_MAX}")
    await gate.ask({"do": "x"}, "browser 0")
    assert len(set(server.clients)) == CONNECTIONS_MAX + 2
    assert len(gate._connections) == CONNECTIONS_MAX
