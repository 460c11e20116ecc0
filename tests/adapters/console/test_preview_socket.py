"""preview.sock makes pictures only while somebody follows, and few."""

import asyncio
import base64
import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gate.console.preview_socket import FOLLOWERS_MAX, INTERVAL_S, PreviewSocket
from gate.errors import UsageError
from gate.platform.json_lines import Message, ask, follow, serve

PREVIEW: Message = {"ask": "preview"}


class Pictures:
    """A camera with a new frame at each look."""

    def __init__(self) -> None:
        self.made: list[float] = []

    def newest(self, after: int) -> tuple[int, bytes] | None:
        self.made.append(time.monotonic())
        return after + 1, b"jpeg"


@pytest.fixture
async def pictures(tmp_path: Path) -> AsyncIterator[Pictures]:
    camera = Pictures()
    async with serve(tmp_path / "preview.sock", PreviewSocket(camera.newest).answer):
        yield camera


async def test_pictures_come_at_most_ten_times_a_second_and_end_with_the_follower(
    pictures: Pictures, tmp_path: Path
) -> None:
    assert pictures.made == []
    async with contextlib.aclosing(follow(tmp_path / "preview.sock", PREVIEW)) as lines:
        got = [await anext(lines) for _ in range(5)]
    assert base64.b64decode(got[0]["jpeg"]) == b"jpeg"
    assert [line["mono_ns"] for line in got] == sorted({line["mono_ns"] for line in got})
    gaps = [b - a for a, b in zip(pictures.made, pictures.made[1:], strict=False)]
    assert min(gaps) >= INTERVAL_S * 0.9
    async with asyncio.timeout(20):
        while len(asyncio.all_tasks()) > 2:  # this test and the server
            await asyncio.sleep(0.01)
    assert len(pictures.made) <= 8


async def test_one_follower_too_many_is_refused(pictures: Pictures, tmp_path: Path) -> None:
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(FOLLOWERS_MAX):
            lines = follow(tmp_path / "preview.sock", PREVIEW)
            await stack.enter_async_context(contextlib.aclosing(lines))
            assert "jpeg" in await anext(lines)
        answer = await ask(tmp_path / "preview.sock", PREVIEW)
    assert "Too many" in answer["error"]


@pytest.mark.parametrize(
    "message", [{}, {"ask": "status"}, {"ask": "preview", "to": "x"}, {"do": "preview"}]
)
async def test_another_request_is_refused(message: Message) -> None:
    camera = Pictures()
    with pytest.raises(UsageError):
        await PreviewSocket(camera.newest).answer(message, None)  # type: ignore[arg-type]
    assert camera.made == []
