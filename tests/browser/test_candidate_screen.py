"""The candidate's screen in a browser, on a gate at work."""

import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from gate.console.preview_socket import PreviewSocket
from gate.platform.json_lines import serve
from tests.browser.conftest import (
    READY_S,
    WAIT_MS,
    Console,
    console_process,
    free_port,
    gate_at,
    jpeg,
    listens,
)
from tests.scenarios.fakes import NINE, STRANGER, Rig, rig
from tests.waiting import soon

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.timeout(180)]
expect.set_options(timeout=WAIT_MS)
SIZES = [(360, 640), (1280, 800), (1920, 1080)]


@contextlib.asynccontextmanager
async def mirror_of(parts: Rig, folder: Path) -> AsyncIterator[None]:
    """The gate's preview socket, with a plain picture."""
    parts.matcher.jpeg = jpeg((90, 120, 150))
    async with serve(folder / "preview.sock", PreviewSocket(parts.matcher.preview).answer):
        yield


async def opened(page: Page, address: str) -> None:
    await page.goto(f"{address}/screen")
    await expect(page.get_by_test_id("screen")).not_to_have_attribute("data-step", "lost")


async def fits(page: Page) -> bool:
    return bool(
        await page.evaluate(
            "[...document.querySelectorAll('main > *, footer')].filter(e => !e.hidden).every(e => {"
            " const r = e.getBoundingClientRect();"
            " return r.left >= 0 && r.right <= innerWidth + 1 && r.top >= -1"
            " && r.bottom <= innerHeight + 1 })"
        )
    )


async def test_who_is_let_in_reads_name_room_and_seat(page: Page, console: Console) -> None:
    assert console.gate.lane.roster is not None
    console.gate.lane.roster.name = "<b>张</b>小三"  # type: ignore[attr-defined]
    await opened(page, console.address)
    await expect(page.get_by_test_id("prompt-zh")).to_have_text("请将身份证放在读卡区")
    console.card()
    screen = page.get_by_test_id("screen")
    await expect(screen).to_have_attribute("data-outcome", "ADMIT")
    await expect(page.get_by_test_id("room")).to_be_visible()
    await expect(page.get_by_test_id("seat")).to_be_visible()
    await expect(page.get_by_test_id("prompt-en")).to_contain_text("Please enter")
    assert "小三" not in await page.content()
    await expect(screen).to_have_attribute("data-step", "lay-card")
    await expect(page.get_by_test_id("name")).to_be_hidden()


async def test_the_mirror_is_there_only_while_it_is_wanted(page: Page, console: Console) -> None:
    parts = console.parts
    async with mirror_of(parts, console.folder / "run"):
        parts.matcher.hold.clear()
        await opened(page, console.address)
        console.card()
        await expect(page.get_by_test_id("screen")).to_have_attribute("data-step", "look")
        await expect(page.get_by_test_id("guide")).to_be_visible()
        picture = page.get_by_test_id("preview")
        await expect(picture).to_have_js_property("naturalWidth", 240)
        parts.matcher.verdicts = [STRANGER] * 3
        parts.matcher.hold.set()
        await expect(page.get_by_test_id("screen")).to_have_attribute("data-outcome", "REFER")
        await expect(page.get_by_test_id("mirror")).to_be_hidden()
        assert await picture.get_attribute("src") is None


async def test_before_the_entry_the_screen_counts_down(
    page: Page, parts: Rig, tmp_path: Path
) -> None:
    parts.clock.at = NINE - timedelta(hours=2)
    port, folder = free_port(), tmp_path / "run"
    folder.mkdir()
    async with gate_at(parts, folder), console_process(tmp_path, port):
        await soon(lambda: listens(port), READY_S)
        await opened(page, f"https://127.0.0.1:{port}")
        await expect(page.get_by_test_id("screen")).to_have_attribute("data-step", "idle")
        await expect(page.get_by_test_id("windows")).to_contain_text("08:30 开始入场")
        await expect(page.get_by_test_id("windows")).to_contain_text("Entry opens")
        await expect(page.get_by_test_id("clock")).to_have_text("07:00")


async def test_the_screen_comes_back_after_gate_and_console(
    page: Page, parts: Rig, tmp_path: Path
) -> None:
    port, folder = free_port(), tmp_path / "run"
    folder.mkdir()
    screen = page.get_by_test_id("screen")
    async with console_process(tmp_path, port):
        await soon(lambda: listens(port), READY_S)
        async with gate_at(parts, folder):
            await opened(page, f"https://127.0.0.1:{port}")
        await expect(screen).to_have_attribute("data-step", "lost")
        await expect(page.get_by_test_id("prompt-zh")).to_contain_text("人工通道")
        async with gate_at(rig(tmp_path), folder):
            await expect(screen).to_have_attribute("data-step", "lay-card")
    async with gate_at(rig(tmp_path), folder):
        await expect(screen).to_have_attribute("data-step", "lost")
        async with console_process(tmp_path, port):
            await expect(screen).to_have_attribute("data-step", "lay-card")


@pytest.mark.parametrize("size", SIZES)
async def test_every_step_fits_and_is_easy_to_read(
    page: Page, console: Console, size: tuple[int, int]
) -> None:
    width, height = size
    await page.set_viewport_size({"width": width, "height": height})
    async with mirror_of(console.parts, console.folder / "run"):
        await opened(page, console.address)
        for step, change in steps(console):
            change()
            await expect(page.get_by_test_id("screen")).to_have_attribute("data-step", step)
            assert await fits(page), step
            found = await Axe().run(page)
            grave = [
                v["id"]
                for v in found.response["violations"]
                if v["impact"] in ("serious", "critical")
            ]
            assert grave == [], step
            letter = await page.get_by_test_id("prompt-zh").evaluate(
                "e => parseFloat(getComputedStyle(e).fontSize)"
            )
            assert letter >= 32


def steps(console: Console) -> Iterator[tuple[str, Callable[[], None]]]:
    """Each step of a visit, and what brings it about."""
    matcher = console.parts.matcher
    yield "lay-card", matcher.hold.clear
    yield "look", console.card
    matcher.verdicts = [STRANGER] * 3
    yield "result", matcher.hold.set
