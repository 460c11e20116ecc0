"""JSON lines over a unix socket: one request, one answer (formats.md, Control sockets).

Shared by the staff socket and the simulator's. A handler gets one JSON object and returns one, or
an async iterator of them for a stream. Errors are answered as `{"error": sentence}`; a bug in a
handler ends the server, as it ends every other task.
"""

import asyncio
import contextlib
import json
import os
import select
import socket
import stat
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path

from gate.core.json_types import JsonObject
from gate.errors import GateBug, GateError, NetworkFault, UsageError
from gate.platform.connections import Client, user_of, within_the_limit

Message = JsonObject
"""A request, or an answer as its reader has it."""

Answer = Mapping[str, object]
"""What is written to the client that asked."""

Handler = Callable[[Message, Client], Awaitable[Answer | AsyncIterator[Answer]]]
"""A request and the connection that it came by."""

LINE_MAX = 64 * 1024
"""Bytes of one request, its newline included."""

IDLE_S = 120.0
"""A connection on which nothing is asked for so long is closed. A stream is not idle."""
WRITE_S = 30.0
"""A client that takes nothing for so long is cut off."""
BACKLOG = 128
"""Connections that wait to be accepted; one more is refused by the kernel (EAGAIN)."""
ACCEPTED_AT_ONCE = 16
"""Before the others are served and the idle ones sent away."""

_TOO_MANY = {
    "error": "Too many connections: close those that are not used.",
    "zh": "连接过多：请关闭不用的连接。",
    "exit": 8,
}

ANSWER_MAX = 16 * 1024 * 1024
"""Bytes of one answer that `ask` and `follow` take; the history of all outputs is the longest."""


@contextlib.asynccontextmanager
async def serve(path: Path, handler: Handler, mode: int = 0o660) -> AsyncIterator[None]:
    """Listens at `path` until left; the file is there, with its `mode`, when the body begins.

    A socket left by a dead process is replaced. UsageError where a living one listens or the path
    does not fit. Clients are served at the same time, and the requests of each in order.
    `gate.platform.connections` bounds their number: a new client takes the place of the longest
    idle. A stream ends when its iterator does or when the client closes its side.
    """
    listener = await _listener(path, mode)
    ours = _inode(path)
    connections = within_the_limit()
    tasks: set[asyncio.Task[None]] = set()
    async with asyncio.TaskGroup() as group:

        def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            client = connections.joined(user_of(writer.get_extra_info("socket")))
            if client is None:
                writer.write(encode(_TOO_MANY))
                writer.close()
                return

            def ended(task: asyncio.Task[None]) -> None:
                connections.left(client)
                tasks.discard(task)

            client.task = group.create_task(
                _serve_client(reader, writer, handler, client), name=f"client of {path.name}"
            )
            client.task.add_done_callback(ended)
            tasks.add(client.task)

        server = await asyncio.start_unix_server(
            connected, sock=listener, limit=LINE_MAX, backlog=ACCEPTED_AT_ONCE
        )
        listener.listen(BACKLOG)
        try:
            yield
        finally:
            server.close()
            _unlink(path, ours)
            for task in tasks:
                task.cancel()


async def ask(path: Path, request: Message, timeout_s: float = 10.0) -> Message:
    """One request, its answer. NetworkFault where nobody listens or answers in time."""
    try:
        async with asyncio.timeout(timeout_s), _connection(path) as (reader, writer):
            writer.write(encode(request))
            await writer.drain()
            line = await reader.readline()
    except (OSError, TimeoutError) as e:
        raise nobody_answers(path) from e
    if not line:
        raise nobody_answers(path)
    return dict(json.loads(line))


async def follow(path: Path, request: Message) -> AsyncGenerator[Message]:
    """The lines of a stream until the server ends it. NetworkFault where nobody listens."""
    try:
        async with _connection(path) as (reader, writer):
            writer.write(encode(request))
            while line := await reader.readline():
                yield dict(json.loads(line))
    except OSError as e:
        raise nobody_answers(path) from e


