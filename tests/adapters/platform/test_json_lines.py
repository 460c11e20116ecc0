"""The server under both control sockets, over real unix sockets."""

import asyncio
import contextlib
import json
import socket
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gate.errors import NetworkFault, NoSuchEntry, UsageError
from gate.platform import json_lines


async def handler(request: dict, _connection: object) -> dict | AsyncIterator[dict]:
    if "count" in request:
        return counting(request["count"])
    if request.get("do") == "refuse":
        raise NoSuchEntry("No such candidate: type the whole ticket.", "查无此人。", matches=0)
    if request.get("do") == "bug":
        raise KeyError("bug")
    return {"echo": request}


async def counting(last: int) -> AsyncIterator[dict]:
    for n in range(last):
        yield {"n": n}
    await asyncio.Event().wait()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run" / "staff.sock"


@contextlib.asynccontextmanager
async def client(path: Path):
    reader, writer = await asyncio.open_unix_connection(path)
    yield reader, writer
    writer.close()


async def test_one_request_one_answer_in_order_many_clients(path: Path) -> None:
    async with json_lines.serve(path, handler), client(path) as one, client(path) as two:
        for i, (_, writer) in enumerate((one, two, one)):
            writer.write(json_lines.encode({"i": i, "name": "张三"}))
        answers = [json.loads(await reader.readline()) for reader, _ in (one, one, two)]
    assert [a["echo"]["i"] for a in answers] == [0, 2, 1]
    assert answers[0]["echo"]["name"] == "张三"


async def test_the_last_line_needs_no_newline(path: Path) -> None:
    async with json_lines.serve(path, handler), client(path) as (reader, writer):
        writer.write(b'{"i": 1}')
        writer.write_eof()
        assert json.loads(await reader.readline()) == {"echo": {"i": 1}}


async def test_mode_and_removal(path: Path) -> None:
    async with json_lines.serve(path, handler):
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
        assert [p.name for p in path.parent.iterdir()] == ["staff.sock"]
    assert list(path.parent.iterdir()) == []


async def test_a_dead_process_socket_is_replaced(path: Path) -> None:
    path.parent.mkdir()
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(str(path))
    dead.close()
    async with json_lines.serve(path, handler):
        assert await json_lines.ask(path, {"i": 1}) == {"echo": {"i": 1}}


async def test_a_living_socket_is_not_taken_over(path: Path) -> None:
    async with json_lines.serve(path, handler):
        with pytest.raises(UsageError, match="Another process"):
            async with json_lines.serve(path, handler):
                pass
        assert await json_lines.ask(path, {"i": 1}) == {"echo": {"i": 1}}


async def test_a_file_of_that_name_is_left_alone(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("kept")
    with pytest.raises(UsageError, match="not a socket"):
        async with json_lines.serve(path, handler):
            pass
    assert path.read_text() == "kept"


async def test_a_path_too_long_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="shorter"):
        async with json_lines.serve(tmp_path / ("x" * 120) / "staff.sock", handler):
            pass


async def test_a_folder_that_is_a_file_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("kept")
    with pytest.raises(UsageError, match="writable folder"):
        async with json_lines.serve(tmp_path / "run" / "staff.sock", handler):
            pass


@pytest.mark.parametrize(
    "line",
    [b"{", b"[1]", b"3", b"\xff\xfe", b'"x"', b"[" * 5000, b'{"by": "\\ud800"}', b'{"n": NaN}'],
)
async def test_malformed_lines_are_answered_and_the_next_one_served(
    path: Path, line: bytes
) -> None:
    async with json_lines.serve(path, handler), client(path) as (reader, writer):
        writer.write(line + b"\n" + json_lines.encode({"i": 1}))
        assert "error" in json.loads(await reader.readline())
        assert json.loads(await reader.readline()) == {"echo": {"i": 1}}


async def test_a_line_too_long_ends_that_client_only(path: Path) -> None:
    async with json_lines.serve(path, handler), client(path) as (reader, writer):
        writer.write(b"x" * (3 * json_lines.LINE_MAX))
        assert "bytes" in json.loads(await reader.readline())["error"]
        assert await json_lines.ask(path, {"i": 1}) == {"echo": {"i": 1}}


async def test_errors_of_the_tree_are_answered_in_both_languages(path: Path) -> None:
    async with json_lines.serve(path, handler):
        answer = await json_lines.ask(path, {"do": "refuse"})
    assert answer == {
        "error": "No such candidate: type the whole ticket.",
        "zh": "查无此人。",
        "exit": 1,
    }


async def test_a_bug_in_a_handler_ends_the_server(path: Path) -> None:
    async def until_it_ends() -> None:
        async with json_lines.serve(path, handler):
            with contextlib.suppress(NetworkFault):
                await json_lines.ask(path, {"do": "bug"})
            await asyncio.Event().wait()

    with pytest.raises(ExceptionGroup) as caught:
        await until_it_ends()
    assert caught.group_contains(KeyError)
    assert not path.exists()


async def test_a_stream_is_followed_and_ends_with_the_client(path: Path) -> None:
    ended = asyncio.Event()

    async def forever(_: dict, _connection: object) -> AsyncIterator[dict]:
        async def lines() -> AsyncIterator[dict]:
            try:
                yield {"n": 0}
                await asyncio.Event().wait()
            finally:
                ended.set()

        return lines()

    async with json_lines.serve(path, forever), client(path) as (reader, writer):
        writer.write(b'{"ask": "follow"}\n')
        assert json.loads(await reader.readline()) == {"n": 0}
        writer.close()
        async with asyncio.timeout(5):
            await ended.wait()


async def test_a_stream_goes_on_for_a_client_that_has_only_said_its_last_word(path: Path) -> None:
    read_on = asyncio.Event()

    async def two(_: dict, _connection: object) -> AsyncIterator[dict]:
        async def lines() -> AsyncIterator[dict]:
            yield {"n": 0}
            await read_on.wait()
            yield {"n": 1}

        return lines()

    async with json_lines.serve(path, two), client(path) as (reader, writer):
        writer.write(b'{"ask": "follow"}\n')
        writer.write_eof()
        assert json.loads(await reader.readline()) == {"n": 0}
        assert await json_lines.ask(path, {"ask": "follow"}) == {"n": 0}  # the end was seen by now
        read_on.set()
        assert json.loads(await reader.readline()) == {"n": 1}


async def test_leaving_ends_streams_and_idle_clients(path: Path) -> None:
    async with client_after(path) as reader:
        async with asyncio.timeout(5):
            assert await reader.read() == b""


@contextlib.asynccontextmanager
async def client_after(path: Path):
    """A client in the middle of a stream whose server has been left."""
    async with json_lines.serve(path, handler):
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(b'{"count": 1}\n')
        assert json.loads(await reader.readline()) == {"n": 0}
    yield reader
    writer.close()


async def test_follow_yields_the_lines(path: Path) -> None:
    async with json_lines.serve(path, handler):
        following = json_lines.follow(path, {"count": 3})
        seen = [(await anext(following))["n"] for _ in range(3)]
        await following.aclose()
    assert seen == [0, 1, 2]


async def test_nobody_listening_is_one_sentence(path: Path) -> None:
    with pytest.raises(NetworkFault, match="start the gate"):
        await json_lines.ask(path, {"ask": "status"})
