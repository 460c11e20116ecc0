"""Clients of a real uvicorn server that let it wait: each is cut off, and nothing is logged."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from gate.errors import NetworkFault
from gate.web.bounded_connection import BoundedConnection
from gate.web.bounded_listener import FOR_ONE, listeners
from gate.web.certificate import own_addresses, own_certificate, utc_now
from tests.fuzz.https_client import connected
from tests.waiting import soon


class Impatient(BoundedConnection):
    """Waits so long that a busy machine is in time."""

    request_s = 0.5
    taken_s = 0.5


class Endless:
    """Streams that never end by themselves, and how many are open."""

    def __init__(self) -> None:
        self.open = 0

    async def page(self, request: Request) -> Response:
        return StreamingResponse(self._chunks())

    async def form(self, request: Request) -> Response:
        with contextlib.suppress(ClientDisconnect):
            await request.body()
        return PlainTextResponse("read")

    async def _chunks(self) -> AsyncIterator[bytes]:
        self.open += 1
        try:
            while True:
                yield b"x" * 65_536
                await asyncio.sleep(0)  # a stream of the console always waits for its gate
        finally:
            self.open -= 1


@pytest.fixture
def endless() -> Endless:
    return Endless()


@pytest.fixture
async def port(endless: Endless, tmp_path: Path) -> AsyncIterator[int]:
    certificate, key = own_certificate(tmp_path, own_addresses("127.0.0.1"), utc_now())
    app = Starlette(
        routes=[Route("/", endless.page), Route("/form", endless.form, methods=["POST"])]
    )
    config = uvicorn.Config(
        app,
        http=Impatient,
        ssl_certfile=str(certificate),
        ssl_keyfile=str(key),
        log_level="warning",
        timeout_graceful_shutdown=1,
        timeout_keep_alive=60,
    )
    server = uvicorn.Server(config)
    sockets = listeners("127.0.0.1", 0)
    serving = asyncio.create_task(server.serve(sockets))
    await soon(lambda: server.started)
    yield sockets[0].getsockname()[1]
    server.should_exit = True
    await serving


STARTED = (
    b"",
    b"GET / HTTP/1.1\r\nHost: h\r\n",
    b"POST /form HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nabc",
)


@pytest.mark.slow
@pytest.mark.parametrize("started", STARTED, ids=["nothing", "half a head", "half a body"])
async def test_a_request_that_is_not_finished_is_cut_off(
    port: int, caplog: pytest.LogCaptureFixture, started: bytes
) -> None:
    async with connected(port) as (reader, writer):
        writer.write(started)
        async with asyncio.timeout(20):
            with contextlib.suppress(ConnectionError):
                assert await reader.read() == b""
    assert [r for r in caplog.records if r.levelno >= logging.WARNING] == []


@pytest.mark.slow
async def test_a_client_that_reads_nothing_is_cut_off(
    port: int, endless: Endless, caplog: pytest.LogCaptureFixture
) -> None:
    async with connected(port) as (_, writer):
        writer.transport.pause_reading()
        writer.write(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        await soon(lambda: endless.open)
        await soon(lambda: not endless.open)
    assert [r for r in caplog.records if r.levelno >= logging.WARNING] == []


@pytest.mark.slow
async def test_a_client_that_reads_slowly_is_not(port: int, endless: Endless) -> None:
    loop = asyncio.get_running_loop()
    async with connected(port) as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        end = loop.time() + 3 * Impatient.taken_s
        while loop.time() < end:
            assert await reader.read(65_536)
        assert endless.open == 1


async def test_who_opens_many_connections_takes_no_place_of_others(port: int) -> None:
    silent = []
    for _ in range(3 * FOR_ONE):
        it = socket.socket()
        it.bind(("127.0.0.2", 0))
        it.connect(("127.0.0.1", port))
        silent.append(it)
    asking = b"POST /form HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx"
    async with asyncio.timeout(20), connected(port) as (reader, writer):
        writer.write(asking)
        assert b"200" in await reader.readline()
    with pytest.raises(OSError):  # noqa: PT011 - reset or end, as the race has it
        async with asyncio.timeout(20), connected(port, source="127.0.0.2"):
            pass
    for it in silent:
        it.close()

    async def is_let_in() -> bool:
        with contextlib.suppress(OSError):
            async with connected(port, source="127.0.0.2"):
                return True
        return False

    async with asyncio.timeout(20):
        while not await is_let_in():
            await asyncio.sleep(0)


@pytest.mark.parametrize(
    "taken",
    [lambda: ("192.0.2.1", 0), lambda: ("no.such.host.invalid", 0)],
    ids=["another machine's", "no address"],
)
def test_an_address_that_is_not_ours_is_told(taken: Callable[[], tuple[str, int]]) -> None:
    with pytest.raises(NetworkFault, match="cannot be served"):
        listeners(*taken())


def test_a_port_that_is_taken_is_told() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(NetworkFault, match="cannot be served"):
            listeners("127.0.0.1", other.getsockname()[1])
