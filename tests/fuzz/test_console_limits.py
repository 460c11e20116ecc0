"""Who sees the candidate's screen, and what somebody gets who opens everything at once."""

import asyncio
import contextlib

import pytest

from gate.console.preview_stream import MIRRORS_FOR_ONE
from gate.console.screen_page import SCREENS_FOR_ONE
from gate.console.web_events import PAGES_FOR_ONE
from gate.web.bounded_listener import FOR_ONE
from tests.fuzz.https_client import Visitor, answered, connected, request
from tests.fuzz.seam import Seam, own_other_address

pytestmark = [pytest.mark.system]
STREAMS = {
    "/events": PAGES_FOR_ONE,
    "/screen/events": SCREENS_FOR_ONE,
    "/preview.mjpeg": MIRRORS_FOR_ONE,
}
GROWTH_KB = 30_000


async def test_the_screen_is_for_this_machine_alone(seam: Seam) -> None:
    other = own_other_address()
    if other is None:
        pytest.skip("this machine has no address but loopback")
    before = seam.parts.unit.journal.head.seq
    for path in ("/screen", "/screen/events", "/preview.mjpeg"):
        assert (await Visitor(seam.port, other).get(path)).status in (401, 403), path
        for source in ("127.0.0.1", "127.0.0.2"):
            assert (await Visitor(seam.port, source=source).get(path)).status == 200, path
    elsewhere = Visitor(seam.port, other)
    await elsewhere.sign_in()
    assert (await elsewhere.get("/preview.mjpeg")).status == 200, "staff who are signed in aim"
    assert (await elsewhere.get("/screen")).status == 403
    await seam.holds(before)


async def test_one_machine_gets_its_share_of_streams(seam: Seam) -> None:
    before = seam.parts.unit.journal.head.seq
    heads = seam.visitor.heads()

    async def opened(stack: contextlib.AsyncExitStack, path: str) -> int:
        reader, writer = await stack.enter_async_context(connected(seam.port, source="127.0.0.2"))
        writer.write(request("GET", path, heads))
        return (await answered(reader)).status

    for path, share in STREAMS.items():
        async with contextlib.AsyncExitStack() as stack:
            got = [await opened(stack, path) for _ in range(share + 2)]
            assert got == [200] * share + [503] * 2, path
            assert (await seam.visitor.get(path)).status == 200, "another machine"
        async with asyncio.timeout(30), contextlib.AsyncExitStack() as stack:
            while await opened(stack, path) != 200:  # a place is left when its client is gone
                await asyncio.sleep(0.05)
    await seam.holds(before)


async def test_who_reads_nothing_and_who_says_nothing_cost_little(seam: Seam) -> None:
    before, memory = seam.parts.unit.journal.head.seq, seam.memory_kb
    seam.parts.matcher.jpeg = b"x" * 100_000
    async with contextlib.AsyncExitStack() as stack:
        for path in (*STREAMS, *["/"] * FOR_ONE):
            with contextlib.suppress(OSError):
                opened = connected(seam.port, source="127.0.0.2")
                _, writer = await stack.enter_async_context(opened)
                writer.transport.pause_reading()
                writer.write(request("GET", path, seam.visitor.heads()) * 20)
        for _ in range(50):
            assert (await seam.visitor.get("/")).status == 200
        assert seam.memory_kb - memory < GROWTH_KB
    await seam.holds(before)


async def test_a_form_that_is_left_in_the_middle_is_no_fault(seam: Seam) -> None:
    before = seam.parts.unit.journal.head.seq
    heads = {**seam.visitor.heads(), "Content-Length": "100"}
    heads["Content-Type"] = "application/x-www-form-urlencoded"
    async with connected(seam.port) as (_, writer):
        writer.write(request("POST", "/acknowledge", heads, b"csrf="))
        await writer.drain()
        assert (await seam.visitor.get("/healthz")).status == 200
    await seam.holds(before)
    await seam.holds(before)
