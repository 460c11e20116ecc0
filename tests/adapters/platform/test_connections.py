"""A thousand clients that say nothing, and the one that asks; descriptors run out nowhere."""

import asyncio
import contextlib
import json
import resource
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from gate.platform import json_lines
from gate.platform.connections import Client, Connections, within_the_limit


async def handler(request: dict, _connection: object) -> dict | AsyncIterator[dict]:
    return ticking() if request.get("ask") == "follow" else {"echo": request}


async def ticking() -> AsyncIterator[dict]:
    yield {"n": 0}
    await asyncio.Event().wait()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run" / "staff.sock"


@pytest.fixture
def silent_clients() -> Iterator[list[socket.socket]]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    found: list[socket.socket] = []
    yield found
    for client in found:
        client.close()
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def connect(path: Path, clients: list[socket.socket], count: int) -> None:
    """Blocking: asyncio takes a full queue of a unix socket for a connection."""
    for _ in range(count):
        client = socket.socket(socket.AF_UNIX)
        clients.append(client)
        client.connect(str(path))
        client.setblocking(False)


async def test_a_thousand_silent_clients_keep_nobody_from_asking(
    path: Path, silent_clients: list[socket.socket]
) -> None:
    async with json_lines.serve(path, handler):
        following = json_lines.follow(path, {"ask": "follow"})
        assert await anext(following) == {"n": 0}
        await asyncio.to_thread(connect, path, silent_clients, 1000)
        assert await json_lines.ask(path, {"i": 1}) == {"echo": {"i": 1}}
        alive = [c for c in silent_clients if not is_closed(c)]
        assert len(alive) <= 32
        assert alive == silent_clients[-len(alive) :]  # the longest idle went first
        await following.aclose()


def is_closed(client: socket.socket) -> bool:
    with contextlib.suppress(BlockingIOError):
        return client.recv(1) == b""
    return False


async def test_who_is_being_answered_keeps_the_place_and_one_too_many_is_told(path: Path) -> None:
    async with json_lines.serve(path, handler), contextlib.AsyncExitStack() as stack:
        for _ in range(32):
            reader, writer = await asyncio.open_unix_connection(path)
            stack.callback(writer.close)
            writer.write(b'{"ask": "follow"}\n')
            assert json.loads(await reader.readline()) == {"n": 0}
        reader, writer = await asyncio.open_unix_connection(path)
        stack.callback(writer.close)
        told = json.loads(await reader.readline())
        assert "Too many connections" in told["error"]
        assert await reader.read() == b""


async def test_a_connection_on_which_nothing_is_asked_is_closed(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_lines, "IDLE_S", 0.02)
    async with json_lines.serve(path, handler):
        reader, writer = await asyncio.open_unix_connection(path)
        assert "Nothing was asked" in json.loads(await reader.readline())["error"]
        assert await reader.read() == b""
        writer.close()


async def test_a_client_that_takes_nothing_is_cut_off(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = asyncio.Event()

    async def flooding(_: dict, _connection: object) -> AsyncIterator[dict]:
        async def lines() -> AsyncIterator[dict]:
            try:
                while True:
                    yield {"x": "x" * 100_000}
            finally:
                ended.set()

        return lines()

    monkeypatch.setattr(json_lines, "WRITE_S", 0.05)
    async with json_lines.serve(path, flooding):
        client = socket.socket(socket.AF_UNIX)
        client.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(client, str(path))
        await loop.sock_sendall(client, b"{}\n")
        async with asyncio.timeout(30):
            await ended.wait()
        client.close()


async def test_one_user_cannot_take_every_place() -> None:
    held = asyncio.create_task(asyncio.Event().wait())
    connections = Connections(in_all=4, for_one_user=3)

    def joined(user: int, *, idle: bool) -> Client | None:
        client = connections.joined(user)
        if client is not None:
            client.task, client.idle = held, idle  # type: ignore[assignment]
        return client

    busy = [joined(1, idle=False) for _ in range(3)]
    assert None not in busy
    assert joined(1, idle=False) is None
    other = joined(2, idle=True)
    assert other in connections.clients
    assert joined(3, idle=False) is None  # nobody of the busiest user is idle
    connections.left(busy[0])  # type: ignore[arg-type]
    assert joined(3, idle=False) is not None
    held.cancel()


def test_places_follow_the_limit_of_the_process() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (128, hard))
        assert within_the_limit().in_all == 16
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))
        assert within_the_limit().in_all == 4
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