def encode(message: Answer) -> bytes:
    """One line. TypeError, ValueError for what JSON cannot hold."""
    return json.dumps(message, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def decode(line: bytes) -> Message:
    """The object of one line. UsageError for anything else."""
    try:
        message = json.loads(line)
        encode(message)  # NaN or half a surrogate pair: neither answered nor journaled
    except (ValueError, RecursionError) as e:
        raise UsageError("Send one JSON object on one line.", "请每行发送一个 JSON 对象。") from e
    if not isinstance(message, dict):
        raise UsageError(
            "Send a JSON object, not a bare value.", "请发送 JSON 对象，而不是单个值。"
        )
    return message


# -- server ------------------------------------------------------------------------------------


async def _listener(path: Path, mode: int) -> socket.socket:
    """A bound socket. It gets its mode before it gets its name, so nobody finds it too open."""
    await _refuse_if_alive(path)
    unnamed = path.with_name(f".{path.name}.{os.getpid()}")
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unnamed.unlink(missing_ok=True)
        listener.bind(str(unnamed))
        unnamed.chmod(mode)
        unnamed.rename(path)
    except OSError as e:
        listener.close()
        raise UsageError(
            f"No socket can be made at {path} ({e}): name a shorter or writable folder as runtime.",
            f"无法在 {path} 建立套接字（{e}）：请改用较短或可写的运行目录。",
            path=str(path),
        ) from e
    listener.setblocking(False)
    return listener


async def _refuse_if_alive(path: Path) -> None:
    if _is_other_file(path):
        raise UsageError(
            f"{path} is a file, not a socket: move it away.",
            f"{path} 不是套接字，请移走该文件。",
            path=str(path),
        )
    with contextlib.suppress(OSError):
        async with _connection(path):
            raise UsageError(
                f"Another process already answers at {path}: stop it first.",
                f"{path} 已有程序在使用，请先停止它。",
                path=str(path),
            )


def _is_other_file(path: Path) -> bool:
    return path.exists() and not stat.S_ISSOCK(path.lstat().st_mode)


def _inode(path: Path) -> int | None:
    try:
        return path.lstat().st_ino
    except FileNotFoundError:
        return None


def _unlink(path: Path, ours: int | None) -> None:
    if _inode(path) == ours:  # a successor's socket stays
        path.unlink(missing_ok=True)


async def _serve_client(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, handler: Handler, client: Client
) -> None:
    with contextlib.suppress(ConnectionError):  # the client went away; nothing is owed to it
        try:
            while await _one_request(reader, writer, handler, client):
                client.idle = True
        finally:
            writer.close()
        await writer.wait_closed()


async def _one_request(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, handler: Handler, client: Client
) -> bool:
    """False when the client has no more to ask, or asks nothing for too long."""
    try:
        async with asyncio.timeout(IDLE_S):
            line = await reader.readline()
        client.idle = False
    except TimeoutError:
        await _written(writer, {"error": f"Nothing was asked for {IDLE_S:g} s.", "exit": 2})
        return False
    except ValueError:  # longer than LINE_MAX: where the next request begins is not known
        await _written(writer, {"error": f"A request may have {LINE_MAX} bytes."})
        return False
    if not line.strip():
        return bool(line)
    try:
        answer = await handler(decode(line), client)
        if not isinstance(answer, Mapping):
            await _stream(reader, writer, answer)
            return False
    except GateBug:
        raise
    except GateError as e:
        answer = {"error": e.en, "zh": e.zh, "exit": e.exit_code}
    return await _written(writer, answer)


async def _written(writer: asyncio.StreamWriter, message: Answer) -> bool:
    """False where the client does not take it in time: it is cut off."""
    writer.write(encode(message))
    try:
        async with asyncio.timeout(WRITE_S):
            await writer.drain()
    except TimeoutError:
        writer.transport.abort()
        return False
    return True


async def _stream(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, lines: AsyncIterator[Answer]
) -> None:
    """Write `lines` until they end or the client hangs up; what it still sends is not read as a
    request. A client that only closes its writing side (`printf … | socat`) goes on reading."""

    writing = asyncio.create_task(_write_all(writer, lines), name="stream")
    writing.add_done_callback(_taken)  # also where this task is cancelled while it waits
    hung_up = asyncio.create_task(_until_hung_up(reader, writer), name="stream hang-up")
    try:
        await asyncio.wait({writing, hung_up}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        hung_up.cancel()
        if not writing.done():
            writing.cancel()
        await asyncio.wait({writing, hung_up})
    if not writing.cancelled():
        writing.result()


def _taken(task: asyncio.Task[None]) -> None:
    if not task.cancelled():
        task.exception()


async def _write_all(writer: asyncio.StreamWriter, lines: AsyncIterator[Answer]) -> None:
    try:
        async for line in lines:
            if not await _written(writer, line):
                return
    finally:
        if isinstance(lines, AsyncGenerator):
            await lines.aclose()


async def _until_hung_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """POLLHUP tells a client that is gone from one that has only said its last word. If that one
    goes later, the next line written to it fails."""
    with contextlib.suppress(ConnectionError):
        while await reader.read(1024):
            pass
        poll = select.poll()
        poll.register(writer.get_extra_info("socket"), 0)
        if not poll.poll(0):
            await asyncio.Event().wait()


# -- client ------------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def _connection(
    path: Path,
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_unix_connection(path, limit=ANSWER_MAX)
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


def nobody_answers(path: Path) -> NetworkFault:
    """What a client is told where no server is, or none that answers in time."""
    return NetworkFault(
        f"Nobody answers at {path}: start the gate with this runtime folder first.",
        f"{path} 无程序应答：请先用此运行目录启动闸机。",
        path=str(path),
    )
